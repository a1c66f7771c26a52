//! From looks to outages and tickets, on both databases.

use super::nginx::Nginx;
use super::reaching;
use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use crate::warning_stories::{DINAS, act, sumut, warned};
use poem::http::Method;
use serde_json::{Value, json};

const UNIT: &str = "demo-superadmin";

on_both! {
    a_server_goes_down_and_comes_back = down_and_back;
    signs_of_life_that_do_not_come = heartbeats;
    planned_work_calls_nobody = planned_work;
    two_nodes_never_look_twice = two_nodes;
    what_a_person_ends_begins_anew_while_it_fails = ended_by_hand;
    a_monitor_that_is_stopped_leaves_nothing_behind = stopped;
    a_closed_service_calls_nobody = closed;
}

/// A monitor of a port on which nobody listens.
fn silent(service: &str) -> Value {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    json!({"service": service, "name": "Porta", "kind": "tcp", "target": format!("127.0.0.1:{port}"),
        "failures_needed": 2})
}

/// A region whose monitors may reach this machine.
async fn region(engine: Engine) -> Option<(TestApp, TestApp)> {
    let region = TestApp::new(engine, "oki", "2026-10-20T10:00:00+07:00").await?;
    Some((reaching(&region, &["127.0.0.1"], None), region))
}

async fn monitor(app: &TestApp, port: u16) -> Value {
    let body = json!({"service": "simpus", "name": "Beranda SIMPUS", "kind": "http",
        "target": format!("http://127.0.0.1:{port}/"), "expected": {"text": "SIMPUS siap"}});
    app.post(UNIT, "/monitors", body).await.ok(201)
}

/// Everybody who is due at a local time looks.
async fn look(app: &TestApp, at: &str) -> usize {
    app.clock(&format!("2026-10-20T{at}+07:00")).await;
    app.desk.run_monitors().await.unwrap()
}

async fn down_and_back(engine: Engine) {
    let Some(mut nginx) = Nginx::start() else { return };
    let Some((app, _region)) = region(engine).await else { return };
    let path = format!("/monitors/{}", monitor(&app, nginx.port).await["id"]);
    assert_eq!(look(&app, "10:00:00").await, 1);
    assert_eq!(app.get(UNIT, &path).await.ok(200)["state"], "up");
    assert_eq!(look(&app, "10:00:30").await, 0, "not before its time");
    nginx.down();
    look(&app, "10:01:00").await;
    look(&app, "10:01:30").await;
    let doubtful = app.get(UNIT, &path).await.ok(200);
    assert_eq!(
        (&doubtful["state"], &doubtful["failures"], &doubtful["outage"]),
        (&json!("up"), &json!(2), &Value::Null)
    );
    look(&app, "10:02:00").await;
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
    look(&app, "10:03:00").await;
    let joined = app.get(UNIT, &format!("/monitors/{}", second["id"])).await.ok(200);
    let joined = app.get(UNIT, &format!("/outages/{}", joined["outage"])).await.ok(200);
    assert_eq!(joined["ticket"], ticket["number"]);
    app.only_ticket().await;
    nginx.up();
    look(&app, "10:08:00").await;
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
    assert_eq!(look(&app, "11:00:00").await, 1, "only the other one");
    app.audit_is_intact().await;
}

async fn heartbeats(engine: Engine) {
    let Some((app, _region)) = region(engine).await else { return };
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
    assert_eq!(look(&app, "10:05:59").await, 0, "it may be a minute late");
    assert_eq!(look(&app, "10:06:00").await, 1);
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
    let Some((app, _region)) = region(engine).await else { return };
    let window = json!({"services": ["simpus"], "title": "Ganti peladen", "message": "Mati",
        "starts_at": "2026-10-20T10:05:00+07:00", "ends_at": "2026-10-20T10:30:00+07:00"});
    app.post(UNIT, "/maintenance", window).await.ok(201);
    let mut quick = silent("simpus");
    quick["failures_needed"] = 1.into();
    let added = app.post(UNIT, "/monitors", quick).await.ok(201);
    app.clock("2026-10-20T10:10:00+07:00").await;
    look(&app, "10:10:00").await;
    let down = app.get(UNIT, &format!("/monitors/{}", added["id"])).await.ok(200);
    assert_eq!(down["state"], "down");
    assert_eq!(app.get(UNIT, "/tickets").await.ok(200)["items"], json!([]), "nobody is called while work is planned");
    look(&app, "10:31:00").await;
    let ticket = app.only_ticket().await;
    let outage = app.get(UNIT, &format!("/outages/{}", down["outage"])).await.ok(200);
    assert_eq!(outage["ticket"], ticket["number"], "still down afterwards");
}

async fn two_nodes(engine: Engine) {
    let Some(nginx) = Nginx::start() else { return };
    let Some((app, _region)) = region(engine).await else { return };
    let one = reaching(&app, &["127.0.0.1"], None);
    let other = reaching(&app, &["127.0.0.1"], None);
    for _ in 0..6 {
        monitor(&app, nginx.port).await;
    }
    let (left, right) = tokio::join!(one.desk.run_monitors(), other.desk.run_monitors());
    assert_eq!(left.unwrap() + right.unwrap(), 6, "each looks once");
    assert_eq!(nginx.hits("/"), 6);
}

async fn ended_by_hand(engine: Engine) {
    let Some((app, _region)) = region(engine).await else { return };
    let path = format!("/monitors/{}", app.post(UNIT, "/monitors", silent("simpus")).await.ok(201)["id"]);
    look(&app, "10:00:00").await;
    look(&app, "10:01:00").await;
    let first = app.get(UNIT, &path).await.ok(200)["outage"].clone();
    let end = json!({"ended_at": "2026-10-20T10:01:00+07:00"});
    app.call(Method::PATCH, UNIT, &format!("/outages/{first}"), Some(end), &[]).await.ok(200);
    let calm = app.get(UNIT, &path).await.ok(200);
    assert_eq!((&calm["state"], &calm["outage"]), (&json!("unknown"), &Value::Null), "it looks afresh");
    look(&app, "10:02:00").await;
    look(&app, "10:03:00").await;
    let second = app.get(UNIT, &path).await.ok(200);
    assert_eq!(second["state"], "down");
    assert!(second["outage"].is_number() && second["outage"] != first, "still down: another outage");
    let whole = app.get(UNIT, &format!("/outages/{}", second["outage"])).await.ok(200);
    assert_eq!(whole["started_at"], "2026-10-20T03:02:00+00:00", "since the first failure after the end");
    app.post(UNIT, &format!("/outages/{}/void", second["outage"]), json!({"reason": "Salah"})).await.ok(200);
    look(&app, "10:04:00").await;
    look(&app, "10:05:00").await;
    let third = app.get(UNIT, &path).await.ok(200);
    assert!(third["outage"].is_number() && third["outage"] != second["outage"], "the same after it was taken back");
    app.audit_is_intact().await;
}

async fn stopped(engine: Engine) {
    let Some((app, _region)) = region(engine).await else { return };
    let path = format!("/monitors/{}", app.post(UNIT, "/monitors", silent("simpus")).await.ok(201)["id"]);
    look(&app, "10:00:00").await;
    look(&app, "10:01:00").await;
    let outage = app.get(UNIT, &path).await.ok(200)["outage"].clone();
    app.clock("2026-10-20T10:20:00+07:00").await;
    app.call(Method::PATCH, UNIT, &path, Some(json!({"active": false})), &[]).await.ok(200);
    let over = app.get(UNIT, &format!("/outages/{outage}")).await.ok(200);
    assert_eq!(over["ended_at"], "2026-10-20T03:20:00+00:00", "nobody knows of it any more");
    let calm = app.get(UNIT, &path).await.ok(200);
    assert_eq!((&calm["state"], &calm["failures"], &calm["outage"]), (&json!("unknown"), &json!(0), &Value::Null));
    app.clock("2026-10-20T12:00:00+07:00").await;
    app.call(Method::PATCH, UNIT, &path, Some(json!({"active": true})), &[]).await.ok(200);
    look(&app, "12:00:00").await;
    look(&app, "12:01:00").await;
    let again = app.get(UNIT, &path).await.ok(200)["outage"].clone();
    let again = app.get(UNIT, &format!("/outages/{again}")).await.ok(200);
    assert_eq!(again["started_at"], "2026-10-20T05:00:00+00:00", "not since it failed before it was stopped");
    app.audit_is_intact().await;
}

async fn closed(engine: Engine) {
    let Some(region) = sumut(engine, "2026-03-21T02:35:00+07:00", true).await else { return };
    let number = warned(&region).await;
    act(&region, DINAS, &number, "execute-closure", json!({"minutes": "Ditutup oleh petugas."})).await;
    let service = region.get(UNIT, &format!("/warning-cases/{number}")).await.ok(200)["service"].clone();
    let app = reaching(&region, &["127.0.0.1"], None);
    let before = app.get(UNIT, "/tickets?limit=100").await.ok(200)["items"].as_array().unwrap().len();
    let added = app.post(UNIT, "/monitors", silent(service.as_str().unwrap())).await.ok(201);
    app.desk.run_monitors().await.unwrap();
    let minute = (app.desk.now() + chrono::Duration::minutes(1)).to_rfc3339();
    app.clock(&minute).await;
    app.desk.run_monitors().await.unwrap();
    let down = app.get(UNIT, &format!("/monitors/{}", added["id"])).await.ok(200);
    assert_eq!(down["state"], "down");
    let after = app.get(UNIT, "/tickets?limit=100").await.ok(200)["items"].as_array().unwrap().len();
    assert_eq!(after, before, "what is closed under an order is meant to be down");
}
