//! What the pack says of the warning procedure, in the words of a case.
//!
//! The only place of the procedure that reads the pack: a changed pack is read anew at the next use.

use crate::desk::Desk;
use crate::domain::duty::Duty;
use crate::domain::duty_rule::{beginning_of, day_of, reminders};
use crate::domain::ticket::{Language, Priority};
use crate::domain::warning::{Case, CaseCause, CaseMode, TermStage};
use crate::error::{Error, Result};
use crate::policy::deadline::Duration;
use crate::policy::measures::{Effect, OWNER, SanctionMode, SanctionScope, TriggerScope, Warning};
use crate::policy::{Calendar, NoWorkingTime, Pack};
use crate::text;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use std::sync::Arc;

/// Aspect of a service level whose miss opens a case; any other opens none.
const RESOLUTION: &str = "resolution_time";

/// The procedure of this region.
pub(super) struct Procedure {
    pack: Arc<Pack>,
}

/// A letter of the ladder, or a proposal: what stands in it and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// Its place, from 1.
    pub place: i64,
    /// What it is called.
    pub kind: String,
    /// Who signs it; empty: the law names nobody.
    pub signer: String,
    /// To whom it goes.
    pub addressee: String,
    /// Who gets a copy; [`OWNER`] stands for the head of the agency that must repair.
    pub copies: Vec<String>,
    /// What it orders.
    pub orders: Option<String>,
    /// Until when an order lasts.
    pub until: String,
    /// What its receipt sets in motion.
    pub effect: Effect,
}

impl Rung {
    /// Who gets a copy, as people read it.
    pub fn copies_said(&self) -> Vec<String> {
        let said = |name: &String| match name.as_str() {
            OWNER => text::word(Language::Indonesian, "case-owner-head"),
            name => name.to_owned(),
        };
        self.copies.iter().map(said).collect()
    }
}

impl Desk {
    /// Does this region have a warning procedure at all? Without one there is no page, no button and no case.
    pub fn has_procedure(&self) -> bool {
        let pack = self.pack();
        pack.warning.is_some() || pack.sanction_mode == SanctionMode::ProposalOnly
    }

    /// The procedure.
    ///
    /// # Errors
    /// `NotFound` in a region that has none.
    pub(super) fn procedure(&self) -> Result<Procedure> {
        if self.has_procedure() { Ok(Procedure { pack: self.pack() }) } else { Err(Error::NotFound("warning-cases")) }
    }
}

impl Procedure {
    /// Version of the pack, `id@n`.
    pub fn version(&self) -> String {
        self.pack.version.clone()
    }

    /// Local year of an instant.
    pub fn year(&self, at: DateTime<Utc>) -> i32 {
        day_of(at, self.pack.zone).year()
    }

    /// Where it is written that a missed service level is followed by letters.
    pub fn basis(&self) -> Option<String> {
        self.basis_of("warning.trigger")
    }

    /// Where the values at and below a path of the pack are written.
    pub fn basis_of(&self, path: &str) -> Option<String> {
        let is_below =
            |place: &str| place.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let value = self.pack.values().iter().find(|value| is_below(&value.path) && value.basis.is_some())?;
        value.basis.clone()
    }

    /// The article alone, without the name of the region's own regulation and without remarks: `Pasal 51 ayat (5)`.
    pub fn article(&self, source: Option<&str>) -> String {
        let source = source.unwrap_or_default();
        let rest = self.pack.law.as_deref().and_then(|law| source.strip_prefix(law)).unwrap_or(source);
        rest.split(';').next().unwrap_or_default().trim().to_owned()
    }

    /// Who signs the letters of the ladder, and who gets copies of them; nobody in a region without letters.
    pub fn partners(&self) -> (String, Vec<String>) {
        self.pack.warning.as_ref().map(|warning| (warning.signer.clone(), warning.cc.clone())).unwrap_or_default()
    }

    /// Does a missed resolution time of this priority count?
    pub fn counts(&self, is_critical: bool, priority: Priority) -> bool {
        self.pack.warning.as_ref().is_some_and(|warning| {
            let trigger = &warning.trigger;
            trigger.aspect == RESOLUTION
                && (trigger.scope == TriggerScope::All || is_critical)
                && trigger.priorities.contains(&priority)
        })
    }

    /// How many missed tickets of one month open a case, which priorities count (JSON text), and the begin of the local
    /// month in which `at` lies.
    pub fn threshold(&self, at: DateTime<Utc>) -> Option<(usize, String, DateTime<Utc>)> {
        let trigger = &self.pack.warning.as_ref()?.trigger;
        let first = day_of(at, self.pack.zone).with_day(1)?;
        let priorities = serde_json::to_string(&trigger.priorities).ok()?;
        Some((usize::try_from(trigger.tickets).ok()?, priorities, beginning_of(first, self.pack.zone)))
    }

    /// What the pack lets come of the neglect of a duty: nothing, unless the law provides for just this one.
    pub fn for_neglect(&self, duty: &Duty) -> Option<CaseMode> {
        let source = duty.source.as_deref().filter(|_| duty.sanctionable)?;
        match self.pack.sanction_mode {
            SanctionMode::None => None,
            SanctionMode::Letters => {
                self.pack.warning.as_ref()?.for_duty(&duty.code)?;
                Some(CaseMode::Letters)
            }
            SanctionMode::ProposalOnly => {
                let is_listed = self.pack.sanction_articles.iter().any(|article| source.contains(article.as_str()));
                let all = self.pack.sanction_scope != SanctionScope::ListedArticlesOnly;
                (is_listed || all).then_some(CaseMode::Proposal)
            }
        }
    }

    /// Every letter that can be written in a case, in order. `duty`: code of the duty it is about.
    pub fn ladder(&self, case: &Case, duty: Option<&str>) -> Vec<Rung> {
        match (case.course.mode, case.course.cause, &self.pack.warning) {
            (CaseMode::Proposal, ..) => self.proposals(),
            (_, CaseCause::Resolution, Some(warning)) => letters(warning),
            (_, CaseCause::Duty, Some(warning)) => duty.map_or_else(Vec::new, |duty| for_duty(warning, duty)),
            (.., None) => Vec::new(),
        }
    }

    /// The steps of the law's own sanctions, each as a proposal to the head of the region through the board's chair.
    fn proposals(&self) -> Vec<Rung> {
        let chain = &self.pack.report_chain;
        let steps = self.pack.sanctions.iter().map(|sanction| Rung {
            place: i64::from(sanction.step),
            kind: sanction.kind.clone(),
            signer: self.pack.roles.board.label.clone(),
            addressee: chain.last().cloned().unwrap_or_default(),
            copies: self.pack.roles.board.chair.iter().cloned().collect(),
            orders: None,
            until: String::new(),
            effect: Effect::Wait,
        });
        steps.collect()
    }

    /// Until when the dossier is owed.
    pub fn dossier_due(&self, from: DateTime<Utc>) -> Result<DateTime<Utc>> {
        self.working_days(from, self.pack.warning.as_ref().map_or(1, |warning| warning.dossier_days))
    }

    /// Until when a reported repair is to be verified.
    pub fn verify_due(&self, from: DateTime<Utc>) -> Result<DateTime<Utc>> {
        self.working_days(from, self.pack.warning.as_ref().map_or(1, |warning| warning.verify_days))
    }

    /// Closing time of the n-th working day after `from`.
    pub fn working_days(&self, from: DateTime<Utc>, days: u32) -> Result<DateTime<Utc>> {
        self.calendar()?.end_of_working_day(from, days).map_err(beyond)
    }

    /// The end of an order's time: hours are those of the clock, not of the office.
    pub fn order_due(&self, from: DateTime<Utc>, within: Duration) -> Result<DateTime<Utc>> {
        match within {
            Duration::Seconds(seconds) => Ok(from + TimeDelta::seconds(seconds)),
            Duration::WorkingDays(days) => self.working_days(from, days),
        }
    }

    /// What the clock does with a term that ends at `due` in office days, seen at `now`.
    pub fn stages(&self, due: DateTime<Utc>, now: DateTime<Utc>) -> Result<Vec<(TermStage, DateTime<Utc>)>> {
        let days = self.pack.warning.as_ref().map_or(0, |warning| warning.remind_days);
        let found = reminders(day_of(due, self.pack.zone), days, |date| self.opening(date));
        Ok(staged(found.first.or(found.last), due, now))
    }

    /// As [`Self::stages`], for the time in which an order must be carried out.
    pub fn order_stages(&self, due: DateTime<Utc>, now: DateTime<Utc>) -> Result<Vec<(TermStage, DateTime<Utc>)>> {
        let reminder = match self.pack.warning.as_ref().map(|warning| warning.remind_execution) {
            Some(Duration::Seconds(seconds)) => Some(due - TimeDelta::seconds(seconds)),
            Some(Duration::WorkingDays(_)) | None => None,
        };
        Ok(staged(reminder, due, now))
    }

    fn calendar(&self) -> Result<&Arc<Calendar>> {
        self.pack.lifecycle_calendar().ok_or_else(|| Error::internal("the pack has no calendar of working days"))
    }

    fn opening(&self, date: NaiveDate) -> Option<DateTime<Utc>> {
        let calendar = self.pack.lifecycle_calendar()?;
        calendar.closing_of(date)?;
        calendar.next_opening(beginning_of(date, self.pack.zone)).ok()
    }
}

/// A reminder that would have been due before it was known is left out.
fn staged(reminder: Option<DateTime<Utc>>, due: DateTime<Utc>, now: DateTime<Utc>) -> Vec<(TermStage, DateTime<Utc>)> {
    let reminder = reminder.filter(|at| *at > now && *at < due).map(|at| (TermStage::Reminder, at));
    reminder.into_iter().chain([(TermStage::Overdue, due)]).collect()
}

fn letters(warning: &Warning) -> Vec<Rung> {
    let rungs = (1..=warning.rungs()).filter_map(|place| warning.rung(place));
    let rung = |rung: crate::policy::measures::Rung| Rung {
        place: i64::from(rung.step),
        effect: rung.effect(),
        kind: rung.kind,
        signer: warning.signer.clone(),
        addressee: warning.addressee.clone(),
        copies: warning.cc.clone(),
        orders: rung.orders,
        until: warning.until.clone(),
    };
    rungs.map(rung).collect()
}

fn for_duty(warning: &Warning, duty: &str) -> Vec<Rung> {
    let Some(other) = warning.for_duty(duty) else { return Vec::new() };
    let rung = |(place, kind): (i64, &String)| Rung {
        place,
        kind: kind.clone(),
        signer: other.from.clone().unwrap_or_default(),
        addressee: other.to.clone(),
        copies: Vec::new(),
        orders: None,
        until: String::new(),
        effect: Effect::Wait,
    };
    (1..).zip(&other.kinds).map(rung).collect()
}

fn beyond(_: NoWorkingTime) -> Error {
    Error::internal("the calendar has no working day in twenty years")
}
