//! Editions of the pack, and days off that were decreed after it was written.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// An edition of the installation's pack.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Edition {
    /// `id@n`; what tickets are pinned to.
    pub version: String,
    /// Id of the pack.
    pub pack: String,
    /// Hash of all its values.
    pub fingerprint: String,
    /// JSON list of the texts it was read from.
    pub sources: String,
    /// When the installation began to follow it. UTC.
    pub adopted_at: DateTime<Utc>,
}

/// A day off, or a day taken back, decreed after the pack was written.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Amendment {
    /// Key inside the database.
    pub id: i64,
    /// The local day, ISO 8601.
    pub day: String,
    /// The local day from whose beginning it is known, ISO 8601.
    pub since: String,
    /// `holiday`, `joint_leave` or `working_day`.
    pub kind: String,
    /// What people call the day.
    pub name: String,
    /// Where it was decreed.
    pub decree: String,
    /// Who entered it.
    pub account_id: i64,
    /// When it was entered. UTC.
    pub at: DateTime<Utc>,
}

/// Keeps an edition; `false` when there is one of this version.
///
/// # Errors
/// The database does not answer.
pub async fn keep_edition(tx: &mut Tx, edition: &Edition) -> Result<bool> {
    let kept = sql!(
        tx,
        execute,
        "insert into policy_edition (version, pack, fingerprint, sources, adopted_at) values ($1, $2, $3, $4, $5) \
         on conflict (version) do nothing",
        &edition.version,
        &edition.pack,
        &edition.fingerprint,
        &edition.sources,
        edition.adopted_at,
    )?;
    Ok(kept == 1)
}

/// Every edition, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn editions(tx: &mut Tx) -> Result<Vec<Edition>> {
    sql!(
        tx,
        fetch_all as Edition,
        "select version, pack, fingerprint, sources, adopted_at from policy_edition order by adopted_at, version",
    )
}

/// Adds an amendment (`amendment.id` is ignored); `false` when that day was amended on the same day before.
///
/// # Errors
/// The database does not answer.
pub async fn amend(tx: &mut Tx, amendment: &Amendment) -> Result<bool> {
    let added = sql!(
        tx,
        execute,
        "insert into calendar_amendment (day, since, kind, name, decree, account_id, at) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (day, since) do nothing",
        &amendment.day,
        &amendment.since,
        &amendment.kind,
        &amendment.name,
        &amendment.decree,
        amendment.account_id,
        amendment.at,
    )?;
    Ok(added == 1)
}

/// Every amendment in the order in which they became known.
///
/// # Errors
/// The database does not answer.
pub async fn amendments(tx: &mut Tx) -> Result<Vec<Amendment>> {
    sql!(
        tx,
        fetch_all as Amendment,
        "select id, day, since, kind, name, decree, account_id, at from calendar_amendment order by since, id",
    )
}

/// Open tickets by the version of the pack they are pinned to.
///
/// # Errors
/// The database does not answer.
pub async fn open_by_edition(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    sql!(
        tx,
        fetch_all as (String, i64),
        "select pack, count(*) from ticket where status not in ('resolved', 'closed', 'merged') group by pack order by pack",
    )
}
