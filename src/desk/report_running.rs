//! Reports about periods that are not over: drawn up when somebody looks. Where a region has so many tickets that this
//! takes long, a look serves everybody for some minutes; the report says when it was drawn up.

use crate::desk::Desk;
use crate::desk::reports::Bounds;
use crate::domain::report::content::Content;
use crate::error::{Error, Result};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use std::collections::HashMap;
use tokio::sync::Mutex;

/// A report about fewer tickets is drawn up for each look.
const MANY: i64 = 5_000;
/// So long one that took long serves everybody.
const SERVES: Duration = Duration::minutes(5);
/// Reports that are held at once: each agency of a large region, this month and the one before.
const HELD: usize = 200;

/// Agency and first day.
type Key = (String, NaiveDate);

/// What was drawn up last.
#[derive(Debug)]
pub struct Running {
    many: i64,
    /// With the time of the machine. Held while one is drawn up: whoever comes meanwhile gets the same.
    held: Mutex<HashMap<Key, (DateTime<Utc>, Content)>>,
}

impl Default for Running {
    fn default() -> Self {
        Self::holding(MANY)
    }
}

impl Running {
    /// Holds what counts so many tickets or more.
    pub fn holding(many: i64) -> Self {
        Self { many, held: Mutex::new(HashMap::new()) }
    }

    /// The report of an agency (empty: of the region) about a period that is not kept.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn content(&self, desk: &Desk, agency: &str, bounds: Bounds) -> Result<Content> {
        let key = (agency.to_owned(), bounds.from);
        let mut held = self.held.lock().await;
        let (machine, now) = (desk.clock.machine(), desk.now());
        // A demo's clock may have been set back or far ahead since.
        let is_fresh = |content: &Content| (Duration::zero()..SERVES).contains(&(now - content.head.drawn_at));
        if let Some((at, content)) = held.get(&key)
            && machine - *at < SERVES
            && is_fresh(content)
        {
            return Ok(content.clone());
        }
        let mut tx = desk.db.read().await?;
        let mut drawn = desk.draw(&mut tx, bounds, std::slice::from_ref(&key.0)).await?;
        let content = drawn.pop().ok_or_else(|| Error::internal("a report was not drawn up"))?.content;
        let count = |figure: &str| content.line(figure).and_then(|line| line.value).unwrap_or(0);
        if count("opening") + count("received") >= self.many {
            held.retain(|_, (at, _)| machine - *at < SERVES);
            if held.len() < HELD {
                held.insert(key, (machine, content.clone()));
            }
        }
        Ok(content)
    }
}
