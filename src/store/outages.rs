//! Outages, and what is promised of availability.

use crate::domain::outage::Outage;
use crate::error::{Error, Result, Say};
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// The columns of an outage.
macro_rules! columns {
    () => {
        "id, service, started_at, ended_at, severity, cause, origin, note, ticket, monitor_id, recorded_by, recorded_at, \
         voided_at, void_reason, version"
    };
}

/// What the process owner promises of a service beside the pack.
#[derive(Debug, Clone, PartialEq, Eq, Hash, sqlx::FromRow)]
pub struct Goal {
    /// Code of the service.
    pub service: String,
    /// Name of a calendar of the pack; `None`: round the clock.
    pub calendar: Option<String>,
    /// In hundredths of a percent.
    pub target: i64,
    /// Counts the changes.
    pub version: i64,
}

/// What a list of outages is narrowed by; `None` does not.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Code of the service.
    pub service: Option<String>,
    /// Lasting after this instant.
    pub from: Option<DateTime<Utc>>,
    /// Begun before this instant.
    pub to: Option<DateTime<Utc>>,
    /// Not over, and not recorded by mistake.
    pub open: bool,
}

/// Adds an outage and gives its key (`outage.id` is ignored).
///
/// # Errors
/// There is no such service, or the database does not answer.
pub async fn insert(tx: &mut Tx, outage: &Outage) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into outage (service, started_at, ended_at, severity, cause, origin, note, ticket, monitor_id, \
         recorded_by, recorded_at, voided_at, void_reason, version) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) returning id",
        &outage.service,
        outage.started_at,
        outage.ended_at,
        outage.severity,
        outage.cause,
        outage.origin,
        &outage.note,
        &outage.ticket,
        outage.monitor_id,
        outage.recorded_by,
        outage.recorded_at,
        outage.voided_at,
        &outage.void_reason,
        outage.version,
    )
}

/// Saves an outage whose version has just been counted up.
///
/// # Errors
/// `Conflict` when somebody else has changed it meanwhile.
pub async fn save(tx: &mut Tx, outage: &Outage) -> Result<()> {
    let saved = sql!(
        tx,
        execute,
        "update outage set started_at = $2, ended_at = $3, severity = $4, cause = $5, note = $6, ticket = $7, \
         voided_at = $8, void_reason = $9, version = $10 where id = $1 and version = $10 - 1",
        outage.id,
        outage.started_at,
        outage.ended_at,
        outage.severity,
        outage.cause,
        &outage.note,
        &outage.ticket,
        outage.voided_at,
        &outage.void_reason,
        outage.version,
    )?;
    if saved == 1 { Ok(()) } else { Err(Error::conflict(Say::new("error-outage-stale"))) }
}

/// The outage with a key.
///
/// # Errors
/// The database does not answer.
pub async fn by_id(tx: &mut Tx, id: i64) -> Result<Option<Outage>> {
    sql!(tx, fetch_optional as Outage, concat!("select ", columns!(), " from outage where id = $1"), id)
}

/// Outages, newest first, at most `limit` older than the key `before`.
///
/// # Errors
/// The database does not answer.
pub async fn list(tx: &mut Tx, filter: &Filter, before: Option<i64>, limit: i64) -> Result<Vec<Outage>> {
    sql!(
        tx,
        fetch_all as Outage,
        concat!(
            "select ",
            columns!(),
            " from outage where ($1 is null or service = $1) and ($2 is null or ended_at is null or ended_at > $2) \
             and ($3 is null or started_at < $3) and (not $4 or (ended_at is null and voided_at is null)) \
             and ($5 is null or id < $5) order by id desc limit $6"
        ),
        &filter.service,
        filter.from,
        filter.to,
        filter.open,
        before,
        limit,
    )
}

/// Outages of all services that lasted in a period and count, in order; those that last still are among them.
///
/// # Errors
/// The database does not answer.
pub async fn between(tx: &mut Tx, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Outage>> {
    sql!(
        tx,
        fetch_all as Outage,
        concat!(
            "select ",
            columns!(),
            " from outage where started_at < $2 and (ended_at is null or ended_at > $1) and voided_at is null \
             order by started_at, id"
        ),
        from,
        to,
    )
}

/// What is promised beside the pack, in the order of the services.
///
/// # Errors
/// The database does not answer.
pub async fn goals(tx: &mut Tx) -> Result<Vec<Goal>> {
    sql!(tx, fetch_all as Goal, "select service, calendar, target, version from availability_goal order by service")
}

/// Sets what is promised of a service.
///
/// # Errors
/// There is no such service, or the database does not answer.
pub async fn set_goal(tx: &mut Tx, goal: &Goal) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into availability_goal (service, calendar, target, version) values ($1, $2, $3, $4) \
         on conflict (service) do update set calendar = excluded.calendar, target = excluded.target, \
         version = excluded.version",
        &goal.service,
        &goal.calendar,
        goal.target,
        goal.version,
    )?;
    Ok(())
}
