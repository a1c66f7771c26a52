//! What the records of the catalogue have in common: the paper behind them, the profile they give, who signs.

use crate::desk::Desk;
use crate::desk::written::required;
use crate::domain::catalogue::{Decision, Document, Person};
use crate::domain::people::Actor;
use crate::error::{Error, FieldError, Result, Say};
use chrono::{DateTime, Utc};

/// Number and date of a paper as people write them.
#[derive(Debug, Clone, Default, Hash)]
pub struct Paper {
    /// Its number.
    pub number: String,
    /// Its local date, `YYYY-MM-DD`.
    pub date: String,
}

impl Paper {
    /// Nothing was written.
    pub fn is_empty(&self) -> bool {
        self.number.trim().is_empty() && self.date.trim().is_empty()
    }

    /// The paper, checked.
    ///
    /// # Errors
    /// `Invalid` with both fields.
    pub(super) fn read(&self) -> Result<Document> {
        let mut problems = Vec::new();
        let number = match required("document_number", &self.number, 200) {
            Ok(number) => number,
            Err(Error::Invalid(bad)) => {
                problems.extend(bad);
                String::new()
            }
            Err(other) => return Err(other),
        };
        match self.date.trim().parse() {
            Ok(date) if problems.is_empty() => Ok(Document { number, date }),
            Ok(_) => Err(Error::Invalid(problems)),
            Err(_) => {
                problems.push(FieldError { field: "date", say: Say::new("field-date") });
                Err(Error::Invalid(problems))
            }
        }
    }
}

impl Desk {
    /// Names of the pack's SLA profiles.
    pub fn profile_names(&self) -> Vec<String> {
        self.pack().written_profiles().map(|profile| profile.name.clone()).collect()
    }

    /// Names of the pack's calendars.
    pub fn calendar_names(&self) -> Vec<String> {
        self.pack().calendars.keys().cloned().collect()
    }

    /// A calendar that a form names: the name as it is kept, nothing for an empty one. One that the pack lacks is noted among
    /// the problems.
    pub(super) fn named_calendar(&self, name: &str, problems: &mut Vec<FieldError>) -> Option<String> {
        let name = Some(name.trim()).filter(|name| !name.is_empty())?;
        if self.pack().calendar(name).is_none() {
            let known = self.calendar_names().join(", ");
            problems.push(FieldError { field: "calendar", say: Say::new("field-unknown-word").with("known", known) });
        }
        Some(name.to_owned())
    }

    /// A profile of the pack by its name.
    ///
    /// # Errors
    /// `Invalid` when the pack has none of this name.
    pub(super) fn known_profile(&self, name: &str) -> Result<String> {
        let name = name.trim();
        if self.pack().profile(name).is_ok() {
            return Ok(name.to_owned());
        }
        let known = self.profile_names().join(", ");
        Err(Error::field("profile", Say::new("field-unknown-word").with("known", known)))
    }
}

/// The actor as a record names him.
pub(super) fn person(actor: &Actor) -> Person {
    let account = &actor.account;
    Person { account: account.id, name: account.name.clone(), email: account.email.clone() }
}

/// The actor's decision at an instant.
pub(super) fn decision(actor: &Actor, at: DateTime<Utc>, reason: Option<String>) -> Option<Decision> {
    Some(Decision { by: person(actor), at, reason })
}
