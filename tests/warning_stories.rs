//! Story 8 of the domain (the warning letter ladder) and what belongs to it, driven through the API, on both databases.

use crate::stories::wib;
use crate::support::app::{Engine, TestApp, readable};
use crate::support::on_both;
use serde_json::{Value, json};

on_both! {
    story_8_the_ladder_to_the_minute = story_8;
    story_8_a_repair_in_time_closes_the_case = repaired_in_time;
    story_8_in_literal_mode_the_first_letter_orders = literal;
    terms_missed_while_nobody_looked_fire_once = catch_up;
    one_case_for_a_service_and_further_breaches_join_it = one_case;
    not_closed_with_a_reason_is_an_end = not_closed;
}

pub(crate) const DINAS: &str = "demo-superadmin";
pub(crate) const TEAM: &str = "demo-koordinasi";
pub(crate) const OWNER: &str = "demo-kepala-dpmptsp";

/// Sumatera Utara; `literal`: closing on the first letter.
pub(crate) async fn sumut(engine: Engine, now: &str, literal: bool) -> Option<TestApp> {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string("sla_policies/sumut.toml").unwrap();
    let text = if literal { text.replace("literal_mode = false", "literal_mode = true") } else { text };
    std::fs::write(folder.path().join("sumut.toml"), text).unwrap();
    TestApp::with_packs(engine, "sumut", now, Some(folder.path())).await
}

/// A disruption of e-Perizinan on Idulfitri that nobody solves in time (story 4).
pub(crate) async fn breach(app: &TestApp) -> String {
    let report = json!({"subject": "e-Perizinan mati", "description": "Tidak menjawab sejak dini hari", "service": "e-perizinan",
        "kind": "incident", "impact": "broad", "urgency": "high", "outage": true});
    let ticket = app.post(DINAS, "/tickets", report).await.ok(201);
    assert_eq!((&ticket["priority"], &ticket["sla"]["profile"]), (&json!("P1"), &json!("KRITIS-24x7")));
    ticket["number"].as_str().unwrap().to_owned()
}

pub(crate) async fn only_case(app: &TestApp) -> Value {
    case_of(app, "e-perizinan").await
}

/// The only case of a service; neglected duties have cases of their own.
pub(crate) async fn case_of(app: &TestApp, service: &str) -> Value {
    let page = app.get(TEAM, &format!("/warning-cases?service={service}")).await.ok(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
    let number = page["items"][0]["number"].as_str().unwrap();
    app.get(TEAM, &format!("/warning-cases/{number}")).await.ok(200)
}

pub(crate) async fn act(app: &TestApp, token: &str, number: &str, verb: &str, body: Value) -> Value {
    app.post(token, &format!("/warning-cases/{number}/{verb}"), body).await.ok(200)
}

pub(crate) async fn facts(app: &TestApp, number: &str) -> Vec<(String, Value)> {
    let page = app.get("demo-auditor", &format!("/warning-cases/{number}/events?limit=200")).await.ok(200);
    let items = page["items"].as_array().unwrap().iter();
    items.map(|event| (event["kind"].as_str().unwrap().to_owned(), event.clone())).collect()
}

fn receipt(number: &str) -> Value {
    json!({"number": number, "receipt": "Tanda terima sekretariat"})
}

/// From the breach to the received surat peringatan on Thursday 26 March at 10:00.
pub(crate) async fn warned(app: &TestApp) -> String {
    breach(app).await;
    app.clock("2026-03-25T10:00:00+07:00").await;
    let number = only_case(app).await["number"].as_str().unwrap().to_owned();
    act(app, DINAS, &number, "send-dossier", json!({"note": "Satu tiket P1"})).await;
    app.clock("2026-03-26T10:00:00+07:00").await;
    let body = json!({"reason": "Waktu penyelesaian tidak terpenuhi", "elsewhere": true});
    act(app, TEAM, &number, "issue-letter", body).await;
    act(app, TEAM, &number, "record-receipt", receipt("500.12/0001/TK/2026")).await;
    number
}

async fn story_8(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    let ticket = breach(&app).await;
    app.clock("2026-03-21T06:34:59+07:00").await;
    assert_eq!(app.get(TEAM, "/warning-cases").await.ok(200)["items"], json!([]));
    app.clock("2026-03-21T06:35:00+07:00").await;
    let case = only_case(&app).await;
    let number = case["number"].as_str().unwrap().to_owned();
    assert_eq!(number, "PRK-2026-0001");
    assert_eq!(
        (&case["state"], &case["term"], &case["agency"]),
        (&json!("open"), &json!("dossier"), &json!("DPMPTSP"))
    );
    assert_eq!(case["opened_at"], wib("2026-03-21T06:35"));
    // Sunday is Idulfitri, Monday and Tuesday joint leave.
    assert_eq!(case["due_at"], wib("2026-03-25T16:00"));
    app.clock("2026-03-21T07:50:00+07:00").await;
    let solution = json!({"solution": "Peladen dipulihkan"});
    app.post(DINAS, &format!("/tickets/{ticket}/resolve"), solution).await.ok(200);
    evidence_stands(&app, &number, &ticket).await;

    app.clock("2026-03-25T15:00:00+07:00").await;
    let case = act(&app, DINAS, &number, "send-dossier", json!({"note": ""})).await;
    assert_eq!((&case["state"], &case["term"]), (&json!("dossier_sent"), &Value::Null));

    app.clock("2026-03-26T10:00:00+07:00").await;
    let body = json!({"reason": "Waktu penyelesaian tidak terpenuhi", "elsewhere": true});
    let case = act(&app, TEAM, &number, "issue-letter", body).await;
    assert_eq!(case["state"], "letter_pending");
    assert_eq!(case["ladder"][0]["addressee"], "Kepala Dinas");
    assert_eq!(case["ladder"][0]["copies"][0], "Kepala perangkat daerah pemilik layanan");
    let case = act(&app, TEAM, &number, "record-receipt", receipt("500.12/0001/TK/2026")).await;
    assert_eq!((&case["state"], &case["term"]), (&json!("curing"), &json!("cure")));
    // Friday 27, Monday 30, Tuesday 31.
    assert_eq!((&case["due_at"], &case["order"]), (&json!(wib("2026-03-31T16:00")), &Value::Null));

    app.clock("2026-03-31T15:59:59+07:00").await;
    assert_eq!(only_case(&app).await["state"], "curing");
    app.clock("2026-03-31T16:00:00+07:00").await;
    assert_eq!(only_case(&app).await["state"], "uncured");
    let warned: Vec<String> =
        app.mails_to("kepala.dpmptsp@demo.test").await.iter().map(|mail| mail.subject.clone()).collect();
    assert!(warned.iter().any(|subject| subject.contains("Pengingat batas waktu")), "{warned:?}");

    reprimanded_and_closed(&app, &number).await;
    app.audit_is_intact().await;
}

async fn evidence_stands(app: &TestApp, number: &str, ticket: &str) {
    let case = app.get(TEAM, &format!("/warning-cases/{number}")).await.ok(200);
    let proof = &case["tickets"][0];
    assert_eq!((&proof["number"], &proof["over_seconds"]), (&json!(ticket), &json!(75 * 60)));
    let events = app.events(ticket).await;
    let breached = TestApp::event(&events, "breached");
    assert_eq!((&proof["chain_seq"], &proof["chain_hash"]), (&breached["seq"], &breached["hash"]));
    assert_eq!(proof["evidence"]["chain"]["hash"], breached["hash"]);
    assert_eq!(proof["evidence"]["clocks"].as_array().unwrap().len(), 4, "{proof}");
}

/// From the missed cure period to the end.
async fn reprimanded_and_closed(app: &TestApp, number: &str) {
    let body = json!({"reason": "Masa perbaikan lewat", "elsewhere": true});
    act(app, TEAM, number, "issue-letter", body).await;
    app.clock("2026-04-01T09:30:00+07:00").await;
    let case = act(app, TEAM, number, "record-receipt", receipt("500.12/0002/TK/2026")).await;
    assert_eq!((&case["state"], &case["order"]), (&json!("closure_due"), &json!("ordered")));
    // Hours of the clock, not of the office.
    assert_eq!((&case["term"], &case["due_at"]), (&json!("execution"), &json!(wib("2026-04-02T09:30"))));
    let order = case["suspensions"][0].as_str().unwrap().to_owned();
    let shown = app.get(DINAS, &format!("/suspensions/{order}")).await.ok(200);
    assert_eq!(shown["endpoints"], json!(["https://izin.demo.test", "https://izin.demo.test/api"]));
    assert_eq!((&shown["state"], &shown["notice"]), (&json!("ordered"), &Value::Null));
    app.clock("2026-04-02T08:00:00+07:00").await;
    let case = act(app, DINAS, number, "execute-closure", json!({"minutes": "Ditutup oleh Yoga di pusat data."})).await;
    assert_eq!((&case["state"], &case["order"]), (&json!("suspended"), &json!("in_force")));

    app.clock("2026-04-06T11:00:00+07:00").await;
    let case = act(app, OWNER, number, "report-repair", json!({"report": "Peladen cadangan terpasang"})).await;
    assert_eq!((&case["state"], &case["due_at"]), (&json!("repair_reported"), &json!(wib("2026-04-07T16:00"))));
    app.clock("2026-04-07T15:00:00+07:00").await;
    let verdict = json!({"repaired": true, "findings": "Uji beban lulus"});
    let case = act(app, DINAS, number, "verify-repair", verdict).await;
    assert_eq!((&case["state"], &case["order"]), (&json!("repair_verified"), &json!("in_force")));
    let case = act(app, DINAS, number, "reopen", json!({"note": "Dibuka kembali"})).await;
    assert_eq!((&case["state"], &case["outcome"]), (&json!("ended"), &json!("reopened")));
    let shown = app.get(TEAM, &format!("/suspensions/{order}")).await.ok(200);
    assert_eq!((&shown["state"], &shown["lifted_at"]), (&json!("lifted"), &json!(wib("2026-04-07T15:00"))));
    let kinds: Vec<String> = facts(app, number).await.into_iter().map(|fact| fact.0).collect();
    let expected = [
        "case_opened",
        "ticket_joined",
        "term_reminded",
        "dossier_sent",
        "letter_drafted",
        "letter_received",
        "term_reminded",
        "cure_missed",
        "letter_drafted",
        "closure_ordered",
        "letter_received",
        "term_reminded",
        "closure_executed",
        "repair_reported",
        "term_reminded",
        "repair_confirmed",
        "service_reopened",
    ];
    assert_eq!(kinds, expected);
    let march = "2026-03-01T00:00:00Z".parse().unwrap();
    let records = app.desk.availability_records(march, app.desk.now()).await.unwrap();
    let measured = records.of("e-perizinan", march, app.desk.now()).unwrap();
    assert_eq!(measured.closed.len(), 1, "time closed under an order stands apart");
}

async fn repaired_in_time(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    let number = warned(&app).await;
    app.clock("2026-03-30T09:00:00+07:00").await;
    let case = act(&app, OWNER, &number, "report-repair", json!({"report": "Sudah diperbaiki"})).await;
    assert_eq!(case["due_at"], wib("2026-03-31T16:00"));
    // The repair is none: the rest of the time to repair goes on.
    let none = json!({"repaired": false, "findings": "Masih galat"});
    let case = act(&app, DINAS, &number, "verify-repair", none.clone()).await;
    assert_eq!((&case["state"], &case["due_at"]), (&json!("curing"), &json!(wib("2026-03-31T16:00"))));
    act(&app, OWNER, &number, "report-repair", json!({"report": "Diperbaiki lagi"})).await;
    // The time to repair does not run out while somebody verifies.
    app.clock("2026-04-01T09:00:00+07:00").await;
    assert_eq!(only_case(&app).await["state"], "repair_reported");
    let case = act(&app, DINAS, &number, "verify-repair", none).await;
    assert_eq!(case["state"], "uncured");
    act(&app, OWNER, &number, "report-repair", json!({"report": "Kali ketiga"})).await;
    let good = json!({"repaired": true, "findings": "Lulus uji"});
    let case = act(&app, DINAS, &number, "verify-repair", good).await;
    assert_eq!((&case["state"], &case["outcome"]), (&json!("ended"), &json!("repaired")));
    app.clock("2026-04-10T09:00:00+07:00").await;
    assert_eq!(only_case(&app).await["state"], "ended");
    app.audit_is_intact().await;
}

async fn literal(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", true).await else { return };
    let number = warned(&app).await;
    let case = only_case(&app).await;
    assert_eq!((&case["state"], &case["due_at"]), (&json!("closure_due"), &json!(wib("2026-03-27T10:00"))));
    assert_eq!(case["ladder"].as_array().unwrap().len(), 1, "no letter follows one that orders");
    assert_eq!(case["ladder"][0]["orders"], "Penutupan sementara layanan web");
    let case = act(&app, DINAS, &number, "execute-closure", json!({"minutes": "Ditutup."})).await;
    assert_eq!(case["state"], "suspended");
}

async fn catch_up(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    let number = warned(&app).await;
    // The machine was off over the end of the cure period.
    app.desk.clock.set("2026-04-02T12:00:00+07:00".parse().unwrap(), 0.0);
    assert_eq!(app.desk.run_case_terms().await.unwrap(), 2);
    assert_eq!(app.desk.run_case_terms().await.unwrap(), 0);
    let events = facts(&app, &number).await;
    let missed: Vec<&Value> = events.iter().filter(|fact| fact.0 == "cure_missed").map(|fact| &fact.1).collect();
    assert_eq!(missed.len(), 1);
    assert_eq!(missed[0]["payload"]["due_at"], json!("2026-03-31T09:00:00Z"));
    assert_eq!(missed[0]["payload"]["detected_at"], json!("2026-04-02T05:00:00Z"));
}

async fn one_case(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    let first = breach(&app).await;
    let second = breach(&app).await;
    // Not critical, and of no counting priority: neither opens a case.
    let report = |service: &str, impact: &str| {
        json!({"subject": "Galat", "description": "Galat", "service": service,
        "kind": "incident", "impact": impact, "urgency": "low"})
    };
    app.post(DINAS, "/tickets", report("e-office", "broad")).await.ok(201);
    app.post(DINAS, "/tickets", report("simpus", "limited")).await.ok(201);
    app.clock("2026-03-28T02:35:00+07:00").await;
    let case = only_case(&app).await;
    let tickets: Vec<&Value> = case["tickets"].as_array().unwrap().iter().map(|proof| &proof["number"]).collect();
    assert_eq!(tickets, [&json!(first), &json!(second)]);
    let page = app.get("demo-dinkes", "/warning-cases").await.ok(200);
    assert_eq!(page["items"], json!([]), "another agency does not see it");
    let mails = app.mails_to("superadmin@demo.test").await;
    let opened = mails.iter().find(|mail| mail.subject.contains("Perkara dibuka")).unwrap();
    let text = readable(opened);
    assert!(text.contains("Rabu, 25 Maret 2026 pukul 16.00 WIB") && text.contains("/kerja/perkara/PRK-"), "{text}");
    assert!(mails.iter().any(|mail| mail.subject.starts_with("Lewat batas: Perkara")), "the dossier is late");
    app.audit_is_intact().await;
}

async fn not_closed(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    let number = warned(&app).await;
    app.clock("2026-04-01T09:00:00+07:00").await;
    act(&app, TEAM, &number, "issue-letter", json!({"reason": "Lewat", "elsewhere": true})).await;
    act(&app, TEAM, &number, "record-receipt", receipt("2")).await;
    let path = format!("/warning-cases/{number}/decide-not-to-close");
    app.post(TEAM, &path, json!({"reason": " "})).await.ok(422);
    let case = app.post(TEAM, &path, json!({"reason": "Warga membutuhkan izin usaha"})).await.ok(200);
    assert_eq!((&case["state"], &case["outcome"]), (&json!("ended"), &json!("not_closed")));
    assert_eq!(case["order"], "cancelled");
    let page = app.get(TEAM, "/suspensions?state=cancelled").await.ok(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let execute = json!({"minutes": "Tetap ditutup"});
    app.post(DINAS, &format!("/warning-cases/{number}/execute-closure"), execute).await.ok(409);
    // The next breach opens a new case.
    app.clock("2026-04-02T09:00:00+07:00").await;
    breach(&app).await;
    app.clock("2026-04-03T09:00:00+07:00").await;
    let page = app.get(TEAM, "/warning-cases?open=true&service=e-perizinan").await.ok(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
    assert_ne!(page["items"][0]["number"], json!(number));
    app.audit_is_intact().await;
}
