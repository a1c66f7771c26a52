//! Laws of the calendars, over random instants, lengths and pauses, against an oracle.

use super::{pack, wib};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};
use meja::policy::calendar::Weekly;
use meja::policy::week::{Ramadan, Week};
use meja::policy::{Calendar, Holiday, HolidayKind, Pause};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRng, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

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

/// Counts open seconds by a table of minutes, filled one by one from nothing but the wall clock and printed hours.
struct Oracle {
    /// Second of the table's first minute.
    first: i64,
    /// Whether each minute is open.
    open: Vec<bool>,
    /// Open minutes before each minute, and before the end.
    before: Vec<i64>,
}

impl Oracle {
    /// `hours` gives the open minutes of a local date.
    fn new(first: NaiveDate, days: usize, offset_hours: i64, hours: impl Fn(NaiveDate) -> Vec<Range<u32>>) -> Self {
        let (mut open, mut before) = (Vec::new(), vec![0]);
        for date in first.iter_days().take(days) {
            let hours = hours(date);
            for minute in 0..1440 {
                let is_open = hours.iter().any(|window| window.contains(&minute));
                open.push(is_open);
                before.push(before.last().expect("a count") + i64::from(is_open));
            }
        }
        let first = first.and_time(chrono::NaiveTime::MIN).and_utc().timestamp() - offset_hours * 3600;
        Self { first, open, before }
    }

    fn seconds(&self, from: DateTime<Utc>, to: DateTime<Utc>, pauses: &[Pause]) -> i64 {
        let (from, to) = (from.timestamp(), to.timestamp());
        let within = |at: DateTime<Utc>| at.timestamp().clamp(from, to);
        let mut still: Vec<_> = pauses.iter().map(|pause| (within(pause.from), pause.to.map_or(to, within))).collect();
        still.sort_unstable();
        let (mut total, mut done) = (0, from);
        for (begin, end) in still {
            total += (self.until(begin.max(done)) - self.until(done)).max(0);
            done = done.max(end.max(begin));
        }
        total + (self.until(to) - self.until(done)).max(0)
    }

    /// Open seconds from the table's beginning.
    fn until(&self, second: i64) -> i64 {
        let past = second - self.first;
        let minute = usize::try_from(past / 60).expect("a second of the table");
        self.before[minute] * 60 + if self.open[minute] { past % 60 } else { 0 }
    }

    fn last_second(&self) -> i64 {
        self.first + self.open.len() as i64 * 60 - 60
    }
}

/// The office of the defaults, by its printed hours and the shipped days off.
static OFFICE: LazyLock<Oracle> = LazyLock::new(|| {
    let closed: BTreeSet<NaiveDate> = pack("bawaan").holidays.iter().map(|day| day.date).collect();
    Oracle::new(day(2024, 12, 30), 1300, 7, |date| {
        let fasting = (day(2025, 3, 1)..=day(2025, 3, 30)).contains(&date)
            || (day(2026, 2, 19)..=day(2026, 3, 20)).contains(&date)
            || (day(2027, 2, 8)..=day(2027, 3, 9)).contains(&date);
        match (date.weekday(), fasting) {
            _ if closed.contains(&date) => vec![],
            (Weekday::Sat | Weekday::Sun, _) => vec![],
            (Weekday::Fri, false) => vec![450..690, 780..990],
            (_, false) => vec![450..720, 780..960],
            (Weekday::Fri, true) => vec![480..690, 750..930],
            (_, true) => vec![480..720, 750..900],
        }
    })
});

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("date")
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
        let due = office.add(start, seconds, &pauses).expect("working time").expect("no open pause");
        prop_assert_eq!(office.between(start, due, &pauses), seconds);
        prop_assert_eq!(OFFICE.seconds(start, due, &pauses), seconds);
        // The due instant is the first to reach the target.
        prop_assert_eq!(OFFICE.seconds(start, due - TimeDelta::seconds(1), &pauses), seconds - 1);
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

// Any calendar, not only the shipped ones

/// The days the random calendars are walked over, from 1 January 2026 on.
const DAYS: i64 = 100;
const CALENDARS: usize = 50;
const CASES_EACH: usize = 2_000;

/// A number below `end`.
fn below(rng: &mut TestRng, end: i64) -> i64 {
    i64::from(rng.next_u32()) % end
}

/// One to three windows of a day in minutes, or none.
fn random_windows(rng: &mut TestRng) -> Vec<Range<u32>> {
    let mut edges: Vec<u32> = (0..2 * below(rng, 4)).map(|_| below(rng, 1441) as u32).collect();
    edges.sort_unstable();
    edges.dedup();
    edges.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect()
}

fn random_week(rng: &mut TestRng) -> [Vec<Range<u32>>; 7] {
    let mut week = std::array::from_fn(|_| random_windows(rng));
    // Some working time in any week.
    week[below(rng, 7) as usize] = Vec::from([600..660, 700..701]);
    week
}

/// The week as a pack would give it.
fn written(week: &[Vec<Range<u32>>; 7]) -> Week {
    let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let day = |(name, windows): (&str, &Vec<Range<u32>>)| {
        let windows: Vec<_> = windows.iter().map(|window| [time(window.start), time(window.end)]).collect();
        (name.to_owned(), serde_json::json!(windows))
    };
    serde_json::from_value(names.into_iter().zip(week).map(day).collect()).expect("a week")
}

fn random_decrees(rng: &mut TestRng) -> Vec<Holiday> {
    let kinds = [HolidayKind::Holiday, HolidayKind::JointLeave, HolidayKind::Local, HolidayKind::WorkingDay];
    let first = day(2026, 1, 1);
    let decree = |rng: &mut TestRng| Holiday {
        // Few dates, so that decrees meet.
        date: first + TimeDelta::days(below(rng, 30) * 3),
        name: String::new(),
        kind: kinds[below(rng, 4) as usize],
        provisional: false,
        since: (below(rng, 2) == 1).then(|| first + TimeDelta::days(below(rng, 60))),
        decree: None,
    };
    (0..40).map(|_| decree(rng)).collect()
}

/// Whether a date is off as known at an instant: the youngest decree known says so, the last of equally old ones.
fn is_off(decrees: &[Holiday], joint_leave_is_work: bool, date: NaiveDate, at: i64, offset_hours: i64) -> bool {
    let mut ruling: Option<&Holiday> = None;
    for decree in decrees.iter().filter(|decree| decree.date == date) {
        let midnight = |since: NaiveDate| since.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
        let is_known = decree.since.is_none_or(|since| midnight(since) - offset_hours * 3600 <= at);
        if is_known && ruling.is_none_or(|other| other.since <= decree.since) {
            ruling = Some(decree);
        }
    }
    ruling.is_some_and(|decree| match decree.kind {
        HolidayKind::WorkingDay => false,
        HolidayKind::JointLeave => !joint_leave_is_work,
        _ => true,
    })
}

/// A random calendar as known at a random instant, with its oracle.
fn random_calendar(rng: &mut TestRng) -> (Calendar, Oracle) {
    use chrono_tz::Asia::{Jakarta, Jayapura, Makassar, Pontianak};
    let (zone, offset) = [(Jakarta, 7), (Pontianak, 7), (Makassar, 8), (Jayapura, 9)][below(rng, 4) as usize];
    let (usual, fasting, own) = (random_week(rng), random_week(rng), random_week(rng));
    let begin = day(2026, 1, 1) + TimeDelta::days(below(rng, 40));
    let month = Ramadan { year: 2026, from: begin, to: begin + TimeDelta::days(29), provisional: false };
    let has_own = below(rng, 2) == 1;
    let (decrees, more) = (random_decrees(rng), random_decrees(rng));
    let joint_leave_is_work = below(rng, 2) == 1;
    let weekly = Weekly {
        week: written(&usual),
        ramadan_week: Some(written(&fasting)),
        ramadan_weeks: if has_own { BTreeMap::from([(2026, written(&own))]) } else { BTreeMap::new() },
        ramadan: vec![month],
        decreed: Some(decrees.clone()),
        joint_leave_is_working_day: joint_leave_is_work,
        day_off: "libur".to_owned(),
    };
    // Often exactly at a local midnight, where decrees begin.
    let known = day(2026, 1, 1).and_time(chrono::NaiveTime::MIN).and_utc().timestamp() - offset * 3600
        + below(rng, 60) * 86_400
        + below(rng, 3)
        - 1;
    let calendar = Calendar::weekly(zone, weekly).known_at(at(known), &more);
    let all = [decrees, more].concat();
    let oracle = Oracle::new(day(2025, 12, 30), DAYS as usize + 3, offset, |date| {
        let week = if !(month.from..=month.to).contains(&date) {
            &usual
        } else if has_own {
            &own
        } else {
            &fasting
        };
        let is_off = is_off(&all, joint_leave_is_work, date, known, offset);
        if is_off { vec![] } else { week[date.weekday().num_days_from_monday() as usize].clone() }
    });
    (calendar, oracle)
}

#[test]
fn a_hundred_thousand_cases_on_random_calendars_agree_with_the_oracle() {
    let config = Config { rng_seed: RngSeed::Fixed(933), ..Config::default() };
    let mut rng = TestRunner::new(config).new_rng();
    let mut checked = 0;
    for _ in 0..CALENDARS {
        let (calendar, oracle) = random_calendar(&mut rng);
        for _ in 0..CASES_EACH {
            let start = oracle.first + 2 * 86_400 + below(&mut rng, DAYS * 43_200);
            let pauses: Vec<Pause> = (0..below(&mut rng, 3))
                .map(|_| {
                    let from = start - 3_600 + below(&mut rng, 600_000);
                    Pause { from: at(from), to: Some(at(from + below(&mut rng, 300_000))) }
                })
                .collect();
            let room = oracle.seconds(at(start), at(oracle.last_second()), &pauses);
            if room < 2 {
                continue;
            }
            let seconds = 1 + below(&mut rng, room.min(400_000) - 1);
            let due = calendar.add(at(start), seconds, &pauses).expect("working time").expect("no open pause");
            let case = || format!("{calendar:?}\nfrom {start} for {seconds} with {pauses:?}: {due}");
            assert_eq!(oracle.seconds(at(start), due, &pauses), seconds, "{}", case());
            assert_eq!(oracle.seconds(at(start), due - TimeDelta::seconds(1), &pauses), seconds - 1, "{}", case());
            assert_eq!(calendar.between(at(start), due, &pauses), seconds, "{}", case());
            let half = calendar.add(at(start), seconds / 2, &pauses).expect("working time").expect("no open pause");
            assert_eq!(calendar.add(half, seconds - seconds / 2, &pauses), Ok(Some(due)), "{}", case());
            checked += 1;
        }
    }
    assert!(checked > CALENDARS * CASES_EACH * 9 / 10, "only {checked} cases had working time");
}
