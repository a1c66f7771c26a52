//! What people ask about their personal data, and failures to protect it: registers with their clocks of 3 x 24 hours.

use crate::domain::personal::{DataRequestKind, DataRequestState};
use crate::error::{Error, FieldError, Result};
use crate::secret::new_token;
use crate::store::personal::{DataBreach, DataRequest};
use crate::text;
use crate::web::availability::instant;
use crate::web::failure::Answer;
use crate::web::render::{download, see_other};
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use chrono::{DateTime, Utc};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the pages may tell.
const NEWS: [&str; 8] = ["minta", "insiden", "perbaiki", "hapus", "sebagian", "jawab", "tolak", "beritahu"];
/// Fields whose text stays when a form is refused.
const KEPT: [&str; 8] = ["kind", "name", "email", "note", "title", "description", "known_date", "known_time"];
const PAGE: &str = "/kerja/data-pribadi";

/// The registers.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let mut context = shape(visit, &Sent::default()).await?;
    context["news"] = news(request);
    Ok(visit.form("personal.html", context)?)
}

fn news(request: &Request) -> Value {
    query(request).remove("kabar").filter(|word| NEWS.contains(&word.as_str())).into()
}

/// Enters what somebody asked.
#[handler]
pub async fn enter(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    let kind = sent.get("kind").parse().unwrap_or(DataRequestKind::Access);
    let words = (sent.get("name"), sent.get("email"), sent.get("note"));
    match visit.desk().enter_data_request(visit.staff()?, kind, words, key).await {
        Ok(code) => Ok(see_other(&format!("{PAGE}/{code}?kabar=minta"))),
        Err(Error::Invalid(problems)) => again(visit, &sent, &problems).await,
        Err(error) => Err(error.into()),
    }
}

/// Enters a failure to protect personal data.
#[handler]
pub async fn enter_breach(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    // What cannot be read is refused by the desk like what is missing.
    let known = instant(visit, &sent, "known", &mut Vec::new());
    match visit.desk().enter_breach(visit.staff()?, (sent.get("title"), sent.get("description")), known, key).await {
        Ok(_) => Ok(see_other(&format!("{PAGE}?kabar=insiden"))),
        Err(Error::Invalid(problems)) => again(visit, &sent, &problems).await,
        Err(error) => Err(error.into()),
    }
}

async fn again(visit: &Visit, sent: &Sent, problems: &[FieldError]) -> Answer {
    Ok(visit.mend("personal.html", shape(visit, sent).await?, problems, "")?)
}

/// Notes that somebody was told of a failure.
#[handler]
pub async fn tell(Data(visit): Data<&Visit>, Path((code, whom)): Path<(String, String)>, _sent: Sent) -> Answer {
    let to_agency = match whom.as_str() {
        "lembaga" => true,
        "subjek" => false,
        _ => return Err(Error::NotFound("whom").into()),
    };
    visit.desk().tell_breach(visit.staff()?, &code, to_agency).await?;
    Ok(see_other(&format!("{PAGE}?kabar=beritahu")))
}

/// One request with what is held of the person, and what can be done.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(code): Path<String>, request: &Request) -> Answer {
    let mut context = one(visit, &code).await?;
    context["news"] = news(request);
    Ok(visit.form("personal_one.html", context)?)
}

/// Does what the form asks.
#[handler]
pub async fn do_act(Data(visit): Data<&Visit>, Path((code, act)): Path<(String, String)>, sent: Sent) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let version = sent.get("versi").parse().ok();
    let answer = sent.get("answer");
    let outcome: Result<&str> = match act.as_str() {
        "unduh" => {
            let bytes = desk.export_personal_data(actor, &code).await?;
            return Ok(download(&format!("data-pribadi-{code}.json"), bytes));
        }
        "perbaiki" => {
            let words = (sent.get("name"), sent.get("phone"));
            desk.correct_personal_data(actor, &code, version, words).await.map(|_| "perbaiki")
        }
        "hapus" => {
            let erased = desk.erase_personal_data(actor, &code, version).await;
            erased.map(|erased| if erased.kept.is_empty() { "hapus" } else { "sebagian" })
        }
        "jawab" => desk.answer_data_request(actor, &code, version, false, answer).await.map(|()| "jawab"),
        "tolak" => desk.answer_data_request(actor, &code, version, true, answer).await.map(|()| "tolak"),
        _ => return Err(Error::NotFound("act").into()),
    };
    match outcome {
        Ok(word) => Ok(see_other(&format!("{PAGE}/{code}?kabar={word}"))),
        Err(Error::Invalid(problems)) => {
            let mut context = one(visit, &code).await?;
            context["acting"] = act.as_str().into();
            let kept: BTreeMap<&str, &str> = ["name", "phone", "answer"].iter().map(|it| (*it, sent.get(it))).collect();
            context["form"] = json!(kept);
            Ok(visit.mend("personal_one.html", context, &problems, &format!("{act}-"))?)
        }
        Err(error @ Error::Conflict { .. }) => {
            let mut context = one(visit, &code).await?;
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response = visit.form("personal_one.html", context)?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

async fn shape(visit: &Visit, sent: &Sent) -> Result<Value> {
    let found = visit.desk().personal_data(visit.staff()?).await?;
    let kept: BTreeMap<&str, &str> = KEPT.iter().map(|field| (*field, sent.get(field))).collect();
    let kinds = DataRequestKind::ALL.iter();
    Ok(json!({
        "requests": found.requests.iter().map(|it| row(visit, it)).collect::<Vec<_>>(),
        "breaches": found.breaches.iter().map(|it| breach(visit, it)).collect::<Vec<_>>(),
        "kinds": kinds.map(|kind| json!({"word": kind, "text": visit.word("data-kind", kind.as_str())})).collect::<Vec<_>>(),
        "form": kept,
        "key": new_token()?,
        "news": null,
    }))
}

async fn one(visit: &Visit, code: &str) -> Result<Value> {
    let case = visit.desk().data_case(visit.staff()?, code).await?;
    let tickets: Vec<Value> = case
        .tickets
        .iter()
        .map(|it| json!({"number": it.number, "subject": it.subject, "chip": visit.status_chip(it.status)}))
        .collect();
    let phone = case.tickets.iter().rev().find_map(|it| it.requester_phone.clone()).unwrap_or_default();
    Ok(json!({
        "it": row(visit, &case.request),
        "version": case.request.version,
        "note": case.request.note,
        "answer": case.request.answer,
        "email": case.request.email,
        "tickets": tickets,
        "form": {"name": case.request.name, "phone": crate::domain::phone::show(&phone), "answer": ""},
        "acting": "",
        "told": "",
        "news": null,
    }))
}

fn row(visit: &Visit, it: &DataRequest) -> Value {
    json!({
        "code": it.code,
        "kind": it.kind,
        "kind_text": visit.word("data-kind", &it.kind),
        "name": it.name,
        "masked": crate::domain::message::masked(&it.email),
        "received": visit.instant(it.received_at),
        "due": visit.instant(it.due_at),
        "settled": visit.instant_if(it.settled_at),
        "is_open": it.state == DataRequestState::Open.as_str(),
        "chip": chip(visit, &it.state, it.due_at, it.settled_at),
    })
}

fn chip(visit: &Visit, state: &str, due: DateTime<Utc>, settled: Option<DateTime<Utc>>) -> Value {
    let late = settled.unwrap_or(visit.desk().now()) > due;
    let (family, icon, word) = match (state, late) {
        ("open", true) => ("danger", "alert", "late"),
        ("open", false) => ("warn", "clock", "open"),
        ("refused", _) => ("neutral", "dash", "refused"),
        (_, true) => ("danger", "check", "done_late"),
        (_, false) => ("ok", "check", "done"),
    };
    json!({"family": family, "icon": icon, "text": visit.word("data-state", word), "title": Value::Null})
}

fn breach(visit: &Visit, it: &DataBreach) -> Value {
    let told = it.subjects_at.zip(it.agency_at).map(|(subjects, agency)| subjects.max(agency));
    json!({
        "code": it.code,
        "title": it.title,
        "description": it.description,
        "known": visit.instant(it.known_at),
        "due": visit.instant(it.due_at),
        "subjects": visit.instant_if(it.subjects_at),
        "agency": visit.instant_if(it.agency_at),
        "chip": chip(visit, if told.is_some() { "done" } else { "open" }, it.due_at, told),
    })
}
