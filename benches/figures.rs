//! The figures of the product, in one run, with the machine's own limits beside them.
//!
//! `cargo bench` prints one line per figure: what was measured, what is aimed at. Nothing here fails; the
//! reader judges. Timed tests would fail on a busy machine and pass on a fast one. `cargo bench --bench figures
//! creation` measures only the creation of tickets.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

use chrono::{DateTime, Duration, Utc};
use meja::app;
use meja::config::Config;
use meja::desk::Desk;
use meja::desk::setup::installation;
use meja::domain::clock_plan::{Planned, StepKind};
use meja::domain::ticket::Priority;
use meja::store::tickets::{Filter, Sort};
use meja::store::{self, Db};
use poem::test::TestClient;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, Executor, SqliteConnection};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// How many callers at once.
const CALLERS: usize = 32;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // Under `cargo test --benches` and the like there is nothing to check.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    runtime.block_on(async {
        let raw = raw_rate(folder.path()).await;
        let desk = desk(&folder.path().join("desk")).await;
        creation(&desk, raw).await;
        if std::env::args().any(|argument| argument == "creation") {
            std::process::exit(0);
        }
        ingest(&desk).await;
        tick(&desk).await;
        deadline(&desk);
        confirmation(&desk);
        desk.db.close().await;
    });
    processes(folder.path());
}

fn figure(name: &str, value: String, aim: &str) {
    println!("{name:<58} {value:>16}   {aim}");
}

/// Runs `work` from [`CALLERS`] tasks, `total` times in all; gives times per second.
async fn rate<F, W>(total: usize, work: F) -> f64
where
    F: Fn(usize) -> W + Send + Sync + 'static,
    W: Future<Output = ()> + Send,
{
    let (work, next) = (Arc::new(work), Arc::new(AtomicUsize::new(0)));
    let start = Instant::now();
    let tasks = (0..CALLERS).map(|_| {
        let (work, next) = (Arc::clone(&work), Arc::clone(&next));
        tokio::spawn(async move {
            loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                if turn >= total {
                    break;
                }
                work(turn).await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    total as f64 / start.elapsed().as_secs_f64()
}

/// The machine's own limit: durable transactions of three rows each, one after the other.
async fn raw_rate(folder: &Path) -> f64 {
    let options = SqliteConnectOptions::new().filename(folder.join("raw.db")).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    connection.execute("create table row (id integer primary key, text text not null)").await.unwrap();
    let connection = Arc::new(tokio::sync::Mutex::new(connection));
    let raw = rate(2000, move |turn| {
        let connection = Arc::clone(&connection);
        async move {
            let mut connection = connection.lock().await;
            connection.execute("begin immediate").await.unwrap();
            for part in 0..3 {
                let insert = sqlx::query("insert into row (text) values ($1)").bind(format!("{turn} {part}"));
                insert.execute(&mut *connection).await.unwrap();
            }
            connection.execute("commit").await.unwrap();
        }
    })
    .await;
    figure("raw: durable transactions of three rows, 32 callers", format!("{raw:.0}/s"), "the disk's own limit");
    raw
}

async fn desk(folder: &Path) -> Desk {
    let config = Config { data_dir: folder.to_owned(), pack: "oki".to_owned(), ..Config::default() };
    let db = Db::connect(&config.database_url()).await.unwrap();
    db.migrate().await.unwrap();
    let mut found = installation(&db).await.unwrap();
    found.is_demo = true;
    let desk = app::wire(&config, db, found).unwrap();
    let now: DateTime<Utc> = "2026-10-20T02:00:00Z".parse().unwrap();
    app::follow(&config, &desk).await.unwrap();
    desk.fill_demo(0, now, 0.0).await.unwrap();
    desk
}

async fn creation(desk: &Desk, raw: f64) {
    let client = Arc::new(TestClient::new(app::routes(desk.clone()).unwrap()));
    let created = rate(3000, move |turn| {
        let client = Arc::clone(&client);
        async move {
            let body = format!(r#"{{"subject":"Laporan {turn}","description":"Uraian laporan","service":"e-office"}}"#);
            let request = client.post("/api/v1/tickets").header("authorization", "Bearer demo-superadmin");
            request
                .content_type("application/json")
                .body(body)
                .send()
                .await
                .assert_status(poem::http::StatusCode::CREATED);
        }
    })
    .await;
    let share = 100.0 * created / raw;
    figure("tickets created through the API, durable, 32 callers", format!("{created:.0}/s"), "");
    figure("  as a share of the raw rate", format!("{share:.0} %"), "above 50 %");
}

async fn ingest(desk: &Desk) {
    let own = desk.clone();
    let stored = rate(5000, move |turn| {
        let desk = own.clone();
        async move {
            let mail = format!("From: a{turn}@warga.test\r\nSubject: Surat {turn}\r\nMessage-ID: <{turn}@warga.test>\r\n\r\nIsi surat.\r\n");
            assert!(desk.receive(mail.as_bytes(), "meja@localhost", "").await.unwrap());
        }
    })
    .await;
    figure("mails stored durably through the library, 32 callers", format!("{stored:.0}/s"), "above 1000/s");
}

/// A look at the plan with 100,000 open tickets of which none is due.
async fn tick(desk: &Desk) {
    let mut tx = desk.db.write().await.unwrap();
    let (number, mut id) = store::tickets::next_number(&mut tx, "2610").await.unwrap();
    drop(tx);
    let later: DateTime<Utc> = "2027-10-20T02:00:00Z".parse().unwrap();
    let mut tx = desk.db.write().await.unwrap();
    let (all, any) = (everything(), Filter::default());
    let newest = store::tickets::list(&mut tx, &all, &any, Sort::Newest, None, 1).await;
    let mut ticket = newest.unwrap().remove(0).ticket;
    for copy in 0..100_000_i64 {
        ticket.number = format!("X-{number}-{copy}");
        id += 1;
        ticket.id = id;
        store::tickets::insert(&mut tx, &ticket).await.unwrap();
        let due = Some(later + Duration::seconds(copy));
        let step = Planned { kind: StepKind::Breach, cycle: 1, due_at: due };
        store::clocks::plan_steps(&mut tx, id, &[step]).await.unwrap();
        if copy % 200 == 199 {
            // What is put off goes in one statement, which has its limits.
            tx.commit().await.unwrap();
            tx = desk.db.write().await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    let start = Instant::now();
    for _ in 0..1000 {
        assert!(
            store::clocks::due_steps(&mut desk.db.read().await.unwrap(), desk.now(), 200).await.unwrap().is_empty()
        );
    }
    let micros = start.elapsed().as_micros() as f64 / 1000.0;
    figure("a tick with 100,000 open tickets, none due", format!("{micros:.0} µs"), "under 1000 µs");
}

fn everything() -> meja::domain::people::Visibility {
    meja::domain::people::Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None }
}

fn deadline(desk: &Desk) {
    let opened: DateTime<Utc> = "2026-02-13T09:10:00Z".parse().unwrap();
    let goals = desk.pack().goals("JAM-KERJA", Priority::P3, opened).unwrap();
    let pack = desk.pack();
    let calendar = pack.calendar("kerja").unwrap();
    let start = Instant::now();
    let mut sum = 0;
    for second in 0..100_000 {
        let due = calendar.add(opened + Duration::seconds(second), goals.resolution_seconds, &[]).unwrap();
        sum += due.unwrap().timestamp();
    }
    let micros = start.elapsed().as_nanos() as f64 / 1000.0 / 100_000.0;
    assert!(sum > 0);
    figure("a deadline of 15 working hours over joint leave", format!("{micros:.2} µs"), "under 5 µs");
}

/// A confirmation written from its templates: part of what a new ticket costs.
fn confirmation(desk: &Desk) {
    let context = serde_json::json!({"name": "", "number": "OKI-2610-00001-0", "subject": "x", "kind": "x", "status": "x",
        "priority": "P1", "agency": "A", "service": null, "opened": "x", "url": "http://x", "tracking_code": "x",
        "tracking_page": "x", "response_due": "x", "resolution_due": "x", "verified": true, "confirm_url": null});
    let start = Instant::now();
    for turn in 0..2000 {
        let mail = desk.composer.write(&meja::mail::compose::Outgoing {
            key: format!("{turn}"),
            template: "received",
            language: meja::domain::ticket::Language::Indonesian,
            to: "a@warga.test",
            to_name: "",
            reply_to: Some("b@warga.test"),
            context: context.clone(),
            ..meja::mail::compose::Outgoing::automatic(desk.now())
        });
        assert!(!mail.unwrap().raw.is_empty());
    }
    figure("a confirmation written", format!("{:.0} µs", start.elapsed().as_micros() as f64 / 2000.0), "");
}

/// The program as a process: a mail piped in, a start on an existing database, memory at rest.
fn processes(folder: &Path) {
    let data = folder.join("process");
    let program = env!("CARGO_BIN_EXE_meja");
    let meja = || {
        let mut command = Command::new(program);
        command.env("MEJA_DATA_DIR", &data).env("MEJA_LOG", "warn");
        command
    };
    let serve = || {
        let start = Instant::now();
        let mut command = meja();
        command.args(["demo", "--listen", "127.0.0.1:0", "--tickets", "20"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let base =
            lines.find_map(|line| line.unwrap().split_once("http://").map(|(_, rest)| rest.trim().to_owned())).unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        let page = ureq::get(format!("http://{base}/")).call().unwrap().body_mut().read_to_string().unwrap();
        assert!(page.contains("/lapor"));
        (child, start.elapsed())
    };
    let (mut first, filled) = serve();
    figure("start to first page on an empty folder (fills the demo)", format!("{} ms", filled.as_millis()), "");
    let start = Instant::now();
    const MAILS: u32 = 50;
    for turn in 0..MAILS {
        let mut ingest = meja().args(["mail", "ingest"]).stdin(Stdio::piped()).spawn().unwrap();
        let mail = format!("From: b{turn}@warga.test\r\nSubject: Pipa {turn}\r\n\r\nIsi.\r\n");
        ingest.stdin.take().unwrap().write_all(mail.as_bytes()).unwrap();
        assert!(ingest.wait().unwrap().success());
    }
    figure(
        "a `meja mail ingest` process, server running",
        format!("{:.1} ms", start.elapsed().as_secs_f64() * 1000.0 / f64::from(MAILS)),
        "under 20 ms",
    );
    first.kill().unwrap();
    first.wait().unwrap();
    let (mut again, started) = serve();
    figure("start to first page on an existing database", format!("{} ms", started.as_millis()), "under 300 ms");
    let status = std::fs::read_to_string(format!("/proc/{}/status", again.id())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap().trim().to_owned();
    figure("memory at rest", resident, "under 60 MB");
    again.kill().unwrap();
    again.wait().unwrap();
}
