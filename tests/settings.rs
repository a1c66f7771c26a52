//! The settings from outside, through the API, on both databases: each change is an event, and nobody else's.

use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use meja::domain::people::{Grant, Role, Scope};
use poem::http::Method;
use serde_json::{Value, json};

const NOW: &str = "2026-10-05T09:00:00+07:00";

on_both! {
    an_agency_is_described_and_a_stale_version_changes_nothing = described;
    an_agency_ends_only_when_somebody_takes_over_what_it_owns = ended;
    mail_to_an_agency_that_ended_reaches_its_successor = mail_follows;
}

/// A token of somebody who holds one role.
pub async fn holder(app: &TestApp, role: Role, agency: Option<&str>) -> String {
    let email = format!("{role}.{}@demo.test", agency.unwrap_or("daerah").to_lowercase());
    let grants = [Grant { role, agency: agency.map(str::to_owned) }];
    app.desk.add_account(&email, "Seseorang", None, &grants).await.unwrap();
    app.desk.add_token(&email, "uji", Scope::Write, None).await.unwrap()
}

async fn change(app: &TestApp, token: &str, path: &str, body: Value) -> crate::support::app::Answer {
    app.call(Method::PATCH, token, path, Some(body), &[]).await
}

async fn agency(app: &TestApp, code: &str) -> Value {
    let all = app.get("demo-superadmin", "/agencies").await.ok(200);
    all["items"].as_array().unwrap().iter().find(|it| it["code"] == code).unwrap().clone()
}

async fn described(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let before = agency(&app, "DINKES").await;
    assert_eq!((&before["version"], &before["kind"], &before["short_name"]), (&json!(1), &json!("office"), &json!("")));
    let full = json!({"short_name": "Dinkes", "kind": "board", "address": "Jalan 1\nKayuagung", "calendar": "jam-kerja",
        "parent": "DISKOMINFO", "version": 1});
    let calendars = app.get("demo-superadmin", "/calendars").await.ok(200);
    let calendar = calendars["items"].as_array().unwrap().iter().find(|it| it["always"] == false).unwrap();
    let full = {
        let mut full = full;
        full["calendar"] = calendar["name"].clone();
        full
    };
    for role in [Role::AgencyHead, Role::ProcessOwner, Role::Tier1Agent] {
        let token = holder(&app, role, Some("BKD")).await;
        change(&app, &token, "/agencies/DINKES", full.clone()).await.ok(403);
    }
    for role in [Role::Auditor, Role::CoordinationTeam] {
        let token = holder(&app, role, None).await;
        change(&app, &token, "/agencies/DINKES", full.clone()).await.ok(403);
    }
    let after = change(&app, "demo-superadmin", "/agencies/DINKES", full.clone()).await.ok(200);
    assert_eq!((&after["version"], &after["address"]), (&json!(2), &full["address"]));
    let stale = change(&app, "demo-superadmin", "/agencies/DINKES", full).await.ok(409);
    assert_eq!(stale["version"], 2, "{stale}");
    for (field, value) in [
        ("kind", "kantor"),
        ("calendar", "TIDAK-ADA"),
        ("parent", "DINKES"),
        ("parent", "TIDAK"),
        ("email", "bukan alamat"),
        ("email", "meja+x@desk.test"),
        ("short_name", &"x".repeat(41)),
        ("name", " "),
    ] {
        let refused = change(&app, "demo-superadmin", "/agencies/DINKES", json!({field: value})).await.ok(422);
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    // DISKOMINFO stands above DINKES; the other way round would be a loop.
    change(&app, "demo-superadmin", "/agencies/DISKOMINFO", json!({"parent": "DINKES"})).await.ok(422);
    assert_eq!(agency(&app, "DINKES").await, after, "what was refused changed nothing");
    let system = holder(&app, Role::SystemAdmin, None).await;
    change(&app, &system, "/agencies/DINKES", json!({"parent": "", "calendar": ""})).await.ok(200);
    assert_eq!(agency(&app, "DINKES").await["parent"], Value::Null);
    app.audit_is_intact().await;
}

async fn open_ticket(app: &TestApp, agency: &str) -> String {
    let report = json!({"subject": "Jaringan putus", "description": "Sejak pagi", "kind": "incident", "agency": agency,
        "impact": "limited", "urgency": "medium"});
    let ticket = app.post("demo-superadmin", "/tickets", report).await.ok(201);
    ticket["number"].as_str().unwrap().to_owned()
}

async fn ended(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let number = open_ticket(&app, "DINKES").await;
    let me = json!({"user": "admin.dinkes@demo.test"});
    app.post("demo-superadmin", &format!("/tickets/{number}/assign"), me).await.ok(200);
    let end = |successor: &'static str| json!({"successor": successor, "reason": "Perda 7/2026", "version": 1});
    let post = |token: &'static str, body: Value| {
        let app = &app;
        async move { app.post(token, "/agencies/DINKES/end", body).await }
    };
    post("demo-dinkes", end("BKD")).await.ok(403);
    post("demo-superadmin", end("")).await.ok(409);
    post("demo-superadmin", end("DINKES")).await.ok(422);
    post("demo-superadmin", end("TIDAK")).await.ok(422);
    post("demo-superadmin", json!({"successor": "BKD", "reason": ""})).await.ok(422);
    post("demo-superadmin", json!({"successor": "BKD", "reason": "Perda", "version": 7})).await.ok(409);
    app.post("demo-superadmin", "/agencies/DISKOMINFO/end", end("BKD")).await.ok(409);
    assert_eq!(app.ticket(&number).await["agency"], "DINKES", "what was refused moved nothing");

    assert_eq!(post("demo-superadmin", end("BKD")).await.ok(200)["moved"], 1);
    let moved = app.ticket(&number).await;
    assert_eq!((&moved["agency"], &moved["assignee"]), (&json!("BKD"), &Value::Null));
    let events = app.events(&number).await;
    let told = TestApp::event(&events, "reclassified");
    assert!(told.to_string().contains("Perda 7/2026"), "{told}");
    let services = app.get("demo-superadmin", "/services?agency=DINKES&active=true").await.ok(200);
    assert_eq!(services["items"].as_array().unwrap().len(), 0, "{services}");
    let gone = agency(&app, "DINKES").await;
    assert_eq!((&gone["active"], &gone["successor"]), (&json!(false), &json!("BKD")));
    let report = json!({"subject": "Baru", "description": "Baru", "kind": "incident", "agency": "DINKES",
        "impact": "limited", "urgency": "medium"});
    app.post("demo-superadmin", "/tickets", report).await.ok(422);
    post("demo-superadmin", json!({"successor": "BKD", "reason": "Lagi"})).await.ok(409);
    change(&app, "demo-superadmin", "/agencies/DINKES", json!({"active": true})).await.ok(200);
    assert_eq!(agency(&app, "DINKES").await["successor"], Value::Null);
    app.audit_is_intact().await;
}

async fn mail_follows(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let end = json!({"successor": "BKD", "reason": "Perda 7/2026"});
    app.post("demo-superadmin", "/agencies/DINKES/end", end).await.ok(200);
    let mail = "From: Siti <siti@warga.test>\r\nTo: dinkes@desk.test\r\nSubject: Loket\r\nMessage-ID: <a@warga.test>\r\n\r\nTutup\r\n";
    assert!(app.deliver(mail, "dinkes@desk.test", "siti@warga.test").await);
    assert_eq!(app.only_ticket().await["agency"], "BKD");
    app.audit_is_intact().await;
}
