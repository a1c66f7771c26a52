//! The rules of the clocks that stories 1, 2 and 7 do not reach, from outside, on both databases.

use crate::stories::{is_due, wib};
use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use meja::app::{self, pack_sources};
use meja::config::Config;
use meja::policy::Library;
use poem::http::Method;
use serde_json::{Value, json};

on_both! {
    story_4_the_desk_turned_round = story_4;
    story_2_hand_over_is_optional_in_karanganyar = story_2;
    a_decree_moves_open_deadlines_and_the_old_ones_stay_in_history = decree_of_2025;
    a_day_decreed_by_hand_counts_from_its_date_of_effect = decreed_by_hand;
    a_ticket_keeps_the_promise_of_its_edition = pinned;
    a_bad_pack_never_takes_the_place_of_a_good_one = reloaded;
    waiting_for_a_vendor_ends_by_itself = vendor;
    a_type_of_request_has_its_own_promise = request_type;
    a_total_outage_lifts_the_priority_of_a_critical_service = outage_floor;
    a_breach_belongs_to_the_line_that_held_the_ticket = breach_by_line;
}

fn number(ticket: &Value) -> String {
    ticket["number"].as_str().unwrap().to_owned()
}

async fn open(app: &TestApp, token: &str, more: Value) -> Value {
    let mut report = json!({"subject": "Perlu bantuan", "description": "Uraian", "requester": {"name": "Operator", "email": "op@contoh.test"}});
    report.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.post(token, "/tickets", report).await.ok(201)
}

async fn story_4(engine: Engine) {
    let Some(app) = TestApp::new(engine, "sumut", "2026-03-21T02:35:00+07:00").await else { return };
    let mail = "From: pantau@dinas.test\r\nTo: meja@desk.test\r\nSubject: e-Perizinan down\r\nMessage-ID: <a@pantau>\r\n\r\n\
        e-Perizinan tidak bisa diakses.\r\n";
    app.deliver(mail, "meja@desk.test", "pantau@dinas.test").await;
    let ticket = app.only_ticket().await;
    let number = number(&ticket);
    assert_eq!((&ticket["agency"], &ticket["tier"]), (&json!("DPMPTSP"), &json!(1)));
    assert_eq!((&ticket["priority"], &ticket["sla"]["profile"]), (&json!("P1"), &json!("KRITIS-24x7")));
    for (name, local) in
        [("response_due", "02:50"), ("transfer_due", "04:35"), ("warn_due", "05:47"), ("resolution_due", "06:35")]
    {
        is_due(&ticket, name, &format!("2026-03-21T{local}"));
    }
    // The Dinas is the desk in front; an agency's team gets nothing to do before it is handed over.
    app.clock("2026-03-21T02:48:00+07:00").await;
    let path = |verb: &str| format!("/tickets/{number}/{verb}");
    app.post("demo-dinkes", &path("acknowledge"), json!({})).await.ok(404);
    app.post("demo-superadmin", &path("acknowledge"), json!({})).await.ok(200);
    app.clock("2026-03-21T04:34:59+07:00").await;
    assert_eq!(app.ticket(&number).await["tier"], 1);
    app.clock("2026-03-21T07:50:00+07:00").await;
    let solved =
        app.post("demo-superadmin", &path("resolve"), json!({"solution": "Basis data dipulihkan"})).await.ok(200);
    assert_eq!(solved["sla"]["breached_at"], wib("2026-03-21T06:35"));
    assert_eq!(solved["sla"]["remaining_seconds"], -75 * 60);
    let events = app.events(&number).await;
    assert!(!events.iter().any(|(kind, _)| kind == "response_overdue"));
    let moved = TestApp::event(&events, "escalated");
    assert_eq!(moved["at"], wib("2026-03-21T04:35"));
    assert_eq!(moved["payload"]["to"], "Tim teknis PD pemilik layanan");
    assert!(app.mails_to("admin.dpmptsp@demo.test").await.iter().any(|mail| mail.subject.contains(&number)));
    app.audit_is_intact().await;
}

async fn story_2(engine: Engine) {
    let Some(app) = TestApp::new(engine, "karanganyar", "2026-04-10T11:15:00+07:00").await else { return };
    let ticket = open(
        &app,
        "demo-dinkes",
        json!({"service": "e-office", "kind": "incident", "impact": "broad", "urgency": "high"}),
    )
    .await;
    for (name, local) in [
        ("response_due", "10T13:15"),
        ("transfer_due", "10T14:45"),
        ("warn_due", "10T15:57"),
        ("resolution_due", "13T07:45"),
    ] {
        is_due(&ticket, name, &format!("2026-04-{local}"));
    }
    app.clock("2026-04-10T14:45:00+07:00").await;
    let moved = TestApp::event(&app.events(&number(&ticket)).await, "escalated").clone();
    assert_eq!(
        (&moved["payload"]["to"], &moved["payload"]["basis"]),
        (&json!("Diskominfo"), &json!("bawaan, bukan kewajiban hukum"))
    );
    let path = format!("/tickets/{}/return", number(&ticket));
    app.post("demo-superadmin", &path, json!({"reason": "Kabel di ruang PD"})).await.ok(200);
    app.audit_is_intact().await;
}

async fn decree_of_2025(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2025-08-06T10:00:00+07:00").await else { return };
    let ticket = open(&app, "demo-superadmin", json!({"request_type": "connector_clearance"})).await;
    assert_eq!(ticket["kind"], "service_request");
    is_due(&ticket, "resolution_due", "2025-08-20T16:00");
    app.clock("2025-08-06T23:59:59+07:00").await;
    is_due(&app.ticket(&number(&ticket)).await, "resolution_due", "2025-08-20T16:00");
    app.clock("2025-08-07T00:00:00+07:00").await;
    is_due(&app.ticket(&number(&ticket)).await, "resolution_due", "2025-08-21T16:00");
    let events = app.events(&number(&ticket)).await;
    let moved = TestApp::event(&events, "recomputed");
    assert_eq!(moved["at"], wib("2025-08-07T00:00"));
    assert_eq!(moved["payload"]["from"]["resolution_due"], "2025-08-20T09:00:00Z");
    assert_eq!(moved["payload"]["to"]["resolution_due"], "2025-08-21T09:00:00Z");
    app.clock("2025-08-25T12:00:00+07:00").await;
    assert_eq!(app.events(&number(&ticket)).await.iter().filter(|(kind, _)| kind == "recomputed").count(), 1);
    assert_eq!(app.ticket(&number(&ticket)).await["sla"]["breached_at"], wib("2025-08-21T16:00"));
    app.audit_is_intact().await;
}

async fn decreed_by_hand(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-20T08:00:00+07:00").await else { return };
    let of_work = json!({"service": "e-office", "impact": "medium", "urgency": "medium"});
    let ticket = open(&app, "demo-superadmin", of_work).await;
    // P3, 15 working hours: Tuesday and Wednesday.
    is_due(&ticket, "resolution_due", "2026-10-22T08:00");
    let day = json!({"date": "2026-10-21", "name": "Pilkada", "kind": "holiday", "since": "2026-10-21", "decree": "Keppres 99/2026"});
    app.post("demo-dinkes", "/calendars/days", day.clone()).await.ok(403);
    for (field, value) in [("date", "2036-01-01"), ("since", "2026-10-19"), ("kind", "feast"), ("decree", " ")] {
        let mut bad = day.clone();
        bad[field] = json!(value);
        let problem = app.post("demo-superadmin", "/calendars/days", bad).await.ok(422);
        assert_eq!(problem["errors"][0]["field"], if field == "date" { "day" } else { field });
    }
    app.post("demo-superadmin", "/calendars/days", day.clone()).await.ok(201);
    app.post("demo-superadmin", "/calendars/days", day).await.ok(409);
    is_due(&app.ticket(&number(&ticket)).await, "resolution_due", "2026-10-22T08:00");
    app.clock("2026-10-21T00:00:00+07:00").await;
    is_due(&app.ticket(&number(&ticket)).await, "resolution_due", "2026-10-23T08:00");
    let days = app.get("demo-dinkes", "/calendars").await.ok(200);
    assert!(days["days_off"].as_array().unwrap().iter().any(|day| day["decree"] == "Keppres 99/2026"));
    // Taken back: what was promised first holds again.
    let back = json!({"date": "2026-10-21", "name": "Pilkada batal", "kind": "working_day", "since": "2026-10-22", "decree": "Keppres 100/2026"});
    app.post("demo-superadmin", "/calendars/days", back).await.ok(201);
    app.clock("2026-10-22T00:00:00+07:00").await;
    is_due(&app.ticket(&number(&ticket)).await, "resolution_due", "2026-10-22T08:00");
    app.audit_is_intact().await;
}

/// The built-in packs, with `change` made to the text of one.
fn changed(file: &str, change: impl Fn(&str) -> String) -> Vec<meja::policy::Source> {
    let mut sources = pack_sources(None).unwrap();
    let source = sources.iter_mut().find(|source| source.file == file).unwrap();
    source.text = change(&source.text);
    sources
}

async fn pinned(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-20T08:00:00+07:00").await else { return };
    let of_work = json!({"service": "e-office", "impact": "medium", "urgency": "medium"});
    let old = open(&app, "demo-superadmin", of_work.clone()).await;
    let faster = |text: &str| {
        text.replace(
            r#"P3 = { response = "120m", resolution = "15h" }"#,
            r#"P3 = { response = "60m", resolution = "5h" }"#,
        )
    };
    let sources = changed("bawaan.toml", faster);
    let pack = Library::read(&sources).unwrap().get("oki").unwrap();
    app.desk.follow(&pack, &sources).await.unwrap();
    app.desk.follow(&pack, &sources).await.unwrap();
    let new = open(&app, "demo-superadmin", of_work).await;
    is_due(&new, "resolution_due", "2026-10-20T14:00");
    is_due(&app.ticket(&number(&old)).await, "resolution_due", "2026-10-22T08:00");
    // A change of an open ticket computes by its own edition too.
    let path = format!("/tickets/{}/prioritize", number(&old));
    app.post("demo-superadmin", &path, json!({"priority": "P4", "reason": "Tidak mendesak"})).await.ok(200);
    let back = app.post("demo-superadmin", &path, json!({"priority": "P3", "reason": "Mendesak"})).await.ok(200);
    is_due(&back, "resolution_due", "2026-10-22T08:00");
    assert_ne!(old["pack"], new["pack"]);
    // The edition that was followed yesterday may lack keys that were invented today.
    let [then, today] = [pack_sources(None).unwrap(), changed("bawaan.toml", str::to_owned)];
    let older: Vec<_> = then
        .iter()
        .map(|source| {
            let text = source.text.replace("pause_vendor_max_days = 10", "");
            meja::policy::Source { file: source.file.clone(), text }
        })
        .collect();
    assert!(Library::read(&older).is_err());
    let read = Library::read_edition(&older, &today, "oki").unwrap();
    assert_eq!((read.lifecycle.pause_vendor_max_days, read.region.code.as_str()), (10, "OKI"));
    // Another process finds both editions in the database.
    app.desk.refresh_rules().await.unwrap();
    is_due(&app.ticket(&number(&old)).await, "resolution_due", "2026-10-22T08:00");
    app.audit_is_intact().await;
}

async fn reloaded(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-20T08:00:00+07:00").await else { return };
    let folder = tempfile::tempdir().unwrap();
    let config = Config { policies_dir: Some(folder.path().to_owned()), ..Config::default() };
    let own = std::fs::read_to_string("sla_policies/oki.toml").unwrap();
    let before = app.desk.pack().version.clone();
    for bad in [
        own.replace("extends", "extend"),
        "id = ".to_owned(),
        own.replace("zone", "zona"),
        own.replace("id = \"oki\"", "id = \"lain\""),
    ] {
        std::fs::write(folder.path().join("oki.toml"), bad).unwrap();
        assert!(app::follow(&config, &app.desk).await.is_err());
        assert_eq!(app.desk.pack().version, before);
    }
    std::fs::write(folder.path().join("oki.toml"), own.replace("version = 1", "version = 2")).unwrap();
    app::follow(&config, &app.desk).await.unwrap();
    assert_eq!(app.desk.pack().version, "oki@2");
    let ticket = open(&app, "demo-superadmin", json!({"service": "e-office"})).await;
    assert_eq!(ticket["pack"], "oki@2");
    app.audit_is_intact().await;
}

async fn vendor(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T08:00:00+07:00").await else { return };
    let ticket =
        open(&app, "demo-superadmin", json!({"service": "e-office", "impact": "medium", "urgency": "medium"})).await;
    let path = |verb: &str| format!("/tickets/{}/{verb}", number(&ticket));
    app.post("demo-superadmin", &path("wait-vendor"), json!({"reason": "Menunggu penyedia"})).await.ok(200);
    // Ten working days after Monday the 5th end on Monday the 19th.
    app.clock("2026-10-19T15:59:59+07:00").await;
    assert_eq!(app.ticket(&number(&ticket)).await["status"], "pending_vendor");
    app.clock("2026-10-19T16:00:00+07:00").await;
    let resumed = app.ticket(&number(&ticket)).await;
    assert_eq!((&resumed["status"], &resumed["sla"]["paused"]), (&json!("in_progress"), &json!(false)));
    is_due(&resumed, "resolution_due", "2026-10-21T16:00");
    let events = app.events(&number(&ticket)).await;
    assert_eq!(TestApp::event(&events, "resumed")["payload"]["trigger"], "timer");
    app.audit_is_intact().await;
}

async fn request_type(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-20T08:00:00+07:00").await else { return };
    let ticket = open(&app, "demo-superadmin", json!({"request_type": "password_reset"})).await;
    assert_eq!(
        (&ticket["kind"], &ticket["sla"]["profile"]),
        (&json!("service_request"), &json!("PERMINTAAN:password_reset"))
    );
    is_due(&ticket, "resolution_due", "2026-10-20T08:30");
    let bad = json!({"subject": "x", "description": "y", "request_type": "kopi"});
    assert_eq!(app.post("demo-superadmin", "/tickets", bad).await.ok(422)["errors"][0]["field"], "request_type");
    // Sorted by a person afterwards.
    let other = open(&app, "demo-superadmin", json!({"service": "e-office"})).await;
    let path = format!("/tickets/{}/reclassify", number(&other));
    let sorted = app.post("demo-superadmin", &path, json!({"request_type": "lan_recommendation"})).await.ok(200);
    is_due(&sorted, "resolution_due", "2026-10-27T16:00");
    app.audit_is_intact().await;
}

async fn outage_floor(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-20T08:00:00+07:00").await else { return };
    for (more, priority) in [
        (json!({"service": "simpus", "outage": true}), "P1"),
        (json!({"service": "simpus", "outage": true, "workaround": true}), "P2"),
        (json!({"service": "simpus", "outage": true, "impact": "limited", "urgency": "low"}), "P1"),
        (json!({"service": "simpus", "outage": false, "impact": "limited", "urgency": "low"}), "P4"),
        // Not determined critical: the matrix alone.
        (json!({"service": "e-office", "outage": true, "impact": "limited", "urgency": "low"}), "P4"),
        // The floor never lowers.
        (json!({"service": "simpus", "outage": true, "workaround": true, "impact": "broad", "urgency": "high"}), "P1"),
    ] {
        let ticket = open(&app, "demo-superadmin", more.clone()).await;
        assert_eq!(ticket["priority"], priority, "{more}");
    }
    let ticket =
        open(&app, "demo-superadmin", json!({"service": "simpus", "impact": "limited", "urgency": "low"})).await;
    let path = format!("/tickets/{}/reclassify", number(&ticket));
    let lifted =
        app.call(Method::POST, "demo-superadmin", &path, Some(json!({"outage": true, "reason": "Mati total"})), &[]);
    assert_eq!(lifted.await.ok(200)["priority"], "P1");
}

async fn breach_by_line(engine: Engine) {
    let Some(app) = TestApp::new(engine, "karanganyar", "2026-10-20T08:00:00+07:00").await else { return };
    let of_work = json!({"service": "e-office", "impact": "medium", "urgency": "medium"});
    let ticket = open(&app, "demo-superadmin", of_work).await;
    // The timer hands over at half of the time, and the second line gives it back: the first holds it at the end.
    app.clock("2026-10-21T10:00:00+07:00").await;
    let path = |verb: &str| format!("/tickets/{}/{verb}", number(&ticket));
    app.post("demo-superadmin", &path("return"), json!({"reason": "Urusan jaringan lokal"})).await.ok(200);
    app.clock("2026-10-23T10:00:00+07:00").await;
    let events = app.events(&number(&ticket)).await;
    assert_eq!(TestApp::event(&events, "returned")["payload"]["basis"], "bawaan, bukan kewajiban hukum");
    assert_eq!(TestApp::event(&events, "breached")["payload"]["held_by_tier"], 1);
    let lines = app.ticket(&number(&ticket)).await["sla"]["lines"].clone();
    // Tuesday from eight, Wednesday, Thursday, Friday until ten: each line's own share adds up to the whole.
    let used: i64 = lines.as_array().unwrap().iter().map(|line| line["used_seconds"].as_i64().unwrap()).sum();
    assert_eq!(used, (7 * 60 + 450 + 450 + 150) * 60, "{lines}");
    app.audit_is_intact().await;
}
