//! What a virus scanner said of files.

use crate::domain::message::ScanVerdict;
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// What was said of one file.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Scan {
    /// Digest of its bytes.
    pub sha256: String,
    /// What was said.
    pub verdict: ScanVerdict,
    /// Name of what was found, or why it could not be looked through.
    pub finding: Option<String>,
}

/// Has a file looked through from `due` on, unless it was before.
///
/// # Errors
/// The database does not answer.
pub async fn ask(tx: &mut Tx, sha256: &str, due: DateTime<Utc>) -> Result<()> {
    later!(tx, query => {
        query.push("insert into file_scan (sha256, verdict, tries, due_at) ");
        query.push_values([sha256], |mut row, sha256| {
            row.push_bind(sha256.to_owned()).push_bind(ScanVerdict::Waiting).push_bind(0_i64).push_bind(due);
        });
        query.push(" on conflict (sha256) do nothing");
    })
}

/// Digests of files that are due to be looked through.
///
/// # Errors
/// The database does not answer.
pub async fn due(tx: &mut Tx, now: DateTime<Utc>, limit: i64) -> Result<Vec<String>> {
    sql!(
        tx,
        fetch_all scalar String,
        "select sha256 from file_scan where verdict = 'waiting' and due_at <= $1 order by due_at, id limit $2",
        now,
        limit,
    )
}

/// Notes what was said of a file at `at`; `waiting` asks again at `due`.
///
/// # Errors
/// The database does not answer.
pub async fn settle(
    tx: &mut Tx,
    sha256: &str,
    verdict: ScanVerdict,
    finding: Option<&str>,
    at: DateTime<Utc>,
    due: DateTime<Utc>,
) -> Result<bool> {
    let changed = sql!(
        tx,
        execute,
        "update file_scan set verdict = $2, finding = $3, tries = tries + 1, due_at = $5, \
         scanned_at = case when $2 = 'waiting' then scanned_at else $4 end where sha256 = $1 and verdict = 'waiting'",
        sha256,
        verdict,
        finding,
        at,
        due,
    )?;
    Ok(changed == 1)
}

/// What was said of a file; `None` when nobody was asked.
///
/// # Errors
/// The database does not answer.
pub async fn of(tx: &mut Tx, sha256: &str) -> Result<Option<Scan>> {
    let text = "select sha256, verdict, finding from file_scan where sha256 = $1";
    sql!(tx, fetch_optional as Scan, text, sha256)
}

/// How many files stand in each verdict.
///
/// # Errors
/// The database does not answer.
pub async fn counts(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    sql!(tx, fetch_all as (String, i64), "select verdict, count(*) from file_scan group by verdict order by verdict")
}
