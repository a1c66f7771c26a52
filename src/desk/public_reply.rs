//! What somebody without an account may do to a ticket: write to it with its tracking code.

use crate::desk::tries::TRIES;
use crate::desk::views::TicketPage;
use crate::desk::working::Working;
use crate::desk::written::{LONGEST_TEXT, Words, required};
use crate::desk::{Desk, clocks};
use crate::domain::clock_plan::StepKind;
use crate::domain::ticket::{Status, Ticket};
use crate::error::{Error, Result, Say};
use crate::secret::sha256;
use crate::store;
use chrono::{DateTime, Utc};

impl Desk {
    /// Adds what the holder of the tracking code wrote. A pause ends, a solved ticket is open again.
    /// `key` is the form's own, so that a double tap adds one message.
    ///
    /// # Errors
    /// As [`Desk::track`]; `Invalid` for an empty text; `Conflict` when the ticket is closed or merged.
    pub async fn requester_reply(
        &self,
        number: &str,
        code: &str,
        source: &str,
        body: &str,
        key: &str,
    ) -> Result<Ticket> {
        let attempt = format!("track {number} {source}");
        self.refuse_repeated(&attempt, TRIES).await?;
        if !self.secret.is_tracking_code(number, code) {
            self.note_attempt(&attempt).await?;
            return Err(Error::Denied(Say::new("error-tracking")));
        }
        let body = required("body", body, LONGEST_TEXT)?;
        let now = self.now();
        let mut tx = self.db.write().await?;
        let ticket = store::tickets::by_number(&mut tx, number).await?;
        let ticket = ticket.ok_or_else(|| Error::Denied(Say::new("error-tracking")))?;
        store::dialect::lock_ticket(&mut tx, ticket.id).await?;
        if !store::settings::take_key(&mut tx, &sha256(format!("reply\n{number}\n{key}")), "reply", now).await? {
            tx.commit().await?;
            return Ok(ticket);
        }
        let mut working = Working::load(&mut tx, ticket).await?;
        self.catch_up(&mut tx, &mut working, now).await?;
        if matches!(working.ticket.status, Status::Closed | Status::Merged) {
            return Err(Error::conflict(Say::new("error-state").with("status", working.ticket.status)));
        }
        let words = Words { body: &body, channel: "web", name: None, files: &[] };
        self.requester_wrote(&mut tx, &mut working, &words, now).await?;
        working.save(&mut tx, &self.rules, now).await?;
        tx.commit().await?;
        self.wake();
        Ok(working.ticket)
    }

    /// When a step of a ticket will be due, if it is planned and its clock runs.
    ///
    /// # Errors
    /// The pack does not know the ticket's profile any more.
    pub fn planned_step(&self, page: &TicketPage, kind: StepKind) -> Result<Option<DateTime<Utc>>> {
        let plan = clocks::plan(&self.rules.of(&page.view.ticket), &page.view.ticket, &page.pauses, &page.clocks)?;
        Ok(plan.iter().find(|step| step.kind == kind).and_then(|step| step.due_at))
    }
}
