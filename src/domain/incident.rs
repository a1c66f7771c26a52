//! A running disruption that the public is told of, and who may tell. Pure.

use crate::domain::people::{Actor, Role, Scope};
use crate::domain::ticket::{Kind, Ticket};
use chrono::{DateTime, Utc};
use serde::Serialize;

words! {
    /// How far the desk is.
    pub enum Phase {
        Investigating = "investigating",
        Identified = "identified",
        Monitoring = "monitoring",
        Resolved = "resolved",
    }
}

impl Phase {
    /// Phases of an incident that runs.
    pub const RUNNING: [Self; 3] = [Self::Investigating, Self::Identified, Self::Monitoring];
}

/// A disruption as the public is told of it. It stands on a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// Key inside the database; never shown.
    #[serde(skip)]
    pub id: i64,
    /// Public name, `GGN-2026-0031`.
    pub code: String,
    /// Key of the ticket it stands on; never shown.
    #[serde(skip)]
    pub ticket_id: i64,
    /// Code of the service concerned, if known.
    pub service: Option<String>,
    /// What users notice, in one line.
    pub title: String,
    /// How far the desk is.
    pub phase: Phase,
    /// What was said last.
    pub message: String,
    /// When the public hears more. UTC.
    pub next_update_at: Option<DateTime<Utc>>,
    /// When it was announced. UTC.
    pub announced_at: DateTime<Utc>,
    /// When something was said last. UTC.
    pub updated_at: DateTime<Utc>,
    /// When it was over. UTC.
    pub ended_at: Option<DateTime<Utc>>,
    /// Counts the changes; a writer that saw an older one is refused.
    pub version: i64,
}

/// May `actor` tell the public about this ticket? The second line may, and the Administrator of the agency that answers
/// for the service.
pub fn may_announce(actor: &Actor, ticket: &Ticket) -> bool {
    let speaks = actor.grants.iter().any(|grant| match grant.role {
        Role::Tier2Unit => grant.agency.as_deref().is_none_or(|mine| mine == ticket.agency),
        Role::Tier1Agent => grant.agency.as_deref() == Some(ticket.agency.as_str()),
        _ => false,
    });
    let within = actor.only_agency.as_ref().is_none_or(|only| *only == ticket.agency);
    actor.account.active && actor.scope == Scope::Write && within && speaks
}

/// Can this ticket be announced: a disruption that is not over?
pub fn can_be_announced(ticket: &Ticket) -> bool {
    ticket.kind == Kind::Incident && !ticket.status.is_finished()
}
