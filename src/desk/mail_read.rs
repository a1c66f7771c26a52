//! Reading a received mail before the writer's turn, and looking at one again afterwards.

use crate::desk::Desk;
use crate::desk::catalogue::denied;
use crate::domain::message::InboxItem;
use crate::domain::people::{Action, Actor, may};
use crate::error::{Error, Result};
use crate::mail::parse::{self, Letter};
use crate::mail::{html, sender};
use crate::store;
use crate::store::mail_origins::MailOrigin;
use std::sync::Arc;
use std::time::Duration;

/// Longest time the cleaning of one mail's HTML may take; then its text has to do.
const CLEANING: Duration = Duration::from_secs(3);

/// A mail as staff look at it again.
#[derive(Debug, Clone)]
pub struct SeenMail {
    /// Who sent it.
    pub origin: MailOrigin,
    /// Its head as it came, field by field; only while the raw mail is kept.
    pub head: Vec<(String, String)>,
    /// Its HTML without anything that runs, loads or hides.
    pub html: Option<String>,
}

impl Desk {
    /// Looks who sent a mail, where the settings ask for it.
    pub(super) async fn check_sender(&self, item: &InboxItem, letter: &mut Letter) {
        letter.origin = self.who_sent(item, letter).await;
    }

    /// What SPF, DKIM and DMARC say of a mail; of robots nobody asks.
    pub(super) async fn who_sent(&self, item: &InboxItem, letter: &Letter) -> sender::Origin {
        if !self.sender_check.is_on() || letter.robot.is_some() {
            return sender::Origin::default();
        }
        Arc::clone(&self.sender_check).check(item.raw.clone(), item.sender.clone()).await
    }

    /// Who sent the mails of a ticket, for those who may read notes and learn who reported.
    ///
    /// # Errors
    /// `NotFound`; `Denied` for those who may not read notes.
    pub async fn ticket_origins(&self, actor: &Actor, number: &str) -> Result<Vec<MailOrigin>> {
        let page = self.ticket_page(actor, number).await?;
        if !may(actor, Action::ViewInternal, &page.view.ticket) {
            return Err(denied());
        }
        Ok(page.origins)
    }

    /// The mail behind a message, for those who may read notes and learn who reported.
    ///
    /// # Errors
    /// `NotFound` when the message came another way.
    pub async fn seen_mail(&self, actor: &Actor, number: &str, message: i64) -> Result<SeenMail> {
        let page = self.ticket_page(actor, number).await?;
        let origin = page.origins.into_iter().find(|origin| origin.message_id == message);
        let origin = origin.ok_or(Error::NotFound("mail"))?;
        let raw = store::mail_origins::raw_mail(&mut self.db.read().await?, origin.inbox_id).await?;
        let Some(raw) = raw else { return Ok(SeenMail { origin, head: Vec::new(), html: None }) };
        let work = tokio::task::spawn_blocking(move || {
            let html = parse::html(&raw).and_then(|html| html::safe(&html));
            (parse::head(&raw), html)
        });
        let (head, html) =
            tokio::time::timeout(CLEANING, work).await.ok().and_then(|done| done.ok()).unwrap_or_default();
        Ok(SeenMail { origin, head, html })
    }
}

/// Who sent a letter, as it is kept beside its message.
pub(super) fn origin_of(item: &InboxItem, letter: &Letter, reused: bool) -> MailOrigin {
    let sender::Origin { spf, dkim, dmarc, .. } = letter.origin;
    MailOrigin {
        message_id: 0,
        inbox_id: item.id,
        from_email: letter.from.clone(),
        from_name: letter.from_name.clone(),
        reply_to: letter.reply_to.clone(),
        envelope: item.sender.trim_matches(['<', '>']).to_lowercase(),
        copies: letter.copies.join(" "),
        spf: spf.to_owned(),
        dkim: dkim.to_owned(),
        dmarc: dmarc.to_owned(),
        belief: letter.origin.belief().as_str().to_owned(),
        has_html: letter.has_html,
        reused,
        machine: letter.machine,
    }
}
