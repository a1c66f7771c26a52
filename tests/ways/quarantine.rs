//! What became no ticket by itself, and what people make of it.

use super::talk::{NOW, mail};
use crate::support::app::{Engine, TestApp, reply_to};
use crate::support::browser::Browser;
use crate::support::on_both;
use meja::store;
use poem::http::Method;
use serde_json::{Value, json};

on_both! {
    it_waits_with_its_cause_and_becomes_a_ticket = becomes_a_ticket;
    it_is_added_to_the_ticket_it_belongs_to = added;
    it_is_discarded_with_a_reason_and_its_sender_remembered = discarded;
    only_those_decide_who_may = rights;
    a_mail_that_ends_the_program_is_put_aside_and_no_other = poison;
}

async fn waiting(app: &TestApp) -> Vec<Value> {
    app.get("demo-superadmin", "/received-mails").await.ok(200)["items"].as_array().unwrap().clone()
}

async fn put_aside(app: &TestApp) -> i64 {
    let raw = "Subject: Tanpa pengirim\r\nX-Aneh: <b>tebal</b>\r\n\r\nJaringan mati <script>x()</script>";
    app.deliver(raw, "meja@desk.test", "").await;
    waiting(app).await[0]["id"].as_i64().unwrap()
}

async fn becomes_a_ticket(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let id = put_aside(&app).await;
    let found = app.get("demo-superadmin", &format!("/received-mails/{id}")).await.ok(200);
    assert_eq!((&found["mail"]["state"], &found["mail"]["cause"]), (&json!("quarantined"), &json!("no_sender")));
    assert_eq!(found["mail"]["subject"], "Tanpa pengirim");
    assert_eq!(found["headers"][1], json!({"name": "X-Aneh", "value": "<b>tebal</b>"}), "as it stands there");
    app.clock("2026-10-05T11:00:00+07:00").await;
    let path = format!("/received-mails/{id}/open");
    let bad = app.post("demo-superadmin", &path, json!({"requester_email": "bukan alamat"})).await.ok(422);
    assert_eq!(bad["errors"][0]["field"], "requester_email");
    let opened = app.post("demo-superadmin", &path, json!({"requester_email": "Ani@warga.test"})).await.ok(200);
    let ticket = app.ticket(opened["ticket"].as_str().unwrap()).await;
    assert_eq!(
        (&ticket["subject"], &ticket["requester"]["email"]),
        (&json!("Tanpa pengirim"), &json!("ani@warga.test"))
    );
    assert_eq!(ticket["opened_at"].as_str().unwrap()[..16], *"2026-10-05T02:00", "its clocks began when it came");
    assert_eq!(app.mails_to("ani@warga.test").await.len(), 1, "a confirmation, once");
    app.post("demo-superadmin", &path, json!({})).await.ok(409);
    assert_eq!(waiting(&app).await.len(), 0);
    let done = app.get("demo-superadmin", "/received-mails?state=done").await.ok(200);
    assert_eq!(done["items"][0]["ticket"], opened["ticket"]);
    app.get("demo-superadmin", "/received-mails?state=apa").await.ok(422);
    app.get("demo-superadmin", "/received-mails/987654").await.ok(404);
    app.audit_is_intact().await;
}

async fn added(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.deliver(&mail("a@warga.test", "Printer", "rusak"), "meja@desk.test", "").await;
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    let address = reply_to(&app.mails_to("a@warga.test").await[0]);
    let from = "Rekan <rekan@warga.test>";
    app.deliver(&mail(from, "Tambahan", "Di ruang saya juga"), &address, "rekan@warga.test").await;
    let found = waiting(&app).await;
    assert_eq!((&found[0]["cause"], &found[0]["ticket"]), (&json!("not_a_participant"), &json!(number)));
    let path = format!("/received-mails/{}/merge", found[0]["id"]);
    app.post("demo-superadmin", &path, json!({"ticket": "OKI-2610-99999-9"})).await.ok(422);
    let landed = app.post("demo-superadmin", &path, json!({"ticket": number.to_lowercase()})).await.ok(200);
    assert_eq!(landed["ticket"], number);
    let messages = app.get("demo-superadmin", &format!("/tickets/{number}/messages")).await.ok(200);
    let last = &messages["items"][1];
    assert_eq!(last["body"], "Di ruang saya juga");
    assert!(last["author_name"].as_str().unwrap_or_default().contains("rekan@warga.test"), "{last}");
    // He was let in once, not for good.
    app.deliver(&mail(from, "Lagi", "Masih"), &address, "rekan@warga.test").await;
    assert_eq!(waiting(&app).await.len(), 1);
    app.audit_is_intact().await;
}

async fn discarded(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.deliver(&mail("iklan@toko.test", "Promo", "murah"), "meja@desk.test", "iklan@toko.test").await;
    app.deliver("Subject: x\r\n\r\nisi", "meja@desk.test", "").await;
    let id = waiting(&app).await[0]["id"].as_i64().unwrap();
    let path = format!("/received-mails/{id}");
    app.post("demo-superadmin", &format!("{path}/discard"), json!({"reason": " "})).await.ok(422);
    let gone = app.post("demo-superadmin", &format!("{path}/discard"), json!({"reason": "Kosong"})).await.ok(200);
    assert_eq!(gone["state"], "discarded");
    let teach = json!({"verdict": "discard", "reason": "Iklan"});
    app.post("demo-superadmin", &format!("{path}/teach"), teach.clone()).await.ok(409);
    // A discarded mail can still become a ticket.
    app.post("demo-superadmin", &format!("{path}/open"), json!({})).await.ok(200);
    let done = app.get("demo-superadmin", "/received-mails?state=done").await.ok(200);
    let advert = done["items"].as_array().unwrap().iter().find(|mail| mail["author"] == "iklan@toko.test").unwrap();
    let teaching = format!("/received-mails/{}/teach", advert["id"]);
    app.post("demo-superadmin", &teaching, json!({"verdict": "apa", "reason": "x"})).await.ok(422);
    let rule = app.post("demo-superadmin", &teaching, teach).await.ok(200);
    assert_eq!((&rule["address"], &rule["verdict"]), (&json!("iklan@toko.test"), &json!("discard")));
    let before = app.get("demo-superadmin", "/tickets").await.ok(200)["items"].as_array().unwrap().len();
    app.deliver(&mail("Iklan@toko.test", "Promo lagi", "murah"), "meja@desk.test", "").await;
    let after = app.get("demo-superadmin", "/tickets").await.ok(200)["items"].as_array().unwrap().len();
    assert_eq!(before, after);
    let discarded = app.get("demo-superadmin", "/received-mails?state=discarded").await.ok(200);
    assert_eq!(discarded["items"][0]["cause"], "sender_rule");
    // A machine whose reports are wanted.
    let alarm = mail("sensor@kantor.test", "Suhu ruang peladen", "32 derajat");
    let alarm = |place: u8| alarm.replace("\r\n\r\n", &format!("{place}\r\nPrecedence: bulk\r\n\r\n"));
    app.deliver(&alarm(1), "meja@desk.test", "").await;
    let machine = app.get("demo-superadmin", "/received-mails?state=ignored").await.ok(200)["items"][0]["id"].clone();
    let let_in = json!({"verdict": "let_in", "whole_domain": true, "reason": "Sensor kami"});
    let rule = app.post("demo-superadmin", &format!("/received-mails/{machine}/teach"), let_in).await.ok(200);
    assert_eq!(rule["address"], "@kantor.test");
    app.deliver(&alarm(2), "meja@desk.test", "").await;
    assert_eq!(app.get("demo-superadmin", "/tickets").await.ok(200)["items"].as_array().unwrap().len(), after + 1);
    let gone = app.call(Method::DELETE, "demo-superadmin", &format!("/sender-rules/{}", rule["id"]), None, &[]).await;
    gone.ok(204);
    app.deliver(&alarm(3), "meja@desk.test", "").await;
    assert_eq!(app.get("demo-superadmin", "/tickets").await.ok(200)["items"].as_array().unwrap().len(), after + 1);
    app.audit_is_intact().await;
}

async fn rights(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let id = put_aside(&app).await;
    let path = format!("/received-mails/{id}");
    for token in ["demo-dinkes", "demo-warga", "demo-koordinasi"] {
        app.get(token, "/received-mails").await.ok(403);
        app.get(token, &path).await.ok(403);
        app.get(token, "/sender-rules").await.ok(403);
    }
    app.get("demo-auditor", &path).await.ok(200);
    for token in ["demo-dinkes", "demo-warga", "demo-auditor"] {
        app.post(token, &format!("{path}/open"), json!({})).await.ok(403);
        app.post(token, &format!("{path}/merge"), json!({"ticket": "x"})).await.ok(403);
        app.post(token, &format!("{path}/discard"), json!({"reason": "x"})).await.ok(403);
        app.post(token, &format!("{path}/teach"), json!({"verdict": "discard", "reason": "x"})).await.ok(403);
    }
    app.get("", &path).await.ok(401);
    assert_eq!(waiting(&app).await.len(), 1);
}

async fn poison(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.desk.receive(mail("a@warga.test", "Racun", "isi").as_bytes(), "meja@desk.test", "").await.unwrap();
    // Three programs died over it.
    for death in 1..=3 {
        let mut tx = app.desk.db.write().await.unwrap();
        let past = app.desk.clock.machine() - chrono::Duration::hours(10 - death);
        store::dialect::claim_inbox(&mut tx, past, past, 9).await.unwrap();
        tx.commit().await.unwrap();
    }
    app.desk.receive(mail("b@warga.test", "Sehat", "isi").as_bytes(), "meja@desk.test", "").await.unwrap();
    app.desk.read_inbox().await.unwrap();
    assert_eq!(app.only_ticket().await["subject"], "Sehat");
    let found = waiting(&app).await;
    assert_eq!((found.len(), &found[0]["cause"]), (1, &json!("poison")));
    // A person may still make a ticket of it.
    app.post("demo-superadmin", &format!("/received-mails/{}/open", found[0]["id"]), json!({})).await.ok(200);
}

#[tokio::test]
async fn its_page_shows_words_and_no_more_and_takes_the_decision() {
    let app = TestApp::new(Engine::Sqlite, "oki", NOW).await.unwrap();
    let id = put_aside(&app).await;
    let browser = Browser::at(&app.desk);
    browser.sign_in("superadmin@demo.test", meja::desk::demo::PASSWORD).await;
    let list = browser.get("/kerja/surel").await.html;
    assert!(list.contains("Tanpa pengirim") && list.contains("Pengirimnya tidak disebut"), "{list}");
    let address = format!("/kerja/surel/{id}");
    let page = browser.get(&address).await.html;
    assert!(page.contains("Jaringan mati") && page.contains("&lt;b&gt;tebal&lt;"), "{page}");
    assert!(!page.contains("<script>x()") && !page.contains("<b>tebal"), "{page}");
    let refused = browser.fill(&address, &format!("{address}/buang"), &[("reason", "")]).await;
    assert_eq!(refused.status.as_u16(), 422, "{}", refused.html);
    assert!(refused.html.contains("id=\"reason-salah\""), "{}", refused.html);
    let opened = browser.fill(&address, &format!("{address}/tiket"), &[("requester_email", "ani@warga.test")]).await;
    assert_eq!(opened.status.as_u16(), 303, "{}", opened.html);
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    assert_eq!(opened.location, format!("/kerja/surel?kabar=tiket&tiket={number}"));
    let told = browser.get(&opened.location).await.html;
    assert!(told.contains(&format!("href=\"/kerja/tiket/{number}\"")), "{told}");
    let again = browser.fill("/akun", &format!("{address}/tiket"), &[]).await;
    assert_eq!(again.status.as_u16(), 409, "{}", again.html);
    let mails = browser.get(&format!("/kerja/tiket/{number}/surel")).await.html;
    assert!(mails.contains("ani@warga.test"), "{mails}");
}
