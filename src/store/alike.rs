//! Tickets and reporters that look like one another: what a person compares before a second ticket is opened or two
//! become one.

use crate::domain::people::Visibility;
use crate::domain::reporter::Knows;
use crate::domain::ticket::Ticket;
use crate::error::Result;
use crate::store::tickets::{Filter, columns, known_to, like, narrow};
use crate::store::{Connection, Tx};
use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;

/// What tickets are compared with.
#[derive(Debug, Clone, Default)]
pub struct Alike {
    /// Not this one.
    pub except: i64,
    /// Code of the service.
    pub service: Option<String>,
    /// Address of the reporter, lower case; empty: any.
    pub email: String,
    /// Lower-case words of the subject; the first three count.
    pub words: Vec<String>,
}

/// Open tickets of the same service or reporter, or that share a word, youngest first; by their reporter only where
/// that is no secret to whoever compares.
///
/// # Errors
/// The database does not answer.
pub async fn tickets(tx: &mut Tx, seen: &Visibility, knows: &Knows, alike: &Alike, limit: i64) -> Result<Vec<Ticket>> {
    Ok(match tx.flushed().await? {
        Connection::Sqlite(connection) => {
            comparing::<sqlx::Sqlite>(seen, knows, alike, limit).build_query_as().fetch_all(connection).await?
        }
        Connection::Postgres(connection) => {
            comparing::<sqlx::Postgres>(seen, knows, alike, limit).build_query_as().fetch_all(connection).await?
        }
    })
}

/// Only literals and bound values go into it.
fn comparing<DB>(seen: &Visibility, knows: &Knows, alike: &Alike, limit: i64) -> QueryBuilder<DB>
where
    DB: sqlx::Database,
    String: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    i64: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    DateTime<Utc>: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
{
    let mut query = QueryBuilder::new(concat!(
        "select ",
        columns!(),
        " from ticket where status not in ('resolved', 'closed', 'merged') and id <> "
    ));
    query.push_bind(alike.except);
    narrow(&mut query, seen, &Filter::default());
    query.push(" and (1 = 0");
    if let Some(service) = &alike.service {
        query.push(" or service = ").push_bind(service.clone());
    }
    if !alike.email.is_empty() {
        query.push(" or (requester_email = ").push_bind(alike.email.clone()).push(" and ");
        known_to(&mut query, knows);
        query.push(")");
    }
    for word in alike.words.iter().take(3) {
        query.push(" or haystack like ").push_bind(like(word)).push(" escape '!'");
    }
    query.push(") order by opened_at desc, id desc limit ").push_bind(limit);
    query
}

/// The youngest ticket of each reporter whose name, address or civil-servant number holds the words, of those whose
/// reporter is no secret to whoever looks.
///
/// # Errors
/// The database does not answer.
pub async fn reporters(tx: &mut Tx, seen: &Visibility, knows: &Knows, words: &str, limit: i64) -> Result<Vec<Ticket>> {
    Ok(match tx.flushed().await? {
        Connection::Sqlite(connection) => {
            reporting::<sqlx::Sqlite>(seen, knows, words, limit).build_query_as().fetch_all(connection).await?
        }
        Connection::Postgres(connection) => {
            reporting::<sqlx::Postgres>(seen, knows, words, limit).build_query_as().fetch_all(connection).await?
        }
    })
}

/// Only literals and bound values go into it.
fn reporting<DB>(seen: &Visibility, knows: &Knows, words: &str, limit: i64) -> QueryBuilder<DB>
where
    DB: sqlx::Database,
    String: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    i64: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    DateTime<Utc>: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
{
    let mut query = QueryBuilder::new(concat!(
        "select ",
        columns!(),
        " from ticket where id in (select max(id) from ticket where (lower(requester_name) like "
    ));
    query.push_bind(like(words)).push(" escape '!' or requester_email like ").push_bind(like(words));
    query.push(" escape '!' or requester_nip like ").push_bind(like(words)).push(" escape '!') and ");
    known_to(&mut query, knows);
    narrow(&mut query, seen, &Filter::default());
    query.push(" group by requester_email, requester_name) order by requester_name, id limit ").push_bind(limit);
    query
}
