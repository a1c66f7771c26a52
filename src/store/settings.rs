//! Small facts about the installation, and drafts, tries and repeated requests.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// Reads a fact.
///
/// # Errors
/// The database does not answer.
pub async fn get(tx: &mut Tx, key: &str) -> Result<Option<String>> {
    sql!(tx, fetch_optional scalar String, "select value from setting where key = $1", key)
}

/// Keeps a fact.
///
/// # Errors
/// The database does not answer.
pub async fn set(tx: &mut Tx, key: &str, value: &str) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into setting (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value",
        key,
        value
    )?;
    Ok(())
}

/// Forgets a fact.
///
/// # Errors
/// The database does not answer.
pub async fn forget(tx: &mut Tx, key: &str) -> Result<()> {
    sql!(tx, execute, "delete from setting where key = $1", key)?;
    Ok(())
}

/// The draft kept under the digest of its token.
///
/// # Errors
/// The database does not answer.
pub async fn draft(tx: &mut Tx, hash: &str) -> Result<Option<String>> {
    sql!(tx, fetch_optional scalar String, "select data from draft where hash = $1", hash)
}

/// Keeps a draft under the digest of its token.
///
/// # Errors
/// The database does not answer.
pub async fn save_draft(tx: &mut Tx, hash: &str, data: &str, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into draft (hash, data, updated_at) values ($1, $2, $3) \
         on conflict (hash) do update set data = excluded.data, updated_at = excluded.updated_at",
        hash,
        data,
        at,
    )?;
    Ok(())
}

/// Takes a draft away.
///
/// # Errors
/// The database does not answer.
pub async fn drop_draft(tx: &mut Tx, hash: &str) -> Result<()> {
    sql!(tx, execute, "delete from draft where hash = $1", hash)?;
    Ok(())
}

/// Forgets drafts that nobody has touched since `before`.
///
/// # Errors
/// The database does not answer.
pub async fn forget_drafts(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    sql!(tx, execute, "delete from draft where updated_at < $1", before)
}

/// Notes a try at `subject` and gives its key.
///
/// # Errors
/// The database does not answer.
pub async fn note_attempt(tx: &mut Tx, subject: &str, at: DateTime<Utc>) -> Result<i64> {
    sql!(tx, fetch_one scalar i64, "insert into attempt (subject, at) values ($1, $2) returning id", subject, at)
}

/// Takes back a try that was none.
///
/// # Errors
/// The database does not answer.
pub async fn forgive_attempt(tx: &mut Tx, id: i64) -> Result<()> {
    sql!(tx, execute, "delete from attempt where id = $1", id)?;
    Ok(())
}

/// How many tries at `subject` there were since `since`, and when the first of them was.
///
/// # Errors
/// The database does not answer.
pub async fn attempts(tx: &mut Tx, subject: &str, since: DateTime<Utc>) -> Result<(i64, Option<DateTime<Utc>>)> {
    sql!(
        tx,
        fetch_one as (i64, Option<DateTime<Utc>>),
        "select count(*), min(at) from attempt where subject = $1 and at > $2",
        subject,
        since,
    )
}

/// Forgets tries before `before`.
///
/// # Errors
/// The database does not answer.
pub async fn forget_attempts(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    sql!(tx, execute, "delete from attempt where at < $1", before)
}

/// Takes the key of a request that must happen once; `false` when it was taken before.
///
/// # Errors
/// The database does not answer.
pub async fn take_key(tx: &mut Tx, key: &str, request: &str, at: DateTime<Utc>) -> Result<bool> {
    let taken = sql!(
        tx,
        execute,
        "insert into idempotency (item_key, request, created_at) values ($1, $2, $3) on conflict (item_key) do nothing",
        key,
        request,
        at,
    )?;
    Ok(taken == 1)
}

/// What was asked and answered under a key.
///
/// # Errors
/// The database does not answer.
pub async fn answered(tx: &mut Tx, key: &str) -> Result<Option<(String, Option<String>)>> {
    sql!(
        tx,
        fetch_optional as (String, Option<String>),
        "select request, answer from idempotency where item_key = $1",
        key
    )
}

/// Keeps the answer to the request under a key.
///
/// # Errors
/// The database does not answer.
pub async fn answer_key(tx: &mut Tx, key: &str, answer: &str) -> Result<()> {
    sql!(tx, execute, "update idempotency set answer = $2 where item_key = $1", key, answer)?;
    Ok(())
}

/// Forgets keys taken before `before`.
///
/// # Errors
/// The database does not answer.
pub async fn forget_keys(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    sql!(tx, execute, "delete from idempotency where created_at < $1", before)
}
