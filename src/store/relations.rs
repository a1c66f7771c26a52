//! What a ticket has to do with: addresses, mails, other tickets, consultations.

use crate::error::Result;
use crate::store::Tx;
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

/// Numbers of tickets tied to this one, with the relation.
///
/// # Errors
/// The database does not answer.
pub async fn links(tx: &mut Tx, ticket: i64) -> Result<Vec<(String, String)>> {
    sql!(
        tx,
        fetch_all as (String, String),
        "select t.number, l.relation from ticket_link l \
         join ticket t on t.id = case when l.from_ticket = $1 then l.to_ticket else l.from_ticket end \
         where l.from_ticket = $1 or l.to_ticket = $1 order by t.number",
        ticket,
    )
}

/// A consultation with somebody outside: partner, contact, date, question.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Consultation {
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
}

/// Records a consultation.
///
/// # Errors
/// The database does not answer.
pub async fn add_consultation(tx: &mut Tx, ticket: i64, held: &Consultation) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into consultation (ticket_id, partner, contact, held_on, question, at, actor) values ($1, $2, $3, $4, $5, $6, $7)",
        ticket,
        &held.partner,
        &held.contact,
        &held.held_on,
        &held.question,
        held.at,
        &held.actor,
    )?;
    Ok(())
}

/// Consultations about a ticket, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn consultations(tx: &mut Tx, ticket: i64) -> Result<Vec<Consultation>> {
    sql!(
        tx,
        fetch_all as Consultation,
        "select partner, contact, held_on, question, at, actor from consultation where ticket_id = $1 order by id",
        ticket,
    )
}
