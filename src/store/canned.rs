//! Ready-made answers.

use crate::error::{Error, Result, Say};
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// A ready-made answer with the changes that go with it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CannedReply {
    /// Key inside the database, and its number in addresses.
    pub id: i64,
    /// Counts the changes.
    pub version: i64,
    /// What people call it.
    pub name: String,
    /// The text, with variables.
    pub body: String,
    /// `own`, `agency` or `region`.
    pub scope: String,
    /// Who made it; whose it is when it is somebody's own.
    pub account_id: i64,
    /// The agency it is for.
    pub agency: Option<String>,
    /// The state a ticket is brought to with it.
    pub status: Option<String>,
    /// The priority a ticket is given with it.
    pub priority: Option<String>,
    /// Why that priority.
    pub reason: String,
    /// `stay`, `next` or `close`.
    pub next_step: String,
    /// It is offered.
    pub active: bool,
    /// How often it was sent.
    pub used: i64,
    /// When it was changed last. UTC.
    pub updated_at: DateTime<Utc>,
}

macro_rules! columns {
    () => {
        "select id, version, name, body, scope, account_id, agency, status, priority, reason, next_step, active, used, updated_at from canned_reply "
    };
}

/// Adds a ready-made answer and gives its key (`reply.id` is ignored).
///
/// # Errors
/// The database does not answer.
pub async fn add_reply(tx: &mut Tx, reply: &CannedReply) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into canned_reply (version, name, body, scope, account_id, agency, status, priority, reason, next_step, \
         active, used, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning id",
        reply.version,
        &reply.name,
        &reply.body,
        &reply.scope,
        reply.account_id,
        &reply.agency,
        &reply.status,
        &reply.priority,
        &reply.reason,
        &reply.next_step,
        reply.active,
        reply.used,
        reply.updated_at,
    )
}

/// Saves a ready-made answer, if nobody has changed it since it was read as `reply.version - 1`.
///
/// # Errors
/// [`Error::Conflict`] when somebody has.
pub async fn save_reply(tx: &mut Tx, reply: &CannedReply) -> Result<()> {
    let changed = sql!(
        tx,
        execute,
        "update canned_reply set version = $2, name = $3, body = $4, scope = $5, agency = $6, status = $7, priority = $8, \
         reason = $9, next_step = $10, active = $11, updated_at = $12 where id = $1 and version = $2 - 1",
        reply.id,
        reply.version,
        &reply.name,
        &reply.body,
        &reply.scope,
        &reply.agency,
        &reply.status,
        &reply.priority,
        &reply.reason,
        &reply.next_step,
        reply.active,
        reply.updated_at,
    )?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict(Say::new("error-reply-stale"))) }
}

/// The ready-made answer with a key.
///
/// # Errors
/// The database does not answer.
pub async fn reply(tx: &mut Tx, id: i64) -> Result<Option<CannedReply>> {
    sql!(tx, fetch_optional as CannedReply, concat!(columns!(), "where id = $1"), id)
}

/// Everything that is anybody's, by name. The caller keeps what his asker may see.
///
/// # Errors
/// The database does not answer.
pub async fn replies(tx: &mut Tx, account: i64) -> Result<Vec<CannedReply>> {
    sql!(
        tx,
        fetch_all as CannedReply,
        concat!(columns!(), "where scope <> 'own' or account_id = $1 order by name, id"),
        account,
    )
}

/// Counts that a ready-made answer was sent.
///
/// # Errors
/// The database does not answer.
pub async fn count_use(tx: &mut Tx, id: i64) -> Result<()> {
    sql!(tx, execute, "update canned_reply set used = used + 1 where id = $1", id)?;
    Ok(())
}
