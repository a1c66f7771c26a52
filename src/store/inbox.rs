//! Mail as it came in: raw first, read afterwards.

use crate::domain::message::{InboxItem, InboxState};
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// Stores a received mail; `None` when the same mail was delivered to the same mailbox before.
///
/// # Errors
/// The database does not answer; the mail is not stored.
pub async fn store(
    tx: &mut Tx,
    mailbox: &str,
    sender: &str,
    digest: &str,
    raw: &[u8],
    at: DateTime<Utc>,
) -> Result<Option<i64>> {
    sql!(
        tx,
        fetch_optional scalar i64,
        "insert into inbox (mailbox, digest, sender, raw, received_at, state) values ($1, $2, $3, $4, $5, 'new') \
         on conflict (mailbox, digest) do nothing returning id",
        mailbox,
        digest,
        sender,
        raw,
        at,
    )
}

/// Mails not yet read, in the order they came.
///
/// # Errors
/// The database does not answer.
pub async fn waiting(tx: &mut Tx, limit: i64) -> Result<Vec<InboxItem>> {
    sql!(
        tx,
        fetch_all as InboxItem,
        "select id, mailbox, sender, raw, received_at from inbox where state = 'new' order by id limit $1",
        limit,
    )
}

/// Says what became of a mail; `false` when it was settled before.
///
/// # Errors
/// The database does not answer.
pub async fn settle(tx: &mut Tx, id: i64, state: InboxState, cause: Option<&str>, ticket: Option<i64>) -> Result<bool> {
    let changed = sql!(
        tx,
        execute,
        "update inbox set state = $2, cause = $3, ticket_id = $4 where id = $1 and state = 'new'",
        id,
        state,
        cause,
        ticket,
    )?;
    Ok(changed == 1)
}

/// How many mails stand in each state.
///
/// # Errors
/// The database does not answer.
pub async fn counts(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    sql!(tx, fetch_all as (String, i64), "select state, count(*) from inbox group by state order by state")
}
