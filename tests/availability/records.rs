//! Outages and maintenance as people record them, and the figures that follow, on both databases.

use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use poem::http::Method;
use serde_json::{Value, json};

const UNIT: &str = "demo-superadmin";
const DINKES: &str = "demo-dinkes";

on_both! {
    story_10_the_month_of_two_services = story_10;
    story_4_a_month_with_one_long_outage = story_4;
    outages_are_recorded_mended_and_taken_back = outages;
    late_maintenance_counts_and_says_so = maintenance;
    who_may_record_what = rights;
    a_month_ends_at_local_midnight = borders;
}

async fn region(engine: Engine, pack: &str, now: &str) -> Option<TestApp> {
    TestApp::new(engine, pack, now).await
}

/// The figures of a service in a month.
async fn figures(app: &TestApp, service: &str, month: &str) -> Value {
    let page = app.get(UNIT, &format!("/availability?service={service}&month={month}")).await.ok(200);
    page["items"][0].clone()
}

/// An outage recorded by the second line.
async fn outage(app: &TestApp, service: &str, from: &str, to: &str) -> Value {
    let body = json!({"service": service, "started_at": from, "ended_at": to});
    app.post(UNIT, "/outages", body).await.ok(201)
}

/// Round the clock for `simpus`, office hours for `e-office`, as story 10 has them.
async fn promises(app: &TestApp) {
    let owner = "demo-pemilik-dinkes";
    let body = json!({"calendar": null, "target": 99.5});
    app.call(Method::PUT, owner, "/availability/simpus", Some(body), &[]).await.ok(200);
}

async fn story_10(engine: Engine) {
    let Some(app) = region(engine, "singkawang", "2026-09-28T08:00:00+07:00").await else { return };
    promises(&app).await;
    let window = json!({"services": ["simpus"], "title": "Ganti peladen", "message": "SIMPUS tidak dapat dibuka.",
        "starts_at": "2026-10-11T01:00:00+07:00", "ends_at": "2026-10-11T03:00:00+07:00"});
    let planned = app.post(UNIT, "/maintenance", window).await.ok(201);
    assert_eq!((&planned["code"], &planned["late"]), (&json!("PML-2026-0001"), &json!(false)));
    app.clock("2026-11-02T08:00:00+07:00").await;
    outage(&app, "simpus", "2026-10-06T21:00:00+07:00", "2026-10-06T23:06:00+07:00").await;
    outage(&app, "simpus", "2026-10-20T04:10:00+07:00", "2026-10-20T05:02:00+07:00").await;
    // Found while the work was going on: no downtime.
    outage(&app, "simpus", "2026-10-11T01:30:00+07:00", "2026-10-11T02:00:00+07:00").await;
    let a = figures(&app, "simpus", "2026-10").await;
    assert_eq!((&a["hours_seconds"], &a["maintenance_seconds"]), (&json!(44_640 * 60), &json!(120 * 60)), "{a}");
    assert_eq!((&a["agreed_seconds"], &a["downtime_seconds"]), (&json!(44_520 * 60), &json!(178 * 60)));
    assert_eq!((&a["availability"], &a["met"]), (&json!(99.6), &json!(true)));
    assert_eq!((&a["outages"], &a["mttr_seconds"]), (&json!(2), &json!(89 * 60)));
    // Service B: office hours. 15.40 on a Thursday to the next morning is 20 + 25 minutes of work.
    outage(&app, "e-office", "2026-10-15T15:40:00+07:00", "2026-10-16T07:55:00+07:00").await;
    let b = figures(&app, "e-office", "2026-10").await;
    assert_eq!((&b["agreed_seconds"], &b["downtime_seconds"]), (&json!(9_900 * 60), &json!(45 * 60)), "{b}");
    assert_eq!((&b["availability"], &b["outages"]), (&json!(99.55), &json!(1)));
    app.audit_is_intact().await;
}

async fn story_4(engine: Engine) {
    let Some(app) = region(engine, "sumut", "2026-04-01T08:00:00+07:00").await else { return };
    let all = app.get(UNIT, "/availability?month=2026-03").await.ok(200);
    let critical = all["items"].as_array().unwrap().iter().find(|it| it["critical"] == true).unwrap();
    let code = critical["service"].as_str().unwrap().to_owned();
    assert_eq!(critical["calendar"], Value::Null, "a critical service runs round the clock: {critical}");
    outage(&app, &code, "2026-03-21T02:35:00+07:00", "2026-03-21T07:50:00+07:00").await;
    let march = figures(&app, &code, "2026-03").await;
    assert_eq!((&march["availability"], &march["met"]), (&json!(99.29), &json!(false)), "{march}");
    assert_eq!((&march["allowance_seconds"], &march["downtime_seconds"]), (&json!(13_392.0), &json!(315 * 60)));
}

async fn outages(engine: Engine) {
    let Some(app) = region(engine, "oki", "2026-10-20T10:00:00+07:00").await else { return };
    let report =
        json!({"subject": "SIMPUS mati", "description": "Layar kosong", "kind": "incident", "service": "simpus"});
    let ticket = app.post(DINKES, "/tickets", report).await.ok(201);
    app.clock("2026-10-20T11:00:00+07:00").await;
    let headers = [("Idempotency-Key", "sekali")];
    let body = json!({"ticket": ticket["number"], "note": "Peladen mati"});
    let first = app.call(Method::POST, DINKES, "/outages", Some(body.clone()), &headers).await.ok(201);
    let again = app.call(Method::POST, DINKES, "/outages", Some(body), &headers).await.ok(201);
    assert_eq!(first, again);
    assert_eq!((&first["service"], &first["ticket"]), (&json!("simpus"), &ticket["number"]));
    assert_eq!(first["started_at"], "2026-10-20T03:00:00+00:00", "since its ticket was opened");
    assert_eq!(first["ended_at"], Value::Null);
    assert_eq!(figures(&app, "simpus", "2026-10").await["downtime_seconds"], 3600, "until now while it lasts");
    let path = format!("/outages/{}", first["id"]);
    let end = json!({"ended_at": "2026-10-20T10:45:00+07:00", "version": 1});
    let ended = app.call(Method::PATCH, DINKES, &path, Some(end.clone()), &[]).await.ok(200);
    assert_eq!(ended["version"], 2);
    app.call(Method::PATCH, DINKES, &path, Some(end), &[]).await.ok(409);
    let silent = json!({"started_at": "2026-10-20T10:15:00+07:00"});
    let refused = app.call(Method::PATCH, DINKES, &path, Some(silent), &[]).await.ok(422);
    assert_eq!(refused["errors"][0]["field"], "reason", "what was recorded is not rewritten without a word");
    let mended = json!({"started_at": "2026-10-20T10:15:00+07:00", "severity": "degraded", "reason": "Log peladen"});
    app.call(Method::PATCH, DINKES, &path, Some(mended), &[]).await.ok(200);
    let slow = figures(&app, "simpus", "2026-10").await;
    assert_eq!((&slow["downtime_seconds"], &slow["outages"]), (&json!(0), &json!(0)), "slow is not down");
    let harder = json!({"severity": "partial", "cause": "third_party_network", "reason": "Kabel penyedia putus"});
    app.call(Method::PATCH, DINKES, &path, Some(harder), &[]).await.ok(200);
    let labelled = figures(&app, "simpus", "2026-10").await;
    assert_eq!((&labelled["downtime_seconds"], &labelled["third_party_seconds"]), (&json!(1800), &json!(1800)));
    assert_eq!(labelled["third_party_counts"], true);
    app.post(DINKES, &format!("{path}/void"), json!({"reason": ""})).await.ok(422);
    app.post(DINKES, &format!("{path}/void"), json!({"reason": "Salah layanan"})).await.ok(200);
    assert_eq!(figures(&app, "simpus", "2026-10").await["downtime_seconds"], 0);
    app.post(DINKES, &format!("{path}/void"), json!({"reason": "Lagi"})).await.ok(409);
    let events = app.get(DINKES, &format!("{path}/events")).await.ok(200);
    let kinds: Vec<&str> = events["items"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["outage_recorded", "outage_ended", "outage_changed", "outage_changed", "outage_voided"]);
    let open = app.get(UNIT, "/outages?open=true").await.ok(200);
    assert_eq!(open["items"], json!([]));
    let (future, field) = (json!({"service": "simpus", "started_at": "2026-10-21T10:15:00+07:00"}), "started_at");
    assert_eq!(app.post(UNIT, "/outages", future).await.ok(422)["errors"][0]["field"], field);
    let backwards = json!({"service": "simpus", "started_at": "2026-10-20T09:00:00+07:00",
        "ended_at": "2026-10-20T08:00:00+07:00"});
    assert_eq!(app.post(UNIT, "/outages", backwards).await.ok(422)["errors"][0]["field"], "ended_at");
    app.audit_is_intact().await;
}

async fn maintenance(engine: Engine) {
    let Some(app) = region(engine, "oki", "2026-10-01T08:00:00+07:00").await else { return };
    promises(&app).await;
    let window = |from: &str, to: &str| {
        json!({"services": ["simpus"], "title": "Pembaruan", "message": "Tidak dapat dibuka",
            "starts_at": format!("2026-10-{from}:00+07:00"), "ends_at": format!("2026-10-{to}:00+07:00")})
    };
    let late = app.post(UNIT, "/maintenance", window("01T20:00", "01T21:00")).await.ok(201);
    assert_eq!((&late["late"], &late["excused_from"]), (&json!(true), &Value::Null));
    let good = app.post(UNIT, "/maintenance", window("05T20:00", "05T21:00")).await.ok(201);
    assert_eq!((&good["late"], &good["code"]), (&json!(false), &json!("PML-2026-0002")));
    let path = "/maintenance/PML-2026-0002";
    app.clock("2026-10-05T20:30:00+07:00").await;
    assert_eq!(app.get(UNIT, path).await.ok(200)["state"], "running");
    let longer = window("05T19:00", "05T22:00");
    let longer = app.call(Method::PUT, UNIT, path, Some(longer), &[]).await.ok(200);
    assert_eq!(longer["starts_at"], "2026-10-05T13:00:00+00:00", "what runs keeps its beginning");
    assert_eq!((&longer["late"], &longer["excused_to"]), (&json!(true), &json!("2026-10-05T14:00:00+00:00")));
    let mut joined = window("05T20:00", "05T22:00");
    joined["services"] = json!(["simpus", "e-office"]);
    let refused = app.call(Method::PUT, UNIT, path, Some(joined), &[]).await.ok(422);
    assert_eq!(refused["errors"][0]["field"], "services", "who joins late does not take the notice from the others");
    app.clock("2026-10-06T08:00:00+07:00").await;
    outage(&app, "simpus", "2026-10-01T20:00:00+07:00", "2026-10-01T21:00:00+07:00").await;
    outage(&app, "simpus", "2026-10-05T20:00:00+07:00", "2026-10-05T22:00:00+07:00").await;
    let figures = figures(&app, "simpus", "2026-10").await;
    assert_eq!((&figures["maintenance_seconds"], &figures["downtime_seconds"]), (&json!(3600), &json!(7200)));
    app.call(Method::PUT, UNIT, path, Some(window("07T20:00", "07T21:00")), &[]).await.ok(409);
    let called_off = app.post(UNIT, "/maintenance", window("20T20:00", "20T21:00")).await.ok(201);
    let path = format!("/maintenance/{}/cancel", called_off["code"].as_str().unwrap());
    let gone = app.post(UNIT, &path, json!({"reason": "Suku cadang belum datang"})).await.ok(200);
    assert_eq!((&gone["state"], &gone["excused_from"]), (&json!("cancelled"), &Value::Null));
    let bad = app.post(UNIT, "/maintenance", window("09T21:00", "09T20:00")).await.ok(422);
    assert_eq!(bad["errors"][0]["field"], "ends_at");
    app.audit_is_intact().await;
}

async fn rights(engine: Engine) {
    let Some(app) = region(engine, "oki", "2026-10-20T10:00:00+07:00").await else { return };
    let own = json!({"service": "simpus"});
    for (token, status) in
        [(DINKES, 201), (UNIT, 201), ("demo-disdukcapil", 403), ("demo-auditor", 403), ("demo-warga", 403), ("", 401)]
    {
        assert_eq!(app.post(token, "/outages", own.clone()).await.status, status, "{token}");
    }
    for (token, status) in [("demo-auditor", 200), ("demo-disdukcapil", 200), ("demo-warga", 403), ("", 401)] {
        assert_eq!(app.get(token, "/outages").await.status, status, "{token}");
        assert_eq!(app.get(token, "/availability").await.status, status, "{token}");
        assert_eq!(app.get(token, "/maintenance").await.status, status, "{token}");
    }
    let promise = json!({"calendar": "always-nonsense", "target": 99.9});
    let path = "/availability/simpus";
    assert_eq!(app.call(Method::PUT, DINKES, path, Some(promise.clone()), &[]).await.status, 403);
    assert_eq!(app.call(Method::PUT, UNIT, path, Some(promise.clone()), &[]).await.status, 403, "SUMUT 51(3)");
    assert_eq!(app.call(Method::PUT, "demo-pemilik-dinkes", path, Some(promise), &[]).await.status, 422);
    let promise = json!({"calendar": null, "target": 99.95, "version": 0});
    let kept = app.call(Method::PUT, "demo-pemilik-dinkes", path, Some(promise.clone()), &[]).await.ok(200);
    assert_eq!((&kept["target"], &kept["version"]), (&json!(99.95), &json!(1)));
    app.call(Method::PUT, "demo-pemilik-dinkes", path, Some(promise), &[]).await.ok(409);
    assert_eq!(figures(&app, "simpus", "2026-10").await["target"], 99.95);
    let unknown = app.post(UNIT, "/outages", json!({"service": "tidak-ada"})).await.ok(422);
    assert_eq!(unknown["errors"][0]["field"], "service");
    assert_eq!(app.post(UNIT, "/outages", json!({"service": "simpus", "ticket": "x"})).await.status, 422);
}

async fn borders(engine: Engine) {
    let Some(app) = region(engine, "oki", "2026-11-05T10:00:00+07:00").await else { return };
    promises(&app).await;
    outage(&app, "simpus", "2026-10-31T23:30:00+07:00", "2026-11-01T00:45:00+07:00").await;
    assert_eq!(figures(&app, "simpus", "2026-10").await["downtime_seconds"], 1800);
    let november = figures(&app, "simpus", "2026-11").await;
    assert_eq!((&november["downtime_seconds"], &november["outages"]), (&json!(2700), &json!(1)));
    assert_eq!(november["to"], "2026-11-05T03:00:00+00:00", "a month that runs is measured until now");
    assert_eq!(november["hours_seconds"], (4 * 24 + 10) * 3600);
    let days = app.get(UNIT, "/availability?service=simpus&from=2026-10-31&to=2026-11-02").await.ok(200);
    assert_eq!(days["items"][0]["downtime_seconds"], 4500);
    assert_eq!(app.get(UNIT, "/availability?from=2026-10-31&to=2026-10-31").await.status, 422);
    assert_eq!(app.get(UNIT, "/availability?month=nanti").await.status, 422);
}
