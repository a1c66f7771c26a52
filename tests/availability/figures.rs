//! The formula against a count minute by minute.

use chrono::{DateTime, Duration, Utc};
use meja::domain::availability::{
    Availability, Down, Facts, Span, common, excused, excused_after, measure, seconds, union, without,
};
use proptest::prelude::*;

/// Minutes of the world the oracle looks at.
const WORLD: i64 = 240;

fn minute(place: i64) -> DateTime<Utc> {
    "2026-10-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::minutes(place)
}

fn span((from, to): (i64, i64)) -> Option<Span> {
    Span::new(minute(from), minute(to))
}

fn spans(pairs: &[(i64, i64)]) -> Vec<Span> {
    pairs.iter().filter_map(|pair| span(*pair)).collect()
}

fn within(pairs: &[(i64, i64)], place: i64) -> bool {
    pairs.iter().any(|(from, to)| (*from..*to).contains(&place))
}

/// The same, minute by minute.
fn oracle(
    hours: &[(i64, i64)],
    maintenance: &[(i64, i64)],
    closed: &[(i64, i64)],
    outages: &[((i64, i64), bool)],
    counts: bool,
) -> Availability {
    let mut sum = Availability { counts_third_party: counts, target: 9950, ..Availability::default() };
    let of = |third: bool| outages.iter().filter(|it| it.1 == third).map(|it| it.0).collect::<Vec<_>>();
    let (own, third) = (of(false), of(true));
    let (mut was_down, mut run_counted) = (false, false);
    for place in 0..WORLD {
        let is_down = within(&own, place) || (counts && within(&third, place));
        if !is_down || !was_down {
            run_counted = false;
        }
        was_down = is_down;
        if !within(hours, place) {
            continue;
        }
        sum.hours += 60;
        if within(closed, place) {
            sum.closed += 60;
            continue;
        }
        if within(maintenance, place) {
            sum.maintenance += 60;
            continue;
        }
        if is_down {
            sum.downtime += 60;
            if !run_counted {
                sum.outages += 1;
                run_counted = true;
            }
        }
        if within(&third, place) && !within(&own, place) {
            sum.third_party += 60;
        }
    }
    sum
}

fn pairs() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((0..WORLD, 0..60_i64).prop_map(|(from, long)| (from, (from + long).min(WORLD))), 0..6)
}

proptest! {
    #[test]
    fn figures_are_those_of_a_count_minute_by_minute(
        hours in pairs(),
        maintenance in pairs(),
        closed in pairs(),
        own in pairs(),
        third in pairs(),
        counts in any::<bool>(),
    ) {
        let outages: Vec<_> =
            own.iter().map(|it| (*it, false)).chain(third.iter().map(|it| (*it, true))).collect();
        let downs: Vec<Down> = outages
            .iter()
            .filter_map(|(pair, third_party)| Some(Down { span: span(*pair)?, third_party: *third_party }))
            .collect();
        let counted = measure(Facts {
            hours: &spans(&hours),
            maintenance: &spans(&maintenance),
            closed: &spans(&closed),
            outages: &downs,
            target: 9950,
            counts_third_party: counts,
        });
        prop_assert_eq!(counted, oracle(&hours, &maintenance, &closed, &outages, counts));
        prop_assert!(counted.downtime <= counted.agreed());
        prop_assert!(counted.share().is_none_or(|share| share <= 10_000));
    }

    #[test]
    fn spans_are_sets_of_minutes(one in pairs(), other in pairs()) {
        let (left, right) = (union(spans(&one)), union(spans(&other)));
        let minutes = |keeps: &dyn Fn(i64) -> bool| (0..WORLD).filter(|place| keeps(*place)).count() as i64 * 60;
        prop_assert_eq!(seconds(&left), minutes(&|it| within(&one, it)));
        prop_assert_eq!(seconds(&common(&left, &right)), minutes(&|it| within(&one, it) && within(&other, it)));
        prop_assert_eq!(seconds(&without(&left, &right)), minutes(&|it| within(&one, it) && !within(&other, it)));
    }
}

fn figure(hours: i64, maintenance: i64, downtime: i64, outages: i64, target: u32) -> Availability {
    Availability {
        hours: hours * 60,
        maintenance: maintenance * 60,
        downtime: downtime * 60,
        outages,
        target,
        ..Availability::default()
    }
}

#[test]
fn story_10_and_story_4_have_the_figures_of_the_domain() {
    let a = figure(44_640, 120, 178, 2, 9950);
    assert_eq!((a.agreed(), a.share(), a.mttr()), (44_520 * 60, Some(9960), Some(89 * 60)));
    assert_eq!(a.is_met(), Some(true));
    let b = figure(9_900, 0, 45, 1, 9950);
    assert_eq!((b.share(), b.is_met()), (Some(9955), Some(true)));
    let march = figure(44_640, 0, 315, 1, 9950);
    assert_eq!((march.share(), march.allowance_ms(), march.is_met()), (Some(9929), 223_200 * 60, Some(false)));
}

#[test]
fn allowances_are_those_of_the_domain() {
    let minutes = |days: i64, target: u32| figure(days * 1440, 0, 0, 0, target).allowance_ms() as f64 / 60_000.0;
    for (days, target, allowed) in [(30, 9950, 216.0), (31, 9950, 223.2), (30, 9990, 43.2), (31, 9990, 44.64)] {
        assert!((minutes(days, target) - allowed).abs() < 1e-9, "{days} days at {target}");
    }
}

#[test]
fn nothing_agreed_has_no_share_and_no_verdict() {
    let none = figure(120, 120, 0, 0, 9950);
    assert_eq!((none.share(), none.mttr(), none.is_met()), (None, None, None));
}

#[test]
fn half_a_hundredth_goes_up_and_the_verdict_looks_at_the_seconds() {
    let of = |downtime: i64| Availability { hours: 200_000, downtime, target: 9950, ..Availability::default() };
    assert_eq!(of(1000).share(), Some(9950));
    assert_eq!((of(1010).share(), of(1010).is_met()), (Some(9950), Some(false)), "99.495 % is shown as 99.50 %");
    assert_eq!(of(1011).share(), Some(9949));
    assert_eq!(of(200_000).share(), Some(0));
}

#[test]
fn maintenance_is_excused_when_it_was_announced_a_day_ahead() {
    let (window, day) = (span((1440, 1500)).unwrap(), chrono::TimeDelta::hours(24));
    assert_eq!(excused(window, minute(0), day), Some(window));
    assert_eq!(excused(window, minute(1), day), None);
    assert_eq!(excused(window, minute(1380), chrono::TimeDelta::hours(1)), Some(window), "as the pack says");
    let longer = span((1440, 1560)).unwrap();
    assert_eq!(excused_after(Some(window), longer, minute(0), day), Some(longer), "moved early enough");
    assert_eq!(excused_after(Some(window), longer, minute(1450), day), Some(window), "what was added late counts");
    assert_eq!(excused_after(Some(window), span((1470, 1480)).unwrap(), minute(1450), day), span((1470, 1480)));
    assert_eq!(excused_after(None, longer, minute(1450), day), None);
}
