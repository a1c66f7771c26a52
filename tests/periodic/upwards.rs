//! The region's report on its way upwards, targets and their law, periods that change, and figures that are held.

use super::{BOARD, DINKES, UNIT, figures, november, open, report, table};
use crate::support::app::{Engine, TestApp};
use crate::support::browser::Browser;
use crate::support::on_both;
use crate::warning_stories::{OWNER, act, sumut, warned};
use chrono::Duration;
use meja::app;
use meja::config::Config;
use meja::desk::Desk;
use meja::desk::report_running::Running;
use meja::desk::setup::installation;
use serde_json::{Value, json};
use std::sync::Arc;

on_both! {
    the_regions_report_goes_up_office_by_office = upwards;
    a_step_that_is_late_is_a_duty = late;
    a_report_is_judged_by_the_pack = judged;
    a_report_keeps_its_period_when_the_pack_changes_its_rhythm = rhythm;
    closings_and_how_cases_ended_stand_in_the_report = closings;
}

const REGION: &str = "/reports/LAP-2026-10";

async fn step(app: &TestApp, token: &str, place: i64, act: &str) -> crate::support::app::Answer {
    app.post(token, &format!("{REGION}/steps/{place}/{act}"), json!({"note": format!("ND {place}/2026")})).await
}

async fn upwards(engine: Engine) {
    let Some(app) = november(engine, "oki").await else { return };
    let drawn = report(&app, UNIT, "LAP-2026-10").await;
    let planned: Vec<(Value, Value)> =
        drawn["steps"].as_array().unwrap().iter().map(|it| (it["recipient"].clone(), it["due_on"].clone())).collect();
    assert_eq!(planned, [(json!("Sekretaris Daerah"), json!("2026-11-10")), (json!("Bupati"), json!("2026-11-15")),]);
    assert_eq!(report(&app, DINKES, "LAP-2026-10-DINKES").await["steps"], json!([]), "an agency's goes to the office");
    step(&app, UNIT, 1, "send").await.ok(409);
    app.post(UNIT, &format!("{REGION}/submit"), json!({})).await.ok(200);
    step(&app, DINKES, 1, "send").await.ok(404);
    step(&app, "demo-auditor", 1, "send").await.ok(403);
    step(&app, UNIT, 2, "send").await.ok(409);
    step(&app, UNIT, 3, "send").await.ok(404);
    step(&app, UNIT, 1, "lewat").await.ok(404);
    step(&app, BOARD, 1, "receive").await.ok(409);
    let long = json!({"note": "x".repeat(4001)});
    assert_eq!(app.post(UNIT, &format!("{REGION}/steps/1/send"), long).await.ok(422)["errors"][0]["field"], "note");
    app.post(UNIT, &format!("{REGION}/steps/1/send"), json!({"version": 1})).await.ok(409);
    let sent = step(&app, UNIT, 1, "send").await.ok(200);
    assert_eq!((&sent["edition"], &sent["sent_note"], &sent["late"]), (&json!(1), &json!("ND 1/2026"), &json!(false)));
    step(&app, UNIT, 1, "receive").await.ok(403);
    step(&app, UNIT, 2, "send").await.ok(409);
    step(&app, BOARD, 1, "receive").await.ok(200);
    step(&app, UNIT, 2, "send").await.ok(200);
    step(&app, BOARD, 2, "receive").await.ok(200);
    // A new edition goes the same way again.
    step(&app, UNIT, 1, "send").await.ok(409);
    app.post(UNIT, &format!("{REGION}/reissue"), json!({"reason": "Data dibetulkan"})).await.ok(200);
    let unit = app.desk.by_token(UNIT).await.unwrap();
    let kept = app.desk.report(&unit, "LAP-2026-10", None).await.unwrap();
    let head = kept.report.as_ref().unwrap();
    let states = kept.steps.iter().map(|step| step.state(head, &kept.steps, app.desk.now()).as_str());
    let states: Vec<&str> = states.collect();
    assert_eq!(states, ["ready", "waiting"], "what came was the edition before");
    step(&app, UNIT, 2, "send").await.ok(409);
    let again = step(&app, UNIT, 1, "send").await.ok(200);
    assert_eq!((&again["edition"], &again["received_at"]), (&json!(2), &Value::Null));
    app.audit_is_intact().await;
    let browser = Browser::at(&app.desk);
    browser.sign_in("tim.koordinasi@demo.test", meja::desk::demo::PASSWORD).await;
    let address = "/kerja/laporan/LAP-2026-10";
    browser.get(address).await.shows("Jalan laporan").shows("Bupati").shows("ND 1/2026");
    browser.fill(address, &format!("{address}/langkah/1/terima"), &[("note", "TT 7")]).await.is(303);
    browser.get(address).await.shows("TT 7");
    let trail = app.get(UNIT, "/duties?limit=100").await.ok(200);
    assert!(!trail["items"].as_array().unwrap().iter().any(|duty| duty["code"] == "report-step"), "nothing was late");
}

async fn late(engine: Engine) {
    let Some(app) = november(engine, "oki").await else { return };
    app.post(UNIT, &format!("{REGION}/submit"), json!({})).await.ok(200);
    app.clock("2026-11-10T23:59:59+07:00").await;
    assert_eq!(report(&app, UNIT, "LAP-2026-10").await["steps"][0]["late"], false);
    app.clock("2026-11-11T00:00:00+07:00").await;
    assert_eq!(report(&app, UNIT, "LAP-2026-10").await["steps"][0]["late"], true);
    let owed = async |state: &str| {
        let page = app.get(UNIT, &format!("/duties?state={state}&limit=100")).await.ok(200);
        page["items"].as_array().unwrap().iter().find(|duty| duty["code"] == "report-step").cloned()
    };
    let duty = owed("overdue").await.expect("the register knows");
    assert_eq!((&duty["due_on"], &duty["agency"]), (&json!("2026-11-10"), &json!("DISKOMINFO")));
    assert!(duty["what"].as_str().unwrap().contains("Sekretaris Daerah"), "{duty}");
    let sent = step(&app, UNIT, 1, "send").await.ok(200);
    assert_eq!(sent["late"], true, "it stays so");
    let done = owed("done").await.expect("caught up");
    assert!(done["evidence"].as_str().unwrap().contains("ND 1/2026"), "{done}");
    // Where the law stops at the office, nothing goes further.
    let Some(app) = november(engine, "singkawang").await else { return };
    assert_eq!(report(&app, UNIT, "LAP-2026-10").await["steps"], json!([]));
}

/// A pack of its own with these lines at the top and below the heads.
fn pack(folder: &std::path::Path, top: &str, tables: &str) {
    let text = format!(
        "id = \"zona\"\nextends = \"singkawang\"\nname = \"Kota Zona\"\nlaw = \"Perwali Zona 1/2026\"\nversion = 1\n{top}\n{tables}\n"
    );
    std::fs::write(folder.join("zona.toml"), text).unwrap();
}

async fn judged(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let tables = "[report]\nsla_target = 97.5\n[basis]\n\"report.sla_target\" = \"Perwali Zona 1/2026 Pasal 7\"";
    pack(folder.path(), "availability_notice = \"48h\"", tables);
    let now = "2026-10-01T08:00:00+07:00";
    let Some(app) = TestApp::with_packs(engine, "zona", now, Some(folder.path())).await else { return };
    let window = json!({"services": ["simpus"], "title": "Ganti peladen", "message": "Mati",
        "starts_at": "2026-10-02T20:00:00+07:00", "ends_at": "2026-10-02T21:00:00+07:00"});
    let planned = app.post(UNIT, "/maintenance", window).await.ok(201);
    assert_eq!(planned["late"], true, "36 hours are too few where 48 are asked");
    app.clock("2026-11-01T08:00:00+07:00").await;
    let drawn = report(&app, UNIT, "LAP-2026-10").await;
    let shown = figures(&drawn);
    assert_eq!(
        (&shown["sla-resolution"]["target"], &shown["sla-resolution"]["basis"]),
        (&json!(97.5), &json!("Perwali Zona 1/2026 Pasal 7"))
    );
    assert_eq!(
        (&shown["maintenance-notice"]["value"], &shown["maintenance-notice"]["basis"]),
        (&json!(48 * 3600), &json!(""))
    );
    assert_eq!((&shown["availability-target"]["value"], &shown["report-due-day"]["value"]), (&json!(99.5), &json!(5)));
    for unknown in ["security-incidents", "known-errors"] {
        assert_eq!((&shown[unknown]["value"], &shown[unknown]["unknown"]), (&Value::Null, &json!(true)), "{unknown}");
    }
    assert_eq!(shown["received"]["unknown"], false);
    assert_eq!((&shown["articles-added"]["value"], &shown["articles-used"]["value"]), (&json!(0), &json!(0)));
    let browser = Browser::at(&app.desk);
    browser.sign_in("superadmin@demo.test", meja::desk::demo::PASSWORD).await;
    let page = browser.get("/kerja/laporan/LAP-2026-10").await;
    page.shows("target 97,50 % (Perwali Zona 1/2026 Pasal 7)").shows("nilai bawaan, belum ditetapkan");
    page.shows("Belum ada sumber datanya di sistem ini");
}

async fn rhythm(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    pack(folder.path(), "", "");
    let now = "2026-10-01T08:00:00+07:00";
    let Some(app) = TestApp::with_packs(engine, "zona", now, Some(folder.path())).await else { return };
    for at in ["2026-10-05T08:00:00+07:00", "2026-11-05T08:00:00+07:00", "2026-11-06T08:00:00+07:00"] {
        app.clock(at).await;
        open(&app, "incident", "P4").await;
    }
    app.clock("2026-12-01T08:00:00+07:00").await;
    app.post(UNIT, &format!("{REGION}/submit"), json!({})).await.ok(200);
    // From now on by quarters.
    let other = tempfile::tempdir().unwrap();
    pack(other.path(), "", "[report]\nperiod = \"quarterly\"");
    let config = Config {
        data_dir: other.path().to_owned(),
        pack: "zona".to_owned(),
        policies_dir: Some(other.path().to_owned()),
        ..Config::default()
    };
    let mut found = installation(&app.desk.db).await.unwrap();
    found.is_demo = true;
    let desk = app::wire(&config, app.desk.db.clone(), found).unwrap();
    desk.clock.set(app.desk.now(), 0.0);
    let quarterly = TestApp::around(desk);
    quarterly.post(UNIT, &format!("{REGION}/reissue"), json!({"reason": "Data dibetulkan"})).await.ok(200);
    let again = report(&quarterly, UNIT, "LAP-2026-10").await;
    assert_eq!(figures(&again)["received"]["value"], json!(1), "October is October");
    let behind = quarterly.get(UNIT, &format!("{REGION}/tickets?figure=received")).await.ok(200);
    assert_eq!(behind["count"], json!(1));
    let november = quarterly.get(UNIT, "/reports/preview?month=2026-11").await.ok(200);
    assert_eq!((&november["code"], &figures(&november)["received"]["value"]), (&json!("LAP-2026-11"), &json!(2)));
    quarterly.clock("2027-01-01T08:00:00+07:00").await;
    let rest = report(&quarterly, UNIT, "LAP-2026-12").await;
    assert_eq!(
        (&rest["head"]["period_from"], &rest["head"]["period_to"]),
        (&json!("2026-12-01"), &json!("2027-01-01"))
    );
}

async fn closings(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", true).await else { return };
    let number = warned(&app).await;
    act(&app, UNIT, &number, "execute-closure", json!({"minutes": "Ditutup oleh petugas."})).await;
    let closed_at = app.desk.now();
    app.clock(&(closed_at + Duration::hours(10)).to_rfc3339()).await;
    let month = closed_at.format("%Y-%m").to_string();
    let drawn = app.get(UNIT, &format!("/reports/preview?month={month}")).await.ok(200);
    let case = table(&drawn, "cases").remove(0);
    assert_eq!((&case["order"], &case["order-state"]), (&json!("PNT-2026-0001"), &json!("in_force")), "{case}");
    assert_eq!(case["case-outcome"], Value::Null);
    let row =
        table(&drawn, "availability").into_iter().find(|row| row["by-order"] != json!(0)).expect("what was closed");
    let seconds = |name: &str| row[name].as_i64().unwrap();
    assert_eq!(seconds("by-order"), 10 * 3600, "{row}");
    assert_eq!(
        seconds("unavailable"),
        seconds("downtime") + seconds("by-order"),
        "closed is not disrupted, but not there"
    );
    assert!(table(&drawn, "availability-days").iter().any(|row| row["day-level"] == "closed"), "{drawn}");
    act(&app, OWNER, &number, "report-repair", json!({"report": "Sudah diperbaiki"})).await;
    act(&app, UNIT, &number, "verify-repair", json!({"repaired": true, "findings": "Lulus"})).await;
    act(&app, UNIT, &number, "reopen", json!({"note": "Dibuka kembali"})).await;
    let drawn = app.get(UNIT, &format!("/reports/preview?month={month}")).await.ok(200);
    let case = table(&drawn, "cases").remove(0);
    assert_eq!((&case["case-outcome"], &case["order-state"]), (&json!("reopened"), &json!("lifted")), "{case}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_that_took_long_serve_for_some_minutes() {
    let app = TestApp::new(Engine::Sqlite, "oki", "2026-10-05T08:00:00+07:00").await.unwrap();
    let received = async |app: &TestApp| {
        let preview = app.get(UNIT, "/reports/preview?month=2026-10").await.ok(200);
        figures(&preview)["received"]["value"].as_i64().unwrap()
    };
    let holding = TestApp::around(Desk { running: Arc::new(Running::holding(1)), ..app.desk.clone() });
    open(&app, "incident", "P4").await;
    assert_eq!((received(&app).await, received(&holding).await), (1, 1));
    open(&app, "incident", "P4").await;
    assert_eq!(received(&app).await, 2, "a small region is counted for each look");
    assert_eq!(received(&holding).await, 1, "a large one is held");
    app.clock("2026-10-05T08:05:00+07:00").await;
    assert_eq!(received(&holding).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dashboard_shows_every_question_with_its_table() {
    let app = TestApp::new(Engine::Sqlite, "singkawang", "2026-09-28T08:00:00+07:00").await.unwrap();
    super::october(&app).await;
    app.clock("2026-10-31T20:00:00+07:00").await;
    for (from, to) in [("2026-10-06T21:00:00+07:00", "2026-10-06T23:06:00+07:00")] {
        app.post(UNIT, "/outages", json!({"service": "simpus", "started_at": from, "ended_at": to})).await.ok(201);
    }
    app.post(UNIT, "/reports/LAP-2026-10/submit", json!({})).await.ok(200);
    app.post(UNIT, "/reports/LAP-2026-10/reissue", json!({"reason": "Gangguan dicatat"})).await.ok(200);
    let browser = Browser::at(&app.desk);
    browser.sign_in("superadmin@demo.test", meja::desk::demo::PASSWORD).await;
    let page = browser.get("/kerja/dasbor").await;
    for id in ["flow", "kept", "agencies", "ages", "kinds", "hours", "spread", "days", "path", "scores"] {
        page.shows(&format!("id=\"gambar-{id}-judul\""));
    }
    page.shows("87,80 % tiket selesai tepat waktu, di bawah target");
    browser.get("/kerja/laporan/LAP-2026-10").await.shows("87,80 % tiket selesai tepat waktu, di bawah target");
    page.shows("class=\"h h4\"").shows("class=\"d6 wide\"").shows("33 (82,50 %)");
    assert!(page.html.matches("figures-table").count() >= 10, "a table beside each");
    assert!(!page.html.contains(" style="), "no style in the page: the policy forbids it");
    let october = app.get(UNIT, "/reports/preview?month=2026-10").await.ok(200);
    let day = table(&october, "availability-days");
    assert_eq!(
        (&day[0]["day"], &day[0]["day-level"], &day[0]["downtime"]),
        (&json!("2026-10-06"), &json!("down"), &json!(7560))
    );
}
