//! How people are told by mail: each kind at once, once a day, or not at all, but never less than the pack asks.

use crate::support::app::{Engine, TestApp, readable};
use crate::support::browser::Browser;
use crate::support::on_both;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

const NOW: &str = "2026-10-05T09:00:00+07:00";

async fn signed_in(app: &TestApp, email: &str) -> Browser {
    let browser = Browser::at(&app.desk);
    browser.sign_in(email, meja::desk::demo::PASSWORD).await;
    browser
}
const AT: &str = "/me/notices";

on_both! {
    what_somebody_chose_holds_and_one_event_stays_one_mail = chosen;
    what_the_pack_makes_compulsory_cannot_be_chosen_away = compulsory;
}

async fn choose(app: &TestApp, token: &str, items: Value) -> crate::support::app::Answer {
    app.call(Method::PUT, token, AT, Some(json!({"items": items})), &[]).await
}

/// A report for the health office; its first line is Budi.
async fn report(app: &TestApp, subject: &str) -> String {
    let body = json!({"kind": "incident", "subject": subject, "description": "Sejak pagi", "agency": "DINKES",
        "impact": "limited", "urgency": "medium", "requester": {"name": "Ani", "email": "ani@warga.test"}});
    app.post("demo-superadmin", "/tickets", body).await.ok(201)["number"].as_str().unwrap().to_owned()
}

async fn told(app: &TestApp, email: &str) -> Vec<String> {
    app.desk.run_due_steps().await.unwrap();
    app.mails_to(email).await.iter().map(readable).collect()
}

async fn chosen(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    const BUDI: &str = "admin.dinkes@demo.test";
    let usual = app.get("demo-dinkes", AT).await.ok(200);
    assert!(usual["items"].as_array().unwrap().iter().all(|item| item["choice"] == "at_once"), "{usual}");
    report(&app, "Seketika").await;
    assert_eq!(told(&app, BUDI).await.len(), 1);
    // Once a day: several events are one mail, at seven.
    choose(&app, "demo-dinkes", json!([{"kind": "start", "choice": "digest"}])).await.ok(200);
    for subject in ["Satu", "Dua", "Tiga"] {
        report(&app, subject).await;
    }
    assert_eq!(told(&app, BUDI).await.len(), 1, "nothing before the hour");
    app.desk.clock.set("2026-10-06T06:59:00+07:00".parse().unwrap(), 0.0);
    let before = told(&app, BUDI).await;
    assert!(before.iter().all(|mail| !mail.contains("Dua")), "{before:?}");
    app.desk.clock.set("2026-10-06T07:00:00+07:00".parse().unwrap(), 0.0);
    let after = told(&app, BUDI).await;
    let new: Vec<&String> = after.iter().skip(before.len()).collect();
    assert_eq!(new.len(), 1, "{new:?}");
    assert!(["Satu", "Dua", "Tiga"].iter().all(|subject| new[0].contains(subject)), "{}", new[0]);
    assert_eq!(told(&app, BUDI).await.len(), after.len(), "once");
    // Not at all: no mail, but the page of notices has it.
    choose(&app, "demo-dinkes", json!([{"kind": "start", "choice": "never"}])).await.ok(200);
    report(&app, "Diam").await;
    app.desk.clock.set("2026-10-06T07:01:00+07:00".parse().unwrap(), 0.0);
    assert!(told(&app, BUDI).await.iter().all(|mail| !mail.contains("Diam")));
    let budi = signed_in(&app, BUDI).await;
    budi.get("/kerja/notifikasi").await.shows("Diam");
    // Others are told as before, and what is wanted at once again is not told afterwards.
    choose(&app, "demo-dinkes", json!([{"kind": "start", "choice": "at_once"}])).await.ok(200);
    assert!(told(&app, BUDI).await.iter().all(|mail| !mail.contains("Diam")));
    let id = app.get("demo-dinkes", "/me").await.ok(200)["id"].clone();
    let mut tx = app.desk.db.read().await.unwrap();
    let events = meja::store::events::of_stream(&mut tx, &format!("account:{id}"), 0, 50).await.unwrap();
    let kept: Vec<&str> =
        events.iter().filter(|event| event.kind == "notices_chosen").map(|event| event.payload.as_str()).collect();
    assert_eq!(kept, [r#"{"start":"digest"}"#, r#"{"start":"never"}"#, r#"{"start":"at_once"}"#]);
    drop(tx);
    app.audit_is_intact().await;
}

async fn compulsory(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let held = app.get("demo-superadmin", AT).await.ok(200);
    let fixed: Vec<&str> = held["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["compulsory"] == true)
        .map(|item| item["kind"].as_str().unwrap())
        .collect();
    assert_eq!(fixed, ["transfer", "breach"]);
    let refused = choose(&app, "demo-superadmin", json!([{"kind": "breach", "choice": "never"}])).await.ok(422);
    assert_eq!(refused["errors"][0]["field"], "choice");
    let refused = choose(&app, "demo-superadmin", json!([{"kind": "auto_close", "choice": "never"}])).await.ok(422);
    assert_eq!(refused["errors"][0]["field"], "kind");
    choose(&app, "demo-superadmin", json!([{"kind": "apa", "choice": "x"}])).await.ok(422);
    choose(&app, "demo-warga", json!([{"kind": "start", "choice": "never"}])).await.ok(403);
    app.get("demo-warga", AT).await.ok(403);
    // Everything that may be silent is silent; what may not is told at once, still as one mail.
    let silent = ["start", "response_notice", "warn", "pause_end"].map(|kind| json!({"kind": kind, "choice": "never"}));
    choose(&app, "demo-superadmin", json!(silent)).await.ok(200);
    report(&app, "Terlambat").await;
    let before = told(&app, "superadmin@demo.test").await.len();
    app.desk.clock.set("2026-11-05T10:00:00+07:00".parse().unwrap(), 0.0);
    let after = told(&app, "superadmin@demo.test").await;
    assert_eq!(after.len(), before + 1, "{after:?}");
    assert!(after.last().unwrap().contains("Terlambat"), "{after:?}");
    app.audit_is_intact().await;
}

#[tokio::test]
async fn the_page_of_the_account_keeps_the_choice_and_shows_what_is_fixed() {
    let app = TestApp::new(Engine::Sqlite, "oki", NOW).await.unwrap();
    let budi = signed_in(&app, "admin.dinkes@demo.test").await;
    let page = budi.get("/akun").await;
    page.shows("Surel pemberitahuan").shows("pukul 07.00").shows("name=\"notice_start\" value=\"at_once\" checked");
    page.shows("Bawaan, belum ditetapkan").shows("<li>Tiket lewat batas penyelesaian</li>");
    assert!(!page.html.contains("name=\"notice_breach\""), "what is fixed is no question");
    let form = [("notice_start", "digest"), ("notice_warn", "never"), ("notice_breach", "never")];
    let kept = budi.fill("/akun", "/akun/pemberitahuan", &form).await;
    assert_eq!((kept.status, kept.location.as_str()), (StatusCode::SEE_OTHER, "/akun?kabar=pemberitahuan"));
    let page = budi.get("/akun?kabar=pemberitahuan").await;
    page.shows("Pilihan pemberitahuan disimpan.").shows("name=\"notice_start\" value=\"digest\" checked");
    page.shows("name=\"notice_warn\" value=\"never\" checked");
    let held = app.get("demo-dinkes", AT).await.ok(200);
    let breach = held["items"].as_array().unwrap().iter().find(|item| item["kind"] == "breach").unwrap().clone();
    assert_eq!((&breach["choice"], &breach["compulsory"]), (&json!("at_once"), &json!(true)));
    let warga = signed_in(&app, "warga@demo.test").await;
    assert!(!warga.get("/akun").await.html.contains("/akun/pemberitahuan"), "who is told nothing chooses nothing");
}
