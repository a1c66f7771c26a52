//! What is kept how long: looking at it, holding a ticket, and removing what is over.

use crate::desk::catalogue::denied;
use crate::desk::working::Working;
use crate::desk::written::{LONGEST_REASON, required};
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::domain::people::{Action, Actor, may};
use crate::domain::settings::{may_change, may_read};
use crate::domain::ticket::Ticket;
use crate::error::{Error, Result, Say};
use crate::store::retention::{Hold, Limits, Over};
use crate::store::{self, Tx};
use chrono::Duration;
use serde_json::json;

/// Drafts are kept so long after somebody touched them.
pub const DRAFTS: Duration = Duration::days(7);
/// Tries counted against limits are kept so long.
pub const ATTEMPTS: Duration = Duration::days(1);
/// Keys of requests are kept so long: a client that sends a request again does so within that.
pub const KEYS: Duration = Duration::days(2);

/// What is over now, and what is held.
#[derive(Debug, Clone)]
pub struct Preview {
    /// What the next run removes.
    pub over: Over,
    /// Tickets that are held.
    pub holds: Vec<Hold>,
}

impl Desk {
    /// What the next run would remove, and what is held. Changes nothing.
    ///
    /// # Errors
    /// `Denied` for those who may not read the settings.
    pub async fn retention(&self, actor: &Actor) -> Result<Preview> {
        if !may_read(actor) {
            return Err(denied());
        }
        let mut tx = self.db.read().await?;
        let over = store::retention::over(&mut tx, &self.limits()).await?;
        Ok(Preview { over, holds: store::retention::holds(&mut tx).await? })
    }

    /// The instants before which each kind of data is over.
    pub(super) fn limits(&self) -> Limits {
        let now = self.clock.machine();
        Limits {
            drafts: now - DRAFTS,
            attempts: now - ATTEMPTS,
            keys: now - KEYS,
            sessions: now - self.lasts(true).idle.max(self.lasts(false).idle),
            links: now,
            // Mails carry the desk's instant.
            raw_mails: self.now() - Duration::days(self.pack().retention.raw_mail_days.into()),
        }
    }

    /// Removes raw mails whose time is over, with an event that says how many.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn remove_raw_mails(&self, tx: &mut Tx) -> Result<u64> {
        let before = self.limits().raw_mails;
        let removed = store::retention::remove_raw_mails(tx, before).await?;
        if removed > 0 {
            let facts = json!({"count": removed, "before": before});
            chain::note(tx, "retention", "raw_mail", self.now(), ActorLabel::policy(), "removed", facts).await?;
        }
        Ok(removed)
    }

    /// Holds a ticket: nothing of it is removed until the hold ends.
    ///
    /// # Errors
    /// `Denied`, `Invalid` without a number or a reason, `Conflict` when it is held already.
    pub async fn hold_ticket(&self, actor: &Actor, number: &str, reason: &str) -> Result<()> {
        self.switch_hold(actor, number, reason, true).await
    }

    /// Ends the hold on a ticket.
    ///
    /// # Errors
    /// As [`Desk::hold_ticket`]; `Conflict` when nobody holds it.
    pub async fn release_ticket(&self, actor: &Actor, number: &str, reason: &str) -> Result<()> {
        self.switch_hold(actor, number, reason, false).await
    }

    async fn switch_hold(&self, actor: &Actor, number: &str, reason: &str, hold: bool) -> Result<()> {
        if !may_change(actor) {
            return Err(denied());
        }
        let reason = required("reason", reason, LONGEST_REASON)?;
        let mut tx = self.db.write().await?;
        let ticket = self.holdable(&mut tx, actor, number).await?;
        let (id, now) = (ticket.id, self.now());
        let mut working = Working::load(&mut tx, ticket).await?;
        let label = ActorLabel::user(actor.account.id);
        if hold {
            if store::retention::is_held(&mut tx, id).await? {
                return Err(Error::conflict(Say::new("error-held")));
            }
            store::retention::hold(&mut tx, id, &reason, actor.account.id, now).await?;
            working.event(now, label, "held", json!({"reason": reason}));
        } else {
            if !store::retention::release(&mut tx, id, &reason, actor.account.id, now).await? {
                return Err(Error::conflict(Say::new("error-not-held")));
            }
            working.event(now, label, "hold_ended", json!({"reason": reason}));
        }
        working.save(&mut tx, &self.rules, now).await?;
        tx.commit().await
    }

    /// The ticket, locked. Who runs the installation holds tickets by number without seeing what stands in them.
    async fn holdable(&self, tx: &mut Tx, actor: &Actor, number: &str) -> Result<Ticket> {
        let unknown = || Error::field("number", Say::new("field-number-unknown"));
        let number = number.trim().to_uppercase();
        let found = store::tickets::by_number(tx, &number).await?.ok_or_else(unknown)?;
        let runs = actor.holds(crate::domain::people::Role::SystemAdmin);
        if !runs && !may(actor, Action::View, &found) {
            return Err(unknown());
        }
        store::dialect::lock_ticket(tx, found.id).await?;
        store::tickets::by_id(tx, found.id).await?.ok_or_else(unknown)
    }
}
