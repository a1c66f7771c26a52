//! Backups: what becomes of them, when the next one is due, and which are kept.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use std::collections::BTreeSet;

words! {
    /// What has become of a backup that was asked for.
    pub enum BackupState {
        Queued = "queued",
        Running = "running",
        Good = "good",
        Failed = "failed",
    }
}

words! {
    /// Why a backup is made.
    pub enum BackupCause {
        Schedule = "schedule",
        Person = "person",
    }
}

/// The last instant at or before `now` at which the clock on the wall showed `at`.
pub fn last_turn(now: DateTime<Utc>, at: NaiveTime, zone: Tz) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    let turns = [0, 1, 2].into_iter().filter_map(|back| turn(today.checked_sub_days(Days::new(back))?, at, zone));
    turns.filter(|turn| *turn <= now).max().unwrap_or(now)
}

/// The first instant after `now` at which the clock on the wall shows `at`.
pub fn next_turn(now: DateTime<Utc>, at: NaiveTime, zone: Tz) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    let turns = [0, 1, 2].into_iter().filter_map(|on| turn(today.checked_add_days(Days::new(on))?, at, zone));
    turns.filter(|turn| *turn > now).min().unwrap_or(now)
}

/// A time that the clocks skip on that day comes an hour later; of one that comes twice it is the first.
fn turn(day: NaiveDate, at: NaiveTime, zone: Tz) -> Option<DateTime<Utc>> {
    let local = day.and_time(at);
    let found = zone.from_local_datetime(&local).earliest();
    found.or_else(|| zone.from_local_datetime(&(local + chrono::TimeDelta::hours(1))).earliest()).map(|at| at.to_utc())
}

/// The keys of backups that need not be kept: all but the `newest` last ones and the last one of each of the last
/// `months` months that have any. The very last one is always kept.
pub fn outlived(kept: &[(i64, DateTime<Utc>)], zone: Tz, newest: usize, months: usize) -> Vec<i64> {
    let mut sorted = kept.to_vec();
    sorted.sort_by_key(|(id, at)| std::cmp::Reverse((*at, *id)));
    let mut seen = BTreeSet::new();
    let mut over = Vec::new();
    for (place, (id, at)) in sorted.iter().enumerate() {
        let local = at.with_timezone(&zone);
        let is_first_of_month = seen.insert((local.year(), local.month())) && seen.len() <= months;
        if place >= newest.max(1) && !is_first_of_month {
            over.push(*id);
        }
    }
    over
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn turns_follow_the_clock_on_the_wall() {
        let (half_past_one, zone) = (NaiveTime::from_hms_opt(1, 30, 0).expect("a time"), chrono_tz::Asia::Jakarta);
        let now = at("2026-11-22T18:29:59Z");
        assert_eq!(last_turn(now, half_past_one, zone), at("2026-11-21T18:30:00Z"));
        assert_eq!(next_turn(now, half_past_one, zone), at("2026-11-22T18:30:00Z"));
        assert_eq!(last_turn(at("2026-11-22T18:30:00Z"), half_past_one, zone), at("2026-11-22T18:30:00Z"));
        let skipped = NaiveTime::from_hms_opt(2, 30, 0).expect("a time");
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(next_turn(at("2027-03-27T12:00:00Z"), skipped, berlin), at("2027-03-28T01:30:00Z"));
    }

    #[test]
    fn the_newest_and_one_of_each_month_are_kept() {
        let zone = chrono_tz::Asia::Jakarta;
        let days: Vec<(i64, DateTime<Utc>)> =
            (0..100).map(|day| (day, at("2026-08-01T00:00:00Z") + chrono::TimeDelta::days(day))).collect();
        let over = outlived(&days, zone, 14, 3);
        let kept: Vec<i64> = (0..100).filter(|id| !over.contains(id)).collect();
        // 8 November is day 99; the last of October is day 91, the last of September day 60, of August day 30.
        let expected: Vec<i64> = [60].into_iter().chain(86..100).collect();
        assert_eq!(kept, expected);
        assert_eq!(outlived(&days[..1], zone, 0, 0), Vec::<i64>::new(), "the last one is never removed");
        assert_eq!(outlived(&days[..3], zone, 1, 0), [1, 0]);
    }
}
