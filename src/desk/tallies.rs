//! Figures over all open tickets: counted once, and again only when something has happened since.
//!
//! Every change of a ticket appends to the history, so figures counted at the newest event stand until the next one.
//! Nodes that share a database may commit events out of their order; therefore nothing is believed for long.

use crate::error::Result;
use crate::store;
use crate::store::Tx;
use crate::store::queues::{Counts, Load};
use crate::store::tickets::Listed;
use chrono::{DateTime, Duration, Utc};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// So long a figure is believed without counting again, by the machine's clock.
const BELIEVED: Duration = Duration::seconds(5);
/// Most figures that are kept; then all are counted anew.
const MOST: usize = 500;

/// What is kept, by what it was asked for.
#[derive(Debug, Default)]
pub struct Tallies {
    /// Open tickets by pile.
    pub(super) counts: Kept<Counts>,
    /// What each agency has to work on.
    pub(super) loads: Kept<Vec<Load>>,
    /// Tickets whose requester wrote last.
    pub(super) answered: Kept<Vec<Listed>>,
}

/// Figures of one kind.
#[derive(Debug)]
pub(super) struct Kept<T>(Mutex<HashMap<String, (Moment, T)>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// When a figure was counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    newest: i64,
    at: DateTime<Utc>,
}

impl Moment {
    /// The present: asked before counting, so that what happens meanwhile makes the figure old.
    pub(super) async fn present(tx: &mut Tx, at: DateTime<Utc>) -> Result<Self> {
        Ok(Self { newest: store::events::newest(tx).await?, at })
    }
}

impl<T: Clone> Kept<T> {
    /// The figure asked for as `key`, if it still stands at `now`.
    pub(super) fn get(&self, key: &str, now: Moment) -> Option<T> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (then, figure) = kept.get(key)?;
        (then.newest == now.newest && (now.at - then.at).abs() < BELIEVED).then(|| figure.clone())
    }

    /// Keeps a figure that was counted at `now`.
    pub(super) fn keep(&self, key: String, now: Moment, figure: &T) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key, (now, figure.clone()));
    }
}
