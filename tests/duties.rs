//! When duties are owed: text in, text out.

use chrono::{DateTime, NaiveDate, Utc};
use meja::domain::duty::Office;
use meja::domain::duty_rule::{Reminders, Rhythm, Rule, Term};
use meja::domain::duty_rule::{beginning_of, change_term, day_of, late_from, reminders, term_before};
use meja::policy::{Calendar, Library, Source};
use std::sync::Arc;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| panic!("{text} is no date"))
}

/// `month`, `year 06-30`: a rhythm and the day that replaces the last one.
fn rule(text: &str) -> Rule {
    let (name, due) = text.split_once(' ').map_or((text, None), |(name, due)| (name, Some(due)));
    let due =
        due.and_then(|due| due.split_once('-')).map(|(month, day)| (month.parse().unwrap(), day.parse().unwrap()));
    let rhythm = match name {
        "month" => Rhythm::Month,
        "quarter" => Rhythm::Quarter,
        "year" => Rhythm::Year,
        "2_years" => Rhythm::TwoYears,
        "change" => Rhythm::OnChange,
        other => panic!("{other}"),
    };
    let (code, what) = ("x".to_owned(), "X".to_owned());
    Rule { code, what, rhythm, office: Office::Agency, due, source: None, sanctionable: false, remind_days: 5 }
}

fn words(term: Option<Term>) -> String {
    term.map_or("-".to_owned(), |term| format!("{}..{} due {}", term.from, term.to, term.due_on))
}

#[test]
fn a_term_by_the_calendar() {
    for (rhythm, today, expected) in [
        ("month", "2026-02-13", "2026-02-01..2026-03-01 due 2026-02-28"),
        ("month", "2028-02-29", "2028-02-01..2028-03-01 due 2028-02-29"),
        ("month", "2026-12-31", "2026-12-01..2027-01-01 due 2026-12-31"),
        ("quarter", "2026-03-31", "2026-01-01..2026-04-01 due 2026-03-31"),
        ("quarter", "2026-04-01", "2026-04-01..2026-07-01 due 2026-06-30"),
        ("quarter", "2026-12-01", "2026-10-01..2027-01-01 due 2026-12-31"),
        ("year", "2026-01-01", "2026-01-01..2027-01-01 due 2026-12-31"),
        ("year", "2026-12-31", "2026-01-01..2027-01-01 due 2026-12-31"),
        ("year 06-30", "2026-09-01", "2026-01-01..2027-01-01 due 2026-06-30"),
        ("year 02-29", "2026-09-01", "2026-01-01..2027-01-01 due 2026-02-28"),
        ("year 02-29", "2028-09-01", "2028-01-01..2029-01-01 due 2028-02-29"),
        ("2_years", "2026-09-01", "-"),
        ("change", "2026-09-01", "-"),
    ] {
        assert_eq!(words(rule(rhythm).term_at(date(today))), expected, "{rhythm} at {today}");
    }
}

#[test]
fn a_term_of_two_years_is_counted_from_when_it_was_first_seen_or_last_done() {
    let two = rule("2_years");
    assert_eq!(words(two.two_years_from(date("2026-02-13"))), "2026-02-13..2028-01-01 due 2027-12-31");
    assert_eq!(words(two.two_years_from(date("2026-12-31"))), "2026-12-31..2028-01-01 due 2027-12-31");
    assert_eq!(words(two.two_years_after(2027)), "2028-01-01..2029-01-01 due 2028-12-31");
    assert_eq!(
        words(rule("2_years 06-30").two_years_from(date("2026-02-13"))),
        "2026-02-13..2028-01-01 due 2027-06-30"
    );
}

#[test]
fn what_begins_next() {
    for (rhythm, today, expected) in [
        ("month", "2026-12-31", Some("2027-01-01")),
        ("quarter", "2026-02-01", Some("2026-04-01")),
        ("year", "2026-02-01", Some("2027-01-01")),
        ("2_years", "2026-02-01", Some("2027-01-01")),
        ("change", "2026-02-01", None),
    ] {
        assert_eq!(rule(rhythm).next_beginning(date(today)), expected.map(date), "{rhythm} at {today}");
    }
}

#[test]
fn a_change_is_reported_by_the_end_of_the_following_month() {
    assert_eq!(words(change_term(date("2026-01-31"))), "2026-01-31..2026-03-01 due 2026-02-28");
    assert_eq!(words(change_term(date("2027-12-05"))), "2027-12-05..2028-02-01 due 2028-01-31");
}

#[test]
fn what_comes_before_another_duty_keeps_its_distance_in_months() {
    let of = rule("2_years").two_years_from(date("2026-02-13")).unwrap();
    for (day, lead, expected) in
        [("2027-12-31", 1, "2027-11-30"), ("2027-03-31", 1, "2027-02-28"), ("2027-05-10", 3, "2027-02-10")]
    {
        let term = term_before(of, date(day), lead).unwrap();
        assert_eq!((term.from, term.to, term.due_on), (of.from, of.to, date(expected)), "{lead} before {day}");
    }
}

#[test]
fn a_day_is_the_regions_day() {
    let (wib, wit) = (chrono_tz::Asia::Jakarta, chrono_tz::Asia::Jayapura);
    let at: DateTime<Utc> = "2026-12-31T16:30:00Z".parse().unwrap();
    assert_eq!((day_of(at, wib), day_of(at, wit)), (date("2026-12-31"), date("2027-01-01")));
    assert_eq!(late_from(date("2026-12-31"), wib).to_rfc3339(), "2026-12-31T17:00:00+00:00");
    assert_eq!(late_from(date("2026-12-31"), wit).to_rfc3339(), "2026-12-31T15:00:00+00:00");
    // Midnight of this day does not exist there: it begins at one o'clock.
    let beirut = chrono_tz::Asia::Beirut;
    assert_eq!(beginning_of(date("2026-03-29"), beirut).to_rfc3339(), "2026-03-28T22:00:00+00:00");
}

fn office_hours() -> Arc<Calendar> {
    let sources = ["bawaan", "oki"].map(|id| Source {
        file: format!("{id}.toml"),
        text: std::fs::read_to_string(format!("sla_policies/{id}.toml")).unwrap(),
    });
    Library::read(&sources).unwrap().get("oki").unwrap().lifecycle_calendar().unwrap().clone()
}

#[test]
fn a_reminder_never_falls_on_a_day_off_it_moves_back() {
    let (calendar, zone) = (office_hours(), chrono_tz::Asia::Jakarta);
    let opening = |day: NaiveDate| {
        calendar.closing_of(day)?;
        calendar.next_opening(beginning_of(day, zone)).ok()
    };
    let local = |at: Option<DateTime<Utc>>| {
        at.map_or("-".to_owned(), |at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string())
    };
    for (due_on, days, first, last) in [
        // Wednesday after Idulfitri: joint leave 24, 23, holiday 22, 21, joint leave 20, Nyepi 19, joint leave 18.
        ("2026-03-25", 1, "2026-03-17 08:00", "2026-03-25 07:30"),
        ("2026-03-25", 2, "2026-03-16 08:00", "2026-03-25 07:30"),
        // Due on joint leave itself: the last working day is far back, and one reminder on it is enough.
        ("2026-03-24", 1, "-", "2026-03-17 08:00"),
        ("2026-03-24", 2, "2026-03-16 08:00", "2026-03-17 08:00"),
        ("2026-03-24", 0, "-", "2026-03-17 08:00"),
        // Over the turn of the year.
        ("2027-01-01", 1, "-", "2026-12-31 07:30"),
        ("2027-01-04", 1, "2026-12-31 07:30", "2027-01-04 07:30"),
        // A Sunday at the end of a leap February, and twenty days before New Year's Eve.
        ("2032-02-29", 1, "-", "2032-02-27 07:30"),
        ("2026-12-31", 20, "2026-12-01 07:30", "2026-12-31 07:30"),
    ] {
        let Reminders { first: found, last: found_last } = reminders(date(due_on), days, opening);
        assert_eq!((local(found), local(found_last)), (first.to_owned(), last.to_owned()), "{days} before {due_on}");
    }
    let never = reminders(date("2026-03-25"), 3, |_| None);
    assert_eq!(never, Reminders { first: None, last: None });
}
