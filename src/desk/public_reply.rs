//! What a reporter may do to his ticket without an account: read it, write to it, say that it is not solved.

use crate::desk::uploads::{self, Owner};
use crate::desk::views::TicketPage;
use crate::desk::working::Working;
use crate::desk::written::{self, LONGEST_TEXT, Words, required};
use crate::desk::{Desk, clocks};
use crate::domain::clock_plan::StepKind;
use crate::domain::event::ActorLabel;
use crate::domain::message::MessageVisibility;
use crate::domain::ticket::{Status, Ticket};
use crate::error::{Error, Result, Say};
use crate::secret::sha256;
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};
use serde_json::json;

/// Answers that may come from one source, or from one proven address, within the window of tries.
const FROM_HERE: i64 = 120;

/// How somebody has shown that a ticket is his.
#[derive(Debug, Clone)]
pub enum Proof {
    /// By its tracking code, from an address.
    Code {
        /// The code as typed.
        code: String,
        /// The address the request came from.
        source: String,
    },
    /// By having proven this address, lower case: the tickets reported from it are his.
    Address(String),
}

/// What a reporter sends to a ticket.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    /// What he wrote.
    pub body: &'a str,
    /// The form's own key, so that a double tap adds one message.
    pub key: &'a str,
    /// Whose waiting files go with it.
    pub uploads: Option<&'a Owner>,
}

impl Desk {
    /// The public part of a ticket for whoever has shown that it is his.
    ///
    /// # Errors
    /// As [`Desk::track`]; `NotFound` for a ticket of another address and an unknown one alike.
    pub async fn follow_ticket(&self, number: &str, proof: &Proof) -> Result<TicketPage> {
        self.check_proof(number, proof).await?;
        let mut tx = self.db.read().await?;
        let ticket = proven(&mut tx, number, proof).await?;
        self.page(&mut tx, ticket, false).await
    }

    /// Adds what the reporter wrote. A pause ends, a solved ticket is open again.
    ///
    /// # Errors
    /// As [`Desk::follow_ticket`]; `Invalid` for an empty text; `Conflict` when the ticket is closed or merged; `TooMany`
    /// after many answers from one source.
    pub async fn requester_reply(&self, number: &str, proof: &Proof, answer: &Answer<'_>) -> Result<Ticket> {
        self.check_proof(number, proof).await?;
        let body = required("body", answer.body, LONGEST_TEXT)?;
        let (Proof::Code { source: whose, .. } | Proof::Address(whose)) = proof;
        let _kept = self.count_try(&[(&format!("answer from {whose}"), FROM_HERE)]).await?;
        let now = self.now();
        let mut tx = self.db.write().await?;
        let Some(mut working) = self.turn_of(&mut tx, number, proof, "reply", answer.key).await? else {
            return proven(&mut self.db.read().await?, number, proof).await;
        };
        if matches!(working.ticket.status, Status::Closed | Status::Merged) {
            return Err(refused(&working));
        }
        let mut files = Vec::new();
        if let Some(owner) = answer.uploads {
            files = uploads::take(&mut tx, owner).await?;
            store::settings::drop_draft(&mut tx, owner.as_str()).await?;
        }
        let words = Words { body: &body, channel: "web", name: None, files: &files };
        self.requester_wrote(&mut tx, &mut working, &words, now).await?;
        self.finish(tx, working, now).await
    }

    /// Opens a solved ticket again because the reporter says why it is not solved. Only while the pack's time for that
    /// runs: afterwards the ticket is closed.
    ///
    /// # Errors
    /// As [`Desk::requester_reply`]; `Conflict` also when the ticket is not solved.
    pub async fn requester_reopens(&self, number: &str, proof: &Proof, reason: &str, key: &str) -> Result<Ticket> {
        self.check_proof(number, proof).await?;
        let reason = required("reason", reason, written::LONGEST_REASON)?;
        let now = self.now();
        let mut tx = self.db.write().await?;
        let Some(mut working) = self.turn_of(&mut tx, number, proof, "reopen", key).await? else {
            return proven(&mut self.db.read().await?, number, proof).await;
        };
        if working.ticket.status != Status::Resolved {
            return Err(refused(&working));
        }
        let words = Words { body: &reason, channel: "web", name: None, files: &[] };
        let requester = ActorLabel::requester;
        let public = MessageVisibility::Public;
        let stored = written::store(self, &mut tx, &working, requester(), public, &words, now).await?;
        let payload = json!({"message": stored.payload, "files": stored.files, "channel": words.channel});
        working.event(now, requester(), "requester_wrote", payload);
        working.reopen(requester(), &reason, now);
        self.finish(tx, working, now).await
    }

    /// Refuses a wrong code before anything is looked up.
    pub(super) async fn check_proof(&self, number: &str, proof: &Proof) -> Result<()> {
        match proof {
            Proof::Code { code, source } => self.check_code(number, code, source).await,
            Proof::Address(_) => Ok(()),
        }
    }

    /// The ticket, ours to change and with everything done that came due; `None` when this very form was sent before.
    pub(super) async fn turn_of(
        &self,
        tx: &mut Tx,
        number: &str,
        proof: &Proof,
        act: &str,
        key: &str,
    ) -> Result<Option<Working>> {
        let ticket = proven(tx, number, proof).await?;
        store::dialect::lock_ticket(tx, ticket.id).await?;
        let key = sha256(format!("{act}\n{number}\n{key}"));
        if !store::settings::take_key(tx, &key, act, self.clock.machine()).await? {
            return Ok(None);
        }
        // Read again: somebody may have changed it before it was ours.
        let ticket = proven(tx, number, proof).await?;
        let mut working = Working::load(tx, ticket).await?;
        self.catch_up(tx, &mut working, self.now()).await?;
        Ok(Some(working))
    }

    /// Saves what a reporter has changed.
    pub(super) async fn finish(&self, mut tx: Tx, mut working: Working, now: DateTime<Utc>) -> Result<Ticket> {
        working.save(&mut tx, &self.rules, now).await?;
        tx.commit().await?;
        self.wake();
        Ok(working.ticket)
    }

    /// When a step of a ticket will be due, if it is planned and its clock runs.
    ///
    /// # Errors
    /// The pack does not know the ticket's profile any more.
    pub fn planned_step(&self, page: &TicketPage, kind: StepKind) -> Result<Option<DateTime<Utc>>> {
        let plan = clocks::plan(&self.rules.of(&page.view.ticket), &page.view.ticket, &page.pauses, &page.clocks)?;
        Ok(plan.iter().find(|step| step.kind == kind).and_then(|step| step.due_at))
    }
}

async fn proven(tx: &mut Tx, number: &str, proof: &Proof) -> Result<Ticket> {
    let ticket = store::tickets::by_number(tx, number).await?;
    match proof {
        Proof::Code { .. } => ticket.ok_or_else(|| Error::Denied(Say::new("error-tracking"))),
        Proof::Address(email) => ticket
            .filter(|ticket| !email.is_empty() && ticket.requester_email == *email)
            .ok_or(Error::NotFound("ticket")),
    }
}

fn refused(working: &Working) -> Error {
    Error::conflict(Say::new("error-state").with("status", working.ticket.status))
}
