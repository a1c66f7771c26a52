//! What the public page of a service says of its performance.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// What became of the tickets of one service that were solved in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, sqlx::FromRow)]
pub struct ServiceFigures {
    /// Solved.
    pub solved: i64,
    /// Of these, without a broken promise.
    pub in_time: i64,
    /// Verdicts of reporters on these.
    pub ratings: i64,
    /// Sum of the verdicts, each from 1 to 5.
    pub score: i64,
}

/// The figures of a service between two instants.
///
/// # Errors
/// The database does not answer.
pub async fn of_service(tx: &mut Tx, service: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<ServiceFigures> {
    sql!(
        tx,
        fetch_one as ServiceFigures,
        "with solved as (select id, breached_at from ticket where service = $1 and resolved_at is not null \
         and resolved_at >= $2 and resolved_at < $3 and status <> 'merged') \
         select (select count(*) from solved) as solved, \
         (select count(*) from solved where breached_at is null) as in_time, \
         (select count(*) from rating where ticket_id in (select id from solved)) as ratings, \
         (select cast(coalesce(sum(score), 0) as bigint) from rating where ticket_id in (select id from solved)) as score",
        service,
        from,
        to,
    )
}
