//! How a reporter wants to be known, and who may know him all the same. Pure.

use crate::domain::people::{Actor, Role};
use crate::domain::ticket::Ticket;
use serde::{Deserialize, Serialize};

/// What a reporter has asked for about his name. A pack may know neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Wish {
    /// Gave no name and no address: followed by number and code only.
    pub anonymous: bool,
    /// Name and address are shown to those who work on the ticket, and to nobody else.
    pub secret: bool,
}

/// Does `actor` learn who reported a ticket whose reporter wants to stay secret? Those do who work on it, on either
/// line, and the reporter himself; not heads, coordinators or auditors, who only look on.
pub fn knows_reporter(actor: &Actor, ticket: &Ticket) -> bool {
    let is_own = !ticket.requester_email.is_empty() && ticket.requester_email == actor.account.email;
    let works = actor.grants.iter().any(|grant| {
        matches!(grant.role, Role::Tier1Agent | Role::Tier2Unit)
            && grant.agency.as_deref().is_none_or(|mine| mine == ticket.agency)
    });
    actor.account.active && (is_own || works)
}
