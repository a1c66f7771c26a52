//! Periodic reports, driven through the API on the demo's clock, on both databases: the figures of story 10, the borders of
//! a month in three zones, and the life of a report.

use crate::support::app::{Engine, TestApp, readable};
use crate::support::on_both;
use poem::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

mod files;
mod upwards;

pub const UNIT: &str = "demo-superadmin";
const DINKES: &str = "demo-dinkes";
const BOARD: &str = "demo-koordinasi";
const WARGA: &str = "demo-warga";

on_both! {
    story_10_a_month_of_singkawang = story_10;
    a_month_begins_and_ends_at_local_midnight = borders;
    a_report_is_drawn_up_remarked_on_handed_in_and_received = life;
    a_report_nobody_hands_in_is_late_and_a_duty = late;
    a_new_edition_has_a_reason_and_the_old_one_stays = reissued;
    a_report_fulfils_the_duty_of_the_pack = fulfilled;
    what_moves_between_months_is_counted_once = counted_once;
    an_agency_sees_its_own_report_only = rights;
}

/// Opens a ticket on `e-office`, of which `demo-warga` is the reporter.
async fn open(app: &TestApp, kind: &str, priority: &str) -> String {
    let (impact, urgency) = if priority == "P1" { ("broad", "high") } else { ("limited", "low") };
    let body = json!({"subject": "Layar kosong", "description": "Tidak ada yang tampil di layar.", "kind": kind,
        "service": "e-office", "impact": impact, "urgency": urgency,
        "requester": {"name": "Warga Demo", "email": "warga@demo.test"}});
    let ticket = app.post(UNIT, "/tickets", body).await.ok(201);
    assert_eq!(ticket["priority"], priority, "{ticket}");
    ticket["number"].as_str().unwrap().to_owned()
}

async fn open_all(
    app: &TestApp,
    at: &str,
    kinds: &mut impl Iterator<Item = &'static str>,
    count: usize,
    priority: &str,
) -> Vec<String> {
    app.clock(at).await;
    let mut numbers = Vec::new();
    for _ in 0..count {
        numbers.push(open(app, kinds.next().unwrap(), priority).await);
    }
    numbers
}

async fn act(app: &TestApp, at: &str, numbers: &[String], verb: &str, body: Value) {
    app.clock(at).await;
    for number in numbers {
        app.post(UNIT, &format!("/tickets/{number}/{verb}"), body.clone()).await.ok(200);
    }
}

async fn reply(app: &TestApp, at: &str, numbers: &[String]) {
    app.clock(at).await;
    for number in numbers {
        let body = json!({"body": "Sedang kami periksa.", "visibility": "public"});
        app.post(UNIT, &format!("/tickets/{number}/messages"), body).await.ok(201);
    }
}

async fn resolve(app: &TestApp, at: &str, numbers: &[String]) {
    act(app, at, numbers, "resolve", json!({"solution": "Sudah diperbaiki.", "cause": "Peladen penuh"})).await;
}

/// The figures of a report by name.
pub fn figures(report: &Value) -> BTreeMap<String, Value> {
    let parts = report["parts"].as_array().unwrap();
    let all = parts.iter().flat_map(|part| part["figures"].as_array().unwrap());
    all.map(|figure| (figure["figure"].as_str().unwrap().to_owned(), figure.clone())).collect()
}

/// A table of a report by name.
pub fn table(report: &Value, name: &str) -> Vec<Value> {
    let tables = report["parts"].as_array().unwrap().iter().flat_map(|part| part["tables"].as_array().unwrap());
    let found = tables.into_iter().find(|table| table["table"] == name).unwrap_or_else(|| panic!("no table {name}"));
    found["rows"].as_array().unwrap().clone()
}

pub async fn report(app: &TestApp, token: &str, code: &str) -> Value {
    app.get(token, &format!("/reports/{code}")).await.ok(200)
}

#[track_caller]
fn is(figures: &BTreeMap<String, Value>, name: &str, value: Value) {
    assert_eq!(figures[name]["value"], value, "{name}: {}", figures[name]);
}

#[track_caller]
fn is_of(figures: &BTreeMap<String, Value>, name: &str, value: f64, part: i64, of: i64) {
    let figure = &figures[name];
    assert_eq!((&figure["value"], &figure["part"], &figure["of"]), (&json!(value), &json!(part), &json!(of)), "{name}");
}

/// The kinds of the forty tickets of story 10.
fn kinds() -> impl Iterator<Item = &'static str> {
    let counts = [("incident", 22), ("service_request", 9), ("complaint", 5), ("problem", 2), ("change", 2)];
    counts.into_iter().flat_map(|(kind, count)| std::iter::repeat_n(kind, count))
}

/// Replays the tickets of story 10 and leaves the clock at the beginning of November.
pub async fn october(app: &TestApp) {
    let mut kinds = kinds();
    app.clock("2026-09-30T15:00:00+07:00").await;
    let mut before = Vec::new();
    for _ in 0..6 {
        before.push(open(app, "incident", "P4").await);
    }
    reply(app, "2026-09-30T15:10:00+07:00", &before).await;
    resolve(app, "2026-10-01T09:00:00+07:00", &before).await;
    let first = open_all(app, "2026-10-05T08:00:00+07:00", &mut kinds, 15, "P4").await;
    resolve(app, "2026-10-05T09:00:00+07:00", &first).await;
    let handed = open_all(app, "2026-10-06T08:00:00+07:00", &mut kinds, 2, "P4").await;
    act(
        app,
        "2026-10-06T08:10:00+07:00",
        &handed,
        "escalate",
        json!({"reason": "Perlu akses peladen", "tried": "Mulai ulang"}),
    )
    .await;
    // What is handed over has not been answered by that.
    reply(app, "2026-10-06T08:20:00+07:00", &handed).await;
    resolve(app, "2026-10-06T10:00:00+07:00", &handed).await;
    let late = open_all(app, "2026-10-07T08:00:00+07:00", &mut kinds, 5, "P1").await;
    reply(app, "2026-10-07T08:10:00+07:00", &late).await;
    resolve(app, "2026-10-07T15:30:00+07:00", &late).await;
    let again = open_all(app, "2026-10-08T08:00:00+07:00", &mut kinds, 3, "P4").await;
    resolve(app, "2026-10-08T09:00:00+07:00", &again).await;
    act(app, "2026-10-08T10:00:00+07:00", &again, "reopen", json!({"reason": "Muncul lagi"})).await;
    resolve(app, "2026-10-08T11:00:00+07:00", &again).await;
    let slow = open_all(app, "2026-10-09T08:00:00+07:00", &mut kinds, 2, "P4").await;
    reply(app, "2026-10-12T09:00:00+07:00", &slow).await;
    resolve(app, "2026-10-12T09:30:00+07:00", &slow).await;
    let plain = open_all(app, "2026-10-13T08:00:00+07:00", &mut kinds, 8, "P4").await;
    reply(app, "2026-10-13T08:10:00+07:00", &plain).await;
    resolve(app, "2026-10-13T09:00:00+07:00", &plain).await;
    let rated = [first, plain, handed].concat();
    let scores = [[5; 12].as_slice(), &[4; 8], &[3; 3], &[2, 1]].concat();
    for (number, score) in rated.iter().zip(&scores) {
        let body = json!({"score": score, "comment": ""});
        app.post(WARGA, &format!("/tickets/{number}/ratings"), body).await.ok(201);
    }
    assert_eq!(scores.len(), 25);
    let open = open_all(app, "2026-10-30T15:00:00+07:00", &mut kinds, 5, "P4").await;
    reply(app, "2026-10-30T15:10:00+07:00", &open).await;
    app.clock("2026-11-01T00:00:00+07:00").await;
}

async fn outage(app: &TestApp, service: &str, from: &str, to: &str) {
    let body = json!({"service": service, "started_at": from, "ended_at": to});
    app.post(UNIT, "/outages", body).await.ok(201);
}

async fn story_10(engine: Engine) {
    let Some(app) = TestApp::new(engine, "singkawang", "2026-09-28T08:00:00+07:00").await else { return };
    let window = json!({"services": ["simpus"], "title": "Ganti peladen", "message": "SIMPUS tidak dapat dibuka.",
        "starts_at": "2026-10-11T01:00:00+07:00", "ends_at": "2026-10-11T03:00:00+07:00"});
    app.post(UNIT, "/maintenance", window).await.ok(201);
    let promise = json!({"calendar": null, "target": 99.5});
    app.call(Method::PUT, "demo-pemilik-dinkes", "/availability/simpus", Some(promise), &[]).await.ok(200);
    october(&app).await;
    let drawn = report(&app, UNIT, "LAP-2026-10").await;
    let shown = figures(&drawn);
    for (name, value) in [("opening", 6), ("received", 40), ("resolved", 41), ("closing", 5), ("opened-again", 0)] {
        is(&shown, name, json!(value));
    }
    let by_kind: Vec<(Value, Value)> =
        table(&drawn, "by-kind").iter().map(|row| (row["by-kind"].clone(), row["received"].clone())).collect();
    let expected = [("complaint", 5), ("incident", 22), ("problem", 2), ("service_request", 9), ("change", 2)];
    assert_eq!(by_kind, expected.map(|(kind, count)| (json!(kind), json!(count))));
    is_of(&shown, "sla-resolution", 87.8, 36, 41);
    is_of(&shown, "sla-response", 95.0, 38, 40);
    is_of(&shown, "escalated-share", 17.5, 7, 40);
    is_of(&shown, "first-contact-share", 36.59, 15, 41);
    is_of(&shown, "reopened-share", 7.32, 3, 41);
    is_of(&shown, "satisfaction-rate", 60.98, 25, 41);
    assert_eq!((&shown["satisfaction-score"]["value"], &shown["satisfaction-score"]["of"]), (&json!(4.16), &json!(25)));
    // No loophole: late ones are named with who held them, reopenings are counted, pauses are shown.
    for (name, value) in [("late-second-line", 5), ("late-first-line", 0), ("reopenings", 3), ("answered-late", 2)] {
        is(&shown, name, json!(value));
    }
    let late = table(&drawn, "breaches");
    assert_eq!(late.len(), 5);
    assert_eq!((&late[0]["cause"], &late[0]["line"]), (&json!("Peladen penuh"), &json!("tier2")), "{}", late[0]);
    // P1 is due after four working hours: 12.00 is 4 h later; 13.00 to 15.30 are 2 h 30 m.
    assert_eq!((&late[0]["due"], &late[0]["over"]), (&json!("2026-10-07T05:00:00Z"), &json!(9000)));
    // Availability that was recorded after the report was drawn up comes with its next edition.
    app.clock("2026-11-02T08:00:00+07:00").await;
    outage(&app, "simpus", "2026-10-06T21:00:00+07:00", "2026-10-06T23:06:00+07:00").await;
    outage(&app, "simpus", "2026-10-20T04:10:00+07:00", "2026-10-20T05:02:00+07:00").await;
    outage(&app, "e-office", "2026-10-15T15:40:00+07:00", "2026-10-16T07:55:00+07:00").await;
    app.post(UNIT, "/reports/LAP-2026-10/submit", json!({})).await.ok(200);
    app.post(UNIT, "/reports/LAP-2026-10/reissue", json!({"reason": "Gangguan dicatat kemudian"})).await.ok(200);
    let mended = report(&app, UNIT, "LAP-2026-10").await;
    let rows = table(&mended, "availability");
    let of =
        |name: &str| rows.iter().find(|row| row["service"].as_str().unwrap().to_lowercase().contains(name)).unwrap();
    let (a, b) = (of("simpus"), of("office"));
    assert_eq!((&a["availability"], &a["mttr"], &a["outages"]), (&json!(99.6), &json!(89 * 60), &json!(2)), "{a}");
    assert_eq!((&a["agreed"], &a["planned"], &a["downtime"]), (&json!(44_520 * 60), &json!(7200), &json!(178 * 60)));
    assert_eq!(
        (&b["availability"], &b["agreed"], &b["downtime"]),
        (&json!(99.55), &json!(9_900 * 60), &json!(45 * 60))
    );
    // Everything else is as it was.
    let again = figures(&mended);
    for name in ["opening", "received", "resolved", "closing", "sla-resolution", "first-contact-share", "sla-response"]
    {
        assert_eq!(again[name], shown[name], "{name}");
    }
    // Every figure leads to exactly its tickets.
    for (figure, count) in
        [("received", 40), ("resolved-late", 5), ("closing", 5), ("escalated", 7), ("first-contact", 15)]
    {
        let page = app.get(UNIT, &format!("/reports/LAP-2026-10/tickets?figure={figure}&limit=100")).await.ok(200);
        assert_eq!((&page["count"], page["items"].as_array().unwrap().len()), (&json!(count), count), "{figure}");
    }
    app.audit_is_intact().await;
}

/// A pack in another zone.
fn zoned(zone: &str) -> String {
    format!(
        "id = \"zona\"\nextends = \"singkawang\"\nname = \"Kota Zona\"\nlaw = \"Perwali Zona 1/2026\"\nversion = 1\nzone = \"{zone}\"\n"
    )
}

async fn borders(engine: Engine) {
    for (zone, offset) in [("Asia/Pontianak", "+07:00"), ("Asia/Makassar", "+08:00"), ("Asia/Jayapura", "+09:00")] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("zona.toml"), zoned(zone)).unwrap();
        let now = format!("2026-09-30T20:00:00{offset}");
        let Some(app) = TestApp::with_packs(engine, "zona", &now, Some(folder.path())).await else { return };
        for at in ["2026-09-30T23:59:59", "2026-10-01T00:00:00", "2026-10-31T23:59:59", "2026-11-01T00:00:00"] {
            app.clock(&format!("{at}{offset}")).await;
            open(&app, "incident", "P4").await;
        }
        app.clock(&format!("2026-12-01T00:00:00{offset}")).await;
        for (month, opening, received, closing) in [("09", 0, 1, 1), ("10", 1, 2, 3), ("11", 3, 1, 4)] {
            let drawn = report(&app, UNIT, &format!("LAP-2026-{month}")).await;
            let shown = figures(&drawn);
            for (name, value) in [("opening", opening), ("received", received), ("closing", closing)] {
                assert_eq!(shown[name]["value"], json!(value), "{name} of {month} in {zone}");
            }
        }
        let october = report(&app, UNIT, "LAP-2026-10").await;
        let local = format!("2026-10-01T00:00:00{offset}").parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        assert_eq!(october["head"]["from"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap(), local);
        assert_eq!(october["head"]["zone"], zone);
    }
}

/// A region at the beginning of November with one ticket in October.
async fn november(engine: Engine, pack: &str) -> Option<TestApp> {
    let app = TestApp::new(engine, pack, "2026-10-15T08:00:00+07:00").await?;
    let body = json!({"subject": "SIMPUS mati", "description": "Layar kosong sejak pagi", "kind": "incident", "service": "simpus"});
    let ticket = app.post(DINKES, "/tickets", body).await.ok(201);
    app.clock("2026-10-15T08:05:00+07:00").await;
    let path = format!("/tickets/{}/resolve", ticket["number"].as_str().unwrap());
    app.post(UNIT, &path, json!({"solution": "Sudah hidup"})).await.ok(200);
    app.clock("2026-11-01T08:00:00+07:00").await;
    Some(app)
}

const OURS: &str = "/reports/LAP-2026-10-DINKES";

async fn life(engine: Engine) {
    let Some(app) = november(engine, "oki").await else { return };
    let mails = app.mails_to("admin.dinkes@demo.test").await;
    let told =
        mails.iter().map(readable).find(|mail| mail.contains("LAP-2026-10-DINKES")).expect("a mail with the link");
    assert!(told.contains("Kamis, 5 November 2026") && told.contains("/kerja/laporan/LAP-2026-10-DINKES"), "{told}");
    let list = app.get(DINKES, "/reports").await.ok(200);
    assert_eq!(
        (&list["items"][0]["code"], &list["items"][0]["due_on"]),
        (&json!("LAP-2026-10-DINKES"), &json!("2026-11-05"))
    );
    let remarks = json!({"obstacles": "Listrik padam dua kali", "recommendations": "Genset", "version": 1});
    let row = app.post(DINKES, &format!("{OURS}/remarks"), remarks.clone()).await.ok(200);
    assert_eq!((&row["version"], &row["state"]), (&json!(2), &json!("draft")));
    app.post(DINKES, &format!("{OURS}/remarks"), remarks).await.ok(409);
    let long = json!({"obstacles": "x".repeat(4001), "recommendations": ""});
    assert_eq!(app.post(DINKES, &format!("{OURS}/remarks"), long).await.ok(422)["errors"][0]["field"], "obstacles");
    app.post(UNIT, &format!("{OURS}/receive"), json!({})).await.ok(409);
    let headers = [("Idempotency-Key", "sekali")];
    let send = || app.call(Method::POST, DINKES, "/reports/LAP-2026-10-DINKES/submit", Some(json!({})), &headers);
    let sent = send().await.ok(200);
    assert_eq!(
        (&sent["state"], &sent["late"], &sent["submitted_by_clock"]),
        (&json!("submitted"), &json!(false), &json!(false))
    );
    assert_eq!(send().await.ok(200)["version"], sent["version"], "a second tap changes nothing");
    app.post(DINKES, &format!("{OURS}/receive"), json!({})).await.ok(403);
    let got = app.post(UNIT, &format!("{OURS}/receive"), json!({})).await.ok(200);
    assert_eq!(got["state"], "received");
    app.post(DINKES, &format!("{OURS}/submit"), json!({})).await.ok(409);
    let whole = report(&app, DINKES, "LAP-2026-10-DINKES").await;
    assert_eq!(
        (&whole["obstacles"], &whole["parts"].as_array().unwrap().len()),
        (&json!("Listrik padam dua kali"), &14)
    );
    let code = whole["authenticity"].as_str().expect("a code").to_owned();
    let verdict = app.desk.check_document(&code, "", "uji").await.unwrap();
    assert_eq!(verdict.document.expect("a document").sha256, whole["digest"].as_str().unwrap());
    // Nothing is late, so the register knows nothing of it.
    app.clock("2026-11-06T08:00:00+07:00").await;
    let duties = app.get(UNIT, "/duties?agency=DINKES&limit=100").await.ok(200);
    assert!(!duties["items"].as_array().unwrap().iter().any(|duty| duty["code"] == "periodic-report"), "{duties}");
    // The region's own report goes up to the coordination team.
    app.post(UNIT, "/reports/LAP-2026-10/receive", json!({})).await.ok(403);
    let up = app.post(BOARD, "/reports/LAP-2026-10/receive", json!({})).await.ok(200);
    assert_eq!((&up["state"], &up["late"]), (&json!("received"), &json!(true)));
    app.audit_is_intact().await;
}

async fn late(engine: Engine) {
    let Some(app) = november(engine, "singkawang").await else { return };
    app.clock("2026-11-05T23:59:59+07:00").await;
    assert_eq!(app.get(UNIT, OURS).await.ok(200)["state"], "draft");
    app.clock("2026-11-06T00:00:00+07:00").await;
    let row = app.get(UNIT, OURS).await.ok(200);
    assert_eq!(
        (&row["state"], &row["late"], &row["submitted_by_clock"]),
        (&json!("submitted"), &json!(true), &json!(true))
    );
    let duties = app.get(UNIT, "/duties?agency=DINKES&state=overdue").await.ok(200);
    let duty = duties["items"].as_array().unwrap().iter().find(|duty| duty["code"] == "periodic-report").unwrap();
    assert_eq!((&duty["due_on"], &duty["period"]["from"]), (&json!("2026-11-05"), &json!("2026-10-01")));
    assert_eq!(duty["source"], "Perwali Singkawang 101/2021 Pasal 41 ayat (6)");
    // The agency confirms it: the duty is done, late.
    app.clock("2026-11-09T08:00:00+07:00").await;
    app.post(DINKES, &format!("{OURS}/remarks"), json!({"obstacles": "Petugas sakit"})).await.ok(200);
    let sent = app.post(DINKES, &format!("{OURS}/submit"), json!({})).await.ok(200);
    assert_eq!((&sent["late"], &sent["submitted_by_clock"]), (&json!(true), &json!(false)));
    let duties = app.get(UNIT, "/duties?agency=DINKES&state=done").await.ok(200);
    let duty = duties["items"].as_array().unwrap().iter().find(|duty| duty["code"] == "periodic-report").unwrap();
    assert_eq!(duty["late"], true);
    app.audit_is_intact().await;
}

async fn reissued(engine: Engine) {
    let Some(app) = november(engine, "oki").await else { return };
    let first = report(&app, DINKES, "LAP-2026-10-DINKES").await;
    app.post(DINKES, &format!("{OURS}/reissue"), json!({"reason": "x"})).await.ok(409);
    app.post(DINKES, &format!("{OURS}/submit"), json!({})).await.ok(200);
    app.post(UNIT, &format!("{OURS}/receive"), json!({})).await.ok(200);
    assert_eq!(
        app.post(DINKES, &format!("{OURS}/reissue"), json!({"reason": " "})).await.ok(422)["errors"][0]["field"],
        "reason"
    );
    let again = app.post(DINKES, &format!("{OURS}/reissue"), json!({"reason": "Data dibetulkan"})).await.ok(200);
    assert_eq!(
        (&again["edition"], &again["state"], &again["received_at"]),
        (&json!(2), &json!("submitted"), &Value::Null)
    );
    let whole = report(&app, DINKES, "LAP-2026-10-DINKES").await;
    let editions: Vec<&Value> = whole["editions"].as_array().unwrap().iter().map(|it| &it["reason"]).collect();
    assert_eq!(editions, [&json!("Data dibetulkan"), &json!("")]);
    let old = app.get(DINKES, &format!("{OURS}?edition=1")).await.ok(200);
    assert_eq!((&old["parts"], &old["digest"]), (&first["parts"], &first["digest"]), "the old edition stays");
    app.get(DINKES, &format!("{OURS}?edition=3")).await.ok(404);
    let old_code = old["authenticity"].as_str().unwrap().to_owned();
    let verdict = app.desk.check_document(&old_code, "", "uji").await.unwrap().document.unwrap();
    assert_eq!(verdict.superseded_by.as_deref(), whole["authenticity"].as_str());
    app.audit_is_intact().await;
}

async fn fulfilled(engine: Engine) {
    let Some(app) = november(engine, "sumut").await else { return };
    let owed = |state: &str| format!("/duties?agency=DINKES&state={state}&limit=100");
    let is_term = |duty: &Value| duty["code"] == "laporan-aplikasi" && duty["period"]["from"] == "2026-11-01";
    let open = app.get(UNIT, &owed("open")).await.ok(200);
    assert!(open["items"].as_array().unwrap().iter().any(is_term), "{open}");
    app.post(DINKES, &format!("{OURS}/submit"), json!({})).await.ok(200);
    let done = app.get(UNIT, &owed("done")).await.ok(200);
    let duty =
        done["items"].as_array().unwrap().iter().find(|duty| is_term(duty)).expect("the duty of November is done");
    assert!(duty["evidence"].as_str().unwrap().contains("LAP-2026-10-DINKES"));
}

async fn counted_once(engine: Engine) {
    let Some(app) = TestApp::new(engine, "singkawang", "2026-09-28T08:00:00+07:00").await else { return };
    let reopened = open(&app, "incident", "P4").await;
    let (merged, kept) = (open(&app, "incident", "P4").await, open(&app, "incident", "P4").await);
    let numbers = [reopened.clone()];
    resolve(&app, "2026-09-30T09:00:00+07:00", &numbers).await;
    // Merged in the month it came in: it never was one of its own. Solved in September, open again in October.
    act(&app, "2026-09-30T10:00:00+07:00", &[merged], "merge", json!({"into": kept})).await;
    act(&app, "2026-10-01T08:00:00+07:00", &numbers, "reopen", json!({"reason": "Muncul lagi"})).await;
    app.clock("2026-11-01T08:00:00+07:00").await;
    resolve(&app, "2026-11-02T08:00:00+07:00", &numbers).await;
    app.clock("2026-12-01T08:00:00+07:00").await;
    let month = |code: &'static str| {
        let app = &app;
        async move { figures(&report(app, UNIT, code).await) }
    };
    let (september, october, november) =
        (month("LAP-2026-09").await, month("LAP-2026-10").await, month("LAP-2026-11").await);
    for (name, value) in [("received", 2), ("merged-received", 1), ("resolved", 1), ("closing", 1)] {
        is(&september, name, json!(value));
    }
    for (name, value) in [("opening", 1), ("opened-again", 1), ("resolved", 0), ("closing", 2), ("breached-open", 2)] {
        is(&october, name, json!(value));
    }
    for (name, value) in [("opening", 2), ("resolved", 1), ("resolved-late", 1), ("closing", 1)] {
        is(&november, name, json!(value));
    }
    assert_eq!(october["sla-resolution"]["value"], Value::Null, "nothing was solved");
    for figures in [&september, &october, &november] {
        let of = |name: &str| figures[name]["value"].as_i64().unwrap();
        let left = of("opening") + of("received") + of("opened-again")
            - of("resolved")
            - of("closed-silent")
            - of("merged-earlier");
        assert_eq!(left, of("closing"));
    }
}

async fn rights(engine: Engine) {
    let Some(app) = november(engine, "oki").await else { return };
    app.get(DINKES, "/reports/LAP-2026-10-DISDUKCAPIL").await.ok(404);
    app.get(DINKES, "/reports/LAP-2026-10").await.ok(404);
    app.get(WARGA, OURS).await.ok(404);
    app.get(WARGA, "/reports").await.ok(403);
    app.post("demo-auditor", &format!("{OURS}/submit"), json!({})).await.ok(403);
    let seen = app.get("demo-auditor", "/reports?limit=100").await.ok(200);
    assert_eq!(seen["items"].as_array().unwrap().len(), 6, "five agencies and the region");
    let preview = app.get(DINKES, "/reports/preview?month=2026-11&agency=DINKES").await.ok(200);
    assert_eq!((&preview["head"]["provisional"], &preview["state"]), (&json!(true), &Value::Null));
    app.get(DINKES, "/reports/preview?month=2026-12&agency=DINKES").await.ok(404);
    app.get(DINKES, "/reports/preview?month=2026-11&agency=BKD").await.ok(404);
    assert_eq!(app.get(DINKES, "/reports/preview?month=13&agency=DINKES").await.ok(422)["errors"][0]["field"], "month");
}
