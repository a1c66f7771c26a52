//! A deadline and its working, so that a person with a calendar in hand can check it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

use super::calendar::Excluded;
use super::deadline::GoalsError;
use super::pack::Pack;
use super::pause::Pause;
use crate::domain::ticket::Priority;

/// An instant that is written with the pack's offset, as RFC 3339 in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalInstant(pub DateTime<Tz>);

impl Serialize for LocalInstant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.format("%Y-%m-%dT%H:%M:%S%:z"))
    }
}

/// The deadlines of a ticket and what was counted on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Id of the pack.
    pub pack: String,
    pub profile: String,
    pub priority: Priority,
    pub opened: LocalInstant,
    /// The four instants as in [`super::Deadlines`].
    pub response_due: Option<LocalInstant>,
    pub transfer_due: Option<LocalInstant>,
    pub warn_due: Option<LocalInstant>,
    pub resolution_due: Option<LocalInstant>,
    /// What was counted from `opened` to `resolution_due`; up to the open pause when that is not known.
    pub intervals: Vec<CountedInterval>,
    /// Dates from `opened` to the end of the last interval without working time.
    pub excluded: Vec<Excluded>,
}

/// A counted stretch in the pack's zone, half open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CountedInterval {
    pub from: LocalInstant,
    pub to: LocalInstant,
    /// Counted seconds, `to - from`.
    pub seconds: i64,
}

/// Computes the deadlines of a ticket and shows the working.
///
/// # Errors
/// [`GoalsError`] when the profile is unknown or a deadline lies beyond twenty years.
pub fn explain(
    pack: &Pack,
    profile: &str,
    priority: Priority,
    opened: DateTime<Utc>,
    pauses: &[Pause],
) -> Result<Explanation, GoalsError> {
    let calendar = &pack.profile(profile)?.calendar;
    let due = pack.deadlines(profile, priority, opened, pauses)?;
    let local = |at: DateTime<Utc>| LocalInstant(at.with_timezone(&pack.zone));
    let counted_to = due.resolution_due.or_else(|| open_pause_start(pauses)).unwrap_or(opened);
    Ok(Explanation {
        pack: pack.id.clone(),
        profile: profile.to_owned(),
        priority,
        opened: local(opened),
        response_due: due.response_due.map(local),
        transfer_due: due.transfer_due.map(local),
        warn_due: due.warn_due.map(local),
        resolution_due: due.resolution_due.map(local),
        intervals: calendar
            .intervals(opened, counted_to, pauses)
            .into_iter()
            .map(|part| CountedInterval { from: local(part.from), to: local(part.to), seconds: part.seconds })
            .collect(),
        excluded: calendar.excluded(opened, counted_to),
    })
}

fn open_pause_start(pauses: &[Pause]) -> Option<DateTime<Utc>> {
    pauses.iter().filter(|pause| pause.to.is_none()).map(|pause| pause.from).min()
}
