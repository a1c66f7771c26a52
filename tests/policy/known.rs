//! What was known when: decrees that come later, days off taken back, old editions on new calendars.

use super::{DEFAULTS, pack, source, wib};
use chrono::{DateTime, NaiveDate, Utc};
use meja::domain::ticket::Priority;
use meja::policy::{Holiday, HolidayKind, Library, Pack};

fn amendment(date: &str, kind: HolidayKind, since: Option<&str>) -> Holiday {
    let day = |text: &str| text.parse::<NaiveDate>().expect("a date in the test");
    Holiday {
        date: day(date),
        name: "Perubahan".to_owned(),
        kind,
        provisional: false,
        since: since.map(day),
        decree: None,
    }
}

/// Ten working days asked on the day before the decree that added 18 August 2025.
fn ten_days(pack: &Pack) -> DateTime<Utc> {
    pack.calendars["kerja"].end_of_working_day(wib("2025-08-06 10:00"), 10).expect("due")
}

#[test]
fn a_decree_counts_from_the_midnight_of_its_day() {
    let pack = pack("bawaan");
    let as_of = |at: &str| ten_days(&pack.known_at(wib(at), &[]).expect("known"));
    assert_eq!(as_of("2025-08-06 23:59:59"), wib("2025-08-20 16:00"));
    assert_eq!(as_of("2025-08-07 00:00"), wib("2025-08-21 16:00"));
    assert_eq!(ten_days(&pack), wib("2025-08-21 16:00"));
    assert_eq!(pack.next_change_after(wib("2025-08-01 00:00"), &[]), Some(wib("2025-08-07 00:00")));
    assert_eq!(pack.next_change_after(wib("2025-08-07 00:00"), &[]), None);
}

#[test]
fn profiles_count_on_the_calendars_of_their_time() {
    let pack = pack("bawaan");
    let early = pack.known_at(wib("2025-08-06 10:00"), &[]).expect("known");
    let due = |pack: &Pack, profile: &str| {
        pack.deadlines(profile, Priority::P3, wib("2025-08-06 10:00"), &[]).expect("deadlines").resolution_due
    };
    assert_eq!(due(&early, "PERMINTAAN:connector_clearance"), Some(wib("2025-08-20 16:00")));
    assert_eq!(due(&pack, "PERMINTAAN:connector_clearance"), Some(wib("2025-08-21 16:00")));
    assert_eq!(due(&early, "PENGADUAN"), Some(wib("2025-08-26 16:00")));
    assert_eq!(early.holidays.len() + 1, pack.holidays.len());
    assert_eq!((&early.version, &early.fingerprint), (&pack.version, &pack.fingerprint));
}

#[test]
fn amendments_add_days_off_and_take_them_back() {
    let pack = pack("bawaan");
    let more = [
        amendment("2026-07-15", HolidayKind::Local, Some("2026-07-10")),
        amendment("2026-08-17", HolidayKind::WorkingDay, Some("2026-08-01")),
        // A Saturday stays a day off of the week.
        amendment("2026-08-22", HolidayKind::WorkingDay, Some("2026-08-01")),
        amendment("2026-12-24", HolidayKind::WorkingDay, None),
    ];
    let open = |at: &str, date: &str| {
        let known = pack.known_at(wib(at), &more).expect("known");
        known.calendars["kerja"].closing_of(date.parse().expect("date")).is_some()
    };
    assert!(open("2026-07-09 23:59:59", "2026-07-15") && !open("2026-07-10 00:00", "2026-07-15"));
    assert!(!open("2026-07-31 23:59:59", "2026-08-17") && open("2026-08-01 00:00", "2026-08-17"));
    assert!(!open("2026-08-30 00:00", "2026-08-22") && open("2026-01-01 00:00", "2026-12-24"));
    assert_eq!(pack.next_change_after(wib("2026-07-10 00:00"), &more), Some(wib("2026-08-01 00:00")));
    // Asked again without them, the pack knows nothing of them.
    let known = pack.known_at(wib("2026-08-30 00:00"), &more).expect("known");
    let again = known.known_at(DateTime::<Utc>::MAX_UTC, &[]).expect("known");
    assert_eq!(again.calendar_mark(), pack.calendar_mark());
}

#[test]
fn the_younger_decree_of_a_date_rules_whatever_the_order() {
    let pack = pack("bawaan");
    let back = amendment("2026-07-15", HolidayKind::WorkingDay, Some("2026-07-12"));
    let off = amendment("2026-07-15", HolidayKind::Local, Some("2026-07-10"));
    for more in [[back.clone(), off.clone()], [off, back]] {
        let known = pack.known_at(wib("2026-07-13 00:00"), &more).expect("known");
        assert!(known.calendars["kerja"].closing_of("2026-07-15".parse().expect("date")).is_some());
    }
}

#[test]
fn a_calendar_that_would_never_open_again_is_refused() {
    let pack = pack("bawaan");
    let first: NaiveDate = "2026-01-01".parse().expect("date");
    let closed = |date: NaiveDate| amendment(&date.to_string(), HolidayKind::Local, None);
    let more: Vec<Holiday> = first.iter_days().take(30 * 366).map(closed).collect();
    assert!(pack.known_at(wib("2026-01-01 00:00"), &more).is_err());
}

#[test]
fn an_old_edition_keeps_its_rules_on_new_calendars() {
    let text = |version: u32, closing: &str, target: &str| {
        DEFAULTS
            .replace("version = 1", &format!("version = {version}"))
            .replace("fri = [[\"07:30\", \"11:30\"], [\"13:00\", \"16:30\"]]", closing)
            .replace("P1 = { response = \"30m\", resolution = \"4h\" }", target)
    };
    let read =
        |text: &str| Library::read(&[source("bawaan", text)]).expect("a sound pack").get("bawaan").expect("the pack");
    let (friday, target) = ("fri = [[\"07:30\", \"10:30\"]]", "P1 = { response = \"30m\", resolution = \"2h\" }");
    let old = read(&text(1, "fri = [[\"07:30\", \"11:30\"], [\"13:00\", \"16:30\"]]", target));
    let extra = "[calendars.tua]\nalways = true\n\n# 24 jam, 7 hari.";
    let old_with_more = read(&text(1, friday, target).replace("# 24 jam, 7 hari.", extra));
    let new = read(&text(2, friday, "P1 = { response = \"30m\", resolution = \"4h\" }"));
    assert_ne!(old.calendar_mark(), new.calendar_mark());
    for old in [old, old_with_more] {
        let joined = old.with_calendars_of(&new);
        let due = joined.deadlines("JAM-KERJA", Priority::P1, wib("2026-10-09 09:30"), &[]).expect("deadlines");
        // One hour of Friday, which ends early now; the other on Monday, by the old promise of two hours.
        assert_eq!(due.resolution_due, Some(wib("2026-10-12 08:30")));
        assert_eq!(joined.version, "bawaan@1");
        assert_eq!(joined.calendars.len(), old.calendars.len());
        let known = joined.known_at(wib("2025-08-06 10:00"), &[]).expect("known");
        assert_eq!(ten_days(&known), wib("2025-08-20 16:00"));
    }
}

#[test]
fn the_mark_of_the_calendars_changes_with_what_counts_and_with_nothing_else() {
    let mark = |text: &str| {
        let library = Library::read(&[source("bawaan", text)]).unwrap_or_else(|faults| panic!("{faults:#?}"));
        library.get("bawaan").expect("the pack").calendar_mark()
    };
    let plain = mark(DEFAULTS);
    assert_eq!(plain.len(), 16);
    let alike = [("Tahun Baru Masehi", "Tahun baru"), ("warn = 0.8", "warn = 0.9"), ("akhir pekan", "libur pekan")];
    for (piece, other) in alike {
        assert_eq!(mark(&DEFAULTS.replace(piece, other)), plain, "{other}");
    }
    let unlike = [
        ("date = 2026-12-24", "date = 2026-12-23"),
        ("to = 2026-03-20", "to = 2026-03-19"),
        ("[\"08:00\", \"11:30\"]", "[\"08:00\", \"11:00\"]"),
        ("[\"07:30\", \"11:30\"]", "[\"07:30\", \"11:00\"]"),
        ("joint_leave_is_working_day = false", "joint_leave_is_working_day = true"),
        ("zone = \"Asia/Jakarta\"", "zone = \"Asia/Makassar\""),
    ];
    for (piece, other) in unlike {
        assert!(DEFAULTS.contains(piece), "{piece}");
        assert_ne!(mark(&DEFAULTS.replace(piece, other)), plain, "{other}");
    }
    let early = pack("bawaan").known_at(wib("2025-08-06 10:00"), &[]).expect("known");
    assert_ne!(early.calendar_mark(), plain);
}

#[test]
fn a_fasting_month_may_have_a_week_of_its_own() {
    let own = "[calendars.kerja.ramadan_weeks.2026]\nmon = [[\"09:00\", \"10:00\"]]\n\n[calendars.kerja.ramadan]";
    let text = DEFAULTS.replace("[calendars.kerja.ramadan]", own);
    let library = Library::read(&[source("bawaan", &text)]).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let office = library.get("bawaan").expect("the pack").calendars["kerja"].clone();
    let closing = |date: &str| office.closing_of(date.parse().expect("date"));
    assert_eq!(closing("2026-02-23"), Some(wib("2026-02-23 10:00")));
    assert_eq!(closing("2026-02-24"), None);
    assert_eq!(closing("2025-03-03"), Some(wib("2025-03-03 15:00")));
}
