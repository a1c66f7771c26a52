//! The reporter's verdict on a solution: one for each solution, kept beside the ticket and told of in its chain.

use crate::desk::Desk;
use crate::desk::public_reply::Proof;
use crate::desk::written::{LONGEST_REASON, optional};
use crate::domain::clock_plan::TicketPause;
use crate::domain::event::ActorLabel;
use crate::domain::ticket::{Status, Ticket};
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::sha256;
use crate::store;
use crate::store::ratings::Rating;
use serde_json::json;

impl Desk {
    /// Keeps what the reporter thinks of the last solution. `key` is the form's own: a double tap rates once.
    ///
    /// # Errors
    /// As [`Desk::follow_ticket`]; `Invalid` for a score that is not from 1 to 5 or a comment that is too long; `Conflict` when
    /// the ticket is not solved or this solution was rated before.
    pub async fn rate(&self, number: &str, proof: &Proof, score: i64, comment: &str, key: &str) -> Result<Ticket> {
        self.check_proof(number, proof).await?;
        let comment = checked(score, comment)?;
        let now = self.now();
        let mut tx = self.db.write().await?;
        let Some(mut working) = self.turn_of(&mut tx, number, proof, "rate", key).await? else {
            return Ok(self.follow_ticket(number, proof).await?.view.ticket);
        };
        if !is_rateable(&working.ticket) {
            return Err(Error::conflict(Say::new("rate-not-solved")));
        }
        let rating = Rating { round: round(&working.pauses), score, comment, at: now };
        if !store::ratings::add(&mut tx, working.ticket.id, &rating).await? {
            return Err(Error::conflict(Say::new("rate-done-before")));
        }
        let told = json!({"round": rating.round, "score": score, "comment_sha256": sha256(&rating.comment)});
        working.event(now, ActorLabel::requester(), "rated", told);
        self.finish(tx, working, now).await
    }
}

/// Is there a solution to rate?
pub fn is_rateable(ticket: &Ticket) -> bool {
    matches!(ticket.status, Status::Resolved | Status::Closed) && ticket.resolved_at.is_some()
}

/// Which solution of the ticket stands now, from 1: each one before it has left a gap in the clock.
pub fn round(pauses: &[TicketPause]) -> i64 {
    let gaps = pauses.iter().filter(|pause| pause.reason == Status::Resolved.as_str()).count();
    i64::try_from(gaps).unwrap_or(i64::MAX).saturating_add(1)
}

fn checked(score: i64, comment: &str) -> Result<String> {
    let comment = optional("comment", comment, LONGEST_REASON);
    if (1..=5).contains(&score) {
        return comment;
    }
    let mut problems = vec![FieldError { field: "score", say: Say::new("rate-choose") }];
    if let Err(Error::Invalid(more)) = comment {
        problems.extend(more);
    }
    Err(Error::Invalid(problems))
}
