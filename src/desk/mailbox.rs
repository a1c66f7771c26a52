//! Looking at outgoing mail and at who did what, for staff.

use crate::desk::Desk;
use crate::domain::event::Event;
use crate::domain::message::OutboxItem;
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::mail::parse;
use crate::store;
use std::collections::BTreeMap;

impl Desk {
    /// The newest outgoing mails.
    ///
    /// # Errors
    /// `NotFound` when this is no demo; `Denied` for those who are not of the staff.
    pub async fn newest_mail(&self, actor: &Actor, limit: i64) -> Result<Vec<OutboxItem>> {
        self.may_read_mail(actor)?;
        store::outbox::newest(&mut self.db.read().await?, limit).await
    }

    /// An outgoing mail with its plain text.
    ///
    /// # Errors
    /// As [`Desk::newest_mail`]; `NotFound` when there is no such mail.
    pub async fn mail(&self, actor: &Actor, id: i64) -> Result<(OutboxItem, String)> {
        self.may_read_mail(actor)?;
        let item = store::outbox::by_id(&mut self.db.read().await?, id).await?.ok_or(Error::NotFound("mail"))?;
        let text = parse::read(&item.raw, "").map(|letter| letter.text).unwrap_or_default();
        Ok((item, text))
    }

    /// Names of the people behind events, by their labels.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn names_in(&self, events: &[Event]) -> Result<BTreeMap<String, String>> {
        let mut names = BTreeMap::new();
        let mut tx = self.db.read().await?;
        for event in events {
            let label = event.actor.as_str();
            let Some(id) = label.strip_prefix("user:").and_then(|id| id.parse().ok()) else { continue };
            if !names.contains_key(label)
                && let Some(person) = store::people::by_id(&mut tx, id).await?
            {
                names.insert(label.to_owned(), person.name);
            }
        }
        Ok(names)
    }

    fn may_read_mail(&self, actor: &Actor) -> Result<()> {
        if !self.is_demo {
            return Err(Error::NotFound("mail"));
        }
        if !actor.is_staff() {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        Ok(())
    }
}
