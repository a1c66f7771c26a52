//! How mail goes out: what waits and why, another try, and a mail to oneself to see that it works.

use crate::desk::catalogue::denied;
use crate::desk::{Desk, chain, tries};
use crate::domain::event::ActorLabel;
use crate::domain::message::{OutboxItem, masked, without_address};
use crate::domain::people::Actor;
use crate::domain::settings::{may_change, may_read};
use crate::domain::ticket::Language;
use crate::error::{Error, Result, Say};
use crate::mail::compose::Outgoing;
use crate::mail::transport::Transport;
use crate::secret::new_token;
use crate::store;
use crate::store::mailboxes::Cursor;
use chrono::{DateTime, Utc};
use serde_json::json;

/// Most mails in trouble that are listed.
const MOST: i64 = 50;

/// How mail goes out.
#[derive(Debug, Clone)]
pub struct MailState {
    /// How many mails stand in each state, by its word.
    pub outbox: Vec<(String, i64)>,
    /// How many received mails stand in each state, by its word.
    pub inbox: Vec<(String, i64)>,
    /// The mailboxes that are read, as far as they were.
    pub mailboxes: Vec<Cursor>,
    /// Mails that failed at least once and are not sent, newest first: to masked addresses, and without their words. Who
    /// looks after mail need not know who reported what.
    pub troubled: Vec<OutboxItem>,
    /// When a mail was last taken over by the next server. UTC.
    pub sent_at: Option<DateTime<Utc>>,
}

impl Desk {
    /// How mail goes out, for those who may read the settings.
    ///
    /// # Errors
    /// `Denied`.
    pub async fn mail_state(&self, actor: &Actor) -> Result<MailState> {
        if !may_read(actor) {
            return Err(denied());
        }
        let mut tx = self.db.read().await?;
        Ok(MailState {
            outbox: store::outbox::counts(&mut tx).await?,
            inbox: store::inbox::counts(&mut tx).await?,
            mailboxes: store::mailboxes::all(&mut tx).await?,
            troubled: store::outbox::troubled(&mut tx, MOST).await?.into_iter().map(hidden).collect(),
            sent_at: store::outbox::last_sent(&mut tx).await?,
        })
    }

    /// There is a way out for mail.
    pub const fn has_way_out(&self) -> bool {
        !matches!(self.transport, Transport::None)
    }

    /// Tries a mail again that was given up or waits for its next try.
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `Conflict` when it was sent meanwhile or is being sent.
    pub async fn retry_mail(&self, actor: &Actor, id: i64) -> Result<()> {
        if !may_change(actor) {
            return Err(denied());
        }
        let mut tx = self.db.write().await?;
        store::outbox::by_id(&mut tx, id).await?.ok_or(Error::NotFound("mail"))?;
        if !store::outbox::retry(&mut tx, id, self.clock.machine()).await? {
            return Err(Error::conflict(Say::new("error-mail-not-waiting")));
        }
        let label = ActorLabel::user(actor.account.id);
        chain::note(&mut tx, "mail", "outgoing", self.now(), label, "retried", json!({"outbox": id})).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// Sends a mail to the actor's own address; nobody can be bothered by it but oneself, and not too often.
    ///
    /// # Errors
    /// `Denied`; `TooMany`; `Conflict` when there is no way out.
    pub async fn send_test_mail(&self, actor: &Actor, language: Language) -> Result<()> {
        if !may_change(actor) {
            return Err(denied());
        }
        if !self.has_way_out() {
            return Err(Error::conflict(Say::new("error-no-way-out")));
        }
        let subject = format!("test mail\n{}", actor.account.id);
        let _counted = self.count_try(&[(&subject, tries::TRIES)]).await?;
        let now = self.now();
        let mail = self.composer.write(&Outgoing {
            key: format!("test:{}", new_token()?),
            template: "test_mail",
            language,
            to: &actor.account.email,
            to_name: &actor.account.name,
            context: json!({"name": actor.account.name, "at": self.words(language, now)}),
            ..Outgoing::automatic(now)
        })?;
        let mut tx = self.db.write().await?;
        self.post(&mut tx, &mail).await?;
        let label = ActorLabel::user(actor.account.id);
        chain::note(&mut tx, "mail", "outgoing", now, label, "test_sent", json!({})).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }
}

/// A mail as those see it who look after mail.
fn hidden(mail: OutboxItem) -> OutboxItem {
    OutboxItem {
        last_error: mail.last_error.map(|error| without_address(&error, &mail.recipient)),
        recipient: masked(&mail.recipient),
        raw: Vec::new(),
        ..mail
    }
}
