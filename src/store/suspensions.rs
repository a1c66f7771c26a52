//! Orders to close a service for a time.

use crate::domain::people::Visibility;
use crate::domain::warning::{OrderState, Suspension};
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// The columns of an order.
macro_rules! columns {
    () => {
        "s.id, s.code, s.case_id, s.service, s.state, s.what, s.until_text, s.endpoints, s.ordered_at, s.due_at, \
         s.executed_at, s.executed_by, s.minutes, s.lifted_at, s.lifted_by, s.note"
    };
}

/// Adds an order (`suspension.id` is ignored) and gives its key.
///
/// # Errors
/// The code is taken, or the database does not answer.
pub async fn insert(tx: &mut Tx, suspension: &Suspension) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into suspension (code, case_id, service, state, what, until_text, endpoints, ordered_at, due_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id",
        &suspension.code,
        suspension.case_id,
        &suspension.service,
        suspension.state,
        &suspension.what,
        &suspension.until,
        &suspension.endpoints,
        suspension.ordered_at,
        suspension.due_at,
    )
}

/// Saves what was done about an order. The case it belongs to is held by whoever calls this.
///
/// # Errors
/// The database does not answer.
pub async fn update(tx: &mut Tx, suspension: &Suspension) -> Result<()> {
    sql!(
        tx,
        execute,
        "update suspension set state = $2, executed_at = $3, executed_by = $4, minutes = $5, lifted_at = $6, \
         lifted_by = $7, note = $8 where id = $1",
        suspension.id,
        suspension.state,
        suspension.executed_at,
        suspension.executed_by,
        &suspension.minutes,
        suspension.lifted_at,
        suspension.lifted_by,
        &suspension.note,
    )?;
    Ok(())
}

/// The order with a code.
///
/// # Errors
/// The database does not answer.
pub async fn by_code(tx: &mut Tx, code: &str) -> Result<Option<Suspension>> {
    sql!(tx, fetch_optional as Suspension, concat!("select ", columns!(), " from suspension s where s.code = $1"), code)
}

/// The orders of a case, the first first.
///
/// # Errors
/// The database does not answer.
pub async fn of_case(tx: &mut Tx, case: i64) -> Result<Vec<Suspension>> {
    sql!(
        tx,
        fetch_all as Suspension,
        concat!("select ", columns!(), " from suspension s where s.case_id = $1 order by s.id"),
        case
    )
}

/// Orders somebody may see, the newest first, at most `limit` with a key below `before`.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    tx: &mut Tx,
    seen: &Visibility,
    state: Option<OrderState>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Suspension>> {
    sql!(
        tx,
        fetch_all as Suspension,
        concat!(
            "select ",
            columns!(),
            " from suspension s join warning_case c on c.id = s.case_id \
             where ($1 or replace($2, '\"' || c.agency || '\"', '') <> $2) and ($3 is null or c.agency = $3) \
             and ($4 is null or s.state = $4) and ($5 is null or s.id < $5) order by s.id desc limit $6"
        ),
        seen.all,
        serde_json::to_string(&seen.agencies)?,
        &seen.only_agency,
        state,
        before,
        limit,
    )
}

/// Code and endpoints (JSON text) of every order that is carried out and in force.
///
/// # Errors
/// The database does not answer.
pub async fn in_force(tx: &mut Tx) -> Result<Vec<(String, String)>> {
    sql!(
        tx,
        fetch_all as (String, String),
        "select code, endpoints from suspension where state = 'in_force' order by id"
    )
}

/// When services were closed under an order, as far as it touches a period: the service, from when, until when.
///
/// # Errors
/// The database does not answer.
pub async fn closed_spans(
    tx: &mut Tx,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<(String, DateTime<Utc>, Option<DateTime<Utc>>)>> {
    sql!(
        tx,
        fetch_all as (String, DateTime<Utc>, Option<DateTime<Utc>>),
        "select service, executed_at, lifted_at from suspension where executed_at < $2 \
         and (lifted_at is null or lifted_at > $1) order by executed_at, id",
        from,
        to,
    )
}
