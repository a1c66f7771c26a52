//! Days off that are decreed while the desk runs: known from a date on, recorded, never rewritten.

use crate::desk::written::required_all;
use crate::desk::{Desk, chain, editions};
use crate::domain::event::ActorLabel;
use crate::domain::people::{Actor, Grant, Role, Scope};
use crate::error::{Error, FieldError, Result, Say};
use crate::policy::week::Holiday;
use crate::store;
use crate::store::rules::Amendment;
use chrono::{Days, NaiveDate};
use serde_json::json;

/// How far from today a day may lie that is decreed, in days.
const HORIZON: u64 = 3 * 366;

/// What a day may become. Local days off stand in the pack.
pub const KINDS: [&str; 3] = ["holiday", "joint_leave", "working_day"];

/// A day off, or a day taken back, as somebody enters it.
#[derive(Debug, Clone)]
pub struct Decreed {
    /// The local day.
    pub day: NaiveDate,
    /// From the beginning of which local day it is known; today when left out.
    pub since: Option<NaiveDate>,
    /// What it becomes: `holiday`, `joint_leave` or `working_day`.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// Where it was decreed: kind, number and date of the document.
    pub decree: String,
}

impl Desk {
    /// Enters a decreed day. Open deadlines are computed again when it becomes known; the old ones stay in the
    /// history of each ticket.
    ///
    /// # Errors
    /// `Denied` to all but the ICT office and the system's administrator; `Invalid` with every bad field; `Conflict`
    /// when that day was decreed on the same day before.
    pub async fn decree_day(&self, actor: &Actor, decreed: Decreed) -> Result<Holiday> {
        if !may_decree(actor) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let (amendment, day) = self.amendment(actor, &decreed)?;
        // A calendar without working time is refused before anything is written.
        self.with_and_without(&day)?;
        let mut tx = self.db.write().await?;
        if !store::rules::amend(&mut tx, &amendment).await? {
            return Err(Error::conflict(Say::new("error-day-decreed")));
        }
        let payload = json!({
            "day": amendment.day, "since": amendment.since, "kind": amendment.kind, "name": amendment.name,
            "decree": amendment.decree,
        });
        let label = ActorLabel::user(actor.account.id);
        chain::note(&mut tx, "calendar", "days", self.now(), label, "decreed", payload).await?;
        editions::bump(&mut tx).await?;
        tx.commit().await?;
        self.refresh_rules().await?;
        self.apply_calendar().await?;
        self.wake();
        Ok(day)
    }

    /// Days decreed after the pack was written, with the name of whoever entered each, newest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn decreed_days(&self) -> Result<Vec<(Holiday, String)>> {
        let mut tx = self.db.read().await?;
        let mut days = Vec::new();
        for amendment in store::rules::amendments(&mut tx).await? {
            let who = store::people::by_id(&mut tx, amendment.account_id).await?;
            days.push((editions::day_off(&amendment)?, who.map(|person| person.name).unwrap_or_default()));
        }
        days.reverse();
        Ok(days)
    }

    pub(super) fn amendment(&self, actor: &Actor, decreed: &Decreed) -> Result<(Amendment, Holiday)> {
        let today = self.now().with_timezone(&self.pack().zone).date_naive();
        let since = decreed.since.unwrap_or(today);
        let texts = required_all(&[("name", &decreed.name, 200), ("decree", &decreed.decree, 200)]);
        let mut problems = match &texts {
            Err(Error::Invalid(problems)) => problems.clone(),
            _ => Vec::new(),
        };
        let far = |day: NaiveDate| day > today + Days::new(HORIZON) || day < today - Days::new(HORIZON);
        for (field, key, is_bad) in [
            ("day", "field-day-far", far(decreed.day)),
            // What was promised yesterday was promised by what was known yesterday.
            ("since", "field-day-since", since < today || far(since)),
            ("kind", "field-day-kind", !KINDS.contains(&decreed.kind.as_str())),
        ] {
            if is_bad {
                problems.push(FieldError { field, say: Say::new(key) });
            }
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let mut texts = texts?;
        let decree = texts.pop().unwrap_or_default();
        let name = texts.pop().unwrap_or_default();
        let amendment = Amendment {
            id: 0,
            day: decreed.day.to_string(),
            since: since.to_string(),
            kind: decreed.kind.clone(),
            name,
            decree,
            account_id: actor.account.id,
            at: self.now(),
        };
        let day = editions::day_off(&amendment)?;
        Ok((amendment, day))
    }
}

/// May `actor` enter a decreed day: the ICT office, and who runs the installation?
pub fn may_decree(actor: &Actor) -> bool {
    let office = actor.holds(Role::SystemAdmin) || actor.grants.iter().any(Grant::is_of_ict_office);
    office && actor.scope == Scope::Write
}
