//! Stories of the domain, worked by hand, and the single rules behind them.

use super::{pack, pause, wib};
use meja::domain::ticket::Priority;
use meja::policy::{Pause, explain};

/// Response, transfer, warning and resolution in WIB to the second, as the office of OKI counts.
fn due(profile: &str, priority: Priority, opened: &str, pauses: &[Pause]) -> [String; 4] {
    due_in("oki", profile, priority, opened, pauses)
}

/// The same of any region; all of them have the clocks of Western Indonesia.
fn due_in(id: &str, profile: &str, priority: Priority, opened: &str, pauses: &[Pause]) -> [String; 4] {
    let pack = pack(id);
    let explained = explain(&pack, profile, priority, wib(opened), pauses).expect("deadlines");
    [explained.response_due, explained.transfer_due, explained.warn_due, explained.resolution_due]
        .map(|at| at.map_or_else(|| "waits".to_owned(), |at| at.0.format("%F %T").to_string()))
}

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
    assert_eq!(due_in("sumut", "KRITIS-24x7", Priority::P1, "2026-03-21 02:35", &[]), expected);
}

#[test]
fn story_2_friday_prayer_break() {
    let expected = ["2026-04-10 13:15:00", "2026-04-10 14:45:00", "2026-04-10 15:57:00", "2026-04-13 07:45:00"];
    assert_eq!(due_in("karanganyar", "JAM-KERJA", Priority::P1, "2026-04-10 11:15", &[]), expected);
}

#[test]
fn story_5_a_pause_moves_what_is_not_yet_reached() {
    let in_singkawang = |pauses: &[Pause]| due_in("singkawang", "JAM-KERJA", Priority::P3, "2026-10-05 09:00", pauses);
    assert_eq!(pack("singkawang").zone, chrono_tz::Asia::Pontianak);
    let unpaused = in_singkawang(&[]);
    assert_eq!(unpaused[3], "2026-10-07 09:00:00");
    let paused = in_singkawang(&[pause("2026-10-05 10:30", "2026-10-07 14:15")]);
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
