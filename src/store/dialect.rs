//! The few places where the two databases differ.

use crate::domain::message::OutboxItem;
use crate::error::Result;
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

/// Takes mails of the inbox; those whose reading never ended before come last, and alone.
macro_rules! claim_inbox {
    ($passed_over:literal) => {
        concat!(
            "update inbox set tries = tries + 1, lease_until = $2 where id in (select id from inbox \
             where state = 'new' and (lease_until is null or lease_until < $1) and tries between $3 and $4 \
             order by id limit $5",
            $passed_over,
            ") returning id, tries, size"
        )
    };
}

/// A claimed mail: its key, how often reading it was begun (this time included), and its bytes' number.
pub type Claimed = (i64, i64, i64);

/// Takes mails that wait to be read, until `lease`: many that were never tried, or else one that was. So a mail that
/// ends the program takes no others with it. Instants are the machine's.
///
/// # Errors
/// The database does not answer.
pub async fn claim_inbox(tx: &mut Tx, now: DateTime<Utc>, lease: DateTime<Utc>, limit: i64) -> Result<Vec<Claimed>> {
    for (least, most, limit) in [(0_i64, 0_i64, limit), (1, i64::MAX, 1)] {
        let claimed = match tx.flushed().await? {
            Connection::Sqlite(connection) => {
                let query = sqlx::query_as::<_, Claimed>(claim_inbox!(""));
                query.bind(now).bind(lease).bind(least).bind(most).bind(limit).fetch_all(connection).await
            }
            Connection::Postgres(connection) => {
                let query = sqlx::query_as::<_, Claimed>(claim_inbox!(" for update skip locked"));
                query.bind(now).bind(lease).bind(least).bind(most).bind(limit).fetch_all(connection).await
            }
        };
        let mut claimed = claimed?;
        if !claimed.is_empty() {
            claimed.sort_unstable();
            return Ok(claimed);
        }
    }
    Ok(Vec::new())
}
