//! Monitors and what they have found.

use crate::domain::monitor::{Finding, Monitor, MonitorKind, MonitorState};
use crate::error::{Error, Result, Say};
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// The columns of a monitor.
macro_rules! columns {
    () => {
        "id, service, name, kind, target, expected, interval_seconds, timeout_ms, failures_needed, active, secret_hash, \
         state, failures, failing_since, result, checked_at, next_at, lease_no, outage_id, version"
    };
}

/// What one look found.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Check {
    /// When. UTC.
    pub at: DateTime<Utc>,
    /// The service did what it should.
    pub ok: bool,
    /// How long the answer took, in thousandths of a second.
    pub millis: i64,
    /// In a word.
    pub result: Finding,
}

/// Adds a monitor and gives its key (`it.id` is ignored).
///
/// # Errors
/// There is no such service, or the database does not answer.
pub async fn insert(tx: &mut Tx, it: &Monitor) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into monitor (service, name, kind, target, expected, interval_seconds, timeout_ms, failures_needed, active, \
         secret_hash, state, failures, failing_since, result, checked_at, next_at, lease_no, outage_id, version) values \
         ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) returning id",
        &it.service,
        &it.name,
        it.kind,
        &it.target,
        serde_json::to_string(&it.expected)?,
        it.interval_seconds,
        it.timeout_ms,
        it.failures_needed,
        it.active,
        &it.secret_hash,
        it.state,
        it.failures,
        it.failing_since,
        it.result,
        it.checked_at,
        it.next_at,
        it.lease_no,
        it.outage_id,
        it.version,
    )
}

/// Saves what people set of a monitor whose version has just been counted up.
///
/// # Errors
/// `Conflict` when somebody else has changed it meanwhile.
pub async fn save(tx: &mut Tx, it: &Monitor) -> Result<()> {
    let saved = sql!(
        tx,
        execute,
        "update monitor set name = $2, target = $3, expected = $4, interval_seconds = $5, timeout_ms = $6, \
         failures_needed = $7, active = $8, secret_hash = $9, next_at = $10, version = $11 \
         where id = $1 and version = $11 - 1",
        it.id,
        &it.name,
        &it.target,
        serde_json::to_string(&it.expected)?,
        it.interval_seconds,
        it.timeout_ms,
        it.failures_needed,
        it.active,
        &it.secret_hash,
        it.next_at,
        it.version,
    )?;
    if saved == 1 { Ok(()) } else { Err(Error::conflict(Say::new("error-monitor-stale"))) }
}

/// Saves what a monitor knows now, and lets go of it; `false` when somebody else has taken it since.
///
/// # Errors
/// The database does not answer.
pub async fn settle(tx: &mut Tx, it: &Monitor) -> Result<bool> {
    let saved = sql!(
        tx,
        execute,
        "update monitor set state = $3, failures = $4, failing_since = $5, result = $6, checked_at = $7, next_at = $8, \
         outage_id = $9, lease_until = null where id = $1 and lease_no = $2",
        it.id,
        it.lease_no,
        it.state,
        it.failures,
        it.failing_since,
        it.result,
        it.checked_at,
        it.next_at,
        it.outage_id,
    )?;
    Ok(saved == 1)
}

/// A monitor knows nothing any more; a look that is under way keeps nothing.
///
/// # Errors
/// The database does not answer.
pub async fn forget(tx: &mut Tx, id: i64) -> Result<()> {
    sql!(
        tx,
        execute,
        "update monitor set state = 'unknown', failures = 0, failing_since = null, outage_id = null, \
         lease_no = lease_no + 1, lease_until = null where id = $1",
        id,
    )?;
    Ok(())
}

/// Takes a monitor until an instant of the machine's clock, unless somebody was quicker.
///
/// # Errors
/// The database does not answer.
pub async fn claim(tx: &mut Tx, id: i64, lease_no: i64, until: DateTime<Utc>) -> Result<bool> {
    let taken = sql!(
        tx,
        execute,
        "update monitor set lease_no = $2 + 1, lease_until = $3 where id = $1 and lease_no = $2",
        id,
        lease_no,
        until,
    )?;
    Ok(taken == 1)
}

/// Keeps a monitor that still looks until `until`; not one that has settled.
///
/// # Errors
/// The database does not answer.
pub async fn renew(tx: &mut Tx, id: i64, lease_no: i64, until: DateTime<Utc>) -> Result<()> {
    let text = "update monitor set lease_until = $3 where id = $1 and lease_no = $2 and lease_until is not null";
    sql!(tx, execute, text, id, lease_no, until)?;
    Ok(())
}

/// Monitors that should look and that nobody holds at `machine`, at most `limit`, the longest waiting first.
///
/// # Errors
/// The database does not answer.
pub async fn due(tx: &mut Tx, now: DateTime<Utc>, machine: DateTime<Utc>, limit: i64) -> Result<Vec<Monitor>> {
    let rows = sql!(
        tx,
        fetch_all as Row,
        concat!(
            "select ",
            columns!(),
            " from monitor where active and next_at <= $1 and (lease_until is null or lease_until < $2) \
             order by next_at, id limit $3"
        ),
        now,
        machine,
        limit,
    )?;
    rows.into_iter().map(Row::monitor).collect()
}

/// The monitor with a key.
///
/// # Errors
/// The database does not answer.
pub async fn by_id(tx: &mut Tx, id: i64) -> Result<Option<Monitor>> {
    let row = sql!(tx, fetch_optional as Row, concat!("select ", columns!(), " from monitor where id = $1"), id)?;
    row.map(Row::monitor).transpose()
}

/// Monitors of a service or of all, in the order of their keys, at most `limit` after the key `after`.
///
/// # Errors
/// The database does not answer.
pub async fn list(tx: &mut Tx, service: Option<&str>, after: i64, limit: i64) -> Result<Vec<Monitor>> {
    let rows = sql!(
        tx,
        fetch_all as Row,
        concat!(
            "select ",
            columns!(),
            " from monitor where ($1 is null or service = $1) and id > $2 order by id limit $3"
        ),
        service,
        after,
        limit,
    )?;
    rows.into_iter().map(Row::monitor).collect()
}

/// Keeps what a look found.
///
/// # Errors
/// The database does not answer.
pub async fn add_check(tx: &mut Tx, monitor: i64, check: &Check) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into monitor_check (monitor_id, at, ok, millis, result) values ($1, $2, $3, $4, $5)",
        monitor,
        check.at,
        check.ok,
        check.millis,
        check.result,
    )?;
    Ok(())
}

/// What the last looks of a monitor found, the last first.
///
/// # Errors
/// The database does not answer.
pub async fn checks(tx: &mut Tx, monitor: i64, limit: i64) -> Result<Vec<Check>> {
    sql!(
        tx,
        fetch_all as Check,
        "select at, ok, millis, result from monitor_check where monitor_id = $1 order by at desc, id desc limit $2",
        monitor,
        limit,
    )
}

/// Forgets looks from before an instant.
///
/// # Errors
/// The database does not answer.
pub async fn forget_checks(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    sql!(tx, execute, "delete from monitor_check where at < $1", before)
}

/// Number of the open disruption of a service that an outage belongs to: one that a monitor opened, that the public was
/// told of, or that a lasting outage names; the oldest.
///
/// # Errors
/// The database does not answer.
pub async fn ticket_to_join(tx: &mut Tx, service: &str) -> Result<Option<String>> {
    sql!(
        tx,
        fetch_optional scalar String,
        "select t.number from ticket t where t.service = $1 and t.kind = 'incident' \
         and t.status not in ('resolved', 'closed', 'merged') and (t.channel = 'monitor' \
         or exists (select 1 from incident i where i.ticket_id = t.id and i.ended_at is null) \
         or exists (select 1 from outage o where o.ticket = t.number and o.ended_at is null and o.voided_at is null)) \
         order by t.opened_at, t.id limit 1",
        service,
    )
}

/// A row: what is expected is JSON text.
#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    service: String,
    name: String,
    kind: MonitorKind,
    target: String,
    expected: String,
    interval_seconds: i64,
    timeout_ms: i64,
    failures_needed: i64,
    active: bool,
    secret_hash: Option<String>,
    state: MonitorState,
    failures: i64,
    failing_since: Option<DateTime<Utc>>,
    result: Finding,
    checked_at: Option<DateTime<Utc>>,
    next_at: DateTime<Utc>,
    lease_no: i64,
    outage_id: Option<i64>,
    version: i64,
}

impl Row {
    fn monitor(self) -> Result<Monitor> {
        Ok(Monitor {
            expected: serde_json::from_str(&self.expected)?,
            id: self.id,
            service: self.service,
            name: self.name,
            kind: self.kind,
            target: self.target,
            interval_seconds: self.interval_seconds,
            timeout_ms: self.timeout_ms,
            failures_needed: self.failures_needed,
            active: self.active,
            secret_hash: self.secret_hash,
            state: self.state,
            failures: self.failures,
            failing_since: self.failing_since,
            result: self.result,
            checked_at: self.checked_at,
            next_at: self.next_at,
            lease_no: self.lease_no,
            outage_id: self.outage_id,
            version: self.version,
        })
    }
}
