//! The form in which a service is described, for a new one and for one in the catalogue.

use crate::desk::description::Wanted;
use crate::domain::catalogue::{Act, Category, Entry, Part, RaciLine, RaciRole, Safeguard, may};
use crate::domain::people::Actor;
use crate::error::{Error, Result};
use crate::secret::new_token;
use crate::text;
use crate::web::catalogue::rights;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use poem::handler;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use serde_json::{Map, Value, json};

/// The form for a new service.
#[handler]
pub async fn show_new(Data(visit): Data<&Visit>) -> Answer {
    let context = context(visit, visit.staff()?, None, Map::new()).await?;
    Ok(visit.form("service_edit.html", context)?)
}

/// Adds a service.
#[handler]
pub async fn add(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match visit.desk().add_service(actor, sent.get("code"), wanted(&sent), key).await {
        Ok(entry) => Ok(see_other(&format!("/kerja/layanan/{}?kabar=ubah", entry.service.code))),
        Err(error) => refused(visit, actor, None, &sent, error).await,
    }
}

/// The form for a service in the catalogue.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(code): Path<String>) -> Answer {
    let actor = visit.staff()?;
    let entry = visit.desk().entry(actor, &code).await?;
    if !may(actor, Act::Describe, &entry.service.agency) {
        return Err(Error::Denied(crate::error::Say::new("error-denied")).into());
    }
    let context = context(visit, actor, Some(&entry), filled(&entry)).await?;
    Ok(visit.form("service_edit.html", context)?)
}

/// Keeps a changed description.
#[handler]
pub async fn keep(Data(visit): Data<&Visit>, Path(code): Path<String>, sent: Sent) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    match desk.describe_service(actor, &code, sent.get("versi").parse().ok(), &wanted(&sent)).await {
        Ok(_) => Ok(see_other(&format!("/kerja/layanan/{code}?kabar=ubah"))),
        Err(error) => {
            let entry = desk.entry(actor, &code).await?;
            refused(visit, actor, Some(&entry), &sent, error).await
        }
    }
}

/// The form once more with everything that was written in it.
async fn refused(visit: &Visit, actor: &Actor, entry: Option<&Entry>, sent: &Sent, error: Error) -> Answer {
    let written = sent.0.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    let mut context = context(visit, actor, entry, written).await?;
    match error {
        Error::Invalid(problems) => Ok(visit.mend("service_edit.html", context, &problems, "")?),
        error @ (Error::Conflict { .. } | Error::Denied(_)) => {
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response = visit.form("service_edit.html", context)?;
            response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
            Ok(response)
        }
        error => Err(error.into()),
    }
}

/// Choices of the form, with its fields as they are given; those left out are empty.
async fn context(visit: &Visit, actor: &Actor, entry: Option<&Entry>, given: Map<String, Value>) -> Result<Value> {
    let desk = visit.desk();
    let agencies = desk.agencies().await?.into_iter();
    // Another owner may be chosen only among those for whom the person may speak.
    let agencies = agencies.filter(|agency| agency.active && rights(actor, &agency.code)["describe"] == true);
    let mut fields: Map<String, Value> = names().into_iter().map(|name| (name, "".into())).collect();
    fields.extend(given);
    let word = |family: &str, word: &str| json!({"word": word, "text": visit.word(family, word)});
    Ok(json!({
        "code": entry.map(|entry| &entry.service.code),
        "name": entry.map(|entry| &entry.service.name),
        "version": entry.map(|entry| entry.version),
        "form": fields,
        "agencies": agencies.map(|agency| json!({"code": agency.code, "name": agency.name})).collect::<Vec<_>>(),
        "categories": Category::ALL.iter().map(|category| word("category", category.as_str())).collect::<Vec<_>>(),
        "calendars": desk.calendar_names(),
        "parts": Part::ALL.iter().map(|part| word("part", part.as_str())).collect::<Vec<_>>(),
        "letters": RaciRole::ALL.iter().map(|role| word("raci", role.as_str())).collect::<Vec<_>>(),
        "safeguards": Safeguard::ALL.iter().map(|safeguard| word("safeguard", safeguard.as_str())).collect::<Vec<_>>(),
        "told": "",
        "key": new_token()?,
    }))
}

/// Names of the fields.
fn names() -> Vec<String> {
    let fixed = ["code", "name", "agency", "category", "keywords", "endpoints", "hours", "calendar"].map(str::to_owned);
    let parts = Part::ALL.iter().map(ToString::to_string);
    let letters = RaciRole::ALL.iter().map(|role| format!("raci_{role}"));
    let safeguards = Safeguard::ALL.iter().map(ToString::to_string);
    fixed.into_iter().chain(parts).chain(letters).chain(safeguards).collect()
}

/// The fields as the catalogue has them.
fn filled(entry: &Entry) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut set = |name: &str, value: String| _ = fields.insert(name.to_owned(), value.into());
    set("name", entry.service.name.clone());
    set("agency", entry.service.agency.clone());
    set("category", entry.category.to_string());
    set("keywords", entry.service.keywords.join("\n"));
    set("endpoints", entry.endpoints.join("\n"));
    set("hours", entry.hours.clone());
    set("calendar", entry.calendar.clone().unwrap_or_default());
    for (part, text) in &entry.parts {
        set(part.as_str(), text.clone());
    }
    for role in RaciRole::ALL {
        let who = entry.raci.iter().filter(|line| line.role == *role).map(|line| line.who.as_str());
        set(&format!("raci_{role}"), who.collect::<Vec<_>>().join("\n"));
    }
    for (safeguard, date) in &entry.safeguards {
        set(safeguard.as_str(), date.to_string());
    }
    fields
}

/// What a form asks for: every field of it, also those left empty.
fn wanted(sent: &Sent) -> Wanted {
    let text = |field: &str| Some(sent.get(field).to_owned());
    let lines = |field: &str| -> Vec<String> { sent.get(field).lines().map(str::to_owned).collect() };
    let raci = RaciRole::ALL.iter().flat_map(|role| {
        let who = lines(&format!("raci_{role}")).into_iter().filter(|who| !who.trim().is_empty());
        who.map(|who| RaciLine { role: *role, who })
    });
    Wanted {
        name: text("name"),
        agency: text("agency"),
        category: sent.get("category").parse().ok(),
        keywords: Some(lines("keywords")),
        parts: Part::ALL.iter().map(|part| (*part, sent.get(part.as_str()).to_owned())).collect(),
        endpoints: Some(lines("endpoints")),
        hours: text("hours"),
        calendar: text("calendar"),
        raci: Some(raci.collect()),
        safeguards: Safeguard::ALL
            .iter()
            .map(|safeguard| (*safeguard, sent.get(safeguard.as_str()).to_owned()))
            .collect(),
    }
}
