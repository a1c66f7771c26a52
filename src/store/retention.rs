//! What is removed when its time is over, and what is held although it is.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// The instants before which each kind of data is over. UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Drafts nobody has touched since.
    pub drafts: DateTime<Utc>,
    /// Tries counted against limits.
    pub attempts: DateTime<Utc>,
    /// Keys of requests.
    pub keys: DateTime<Utc>,
    /// Sessions nobody has used since.
    pub sessions: DateTime<Utc>,
    /// Links to sign in by, and departures to the identity provider.
    pub links: DateTime<Utc>,
    /// Raw mails that are worked off.
    pub raw_mails: DateTime<Utc>,
}

/// How much of each kind is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Over {
    /// Drafts.
    pub drafts: i64,
    /// Tries.
    pub attempts: i64,
    /// Keys of requests.
    pub keys: i64,
    /// Sessions.
    pub sessions: i64,
    /// Links to sign in by.
    pub links: i64,
    /// Raw mails.
    pub raw_mails: i64,
    /// Raw mails whose time is over but whose ticket is held.
    pub held_mails: i64,
}

/// A ticket that is held.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Hold {
    /// Number of the ticket.
    pub number: String,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub name: String,
    /// Since when. UTC.
    pub at: DateTime<Utc>,
}

/// How much of each kind is over.
///
/// # Errors
/// The database does not answer.
pub async fn over(tx: &mut Tx, limits: &Limits) -> Result<Over> {
    sql!(
        tx,
        fetch_one as Over,
        "select (select count(*) from draft where updated_at < $1) as drafts, \
         (select count(*) from attempt where at < $2) as attempts, \
         (select count(*) from idempotency where created_at < $3) as keys, \
         (select count(*) from session where seen_at < $4) as sessions, \
         (select count(*) from sign_in_link where until < $5) as links, \
         (select count(*) from inbox where received_at < $6 and state in ('done', 'ignored', 'discarded') and (ticket_id is null \
         or ticket_id not in (select ticket_id from legal_hold where ended_at is null))) as raw_mails, \
         (select count(*) from inbox where received_at < $6 and state in ('done', 'ignored', 'discarded') \
         and ticket_id in (select ticket_id from legal_hold where ended_at is null)) as held_mails",
        limits.drafts,
        limits.attempts,
        limits.keys,
        limits.sessions,
        limits.links,
        limits.raw_mails,
    )
}

/// Removes raw mails that came in before `before`, are worked off, and whose ticket nobody holds. What remains is the
/// digest by which the same mail is known when it comes again.
///
/// # Errors
/// The database does not answer.
pub async fn remove_raw_mails(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    sql!(
        tx,
        execute,
        "insert into mail_seen (mailbox, digest) select mailbox, digest from inbox where received_at < $1 \
         and state in ('done', 'ignored', 'discarded') and (ticket_id is null \
         or ticket_id not in (select ticket_id from legal_hold where ended_at is null)) \
         on conflict (mailbox, digest) do nothing",
        before,
    )?;
    sql!(
        tx,
        execute,
        "delete from inbox where received_at < $1 and state in ('done', 'ignored', 'discarded') and (ticket_id is null \
         or ticket_id not in (select ticket_id from legal_hold where ended_at is null))",
        before,
    )
}

/// Holds a ticket.
///
/// # Errors
/// The database does not answer.
pub async fn hold(tx: &mut Tx, ticket: i64, reason: &str, account: i64, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into legal_hold (ticket_id, reason, account_id, at) values ($1, $2, $3, $4)",
        ticket,
        reason,
        account,
        at,
    )?;
    Ok(())
}

/// Ends the hold on a ticket; `false` when nobody held it.
///
/// # Errors
/// The database does not answer.
pub async fn release(tx: &mut Tx, ticket: i64, reason: &str, account: i64, at: DateTime<Utc>) -> Result<bool> {
    let ended = sql!(
        tx,
        execute,
        "update legal_hold set ended_at = $4, ended_by = $3, end_reason = $2 where ticket_id = $1 and ended_at is null",
        ticket,
        reason,
        account,
        at,
    )?;
    Ok(ended > 0)
}

/// Is the ticket held?
///
/// # Errors
/// The database does not answer.
pub async fn is_held(tx: &mut Tx, ticket: i64) -> Result<bool> {
    sql!(
        tx,
        fetch_one scalar bool,
        "select exists (select 1 from legal_hold where ticket_id = $1 and ended_at is null)",
        ticket,
    )
}

/// Every ticket that is held, longest held first.
///
/// # Errors
/// The database does not answer.
pub async fn holds(tx: &mut Tx) -> Result<Vec<Hold>> {
    sql!(
        tx,
        fetch_all as Hold,
        "select t.number, h.reason, a.name, h.at from legal_hold h join ticket t on t.id = h.ticket_id \
         join account a on a.id = h.account_id where h.ended_at is null order by h.at, h.id",
    )
}
