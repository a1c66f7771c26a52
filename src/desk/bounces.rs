//! Mail of ours that came back: told on its ticket, and an address that takes no mail gets none until somebody says so.

use crate::desk::catalogue::denied;
use crate::desk::working::Working;
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::domain::message::{masked, without_addresses};
use crate::domain::people::{Action, Actor, may, visibility};
use crate::domain::reporter::knows_reporter;
use crate::domain::settings::may_change;
use crate::error::{Error, Result, Say};
use crate::mail::report::{Failure, Report};
use crate::mail::thread;
use crate::store::undeliverable::Undeliverable;
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};
use serde_json::json;

/// Most addresses in the list.
const MOST: i64 = 200;

impl Desk {
    /// Ties a report to the mail of ours it speaks of; gives that mail's ticket. A report about anything else proves
    /// nothing: our Message-IDs cannot be guessed.
    pub(super) async fn note_bounce(&self, tx: &mut Tx, report: &Report, at: DateTime<Utc>) -> Result<Option<i64>> {
        for id in &report.originals {
            let Some((ticket, recipient)) = store::undeliverable::own_mail(tx, id).await? else { continue };
            let recipient = recipient.to_lowercase();
            let own = report.failures.iter().find(|failure| failure.recipient == recipient);
            // A forwarded mailbox fails under another address; ours is the one that leads there.
            let Some(failure) = own.or_else(|| report.failures.iter().find(|failure| failure.is_final())) else {
                return Ok(ticket);
            };
            if matches!(failure.action.as_str(), "delivered" | "relayed" | "expanded") {
                return Ok(ticket);
            }
            self.note_failure(tx, ticket, &recipient, failure, at).await?;
            return Ok(ticket);
        }
        Ok(None)
    }

    async fn note_failure(
        &self,
        tx: &mut Tx,
        ticket: Option<i64>,
        recipient: &str,
        failure: &Failure,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let mut given_up = false;
        if failure.is_about_address() && !self.is_own_address(recipient) {
            let said = if failure.said.is_empty() { failure.action.clone() } else { failure.said.clone() };
            let address = Undeliverable {
                id: 0,
                email: recipient.to_owned(),
                ticket_id: ticket,
                status: failure.status.clone(),
                said,
                at,
            };
            given_up = store::undeliverable::give_up_address(tx, &address).await?;
        }
        let facts = json!({
            "to": recipient, "status": failure.status, "said": failure.said, "final": failure.is_final(), "stopped": given_up,
        });
        let found = match ticket {
            Some(id) => {
                store::dialect::lock_ticket(tx, id).await?;
                store::tickets::by_id(tx, id).await?
            }
            None => None,
        };
        let Some(ticket) = found else {
            return chain::note(tx, "mail", "outgoing", at, ActorLabel::mail(), "undelivered", facts).await;
        };
        let mut working = Working::load(tx, ticket).await?;
        let read_at = at.max(working.ticket.updated_at);
        self.catch_up(tx, &mut working, read_at).await?;
        working.event(at, ActorLabel::mail(), "undelivered", facts);
        working.save(tx, &self.rules, read_at).await
    }

    /// Is this a mail of ours that has come back to us?
    pub(super) fn is_own_mail(&self, message_id: &str) -> bool {
        thread::is_own_message_id(&self.secret, message_id)
    }

    /// Addresses that get no mail any more, the latest first, for those who may send to them again. Who may not learn who
    /// reported the ticket is shown no more of an address than he needs to tell it from others.
    ///
    /// # Errors
    /// `Denied`.
    pub async fn undeliverable(&self, actor: &Actor) -> Result<Vec<Undeliverable>> {
        if !may_change(actor) {
            return Err(denied());
        }
        let mut tx = self.db.read().await?;
        let mut addresses = store::undeliverable::given_up(&mut tx, MOST).await?;
        for address in &mut addresses {
            let ticket = match address.ticket_id {
                Some(id) => store::tickets::by_id(&mut tx, id).await?,
                None => None,
            };
            let is_open = match &ticket {
                Some(ticket) if !visibility(actor).shows(ticket) => false,
                Some(ticket) => {
                    knows_reporter(actor, ticket) || !store::wishes::of_ticket(&mut tx, ticket.id).await?.secret
                }
                None => visibility(actor).all,
            };
            if !is_open {
                address.said = without_addresses(&address.said);
                address.email = masked(&address.email);
            }
        }
        Ok(addresses)
    }

    /// Sends mail to an address again, for those who may change settings.
    ///
    /// # Errors
    /// `Denied`; `NotFound` when that never stopped.
    pub async fn lift_undeliverable(&self, actor: &Actor, id: i64) -> Result<()> {
        if !may_change(actor) {
            return Err(denied());
        }
        let mut tx = self.db.write().await?;
        let email = store::undeliverable::take_up_by_id(&mut tx, id).await?.ok_or(Error::NotFound("address"))?;
        let label = ActorLabel::user(actor.account.id);
        chain::note(&mut tx, "mail", "outgoing", self.now(), label, "address_lifted", json!({"to": email})).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// Sends mail to a participant of a ticket again, for those who may answer there.
    ///
    /// # Errors
    /// `NotFound` when nothing was stopped; `Denied`.
    pub async fn lift_participant(&self, actor: &Actor, number: &str, email: &str) -> Result<()> {
        let email = email.trim().to_lowercase();
        let now = self.now();
        let mut tx = self.db.write().await?;
        let ticket = self.seen(&mut tx, actor, number).await?;
        if !may(actor, Action::Do(crate::domain::ticket::Verb::Reply), &ticket) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        store::dialect::lock_ticket(&mut tx, ticket.id).await?;
        let stopped = store::undeliverable::given_up_of(&mut tx, ticket.id).await?;
        if !stopped.iter().any(|address| address.email == email) {
            return Err(Error::NotFound("address"));
        }
        store::undeliverable::take_up_address(&mut tx, &email).await?;
        let ticket = store::tickets::by_id(&mut tx, ticket.id).await?.ok_or(Error::NotFound("ticket"))?;
        let mut working = Working::load(&mut tx, ticket).await?;
        self.catch_up(&mut tx, &mut working, now).await?;
        working.event(now, ActorLabel::user(actor.account.id), "address_lifted", json!({"to": email}));
        working.save(&mut tx, &self.rules, now).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }
}
