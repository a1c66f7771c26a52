//! Mail on its way out: written with the change that causes it, sent afterwards.

use crate::domain::message::{NewMail, OutboxItem, OutboxState};
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// Puts a mail in the outbox, written at `created` by the desk's clock and to be sent from `due` on by the
/// machine's. One that is there already stays as it is.
///
/// # Errors
/// The database does not answer.
pub async fn put(tx: &mut Tx, mail: &NewMail, created: DateTime<Utc>, due: DateTime<Utc>) -> Result<()> {
    later!(tx, query => {
        query.push(
            "insert into outbox (item_key, ticket_id, recipient, sender, subject, message_id, raw, state, attempts, \
             due_at, lease_no, created_at) ",
        );
        query.push_values([mail], |mut row, mail| {
            row.push_bind(mail.key.clone()).push_bind(mail.ticket).push_bind(mail.recipient.clone());
            row.push_bind(mail.sender.clone()).push_bind(mail.subject.clone()).push_bind(mail.message_id.clone());
            row.push_bind(mail.raw.clone()).push_bind(OutboxState::Queued).push_bind(0_i64);
            row.push_bind(due).push_bind(0_i64).push_bind(created);
        });
        query.push(" on conflict (item_key) do nothing");
    })
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

/// Keeps mails that this worker has claimed and not settled yet until `lease`.
///
/// # Errors
/// The database does not answer.
pub async fn renew(tx: &mut Tx, items: &[OutboxItem], lease: DateTime<Utc>) -> Result<()> {
    for item in items {
        let text = "update outbox set lease_until = $3 where id = $1 and lease_no = $2 and state = 'sending'";
        sql!(tx, execute, text, item.id, item.lease_no, lease)?;
    }
    Ok(())
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

/// Mails that failed at least once and are not sent, newest first; the subject of a mail about a ticket is left out.
///
/// # Errors
/// The database does not answer.
pub async fn troubled(tx: &mut Tx, limit: i64) -> Result<Vec<OutboxItem>> {
    sql!(
        tx,
        fetch_all as OutboxItem,
        "select id, recipient, sender, case when ticket_id is null then subject else '' end as subject, raw, state, attempts, lease_no, last_error, created_at, sent_at \
         from outbox where state <> 'sent' and last_error is not null order by id desc limit $1",
        limit,
    )
}

/// When a mail was last sent.
///
/// # Errors
/// The database does not answer.
pub async fn last_sent(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    sql!(tx, fetch_one scalar Option<DateTime<Utc>>, "select max(sent_at) from outbox where state = 'sent'")
}

/// Has a mail that was given up or waits for its next try tried from `due` on, with all its tries; `false` when it is
/// sent or being sent.
///
/// # Errors
/// The database does not answer.
pub async fn retry(tx: &mut Tx, id: i64, due: DateTime<Utc>) -> Result<bool> {
    let text =
        "update outbox set state = 'queued', attempts = 0, due_at = $2 where id = $1 and state in ('queued', 'dead')";
    Ok(sql!(tx, execute, text, id, due)? == 1)
}

/// A mail on its way out as its ticket shows it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Dispatch {
    /// Key inside the database.
    pub id: i64,
    /// Envelope recipient.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// Its Message-ID, without brackets: what to look for in the next server's log.
    pub message_id: String,
    /// Where it stands.
    pub state: OutboxState,
    /// Tries so far.
    pub attempts: i64,
    /// What the other side said last.
    pub last_error: Option<String>,
    /// When it is tried next, as long as it waits. UTC.
    pub due_at: DateTime<Utc>,
    /// When it was written. UTC.
    pub created_at: DateTime<Utc>,
    /// When the next server took it. UTC.
    pub sent_at: Option<DateTime<Utc>>,
}

/// The mails of a ticket, the newest first.
///
/// # Errors
/// The database does not answer.
pub async fn of_ticket(tx: &mut Tx, ticket: i64, limit: i64) -> Result<Vec<Dispatch>> {
    sql!(
        tx,
        fetch_all as Dispatch,
        "select id, recipient, subject, message_id, state, attempts, last_error, due_at, created_at, sent_at \
         from outbox where ticket_id = $1 order by id desc limit $2",
        ticket,
        limit,
    )
}
