//! Addresses that do not take mail, and mails of ours that came back.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// An address that does not take mail.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Undeliverable {
    /// Key inside the database; 0 before it stands there.
    pub id: i64,
    /// Lower case.
    pub email: String,
    /// Key of the ticket whose mail came back.
    pub ticket_id: Option<i64>,
    /// Enhanced status, e.g. `5.1.1`.
    pub status: String,
    /// The server's words.
    pub said: String,
    /// When we were told. UTC.
    pub at: DateTime<Utc>,
}

/// Ticket and recipient of the mail of ours with this Message-ID.
///
/// # Errors
/// The database does not answer.
pub async fn own_mail(tx: &mut Tx, message_id: &str) -> Result<Option<(Option<i64>, String)>> {
    sql!(
        tx,
        fetch_optional as (Option<i64>, String),
        "select ticket_id, recipient from outbox where message_id = $1 order by id desc limit 1",
        message_id,
    )
}

/// Sends nothing more to an address; one that is known already keeps its first reason.
///
/// # Errors
/// The database does not answer.
pub async fn give_up_address(tx: &mut Tx, address: &Undeliverable) -> Result<bool> {
    let given_up = sql!(
        tx,
        execute,
        "insert into undeliverable (email, ticket_id, status, said, at) values ($1, $2, $3, $4, $5) \
         on conflict (email) do nothing",
        &address.email,
        address.ticket_id,
        &address.status,
        &address.said,
        address.at,
    )?;
    Ok(given_up == 1)
}

/// Sends to an address again; `false` when that never stopped.
///
/// # Errors
/// The database does not answer.
pub async fn take_up_address(tx: &mut Tx, email: &str) -> Result<bool> {
    Ok(sql!(tx, execute, "delete from undeliverable where email = $1", email)? == 1)
}

/// As [`take_up_address`] by the key of the row; gives the address, or `None` when that never stopped.
///
/// # Errors
/// The database does not answer.
pub async fn take_up_by_id(tx: &mut Tx, id: i64) -> Result<Option<String>> {
    sql!(tx, fetch_optional scalar String, "delete from undeliverable where id = $1 returning email", id)
}

/// Addresses that do not take mail, the latest first.
///
/// # Errors
/// The database does not answer.
pub async fn given_up(tx: &mut Tx, limit: i64) -> Result<Vec<Undeliverable>> {
    sql!(
        tx,
        fetch_all as Undeliverable,
        "select id, email, ticket_id, status, said, at from undeliverable order by at desc, id desc limit $1",
        limit,
    )
}

/// Those among the participants of a ticket who get no mail any more.
///
/// # Errors
/// The database does not answer.
pub async fn given_up_of(tx: &mut Tx, ticket: i64) -> Result<Vec<Undeliverable>> {
    sql!(
        tx,
        fetch_all as Undeliverable,
        "select u.id, u.email, u.ticket_id, u.status, u.said, u.at from undeliverable u join participant p on p.email = u.email \
         where p.ticket_id = $1 order by u.id",
        ticket,
    )
}

/// Gives up mails that wait for an address which takes none; gives how many.
///
/// # Errors
/// The database does not answer.
pub async fn give_up_mails(tx: &mut Tx) -> Result<u64> {
    sql!(
        tx,
        execute,
        "update outbox set state = 'dead', last_error = (select u.status || ' ' || u.said from undeliverable u \
         where u.email = outbox.recipient) where state = 'queued' \
         and recipient in (select email from undeliverable)",
    )
}
