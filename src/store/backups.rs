//! Backups that were asked for, and what has become of them.

use crate::domain::backup::BackupCause;
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// A backup that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Backup {
    /// Its key.
    pub id: i64,
    /// Name of its file.
    pub name: String,
    /// Why it is made, by its word.
    pub cause: String,
    /// Who asked for it, by name; `None` for the schedule.
    pub asked_by: Option<String>,
    /// What has become of it, by its word.
    pub state: String,
    /// When it was asked for. UTC.
    pub asked_at: DateTime<Utc>,
    /// When it was done or failed. UTC.
    pub finished_at: Option<DateTime<Utc>>,
    /// Fencing number of the lease.
    pub lease_no: i64,
    /// How often it was begun.
    pub tries: i64,
    /// The node whose folder holds the file.
    pub node: String,
    /// Size of the file, bytes.
    pub bytes: Option<i64>,
    /// Rows in it.
    pub row_count: Option<i64>,
    /// Tickets in it.
    pub tickets: Option<i64>,
    /// Attachments in it.
    pub file_count: Option<i64>,
    /// Attachments that rows name and the folder lacked.
    pub missing: Option<i64>,
    /// SHA-256 of the file.
    pub digest: Option<String>,
    /// The file is encrypted.
    pub locked: bool,
    /// Why it failed.
    pub problem: Option<String>,
    /// When it was last restored into scratch and checked. UTC.
    pub tested_at: Option<DateTime<Utc>>,
    /// What was wrong then.
    pub test_problem: Option<String>,
    /// Somebody wants it tested again.
    pub test_asked: bool,
    /// When it was copied to the second folder. UTC.
    pub copied_at: Option<DateTime<Utc>>,
    /// Why it was not.
    pub copy_problem: Option<String>,
    /// When its file was removed because newer ones are kept. UTC.
    pub removed_at: Option<DateTime<Utc>>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select b.id, b.name, b.cause, a.name as asked_by, b.state, b.asked_at, b.finished_at, b.lease_no, b.tries, \
             b.node, b.bytes, b.row_count, b.tickets, b.file_count, b.missing, b.digest, b.locked, b.problem, b.tested_at, \
             b.test_problem, b.test_asked, b.copied_at, b.copy_problem, b.removed_at \
             from backup b left join account a on a.id = b.account_id ",
            $rest
        )
    };
}

/// Asks for a backup under a name of its own; `false` when it was asked for before.
///
/// # Errors
/// The database does not answer.
pub async fn ask(tx: &mut Tx, name: &str, cause: BackupCause, account: Option<i64>, at: DateTime<Utc>) -> Result<bool> {
    let asked = sql!(
        tx,
        execute,
        "insert into backup (name, cause, account_id, state, asked_at) values ($1, $2, $3, 'queued', $4) \
         on conflict (name) do nothing",
        name,
        cause.as_str(),
        account,
        at,
    )?;
    Ok(asked == 1)
}

/// Asks that a good backup be tested again; `false` when it is not there any more.
///
/// # Errors
/// The database does not answer.
pub async fn ask_test(tx: &mut Tx, name: &str) -> Result<bool> {
    let asked = sql!(
        tx,
        execute,
        "update backup set test_asked = true, tries = 0 where name = $1 and state = 'good' and removed_at is null",
        name,
    )?;
    Ok(asked == 1)
}

/// Backups, newest first, before the key `before`.
///
/// # Errors
/// The database does not answer.
pub async fn list(tx: &mut Tx, before: i64, limit: i64) -> Result<Vec<Backup>> {
    sql!(tx, fetch_all as Backup, select!("where b.id < $1 order by b.id desc limit $2"), before, limit)
}

/// The backup with this name.
///
/// # Errors
/// The database does not answer.
pub async fn by_name(tx: &mut Tx, name: &str) -> Result<Option<Backup>> {
    sql!(tx, fetch_optional as Backup, select!("where b.name = $1"), name)
}

/// Good backups whose files are kept, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn kept(tx: &mut Tx) -> Result<Vec<Backup>> {
    sql!(
        tx,
        fetch_all as Backup,
        select!("where b.state = 'good' and b.removed_at is null order by b.finished_at desc, b.id desc"),
    )
}

/// The first backup that waits to be made or tested and that no node has at `now` (the machine's instant).
///
/// # Errors
/// The database does not answer.
pub async fn waiting(tx: &mut Tx, now: DateTime<Utc>) -> Result<Option<Backup>> {
    sql!(
        tx,
        fetch_optional as Backup,
        select!(
            "where (b.state in ('queued', 'running') or b.test_asked) and (b.lease_until is null or b.lease_until < $1) \
             order by b.id limit 1"
        ),
        now,
    )
}

/// Takes it until `lease` for a node; `false` when another was faster.
///
/// # Errors
/// The database does not answer.
pub async fn claim(tx: &mut Tx, backup: &Backup, node: &str, lease: DateTime<Utc>) -> Result<bool> {
    let claimed = sql!(
        tx,
        execute,
        "update backup set state = case when test_asked then state else 'running' end, \
         node = case when test_asked then node else $4 end, lease_until = $3, lease_no = lease_no + 1, tries = tries + 1 \
         where id = $1 and lease_no = $2",
        backup.id,
        backup.lease_no,
        lease,
        node,
    )?;
    Ok(claimed == 1)
}

/// Keeps it until `lease`; `false` when another node has taken it.
///
/// # Errors
/// The database does not answer.
pub async fn renew(tx: &mut Tx, id: i64, lease_no: i64, lease: DateTime<Utc>) -> Result<bool> {
    let renewed =
        sql!(tx, execute, "update backup set lease_until = $3 where id = $1 and lease_no = $2", id, lease_no, lease)?;
    Ok(renewed == 1)
}

/// Keeps what has become of it and lets it go; `false` when another node has taken it meanwhile.
///
/// # Errors
/// The database does not answer.
pub async fn settle(tx: &mut Tx, it: &Backup) -> Result<bool> {
    let settled = sql!(
        tx,
        execute,
        "update backup set state = $3, finished_at = $4, bytes = $5, row_count = $6, tickets = $7, file_count = $8, \
         missing = $9, digest = $10, locked = $11, problem = $12, tested_at = $13, test_problem = $14, test_asked = $15, \
         copied_at = $16, copy_problem = $17, lease_until = null where id = $1 and lease_no = $2",
        it.id,
        it.lease_no,
        &it.state,
        it.finished_at,
        it.bytes,
        it.row_count,
        it.tickets,
        it.file_count,
        it.missing,
        it.digest.as_deref(),
        it.locked,
        it.problem.as_deref(),
        it.tested_at,
        it.test_problem.as_deref(),
        it.test_asked,
        it.copied_at,
        it.copy_problem.as_deref(),
    )?;
    Ok(settled == 1)
}

/// Lets nothing wait any more: in a restored copy nobody asked for what was asked for where it comes from.
///
/// # Errors
/// The database does not answer.
pub async fn break_off(tx: &mut Tx, problem: &str, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "update backup set state = 'failed', problem = $1, finished_at = $2, lease_until = null \
         where state in ('queued', 'running')",
        problem,
        at,
    )?;
    sql!(tx, execute, "update backup set test_asked = false where test_asked")?;
    Ok(())
}

/// Notes that the file of a backup is gone.
///
/// # Errors
/// The database does not answer.
pub async fn removed(tx: &mut Tx, id: i64, at: DateTime<Utc>) -> Result<()> {
    sql!(tx, execute, "update backup set removed_at = $2 where id = $1", id, at)?;
    Ok(())
}
