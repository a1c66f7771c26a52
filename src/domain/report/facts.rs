//! What is known of a period of one agency, or of the whole region.

use crate::domain::ticket::{Channel, Kind, Priority};
use chrono::{DateTime, NaiveDate, Utc};

/// A stretch of time, half open. UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub to: DateTime<Utc>,
}

/// How a ticket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With a solution.
    Solved,
    /// Without one: the requester stayed silent.
    Silent,
    /// It was the same matter as another one, which goes on.
    Merged,
}

/// Where a ticket stood at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It did not exist yet.
    Nowhere,
    /// Owed to its requester.
    Open,
    /// Over, since when and how.
    Over(End, DateTime<Utc>),
}

/// A ticket as the report reads it. Instants are UTC, spans of time counted seconds of the ticket's own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketFact {
    /// Key inside the database.
    pub id: i64,
    /// Code of the agency that answers for it.
    pub agency: String,
    /// Code of the service concerned, if known.
    pub service: Option<String>,
    /// Kind of user service.
    pub kind: Kind,
    /// The way it came in.
    pub channel: Channel,
    /// How urgent.
    pub priority: Priority,
    /// When it was received.
    pub opened_at: DateTime<Utc>,
    /// When and how it ended last; `None` while it is open.
    pub ended: Option<(DateTime<Utc>, End)>,
    /// From a solution to the reopening after it, in order.
    pub gaps: Vec<Span>,
    /// Stretches in which its clock stood still for the requester or for a third party; the last may last.
    pub pauses: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>,
    /// Until when the first answer was promised.
    pub response_due: Option<DateTime<Utc>>,
    /// When the first answer was given.
    pub responded_at: Option<DateTime<Utc>>,
    /// The due instant of the solution that passed unmet.
    pub breached_at: Option<DateTime<Utc>>,
    /// The line that held it then.
    pub breached_tier: Option<i64>,
    /// When it was handed to the second line first.
    pub escalated_at: Option<DateTime<Utc>>,
    /// Public messages of the staff.
    pub answers: i64,
    /// What was measured on its clock, as far as the report needs it.
    pub measured: Measured,
}

/// Counted seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    /// From the receipt to the first answer.
    pub response: Option<i64>,
    /// From the receipt to the solution, pauses left out.
    pub resolution: Option<i64>,
    /// In which the clock stood still before the solution.
    pub paused: i64,
    /// Beyond what was promised.
    pub over: Option<i64>,
    /// From the receipt to the hand-over.
    pub hand_over: Option<i64>,
    /// Working days an open ticket is old, begun ones left out.
    pub age_days: Option<i64>,
    /// Seconds promised for the solution.
    pub target: Option<i64>,
}

/// A late or broken promise with the words that are shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachFact {
    /// Number of the ticket.
    pub number: String,
    /// What those who solved it said the cause was.
    pub cause: Option<String>,
}

/// An entry of the duty register that fell due in the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyFact {
    /// What was owed.
    pub what: String,
    /// By which agency; empty for the coordination team.
    pub agency: String,
    /// Last day on which it was in time.
    pub due_on: NaiveDate,
    /// Its state, in the words of the register.
    pub state: String,
    /// When it was fulfilled.
    pub done_at: Option<DateTime<Utc>>,
    /// It was fulfilled after its due day.
    pub is_late: bool,
}

/// How a service could be used. Seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFact {
    /// Code of the service.
    pub service: String,
    /// Name of the service.
    pub name: String,
    /// Determined critical.
    pub critical: bool,
    /// Agreed service time, exclusions taken off.
    pub agreed: i64,
    /// Left out for maintenance announced in time.
    pub planned: i64,
    /// Closed under an order: no disruption, but not there for its users either.
    pub by_order: i64,
    /// Disrupted.
    pub downtime: i64,
    /// How many disruptions.
    pub outages: i64,
    /// Mean length of a disruption.
    pub mttr: Option<i64>,
    /// Hundredths of a percent that must be reached.
    pub target: i64,
    /// It was reached; `None` without agreed time.
    pub is_met: Option<bool>,
    /// Days on which anything happened, in order.
    pub days: Vec<DayFact>,
}

/// A local day of a service on which something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayFact {
    /// The day.
    pub date: NaiveDate,
    /// The worst of it, in a word.
    pub level: &'static str,
    /// Downtime.
    pub downtime: i64,
}

/// A warning case as the report names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFact {
    /// Code of the case.
    pub code: String,
    /// Name of the service.
    pub service: String,
    /// Where the case stands, in the words of the cases.
    pub state: String,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// How it ended, once it has.
    pub outcome: Option<String>,
    /// Code of its last order to close, and where that stands.
    pub order: Option<(String, String)>,
}

/// A value the report is judged by, with the law it stands in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ruled {
    /// In the unit of the figure.
    pub value: i64,
    /// Where it is written; empty: a default nobody has decreed.
    pub basis: String,
}

/// Values of the pack that the report is judged by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rulebook {
    /// Share of answers and solutions that should be in time, in hundredths of a percent.
    pub sla_target: Ruled,
    /// Share of its agreed time a service should be there, in hundredths of a percent.
    pub availability_target: Ruled,
    /// Seconds before its beginning that maintenance is announced to be left out.
    pub notice: Ruled,
    /// Day of the next month on which the report is due.
    pub due_day: Ruled,
}

/// All that is known of the period of one agency.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The period.
    pub span: Span,
    /// What it is judged by.
    pub rules: Rulebook,
    /// Tickets that were open in it or began or ended in it.
    pub tickets: Vec<&'a TicketFact>,
    /// Breaches by the key of their ticket.
    pub breaches: &'a std::collections::BTreeMap<i64, BreachFact>,
    /// Names of services by code.
    pub services: &'a std::collections::BTreeMap<String, String>,
    /// Names of agencies by code; empty in the report of one agency.
    pub agencies: &'a std::collections::BTreeMap<String, String>,
    /// Scores of one to five, one for each rated ticket.
    pub ratings: Vec<i64>,
    /// Questions put to others about tickets.
    pub consultations: i64,
    /// Duties due in the period.
    pub duties: Vec<DutyFact>,
    /// Services whose availability is measured.
    pub availability: Vec<ServiceFact>,
    /// Known errors, where a register of problems is kept.
    pub known_errors: Option<i64>,
    /// Articles added and articles used.
    pub articles: (i64, i64),
    /// Cyber incidents; `None` where no register is kept.
    pub security_incidents: Option<i64>,
    /// Warning cases opened or running.
    pub cases: Vec<CaseFact>,
    /// Tickets received and solved in the months before, oldest first, the period itself last.
    pub months: Vec<(NaiveDate, Month)>,
    /// Received by local weekday (Monday first) and hour.
    pub hours: [[i64; 24]; 7],
}

/// A month in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Month {
    /// Received.
    pub received: i64,
    /// Solved.
    pub resolved: i64,
    /// Of those in time.
    pub in_time: i64,
}

impl Span {
    /// Does the instant lie in it?
    pub fn has(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && at < self.to
    }
}

impl TicketFact {
    /// Where it stood just before `at`: what happens at that instant belongs to what comes after it.
    pub fn place(&self, at: DateTime<Utc>) -> Place {
        if self.opened_at >= at {
            return Place::Nowhere;
        }
        if let Some(gap) = self.gaps.iter().find(|gap| gap.from < at && gap.to >= at) {
            return Place::Over(End::Solved, gap.from);
        }
        match self.ended {
            Some((ended, how)) if ended < at => Place::Over(how, ended),
            _ => Place::Open,
        }
    }

    /// When it was solved, if its last solution before the end of `span` lies in it and stood.
    pub fn solved_in(&self, span: &Span) -> Option<DateTime<Utc>> {
        match self.place(span.to) {
            Place::Over(End::Solved, at) if at >= span.from => Some(at),
            _ => None,
        }
    }

    /// The solution at `at` kept what was promised.
    pub fn kept(&self, at: DateTime<Utc>) -> bool {
        self.breached_at.is_none_or(|due| due >= at)
    }

    /// It was opened again in the span.
    pub fn reopened_in(&self, span: &Span) -> bool {
        self.gaps.iter().any(|gap| span.has(gap.to))
    }

    /// Seconds from `from` to `to` in which its clock stood still, by the wall clock.
    pub fn stood_still(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
        let over = |pause: &(DateTime<Utc>, Option<DateTime<Utc>>)| {
            let end = pause.1.unwrap_or(to).min(to);
            (end - pause.0.max(from)).num_seconds().max(0)
        };
        self.pauses.iter().map(over).sum()
    }
}
