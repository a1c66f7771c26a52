//! What is known of the causes behind disruptions.

use crate::domain::problem::ProblemRecord;
use crate::domain::ticket::Ticket;
use crate::error::Result;
use crate::store::Tx;
use crate::store::tickets::columns;

/// The record of a ticket, if one was written.
///
/// # Errors
/// The database does not answer.
pub async fn of_ticket(tx: &mut Tx, ticket: i64) -> Result<Option<ProblemRecord>> {
    sql!(
        tx,
        fetch_optional as ProblemRecord,
        "select ticket_id, state, cause, workaround, known_error_at, updated_at from problem_record where ticket_id = $1",
        ticket
    )
}

/// Keeps a record in the place of an older one of the same ticket.
///
/// # Errors
/// The database does not answer.
pub async fn save(tx: &mut Tx, record: &ProblemRecord) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into problem_record (ticket_id, state, cause, workaround, known_error_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6) on conflict (ticket_id) do update set state = excluded.state, \
         cause = excluded.cause, workaround = excluded.workaround, known_error_at = excluded.known_error_at, \
         updated_at = excluded.updated_at",
        record.ticket_id,
        record.state,
        &record.cause,
        &record.workaround,
        record.known_error_at,
        record.updated_at,
    )?;
    Ok(())
}

/// Open tickets that stand for known errors, of one service or of all, the newest first, at most `limit`.
///
/// # Errors
/// The database does not answer.
pub async fn known_errors(tx: &mut Tx, service: Option<&str>, limit: i64) -> Result<Vec<Ticket>> {
    sql!(
        tx,
        fetch_all as Ticket,
        concat!(
            "select ",
            columns!(),
            " from ticket where id in (select ticket_id from problem_record where known_error_at is not null) \
             and status not in ('resolved', 'closed', 'merged') and kind = 'problem' \
             and ($1 = '' or service = $1) order by opened_at desc, id desc limit $2"
        ),
        service.unwrap_or_default(),
        limit,
    )
}
