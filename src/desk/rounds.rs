//! One ticket after another: a round takes the tickets of a list in the order of their ends and leads from each to the
//! next, past those that somebody else has open.

use crate::desk::Desk;
use crate::domain::people::{Actor, visibility};
use crate::domain::round::RoundState;
use crate::error::{Error, Result, Say};
use crate::store;
use crate::store::queues::Pile;
use crate::store::rounds::{Round, RoundTicket};
use crate::store::tickets::{Filter, Sort};
use std::collections::BTreeSet;

/// Tickets in one round, at most.
pub const MOST: i64 = 100;
/// Longest reason for leaving a ticket out, in characters.
const LONGEST_REASON: usize = 300;

/// A round with its tickets in order.
#[derive(Debug, Clone)]
pub struct Course {
    /// The round.
    pub round: Round,
    /// Its tickets.
    pub tickets: Vec<RoundTicket>,
}

impl Course {
    /// The ticket with a number, if it is of this round.
    pub fn ticket(&self, number: &str) -> Option<&RoundTicket> {
        self.tickets.iter().find(|ticket| ticket.number == number)
    }
}

impl Desk {
    /// How many open tickets of a list a round would hold, at most [`MOST`].
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn round_size(&self, actor: &Actor, filter: &Filter, piles: &[Pile]) -> Result<usize> {
        Ok(self.of_a_round(actor, filter, piles).await?.len())
    }

    /// Begins a round over the open tickets of a list; the one before it ends. `None` when there are none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin_round(
        &self,
        actor: &Actor,
        query: &str,
        filter: &Filter,
        piles: &[Pile],
    ) -> Result<Option<i64>> {
        let tickets = self.of_a_round(actor, filter, piles).await?;
        if tickets.is_empty() {
            return Ok(None);
        }
        let mut tx = self.db.write().await?;
        let id = store::rounds::begin(&mut tx, actor.account.id, query, &tickets, self.now()).await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    async fn of_a_round(&self, actor: &Actor, filter: &Filter, piles: &[Pile]) -> Result<Vec<i64>> {
        let mut piles = piles.to_vec();
        // What is finished has nobody to work on it.
        piles.push(Pile::Open);
        let mut tx = self.db.read().await?;
        let seen = visibility(actor);
        let rows = store::queues::list(&mut tx, &seen, filter, &piles, Sort::Due, None, MOST).await?;
        Ok(rows.into_iter().map(|row| row.ticket.id).collect())
    }

    /// A round of the actor's.
    ///
    /// # Errors
    /// `NotFound` also for those of others.
    pub async fn round(&self, actor: &Actor, id: i64) -> Result<Course> {
        let mut tx = self.db.read().await?;
        let round = store::rounds::by_id(&mut tx, actor.account.id, id).await?.ok_or(Error::NotFound("round"))?;
        let tickets = store::rounds::tickets(&mut tx, id).await?;
        Ok(Course { round, tickets })
    }

    /// The actor's round that has not ended.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn running_round(&self, actor: &Actor) -> Result<Option<Course>> {
        let mut tx = self.db.read().await?;
        let Some(round) = store::rounds::running(&mut tx, actor.account.id).await? else { return Ok(None) };
        let tickets = store::rounds::tickets(&mut tx, round.id).await?;
        Ok(Some(Course { round, tickets }))
    }

    /// The number of the next ticket of a round: the first that waits, is still open, may be seen, and is not among the
    /// `busy` ones, which somebody else has open. `None` when there is none left.
    ///
    /// # Errors
    /// As [`Desk::round`].
    pub async fn next_in_round(&self, actor: &Actor, id: i64, busy: &BTreeSet<String>) -> Result<Option<String>> {
        let course = self.round(actor, id).await?;
        if course.round.ended_at.is_some() {
            return Ok(None);
        }
        let mut tx = self.db.read().await?;
        let seen = visibility(actor);
        let waiting = course.tickets.iter().filter(|ticket| ticket.state == RoundState::Waiting);
        for ticket in waiting.filter(|ticket| !busy.contains(&ticket.number)) {
            if let Some(now) = store::tickets::by_id(&mut tx, ticket.ticket_id).await?
                && !now.status.is_finished()
                && seen.shows(&now)
            {
                return Ok(Some(now.number));
            }
        }
        Ok(None)
    }

    /// Leaves a ticket out of a round.
    ///
    /// # Errors
    /// `Invalid` without a reason; `NotFound` when it is not of this round.
    pub async fn skip_in_round(&self, actor: &Actor, id: i64, number: &str, reason: &str) -> Result<()> {
        let reason = reason.trim();
        match reason.chars().count() {
            0 => return Err(Error::field("reason", Say::new("field-round-reason"))),
            count if count > LONGEST_REASON => {
                return Err(Error::field("reason", Say::new("field-round-reason-long").with("most", LONGEST_REASON)));
            }
            _ => {}
        }
        self.settle_in_round(actor, id, number, RoundState::Skipped, None, Some(reason)).await
    }

    /// Notes that something was done to a ticket of a round.
    ///
    /// # Errors
    /// `NotFound` when it is not of this round.
    pub async fn handled_in_round(&self, actor: &Actor, id: i64, number: &str, act: &str) -> Result<()> {
        self.settle_in_round(actor, id, number, RoundState::Handled, Some(act), None).await
    }

    async fn settle_in_round(
        &self,
        actor: &Actor,
        id: i64,
        number: &str,
        state: RoundState,
        act: Option<&str>,
        reason: Option<&str>,
    ) -> Result<()> {
        let course = self.round(actor, id).await?;
        let mut ticket = course.ticket(number).cloned().ok_or(Error::NotFound("ticket"))?;
        ticket.state = state;
        ticket.act = act.map(str::to_owned);
        ticket.reason = reason.map(str::to_owned);
        let mut tx = self.db.write().await?;
        store::rounds::settle(&mut tx, id, &ticket, self.now()).await?;
        tx.commit().await
    }

    /// Ends a round of the actor's.
    ///
    /// # Errors
    /// As [`Desk::round`].
    pub async fn end_round(&self, actor: &Actor, id: i64) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::rounds::by_id(&mut tx, actor.account.id, id).await?.ok_or(Error::NotFound("round"))?;
        store::rounds::end(&mut tx, id, self.now()).await?;
        tx.commit().await
    }
}
