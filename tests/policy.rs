//! The policy engine against stories worked by hand, against packs with every kind of fault, and against an oracle
//! that counts minute by minute.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc, Weekday};
use meja::domain::ticket::{Impact, Kind, Priority, Urgency};
use meja::policy::week::HolidayKind;
use meja::policy::{Fault, Library, Pack, Pause, Source, explain, guess, priority};
use proptest::prelude::*;

const DEFAULTS: &str = include_str!("../sla_policies/bawaan.toml");
const OKI: &str = include_str!("../sla_policies/oki.toml");

fn source(id: &str, text: &str) -> Source {
    Source { file: format!("{id}.toml"), text: text.to_owned() }
}

static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    Library::read(&[source("bawaan", DEFAULTS), source("oki", OKI)]).unwrap_or_else(|faults| panic!("{faults:#?}"))
});

fn pack(id: &str) -> Arc<Pack> {
    LIBRARY.get(id).expect("a shipped pack")
}

/// An instant of Western Indonesian Time, "2026-02-13 16:10" or with seconds.
fn wib(text: &str) -> DateTime<Utc> {
    let seconds = if text.len() == 16 { ":00" } else { "" };
    format!("{}{seconds}+07:00", text.replace(' ', "T")).parse().expect("a time in the test")
}

fn pause(from: &str, to: &str) -> Pause {
    Pause { from: wib(from), to: Some(wib(to)) }
}

/// Response, transfer, warning and resolution in WIB to the second.
fn due(profile: &str, priority: Priority, opened: &str, pauses: &[Pause]) -> [String; 4] {
    let due = pack("oki").deadlines(profile, priority, wib(opened), pauses).expect("deadlines");
    [due.response_due, due.transfer_due, due.warn_due, due.resolution_due].map(|at| {
        at.map_or_else(
            || "waits".to_owned(),
            |at| at.with_timezone(&chrono_tz::Asia::Jakarta).format("%F %T").to_string(),
        )
    })
}

// Stories of the domain

#[test]
fn story_1a_friday_afternoon_before_joint_leave() {
    let expected = ["2026-02-18 08:10:00", "2026-02-18 10:55:00", "2026-02-18 14:10:00", "2026-02-18 15:40:00"];
    assert_eq!(due("JAM-KERJA", Priority::P2, "2026-02-13 16:10", &[]), expected);
}

#[test]
fn stories_1b_and_4_critical_services_count_every_minute() {
    let expected = ["2026-02-13 16:25:00", "2026-02-13 18:10:00", "2026-02-13 19:22:00", "2026-02-13 20:10:00"];
    assert_eq!(due("KRITIS-24x7", Priority::P1, "2026-02-13 16:10", &[]), expected);
    let expected = ["2026-03-21 02:50:00", "2026-03-21 04:35:00", "2026-03-21 05:47:00", "2026-03-21 06:35:00"];
    assert_eq!(due("KRITIS-24x7", Priority::P1, "2026-03-21 02:35", &[]), expected);
}

#[test]
fn story_2_friday_prayer_break() {
    let expected = ["2026-04-10 13:15:00", "2026-04-10 14:45:00", "2026-04-10 15:57:00", "2026-04-13 07:45:00"];
    assert_eq!(due("JAM-KERJA", Priority::P1, "2026-04-10 11:15", &[]), expected);
}

#[test]
fn story_5_a_pause_moves_what_is_not_yet_reached() {
    let unpaused = due("JAM-KERJA", Priority::P3, "2026-10-05 09:00", &[]);
    assert_eq!(unpaused[3], "2026-10-07 09:00:00");
    let paused = due("JAM-KERJA", Priority::P3, "2026-10-05 09:00", &[pause("2026-10-05 10:30", "2026-10-07 14:15")]);
    assert_eq!(paused, [unpaused[0].as_str(), "2026-10-08 11:45:00", "2026-10-09 08:45:00", "2026-10-09 13:15:00"]);
}

#[test]
fn story_7_over_the_night() {
    let expected = ["2026-10-20 14:10:00", "2026-10-20 15:40:00", "2026-10-21 08:22:00", "2026-10-21 09:10:00"];
    assert_eq!(due("JAM-KERJA", Priority::P1, "2026-10-20 13:40", &[]), expected);
    let used = pack("oki").calendars["kerja"].between(wib("2026-10-20 13:40"), wib("2026-10-21 09:55"), &[]);
    assert_eq!(used, 285 * 60);
}

#[test]
fn a_due_time_on_the_end_of_a_window_stays_there() {
    let office = pack("oki").calendars["kerja"].clone();
    assert_eq!(office.add(wib("2026-04-10 11:15"), 15 * 60, &[]), Ok(Some(wib("2026-04-10 11:30"))));
    assert_eq!(office.add(wib("2026-04-10 11:15"), 15 * 60 + 1, &[]), Ok(Some(wib("2026-04-10 13:00:01"))));
    assert_eq!(office.add(wib("2026-04-11 09:00"), 0, &[]), Ok(Some(wib("2026-04-11 09:00"))));
}

#[test]
fn working_days_end_at_closing_time_and_pauses_prolong_them() {
    let office = pack("oki").calendars["kerja"].clone();
    // Received in the night before a working day: still day 0.
    assert_eq!(office.end_of_working_day(wib("2026-03-26 23:00"), 3), Ok(wib("2026-03-31 16:00")));
    assert_eq!(office.end_of_working_day(wib("2026-03-21 06:35"), 1), Ok(wib("2026-03-25 16:00")));
    let complaint = due("PENGADUAN", Priority::P3, "2026-10-03 10:00", &[]);
    assert_eq!([complaint[0].as_str(), complaint[3].as_str()], ["2026-10-07 16:00:00", "2026-10-22 16:00:00"]);
    let paused = due("PENGADUAN", Priority::P3, "2026-10-03 10:00", &[pause("2026-10-06 07:30", "2026-10-07 07:30")]);
    assert_eq!([paused[0].as_str(), paused[3].as_str()], ["2026-10-07 16:00:00", "2026-10-23 16:30:00"]);
}

#[test]
fn an_amended_decree_moves_the_due_day() {
    let added = "  { date = 2025-08-18, name = \"Cuti bersama Proklamasi Kemerdekaan\", kind = \"joint_leave\" },\n";
    assert!(DEFAULTS.contains(added));
    let ten_days = |text: &str| {
        let library = Library::read(&[source("bawaan", text)]).expect("a sound pack");
        let pack = library.get("bawaan").expect("the pack");
        let due = pack.calendars["kerja"].end_of_working_day(wib("2025-08-06 10:00"), 10).expect("due");
        (due, pack.fingerprint.clone())
    };
    let (before, old_print) = ten_days(&DEFAULTS.replace(added, ""));
    let (after, new_print) = ten_days(DEFAULTS);
    assert_eq!((before, after), (wib("2025-08-20 16:00"), wib("2025-08-21 16:00")));
    assert_ne!(old_print, new_print);
}

#[test]
fn an_open_pause_waits_unless_the_end_was_reached_before() {
    let open = |from: &str| [Pause { from: wib(from), to: None }];
    assert_eq!(
        due("JAM-KERJA", Priority::P1, "2026-10-20 13:40", &open("2026-10-20 15:40")),
        ["2026-10-20 14:10:00", "2026-10-20 15:40:00", "waits", "waits"]
    );
    // A pause that begins in the night before the end waits as well.
    let closed_hours = due("JAM-KERJA", Priority::P1, "2026-10-20 13:40", &open("2026-10-20 20:00"));
    assert_eq!(closed_hours[2], "waits");
}

#[test]
fn pauses_may_overlap_nest_and_touch_in_any_order() {
    let tangled = [
        pause("2026-10-07 09:00", "2026-10-07 14:15"),
        pause("2026-10-05 10:30", "2026-10-07 09:00"),
        pause("2026-10-05 11:00", "2026-10-05 11:30"),
        pause("2026-10-06 11:00", "2026-10-05 11:30"),
        pause("2026-10-05 10:45", "2026-10-06 10:00"),
    ];
    assert_eq!(due("JAM-KERJA", Priority::P3, "2026-10-05 09:00", &tangled)[3], "2026-10-09 13:15:00");
}

#[test]
fn an_explanation_shows_its_working() {
    let explained =
        explain(&pack("oki"), "JAM-KERJA", Priority::P2, wib("2026-02-13 16:10"), &[]).expect("explanation");
    let json = serde_json::to_value(&explained).expect("json");
    let part = |from: &str, to: &str, seconds: i64| serde_json::json!({"from": from, "to": to, "seconds": seconds});
    let expected = serde_json::json!({
        "pack": "oki", "profile": "JAM-KERJA", "priority": "P2", "opened": "2026-02-13T16:10:00+07:00",
        "response_due": "2026-02-18T08:10:00+07:00", "transfer_due": "2026-02-18T10:55:00+07:00",
        "warn_due": "2026-02-18T14:10:00+07:00", "resolution_due": "2026-02-18T15:40:00+07:00",
        "intervals": [
            part("2026-02-13T16:10:00+07:00", "2026-02-13T16:30:00+07:00", 1200),
            part("2026-02-18T07:30:00+07:00", "2026-02-18T12:00:00+07:00", 16200),
            part("2026-02-18T13:00:00+07:00", "2026-02-18T15:40:00+07:00", 9600),
        ],
        "excluded": [
            {"date": "2026-02-14", "reason": "akhir pekan"}, {"date": "2026-02-15", "reason": "akhir pekan"},
            {"date": "2026-02-16", "reason": "Cuti bersama Tahun Baru Imlek"},
            {"date": "2026-02-17", "reason": "Tahun Baru Imlek 2577 Kongzili"},
        ],
    });
    assert_eq!(json, expected);
}

// The shipped packs

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

// Packs with faults

/// The defaults with a piece replaced; `¦` in the new piece marks where the fault must be reported.
fn broken(piece: &str, marked: &str) -> (String, usize, usize) {
    assert!(DEFAULTS.contains(piece), "the defaults have no {piece:?}");
    let text = DEFAULTS.replacen(piece, marked, 1);
    let before = text.split('¦').next().expect("a start");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().expect("a line").chars().count() + 1;
    (text.replace('¦', ""), line, column)
}

fn faults_of(sources: &[Source]) -> Vec<Fault> {
    Library::read(sources).err().unwrap_or_default()
}

/// Piece of the defaults → what stands there instead → a part of the message or hint; `⏎` is a new line.
const BROKEN: &str = r#"
version = 1 → version = ¦= 1 → TOML
version = 1 → version = 1⏎¦version = 2 → duplicate key
default_profile = → ¦defautl_profile = → mungkin maksudnya "default_profile"
compulsory = false → compulsory = false⏎¦wran = 0.9 → mungkin maksudnya "warn"
version = 1 → version = ¦"satu" → jenis nilai salah
"Asia/Jakarta" → ¦"Asia/Djakarta" → zona waktu tidak dikenal
mon = [["07:30", "12:00"] → mon = [¦["07:30", "25:00"] → jam tidak dikenal "25:00"
mon = [["07:30", "12:00"] → mon = [¦["12:00", "12:00"] → jendela kerja kosong
mon = [["07:30", "12:00"], ["13:00" → mon = [["07:30", "12:00"], ¦["11:00" → bertumpuk
mon = [["07:30", "12:00"], ["13:00", "16:00"]] → mon = [["13:00", "16:00"], ¦["07:30", "12:00"]] → tidak berurutan
[calendars.nonstop]⏎always = true → ¦[calendars.nonstop]⏎always = false → kalender tanpa jam kerja
always = true → always = true⏎day_off = "x"⏎¦[calendars.nonstop.ramadan] → minggu tanpa jam kerja
always = true → always = ¦true⏎day_off = "x"⏎week = { mon = [["08:00", "09:00"]] } → pilih salah satu
calendar = "nonstop" → calendar = ¦"nonstob" → mungkin maksudnya "nonstop"
[profiles.KRITIS-24x7]⏎calendar = "nonstop"⏎P1 = { response = "15m", resolution = "4h" }⏎ → ¦[profiles.KRITIS-24x7]⏎calendar = "nonstop"⏎ → profil tanpa prioritas P1
P2 = { response = "30m", resolution = "8h" }⏎ →  → profil tanpa prioritas P2
response = "30m", resolution = "8h" → response = ¦"9h", resolution = "8h" → waktu tanggap lebih lama
response = "30m", resolution = "8h" → response = ¦"0m", resolution = "8h" → lama waktu tidak dikenal
response = "30m", resolution = "8h" → response = ¦"-5m", resolution = "8h" → lama waktu tidak dikenal
response = "3wd" → response = ¦"0wd" → lama waktu tidak dikenal
transfer = 0.5 → transfer = ¦1.0 → bagian waktu 1 di luar batas
warn = 0.8 → warn = ¦0.5 → warn harus sesudah transfer
{ date = 2026-05-14, → { date = ¦2026-05-01, → Hari Buruh
{ date = 2026-05-01, → { date = ¦"1 Mei", → tanggal tidak dikenal
to = 2026-03-20 → to = ¦2026-02-01 → akhir Ramadan sebelum awalnya
{ year = 2026, from = 2026-02-19 → ¦{ year = 2025, from = 2025-03-15 → bertumpuk dengan yang sebelumnya
year = 2026 → year = ¦2024 → tahun tidak sama
[basis]⏎ → [basis]⏎¦"roles.tier9" = "Pasal 1"⏎ → jalur yang tidak ada
after = "province" → after = ¦"provinsi" → kode tidak dikenal
"Pemerintah Provinsi" } → "Pemerintah Provinsi", after = ¦"ministry" } → urutan berputar
code = "MEJA" → code = ¦"Meja" → 2 sampai 5 huruf besar
id = "bawaan" → id = ¦"lain" → tidak sama dengan nama berkas
id = "bawaan" → id = "bawaan"⏎extends = ¦"bawan" → pak induk tidak dikenal
id = "bawaan" → id = "bawaan"⏎extends = ¦"bawaan" → extends berputar
default_profile = "JAM-KERJA" → default_profile = ¦"JAM-KERAJ" → mungkin maksudnya "JAM-KERJA"
"mati", → ¦"-", → kata kosong
due_day = 5 → due_day = ¦31 → 1 sampai 28
calendar = "kerja"⏎auto → calendar = ¦"kantor"⏎auto → kalender tidak dikenal
limited = { high = "P3" → limited = { high = ¦"P5" → nilai tidak dikenal "P5"
"#;

#[test]
fn every_fault_is_reported_at_its_place_with_a_hint() {
    let mut wrong = Vec::new();
    for row in BROKEN.lines().filter(|row| !row.is_empty()) {
        let row = row.replace('⏎', "\n");
        let [piece, marked, part] = row.split(" → ").collect::<Vec<_>>()[..] else { panic!("{row:?}") };
        let (text, line, column) = broken(piece, marked);
        let faults = faults_of(&[source("bawaan", &text)]);
        let at_mark = |fault: &Fault| !marked.contains('¦') || (fault.line, fault.column) == (line, column);
        let without_hint = ["TOML", "duplicate key", "jenis nilai salah"].contains(&part);
        let right = |fault: &&Fault| {
            fault.to_string().contains(part) && at_mark(fault) && (without_hint || !fault.hint.is_empty())
        };
        if !faults.iter().any(|fault| right(&fault)) {
            wrong.push(format!("{marked:?}: wanted {part:?} at {line}:{column}, found {faults:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_report_names_all_faults_once() {
    let text = DEFAULTS
        .replace("zone = \"Asia/Jakarta\"", "zone = \"Mars\"")
        .replace("due_day = 5", "due_day = 0\ndue_hour = 3")
        .replace("warn = 0.8", "warn = 0.1");
    let child = "id = \"anak\"\nextends = \"bawaan\"\nname = \"Anak\"\nversion = 1\n\n[region]\nkode = \"A\"\n";
    let faults = faults_of(&[source("anak", child), source("bawaan", &text)]);
    let places: Vec<_> = faults.iter().map(|fault| (fault.file.as_str(), fault.line)).collect();
    let line_of = |piece: &str| text.split(piece).next().expect("text").matches('\n').count() + 1;
    let expected = [
        ("anak.toml", 7),
        ("bawaan.toml", line_of("zone =")),
        ("bawaan.toml", line_of("warn = 0.1")),
        ("bawaan.toml", line_of("due_hour")),
    ];
    assert_eq!(places, expected, "{faults:#?}");
    assert_eq!(
        faults.first().map(ToString::to_string).as_deref(),
        Some("anak.toml:7:1: kunci tidak dikenal \"kode\"\n  hint: mungkin maksudnya \"code\"")
    );
}

#[test]
fn packs_may_not_share_an_id_or_extend_in_a_circle() {
    let twins =
        faults_of(&[Source { file: "a/bawaan.toml".into(), text: DEFAULTS.into() }, source("bawaan", DEFAULTS)]);
    assert!(twins.iter().any(|fault| fault.message.contains("sudah ada")), "{twins:#?}");
    let link = |id: &str, parent: &str| {
        source(id, &format!("id = \"{id}\"\nname = \"x\"\nversion = 1\nextends = \"{parent}\"\n"))
    };
    let circle = faults_of(&[link("satu", "dua"), link("dua", "satu")]);
    assert_eq!(circle.len(), 2);
    assert!(circle.iter().all(|fault| fault.line == 4 && fault.message.contains("berputar")), "{circle:#?}");
    let bare = faults_of(&[source("kosong", "")]);
    assert!(bare.iter().all(|fault| (fault.line, fault.column) == (1, 1)) && bare.len() == 3, "{bare:#?}");
}

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

// Laws

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
