//! Taking back a change of one's own that needs no answer: who works on a ticket, and its priority. Nothing is deleted: the
//! ticket is changed back, and the history has both.

use crate::desk::Desk;
use crate::desk::command::Command;
use crate::domain::event::{ActorLabel, Event};
use crate::domain::people::{Action, Actor, may};
use crate::domain::ticket::{Language, Priority, Ticket};
use crate::error::{Error, Result, Say};
use crate::store::{self, Tx};
use crate::text;
use chrono::Duration;
use serde_json::Value;

/// For so long a change can be taken back.
const LASTS: Duration = Duration::minutes(5);
/// What can be taken back.
const KINDS: [&str; 2] = ["assigned", "prioritized"];

impl Desk {
    /// Place in the history of the actor's last change of a ticket, if it can be taken back now.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn undoable(&self, actor: &Actor, ticket: &Ticket) -> Result<Option<i64>> {
        if !may(actor, Action::ViewInternal, ticket) {
            return Ok(None);
        }
        let mut tx = self.db.read().await?;
        let last = self.last_own(&mut tx, actor, &ticket.number).await?;
        Ok(last.filter(|event| self.now() - event.at <= LASTS).map(|event| event.seq))
    }

    /// Takes back the actor's change at place `seq` of a ticket's history.
    ///
    /// # Errors
    /// `Conflict` when it is too late or something has changed since; else as [`Desk::act`].
    pub async fn undo(&self, actor: &Actor, number: &str, seq: i64) -> Result<Ticket> {
        let mut tx = self.db.read().await?;
        let ticket = store::tickets::by_number(&mut tx, number).await?;
        let ticket = ticket.filter(|ticket| may(actor, Action::View, ticket)).ok_or(Error::NotFound("ticket"))?;
        let over = || Error::conflict(Say::new("error-undo-over"));
        let last = self.last_own(&mut tx, actor, number).await?.filter(|event| event.seq == seq).ok_or_else(over)?;
        if self.now() - last.at > LASTS {
            return Err(over());
        }
        let command = match last.kind.as_str() {
            "assigned" => Command::Assign { user: worker_before(&mut tx, number, seq).await? },
            _ => {
                let payload: Value = serde_json::from_str(&last.payload)?;
                let before = payload["from"].as_str().and_then(|word| word.parse::<Priority>().ok());
                let reason = text::say(Language::Indonesian, &Say::new("reason-undone"));
                Command::Prioritize { priority: before.ok_or_else(over)?, reason }
            }
        };
        drop(tx);
        // The version makes it sure that nothing has happened since.
        self.act(actor, number, Some(ticket.version), command, None).await
    }

    /// The last event of a ticket, when it is a change of the actor's that can be taken back.
    async fn last_own(&self, tx: &mut Tx, actor: &Actor, number: &str) -> Result<Option<Event>> {
        let Some((seq, _)) = store::events::head(tx, number).await? else { return Ok(None) };
        let last = store::events::of_stream(tx, number, seq - 1, 1).await?.into_iter().next();
        let own = ActorLabel::user(actor.account.id);
        Ok(last.filter(|event| event.actor == own && KINDS.contains(&event.kind.as_str())))
    }
}

/// Address of whoever worked on a ticket before place `seq` of its history.
async fn worker_before(tx: &mut Tx, number: &str, seq: i64) -> Result<Option<String>> {
    let events = store::events::of_stream(tx, number, 0, seq - 1).await?;
    let moved = |event: &&Event| ["assigned", "escalated", "returned"].contains(&event.kind.as_str());
    let Some(before) = events.iter().rev().find(moved).filter(|event| event.kind == "assigned") else { return Ok(None) };
    let payload: Value = serde_json::from_str(&before.payload)?;
    match payload["to"].as_i64() {
        Some(id) => Ok(store::people::by_id(tx, id).await?.filter(|person| person.active).map(|person| person.email)),
        None => Ok(None),
    }
}
