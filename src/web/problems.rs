//! Problems: the list, the page of one with its record, and the act that answers everybody who waits.

use crate::desk::problems::{ProblemLine, SolvedProblem, WantedProblem};
use crate::desk::record_turn::NewRecord;
use crate::domain::number;
use crate::domain::people::{Actor, may_report_for_others};
use crate::domain::problem::ProblemState;
use crate::domain::relation::Relation;
use crate::domain::ticket::Status;
use crate::error::{Error, Result, Say};
use crate::secret::new_token;
use crate::store::tickets::Filter;
use crate::text;
use crate::web::addresses::{read_place, write_place};
use crate::web::availability::fields;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use serde_json::{Value, json};

/// Rows on one page.
const ROWS: i64 = 50;
/// Before the number of a disruption in the name of its box.
const BOX: &str = "tiket-";
const NEW: [&str; 5] = ["subject", "description", "agency", "service", "incidents"];

/// Problems, those that are open or all.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let (actor, asked) = (visit.staff()?, query(request));
    let is_all = asked.get("tampil").is_some_and(|word| word == "semua");
    let before = asked.get("sebelum").and_then(|place| read_place(place));
    let states = Status::ALL.iter().filter(|status| is_all || !status.is_finished());
    let filter = Filter { statuses: states.map(|status| status.to_string()).collect(), ..Filter::default() };
    let (lines, next) = visit.desk().problems(actor, filter, before, ROWS).await?;
    let context = json!({
        "rows": lines.iter().map(|line| row(visit, line)).collect::<Vec<_>>(),
        "all": is_all,
        "next": next.map(write_place),
        "is_first": before.is_none(),
        "may_open": may_report_for_others(actor),
    });
    Ok(visit.page("problems.html", context)?)
}

/// The form of a new one; `tiket` is a disruption it causes.
#[handler]
pub async fn new_form(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let mut sent = Sent::default();
    if let Some(number) = query(request).get("tiket").and_then(|typed| number::parse(typed)) {
        let ticket = visit.desk().ticket(actor, &number).await?.ticket;
        let mut put = |field: &str, value: String| sent.0.insert(field.to_owned(), value);
        put("incidents", ticket.number);
        put("subject", ticket.subject);
        put("agency", ticket.agency);
        put("service", ticket.service.unwrap_or_default());
    }
    Ok(visit.form("problem_new.html", new_shape(visit, actor, &sent).await?)?)
}

/// Opens it.
#[handler]
pub async fn open(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let new = new_record(&sent);
    let incidents: Vec<String> = sent
        .get("incidents")
        .split([',', ' ', '\n', '\r', ';'])
        .filter(|typed| !typed.is_empty())
        .map(str::to_owned)
        .collect();
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match visit.desk().open_problem(actor, &new, &incidents, key).await {
        Ok(number) => Ok(see_other(&format!("/kerja/masalah/{number}?kabar=buka"))),
        Err(Error::Invalid(problems)) => {
            let context = new_shape(visit, actor, &sent).await?;
            Ok(visit.mend("problem_new.html", context, &problems, "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// One problem.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request) -> Answer {
    let number = number::parse(&typed).ok_or(Error::NotFound("problem"))?;
    let asked = query(request);
    let mut context = shape(visit, &number, None, None).await?;
    let said = |word: &&String| ["buka", "simpan", "selesai"].contains(&word.as_str());
    context["done"] = asked.get("kabar").filter(said).cloned().into();
    context["left"] = asked.get("belum").and_then(|text| text.parse::<u32>().ok()).into();
    Ok(visit.form("problem.html", context)?)
}

/// Writes its record.
#[handler]
pub async fn save(Data(visit): Data<&Visit>, Path(typed): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("problem"))?;
    let saved = match sent.get("state").parse::<ProblemState>() {
        Err(_) => Err(Error::field("state", Say::new("field-choose"))),
        Ok(state) => {
            let wanted = WantedProblem {
                state,
                cause: sent.get("cause").to_owned(),
                workaround: sent.get("workaround").to_owned(),
                known_error: !sent.get("known").is_empty(),
            };
            visit.desk().save_problem(actor, &number, sent.get("versi").parse().ok(), &wanted).await
        }
    };
    match saved {
        Ok(()) => Ok(see_other(&format!("/kerja/masalah/{number}?kabar=simpan"))),
        Err(error) => again(visit, &number, (Some(&sent), None), error).await,
    }
}

/// Solves it, and the disruptions that are ticked.
#[handler]
pub async fn solve(Data(visit): Data<&Visit>, Path(typed): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("problem"))?;
    let solved = SolvedProblem {
        solution: sent.get("solution").to_owned(),
        answer: sent.get("answer").to_owned(),
        tickets: sent.0.keys().filter_map(|field| field.strip_prefix(BOX)).map(str::to_owned).collect(),
    };
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match visit.desk().solve_problem(actor, &number, sent.get("versi").parse().ok(), &solved, key).await {
        Ok(told) => {
            let left = told.iter().filter(|(_, why)| why.is_some()).count();
            let left = if left > 0 { format!("&belum={left}") } else { String::new() };
            Ok(see_other(&format!("/kerja/masalah/{number}?kabar=selesai{left}")))
        }
        Err(error) => again(visit, &number, (None, Some(&sent)), error).await,
    }
}

/// What a new record of either kind is opened with.
pub fn new_record(sent: &Sent) -> NewRecord {
    let chosen = |field: &str| Some(sent.get(field)).filter(|text| !text.is_empty()).map(str::to_owned);
    NewRecord {
        subject: sent.get("subject").to_owned(),
        description: sent.get("description").to_owned(),
        agency: chosen("agency"),
        service: chosen("service"),
    }
}

/// Agencies and services to choose from.
///
/// # Errors
/// The database does not answer.
pub async fn choices(visit: &Visit) -> Result<Value> {
    let desk = visit.desk();
    let agencies = desk.agencies().await?;
    let agencies = agencies.iter().filter(|it| it.active).map(|it| json!({"word": it.code, "text": it.name}));
    let services = desk.services().await?;
    let services = services.iter().filter(|it| it.active).map(|it| json!({"word": it.code, "text": it.name}));
    Ok(json!({"agencies": agencies.collect::<Vec<_>>(), "services": services.collect::<Vec<_>>()}))
}

/// The page after a refusal, with what was written in the one form or the other.
async fn again(visit: &Visit, number: &str, forms: (Option<&Sent>, Option<&Sent>), error: Error) -> Answer {
    let mut context = shape(visit, number, forms.0, forms.1).await?;
    // A form that is not on the page any more has no field to mend.
    let is_there = if forms.0.is_some() { "may_change" } else { "may_solve" };
    let error = match error {
        Error::Invalid(_) if context[is_there] == false => Error::Denied(Say::new("error-denied")),
        other => other,
    };
    match &error {
        Error::Invalid(problems) => Ok(visit.mend("problem.html", context, problems, "")?),
        Error::Conflict { .. } | Error::Denied(_) => {
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response: Response = visit.form("problem.html", context)?;
            response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
            Ok(response)
        }
        _ => Err(error.into()),
    }
}

async fn new_shape(visit: &Visit, actor: &Actor, sent: &Sent) -> Result<Value> {
    if !may_report_for_others(actor) {
        return Err(Error::Denied(Say::new("error-denied")));
    }
    Ok(json!({"form": fields(&NEW, sent), "choices": choices(visit).await?, "key": new_token()?}))
}

async fn shape(visit: &Visit, number: &str, record: Option<&Sent>, solving: Option<&Sent>) -> Result<Value> {
    let it = visit.desk().problem(visit.staff()?, number).await?;
    let ticket = &it.view.ticket;
    let written = |field: &str, fallback: &str| record.map_or(fallback, |sent| sent.get(field)).to_owned();
    let known = it.record.known_error_at.is_some();
    let names = visit.desk().services().await?;
    let service = names.iter().find(|service| Some(&service.code) == ticket.service.as_ref());
    let is_open = |status: &Status| !status.is_finished();
    let caused = it.ties.iter().filter(|tie| tie.relation == Relation::Causes).map(|tie| {
        let is_ticked = solving.is_none_or(|sent| !sent.get(&format!("{BOX}{}", tie.number)).is_empty());
        json!({
            "number": tie.number,
            "subject": tie.seen.as_ref().map(|(subject, _)| subject),
            "chip": tie.seen.as_ref().map(|(_, status)| visit.status_chip(*status)),
            "open": tie.seen.as_ref().is_some_and(|(_, status)| is_open(status)),
            "ticked": is_ticked,
        })
    });
    let caused: Vec<Value> = caused.collect();
    Ok(json!({
        "number": ticket.number,
        "subject": ticket.subject,
        "description": ticket.description,
        "status_chip": visit.status_chip(ticket.status),
        "is_open": is_open(&ticket.status),
        "agency": ticket.agency,
        "service": service.map(|service| &service.name),
        "known_since": visit.instant_if(it.record.known_error_at),
        "updated": visit.instant(it.record.updated_at),
        "states": ProblemState::ALL.iter().map(|state| json!({"word": state, "text": visit.word("problem-state", state.as_str())})).collect::<Vec<_>>(),
        "state_text": visit.word("problem-state", it.record.state.as_str()),
        "record": it.record,
        "state": written("state", it.record.state.as_str()),
        "cause": written("cause", &it.record.cause),
        "workaround": written("workaround", &it.record.workaround),
        "known": record.map_or(known, |sent| !sent.get("known").is_empty()),
        "solution": solving.map_or("", |sent| sent.get("solution")),
        "answer": solving.map_or("", |sent| sent.get("answer")),
        "waiting": caused.iter().any(|tie| tie["open"] == true),
        "caused": caused,
        "may_change": it.may_change,
        "may_solve": crate::desk::record_turn::may_work(visit.staff()?, ticket),
        "version": ticket.version,
        "key": new_token()?,
        "told": "",
        "done": Value::Null,
        "left": Value::Null,
    }))
}

fn row(visit: &Visit, line: &ProblemLine) -> Value {
    let ticket = &line.view.ticket;
    json!({
        "number": ticket.number,
        "subject": ticket.subject,
        "agency": ticket.agency,
        "chip": visit.status_chip(ticket.status),
        "state": visit.word("problem-state", line.record.state.as_str()),
        "known": line.record.known_error_at.is_some() && !ticket.status.is_finished(),
        "incidents": line.incidents,
        "opened": visit.instant(ticket.opened_at),
    })
}
