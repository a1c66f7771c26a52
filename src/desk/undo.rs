//! Taking back what was just done to a ticket: a new fact that restores what stood before. Nothing is deleted.
//!
//! Only what told nobody outside can be taken back: who works on it, priority, classification, the first receipt,
//! waiting for somebody outside. Whatever was mailed has an act of its own that goes the other way.

use crate::desk::working::Working;
use crate::desk::{Desk, once};
use crate::domain::clock_plan::{ClockKind, TicketPause};
use crate::domain::event::{ActorLabel, Event};
use crate::domain::people::{Action, Actor, may};
use crate::domain::ticket::{Classification, Impact, Kind, Priority, Status, Ticket, Urgency, Verb};
use crate::error::{Error, Result, Say};
use crate::store;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// So long an act can be taken back.
const WINDOW: Duration = Duration::minutes(5);
/// Name of the fact that holds what stood before.
const FACT: &str = "before";

/// What an act may change that can be restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    status: Status,
    kind: Kind,
    impact: Impact,
    urgency: Urgency,
    priority: Priority,
    agency: String,
    service: Option<String>,
    assignee: Option<i64>,
    classification: Classification,
    profile: String,
    responded_at: Option<DateTime<Utc>>,
}

/// A ticket as it stood before an act.
#[derive(Debug, Clone)]
pub(super) struct Before {
    kept: Kept,
    tier: i64,
    pauses: Vec<TicketPause>,
}

impl Before {
    pub(super) fn of(working: &Working) -> Self {
        let ticket = working.ticket.clone();
        let kept = Kept {
            status: ticket.status,
            kind: ticket.kind,
            impact: ticket.impact,
            urgency: ticket.urgency,
            priority: ticket.priority,
            agency: ticket.agency,
            service: ticket.service,
            assignee: ticket.assignee,
            classification: ticket.classification,
            profile: ticket.profile,
            responded_at: ticket.responded_at,
        };
        Self { kept, tier: ticket.tier, pauses: working.pauses.clone() }
    }

    /// Lets the act remember it, if the act can be taken back: a pause that ended stays ended, and what has moved to
    /// another line has been told there.
    pub(super) fn remember(&self, verb: Verb, working: &mut Working) -> Result<()> {
        let added = working.pauses.len().saturating_sub(self.pauses.len());
        let is_whole = match verb {
            Verb::Assign | Verb::Prioritize | Verb::Reclassify | Verb::Acknowledge => working.pauses == self.pauses,
            Verb::WaitVendor => added == 1 && working.pauses.starts_with(&self.pauses),
            _ => false,
        };
        if is_whole && working.has_events() && working.ticket.tier == self.tier {
            working.add_fact(FACT, serde_json::to_value(&self.kept)?);
        }
        Ok(())
    }
}

impl Desk {
    /// Place of the last event of a ticket in its chain, if it is an act of the actor that can still be taken back.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn undoable(&self, actor: &Actor, number: &str) -> Result<Option<i64>> {
        let mut tx = self.db.read().await?;
        let ticket = self.seen(&mut tx, actor, number).await?;
        let Some((seq, _)) = store::events::head(&mut tx, number).await? else { return Ok(None) };
        let last = store::events::of_stream(&mut tx, number, seq - 1, 1).await?;
        let offered = last.first().filter(|event| self.refuses(actor, event).is_none());
        let verb = offered.and_then(|event| verb(&event.kind));
        Ok(verb.filter(|verb| may(actor, Action::Do(*verb), &ticket)).map(|_| seq))
    }

    /// Takes back the act whose event stands at place `seq`.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `Conflict` when too much time has passed, something came between, or it cannot be taken
    /// back at all.
    pub async fn undo(&self, actor: &Actor, number: &str, seq: i64, key: Option<&str>) -> Result<Ticket> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        // Asked before anything else: taking back may have taken the ticket out of the actor's sight.
        let request = once::fingerprint(&("undo", number, seq));
        if let once::Repeat::Answered(number) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            let ticket = store::tickets::by_number(&mut tx, &number).await?.ok_or(Error::NotFound("ticket"))?;
            tx.commit().await?;
            return Ok(ticket);
        }
        let ticket = self.seen(&mut tx, actor, number).await?;
        store::dialect::lock_ticket(&mut tx, ticket.id).await?;
        let ticket = store::tickets::by_id(&mut tx, ticket.id).await?.ok_or(Error::NotFound("ticket"))?;
        let found = store::events::of_stream(&mut tx, number, seq - 1, 1).await?;
        let event = found.into_iter().find(|event| event.seq == seq).ok_or(Error::NotFound("event"))?;
        let verb = verb(&event.kind).ok_or_else(|| Error::conflict(Say::new("error-undo-never")))?;
        if !may(actor, Action::Do(verb), &ticket) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        if let Some(why) = self.refuses(actor, &event) {
            return Err(Error::Conflict { say: Say::new(why), version: Some(ticket.version) });
        }
        let mut working = Working::load(&mut tx, ticket).await?;
        self.catch_up(&mut tx, &mut working, now).await?;
        if store::events::head(&mut tx, number).await?.is_none_or(|(head, _)| head != seq) {
            let say = Say::new("error-undo-between");
            return Err(Error::Conflict { say, version: Some(working.ticket.version) });
        }
        let kept = before(&event).ok_or_else(|| Error::conflict(Say::new("error-undo-never")))?;
        restore(&mut working, kept);
        working.service = match &working.ticket.service {
            Some(code) => store::services::service(&mut tx, code).await?,
            None => None,
        };
        let label = ActorLabel::user(actor.account.id);
        working.event(now, label, "undone", json!({"seq": seq, "kind": event.kind}));
        working.save(&mut tx, &self.rules, now).await?;
        once::answer(&mut tx, actor, key, number).await?;
        tx.commit().await?;
        self.wake();
        Ok(working.ticket)
    }

    /// Why the actor cannot take this event back, be it the last one.
    fn refuses(&self, actor: &Actor, event: &Event) -> Option<&'static str> {
        if before(event).is_none() {
            Some("error-undo-never")
        } else if event.actor != ActorLabel::user(actor.account.id) {
            Some("error-undo-other")
        } else if self.now() - event.at > WINDOW {
            Some("error-undo-late")
        } else {
            None
        }
    }
}

fn before(event: &Event) -> Option<Kept> {
    let mut payload: Value = serde_json::from_str(&event.payload).ok()?;
    serde_json::from_value(payload.get_mut(FACT)?.take()).ok()
}

/// What somebody needs to be allowed to take back an event of this kind.
fn verb(kind: &str) -> Option<Verb> {
    match kind {
        "assigned" => Some(Verb::Assign),
        "prioritized" => Some(Verb::Prioritize),
        "reclassified" => Some(Verb::Reclassify),
        "acknowledged" => Some(Verb::Assign),
        "vendor_awaited" => Some(Verb::WaitVendor),
        _ => None,
    }
}

fn restore(working: &mut Working, kept: Kept) {
    let ticket = &mut working.ticket;
    if ticket.status == Status::PendingVendor && kept.status != Status::PendingVendor {
        // The pause has not been: it ends where it began.
        for pause in working.pauses.iter_mut().filter(|pause| pause.to.is_none()) {
            pause.to = Some(pause.from);
        }
    }
    if kept.responded_at.is_none() && ticket.responded_at.is_some() {
        let response = working.clocks.iter_mut().filter(|clock| clock.kind == ClockKind::Response);
        if let Some(clock) = response.max_by_key(|clock| clock.cycle) {
            clock.stopped_at = None;
        }
    }
    ticket.status = kept.status;
    ticket.kind = kept.kind;
    ticket.impact = kept.impact;
    ticket.urgency = kept.urgency;
    ticket.priority = kept.priority;
    ticket.agency = kept.agency;
    ticket.service = kept.service;
    ticket.assignee = kept.assignee;
    ticket.classification = kept.classification;
    ticket.profile = kept.profile;
    ticket.responded_at = kept.responded_at;
}
