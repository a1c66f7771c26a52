//! Recurring obligations of agencies as the register holds them, and who may do what to them.
//!
//! A duty of the pack (LAN diagram, audit, …) becomes one [`Duty`] per term and agency. When terms begin and end
//! stands in [`crate::domain::duty_rule`].

use crate::domain::people::{Actor, Grant, Role, Scope, Visibility};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

words! {
    /// Where an entry of the register stands.
    pub enum DutyState {
        /// Owed, not yet due.
        Open = "open",
        /// Fulfilled, in time or late.
        Done = "done",
        /// Owed, and the due day is over.
        Overdue = "overdue",
        /// The ICT office or the coordination team has released the office from it, with a reason.
        Waived = "waived",
        /// Fallen away: the agency or the rule no longer exists.
        Void = "void",
    }
}

words! {
    /// Whose obligation it is.
    pub enum Office {
        /// Each agency for itself.
        Agency = "agency",
        /// The office for information technology.
        Ict = "ict",
        /// The coordination team.
        Board = "board",
    }
}

words! {
    /// What the clock does with an entry, in this order.
    pub enum DutyStage {
        /// The first reminder.
        Reminder = "reminder",
        /// The reminder on the last working day.
        LastReminder = "last_reminder",
        /// The due day is over.
        Overdue = "overdue",
    }
}

words! {
    /// What people do to an entry.
    pub enum DutyAct {
        /// Say that it is fulfilled, with evidence.
        Done = "done",
        /// Set the day on which it is planned.
        Plan = "plan",
        /// Release from it.
        Waive = "waive",
        /// Take back `done` or `waive`.
        Reopen = "reopen",
    }
}

/// Code of entries that come from no rule of the pack.
pub const ONE_OFF: &str = "one_off";

/// An entry of the register: one duty of one office for one term.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Duty {
    /// Key inside the database.
    pub id: i64,
    /// Grows with every change.
    pub version: i64,
    /// Code of the rule; [`ONE_OFF`] for what somebody entered by hand.
    pub code: String,
    /// Whose it is.
    pub office: Office,
    /// Code of the agency; empty for the coordination team, which is none.
    pub agency: String,
    /// What is owed, as the pack said when it was entered.
    pub what: String,
    /// First local day of the term.
    pub period_from: NaiveDate,
    /// First local day after the term.
    pub period_to: NaiveDate,
    /// What called for it: a ticket's number or a key of its own; empty when its term alone did.
    pub cause: String,
    /// The last local day on which it is in time.
    pub due_on: NaiveDate,
    /// The instant from which it is late: midnight after `due_on`. UTC.
    pub due_at: DateTime<Utc>,
    /// When the first reminder goes out. UTC.
    pub remind_at: Option<DateTime<Utc>>,
    /// Round of reminders: a due day that moves begins a new one.
    pub cycle: i64,
    /// Where it stands.
    pub state: DutyState,
    /// The law attaches a sanction to it.
    pub sanctionable: bool,
    /// Where it is written; `None`: a default, no law.
    pub source: Option<String>,
    /// Version of the pack it was entered under.
    pub pack: String,
    /// The local day for which its fulfilment is planned.
    pub planned_on: Option<NaiveDate>,
    /// When somebody said it is fulfilled. UTC.
    pub done_at: Option<DateTime<Utc>>,
    /// Account of whoever said so.
    pub done_by: Option<i64>,
    /// What shows it.
    pub evidence: Option<String>,
    /// Where that can be seen.
    pub evidence_url: Option<String>,
    /// Reason of the last waiver or reopening.
    pub note: Option<String>,
    /// When it was entered. UTC.
    pub opened_at: DateTime<Utc>,
}

impl DutyState {
    /// Still owed.
    pub const fn is_owed(self) -> bool {
        matches!(self, Self::Open | Self::Overdue)
    }

    /// The table of allowed changes.
    pub const fn allows(self, act: DutyAct) -> bool {
        match act {
            DutyAct::Done | DutyAct::Plan | DutyAct::Waive => self.is_owed(),
            DutyAct::Reopen => matches!(self, Self::Done | Self::Waived),
        }
    }
}

impl Duty {
    /// Fulfilled after its due day.
    pub fn is_late(&self) -> bool {
        self.done_at.is_some_and(|at| at >= self.due_at)
    }

    /// The state it has when it is owed at `now`.
    pub fn owed_at(&self, now: DateTime<Utc>) -> DutyState {
        if now >= self.due_at { DutyState::Overdue } else { DutyState::Open }
    }
}

/// May somebody who sees this much see the entry? The coordination team's own are seen by those who see all.
pub fn is_seen(seen: &Visibility, duty: &Duty) -> bool {
    (seen.all || seen.agencies.contains(&duty.agency))
        && seen.only_agency.as_ref().is_none_or(|only| *only == duty.agency)
}

/// The table of rights: may `actor` do `act` to the entry? Deny by default.
pub fn may(actor: &Actor, act: DutyAct, duty: &Duty) -> bool {
    can_write(actor, &duty.agency)
        && actor.grants.iter().any(|grant| match act {
            DutyAct::Done | DutyAct::Plan => answers_for(grant, duty.office, &duty.agency),
            DutyAct::Waive => releases(grant.role),
            // Whoever could not have released from it cannot take the release back.
            DutyAct::Reopen if duty.state == DutyState::Waived => releases(grant.role),
            DutyAct::Reopen => answers_for(grant, duty.office, &duty.agency) || releases(grant.role),
        })
}

/// May `actor` enter a change or something done once for `agency`?
pub fn may_enter(actor: &Actor, is_of_the_pack: bool, agency: &str) -> bool {
    can_write(actor, agency)
        // An agency reports its own changes; it sets nobody a duty, not even itself.
        && actor.grants.iter().any(|grant| grant.is_of_ict_office() || (is_of_the_pack && is_of(grant, agency)))
}

/// Where a role is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// For the agency that owes the duty.
    There,
    /// For the whole region.
    Everywhere,
}

/// Who is reminded of it and told that it is late. An agency's people may stand on either line.
pub const fn reminded(office: Office) -> &'static [(Role, Held)] {
    match office {
        Office::Agency => {
            &[(Role::Tier1Agent, Held::There), (Role::Tier2Unit, Held::There), (Role::AgencyHead, Held::There)]
        }
        Office::Ict => &[(Role::Tier2Unit, Held::Everywhere), (Role::IctHead, Held::Everywhere)],
        Office::Board => &[(Role::CoordinationTeam, Held::Everywhere)],
    }
}

/// Who else hears that it is late: the office that coordinates and watches the agencies (OKI 39(11)).
pub const fn warned(office: Office) -> &'static [(Role, Held)] {
    match office {
        Office::Agency => &[(Role::Tier2Unit, Held::Everywhere), (Role::IctHead, Held::Everywhere)],
        Office::Ict | Office::Board => &[],
    }
}

fn can_write(actor: &Actor, agency: &str) -> bool {
    actor.account.active && actor.scope == Scope::Write && actor.only_agency.as_ref().is_none_or(|only| *only == agency)
}

fn answers_for(grant: &Grant, office: Office, agency: &str) -> bool {
    match office {
        _ if grant.is_of_ict_office() => true,
        Office::Agency => is_of(grant, agency),
        Office::Board => grant.role == Role::CoordinationTeam,
        Office::Ict => false,
    }
}

fn is_of(grant: &Grant, agency: &str) -> bool {
    grant.is_staff_of(agency) || (grant.role == Role::AgencyHead && grant.agency.as_deref() == Some(agency))
}

const fn releases(role: Role) -> bool {
    matches!(role, Role::IctHead | Role::CoordinationTeam)
}
