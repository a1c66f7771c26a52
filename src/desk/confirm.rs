//! A requester proves that the address is his by the link that was mailed to it.

use crate::desk::Desk;
use crate::desk::working::Working;
use crate::domain::event::ActorLabel;
use crate::domain::ticket::Ticket;
use crate::error::{Error, Result};
use crate::store;
use serde_json::json;

impl Desk {
    /// Notes that the requester's address is proven. Doing it twice changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown number and a wrong mark alike.
    pub async fn confirm_address(&self, number: &str, mark: &str) -> Result<Ticket> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        let ticket = store::tickets::by_number(&mut tx, number).await?.ok_or(Error::NotFound("ticket"))?;
        let text = format!("{}:{}", ticket.number, ticket.requester_email);
        if !self.secret.recognises("confirm", &text, mark) {
            return Err(Error::NotFound("ticket"));
        }
        if ticket.requester_verified {
            return Ok(ticket);
        }
        store::dialect::lock_ticket(&mut tx, ticket.id).await?;
        let mut working = Working::load(&mut tx, ticket).await?;
        self.catch_up(&mut tx, &mut working, now).await?;
        working.ticket.requester_verified = true;
        working.event(now, ActorLabel::requester(), "address_confirmed", json!({}));
        working.save(&mut tx, &self.rules, now).await?;
        tx.commit().await?;
        Ok(working.ticket)
    }
}
