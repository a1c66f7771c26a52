//! How long the pages of work take over a large desk: 100,000 open tickets, eight readers at once.
//!
//! `cargo bench --bench pages` prints one line per page: the middle and the 95th of a hundred answers, server time
//! alone (no network, no browser), and what is aimed at. Nothing here fails; the reader judges.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should stop")]

use chrono::{DateTime, Duration, Utc};
use meja::app;
use meja::config::Config;
use meja::desk::Desk;
use meja::desk::demo::PASSWORD;
use meja::desk::sessions::Browser;
use meja::desk::setup::installation;
use meja::domain::clock_plan::{ClockKind, Line, SlaClock};
use meja::domain::people::Visibility;
use meja::domain::ticket::{Priority, Status, Ticket};
use meja::store::tickets::{Filter, Sort};
use meja::store::{self, Db};
use poem::http::StatusCode;
use poem::test::TestClient;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Open tickets in the desk.
const TICKETS: i64 = 100_000;
/// Readers at once.
const READERS: usize = 8;
/// Answers that each reader waits for.
const TURNS: usize = 25;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    runtime.block_on(async {
        let desk = desk(folder.path()).await;
        let long = long_ticket(&desk).await;
        fill(&desk).await;
        for (name, email) in [("second line", "superadmin@demo.test"), ("one agency", "admin.dinkes@demo.test")] {
            let browser = Browser { name: "bench".to_owned(), source: "127.0.0.1".to_owned() };
            let session = desk.sign_in(email, PASSWORD, &browser).await.unwrap();
            for (page, aim) in [
                ("/kerja", "50 ms"),
                ("/kerja/antrean", "50 ms"),
                ("/kerja/antrean?q=surat+7777", "50 ms"),
                ("/kerja/eskalasi", "50 ms"),
                ("/kerja/pengawasan", "50 ms"),
            ] {
                read(&desk, name, page, &session, aim).await;
            }
            read(&desk, name, &format!("/kerja/tiket/{long}"), &session, "100 ms, 200 events").await;
        }
        desk.db.close().await;
    });
}

async fn desk(folder: &Path) -> Desk {
    let config = Config { data_dir: folder.to_owned(), pack: "oki".to_owned(), ..Config::default() };
    let db = Db::connect(&config.database_url()).await.unwrap();
    db.migrate().await.unwrap();
    let mut found = installation(&db).await.unwrap();
    found.is_demo = true;
    let desk = app::wire(&config, db, found).unwrap();
    app::follow(&config, &desk).await.unwrap();
    desk.fill_demo(20, "2026-10-20T02:00:00Z".parse().unwrap(), 0.0).await.unwrap();
    desk
}

/// A ticket whose history has 200 events and more.
async fn long_ticket(desk: &Desk) -> String {
    let client = TestClient::new(app::routes(desk.clone()).unwrap());
    let post = |path: String, body: String| {
        let request = client.post(format!("/api/v1{path}")).header("authorization", "Bearer demo-dinkes");
        request.content_type("application/json").body(body).send()
    };
    let report = r#"{"subject":"Percakapan panjang","description":"Uraian","agency":"DINKES"}"#.to_owned();
    let opened = post("/tickets".to_owned(), report).await;
    opened.assert_status(StatusCode::CREATED);
    let body: serde_json::Value = opened.0.into_body().into_json().await.unwrap();
    let number = body["number"].as_str().unwrap().to_owned();
    for turn in 0..200 {
        let note = format!(r#"{{"body":"Catatan {turn} tentang pekerjaan","visibility":"internal"}}"#);
        post(format!("/tickets/{number}/messages"), note).await.assert_status(StatusCode::CREATED);
    }
    number
}

/// Open tickets of all agencies, states and ages.
async fn fill(desk: &Desk) {
    let everything = Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None };
    let mut tx = desk.db.write().await.unwrap();
    let first = store::tickets::list(&mut tx, &everything, &Filter::default(), Sort::Newest, None, 1).await;
    let model = first.unwrap().remove(0).ticket;
    let agencies = store::services::agencies(&mut tx).await.unwrap();
    let (_, key) = store::tickets::next_number(&mut tx, "2610").await.unwrap();
    let now: DateTime<Utc> = desk.now();
    let states = [Status::New, Status::InProgress, Status::PendingRequester, Status::InProgress];
    let priorities = [Priority::P3, Priority::P2, Priority::P4, Priority::P3, Priority::P1];
    for place in 0..TICKETS {
        let turn = usize::try_from(place).unwrap();
        let ticket = Ticket {
            id: key + 1 + place,
            number: format!("OKI-2609-{place:06}-0"),
            subject: format!("Laporan tentang surat {place}"),
            agency: agencies[turn % agencies.len()].code.clone(),
            service: None,
            status: states[turn % states.len()],
            priority: priorities[turn % priorities.len()],
            tier: if turn.is_multiple_of(7) { 2 } else { 1 },
            requester_email: format!("warga{}@contoh.test", place % 5000),
            opened_at: now - Duration::seconds(place * 13),
            ..model.clone()
        };
        store::tickets::insert(&mut tx, &ticket).await.unwrap();
        let clock = SlaClock {
            id: 0,
            kind: ClockKind::Resolution,
            line: Line::Total,
            cycle: 1,
            target_seconds: Some(54_000),
            started_at: ticket.opened_at,
            stopped_at: None,
            due_at: Some(ticket.opened_at + Duration::days(12)),
        };
        store::clocks::save(&mut tx, ticket.id, &[clock]).await.unwrap();
        if place % 200 == 199 {
            // What is put off is bound in one statement, which has its limits.
            tx.commit().await.unwrap();
            tx = desk.db.write().await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    // As the table of recurring work has it every five minutes.
    desk.add_up_open_tickets().await.unwrap();
}

/// Lets the readers ask for one page and tells how long they waited.
async fn read(desk: &Desk, who: &str, page: &str, session: &str, aim: &str) {
    let client = Arc::new(TestClient::new(app::routes(desk.clone()).unwrap()));
    let readers = (0..READERS).map(|_| {
        let (client, page, cookie) = (Arc::clone(&client), page.to_owned(), format!("meja_session={session}"));
        tokio::spawn(async move {
            let mut took = Vec::new();
            for _ in 0..TURNS {
                let start = Instant::now();
                let answer = client.get(&page).header("cookie", &cookie).send().await;
                let status = answer.0.status();
                let bytes = answer.0.into_body().into_vec().await.unwrap().len();
                took.push((start.elapsed(), status, bytes));
            }
            took
        })
    });
    let mut took = Vec::new();
    for reader in readers.collect::<Vec<_>>() {
        took.extend(reader.await.unwrap());
    }
    took.sort();
    let (middle, slow) = (took[took.len() / 2], took[took.len() * 95 / 100]);
    println!(
        "{who:<12} {page:<44} {} {:>7} bytes   p50 {:>6.1} ms   p95 {:>6.1} ms   under {aim}",
        slow.1.as_u16(),
        slow.2,
        middle.0.as_secs_f64() * 1000.0,
        slow.0.as_secs_f64() * 1000.0,
    );
}
