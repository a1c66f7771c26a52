//! Answers that wait a moment before they leave, so that they can be called back.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// An answer that was held, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Held {
    /// The message.
    pub message_id: i64,
    /// The ticket it belongs to.
    pub ticket_id: i64,
    /// Who wrote it.
    pub account_id: i64,
    /// `held`, `sent` or `withdrawn`.
    pub state: String,
    /// Until when it can be called back, by the desk's clock. UTC.
    pub until_at: DateTime<Utc>,
    /// How the keys of its mails begin.
    pub mail_key: String,
    /// The ticket as it stood before, as JSON.
    pub was: String,
}

impl Held {
    /// It has not left and can be called back at `now`.
    pub fn is_waiting(&self, now: DateTime<Utc>) -> bool {
        self.state == "held" && now < self.until_at
    }
}

/// Holds an answer: its mails, whose keys begin with `mail_key`, stay in the outbox until it is released.
///
/// # Errors
/// The database does not answer.
pub async fn hold(tx: &mut Tx, held: &Held) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into held_answer (message_id, ticket_id, account_id, state, until_at, mail_key, was) \
         values ($1, $2, $3, 'held', $4, $5, $6)",
        held.message_id,
        held.ticket_id,
        held.account_id,
        held.until_at,
        &held.mail_key,
        &held.was,
    )?;
    sql!(
        tx,
        execute,
        "update outbox set state = 'held' where ticket_id = $1 and state = 'queued' \
         and substr(item_key, 1, length(cast($2 as text))) = $2",
        held.ticket_id,
        &held.mail_key,
    )?;
    Ok(())
}

/// Answers of a ticket that were held, by message.
///
/// # Errors
/// The database does not answer.
pub async fn holds_of(tx: &mut Tx, ticket: i64) -> Result<Vec<Held>> {
    sql!(
        tx,
        fetch_all as Held,
        "select message_id, ticket_id, account_id, state, until_at, mail_key, was from held_answer \
         where ticket_id = $1 order by message_id",
        ticket,
    )
}

/// An answer of somebody's that waits to leave.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Waiting {
    /// The message.
    pub message_id: i64,
    /// Number of its ticket.
    pub number: String,
    /// Until when it can be called back, by the desk's clock. UTC.
    pub until_at: DateTime<Utc>,
}

/// Answers of an account that can still be called back at `now`, on whatever ticket, first over first.
///
/// # Errors
/// The database does not answer.
pub async fn waiting_of(tx: &mut Tx, account: i64, now: DateTime<Utc>) -> Result<Vec<Waiting>> {
    sql!(
        tx,
        fetch_all as Waiting,
        "select h.message_id, t.number, h.until_at from held_answer h join ticket t on t.id = h.ticket_id \
         where h.state = 'held' and h.account_id = $1 and h.until_at > $2 order by h.until_at, h.message_id",
        account,
        now,
    )
}

/// Lets go of every answer whose time is over at `now` (the desk's): its mails may be sent from `machine` on. Gives how
/// many answers were let go.
///
/// # Errors
/// The database does not answer.
pub async fn release_holds(tx: &mut Tx, now: DateTime<Utc>, machine: DateTime<Utc>) -> Result<u64> {
    // In the order in which `withdraw` takes the rows, so that one of the two waits for the other.
    let text = "update held_answer set state = 'sent' where state = 'held' and until_at <= $1";
    let released = sql!(tx, execute, text, now)?;
    sql!(
        tx,
        execute,
        "update outbox set state = 'queued', due_at = $1 where state = 'held' and exists (select 1 from held_answer h \
         where h.ticket_id = outbox.ticket_id and h.state = 'sent' \
         and substr(outbox.item_key, 1, length(h.mail_key)) = h.mail_key)",
        machine,
    )?;
    Ok(released)
}

/// Is there anything to let go of at `now`?
///
/// # Errors
/// The database does not answer.
pub async fn any_hold_over(tx: &mut Tx, now: DateTime<Utc>) -> Result<bool> {
    sql!(tx, fetch_one scalar bool, "select exists (select 1 from held_answer where state = 'held' and until_at <= $1)", now)
}

/// Calls an answer back with its mails; `false` when it has left already.
///
/// # Errors
/// The database does not answer.
pub async fn withdraw(tx: &mut Tx, held: &Held) -> Result<bool> {
    let text = "update held_answer set state = 'withdrawn' where message_id = $1 and state = 'held'";
    if sql!(tx, execute, text, held.message_id)? != 1 {
        return Ok(false);
    }
    sql!(
        tx,
        execute,
        "update outbox set state = 'withdrawn' where ticket_id = $1 and state = 'held' \
         and substr(item_key, 1, length(cast($2 as text))) = $2",
        held.ticket_id,
        &held.mail_key,
    )?;
    Ok(true)
}

/// Takes a pause away that began with an answer that was called back.
///
/// # Errors
/// The database does not answer.
pub async fn remove_pause(tx: &mut Tx, id: i64) -> Result<()> {
    sql!(tx, execute, "delete from ticket_pause where id = $1", id)?;
    Ok(())
}

/// Lets a pause go on that ended with an answer that was called back.
///
/// # Errors
/// The database does not answer.
pub async fn continue_pause(tx: &mut Tx, id: i64) -> Result<()> {
    sql!(tx, execute, "update ticket_pause set to_at = null where id = $1", id)?;
    Ok(())
}
