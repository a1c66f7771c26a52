//! Recurring work: who took it up last, and how it ended.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// How a piece of recurring work went last.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct LastRun {
    /// Name of the work.
    pub name: String,
    /// When a node took it up. UTC, by the machine's clock.
    pub started_at: DateTime<Utc>,
    /// When it ended; `None` while it goes on, or when its node has died. UTC.
    pub finished_at: Option<DateTime<Utc>>,
    /// What went wrong; `None` when nothing did.
    pub problem: Option<String>,
    /// The node.
    pub node: String,
}

/// Takes up a piece of work; `false` when some node has taken it up since `since`.
///
/// # Errors
/// The database does not answer.
pub async fn take_up(tx: &mut Tx, name: &str, node: &str, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool> {
    let taken = sql!(
        tx,
        execute,
        "insert into recurring (name, started_at, node) values ($1, $4, $2) \
         on conflict (name) do update set started_at = excluded.started_at, node = excluded.node, finished_at = null, \
         problem = null where recurring.started_at < $3",
        name,
        node,
        since,
        now,
    )?;
    Ok(taken == 1)
}

/// Notes how the work that was taken up at `started` ended.
///
/// # Errors
/// The database does not answer.
pub async fn ended(
    tx: &mut Tx,
    name: &str,
    started: DateTime<Utc>,
    problem: Option<&str>,
    at: DateTime<Utc>,
) -> Result<()> {
    sql!(
        tx,
        execute,
        "update recurring set finished_at = $4, problem = $3 where name = $1 and started_at = $2",
        name,
        started,
        problem,
        at,
    )?;
    Ok(())
}

/// How each piece of work went last, by name.
///
/// # Errors
/// The database does not answer.
pub async fn all(tx: &mut Tx) -> Result<Vec<LastRun>> {
    sql!(tx, fetch_all as LastRun, "select name, started_at, finished_at, problem, node from recurring order by name")
}
