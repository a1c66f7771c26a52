//! The way out, with mail servers of every temper.

use super::talk::{NOW, mail};
use crate::postfix::{eventually, postfix};
use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator, Txt};
use meja::config::mail::DkimConfig;
use meja::domain::message::OutboxState;
use meja::mail::sign::Signer;
use meja::mail::transport::{Transport, Wishes};
use meja::store;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

on_both! {
    a_refusal_is_told_and_not_repeated = refused;
    greylisting_is_waited_out = greylisted;
    a_lost_answer_brings_the_same_mail_again = lost_answer;
    an_answer_and_then_death_is_an_answer = answered_and_died;
    a_server_that_hangs_holds_up_nothing_for_long = hung;
}

/// How a mail server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Temper {
    Kind,
    Refuses,
    GreylistsOnce,
    DropsAfterData,
    DiesAfterAnswer,
    Hangs,
}

/// A mail server and what it took, by Message-ID.
struct Sink {
    port: u16,
    temper: Arc<Mutex<Temper>>,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// Recipients a server has sent away once.
type Grey = Arc<Mutex<BTreeSet<String>>>;

impl Sink {
    async fn open(temper: Temper) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self {
            port: listener.local_addr().unwrap().port(),
            temper: Arc::new(Mutex::new(temper)),
            taken: Arc::default(),
        };
        let (temper, taken, grey) = (Arc::clone(&sink.temper), Arc::clone(&sink.taken), Grey::default());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&temper), Arc::clone(&taken), Arc::clone(&grey)));
            }
        });
        sink
    }

    fn becomes(&self, temper: Temper) {
        *self.temper.lock().unwrap() = temper;
    }

    fn taken(&self) -> BTreeMap<String, usize> {
        self.taken.lock().unwrap().clone()
    }
}

async fn serve(
    stream: TcpStream,
    temper: Arc<Mutex<Temper>>,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
    grey: Grey,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink\r\n").await.ok()?;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let now = *temper.lock().unwrap();
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match (verb.as_str(), now) {
            ("RCPT", Temper::Refuses) => "550 5.1.1 Kotak penuh selamanya",
            // Each recipient is sent away once.
            ("RCPT", Temper::GreylistsOnce) if grey.lock().unwrap().insert(line.to_lowercase()) => {
                "450 4.2.0 Coba lagi nanti"
            }
            ("DATA", _) => "354 go",
            ("QUIT", _) => return None,
            _ => "250 ok",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        if verb != "DATA" {
            continue;
        }
        let (mut text, mut part) = (String::new(), String::new());
        while part != ".\r\n" {
            part.clear();
            if stream.read_line(&mut part).await.ok()? == 0 {
                return None;
            }
            text.push_str(&part);
        }
        if now == Temper::Hangs {
            std::future::pending::<()>().await;
        }
        let id = mail_parser::MessageParser::default().parse(text.as_bytes())?.message_id()?.to_owned();
        *taken.lock().unwrap().entry(id).or_default() += 1;
        if now == Temper::DropsAfterData {
            return None;
        }
        stream.write_all(b"250 queued\r\n").await.ok()?;
        if now == Temper::DiesAfterAnswer {
            return None;
        }
    }
}

/// A desk that has one confirmation to send through `sink`.
async fn with_mail(engine: Engine, sink: &Sink, patience: Duration) -> Option<TestApp> {
    let mut app = TestApp::new(engine, "oki", NOW).await?;
    let wishes = Wishes { patience, ..Wishes::default() };
    app.desk.transport = Transport::smtp(&format!("smtp://127.0.0.1:{}", sink.port), wishes).unwrap();
    app.deliver(&mail("a@warga.test", "Printer", "rusak"), "meja@desk.test", "").await;
    Some(app)
}

async fn state(app: &TestApp) -> (OutboxState, i64, String) {
    let sent = app.mails_to("a@warga.test").await.remove(0);
    (sent.state, sent.attempts, sent.last_error.unwrap_or_default())
}

/// Time for the next try has come.
async fn due(app: &TestApp) {
    let id = app.mails_to("a@warga.test").await[0].id;
    let mut tx = app.desk.db.write().await.unwrap();
    assert!(store::outbox::retry(&mut tx, id, app.desk.clock.machine()).await.unwrap());
    tx.commit().await.unwrap();
}

async fn refused(engine: Engine) {
    let sink = Sink::open(Temper::Refuses).await;
    let Some(app) = with_mail(engine, &sink, Duration::from_secs(10)).await else { return };
    app.desk.send_outbox().await.unwrap();
    let (now, tries, said) = state(&app).await;
    assert_eq!((now, tries), (OutboxState::Dead, 1));
    assert!(said.contains("Kotak penuh selamanya"), "{said}");
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    let path = format!("/tickets/{number}/mails");
    let listed = app.get("demo-superadmin", &path).await.ok(200);
    let row = listed["items"].as_array().unwrap().iter().find(|row| row["recipient"] == "a@warga.test").unwrap();
    assert_eq!((&row["state"], &row["next_try_at"]), (&json!("dead"), &json!(null)));
    assert!(row["last_error"].as_str().unwrap().contains("Kotak penuh selamanya"));
    app.get("demo-warga", &path).await.ok(404);
    // Somebody has mended it and lets it go again.
    sink.becomes(Temper::Kind);
    let again = format!("{path}/{}/retry", row["id"]);
    app.post("demo-auditor", &again, json!({})).await.ok(403);
    app.post("demo-superadmin", &again, json!({})).await.ok(204);
    app.desk.send_outbox().await.unwrap();
    assert_eq!(state(&app).await.0, OutboxState::Sent);
    app.post("demo-superadmin", &again, json!({})).await.ok(409);
    app.post("demo-superadmin", &format!("{path}/987654/retry"), json!({})).await.ok(404);
    assert!(sink.taken().values().all(|count| *count == 1), "{:?}", sink.taken());
}

async fn greylisted(engine: Engine) {
    let sink = Sink::open(Temper::GreylistsOnce).await;
    let Some(app) = with_mail(engine, &sink, Duration::from_secs(10)).await else { return };
    app.desk.send_outbox().await.unwrap();
    let (now, tries, said) = state(&app).await;
    assert_eq!((now, tries), (OutboxState::Queued, 1));
    assert!(said.contains("Coba lagi nanti"), "{said}");
    due(&app).await;
    app.desk.send_outbox().await.unwrap();
    assert_eq!(state(&app).await.0, OutboxState::Sent);
    assert!(sink.taken().values().all(|count| *count == 1), "{:?}", sink.taken());
}

async fn lost_answer(engine: Engine) {
    let sink = Sink::open(Temper::DropsAfterData).await;
    let Some(app) = with_mail(engine, &sink, Duration::from_secs(10)).await else { return };
    app.desk.send_outbox().await.unwrap();
    assert_eq!(state(&app).await.0, OutboxState::Queued, "nobody knows, so it is tried again");
    sink.becomes(Temper::Kind);
    due(&app).await;
    app.desk.send_outbox().await.unwrap();
    assert_eq!(state(&app).await.0, OutboxState::Sent);
    let raw = app.mails_to("a@warga.test").await.remove(0).raw;
    let id = mail_parser::MessageParser::default().parse(&raw).unwrap().message_id().unwrap().to_owned();
    assert_eq!(sink.taken().get(&id), Some(&2), "the same Message-ID: the receiver can tell");
}

async fn answered_and_died(engine: Engine) {
    let sink = Sink::open(Temper::DiesAfterAnswer).await;
    let Some(app) = with_mail(engine, &sink, Duration::from_secs(10)).await else { return };
    for _ in 0..3 {
        app.desk.send_outbox().await.unwrap();
    }
    assert_eq!((state(&app).await.0, state(&app).await.1), (OutboxState::Sent, 1));
    assert!(sink.taken().values().all(|count| *count == 1), "{:?}", sink.taken());
}

async fn hung(engine: Engine) {
    let sink = Sink::open(Temper::Hangs).await;
    let Some(app) = with_mail(engine, &sink, Duration::from_millis(300)).await else { return };
    let start = std::time::Instant::now();
    app.desk.send_outbox().await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(10));
    let (now, tries, said) = state(&app).await;
    assert_eq!((now, tries), (OutboxState::Queued, 1));
    assert!(!said.is_empty());
    sink.becomes(Temper::Kind);
    due(&app).await;
    app.desk.send_outbox().await.unwrap();
    assert_eq!(state(&app).await.0, OutboxState::Sent);
}

/// A key pair made by a program of its own.
fn key(folder: &std::path::Path, algorithm: &[&str]) -> (DkimConfig, String) {
    let file = folder.join("kunci.pem");
    let made = Command::new("openssl").arg("genpkey").args(algorithm).arg("-out").arg(&file).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let public =
        Command::new("openssl").args(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(&file).output().unwrap().stdout;
    let config = DkimConfig { domain: "desk.test".to_owned(), selector: "meja".to_owned(), key_file: file };
    (config, data_encoding::BASE64.encode(&public))
}

#[tokio::test]
async fn every_mail_bears_a_signature_that_others_can_check() {
    let folder = tempfile::tempdir().unwrap();
    let (config, public) = key(folder.path(), &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    let signer = Signer::load(&config).unwrap();
    assert_eq!(signer.record_name(), "meja._domainkey.desk.test");
    let Some(app) = TestApp::new(Engine::Sqlite, "oki", NOW).await else { return };
    app.deliver(&mail("a@warga.test", "Printer", "rusak"), "meja@desk.test", "").await;
    let raw = app.mails_to("a@warga.test").await.remove(0).raw;
    let signed = signer.sign(&raw).unwrap();
    let verdict = async |signed: &[u8]| {
        let record = format!("v=DKIM1; k=rsa; p={public}");
        let key = Arc::new(DomainKey::parse(record.as_bytes()).unwrap());
        let records = super::dns::Records::with("meja._domainkey.desk.test.", Txt::DomainKey(key));
        let resolver = MessageAuthenticator::new_cloudflare().unwrap();
        let message = AuthenticatedMessage::parse(signed).unwrap();
        let found = resolver.verify_dkim(records.about(&message)).await;
        found.first().map(|output| output.result().clone())
    };
    assert_eq!(verdict(&signed).await, Some(DkimResult::Pass));
    let altered = String::from_utf8(signed).unwrap().replacen("Subject: ", "Subject: X", 1).into_bytes();
    assert!(!matches!(verdict(&altered).await, Some(DkimResult::Pass)));
    std::fs::write(&config.key_file, "bukan kunci").unwrap();
    assert!(Signer::load(&config).is_err());
}

#[test]
fn a_key_of_the_newer_kind_signs_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let (config, _) = key(folder.path(), &["-algorithm", "ed25519"]);
    let signed = Signer::load(&config).unwrap().sign(b"From: a@desk.test\r\nSubject: x\r\n\r\nisi\r\n").unwrap();
    let text = String::from_utf8(signed).unwrap();
    assert!(text.starts_with("DKIM-Signature:") && text.contains("a=ed25519-sha256"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_tls_the_server_must_prove_its_name() {
    let Some(postfix) = postfix() else { return };
    let Some(mut app) = TestApp::new(Engine::Sqlite, "oki", NOW).await else { return };
    app.deliver(&mail("tls@warga.test", "Printer", "rusak"), "meja@desk.test", "").await;
    let (ca_file, plain) = (Some(postfix.folder.join("ca.pem")), postfix.url.rsplit(':').next().unwrap().to_owned());
    let id = app.mails_to("tls@warga.test").await[0].id;
    let ways = [
        (format!("smtp://localhost:{plain}?tls=required"), None, false),
        (format!("smtp://127.0.0.1:{plain}?tls=required"), ca_file.clone(), false),
        (format!("smtps://localhost:{}", postfix.tls_port), None, false),
        (format!("smtp://localhost:{plain}?tls=required"), ca_file.clone(), true),
        (format!("smtps://localhost:{}", postfix.tls_port), ca_file, true),
    ];
    for (url, ca_file, works) in ways {
        app.desk.transport = Transport::smtp(&url, Wishes { ca_file, ..Wishes::default() }).unwrap();
        let mut sent = app.mails_to("tls@warga.test").await.remove(0);
        sent.id = id;
        let outcome = app.desk.transport.send(&sent).await;
        assert_eq!(outcome.is_ok(), works, "{url}: {outcome:?}");
        if let Err(refused) = outcome {
            assert!(refused.temporary && refused.reason.contains("certificate"), "{refused:?}");
        }
    }
    let arrived = tokio::task::spawn_blocking(move || {
        eventually("both mails", || Some(postfix.mailbox("warga.test", "tls")).filter(|mails| mails.len() == 2))
    });
    assert!(arrived.await.unwrap()[0].contains("List-Id: <meja-layanan.desk.test>"));
}
