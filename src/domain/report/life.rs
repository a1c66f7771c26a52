//! The life of a report: drawn up, remarked on, submitted, received; re-issued as a new edition.

use crate::domain::people::{Actor, Grant, Role, Scope};
use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};

words! {
    /// Where a report stands.
    pub enum ReportState {
        /// Drawn up; its agency may write remarks.
        Draft = "draft",
        /// Handed in.
        Submitted = "submitted",
        /// The office above has it.
        Received = "received",
    }
}

words! {
    /// What somebody may do to a report.
    pub enum ReportAct {
        /// Write obstacles and recommendations.
        Remark = "remark",
        /// Hand it in.
        Submit = "submit",
        /// Confirm that it has come.
        Receive = "receive",
        /// Draw it up again, with a reason.
        Reissue = "reissue",
    }
}

/// A report, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Key inside the database.
    pub id: i64,
    /// Counts the changes; a writer that saw an older one is refused.
    pub version: i64,
    /// `LAP-2026-10-DINKES`; of the whole region `LAP-2026-10`.
    pub code: String,
    /// Code of the agency; empty for the whole region.
    pub agency: String,
    /// First local day of the period.
    pub period_from: NaiveDate,
    /// First local day after it.
    pub period_to: NaiveDate,
    /// Last local day on which it is in time.
    pub due_on: NaiveDate,
    /// Late from this instant on. UTC.
    pub due_at: DateTime<Utc>,
    /// Where it stands.
    pub state: ReportState,
    /// The edition that counts, from 1.
    pub edition: i64,
    /// What stood in the way, in the agency's words.
    pub obstacles: String,
    /// What the agency recommends.
    pub recommendations: String,
    /// When it was drawn up first. UTC.
    pub drawn_at: DateTime<Utc>,
    /// When it was handed in. UTC.
    pub submitted_at: Option<DateTime<Utc>>,
    /// By whom; `None` when the clock did it.
    pub submitted_by: Option<i64>,
    /// When the office above confirmed it. UTC.
    pub received_at: Option<DateTime<Utc>>,
    /// Who confirmed it.
    pub received_by: Option<i64>,
    /// The due day ended without it; stays so.
    pub late: bool,
}

/// An edition of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// From 1.
    pub edition: i64,
    /// JSON of [`crate::domain::report::content::Content`]: exactly these bytes were hashed.
    pub content: String,
    /// SHA-256 of the content.
    pub digest: String,
    /// Why it was drawn up again; empty for the first.
    pub reason: String,
    /// When. UTC.
    pub at: DateTime<Utc>,
    /// By whom; `None`: the clock.
    pub account_id: Option<i64>,
    /// Code by which anybody may check it, once it was handed in.
    pub authenticity: Option<String>,
}

impl ReportState {
    /// The table of allowed changes. `by_clock`: nobody of the agency has handed it in.
    pub const fn allows(self, act: ReportAct, by_clock: bool) -> bool {
        match act {
            // What the clock handed in still waits for its agency.
            ReportAct::Remark | ReportAct::Submit => {
                matches!(self, Self::Draft) || (matches!(self, Self::Submitted) && by_clock)
            }
            ReportAct::Receive => matches!(self, Self::Submitted),
            ReportAct::Reissue => !matches!(self, Self::Draft),
        }
    }
}

impl Report {
    /// It was handed in by the clock, and nobody of the agency has confirmed it since.
    pub fn is_by_clock(&self) -> bool {
        self.submitted_at.is_some() && self.submitted_by.is_none()
    }

    /// It may change in this way where it stands.
    pub fn allows(&self, act: ReportAct) -> bool {
        self.state.allows(act, self.is_by_clock())
    }

    /// About the whole region.
    pub fn is_regional(&self) -> bool {
        self.agency.is_empty()
    }
}

/// First day of the period of `months` months that `today` lies in, and the first day after it. Periods begin with the
/// calendar year.
pub fn period(today: NaiveDate, months: u32) -> Option<(NaiveDate, NaiveDate)> {
    let months = months.max(1);
    let from = NaiveDate::from_ymd_opt(today.year(), today.month0() / months * months + 1, 1)?;
    Some((from, from.checked_add_months(Months::new(months))?))
}

/// Number of the report about the period that begins on `from`.
pub fn code(from: NaiveDate, agency: &str) -> String {
    let month = from.format("%Y-%m");
    if agency.is_empty() { format!("LAP-{month}") } else { format!("LAP-{month}-{agency}") }
}

/// May `actor` see the report of this agency (empty: of the region)? Deny by default.
pub fn may_see(actor: &Actor, agency: &str) -> bool {
    actor.account.active
        && actor.only_agency.as_ref().is_none_or(|only| only == agency)
        && actor.grants.iter().any(|grant| match grant.role {
            Role::IctHead | Role::CoordinationTeam | Role::Auditor => true,
            Role::Tier1Agent | Role::Tier2Unit | Role::AgencyHead | Role::ProcessOwner => {
                grant.agency.as_deref().is_none_or(|mine| mine == agency)
            }
            Role::SystemAdmin => false,
        })
}

/// The table of rights: may `actor` do `act` to the report of this agency (empty: of the region)?
pub fn may(actor: &Actor, act: ReportAct, agency: &str) -> bool {
    actor.scope == Scope::Write
        && may_see(actor, agency)
        && actor.grants.iter().any(|grant| match act {
            ReportAct::Remark | ReportAct::Submit | ReportAct::Reissue => answers_for(grant, agency),
            ReportAct::Receive if agency.is_empty() => {
                matches!(grant.role, Role::CoordinationTeam | Role::IctHead)
            }
            ReportAct::Receive => grant.is_of_ict_office(),
        })
}

fn answers_for(grant: &Grant, agency: &str) -> bool {
    let head = grant.role == Role::AgencyHead && grant.agency.as_deref() == Some(agency);
    grant.is_of_ict_office() || (!agency.is_empty() && (grant.is_staff_of(agency) || head))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::Account;
    use crate::domain::ticket::Channel;

    fn actor(role: Role, agency: Option<&str>) -> Actor {
        let account = Account { id: 1, email: "a@b".to_owned(), name: "A".to_owned(), nip: None, active: true };
        let grants = vec![Grant { role, agency: agency.map(str::to_owned) }];
        Actor { account, grants, scope: Scope::Write, only_agency: None, via: Channel::Web }
    }

    #[test]
    fn an_agency_hands_in_its_own_report_and_the_office_receives_it() {
        let own = actor(Role::Tier1Agent, Some("BKD"));
        assert!(may(&own, ReportAct::Submit, "BKD") && !may(&own, ReportAct::Submit, "DINKES"));
        assert!(!may(&own, ReportAct::Receive, "BKD") && !may_see(&own, "") && !may_see(&own, "DINKES"));
        let office = actor(Role::Tier2Unit, None);
        assert!(may(&office, ReportAct::Receive, "BKD") && may(&office, ReportAct::Submit, ""));
        assert!(!may(&office, ReportAct::Receive, ""), "nobody confirms what he handed up himself");
        assert!(may(&actor(Role::CoordinationTeam, None), ReportAct::Receive, ""));
        assert!(
            may_see(&actor(Role::Auditor, None), "BKD") && !may(&actor(Role::Auditor, None), ReportAct::Submit, "BKD")
        );
        assert!(!may_see(&actor(Role::SystemAdmin, None), "BKD"));
    }

    #[test]
    fn what_the_clock_handed_in_still_waits_for_its_agency() {
        assert!(ReportState::Submitted.allows(ReportAct::Submit, true));
        assert!(!ReportState::Submitted.allows(ReportAct::Submit, false));
        assert!(!ReportState::Received.allows(ReportAct::Submit, true));
        assert!(
            !ReportState::Draft.allows(ReportAct::Receive, false)
                && !ReportState::Draft.allows(ReportAct::Reissue, false)
        );
    }
}
