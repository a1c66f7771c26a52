//! A change that is planned is not solved before it was carried out and looked at.

use crate::domain::change::ChangeRecord;
use crate::domain::ticket::{Kind, Ticket};
use crate::error::{Error, Result, Say};
use crate::store::{self, Tx};

/// Refuses to solve a ticket whose change has a plan and no outcome.
///
/// # Errors
/// `Conflict` then.
pub(super) async fn refuse_unfinished(tx: &mut Tx, ticket: &Ticket) -> Result<()> {
    if ticket.kind != Kind::Change {
        return Ok(());
    }
    let record = store::changes::of_ticket(tx, ticket.id).await?;
    match record {
        Some(record) if is_unfinished(&record) => {
            Err(Error::Conflict { say: Say::new("error-change-unfinished"), version: Some(ticket.version) })
        }
        _ => Ok(()),
    }
}

const fn is_unfinished(record: &ChangeRecord) -> bool {
    record.outcome.is_none()
}
