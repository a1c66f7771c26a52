//! People, their roles, and the one table of rights.

use crate::domain::ticket::{Channel, Ticket, Verb};
use serde::Serialize;

words! {
    /// What somebody is to the desk. A role is held for one agency or for the whole region.
    pub enum Role {
        /// First-line support: of an agency (OKI 39(7)a: Administrator), or the one desk of the ICT office for all
        /// agencies (SUMUT 54(3)). The pack says which.
        Tier1Agent = "tier1_agent",
        /// Second-line support: the unit at the ICT office (OKI 39(7)b: Superadmin), or the technical team of the
        /// agency that owns the service (SUMUT 51(5)).
        Tier2Unit = "tier2_unit",
        /// Head of an agency.
        AgencyHead = "agency_head",
        /// Owner of the business process behind an agency's services: sets their SLA (SUMUT 51(3)).
        ProcessOwner = "process_owner",
        /// Head of the ICT office.
        IctHead = "ict_head",
        /// Coordination team for electronic government.
        CoordinationTeam = "coordination_team",
        /// Reads everything, changes nothing.
        Auditor = "auditor",
        /// Runs the installation; has no right on tickets by that name.
        SystemAdmin = "system_admin",
    }
}

words! {
    /// What an API token may be used for.
    pub enum Scope {
        /// Only reading.
        Read = "read",
        /// Everything its owner may do.
        Write = "write",
    }
}

/// A role held for one agency, or for all when `agency` is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Code of the agency it is held for.
    pub agency: Option<String>,
}

/// An account of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Key inside the database.
    pub id: i64,
    /// Address in lower case.
    pub email: String,
    /// Full name.
    pub name: String,
    /// Civil-servant number, personal data.
    pub nip: Option<String>,
    /// A disabled account may do nothing.
    pub active: bool,
}

/// Who asks for something.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The account.
    pub account: Account,
    /// The union of these is what the person may do; nothing else.
    pub grants: Vec<Grant>,
    /// A token may be limited below its owner's rights.
    pub scope: Scope,
    /// A token may be limited to one agency.
    pub only_agency: Option<String>,
    /// The way the request came.
    pub via: Channel,
}

/// What somebody wants to do with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// See the ticket and its public messages.
    View,
    /// See internal notes, events and the working of the clocks.
    ViewInternal,
    /// Change it.
    Do(Verb),
}

/// Which tickets somebody may see: the same filter for every list, count and search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visibility {
    /// Every ticket of the region.
    pub all: bool,
    /// Every ticket of these agencies.
    pub agencies: Vec<String>,
    /// Tickets this address reported.
    pub requester: String,
    /// And of those only this agency's.
    pub only_agency: Option<String>,
}

/// The one table of rights: may `actor` do `action` to `ticket`? Deny by default.
pub fn may(actor: &Actor, action: Action, ticket: &Ticket) -> bool {
    if !actor.account.active || actor.only_agency.as_ref().is_some_and(|only| *only != ticket.agency) {
        return false;
    }
    match action {
        Action::View => visibility(actor).shows(ticket),
        Action::ViewInternal => actor.grants.iter().any(|grant| reads_internal(grant, ticket)),
        Action::Do(verb) => {
            actor.scope == Scope::Write
                && (actor.grants.iter().any(|grant| works(grant, verb, ticket)) || owns(actor, verb, ticket))
        }
    }
}

fn reads_internal(grant: &Grant, ticket: &Ticket) -> bool {
    match grant.role {
        Role::IctHead | Role::CoordinationTeam | Role::Auditor => true,
        Role::Tier1Agent | Role::Tier2Unit | Role::AgencyHead | Role::ProcessOwner => grant.covers(&ticket.agency),
        Role::SystemAdmin => false,
    }
}

fn works(grant: &Grant, verb: Verb, ticket: &Ticket) -> bool {
    let helps = matches!(verb, Verb::Reply | Verb::Note | Verb::Link | Verb::Unlink);
    match grant.role {
        _ if !grant.covers(&ticket.agency) => false,
        // The unit coordinates all agencies (OKI 39(11)), so it may also help on the first line.
        Role::Tier2Unit if grant.agency.is_none() => verb != Verb::Escalate || ticket.tier == 1,
        // A team of one agency works on what was handed to it.
        Role::Tier2Unit => helps || (verb != Verb::Escalate && ticket.tier > 1),
        Role::Tier1Agent => match verb {
            Verb::Return | Verb::Consult | Verb::ConsultReply => false,
            // After the hand-over the second line is responsible (OKI 39(10)).
            _ => helps || ticket.tier == 1,
        },
        _ => false,
    }
}

/// What the requester may do to his own ticket.
fn owns(actor: &Actor, verb: Verb, ticket: &Ticket) -> bool {
    !ticket.requester_email.is_empty()
        && ticket.requester_email == actor.account.email
        && matches!(verb, Verb::Reply | Verb::Reopen)
}

/// May `actor` report in somebody else's name, and look up who has reported before? Only those who take up tickets; the
/// others report in their own name.
pub fn may_report_for_others(actor: &Actor) -> bool {
    actor.account.active && (actor.holds(Role::Tier1Agent) || actor.holds(Role::Tier2Unit))
}

/// Which tickets `actor` may see.
pub fn visibility(actor: &Actor) -> Visibility {
    let (requester, only_agency) = (actor.account.email.clone(), actor.only_agency.clone());
    let mut seen = Visibility { all: false, agencies: Vec::new(), requester, only_agency };
    for grant in &actor.grants {
        match grant.role {
            Role::IctHead | Role::CoordinationTeam | Role::Auditor => seen.all = true,
            Role::Tier1Agent | Role::Tier2Unit | Role::AgencyHead | Role::ProcessOwner => match &grant.agency {
                Some(agency) => seen.agencies.push(agency.clone()),
                None => seen.all = true,
            },
            Role::SystemAdmin => {}
        }
    }
    seen
}

impl Visibility {
    /// Is `ticket` among them?
    pub fn shows(&self, ticket: &Ticket) -> bool {
        let sees = self.all
            || self.agencies.contains(&ticket.agency)
            || (!self.requester.is_empty() && self.requester == ticket.requester_email);
        sees && self.only_agency.as_ref().is_none_or(|only| *only == ticket.agency)
    }
}

impl Grant {
    /// Speaks for the ICT office, which coordinates all agencies (OKI 39(11)).
    pub fn is_of_ict_office(&self) -> bool {
        match self.role {
            Role::IctHead => true,
            Role::Tier1Agent | Role::Tier2Unit => self.agency.is_none(),
            _ => false,
        }
    }

    /// Answers for `agency` itself, on whichever line the pack has put its people.
    pub fn is_staff_of(&self, agency: &str) -> bool {
        matches!(self.role, Role::Tier1Agent | Role::Tier2Unit) && self.agency.as_deref() == Some(agency)
    }

    fn covers(&self, agency: &str) -> bool {
        self.agency.as_deref().is_none_or(|mine| mine == agency)
    }
}

impl Actor {
    /// Does the actor hold `role`, for any agency?
    pub fn holds(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }

    /// Is the actor of the staff at all (sees the work pages)?
    pub fn is_staff(&self) -> bool {
        !self.grants.is_empty()
    }
}
