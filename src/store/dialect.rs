//! The few places where the two databases differ.

use crate::error::{Error, Result};
use crate::store::{Connection, Tx};

/// Lets only one transaction at a time past this point until it ends, whichever node it runs on.
/// The embedded database has one writer anyway.
///
/// # Errors
/// The database does not answer.
pub async fn one_at_a_time(tx: &mut Tx, lock: i64) -> Result<()> {
    if let Connection::Postgres(connection) = tx.connection() {
        sqlx::query("select pg_advisory_xact_lock($1)").bind(lock).execute(connection).await?;
    }
    Ok(())
}

/// Is the row of ticket `id` free, and ours to change until the transaction ends? The embedded
/// database has one writer, so its rows are always ours.
///
/// # Errors
/// The database does not answer.
pub async fn lock_ticket(tx: &mut Tx, id: i64) -> Result<()> {
    if let Connection::Postgres(connection) = tx.connection() {
        sqlx::query("select id from ticket where id = $1 for update").bind(id).execute(connection).await?;
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
