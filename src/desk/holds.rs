//! Answers given on the page wait a moment before they leave, so that their writer can call them back.
//!
//! The answer itself is given at once: the message is stored, the state changes, the response clock stops at that instant,
//! exactly as through the API, which never waits. Only what leaves the house waits: its mails stand in the outbox as
//! `held`, and the reporter's page does not show the message yet. So nobody can answer into the gap, the promise
//! is measured by what the officer did, and a crash in between loses nothing: the worker lets go of whatever is over.
//!
//! Calling back restores what the answer changed (state, instants of answer and solution, pauses, clocks) from what was
//! noted before it, and everything computed follows from there: a deadline that passed meanwhile is then found
//! passed at its own instant. It is refused once something else has built on the answer, see [`BUILDS_ON_IT`].

use crate::desk::Desk;
use crate::desk::answer_drafts::{ANSWER, joined};
use crate::desk::verbs::Change;
use crate::desk::working::Working;
use crate::domain::clock_plan::{ClockKind, SlaClock};
use crate::domain::event::ActorLabel;
use crate::domain::people::{Action, Actor, may};
use crate::domain::ticket::{Priority, Status, Ticket};
use crate::error::{Error, Result, Say};
use crate::store::drafts::NewDraft;
use crate::store::holds::{Held, Waiting};
use crate::store::{self, Tx};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Events after which an answer before them cannot be taken out any more: they changed or relied on what it changed.
const BUILDS_ON_IT: [&str; 10] = [
    "acknowledged",
    "replied",
    "info_requested",
    "vendor_awaited",
    "resumed",
    "resolved",
    "reopened",
    "closed",
    "merged",
    "split",
];

/// What an answer may change of a ticket, as it stood before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Was {
    status: Status,
    responded_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
    /// Pauses with their ends.
    pauses: Vec<(i64, Option<DateTime<Utc>>)>,
}

impl Change<'_> {
    /// The ticket before an answer.
    pub(super) fn was(&self) -> Was {
        let (ticket, pauses) = (&self.working.ticket, &self.working.pauses);
        Was {
            status: ticket.status,
            responded_at: ticket.responded_at,
            resolved_at: ticket.resolved_at,
            pauses: pauses.iter().map(|pause| (pause.id, pause.to)).collect(),
        }
    }

    /// Holds an answer that was just given on the page; `letter` begins the keys of its mails. What is most urgent
    /// leaves at once.
    pub(super) async fn hold(&mut self, was: &Was, message: i64, letter: &str) -> Result<()> {
        let seconds = self.desk.pack().lifecycle.answer_hold_seconds;
        if !self.on_page || seconds == 0 || self.working.ticket.priority == Priority::P1 {
            return Ok(());
        }
        let held = Held {
            message_id: message,
            ticket_id: self.working.ticket.id,
            account_id: self.actor.account.id,
            state: "held".to_owned(),
            until_at: self.now + Duration::seconds(seconds.into()),
            mail_key: format!("{letter}:{message}:{}:", self.working.ticket.number),
            was: serde_json::to_string(was)?,
        };
        store::holds::hold(self.tx, &held).await
    }
}

impl Desk {
    /// Lets go of every answer whose time is over.
    ///
    /// # Errors
    /// The database does not answer; they are let go the next time.
    pub async fn release_answers(&self) -> Result<()> {
        let now = self.now();
        if !store::holds::any_hold_over(&mut self.db.glance().await?, now).await? {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        store::holds::release_holds(&mut tx, now, self.clock.machine()).await?;
        tx.commit().await
    }

    /// Answers of the actor's that can still be called back, on whatever ticket.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn waiting_answers(&self, actor: &Actor) -> Result<Vec<Waiting>> {
        store::holds::waiting_of(&mut self.db.glance().await?, actor.account.id, self.now()).await
    }

    /// What became of the messages of a ticket that were held, by message; for those who may read notes.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn deliveries(&self, actor: &Actor, number: &str) -> Result<BTreeMap<i64, String>> {
        let mut tx = self.db.read().await?;
        let ticket = store::tickets::by_number(&mut tx, number).await?;
        let Some(ticket) = ticket.filter(|ticket| may(actor, Action::ViewInternal, ticket)) else {
            return Ok(BTreeMap::new());
        };
        let held = store::holds::holds_of(&mut tx, ticket.id).await?;
        Ok(held.into_iter().map(|held| (held.message_id, held.state)).collect())
    }

    /// Calls back the answer `message`, which its writer gave just now: its mails never leave, the ticket stands as
    /// before it, and its text is a draft again.
    ///
    /// # Errors
    /// `NotFound` when it is no held answer of the actor's; `Conflict` when it has left, or something has built on it.
    pub async fn withdraw_answer(&self, actor: &Actor, number: &str, message: i64) -> Result<Ticket> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        let ticket = self.seen(&mut tx, actor, number).await?;
        store::dialect::lock_ticket(&mut tx, ticket.id).await?;
        let held = store::holds::holds_of(&mut tx, ticket.id).await?;
        let own = |held: &&Held| held.message_id == message && held.account_id == actor.account.id;
        let held = held.iter().find(own).ok_or(Error::NotFound("answer"))?.clone();
        if held.state == "withdrawn" {
            return Ok(ticket);
        }
        if !held.is_waiting(now) || !store::holds::withdraw(&mut tx, &held).await? {
            return Err(Error::conflict(Say::new("error-answer-left")));
        }
        let mut working = Working::load(&mut tx, ticket).await?;
        let given = given_at(&mut tx, &working.ticket, message).await?;
        restore(&mut tx, &mut working, &serde_json::from_str(&held.was)?, given).await?;
        // What came due while the answer stood is found due now, at its own instant.
        let payload = json!({"answer": message});
        working.event(now, ActorLabel::user(actor.account.id), "answer_withdrawn", payload);
        working.save(&mut tx, &self.rules, now).await?;
        keep_text(&mut tx, actor, &working.ticket, message, now).await?;
        tx.commit().await?;
        self.wake();
        Ok(working.ticket)
    }
}

/// When an answer was given, if nothing has built on it since.
async fn given_at(tx: &mut Tx, ticket: &Ticket, message: i64) -> Result<DateTime<Utc>> {
    let events = store::events::of_stream(tx, &ticket.number, 0, i64::MAX).await?;
    let payloads: Vec<Value> =
        events.iter().map(|event| serde_json::from_str(&event.payload).unwrap_or_default()).collect();
    let called_back: Vec<i64> = payloads.iter().filter_map(|payload| payload["answer"].as_i64()).collect();
    let place = payloads.iter().position(|payload| payload["message"]["id"].as_i64() == Some(message));
    let place = place.ok_or(Error::NotFound("answer"))?;
    let stands = |payload: &Value| payload["message"]["id"].as_i64().is_none_or(|id| !called_back.contains(&id));
    let built = events.iter().zip(&payloads).skip(place + 1);
    if built.into_iter().any(|(event, payload)| BUILDS_ON_IT.contains(&event.kind.as_str()) && stands(payload)) {
        return Err(Error::conflict(Say::new("error-answer-built-on")));
    }
    Ok(events[place].at)
}

/// Puts back what an answer changed that was given at `given`.
async fn restore(tx: &mut Tx, working: &mut Working, was: &Was, given: DateTime<Utc>) -> Result<()> {
    let solved = working.ticket.status == Status::Resolved && was.status != Status::Resolved;
    working.ticket.status = was.status;
    working.ticket.responded_at = was.responded_at;
    working.ticket.resolved_at = was.resolved_at;
    let stopped = |clock: &&mut SlaClock| {
        clock.stopped_at == Some(given) && (solved || (clock.kind == ClockKind::Response && was.responded_at.is_none()))
    };
    for clock in working.clocks.iter_mut().filter(stopped) {
        clock.stopped_at = None;
    }
    let mut kept = Vec::new();
    for mut pause in std::mem::take(&mut working.pauses) {
        match was.pauses.iter().find(|(id, _)| *id == pause.id) {
            None => {
                store::holds::remove_pause(tx, pause.id).await?;
                continue;
            }
            Some((id, None)) if pause.to.is_some() => {
                store::holds::continue_pause(tx, *id).await?;
                pause.to = None;
            }
            Some(_) => {}
        }
        kept.push(pause);
    }
    working.pauses = kept;
    Ok(())
}

/// The text of an answer that was called back is its writer's draft again, before whatever he has begun since.
async fn keep_text(tx: &mut Tx, actor: &Actor, ticket: &Ticket, message: i64, now: DateTime<Utc>) -> Result<()> {
    let messages = store::messages::of_ticket(tx, ticket.id, true, message - 1, 1).await?;
    let Some(message) = messages.first().filter(|found| found.id == message) else { return Ok(()) };
    let drafts = store::drafts::on_ticket(tx, ticket.id).await?;
    let begun = drafts.iter().find(|draft| draft.account_id == actor.account.id && draft.kind == ANSWER);
    let body = joined(&message.body, begun.map_or("", |draft| &draft.body));
    let draft = NewDraft { ticket: ticket.id, account: actor.account.id, kind: ANSWER, body: &body, reply: None };
    store::drafts::keep_draft(tx, &draft, now).await
}
