//! Planned maintenance: announced, moved, called off.

use crate::desk::availability::known;
use crate::desk::once::Repeat;
use crate::desk::outages::of_the_staff;
use crate::desk::written::{LONGEST_REASON, required, required_all};
use crate::desk::{Desk, chain, once};
use crate::domain::availability::{Span, excused, excused_after};
use crate::domain::event::{ActorLabel, Event};
use crate::domain::outage::{Maintenance, MaintenanceState, may_record};
use crate::domain::people::Actor;
use crate::error::{Error, FieldError, Result, Say};
use crate::store::{self, Tx};
use chrono::{DateTime, Datelike, Duration, SubsecRound, Utc};
use serde_json::{Value, json};

/// Kind of the stream of a maintenance's history.
const STREAM: &str = "maintenance";
/// Longest title, in characters.
const LONGEST_TITLE: usize = 120;
/// Longest window.
const LONGEST: Duration = Duration::days(14);
/// A window may begin at most so far ahead.
const FARTHEST: Duration = Duration::days(366);
/// A beginning of "now" may have been typed so long ago.
const JUST_NOW: Duration = Duration::minutes(2);

/// A maintenance as somebody wants it announced.
#[derive(Debug, Clone, Hash, Default)]
pub struct Planned {
    /// Codes of the services.
    pub services: Vec<String>,
    /// What is done, in one line.
    pub title: String,
    /// What users notice.
    pub message: String,
    /// UTC.
    pub starts_at: Option<DateTime<Utc>>,
    /// UTC.
    pub ends_at: Option<DateTime<Utc>>,
}

impl Desk {
    /// Maintenance that touches a period, in order. For the staff.
    ///
    /// # Errors
    /// `Denied` for those who are not of the staff.
    pub async fn maintenance_between(
        &self,
        actor: &Actor,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Maintenance>> {
        of_the_staff(actor)?;
        store::maintenance::between(&mut self.db.glance().await?, from, to).await
    }

    /// One maintenance.
    ///
    /// # Errors
    /// `Denied` for those who are not of the staff; `NotFound`.
    pub async fn maintenance(&self, actor: &Actor, code: &str) -> Result<Maintenance> {
        of_the_staff(actor)?;
        find(&mut self.db.glance().await?, code).await
    }

    /// The chained history of a maintenance after place `after`.
    ///
    /// # Errors
    /// As [`Desk::maintenance`].
    pub async fn maintenance_events(&self, actor: &Actor, code: &str, after: i64, limit: i64) -> Result<Vec<Event>> {
        self.maintenance(actor, code).await?;
        store::events::of_stream(&mut self.db.read().await?, &format!("{STREAM}:{code}"), after, limit).await
    }

    /// Announces maintenance. One announced less than a day ahead counts as downtime, and says so. `key` makes a
    /// repeated request harmless.
    ///
    /// # Errors
    /// `Denied` unless the actor speaks for each of the services; `Invalid` with every bad field.
    pub async fn announce_maintenance(
        &self,
        actor: &Actor,
        planned: &Planned,
        key: Option<&str>,
    ) -> Result<Maintenance> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        let request = once::fingerprint(&("maintenance", planned));
        if let Repeat::Answered(code) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            let found = find(&mut tx, &code).await?;
            tx.commit().await?;
            return Ok(found);
        }
        sound(planned, now, None)?;
        self.speaks_for(&mut tx, actor, &planned.services).await?;
        let it = self.plan_maintenance(&mut tx, actor, planned, now).await?;
        once::answer(&mut tx, actor, key, &it.code).await?;
        tx.commit().await?;
        self.wake();
        Ok(it)
    }

    /// Announces maintenance inside the transaction of what it comes from. Whoever calls has asked whether the actor may.
    ///
    /// # Errors
    /// `Invalid` with every bad field.
    pub(super) async fn plan_maintenance(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        planned: &Planned,
        now: DateTime<Utc>,
    ) -> Result<Maintenance> {
        let (title, message, window) = sound(planned, now, None)?;
        let year = now.with_timezone(&self.pack().zone).year();
        let place = store::incidents::next_place(tx, &format!("PML-{year}")).await?;
        let mut it = Maintenance {
            id: 0,
            code: format!("PML-{year}-{place:04}"),
            services: planned.services.clone(),
            title,
            message,
            starts_at: window.from(),
            ends_at: window.to(),
            announced_at: now,
            excused_from: None,
            excused_to: None,
            cancelled_at: None,
            cancel_reason: None,
            created_by: actor.account.id,
            version: 1,
        };
        it.excuse(excused(window, now, self.pack().availability_notice()));
        it.id = store::maintenance::insert(tx, &it).await?;
        note(tx, &it, now, actor, "maintenance_announced", json!(it)).await?;
        Ok(it)
    }

    /// Changes an announced maintenance that is not over. Time that is added less than a day ahead counts as downtime.
    ///
    /// # Errors
    /// As [`Desk::announce_maintenance`]; `NotFound`; `Conflict` when the version is old or it is over.
    pub async fn change_maintenance(
        &self,
        actor: &Actor,
        code: &str,
        version: Option<i64>,
        planned: &Planned,
    ) -> Result<Maintenance> {
        let now = self.now();
        let (mut tx, before) = self.maintenance_turn(actor, code, version).await?;
        let running = Some(before.starts_at).filter(|_| before.state(now) == MaintenanceState::Running);
        let (title, message, window) = sound(planned, now, running)?;
        self.speaks_for(&mut tx, actor, &planned.services).await?;
        let mut it = Maintenance { services: planned.services.clone(), title, message, ..before.clone() };
        let notice = self.pack().availability_notice();
        let old = Span::new(before.starts_at, before.ends_at);
        if old != Some(window) {
            (it.starts_at, it.ends_at, it.announced_at) = (window.from(), window.to(), now);
            it.excuse(excused_after(before.excused(), window, now, notice));
        }
        // A service that joins late was not announced in time with the others, and must not take that from them.
        let joins_late =
            it.services.iter().any(|code| !before.services.contains(code)) && excused(window, now, notice).is_none();
        if joins_late && it.excused().is_some() {
            return Err(Error::field("services", Say::new("field-maintenance-joins-late")));
        }
        it.version += 1;
        store::maintenance::save(&mut tx, &it).await?;
        note(&mut tx, &it, now, actor, "maintenance_changed", json!({"from": before, "to": it})).await?;
        tx.commit().await?;
        self.wake();
        Ok(it)
    }

    /// Calls off a maintenance, or ends one that runs.
    ///
    /// # Errors
    /// As [`Desk::change_maintenance`].
    pub async fn cancel_maintenance(
        &self,
        actor: &Actor,
        code: &str,
        version: Option<i64>,
        reason: &str,
    ) -> Result<Maintenance> {
        let now = self.now();
        let (mut tx, mut it) = self.maintenance_turn(actor, code, version).await?;
        let reason = required("reason", reason, LONGEST_REASON)?;
        call_off(&mut tx, &mut it, actor, reason, now).await?;
        tx.commit().await?;
        self.wake();
        Ok(it)
    }

    /// Calls off a maintenance inside the transaction of what ends it, unless it is over.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn drop_maintenance(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        code: &str,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        chain::turn(tx, STREAM, code).await?;
        let mut it = find(tx, code).await?;
        if matches!(it.state(now), MaintenanceState::Done | MaintenanceState::Cancelled) {
            return Ok(());
        }
        call_off(tx, &mut it, actor, reason.to_owned(), now).await
    }

    async fn maintenance_turn(&self, actor: &Actor, code: &str, version: Option<i64>) -> Result<(Tx, Maintenance)> {
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, code).await?;
        let it = find(&mut tx, code).await?;
        self.speaks_for(&mut tx, actor, &it.services).await?;
        if version.is_some_and(|version| version != it.version) {
            return Err(Error::Conflict { say: Say::new("error-maintenance-stale"), version: Some(it.version) });
        }
        let is_over = matches!(it.state(self.now()), MaintenanceState::Done | MaintenanceState::Cancelled);
        if is_over {
            return Err(Error::Conflict { say: Say::new("error-maintenance-over"), version: Some(it.version) });
        }
        Ok((tx, it))
    }

    /// Refuses services nobody knows, and those the actor does not speak for.
    pub(super) async fn speaks_for(&self, tx: &mut Tx, actor: &Actor, services: &[String]) -> Result<()> {
        for code in services {
            let service = match known(tx, code).await {
                Err(Error::NotFound(_)) => return Err(Error::field("services", Say::new("field-unknown-service"))),
                found => found?,
            };
            if !may_record(actor, &service.agency) {
                return Err(Error::Denied(Say::new("error-denied")));
            }
        }
        Ok(())
    }
}

/// Calls it off, or ends it when it runs.
async fn call_off(tx: &mut Tx, it: &mut Maintenance, actor: &Actor, reason: String, now: DateTime<Utc>) -> Result<()> {
    (it.cancelled_at, it.cancel_reason) = (Some(now), Some(reason.clone()));
    if it.starts_at < now {
        it.ends_at = now.trunc_subsecs(0);
        let window = Span::new(it.starts_at, it.ends_at);
        it.excuse(window.and_then(|window| it.excused()?.meet(window)));
    } else {
        it.excuse(None);
    }
    it.version += 1;
    store::maintenance::save(tx, it).await?;
    note(tx, it, now, actor, "maintenance_cancelled", json!({"reason": reason})).await?;
    Ok(())
}

async fn find(tx: &mut Tx, code: &str) -> Result<Maintenance> {
    store::maintenance::by_code(tx, code).await?.ok_or(Error::NotFound("maintenance"))
}

async fn note(
    tx: &mut Tx,
    it: &Maintenance,
    at: DateTime<Utc>,
    actor: &Actor,
    kind: &'static str,
    facts: Value,
) -> Result<()> {
    chain::note(tx, STREAM, &it.code, at, ActorLabel::user(actor.account.id), kind, facts).await
}

/// The texts and the window of what is planned. One that runs keeps its beginning `running`.
fn sound(planned: &Planned, now: DateTime<Utc>, running: Option<DateTime<Utc>>) -> Result<(String, String, Span)> {
    let texts =
        required_all(&[("title", &planned.title, LONGEST_TITLE), ("message", &planned.message, LONGEST_REASON)]);
    let mut problems = match &texts {
        Err(Error::Invalid(problems)) => problems.clone(),
        _ => Vec::new(),
    };
    let mut bad = |field: &'static str, key: &'static str, is_bad: bool| {
        if is_bad {
            problems.push(FieldError { field, say: Say::new(key) });
        }
    };
    bad("services", "field-maintenance-services", planned.services.is_empty());
    let starts = running.or(planned.starts_at);
    let far = |at: DateTime<Utc>| at < now - JUST_NOW || at > now + FARTHEST;
    bad("starts_at", "field-maintenance-start", starts.is_none_or(|at| running.is_none() && far(at)));
    let window = starts.zip(planned.ends_at).and_then(|(from, to)| Span::new(from, to));
    let wrong = |window: Span| window.to() <= now || window.to() - window.from() > LONGEST;
    bad("ends_at", "field-maintenance-end", window.is_none_or(wrong));
    let (Some(window), true) = (window, problems.is_empty()) else { return Err(Error::Invalid(problems)) };
    let mut texts = texts?;
    let message = texts.pop().unwrap_or_default();
    let title = texts.pop().unwrap_or_default().replace(['\n', '\t'], " ");
    Ok((title, message, window))
}
