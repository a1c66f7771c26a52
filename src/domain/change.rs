//! How a change is planned, approved and carried out (OKI 38, KRA 36, BWI 26): the part of its own of a ticket of the
//! kind change. Pure.

use crate::domain::people::{Actor, Grant, Role};
use chrono::{DateTime, Utc};
use serde::Serialize;

words! {
    /// What may go wrong, as the planner sees it.
    pub enum ChangeRisk { Low = "low", Medium = "medium", High = "high" }
}

words! {
    /// Where the approval stands.
    pub enum Approval {
        /// Nobody was asked.
        None = "none",
        /// Somebody has not answered yet.
        Asked = "asked",
        Approved = "approved",
        Refused = "refused",
        /// It follows a standard change, which is approved beforehand.
        Standard = "standard",
    }
}

words! {
    /// What one of those who approve said.
    pub enum Vote { Approved = "approved", Refused = "refused" }
}

words! {
    /// How a change ended.
    pub enum ChangeOutcome {
        Successful = "successful",
        RolledBack = "rolled_back",
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

/// The record of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeRecord {
    /// Key of the ticket; never shown.
    #[serde(skip)]
    pub ticket_id: i64,
    /// Code of the standard change of the pack it follows.
    pub template: Option<String>,
    /// Code of a phase of the pack.
    pub phase: String,
    /// What may go wrong.
    pub risk: ChangeRisk,
    /// Who notices what.
    pub impact: String,
    /// What is done.
    pub plan: String,
    /// How it is taken back.
    pub rollback: String,
    /// Codes of the services it touches.
    pub services: Vec<String>,
    /// The planned window. UTC.
    pub starts_at: Option<DateTime<Utc>>,
    /// Its end. UTC.
    pub ends_at: Option<DateTime<Utc>>,
    /// Where the approval stands.
    pub approval: Approval,
    /// Counts the times it was put before those who approve.
    pub round: i64,
    /// Who put it before them last.
    pub asked_by: Option<i64>,
    /// Public name of the maintenance its window became.
    pub maintenance: Option<String>,
    /// How it ended.
    pub outcome: Option<ChangeOutcome>,
    /// When. UTC.
    pub ended_at: Option<DateTime<Utc>>,
    /// The last change of the record. UTC.
    pub updated_at: DateTime<Utc>,
}

/// One who was asked to approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ballot {
    /// Key of his account.
    pub account_id: i64,
    /// What he said; none while he has not.
    pub decision: Option<Vote>,
    /// Why.
    pub reason: String,
    /// When. UTC.
    pub decided_at: Option<DateTime<Utc>>,
}

/// What was done in a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeStep {
    /// When it began. UTC.
    pub at: DateTime<Utc>,
    /// Code of the phase that began.
    pub phase: String,
    /// What was done before.
    pub note: String,
    /// Who said so.
    pub account_id: i64,
}

impl ChangeRecord {
    /// The record of a change nobody has planned yet.
    pub fn blank(ticket_id: i64, phase: &str, at: DateTime<Utc>) -> Self {
        Self {
            ticket_id,
            template: None,
            phase: phase.to_owned(),
            risk: ChangeRisk::Medium,
            impact: String::new(),
            plan: String::new(),
            rollback: String::new(),
            services: Vec::new(),
            starts_at: None,
            ends_at: None,
            approval: Approval::None,
            round: 0,
            asked_by: None,
            maintenance: None,
            outcome: None,
            ended_at: None,
            updated_at: at,
        }
    }

    /// May what needs the approval begin?
    pub const fn is_cleared(&self) -> bool {
        matches!(self.approval, Approval::Approved | Approval::Standard)
    }
}

/// Where the approval stands after these answers: one refusal refuses, the last approval approves.
pub fn verdict(ballots: &[Ballot]) -> Approval {
    let said = |vote: Vote| ballots.iter().filter(|ballot| ballot.decision == Some(vote)).count();
    if said(Vote::Refused) > 0 {
        Approval::Refused
    } else if !ballots.is_empty() && said(Vote::Approved) == ballots.len() {
        Approval::Approved
    } else {
        Approval::Asked
    }
}

/// Can somebody with these roles be asked to approve changes of an agency? Who answers for it, or coordinates all.
pub fn can_approve(grants: &[Grant], agency: &str) -> bool {
    grants.iter().any(|grant| match grant.role {
        Role::IctHead | Role::CoordinationTeam => true,
        Role::Tier2Unit | Role::AgencyHead | Role::ProcessOwner => {
            grant.agency.as_deref().is_none_or(|mine| mine == agency)
        }
        Role::Tier1Agent | Role::Auditor | Role::SystemAdmin => false,
    })
}

/// Is the approval more than the word of those who want the change: one of those asked is neither of them?
pub fn has_outsider(asked: &[i64], wants: &[i64]) -> bool {
    asked.iter().any(|account| !wants.contains(account))
}

/// Sees the records of problems and changes at all.
pub fn sees_records(actor: &Actor) -> bool {
    actor.account.active && actor.grants.iter().any(|grant| grant.role != Role::SystemAdmin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ballot(account_id: i64, decision: Option<Vote>) -> Ballot {
        Ballot { account_id, decision, reason: String::new(), decided_at: None }
    }

    #[test]
    fn all_must_approve_and_one_refusal_is_enough() {
        let (yes, no) = (Some(Vote::Approved), Some(Vote::Refused));
        assert_eq!(verdict(&[]), Approval::Asked);
        assert_eq!(verdict(&[ballot(1, yes), ballot(2, None)]), Approval::Asked);
        assert_eq!(verdict(&[ballot(1, yes), ballot(2, yes)]), Approval::Approved);
        assert_eq!(verdict(&[ballot(1, no), ballot(2, None)]), Approval::Refused);
    }

    #[test]
    fn nobody_approves_his_own_change_alone() {
        assert!(!has_outsider(&[1], &[1, 2]) && !has_outsider(&[], &[1]));
        assert!(has_outsider(&[1, 3], &[1, 2]));
    }
}
