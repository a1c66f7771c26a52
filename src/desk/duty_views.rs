//! What people and machines read of the duty register; nothing here changes anything.

use crate::desk::Desk;
use crate::domain::duty::{Duty, is_seen};
use crate::domain::duty_rule::Rhythm;
use crate::domain::event::Event;
use crate::domain::people::{Actor, visibility};
use crate::error::{Error, Result};
use crate::store;
use crate::store::duties::{After, Filter, Owed};
use std::collections::BTreeMap;

/// A page of the register and where it goes on.
#[derive(Debug, Clone)]
pub struct DutyPage {
    /// The entries.
    pub items: Vec<Duty>,
    /// Addresses and names of those who said that something was done, by the keys of their accounts.
    pub people: BTreeMap<i64, (String, String)>,
    /// Place after the last, when there are more.
    pub next: Option<After>,
}

impl Desk {
    /// Entries the actor may see, next due first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn duties(&self, actor: &Actor, filter: &Filter, after: Option<After>, limit: i64) -> Result<DutyPage> {
        let mut tx = self.db.read().await?;
        let mut items = store::duties::list(&mut tx, &visibility(actor), filter, after, limit + 1).await?;
        let more = i64::try_from(items.len()).unwrap_or(i64::MAX) > limit;
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = items.last().filter(|_| more).map(|duty| (duty.due_at, duty.id));
        let mut people = BTreeMap::new();
        for id in items.iter().filter_map(|duty| duty.done_by) {
            if !people.contains_key(&id)
                && let Some(person) = store::people::by_id(&mut tx, id).await?
            {
                people.insert(id, (person.email, person.name));
            }
        }
        Ok(DutyPage { items, people, next })
    }

    /// The entry with a key, as a page of one.
    ///
    /// # Errors
    /// `NotFound` also for entries the actor may not see.
    pub async fn duty(&self, actor: &Actor, id: i64) -> Result<DutyPage> {
        let mut tx = self.db.read().await?;
        let duty = store::duties::by_id(&mut tx, id).await?.filter(|duty| is_seen(&visibility(actor), duty));
        let duty = duty.ok_or(Error::NotFound("duty"))?;
        let mut people = BTreeMap::new();
        if let Some(id) = duty.done_by
            && let Some(person) = store::people::by_id(&mut tx, id).await?
        {
            people.insert(id, (person.email, person.name));
        }
        Ok(DutyPage { items: vec![duty], people, next: None })
    }

    /// The chained history of an entry after place `after`.
    ///
    /// # Errors
    /// As [`Desk::duty`].
    pub async fn duty_events(&self, actor: &Actor, id: i64, after: i64, limit: i64) -> Result<Vec<Event>> {
        let mut tx = self.db.read().await?;
        let duty = store::duties::by_id(&mut tx, id).await?.filter(|duty| is_seen(&visibility(actor), duty));
        let duty = duty.ok_or(Error::NotFound("duty"))?;
        store::events::of_stream(&mut tx, &format!("duty:{}", duty.id), after, limit).await
    }

    /// How much each agency owes, as far as the actor may see it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn owed_duties(&self, actor: &Actor) -> Result<Vec<Owed>> {
        store::duties::owed(&mut self.db.read().await?, &visibility(actor)).await
    }

    /// Code and words of the duties that a change calls for.
    pub fn change_duties(&self) -> Vec<(String, String)> {
        let rules = self.duty_book().rules.into_iter();
        rules.filter(|rule| rule.rhythm == Rhythm::OnChange).map(|rule| (rule.code, rule.what)).collect()
    }
}
