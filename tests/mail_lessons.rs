//! What others learned the hard way about mail and had no story of its own here yet (LESSONS 40, 50, 51, 53, 54).

use crate::support::app::{Engine, TestApp, readable, reply_to};
use crate::support::on_both;
use meja::store;
use serde_json::{Value, json};

const NOW: &str = "2026-10-05T09:00:00+07:00";

on_both! {
    files_of_a_merged_ticket_stay_and_a_late_reply_brings_its_own_along = merged_files;
    what_an_agent_writes_leaves_word_for_word_whatever_it_looks_like = verbatim;
    whoever_was_only_copied_in_secret_takes_nothing_over = blind_copy;
    every_mail_that_was_taken_in_is_accounted_for = accounted;
}

fn with_file(from: &str, subject: &str, name: &str, head: &str) -> String {
    format!(
        "From: {from}\r\nTo: meja@desk.test\r\nSubject: {subject}\r\n{head}MIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nTerlampir {name}\r\n\
         --b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename={name}\r\n\r\nisi {name}\r\n--b--\r\n"
    )
}

fn plain(from: &str, subject: &str, head: &str, body: &str) -> String {
    format!("From: {from}\r\nTo: meja@desk.test\r\nSubject: {subject}\r\n{head}\r\n{body}\r\n")
}

/// The ticket with this subject.
async fn number_of(app: &TestApp, subject: &str) -> String {
    let page = app.get("demo-superadmin", "/tickets?limit=200").await.ok(200);
    let found = page["items"].as_array().unwrap().iter().find(|it| it["subject"] == subject).unwrap();
    found["number"].as_str().unwrap().to_owned()
}

/// Names of the files on a ticket, each opened.
async fn files(app: &TestApp, number: &str) -> Vec<String> {
    let page = app.get("demo-superadmin", &format!("/tickets/{number}/messages")).await.ok(200);
    let mut names = Vec::new();
    for file in page["items"].as_array().unwrap().iter().flat_map(|message| message["attachments"].as_array().unwrap())
    {
        let path = format!("/tickets/{number}/attachments/{}", file["id"]);
        let name = file["name"].as_str().unwrap().to_owned();
        let opened = app.get("demo-superadmin", &path).await;
        assert_eq!((opened.status, opened.json), (200, Value::String(format!("isi {name}"))), "{path}");
        names.push(name);
    }
    names
}

async fn merged_files(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.deliver(&with_file("ani@warga.test", "Satu", "a.txt", ""), "meja@desk.test", "").await;
    app.deliver(&with_file("budi@warga.test", "Dua", "b.txt", ""), "meja@desk.test", "").await;
    let (first, second) = (number_of(&app, "Satu").await, number_of(&app, "Dua").await);
    let answer_to = reply_to(&app.mails_to("ani@warga.test").await[0]);
    app.post("demo-superadmin", &format!("/tickets/{first}/merge"), json!({"into": second})).await.ok(200);
    assert_eq!(files(&app, &first).await, ["a.txt"], "the merged ticket keeps its files");
    assert_eq!(files(&app, &second).await, ["b.txt", "a.txt"], "and they come along");
    // A late answer to the old address goes on where the matter goes on, with its file.
    app.deliver(&with_file("ani@warga.test", "Re: Satu", "c.txt", ""), &answer_to, "").await;
    assert_eq!(files(&app, &first).await, ["a.txt"]);
    assert_eq!(files(&app, &second).await, ["b.txt", "a.txt", "c.txt"]);
    let status = app.ticket(&first).await["status"].clone();
    assert_eq!(status, "merged", "the dead ticket stays dead");
    app.audit_is_intact().await;
}

async fn verbatim(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.deliver(&plain("ani@warga.test", "Kutipan", "", "tolong"), "meja@desk.test", "").await;
    let number = number_of(&app, "Kutipan").await;
    let odd = "Ketik <script>alert(1)</script> lalu a<b && c>d.\n> bukan kutipan\n-- \nbukan tanda tangan\n.\nDari: x\nSubject: y";
    app.post("demo-superadmin", &format!("/tickets/{number}/messages"), json!({"body": odd})).await.ok(201);
    let sent = app.mails_to("ani@warga.test").await.pop().unwrap();
    let message = mail_parser::MessageParser::default().parse(&sent.raw).unwrap();
    let text = message.body_text(0).unwrap().replace("\r\n", "\n");
    assert!(text.contains(odd), "{text}");
    let html = message.html_bodies().next().unwrap().text_contents().unwrap();
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script>"), "{html}");
    assert_eq!(message.subject().unwrap().matches(&number).count(), 1, "{:?}", message.subject());
}

async fn blind_copy(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.deliver(&plain("ani@warga.test", "Printer", "Message-ID: <p@warga.test>\r\n", "rusak"), "meja@desk.test", "")
        .await;
    let number = number_of(&app, "Printer").await;
    // He was in Bcc of the report, so he knows its Message-ID and its subject; and he writes as if he were she.
    let head = "References: <p@warga.test>\r\nReply-To: ani@warga.test\r\nSender: ani@warga.test\r\n";
    app.deliver(&plain("cici@warga.test", "Re: Printer", head, "Sudah beres"), "meja@desk.test", "cici@warga.test")
        .await;
    let messages = app.get("demo-superadmin", &format!("/tickets/{number}/messages")).await.ok(200);
    assert_eq!(messages["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.ticket(&number).await["requester"]["email"], "ani@warga.test");
    app.post("demo-superadmin", &format!("/tickets/{number}/messages"), json!({"body": "Dicek"})).await.ok(201);
    assert_eq!(app.mails_to("cici@warga.test").await.len(), 0);
    let told = app.mails_to("ani@warga.test").await;
    assert!(readable(told.last().unwrap()).contains("Dicek"));
}

async fn accounted(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let mails = [
        plain("a@warga.test", "Satu", "Message-ID: <1@w>\r\n", "isi"),
        plain("a@warga.test", "Re: Satu", "References: <1@w>\r\n", "lagi"),
        plain("b@warga.test", "Re: Satu", "References: <1@w>\r\n", "orang lain"),
        plain("c@warga.test", "Cuti", "Auto-Submitted: auto-replied\r\n", "cuti"),
        "Subject: tanpa pengirim\r\n\r\nisi".to_owned(),
        "bukan surat".to_owned(),
    ];
    for mail in &mails {
        assert!(app.deliver(mail, "meja@desk.test", "").await);
    }
    assert!(!app.deliver(&mails[0], "meja@desk.test", "").await, "again");
    let mut tx = app.desk.db.read().await.unwrap();
    let rows = store::inbox::list(&mut tx, None, i64::MAX, 50).await.unwrap();
    assert_eq!(rows.len(), mails.len(), "each mail is one row");
    for row in rows {
        let is_told = row.ticket.is_some() || row.cause.is_some();
        assert!(is_told, "what became of it is written down: {row:?}");
        assert_ne!(row.state, meja::domain::message::InboxState::New);
    }
}
