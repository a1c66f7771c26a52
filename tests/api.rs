//! The contract of the API: bad input, repeated requests, stale versions, foreign tickets, lists.

use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use poem::http::Method;
use serde_json::{Value, json};

const NOW: &str = "2026-10-05T09:00:00+07:00";

on_both! {
    bad_fields_are_named_and_nothing_is_changed = bad_fields;
    a_repeated_request_happens_once = idempotency;
    a_stale_version_is_refused_with_the_current_one = versions;
    tickets_of_others_are_as_unknown_as_unknown_ones = foreign;
    lists_are_filtered_sorted_and_continued = lists;
    tokens_are_needed_and_limited = tokens;
}

fn report(subject: &str) -> Value {
    json!({"subject": subject, "description": "Uraian gangguan", "agency": "DINKES", "impact": "medium", "urgency": "medium"})
}

async fn open(app: &TestApp, token: &str, subject: &str) -> String {
    app.post(token, "/tickets", report(subject)).await.ok(201)["number"].as_str().unwrap().to_owned()
}

async fn bad_fields(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let fields = |problem: &Value| -> Vec<String> {
        problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    };
    let many = json!({"subject": " \u{200b} ", "description": "x".repeat(100_001), "service": "tidak-ada", "agency": "X",
        "requester": {"name": "A", "email": "bukan alamat"}});
    let problem = app.post("demo-superadmin", "/tickets", many).await.ok(422);
    assert_eq!(fields(&problem), ["subject", "description", "service", "agency", "email"]);
    assert!(problem["errors"][0]["message"].as_str().unwrap().contains(' '), "a sentence, not a key: {problem}");
    for (body, field) in [
        (json!({"subject": "a1", "description": "b1", "kind": "gangguan"}), "kind"),
        (json!({"subject": "a1", "description": "b1", "role": "admin"}), "role"),
    ] {
        assert_eq!(fields(&app.post("demo-superadmin", "/tickets", body).await.ok(422)), [field]);
    }
    let app_ref = &app;
    let raw = |text: &'static str| async move {
        let client = poem::test::TestClient::new(meja::app::routes(app_ref.desk.clone()).unwrap());
        let sent = client
            .post("/api/v1/tickets")
            .header("authorization", "Bearer demo-superadmin")
            .content_type("application/json")
            .body(text);
        let response = sent.send().await.0;
        assert_eq!(response.content_type(), Some("application/problem+json"));
        response.status().as_u16()
    };
    assert_eq!(raw("{").await, 400);
    assert_eq!(raw("[1e400]").await, 400);
    assert_eq!(raw("[]").await, 422);
    // NUL and other control characters never reach the database.
    let odd =
        json!({"subject": "Nul\u{0} di\u{7} sini", "description": "isi\u{0}", "impact": "broad", "urgency": "low"});
    assert_eq!(app.post("demo-superadmin", "/tickets", odd).await.ok(201)["subject"], "Nul di sini");
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    app.post("demo-superadmin", &format!("/tickets/{number}/resume"), json!({"reason": "a1"})).await.ok(409);
    app.post("demo-superadmin", &format!("/tickets/{number}/fly"), json!({})).await.ok(404);
    app.post("demo-superadmin", &format!("/tickets/{number}/assign"), json!({"user": "warga@demo.test"})).await.ok(422);
    app.post("demo-superadmin", &format!("/tickets/{number}/prioritize"), json!({"priority": "P9", "reason": "a1"}))
        .await
        .ok(422);
    let after = app.ticket(&number).await;
    assert_eq!((&after["status"], &after["assignee"]), (&json!("new"), &Value::Null));
    app.audit_is_intact().await;
}

async fn idempotency(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let key = [("Idempotency-Key", "kunci-1")];
    let send = |body: Value| app.call(Method::POST, "demo-dinkes", "/tickets", Some(body), &key);
    let first = send(report("Sama")).await.ok(201);
    let second = send(report("Sama")).await.ok(201);
    assert_eq!((&first["number"], &first["tracking_code"]), (&second["number"], &second["tracking_code"]));
    send(report("Lain")).await.ok(409);
    // Another caller's key of the same name is another key.
    app.call(Method::POST, "demo-disdukcapil", "/tickets", Some(report("Sama")), &key).await.ok(201);
    let path = format!("/tickets/{}/messages", first["number"].as_str().unwrap());
    for _ in 0..2 {
        app.call(
            Method::POST,
            "demo-dinkes",
            &path,
            Some(json!({"body": "Sekali saja"})),
            &[("Idempotency-Key", "k2")],
        )
        .await
        .ok(201);
    }
    let messages = app.get("demo-dinkes", &path).await.ok(200);
    assert_eq!(messages["items"].as_array().unwrap().len(), 2);
}

async fn versions(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let number = open(&app, "demo-dinkes", "Versi").await;
    let version = app.ticket(&number).await["version"].as_i64().unwrap();
    let path = format!("/tickets/{number}/acknowledge");
    let stale = app.post("demo-dinkes", &path, json!({"version": version - 1})).await.ok(409);
    assert_eq!(stale["version"], version);
    let seen = format!("\"{version}\"");
    let done = app.call(Method::POST, "demo-dinkes", &path, Some(json!({})), &[("If-Match", &seen)]).await.ok(200);
    assert!(done["version"].as_i64().unwrap() > version);
    let path = format!("/tickets/{number}/prioritize");
    let body = json!({"priority": "P1", "reason": "Pelayanan berhenti"});
    app.call(Method::POST, "demo-dinkes", &path, Some(body), &[("If-Match", &seen)]).await.ok(409);
    assert_eq!(app.ticket(&number).await["priority"], "P3");
}

async fn foreign(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let number = open(&app, "demo-dinkes", "Milik Dinkes").await;
    let unknown = meja::domain::number::format("OKI", 2026, 10, 999);
    for path in ["", "/messages", "/events", "/explain"] {
        let foreign = app.get("demo-disdukcapil", &format!("/tickets/{number}{path}")).await;
        let none = app.get("demo-disdukcapil", &format!("/tickets/{unknown}{path}")).await;
        assert_eq!((foreign.status, foreign.json), (404, none.json));
    }
    for verb in ["acknowledge", "resolve", "messages"] {
        app.post("demo-disdukcapil", &format!("/tickets/{number}/{verb}"), json!({})).await.ok(404);
    }
    assert_eq!(app.get("demo-disdukcapil", "/tickets").await.ok(200)["items"], json!([]));
    assert_eq!(app.get("demo-disdukcapil", "/tickets?q=Milik&agency=DINKES").await.ok(200)["items"], json!([]));
    // A requester sees his own ticket without what is internal.
    let mine = app.post("demo-warga", "/tickets", report("Laporan warga")).await.ok(201);
    let mine = mine["number"].as_str().unwrap();
    app.post("demo-dinkes", &format!("/tickets/{mine}/messages"), json!({"body": "Rahasia", "visibility": "internal"}))
        .await
        .ok(201);
    let messages = app.get("demo-warga", &format!("/tickets/{mine}/messages")).await.ok(200);
    assert_eq!(messages["items"].as_array().unwrap().len(), 1);
    app.get("demo-warga", &format!("/tickets/{mine}/events")).await.ok(403);
    app.post("demo-warga", &format!("/tickets/{mine}/resolve"), json!({"solution": "sendiri"})).await.ok(403);
    app.post("demo-warga", &format!("/tickets/{mine}/messages"), json!({"body": "Tambahan", "visibility": "internal"}))
        .await
        .ok(403);
    app.post("demo-warga", &format!("/tickets/{mine}/messages"), json!({"body": "Tambahan"})).await.ok(201);
}

async fn lists(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let mut numbers = Vec::new();
    for (place, word) in ["nol", "satu", "dua", "tiga", "empat"].into_iter().enumerate() {
        numbers.push(open(&app, "demo-dinkes", &format!("Urutan {word} 50%_x")).await);
        app.clock(&format!("2026-10-05T09:0{}:00+07:00", place + 1)).await;
    }
    for (sort, expected) in
        [("oldest", numbers.clone()), ("newest", numbers.iter().rev().cloned().collect()), ("due", numbers.clone())]
    {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.get("demo-dinkes", &format!("/tickets?limit=2&sort={sort}{cursor}")).await.ok(200);
            seen.extend(
                page["items"].as_array().unwrap().iter().map(|ticket| ticket["number"].as_str().unwrap().to_owned()),
            );
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, expected, "{sort}");
    }
    let app_ref = &app;
    let found = |query: &'static str| async move {
        app_ref.get("demo-dinkes", &format!("/tickets?{query}")).await.ok(200)["items"].as_array().unwrap().len()
    };
    assert_eq!(found("q=urutan%20TIGA").await, 1);
    assert_eq!(found("q=50%25_x").await, 5);
    assert_eq!(found("q=5%25x").await, 0, "a wildcard of the database is no wildcard of ours");
    assert_eq!(found("status=new&priority=P3&kind=incident&tier=1&breached=false&agency=DINKES").await, 5);
    assert_eq!(found("status=closed").await, 0);
    assert_eq!(found("assignee=siapa@x.test").await, 0);
    assert_eq!(found("opened_from=2026-10-05T02:02:00Z&opened_to=2026-10-05T02:04:00Z").await, 2);
    for bad in ["limit=0", "limit=100000", "cursor=abc", "sort=(select)", "status=baru"] {
        app.get("demo-dinkes", &format!("/tickets?{bad}")).await.ok(422);
    }
}

async fn tokens(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    for token in ["", "salah", "demo-warga "] {
        let status = app.get(token, "/tickets").await.status;
        assert!(status == 401 || token == "demo-warga ", "{token:?} {status}");
    }
    let scope = meja::domain::people::Scope::Read;
    let token = app.desk.add_token("superadmin@demo.test", "baca", scope, None).await.unwrap();
    app.get(&token, "/tickets").await.ok(200);
    app.post(&token, "/tickets", report("Tidak boleh")).await.ok(403);
    let number = open(&app, "demo-dinkes", "Ada").await;
    app.post(&token, &format!("/tickets/{number}/acknowledge"), json!({})).await.ok(403);
    // A token may be limited to one agency below its owner's rights.
    let write = meja::domain::people::Scope::Write;
    let limited = app.desk.add_token("superadmin@demo.test", "dinkes", write, Some("DINKES")).await.unwrap();
    let other = app.post(
        "demo-disdukcapil",
        "/tickets",
        json!({"subject": "Lain", "description": "Uraian", "agency": "DISDUKCAPIL"}),
    );
    let other = other.await.ok(201)["number"].as_str().unwrap().to_owned();
    app.get(&limited, &format!("/tickets/{other}")).await.ok(404);
    assert_eq!(app.get(&limited, "/tickets").await.ok(200)["items"].as_array().unwrap().len(), 1);
    app.post(&limited, &format!("/tickets/{number}/acknowledge"), json!({})).await.ok(200);
    let elsewhere = json!({"subject": "Lain", "description": "Uraian", "agency": "BKD"});
    app.post(&limited, "/tickets", elsewhere).await.ok(403);
    assert!(app.desk.add_token("superadmin@demo.test", "x", write, Some("TIDAK-ADA")).await.is_err());
    app.desk.disable_account("superadmin@demo.test").await.unwrap();
    app.get(&token, "/tickets").await.ok(401);
    let me = app.get("demo-dinkes", "/me").await.ok(200);
    assert_eq!(me["roles"], json!([{"role": "tier1_agent", "agency": "DINKES"}]));
}

#[tokio::test]
async fn a_body_is_read_as_far_as_its_sender_may_write() {
    let app = TestApp::new(Engine::Sqlite, "oki", NOW).await.unwrap();
    let number = open(&app, "demo-dinkes", "Ada").await;
    let long = |bytes: usize| json!({"subject": "Panjang", "description": "a".repeat(bytes)});
    app.post("", "/tickets", long(70_000)).await.ok(413);
    app.post("", "/tickets", long(50_000)).await.ok(401);
    app.post("demo-dinkes", "/tickets", long(2_000_000)).await.ok(413);
    app.post("demo-dinkes", "/tickets", long(90_000)).await.ok(201);
    // Files come with messages: what is too long there is told by the field.
    let said = json!({"body": "a".repeat(2_000_000), "visibility": "internal"});
    app.post("demo-dinkes", &format!("/tickets/{number}/messages"), said).await.ok(422);
}

#[tokio::test]
async fn the_openapi_document_is_what_was_agreed() {
    let app = TestApp::new(Engine::Sqlite, "oki", NOW).await.unwrap();
    let document = meja::api::document(&app.desk);
    let client = poem::test::TestClient::new(meja::app::routes(app.desk.clone()).unwrap());
    let page = client.get("/api/docs").send().await.0.into_body().into_string().await.unwrap();
    assert!(page.contains(&document), "people read the same as machines");
    let refused = client.delete("/api/v1/tickets").send().await.0;
    assert_eq!(refused.status().as_u16(), 405);
    assert_eq!(refused.header("allow"), Some("GET, POST"), "what the document says");
    let served = client.get("/api/v1/openapi.json").send().await.0.into_body().into_string().await.unwrap();
    assert_eq!(served, document);
    insta::assert_snapshot!(document);
}
