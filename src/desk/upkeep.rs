//! Work that keeps the house in order.

use crate::desk::{Desk, answer_drafts, clocks, presence};
use crate::domain::clock_plan::{ClockKind, Line};
use crate::error::Result;
use crate::secret::new_token;
use crate::store;
use chrono::Duration;

/// Tickets looked at in one read.
const PAGE: i64 = 500;
/// Name of the lock under which open tickets are added up.
const ADDING_UP: i64 = 0x6d65_6a61_7375_6d21;

impl Desk {
    /// Forgets drafts, tries, request keys, sessions and links that nobody needs any more, and raw mails whose time is
    /// over.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn forget_what_is_over(&self) -> Result<()> {
        let limits = self.limits();
        let mut tx = self.db.write().await?;
        store::settings::forget_drafts(&mut tx, limits.drafts).await?;
        store::settings::forget_attempts(&mut tx, limits.attempts).await?;
        store::settings::forget_keys(&mut tx, limits.keys).await?;
        store::sessions::forget(&mut tx, limits.sessions).await?;
        store::sessions::forget_links(&mut tx, limits.links).await?;
        store::federation::forget(&mut tx, limits.links).await?;
        self.forget_own(&mut tx).await?;
        store::drafts::forget_old_drafts(&mut tx, self.now() - answer_drafts::LASTS).await?;
        store::presence::forget_presence(&mut tx, limits.links - presence::STAYS).await?;
        store::uploads::forget(&mut tx, limits.drafts).await?;
        store::monitors::forget_checks(&mut tx, self.now() - crate::desk::watch::REMEMBERED).await?;
        store::status::forget_unconfirmed(&mut tx, self.now() - crate::desk::subscribe::WAITS).await?;
        store::rounds::forget(&mut tx, self.now() - Duration::days(30)).await?;
        store::webhooks::forget(&mut tx, self.now() - crate::desk::webhook_sending::KEPT).await?;
        self.remove_raw_mails(&mut tx).await?;
        tx.commit().await
    }

    /// Adds up the comings and goings of open tickets, so that counting them stays cheap.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn add_up_open_tickets(&self) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::dialect::one_at_a_time(&mut tx, ADDING_UP).await?;
        store::queues::add_up(&mut tx, &new_token()?).await?;
        tx.commit().await
    }

    /// Recomputes every open deadline from scratch and compares it with the stored one; gives the numbers of
    /// tickets that differ.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn check_clocks(&self) -> Result<Vec<String>> {
        let mut differ = Vec::new();
        let mut after = 0;
        loop {
            let mut tx = self.db.read().await?;
            let tickets = store::clocks::open_tickets(&mut tx, after, PAGE).await?;
            let Some(last) = tickets.last() else { return Ok(differ) };
            after = *last;
            for id in tickets {
                let Some(ticket) = store::tickets::by_id(&mut tx, id).await? else { continue };
                let pauses = store::clocks::pauses(&mut tx, id).await?;
                let due = clocks::due(&self.rules.of(&ticket), &ticket, &pauses)?.resolution_due;
                let stored = store::clocks::of_ticket(&mut tx, id).await?;
                let total =
                    stored.iter().find(|clock| clock.kind == ClockKind::Resolution && clock.line == Line::Total);
                if total.is_some_and(|clock| clock.due_at != due) {
                    tracing::error!(ticket = ticket.number, "a stored deadline differs from its recomputation");
                    differ.push(ticket.number);
                }
            }
        }
    }
}
