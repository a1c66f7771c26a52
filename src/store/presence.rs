//! Who has the page of a ticket open. Instants are the machine's.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// Somebody at a ticket.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Present {
    /// The ticket's number.
    pub number: String,
    /// Who.
    pub account_id: i64,
    /// The name people know him by.
    pub name: String,
    /// He writes; the others only look.
    pub writing: bool,
    /// When he was there last. UTC.
    pub seen_at: DateTime<Utc>,
}

/// Notes that somebody is at a ticket.
///
/// # Errors
/// The database does not answer.
pub async fn note_presence(tx: &mut Tx, ticket: i64, account: i64, writing: bool, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into ticket_presence (ticket_id, account_id, writing, seen_at) values ($1, $2, $3, $4) \
         on conflict (ticket_id, account_id) do update set writing = excluded.writing, seen_at = excluded.seen_at",
        ticket,
        account,
        writing,
        at,
    )?;
    Ok(())
}

/// Who was at tickets with these numbers since `since`, by number and name. The caller has asked who may see them.
///
/// # Errors
/// The database does not answer.
pub async fn present_at(tx: &mut Tx, numbers: &[&str], since: DateTime<Utc>) -> Result<Vec<Present>> {
    sql!(
        tx,
        fetch_all as Present,
        "select t.number, p.account_id, a.name, p.writing, p.seen_at from ticket_presence p \
         join ticket t on t.id = p.ticket_id join account a on a.id = p.account_id \
         where p.seen_at > $2 and replace($1, '\"' || t.number || '\"', '') <> $1 order by t.number, a.name, a.id",
        serde_json::to_string(numbers)?,
        since,
    )
}

/// Forgets who was somewhere before `before`.
///
/// # Errors
/// The database does not answer.
pub async fn forget_presence(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    sql!(tx, execute, "delete from ticket_presence where seen_at <= $1", before)
}
