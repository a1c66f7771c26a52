//! The page for whoever wrote on a ticket that has changed meanwhile: what is new, and the text, which is never lost.

use crate::desk::unseen::Unseen;
use crate::domain::people::Actor;
use crate::error::{Error, Result};
use crate::web::composer::{ANSWERS, counted, kind_of};
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use crate::web::{history, ticket};
use poem::Response;
use poem::http::StatusCode;
use serde_json::{Value, json};

/// Fields of forms that are no text of the writer's.
const HIDDEN: [&str; 7] = ["lalu", "_csrf", "key", "versi", "jenis", "bahasa", "pilihan"];

/// Fields that people write into.
const TEXTS: [&str; 6] = ["body", "reason", "tried", "solution", "cause", "question"];

/// What somebody has written into a form, with the names of its fields.
pub fn texts(sent: &Sent) -> impl Iterator<Item = (&str, &str)> {
    let written = sent.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    written.filter(|(name, value)| TEXTS.contains(name) && !value.trim().is_empty())
}

/// The answer to a form on a ticket that its writer may not open (any more): nothing of the ticket, and his own text. Any
/// other error, and a form without text, is answered as ever.
///
/// # Errors
/// The error itself.
pub fn gone(visit: &Visit, sent: &Sent, error: Error) -> Result<Response> {
    let fields: Vec<Value> = texts(sent).map(|(name, value)| json!({"name": name, "value": value})).collect();
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
    let text = |name: &str| TEXTS.contains(&name);
    let kept = sent.0.iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str()));
    let (texts, others): (Vec<_>, Vec<_>) = kept.partition(|(name, _)| text(name));
    let kind = kind_of(act);
    // The box for answers holds one text, whichever button sent it.
    let body = texts
        .iter()
        .find(|(name, value)| kind.is_some() && ["body", "solution"].contains(&name.as_str()) && !value.is_empty());
    let fields: Vec<Value> = match body {
        Some((_, value)) => vec![json!({"name": "body", "value": value})],
        None => texts.iter().map(|(name, value)| json!({"name": name, "value": value})).collect(),
    };
    context["act"] = act.into();
    // Everything the composer sends goes to one address.
    let to = if ANSWERS.contains(&act) { ANSWERS[0] } else { act };
    (context["to"], context["then"]) = (to.into(), if to == act { Value::Null } else { act.into() });
    context["acts"]["jalankan"] = context["acts"]["balas"].clone();
    context["kind"] = kind.into();
    context["fields"] = fields.into();
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

/// What happened, in order: events as thin lines, with the message they carried.
async fn changes(visit: &Visit, page: &crate::desk::views::TicketPage, unseen: &Unseen) -> Result<Value> {
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
pub fn words(visit: &Visit, status: &str, error: &Error) -> String {
    match error {
        Error::Conflict { say, .. } if say.key == "error-stale" => String::new(),
        // The state by its name, not by its key.
        Error::Conflict { say, .. } if say.key == "error-state" => {
            crate::text::phrase(visit.language, "error-state", &[("status", &visit.word("status", status))])
        }
        other => crate::text::say(visit.language, &other.public()),
    }
}
