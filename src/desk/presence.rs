//! Who is at a ticket: a hint for colleagues, never a lock.

use crate::desk::Desk;
use crate::domain::people::{Action, Actor, may};
use crate::error::{Error, Result};
use crate::store;
use crate::store::presence::Present;
use chrono::Duration;

/// Whoever has not been heard of for so long is gone.
pub const STAYS: Duration = Duration::seconds(30);

/// Whoever was heard of so lately need not be noted again.
const FRESH: Duration = Duration::seconds(10);

impl Desk {
    /// Notes that the actor has the page of a ticket open, or writes on it.
    ///
    /// # Errors
    /// `NotFound` for tickets the actor may not see.
    pub async fn attend(&self, actor: &Actor, number: &str, writing: bool) -> Result<()> {
        let now = self.clock.machine();
        let known = store::presence::present_at(&mut self.db.glance().await?, &[number], now - FRESH).await?;
        if known.iter().any(|one| one.account_id == actor.account.id && (one.writing || !writing)) {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        let ticket = store::tickets::by_number(&mut tx, number).await?;
        let ticket = ticket.filter(|ticket| may(actor, Action::View, ticket)).ok_or(Error::NotFound("ticket"))?;
        store::presence::note_presence(&mut tx, ticket.id, actor.account.id, writing, now).await?;
        tx.commit().await
    }

    /// Who else is at these tickets now, by number and name. For lists of tickets the actor may see: it asks nothing
    /// about rights itself.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn present(&self, actor: &Actor, numbers: &[&str]) -> Result<Vec<Present>> {
        let since = self.clock.machine() - STAYS;
        let mut found = store::presence::present_at(&mut self.db.glance().await?, numbers, since).await?;
        found.retain(|present| present.account_id != actor.account.id);
        Ok(found)
    }
}
