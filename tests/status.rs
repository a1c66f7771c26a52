//! The status page from outside: states, what is never told, feeds, news by mail, and a database that is away.

use crate::support::app::{Engine, TestApp};
use crate::support::browser::Browser;
use crate::support::on_both;
use chrono::Duration;
use meja::clock::Clock;
use meja::desk::Desk;
use poem::http::Method;
use serde_json::{Value, json};

const UNIT: &str = "demo-superadmin";

on_both! {
    the_state_of_a_service_is_told = states;
    what_is_restricted_is_not_told = restricted;
    news_come_by_mail_and_stop_with_one_click = news;
    the_first_news_after_a_quiet_round_is_mailed = first_news;
    the_last_known_state_is_served_while_the_database_is_away = away;
}

async fn region(engine: Engine) -> Option<TestApp> {
    TestApp::new(engine, "oki", "2026-10-20T10:00:00+07:00").await
}

/// The public state of SIMPUS as it is now.
async fn simpus(app: &TestApp) -> Value {
    app.desk.refresh_status().await.unwrap();
    let status = app.get("", "/public/status").await.ok(200);
    status["services"].as_array().unwrap().iter().find(|it| it["code"] == "simpus").unwrap().clone()
}

/// A disruption of SIMPUS that the public is told of; gives the number of its ticket.
async fn announced(app: &TestApp) -> String {
    let report =
        json!({"subject": "SIMPUS mati", "description": "RAHASIA-PELAPOR", "kind": "incident", "service": "simpus"});
    let ticket = app.post("demo-dinkes", "/tickets", report).await.ok(201);
    let number = ticket["number"].as_str().unwrap().to_owned();
    let worker = Browser::at(&app.desk);
    worker.sign_in("admin.dinkes@demo.test", meja::desk::demo::PASSWORD).await;
    let address = format!("/kerja/tiket/{number}/umumkan");
    let form = [
        ("headline", "SIMPUS tidak dapat dibuka <b>"),
        ("message", "Kami memeriksa peladen & jaringan."),
        ("phase", "investigating"),
        ("next_date", "2026-10-20"),
        ("next_time", "12.00"),
    ];
    worker.fill(&address, &address, &form).await.is(303);
    number
}

async fn states(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let calm = simpus(&app).await;
    assert_eq!((&calm["state"], &calm["since"]), (&json!("normal"), &Value::Null));
    let visitor = Browser::at(&app.desk);
    visitor.get("/status").await.is(200).shows("Semua layanan normal").shows("Tidak ada gangguan tercatat");
    announced(&app).await;
    assert_eq!(simpus(&app).await["state"], "partial");
    let page = visitor.get("/status").await;
    page.is(200).shows("1 layanan terganggu sebagian").shows("Kami memeriksa peladen &amp; jaringan.");
    page.shows("SIMPUS tidak dapat dibuka &lt;b&gt;").shows("Sedang diselidiki").shows("12.00 WIB");
    assert!(!page.html.contains("RAHASIA-PELAPOR"), "nothing of the ticket is told");
    assert!(page.set_cookies.is_empty(), "the page is the same for everybody");
    let outage = json!({"service": "simpus", "started_at": "2026-10-20T09:30:00+07:00", "note": "CATATAN-DALAM"});
    let outage = app.post(UNIT, "/outages", outage).await.ok(201);
    let down = simpus(&app).await;
    assert_eq!((&down["state"], &down["since"]), (&json!("total"), &json!("2026-10-20T02:30:00+00:00")));
    assert_eq!(down["last_30_days"]["outages"], 1);
    let page = visitor.get("/status").await;
    page.shows("1 layanan terganggu total").shows("<path class=\"d6\"");
    assert!(!page.html.contains("CATATAN-DALAM"));
    let window = json!({"services": ["simpus"], "title": "Ganti peladen", "message": "Mati sebentar",
        "starts_at": "2026-10-20T10:00:00+07:00", "ends_at": "2026-10-20T12:00:00+07:00"});
    app.post(UNIT, "/maintenance", window).await.ok(201);
    app.clock("2026-10-20T10:30:00+07:00").await;
    assert_eq!(simpus(&app).await["state"], "maintenance", "work stands before failures");
    visitor.get("/status").await.shows("Ganti peladen").shows("Sedang berlangsung");
    app.clock("2026-10-20T12:00:00+07:00").await;
    assert_eq!(simpus(&app).await["state"], "total");
    let end = json!({"ended_at": "2026-10-20T11:00:00+07:00"});
    app.call(Method::PATCH, UNIT, &format!("/outages/{}", outage["id"]), Some(end), &[]).await.ok(200);
    assert_eq!(simpus(&app).await["state"], "partial", "as long as people say so");

    let english = visitor.get("/status?bahasa=en").await;
    english.shows("Service status").shows("partly down");
    let atom = visitor.get("/status.atom").await;
    atom.is(200).shows("<feed xmlns=\"http://www.w3.org/2005/Atom\"").shows("SIMPUS tidak dapat dibuka &lt;b&gt;");
    let read = scraper::Html::parse_document(&atom.html);
    assert!(read.errors.iter().all(|error| !error.contains("EOF")), "{:?}", read.errors);
    let feed: Value = serde_json::from_str(&visitor.get("/status.json").await.html).unwrap();
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(feed["items"].as_array().unwrap().len(), 1, "{feed}");
    assert!(visitor.get("/status").await.html.len() < 40_000, "it is small");
}

async fn restricted(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let number = announced(&app).await;
    app.desk.refresh_status().await.unwrap();
    assert_eq!(app.get("", "/public/status").await.ok(200)["incidents"].as_array().unwrap().len(), 1);
    let mut tx = app.desk.db.write().await.unwrap();
    let mut ticket = meja::store::tickets::by_number(&mut tx, &number).await.unwrap().unwrap();
    ticket.classification = meja::domain::ticket::Classification::Restricted;
    ticket.version += 1;
    meja::store::tickets::update(&mut tx, &ticket).await.unwrap();
    tx.commit().await.unwrap();
    let state = simpus(&app).await;
    assert_eq!(state["state"], "normal");
    assert_eq!(app.get("", "/public/status").await.ok(200)["incidents"], json!([]));
    let visitor = Browser::at(&app.desk);
    for page in ["/status", "/status.atom", "/status.json"] {
        assert!(!visitor.get(page).await.html.contains("SIMPUS tidak"), "{page}");
    }
}

async fn news(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    announced(&app).await;
    assert_eq!(app.desk.mail_status().await.unwrap(), 0, "old stories are not told");
    let visitor = Browser::at(&app.desk);
    let ask = async |email: &str| visitor.fill("/status/langganan", "/status/langganan", &[("email", email)]).await;
    ask("bukan alamat").await.is(422);
    ask("ani@contoh.id").await.goes_to("/status/langganan?kabar=surel");
    ask("korban@contoh.id").await.is(303);
    let mails = app.mails_to("ani@contoh.id").await;
    let text = crate::support::app::readable(&mails[0]);
    let link = text[text.find("/status/langganan/").unwrap()..].split_whitespace().next().unwrap().to_owned();
    visitor.get(&link).await.is(200).shows("Kabari saya");
    visitor.fill(&link, &link, &[("do", "ikuti")]).await.goes_to(&link);
    visitor.get(&link).await.shows("Berhenti dikabari");
    visitor.get("/status/langganan/aaaaaaaaaaaaaaaaaaaaaaaaaa").await.is(404);

    let window = json!({"services": ["simpus"], "title": "Ganti peladen", "message": "Mati sebentar",
        "starts_at": "2026-10-22T20:00:00+07:00", "ends_at": "2026-10-22T22:00:00+07:00"});
    app.post(UNIT, "/maintenance", window).await.ok(201);
    assert_eq!(app.desk.mail_status().await.unwrap(), 1);
    assert_eq!(app.desk.mail_status().await.unwrap(), 0, "each is told once");
    let mails = app.mails_to("ani@contoh.id").await;
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[1].subject, "Pemeliharaan: Ganti peladen");
    let raw = String::from_utf8_lossy(&mails[1].raw).into_owned();
    assert!(raw.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{raw}");
    let whole = mail_parser::MessageParser::default().parse(&mails[1].raw).unwrap();
    let header = whole.header_raw("List-Unsubscribe").unwrap().split_whitespace().collect::<String>();
    let stop = header.trim_matches(['<', '>']).strip_prefix("http://desk.test").unwrap().to_owned();
    assert_eq!(app.mails_to("korban@contoh.id").await.len(), 1, "an unproven address hears nothing more");
    // A mail program has neither cookie nor token, and comes from another site.
    Browser::at(&app.desk).post(&stop, &[("List-Unsubscribe", "One-Click")]).await.is(200);
    Browser::at(&app.desk).post(&stop, &[("List-Unsubscribe", "One-Click")]).await.is(200);
    visitor.get(&link).await.is(404).shows("berlangganan lagi");
    let window = json!({"services": ["simpus"], "title": "Sekali lagi", "message": "Mati sebentar",
        "starts_at": "2026-10-23T20:00:00+07:00", "ends_at": "2026-10-23T22:00:00+07:00"});
    app.post(UNIT, "/maintenance", window).await.ok(201);
    assert_eq!(app.desk.mail_status().await.unwrap(), 1);
    assert_eq!(app.mails_to("ani@contoh.id").await.len(), 2);
}

async fn first_news(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    assert_eq!(app.desk.mail_status().await.unwrap(), 0, "a quiet round");
    announced(&app).await;
    assert_eq!(app.desk.mail_status().await.unwrap(), 1, "the first news of an installation is news");
}

async fn away(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    announced(&app).await;
    simpus(&app).await;
    let later = Desk { clock: Clock::frozen(app.desk.clock.machine() + Duration::minutes(11)), ..app.desk.clone() };
    let (now, late) = (Browser::at(&app.desk), Browser::at(&later));
    now.get("/status").await.is(200).shows("SIMPUS tidak");
    app.desk.db.close().await;
    now.get("/lacak?kode=1").await.is(200);
    assert!(app.desk.refresh_status().await.is_err(), "the database is away");
    for page in ["/status", "/status?bahasa=en", "/status.atom", "/status.json"] {
        now.get(page).await.is(200).shows("SIMPUS tidak");
    }
    let old = app.get("", "/public/status").await.ok(200);
    assert_eq!(old["incidents"].as_array().unwrap().len(), 1);
    late.get("/status").await.is(200).shows("terakhir diperbarui").shows("SIMPUS tidak");
}
