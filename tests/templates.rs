//! Every mail is written in both languages with samples; nothing undefined, nothing unescaped.

use crate::support::app::{Engine, TestApp, readable};
use meja::domain::message::{NewMail, OutboxItem, OutboxState};
use meja::domain::ticket::Language;
use meja::mail::compose::Outgoing;
use serde_json::{Value, json};

const HOSTILE: &str = "<b>x</b>\"'&{{7*7}}";

#[expect(clippy::too_many_lines, reason = "a list, one line a mail")]
fn samples() -> Vec<(&'static str, Value)> {
    let ticket = json!({"name": HOSTILE, "number": "OKI-2602-00001-3", "subject": HOSTILE, "kind": "Gangguan", "status": "Baru",
        "priority": "P2 Tinggi", "agency": "DINKES", "service": null, "opened": "hari ini", "url": "http://x/lacak",
        "tracking_code": "7KQ4-M2XP", "tracking_page": "http://x/lacak"});
    let with = |more: Value| {
        let mut context = ticket.clone();
        context.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        context
    };
    let item = |kind: &str, late: bool| {
        json!({"kind": kind, "what": "Batas lewat", "number": "OKI-2602-00001-3", "subject": HOSTILE, "agency": "DINKES",
            "priority": "P2", "tier": "Superadmin", "due": "kemarin", "detected": "hari ini", "late": late, "url": "http://x"})
    };
    let notices = |items: Vec<Value>| json!({"name": HOSTILE, "count": items.len(), "items": items, "queue_url": "http://x/kerja"});
    let alarm = |raised: &[&str], over: &[&str]| {
        let lines = |what: &[&str]| what.iter().map(|what| json!({"what": what, "since": "kini"})).collect::<Vec<_>>();
        json!({"name": HOSTILE, "names": raised, "raised": lines(raised), "over": lines(over), "url": "http://x"})
    };
    let kinds = ["start", "response_notice", "transfer", "warn", "breach"];
    let mut samples = vec![
        (
            "received",
            with(
                json!({"response_due": "besok", "resolution_due": null, "verified": false, "confirm_url": "http://x/k"}),
            ),
        ),
        (
            "received",
            with(json!({"response_due": null, "resolution_due": "lusa", "verified": true, "confirm_url": null})),
        ),
        ("reply", with(json!({"author": HOSTILE, "body": HOSTILE}))),
        ("question", with(json!({"author": HOSTILE, "body": HOSTILE, "close_on": "lusa"}))),
        ("question", with(json!({"author": HOSTILE, "body": HOSTILE, "close_on": null}))),
        ("solved", with(json!({"author": HOSTILE, "body": HOSTILE, "close_on": "lusa", "rate_url": "http://x/n"}))),
        ("incident_confirm", json!({"name": "", "title": HOSTILE, "url": "http://x/k"})),
        (
            "incident_update",
            json!({"name": "", "title": HOSTILE, "phase": "Dipantau", "message": HOSTILE, "next_update": "besok",
                "over": false, "url": "http://x/g", "stop_url": "http://x/k"}),
        ),
        (
            "incident_update",
            json!({"name": "", "title": HOSTILE, "phase": "Pulih", "message": HOSTILE, "next_update": null,
                "over": true, "url": "http://x/g", "stop_url": "http://x/k"}),
        ),
        ("status_confirm", json!({"name": "", "url": "http://x/k"})),
        (
            "status_update",
            json!({"name": "", "title": HOSTILE, "state": "Dipantau", "message": HOSTILE, "window": null,
                "next_update": "besok", "url": "http://x/g", "stop_url": "http://x/k"}),
        ),
        (
            "status_update",
            json!({"name": "", "title": HOSTILE, "state": "Pemeliharaan", "message": HOSTILE, "window": "nanti",
                "next_update": null, "url": "http://x/g", "stop_url": "http://x/k"}),
        ),
        ("own_link", json!({"name": "", "url": "http://x/l/a", "minutes": 60})),
        ("pending_reminder", with(json!({"close_on": "lusa"}))),
        ("closed", with(json!({}))),
        ("closed_silent", with(json!({}))),
        (
            "consultation",
            json!({"name": HOSTILE, "number": "OKI-2602-00001-3", "question": HOSTILE, "author": HOSTILE}),
        ),
        ("merged", with(json!({"target": "OKI-2602-00002-1"}))),
        ("files_left_out", with(json!({"files": "foto51.jpg", "most": 50, "megabytes": 30}))),
        ("sign_in_link", json!({"name": HOSTILE, "cause": "sign_in", "url": "http://x/masuk/a", "minutes": 60})),
        ("sign_in_link", json!({"name": HOSTILE, "cause": "password", "url": "http://x/masuk/a", "minutes": 60})),
        ("sign_in_link", json!({"name": HOSTILE, "cause": "invited", "url": "http://x/masuk/a", "minutes": 60})),
        (
            "account_changed",
            json!({"name": HOSTILE, "what": "Kata sandi diganti", "at": "kini", "account_url": "http://x"}),
        ),
        (
            "first_line_gone",
            json!({"name": HOSTILE, "agencies": ["BKD", "DINKES"], "at": "kini", "people_url": "http://x"}),
        ),
        ("alarm", alarm(&["x"], &["y"])),
        ("alarm", alarm(&[HOSTILE], &[])),
        ("alarm", alarm(&[], &[HOSTILE])),
        ("test_mail", json!({"name": HOSTILE, "at": "kini"})),
        ("notices", notices(kinds.iter().map(|kind| item(kind, true)).collect())),
    ];
    let duty = |sanctionable: bool, source: Option<&str>| {
        json!({"what": HOSTILE, "agency": HOSTILE, "due": "besok", "is_last_day": sanctionable, "planned": source,
            "sanctionable": sanctionable, "source": source, "ticket": source})
    };
    let duties = |items: Vec<Value>| json!({"name": HOSTILE, "count": items.len(), "items": items, "url": "http://x"});
    for template in ["duty_reminder", "duty_overdue"] {
        samples.push((template, duties(vec![duty(true, Some("Pasal 1"))])));
        samples.push((template, duties(vec![duty(false, None), duty(false, Some("Pasal 2"))])));
    }
    let case = |due: Option<&str>, late: bool| {
        json!({"name": HOSTILE, "number": "PRK-2026-0001", "what": HOSTILE, "agency": due, "happened": HOSTILE,
            "state": "x", "next": "y", "term": due, "due": due, "late": late, "url": "http://x"})
    };
    samples.extend([("case_news", case(Some("besok"), true)), ("case_news", case(None, false))]);
    let reminder = |words: &str| {
        json!({"name": HOSTILE, "agency": HOSTILE, "sender": HOSTILE, "words": words, "open": 5, "overdue": 2,
            "unanswered": 1, "duties": 3, "queue_url": "http://x/a", "duties_url": "http://x/b"})
    };
    samples.extend(letters());
    samples.extend([("agency_reminder", reminder("")), ("agency_reminder", reminder(HOSTILE))]);
    samples.push((
        "report_drawn",
        json!({"name": HOSTILE, "agency": HOSTILE, "month": "Oktober 2026", "code": "LAP-2026-10-BKD", "due": "besok",
            "received": 3, "resolved": 2, "closing": 1, "url": "http://x/l"}),
    ));
    samples.extend(kinds.iter().map(|kind| ("notice", notices(vec![item(kind, false)]))));
    samples
}

/// Mails about official letters.
fn letters() -> Vec<(&'static str, Value)> {
    let official_letter = |is_copy: bool| {
        json!({"name": HOSTILE, "number": HOSTILE, "date": "kini", "about": HOSTILE, "is_copy": is_copy, "signer": HOSTILE,
            "office": HOSTILE, "url": "http://x/cek-surat/a", "code": "A"})
    };
    vec![
        (
            "letter_waiting",
            json!({"name": HOSTILE, "number": HOSTILE, "about": HOSTILE, "addressee": HOSTILE, "url": "http://x"}),
        ),
        ("official_letter", official_letter(true)),
        ("official_letter", official_letter(false)),
    ]
}

fn item(mail: NewMail) -> OutboxItem {
    OutboxItem {
        id: 1,
        recipient: mail.recipient,
        sender: mail.sender,
        subject: mail.subject,
        raw: mail.raw,
        state: OutboxState::Queued,
        attempts: 0,
        lease_no: 0,
        last_error: None,
        created_at: chrono::DateTime::UNIX_EPOCH,
        sent_at: None,
    }
}

#[tokio::test]
async fn every_mail_is_written_in_both_languages() {
    let app = TestApp::new(Engine::Sqlite, "oki", "2026-10-05T09:00:00+07:00").await.unwrap();
    for (template, context) in samples() {
        for language in [Language::Indonesian, Language::English] {
            let written = app.desk.composer.write(&Outgoing {
                key: "contoh".to_owned(),
                template,
                language,
                to: "a@warga.test",
                to_name: HOSTILE,
                ticket: None,
                reply_to: Some("meja+x@desk.test"),
                references: &["satu@x".to_owned()],
                automatic: true,
                unsubscribe: Some("http://x/berhenti"),
                context: context.clone(),
                at: app.desk.now(),
            });
            let mail = item(written.unwrap_or_else(|error| panic!("{template} {language}: {error}")));
            let raw = String::from_utf8_lossy(&mail.raw).into_owned();
            let parsed = mail_parser::MessageParser::default().parse(&mail.raw).unwrap();
            let html = parsed.body_html(0).unwrap();
            assert!(!html.contains("<b>x</b>"), "{template} {language} escapes nothing: {html}");
            assert!(!readable(&mail).contains("49"), "{template} {language}: text of a stranger is no template");
            assert!(raw.contains("Message-ID") && raw.contains("Auto-Submitted: auto-generated"), "{raw}");
            if template == "received" {
                assert!(!readable(&mail).contains("{{7*7}}"), "nothing the reporter wrote: {}", readable(&mail));
            }
        }
    }
    let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/email_templates")).unwrap();
    let known: Vec<&str> = samples().iter().map(|sample| sample.0).collect();
    for folder in folders.flatten().filter(|entry| entry.path().is_dir()) {
        let name = folder.file_name().into_string().unwrap();
        assert!(known.contains(&name.as_str()), "{name} has no sample");
    }
}
