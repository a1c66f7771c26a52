//! Signed-in browsers, known by the digest of their cookie.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// Keeps a new session.
///
/// # Errors
/// The database does not answer.
pub async fn insert(tx: &mut Tx, hash: &str, account: i64, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into session (hash, account_id, created_at, seen_at) values ($1, $2, $3, $3)",
        hash,
        account,
        at
    )?;
    Ok(())
}

/// The account of a session that is younger than `created_after` and was used after `seen_after`.
///
/// # Errors
/// The database does not answer.
pub async fn account(
    tx: &mut Tx,
    hash: &str,
    created_after: DateTime<Utc>,
    seen_after: DateTime<Utc>,
) -> Result<Option<(i64, DateTime<Utc>)>> {
    sql!(
        tx,
        fetch_optional as (i64, DateTime<Utc>),
        "select account_id, seen_at from session where hash = $1 and created_at > $2 and seen_at > $3",
        hash,
        created_after,
        seen_after,
    )
}

/// Notes that a session was used.
///
/// # Errors
/// The database does not answer.
pub async fn touch(tx: &mut Tx, hash: &str, at: DateTime<Utc>) -> Result<()> {
    sql!(tx, execute, "update session set seen_at = $2 where hash = $1", hash, at)?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
/// The database does not answer.
pub async fn end(tx: &mut Tx, hash: &str) -> Result<()> {
    sql!(tx, execute, "delete from session where hash = $1", hash)?;
    Ok(())
}

/// Keeps a link that signs in once until `until`.
///
/// # Errors
/// The database does not answer.
pub async fn add_link(tx: &mut Tx, hash: &str, account: i64, until: DateTime<Utc>) -> Result<()> {
    sql!(tx, execute, "insert into sign_in_link (hash, account_id, until) values ($1, $2, $3)", hash, account, until)?;
    Ok(())
}

/// Takes a link away and gives whom it signs in, unless it is over.
///
/// # Errors
/// The database does not answer.
pub async fn take_link(tx: &mut Tx, hash: &str, now: DateTime<Utc>) -> Result<Option<i64>> {
    sql!(tx, fetch_optional scalar i64, "delete from sign_in_link where hash = $1 and until > $2 returning account_id", hash, now)
}
