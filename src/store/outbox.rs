//! Mail on its way out: written with the change that causes it, sent afterwards.

use crate::domain::message::{NewMail, OutboxItem, OutboxState};
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// Puts a mail in the outbox, written at `created` by the desk's clock and to be sent from `due` on by the
/// machine's; `false` when it is there already.
///
/// # Errors
/// The database does not answer.
pub async fn put(tx: &mut Tx, mail: &NewMail, created: DateTime<Utc>, due: DateTime<Utc>) -> Result<bool> {
    let added = sql!(
        tx,
        execute,
        "insert into outbox (item_key, ticket_id, recipient, sender, subject, message_id, raw, state, attempts, due_at, \
         lease_no, created_at) values ($1, $2, $3, $4, $5, $6, $7, 'queued', 0, $8, 0, $9) on conflict (item_key) do nothing",
        &mail.key,
        mail.ticket,
        &mail.recipient,
        &mail.sender,
        &mail.subject,
        &mail.message_id,
        &mail.raw,
        due,
        created,
    )?;
    Ok(added == 1)
}

/// Says what became of a mail this worker has claimed; `false` when its lease was taken over. `due` is when
/// it is tried again (machine's clock), `now` the desk's instant.
///
/// # Errors
/// The database does not answer.
pub async fn settle(
    tx: &mut Tx,
    item: &OutboxItem,
    state: OutboxState,
    error: Option<&str>,
    due: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let changed = sql!(
        tx,
        execute,
        "update outbox set state = $3, last_error = $4, due_at = $5, lease_until = null, \
         sent_at = case when $3 = 'sent' then $6 else sent_at end where id = $1 and lease_no = $2 and state = 'sending'",
        item.id,
        item.lease_no,
        state,
        error,
        due,
        now,
    )?;
    Ok(changed == 1)
}

/// The newest mails, for the demo's mailbox and for the operator.
///
/// # Errors
/// The database does not answer.
pub async fn newest(tx: &mut Tx, limit: i64) -> Result<Vec<OutboxItem>> {
    sql!(
        tx,
        fetch_all as OutboxItem,
        "select id, recipient, sender, subject, raw, state, attempts, lease_no, last_error, created_at, sent_at \
         from outbox order by id desc limit $1",
        limit,
    )
}

/// One mail.
///
/// # Errors
/// The database does not answer.
pub async fn by_id(tx: &mut Tx, id: i64) -> Result<Option<OutboxItem>> {
    sql!(
        tx,
        fetch_optional as OutboxItem,
        "select id, recipient, sender, subject, raw, state, attempts, lease_no, last_error, created_at, sent_at \
         from outbox where id = $1",
        id,
    )
}

/// How many mails stand in each state.
///
/// # Errors
/// The database does not answer.
pub async fn counts(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    sql!(tx, fetch_all as (String, i64), "select state, count(*) from outbox group by state order by state")
}
