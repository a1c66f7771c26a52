//! Addresses proven by a mailed link, and the tickets reported from them.

use super::tickets::columns;
use crate::domain::ticket::{Language, Ticket};
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// A link somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Asked {
    /// The address as it was typed, lower case.
    pub email: String,
    /// Language of the mail.
    pub language: Language,
}

/// A browser whose holder has proven an address.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Held {
    /// The address, lower case.
    pub email: String,
    /// When it was proven.
    pub created_at: DateTime<Utc>,
    /// When it was last used, give or take a few minutes.
    pub seen_at: DateTime<Utc>,
}

/// Place after which the list goes on: what waits for whom, when it was opened, the ticket.
pub type Place = (i64, DateTime<Utc>, i64);

/// Notes that somebody asked for a link.
///
/// # Errors
/// The database does not answer.
pub async fn ask(tx: &mut Tx, asked: &Asked, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into own_link_request (email, language, at) values ($1, $2, $3)",
        &asked.email,
        asked.language,
        at
    )?;
    Ok(())
}

/// Does anybody wait for a link?
///
/// # Errors
/// The database does not answer.
pub async fn any_asked(tx: &mut Tx) -> Result<bool> {
    sql!(tx, fetch_one scalar bool, "select exists (select 1 from own_link_request)")
}

/// Takes away what was asked for.
///
/// # Errors
/// The database does not answer.
pub async fn take_asked(tx: &mut Tx) -> Result<Vec<Asked>> {
    sql!(tx, fetch_all as Asked, "delete from own_link_request returning email, language")
}

/// Keeps a link that proves an address once, until `until`.
///
/// # Errors
/// The database does not answer.
pub async fn add_link(tx: &mut Tx, hash: &str, email: &str, until: DateTime<Utc>) -> Result<()> {
    sql!(tx, execute, "insert into own_link (hash, email, until) values ($1, $2, $3)", hash, email, until)?;
    Ok(())
}

/// Takes a link away and gives the address it proves, unless it is over.
///
/// # Errors
/// The database does not answer.
pub async fn take_link(tx: &mut Tx, hash: &str, now: DateTime<Utc>) -> Result<Option<String>> {
    sql!(
        tx,
        fetch_optional scalar String,
        "delete from own_link where hash = $1 and until > $2 returning email",
        hash,
        now
    )
}

/// Keeps that the browser with this cookie has proven an address.
///
/// # Errors
/// The database does not answer.
pub async fn begin(tx: &mut Tx, hash: &str, email: &str, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into own_session (hash, email, created_at, seen_at) values ($1, $2, $3, $3)",
        hash,
        email,
        at
    )?;
    Ok(())
}

/// What the browser with this cookie has proven, however long ago.
///
/// # Errors
/// The database does not answer.
pub async fn find(tx: &mut Tx, hash: &str) -> Result<Option<Held>> {
    sql!(tx, fetch_optional as Held, "select email, created_at, seen_at from own_session where hash = $1", hash)
}

/// Notes that it was used.
///
/// # Errors
/// The database does not answer.
pub async fn touch(tx: &mut Tx, hash: &str, at: DateTime<Utc>) -> Result<()> {
    sql!(tx, execute, "update own_session set seen_at = $2 where hash = $1", hash, at)?;
    Ok(())
}

/// The browser with this cookie has proven nothing any more.
///
/// # Errors
/// The database does not answer.
pub async fn end(tx: &mut Tx, hash: &str) -> Result<()> {
    sql!(tx, execute, "delete from own_session where hash = $1", hash)?;
    Ok(())
}

/// Forgets links that were over at `now` and sessions that nobody has used since `before`.
///
/// # Errors
/// The database does not answer.
pub async fn forget(tx: &mut Tx, now: DateTime<Utc>, before: DateTime<Utc>) -> Result<()> {
    sql!(tx, execute, "delete from own_link where until < $1", now)?;
    sql!(tx, execute, "delete from own_session where seen_at < $1", before)?;
    Ok(())
}

/// Was a ticket ever reported from this address?
///
/// # Errors
/// The database does not answer.
pub async fn has_tickets(tx: &mut Tx, email: &str) -> Result<bool> {
    sql!(tx, fetch_one scalar bool, "select exists (select 1 from ticket where requester_email = $1)", email)
}

/// Tickets of an address with what they wait for (0 the reporter, 1 the desk, 2 his verdict, 3 nothing), in this
/// order and the newest first, behind `after`.
///
/// # Errors
/// The database does not answer.
pub async fn tickets(tx: &mut Tx, email: &str, after: Option<Place>, limit: i64) -> Result<Vec<Ticket>> {
    let (pile, at, id) = after.unwrap_or((-1, DateTime::<Utc>::UNIX_EPOCH, 0));
    sql!(
        tx,
        fetch_all as Ticket,
        concat!(
            "select ",
            columns!(),
            " from (select t.*, case status when 'pending_requester' then 0 when 'resolved' then 2 when 'closed' then 3 \
             when 'merged' then 3 else 1 end as pile from ticket t where requester_email = $1) own \
             where pile > $2 or (pile = $2 and (opened_at < $3 or (opened_at = $3 and id < $4))) \
             order by pile, opened_at desc, id desc limit $5"
        ),
        email,
        pile,
        at,
        id,
        limit,
    )
}
