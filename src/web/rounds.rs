//! One ticket after another: the way in, the bar on the page of a ticket, and the summary at the end.

use crate::desk::rounds::Course;
use crate::domain::people::Actor;
use crate::domain::round::RoundState;
use crate::domain::ticket::Ticket;
use crate::error::{Error, Result};
use crate::store::rounds::RoundTicket;
use crate::text;
use crate::web::failure::Answer;
use crate::web::queue::{FIELDS, narrowed};
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Where rounds stand.
const HOME: &str = "/kerja/antrean/berurutan";
/// Acts after which there is still something to do on the same ticket; after any other the round goes on.
const STAYS: [&str; 13] = [
    "catatan",
    "terima",
    "ambil",
    "tugaskan",
    "lanjutkan",
    "prioritas",
    "klasifikasi",
    "tautkan",
    "lepas-tautan",
    "pisah",
    "konsultasi",
    "jawaban-konsultasi",
    "buka-lagi",
];

/// Lists a round may be begun from, with how many tickets each would hold, and the round that has not ended.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let told = query(request).remove("kabar").is_some_and(|word| word == "kosong");
    let desk = visit.desk();
    let mut lists = Vec::new();
    for word in ["lewat-batas", "hampir-lewat", "balasan-baru", "belum-ditugaskan", "milik-saya", ""] {
        let asked = BTreeMap::from([("tampilan".to_owned(), word.to_owned())]);
        let (filter, piles) = narrowed(&asked, actor.account.id);
        let count = desk.round_size(actor, &filter, &piles).await?;
        lists.push(json!({"word": word, "count": count}));
    }
    let running = match desk.running_round(actor).await? {
        Some(course) => json!({"id": course.round.id, "total": course.tickets.len(), "left": left(&course)}),
        None => Value::Null,
    };
    let context = json!({"lists": lists, "running": running, "told": told, "most": crate::desk::rounds::MOST});
    Ok(visit.form("round_begin.html", context)?)
}

/// Begins a round over a list and opens its first ticket.
#[handler]
pub async fn begin(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let (filter, piles) = narrowed(&sent.0, actor.account.id);
    let chosen = FIELDS.iter().filter(|field| !sent.get(field).is_empty());
    let pairs: Vec<String> = chosen.map(|field| format!("{field}={}", text::in_address(sent.get(field)))).collect();
    match visit.desk().begin_round(actor, &pairs.join("&"), &filter, &piles).await? {
        Some(id) => Ok(see_other(&onwards(visit, actor, id, None).await?)),
        None => Ok(see_other(&format!("{HOME}?kabar=kosong"))),
    }
}

/// What became of the tickets of a round.
#[handler]
pub async fn summary(Data(visit): Data<&Visit>, Path(id): Path<i64>) -> Answer {
    let actor = visit.staff()?;
    let course = visit.desk().round(actor, id).await?;
    let next = visit.desk().next_in_round(actor, id, &busy(visit, actor, id).await?).await?;
    let mut groups = Vec::new();
    for state in [RoundState::Handled, RoundState::Skipped, RoundState::Waiting] {
        let mut rows = Vec::new();
        for ticket in course.tickets.iter().filter(|ticket| ticket.state == state) {
            rows.push(row(visit, actor, ticket).await?);
        }
        groups.push(json!({"state": state, "rows": rows}));
    }
    let context = json!({
        "id": id,
        "groups": groups,
        "total": course.tickets.len(),
        "query": course.round.query,
        "ended": course.round.ended_at.is_some(),
        "next": next,
        "started": visit.instant(course.round.started_at),
    });
    Ok(visit.form("round_summary.html", context)?)
}

/// A ticket of the summary; one that has left the person's sight keeps its number only.
async fn row(visit: &Visit, actor: &Actor, ticket: &RoundTicket) -> Result<Value> {
    let (subject, finished) = match visit.desk().ticket(actor, &ticket.number).await {
        Ok(view) => (view.ticket.subject, view.ticket.status.is_finished()),
        Err(Error::NotFound(_)) => (String::new(), false),
        Err(error) => return Err(error),
    };
    let act = ticket.act.as_ref().map(|act| visit.word("round-did", act));
    Ok(json!({"number": ticket.number, "subject": subject, "finished": finished, "act": act, "reason": ticket.reason}))
}

/// Leaves a ticket out, goes on without a word, or ends the round.
#[handler]
pub async fn do_act(Data(visit): Data<&Visit>, Path((id, act)): Path<(i64, String)>, sent: Sent) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let number = sent.get("nomor");
    match act.as_str() {
        "lewati" => match desk.skip_in_round(actor, id, number, sent.get("reason")).await {
            Ok(()) => Ok(see_other(&onwards(visit, actor, id, None).await?)),
            Err(Error::Invalid(problems)) => {
                let (total, place) = place(&desk.round(actor, id).await?, number);
                let view = desk.ticket(actor, number).await?;
                let context = json!({"id": id, "number": number, "subject": view.ticket.subject,
                    "reason": sent.get("reason"), "total": total, "place": place});
                Ok(visit.mend("round_skip.html", context, &problems, "")?)
            }
            Err(error) => Err(error.into()),
        },
        "lanjut" => Ok(see_other(&onwards(visit, actor, id, None).await?)),
        "akhiri" => {
            desk.end_round(actor, id).await?;
            Ok(see_other(&format!("{HOME}/{id}")))
        }
        _ => Err(Error::NotFound("act").into()),
    }
}

/// The bar on the page of a ticket that belongs to round `id`; nothing when it does not.
///
/// # Errors
/// The database does not answer.
pub async fn bar(visit: &Visit, actor: &Actor, id: Option<i64>, number: &str) -> Result<Value> {
    let Some(id) = id else { return Ok(Value::Null) };
    let course = match visit.desk().round(actor, id).await {
        Ok(course) => course,
        Err(Error::NotFound(_)) => return Ok(Value::Null),
        Err(error) => return Err(error),
    };
    let Some(ticket) = course.ticket(number).filter(|_| course.round.ended_at.is_none()) else {
        return Ok(Value::Null);
    };
    let (total, place) = place(&course, number);
    let handled = ticket.state != RoundState::Waiting;
    let before = course.tickets.iter().filter(|it| it.state == RoundState::Handled && it.place < ticket.place);
    let before = before.max_by_key(|it| it.place).map(|it| &it.number);
    Ok(json!({"id": id, "place": place, "total": total, "handled": handled, "before": before}))
}

/// Where somebody goes after an act on a ticket: on in the round the form stood in, else back to the ticket.
///
/// # Errors
/// The database does not answer.
pub async fn after(visit: &Visit, actor: &Actor, sent: &Sent, ticket: &Ticket, act: &str) -> Result<String> {
    let number = &ticket.number;
    let Some(id) = of_form(sent) else { return Ok(back(sent, number, act, "")) };
    match visit.desk().handled_in_round(actor, id, number, act).await {
        Ok(()) if STAYS.contains(&act) => Ok(back(sent, number, act, "")),
        Ok(()) => onwards(visit, actor, id, Some(act)).await,
        Err(Error::NotFound(_)) => Ok(back(&Sent::default(), number, act, "")),
        Err(error) => Err(error),
    }
}

/// The way back to a ticket from one of its forms: in the round the form stood in, with `told` of what was done, to a
/// `place` on the page. Both may be empty.
pub fn back(sent: &Sent, number: &str, told: &str, place: &str) -> String {
    let told = Some(told).filter(|told| !told.is_empty()).map(|told| format!("kabar={told}"));
    let round = of_form(sent).map(|id| format!("putaran={id}"));
    let asked: Vec<String> = told.into_iter().chain(round).collect();
    let mut address = format!("/kerja/tiket/{number}");
    for (sign, part) in [('?', asked.join("&").as_str()), ('#', place)] {
        if !part.is_empty() {
            address.push(sign);
            address.push_str(part);
        }
    }
    address
}

/// The round in which a page of a ticket was opened.
pub fn of_address(request: &Request) -> Option<i64> {
    query(request).get("putaran")?.parse().ok()
}

/// The round a form of a ticket stood in.
pub fn of_form(sent: &Sent) -> Option<i64> {
    sent.get("putaran").parse().ok()
}

/// The next ticket of a round, or its summary; `done` is what was done to the one before.
async fn onwards(visit: &Visit, actor: &Actor, id: i64, done: Option<&str>) -> Result<String> {
    let done = done.map(|act| format!("&tadi={act}")).unwrap_or_default();
    Ok(match visit.desk().next_in_round(actor, id, &busy(visit, actor, id).await?).await? {
        Some(number) => format!("/kerja/tiket/{number}?putaran={id}{done}"),
        None => format!("{HOME}/{id}"),
    })
}

/// Numbers of the tickets of a round that somebody else has open now: it passes them by.
async fn busy(visit: &Visit, actor: &Actor, id: i64) -> Result<BTreeSet<String>> {
    let course = visit.desk().round(actor, id).await?;
    let waiting = course.tickets.iter().filter(|ticket| ticket.state == RoundState::Waiting);
    let numbers: Vec<&str> = waiting.map(|ticket| ticket.number.as_str()).collect();
    Ok(visit.desk().present(actor, &numbers).await?.into_iter().map(|present| present.number).collect())
}

fn left(course: &Course) -> usize {
    course.tickets.iter().filter(|ticket| ticket.state == RoundState::Waiting).count()
}

/// How many tickets a round has and which of them this one is.
fn place(course: &Course, number: &str) -> (usize, i64) {
    (course.tickets.len(), course.ticket(number).map_or(0, |ticket| ticket.place))
}
