//! The service catalogue: reading it, adding and describing services, confirming and retiring them.

use crate::desk::description::{Wanted, changes, shape};
use crate::desk::once::Repeat;
use crate::desk::written::{LONGEST_REASON, required};
use crate::desk::{Desk, chain, once};
use crate::domain::catalogue::{self, Act, Entry, may, sees};
use crate::domain::event::{ActorLabel, Event};
use crate::domain::people::Actor;
use crate::domain::service::Service;
use crate::domain::ticket::Kind;
use crate::error::{Error, Result, Say};
use crate::store::catalogue::Filter;
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::hash::Hash;

/// Kind of the stream of a service's history.
const STREAM: &str = "service";

/// A service while somebody changes it; others who want to wait.
pub(super) struct Turn {
    /// The transaction of the change.
    pub tx: Tx,
    /// The service as it stands.
    pub entry: Entry,
    /// Has the same request been answered before?
    pub repeat: Repeat,
}

impl Desk {
    /// Entries of the catalogue the actor may see, in the order of their codes after `after`, and whether more follow.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn catalogue(
        &self,
        actor: &Actor,
        mut filter: Filter,
        after: &str,
        limit: i64,
    ) -> Result<(Vec<Entry>, bool)> {
        if !actor.is_staff() {
            filter.active = Some(true);
        }
        let mut entries =
            store::catalogue::entries(&mut self.db.glance().await?, &filter, after, limit.saturating_add(1)).await?;
        let more = i64::try_from(entries.len()).unwrap_or(i64::MAX) > limit;
        entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok((entries, more))
    }

    /// What the catalogue says of a service.
    ///
    /// # Errors
    /// `NotFound` also for retired services when the actor is not of the staff.
    pub async fn entry(&self, actor: &Actor, code: &str) -> Result<Entry> {
        seen(&mut self.db.glance().await?, actor, code).await
    }

    /// The chained history of a service after place `after`.
    ///
    /// # Errors
    /// As [`Desk::entry`]; `Denied` for those who may not read it.
    pub async fn service_events(&self, actor: &Actor, code: &str, after: i64, limit: i64) -> Result<Vec<Event>> {
        let mut tx = self.db.read().await?;
        internal(&mut tx, actor, code).await?;
        store::events::of_stream(&mut tx, &format!("{STREAM}:{code}"), after, limit).await
    }

    /// What was confirmed before this instant is stale.
    pub fn catalogue_stale_before(&self) -> DateTime<Utc> {
        catalogue::stale_before(self.now(), self.pack().catalogue.stale_after_months)
    }

    /// The owner has not confirmed this entry for too long.
    pub fn is_stale(&self, entry: &Entry) -> bool {
        entry.is_stale(self.now(), self.pack().catalogue.stale_after_months)
    }

    /// Adds a service. It follows the pack's usual profile until its process owner sets one.
    ///
    /// # Errors
    /// `Denied`, `Invalid` with every bad field, `Conflict` when the code is taken.
    pub async fn add_service(&self, actor: &Actor, code: &str, wanted: Wanted, key: Option<&str>) -> Result<Entry> {
        let (code, agency) = (code.trim().to_lowercase(), wanted.agency.clone().unwrap_or_default());
        let mut entry = Entry::bare(Service {
            code: code.clone(),
            name: String::new(),
            agency,
            profile: self.pack().profile_for(Kind::Incident).to_owned(),
            critical: false,
            keywords: Vec::new(),
            active: true,
        });
        let wanted = Wanted { name: Some(wanted.name.unwrap_or_default()), ..wanted };
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, &code).await?;
        let mut wanted = wanted;
        if wanted.calendar.as_ref().is_none_or(String::is_empty) {
            let all = store::agencies::entries(&mut tx).await?;
            let owner = all.into_iter().find(|owner| owner.agency.code == entry.service.agency);
            // A calendar that has gone from the pack since is no reason to refuse the service.
            let known = |name: &String| self.pack().calendar(name).is_some();
            wanted.calendar = owner.and_then(|owner| owner.calendar).filter(known).or(wanted.calendar);
        }
        let described = self.described(&mut tx, &mut entry, &wanted, is_code(&code)).await;
        if let Err(error) = described {
            // What is wrong with his own is told only to those who may add at all.
            return Err(if actor.is_staff() { error } else { denied() });
        }
        if !may(actor, Act::Describe, &entry.service.agency) {
            return Err(denied());
        }
        let request = once::fingerprint(&("add service", &code, &wanted));
        if let Repeat::Answered(code) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            tx.commit().await?;
            return self.entry(actor, &code).await;
        }
        if store::services::service(&mut tx, &code).await?.is_some() {
            return Err(Error::conflict(Say::new("error-service-exists")));
        }
        if may(actor, Act::Review, &entry.service.agency) {
            entry.reviewed_at = Some(self.now());
        }
        store::services::save_service(&mut tx, &entry.service).await?;
        store::catalogue::add_entry(&mut tx, &entry).await?;
        let mut facts = shape(&entry);
        facts.insert("profile".to_owned(), entry.service.profile.clone().into());
        self.note_service(&mut tx, actor, &code, "service_added", facts.into()).await?;
        once::answer(&mut tx, actor, key, &code).await?;
        tx.commit().await?;
        Ok(entry)
    }

    /// Changes what the catalogue says of a service. `version` is the one the caller has seen.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Conflict` when the version is old or the service retired, `Invalid`.
    pub async fn describe_service(
        &self,
        actor: &Actor,
        code: &str,
        version: Option<i64>,
        wanted: &Wanted,
    ) -> Result<Entry> {
        let Turn { mut tx, mut entry, .. } = self.turn(actor, Act::Describe, code, None, &()).await?;
        if version.is_some_and(|seen| seen != entry.version) {
            return Err(Error::Conflict { say: Say::new("error-service-stale"), version: Some(entry.version) });
        }
        refuse_retired(&entry)?;
        let before = entry.clone();
        if let Some(agency) = &wanted.agency {
            entry.service.agency.clone_from(agency);
        }
        self.described(&mut tx, &mut entry, wanted, true).await?;
        if !may(actor, Act::Describe, &entry.service.agency) {
            return Err(denied());
        }
        let changes = changes(&before, &entry);
        if changes.is_empty() {
            return Ok(before);
        }
        self.save_service(&mut tx, actor, &mut entry, "service_described", json!({"changes": changes})).await?;
        tx.commit().await?;
        Ok(entry)
    }

    /// Checks and puts in what is wanted, the owner too.
    async fn described(&self, tx: &mut Tx, entry: &mut Entry, wanted: &Wanted, is_code: bool) -> Result<()> {
        let mut problems = match self.describe(entry, wanted) {
            Ok(()) => Vec::new(),
            Err(Error::Invalid(problems)) => problems,
            Err(other) => return Err(other),
        };
        if !is_code {
            problems.push(crate::error::FieldError { field: "code", say: Say::new("field-service-code") });
        }
        let agencies = store::services::agencies(tx).await?;
        if !agencies.iter().any(|agency| agency.code == entry.service.agency && agency.active) {
            problems.push(crate::error::FieldError { field: "agency", say: Say::new("field-unknown-agency") });
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
    }

    /// The owner says that everything in the entry is so.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Conflict` when the service is retired.
    pub async fn review_service(&self, actor: &Actor, code: &str, key: Option<&str>) -> Result<Entry> {
        let Turn { mut tx, mut entry, repeat } = self.turn(actor, Act::Review, code, key, &"review").await?;
        if repeat == Repeat::First {
            refuse_retired(&entry)?;
            entry.reviewed_at = Some(self.now());
            let missing = json!({"missing": entry.missing()});
            self.save_service(&mut tx, actor, &mut entry, "service_reviewed", missing).await?;
            once::answer(&mut tx, actor, key, code).await?;
        }
        tx.commit().await?;
        Ok(entry)
    }

    /// Takes a service out of the catalogue, or puts it back; its tickets and its history stay.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Invalid` without a reason, `Conflict` when it is so already.
    pub async fn offer_service(
        &self,
        actor: &Actor,
        code: &str,
        active: bool,
        reason: &str,
        key: Option<&str>,
    ) -> Result<Entry> {
        let request = ("offer", active, reason);
        let Turn { mut tx, mut entry, repeat } = self.turn(actor, Act::Describe, code, key, &request).await?;
        if repeat == Repeat::First {
            let reason = required("reason", reason, LONGEST_REASON)?;
            if entry.service.active == active {
                let key = if active { "error-service-active" } else { "error-service-retired" };
                return Err(Error::conflict(Say::new(key)));
            }
            entry.service.active = active;
            let kind = if active { "service_restored" } else { "service_retired" };
            self.save_service(&mut tx, actor, &mut entry, kind, json!({"reason": reason})).await?;
            once::answer(&mut tx, actor, key, code).await?;
        }
        tx.commit().await?;
        Ok(entry)
    }

    /// Takes the turn to change a service, when the actor may.
    pub(super) async fn turn(
        &self,
        actor: &Actor,
        act: Act,
        code: &str,
        key: Option<&str>,
        request: &impl Hash,
    ) -> Result<Turn> {
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, code).await?;
        let entry = seen(&mut tx, actor, code).await?;
        if !may(actor, act, &entry.service.agency) {
            return Err(denied());
        }
        let request = once::fingerprint(&(code, request));
        let repeat = once::take(&mut tx, actor, key, &request, self.clock.machine()).await?;
        Ok(Turn { tx, entry, repeat })
    }

    /// Saves a changed service under its next version, with the event that tells of it.
    pub(super) async fn save_service(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        entry: &mut Entry,
        kind: &'static str,
        payload: Value,
    ) -> Result<()> {
        entry.version += 1;
        store::services::save_service(tx, &entry.service).await?;
        store::catalogue::save_entry(tx, entry).await?;
        self.note_service(tx, actor, &entry.service.code, kind, payload).await
    }

    /// Adds a fact to the history of a service.
    pub(super) async fn note_service(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        code: &str,
        kind: &'static str,
        payload: Value,
    ) -> Result<()> {
        chain::note(tx, STREAM, code, self.now(), ActorLabel::user(actor.account.id), kind, payload).await
    }
}

/// The service, when the actor may see it.
async fn seen(tx: &mut Tx, actor: &Actor, code: &str) -> Result<Entry> {
    let entry = store::catalogue::entry(tx, code).await?;
    entry.filter(|entry| sees(actor, &entry.service)).ok_or(Error::NotFound("service"))
}

/// The service, when the actor may read what is not for everybody.
pub(super) async fn internal(tx: &mut Tx, actor: &Actor, code: &str) -> Result<Entry> {
    let entry = seen(tx, actor, code).await?;
    if may(actor, Act::ReadInternal, &entry.service.agency) { Ok(entry) } else { Err(denied()) }
}

pub(super) fn denied() -> Error {
    Error::Denied(Say::new("error-denied"))
}

pub(super) fn refuse_retired(entry: &Entry) -> Result<()> {
    if entry.service.active { Ok(()) } else { Err(Error::conflict(Say::new("error-service-retired"))) }
}

fn is_code(code: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (2..=40).contains(&code.len())
        && code.chars().all(|c| plain(c) || c == '-')
        && code.starts_with(plain)
        && code.ends_with(plain)
}
