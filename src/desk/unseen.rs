//! What has happened to a ticket since somebody opened its page.

use crate::desk::Desk;
use crate::domain::event::{ActorLabel, Event};
use crate::domain::people::{Action, Actor, may};
use crate::error::{Error, Result};
use crate::store;
use serde_json::Value;

/// Events that change nothing of what somebody is about to write: the clock's notices and what colleagues do for
/// themselves. Everything else by somebody else counts.
const QUIET: [&str; 8] =
    ["warned", "breached", "response_overdue", "reminded", "recomputed", "address_confirmed", "draft_taken", "viewed"];

/// Events that carry a message the reporter can read.
const PUBLIC: [&str; 4] = ["requester_wrote", "replied", "info_requested", "resolved"];

/// What happened since a version of a ticket.
#[derive(Debug, Clone)]
pub struct Unseen {
    /// The version the ticket has now.
    pub version: i64,
    /// What somebody else did that the actor should read first, in order, with the message it carried.
    pub changes: Vec<(Event, Option<i64>)>,
    /// The history says nothing of that version, so nobody can tell what has happened since.
    pub unknown: bool,
}

impl Unseen {
    /// Nothing happened that anybody must read before he goes on.
    pub fn is_nothing(&self) -> bool {
        !self.unknown && self.changes.is_empty()
    }
}

impl Desk {
    /// What others did to a ticket since it had `version`: messages, notes, and changes of its state. The actor's own acts
    /// are no news, nor are notices of the clock; what the clock changed (a hand-over, a pause that ended) is. Who may
    /// not read notes is told of public messages only.
    ///
    /// # Errors
    /// `NotFound` for tickets the actor may not see.
    pub async fn unseen(&self, actor: &Actor, number: &str, version: i64) -> Result<Unseen> {
        let mut tx = self.db.read().await?;
        let ticket = store::tickets::by_number(&mut tx, number).await?;
        let ticket = ticket.filter(|ticket| may(actor, Action::View, ticket)).ok_or(Error::NotFound("ticket"))?;
        let internal = may(actor, Action::ViewInternal, &ticket);
        let events = store::events::of_stream(&mut tx, number, 0, i64::MAX).await?;
        // Each version ends with the event that carries the digest of the row.
        let mut ends = events.iter().enumerate().filter(|(_, event)| event.state.is_some()).map(|(place, _)| place);
        let place = usize::try_from(version - 1).ok().and_then(|count| ends.nth(count));
        let own = ActorLabel::user(actor.account.id);
        let counts = |event: &Event| {
            let kind = event.kind.as_str();
            event.actor != own && !QUIET.contains(&kind) && (internal || PUBLIC.contains(&kind))
        };
        let later = events.into_iter().skip(place.map_or(usize::MAX, |place| place + 1));
        let changes = later.filter(counts).map(|event| (message_of(&event), event));
        Ok(Unseen {
            version: ticket.version,
            changes: changes.map(|(id, event)| (event, id)).collect(),
            unknown: place.is_none(),
        })
    }
}

fn message_of(event: &Event) -> Option<i64> {
    serde_json::from_str::<Value>(&event.payload).ok()?["message"]["id"].as_i64()
}
