//! People whose own ticket went on in somebody else's: what is theirs there, and what is not.

use crate::domain::relation::Relation;
use crate::domain::reporter::Wish;
use crate::domain::ticket::Ticket;
use crate::error::Result;
use crate::store::{self, Tx};

/// The ticket that the holder of `email` reported himself: this one, or one that went on in it.
///
/// # Errors
/// The database does not answer.
pub(super) async fn own(tx: &mut Tx, ticket: &Ticket, email: &str) -> Result<Option<Ticket>> {
    if email.is_empty() {
        return Ok(None);
    }
    if email == ticket.requester_email {
        return Ok(Some(ticket.clone()));
    }
    store::relations::merged_from(tx, ticket.id, Relation::Merged.as_str(), email).await
}

/// How somebody who writes to `ticket` wants to be known: as in the ticket of his own.
///
/// # Errors
/// The database does not answer.
pub(super) async fn wish_of(tx: &mut Tx, ticket: &Ticket, email: &str) -> Result<Wish> {
    match own(tx, ticket, email).await? {
        Some(own) => store::wishes::of_ticket(tx, own.id).await,
        None => Ok(Wish::default()),
    }
}

/// The name beside what somebody writes to `ticket` by mail, as whom `typed` he calls himself. Whoever was merged in is
/// never taken for the ticket's reporter, and who asked for it stays unnamed.
///
/// # Errors
/// The database does not answer.
pub(super) async fn name_of(tx: &mut Tx, ticket: &Ticket, email: &str, typed: &str) -> Result<String> {
    if email == ticket.requester_email {
        return Ok(if typed.is_empty() { ticket.requester_name.clone() } else { typed.to_owned() });
    }
    match own(tx, ticket, email).await? {
        Some(own) if store::wishes::of_ticket(tx, own.id).await?.secret => Ok(String::new()),
        Some(own) if !own.requester_name.is_empty() => Ok(own.requester_name),
        _ => Ok(typed.to_owned()),
    }
}

/// Whose ticket a message of a reporter in `ticket` belongs to, by the `name` that stands beside it; `None` when that
/// cannot be told.
///
/// # Errors
/// The database does not answer.
pub(super) async fn owner(tx: &mut Tx, ticket: &Ticket, name: &str) -> Result<Option<Ticket>> {
    let mut others = store::relations::participants(tx, ticket.id).await?;
    others.retain(|email| *email != ticket.requester_email);
    if others.is_empty() {
        return Ok(Some(ticket.clone()));
    }
    let mut found: Vec<Ticket> = Some(ticket.clone()).filter(|it| it.requester_name == name).into_iter().collect();
    for email in others {
        if let Some(own) = own(tx, ticket, &email).await?
            && name_of(tx, ticket, &email, "").await? == name
        {
            found.push(own);
        }
    }
    Ok(found.pop().filter(|_| found.is_empty()))
}
