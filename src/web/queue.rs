//! The queue of the staff.

use crate::desk::views::TicketView;
use crate::domain::people::{Actor, may_report_for_others};
use crate::domain::ticket::{Kind, Priority};
use crate::error::Result;
use crate::secret::new_token;
use crate::store::queues::{Counts, Pile, Turn};
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
/// What an address may narrow the list by, in the order of the form.
pub const FIELDS: [&str; 9] = ["tampilan", "cari", "status", "jenis", "layanan", "pd", "prioritas", "lini", "petugas"];

/// Tickets the person may see, next due first.
#[handler]
pub async fn queue(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let asked = query(request);
    Ok(visit.form("queue.html", shape(visit, actor, &asked).await?)?)
}

async fn shape(visit: &Visit, actor: &Actor, asked: &BTreeMap<String, String>) -> Result<Value> {
    let desk = visit.desk();
    let (filter, piles) = narrowed(asked, actor.account.id);
    let sort = sort(asked, &piles);
    let turn = turn(asked);
    let page = desk.pile(actor, &filter, &piles, sort, turn, ROWS).await?;
    let counts = desk.pile_counts(actor).await?;
    let services: BTreeMap<String, String> =
        desk.services().await?.into_iter().map(|service| (service.code, service.name)).collect();
    let chosen = FIELDS.iter().chain(&["urut"]);
    let chosen: Map<String, Value> =
        chosen.map(|name| ((*name).to_owned(), asked.get(*name).cloned().unwrap_or_default().into())).collect();
    let is_narrowed = FIELDS.iter().skip(1).any(|name| asked.get(*name).is_some_and(|value| !value.is_empty()));
    let views = views(&counts);
    let view = asked.get("tampilan").map_or("", String::as_str);
    let whole = views.iter().find(|it| it["word"] == view).filter(|_| !is_narrowed).map(|it| it["count"].to_string());
    let more = page.next.is_some() || page.previous.is_some();
    let shown = whole.unwrap_or_else(|| format!("{}{}", page.items.len(), if more { "+" } else { "" }));
    let rows: Vec<Value> = page.items.iter().map(|view| row(visit, view, &services)).collect();
    let names: Vec<Value> = services.iter().map(|(code, name)| json!({"code": code, "name": name})).collect();
    let workers = desk.workers(actor).await?;
    Ok(json!({
        "rows": rows,
        "shown": shown,
        "next": page.next.map(write_place),
        "previous": page.previous.map(write_place),
        "is_narrowed": is_narrowed,
        "chosen": chosen,
        "views": views,
        "saved": desk.saved_views(actor).await?.iter().map(|view| json!({"name": view.name, "query": view.query})).collect::<Vec<_>>(),
        "statuses": STATUSES.map(|(word, status)| json!({"word": word, "text": visit.word("status", status.as_str())})),
        "sorts": SORTS.map(|(word, _)| word),
        "priorities": Priority::ALL,
        "kinds": Kind::ALL,
        "services": names,
        "agencies": agencies(visit).await?,
        "workers": workers.iter().map(|(email, name)| json!({"email": email, "name": name})).collect::<Vec<_>>(),
        "may_report": may_report_for_others(actor),
        "kept": {"kepada": "", "priority": "", "reason": ""},
        "key": new_token()?,
    }))
}

/// What the address narrows the list by; without a state, everything still open.
pub fn narrowed(asked: &BTreeMap<String, String>, account: i64) -> (Filter, Vec<Pile>) {
    let given = |name: &str| asked.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let wanted = given("status");
    let status = STATUSES.iter().find(|(word, _)| wanted.as_deref() == Some(word)).map(|found| found.1);
    let mut piles: Vec<Pile> = given("tampilan").and_then(|word| pile(&word, account)).into_iter().collect();
    let is_open = match status {
        Some(status) => !status.is_finished(),
        // A search looks everywhere.
        None => given("cari").is_none(),
    };
    if is_open && piles.is_empty() {
        piles.push(Pile::Open);
    }
    let who = given("petugas");
    if who.as_deref() == Some("tanpa") {
        piles.push(Pile::Unassigned);
    }
    let filter = Filter {
        statuses: status.map(|status| status.as_str().to_owned()).into_iter().collect(),
        agency: given("pd"),
        service: given("layanan"),
        priority: given("prioritas"),
        kind: given("jenis"),
        tier: given("lini").and_then(|tier| tier.parse().ok()),
        assignee: (who.as_deref() == Some("saya")).then_some(account),
        words: given("cari"),
        ..Filter::default()
    };
    (filter, piles)
}

/// The pile behind a ready-made view.
fn pile(word: &str, account: i64) -> Option<Pile> {
    Some(match word {
        "lewat-batas" => Pile::Overdue,
        "hampir-lewat" => Pile::Near,
        "belum-ditugaskan" => Pile::Unassigned,
        "milik-saya" => Pile::Mine(account),
        "menunggu-pelapor" => Pile::Waiting,
        "dieskalasi" => Pile::Escalated,
        "balasan-baru" => Pile::Answered,
        _ => return None,
    })
}

/// By due what is open; what may be finished has no due any more, so the newest first.
fn sort(asked: &BTreeMap<String, String>, piles: &[Pile]) -> Sort {
    let sort = SORTS.iter().find(|(word, _)| asked.get("urut").is_some_and(|asked| asked == word));
    match sort.map_or(Sort::Due, |found| found.1) {
        Sort::Due if piles.is_empty() => Sort::Newest,
        sort => sort,
    }
}

fn turn(asked: &BTreeMap<String, String>) -> Option<Turn> {
    let place = |name: &str| asked.get(name).and_then(|place| read_place(place));
    let back = place("sebelum").map(|place| Turn { place, back: true });
    back.or_else(|| place("sesudah").map(|place| Turn { place, back: false }))
}

/// The ready-made views with what lies in them.
fn views(counts: &Counts) -> Vec<Value> {
    let views = [
        ("", counts.open),
        ("lewat-batas", counts.overdue),
        ("hampir-lewat", counts.near),
        ("belum-ditugaskan", counts.unassigned),
        ("milik-saya", counts.mine),
        ("menunggu-pelapor", counts.waiting),
        ("dieskalasi", counts.escalated),
    ];
    views.map(|(word, count)| json!({"word": word, "count": count})).to_vec()
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
        "version": ticket.version,
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
