//! Sending what waits in the outbox.

use crate::desk::setup::MAIL_PARKED;
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::domain::message::{NewMail, OutboxItem, OutboxState, without_addresses};
use crate::error::{Error, Result, Say};
use crate::mail::transport::Transport;
use crate::store::{self, Tx};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;

/// Mails taken at once by one worker.
const BATCH: i64 = 20;

/// A worker that says nothing for so long has died; its mails are taken over.
const LEASE: Duration = Duration::minutes(2);

impl Desk {
    /// Puts a mail in the outbox, inside the transaction of the change that causes it.
    pub(super) async fn post(&self, tx: &mut Tx, mail: &NewMail) -> Result<()> {
        store::outbox::put(tx, mail, self.now(), self.clock.machine()).await
    }

    /// Lets go of answers that can no longer be called back and sends every mail that is due; gives how many were sent.
    ///
    /// # Errors
    /// The database does not answer; claimed mails return by themselves.
    pub async fn send_outbox(&self) -> Result<usize> {
        self.release_answers().await?;
        if matches!(self.transport, Transport::None) || self.is_parked().await? {
            return Ok(0);
        }
        let mut sent = 0;
        loop {
            let now = self.clock.machine();
            let mut tx = self.db.write().await?;
            store::undeliverable::give_up_mails(&mut tx).await?;
            let items = store::dialect::claim_mail(&mut tx, now, now + LEASE, BATCH).await?;
            tx.commit().await?;
            if items.is_empty() {
                return Ok(sent);
            }
            // At the same time, so that one slow receiver does not hold up the others.
            let work = items.iter().map(|item| self.send_one(item));
            for outcome in futures_util::future::join_all(work).await {
                sent += usize::from(outcome?);
            }
        }
    }

    /// This is a restored copy whose mails nobody has let go yet.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_parked(&self) -> Result<bool> {
        Ok(store::settings::get(&mut self.db.glance().await?, MAIL_PARKED).await?.is_some())
    }

    /// Lets the mails of a restored copy go; gives how many wait.
    ///
    /// # Errors
    /// `Conflict` when nothing holds them.
    pub async fn release_mail(&self) -> Result<i64> {
        let mut tx = self.db.write().await?;
        if store::settings::get(&mut tx, MAIL_PARKED).await?.is_none() {
            return Err(Error::conflict(Say::new("error-mail-not-parked")));
        }
        store::settings::forget(&mut tx, MAIL_PARKED).await?;
        let counts = store::outbox::counts(&mut tx).await?;
        let waiting = counts.iter().filter(|(state, _)| state == "queued").map(|(_, count)| count).sum();
        let label = ActorLabel::console();
        chain::note(&mut tx, "mail", "outgoing", self.now(), label, "released", json!({"waiting": waiting})).await?;
        tx.commit().await?;
        self.wake();
        Ok(waiting)
    }

    async fn send_one(&self, item: &OutboxItem) -> Result<bool> {
        let outcome = self.transport.send(item).await;
        let now = self.clock.machine();
        let (state, error, due) = match &outcome {
            Ok(()) => (OutboxState::Sent, None, now),
            Err(refused) => {
                match next_try(&self.ways.limits.retry_minutes, item.attempts, now).filter(|_| refused.temporary) {
                    Some(at) => (OutboxState::Queued, Some(refused.reason.as_str()), at),
                    None => (OutboxState::Dead, Some(refused.reason.as_str()), now),
                }
            }
        };
        if let Some(reason) = error {
            tracing::warn!(outbox = item.id, attempts = item.attempts, state = %state, reason = without_addresses(reason), "a mail was not sent");
        }
        metrics::counter!("meja_mails_out_total", "outcome" => state.as_str()).increment(1);
        let mut tx = self.db.write().await?;
        store::outbox::settle(&mut tx, item, state, error, due, self.now()).await?;
        tx.commit().await?;
        Ok(outcome.is_ok())
    }
}

/// When a mail that failed `attempts` times is tried again; `None` when it is given up.
fn next_try(pauses: &[u32], attempts: i64, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let index = usize::try_from(attempts.saturating_sub(1)).ok()?;
    pauses.get(index).map(|minutes| now + Duration::minutes((*minutes).into()))
}
