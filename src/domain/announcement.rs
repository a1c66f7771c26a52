//! What the desk tells people apart from disruptions, who may tell it, and whom it reaches. Pure.

use crate::domain::people::{Actor, Grant, Role, Scope};
use chrono::{DateTime, Utc};
use serde::Serialize;

words! {
    /// How much it matters.
    pub enum Weight { Info = "info", Warning = "warning", Critical = "critical" }
}

words! {
    /// Who reads it.
    pub enum Audience {
        /// Everybody, on the first page and on those of services.
        Public = "public",
        /// The staff, on their home.
        Staff = "staff",
    }
}

words! {
    /// Where it stands at an instant.
    pub enum AnnouncementState { Planned = "planned", Running = "running", Over = "over", Withdrawn = "withdrawn" }
}

/// An announcement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Announcement {
    /// Key inside the database; never shown.
    #[serde(skip)]
    pub id: i64,
    /// Public name, `PGM-2026-0004`.
    pub code: String,
    /// Code of the agency it is about; none: the whole region.
    pub agency: Option<String>,
    /// Who reads it.
    pub audience: Audience,
    /// How much it matters.
    pub severity: Weight,
    /// In one line.
    pub title: String,
    /// In full.
    pub message: String,
    /// UTC.
    pub starts_at: DateTime<Utc>,
    /// UTC; none: until it is withdrawn.
    pub ends_at: Option<DateTime<Utc>>,
    /// When it was taken back. UTC.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Who wrote it first.
    pub created_by: i64,
    /// UTC.
    pub created_at: DateTime<Utc>,
    /// UTC.
    pub updated_at: DateTime<Utc>,
    /// Counts the changes; a writer that saw an older one is refused.
    pub version: i64,
}

impl Announcement {
    /// Where it stands.
    pub fn state(&self, now: DateTime<Utc>) -> AnnouncementState {
        if self.withdrawn_at.is_some() {
            AnnouncementState::Withdrawn
        } else if now < self.starts_at {
            AnnouncementState::Planned
        } else if self.ends_at.is_some_and(|end| end <= now) {
            AnnouncementState::Over
        } else {
            AnnouncementState::Running
        }
    }

    /// Is it for somebody who has to do with these agencies?
    pub fn concerns(&self, agencies: &[&str]) -> bool {
        self.agency.as_deref().is_none_or(|agency| agencies.contains(&agency))
    }
}

/// May `actor` tell something in the name of an agency, or of the whole region? Who works for it or heads it; the office
/// for information technology for all.
pub fn may_tell(actor: &Actor, agency: Option<&str>) -> bool {
    let speaks = |grant: &Grant| {
        let own = agency.is_some() && grant.agency.as_deref() == agency;
        match grant.role {
            Role::Tier1Agent | Role::Tier2Unit | Role::IctHead => grant.is_of_ict_office() || own,
            Role::AgencyHead | Role::ProcessOwner => own,
            Role::CoordinationTeam | Role::Auditor | Role::SystemAdmin => false,
        }
    };
    let within = actor.only_agency.as_ref().is_none_or(|only| Some(only.as_str()) == agency);
    actor.account.active && actor.scope == Scope::Write && within && actor.grants.iter().any(speaks)
}
