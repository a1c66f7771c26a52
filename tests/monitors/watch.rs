//! From looks to outages and tickets, on both databases.

use super::nginx::Nginx;
use super::reaching;
use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use meja::desk::Desk;
use poem::http::Method;
use serde_json::{Value, json};

const UNIT: &str = "demo-superadmin";

on_both! {
    a_server_goes_down_and_comes_back = down_and_back;
    signs_of_life_that_do_not_come = heartbeats;
    planned_work_calls_nobody = planned_work;
    two_nodes_never_look_twice = two_nodes;
}

async fn region(engine: Engine) -> Option<TestApp> {
    TestApp::new(engine, "oki", "2026-10-20T10:00:00+07:00").await
}

async fn monitor(app: &TestApp, port: u16) -> Value {
    let body = json!({"service": "simpus", "name": "Beranda SIMPUS", "kind": "http",
        "target": format!("http://127.0.0.1:{port}/"), "expected": {"text": "SIMPUS siap"}});
    app.post(UNIT, "/monitors", body).await.ok(201)
}

/// Everybody who is due at a local time looks.
async fn look(app: &TestApp, desk: &Desk, at: &str) -> usize {
    app.clock(&format!("2026-10-20T{at}+07:00")).await;
    desk.run_monitors().await.unwrap()
}

async fn down_and_back(engine: Engine) {
    let Some(mut nginx) = Nginx::start() else { return };
    let Some(app) = region(engine).await else { return };
    let desk = reaching(&app, &["127.0.0.1"], None);
    let path = format!("/monitors/{}", monitor(&app, nginx.port).await["id"]);
    assert_eq!(look(&app, &desk, "10:00:00").await, 1);
    assert_eq!(app.get(UNIT, &path).await.ok(200)["state"], "up");
    assert_eq!(look(&app, &desk, "10:00:30").await, 0, "not before its time");
    nginx.down();
    look(&app, &desk, "10:01:00").await;
    look(&app, &desk, "10:01:30").await;
    let doubtful = app.get(UNIT, &path).await.ok(200);
    assert_eq!(
        (&doubtful["state"], &doubtful["failures"], &doubtful["outage"]),
        (&json!("up"), &json!(2), &Value::Null)
    );
    look(&app, &desk, "10:02:00").await;
    let down = app.get(UNIT, &path).await.ok(200);
    assert_eq!((&down["state"], &down["result"]), (&json!("down"), &json!("refused")));
    let outage = app.get(UNIT, &format!("/outages/{}", down["outage"])).await.ok(200);
    assert_eq!(outage["started_at"], "2026-10-20T03:01:00+00:00", "since the first failure, not the third");
    assert_eq!((&outage["origin"], &outage["severity"]), (&json!("monitor"), &json!("total")));
    let ticket = app.only_ticket().await;
    assert_eq!((&ticket["channel"], &ticket["kind"]), (&json!("monitor"), &json!("incident")));
    assert_eq!((&ticket["agency"], &ticket["service"]), (&json!("DINKES"), &json!("simpus")));
    assert_eq!(ticket["priority"], "P1", "a total outage of a critical service");
    assert_eq!(outage["ticket"], ticket["number"]);
    // A second monitor of the same service joins.
    let second = json!({"service": "simpus", "name": "Porta", "kind": "tcp", "failures_needed": 1,
        "target": format!("127.0.0.1:{}", nginx.port)});
    let second = app.post(UNIT, "/monitors", second).await.ok(201);
    look(&app, &desk, "10:03:00").await;
    let joined = app.get(UNIT, &format!("/monitors/{}", second["id"])).await.ok(200);
    let joined = app.get(UNIT, &format!("/outages/{}", joined["outage"])).await.ok(200);
    assert_eq!(joined["ticket"], ticket["number"]);
    app.only_ticket().await;
    nginx.up();
    look(&app, &desk, "10:08:00").await;
    let over = app.get(UNIT, &format!("/outages/{}", outage["id"])).await.ok(200);
    assert_eq!(over["ended_at"], "2026-10-20T03:08:00+00:00");
    let up = app.get(UNIT, &path).await.ok(200);
    assert_eq!((&up["state"], &up["outage"]), (&json!("up"), &Value::Null));
    let number = ticket["number"].as_str().unwrap();
    let events = app.events(number).await;
    TestApp::event(&events, "outage_began");
    assert_eq!(events.iter().filter(|(kind, _)| kind == "outage_over").count(), 2);
    assert_eq!(app.ticket(number).await["status"], "new", "people solve it");
    let month = app.get(UNIT, "/availability?service=simpus&month=2026-10").await.ok(200);
    assert_eq!((&month["items"][0]["downtime_seconds"], &month["items"][0]["outages"]), (&json!(420), &json!(1)));
    let stop = json!({"active": false, "version": 1});
    app.call(Method::PATCH, UNIT, &path, Some(stop.clone()), &[]).await.ok(200);
    app.call(Method::PATCH, UNIT, &path, Some(stop), &[]).await.ok(409);
    assert_eq!(look(&app, &desk, "11:00:00").await, 1, "only the other one");
    app.audit_is_intact().await;
}

async fn heartbeats(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let body = json!({"service": "simpus", "name": "Cadangan malam", "kind": "heartbeat", "interval_seconds": 300,
        "timeout_ms": 60_000});
    let added = app.post(UNIT, "/monitors", body).await.ok(201);
    let secret = added["secret"].as_str().unwrap();
    let (path, beat) = (format!("/monitors/{}", added["id"]), format!("/monitors/{}/heartbeat", added["id"]));
    assert_eq!(app.get(UNIT, &path).await.ok(200)["secret"], Value::Null, "told once");
    for wrong in ["", "salah", UNIT] {
        assert_eq!(app.post(wrong, &beat, json!({})).await.status, 401, "{wrong}");
    }
    assert_eq!(app.post(secret, "/monitors/9999/heartbeat", json!({})).await.status, 401);
    assert_eq!(app.get(secret, "/tickets").await.status, 401, "good for nothing else");
    app.post(secret, &beat, json!({})).await.ok(204);
    assert_eq!(app.get(UNIT, &path).await.ok(200)["state"], "up");
    assert_eq!(look(&app, &app.desk, "10:05:59").await, 0, "it may be a minute late");
    assert_eq!(look(&app, &app.desk, "10:06:00").await, 1);
    let down = app.get(UNIT, &path).await.ok(200);
    assert_eq!((&down["state"], &down["result"]), (&json!("down"), &json!("missed")));
    let ticket = app.only_ticket().await;
    assert_eq!(ticket["channel"], "monitor");
    app.clock("2026-10-20T10:10:00+07:00").await;
    app.post(secret, &beat, json!({})).await.ok(204);
    let outage = app.get(UNIT, "/outages").await.ok(200)["items"][0].clone();
    assert_eq!(outage["ended_at"], "2026-10-20T03:10:00+00:00");
    let renewed = app.post(UNIT, &format!("{path}/secret"), json!({})).await.ok(200);
    assert_eq!(app.post(secret, &beat, json!({})).await.status, 401);
    app.post(renewed["secret"].as_str().unwrap(), &beat, json!({})).await.ok(204);
    app.audit_is_intact().await;
}

async fn planned_work(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let window = json!({"services": ["simpus"], "title": "Ganti peladen", "message": "Mati",
        "starts_at": "2026-10-20T10:05:00+07:00", "ends_at": "2026-10-20T10:30:00+07:00"});
    app.post(UNIT, "/maintenance", window).await.ok(201);
    let desk = reaching(&app, &["127.0.0.1"], None);
    // Nobody listens on the port for echoes.
    let body =
        json!({"service": "simpus", "name": "Porta", "kind": "tcp", "target": "127.0.0.1:7", "failures_needed": 1});
    let added = app.post(UNIT, "/monitors", body).await.ok(201);
    app.clock("2026-10-20T10:10:00+07:00").await;
    look(&app, &desk, "10:10:00").await;
    let down = app.get(UNIT, &format!("/monitors/{}", added["id"])).await.ok(200);
    assert_eq!(down["state"], "down");
    assert_eq!(app.get(UNIT, "/tickets").await.ok(200)["items"], json!([]), "nobody is called while work is planned");
    look(&app, &desk, "10:31:00").await;
    let ticket = app.only_ticket().await;
    let outage = app.get(UNIT, &format!("/outages/{}", down["outage"])).await.ok(200);
    assert_eq!(outage["ticket"], ticket["number"], "still down afterwards");
}

async fn two_nodes(engine: Engine) {
    let Some(nginx) = Nginx::start() else { return };
    let Some(app) = region(engine).await else { return };
    let one = reaching(&app, &["127.0.0.1"], None);
    let other = reaching(&app, &["127.0.0.1"], None);
    for _ in 0..6 {
        monitor(&app, nginx.port).await;
    }
    let (left, right) = tokio::join!(one.run_monitors(), other.run_monitors());
    assert_eq!(left.unwrap() + right.unwrap(), 6, "each looks once");
    assert_eq!(nginx.hits("/"), 6);
}
