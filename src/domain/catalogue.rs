//! The service catalogue: what stands in it about a service, the two records that change what its tickets are
//! promised, and who may do what in it.

use crate::domain::people::{Actor, Grant, Role, Scope};
use crate::domain::service::Service;
use chrono::{DateTime, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

words! {
    /// What a service is about (SUMUT 54(2)).
    pub enum Category {
        Application = "application",
        Infrastructure = "infrastructure",
        Data = "data",
        Training = "training",
    }
}

words! {
    /// The parts a service definition must have, in the order of SUMUT 52(4).
    pub enum Part {
        Definition = "definition",
        Policy = "policy",
        IncidentHandling = "incident_handling",
        RequestHandling = "request_handling",
        CustomerRelationship = "customer_relationship",
        ServiceLevel = "service_level",
    }
}

words! {
    /// Who does, answers for, is asked about and is told of a service.
    pub enum RaciRole { Responsible = "R", Accountable = "A", Consulted = "C", Informed = "I" }
}

words! {
    /// What a critical service with a tight SLA must have (SUMUT 45(2)b).
    pub enum Safeguard {
        StandbySystem = "standby_system",
        VulnerabilityAssessment = "vulnerability_assessment",
        TestedPlan = "tested_plan",
    }
}

words! {
    /// What a proposal about the critical status asks for.
    pub enum ProposalKind { Determine = "determine", Revoke = "revoke" }
}

words! {
    /// Where a proposal about the critical status stands.
    pub enum ProposalState {
        Proposed = "proposed",
        Determined = "determined",
        Rejected = "rejected",
        Withdrawn = "withdrawn",
    }
}

words! {
    /// Where a record about the SLA profile stands.
    pub enum SlaState { Proposed = "proposed", Approved = "approved", Rejected = "rejected" }
}

/// One line of the RACI table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RaciLine {
    /// The letter.
    pub role: RaciRole,
    /// The office or the person.
    pub who: String,
}

/// A service with everything the catalogue says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What a ticket needs of it: owner, profile of new tickets, critical status.
    pub service: Service,
    /// What it is about.
    pub category: Category,
    /// Texts of its definition; parts without a text are left out.
    pub parts: BTreeMap<Part, String>,
    /// Addresses and hosts under which the public reaches it (A3: an order to close it lists them).
    pub endpoints: Vec<String>,
    /// When it can be used, in words.
    pub hours: String,
    /// Calendar of its support, by its name in the pack.
    pub calendar: Option<String>,
    /// Who does, answers for, is asked about and is told of it.
    pub raci: Vec<RaciLine>,
    /// Safeguards with the date of their last proof.
    pub safeguards: BTreeMap<Safeguard, NaiveDate>,
    /// The profile of the last approved record; applies while the service is not critical.
    pub sla_profile: String,
    /// When the owner last said that all of this is so. UTC.
    pub reviewed_at: Option<DateTime<Utc>>,
    /// Counts the changes; a writer that saw an older one is refused.
    pub version: i64,
}

/// A person as a record names him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Key of the account.
    pub account: i64,
    /// Full name.
    pub name: String,
    /// Address.
    pub email: String,
}

/// The paper behind a decision.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Document {
    /// Its number.
    pub number: String,
    /// Its local date.
    pub date: NaiveDate,
}

/// How and by whom something proposed was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Who decided.
    pub by: Person,
    /// When. UTC.
    pub at: DateTime<Utc>,
    /// Why, where it was refused or taken back.
    pub reason: Option<String>,
}

/// A record about the SLA profile of a service (SUMUT 51(3)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SlaRecord {
    /// Its key.
    pub id: i64,
    /// Code of the service.
    pub service: String,
    /// The profile it sets.
    pub profile: String,
    /// Where it stands.
    pub state: SlaState,
    /// Why.
    pub reason: String,
    /// Who brought it up; the same as who decided when the process owner set it directly.
    pub proposed_by: Person,
    /// When. UTC.
    pub proposed_at: DateTime<Utc>,
    /// How it ended.
    pub decision: Option<Decision>,
    /// The paper behind it.
    pub document: Option<Document>,
}

/// A proposal about the critical status of a service (SUMUT 51(2)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// Its key.
    pub id: i64,
    /// Code of the service.
    pub service: String,
    /// What it asks for.
    pub kind: ProposalKind,
    /// Where it stands.
    pub state: ProposalState,
    /// Why.
    pub reason: String,
    /// What it rests on: figures, minutes, documents.
    pub evidence: String,
    /// Who brought it up.
    pub proposed_by: Person,
    /// When. UTC.
    pub proposed_at: DateTime<Utc>,
    /// How it ended.
    pub decision: Option<Decision>,
    /// The paper behind it.
    pub document: Option<Document>,
    /// What kind of paper the determination is, in free words (A5).
    pub instrument: Option<String>,
    /// The profile of new tickets from the determination on.
    pub profile: Option<String>,
}

impl Entry {
    /// A service of which the catalogue says nothing yet.
    pub fn bare(service: Service) -> Self {
        Self {
            sla_profile: service.profile.clone(),
            service,
            category: Category::Application,
            parts: BTreeMap::new(),
            endpoints: Vec::new(),
            hours: String::new(),
            calendar: None,
            raci: Vec::new(),
            safeguards: BTreeMap::new(),
            reviewed_at: None,
            version: 1,
        }
    }

    /// Parts of the definition that have no text yet, in their order.
    pub fn missing(&self) -> Vec<Part> {
        Part::ALL.iter().copied().filter(|part| !self.parts.contains_key(part)).collect()
    }

    /// Nobody has confirmed it within `months`.
    pub fn is_stale(&self, now: DateTime<Utc>, months: u32) -> bool {
        self.reviewed_at.is_none_or(|at| at < stale_before(now, months))
    }

    /// Safeguards a critical service lacks, in their order.
    pub fn unproven(&self) -> Vec<Safeguard> {
        Safeguard::ALL.iter().copied().filter(|safeguard| !self.safeguards.contains_key(safeguard)).collect()
    }
}

/// What was confirmed before this instant is stale.
pub fn stale_before(now: DateTime<Utc>, months: u32) -> DateTime<Utc> {
    now.checked_sub_months(Months::new(months)).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// What somebody wants to do in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Read what is not for everybody: retired services, proposals, history.
    ReadInternal,
    /// Add, describe, retire a service.
    Describe,
    /// Confirm that what stands there is so.
    Review,
    /// Bring up another SLA profile.
    ProposeSla,
    /// Set the SLA profile, or decide on one that was brought up.
    SetSla,
    /// Bring up that a service is critical, or no longer, and take that back.
    ProposeCritical,
    /// Determine or refuse what was brought up.
    DecideCritical,
    /// Let a decided profile apply to open tickets too.
    ApplyToOpen,
}

/// The one table of rights in the catalogue: may `actor` do `act` to a service of `agency`? Deny by default.
pub fn may(actor: &Actor, act: Act, agency: &str) -> bool {
    let limited = actor.only_agency.as_ref().is_some_and(|only| only != agency);
    if !actor.account.active || (limited && act != Act::ReadInternal) {
        return false;
    }
    (act == Act::ReadInternal || actor.scope == Scope::Write)
        && actor.grants.iter().any(|grant| allows(grant, act, agency))
}

fn allows(grant: &Grant, act: Act, agency: &str) -> bool {
    let own = grant.agency.as_deref() == Some(agency);
    match grant.role {
        _ if act == Act::ReadInternal => true,
        // SUMUT 51(2): the ICT office determines; SUMUT 51(3): it does not set another office's SLA.
        _ if grant.is_of_ict_office() => matches!(act, Act::Describe | Act::DecideCritical | Act::ApplyToOpen),
        Role::Tier1Agent | Role::Tier2Unit => {
            own && matches!(act, Act::Describe | Act::Review | Act::ProposeSla | Act::ProposeCritical)
        }
        Role::ProcessOwner => own && act != Act::DecideCritical,
        Role::IctHead | Role::AgencyHead | Role::CoordinationTeam | Role::Auditor | Role::SystemAdmin => false,
    }
}

/// May `actor` see this service? A retired one is for the staff.
pub fn sees(actor: &Actor, service: &Service) -> bool {
    service.active || may(actor, Act::ReadInternal, &service.agency)
}

/// May `actor` decide on what `proposer` brought up? Nobody decides on his own.
pub const fn is_other_person(actor: &Actor, proposer: &Person) -> bool {
    actor.account.id != proposer.account
}

/// May `actor` add and change agencies?
pub fn may_change_agencies(actor: &Actor) -> bool {
    actor.account.active
        && actor.scope == Scope::Write
        && actor.only_agency.is_none()
        && (actor.holds(Role::SystemAdmin) || actor.grants.iter().any(Grant::is_of_ict_office))
}
