//! One's own tickets by a mailed link.

use super::{Engine, TestApp, mailed, region, report};
use crate::support::browser::Browser;
use chrono::Duration;
use meja::clock::Clock;
use meja::desk::Desk;
use meja::desk::demo::PASSWORD;
use serde_json::json;

crate::support::on_both! {
    a_link_opens_the_tickets_of_its_address_once = link;
    a_link_and_what_it_opened_end = over;
    those_that_wait_for_the_reporter_come_first = order;
    whoever_has_signed_in_sees_his_at_once = signed_in;
}

/// Asks for a link and lets the worker write it.
async fn ask(app: &TestApp, browser: &Browser, email: &str) {
    browser.fill("/tiket-saya", "/tiket-saya/tautan", &[("email", email)]).await.goes_to("/tiket-saya/tautan");
    app.desk.mail_own_links().await.unwrap();
}

async fn link(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let (number, _) = report(&Browser::at(&app.desk)).await;
    let other = Browser::at(&app.desk);
    super::begin(&other).await;
    super::describe(&other).await;
    let (foreign, _) = super::send(&other, &[("name", "Tono"), ("email", "tono@contoh.id")]).await;

    let browser = Browser::at(&app.desk);
    browser.get(&format!("/tiket-saya/{number}")).await.goes_to("/tiket-saya");
    browser.fill("/tiket-saya", "/tiket-saya/tautan", &[("email", "bukan alamat")]).await.is(422);
    ask(&app, &browser, "tidak.ada@contoh.id").await;
    assert!(app.mails_to("tidak.ada@contoh.id").await.is_empty(), "nobody is written to who reported nothing");
    ask(&app, &browser, " Siti@contoh.id").await;
    let link = mailed(&app, "siti@contoh.id", "/l/").await;
    browser.get(&link).await.is(200).shows("Buka tiket saya");
    browser.get(&link).await.is(200);
    browser.fill(&link, &link, &[]).await.goes_to("/tiket-saya");
    let page = browser.get("/tiket-saya").await;
    page.shows(&number).shows("siti@contoh.id");
    assert!(!page.html.contains(&foreign));
    let thief = Browser::at(&app.desk);
    thief.fill("/tiket-saya", &link, &[]).await.is(403).shows("tidak berlaku");
    thief.get("/tiket-saya").await.shows("Kirim tautan");

    // It shows the tickets of the address, and lets their reporter write; nothing else.
    browser.get(&format!("/tiket-saya/{foreign}")).await.is(404);
    browser.get("/kerja/antrean").await.goes_to("/masuk?lanjut=/kerja/antrean");
    browser.get("/akun").await.goes_to("/masuk?lanjut=/akun");
    let page = browser.get(&format!("/tiket-saya/{number}")).await;
    let (csrf, key) = super::keys(&page);
    let form = [("_csrf", csrf.as_str()), ("key", key.as_str()), ("body", "Masih mati")];
    browser.post(&format!("/tiket-saya/{number}/balas"), &form).await.is(303);
    browser.get(&format!("/tiket-saya/{number}")).await.shows("Masih mati");
    browser.post(&format!("/tiket-saya/{foreign}/balas"), &form).await.is(404);
    browser.fill("/tiket-saya", "/tiket-saya/keluar", &[]).await.goes_to("/tiket-saya");
    browser.get(&format!("/tiket-saya/{number}")).await.goes_to("/tiket-saya");
    for _ in 0..8 {
        browser.fill("/tiket-saya", "/tiket-saya/tautan", &[("email", "siti@contoh.id")]).await;
    }
    let refused = browser.fill("/tiket-saya", "/tiket-saya/tautan", &[("email", "siti@contoh.id")]).await;
    refused.is(429).shows("Coba lagi dalam");
    app.audit_is_intact().await;
}

async fn over(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    report(&Browser::at(&app.desk)).await;
    let at = |after: Duration| Desk { clock: Clock::frozen(app.desk.clock.machine() + after), ..app.desk.clone() };
    let browser = Browser::at(&app.desk);
    ask(&app, &browser, "siti@contoh.id").await;
    let link = mailed(&app, "siti@contoh.id", "/l/").await;
    let late = Browser::at(&at(Duration::minutes(61)));
    late.fill("/tiket-saya", &link, &[]).await.is(403);
    ask(&app, &browser, "siti@contoh.id").await;
    let link = mailed(&app, "siti@contoh.id", "/l/").await;
    browser.fill(&link, &link, &[]).await.goes_to("/tiket-saya");
    let tomorrow = Browser::at(&at(Duration::hours(25)));
    tomorrow.set("meja_own", &browser.cookie("meja_own"));
    tomorrow.get("/tiket-saya").await.shows("Kirim tautan");
    at(Duration::hours(25)).forget_what_is_over().await.unwrap();
    browser.get("/tiket-saya").await.shows("Kirim tautan");
}

async fn order(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let mut numbers = Vec::new();
    for _ in 0..23 {
        numbers.push(report(&Browser::at(&app.desk)).await.0);
    }
    let mails = app.mails_to("siti@contoh.id").await;
    assert_eq!(mails.len(), 1, "nobody is flooded with confirmations he did not ask for");
    let act = async |number: &str, verb: &str, body: serde_json::Value| {
        app.post("demo-dinkes", &format!("/tickets/{number}/{verb}"), body).await.ok(200);
    };
    act(&numbers[3], "prioritize", json!({"priority": "P3", "reason": "Satu orang"})).await;
    act(&numbers[3], "request-info", json!({"body": "Sejak kapan?"})).await;
    act(&numbers[22], "resolve", json!({"solution": "Sudah pulih"})).await;
    let browser = Browser::at(&app.desk);
    ask(&app, &browser, "siti@contoh.id").await;
    let link = mailed(&app, "siti@contoh.id", "/l/").await;
    browser.fill(&link, &link, &[]).await.goes_to("/tiket-saya");
    let mut address = "/tiket-saya".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = browser.get(&address).await;
        page.is(200);
        let rows = page.html.split("href=\"/tiket-saya/").skip(1);
        seen.extend(rows.map(|rest| rest.split('"').next().unwrap().to_owned()));
        let Some(next) = page.html.split("?sesudah=").nth(1) else { break };
        address = format!("/tiket-saya?sesudah={}", next.split('"').next().unwrap());
    }
    assert_eq!(seen.len(), 23, "{seen:?}");
    assert_eq!((&seen[0], &seen[22]), (&numbers[3], &numbers[22]));
    assert_eq!(seen[1], numbers[21], "the newest of the open ones follow");
}

async fn signed_in(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let body = json!({"subject": "Akun", "description": "Tidak bisa masuk"});
    let ticket = app.post("demo-warga", "/tickets", body).await.ok(201);
    let number = ticket["number"].as_str().unwrap();
    let browser = Browser::at(&app.desk);
    browser.sign_in("warga@demo.test", PASSWORD).await.is(303);
    browser.get("/tiket-saya").await.shows(number);
    browser.get(&format!("/tiket-saya/{number}")).await.shows("Tidak bisa masuk");
}
