//! Adding and changing agencies, and what hangs on each. How one ends stands in `agency_end`.

use crate::desk::catalogue::denied;
use crate::desk::once::Repeat;
use crate::desk::written::required;
use crate::desk::{Desk, chain, once};
use crate::domain::agency::{AgencyEntry, AgencyKind, is_loop};
use crate::domain::catalogue::may_change_agencies;
use crate::domain::event::{ActorLabel, Event};
use crate::domain::people::Actor;
use crate::domain::service::{Agency, is_agency_code};
use crate::error::{Error, FieldError, Result, Say};
use crate::mail::parse::clean;
use crate::store::agencies::Weight;
use crate::store::{self, Tx};
use serde_json::{Value, json};

/// Kind of the stream of an agency's history.
const STREAM: &str = "agency";

/// Longest full name, in characters.
const LONGEST_NAME: usize = 200;
/// Longest short name, in characters.
const LONGEST_SHORT: usize = 40;
/// Longest address, in characters.
const LONGEST_ADDRESS: usize = 500;

/// What is to be changed of an agency; `None` stays, an empty text takes out.
#[derive(Debug, Clone, Default, Hash)]
pub struct WantedAgency {
    /// Full name.
    pub name: Option<String>,
    /// Mail to this address reaches its desk.
    pub email: Option<String>,
    /// Still exists.
    pub active: Option<bool>,
    /// What people say instead of the full name.
    pub short_name: Option<String>,
    /// What sort of office it is.
    pub kind: Option<AgencyKind>,
    /// Where it is.
    pub address: Option<String>,
    /// Calendar of the pack for new services that name none.
    pub calendar: Option<String>,
    /// Code of the agency it is a part of.
    pub parent: Option<String>,
}

impl Desk {
    /// Agencies with what hangs on each, in the order of their codes.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agency_book(&self) -> Result<Vec<(AgencyEntry, Weight)>> {
        let mut tx = self.db.read().await?;
        let entries = store::agencies::entries(&mut tx).await?;
        let weights = store::agencies::weights(&mut tx).await?;
        Ok(entries.into_iter().zip(weights).collect())
    }

    /// What happened to an agency, newest first.
    ///
    /// # Errors
    /// `Denied` for those who are not of the staff.
    pub async fn agency_events(&self, actor: &Actor, code: &str) -> Result<Vec<Event>> {
        if !actor.is_staff() {
            return Err(denied());
        }
        let mut tx = self.db.read().await?;
        let mut events = store::events::of_stream(&mut tx, &format!("{STREAM}:{code}"), 0, i64::MAX).await?;
        events.reverse();
        Ok(events)
    }

    /// Adds an agency.
    ///
    /// # Errors
    /// `Denied`, `Invalid` with what is to be mended, `Conflict` when the code is taken.
    pub async fn add_agency(
        &self,
        actor: &Actor,
        code: &str,
        wanted: &WantedAgency,
        key: Option<&str>,
    ) -> Result<AgencyEntry> {
        if !may_change_agencies(actor) {
            return Err(denied());
        }
        let code = code.trim().to_uppercase();
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, &code).await?;
        let request = once::fingerprint(&("add agency", &code, wanted));
        if let Repeat::Answered(code) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            let entry = find(&mut tx, &code).await?;
            tx.commit().await?;
            return Ok(entry);
        }
        let all = store::agencies::entries(&mut tx).await?;
        if all.iter().any(|entry| entry.agency.code == code) {
            return Err(Error::conflict(Say::new("error-agency-exists")));
        }
        let mut problems = Vec::new();
        if !is_agency_code(&code) {
            problems.push(FieldError { field: "code", say: Say::new("field-agency-code") });
        }
        let mut entry = AgencyEntry::bare(Agency { code, name: String::new(), email: None, active: true });
        let wanted = WantedAgency { name: Some(wanted.name.clone().unwrap_or_default()), ..wanted.clone() };
        problems.extend(self.fill(&all, &mut entry, &wanted)?);
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        self.keep_agency(&mut tx, actor, &entry, "agency_added", json!(entry)).await?;
        once::answer(&mut tx, actor, key, &entry.agency.code).await?;
        tx.commit().await?;
        Ok(entry)
    }

    /// Changes an agency. `version` is the one the caller has seen.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Invalid` with every bad field; `Conflict` when the version is old, or it may not end.
    pub async fn change_agency(
        &self,
        actor: &Actor,
        code: &str,
        version: Option<i64>,
        wanted: &WantedAgency,
    ) -> Result<AgencyEntry> {
        let (mut tx, before) = self.agency_turn(actor, code, version).await?;
        let all = store::agencies::entries(&mut tx).await?;
        let mut entry = before.clone();
        let problems = self.fill(&all, &mut entry, wanted)?;
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        if wanted.active == Some(false) && before.agency.active {
            self.refuse_needed(&mut tx, code).await?;
            entry.retired_at = Some(self.now());
        }
        if wanted.active == Some(true) {
            (entry.retired_at, entry.successor) = (None, None);
        }
        entry.agency.active = wanted.active.unwrap_or(before.agency.active);
        if entry != before {
            entry.version += 1;
            self.keep_agency(&mut tx, actor, &entry, "agency_changed", changes(&before, &entry)).await?;
        }
        tx.commit().await?;
        Ok(entry)
    }

    /// Takes the turn to change an agency, when the actor may.
    pub(super) async fn agency_turn(
        &self,
        actor: &Actor,
        code: &str,
        version: Option<i64>,
    ) -> Result<(Tx, AgencyEntry)> {
        if !may_change_agencies(actor) {
            return Err(denied());
        }
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, code).await?;
        let entry = find(&mut tx, code).await?;
        if version.is_some_and(|seen| seen != entry.version) {
            return Err(Error::Conflict { say: Say::new("error-agency-stale"), version: Some(entry.version) });
        }
        Ok((tx, entry))
    }

    /// Saves an agency with the event that tells of it.
    pub(super) async fn keep_agency(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        entry: &AgencyEntry,
        kind: &'static str,
        facts: Value,
    ) -> Result<()> {
        store::services::save_agency(tx, &entry.agency).await?;
        store::agencies::save_entry(tx, entry).await?;
        let label = ActorLabel::user(actor.account.id);
        chain::note(tx, STREAM, &entry.agency.code, self.now(), label, kind, facts).await
    }

    /// Puts what is wanted into an entry; gives every bad field.
    fn fill(&self, all: &[AgencyEntry], entry: &mut AgencyEntry, wanted: &WantedAgency) -> Result<Vec<FieldError>> {
        let mut problems = Vec::new();
        if let Some(name) = &wanted.name {
            match required("name", name, LONGEST_NAME) {
                Ok(name) => entry.agency.name = name.replace(['\n', '\t'], " "),
                Err(Error::Invalid(bad)) => problems.extend(bad),
                Err(other) => return Err(other),
            }
        }
        if let Some(email) = &wanted.email {
            entry.agency.email = Some(email.trim().to_lowercase()).filter(|email| !email.is_empty());
            problems.extend(self.bad_address(all, entry));
        }
        let mut bounded = |field: &'static str, text: &str, longest: usize| {
            let text = clean(text).trim().to_owned();
            if text.chars().count() > longest {
                problems.push(FieldError { field, say: Say::new("field-too-long").with("longest", longest) });
            }
            text
        };
        if let Some(name) = &wanted.short_name {
            entry.short_name = bounded("short_name", name, LONGEST_SHORT).replace(['\n', '\t'], " ");
        }
        if let Some(address) = &wanted.address {
            entry.address = bounded("address", address, LONGEST_ADDRESS);
        }
        entry.kind = wanted.kind.unwrap_or(entry.kind);
        if let Some(name) = &wanted.calendar {
            entry.calendar = self.named_calendar(name, &mut problems);
        }
        if let Some(parent) = wanted.parent.as_deref().map(str::trim) {
            entry.parent = Some(parent.to_owned()).filter(|code| !code.is_empty());
            let is_known = all.iter().any(|other| other.agency.code == parent && other.agency.active);
            if !parent.is_empty() && (!is_known || is_loop(all, &entry.agency.code, parent)) {
                problems.push(FieldError { field: "parent", say: Say::new("field-agency-parent") });
            }
        }
        Ok(problems)
    }

    fn bad_address(&self, all: &[AgencyEntry], entry: &AgencyEntry) -> Option<FieldError> {
        let email = entry.agency.email.as_ref()?;
        let key = if email.parse::<lettre::Address>().is_err() {
            "field-email"
        } else if self.composer.is_desk(email) {
            // Mail to the desk's own address belongs to no agency.
            "field-agency-desk-address"
        } else if all.iter().any(|it| it.agency.code != entry.agency.code && it.agency.email.as_ref() == Some(email)) {
            "field-email-taken"
        } else {
            return None;
        };
        Some(FieldError { field: "email", say: Say::new(key) })
    }
}

/// The agency with a code.
pub(super) async fn find(tx: &mut Tx, code: &str) -> Result<AgencyEntry> {
    let all = store::agencies::entries(tx).await?;
    all.into_iter().find(|entry| entry.agency.code == code).ok_or(Error::NotFound("agency"))
}

/// What a change has made different, each with what stood there before.
pub(super) fn changes(before: &AgencyEntry, after: &AgencyEntry) -> Value {
    let (Value::Object(before), Value::Object(after)) = (json!(before), json!(after)) else { return Value::Null };
    let differs = |(name, value): (&String, &Value)| {
        let old = before.get(name).cloned().unwrap_or_default();
        (old != *value && name != "version").then(|| (name.clone(), json!({"from": old, "to": value})))
    };
    json!({"changes": after.iter().filter_map(differs).collect::<serde_json::Map<_, _>>()})
}
