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

impl Wish {
    /// May a report with this wish be tied to an earlier one, whose reporter had the wish `earlier`? Not when the tie
    /// would tell a name that is asked to be kept back now and was not then.
    pub fn may_follow(self, earlier: Self) -> bool {
        let was_hidden = earlier.anonymous || (earlier.secret && !self.anonymous);
        !(self.anonymous || self.secret) || was_hidden
    }
}

/// Where somebody learns the name of a reporter who wants to stay secret: the same for one ticket and for every list,
/// count and search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Knows {
    /// Of every ticket of the region.
    pub all: bool,
    /// Of the tickets of these agencies.
    pub agencies: Vec<String>,
    /// Of the tickets this address reported; empty: of none.
    pub own: String,
}

impl Knows {
    /// The reporter of this ticket?
    pub fn reporter_of(&self, ticket: &Ticket) -> bool {
        let is_own = !ticket.requester_email.is_empty() && ticket.requester_email == self.own;
        self.all || is_own || self.agencies.contains(&ticket.agency)
    }
}

/// Where `actor` learns the names of secret reporters: where he works on tickets, on either line.
pub fn knows(actor: &Actor) -> Knows {
    if !actor.account.active {
        return Knows::default();
    }
    let works = actor.grants.iter().filter(|grant| matches!(grant.role, Role::Tier1Agent | Role::Tier2Unit));
    let mut knows = Knows { own: actor.account.email.clone(), ..Knows::default() };
    for grant in works {
        match &grant.agency {
            Some(agency) => knows.agencies.push(agency.clone()),
            None => knows.all = true,
        }
    }
    knows
}

/// Does `actor` learn who reported a ticket whose reporter wants to stay secret? Those do who work on it, on either
/// line, and the reporter himself; not heads, coordinators or auditors, who only look on.
pub fn knows_reporter(actor: &Actor, ticket: &Ticket) -> bool {
    knows(actor).reporter_of(ticket)
}
