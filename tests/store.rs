//! Every function of the store, on both databases.
//!
//! One file per noun, as in `src/store`. A story is a plain `async fn name(db: Db)`; `on_both!` at the top of
//! each file makes two tests of it. `tests/architecture.rs` fails for a function that no story names.

#![expect(clippy::unwrap_used, reason = "a story is a test; clippy sees a plain function")]

use chrono::{DateTime, Duration, Utc};
use meja::domain::people::Account;
use meja::domain::service::Agency;
use meja::domain::ticket::{Channel, Classification, Impact, Kind, Language, Priority, Status, Ticket, Urgency};
use meja::error::Error;
use meja::store::{Db, Tx, people, services, tickets};

mod agencies;
mod alike;
mod answering;
mod archive;
mod availability;
mod backups;
mod cases;
mod catalogue;
mod clocks;
mod decisions;
mod duties;
mod events;
mod federation;
mod health;
mod inbox;
mod incidents;
mod information;
mod knowledge;
mod leases;
mod letters;
mod listing;
mod mail_origins;
mod messages;
mod monitors;
mod notices;
mod outbox;
mod people_and_rights;
mod queues;
mod reporting;
mod reports;
mod retention;
mod rounds;
mod rules;
mod search;
mod second_factor;
mod sessions;
mod settings;
mod standing;
mod status;
mod steps;
mod templates;
mod ticket_rows;
mod trail;
mod transactions;
mod writer;

mod mail_ways;

/// The `second`-th second of the tests' day, with microseconds that must not get lost.
fn at(second: i64) -> DateTime<Utc> {
    "2026-02-13T09:10:11.000007Z".parse::<DateTime<Utc>>().expect("an instant") + Duration::seconds(second)
}

async fn write(db: &Db) -> Tx {
    db.write().await.expect("a transaction")
}

async fn read(db: &Db) -> Tx {
    db.read().await.expect("a transaction")
}

async fn commit(tx: Tx) {
    tx.commit().await.expect("a commit");
}

/// The tasks' answers in the order they were begun; a panic in one fails the test.
async fn joined<T>(tasks: Vec<tokio::task::JoinHandle<T>>) -> Vec<T> {
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("a task that ends"));
    }
    answers
}

async fn agency(tx: &mut Tx, code: &str) {
    let agency = Agency { code: code.to_owned(), name: format!("Dinas {code}"), email: None, active: true };
    services::save_agency(tx, &agency).await.expect("an agency");
}

async fn person(tx: &mut Tx, email: &str) -> i64 {
    let account = Account { id: 0, email: email.to_owned(), name: "Ani".to_owned(), nip: None, active: true };
    people::insert(tx, &account, None, at(0)).await.expect("an account")
}

/// A ticket as it stands right after it was opened, of agency `BKD`.
fn ticket(number: &str) -> Ticket {
    Ticket {
        id: 0,
        number: number.to_owned(),
        version: 1,
        kind: Kind::Incident,
        subject: "Absensi mati".to_owned(),
        description: "Sejak pagi".to_owned(),
        status: Status::New,
        impact: Impact::Medium,
        urgency: Urgency::Medium,
        priority: Priority::P3,
        tier: 1,
        agency: "BKD".to_owned(),
        service: None,
        assignee: None,
        requester_name: "Budi".to_owned(),
        requester_email: "budi@oki.go.id".to_owned(),
        requester_nip: None,
        requester_phone: None,
        requester_verified: false,
        classification: Classification::Internal,
        channel: Channel::Email,
        language: Language::Indonesian,
        opened_at: at(0),
        responded_at: None,
        resolved_at: None,
        closed_at: None,
        breached_at: None,
        breached_tier: None,
        escalated_at: None,
        returned: false,
        merged_into: None,
        pack: "oki@1".to_owned(),
        profile: "umum".to_owned(),
        updated_at: at(0),
    }
}

/// Adds the ticket with its agency and gives its key.
async fn open(tx: &mut Tx, ticket: &Ticket) -> i64 {
    agency(tx, &ticket.agency).await;
    stored(tx, ticket).await
}

/// Adds the ticket of an agency that is known and gives its key.
async fn stored(tx: &mut Tx, ticket: &Ticket) -> i64 {
    let (_, id) = tickets::next_number(tx, "0001").await.expect("a key");
    tickets::insert(tx, &Ticket { id, ..ticket.clone() }).await.expect("a ticket");
    id
}

/// Adds and commits one plain ticket, for stories about what hangs on it.
async fn one_ticket(db: &Db) -> i64 {
    let mut tx = write(db).await;
    let id = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    commit(tx).await;
    id
}

/// One value that no function of the store gives away, read by a statement of the test's own.
async fn value<T>(db: &Db, statement: &'static str) -> T
where
    T: Send + Unpin,
    for<'r> T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    for<'r> T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    match db {
        Db::Sqlite { readers, .. } => sqlx::query_scalar(statement).fetch_one(readers).await.expect("a value"),
        Db::Postgres(pool) => sqlx::query_scalar(statement).fetch_one(pool).await.expect("a value"),
    }
}

/// Does an error come from a broken unique rule?
fn is_duplicate(error: &Error) -> bool {
    let Error::Internal(source) = error else { return false };
    let found = source.downcast_ref::<sqlx::Error>();
    found.is_some_and(|error| matches!(error, sqlx::Error::Database(database) if database.is_unique_violation()))
}

fn is_conflict(error: &Error) -> bool {
    matches!(error, Error::Conflict { .. })
}
