//! What one source or one address may cause with the public form, and what of it still works afterwards.

use super::{Engine, TestApp, begin, describe, enter, keys, region, report};
use crate::support::browser::{Browser, Page};
use chrono::Duration;
use meja::clock::Clock;
use meja::desk::Desk;

crate::support::on_both! {
    an_address_is_told_of_one_report_an_hour_and_of_three_a_day = confirmations;
    one_source_sends_no_endless_reports_and_answers = sources;
}

async fn confirmations(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let told = async || app.mails_to("siti@contoh.id").await.len();
    let machine = app.desk.clock.machine();
    let at = |after: Duration| Desk { clock: Clock::frozen(machine + after), ..app.desk.clone() };
    // Whoever writes in a stranger's name reaches him that often and no more; number and code are on the page.
    for (minutes, mails) in [(0, 1), (1, 1), (59, 1), (61, 2), (122, 3), (183, 3), (1380, 3), (1441, 4)] {
        let browser = Browser::at(&at(Duration::minutes(minutes)));
        let (number, code) = report(&browser).await;
        assert_eq!(told().await, mails, "after {minutes} minutes");
        enter(&browser, &number, &code).await;
        browser.get(&format!("/lacak/{number}")).await.shows("SIMPUS mati");
    }
    let stranger = Browser::at(&app.desk);
    begin(&stranger).await;
    describe(&stranger).await;
    super::send(&stranger, &[("name", "Tono"), ("email", "tono@contoh.id")]).await;
    assert_eq!(app.mails_to("tono@contoh.id").await.len(), 1, "others are told as ever");
    app.audit_is_intact().await;
}

async fn exhaust(app: &TestApp, subject: &str, times: usize) {
    for _ in 0..times {
        app.desk.note_attempt(subject).await.unwrap();
    }
}

async fn sent(browser: &Browser) -> Page {
    let check = browser.get("/lapor/periksa").await;
    let (csrf, nonce) = (check.hidden("_csrf"), check.hidden("nonce"));
    browser.post("/lapor/periksa", &[("_csrf", &csrf), ("nonce", &nonce)]).await
}

async fn sources(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    // The tests' browsers all come from nowhere.
    exhaust(&app, "report from ", 59).await;
    let browser = Browser::at(&app.desk);
    let (number, code) = report(&browser).await;
    begin(&browser).await;
    describe(&browser).await;
    browser.fill("/lapor/kontak", "/lapor/kontak", &[("name", "Siti"), ("email", "siti@contoh.id")]).await.is(303);
    sent(&browser).await.is(429);
    browser.get("/lapor/uraian").await.shows("Layar kosong sejak pagi");
    let later = Desk { clock: Clock::frozen(app.desk.clock.machine() + Duration::minutes(16)), ..app.desk.clone() };
    let afterwards = Browser::at(&later);
    afterwards.set("meja_form", &browser.cookie("meja_form"));
    sent(&afterwards).await.is(303);

    exhaust(&app, "answer from ", 119).await;
    enter(&browser, &number, &code).await;
    let base = format!("/lacak/{number}");
    for (words, status) in [("Masih mati", 303), ("Masih mati juga", 429)] {
        let (csrf, key) = keys(&browser.get(&base).await);
        let form = [("_csrf", csrf.as_str()), ("key", key.as_str()), ("body", words)];
        let page = browser.post(&format!("{base}/balas"), &form).await;
        page.is(status);
        if status == 429 {
            page.shows("Masih mati juga</textarea>").shows("Coba lagi");
        }
    }
    let page = browser.get(&base).await;
    page.shows("Masih mati");
    assert!(!page.html.contains("Masih mati juga"), "what was refused is not kept as sent");
}
