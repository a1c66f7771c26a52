//! What has happened to tickets since somebody looked: for pages that stay open.
//!
//! Other nodes change the same database and tell nobody, so each node asks for what came after the last event it
//! knows. One question serves all pages of a node; who may hear what is decided for each by [`hears`].

use crate::desk::Desk;
use crate::desk::sessions::Entry;
use crate::domain::people::{Action, Actor, may};
use crate::domain::ticket::Ticket;
use crate::error::Result;
use crate::store;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most events that are told at once; whoever was away longer reads the page anew.
const MOST: i64 = 500;

/// Something that happened to a ticket.
#[derive(Debug, Clone)]
pub struct Change {
    /// Key of its event: later ones are larger, but on the shared database a smaller one may be seen later.
    pub id: i64,
    /// The ticket as it stands now.
    pub ticket: Arc<Ticket>,
    /// It was opened just then.
    pub is_new: bool,
    /// Only those who read internal notes may know of it.
    is_internal: bool,
}

/// May `actor` hear of it?
pub fn hears(actor: &Actor, change: &Change) -> bool {
    let action = if change.is_internal { Action::ViewInternal } else { Action::View };
    may(actor, Action::View, &change.ticket) && may(actor, action, &change.ticket)
}

impl Desk {
    /// Key of the newest event of all; 0 when there is none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn newest_event(&self) -> Result<i64> {
        store::events::newest(&mut self.db.glance().await?).await
    }

    /// What happened to tickets after the event `after`, without what is `known` already, oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn news(&self, after: i64, known: &BTreeSet<i64>) -> Result<Vec<Change>> {
        let mut happened = store::events::of_tickets(&mut self.db.glance().await?, after, MOST).await?;
        happened.retain(|event| !known.contains(&event.id));
        if happened.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.db.read().await?;
        let mut tickets: BTreeMap<String, Option<Arc<Ticket>>> = BTreeMap::new();
        let mut changes = Vec::new();
        for event in happened {
            if !tickets.contains_key(&event.stream) {
                let ticket = store::tickets::by_number(&mut tx, &event.stream).await?;
                tickets.insert(event.stream.clone(), ticket.map(Arc::new));
            }
            if let Some(Some(ticket)) = tickets.get(&event.stream) {
                let (is_new, is_internal) = (event.seq == 1, event.kind == "noted");
                changes.push(Change { id: event.id, ticket: ticket.clone(), is_new, is_internal });
            }
        }
        Ok(changes)
    }

    /// As [`Desk::by_session`], for a page that merely stands open: that is no use of the session, which ends when
    /// nobody does anything.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn still_signed_in(&self, token: &str) -> Result<Option<Entry>> {
        Ok(self.session(token).await?.map(|(entry, _)| entry))
    }
}
