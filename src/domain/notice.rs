//! How somebody wants to be told of steps by mail. Pure.

use crate::domain::clock_plan::StepKind;
use chrono::{DateTime, Days, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

words! {
    /// When a notice leaves as mail. On the page of notices it stands in any case.
    pub enum NoticeChoice {
        /// As soon as it is noted, with whatever waits for the same person.
        AtOnce = "at_once",
        /// Once a day, folded with the others.
        Digest = "digest",
        /// Not at all.
        Never = "never",
    }
}

/// Kinds of steps people are told of, in the order of a ticket's life.
pub const TOLD: [StepKind; 6] = [
    StepKind::Start,
    StepKind::ResponseNotice,
    StepKind::Transfer,
    StepKind::Warn,
    StepKind::Breach,
    StepKind::PauseEnd,
];

/// When a notice that was noted at `detected_at` may leave; `None`: never. Digests leave at `digest` by the clocks of
/// `zone`, at the first such instant after it was noted.
pub fn leaves_at(
    choice: NoticeChoice,
    detected_at: DateTime<Utc>,
    zone: Tz,
    digest: NaiveTime,
) -> Option<DateTime<Utc>> {
    match choice {
        NoticeChoice::AtOnce => Some(detected_at),
        NoticeChoice::Never => None,
        NoticeChoice::Digest => {
            let today = detected_at.with_timezone(&zone).date_naive();
            let at = |days: u64| zone.from_local_datetime(&(today + Days::new(days)).and_time(digest)).earliest();
            let next = (0..3).filter_map(at).map(|at| at.with_timezone(&Utc)).find(|at| *at > detected_at);
            // A clock without that time on three days in a row does not exist; then it is told at once.
            Some(next.unwrap_or(detected_at))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_leaves_at_the_next_such_hour_and_never_is_never() {
        let zone = chrono_tz::Asia::Jakarta;
        let seven = NaiveTime::from_hms_opt(7, 0, 0).unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let leaves = |choice, noted: &str| leaves_at(choice, at(noted), zone, seven);
        assert_eq!(leaves(NoticeChoice::AtOnce, "2026-10-05T02:00:00Z"), Some(at("2026-10-05T02:00:00Z")));
        assert_eq!(leaves(NoticeChoice::Never, "2026-10-05T02:00:00Z"), None);
        // 06:59:59, 07:00 and 09:00 in Jakarta.
        assert_eq!(leaves(NoticeChoice::Digest, "2026-10-04T23:59:59Z"), Some(at("2026-10-05T00:00:00Z")));
        assert_eq!(leaves(NoticeChoice::Digest, "2026-10-05T00:00:00Z"), Some(at("2026-10-06T00:00:00Z")));
        assert_eq!(leaves(NoticeChoice::Digest, "2026-10-05T02:00:00Z"), Some(at("2026-10-06T00:00:00Z")));
    }
}
