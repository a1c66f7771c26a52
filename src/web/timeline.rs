//! The conversation of a ticket and what happened to it, in one stream: oldest first.

use crate::desk::views::TicketPage;
use crate::domain::people::{Action, Actor, may};
use crate::error::Result;
use crate::web::history;
use crate::web::visit::Visit;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// What of it is shown; the first is the usual one.
pub const TABS: [&str; 3] = ["semua", "percakapan", "peristiwa"];
/// Events that stand in the stream as the message they brought.
const SPOKEN: [&str; 3] = ["replied", "noted", "requester_wrote"];
/// Events in the stream at most; the history has them all.
const MOST: i64 = 500;

/// Puts the stream into the context of the page, as far as the person may see it.
///
/// # Errors
/// The database does not answer.
pub async fn fill(visit: &Visit, actor: &Actor, page: &TicketPage, tab: &str, context: &mut Value) -> Result<()> {
    let (ticket, desk) = (&page.view.ticket, visit.desk());
    let internal = may(actor, Action::ViewInternal, ticket);
    let tab = TABS.into_iter().find(|known| *known == tab && internal).unwrap_or(TABS[0]);
    let mut items: Vec<(DateTime<Utc>, Value)> = Vec::new();
    if tab != "peristiwa" {
        let shown = visit.conversation(page, &format!("/kerja/tiket/{}", ticket.number));
        items.extend(page.messages.iter().zip(shown).map(|(message, shown)| (message.at, json!({"message": shown}))));
    }
    if internal && tab != "percakapan" {
        let events = desk.events(actor, &ticket.number, 0, MOST).await?;
        let names = desk.names_in(&events).await?;
        let told = events.iter().filter(|event| tab == "peristiwa" || !SPOKEN.contains(&event.kind.as_str()));
        items.extend(told.map(|event| (event.at, json!({"event": history::row(visit, event, &names)}))));
    }
    // Stable: a message stands before what it brought about.
    items.sort_by_key(|(at, _)| *at);
    context["stream"] = items.into_iter().map(|(_, item)| item).collect();
    context["tab"] = tab.into();
    context["tabs"] = if internal { json!(TABS) } else { json!([]) };
    Ok(())
}
