//! Agencies: the list, one of them, a new one, and how one ends.

use crate::desk::agencies::WantedAgency;
use crate::domain::agency::{AgencyEntry, AgencyKind};
use crate::domain::catalogue::may_change_agencies;
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::secret::new_token;
use crate::store::agencies::Weight;
use crate::store::people::PeopleFilter;
use crate::text;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Map, Value, json};

/// Fields of the form.
const FIELDS: [&str; 7] = ["name", "short_name", "kind", "email", "address", "calendar", "parent"];

/// Agencies with what hangs on each.
#[handler]
pub async fn list(Data(visit): Data<&Visit>) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let without = desk.without_first_line().await?;
    let rows: Vec<Value> =
        desk.agency_book().await?.iter().map(|(entry, weight)| row(visit, entry, weight, &without)).collect();
    let context = json!({"rows": rows, "without": without, "may_change": may_change_agencies(actor)});
    Ok(visit.page("agencies.html", context)?)
}

fn row(visit: &Visit, entry: &AgencyEntry, weight: &Weight, without: &[String]) -> Value {
    json!({
        "code": entry.agency.code,
        "name": entry.agency.name,
        "short": entry.short_name,
        "kind": visit.word("agency-kind", entry.kind.as_str()),
        "email": entry.agency.email,
        "parent": entry.parent,
        "active": entry.agency.active,
        "successor": entry.successor,
        "is_ict_office": visit.desk().rules.is_ict_office(&entry.agency.code),
        "first_line": weight.first_line,
        "services": weight.services,
        "open": weight.open,
        "unheld": without.contains(&entry.agency.code),
    })
}

/// Asks for a new agency.
#[handler]
pub async fn new_form(Data(visit): Data<&Visit>) -> Answer {
    let actor = visit.staff()?;
    if !may_change_agencies(actor) {
        return Err(Error::Denied(Say::new("error-denied")).into());
    }
    Ok(visit.form("agency_new.html", new_context(visit, &Sent::default()).await?)?)
}

async fn new_context(visit: &Visit, sent: &Sent) -> Result<Value> {
    let mut context = choices(visit, "").await?;
    let mut kept = kept(sent);
    kept.insert("code".to_owned(), sent.get("code").into());
    context["form"] = kept.into();
    context["key"] = new_token()?.into();
    Ok(context)
}

/// Adds the agency.
#[handler]
pub async fn add(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match visit.desk().add_agency(visit.staff()?, sent.get("code"), &wanted(&sent), key).await {
        Ok(entry) => Ok(see_other(&format!("/kerja/pengaturan/pd/{}?kabar=baru", entry.agency.code))),
        Err(Error::Invalid(problems)) => {
            Ok(visit.mend("agency_new.html", new_context(visit, &sent).await?, &problems, "")?)
        }
        Err(error @ Error::Conflict { .. }) => {
            let mut context = new_context(visit, &sent).await?;
            context["told"] = text::say(visit.language, &error.public()).into();
            Ok(told(visit, "agency_new.html", context, &error)?)
        }
        Err(error) => Err(error.into()),
    }
}

/// One agency: what is set, who is there, what it owns, what happened.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(code): Path<String>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let mut context = shape(visit, actor, &code).await?;
    let news = query(request).remove("kabar").filter(|word| word == "baru" || ACTS.contains(&word.as_str()));
    context["news"] = news.into();
    Ok(visit.form("agency.html", context)?)
}

async fn shape(visit: &Visit, actor: &Actor, code: &str) -> Result<Value> {
    let desk = visit.desk();
    let found = desk.agency_book().await?.into_iter().find(|(entry, _)| entry.agency.code == code);
    let (entry, weight) = found.ok_or(Error::NotFound("agency"))?;
    let owned = desk.belongings(code).await?;
    let mut context = choices(visit, code).await?;
    context["it"] = row(visit, &entry, &weight, &desk.without_first_line().await?);
    context["address"] = entry.address.clone().into();
    context["calendar"] = entry.calendar.clone().into();
    context["retired"] = visit.instant_if(entry.retired_at);
    context["version"] = entry.version.into();
    context["may_change"] = may_change_agencies(actor).into();
    context["form"] = filled(&entry).into();
    context["end"] = json!({"successor": "", "reason": ""});
    context["owned"] = json!({
        "services": owned.services.iter().map(|it| json!({"code": it.code, "name": it.name})).collect::<Vec<_>>(),
        "tickets": owned.tickets,
        "open": owned.open,
        "more": owned.open.saturating_sub(owned.tickets.len()),
        "parts": owned.parts,
        "is_empty": owned.is_empty(),
    });
    context["people"] = people(visit, actor, code).await?;
    context["history"] = history(visit, actor, code).await?.into();
    Ok(context)
}

/// Who holds a role there, for those who may look at accounts.
async fn people(visit: &Visit, actor: &Actor, code: &str) -> Result<Value> {
    let filter = PeopleFilter { agency: Some(code.to_owned()), active: Some(true), ..PeopleFilter::default() };
    match visit.desk().people(actor, filter, "", 200).await {
        Ok(people) => Ok(people
            .iter()
            .map(|(account, grants)| {
                let held = grants.iter().filter(|grant| grant.agency.as_deref() == Some(code));
                let roles: Vec<String> = held.map(|grant| visit.word("role", grant.role.as_str())).collect();
                json!({"id": account.id, "name": account.name, "roles": roles.join(", ")})
            })
            .collect()),
        Err(Error::Denied(_)) => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

async fn history(visit: &Visit, actor: &Actor, code: &str) -> Result<Vec<Value>> {
    let events = visit.desk().agency_events(actor, code).await?;
    let names = visit.desk().names_in(&events).await?;
    let line = |event: &crate::domain::event::Event| {
        let label = event.actor.as_str();
        let who = names.get(label).cloned().unwrap_or_else(|| visit.word("actor", &label.replace(':', "-")));
        let facts: Value = serde_json::from_str(&event.payload).unwrap_or_default();
        let changed = facts["changes"].as_object().into_iter().flatten();
        let changed: Vec<String> = changed.map(|(field, _)| visit.word("agency-field", field)).collect();
        json!({
            "at": visit.instant(event.at),
            "what": visit.word("agency-event", &event.kind),
            "who": who,
            "changed": changed.join(", "),
            "reason": facts["reason"],
        })
    };
    Ok(events.iter().map(line).collect())
}

/// What can be done to an agency.
const ACTS: [&str; 3] = ["ubah", "akhiri", "kembalikan"];

/// Does one of them and shows the agency; when it is refused, what was written stays in its form.
#[handler]
pub async fn do_act(Data(visit): Data<&Visit>, Path((code, act)): Path<(String, String)>, sent: Sent) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let version = sent.get("versi").parse().ok();
    let done = match act.as_str() {
        "ubah" => desk.change_agency(actor, &code, version, &wanted(&sent)).await.map(drop),
        "akhiri" => desk.end_agency(actor, &code, version, sent.get("successor"), sent.get("reason")).await.map(drop),
        "kembalikan" => desk.restore_agency(actor, &code, version).await,
        _ => return Err(Error::NotFound("act").into()),
    };
    let error = match done {
        Ok(()) => return Ok(see_other(&format!("/kerja/pengaturan/pd/{code}?kabar={act}"))),
        Err(error @ (Error::Invalid(_) | Error::Conflict { .. })) => error,
        Err(error) => return Err(error.into()),
    };
    let mut context = shape(visit, actor, &code).await?;
    if act == "ubah" {
        context["stored"] = context["form"].take();
        context["form"] = kept(&sent).into();
    }
    context["end"] = json!({"successor": sent.get("successor"), "reason": sent.get("reason")});
    context["open"] = act.into();
    if let Error::Invalid(problems) = &error {
        context["stored"] = Value::Null;
        return Ok(visit.mend("agency.html", context, problems, "")?);
    }
    context["told"] = text::say(visit.language, &error.public()).into();
    Ok(told(visit, "agency.html", context, &error)?)
}

fn told(visit: &Visit, page: &str, context: Value, error: &Error) -> Result<poem::Response> {
    let mut response = visit.form(page, context)?;
    response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
    Ok(response)
}

/// What the selects of the form offer; `code` is not offered as its own parent or successor.
async fn choices(visit: &Visit, code: &str) -> Result<Value> {
    let others = visit.desk().agencies().await?.into_iter();
    let others = others.filter(|other| other.active && other.code != code);
    let offer = |word: &str, text: String| json!({"word": word, "text": text});
    let agencies: Vec<Value> =
        others.map(|other| offer(&other.code, format!("{} – {}", other.code, other.name))).collect();
    let kinds: Vec<Value> =
        AgencyKind::ALL.iter().map(|kind| offer(kind.as_str(), visit.word("agency-kind", kind.as_str()))).collect();
    let calendars: Vec<Value> =
        visit.desk().calendar_names().iter().map(|name| offer(name, (*name).to_string())).collect();
    Ok(json!({"agencies": agencies, "kinds": kinds, "calendars": calendars, "told": "", "news": null, "open": "",
        "stored": null}))
}

fn filled(entry: &AgencyEntry) -> Map<String, Value> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let values = [
        entry.agency.name.clone(),
        entry.short_name.clone(),
        entry.kind.to_string(),
        text(&entry.agency.email),
        entry.address.clone(),
        text(&entry.calendar),
        text(&entry.parent),
    ];
    FIELDS.iter().zip(values).map(|(field, value)| ((*field).to_owned(), value.into())).collect()
}

fn kept(sent: &Sent) -> Map<String, Value> {
    FIELDS.iter().map(|field| ((*field).to_owned(), sent.get(field).into())).collect()
}

/// What a form asks for: every field of it, also those left empty.
fn wanted(sent: &Sent) -> WantedAgency {
    let text = |field: &str| Some(sent.get(field).to_owned());
    WantedAgency {
        name: text("name"),
        email: text("email"),
        active: None,
        short_name: text("short_name"),
        kind: sent.get("kind").parse().ok(),
        address: text("address"),
        calendar: text("calendar"),
        parent: text("parent"),
    }
}
