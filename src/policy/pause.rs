//! Stretches of time in which the user, not the office, has the next move.

use chrono::{DateTime, Timelike, Utc};

/// A stretch that a clock does not count. Pauses of one ticket may overlap, touch, nest and come in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// The instant the request for information was sent.
    pub from: DateTime<Utc>,
    /// The instant work could go on; `None` while the answer is awaited. Not after `from`: the pause is empty.
    pub to: Option<DateTime<Utc>>,
}

/// Pauses as a sorted list of disjoint, non-empty stretches; an open pause ends at the end of time.
///
/// Does not allocate when there are none.
pub(super) fn merged(pauses: &[Pause]) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    if pauses.is_empty() {
        return Vec::new();
    }
    let mut stretches: Vec<_> = pauses
        .iter()
        .map(|pause| (whole(pause.from), pause.to.map_or(DateTime::<Utc>::MAX_UTC, whole)))
        .filter(|(from, to)| from < to)
        .collect();
    stretches.sort_unstable();
    stretches.dedup_by(|next, kept| {
        let joins = next.0 <= kept.1;
        if joins {
            // A nested pause ends before the one around it: the later end is the end.
            kept.1 = kept.1.max(next.1);
        }
        joins
    });
    stretches
}

/// Cuts off the fraction of a second, so that stretches add up.
pub(super) fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    at.with_nanosecond(0).unwrap_or(at)
}
