//! Ratings, "masih bermasalah", and reports that go on.

use super::{Engine, TestApp, enter, mailed, region, report};
use crate::support::browser::{Browser, Page};
use meja::desk::demo::PASSWORD;
use serde_json::json;

crate::support::on_both! {
    a_solution_is_rated_once = rated;
    a_solved_ticket_is_opened_again_in_time = reopened;
    a_closed_ticket_goes_on_in_a_new_one = followed;
    ratings_through_the_api = by_api;
}

async fn resolve(app: &TestApp, number: &str) {
    let body = json!({"solution": "Sudah pulih"});
    app.post("demo-dinkes", &format!("/tickets/{number}/resolve"), body).await.ok(200);
}

async fn rate(browser: &Browser, base: &str, score: &str, comment: &str) -> Page {
    let page = browser.get(base).await;
    let csrf = page.hidden("_csrf");
    let key = meja::secret::new_token().unwrap();
    let form = [("_csrf", csrf.as_str()), ("key", &key), ("score", score), ("comment", comment)];
    browser.post(&format!("{base}/nilai"), &form).await
}

async fn rated(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let browser = Browser::at(&app.desk);
    let (number, code) = report(&browser).await;
    enter(&browser, &number, &code).await;
    let base = format!("/lacak/{number}");
    rate(&browser, &base, "5", "").await.is(409).shows("belum selesai");
    resolve(&app, &number).await;
    browser.get(&base).await.shows("Masih bermasalah").shows("Nilai penyelesaian");

    // The mail leads to the page, with no code to type.
    let other = Browser::at(&app.desk);
    let link = mailed(&app, "siti@contoh.id", &format!("/lacak/{number}/nilai")).await;
    other.get(&link).await.goes_to(&format!("{base}/nilai"));
    other.get(&format!("{base}/nilai")).await.shows("Sangat buruk").shows("Sangat baik");
    Browser::at(&app.desk).get(&format!("{base}/nilai")).await.goes_to(&format!("/lacak?nomor={number}"));

    for wrong in ["", "0", "6", "-1", "lima"] {
        rate(&browser, &base, wrong, "Cepat").await.is(422).shows("Pilih salah satu nilai").shows("Cepat");
    }
    rate(&browser, &base, "5", &"x".repeat(4001)).await.is(422).shows("Singkatkan");
    rate(&browser, &base, "4", "Cepat <b>").await.goes_to(&format!("{base}?kabar=nilai"));
    rate(&browser, &base, "1", "").await.is(409).shows("sudah Anda nilai");
    browser.get(&format!("{base}?kabar=nilai")).await.shows("Penilaian Anda: Baik").shows("Terima kasih");
    let worker = Browser::at(&app.desk);
    worker.sign_in("admin.dinkes@demo.test", PASSWORD).await.is(303);
    worker.get(&format!("/kerja/tiket/{number}")).await.shows("Cepat &lt;b&gt;");

    // Another solution has a rating of its own.
    app.post("demo-superadmin", &format!("/tickets/{number}/reopen"), json!({"reason": "Kambuh"})).await.ok(200);
    resolve(&app, &number).await;
    rate(&browser, &base, "2", "").await.goes_to(&format!("{base}?kabar=nilai"));
    let events = app.events(&number).await;
    let scores: Vec<_> =
        events.iter().filter(|(kind, _)| kind == "rated").map(|(_, event)| event["payload"]["score"].clone()).collect();
    assert_eq!(scores, [json!(4), json!(2)]);
    assert!(!format!("{events:?}").contains("Cepat"), "the chain carries the digest of the comment");
    app.audit_is_intact().await;
}

async fn reopened(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let browser = Browser::at(&app.desk);
    let (number, code) = report(&browser).await;
    enter(&browser, &number, &code).await;
    let base = format!("/lacak/{number}");
    browser.get(&format!("{base}/buka-lagi")).await.shows("masih kami tangani");
    resolve(&app, &number).await;
    let page = browser.get(&format!("{base}/buka-lagi")).await;
    page.shows("Tiket dapat dibuka lagi sampai");
    let (csrf, key) = super::keys(&page);
    let form = |reason: &'static str| [("_csrf", csrf.clone()), ("key", key.clone()), ("reason", reason.to_owned())];
    let post = async |reason| {
        let form = form(reason);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&format!("{base}/buka-lagi"), &form).await
    };
    post(" ").await.is(422);
    for _ in 0..2 {
        post("Masih kosong layarnya").await.goes_to(&format!("{base}?kabar=buka-lagi#percakapan"));
    }
    let ticket = app.ticket(&number).await;
    assert_eq!(ticket["status"], "in_progress");
    let events = app.events(&number).await;
    assert_eq!(TestApp::event(&events, "reopened")["payload"]["reason"], "Masih kosong layarnya");
    assert_eq!(events.iter().filter(|(kind, _)| kind == "reopened").count(), 1);
    browser.get(&base).await.shows("Masih kosong layarnya");
    app.audit_is_intact().await;
}

async fn followed(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let browser = Browser::at(&app.desk);
    let (number, code) = report(&browser).await;
    enter(&browser, &number, &code).await;
    let base = format!("/lacak/{number}");
    resolve(&app, &number).await;
    let page = browser.get(&format!("{base}/buka-lagi")).await;
    let (csrf, key) = super::keys(&page);
    app.clock("2026-10-20T09:00:00+07:00").await;
    let form = [("_csrf", csrf.as_str()), ("key", key.as_str()), ("reason", "Kambuh lagi")];
    let late = browser.post(&format!("{base}/buka-lagi"), &form).await;
    late.is(409).shows("Kambuh lagi").shows("Buat laporan lanjutan");
    assert_eq!(app.ticket(&number).await["status"], "closed");

    // Only whoever may read the ticket may go on from it.
    let stranger = Browser::at(&app.desk);
    let foreign = stranger.get("/lacak").await.hidden("_csrf");
    stranger.post(&format!("{base}/lanjutan"), &[("_csrf", &foreign)]).await.goes_to(&format!("/lacak?nomor={number}"));
    stranger.get("/lapor").await.is(200);
    let forged = [("kind", "incident"), ("service", ""), ("follows", number.as_str())];
    stranger.fill("/lapor", "/lapor", &forged).await.goes_to("/lapor/uraian");
    super::describe(&stranger).await;
    let (alone, _) = super::send(&stranger, &[("name", "Tono"), ("email", "tono@contoh.id")]).await;
    assert!(
        !app.events(&alone).await.iter().any(|(kind, _)| kind == "linked"),
        "nobody ties himself to a stranger's ticket"
    );

    browser.fill(&base, &format!("{base}/lanjutan"), &[]).await.goes_to("/lapor");
    browser.get("/lapor").await.shows(&number);
    let kind = [("kind", "incident"), ("service", "simpus"), ("follows", number.as_str())];
    browser.fill("/lapor", "/lapor", &kind).await.goes_to("/lapor/uraian");
    browser.get("/lapor/uraian").await.shows("Lanjutan: SIMPUS mati");
    super::describe(&browser).await;
    assert!(!browser.get("/lapor/kontak").await.html.contains("siti@contoh.id"), "the code alone tells no address");
    let (next, _) = super::send(&browser, &[("name", "Siti"), ("email", "siti@contoh.id")]).await;
    let events = app.events(&next).await;
    assert_eq!(TestApp::event(&events, "linked")["payload"]["to"], number.as_str());
    app.audit_is_intact().await;
}

async fn by_api(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let body = json!({"subject": "SIMPUS mati", "description": "Layar kosong", "service": "simpus"});
    let ticket = app.post("demo-warga", "/tickets", body).await.ok(201);
    let path = format!("/tickets/{}/ratings", ticket["number"].as_str().unwrap());
    app.post("demo-warga", &path, json!({"score": 5})).await.ok(409);
    resolve(&app, ticket["number"].as_str().unwrap()).await;
    app.post("demo-warga", &path, json!({"score": 9})).await.ok(422);
    app.post("demo-dinkes", &path, json!({"score": 5})).await.ok(404);
    app.post("demo-warga", &path, json!({"score": 5, "comment": "Cepat"})).await.ok(201);
    app.post("demo-warga", &path, json!({"score": 1})).await.ok(409);
    let list = app.get("demo-dinkes", &path).await.ok(200);
    assert_eq!((&list["items"][0]["score"], &list["items"][0]["comment"]), (&json!(5), &json!("Cepat")));
    app.get("demo-disdukcapil", &path).await.ok(404);
}
