//! Outages that people record, mend and take back.

use crate::desk::availability::known;
use crate::desk::once::Repeat;
use crate::desk::written::{LONGEST_REASON, required};
use crate::desk::{Desk, chain, once};
use crate::domain::event::{ActorLabel, Event};
use crate::domain::number;
use crate::domain::outage::{Outage, OutageCause, OutageOrigin, Severity, may_record};
use crate::domain::people::{Action, Actor, may};
use crate::domain::ticket::Kind;
use crate::error::{Error, FieldError, Result, Say};
use crate::mail::parse::clean;
use crate::store::outages::Filter;
use crate::store::{self, Tx};
use chrono::{DateTime, Duration, SubsecRound, Utc};
use serde_json::{Value, json};

/// Kind of the stream of an outage's history.
pub(super) const STREAM: &str = "outage";
/// So far back an outage may be recorded.
const FARTHEST: Duration = Duration::days(400);
/// Longest note, in characters.
const LONGEST_NOTE: usize = 2_000;

/// An outage as somebody records it.
#[derive(Debug, Clone, Hash, Default)]
pub struct NewOutage {
    /// Code of the service; that of the ticket when it is empty.
    pub service: String,
    /// When it began; when its ticket was opened, or now, when left out. UTC.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was over, if it is. UTC.
    pub ended_at: Option<DateTime<Utc>>,
    /// How bad it is; total when left out.
    pub severity: Option<Severity>,
    /// Whose failure it is; the service's own when left out.
    pub cause: Option<OutageCause>,
    /// What is known about it.
    pub note: String,
    /// Number of the disruption's ticket; may be empty.
    pub ticket: String,
}

/// What is to be mended of an outage; `None` stays.
#[derive(Debug, Clone, Hash, Default)]
pub struct OutageChange {
    /// When it began. UTC.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was over. UTC.
    pub ended_at: Option<DateTime<Utc>>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// Whose failure it is.
    pub cause: Option<OutageCause>,
    /// What is known about it.
    pub note: Option<String>,
    /// Why; needed unless the change only ends it.
    pub reason: String,
}

impl Desk {
    /// Outages, newest first, at most `limit` older than the key `before`. For the staff.
    ///
    /// # Errors
    /// `Denied` for those who are not of the staff.
    pub async fn outages(
        &self,
        actor: &Actor,
        filter: &Filter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Outage>> {
        of_the_staff(actor)?;
        store::outages::list(&mut self.db.glance().await?, filter, before, limit).await
    }

    /// One outage.
    ///
    /// # Errors
    /// `Denied` for those who are not of the staff; `NotFound`.
    pub async fn outage(&self, actor: &Actor, id: i64) -> Result<Outage> {
        of_the_staff(actor)?;
        store::outages::by_id(&mut self.db.glance().await?, id).await?.ok_or(Error::NotFound("outage"))
    }

    /// The chained history of an outage after place `after`.
    ///
    /// # Errors
    /// As [`Desk::outage`].
    pub async fn outage_events(&self, actor: &Actor, id: i64, after: i64, limit: i64) -> Result<Vec<Event>> {
        self.outage(actor, id).await?;
        store::events::of_stream(&mut self.db.read().await?, &format!("{STREAM}:{id}"), after, limit).await
    }

    /// Records an outage by hand. `key` makes a repeated request harmless.
    ///
    /// # Errors
    /// `Denied`, `Invalid` with every bad field.
    pub async fn record_outage(&self, actor: &Actor, new: &NewOutage, key: Option<&str>) -> Result<Outage> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        let request = once::fingerprint(&("outage", new));
        if let Repeat::Answered(id) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            let id = id.parse().map_err(|_| Error::internal("the answer of a request is no key"))?;
            let outage = store::outages::by_id(&mut tx, id).await?.ok_or(Error::NotFound("outage"))?;
            tx.commit().await?;
            return Ok(outage);
        }
        let ticket = incident(&mut tx, actor, &new.ticket).await?;
        let of_ticket = ticket.as_ref().and_then(|ticket| ticket.service.clone()).unwrap_or_default();
        let code = if new.service.trim().is_empty() { of_ticket.as_str() } else { new.service.trim() };
        let service = match known(&mut tx, code).await {
            Err(Error::NotFound(_)) => return Err(Error::field("service", Say::new("field-unknown-service"))),
            found => found?,
        };
        if !may_record(actor, &service.agency) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let opened = ticket.as_ref().map(|ticket| ticket.opened_at);
        let mut outage = Outage {
            id: 0,
            service: service.code,
            started_at: new.started_at.or(opened).unwrap_or(now).trunc_subsecs(0),
            ended_at: new.ended_at.map(|at| at.trunc_subsecs(0)),
            severity: new.severity.unwrap_or(Severity::Total),
            cause: new.cause.unwrap_or(OutageCause::Own),
            origin: OutageOrigin::Manual,
            note: clean(&new.note).trim().to_owned(),
            ticket: ticket.map(|ticket| ticket.number),
            monitor_id: None,
            recorded_by: Some(actor.account.id),
            recorded_at: now,
            voided_at: None,
            void_reason: None,
            version: 1,
        };
        sound(&outage, now)?;
        outage.id = store::outages::insert(&mut tx, &outage).await?;
        note(&mut tx, &outage, now, ActorLabel::user(actor.account.id), "outage_recorded", json!(outage)).await?;
        once::answer(&mut tx, actor, key, &outage.id.to_string()).await?;
        tx.commit().await?;
        self.wake();
        Ok(outage)
    }

    /// Mends what is recorded of an outage, or ends it.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Invalid`; `Conflict` when the version is old or it was taken back.
    pub async fn change_outage(
        &self,
        actor: &Actor,
        id: i64,
        version: Option<i64>,
        change: &OutageChange,
    ) -> Result<Outage> {
        let now = self.now();
        let (mut tx, before) = self.outage_turn(actor, id, version).await?;
        let mut outage = before.clone();
        outage.started_at = change.started_at.unwrap_or(before.started_at).trunc_subsecs(0);
        outage.ended_at = change.ended_at.or(before.ended_at).map(|at| at.trunc_subsecs(0));
        outage.severity = change.severity.unwrap_or(before.severity);
        outage.cause = change.cause.unwrap_or(before.cause);
        if let Some(words) = &change.note {
            outage.note = clean(words).trim().to_owned();
        }
        if outage == before {
            return Ok(before);
        }
        sound(&outage, now)?;
        let ends = Outage { ended_at: outage.ended_at, ..before.clone() } == outage && before.ended_at.is_none();
        let reason = if ends && change.reason.trim().is_empty() {
            String::new()
        } else {
            required("reason", &change.reason, LONGEST_REASON)?
        };
        outage.version += 1;
        store::outages::save(&mut tx, &outage).await?;
        let facts = json!({"from": facts(&before), "to": facts(&outage), "reason": reason});
        let kind = if ends { "outage_ended" } else { "outage_changed" };
        note(&mut tx, &outage, now, ActorLabel::user(actor.account.id), kind, facts).await?;
        if before.is_open() && !outage.is_open() {
            look_afresh(&mut tx, &outage).await?;
        }
        tx.commit().await?;
        self.wake();
        Ok(outage)
    }

    /// Takes an outage back that was recorded by mistake; it stays on record and counts no more.
    ///
    /// # Errors
    /// As [`Desk::change_outage`].
    pub async fn void_outage(&self, actor: &Actor, id: i64, version: Option<i64>, reason: &str) -> Result<Outage> {
        let now = self.now();
        let (mut tx, mut outage) = self.outage_turn(actor, id, version).await?;
        let reason = required("reason", reason, LONGEST_REASON)?;
        (outage.voided_at, outage.void_reason) = (Some(now), Some(reason.clone()));
        outage.version += 1;
        store::outages::save(&mut tx, &outage).await?;
        note(&mut tx, &outage, now, ActorLabel::user(actor.account.id), "outage_voided", json!({"reason": reason}))
            .await?;
        look_afresh(&mut tx, &outage).await?;
        tx.commit().await?;
        self.wake();
        Ok(outage)
    }

    async fn outage_turn(&self, actor: &Actor, id: i64, version: Option<i64>) -> Result<(Tx, Outage)> {
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, &id.to_string()).await?;
        let outage = store::outages::by_id(&mut tx, id).await?.ok_or(Error::NotFound("outage"))?;
        if !may_record(actor, &known(&mut tx, &outage.service).await?.agency) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let seen = Some(outage.version);
        if version.is_some_and(|version| version != outage.version) {
            return Err(Error::Conflict { say: Say::new("error-outage-stale"), version: seen });
        }
        if outage.voided_at.is_some() {
            return Err(Error::Conflict { say: Say::new("error-outage-voided"), version: seen });
        }
        Ok((tx, outage))
    }
}

/// The monitor that had begun an outage knows nothing after somebody else has said that it is over: if the service still
/// fails, it begins another one.
async fn look_afresh(tx: &mut Tx, outage: &Outage) -> Result<()> {
    let Some(id) = outage.monitor_id else { return Ok(()) };
    let monitor = store::monitors::by_id(tx, id).await?;
    if monitor.is_some_and(|monitor| monitor.outage_id == Some(outage.id)) {
        store::monitors::forget(tx, id).await?;
    }
    Ok(())
}

/// What changes about an outage, for its history.
fn facts(outage: &Outage) -> Value {
    json!({"started_at": outage.started_at, "ended_at": outage.ended_at, "severity": outage.severity,
        "cause": outage.cause, "note": outage.note})
}

/// Appends to the history of an outage.
pub(super) async fn note(
    tx: &mut Tx,
    outage: &Outage,
    at: DateTime<Utc>,
    who: ActorLabel,
    kind: &'static str,
    facts: Value,
) -> Result<()> {
    chain::note(tx, STREAM, &outage.id.to_string(), at, who, kind, facts).await
}

/// Refuses times that cannot be, and notes that are too long.
fn sound(outage: &Outage, now: DateTime<Utc>) -> Result<()> {
    let mut problems = Vec::new();
    if outage.started_at > now || outage.started_at < now - FARTHEST {
        problems.push(FieldError { field: "started_at", say: Say::new("field-outage-start") });
    }
    if outage.ended_at.is_some_and(|end| end <= outage.started_at || end > now) {
        problems.push(FieldError { field: "ended_at", say: Say::new("field-outage-end") });
    }
    if outage.note.chars().count() > LONGEST_NOTE {
        let say = Say::new("field-too-long").with("longest", LONGEST_NOTE);
        problems.push(FieldError { field: "note", say });
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

/// The disruption's ticket with a number, as far as the actor may see its inside; `None` when none is named.
async fn incident(tx: &mut Tx, actor: &Actor, typed: &str) -> Result<Option<crate::domain::ticket::Ticket>> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    let bad = || Error::field("ticket", Say::new("field-outage-ticket"));
    let number = number::parse(typed).ok_or_else(bad)?;
    let ticket = store::tickets::by_number(tx, &number).await?.ok_or_else(bad)?;
    let fits = ticket.kind == Kind::Incident && may(actor, Action::ViewInternal, &ticket);
    if fits { Ok(Some(ticket)) } else { Err(bad()) }
}

/// Only the staff read what is recorded.
pub(super) fn of_the_staff(actor: &Actor) -> Result<()> {
    if actor.is_staff() { Ok(()) } else { Err(Error::Denied(Say::new("error-staff-only"))) }
}
