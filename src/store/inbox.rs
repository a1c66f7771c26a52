//! Mail as it came in: raw first, read afterwards.

use crate::domain::message::{InboxItem, InboxRow, InboxState};
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

macro_rules! row {
    ($rest:literal) => {
        concat!(
            "select i.id, i.mailbox, i.sender, i.author, i.subject, i.received_at, i.state, i.cause, t.number as ticket, \
             i.size from inbox i left join ticket t on t.id = i.ticket_id ",
            $rest
        )
    };
}

/// Bytes of a mail that stand in its row: nearly every letter without files. A row is written anew whenever something is
/// noted in it, and must stay small for that.
const IN_ROW: usize = 16 * 1024;
/// Bytes of each piece of the rest, beside the row: neither the database nor we ever hold a large mail several times.
const PIECE: usize = 1024 * 1024;

/// Stores a received mail; `None` when the same mail was delivered to the same mailbox before, however long ago.
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
    let (first, rest) = raw.split_at(raw.len().min(IN_ROW));
    let id = sql!(
        tx,
        fetch_optional scalar i64,
        "insert into inbox (mailbox, digest, sender, raw, size, received_at, state) select $1, $2, $3, $4, $5, $6, 'new' \
         where not exists (select 1 from mail_seen where mailbox = $1 and digest = $2) \
         on conflict (mailbox, digest) do nothing returning id",
        mailbox,
        digest,
        sender,
        first,
        i64::try_from(raw.len()).unwrap_or(i64::MAX),
        at,
    )?;
    let Some(id) = id else { return Ok(None) };
    for (place, piece) in (0_i64..).zip(rest.chunks(PIECE)) {
        let text = "insert into inbox_piece (inbox_id, place, bytes) values ($1, $2, $3)";
        sql!(tx, execute, text, id, place, piece)?;
    }
    Ok(Some(id))
}

/// The bytes of a mail, of which `first` stood in its row.
///
/// # Errors
/// The database does not answer.
pub(super) async fn whole(tx: &mut Tx, id: i64, first: Vec<u8>) -> Result<Vec<u8>> {
    let mut raw = first;
    if raw.len() < IN_ROW {
        return Ok(raw);
    }
    for place in 0_i64.. {
        let text = "select bytes from inbox_piece where inbox_id = $1 and place = $2";
        let piece = sql!(tx, fetch_optional scalar Vec<u8>, text, id, place)?.unwrap_or_default();
        raw.extend_from_slice(&piece);
        if piece.len() < PIECE {
            break;
        }
    }
    Ok(raw)
}

/// Mails not yet read, in the order they came, each with what stands in its row. Whoever reads them claims them
/// (`dialect::claim_inbox`).
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

/// One mail with its bytes.
///
/// # Errors
/// The database does not answer.
pub async fn by_id(tx: &mut Tx, id: i64) -> Result<Option<InboxItem>> {
    let text = "select id, mailbox, sender, raw, received_at from inbox where id = $1";
    let Some(mut item) = sql!(tx, fetch_optional as InboxItem, text, id)? else { return Ok(None) };
    item.raw = whole(tx, id, std::mem::take(&mut item.raw)).await?;
    Ok(Some(item))
}

/// One mail as lists show it.
///
/// # Errors
/// The database does not answer.
pub async fn row(tx: &mut Tx, id: i64) -> Result<Option<InboxRow>> {
    sql!(tx, fetch_optional as InboxRow, row!("where i.id = $1"), id)
}

/// Mails in a state, or in any; the newest first, from below `before` on.
///
/// # Errors
/// The database does not answer.
pub async fn list(tx: &mut Tx, state: Option<InboxState>, before: i64, limit: i64) -> Result<Vec<InboxRow>> {
    match state {
        Some(state) => {
            let text = row!("where i.state = $1 and i.id < $2 order by i.id desc limit $3");
            sql!(tx, fetch_all as InboxRow, text, state, before, limit)
        }
        None => sql!(tx, fetch_all as InboxRow, row!("where i.id < $1 order by i.id desc limit $2"), before, limit),
    }
}

/// Notes who wrote a mail and about what, for lists.
///
/// # Errors
/// The database does not answer.
pub async fn describe(tx: &mut Tx, id: i64, author: &str, subject: &str) -> Result<()> {
    later!(tx, query => {
        query.push("update inbox set author = ").push_bind(author.to_owned());
        query.push(", subject = ").push_bind(subject.to_owned()).push(" where id = ").push_bind(id);
    })
}

/// Lets a mail that could not be read now wait until `due`; that try does not count.
///
/// # Errors
/// The database does not answer.
pub async fn put_off(tx: &mut Tx, id: i64, due: DateTime<Utc>) -> Result<()> {
    let text = "update inbox set tries = 0, lease_until = $2 where id = $1 and state = 'new'";
    sql!(tx, execute, text, id, due).map(|_| ())
}

/// Keeps mails that are being read until `lease`; not those that were put off meanwhile.
///
/// # Errors
/// The database does not answer.
pub async fn renew(tx: &mut Tx, ids: &[i64], lease: DateTime<Utc>) -> Result<()> {
    for id in ids {
        let text = "update inbox set lease_until = $2 where id = $1 and state = 'new' and tries > 0";
        sql!(tx, execute, text, id, lease)?;
    }
    Ok(())
}

/// Lets go of every mail that somebody reads: for the start of the only program on a database.
///
/// # Errors
/// The database does not answer.
pub async fn release(tx: &mut Tx) -> Result<u64> {
    sql!(tx, execute, "update inbox set lease_until = null where state = 'new' and lease_until is not null")
}

/// Says what somebody decided about a mail that was put aside; `false` when that was decided before.
///
/// # Errors
/// The database does not answer.
pub async fn decide(tx: &mut Tx, id: i64, state: InboxState, cause: Option<&str>, ticket: Option<i64>) -> Result<bool> {
    let changed = sql!(
        tx,
        execute,
        "update inbox set state = $2, cause = coalesce($3, cause), ticket_id = coalesce($4, ticket_id) \
         where id = $1 and state in ('quarantined', 'ignored', 'discarded')",
        id,
        state,
        cause,
        ticket,
    )?;
    Ok(changed == 1)
}

/// When the oldest mail came that still waits to be read.
///
/// # Errors
/// The database does not answer.
pub async fn oldest_waiting(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    sql!(tx, fetch_one scalar Option<DateTime<Utc>>, "select min(received_at) from inbox where state = 'new'")
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
