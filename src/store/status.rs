//! What the status page and those who hear of it need.

use crate::domain::incident::{Incident, Phase};
use crate::domain::ticket::Language;
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// Something the public was told, on its way to those who want to hear of it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Said {
    /// Key of what was said.
    pub id: i64,
    /// Code of the disruption.
    pub code: String,
    /// What users notice.
    pub title: String,
    /// How far the desk was.
    pub phase: Phase,
    /// What was said.
    pub message: String,
    /// When more was promised. UTC.
    pub next_update_at: Option<DateTime<Utc>>,
    /// For everybody's ears: not of a restricted ticket.
    pub is_public: bool,
}

/// Disruptions that ended after an instant, the newest first, at most fifty.
///
/// # Errors
/// The database does not answer.
pub async fn ended(tx: &mut Tx, after: DateTime<Utc>) -> Result<Vec<Incident>> {
    sql!(
        tx,
        fetch_all as Incident,
        "select id, code, ticket_id, service, title, phase, message, next_update_at, announced_at, updated_at, ended_at, \
         version from incident where ended_at > $1 order by ended_at desc, id desc limit 50",
        after,
    )
}

/// Does anything wait to be mailed?
///
/// # Errors
/// The database does not answer.
pub async fn waits(tx: &mut Tx) -> Result<bool> {
    sql!(
        tx,
        fetch_one scalar bool,
        "select exists (select 1 from incident_update where not mailed) or exists (select 1 from maintenance where not mailed)",
    )
}

/// What the public was told and nobody has been mailed, in order, at most `limit`. A mark on each row, no place in the
/// order: what is written later may have the smaller key.
///
/// # Errors
/// The database does not answer.
pub async fn unmailed(tx: &mut Tx, limit: i64) -> Result<Vec<Said>> {
    sql!(
        tx,
        fetch_all as Said,
        "select u.id, i.code, i.title, u.phase, u.message, u.next_update_at, \
         t.classification not in ('restricted', 'secret') as is_public from incident_update u \
         join incident i on i.id = u.incident_id join ticket t on t.id = i.ticket_id \
         where not u.mailed order by u.id limit $1",
        limit,
    )
}

/// Notes that something the public was told has been mailed, or need not be.
///
/// # Errors
/// The database does not answer.
pub async fn mailed(tx: &mut Tx, id: i64) -> Result<()> {
    sql!(tx, execute, "update incident_update set mailed = true where id = $1", id)?;
    Ok(())
}

/// Passes over everything that waits to be mailed, maintenance also.
///
/// # Errors
/// The database does not answer.
pub async fn pass_over(tx: &mut Tx) -> Result<()> {
    sql!(tx, execute, "update incident_update set mailed = true where not mailed")?;
    sql!(tx, execute, "update maintenance set mailed = true where not mailed")?;
    Ok(())
}

/// Notes that somebody asked to hear of the status page. One who hears of it already goes on hearing.
///
/// # Errors
/// The database does not answer.
pub async fn ask(tx: &mut Tx, email: &str, mark: &str, language: Language, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into status_subscriber (email, mark_hash, language, asked_at) values ($1, $2, $3, $4) \
         on conflict (email) do update set language = excluded.language, asked_at = excluded.asked_at",
        email,
        mark,
        language,
        at,
    )?;
    Ok(())
}

/// Whether the address behind a mailed mark hears of the status page; `None` when there is no such mark.
///
/// # Errors
/// The database does not answer.
pub async fn hears(tx: &mut Tx, mark: &str) -> Result<Option<bool>> {
    sql!(
        tx,
        fetch_optional scalar bool,
        "select confirmed_at is not null from status_subscriber where mark_hash = $1",
        mark,
    )
}

/// The address behind a mailed mark hears of the status page from now on.
///
/// # Errors
/// The database does not answer.
pub async fn confirm(tx: &mut Tx, mark: &str, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "update status_subscriber set confirmed_at = $2 where mark_hash = $1 and confirmed_at is null",
        mark,
        at,
    )?;
    Ok(())
}

/// Forgets the address behind a mailed mark.
///
/// # Errors
/// The database does not answer.
pub async fn forget(tx: &mut Tx, mark: &str) -> Result<()> {
    sql!(tx, execute, "delete from status_subscriber where mark_hash = $1", mark)?;
    Ok(())
}

/// Forgets addresses that were never confirmed and asked before an instant.
///
/// # Errors
/// The database does not answer.
pub async fn forget_unconfirmed(tx: &mut Tx, before: DateTime<Utc>) -> Result<()> {
    sql!(tx, execute, "delete from status_subscriber where confirmed_at is null and asked_at < $1", before)?;
    Ok(())
}

/// Addresses that hear of the status page, with their language, in the order of the addresses.
///
/// # Errors
/// The database does not answer.
pub async fn subscribers(tx: &mut Tx) -> Result<Vec<(String, Language)>> {
    sql!(
        tx,
        fetch_all as (String, Language),
        "select email, language from status_subscriber where confirmed_at is not null order by email",
    )
}
