//! What happened to a ticket, and how its deadlines come about.

use crate::domain::event::Event;
use crate::domain::number;
use crate::error::Error;
use crate::policy::explain::LocalInstant;
use crate::text;
use crate::web::failure::Answer;
use crate::web::rounds;
use crate::web::visit::{Visit, query};
use chrono::{Duration, Utc};
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Events on one page.
const ROWS: i64 = 200;

/// The chained events of a ticket.
#[handler]
pub async fn show_events(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let after = query(request).get("sesudah").and_then(|seq| seq.parse().ok()).unwrap_or(0);
    let events = desk.events(actor, &number, after, ROWS).await?;
    let names = desk.names_in(&events).await?;
    let is_full = i64::try_from(events.len()).is_ok_and(|count| count == ROWS);
    let next = events.last().filter(|_| is_full).map(|event| event.seq);
    let rows: Vec<Value> = events.iter().map(|event| row(visit, event, &names)).collect();
    let (verdict, sealed) = desk.verify_ticket(actor, &number).await?;
    let broken = verdict.first.as_ref().map(|first| json!({"what": first.what, "seq": first.seq}));
    let context = json!({
        "number": number,
        "round": rounds::of_address(request),
        "rows": rows,
        "next": next,
        "events": verdict.events,
        "broken": broken,
        "sealed": sealed.map(|(seq, at)| json!({"seq": seq, "at": visit.instant(at)})),
    });
    Ok(visit.page("history.html", context)?)
}

/// One event as a row of a history.
pub fn row(visit: &Visit, event: &Event, names: &BTreeMap<String, String>) -> Value {
    let label = event.actor.as_str();
    let actor = match names.get(label) {
        Some(name) => name.clone(),
        None => visit.word("actor", &label.replace(':', "-")),
    };
    let payload: Value = serde_json::from_str(&event.payload).unwrap_or_default();
    let other = ["to", "into", "from"].iter().find_map(|name| number::parse(payload.get(*name)?.as_str()?));
    json!({
        "seq": event.seq,
        "at": visit.instant(event.at),
        "actor": actor,
        "kind": visit.word("event", &event.kind),
        "reason": payload.get("reason").and_then(Value::as_str),
        "basis": payload.get("basis").and_then(Value::as_str),
        "other": other,
        "hash": event.hash.get(..12).unwrap_or_default(),
    })
}

/// The working of the deadlines: what was counted, what was left out.
#[handler]
pub async fn show_deadlines(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let view = desk.ticket(actor, &number).await?;
    let working = desk.explain(actor, &number).await?;
    let instant = |at: &LocalInstant| visit.instant(at.0.with_timezone(&Utc));
    let instant_if = |at: &Option<LocalInstant>| at.as_ref().map_or(Value::Null, instant);
    let page = desk.ticket_page(actor, &number).await?;
    let pauses: Vec<Value> = page
        .pauses
        .iter()
        .filter(|pause| pause.to != Some(pause.from))
        .map(|pause| json!({"why": visit.word("status", &pause.reason), "from": visit.instant(pause.from), "to": visit.instant_if(pause.to)}))
        .collect();
    let span = |seconds: i64| text::span(visit.language, Duration::seconds(seconds));
    let counted: Vec<Value> = working
        .intervals
        .iter()
        .map(|part| json!({"from": instant(&part.from), "to": instant(&part.to), "span": span(part.seconds)}))
        .collect();
    let excluded: Vec<Value> = working
        .excluded
        .iter()
        .map(|day| json!({"date": text::long_date(visit.language, day.date), "reason": day.reason}))
        .collect();
    let context = json!({
        "number": number,
        "round": rounds::of_address(request),
        "pack": view.ticket.pack,
        "pack_name": desk.pack().name,
        "law": desk.pack().law,
        "profile": working.profile,
        "priority": working.priority,
        "opened": instant(&working.opened),
        "due": [
            {"name": visit.word("due", "response"), "at": instant_if(&working.response_due)},
            {"name": visit.word("due", "transfer"), "at": instant_if(&working.transfer_due)},
            {"name": visit.word("due", "warn"), "at": instant_if(&working.warn_due)},
            {"name": visit.word("due", "resolution"), "at": instant_if(&working.resolution_due)},
        ],
        "counted": counted,
        "sum": span(working.intervals.iter().map(|part| part.seconds).sum()),
        "excluded": excluded,
        "pauses": pauses,
        "lines": view.lines.iter().map(|(line, seconds)| json!({"name": visit.word("line", line.as_str()), "span": span(*seconds)})).collect::<Vec<_>>(),
        "edition": desk.pack().version,
    });
    Ok(visit.page("deadlines.html", context)?)
}
