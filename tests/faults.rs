//! The process is killed at every place of every kind of work, begun anew, and nothing that was acknowledged is lost,
//! nothing happens twice, and every chain verifies. Each place is tried the first, second, third … time it is passed,
//! until the work ends without passing it.

use crate::nodes::sink::Sink;
use crate::support::app::Engine;
use crate::support::db;
use crate::support::server::{Server, meja, program, run_with};
use meja::fault::PLACES;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const START: &str = "2026-10-20T09:00:00+07:00";
/// A place is tried so often at most: what comes later is more of the same.
const TIMES: usize = 4;

/// What work passes which places.
const TABLE: &[(Work, &[&str])] = &[
    (Work::Intake, &["commit.before", "commit.after", "file.written", "file.named", "inbox.claimed", "inbox.read"]),
    (Work::Change, &["commit.before", "commit.after"]),
    (Work::Steps, &["step.claimed", "commit.before", "commit.after"]),
    (Work::Delivery, &["outbox.claimed", "outbox.handed", "commit.after"]),
    (Work::Report, &["report.drawn", "commit.before", "commit.after"]),
    (Work::Backup, &["backup.written", "backup.tested", "backup.named"]),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Intake,
    Change,
    Steps,
    Delivery,
    Report,
    Backup,
}

#[test]
fn every_place_stands_in_the_table() {
    let named: BTreeSet<&str> = TABLE.iter().flat_map(|(_, places)| places.iter().copied()).collect();
    assert_eq!(named, PLACES.iter().copied().collect::<BTreeSet<_>>());
}

macro_rules! killed_in {
    ($($name:ident = $work:expr;)+) => { $(
        mod $name {
            use super::*;
            #[test]
            fn sqlite() { killed_everywhere(Engine::Sqlite, $work) }
            #[test]
            fn postgres() { killed_everywhere(Engine::Postgres, $work) }
        }
    )+ };
}
killed_in! {
    mail_intake = Work::Intake;
    ticket_changes = Work::Change;
    clock_steps = Work::Steps;
    mail_delivery = Work::Delivery;
    reports = Work::Report;
    backups = Work::Backup;
}

/// A region as it stands before the work, to be copied for each kill.
struct Before {
    engine: Engine,
    folder: tempfile::TempDir,
    url: Option<String>,
    /// What left before the work.
    sink: Sink,
}

/// One copy of it.
struct Region {
    folder: tempfile::TempDir,
    url: Option<String>,
    sink: Sink,
    /// Mails that left before the work.
    early: BTreeSet<String>,
    /// What was acknowledged.
    known: BTreeSet<String>,
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

impl Before {
    fn new(engine: Engine, work: Work) -> Option<Self> {
        let url = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(wait(db::postgres_url())?),
        };
        let before = Self { engine, folder: tempfile::tempdir().unwrap(), url, sink: Sink::open() };
        let mut command = command(before.folder.path(), before.url.as_deref(), Some(&before.sink));
        command.args([
            "demo",
            "--listen",
            "127.0.0.1:0",
            "--tickets",
            "0",
            "--pack",
            "oki",
            "--now",
            START,
            "--speed",
            "0",
        ]);
        let server = Server::of(command);
        if matches!(work, Work::Steps | Work::Report | Work::Backup) {
            for place in 0..3 {
                let (status, ticket) =
                    server.post("demo-superadmin", "/tickets", &report(place), &place.to_string()).unwrap();
                assert_eq!(status, 201, "{ticket}");
            }
        }
        // Nothing is on its way when the work begins.
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) && is_loud(before.folder.path(), before.url.as_deref()) {
            std::thread::sleep(Duration::from_millis(100));
        }
        server.kill();
        Some(before)
    }

    fn copy(&self) -> Region {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(self.folder.path(), folder.path());
        let url = self.url.as_deref().map(|url| wait(db::copy_of(url)));
        let early = self.sink.taken().into_keys().collect();
        Region { folder, url, sink: Sink::open(), early, known: BTreeSet::new() }
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn command(folder: &Path, url: Option<&str>, sink: Option<&Sink>) -> Command {
    let mut command = meja(&program(), folder);
    command.env("MEJA_MAIL_ADDRESS", "meja@demo.test").env("MEJA_LISTEN", "127.0.0.1:0").env("MEJA_LOG", "off");
    command.env("MEJA_BACKUP__AT", "");
    if let Some(url) = url {
        command.env("MEJA_DATABASE_URL", url);
    }
    if let Some(sink) = sink {
        command.env("MEJA_SMTP_URL", format!("smtp://127.0.0.1:{}", sink.port));
    }
    command
}

fn report(place: usize) -> Value {
    json!({"subject": format!("Laporan {place}"), "description": "Mati", "service": "e-office", "impact": "broad",
        "urgency": "high", "requester": {"name": "Budi", "email": format!("b{place}@warga.test")}})
}

fn killed_everywhere(engine: Engine, work: Work) {
    let Some(before) = Before::new(engine, work) else { return };
    let places = TABLE.iter().find(|(of, _)| *of == work).unwrap().1;
    for place in places {
        for times in 1..=TIMES {
            let what = format!("{work:?} on {:?}, killed at {place} the {times}. time", before.engine);
            let mut region = before.copy();
            let died = region.work(work, Some(&format!("{place}:{times}")), &what);
            assert!(died || times > 1, "{what}: it is never passed");
            region.work(work, None, &what);
            region.check(work, &what);
            if let Some(url) = &region.url {
                wait(db::drop_copy(url));
            }
            if !died {
                break;
            }
        }
    }
}

impl Region {
    fn command(&self, fault: Option<&str>) -> Command {
        let mut command = command(self.folder.path(), self.url.as_deref(), Some(&self.sink));
        command.envs(fault.map(|fault| ("MEJA_TEST_FAULT", fault)));
        command
    }

    /// Does the work until it is done or the process dies; `true` when one died.
    fn work(&mut self, work: Work, fault: Option<&str>, what: &str) -> bool {
        if work == Work::Backup {
            let _ = std::fs::remove_file(self.backup()).ok().filter(|()| fault.is_none() && !self.is_sound());
            if self.backup().exists() {
                return false;
            }
            let output = run_with(self.command(fault), &["backup", self.backup().to_str().unwrap()], b"");
            assert!(fault.is_some() || output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
            return output.status.code().is_none();
        }
        let mut died = false;
        if work == Work::Intake {
            died |= self.ingest(fault);
        }
        let mut command = self.command(fault);
        command.arg("serve");
        let Some(server) = Server::start_of(command) else {
            assert!(fault.is_some(), "{what}: the server does not start");
            return true;
        };
        match work {
            Work::Change => self.change(&server),
            Work::Steps => _ = server.set_clock("2026-10-23T10:00:00+07:00"),
            Work::Report => _ = server.set_clock("2026-11-02T10:00:00+07:00"),
            Work::Delivery => _ = server.post("demo-superadmin", "/tickets", &report(7), "satu"),
            Work::Intake | Work::Backup => {}
        }
        let began = Instant::now();
        while !server.has_ended() && !self.is_done(work) {
            assert!(began.elapsed() < Duration::from_secs(90), "{what}: {:?} is not done", work);
            std::thread::sleep(Duration::from_millis(50));
        }
        // What is left over is looked at by the next program, which is not killed.
        std::thread::sleep(Duration::from_millis(if fault.is_some() { 150 } else { 0 }));
        let ended = server.has_ended();
        assert!(fault.is_some() || !ended, "{what}: the server ended by itself");
        server.kill();
        died | ended
    }

    /// Hands in mails as a mail server does: again what was not taken.
    fn ingest(&mut self, fault: Option<&str>) -> bool {
        let mut died = false;
        for place in 0..3 {
            if self.known.contains(&format!("Surel {place}")) {
                continue;
            }
            let mail = format!(
                "From: Warga {place} <w{place}@warga.test>\r\nTo: meja@demo.test\r\nSubject: Surel {place}\r\n\
                 Message-ID: <f{place}@warga.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
                 --b\r\nContent-Type: text/plain\r\n\r\nMati.\r\n--b\r\nContent-Type: text/plain\r\n\
                 Content-Disposition: attachment; filename=\"a{place}.txt\"\r\n\r\nisi {place}\r\n--b--\r\n"
            );
            let ingest = ["mail", "ingest", "--recipient", "meja@demo.test"];
            let output = run_with(self.command(fault), &ingest, mail.as_bytes());
            match output.status.code() {
                Some(0) => _ = self.known.insert(format!("Surel {place}")),
                code => {
                    assert!(fault.is_some(), "{code:?}: {}", String::from_utf8_lossy(&output.stderr));
                    died |= code.is_none();
                }
            }
        }
        died
    }

    /// A clerk works; who gets no answer sends the same again.
    fn change(&mut self, server: &Server) {
        let Some((201, ticket)) = server.post("demo-superadmin", "/tickets", &report(7), "buka") else { return };
        let number = ticket["number"].as_str().unwrap().to_owned();
        self.known.insert(number.clone());
        for (act, body) in [
            ("acknowledge", json!({})),
            ("messages", json!({"body": "Catatan", "visibility": "internal"})),
            ("messages", json!({"body": "Jawaban"})),
            ("resolve", json!({"solution": "Sudah", "cause": "Listrik"})),
        ] {
            let (path, key) = (format!("/tickets/{number}/{act}"), body.to_string());
            let key = meja::secret::sha256(format!("{act}{key}"));
            let Some((status, answer)) = server.post("demo-superadmin", &path, &body, &key) else { return };
            // A conflict tells that it had been done before nobody could be told.
            assert!(matches!(status, 200 | 201 | 409), "{act}: {status} {answer}");
            self.known.insert(key);
        }
    }

    fn backup(&self) -> PathBuf {
        self.folder.path().join("uji.meja")
    }

    fn is_sound(&self) -> bool {
        let file = self.backup();
        run_with(self.command(None), &["restore", "--check", file.to_str().unwrap()], b"").status.success()
    }

    fn is_done(&self, work: Work) -> bool {
        let none = |query: &'static str| self.count(query) == 0;
        let quiet = none("select count(*) from outbox where state <> 'sent'");
        match work {
            Work::Intake => quiet && none("select count(*) from inbox where state = 'new'"),
            Work::Change => quiet,
            Work::Delivery => quiet && !none("select count(*) from outbox"),
            Work::Steps => {
                none(
                    "select count(*) from clock_step where state = 'planned' and due_at <= '2026-10-23 03:00:00+00:00'",
                ) && quiet
            }
            Work::Report => !none("select count(*) from report") && quiet,
            Work::Backup => true,
        }
    }

    fn count(&self, query: &'static str) -> i64 {
        self.rows(query).into_iter().next().map_or(0, |(_, count)| count)
    }

    fn rows(&self, query: &'static str) -> Vec<(String, i64)> {
        rows(self.folder.path(), self.url.as_deref(), query)
    }

    fn check(&self, work: Work, what: &str) {
        let output = run_with(self.command(None), &["audit", "verify"], b"");
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stdout));
        let subjects: BTreeMap<String, i64> =
            self.rows("select subject, count(*) from ticket group by subject").into_iter().collect();
        assert!(subjects.values().all(|count| *count == 1), "{what}: doubled {subjects:?}");
        // One Message-ID a mail, taken at least once; twice only where the answer was lost.
        let taken = self.sink.taken();
        let mails = self.rows("select trim(message_id, '<>'), count(*) from outbox group by message_id");
        assert!(mails.iter().all(|(_, count)| *count == 1), "{what}: {mails:?}");
        let lost: Vec<_> = mails.iter().filter(|(id, _)| !taken.contains_key(id) && !self.early.contains(id)).collect();
        assert!(work == Work::Backup || lost.is_empty(), "{what}: never sent {lost:?} of {taken:?}");
        let more = taken.values().filter(|times| **times > 1).count();
        assert!(more <= 20, "{what}: {taken:?}");
        let twice = "select stream || ' ' || kind, count(*) from event where kind in ('response_overdue', 'escalated', 'warned', \
             'breached', 'opened', 'acknowledged', 'resolved') group by stream, kind having count(*) > 1";
        assert_eq!(self.rows(twice), [], "{what}");
        match work {
            Work::Intake => {
                assert_eq!(self.known.len(), 3, "{what}");
                assert!(self.known.iter().all(|subject| subjects.contains_key(subject)), "{what}: {subjects:?}");
                assert_eq!(self.count("select count(*) from inbox where state <> 'done'"), 0, "{what}");
                let files = self.rows("select sha256, count(*) from attachment group by sha256");
                assert_eq!(files.len(), 3, "{what}");
                for (digest, _) in files {
                    let bytes = std::fs::read(meja::desk::files::path(&self.folder.path().join("files"), &digest));
                    assert_eq!(meja::secret::sha256(bytes.unwrap()), digest, "{what}");
                }
            }
            Work::Change => {
                assert_eq!(self.known.len(), 5, "{what}: {:?}", self.known);
                assert_eq!(self.count("select count(*) from message where body = 'Jawaban'"), 1, "{what}");
                assert_eq!(self.count("select count(*) from ticket where status = 'resolved'"), 1, "{what}");
            }
            Work::Steps => assert_eq!(self.count("select count(*) from event where kind = 'breached'"), 3, "{what}"),
            Work::Report => {
                let drawn = self.rows("select agency, count(*) from report group by agency");
                assert!(!drawn.is_empty() && drawn.iter().all(|(_, count)| *count == 1), "{what}: {drawn:?}");
            }
            Work::Backup => assert!(self.is_sound(), "{what}"),
            Work::Delivery => {}
        }
    }
}

/// Some mail has not left.
fn is_loud(folder: &Path, url: Option<&str>) -> bool {
    !rows(folder, url, "select state, count(*) from outbox where state <> 'sent' group by state").is_empty()
}

/// Rows of a text and a number; a query that begins with `select count(*)` gives one.
fn rows(folder: &Path, url: Option<&str>, query: &'static str) -> Vec<(String, i64)> {
    let text = query.replacen("select count(*)", "select 'x', count(*)", 1);
    wait(async {
        match url {
            Some(url) => {
                let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(url).await.unwrap();
                sqlx::query_as(sqlx::AssertSqlSafe(text)).fetch_all(&mut connection).await.unwrap()
            }
            None => {
                let file = format!("sqlite://{}?mode=ro", folder.join("meja.db").display());
                let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&file).await.unwrap();
                sqlx::query_as(sqlx::AssertSqlSafe(text)).fetch_all(&mut connection).await.unwrap()
            }
        }
    })
}
