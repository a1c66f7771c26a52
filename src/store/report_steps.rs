//! The way of the region's reports upwards.

use crate::domain::report::steps::Step;
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// The columns of a step.
macro_rules! columns {
    () => {
        "id, report_id, place, recipient, basis, due_on, due_at, edition, sent_at, sent_by, sent_note, received_at, \
         received_by, received_note, late"
    };
}

/// Adds a step that nobody has sent (`step.id` is ignored).
///
/// # Errors
/// The place is taken, or the database does not answer.
pub async fn insert(tx: &mut Tx, step: &Step) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into report_step (report_id, place, recipient, basis, due_on, due_at, edition, sent_note, received_note, \
         late) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        step.report_id,
        step.place,
        &step.recipient,
        &step.basis,
        step.due_on,
        step.due_at,
        step.edition,
        &step.sent_note,
        &step.received_note,
        step.late,
    )?;
    Ok(())
}

/// Saves what became of a step. The report it belongs to is held by whoever calls this.
///
/// # Errors
/// The database does not answer.
pub async fn update(tx: &mut Tx, step: &Step) -> Result<()> {
    sql!(
        tx,
        execute,
        "update report_step set edition = $2, sent_at = $3, sent_by = $4, sent_note = $5, received_at = $6, \
         received_by = $7, received_note = $8, late = $9 where id = $1",
        step.id,
        step.edition,
        step.sent_at,
        step.sent_by,
        &step.sent_note,
        step.received_at,
        step.received_by,
        &step.received_note,
        step.late,
    )?;
    Ok(())
}

/// The steps of a report, in order.
///
/// # Errors
/// The database does not answer.
pub async fn of_report(tx: &mut Tx, report: i64) -> Result<Vec<Step>> {
    sql!(
        tx,
        fetch_all as Step,
        concat!("select ", columns!(), " from report_step where report_id = $1 order by place"),
        report,
    )
}

/// Steps whose due day is over at `now`, that nobody has sent and that are not known to be late, the oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn overdue(tx: &mut Tx, now: DateTime<Utc>, limit: i64) -> Result<Vec<Step>> {
    sql!(
        tx,
        fetch_all as Step,
        concat!(
            "select ",
            columns!(),
            " from report_step where sent_at is null and not late and due_at <= $1 order by due_at, id limit $2"
        ),
        now,
        limit,
    )
}

/// When the next due day of a step is over.
///
/// # Errors
/// The database does not answer.
pub async fn next_due(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    sql!(
        tx,
        fetch_one scalar Option<DateTime<Utc>>,
        "select min(due_at) from report_step where sent_at is null and not late",
    )
}
