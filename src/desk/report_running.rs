//! Reports about periods that are not over: drawn up when somebody looks. Where a region has so many tickets that this
//! takes long, one serves everybody for some minutes; the report says when it was drawn up.

use crate::domain::report::content::Content;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use std::collections::HashMap;
use tokio::sync::{Mutex, MutexGuard};

/// A report about fewer tickets is drawn up for each look.
const MANY: i64 = 5_000;
/// So long one that took long serves everybody.
const SERVES: Duration = Duration::minutes(5);
/// Reports that are held at once: each agency of a large region, this month and the one before.
const HELD: usize = 200;

/// What was drawn up last.
#[derive(Debug)]
pub struct Running {
    many: i64,
    held: Mutex<Held>,
}

/// Contents by agency and first day, with the time of the machine.
#[derive(Debug, Default)]
pub struct Held(HashMap<(String, NaiveDate), (DateTime<Utc>, Content)>);

impl Default for Running {
    fn default() -> Self {
        Self::holding(MANY)
    }
}

impl Running {
    /// Holds what counts so many tickets or more.
    pub fn holding(many: i64) -> Self {
        Self { many, held: Mutex::default() }
    }

    /// What is held. Whoever draws one up keeps this meanwhile: those who come later get the same.
    pub async fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().await
    }

    /// Does it count so many tickets that it is worth holding?
    pub fn is_large(&self, content: &Content) -> bool {
        let count = |figure: &str| content.line(figure).and_then(|line| line.value).unwrap_or(0);
        count("opening") + count("received") >= self.many
    }
}

impl Held {
    /// The content that was drawn up a short while ago, by the machine and by the desk's clock (`now`), which in a demo
    /// may have been moved since.
    pub fn fresh(&self, agency: &str, from: NaiveDate, machine: DateTime<Utc>, now: DateTime<Utc>) -> Option<Content> {
        let (at, content) = self.0.get(&(agency.to_owned(), from))?;
        let is_fresh = (Duration::zero()..SERVES).contains(&(now - content.head.drawn_at)) && machine - *at < SERVES;
        is_fresh.then(|| content.clone())
    }

    /// Keeps a content, unless there are too many.
    pub fn keep(&mut self, content: &Content, machine: DateTime<Utc>) {
        self.0.retain(|_, (at, _)| machine - *at < SERVES);
        if self.0.len() < HELD {
            let key = (content.head.agency.clone(), content.head.period_from);
            self.0.insert(key, (machine, content.clone()));
        }
    }
}
