//! Messages of tickets and the files that came with them.

use crate::domain::message::{Attachment, Message};
use crate::error::Result;
use crate::store::Tx;

/// Adds a message and gives its key (`message.id` is ignored).
///
/// # Errors
/// The database does not answer.
pub async fn insert(tx: &mut Tx, ticket: i64, message: &Message) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into message (ticket_id, at, author, author_name, visibility, body, channel) \
         values ($1, $2, $3, $4, $5, $6, $7) returning id",
        ticket,
        message.at,
        &message.author,
        &message.author_name,
        message.visibility,
        &message.body,
        &message.channel,
    )
}

/// Adds a message whose key nobody asks for.
///
/// # Errors
/// The database does not answer.
pub async fn add(tx: &mut Tx, ticket: i64, message: &Message) -> Result<()> {
    later!(tx, query => {
        query.push("insert into message (ticket_id, at, author, author_name, visibility, body, channel) ");
        query.push_values([message], |mut row, message| {
            row.push_bind(ticket).push_bind(message.at).push_bind(message.author.clone());
            row.push_bind(message.author_name.clone()).push_bind(message.visibility).push_bind(message.body.clone());
            row.push_bind(message.channel.clone());
        });
    })
}

/// Messages of a ticket after key `after`; without internal notes, answers that can still be called back and those
/// that were, unless `internal`.
///
/// # Errors
/// The database does not answer.
pub async fn of_ticket(tx: &mut Tx, ticket: i64, internal: bool, after: i64, limit: i64) -> Result<Vec<Message>> {
    sql!(
        tx,
        fetch_all as Message,
        "select id, at, author, author_name, visibility, body, channel from message \
         where ticket_id = $1 and ($2 or (visibility = 'public' and not exists (select 1 from held_answer h \
         where h.message_id = message.id and h.state <> 'sent'))) and id > $3 order by id limit $4",
        ticket,
        internal,
        after,
        limit,
    )
}

/// Adds a file to a message and gives its key (`file.id` is ignored).
///
/// # Errors
/// The database does not answer.
pub async fn attach(tx: &mut Tx, ticket: i64, file: &Attachment) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into attachment (ticket_id, message_id, name, media_type, size, sha256) values ($1, $2, $3, $4, $5, $6) returning id",
        ticket,
        file.message_id,
        &file.name,
        &file.media_type,
        file.size,
        &file.sha256,
    )
}

/// Files of a ticket.
///
/// # Errors
/// The database does not answer.
pub async fn attachments(tx: &mut Tx, ticket: i64) -> Result<Vec<Attachment>> {
    sql!(
        tx,
        fetch_all as Attachment,
        "select id, message_id, name, media_type, size, sha256 from attachment where ticket_id = $1 order by id",
        ticket,
    )
}

/// Files of all tickets with keys after `after`: key, number of the ticket, digest.
///
/// # Errors
/// The database does not answer.
pub async fn all_files(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<(i64, String, String)>> {
    sql!(
        tx,
        fetch_all as (i64, String, String),
        "select a.id, t.number, a.sha256 from attachment a join ticket t on t.id = a.ticket_id \
         where a.id > $1 order by a.id limit $2",
        after,
        limit,
    )
}

/// Message-IDs that a mail to a ticket's participants follows: our first mail to them, then those that came
/// in, oldest first, the first and the last nine.
///
/// # Errors
/// The database does not answer.
pub async fn mail_references(tx: &mut Tx, ticket: i64) -> Result<Vec<String>> {
    sql!(
        tx,
        fetch_all scalar String,
        "select message_id from (select message_id, 0 as place, id from outbox where ticket_id = $1 \
         and state <> 'withdrawn' and id = (select min(o.id) from outbox o join participant p on p.ticket_id = o.ticket_id \
         and p.email = o.recipient where o.ticket_id = $1 and o.state <> 'withdrawn') \
         union all select message_id, 1 as place, id from mail_reference where ticket_id = $1 \
         and (id = (select min(id) from mail_reference where ticket_id = $1) \
         or id in (select id from mail_reference where ticket_id = $1 order by id desc limit 9))) t order by place, id",
        ticket,
    )
}
