//! Clocks, pauses and planned steps.

use crate::domain::clock_plan::{Planned, SlaClock, Step, StepKind, StepState, TicketPause};
use crate::error::Result;
use crate::store::{Of, Tx};
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

/// Keeps clocks: adds each, or saves it under its (ticket, kind, line, cycle).
///
/// # Errors
/// The database does not answer.
pub async fn save(tx: &mut Tx, ticket: i64, clocks: &[SlaClock]) -> Result<()> {
    if clocks.is_empty() {
        return Ok(());
    }
    later!(tx, query => {
        query.push(
            "insert into sla_clock (ticket_id, kind, line, cycle, target_seconds, started_at, stopped_at, due_at) ",
        );
        query.push_values(clocks, |mut row, clock| {
            row.push_bind(ticket).push_bind(clock.kind).push_bind(clock.line).push_bind(clock.cycle);
            row.push_bind(clock.target_seconds).push_bind(clock.started_at);
            row.push_bind(clock.stopped_at).push_bind(clock.due_at);
        });
        query.push(
            " on conflict (ticket_id, kind, line, cycle) do update set target_seconds = excluded.target_seconds, \
             stopped_at = excluded.stopped_at, due_at = excluded.due_at",
        );
    })
}

/// The clocks of several tickets with the keys of these, in the order of [`of_ticket`].
///
/// # Errors
/// The database does not answer.
pub async fn of_tickets(tx: &mut Tx, tickets: &[i64]) -> Result<Vec<Of<SlaClock>>> {
    if tickets.is_empty() {
        return Ok(Vec::new());
    }
    many!(tx, fetch_all as Of<SlaClock>, query => {
        query.push(
            "select ticket_id, id, kind, line, cycle, target_seconds, started_at, stopped_at, due_at from sla_clock \
             where ticket_id in (",
        );
        let mut list = query.separated(", ");
        for ticket in tickets {
            list.push_bind(*ticket);
        }
        query.push(") order by id");
    })
}

/// The pauses of several tickets with the keys of these, in the order of [`pauses`].
///
/// # Errors
/// The database does not answer.
pub async fn pauses_of(tx: &mut Tx, tickets: &[i64]) -> Result<Vec<Of<TicketPause>>> {
    if tickets.is_empty() {
        return Ok(Vec::new());
    }
    many!(tx, fetch_all as Of<TicketPause>, query => {
        query.push("select ticket_id, id, reason, from_at, to_at from ticket_pause where ticket_id in (");
        let mut list = query.separated(", ");
        for ticket in tickets {
            list.push_bind(*ticket);
        }
        query.push(") order by from_at, id");
    })
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

/// Plans steps, or moves those that are planned already; a step that has happened is left alone.
///
/// # Errors
/// The database does not answer.
pub async fn plan_steps(tx: &mut Tx, ticket: i64, steps: &[Planned]) -> Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    later!(tx, query => {
        query.push("insert into clock_step (ticket_id, kind, cycle, rank, due_at, state) ");
        query.push_values(steps, |mut row, step| {
            row.push_bind(ticket).push_bind(step.kind).push_bind(step.cycle).push_bind(step.kind.rank());
            row.push_bind(step.due_at).push_bind(StepState::Planned);
        });
        query.push(
            " on conflict (ticket_id, kind, cycle) do update set due_at = excluded.due_at, state = 'planned' \
             where clock_step.state <> 'done'",
        );
    })
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

/// Tickets after `after` for which something is planned, at most `limit`.
///
/// # Errors
/// The database does not answer.
pub async fn planned_tickets(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<i64>> {
    sql!(
        tx,
        fetch_all scalar i64,
        "select distinct ticket_id from clock_step where state = 'planned' and ticket_id > $1 order by ticket_id limit $2",
        after,
        limit,
    )
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
