//! Laws of the calendars, over random instants, lengths and pauses, against an oracle.

use super::{pack, wib};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc, Weekday};
use meja::policy::Pause;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[test]
fn the_edges_of_time_are_answered_without_a_panic() {
    let edges = [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC];
    for calendar in pack("oki").calendars.values() {
        for edge in edges {
            let _ = (calendar.next_opening(edge), calendar.is_open(edge), calendar.excluded(edge, edge));
            let _ = (calendar.between(edge, edge, &[]), calendar.end_of_working_day(edge, 3));
        }
        assert!(calendar.add(edges[1], 3600, &[]).is_err());
        assert!(calendar.add(wib("2026-01-05 08:00"), i64::MAX, &[]).is_err());
    }
    // Fractions of a second are cut off, so stretches add up.
    let office = pack("oki").calendars["kerja"].clone();
    let fraction = wib("2026-01-05 15:59:30") + TimeDelta::milliseconds(600);
    assert_eq!(office.add(fraction, 31, &[]), Ok(Some(wib("2026-01-06 07:30:01"))));
}

const FIRST: i64 = 1_735_689_600; // 2025-01-01 UTC
const THREE_YEARS: i64 = 1096 * 86_400;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).expect("a time in the test")
}

/// Counts open seconds minute by minute, from nothing but the wall clock and the printed table of hours.
struct Oracle {
    closed: BTreeSet<NaiveDate>,
}

impl Oracle {
    fn seconds(&self, from: DateTime<Utc>, to: DateTime<Utc>, pauses: &[Pause]) -> i64 {
        let mut minute = from.timestamp().div_euclid(60) * 60;
        let mut total = 0;
        while minute < to.timestamp() {
            let paused =
                pauses.iter().any(|pause| pause.from <= at(minute) && pause.to.is_none_or(|end| at(minute) < end));
            if !paused && self.open(at(minute)) {
                total += (minute + 60).min(to.timestamp()) - minute.max(from.timestamp());
            }
            minute += 60;
        }
        total
    }

    fn open(&self, at: DateTime<Utc>) -> bool {
        let local = at.naive_utc() + TimeDelta::hours(7);
        let (date, minute) = (local.date(), local.hour() * 60 + local.minute());
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("date");
        let fasting = (day(2025, 3, 1)..=day(2025, 3, 30)).contains(&date)
            || (day(2026, 2, 19)..=day(2026, 3, 20)).contains(&date)
            || (day(2027, 2, 8)..=day(2027, 3, 9)).contains(&date);
        let hours = match (date.weekday(), fasting) {
            (Weekday::Sat | Weekday::Sun, _) => return false,
            (Weekday::Fri, false) => [450..690, 780..990],
            (_, false) => [450..720, 780..960],
            (Weekday::Fri, true) => [480..690, 750..930],
            (_, true) => [480..720, 750..900],
        };
        !self.closed.contains(&date) && hours.iter().any(|window| window.contains(&minute))
    }
}

/// Pauses in whole minutes, near the start second, in any order.
fn some_pauses(start: i64) -> impl Strategy<Value = Vec<Pause>> {
    let whole = start.div_euclid(60) * 60;
    let one = (-2_000_i64..12_000, 0_i64..6_000).prop_map(move |(begin, length)| Pause {
        from: at(whole + begin * 60),
        to: Some(at(whole + (begin + length) * 60)),
    });
    prop::collection::vec(one, 0..5)
}

fn case() -> impl Strategy<Value = (DateTime<Utc>, i64, Vec<Pause>)> {
    (FIRST..FIRST + THREE_YEARS, 1_i64..200_000)
        .prop_flat_map(|(start, seconds)| (Just(at(start)), Just(seconds), some_pauses(start)))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: None,
        rng_seed: prop::test_runner::RngSeed::Fixed(39),
        ..ProptestConfig::default()
    })]

    #[test]
    fn add_and_between_agree_with_each_other_and_with_the_oracle((start, seconds, pauses) in case()) {
        let pack = pack("bawaan");
        let office = &pack.calendars["kerja"];
        let oracle = Oracle { closed: pack.holidays.iter().map(|day| day.date).collect() };
        let due = office.add(start, seconds, &pauses).expect("working time").expect("no open pause");
        prop_assert_eq!(office.between(start, due, &pauses), seconds);
        prop_assert_eq!(oracle.seconds(start, due, &pauses), seconds);
        // The due instant is the first to reach the target.
        prop_assert_eq!(oracle.seconds(start, due - TimeDelta::seconds(1), &pauses), seconds - 1);
        let counted: i64 = office.intervals(start, due, &pauses).iter().map(|part| part.seconds).sum();
        prop_assert_eq!(counted, seconds);
    }

    #[test]
    fn add_is_monotone_and_splits((start, seconds, pauses) in case(), share in 0_i64..=100, longer in 1_i64..90_000) {
        let pack = pack("bawaan");
        let office = &pack.calendars["kerja"];
        let add = |from, seconds| office.add(from, seconds, &pauses).expect("working time").expect("no open pause");
        let due = add(start, seconds);
        prop_assert!(due < add(start, seconds + longer));
        prop_assert!(due <= add(start + TimeDelta::seconds(longer), seconds));
        let first = seconds * share / 100;
        prop_assert_eq!(add(add(start, first), seconds - first), due);
        let middle = start + (due - start) / 2;
        prop_assert_eq!(office.between(start, middle, &pauses) + office.between(middle, due, &pauses), seconds);
    }

    #[test]
    fn pauses_only_delay_and_a_later_pause_does_nothing((start, seconds, pauses) in case()) {
        let pack = pack("bawaan");
        for calendar in pack.calendars.values() {
            let plain = calendar.add(start, seconds, &[]).expect("working time").expect("no pause");
            prop_assert!(plain <= calendar.add(start, seconds, &pauses).expect("working time").expect("no open pause"));
            let at_due = [Pause { from: plain, to: None }];
            prop_assert_eq!(calendar.add(start, seconds, &at_due), Ok(Some(plain)));
        }
    }
}
