//! Limits on tries. They are kept in the database, so they hold after a restart and over all nodes.

use crate::desk::Desk;
use crate::error::{Error, Result};
use crate::secret::sha256;
use crate::store::{self, Tx};
use chrono::{DateTime, Duration, Utc};

/// Wrong tries at one password, code or tracking code from one source within [`WINDOW`].
pub const TRIES: i64 = 5;
/// Wrong tries at one account from all sources together within [`WINDOW`].
pub const TRIES_IN_ALL: i64 = 50;
/// The span in which tries are counted.
pub const WINDOW: Duration = Duration::minutes(15);

/// Tries that were counted and may turn out to be none.
#[derive(Debug)]
#[must_use]
pub struct Counted(Vec<i64>);

impl Desk {
    /// Refuses when there were too many failed tries at `subject` lately.
    ///
    /// # Errors
    /// `TooMany` with the time to wait.
    pub async fn refuse_repeated(&self, subject: &str, tries: i64) -> Result<()> {
        refuse(&mut self.db.read().await?, &sha256(subject), tries, self.clock.machine()).await
    }

    /// Notes a failed try at `subject`.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn note_attempt(&self, subject: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::settings::note_attempt(&mut tx, &sha256(subject), self.clock.machine()).await?;
        tx.commit().await
    }

    /// Counts a try at each subject before it is looked at, so that a hundred at the same time are counted too.
    ///
    /// # Errors
    /// `TooMany` when there were as many at one of them already; nothing is counted then.
    pub(super) async fn count_try(&self, subjects: &[(&str, i64)]) -> Result<Counted> {
        let now = self.clock.machine();
        let mut tx = self.db.write().await?;
        let mut counted = Vec::new();
        for (subject, tries) in subjects {
            let hash = sha256(subject);
            let lock = i64::from_str_radix(&hash[..15], 16).unwrap_or_default();
            store::dialect::one_at_a_time(&mut tx, lock).await?;
            refuse(&mut tx, &hash, *tries, now).await?;
            counted.push(store::settings::note_attempt(&mut tx, &hash, now).await?);
        }
        tx.commit().await?;
        Ok(Counted(counted))
    }

    /// Takes back tries that were right.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn forgive(&self, tx: &mut Tx, counted: Counted) -> Result<()> {
        for id in counted.0 {
            store::settings::forgive_attempt(tx, id).await?;
        }
        Ok(())
    }
}

async fn refuse(tx: &mut Tx, hash: &str, tries: i64, now: DateTime<Utc>) -> Result<()> {
    let (count, first) = store::settings::attempts(tx, hash, now - WINDOW).await?;
    if count < tries {
        return Ok(());
    }
    let until = first.unwrap_or(now) + WINDOW;
    Err(Error::TooMany { retry_after: (until - now).num_seconds().max(1) })
}
