//! Looking for tickets by whatever somebody remembers of them.

use crate::domain::people::Visibility;
use crate::domain::reporter::Knows;
use crate::domain::ticket::{Priority, Status};
use crate::error::Result;
use crate::store::tickets::{Filter, known_to, like, narrow};
use crate::store::{Connection, Tx};
use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;

/// A ticket as a search finds it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Hit {
    /// Its number.
    pub number: String,
    /// Its subject.
    pub subject: String,
    /// Its agency.
    pub agency: String,
    /// Its state.
    pub status: Status,
    /// Its priority.
    pub priority: Priority,
    /// Who reported it; empty when that is a secret to whoever looks.
    pub requester_name: String,
    /// When. UTC.
    pub opened_at: DateTime<Utc>,
}

/// When the `count`-th newest of the tickets somebody may see was opened; `None` when there are fewer.
///
/// # Errors
/// The database does not answer.
pub async fn horizon(tx: &mut Tx, seen: &Visibility, count: i64) -> Result<Option<DateTime<Utc>>> {
    Ok(match tx.flushed().await? {
        Connection::Sqlite(connection) => {
            nth::<sqlx::Sqlite>(seen, count).build_query_scalar().fetch_optional(connection).await?
        }
        Connection::Postgres(connection) => {
            nth::<sqlx::Postgres>(seen, count).build_query_scalar().fetch_optional(connection).await?
        }
    })
}

fn nth<DB>(seen: &Visibility, count: i64) -> QueryBuilder<DB>
where
    DB: sqlx::Database,
    String: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    i64: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    DateTime<Utc>: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
{
    let mut query = QueryBuilder::new("select opened_at from ticket where 1 = 1");
    narrow(&mut query, seen, &Filter::default());
    query.push(" order by opened_at desc, id desc limit 1 offset ").push_bind(count - 1);
    query
}

/// What tickets are looked for by.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// Every one of these small words stands in number, subject, description, or the requester's name or address, and
    /// the ticket was opened at this instant or later.
    Words(&'a [String], Option<DateTime<Utc>>),
    /// This address reported it.
    Requester(&'a str),
}

/// Tickets somebody may see, the newest first; by their reporter only where that is no secret to him.
///
/// # Errors
/// The database does not answer.
pub async fn tickets(
    tx: &mut Tx,
    seen: &Visibility,
    knows: &Knows,
    wanted: Wanted<'_>,
    limit: i64,
) -> Result<Vec<Hit>> {
    Ok(match tx.flushed().await? {
        Connection::Sqlite(connection) => {
            statement::<sqlx::Sqlite>(seen, knows, wanted, limit).build_query_as().fetch_all(connection).await?
        }
        Connection::Postgres(connection) => {
            statement::<sqlx::Postgres>(seen, knows, wanted, limit).build_query_as().fetch_all(connection).await?
        }
    })
}

/// Only literals and bound values go into it.
fn statement<DB>(seen: &Visibility, knows: &Knows, wanted: Wanted<'_>, limit: i64) -> QueryBuilder<DB>
where
    DB: sqlx::Database,
    String: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    i64: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    DateTime<Utc>: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
{
    let mut query = QueryBuilder::new("select number, subject, agency, status, priority, case when ");
    known_to(&mut query, knows);
    query.push(" then requester_name else '' end as requester_name, opened_at from ticket where 1 = 1");
    narrow(&mut query, seen, &Filter::default());
    match wanted {
        Wanted::Requester(email) => {
            query.push(" and requester_email = ").push_bind(email.to_owned()).push(" and ");
            known_to(&mut query, knows);
        }
        Wanted::Words(words, since) => {
            for word in words {
                query.push(" and (haystack like ").push_bind(like(word)).push(" escape '!'");
                query.push(" or ((lower(requester_name) like ").push_bind(like(word)).push(" escape '!'");
                query.push(" or requester_email like ").push_bind(like(word)).push(" escape '!') and ");
                known_to(&mut query, knows);
                query.push("))");
            }
            if let Some(since) = since {
                query.push(" and opened_at >= ").push_bind(since);
            }
        }
    }
    query.push(" order by opened_at desc, id desc limit ").push_bind(limit);
    query
}
