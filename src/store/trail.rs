//! The trail of events across all chains: who did what, to what, when.

use crate::domain::event::Event;
use crate::domain::people::Visibility;
use crate::error::Result;
use crate::store::{Connection, Tx};
use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;

/// An event with its place in the trail.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Traced {
    /// Key inside the database.
    pub id: i64,
    /// What happened.
    #[sqlx(flatten)]
    pub event: Event,
}

/// What the trail is narrowed by; `None` means any.
#[derive(Debug, Clone, Default)]
pub struct TrailFilter {
    /// Who did it, as it is stored, e.g. `user:7`.
    pub actor: Option<String>,
    /// One chain.
    pub stream: Option<String>,
    /// Chains of one kind of record: `account`, `service`; `ticket` for tickets.
    pub record: Option<String>,
    /// Happened at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Happened before this instant.
    pub to: Option<DateTime<Utc>>,
}

/// Place before which the trail goes on: the instant and the key of an event.
pub type Before = (DateTime<Utc>, i64);

/// Events of all records that are no tickets, and of the tickets of the agencies somebody may see, newest first, before
/// a place.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    tx: &mut Tx,
    seen: &Visibility,
    filter: &TrailFilter,
    before: Option<Before>,
    limit: i64,
) -> Result<Vec<Traced>> {
    Ok(match tx.flushed().await? {
        Connection::Sqlite(connection) => {
            statement::<sqlx::Sqlite>(seen, filter, before, limit).build_query_as().fetch_all(connection).await?
        }
        Connection::Postgres(connection) => {
            statement::<sqlx::Postgres>(seen, filter, before, limit).build_query_as().fetch_all(connection).await?
        }
    })
}

/// Only literals and bound values go into it.
fn statement<DB>(seen: &Visibility, filter: &TrailFilter, before: Option<Before>, limit: i64) -> QueryBuilder<DB>
where
    DB: sqlx::Database,
    String: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    i64: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    DateTime<Utc>: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
{
    let mut query = QueryBuilder::new(
        "select id, stream, seq, at, actor, kind, payload, state, prev_hash, hash from event where 1 = 1",
    );
    if !seen.all && seen.agencies.is_empty() {
        // Literally the condition of the index over what is no ticket's.
        query.push(" and stream like '%:%'");
    } else if !seen.all {
        query.push(" and (stream like '%:%' or exists (select 1 from ticket t where t.number = stream and (");
        let mut agencies = query.separated(" or ");
        for agency in &seen.agencies {
            agencies.push("t.agency = ").push_bind_unseparated(agency.clone());
        }
        query.push(")))");
    }
    for (condition, value) in [(" and actor = ", &filter.actor), (" and stream = ", &filter.stream)] {
        if let Some(value) = value {
            query.push(condition).push_bind(value.clone());
        }
    }
    match filter.record.as_deref() {
        Some("ticket") => _ = query.push(" and stream not like '%:%'"),
        Some(record) => _ = query.push(" and stream like '%:%' and stream like ").push_bind(format!("{record}:%")),
        None => {}
    }
    if let Some(from) = filter.from {
        query.push(" and at >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" and at < ").push_bind(to);
    }
    if let Some((at, id)) = before {
        query.push(" and (at, id) < (").push_bind(at).push(", ").push_bind(id).push(")");
    }
    query.push(" order by at desc, id desc limit ").push_bind(limit);
    query
}
