//! What a ticket has to do with: addresses, mails, other tickets, consultations.

use crate::domain::people::Visibility;
use crate::domain::ticket::Ticket;
use crate::error::Result;
use crate::store::Tx;
use crate::store::tickets::columns;
use chrono::{DateTime, Utc};

/// Adds an address that may write to the ticket; one that is there already stays.
///
/// # Errors
/// The database does not answer.
pub async fn add_participant(tx: &mut Tx, ticket: i64, email: &str) -> Result<()> {
    later!(tx, query => {
        query.push("insert into participant (ticket_id, email) values (").push_bind(ticket).push(", ");
        query.push_bind(email.to_owned()).push(") on conflict (ticket_id, email) do nothing");
    })
}

/// Takes an address out again; `false` when it was not there.
///
/// # Errors
/// The database does not answer.
pub async fn remove_participant(tx: &mut Tx, ticket: i64, email: &str) -> Result<bool> {
    let text = "delete from participant where ticket_id = $1 and email = $2";
    Ok(sql!(tx, execute, text, ticket, email)? == 1)
}

/// Addresses that may write to the ticket, in the order they were added.
///
/// # Errors
/// The database does not answer.
pub async fn participants(tx: &mut Tx, ticket: i64) -> Result<Vec<String>> {
    sql!(tx, fetch_all scalar String, "select email from participant where ticket_id = $1 order by id", ticket)
}

/// Remembers that a mail that came in with this Message-ID belongs to the ticket.
///
/// # Errors
/// The database does not answer.
pub async fn add_mail_reference(tx: &mut Tx, ticket: i64, message_id: &str) -> Result<()> {
    later!(tx, query => {
        query.push("insert into mail_reference (message_id, ticket_id) values (").push_bind(message_id.to_owned());
        query.push(", ").push_bind(ticket).push(") on conflict (message_id, ticket_id) do nothing");
    })
}

/// The ticket a Message-ID belongs to, of a mail in or out; the youngest when several share it.
///
/// # Errors
/// The database does not answer.
pub async fn by_mail_reference(tx: &mut Tx, message_id: &str) -> Result<Option<i64>> {
    sql!(
        tx,
        fetch_one scalar Option<i64>,
        "select max(ticket_id) from (select ticket_id from mail_reference where message_id = $1 \
         union all select ticket_id from outbox where message_id = $1) t",
        message_id,
    )
}

/// Ties two tickets together.
///
/// # Errors
/// The database does not answer.
pub async fn add_link(tx: &mut Tx, from: i64, to: i64, relation: &str) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into ticket_link (from_ticket, to_ticket, relation) values ($1, $2, $3) \
         on conflict (from_ticket, to_ticket, relation) do nothing",
        from,
        to,
        relation,
    )?;
    Ok(())
}

/// Takes a tie away; `false` when there is none.
///
/// # Errors
/// The database does not answer.
pub async fn remove_link(tx: &mut Tx, from: i64, to: i64, relation: &str) -> Result<bool> {
    let text = "delete from ticket_link where from_ticket = $1 and to_ticket = $2 and relation = $3";
    Ok(sql!(tx, execute, text, from, to, relation)? > 0)
}

/// Keys of tickets tied to this one, with the relation as it is kept and whether this one is its first end.
///
/// # Errors
/// The database does not answer.
pub async fn links(tx: &mut Tx, ticket: i64) -> Result<Vec<(i64, String, bool)>> {
    sql!(
        tx,
        fetch_all as (i64, String, bool),
        "select case when from_ticket = $1 then to_ticket else from_ticket end as other, relation, from_ticket = $1 as outgoing \
         from ticket_link where from_ticket = $1 or to_ticket = $1 order by other, relation",
        ticket,
    )
}

/// The youngest ticket that `email` reported among those that went on in this one, be it by way of others; `merged` is
/// the word of that tie.
///
/// # Errors
/// The database does not answer.
pub async fn merged_from(tx: &mut Tx, ticket: i64, merged: &str, email: &str) -> Result<Option<Ticket>> {
    sql!(
        tx,
        fetch_optional as Ticket,
        concat!(
            "with recursive gone (place) as (select from_ticket from ticket_link where to_ticket = $1 and relation = $2 \
             union select l.from_ticket from ticket_link l join gone on l.to_ticket = gone.place where l.relation = $2) \
             select ",
            columns!(),
            " from ticket where id in (select place from gone) and requester_email = $3 order by id desc limit 1"
        ),
        ticket,
        merged,
        email,
    )
}

/// A consultation with somebody outside: partner, contact, date, question, and the answer once there is one.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Consultation {
    /// Key inside the database; ignored when it is added.
    pub id: i64,
    /// Code of the partner in the pack.
    pub partner: String,
    /// Whom they spoke to.
    pub contact: String,
    /// Local date, `YYYY-MM-DD`.
    pub held_on: String,
    /// What was asked.
    pub question: String,
    /// When it was recorded. UTC.
    pub at: DateTime<Utc>,
    /// Who recorded it.
    pub actor: String,
    /// The address the question was mailed to, lower case.
    pub mailed_to: Option<String>,
    /// What was answered.
    pub reply: Option<String>,
    /// Local date of the answer, `YYYY-MM-DD`.
    pub replied_on: Option<String>,
    /// When the answer was recorded. UTC.
    pub replied_at: Option<DateTime<Utc>>,
    /// Who recorded it.
    pub replied_by: Option<String>,
}

/// Records a consultation and gives its key.
///
/// # Errors
/// The database does not answer.
pub async fn add_consultation(tx: &mut Tx, ticket: i64, held: &Consultation) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into consultation (ticket_id, partner, contact, held_on, question, at, actor, mailed_to) \
         values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
        ticket,
        &held.partner,
        &held.contact,
        &held.held_on,
        &held.question,
        held.at,
        &held.actor,
        &held.mailed_to,
    )
}

/// Keeps the answer to a consultation that has none; `false` when it has one already.
///
/// # Errors
/// The database does not answer.
pub async fn answer_consultation(
    tx: &mut Tx,
    id: i64,
    reply: &str,
    replied_on: &str,
    at: DateTime<Utc>,
    by: &str,
) -> Result<bool> {
    let changed = sql!(
        tx,
        execute,
        "update consultation set reply = $2, replied_on = $3, replied_at = $4, replied_by = $5 where id = $1 and reply is null",
        id,
        reply,
        replied_on,
        at,
        by,
    )?;
    Ok(changed == 1)
}

/// Consultations about a ticket, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn consultations(tx: &mut Tx, ticket: i64) -> Result<Vec<Consultation>> {
    sql!(
        tx,
        fetch_all as Consultation,
        "select id, partner, contact, held_on, question, at, actor, mailed_to, reply, replied_on, replied_at, replied_by \
         from consultation where ticket_id = $1 order by id",
        ticket,
    )
}

/// Tickets with consultations that somebody may see: the ticket's key and the consultation's, newest first, before
/// key `before`; only answered ones, or only those that wait.
///
/// # Errors
/// The database does not answer.
pub async fn consulted(
    tx: &mut Tx,
    seen: &Visibility,
    answered: Option<bool>,
    before: i64,
    limit: i64,
) -> Result<Vec<(i64, i64)>> {
    sql!(
        tx,
        fetch_all as (i64, i64),
        "select c.ticket_id, c.id from consultation c join ticket t on t.id = c.ticket_id where c.id < $1 \
         and ($2 is null or (c.reply is not null) = $2) \
         and ($3 or replace($4, '\"' || t.agency || '\"', '') <> $4) and ($5 is null or t.agency = $5) \
         order by c.id desc limit $6",
        before,
        answered,
        seen.all,
        serde_json::to_string(&seen.agencies)?,
        &seen.only_agency,
        limit,
    )
}
