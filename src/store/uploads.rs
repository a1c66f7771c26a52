//! Files that wait for the words they belong to.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// A waiting file without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Upload {
    /// The name its sender gave it, cleaned.
    pub name: String,
    /// Its type as its bytes and its name say.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// Digest of its bytes: its name among the files of one owner.
    pub sha256: String,
}

/// Keeps a file of `owner`; the same bytes a second time stay one file.
///
/// # Errors
/// The database does not answer.
pub async fn add(tx: &mut Tx, owner: &str, upload: &Upload, bytes: &[u8], at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into upload (owner, name, media_type, size, sha256, at, bytes) values ($1, $2, $3, $4, $5, $6, $7) \
         on conflict (owner, sha256) do nothing",
        owner,
        &upload.name,
        &upload.media_type,
        upload.size,
        &upload.sha256,
        at,
        bytes,
    )?;
    Ok(())
}

/// Files of `owner` in the order they came.
///
/// # Errors
/// The database does not answer.
pub async fn of_owner(tx: &mut Tx, owner: &str) -> Result<Vec<Upload>> {
    sql!(
        tx,
        fetch_all as Upload,
        "select name, media_type, size, sha256 from upload where owner = $1 order by id",
        owner
    )
}

/// Name, type and bytes of the files of `owner` in the order they came.
///
/// # Errors
/// The database does not answer.
pub async fn bytes(tx: &mut Tx, owner: &str) -> Result<Vec<(String, String, Vec<u8>)>> {
    sql!(
        tx,
        fetch_all as (String, String, Vec<u8>),
        "select name, media_type, bytes from upload where owner = $1 order by id",
        owner
    )
}

/// Takes one file of `owner` away; nothing happens when he has none of this digest.
///
/// # Errors
/// The database does not answer.
pub async fn drop(tx: &mut Tx, owner: &str, sha256: &str) -> Result<()> {
    sql!(tx, execute, "delete from upload where owner = $1 and sha256 = $2", owner, sha256)?;
    Ok(())
}

/// Takes all files of `owner` away.
///
/// # Errors
/// The database does not answer.
pub async fn drop_all(tx: &mut Tx, owner: &str) -> Result<()> {
    sql!(tx, execute, "delete from upload where owner = $1", owner)?;
    Ok(())
}

/// Bytes of all files that wait, of all owners.
///
/// # Errors
/// The database does not answer.
pub async fn waiting_bytes(tx: &mut Tx) -> Result<i64> {
    sql!(tx, fetch_one scalar i64, "select cast(coalesce(sum(size), 0) as bigint) from upload")
}

/// Forgets files that came before `before` and whose draft is gone.
///
/// # Errors
/// The database does not answer.
pub async fn forget(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    sql!(
        tx,
        execute,
        "delete from upload where at < $1 and not exists (select 1 from draft d where d.hash = upload.owner)",
        before
    )
}
