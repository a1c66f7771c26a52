//! The mails of one ticket on their way out: to whom, how far, and another try.

use crate::desk::catalogue::denied;
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::domain::message::without_addresses;
use crate::domain::people::{Action, Actor, may};
use crate::domain::ticket::Verb;
use crate::error::{Error, Result, Say};
use crate::store;
use crate::store::outbox::Dispatch;
use serde_json::json;

/// Most mails of a ticket that are listed.
const MOST: i64 = 200;

impl Desk {
    /// The mails of a ticket, the newest first. Who may not learn who reported is not told by an address either.
    ///
    /// # Errors
    /// `NotFound`; `Denied` for those who do not work on it.
    pub async fn ticket_mails(&self, actor: &Actor, number: &str) -> Result<Vec<Dispatch>> {
        let page = self.ticket_page(actor, number).await?;
        if !may(actor, Action::ViewInternal, &page.view.ticket) {
            return Err(denied());
        }
        let mut tx = self.db.read().await?;
        let mut mails = store::outbox::of_ticket(&mut tx, page.view.ticket.id, MOST).await?;
        if page.veiled {
            for mail in &mut mails {
                // Servers repeat the address they speak of.
                mail.last_error = mail.last_error.take().map(|said| without_addresses(&said));
                mail.recipient.clear();
            }
        }
        Ok(mails)
    }

    /// Tries a mail of a ticket again that was given up or waits for its next try.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `Conflict` when it was sent meanwhile or is being sent.
    pub async fn resend_ticket_mail(&self, actor: &Actor, number: &str, id: i64) -> Result<()> {
        let page = self.ticket_page(actor, number).await?;
        let ticket = &page.view.ticket;
        if !may(actor, Action::Do(Verb::Reply), ticket) || !may(actor, Action::ViewInternal, ticket) {
            return Err(denied());
        }
        let mut tx = self.db.write().await?;
        let mails = store::outbox::of_ticket(&mut tx, ticket.id, MOST).await?;
        if !mails.iter().any(|mail| mail.id == id) {
            return Err(Error::NotFound("mail"));
        }
        if !store::outbox::retry(&mut tx, id, self.clock.machine()).await? {
            return Err(Error::conflict(Say::new("error-mail-not-waiting")));
        }
        let label = ActorLabel::user(actor.account.id);
        let payload = json!({"outbox": id, "ticket": ticket.number});
        chain::note(&mut tx, "mail", "outgoing", self.now(), label, "retried", payload).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }
}
