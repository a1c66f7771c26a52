//! The queue of the staff.

use crate::desk::views::TicketView;
use crate::domain::ticket::Priority;
use crate::error::Result;
use crate::store::tickets::{Filter, Sort};
use crate::web::addresses::{SORTS, STATUSES, read_place, write_place};
use crate::web::failure::Answer;
use crate::web::visit::{Visit, query};
use poem::web::Data;
use poem::{Request, handler};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Rows on one page.
const ROWS: i64 = 50;

/// Tickets the person may see, next due first.
#[handler]
pub async fn queue(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let asked = query(request);
    let filter = filter(&asked);
    let sort = SORTS
        .iter()
        .find(|(word, _)| asked.get("urut").is_some_and(|asked| asked == word))
        .map_or(Sort::Due, |found| found.1);
    let after = asked.get("sesudah").and_then(|place| read_place(place));
    let page = desk.tickets(actor, &filter, sort, after, ROWS).await?;
    let counts: BTreeMap<String, i64> = desk.open_counts(actor).await?.into_iter().collect();
    let services: BTreeMap<String, String> =
        desk.services().await?.into_iter().map(|service| (service.code, service.name)).collect();
    let kept = ["status", "pd", "prioritas", "cari", "urut"];
    let chosen: Map<String, Value> =
        kept.iter().map(|name| ((*name).to_owned(), asked.get(*name).cloned().unwrap_or_default().into())).collect();
    let is_narrowed = kept.iter().take(4).any(|name| asked.get(*name).is_some_and(|value| !value.is_empty()));
    let rows: Vec<Value> = page.items.iter().map(|view| row(visit, view, &services)).collect();
    let context = json!({
        "rows": rows,
        "next": page.next.map(write_place),
        "is_first": after.is_none(),
        "is_narrowed": is_narrowed,
        "chosen": chosen,
        "views": views(visit, &counts),
        "total": counts.values().sum::<i64>(),
        "statuses": STATUSES.map(|(word, status)| json!({"word": word, "text": visit.word("status", status.as_str())})),
        "sorts": SORTS.map(|(word, _)| word),
        "priorities": Priority::ALL,
        "agencies": agencies(visit).await?,
    });
    Ok(visit.page("queue.html", context)?)
}

/// What the address narrows the list by; without a state, everything still open.
fn filter(asked: &BTreeMap<String, String>) -> Filter {
    let given = |name: &str| asked.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let wanted = given("status");
    let statuses = match STATUSES.iter().find(|(word, _)| wanted.as_deref() == Some(word)) {
        Some((_, status)) => vec![status.as_str().to_owned()],
        // A search looks everywhere.
        None if given("cari").is_some() => Vec::new(),
        None => STATUSES
            .iter()
            .filter(|(_, status)| !status.is_finished())
            .map(|(_, status)| status.as_str().to_owned())
            .collect(),
    };
    Filter { statuses, agency: given("pd"), priority: given("prioritas"), words: given("cari"), ..Filter::default() }
}

/// The open states with how many tickets stand in each.
fn views(visit: &Visit, counts: &BTreeMap<String, i64>) -> Vec<Value> {
    let open = STATUSES.iter().filter(|(_, status)| !status.is_finished());
    let view = |(word, status): &(&str, crate::domain::ticket::Status)| json!({"word": word, "text": visit.word("status", status.as_str()), "count": counts.get(status.as_str()).copied().unwrap_or(0)});
    open.map(view).collect()
}

async fn agencies(visit: &Visit) -> Result<Vec<Value>> {
    let agencies = visit.desk().agencies().await?;
    Ok(agencies.into_iter().map(|agency| json!({"code": agency.code, "name": agency.name})).collect())
}

fn row(visit: &Visit, view: &TicketView, services: &BTreeMap<String, String>) -> Value {
    let ticket = &view.ticket;
    let service = ticket.service.as_ref().map(|code| services.get(code).unwrap_or(code));
    json!({
        "number": ticket.number,
        "subject": ticket.subject,
        "priority": ticket.priority,
        "sla": visit.sla_chip(view),
        "status": visit.status_chip(ticket.status),
        "handed_over": ticket.tier > 1,
        "tier": visit.tier(ticket),
        "agency": ticket.agency,
        "service": service,
        "assignee": view.assignee_name,
    })
}
