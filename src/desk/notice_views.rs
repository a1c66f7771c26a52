//! What somebody has been told about tickets, and ticking it off.

use crate::desk::Desk;
use crate::domain::people::{Actor, visibility};
use crate::error::Result;
use crate::store;
use crate::store::notices::ToldNotice;

impl Desk {
    /// How many notices about tickets the actor may see wait to be read.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn unread_notices(&self, actor: &Actor) -> Result<i64> {
        store::notices::unread(&mut self.db.glance().await?, &visibility(actor), actor.account.id).await
    }

    /// The actor's notices about tickets the actor may see, newest first, before the key `before`; `all` also those
    /// that were read.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn notices(&self, actor: &Actor, all: bool, before: i64, limit: i64) -> Result<Vec<ToldNotice>> {
        let mut tx = self.db.glance().await?;
        store::notices::of_account(&mut tx, &visibility(actor), actor.account.id, all, before, limit).await
    }

    /// Ticks off the actor's notices up to the key `last`, which is the newest that was shown: about one ticket, or all.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn read_notices(&self, actor: &Actor, number: Option<&str>, last: i64) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::notices::mark_read(&mut tx, actor.account.id, number, last, self.now()).await?;
        tx.commit().await
    }
}
