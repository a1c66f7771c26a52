//! A ticket that somebody of the staff enters for a person who calls, writes or comes by.

use crate::desk::intake::Report;
use crate::desk::uploads::Owner;
use crate::domain::number;
use crate::domain::people::{Action, Actor, may, may_report_for_others};
use crate::domain::phone;
use crate::domain::ticket::{Channel, Impact, Kind, Language, Urgency};
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::new_token;
use crate::web::answering::{NEW_TICKET, Written};
use crate::web::failure::Answer;
use crate::web::relations;
use crate::web::render::see_other;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Ways in that staff note for somebody else.
const CHANNELS: [Channel; 4] = [Channel::Phone, Channel::WalkIn, Channel::Whatsapp, Channel::Email];
/// Fields of the form.
const FIELDS: [&str; 11] =
    ["channel", "name", "email", "phone", "nip", "kind", "service", "subject", "description", "impact", "urgency"];

/// The form, for those who report for others; a search finds people who have reported before, and one of them fills it in.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = reporting(visit)?;
    let asked = query(request);
    let words = asked.get("cari").map(|words| words.trim()).unwrap_or_default();
    let before = before(visit, actor).await?;
    let mut kept = before.clone();
    if let Some(number) = asked.get("pelapor").and_then(|typed| number::parse(typed)) {
        let known = visit.desk().ticket(actor, &number).await?.ticket;
        kept.insert("name".to_owned(), known.requester_name);
        kept.insert("email".to_owned(), known.requester_email);
        kept.insert("phone".to_owned(), known.requester_phone.as_deref().map(phone::show).unwrap_or_default());
        kept.insert("nip".to_owned(), known.requester_nip.unwrap_or_default());
    }
    let mut context = shape(visit, &kept).await?;
    let found = visit.desk().reporters(actor, words).await?;
    context["search"] = words.into();
    context["before"] = (!before.is_empty()).into();
    context["people"] = found
        .iter()
        .map(|ticket| json!({"name": ticket.requester_name, "email": ticket.requester_email, "number": ticket.number}))
        .collect();
    Ok(visit.form("new_ticket.html", context)?)
}

/// What was written into the form when the session ended.
async fn before(visit: &Visit, actor: &Actor) -> Result<BTreeMap<String, String>> {
    let words = visit.desk().kept_words(&Owner::new_ticket(actor.account.id)).await?;
    Ok(serde_json::from_str(&words).unwrap_or_default())
}

/// Opens the ticket; where it may be about a matter that is open already, asks first. `buang` throws away what was kept
/// of an earlier session.
#[handler]
pub async fn open(Data(visit): Data<&Visit>, Written(sent, _): Written) -> Answer {
    let (actor, desk) = (reporting(visit)?, visit.desk());
    if sent.get("buang") == "ya" {
        desk.keep_words(&Owner::new_ticket(actor.account.id), "").await?;
        return Ok(see_other(NEW_TICKET));
    }
    let mut problems = Vec::new();
    let mut choose = |field: &'static str, key: &'static str| problems.push(FieldError { field, say: Say::new(key) });
    let channel = CHANNELS.into_iter().find(|channel| channel.as_str() == sent.get("channel"));
    if channel.is_none() {
        choose("channel", "field-choose-channel");
    }
    if sent.get("name").is_empty() {
        choose("name", "field-name-caller");
    }
    if !problems.is_empty() {
        return Ok(visit.mend("new_ticket.html", shape(visit, &sent.0).await?, &problems, "")?);
    }
    let service = Some(sent.get("service")).filter(|code| !code.is_empty());
    if sent.get("tetap") != "ya" {
        let suspects = desk.suspects_of_report(actor, service, sent.get("email"), sent.get("subject")).await?;
        if !suspects.is_empty() {
            let mut context = shape(visit, &sent.0).await?;
            context["suspects"] = suspects.iter().map(|it| relations::suspect(visit, it)).collect();
            let mut response = visit.form("new_ticket.html", context)?;
            response.set_status(StatusCode::CONFLICT);
            return Ok(response);
        }
    }
    let report = Report {
        subject: sent.get("subject").to_owned(),
        description: sent.get("description").to_owned(),
        kind: sent.get("kind").parse::<Kind>().ok(),
        agency: None,
        service: service.map(str::to_owned),
        impact: sent.get("impact").parse::<Impact>().ok(),
        urgency: sent.get("urgency").parse::<Urgency>().ok(),
        outage: None,
        workaround: false,
        request_type: None,
        name: sent.get("name").to_owned(),
        email: sent.get("email").to_owned(),
        nip: Some(sent.get("nip").to_owned()),
        phone: Some(sent.get("phone").to_owned()),
        channel: channel.unwrap_or(Channel::Phone),
        language: Language::Indonesian,
    };
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match desk.open(actor, report, key).await {
        Ok(ticket) => {
            if !before(visit, actor).await?.is_empty() {
                desk.keep_words(&Owner::new_ticket(actor.account.id), "").await?;
            }
            Ok(see_other(&format!("/kerja/tiket/{}/kode", ticket.number)))
        }
        Err(Error::Invalid(problems)) => {
            Ok(visit.mend("new_ticket.html", shape(visit, &sent.0).await?, &problems, "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Number and code to be read out to the caller, for whoever has entered the ticket.
#[handler]
pub async fn read_out(Data(visit): Data<&Visit>, Path(typed): Path<String>) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let (view, code) = desk.code_for_caller(actor, &number).await?;
    let (ticket, due) = (&view.ticket, &view.due);
    let context = json!({
        "number": number,
        "subject": ticket.subject,
        "name": ticket.requester_name,
        "code": code,
        "visible": may(actor, Action::View, ticket),
        "email": ticket.requester_email,
        "response_due": visit.instant_if(due.response_due),
        "resolution_due": visit.instant_if(due.resolution_due),
    });
    Ok(visit.page("new_ticket_done.html", context)?)
}

/// Whoever reports for others.
fn reporting(visit: &Visit) -> Result<&Actor> {
    let actor = visit.staff()?;
    if may_report_for_others(actor) { Ok(actor) } else { Err(Error::Denied(Say::new("error-reports-for-himself"))) }
}

async fn shape(visit: &Visit, sent: &BTreeMap<String, String>) -> Result<Value> {
    let desk = visit.desk();
    let pick = |family: &str, word: &str| json!({"word": word, "text": visit.word(family, word)});
    let services = desk.services().await?;
    let offered = services.iter().filter(|service| service.active);
    let value = |field: &str| sent.get(field).map_or("", |value| value.trim()).to_owned();
    let kept: Map<String, Value> =
        FIELDS.iter().map(|field| ((*field).to_owned(), Value::from(value(field)))).collect();
    Ok(json!({
        "channels": CHANNELS.iter().map(|it| pick("channel", it.as_str())).collect::<Vec<_>>(),
        "kinds": desk.pack().kinds.iter().map(|it| pick("kind", it.as_str())).collect::<Vec<_>>(),
        "impacts": Impact::ALL.iter().map(|it| pick("impact", it.as_str())).collect::<Vec<_>>(),
        "urgencies": Urgency::ALL.iter().map(|it| pick("urgency", it.as_str())).collect::<Vec<_>>(),
        "services": offered.map(|it| json!({"word": it.code, "text": it.name})).collect::<Vec<_>>(),
        "kept": kept,
        "search": "",
        "people": [],
        "suspects": [],
        "before": false,
        "key": new_token()?,
    }))
}
