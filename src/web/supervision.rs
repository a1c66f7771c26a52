//! What the second line and those who look after agencies read: hand-overs and how each agency stands.

use crate::desk::queues::supervises;
use crate::desk::views::TicketView;
use crate::domain::clock_plan::Line;
use crate::error::{Error, Say};
use crate::secret::new_token;
use crate::store::queues::Pile;
use crate::store::queues::Turn;
use crate::store::tickets::{Filter, Sort};
use crate::text;
use crate::web::addresses::{read_place, write_place};
use crate::web::failure::Answer;
use crate::web::visit::{Visit, query};
use chrono::Duration;
use poem::web::Data;
use poem::{Request, handler};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Hand-overs on one page, next due first before they are grouped.
const ROWS: i64 = 100;

/// Tickets the second line owns, by agency.
#[handler]
pub async fn escalations(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let asked = query(request);
    let turn = asked.get("sesudah").and_then(|place| read_place(place)).map(|place| Turn { place, back: false });
    let page = desk.pile(actor, &Filter::default(), &[Pile::Escalated], Sort::Due, turn, ROWS).await?;
    let by_clock = desk.handed_over_by_clock(&page.items).await?;
    let names: BTreeMap<String, String> =
        desk.agencies().await?.into_iter().map(|agency| (agency.code, agency.name)).collect();
    let mut groups: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (view, by_clock) in page.items.iter().zip(by_clock) {
        groups.entry(&view.ticket.agency).or_default().push(row(visit, view, by_clock));
    }
    let groups: Vec<Value> = groups
        .into_iter()
        .map(|(code, rows)| json!({"code": code, "name": names.get(code).map_or(code, String::as_str), "rows": rows}))
        .collect();
    let context = json!({
        "groups": groups,
        "count": desk.pile_counts(actor).await?.escalated,
        "next": page.next.map(write_place),
        "is_first": turn.is_none(),
        "key": new_token()?,
    });
    Ok(visit.form("escalations.html", context)?)
}

fn row(visit: &Visit, view: &TicketView, by_clock: bool) -> Value {
    let ticket = &view.ticket;
    let span = |seconds: i64| text::span(visit.language, Duration::seconds(seconds));
    let own = view.lines.iter().find(|(line, _)| *line == Line::Tier2).map_or(0, |held| held.1);
    json!({
        "number": ticket.number,
        "version": ticket.version,
        "subject": ticket.subject,
        "priority": ticket.priority,
        "status": visit.status_chip(ticket.status),
        "why": if by_clock { "time" } else if ticket.escalated_at.is_some() { "asked" } else { "direct" },
        "since": visit.instant(ticket.escalated_at.unwrap_or(ticket.opened_at)),
        "sla": visit.sla_chip(view),
        "total": span(view.lines.iter().map(|held| held.1).sum()),
        "own": span(own),
        "assignee": view.assignee_name,
    })
}

/// How each agency stands, worst first.
#[handler]
pub async fn agencies(Data(visit): Data<&Visit>) -> Answer {
    let actor = visit.staff()?;
    if !supervises(actor) {
        return Err(Error::Denied(Say::new("error-denied")).into());
    }
    let mut loads = visit.desk().supervision(actor).await?;
    loads.sort_by_key(|(load, held)| (*held, -load.overdue, -load.unanswered, -load.open, load.agency.clone()));
    let rows: Vec<Value> = loads
        .iter()
        .map(|(load, held)| {
            json!({
                "code": load.agency,
                "name": load.name,
                "open": load.open,
                "overdue": load.overdue,
                "unanswered": load.unanswered,
                "oldest": visit.instant_if(load.oldest),
                "held": held,
            })
        })
        .collect();
    Ok(visit.page("supervision.html", json!({ "rows": rows }))?)
}
