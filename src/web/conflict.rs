//! The page for whoever wrote on a ticket that has changed meanwhile: what is new, and the text, which is never lost.

use crate::desk::unseen::Unseen;
use crate::desk::views::TicketPage;
use crate::domain::people::Actor;
use crate::error::{Error, Result};
use crate::web::addresses::ACTS;
use crate::web::composer::{ANSWERS, counted, kind_of};
use crate::web::sent::Sent;
use crate::web::side::PAGES;
use crate::web::visit::Visit;
use crate::web::{history, rounds, ticket};
use poem::Response;
use poem::http::StatusCode;
use serde_json::{Value, json};

/// Fields of forms that are no text of the writer's.
const HIDDEN: [&str; 7] = ["lalu", "_csrf", "key", "versi", "jenis", "bahasa", "pilihan"];

/// Fields that people write into.
const TEXTS: [&str; 11] =
    ["body", "cause", "ending", "headline", "message", "question", "reason", "reply", "solution", "subject", "tried"];

/// What somebody has written into the form of `act`, with the names of its fields.
pub fn texts<'a>(act: &'a str, sent: &'a Sent) -> impl Iterator<Item = (&'a str, &'a str)> {
    let written = sent.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    written.filter(move |(name, value)| is_text(act, name) && !value.trim().is_empty())
}

/// Is it a text? Some forms choose by buttons what others ask for in words.
fn is_text(act: &str, field: &str) -> bool {
    TEXTS.contains(&field) && ![("eskalasi", "cause"), ("pisah", "message")].contains(&(act, field))
}

/// The answer to a form on a ticket that its writer may not open (any more): nothing of the ticket, and his own text. Any
/// other error, and a form without text, is answered as ever.
///
/// # Errors
/// The error itself.
pub fn gone(visit: &Visit, sent: &Sent, error: Error) -> Result<Response> {
    let act = visit.path.rsplit('/').next().unwrap_or_default();
    let fields: Vec<Value> = texts(act, sent).map(|(name, value)| json!({"name": name, "value": value})).collect();
    if fields.is_empty() || !matches!(error, Error::NotFound("ticket")) {
        return Err(error);
    }
    let mut response = visit.page("ticket_gone.html", json!({"fields": fields}))?;
    response.set_status(StatusCode::NOT_FOUND);
    Ok(response)
}

/// What the page of a refused form says: `told` why, `unseen` what happened since the page was opened. Any form that
/// is sent to `/kerja/tiket/{number}/{act}` may end here: every field it carried stands on the page again.
///
/// # Errors
/// The database does not answer.
pub async fn page(
    visit: &Visit,
    actor: &Actor,
    number: &str,
    act: &str,
    sent: &Sent,
    unseen: &Unseen,
    told: (u16, String),
) -> Result<Response> {
    let page = visit.desk().ticket_page(actor, number).await?;
    let mut context = ticket::shape(visit, actor, &page).await?;
    let stale = told.1.is_empty();
    let kept = sent.0.iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str()));
    let (texts, others): (Vec<_>, Vec<_>) = kept.partition(|(name, _)| is_text(act, name));
    let kind = kind_of(act);
    context["act"] = act.into();
    context["back"] = rounds::back(sent, number, "", "").into();
    context["heading"] = heading(act).into();
    context["may_send"] = may_send(visit, actor, &page, act).await?.into();
    // Everything the composer sends goes to one address.
    let to = if ANSWERS.contains(&act) { ANSWERS[0] } else { act };
    (context["to"], context["then"]) = (to.into(), if to == act { Value::Null } else { act.into() });
    context["kind"] = kind.into();
    context["fields"] = fields(&texts, kind.is_some());
    context["others"] = others.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    context["version"] = unseen.version.into();
    context["stale"] = stale.into();
    context["told"] = match (stale, unseen.changes.len()) {
        (false, _) => told.1,
        // Nobody can tell what it was.
        (true, 0) => crate::text::word(visit.language, "error-stale"),
        (true, count) => counted(visit, "conflict-title", count),
    }
    .into();
    context["changes"] = changes(visit, &page, unseen).await?;
    let mut response = visit.form("ticket_conflict.html", context)?;
    response.set_status(StatusCode::from_u16(told.0).unwrap_or(StatusCode::CONFLICT));
    Ok(response)
}

/// The texts as the page shows them. The box for answers holds one, whichever button sent it; only the cause that goes with
/// a solution stands beside it.
fn fields(texts: &[(&String, &String)], is_answer: bool) -> Value {
    let mut texts = texts.to_vec();
    if is_answer {
        texts.retain(|(_, value)| !value.is_empty());
        texts.sort_by_key(|(name, _)| name.as_str() == "cause");
    }
    let name = |name: &str| if is_answer && name == "solution" { "body".to_owned() } else { name.to_owned() };
    texts.iter().map(|(field, value)| json!({"name": name(field), "value": value})).collect()
}

/// The sentence above a form without a text.
fn heading(act: &str) -> String {
    let family = if PAGES.iter().any(|(word, _)| *word == act) { "page" } else { "act" };
    format!("{family}-{}", if act == "jalankan" { ANSWERS[0] } else { act })
}

/// May the form be sent again as it is?
async fn may_send(visit: &Visit, actor: &Actor, page: &TicketPage, act: &str) -> Result<bool> {
    let ticket = &page.view.ticket;
    let act = if act == "jalankan" { ANSWERS[0] } else { act };
    let Some((_, verb)) = PAGES.iter().chain(&ACTS).find(|(word, _)| *word == act) else { return Ok(false) };
    let services = visit.desk().services().await?;
    let service = services.iter().find(|service| Some(&service.code) == ticket.service.as_ref());
    Ok(visit.desk().offers(actor, ticket, service, *verb))
}

/// What happened, in order: events as thin lines, with the message they carried.
async fn changes(visit: &Visit, page: &TicketPage, unseen: &Unseen) -> Result<Value> {
    let events: Vec<_> = unseen.changes.iter().map(|(event, _)| event.clone()).collect();
    let names = visit.desk().names_in(&events).await?;
    let messages = visit.conversation(page, &format!("/kerja/tiket/{}", page.view.ticket.number));
    let shape = |(event, message): &(crate::domain::event::Event, Option<i64>)| {
        let mut row = history::row(visit, event, &names);
        let carried = messages.iter().find(|shown| message.is_some() && shown["id"].as_i64() == *message);
        row["message"] = carried.cloned().unwrap_or(Value::Null);
        row
    };
    Ok(unseen.changes.iter().map(shape).collect())
}

/// What a refused command says to the writer of the form; nothing when the ticket has merely moved on.
pub fn words(visit: &Visit, error: &Error) -> String {
    match error {
        Error::Conflict { say, .. } if say.key == "error-stale" => String::new(),
        other => crate::text::say(visit.language, &other.public()),
    }
}
