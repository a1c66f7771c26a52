//! Setting up monitors.

use crate::desk::availability::known;
use crate::desk::once::Repeat;
use crate::desk::outages::of_the_staff;
use crate::desk::written::{optional, required};
use crate::desk::{Desk, chain, once, outages, probe};
use crate::domain::event::ActorLabel;
use crate::domain::monitor::{Expected, Finding, Monitor, MonitorKind, MonitorState};
use crate::domain::outage::may_record;
use crate::domain::people::Actor;
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::{new_token, sha256};
use crate::store::monitors::Check;
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Kind of the stream of a monitor's history.
const STREAM: &str = "monitor";
/// Longest name, in characters.
const LONGEST_NAME: usize = 100;
/// Longest address or text that is expected, in characters.
const LONGEST_TARGET: usize = 500;
/// A certificate that ends within so many days may be shown as ending soon.
const LONGEST_WARNING: u32 = 3650;
/// Monitors in the region at most: each costs a connection at every interval.
const MOST: i64 = 500;

/// A monitor as somebody wants it. `None` is the usual; in a change it stays.
#[derive(Debug, Clone, Hash, Default)]
pub struct Wanted {
    /// What people call it.
    pub name: Option<String>,
    /// Address of a page, `host:port`, or a name.
    pub target: Option<String>,
    /// What is expected beyond an answer.
    pub expected: Option<Expected>,
    /// From one look to the next, 20 s to a day.
    pub interval_seconds: Option<i64>,
    /// Patience, 0.2 to 60 s; of a heartbeat up to a day.
    pub timeout_ms: Option<i64>,
    /// Failures in a row before an outage begins, 1 to 20.
    pub failures_needed: Option<i64>,
    /// It looks.
    pub active: Option<bool>,
}

impl Desk {
    /// Monitors of a service or of all, in the order of their keys. For the staff.
    ///
    /// # Errors
    /// `Denied` for those who are not of the staff.
    pub async fn monitors(&self, actor: &Actor, service: Option<&str>, after: i64, limit: i64) -> Result<Vec<Monitor>> {
        of_the_staff(actor)?;
        store::monitors::list(&mut self.db.glance().await?, service, after, limit).await
    }

    /// One monitor with what its last looks found, the last first.
    ///
    /// # Errors
    /// `Denied` for those who are not of the staff; `NotFound`.
    pub async fn monitor(&self, actor: &Actor, id: i64, looks: i64) -> Result<(Monitor, Vec<Check>)> {
        of_the_staff(actor)?;
        let mut tx = self.db.read().await?;
        let monitor = store::monitors::by_id(&mut tx, id).await?.ok_or(Error::NotFound("monitor"))?;
        let checks = store::monitors::checks(&mut tx, id, looks).await?;
        Ok((monitor, checks))
    }

    /// Sets up a monitor; gives the secret of a heartbeat, which is shown once.
    ///
    /// # Errors
    /// `Denied`, `Invalid` with every bad field, also for what the settings do not let monitors reach; `Conflict` when
    /// there are too many.
    pub async fn add_monitor(
        &self,
        actor: &Actor,
        service: &str,
        kind: MonitorKind,
        wanted: &Wanted,
        key: Option<&str>,
    ) -> Result<(Monitor, Option<String>)> {
        let now = self.now();
        let is_listed = !actor.is_staff() || self.leads_out(kind, wanted.target.as_deref().unwrap_or_default()).await;
        let mut tx = self.db.write().await?;
        let owner = match known(&mut tx, service).await {
            Err(Error::NotFound(_)) => return Err(Error::field("service", Say::new("field-unknown-service"))),
            found => found?,
        };
        if !may_record(actor, &owner.agency) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let request = once::fingerprint(&("monitor", service, kind, wanted));
        if let Repeat::Answered(id) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            let id = id.parse().map_err(|_| Error::internal("the answer of a request is no key"))?;
            let monitor = store::monitors::by_id(&mut tx, id).await?.ok_or(Error::NotFound("monitor"))?;
            tx.commit().await?;
            return Ok((monitor, None));
        }
        let all = store::monitors::list(&mut tx, None, 0, MOST).await?;
        if i64::try_from(all.len()).unwrap_or(MOST) >= MOST {
            return Err(Error::conflict(Say::new("error-monitor-many").with("most", MOST)));
        }
        let is_beat = kind == MonitorKind::Heartbeat;
        let mut it = Monitor {
            id: 0,
            service: service.to_owned(),
            name: String::new(),
            kind,
            target: String::new(),
            expected: Expected::default(),
            interval_seconds: if is_beat { 300 } else { 60 },
            timeout_ms: if is_beat { 60_000 } else { 10_000 },
            failures_needed: if is_beat { 1 } else { 3 },
            active: true,
            secret_hash: None,
            state: MonitorState::Unknown,
            failures: 0,
            failing_since: None,
            result: Finding::None,
            checked_at: None,
            next_at: now,
            lease_no: 0,
            outage_id: None,
            version: 1,
        };
        let wanted = Wanted { name: Some(wanted.name.clone().unwrap_or_default()), ..wanted.clone() };
        fill(&mut it, &wanted)?;
        if !is_listed {
            return Err(unlisted());
        }
        let secret = if is_beat { Some(new_token()?) } else { None };
        it.secret_hash = secret.as_ref().map(sha256);
        if is_beat {
            // The first sign of life has a whole interval to come.
            it.next_at = it.next_after(now);
        }
        it.id = store::monitors::insert(&mut tx, &it).await?;
        note(&mut tx, &it, now, actor, "monitor_added", json!(it)).await?;
        once::answer(&mut tx, actor, key, &it.id.to_string()).await?;
        tx.commit().await?;
        Ok((it, secret))
    }

    /// Changes a monitor, stops it or lets it look again.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Invalid`; `Conflict` when the version is old.
    pub async fn change_monitor(
        &self,
        actor: &Actor,
        id: i64,
        version: Option<i64>,
        wanted: &Wanted,
    ) -> Result<Monitor> {
        let now = self.now();
        let seen = store::monitors::by_id(&mut self.db.glance().await?, id).await?.ok_or(Error::NotFound("monitor"))?;
        let target = wanted.target.as_deref().unwrap_or(&seen.target);
        let asks_anew = target != seen.target || (wanted.active == Some(true) && !seen.active);
        let is_listed = !(asks_anew && actor.is_staff()) || self.leads_out(seen.kind, target).await;
        let (mut tx, before) = self.monitor_turn(actor, id, version).await?;
        let mut it = before.clone();
        fill(&mut it, wanted)?;
        if !is_listed {
            return Err(unlisted());
        }
        if it == before {
            return Ok(before);
        }
        it.version += 1;
        it.next_at = if it.kind == MonitorKind::Heartbeat { it.next_after(now) } else { now };
        store::monitors::save(&mut tx, &it).await?;
        if before.active && !it.active {
            self.stop_looking(&mut tx, actor, &mut it, now).await?;
        }
        note(&mut tx, &it, now, actor, "monitor_changed", json!({"from": set(&before), "to": set(&it)})).await?;
        tx.commit().await?;
        Ok(it)
    }

    /// Gives a heartbeat another secret, which is shown once; the old one is no good any more.
    ///
    /// # Errors
    /// As [`Desk::change_monitor`]; `Conflict` for other kinds.
    pub async fn renew_monitor_secret(&self, actor: &Actor, id: i64) -> Result<(Monitor, String)> {
        let (mut tx, mut it) = self.monitor_turn(actor, id, None).await?;
        if it.kind != MonitorKind::Heartbeat {
            return Err(Error::conflict(Say::new("error-monitor-no-secret")));
        }
        let secret = new_token()?;
        it.secret_hash = Some(sha256(&secret));
        it.version += 1;
        store::monitors::save(&mut tx, &it).await?;
        note(&mut tx, &it, self.now(), actor, "monitor_secret_renewed", json!({})).await?;
        tx.commit().await?;
        Ok((it, secret))
    }

    /// May a monitor look there, as far as that is known now? What cannot be read is refused for that.
    async fn leads_out(&self, kind: MonitorKind, target: &str) -> bool {
        match probe::target(kind, target.trim()) {
            Some(target) => probe::is_allowed(&self.outward, kind, &target).await,
            None => true,
        }
    }

    /// Nobody looks any more: what the monitor knew is forgotten, and an outage it had begun is over for all that is known.
    async fn stop_looking(&self, tx: &mut Tx, actor: &Actor, it: &mut Monitor, now: DateTime<Utc>) -> Result<()> {
        if let Some(id) = it.outage_id {
            self.end_outage_of(tx, id, ActorLabel::user(actor.account.id), json!({"monitor": "stopped"}), now).await?;
        }
        store::monitors::forget(tx, it.id).await?;
        (it.state, it.failures, it.failing_since, it.outage_id) = (MonitorState::Unknown, 0, None, None);
        Ok(())
    }

    async fn monitor_turn(&self, actor: &Actor, id: i64, version: Option<i64>) -> Result<(Tx, Monitor)> {
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, &id.to_string()).await?;
        // Nor does a look begin or end an outage meanwhile.
        chain::turn(&mut tx, outages::STREAM, &format!("of monitor {id}")).await?;
        let it = store::monitors::by_id(&mut tx, id).await?.ok_or(Error::NotFound("monitor"))?;
        if let Some(outage) = it.outage_id {
            chain::turn(&mut tx, outages::STREAM, &outage.to_string()).await?;
        }
        if !may_record(actor, &known(&mut tx, &it.service).await?.agency) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        if version.is_some_and(|version| version != it.version) {
            return Err(Error::Conflict { say: Say::new("error-monitor-stale"), version: Some(it.version) });
        }
        Ok((tx, it))
    }
}

async fn note(
    tx: &mut Tx,
    it: &Monitor,
    at: DateTime<Utc>,
    actor: &Actor,
    kind: &'static str,
    facts: Value,
) -> Result<()> {
    chain::note(tx, STREAM, &it.id.to_string(), at, ActorLabel::user(actor.account.id), kind, facts).await
}

/// What people set of a monitor, for its history.
fn set(it: &Monitor) -> Value {
    json!({"name": it.name, "target": it.target, "expected": it.expected, "interval_seconds": it.interval_seconds,
        "timeout_ms": it.timeout_ms, "failures_needed": it.failures_needed, "active": it.active})
}

fn unlisted() -> Error {
    Error::field("target", Say::new("field-monitor-unlisted"))
}

/// Puts what is wanted into a monitor, unless a field is bad.
fn fill(it: &mut Monitor, wanted: &Wanted) -> Result<()> {
    let mut problems = Vec::new();
    let mut text = |read: Result<String>, into: &mut String| match read {
        Ok(text) => *into = text.replace(['\n', '\t'], " ").trim().to_owned(),
        Err(Error::Invalid(bad)) => problems.extend(bad),
        Err(_) => {}
    };
    if let Some(name) = &wanted.name {
        text(required("name", name, LONGEST_NAME), &mut it.name);
    }
    if let Some(target) = &wanted.target {
        text(optional("target", target, LONGEST_TARGET), &mut it.target);
    }
    if let Some(expected) = &wanted.expected {
        it.expected = expected.clone();
        it.expected.text = it.expected.text.take().filter(|text| !text.trim().is_empty());
    }
    it.interval_seconds = wanted.interval_seconds.unwrap_or(it.interval_seconds);
    it.timeout_ms = wanted.timeout_ms.unwrap_or(it.timeout_ms);
    it.failures_needed = wanted.failures_needed.unwrap_or(it.failures_needed);
    it.active = wanted.active.unwrap_or(it.active);
    let is_beat = it.kind == MonitorKind::Heartbeat;
    let longest_wait = if is_beat { 86_400_000 } else { 60_000 };
    let long = it.expected.text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_TARGET);
    let odd = it.expected.days.is_some_and(|days| !(1..=LONGEST_WARNING).contains(&days));
    let strange = it.expected.address.as_ref().is_some_and(|it| it.parse::<std::net::IpAddr>().is_err());
    for (field, key, is_bad) in [
        ("target", "field-monitor-target", !is_beat && probe::target(it.kind, &it.target).is_none()),
        ("target", "field-monitor-no-target", is_beat && !it.target.is_empty()),
        ("interval_seconds", "field-monitor-interval", !(20..=86_400).contains(&it.interval_seconds)),
        ("timeout_ms", "field-monitor-timeout", !(200..=longest_wait).contains(&it.timeout_ms)),
        ("failures_needed", "field-monitor-failures", !(1..=20).contains(&it.failures_needed)),
        ("expected", "field-monitor-expected", long || strange || odd),
    ] {
        if is_bad {
            problems.push(FieldError { field, say: Say::new(key) });
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}
