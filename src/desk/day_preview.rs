//! What a decreed day would move, before anybody enters it.

use crate::desk::days_off::{Decreed, may_decree};
use crate::desk::{Desk, clocks};
use crate::domain::people::{Action, Actor, may};
use crate::error::{Error, Result};
use crate::policy::Pack;
use crate::policy::week::Holiday;
use crate::store;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tickets read at once.
const PAGE: i64 = 500;
/// Most open tickets that are looked at: a page must answer soon.
const MOST: usize = 5_000;
/// Most examples.
const EXAMPLES: usize = 10;

/// A ticket whose promise would move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its number.
    pub number: String,
    /// The actor may open it.
    pub is_seen: bool,
    /// When it is due as things stand. UTC.
    pub from: DateTime<Utc>,
    /// When it would be due. UTC.
    pub to: DateTime<Utc>,
}

/// What a decreed day would move.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moves {
    /// How many open tickets would be due at another time.
    pub count: usize,
    /// How many open tickets were looked at.
    pub looked_at: usize,
    /// There are more open tickets than were looked at.
    pub is_cut: bool,
    /// Some of those that would move, first due first.
    pub examples: Vec<Moved>,
}

impl Desk {
    /// Looks which open tickets would be due at another time if the day were decreed. Changes nothing.
    ///
    /// # Errors
    /// As [`Desk::decree_day`].
    pub async fn preview_day(&self, actor: &Actor, decreed: &Decreed) -> Result<Moves> {
        if !may_decree(actor) {
            return Err(crate::desk::catalogue::denied());
        }
        let (_, day) = self.amendment(actor, decreed)?;
        let (known, before, after) = self.with_and_without(&day)?;
        let mut tx = self.db.read().await?;
        let mut moves = Moves::default();
        let mut packs: BTreeMap<String, (Arc<Pack>, Arc<Pack>)> = BTreeMap::new();
        let mut last = 0;
        loop {
            let ids = store::clocks::open_tickets(&mut tx, last, PAGE).await?;
            let Some(end) = ids.last() else { break };
            last = *end;
            for id in ids {
                if moves.looked_at == MOST {
                    moves.is_cut = true;
                    return Ok(moves.sorted());
                }
                moves.looked_at += 1;
                let Some(ticket) = store::tickets::by_id(&mut tx, id).await? else { continue };
                let pauses = store::clocks::pauses(&mut tx, id).await?;
                let own = self.rules.of(&ticket);
                let (old, new) = packs
                    .entry(own.version.clone())
                    .or_insert_with(|| (own.with_calendars_of(&before), own.with_calendars_of(&after)));
                let from = clocks::due(old, &ticket, &pauses)?.resolution_due;
                let to = clocks::due(new, &ticket, &pauses)?.resolution_due;
                // What is due before the decree is known stays promised.
                let (Some(from), Some(to)) = (from, to) else { continue };
                if from != to && from > known {
                    moves.count += 1;
                    let is_seen = may(actor, Action::View, &ticket);
                    moves.examples.push(Moved { number: ticket.number, is_seen, from, to });
                }
            }
        }
        Ok(moves.sorted())
    }

    /// When a day becomes known, and the pack from then on without it and with it.
    pub(super) fn with_and_without(&self, day: &Holiday) -> Result<(DateTime<Utc>, Arc<Pack>, Arc<Pack>)> {
        let known = day.known_from(self.pack().zone).unwrap_or_default().max(self.now());
        let installed = self.rules.installed();
        let mut days = self.rules.amended();
        let before = installed.known_at(known, &days).map_err(|error| Error::internal(error.to_string()))?;
        days.push(day.clone());
        // A calendar without working time is refused before anything is written.
        let closed = |_| Error::field("day", crate::error::Say::new("field-day-closes-everything"));
        let after = installed.known_at(known, &days).map_err(closed)?;
        Ok((known, before, after))
    }
}

impl Moves {
    fn sorted(mut self) -> Self {
        self.examples.sort_by(|one, other| (one.from, &one.number).cmp(&(other.from, &other.number)));
        self.examples.truncate(EXAMPLES);
        self
    }
}
