//! The home of the staff: what waits for this person now, and the next ticket to take.

use crate::desk::views::{PilePage, TicketView};
use crate::domain::catalogue::ProposalState;
use crate::domain::duty::DutyState;
use crate::domain::people::Actor;
use crate::error::{Error, Result};
use crate::secret::new_token;
use crate::store::duties;
use crate::store::queues::{Counts, Pile};
use crate::store::tickets::{Filter, Sort};
use crate::text;
use crate::web::announcements;
use crate::web::failure::Answer;
use crate::web::home_parts;
use crate::web::menu::{decides, works};
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use chrono::Days;
use poem::web::Data;
use poem::{Request, handler};
use serde_json::{Value, json};

/// Tickets of each list; the rest stands in the queue.
const ROWS: i64 = 8;
/// Proposals that are counted: as many as their page holds.
const MOST_PROPOSALS: i64 = 50;
/// Days ahead in which a duty is due soon.
const SOON: u64 = 30;

/// What needs the person now.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let mut context = shape(visit, actor).await?;
    context["told"] = query(request).get("kabar").is_some_and(|told| told == "kosong").into();
    Ok(visit.form("work_home.html", context)?)
}

/// Takes the next ticket that nobody works on and opens it.
#[handler]
pub async fn take_next(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match visit.desk().take_next(actor, key).await {
        Ok(Some(number)) => Ok(see_other(&format!("/kerja/tiket/{number}?kabar=ambil"))),
        Ok(None) => Ok(see_other("/kerja?kabar=kosong")),
        // The first tap is still at work; its answer shows the ticket.
        Err(Error::Conflict { .. }) => Ok(see_other("/kerja/antrean?tampilan=milik-saya")),
        Err(error) => Err(error.into()),
    }
}

async fn shape(visit: &Visit, actor: &Actor) -> Result<Value> {
    let desk = visit.desk();
    let counts = desk.pile_counts(actor).await?;
    let lists = lists(visit, actor, &counts).await?;
    let duties = duties_due(visit, actor).await?;
    let unheld = desk.agencies_without_first_line(actor).await?;
    let (proposals, sla) = (proposals(visit, actor).await?, home_parts::sla_waiting(visit, actor).await?);
    let letters = home_parts::letters_waiting(visit, actor).await?;
    let trouble = home_parts::trouble(visit, actor).await?;
    let (trail, house) = (home_parts::trail(visit, actor).await?, home_parts::house(visit, actor).await?);
    let figures = home_parts::figures_of(actor, &counts);
    let articles = home_parts::articles(visit, actor).await?;
    let is_empty = lists.iter().all(|list| list["count"] == 0)
        && duties["rows"].as_array().is_some_and(Vec::is_empty)
        && (letters == 0
            && unheld.is_empty()
            && proposals["rows"] == json!([])
            && sla.is_empty()
            && trouble.is_empty()
            && articles.is_empty())
        && (figures.is_null() && house.is_null() && trail["shown"] == false);
    Ok(json!({
        "lists": lists,
        "duties": duties,
        "unheld": unheld,
        "proposals": proposals,
        "sla": sla,
        "letters": letters,
        "trouble": trouble,
        "trail": trail,
        "house": house,
        "figures": figures,
        "articles": {"rows": articles},
        "works": works(actor),
        "late_news": desk.overdue_updates(actor).await?.into_iter().map(|(number, title, promised)| json!({"number": number, "title": title, "promised": visit.instant(promised)})).collect::<Vec<_>>(),
        "announcements": announcements::told_to_staff(visit, actor).await?,
        "changes": desk.changes_to_approve(actor).await?.into_iter().map(|(number, subject)| json!({"number": number, "subject": subject})).collect::<Vec<_>>(),
        "unassigned": counts.unassigned,
        "is_empty": is_empty,
        "key": new_token()?,
    }))
}

/// The piles by need: what is late and nearly so for everybody who reads tickets, answers and own ones for who works on
/// them.
async fn lists(visit: &Visit, actor: &Actor, counts: &Counts) -> Result<Vec<Value>> {
    let mut piles =
        vec![("lewat-batas", Pile::Overdue, Some(counts.overdue)), ("hampir-lewat", Pile::Near, Some(counts.near))];
    if works(actor) {
        piles.push(("balasan-baru", Pile::Answered, None));
        piles.push(("milik-saya", Pile::Mine(actor.account.id), Some(counts.mine)));
    }
    let mut lists = Vec::new();
    for (word, pile, count) in piles {
        let page = match (pile, count) {
            (_, Some(0)) => PilePage::default(),
            (Pile::Answered, _) => {
                visit.desk().pile(actor, &Filter::default(), &[pile], Sort::Oldest, None, ROWS).await?
            }
            _ => visit.desk().pile(actor, &Filter::default(), &[pile], Sort::Due, None, ROWS).await?,
        };
        let rows: Vec<Value> = page.items.iter().map(|view| row(visit, view)).collect();
        let count = count.unwrap_or_else(|| i64::try_from(rows.len()).unwrap_or(ROWS));
        lists.push(json!({"word": word, "rows": rows, "count": count, "more": page.next.is_some()}));
    }
    Ok(lists)
}

fn row(visit: &Visit, view: &TicketView) -> Value {
    let ticket = &view.ticket;
    json!({
        "number": ticket.number,
        "subject": ticket.subject,
        "priority": ticket.priority,
        "agency": ticket.agency,
        "sla": visit.sla_chip(view),
        "status": visit.status_chip(ticket.status),
        "assignee": view.assignee_name,
    })
}

/// Duties that are late or due soon, next due first.
async fn duties_due(visit: &Visit, actor: &Actor) -> Result<Value> {
    let desk = visit.desk();
    let today = desk.now().with_timezone(&visit.zone()).date_naive();
    let owed = desk.owed_duties(actor).await?;
    let filter = duties::Filter {
        states: vec![DutyState::Open, DutyState::Overdue],
        due_to: today.checked_add_days(Days::new(SOON)),
        ..duties::Filter::default()
    };
    let page = desk.duties(actor, &filter, None, ROWS).await?;
    let rows: Vec<Value> = page
        .items
        .iter()
        .map(|duty| {
            let due = text::long_date(visit.language, duty.due_on);
            json!({"what": duty.what, "agency": duty.agency, "due": due, "on": duty.due_on, "late": duty.state == DutyState::Overdue})
        })
        .collect();
    Ok(json!({"rows": rows, "late": owed.iter().map(|owed| owed.overdue).sum::<i64>(), "more": page.next.is_some()}))
}

/// Proposals of critical services that wait, for those who decide on them.
async fn proposals(visit: &Visit, actor: &Actor) -> Result<Value> {
    if !decides(actor) {
        return Ok(json!({"rows": [], "count": 0}));
    }
    let waiting = visit.desk().proposals(actor, None, Some(ProposalState::Proposed), i64::MAX, MOST_PROPOSALS).await?;
    let shown = waiting.iter().take(usize::try_from(ROWS).unwrap_or(8));
    let rows: Vec<Value> = shown.map(|proposal| visit.proposal_row(proposal)).collect();
    Ok(json!({"rows": rows, "count": waiting.len()}))
}
