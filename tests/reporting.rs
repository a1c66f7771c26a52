//! People who report, from outside: files before they are sent, wishes about their name, their own tickets, verdicts.

use crate::support::app::{Engine, TestApp, readable};
use crate::support::browser::{Browser, Page};

mod files;
mod incidents;
mod limits;
mod merged_in;
mod onlookers;
mod own;
mod phone;
mod verdicts;
mod wishes;

/// When the stories begin.
const NOW: &str = "2026-10-05T09:00:00+07:00";
/// The beginning of a picture.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

async fn region(engine: Engine) -> Option<TestApp> {
    TestApp::new(engine, "oki", NOW).await
}

/// Fills the first page of the report.
async fn begin(browser: &Browser) {
    browser.fill("/lapor", "/lapor", &[("kind", "incident"), ("service", "simpus")]).await.goes_to("/lapor/uraian");
}

/// Fills the second page.
async fn describe(browser: &Browser) {
    let words = [("subject", "SIMPUS mati"), ("description", "Layar kosong sejak pagi"), ("impact", "limited")];
    browser.fill("/lapor/uraian", "/lapor/uraian", &words).await.goes_to("/lapor/kontak");
}

/// Sends what was written; gives number and code.
async fn send(browser: &Browser, contact: &[(&str, &str)]) -> (String, String) {
    browser.fill("/lapor/kontak", "/lapor/kontak", contact).await.goes_to("/lapor/periksa");
    let check = browser.get("/lapor/periksa").await;
    let (csrf, nonce) = (check.hidden("_csrf"), check.hidden("nonce"));
    let sent = browser.post("/lapor/periksa", &[("_csrf", &csrf), ("nonce", &nonce)]).await;
    sent.is(303);
    let page = browser.get(&sent.location).await;
    page.is(200);
    let number = sent.location.rsplit('/').next().unwrap().to_owned();
    let code = page.html.split("?kode=").nth(1).unwrap()[..9].to_owned();
    (number, code)
}

/// Reports something as Siti; gives number and code.
async fn report(browser: &Browser) -> (String, String) {
    begin(browser).await;
    describe(browser).await;
    send(browser, &[("name", "Siti"), ("email", "siti@contoh.id")]).await
}

/// Opens the ticket with its code.
async fn enter(browser: &Browser, number: &str, code: &str) {
    browser.get(&format!("/lacak/{number}?kode={code}")).await.goes_to(&format!("/lacak/{number}"));
}

/// The link in the last mail to an address, as a path.
async fn mailed(app: &TestApp, address: &str, begins: &str) -> String {
    let mails = app.mails_to(address).await;
    let text = readable(mails.last().unwrap());
    let start = text.find(begins).unwrap_or_else(|| panic!("no {begins} in {text}"));
    text[start..].split_whitespace().next().unwrap().trim_end_matches('.').to_owned()
}

/// Key and hidden token of a form.
fn keys(page: &Page) -> (String, String) {
    (page.hidden("_csrf"), page.hidden("key"))
}
