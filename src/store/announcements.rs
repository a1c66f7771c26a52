//! What the desk tells people apart from disruptions.

use crate::domain::announcement::Announcement;
use crate::error::{Error, Result, Say};
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// The columns of an announcement.
macro_rules! columns {
    () => {
        "id, code, agency, audience, severity, title, message, starts_at, ends_at, withdrawn_at, created_by, created_at, \
         updated_at, version"
    };
}

/// Adds an announcement and gives its key (`it.id` is ignored).
///
/// # Errors
/// The code is taken, or the database does not answer.
pub async fn insert(tx: &mut Tx, it: &Announcement) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into announcement (code, agency, audience, severity, title, message, starts_at, ends_at, withdrawn_at, \
         created_by, created_at, updated_at, version) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning id",
        &it.code,
        &it.agency,
        it.audience,
        it.severity,
        &it.title,
        &it.message,
        it.starts_at,
        it.ends_at,
        it.withdrawn_at,
        it.created_by,
        it.created_at,
        it.updated_at,
        it.version,
    )
}

/// Saves an announcement whose version has just been counted up.
///
/// # Errors
/// `Conflict` when somebody else has changed it meanwhile.
pub async fn save(tx: &mut Tx, it: &Announcement) -> Result<()> {
    let saved = sql!(
        tx,
        execute,
        "update announcement set agency = $2, audience = $3, severity = $4, title = $5, message = $6, starts_at = $7, \
         ends_at = $8, withdrawn_at = $9, updated_at = $10, version = $11 where id = $1 and version = $11 - 1",
        it.id,
        &it.agency,
        it.audience,
        it.severity,
        &it.title,
        &it.message,
        it.starts_at,
        it.ends_at,
        it.withdrawn_at,
        it.updated_at,
        it.version,
    )?;
    if saved == 1 { Ok(()) } else { Err(Error::conflict(Say::new("error-announcement-stale"))) }
}

/// The announcement with a code.
///
/// # Errors
/// The database does not answer.
pub async fn by_code(tx: &mut Tx, code: &str) -> Result<Option<Announcement>> {
    sql!(tx, fetch_optional as Announcement, concat!("select ", columns!(), " from announcement where code = $1"), code)
}

/// What is told at an instant, the youngest first.
///
/// # Errors
/// The database does not answer.
pub async fn running(tx: &mut Tx, at: DateTime<Utc>) -> Result<Vec<Announcement>> {
    sql!(
        tx,
        fetch_all as Announcement,
        concat!(
            "select ",
            columns!(),
            " from announcement where (ends_at is null or ends_at > $1) and starts_at <= $1 and withdrawn_at is null \
             order by starts_at desc, id desc limit 50"
        ),
        at
    )
}

/// All announcements, the youngest first, at most `limit` before the key `before`.
///
/// # Errors
/// The database does not answer.
pub async fn list(tx: &mut Tx, before: i64, limit: i64) -> Result<Vec<Announcement>> {
    sql!(
        tx,
        fetch_all as Announcement,
        concat!("select ", columns!(), " from announcement where id < $1 order by id desc limit $2"),
        before,
        limit,
    )
}
