//! The corpus of mails: one trap per file in `tests/data/mail`, with what must come of it beside it.
//!
//! `first` opens a ticket before, from the case's own sender or from the address it names; then `@@REPLY_TO@@`,
//! `@@MESSAGE_ID@@` and `@@NUMBER@@` stand for that ticket. `@@GROW@@` becomes as much text as `grow` says.

use crate::support::app::{Engine, TestApp, reply_to};
use crate::support::on_both;
use meja::store::{self, Db};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

on_both! {
    every_mail_of_the_corpus_becomes_what_it_should = corpus;
}

/// What must come of a mail.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Case {
    what: String,
    first: Value,
    to: Option<String>,
    also_to: Option<String>,
    sender: String,
    who: String,
    outcome: String,
    cause: Option<String>,
    subject: Option<String>,
    has: Vec<String>,
    lacks: Vec<String>,
    requester: Option<String>,
    name: Option<String>,
    files: Option<Vec<String>>,
    sizes: Option<Vec<u64>>,
    mails: Option<usize>,
    verified: Option<bool>,
    status: Option<String>,
    grow: Option<Grow>,
}

#[derive(Debug, Deserialize)]
struct Grow {
    with: String,
    times: usize,
}

/// The ticket that was there before.
struct First {
    number: String,
    message_id: String,
    reply_to: String,
}

async fn corpus(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-10-05T09:00:00+07:00").await else { return };
    let mut wrong = Vec::new();
    let files = files();
    assert!(files.len() >= 80, "{} mails", files.len());
    for file in files {
        let case: Case = serde_json::from_slice(&std::fs::read(file.with_extension("json")).unwrap()).unwrap();
        for problem in run(&app, &file, &case).await {
            wrong.push(format!("{}: {} ({problem})", file.file_stem().unwrap().display(), case.what));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    app.audit_is_intact().await;
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mail");
    let mut found: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    found.sort();
    found
}

async fn run(app: &TestApp, file: &Path, case: &Case) -> Vec<String> {
    let first = match &case.first {
        Value::Bool(true) => Some(open_first(app, case, &case.who).await),
        Value::String(from) => Some(open_first(app, case, from).await),
        _ => None,
    };
    let raw = filled(std::fs::read(file).unwrap(), case, first.as_ref());
    let told_before = app.mails_to(&case.who).await.len();
    let to = case.to.as_deref().unwrap_or("meja@desk.test");
    app.desk.receive(&raw, to, &case.sender).await.unwrap();
    app.desk.read_inbox().await.unwrap();
    let (state, cause, number) = became(app).await;
    let mut wrong = Vec::new();
    let expected = if matches!(case.outcome.as_str(), "ticket" | "reply") { "done" } else { &case.outcome };
    differs(&mut wrong, "state", &json!(expected), &json!(state));
    differs(&mut wrong, "cause", &json!(case.cause), &json!(cause));
    let told = app.mails_to(&case.who).await.len() - told_before;
    if case.mails.is_some_and(|mails| mails != told) {
        wrong.push(format!("{told} mails"));
    }
    if let (Some(number), "done") = (&number, state.as_str()) {
        let is_new = first.as_ref().is_none_or(|first| first.number != *number);
        if is_new != (case.outcome == "ticket") {
            wrong.push(format!("became {number}"));
        }
        compare_ticket(app, case, number, &mut wrong).await;
        if let Some(other) = &case.also_to {
            app.desk.receive(&raw, other, &case.sender).await.unwrap();
            app.desk.read_inbox().await.unwrap();
            let twin = became(app).await;
            differs(&mut wrong, "twin", &json!(["done", "twin", number]), &json!(twin));
        }
    }
    if case.cause.as_deref() == Some("bounce") {
        compare_bounce(app, case, first.as_ref(), &mut wrong).await;
    }
    wrong
}

async fn open_first(app: &TestApp, case: &Case, from: &str) -> First {
    let mail = format!("From: {from}\r\nTo: meja@desk.test\r\nSubject: Laporan awal\r\n\r\nawal\r\n");
    app.deliver(&mail, "meja@desk.test", "").await;
    let (_, _, number) = became(app).await;
    let number = number.unwrap();
    if matches!(case.status.as_deref(), Some("pending_requester" | "in_progress")) {
        let path = format!("/tickets/{number}/request-info");
        app.post("demo-superadmin", &path, json!({"body": "Mohon berkasnya"})).await.ok(200);
    }
    let last = app.mails_to(from).await.pop().unwrap();
    let message = mail_parser::MessageParser::default().parse(&last.raw).unwrap();
    First { number, message_id: message.message_id().unwrap().to_owned(), reply_to: reply_to(&last) }
}

fn filled(raw: Vec<u8>, case: &Case, first: Option<&First>) -> Vec<u8> {
    let put = |raw: Vec<u8>, mark: &[u8], with: &[u8]| match raw.windows(mark.len()).position(|part| part == mark) {
        Some(at) => [&raw[..at], with, &raw[at + mark.len()..]].concat(),
        None => raw,
    };
    let mut raw = raw;
    if let Some(grow) = &case.grow {
        raw = put(raw, b"@@GROW@@", grow.with.repeat(grow.times).as_bytes());
    }
    if let Some(first) = first {
        raw = put(raw, b"@@NUMBER@@", first.number.as_bytes());
        raw = put(raw, b"@@MESSAGE_ID@@", first.message_id.as_bytes());
        raw = put(raw, b"@@REPLY_TO@@", first.reply_to.as_bytes());
    }
    raw
}

/// State, cause and ticket of the mail that came last.
async fn became(app: &TestApp) -> (String, Option<String>, Option<String>) {
    let text = "select i.state, i.cause, t.number from inbox i left join ticket t on t.id = i.ticket_id order by i.id desc limit 1";
    match &app.desk.db {
        Db::Sqlite { readers, .. } => sqlx::query_as(text).fetch_one(readers).await.unwrap(),
        Db::Postgres(pool) => sqlx::query_as(text).fetch_one(pool).await.unwrap(),
    }
}

async fn compare_ticket(app: &TestApp, case: &Case, number: &str, wrong: &mut Vec<String>) {
    let ticket = app.ticket(number).await;
    let messages = app.get("demo-superadmin", &format!("/tickets/{number}/messages?limit=200")).await.ok(200);
    let message = messages["items"].as_array().unwrap().last().unwrap().clone();
    let body = message["body"].as_str().unwrap();
    for words in case.has.iter().filter(|words| !body.contains(*words)) {
        wrong.push(format!("lacks {words:?}: {:?}", body.chars().take(200).collect::<String>()));
    }
    for words in case.lacks.iter().filter(|words| body.contains(*words)) {
        wrong.push(format!("has {words:?}: {:?}", body.chars().take(200).collect::<String>()));
    }
    let files = message["attachments"].as_array().unwrap();
    let names: Vec<&str> = files.iter().map(|file| file["name"].as_str().unwrap()).collect();
    let sizes: Vec<u64> = files.iter().map(|file| file["size"].as_u64().unwrap()).collect();
    for (what, expected, found) in [
        ("subject", json!(case.subject), ticket["subject"].clone()),
        ("requester", json!(case.requester), ticket["requester"]["email"].clone()),
        ("name", json!(case.name), ticket["requester"]["name"].clone()),
        ("verified", json!(case.verified), ticket["requester"]["verified"].clone()),
        ("status", json!(case.status), ticket["status"].clone()),
        ("files", json!(case.files), json!(names)),
        ("sizes", json!(case.sizes), json!(sizes)),
    ] {
        if !expected.is_null() {
            differs(wrong, what, &expected, &found);
        }
    }
}

/// Is the failure told on the ticket, and is mail to the address stopped or not?
async fn compare_bounce(app: &TestApp, case: &Case, first: Option<&First>, wrong: &mut Vec<String>) {
    let events = app.events(&first.unwrap().number).await;
    let told = events.iter().any(|(kind, _)| kind == "undelivered");
    if told == case.has.is_empty() {
        wrong.push(format!("told: {told}"));
    }
    let stopped = store::undeliverable::given_up(&mut app.desk.db.read().await.unwrap(), 1000).await.unwrap();
    let is_stopped = stopped.iter().any(|address| address.email == case.who);
    if is_stopped != (case.status.as_deref() == Some("stopped")) {
        wrong.push(format!("stopped: {is_stopped}"));
    }
}

fn differs(wrong: &mut Vec<String>, what: &str, expected: &Value, found: &Value) {
    if expected != found {
        wrong.push(format!("{what} is {found}, not {expected}"));
    }
}
