//! Planned maintenance.

use crate::domain::outage::Maintenance;
use crate::error::{Error, Result, Say};
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// The columns of a maintenance.
macro_rules! columns {
    () => {
        "id, code, services, title, message, starts_at, ends_at, announced_at, excused_from, excused_to, cancelled_at, \
         cancel_reason, created_by, version"
    };
}

/// Adds a maintenance and gives its key (`it.id` is ignored).
///
/// # Errors
/// The code is taken, or the database does not answer.
pub async fn insert(tx: &mut Tx, it: &Maintenance) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into maintenance (code, services, title, message, starts_at, ends_at, announced_at, excused_from, \
         excused_to, cancelled_at, cancel_reason, created_by, version, mailed) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, false) returning id",
        &it.code,
        serde_json::to_string(&it.services)?,
        &it.title,
        &it.message,
        it.starts_at,
        it.ends_at,
        it.announced_at,
        it.excused_from,
        it.excused_to,
        it.cancelled_at,
        &it.cancel_reason,
        it.created_by,
        it.version,
    )
}

/// Saves a maintenance whose version has just been counted up.
///
/// # Errors
/// `Conflict` when somebody else has changed it meanwhile.
pub async fn save(tx: &mut Tx, it: &Maintenance) -> Result<()> {
    let saved = sql!(
        tx,
        execute,
        "update maintenance set services = $2, title = $3, message = $4, starts_at = $5, ends_at = $6, announced_at = $7, \
         excused_from = $8, excused_to = $9, cancelled_at = $10, cancel_reason = $11, version = $12 \
         where id = $1 and version = $12 - 1",
        it.id,
        serde_json::to_string(&it.services)?,
        &it.title,
        &it.message,
        it.starts_at,
        it.ends_at,
        it.announced_at,
        it.excused_from,
        it.excused_to,
        it.cancelled_at,
        &it.cancel_reason,
        it.version,
    )?;
    if saved == 1 { Ok(()) } else { Err(Error::conflict(Say::new("error-maintenance-stale"))) }
}

/// The maintenance with a code.
///
/// # Errors
/// The database does not answer.
pub async fn by_code(tx: &mut Tx, code: &str) -> Result<Option<Maintenance>> {
    let row =
        sql!(tx, fetch_optional as Row, concat!("select ", columns!(), " from maintenance where code = $1"), code)?;
    row.map(Row::maintenance).transpose()
}

/// Maintenance that touches a period, in order; also what was called off.
///
/// # Errors
/// The database does not answer.
pub async fn between(tx: &mut Tx, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Maintenance>> {
    let rows = sql!(
        tx,
        fetch_all as Row,
        concat!(
            "select ",
            columns!(),
            " from maintenance where starts_at < $2 and ends_at > $1 order by starts_at, id"
        ),
        from,
        to,
    )?;
    rows.into_iter().map(Row::maintenance).collect()
}

/// Maintenance that nobody has been mailed about, in order, at most `limit`.
///
/// # Errors
/// The database does not answer.
pub async fn unmailed(tx: &mut Tx, limit: i64) -> Result<Vec<Maintenance>> {
    let rows = sql!(
        tx,
        fetch_all as Row,
        concat!("select ", columns!(), " from maintenance where not mailed order by id limit $1"),
        limit,
    )?;
    rows.into_iter().map(Row::maintenance).collect()
}

/// Notes that a maintenance has been mailed, or need not be.
///
/// # Errors
/// The database does not answer.
pub async fn mailed(tx: &mut Tx, id: i64) -> Result<()> {
    sql!(tx, execute, "update maintenance set mailed = true where id = $1", id)?;
    Ok(())
}

/// A row: the services are JSON text.
#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    code: String,
    services: String,
    title: String,
    message: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    announced_at: DateTime<Utc>,
    excused_from: Option<DateTime<Utc>>,
    excused_to: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    cancel_reason: Option<String>,
    created_by: i64,
    version: i64,
}

impl Row {
    fn maintenance(self) -> Result<Maintenance> {
        Ok(Maintenance {
            id: self.id,
            code: self.code,
            services: serde_json::from_str(&self.services)?,
            title: self.title,
            message: self.message,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            announced_at: self.announced_at,
            excused_from: self.excused_from,
            excused_to: self.excused_to,
            cancelled_at: self.cancelled_at,
            cancel_reason: self.cancel_reason,
            created_by: self.created_by,
            version: self.version,
        })
    }
}
