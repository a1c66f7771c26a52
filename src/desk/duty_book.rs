//! What the pack says of duties, in the words of the register.
//!
//! The only place of the register that reads the pack: a changed pack is read anew at the next use.

use crate::desk::Desk;
use crate::domain::duty::{Duty, DutyStage, DutyState, Office};
use crate::domain::duty_rule::{Rhythm, Rule, Term, beginning_of, day_of, late_from, reminders};
use crate::policy::Calendar;
use crate::policy::duty::{Duty as Written, DutyOffice, Every};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use std::sync::Arc;

/// The rules of the pack and what is needed to reckon with them.
pub(super) struct Book {
    pub rules: Vec<Rule>,
    pub zone: Tz,
    /// `id@n` of the pack.
    pub version: String,
    /// Changes with any value of the pack.
    pub fingerprint: String,
    /// Whose working days count; none: every day.
    calendar: Option<Arc<Calendar>>,
}

/// An entry before it is made.
pub(super) struct Draft {
    pub code: String,
    pub office: Office,
    pub agency: String,
    pub what: String,
    pub term: Term,
    pub cause: String,
    pub sanctionable: bool,
    pub source: Option<String>,
    pub remind_days: u32,
    pub note: Option<String>,
}

impl Desk {
    pub(super) fn duty_book(&self) -> Book {
        let pack = self.pack();
        Book {
            rules: pack.duties.iter().filter_map(|written| rule(written, pack.law.as_deref())).collect(),
            zone: pack.zone,
            version: pack.version.clone(),
            fingerprint: pack.fingerprint.clone(),
            calendar: pack.lifecycle_calendar().cloned(),
        }
    }
}

/// A duty as the pack writes it; `None` when it does not say when it is owed, which no checked pack does.
fn rule(written: &Written, law: Option<&str>) -> Option<Rule> {
    let rhythm = match (&written.every, &written.on, &written.before) {
        (Some(Every::Month), ..) => Rhythm::Month,
        (Some(Every::Quarter), ..) => Rhythm::Quarter,
        (Some(Every::CalendarYear), ..) => Rhythm::Year,
        (Some(Every::TwoYears), ..) => Rhythm::TwoYears,
        (None, Some(_), _) => Rhythm::OnChange,
        (None, None, Some(code)) => {
            Rhythm::Before { code: code.clone(), lead_months: written.lead.map_or(1, |lead| lead.months) }
        }
        (None, None, None) => return None,
    };
    Some(Rule {
        code: written.code.clone(),
        what: written.what.clone(),
        rhythm,
        office: match written.office {
            DutyOffice::Agency => Office::Agency,
            DutyOffice::Ict => Office::Ict,
            DutyOffice::Board => Office::Board,
        },
        due: written.due.map(|due| (due.month, due.day)),
        // A pack without a law has defaults only, whatever it calls their source.
        source: law.map(|law| format!("{law} {}", written.source)),
        sanctionable: written.sanctionable && law.is_some(),
        remind_days: written.remind_days,
    })
}

impl Book {
    /// The rule with a code.
    pub fn rule(&self, code: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.code == code)
    }

    /// The local day of an instant.
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        day_of(at, self.zone)
    }

    /// The next instant after `at` at which a term begins.
    pub fn next_opening(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let today = self.day(at);
        let next = self.rules.iter().filter_map(|rule| rule.next_beginning(today)).min();
        // Without rules nothing opens; looking again once a year costs nothing.
        next.map_or(at + Duration::days(366), |date| beginning_of(date, self.zone))
    }

    /// What a rule asks of an office for a term.
    pub fn draft(&self, rule: &Rule, agency: &str, term: Term, cause: &str) -> Draft {
        Draft {
            code: rule.code.clone(),
            office: rule.office,
            agency: agency.to_owned(),
            what: rule.what.clone(),
            term,
            cause: cause.to_owned(),
            sanctionable: rule.sanctionable,
            source: rule.source.clone(),
            remind_days: rule.remind_days,
            note: None,
        }
    }

    /// The entry of a draft at `now`, without a key yet.
    pub fn entry(&self, draft: Draft, now: DateTime<Utc>) -> Duty {
        let term = draft.term;
        Duty {
            id: 0,
            version: 1,
            code: draft.code,
            office: draft.office,
            agency: draft.agency,
            what: draft.what,
            period_from: term.from,
            period_to: term.to,
            cause: draft.cause,
            due_on: term.due_on,
            due_at: late_from(term.due_on, self.zone),
            remind_at: reminders(term.due_on, draft.remind_days, |date| self.opening(date)).first,
            cycle: 1,
            state: DutyState::Open,
            sanctionable: draft.sanctionable,
            source: draft.source,
            pack: self.version.clone(),
            planned_on: None,
            done_at: None,
            done_by: None,
            evidence: None,
            evidence_url: None,
            note: draft.note,
            opened_at: now,
        }
    }

    /// Moves the due day of an entry; its reminders begin a new round.
    pub fn move_due(&self, duty: &mut Duty, due_on: NaiveDate, now: DateTime<Utc>) {
        let remind_days = self.rule(&duty.code).map_or(0, |rule| rule.remind_days);
        duty.due_on = due_on;
        duty.due_at = late_from(due_on, self.zone);
        duty.remind_at = reminders(due_on, remind_days, |date| self.opening(date)).first;
        duty.cycle += 1;
        duty.state = duty.owed_at(now);
    }

    /// What the clock will do with an entry that is owed at `now`. Of reminders that should have gone out before it was
    /// entered only the last does, and none once it is late.
    pub fn stages(&self, duty: &Duty, now: DateTime<Utc>) -> Vec<(DutyStage, DateTime<Utc>)> {
        let last = reminders(duty.due_on, 0, |date| self.opening(date)).last;
        let reminding = [(DutyStage::Reminder, duty.remind_at), (DutyStage::LastReminder, last)];
        let mut stages: Vec<_> = reminding.into_iter().filter_map(|(stage, at)| Some((stage, at?))).collect();
        while stages.len() > 1 && stages[1].1 <= now {
            stages.remove(0);
        }
        if duty.due_at <= now {
            stages.clear();
        }
        stages.push((DutyStage::Overdue, duty.due_at));
        stages
    }

    /// The instant at which a working day opens; `None` for other days.
    fn opening(&self, date: NaiveDate) -> Option<DateTime<Utc>> {
        let begins = beginning_of(date, self.zone);
        match &self.calendar {
            Some(calendar) => {
                calendar.closing_of(date)?;
                calendar.next_opening(begins).ok()
            }
            None => Some(begins),
        }
    }
}
