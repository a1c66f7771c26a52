//! The packs that come with the program, and what they decide.

use super::{DEFAULTS, OKI, pack, source};
use chrono::{Datelike, NaiveDate};
use meja::domain::ticket::{Impact, Kind, Priority, Urgency};
use meja::policy::week::HolidayKind;
use meja::policy::{Library, guess, priority};

#[test]
fn the_holiday_table_has_the_counts_of_the_decrees() {
    let pack = pack("bawaan");
    let office = &pack.calendars["kerja"];
    let counts = |year| {
        let of_kind = |kind| pack.holidays.iter().filter(|day| day.date.year() == year && day.kind == kind).count();
        let mut days =
            NaiveDate::from_ymd_opt(year, 1, 1).expect("date").iter_days().take_while(|day| day.year() == year);
        let working = days.by_ref().filter(|day| office.closing_of(*day).is_some()).count();
        (of_kind(HolidayKind::Holiday), of_kind(HolidayKind::JointLeave), working)
    };
    assert_eq!([2025, 2026, 2027].map(counts), [(17, 11, 237), (17, 8, 240), (18, 8, 242)]);
}

#[test]
fn a_value_knows_its_law_and_its_pack() {
    let pack = pack("oki");
    let value =
        |path: &str| pack.values().iter().find(|value| value.path == path).unwrap_or_else(|| panic!("no {path}"));
    let law = |path: &str| value(path).basis.clone().unwrap_or_default();
    assert_eq!(law("roles.tier1.minimum"), "Perbup OKI 32/2022 Pasal 39 ayat (7) huruf a");
    assert_eq!(law("escalation.transfer"), "");
    assert_eq!(
        (value("escalation.transfer").text.as_str(), value("escalation.transfer").from_pack.as_str()),
        ("0.5", "bawaan")
    );
    assert_eq!(value("calendars.kerja.week.fri").text, "07:30–11:30, 13:00–16:30");
    let holidays = pack.values().iter().filter(|value| value.path.starts_with("holidays."));
    let mut agree = holidays.map(|value| value.basis.is_none() == value.text.contains("provisional = true"));
    assert!(agree.all(|agrees| agrees), "an estimate is no law");
    assert_eq!((pack.version.as_str(), pack.region.code.as_str()), ("oki@1", "OKI"));
    assert_eq!(pack.calendars["kerja"].zone(), chrono_tz::Asia::Jakarta);
}

#[test]
fn a_child_that_overrides_a_value_leaves_the_law_of_its_parent() {
    let child = "id = \"anak\"\nextends = \"oki\"\nname = \"Anak\"\nversion = 1\n[roles.tier1]\nminimum = 2\n";
    let sources = [source("bawaan", DEFAULTS), source("oki", OKI), source("anak", child)];
    let library = Library::read(&sources).expect("sound packs");
    let pack = library.get("anak").expect("the child");
    let basis =
        |path: &str| pack.values().iter().find(|value| value.path == path).and_then(|value| value.basis.clone());
    assert_eq!(basis("roles.tier1.minimum"), None);
    assert!(basis("roles.tier1.label").is_some());
    assert_eq!(pack.roles.tier1.minimum, 2);
}

#[test]
fn priorities_follow_the_matrix_and_the_floor() {
    let pack = pack("oki");
    assert_eq!(priority(&pack, Impact::Broad, Urgency::High, false, false, true), Priority::P1);
    assert_eq!(priority(&pack, Impact::Limited, Urgency::Low, false, true, false), Priority::P4);
    assert_eq!(priority(&pack, Impact::Limited, Urgency::Low, true, true, true), Priority::P2);
    assert_eq!(priority(&pack, Impact::Medium, Urgency::Medium, true, true, false), Priority::P1);
    assert_eq!(priority(&pack, Impact::Broad, Urgency::High, true, true, true), Priority::P1);
}

#[test]
fn words_suggest_a_kind() {
    let pack = pack("oki");
    let seen = |text: &str| {
        let guess = guess(&pack, text);
        (guess.kind, guess.urgency, guess.outage)
    };
    assert_eq!(seen("SIMPUS Tidak  bisa,dibuka"), (Kind::Incident, Urgency::High, true));
    assert_eq!(seen("Mohon dibuatkan akun surel"), (Kind::ServiceRequest, Urgency::Medium, false));
    assert_eq!(seen("Kami kecewa; jaringan lambat sekali"), (Kind::Complaint, Urgency::Medium, false));
    // Whole words only: "sehati" is not "mati", "terminta" not "minta".
    assert_eq!(seen("Rapat sehati, simati dan terminta"), (Kind::Incident, Urgency::Medium, false));
}
