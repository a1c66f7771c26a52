//! What the API takes and answers about the service catalogue.

use crate::api::choice::{self, Choice};
use crate::api::tickets::refuse;
use crate::desk::Desk;
use crate::desk::description::Wanted;
use crate::desk::paper::Paper;
use crate::domain::catalogue::{
    Category, Decision, Document, Entry, Part, Person, Proposal, RaciLine, RaciRole, Safeguard, SlaRecord,
};
use crate::error::Error;
use chrono::{DateTime, Utc};
use poem_openapi::Object;
use std::collections::BTreeMap;

/// A page of the catalogue.
#[derive(Debug, Object)]
pub struct ServicePage {
    pub items: Vec<ServiceJson>,
    pub next_cursor: Option<String>,
}

/// A service with everything the catalogue says of it.
#[derive(Debug, Object)]
pub struct ServiceJson {
    pub code: String,
    pub name: String,
    /// The owner.
    pub agency: String,
    pub category: String,
    /// SLA profile of new tickets: while the service is critical, that of the determination.
    pub profile: String,
    /// The profile its process owner has set.
    pub sla_profile: String,
    /// Determined by the ICT office.
    pub critical: bool,
    pub active: bool,
    /// Words by which reporters name it.
    pub keywords: Vec<String>,
    pub parts: Parts,
    pub completeness: Completeness,
    /// Public addresses and hosts.
    pub endpoints: Vec<String>,
    pub hours: String,
    /// Calendar of its support, by its name in the pack.
    pub calendar: Option<String>,
    pub raci: Vec<RaciJson>,
    pub contingency: Contingency,
    /// When its owner last said that all of this is so.
    pub reviewed_at: Option<DateTime<Utc>>,
    /// That was too long ago, or never.
    pub stale: bool,
    pub version: i64,
}

/// The six parts of a service definition (SUMUT 52(4)). In a change: left out stays, an empty text is taken out.
#[derive(Debug, Default, Object)]
#[oai(deny_unknown_fields)]
pub struct Parts {
    pub definition: Option<String>,
    pub policy: Option<String>,
    pub incident_handling: Option<String>,
    pub request_handling: Option<String>,
    pub customer_relationship: Option<String>,
    pub service_level: Option<String>,
}

/// How many of the parts have a text.
#[derive(Debug, Object)]
pub struct Completeness {
    pub filled: usize,
    pub of: usize,
    pub missing: Vec<String>,
}

/// Safeguards of a critical service (SUMUT 45(2)b) with the date of their last proof, `YYYY-MM-DD`. In a change: left
/// out stays, an empty text is taken out.
#[derive(Debug, Default, Object)]
#[oai(deny_unknown_fields)]
pub struct Contingency {
    pub standby_system: Option<String>,
    pub vulnerability_assessment: Option<String>,
    pub tested_plan: Option<String>,
}

/// One line of the RACI table.
#[derive(Debug, Object)]
pub struct RaciJson {
    /// `R`, `A`, `C` or `I`.
    pub role: String,
    pub who: String,
}

/// What is to stand in the catalogue; what is left out stays.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct ServiceBody {
    /// Only for a new service: lower-case letters, digits and hyphens, fixed for good.
    pub code: Option<String>,
    pub name: Option<String>,
    pub agency: Option<String>,
    pub category: Option<Choice<Category>>,
    pub keywords: Option<Vec<String>>,
    pub parts: Option<Parts>,
    pub endpoints: Option<Vec<String>>,
    pub hours: Option<String>,
    /// An empty name takes it out.
    pub calendar: Option<String>,
    pub raci: Option<Vec<RaciBody>>,
    pub contingency: Option<Contingency>,
    pub version: Option<i64>,
}

/// One line of the RACI table.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct RaciBody {
    pub role: Choice<RaciRole>,
    #[oai(default)]
    pub who: String,
}

/// A person in a record.
#[derive(Debug, Object)]
pub struct PersonJson {
    pub name: String,
    pub email: String,
}

/// The paper behind a decision.
#[derive(Debug, Object)]
pub struct DocumentJson {
    pub number: String,
    /// `YYYY-MM-DD`.
    pub date: String,
}

/// How something proposed was decided.
#[derive(Debug, Object)]
pub struct DecisionJson {
    pub by: PersonJson,
    pub at: DateTime<Utc>,
    pub reason: Option<String>,
}

/// A record about the SLA profile of a service.
#[derive(Debug, Object)]
pub struct SlaRecordJson {
    pub id: i64,
    pub service: String,
    pub profile: String,
    /// `proposed`, `approved` or `rejected`.
    pub state: String,
    pub reason: String,
    pub proposed_by: PersonJson,
    pub proposed_at: DateTime<Utc>,
    pub decision: Option<DecisionJson>,
    pub document: Option<DocumentJson>,
}

/// Records about an SLA profile, newest first; no further page.
#[derive(Debug, Object)]
pub struct SlaPage {
    pub items: Vec<SlaRecordJson>,
    pub next_cursor: Option<String>,
}

/// A proposal about the critical status.
#[derive(Debug, Object)]
pub struct ProposalJson {
    pub id: i64,
    pub service: String,
    /// `determine` or `revoke`.
    pub kind: String,
    /// `proposed`, `determined`, `rejected` or `withdrawn`.
    pub state: String,
    pub reason: String,
    pub evidence: String,
    pub proposed_by: PersonJson,
    pub proposed_at: DateTime<Utc>,
    pub decision: Option<DecisionJson>,
    pub document: Option<DocumentJson>,
    pub instrument: Option<String>,
    /// Profile of new tickets from the determination on.
    pub profile: Option<String>,
}

/// A page of proposals, newest first.
#[derive(Debug, Object)]
pub struct ProposalPage {
    pub items: Vec<ProposalJson>,
    pub next_cursor: Option<String>,
}

impl ServiceJson {
    /// A service as JSON.
    pub fn new(desk: &Desk, entry: Entry) -> Self {
        let stale = desk.is_stale(&entry);
        let missing: Vec<String> = entry.missing().iter().map(ToString::to_string).collect();
        let part = |part: Part| entry.parts.get(&part).cloned();
        let date = |safeguard: Safeguard| entry.safeguards.get(&safeguard).map(ToString::to_string);
        Self {
            parts: Parts {
                definition: part(Part::Definition),
                policy: part(Part::Policy),
                incident_handling: part(Part::IncidentHandling),
                request_handling: part(Part::RequestHandling),
                customer_relationship: part(Part::CustomerRelationship),
                service_level: part(Part::ServiceLevel),
            },
            completeness: Completeness { filled: Part::ALL.len() - missing.len(), of: Part::ALL.len(), missing },
            contingency: Contingency {
                standby_system: date(Safeguard::StandbySystem),
                vulnerability_assessment: date(Safeguard::VulnerabilityAssessment),
                tested_plan: date(Safeguard::TestedPlan),
            },
            raci: entry
                .raci
                .iter()
                .map(|line| RaciJson { role: line.role.to_string(), who: line.who.clone() })
                .collect(),
            code: entry.service.code,
            name: entry.service.name,
            agency: entry.service.agency,
            category: entry.category.to_string(),
            profile: entry.service.profile,
            sla_profile: entry.sla_profile,
            critical: entry.service.critical,
            active: entry.service.active,
            keywords: entry.service.keywords,
            endpoints: entry.endpoints,
            hours: entry.hours,
            calendar: entry.calendar,
            reviewed_at: entry.reviewed_at,
            stale,
            version: entry.version,
        }
    }
}

impl ServiceBody {
    /// What is wanted, with every bad word at once.
    pub fn wanted(self) -> Result<Wanted, Error> {
        let mut problems = Vec::new();
        let category = choice::read(self.category, "category", &mut problems);
        let raci = self.raci.map(|lines| {
            let line = |line: RaciBody| Some(RaciLine { role: line.role.read("raci", &mut problems)?, who: line.who });
            lines.into_iter().filter_map(line).collect()
        });
        refuse(problems)?;
        let parts = self.parts.unwrap_or_default();
        let parts = [
            (Part::Definition, parts.definition),
            (Part::Policy, parts.policy),
            (Part::IncidentHandling, parts.incident_handling),
            (Part::RequestHandling, parts.request_handling),
            (Part::CustomerRelationship, parts.customer_relationship),
            (Part::ServiceLevel, parts.service_level),
        ];
        let dates = self.contingency.unwrap_or_default();
        let dates = [
            (Safeguard::StandbySystem, dates.standby_system),
            (Safeguard::VulnerabilityAssessment, dates.vulnerability_assessment),
            (Safeguard::TestedPlan, dates.tested_plan),
        ];
        Ok(Wanted {
            name: self.name,
            agency: self.agency,
            category,
            keywords: self.keywords,
            parts: given(parts),
            endpoints: self.endpoints,
            hours: self.hours,
            calendar: self.calendar,
            raci,
            safeguards: given(dates),
        })
    }
}

fn given<K: Ord, const N: usize>(fields: [(K, Option<String>); N]) -> BTreeMap<K, String> {
    fields.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}

/// Number and date of a paper as a body gives them.
pub fn paper(number: Option<String>, date: Option<String>) -> Paper {
    Paper { number: number.unwrap_or_default(), date: date.unwrap_or_default() }
}

impl SlaRecordJson {
    /// A record as JSON.
    pub fn new(record: SlaRecord) -> Self {
        Self {
            id: record.id,
            service: record.service,
            profile: record.profile,
            state: record.state.to_string(),
            reason: record.reason,
            proposed_by: person(record.proposed_by),
            proposed_at: record.proposed_at,
            decision: record.decision.map(decision),
            document: record.document.map(document),
        }
    }
}

impl ProposalJson {
    /// A proposal as JSON.
    pub fn new(proposal: Proposal) -> Self {
        Self {
            id: proposal.id,
            service: proposal.service,
            kind: proposal.kind.to_string(),
            state: proposal.state.to_string(),
            reason: proposal.reason,
            evidence: proposal.evidence,
            proposed_by: person(proposal.proposed_by),
            proposed_at: proposal.proposed_at,
            decision: proposal.decision.map(decision),
            document: proposal.document.map(document),
            instrument: proposal.instrument,
            profile: proposal.profile,
        }
    }
}

fn person(person: Person) -> PersonJson {
    PersonJson { name: person.name, email: person.email }
}

fn decision(decision: Decision) -> DecisionJson {
    DecisionJson { by: person(decision.by), at: decision.at, reason: decision.reason }
}

fn document(document: Document) -> DocumentJson {
    DocumentJson { number: document.number, date: document.date.to_string() }
}
