//! What reporters thought of solutions.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// A reporter's verdict on one solution.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Rating {
    /// Which solution of the ticket, from 1.
    pub round: i64,
    /// From 1, very bad, to 5, very good.
    pub score: i64,
    /// What he wrote, may be empty.
    pub comment: String,
    /// When. UTC.
    pub at: DateTime<Utc>,
}

/// Keeps a rating; `false` when this solution was rated before.
///
/// # Errors
/// The database does not answer.
pub async fn add(tx: &mut Tx, ticket: i64, rating: &Rating) -> Result<bool> {
    let added = sql!(
        tx,
        execute,
        "insert into rating (ticket_id, round, score, comment, at) values ($1, $2, $3, $4, $5) \
         on conflict (ticket_id, round) do nothing",
        ticket,
        rating.round,
        rating.score,
        &rating.comment,
        rating.at,
    )?;
    Ok(added == 1)
}

/// Ratings of a ticket's solutions in order.
///
/// # Errors
/// The database does not answer.
pub async fn of_ticket(tx: &mut Tx, ticket: i64) -> Result<Vec<Rating>> {
    sql!(
        tx,
        fetch_all as Rating,
        "select round, score, comment, at from rating where ticket_id = $1 order by round",
        ticket
    )
}
