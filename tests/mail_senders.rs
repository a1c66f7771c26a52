//! Whom a mail is believed: SPF, DKIM and DMARC with records that stand fixed, storms of robots, mail that comes back.

use crate::support::app::{Engine, TestApp, readable};
use crate::support::on_both;
use meja::mail::sender::SenderCheck;
use serde_json::json;
use std::sync::Arc;

const NOW: &str = "2026-10-05T09:00:00+07:00";

on_both! {
    a_domain_that_disowns_a_mail_is_heard = disowned;
    results_are_kept_and_shown_beside_the_message = shown;
    two_robots_without_any_mark_stop = robots;
    a_sender_who_floods_waits_for_a_person = flood;
    nothing_is_sent_to_an_address_that_takes_no_mail_until_somebody_lifts_it = stopped;
    a_reused_message_id_is_marked = reused;
}

fn mail(from: &str, subject: &str, head: &str, body: &str) -> String {
    format!("From: {from}\r\nTo: meja@desk.test\r\nSubject: {subject}\r\n{head}\r\n{body}\r\n")
}

/// Our server `mx.desk.test` tells who handed a mail over; kaboki.go.id lets 192.0.2.0/24 send and refuses the rest.
async fn checking(engine: Engine) -> Option<TestApp> {
    let mut app = TestApp::new(engine, "oki", NOW).await?;
    let records = [
        ("kaboki.go.id", "v=spf1 ip4:192.0.2.0/24 -all"),
        ("_dmarc.kaboki.go.id", "v=DMARC1; p=reject"),
        ("terbuka.test", "v=spf1 ip4:192.0.2.0/24 -all"),
    ];
    app.desk.sender_check = Arc::new(SenderCheck::fixed("mx.desk.test", &records).unwrap());
    Some(app)
}

fn from_ip(ip: &str) -> String {
    format!(
        "Received: from mail.x.test (mail.x.test [{ip}]) by mx.desk.test with ESMTP id 1; Mon, 5 Oct 2026 09:00:00 +0700\r\n"
    )
}

async fn verified(app: &TestApp) -> Vec<bool> {
    let page = app.get("demo-superadmin", "/tickets?limit=200").await.ok(200);
    let mut items = page["items"].as_array().unwrap().clone();
    items.sort_by_key(|ticket| ticket["number"].as_str().unwrap().to_owned());
    items.iter().map(|ticket| ticket["requester"]["verified"].as_bool().unwrap()).collect()
}

async fn disowned(engine: Engine) {
    let Some(app) = checking(engine).await else { return };
    let who = "ani@kaboki.go.id";
    let good = mail(who, "Printer", &format!("{}Message-ID: <satu@kaboki.go.id>\r\n", from_ip("192.0.2.7")), "asli");
    app.deliver(&good, "meja@desk.test", who).await;
    let bad = mail(who, "Akun", &from_ip("203.0.113.9"), "palsu");
    app.deliver(&bad, "meja@desk.test", who).await;
    // What our own server says goes before what we ask.
    let told = "Authentication-Results: mx.desk.test; spf=pass; dmarc=pass\r\n";
    app.deliver(&mail(who, "Jaringan", told, "dikatakan"), "meja@desk.test", who).await;
    let lie = "Authentication-Results: mx.jahat.test; spf=pass; dmarc=pass\r\n";
    app.deliver(&mail(who, "Server", lie, "bohong"), "meja@desk.test", who).await;
    assert_eq!(verified(&app).await, [true, false, true, false]);
    // A thread is opened by `From` alone: not by a forged one. The clock of a new ticket runs in any case.
    let into =
        mail(who, "Re: Printer", &format!("{}References: <satu@kaboki.go.id>\r\n", from_ip("203.0.113.9")), "menyusup");
    app.deliver(&into, "meja@desk.test", who).await;
    assert_eq!(verified(&app).await.len(), 4);
    let number = app.get("demo-superadmin", "/tickets?limit=200").await.ok(200)["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|ticket| ticket["subject"] == "Printer")
        .unwrap()["number"]
        .as_str()
        .unwrap()
        .to_owned();
    let messages = app.get("demo-superadmin", &format!("/tickets/{number}/messages")).await.ok(200);
    assert_eq!(messages["items"].as_array().unwrap().len(), 1);
    let again = into.replace("203.0.113.9", "192.0.2.8").replace("menyusup", "benar");
    app.deliver(&again, "meja@desk.test", who).await;
    let messages = app.get("demo-superadmin", &format!("/tickets/{number}/messages")).await.ok(200);
    assert_eq!(messages["items"].as_array().unwrap().len(), 2);
    app.audit_is_intact().await;
}

async fn shown(engine: Engine) {
    let Some(app) = checking(engine).await else { return };
    let head = format!("{}Reply-To: lain@y.test\r\nCc: Bu Ani <ani@x.test>\r\n", from_ip("192.0.2.7"));
    app.deliver(&mail("Budi <budi@terbuka.test>", "Printer", &head, "rusak"), "meja@desk.test", "budi@terbuka.test")
        .await;
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    let mails = app.get("demo-superadmin", &format!("/tickets/{number}/received-mails")).await.ok(200);
    let found = &mails["items"][0];
    for (field, value) in [
        ("from", json!("budi@terbuka.test")),
        ("reply_to", json!("lain@y.test")),
        ("envelope", json!("budi@terbuka.test")),
        ("copies", json!(["ani@x.test"])),
        ("spf", json!("pass")),
        ("dkim", json!("none")),
        ("dmarc", json!("none")),
        ("belief", json!("proven")),
    ] {
        assert_eq!(found[field], value, "{field}: {found}");
    }
    app.get("demo-warga", &format!("/tickets/{number}/received-mails")).await.ok(404);
    assert_eq!(app.ticket(&number).await["requester"]["email"], "budi@terbuka.test");
}

async fn robots(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    for turn in 0..30 {
        let subject = format!("Tiket #{turn} telah kami terima");
        app.deliver(&mail("helpdesk@lain.test", &subject, "", &format!("Nomor Anda {turn}.")), "meja@desk.test", "")
            .await;
    }
    let told = app.mails_to("helpdesk@lain.test").await;
    assert_eq!(told.len(), 2, "nothing is left to be answered");
    assert!(readable(&told[0]).contains("Auto-Submitted: auto-generated"));
    let page = app.get("demo-superadmin", "/tickets?limit=200").await.ok(200);
    let last = page["items"].as_array().unwrap().iter().map(|ticket| ticket["number"].as_str().unwrap()).max().unwrap();
    let events = app.events(last).await;
    assert_eq!(TestApp::event(&events, "confirmation_withheld")["payload"]["cause"], "too_many");
    app.audit_is_intact().await;
}

async fn flood(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.deliver(&mail("a@warga.test", "Printer", "Message-ID: <satu@warga.test>\r\n", "rusak"), "meja@desk.test", "")
        .await;
    for turn in 0..70 {
        let answer = mail("a@warga.test", "Re", "References: <satu@warga.test>\r\n", &format!("lagi {turn}"));
        app.desk.receive(answer.as_bytes(), "meja@desk.test", "").await.unwrap();
    }
    app.desk.read_inbox().await.unwrap();
    let counts = meja::store::inbox::counts(&mut app.desk.db.read().await.unwrap()).await.unwrap();
    assert_eq!(counts, [("done".to_owned(), 61), ("quarantined".to_owned(), 10)]);
    // Others are not hindered.
    app.deliver(&mail("b@warga.test", "Printer", "", "rusak juga"), "meja@desk.test", "").await;
    assert_eq!(app.mails_to("b@warga.test").await.len(), 1);
}

async fn stopped(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.deliver(&mail("a@warga.test", "Printer", "", "rusak"), "meja@desk.test", "").await;
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    app.desk.send_outbox().await.unwrap();
    let sent = app.mails_to("a@warga.test").await.remove(0);
    let id = mail_parser::MessageParser::default().parse(&sent.raw).unwrap().message_id().unwrap().to_owned();
    let report = format!(
        "From: MAILER-DAEMON@mx.test\r\nTo: meja@desk.test\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.test\r\n\r\nFinal-Recipient: rfc822; a@warga.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 No such user\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{id}>\r\n\r\n--b--\r\n"
    );
    app.deliver(&report, "meja@desk.test", "<>").await;
    let events = app.events(&number).await;
    let told = &TestApp::event(&events, "undelivered")["payload"];
    assert_eq!(
        (&told["to"], &told["status"], &told["stopped"]),
        (&json!("a@warga.test"), &json!("5.1.1"), &json!(true))
    );
    app.post("demo-superadmin", &format!("/tickets/{number}/messages"), json!({"body": "Sedang dicek"})).await.ok(201);
    app.desk.send_outbox().await.unwrap();
    let state = |mails: Vec<meja::domain::message::OutboxItem>| mails.last().unwrap().state.to_string();
    assert_eq!(state(app.mails_to("a@warga.test").await), "dead");
    let list = app.get("demo-superadmin", "/mail/undeliverable").await.ok(200);
    assert_eq!((&list["items"][0]["email"], &list["items"][0]["status"]), (&json!("a@warga.test"), &json!("5.1.1")));
    app.get("demo-warga", "/mail/undeliverable").await.ok(403);
    let path = format!("/tickets/{number}/undeliverable/lift");
    app.post("demo-superadmin", &path, json!({"email": "lain@warga.test"})).await.ok(404);
    app.post("demo-superadmin", &path, json!({"email": "A@warga.test"})).await.ok(204);
    TestApp::event(&app.events(&number).await, "address_lifted");
    app.post("demo-superadmin", &format!("/tickets/{number}/messages"), json!({"body": "Sudah selesai"})).await.ok(201);
    app.desk.send_outbox().await.unwrap();
    assert_ne!(state(app.mails_to("a@warga.test").await), "dead");
    app.audit_is_intact().await;
}

async fn reused(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    for body in ["satu", "dua"] {
        app.deliver(&mail("a@warga.test", body, "Message-ID: <sama@warga.test>\r\n", body), "meja@desk.test", "").await;
    }
    let page = app.get("demo-superadmin", "/tickets?limit=200").await.ok(200);
    let mut numbers: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|one| one["number"].as_str().unwrap()).collect();
    numbers.sort_unstable();
    let mut marks = Vec::new();
    for number in numbers {
        let mails = app.get("demo-superadmin", &format!("/tickets/{number}/received-mails")).await.ok(200);
        marks.push(mails["items"][0]["message_id_reused"].clone());
    }
    assert_eq!(marks, [json!(false), json!(true)]);
}
