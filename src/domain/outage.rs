//! Outages and planned maintenance as they are recorded, and who may record them. Pure.

use crate::domain::availability::{Availability, Span};
use crate::domain::people::{Actor, Grant, Role, Scope};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

words! {
    /// How bad it is (UX.md S1).
    pub enum Severity {
        /// Nobody can use the service.
        Total = "total",
        /// Some cannot, or not all of it; counts as downtime like `Total`.
        Partial = "partial",
        /// It is slow; no downtime.
        Degraded = "degraded",
    }
}

words! {
    /// Whose failure it is.
    pub enum OutageCause {
        Own = "own",
        /// The network of a third party; counted or not as the pack says, and always labelled.
        ThirdPartyNetwork = "third_party_network",
    }
}

words! {
    /// Who noticed it.
    pub enum OutageOrigin { Manual = "manual", Monitor = "monitor" }
}

/// Time in which a service could not be used as agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outage {
    /// Its key.
    pub id: i64,
    /// Code of the service.
    pub service: String,
    /// UTC.
    pub started_at: DateTime<Utc>,
    /// UTC; it still lasts when there is none.
    pub ended_at: Option<DateTime<Utc>>,
    /// How bad it is.
    pub severity: Severity,
    /// Whose failure it is.
    pub cause: OutageCause,
    /// Who noticed it.
    pub origin: OutageOrigin,
    /// What is known about it.
    pub note: String,
    /// Number of the ticket it is worked on in.
    pub ticket: Option<String>,
    /// The monitor that noticed it.
    pub monitor_id: Option<i64>,
    /// Who entered it by hand.
    pub recorded_by: Option<i64>,
    /// UTC.
    pub recorded_at: DateTime<Utc>,
    /// Recorded by mistake; counts no more. UTC.
    pub voided_at: Option<DateTime<Utc>>,
    /// Why.
    pub void_reason: Option<String>,
    /// Counts the changes; a writer that saw an older one is refused.
    pub version: i64,
}

impl Outage {
    /// Does it count as downtime?
    pub const fn is_downtime(&self) -> bool {
        self.voided_at.is_none() && !matches!(self.severity, Severity::Degraded)
    }

    /// The time it took; one that lasts goes on until `now`.
    pub fn span(&self, now: DateTime<Utc>) -> Option<Span> {
        Span::new(self.started_at, self.ended_at.unwrap_or(now))
    }

    /// It still lasts.
    pub const fn is_open(&self) -> bool {
        self.ended_at.is_none() && self.voided_at.is_none()
    }
}

/// Planned maintenance of one or several services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Maintenance {
    /// Its key.
    #[serde(skip)]
    pub id: i64,
    /// Public name, `PML-2026-0004`.
    pub code: String,
    /// Codes of the services.
    pub services: Vec<String>,
    /// What is done, in one line.
    pub title: String,
    /// What users notice.
    pub message: String,
    /// UTC.
    pub starts_at: DateTime<Utc>,
    /// UTC.
    pub ends_at: DateTime<Utc>,
    /// When this window was announced. UTC.
    pub announced_at: DateTime<Utc>,
    /// Beginning of the part that does not count as downtime. UTC.
    pub excused_from: Option<DateTime<Utc>>,
    /// End of that part. UTC.
    pub excused_to: Option<DateTime<Utc>>,
    /// Called off, or ended early. UTC.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Why.
    pub cancel_reason: Option<String>,
    /// Who announced it.
    pub created_by: i64,
    /// Counts the changes; a writer that saw an older one is refused.
    pub version: i64,
}

words! {
    /// Where a maintenance stands.
    pub enum MaintenanceState {
        Planned = "planned",
        Running = "running",
        Done = "done",
        Cancelled = "cancelled",
    }
}

impl Maintenance {
    /// The part that does not count as downtime.
    pub fn excused(&self) -> Option<Span> {
        Span::new(self.excused_from?, self.excused_to?)
    }

    /// Sets that part.
    pub fn excuse(&mut self, part: Option<Span>) {
        (self.excused_from, self.excused_to) = (part.map(Span::from), part.map(Span::to));
    }

    /// It was announced too late for the whole of it not to count as downtime.
    pub fn is_late(&self) -> bool {
        self.excused() != Span::new(self.starts_at, self.ends_at)
    }

    /// Nothing of it happens: it was called off before it began.
    pub fn is_called_off(&self) -> bool {
        self.cancelled_at.is_some_and(|at| at <= self.starts_at)
    }

    /// Where it stands.
    pub fn state(&self, now: DateTime<Utc>) -> MaintenanceState {
        if self.is_called_off() {
            MaintenanceState::Cancelled
        } else if self.ends_at <= now {
            MaintenanceState::Done
        } else if self.starts_at <= now {
            MaintenanceState::Running
        } else {
            MaintenanceState::Planned
        }
    }
}

/// One local day of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The local day.
    pub date: NaiveDate,
    /// Its figure.
    pub figures: Availability,
    /// The worst that happened in it, also outside the agreed hours.
    pub worst: Option<Severity>,
}

/// May `actor` record outages, announce maintenance and set up monitors for services of `agency`? The second line and
/// the ICT office may, and those who answer for the agency's services.
pub fn may_record(actor: &Actor, agency: &str) -> bool {
    let own = |grant: &Grant| grant.agency.as_deref() == Some(agency);
    let speaks = actor.grants.iter().any(|grant| match grant.role {
        Role::Tier1Agent | Role::Tier2Unit | Role::IctHead => grant.agency.is_none() || own(grant),
        Role::ProcessOwner => own(grant),
        _ => false,
    });
    let within = actor.only_agency.as_ref().is_none_or(|only| only == agency);
    actor.account.active && actor.scope == Scope::Write && within && speaks
}

/// May `actor` set the availability promised for services of `agency`? Its process owner may (SUMUT 51(3), 51(4)b).
pub fn may_promise(actor: &Actor, agency: &str) -> bool {
    let owns = |grant: &Grant| grant.role == Role::ProcessOwner && grant.agency.as_deref() == Some(agency);
    let within = actor.only_agency.as_ref().is_none_or(|only| only == agency);
    actor.account.active && actor.scope == Scope::Write && within && actor.grants.iter().any(owns)
}
