//! What does not get through: mail that could not be sent, and mail nothing could be made of.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// A mail that was refused at least once and has not left.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StuckMail {
    /// Key inside the database.
    pub id: i64,
    /// Envelope recipient.
    pub recipient: String,
    /// `queued`: tried again; `dead`: given up.
    pub state: String,
    /// Tries so far.
    pub attempts: i64,
    /// What the receiver said last.
    pub last_error: Option<String>,
    /// When it was written. UTC.
    pub created_at: DateTime<Utc>,
}

/// A mail that was put aside.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PutAside {
    /// Key inside the database.
    pub id: i64,
    /// The address it was delivered to, or empty.
    pub mailbox: String,
    /// Envelope sender, or empty.
    pub sender: String,
    /// When it came. UTC.
    pub received_at: DateTime<Utc>,
    /// Why nothing could be made of it.
    pub cause: Option<String>,
}

/// Mails that were refused and have not left, the newest first; with how many there are.
///
/// # Errors
/// The database does not answer.
pub async fn stuck_mail(tx: &mut Tx, limit: i64) -> Result<(i64, Vec<StuckMail>)> {
    let count = sql!(
        tx,
        fetch_one scalar i64,
        "select count(*) from outbox where state = 'dead' or (state <> 'sent' and last_error is not null)",
    )?;
    let rows = sql!(
        tx,
        fetch_all as StuckMail,
        "select id, recipient, state, attempts, last_error, created_at from outbox \
         where state = 'dead' or (state <> 'sent' and last_error is not null) order by id desc limit $1",
        limit,
    )?;
    Ok((count, rows))
}

/// Mails that wait to be sent and were not refused yet.
///
/// # Errors
/// The database does not answer.
pub async fn waiting_mail(tx: &mut Tx) -> Result<i64> {
    sql!(tx, fetch_one scalar i64, "select count(*) from outbox where state in ('queued', 'sending') and last_error is null")
}

/// Mails that were put aside, the newest first; with how many there are.
///
/// # Errors
/// The database does not answer.
pub async fn put_aside(tx: &mut Tx, limit: i64) -> Result<(i64, Vec<PutAside>)> {
    let count = sql!(tx, fetch_one scalar i64, "select count(*) from inbox where state = 'quarantined'")?;
    let rows = sql!(
        tx,
        fetch_all as PutAside,
        "select id, mailbox, sender, received_at, cause from inbox where state = 'quarantined' order by id desc limit $1",
        limit,
    )?;
    Ok((count, rows))
}

/// When the oldest mail was written that has not left and was not given up. UTC.
///
/// # Errors
/// The database does not answer.
pub async fn oldest_unsent(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    sql!(
        tx,
        fetch_one scalar Option<DateTime<Utc>>,
        "select min(created_at) from outbox where state in ('queued', 'sending')",
    )
}

/// When the oldest step was due that should have happened by `now` and has not. UTC.
///
/// # Errors
/// The database does not answer.
pub async fn oldest_due_step(tx: &mut Tx, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    sql!(
        tx,
        fetch_optional scalar DateTime<Utc>,
        "select due_at from clock_step where state = 'planned' and due_at <= $1 order by due_at limit 1",
        now,
    )
}
