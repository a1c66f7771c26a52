//! The few places where the two databases differ.

use crate::domain::message::OutboxItem;
use crate::error::{Error, Result};
use crate::store::{Connection, Tx};
use chrono::{DateTime, Utc};

/// Lets only one transaction at a time past this point until it ends, whichever node it runs on.
/// The embedded database has one writer anyway.
///
/// # Errors
/// The database does not answer.
pub async fn one_at_a_time(tx: &mut Tx, lock: i64) -> Result<()> {
    if let Tx::Postgres(connection) = tx {
        sqlx::query("select pg_advisory_xact_lock($1)").bind(lock).execute(&mut **connection).await?;
    }
    Ok(())
}

/// Is the row of ticket `id` free, and ours to change until the transaction ends? The embedded
/// database has one writer, so its rows are always ours.
///
/// # Errors
/// The database does not answer.
pub async fn lock_ticket(tx: &mut Tx, id: i64) -> Result<()> {
    if let Tx::Postgres(connection) = tx {
        sqlx::query("select id from ticket where id = $1 for update").bind(id).execute(&mut **connection).await?;
    }
    Ok(())
}

/// Says `true` when `error` comes from a broken unique rule.
pub fn is_duplicate(error: &Error) -> bool {
    let Error::Internal(source) = error else { return false };
    source
        .downcast_ref::<sqlx::Error>()
        .is_some_and(|error| matches!(error, sqlx::Error::Database(database) if database.is_unique_violation()))
}

/// Takes due mails of the outbox; what differs is how rows that another worker is taking are passed over.
macro_rules! claim {
    ($passed_over:literal) => {
        concat!(
            "update outbox set state = 'sending', lease_until = $2, lease_no = lease_no + 1, attempts = attempts + 1 ",
            "where id in (select id from outbox where (state = 'queued' and due_at <= $1) ",
            "or (state = 'sending' and lease_until < $1) order by due_at, id limit $3",
            $passed_over,
            ") returning id, recipient, sender, subject, raw, state, attempts, lease_no, last_error, created_at, sent_at"
        )
    };
}

/// Takes mails of the outbox that are due, or whose worker has gone silent, until `lease`. Instants are the
/// machine's.
///
/// # Errors
/// The database does not answer.
pub async fn claim_mail(tx: &mut Tx, now: DateTime<Utc>, lease: DateTime<Utc>, limit: i64) -> Result<Vec<OutboxItem>> {
    let items = match tx.flushed().await? {
        Connection::Sqlite(connection) => {
            sqlx::query_as(claim!("")).bind(now).bind(lease).bind(limit).fetch_all(connection).await
        }
        Connection::Postgres(connection) => {
            let query = sqlx::query_as(claim!(" for update skip locked"));
            query.bind(now).bind(lease).bind(limit).fetch_all(connection).await
        }
    };
    Ok(items?)
}
