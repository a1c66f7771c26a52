//! Telling programs what happened: signed, within the rights of the owner as they are now, again until it is taken.
//!
//! What is sent names the ticket and its state, no person and no text: who wants more asks the API with his own token.

use crate::desk::probe::push;
use crate::desk::{Desk, chain};
use crate::domain::people::{Action, Actor, Scope, may};
use crate::domain::ticket::Channel;
use crate::domain::webhook::{Delivery, DeliveryState, Webhook};
use crate::error::Result;
use crate::secret::signature;
use crate::store::{self, Tx};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;

/// Deliveries taken at once.
const BATCH: i64 = 20;
/// A node that says nothing for so long has died; its deliveries are taken over.
const LEASE: Duration = Duration::minutes(2);
/// Minutes between tries.
const PAUSES: [i64; 7] = [1, 5, 15, 60, 240, 720, 1440];
/// What was told is kept for so long.
pub(super) const KEPT: Duration = Duration::days(30);

impl Desk {
    /// Sends what is to be told; gives how many were taken.
    ///
    /// # Errors
    /// The database does not answer; claimed deliveries return by themselves.
    pub async fn send_webhooks(&self) -> Result<usize> {
        if !store::webhooks::waits(&mut self.db.glance().await?).await? || self.is_parked().await? {
            return Ok(0);
        }
        let now = self.clock.machine();
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, "webhook", "deliveries").await?;
        let items = store::webhooks::claim(&mut tx, now, now + LEASE, BATCH).await?;
        tx.commit().await?;
        let work = items.into_iter().map(|item| self.tell_one(item));
        let mut told = 0;
        for outcome in futures_util::future::join_all(work).await {
            told += usize::from(outcome?);
        }
        Ok(told)
    }

    async fn tell_one(&self, mut it: Delivery) -> Result<bool> {
        let mut tx = self.db.read().await?;
        let parcel = self.parcel(&mut tx, &it).await?;
        drop(tx);
        let mut due = None;
        match parcel {
            None => it.state = DeliveryState::Skipped,
            Some((webhook, body)) => {
                let outcome = self.push_webhook(&webhook, &it, &body).await;
                it.status = outcome.as_ref().ok().map(|status| i64::from(*status));
                it.last_error = outcome.as_ref().err().cloned();
                match outcome {
                    Ok(status) if (200..300).contains(&status) => {
                        (it.state, it.sent_at) = (DeliveryState::Sent, Some(self.now()));
                    }
                    _ => {
                        due = next_try(it.attempts, self.clock.machine());
                        it.state = if due.is_some() { DeliveryState::Queued } else { DeliveryState::Dead };
                    }
                }
            }
        }
        let mut tx = self.db.write().await?;
        store::webhooks::settle(&mut tx, &it, due).await?;
        tx.commit().await?;
        Ok(it.state == DeliveryState::Sent)
    }

    /// What the owner may be told of it now; nothing where he may not, or wants no more.
    async fn parcel(&self, tx: &mut Tx, it: &Delivery) -> Result<Option<(Webhook, String)>> {
        let Some(webhook) = store::webhooks::by_id(tx, it.webhook_id).await?.filter(|it| it.active) else {
            return Ok(None);
        };
        let (Some(account), Some(ticket)) =
            (store::people::by_id(tx, webhook.owner).await?, store::tickets::by_number(tx, &it.stream).await?)
        else {
            return Ok(None);
        };
        let grants = store::people::grants(tx, account.id).await?;
        let only_agency = webhook.agency.clone();
        let owner = Actor { account, grants, scope: Scope::Read, only_agency, via: Channel::Api };
        if !may(&owner, Action::ViewInternal, &ticket) {
            return Ok(None);
        }
        let body = json!({
            "id": it.item_key,
            "event": it.kind,
            "at": it.at,
            "seq": it.seq,
            "ticket": {
                "number": ticket.number, "kind": ticket.kind, "status": ticket.status, "priority": ticket.priority,
                "tier": ticket.tier, "agency": ticket.agency, "service": ticket.service, "version": ticket.version,
            },
        });
        Ok(Some((webhook, body.to_string())))
    }

    async fn push_webhook(&self, webhook: &Webhook, it: &Delivery, body: &str) -> Result<u16, String> {
        let time = self.clock.machine().timestamp();
        let signed = signature(&self.webhook_secret(webhook), &format!("{time}.{body}"));
        let headers = [
            ("Idempotency-Key", it.item_key.clone()),
            ("Webhook-Event", it.kind.clone()),
            ("Webhook-Timestamp", time.to_string()),
            ("Webhook-Signature", format!("v1={signed}")),
        ];
        push(&self.outward, &webhook.url, &headers, body).await.map_err(|finding| finding.to_string())
    }
}

fn next_try(attempts: i64, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let index = usize::try_from(attempts.saturating_sub(1)).ok()?;
    PAUSES.get(index).map(|minutes| now + Duration::minutes(*minutes))
}
