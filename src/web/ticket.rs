//! The page on which staff work on a ticket.

use crate::desk::views::TicketPage;
use crate::domain::clock_plan::{ClockKind, Line};
use crate::domain::number;
use crate::domain::people::{Action, Actor, may};
use crate::domain::phone;
use crate::domain::ticket::{Priority, Ticket, Verb};
use crate::error::{Error, Result};
use crate::secret::new_token;
use crate::text;
use crate::web::addresses::ACTS;
use crate::web::article_ties;
use crate::web::composer;
use crate::web::failure::Answer;
use crate::web::incidents;
use crate::web::mails;
use crate::web::render::{download, see_other};
use crate::web::reporting;
use crate::web::rounds;
use crate::web::side::{self, PAGES};
use crate::web::timeline;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The ticket with everything the person may see and do.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let asked = query(request);
    let page = match visit.desk().ticket_page(actor, &number).await {
        Err(Error::NotFound(what)) => return gone(visit, actor, &number, &asked, what).await,
        other => other?,
    };
    if let Some(target) = &page.view.ticket.merged_into
        && !asked.contains_key("asli")
        && visit.desk().ticket(actor, target).await.is_ok()
    {
        return Ok(see_other(&format!("/kerja/tiket/{target}?dari={number}")));
    }
    let tab = asked.get("tampil").map(String::as_str).unwrap_or_default();
    let mut context = shape_under(visit, actor, &page, tab).await?;
    if let Some(word) = asked.get("kabar").filter(|word| is_told(word)) {
        context["done"] = word.as_str().into();
        context["undo"] = visit.desk().undoable(actor, &number).await?.into();
    }
    context["from"] = asked.get("dari").and_then(|typed| number::parse(typed)).into();
    context["round"] = rounds::bar(visit, actor, rounds::of_address(request), &number).await?;
    if let (Some(id), Some(address)) = (context["round"]["id"].as_i64(), context["incident"]["address"].as_str()) {
        context["incident"]["address"] = format!("{address}?putaran={id}").into();
    }
    context["earlier"] = asked.get("tadi").filter(|act| is_told(act)).cloned().into();
    composer::note_presence(visit, actor, &number).await;
    Ok(visit.form("ticket.html", context)?)
}

/// A ticket that is out of sight: who holds it now is told to those from whom it went.
async fn gone(
    visit: &Visit,
    actor: &Actor,
    number: &str,
    asked: &BTreeMap<String, String>,
    what: &'static str,
) -> Answer {
    let holder = visit.desk().moved_on(actor, number).await?.ok_or(Error::NotFound(what))?;
    let just_now = asked.get("kabar").is_some_and(|word| word == "alihkan");
    let mut response = visit.page("moved.html", json!({"number": number, "holder": holder, "just_now": just_now}))?;
    if !just_now {
        response.set_status(StatusCode::FORBIDDEN);
    }
    Ok(response)
}

/// Is there a sentence for what was just done?
fn is_told(word: &str) -> bool {
    let others = ["lepas-tautan", "jawaban-konsultasi", "urungkan"];
    composer::is_news(word) || PAGES.iter().any(|(act, _)| *act == word) || others.contains(&word)
}

/// A file of the ticket.
#[handler]
pub async fn file(Data(visit): Data<&Visit>, Path((typed, id)): Path<(String, i64)>) -> Answer {
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let (file, bytes) = visit.desk().attachment(visit.staff()?, &number, id).await?;
    Ok(download(&file.name, bytes))
}

/// Everything the template shows, with no form filled in.
///
/// # Errors
/// The database does not answer.
pub async fn shape(visit: &Visit, actor: &Actor, page: &TicketPage) -> Result<Value> {
    shape_under(visit, actor, page, "").await
}

/// The page as it stands now, and why what was asked for was not done.
///
/// # Errors
/// As [`shape`].
pub async fn refused(visit: &Visit, actor: &Actor, number: &str, round: Option<i64>, error: &Error) -> Answer {
    let page = visit.desk().ticket_page(actor, number).await?;
    let mut context = shape(visit, actor, &page).await?;
    context["told"] = text::say(visit.language, &error.public()).into();
    context["round"] = rounds::bar(visit, actor, round, number).await?;
    let mut response = visit.form("ticket.html", context)?;
    response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
    Ok(response)
}

/// As [`shape`], with what the tab shows of the stream.
async fn shape_under(visit: &Visit, actor: &Actor, page: &TicketPage, tab: &str) -> Result<Value> {
    let ticket = &page.view.ticket;
    let services = visit.desk().services().await?;
    let agencies = visit.desk().agencies().await?;
    let service = services.iter().find(|service| Some(&service.code) == ticket.service.as_ref());
    let agency = agencies.iter().find(|agency| agency.code == ticket.agency);
    let mut context = head(visit, page);
    let writing = composer::shape(visit, actor, page).await?;
    let more = json!({
        "service": service.map(|service| json!({"name": service.name, "critical": service.critical})),
        "agency": agency.map_or(&ticket.agency, |agency| &agency.name),
        "undeliverable": mails::undeliverable(visit, page),
        "messages": visit.conversation(page, &format!("/kerja/tiket/{}", ticket.number)),
        "clocks": clocks(visit, page),
        "undo": Value::Null,
        "from": Value::Null,
        "acts": acts(visit, actor, ticket),
        "priorities": Priority::ALL,
        "internal": may(actor, Action::ViewInternal, ticket),
        "reporting": reporting::side(visit, page),
        "cases": visit.desk().cases_of_ticket(actor, ticket.id).await?,
        "incident": incidents::side(visit, actor, page).await?,
        "articles": article_ties::side(visit, actor, page).await?,
        "act": "",
        "kept": {},
        "told": "",
        "done": Value::Null,
        "round": Value::Null,
        "earlier": Value::Null,
        "key": new_token()?,
    });
    if let (Some(context), Value::Object(more)) = (context.as_object_mut(), more) {
        context.extend(more);
        context.extend(writing.as_object().cloned().unwrap_or_default());
    }
    side::fill(visit, actor, page, service, &mut context).await?;
    timeline::fill(visit, actor, page, tab, &mut context).await?;
    Ok(context)
}

fn head(visit: &Visit, page: &TicketPage) -> Value {
    let (view, ticket) = (&page.view, &page.view.ticket);
    json!({
        "number": ticket.number,
        "version": ticket.version,
        "subject": ticket.subject,
        "kind": ticket.kind,
        "priority": ticket.priority,
        "impact": ticket.impact,
        "urgency": ticket.urgency,
        "channel": ticket.channel,
        "opened": visit.instant(ticket.opened_at),
        "status": visit.status_chip(ticket.status),
        "sla": visit.sla_chip(view),
        "handed_over": ticket.tier > 1,
        "tier": visit.tier(ticket),
        "assignee": view.assignee_name,
        "requester": {
            "name": reporter_name(visit, page),
            "email": ticket.requester_email,
            "phone": ticket.requester_phone.as_deref().map(phone::show),
            "phone_link": ticket.requester_phone,
            "verified": ticket.requester_verified,
        },
        "merged_into": ticket.merged_into,
        "lines": view.lines.iter().map(|(line, seconds)| json!({"name": visit.word("line", line.as_str()), "span": crate::text::span(visit.language, chrono::Duration::seconds(*seconds))})).collect::<Vec<_>>(),
        "paused_why": page.pauses.iter().find(|pause| pause.to.is_none()).map_or("", |pause| pause.reason.as_str()),
        "paused_since": visit.instant_if(page.pauses.iter().find(|pause| pause.to.is_none()).map(|pause| pause.from)),
    })
}

/// The reporter by name, or why there is none.
fn reporter_name(visit: &Visit, page: &TicketPage) -> String {
    match (page.wish.anonymous, page.veiled) {
        (true, _) => visit.word("reporter", "anonymous"),
        (_, true) => visit.word("reporter", "secret"),
        _ => page.view.ticket.requester_name.clone(),
    }
}

/// The clocks of the promise; those of the lines stand in the history.
fn clocks(visit: &Visit, page: &TicketPage) -> Vec<Value> {
    let promised = page.clocks.iter().filter(|clock| clock.line == Line::Total);
    let shape = |clock: &crate::domain::clock_plan::SlaClock| {
        let late = match (clock.stopped_at, clock.due_at) {
            (Some(stopped), Some(due)) => stopped > due,
            (None, Some(due)) => due <= visit.desk().now(),
            _ => false,
        };
        json!({
            "name": visit.word("clock", clock.kind.as_str()),
            "round": if clock.kind == ClockKind::Response { clock.cycle } else { 1 },
            "due": visit.instant_if(clock.due_at),
            "stopped": visit.instant_if(clock.stopped_at),
            "late": late,
        })
    };
    promised.map(shape).collect()
}

/// Which forms stand on the page: what the state allows and the person may do.
fn acts(visit: &Visit, actor: &Actor, ticket: &Ticket) -> Map<String, Value> {
    let offered = |verb: Verb| {
        let useful = match verb {
            // A button that the pack forbids does not exist.
            Verb::Return => ticket.tier == 2 && !ticket.returned && !visit.desk().pack().escalation.compulsory,
            Verb::Assign => ticket.assignee != Some(actor.account.id),
            _ => true,
        };
        useful && ticket.status.allows(verb) && may(actor, Action::Do(verb), ticket)
    };
    ACTS.iter().map(|(word, verb)| (word.replace('-', "_"), offered(*verb).into())).collect()
}
