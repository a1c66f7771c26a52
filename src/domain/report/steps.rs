//! The way of the region's report upwards: to whom, until when, sent, received.

use crate::domain::people::{Actor, Role, Scope};
use crate::domain::report::life::{Report, ReportState};
use chrono::{DateTime, NaiveDate, Utc};

words! {
    /// What somebody does about a step.
    pub enum StepAct {
        /// Says that the report went out.
        Send = "send",
        /// Says that it has come.
        Receive = "receive",
    }
}

words! {
    /// Where a step stands.
    pub enum StepState {
        /// What comes before it is not done.
        Waiting = "waiting",
        /// It may be sent.
        Ready = "ready",
        /// Its due day is over and it was not sent.
        Late = "late",
        /// Sent, not confirmed.
        Sent = "sent",
        /// It has come.
        Received = "received",
    }
}

/// One step upwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Key inside the database.
    pub id: i64,
    /// Key of the report.
    pub report_id: i64,
    /// From 1.
    pub place: i64,
    /// To whom.
    pub recipient: String,
    /// Where that is written; `None`: a default.
    pub basis: Option<String>,
    /// Last local day on which it is sent in time.
    pub due_on: NaiveDate,
    /// Late from this instant on. UTC.
    pub due_at: DateTime<Utc>,
    /// The edition that was sent last; 0 before.
    pub edition: i64,
    /// When it was sent. UTC.
    pub sent_at: Option<DateTime<Utc>>,
    /// By whom.
    pub sent_by: Option<i64>,
    /// By which letter or message.
    pub sent_note: String,
    /// When it came. UTC.
    pub received_at: Option<DateTime<Utc>>,
    /// Who said so.
    pub received_by: Option<i64>,
    /// What shows it.
    pub received_note: String,
    /// The due day ended before it was sent; stays so.
    pub late: bool,
}

impl Step {
    /// The edition that counts has come.
    fn is_done(&self, report: &Report) -> bool {
        self.received_at.is_some() && self.edition == report.edition
    }

    /// May this happen to the step? It goes through each office in turn; a new edition goes the way again.
    pub fn allows(&self, act: StepAct, report: &Report, steps: &[Self]) -> bool {
        match act {
            StepAct::Send => {
                let is_due = self.sent_at.is_none() || self.edition < report.edition;
                let before = steps.iter().filter(|step| step.place < self.place);
                report.state != ReportState::Draft && is_due && before.into_iter().all(|step| step.is_done(report))
            }
            StepAct::Receive => self.sent_at.is_some() && self.received_at.is_none(),
        }
    }

    /// Where it stands at `now`.
    pub fn state(&self, report: &Report, steps: &[Self], now: DateTime<Utc>) -> StepState {
        let goes_again = self.sent_at.is_some() && self.edition < report.edition;
        match (self.sent_at, self.received_at) {
            _ if goes_again && self.allows(StepAct::Send, report, steps) => StepState::Ready,
            _ if goes_again => StepState::Waiting,
            (_, Some(_)) => StepState::Received,
            (Some(_), None) => StepState::Sent,
            (None, None) if now >= self.due_at => StepState::Late,
            (None, None) if self.allows(StepAct::Send, report, steps) => StepState::Ready,
            (None, None) => StepState::Waiting,
        }
    }
}

/// The table of rights: the office for information technology and the coordination team send; that it has come says the
/// coordination team or the head of the office, who asked for it.
pub fn may(actor: &Actor, act: StepAct) -> bool {
    let is_free = actor.account.active && actor.scope == Scope::Write && actor.only_agency.is_none();
    is_free
        && actor.grants.iter().any(|grant| match act {
            StepAct::Send => grant.is_of_ict_office() || grant.role == Role::CoordinationTeam,
            StepAct::Receive => matches!(grant.role, Role::CoordinationTeam | Role::IctHead),
        })
}
