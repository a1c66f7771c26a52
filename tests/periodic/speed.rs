//! A month of a hundred thousand tickets. Slow in a debug build, so it is asked for by name:
//! `cargo test --release --test main a_month_of_100_000 -- --ignored --nocapture`.

use super::UNIT;
use crate::support::app::{Engine, TestApp};
use chrono::{DateTime, Duration, Utc};
use meja::domain::clock_plan::{ClockKind, Line, SlaClock};
use meja::domain::ticket::{Status, Ticket};
use meja::store;
use serde_json::json;
use std::time::{Duration as Span, Instant};

/// Tickets of the month.
const TICKETS: i64 = 100_000;

/// Fills October with tickets: most were solved after an hour, some late, some are open.
async fn fill(app: &TestApp) {
    let begin: DateTime<Utc> = "2026-09-30T17:00:00Z".parse().unwrap();
    let model = model(app).await;
    for day in 0..31 {
        let mut tx = app.desk.db.write().await.unwrap();
        for place in TICKETS * day / 31..TICKETS * (day + 1) / 31 {
            let opened = begin + Duration::days(day) + Duration::seconds(place % 86_000);
            let (is_open, is_late) = (place % 20 == 0, place % 10 == 1);
            let ended = (!is_open).then(|| opened + Duration::hours(if is_late { 60 } else { 1 }));
            let ticket = Ticket {
                number: format!("SKW-2610-{place:06}-0"),
                opened_at: opened,
                responded_at: Some(opened + Duration::minutes(20)),
                resolved_at: ended,
                status: if is_open { Status::InProgress } else { Status::Resolved },
                breached_at: is_late.then(|| opened + Duration::hours(50)),
                escalated_at: is_late.then(|| opened + Duration::hours(25)),
                ..model.clone()
            };
            let (_, id) = store::tickets::next_number(&mut tx, "2610").await.unwrap();
            store::tickets::insert(&mut tx, &Ticket { id, ..ticket.clone() }).await.unwrap();
            let clock = |kind: ClockKind, stopped: Option<DateTime<Utc>>| SlaClock {
                id: 0,
                kind,
                line: Line::Total,
                cycle: 1,
                target_seconds: Some(135_000),
                started_at: opened,
                stopped_at: stopped,
                due_at: Some(opened + Duration::hours(50)),
            };
            let clocks = [clock(ClockKind::Response, ticket.responded_at), clock(ClockKind::Resolution, ended)];
            store::clocks::save(&mut tx, id, &clocks).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

/// A ticket as the desk opens one.
async fn model(app: &TestApp) -> Ticket {
    let body =
        json!({"subject": "Layar kosong", "description": "Tidak tampil.", "kind": "incident", "service": "e-office"});
    let number = app.post(UNIT, "/tickets", body).await.ok(201)["number"].as_str().unwrap().to_owned();
    let mut tx = app.desk.db.read().await.unwrap();
    store::tickets::by_number(&mut tx, &number).await.unwrap().unwrap()
}

async fn run(engine: Engine, most: Span) {
    let Some(app) = TestApp::new(engine, "singkawang", "2026-09-28T08:00:00+07:00").await else { return };
    fill(&app).await;
    let begun = Instant::now();
    let full = app.desk.report_of("", "2026-10-01".parse().unwrap()).await.unwrap();
    let took = begun.elapsed();
    println!("{engine:?}: a report over {TICKETS} tickets took {took:?}");
    assert_eq!(full.content.line("received").unwrap().value, Some(TICKETS));
    assert!(took < most, "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes long"]
async fn a_month_of_100_000_tickets_on_sqlite() {
    run(Engine::Sqlite, Span::from_secs(3)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes long"]
async fn a_month_of_100_000_tickets_on_postgres() {
    run(Engine::Postgres, Span::from_secs(1)).await;
}
