//! Clocks, pauses and planned steps.

use crate::domain::clock_plan::{ClockKind, Line, SlaClock, Step, StepKind, StepState, TicketPause};
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// Clocks of a ticket in the order they were started.
///
/// # Errors
/// The database does not answer.
pub async fn of_ticket(tx: &mut Tx, ticket: i64) -> Result<Vec<SlaClock>> {
    sql!(
        tx,
        fetch_all as SlaClock,
        "select id, kind, line, cycle, target_seconds, started_at, stopped_at, due_at from sla_clock where ticket_id = $1 order by id",
        ticket,
    )
}

/// Keeps a clock: adds it, or saves it under its (ticket, kind, line, cycle).
///
/// # Errors
/// The database does not answer.
pub async fn save(tx: &mut Tx, ticket: i64, clock: &SlaClock) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into sla_clock (ticket_id, kind, line, cycle, target_seconds, started_at, stopped_at, due_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (ticket_id, kind, line, cycle) do update set \
         target_seconds = excluded.target_seconds, stopped_at = excluded.stopped_at, due_at = excluded.due_at",
        ticket,
        clock.kind,
        clock.line,
        clock.cycle,
        clock.target_seconds,
        clock.started_at,
        clock.stopped_at,
        clock.due_at,
    )?;
    Ok(())
}

/// How often a line's clock was started, to number the next.
///
/// # Errors
/// The database does not answer.
pub async fn cycles(tx: &mut Tx, ticket: i64, kind: ClockKind, line: Line) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "select count(*) from sla_clock where ticket_id = $1 and kind = $2 and line = $3",
        ticket,
        kind,
        line,
    )
}

/// Pauses of a ticket in order.
///
/// # Errors
/// The database does not answer.
pub async fn pauses(tx: &mut Tx, ticket: i64) -> Result<Vec<TicketPause>> {
    sql!(
        tx,
        fetch_all as TicketPause,
        "select id, reason, from_at, to_at from ticket_pause where ticket_id = $1 order by from_at, id",
        ticket,
    )
}

/// Begins a pause.
///
/// # Errors
/// The database does not answer.
pub async fn begin_pause(tx: &mut Tx, ticket: i64, reason: &str, from: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into ticket_pause (ticket_id, reason, from_at) values ($1, $2, $3)",
        ticket,
        reason,
        from
    )?;
    Ok(())
}

/// Ends every pause that lasts.
///
/// # Errors
/// The database does not answer.
pub async fn end_pauses(tx: &mut Tx, ticket: i64, to: DateTime<Utc>) -> Result<u64> {
    sql!(tx, execute, "update ticket_pause set to_at = $2 where ticket_id = $1 and to_at is null", ticket, to)
}

/// Plans a step, or moves it when it is planned already; a step that has happened is left alone.
///
/// # Errors
/// The database does not answer.
pub async fn plan_step(tx: &mut Tx, ticket: i64, kind: StepKind, cycle: i64, due: Option<DateTime<Utc>>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into clock_step (ticket_id, kind, cycle, rank, due_at, state) values ($1, $2, $3, $4, $5, 'planned') \
         on conflict (ticket_id, kind, cycle) do update set due_at = excluded.due_at, state = 'planned' \
         where clock_step.state <> 'done'",
        ticket,
        kind,
        cycle,
        kind.rank(),
        due,
    )?;
    Ok(())
}

/// Takes back the planned steps whose kind is not among `kept`.
///
/// # Errors
/// The database does not answer.
pub async fn skip_steps(tx: &mut Tx, ticket: i64, kept: &[StepKind]) -> Result<()> {
    let kept: String = kept.iter().map(|kind| format!("|{kind}|")).collect();
    sql!(
        tx,
        execute,
        "update clock_step set state = 'skipped' where ticket_id = $1 and state = 'planned' and $2 not like '%|' || kind || '|%'",
        ticket,
        kept,
    )?;
    Ok(())
}

/// Steps of a ticket, first due first; those of a clock that stands still last.
///
/// # Errors
/// The database does not answer.
pub async fn steps(tx: &mut Tx, ticket: i64) -> Result<Vec<Step>> {
    sql!(
        tx,
        fetch_all as Step,
        "select id, ticket_id, kind, cycle, due_at, state from clock_step where ticket_id = $1 \
         order by due_at is null, due_at, rank, id",
        ticket,
    )
}

/// How often a step was planned, to number the next round.
///
/// # Errors
/// The database does not answer.
pub async fn rounds(tx: &mut Tx, ticket: i64, kind: StepKind) -> Result<i64> {
    sql!(tx, fetch_one scalar i64, "select count(*) from clock_step where ticket_id = $1 and kind = $2", ticket, kind)
}

/// Steps that are due at `now`, first due first, at most `limit`.
///
/// # Errors
/// The database does not answer.
pub async fn due_steps(tx: &mut Tx, now: DateTime<Utc>, limit: i64) -> Result<Vec<Step>> {
    sql!(
        tx,
        fetch_all as Step,
        "select id, ticket_id, kind, cycle, due_at, state from clock_step \
         where state = 'planned' and due_at <= $1 order by due_at, rank, id limit $2",
        now,
        limit,
    )
}

/// When the next planned step is due.
///
/// # Errors
/// The database does not answer.
pub async fn next_due(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    sql!(tx, fetch_one scalar Option<DateTime<Utc>>, "select min(due_at) from clock_step where state = 'planned'")
}

/// Marks a step as happened, if it still stands as planned for `due`; `false` when somebody else was
/// faster or it was moved.
///
/// # Errors
/// The database does not answer.
pub async fn claim_step(tx: &mut Tx, step: &Step, state: StepState, detected: DateTime<Utc>) -> Result<bool> {
    let changed = sql!(
        tx,
        execute,
        "update clock_step set state = $2, detected_at = $3 where id = $1 and state = 'planned' and due_at = $4",
        step.id,
        state,
        detected,
        step.due_at,
    )?;
    Ok(changed == 1)
}

/// Open clocks whose stored due instant the self-check compares, by ticket after `after`.
///
/// # Errors
/// The database does not answer.
pub async fn open_tickets(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<i64>> {
    sql!(
        tx,
        fetch_all scalar i64,
        "select distinct ticket_id from sla_clock where stopped_at is null and due_at is not null and ticket_id > $1 \
         order by ticket_id limit $2",
        after,
        limit,
    )
}
