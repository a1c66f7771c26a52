//! How long a report over 100,000 tickets in the month takes, and how much memory: behind it lies a month with as many.
//!
//! `cargo bench --bench reports` measures on SQLite; with the address of an empty database,
//! `cargo bench --bench reports -- postgres://…`, also on PostgreSQL. A process of its own draws the report up, so that
//! its greatest memory is that of the report. Prints one line per figure; nothing here fails, the reader judges.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

use chrono::{DateTime, Duration, Utc};
use meja::app;
use meja::config::Config;
use meja::desk::Desk;
use meja::desk::report_words::Words;
use meja::desk::setup::installation;
use meja::domain::clock_plan::{ClockKind, Line, SlaClock};
use meja::domain::message::{Message, MessageVisibility};
use meja::domain::people::Visibility;
use meja::domain::ticket::{Kind, Language, Priority, Status, Ticket};
use meja::store::tickets::{Filter, Sort};
use meja::store::{self, Db, Tx};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Tickets of each month.
const TICKETS: i64 = 100_000;
/// The midnight with which October begins.
const OCTOBER: &str = "2026-09-30T17:00:00Z";
/// The first argument of the process that measures.
const MEASURE: &str = "measure";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if let [first, folder, url, aim] = arguments.as_slice()
        && first == MEASURE
    {
        return runtime.block_on(measure(Path::new(folder), url, aim));
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let embedded = format!("sqlite://{}", folder.path().join("meja.db").display());
    let shared = arguments.iter().find(|argument| argument.starts_with("postgres")).map(|url| (url.clone(), "1 s"));
    for (url, aim) in [(embedded, "3 s")].into_iter().chain(shared) {
        let start = Instant::now();
        runtime.block_on(async {
            let desk = open(folder.path(), &url).await;
            desk.fill_demo(1, OCTOBER.parse().unwrap(), 0.0).await.unwrap();
            fill(&desk).await;
            desk.db.close().await;
        });
        println!("{:<58} {:>12}", format!("{} filled", engine(&url)), format!("{} s", start.elapsed().as_secs()));
        let program = std::env::current_exe().unwrap();
        let done = Command::new(program).arg(MEASURE).arg(folder.path()).args([url.as_str(), aim]).status().unwrap();
        assert!(done.success());
    }
}

fn engine(url: &str) -> &'static str {
    if url.starts_with("sqlite") { "SQLite" } else { "PostgreSQL" }
}

async fn open(folder: &Path, url: &str) -> Desk {
    let config = Config {
        data_dir: folder.to_owned(),
        database_url: Some(url.to_owned()),
        pack: "oki".to_owned(),
        ..Config::default()
    };
    let db = Db::connect(&config.database_url()).await.unwrap();
    db.migrate().await.unwrap();
    let mut found = installation(&db).await.unwrap();
    found.is_demo = true;
    let desk = app::wire(&config, db, found).unwrap();
    app::follow(&config, &desk).await.unwrap();
    desk
}

/// The month before and the month itself.
async fn fill(desk: &Desk) {
    let everything = Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None };
    let mut tx = desk.db.write().await.unwrap();
    let first = store::tickets::list(&mut tx, &everything, &Filter::default(), Sort::Newest, None, 1).await;
    let model = first.unwrap().remove(0).ticket;
    let services = store::services::services(&mut tx).await.unwrap();
    let (_, key) = store::tickets::next_number(&mut tx, "2610").await.unwrap();
    let october: DateTime<Utc> = OCTOBER.parse().unwrap();
    for place in 0..2 * TICKETS {
        let (turn, of_month) = (usize::try_from(place).unwrap(), place % TICKETS);
        let begin = if place < TICKETS { october - Duration::days(30) } else { october };
        let opened = begin + Duration::seconds(of_month * 25);
        let (is_open, is_late) = (place >= TICKETS && place % 20 == 0, place % 10 == 1);
        let ended = (!is_open).then(|| opened + Duration::hours(if is_late { 60 } else { 1 }));
        let service = &services[turn % services.len()];
        let ticket = Ticket {
            id: key + 1 + place,
            number: format!("OKI-B-{place:07}"),
            kind: Kind::ALL[turn % Kind::ALL.len()],
            priority: Priority::ALL[turn % Priority::ALL.len()],
            agency: service.agency.clone(),
            service: Some(service.code.clone()),
            opened_at: opened,
            responded_at: Some(opened + Duration::minutes(20)),
            resolved_at: ended,
            status: if is_open { Status::InProgress } else { Status::Resolved },
            breached_at: is_late.then(|| opened + Duration::hours(50)),
            breached_tier: is_late.then_some(1),
            escalated_at: is_late.then(|| opened + Duration::hours(25)),
            ..model.clone()
        };
        add(&mut tx, &ticket, ended, place).await;
        if place % 100 == 99 {
            // What is put off is bound in one statement, which has its limits.
            tx.commit().await.unwrap();
            tx = desk.db.write().await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

/// A ticket with its clocks, an answer or two, and now and then a pause.
async fn add(tx: &mut Tx, ticket: &Ticket, ended: Option<DateTime<Utc>>, place: i64) {
    store::tickets::insert(tx, ticket).await.unwrap();
    let clock = |kind: ClockKind, stopped_at: Option<DateTime<Utc>>| SlaClock {
        id: 0,
        kind,
        line: Line::Total,
        cycle: 1,
        target_seconds: Some(135_000),
        started_at: ticket.opened_at,
        stopped_at,
        due_at: Some(ticket.opened_at + Duration::hours(50)),
    };
    let clocks = [clock(ClockKind::Response, ticket.responded_at), clock(ClockKind::Resolution, ended)];
    store::clocks::save(tx, ticket.id, &clocks).await.unwrap();
    for answer in 0..1 + place % 2 {
        let message = Message {
            id: 0,
            at: ticket.opened_at + Duration::minutes(20 + answer),
            author: "user:1".to_owned(),
            author_name: "Rina".to_owned(),
            visibility: MessageVisibility::Public,
            body: "Sedang kami periksa; mohon tunggu kabar dari kami.".to_owned(),
            channel: "web".to_owned(),
        };
        store::messages::insert(tx, ticket.id, &message).await.unwrap();
    }
    if place % 7 == 0 {
        let from = ticket.opened_at + Duration::minutes(5);
        store::clocks::begin_pause(tx, ticket.id, "pending_requester", from).await.unwrap();
        store::clocks::end_pauses(tx, ticket.id, from + Duration::minutes(10)).await.unwrap();
    }
}

/// Draws the region's report up as a server does that was just started, then once more as a dashboard asks for it.
async fn measure(folder: &Path, url: &str, aim: &str) {
    let desk = open(folder, url).await;
    desk.clock.set("2026-10-31T16:59:00Z".parse().unwrap(), 0.0);
    let day = "2026-10-01".parse().unwrap();
    let start = Instant::now();
    let full = desk.report_of("", day).await.unwrap();
    let first = start.elapsed();
    assert!(full.content.line("received").unwrap().value.unwrap() >= TICKETS);
    let start = Instant::now();
    desk.report_of("", day).await.unwrap();
    let second = start.elapsed();
    let start = Instant::now();
    desk.report_of("DINKES", day).await.unwrap();
    let agency = start.elapsed();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let memory = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim().to_owned();
    let words = Words { language: Language::Indonesian, zone: desk.pack().zone };
    let start = Instant::now();
    desk.report_file(&full, "xlsx", words).await.unwrap();
    let sheets = start.elapsed();
    for (name, value, aim) in [
        ("a report over 100,000 tickets of the month", format!("{} ms", first.as_millis()), aim),
        ("  the same for the next who looks", format!("{} ms", second.as_millis()), ""),
        ("  of one agency", format!("{} ms", agency.as_millis()), ""),
        ("  greatest memory of the process so far (VmHWM)", memory, "300 MB"),
        ("  as a workbook", format!("{} ms", sheets.as_millis()), ""),
    ] {
        println!("{:<58} {value:>12}   {aim}", format!("{} {name}", engine(url)));
    }
    desk.db.close().await;
}
