//! Mailboxes on a real Dovecot.

use super::talk::{NOW, mail};
use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use meja::config::mail::{First, Mailbox};
use meja::desk::Desk;
use meja::desk::ways::Ways;
use meja::receive::imap::{Pace, run};
use meja::store::mailboxes::Cursor;
use meja::store::{self};
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

on_both! {
    what_lies_there_and_what_comes_is_taken_once = lies_and_comes;
    new_numbers_make_no_second_ticket = renumbered;
    a_cut_connection_is_taken_up_again = cut;
    two_mailboxes_are_read_side_by_side = side_by_side;
    one_node_reads_and_another_takes_over = two_nodes;
}

/// The throw-away Dovecot of `tests/all`, with a user of this test's own; `None` when it does not run.
struct Dovecot {
    folder: PathBuf,
    port: u16,
    tls_port: u16,
    user: String,
}

#[expect(clippy::disallowed_methods, reason = "the suite's own settings; the program's enter through Config")]
fn dovecot() -> Option<Dovecot> {
    let value = |name: &str| std::env::var(name).ok();
    let found = (|| {
        Some(Dovecot {
            folder: value("MEJA_TEST_DOVECOT_DIR")?.into(),
            port: value("MEJA_TEST_IMAP_PORT")?.parse().ok()?,
            tls_port: value("MEJA_TEST_IMAPS_PORT")?.parse().ok()?,
            user: format!("u{}", meja::secret::new_token().ok()?.to_lowercase().replace(['-', '_'], "x")),
        })
    })();
    if found.is_none() {
        assert!(value("MEJA_TEST_REQUIRE").is_none(), "tests/all must start Dovecot");
        crate::support::skipped("Dovecot: MEJA_TEST_IMAP_PORT is not set");
    }
    found
}

impl Dovecot {
    fn admin(&self, arguments: &[&str], input: &str) -> String {
        self.tried(arguments, input).unwrap_or_else(|said| panic!("doveadm {arguments:?}: {said}"))
    }

    fn tried(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        let mut command = Command::new("doveadm");
        command.arg("-c").arg(self.folder.join("dovecot.conf")).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let done = child.wait_with_output().unwrap();
        let said = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        if done.status.success() { Ok(said(done.stdout)) } else { Err(said(done.stderr)) }
    }

    /// Cuts the user's connection as soon as there is one.
    async fn kick(&self) {
        let start = Instant::now();
        while let Err(said) = self.tried(&["kick", &self.user], "") {
            assert!(start.elapsed() < Duration::from_secs(20), "{said}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn put(&self, mail: &str) {
        self.admin(&["save", "-u", &self.user], mail);
    }

    fn count(&self, folder: &str) -> String {
        self.admin(&["-f", "flow", "mailbox", "status", "-u", &self.user, "messages", folder], "").trim().to_owned()
    }

    fn mailbox(&self, options: &str) -> Mailbox {
        Mailbox::read(&format!("imap://{}:rahasia@127.0.0.1:{}{options}", self.user, self.port)).unwrap()
    }
}

fn pace() -> Pace {
    Pace {
        look: Duration::from_millis(300),
        patience: Duration::from_secs(20),
        first_pause: Duration::from_millis(50),
        longest_pause: Duration::from_millis(400),
        seed: "uji".to_owned(),
    }
}

/// A mailbox that is being read.
struct Reading {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Reading {
    fn begin(desk: &Desk, mailbox: Mailbox) -> Self {
        Self::at(desk, mailbox, pace())
    }

    fn at(desk: &Desk, mailbox: Mailbox, pace: Pace) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { stop, task: tokio::spawn(run(desk.clone(), mailbox, pace, stopped)) }
    }

    async fn end(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

async fn subjects(app: &TestApp) -> Vec<String> {
    app.desk.read_inbox().await.unwrap();
    let page = app.get("demo-superadmin", "/tickets?limit=200").await.ok(200);
    let subject = |ticket: &Value| ticket["subject"].as_str().unwrap().to_owned();
    let mut subjects: Vec<String> = page["items"].as_array().unwrap().iter().map(subject).collect();
    subjects.sort();
    subjects
}

async fn until(app: &TestApp, expected: &[&str]) {
    let start = Instant::now();
    loop {
        let found = subjects(app).await;
        if found == expected {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(40), "{found:?}, {:?}", cursors(app).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn cursors(app: &TestApp) -> Vec<Cursor> {
    store::mailboxes::all(&mut app.desk.db.read().await.unwrap()).await.unwrap()
}

async fn cursor(app: &TestApp, wanted: impl Fn(&Cursor) -> bool) -> Cursor {
    let start = Instant::now();
    loop {
        let found = cursors(app).await;
        if let Some(cursor) = found.iter().find(|cursor| wanted(cursor)) {
            return cursor.clone();
        }
        assert!(start.elapsed() < Duration::from_secs(40), "{found:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn lies_and_comes(engine: Engine) {
    let Some(server) = dovecot() else { return };
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    server.put(&mail("a@warga.test", "Satu", "isi"));
    server.put(&mail("b@warga.test", "Dua", "isi"));
    // A colleague's program has read them: that says nothing about us.
    server.admin(&["flags", "add", "-u", &server.user, "\\Seen", "mailbox", "INBOX", "all"], "");
    let reading = Reading::begin(&app.desk, server.mailbox("/?move=Diterima"));
    until(&app, &["Dua", "Satu"]).await;
    server.put(&mail("c@warga.test", "Tiga", "isi"));
    until(&app, &["Dua", "Satu", "Tiga"]).await;
    let cursor = cursor(&app, |cursor| cursor.last_uid == 3).await;
    assert_eq!((cursor.taken, cursor.problem), (3, None));
    reading.end().await;
    assert_eq!(
        (server.count("INBOX").as_str(), server.count("Diterima").as_str()),
        ("INBOX messages=0", "Diterima messages=3")
    );
    // The next start goes on where this one ended.
    let reading = Reading::begin(&app.desk, server.mailbox("/?move=Diterima"));
    server.put(&mail("d@warga.test", "Empat", "isi"));
    until(&app, &["Dua", "Empat", "Satu", "Tiga"]).await;
    reading.end().await;
    assert_eq!(app.mails_to("a@warga.test").await.len(), 1, "one confirmation");
}

async fn renumbered(engine: Engine) {
    let Some(server) = dovecot() else { return };
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    server.put(&mail("a@warga.test", "Satu", "isi"));
    server.put(&mail("b@warga.test", "Dua", "isi"));
    let reading = Reading::begin(&app.desk, server.mailbox(""));
    until(&app, &["Dua", "Satu"]).await;
    reading.end().await;
    server.admin(&["mailbox", "update", "-u", &server.user, "--uid-validity", "4242", "INBOX"], "");
    server.put(&mail("c@warga.test", "Tiga", "isi"));
    let reading = Reading::begin(&app.desk, server.mailbox(""));
    until(&app, &["Dua", "Satu", "Tiga"]).await;
    cursor(&app, |cursor| cursor.uid_validity == 4242 && cursor.last_uid >= 3).await;
    reading.end().await;
    assert_eq!(subjects(&app).await.len(), 3);
}

async fn cut(engine: Engine) {
    let Some(server) = dovecot() else { return };
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let reading = Reading::begin(&app.desk, server.mailbox(""));
    cursor(&app, |cursor| cursor.seen_at.is_some()).await;
    for place in 0..3 {
        let before = cursors(&app).await[0].lease_no;
        server.kick().await;
        // It has signed in again: each connection has a lease of its own.
        cursor(&app, |cursor| cursor.lease_no > before && cursor.problem.is_none()).await;
        server.put(&mail("a@warga.test", &format!("Setelah putus {place}"), "isi"));
        let expected: Vec<String> = (0..=place).map(|place| format!("Setelah putus {place}")).collect();
        until(&app, &expected.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    reading.end().await;
}

async fn side_by_side(engine: Engine) {
    let (Some(first), Some(second)) = (dovecot(), dovecot()) else { return };
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let readings = [
        Reading::begin(&app.desk, first.mailbox("?address=meja@desk.test")),
        Reading::begin(&app.desk, second.mailbox("?address=dinkes@desk.test")),
    ];
    first.put(&mail("a@warga.test", "Umum", "isi"));
    second.put(&mail("b@warga.test", "Untuk Dinkes", "isi").replace("To: meja@desk.test", "To: undisclosed:;"));
    until(&app, &["Umum", "Untuk Dinkes"]).await;
    for reading in readings {
        reading.end().await;
    }
    let page = app.get("demo-superadmin", "/tickets?agency=DINKES").await.ok(200);
    assert_eq!(page["items"][0]["subject"], "Untuk Dinkes", "{page}");
}

async fn two_nodes(engine: Engine) {
    let Some(server) = dovecot() else { return };
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let first = Reading::begin(&app.desk, server.mailbox(""));
    let before = cursor(&app, |cursor| cursor.seen_at.is_some()).await;
    let second = Reading::begin(&app.desk, server.mailbox(""));
    server.put(&mail("a@warga.test", "Satu", "isi"));
    until(&app, &["Satu"]).await;
    assert_eq!(cursors(&app).await[0].lease_no, before.lease_no, "the second has to wait");
    first.end().await;
    server.put(&mail("b@warga.test", "Dua", "isi"));
    until(&app, &["Dua", "Satu"]).await;
    assert!(cursors(&app).await[0].lease_no > before.lease_no, "the second has taken over");
    second.end().await;
}

#[tokio::test]
async fn news_are_told_by_the_server_long_before_anybody_looks() {
    let Some(server) = dovecot() else { return };
    let Some(app) = TestApp::new(Engine::Sqlite, "oki", NOW).await else { return };
    let rarely = Pace { look: Duration::from_secs(300), ..pace() };
    let reading = Reading::at(&app.desk, server.mailbox(""), rarely);
    cursor(&app, |cursor| cursor.seen_at.is_some()).await;
    for place in 0..2 {
        server.put(&mail("a@warga.test", &format!("Kabar {place}"), "isi"));
        let expected: Vec<String> = (0..=place).map(|place| format!("Kabar {place}")).collect();
        until(&app, &expected.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    reading.end().await;
}

#[tokio::test]
async fn a_server_that_tells_no_news_is_looked_at() {
    let Some(server) = dovecot() else { return };
    let Some(app) = TestApp::new(Engine::Sqlite, "oki", NOW).await else { return };
    let mailbox = Mailbox { host: "127.0.0.2".to_owned(), ..server.mailbox("") };
    let reading = Reading::begin(&app.desk, mailbox);
    cursor(&app, |cursor| cursor.seen_at.is_some()).await;
    server.put(&mail("a@warga.test", "Tanpa kabar", "isi"));
    until(&app, &["Tanpa kabar"]).await;
    reading.end().await;
}

#[tokio::test]
async fn what_is_too_large_is_told_of_and_holds_up_nothing() {
    let Some(server) = dovecot() else { return };
    let Some(mut app) = TestApp::new(Engine::Sqlite, "oki", NOW).await else { return };
    app.desk.ways = Arc::new(Ways { largest: 2_000_000, ..(*app.desk.ways).clone() });
    let line = format!("{}\r\n", "x".repeat(76));
    server.put(&mail("a@warga.test", "Muat", &line.repeat(20_000)));
    server.put(&mail("b@warga.test", "Terlalu besar", &line.repeat(40_000)));
    server.put(&mail("c@warga.test", "Kecil", "isi"));
    let reading = Reading::begin(&app.desk, server.mailbox(""));
    until(&app, &["Kecil", "Muat"]).await;
    reading.end().await;
    let mut tx = app.desk.db.read().await.unwrap();
    let aside = store::inbox::list(&mut tx, None, i64::MAX, 10).await.unwrap();
    let large = aside.iter().find(|row| row.subject == "Terlalu besar").unwrap();
    assert_eq!((large.cause.as_deref(), large.author.as_str()), (Some("too_large"), "b@warga.test"));
    assert!(large.size < 2_000, "only its head was fetched");
}

#[tokio::test]
async fn the_server_must_prove_its_name() {
    let Some(server) = dovecot() else { return };
    let Some(mut app) = TestApp::new(Engine::Sqlite, "oki", NOW).await else { return };
    server.put(&mail("a@warga.test", "Rahasia", "isi"));
    let at = |scheme: &str, host: &str, port: u16, tls: &str| {
        Mailbox::read(&format!("{scheme}://{}:rahasia@{host}:{port}{tls}", server.user)).unwrap()
    };
    // An authority nobody knows.
    let reading = Reading::begin(&app.desk, at("imaps", "localhost", server.tls_port, ""));
    let found = cursor(&app, |cursor| cursor.problem.is_some()).await;
    assert!(found.problem.as_deref().unwrap().contains("TLS with localhost"), "{found:?}");
    assert_eq!((found.taken, found.seen_at), (0, None));
    reading.end().await;
    app.desk.ways = Arc::new(Ways { ca_file: Some(server.folder.join("ca.pem")), ..(*app.desk.ways).clone() });
    // A certificate for another name.
    let reading = Reading::begin(&app.desk, at("imaps", "127.0.0.1", server.tls_port, ""));
    let found = cursor(&app, |cursor| cursor.name.contains("127.0.0.1") && cursor.problem.is_some()).await;
    assert!(found.problem.as_deref().unwrap().contains("TLS with 127.0.0.1"), "{found:?}");
    reading.end().await;
    assert_eq!(subjects(&app).await, [""; 0]);
    let reading = Reading::begin(&app.desk, at("imaps", "localhost", server.tls_port, ""));
    until(&app, &["Rahasia"]).await;
    reading.end().await;
    server.put(&mail("b@warga.test", "Dengan STARTTLS", "isi"));
    let reading = Reading::begin(&app.desk, at("imap", "localhost", server.port, "?tls=required"));
    until(&app, &["Dengan STARTTLS", "Rahasia"]).await;
    reading.end().await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_a_corrected_file_is_enough() {
    let Some(server) = dovecot() else { return };
    let Some(app) = TestApp::new(Engine::Sqlite, "oki", NOW).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandi");
    std::fs::write(&file, "salah\n").unwrap();
    server.put(&mail("a@warga.test", "Satu", "isi"));
    let mut mailbox = server.mailbox("");
    (mailbox.password, mailbox.password_file) = (String::new(), Some(file.clone()));
    let reading = Reading::begin(&app.desk, mailbox);
    let found = cursor(&app, |cursor| cursor.problem.is_some()).await;
    let problem = found.problem.unwrap();
    assert!(problem.to_lowercase().contains("auth") && !problem.contains("salah"), "{problem}");
    std::fs::write(&file, "rahasia\n").unwrap();
    until(&app, &["Satu"]).await;
    reading.end().await;
}

#[tokio::test]
async fn old_mail_can_be_left_where_it_lies() {
    let Some(server) = dovecot() else { return };
    let Some(mut app) = TestApp::new(Engine::Sqlite, "oki", NOW).await else { return };
    app.desk.ways = Arc::new(Ways { first: First::New, ..(*app.desk.ways).clone() });
    server.put(&mail("a@warga.test", "Lama", "isi"));
    let reading = Reading::begin(&app.desk, server.mailbox(""));
    cursor(&app, |cursor| cursor.seen_at.is_some()).await;
    server.put(&mail("b@warga.test", "Baru", "isi"));
    until(&app, &["Baru"]).await;
    reading.end().await;
}
