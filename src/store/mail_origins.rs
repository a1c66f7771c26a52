//! Who sent the mails behind messages, and the same mail in two mailboxes.

use crate::error::Result;
use crate::store::Tx;

/// Who sent the mail behind a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, sqlx::FromRow)]
pub struct MailOrigin {
    /// The message it became; ignored when it is kept.
    pub message_id: i64,
    /// Key of the raw mail.
    pub inbox_id: i64,
    /// Address in `From`, lower case.
    pub from_email: String,
    /// Name in `From`.
    pub from_name: String,
    /// Where an answer was wanted, when that is somewhere else.
    pub reply_to: Option<String>,
    /// Envelope sender, or empty.
    pub envelope: String,
    /// Addresses in `Cc`, separated by spaces.
    pub copies: String,
    /// Result of SPF, or empty.
    pub spf: String,
    /// Result of DKIM, or empty.
    pub dkim: String,
    /// Result of DMARC, or empty.
    pub dmarc: String,
    /// `unchecked`, `proven`, `unproven` or `forged`.
    pub belief: String,
    /// There is HTML, which may say it better.
    pub has_html: bool,
    /// Another mail had the same Message-ID before.
    pub reused: bool,
    /// A machine that is let in wrote it.
    pub machine: bool,
}

/// Keeps who sent the mail that became the youngest message of a ticket.
///
/// # Errors
/// The database does not answer.
pub async fn keep_origin(tx: &mut Tx, ticket: i64, origin: &MailOrigin) -> Result<()> {
    later!(tx, query => {
        query.push(
            "insert into mail_origin (message_id, ticket_id, inbox_id, from_email, from_name, reply_to, envelope, copies, \
             spf, dkim, dmarc, belief, has_html, reused, machine) select max(m.id), ",
        );
        query.push_bind(ticket).push(", ").push_bind(origin.inbox_id).push(", ").push_bind(origin.from_email.clone());
        query.push(", ").push_bind(origin.from_name.clone()).push(", ").push_bind(origin.reply_to.clone());
        query.push(", ").push_bind(origin.envelope.clone()).push(", ").push_bind(origin.copies.clone());
        query.push(", ").push_bind(origin.spf.clone()).push(", ").push_bind(origin.dkim.clone());
        query.push(", ").push_bind(origin.dmarc.clone()).push(", ").push_bind(origin.belief.clone());
        query.push(", ").push_bind(origin.has_html).push(", ").push_bind(origin.reused);
        query.push(", ").push_bind(origin.machine);
        query.push(" from message m where m.ticket_id = ").push_bind(ticket);
    })
}

/// Who sent the mails of a ticket, in the order they came.
///
/// # Errors
/// The database does not answer.
pub async fn origins_of(tx: &mut Tx, ticket: i64) -> Result<Vec<MailOrigin>> {
    sql!(
        tx,
        fetch_all as MailOrigin,
        "select message_id, inbox_id, from_email, from_name, reply_to, envelope, copies, spf, dkim, dmarc, belief, has_html, \
         reused, machine from mail_origin where ticket_id = $1 order by id",
        ticket,
    )
}

/// Addresses of machines that wrote to a ticket, and of nobody else.
///
/// # Errors
/// The database does not answer.
pub async fn machines_of(tx: &mut Tx, ticket: i64) -> Result<Vec<String>> {
    let text = "select from_email from mail_origin where ticket_id = $1 group by from_email \
                having sum(case when machine then 0 else 1 end) = 0 order by from_email";
    sql!(tx, fetch_all scalar String, text, ticket)
}

/// The bytes of a received mail, while they are kept.
///
/// # Errors
/// The database does not answer.
pub async fn raw_mail(tx: &mut Tx, inbox: i64) -> Result<Option<Vec<u8>>> {
    let first = sql!(tx, fetch_optional scalar Vec<u8>, "select raw from inbox where id = $1", inbox)?;
    match first {
        Some(first) => super::inbox::whole(tx, inbox, first).await.map(Some),
        None => Ok(None),
    }
}

/// The ticket that this very mail became when it was delivered to another of our mailboxes.
///
/// # Errors
/// The database does not answer.
pub async fn twin_ticket(tx: &mut Tx, inbox: i64) -> Result<Option<i64>> {
    sql!(
        tx,
        fetch_optional scalar i64,
        "select o.ticket_id from inbox i join inbox o on o.digest = i.digest and o.id <> i.id and o.mailbox <> i.mailbox \
         where i.id = $1 and o.state = 'done' and o.ticket_id is not null order by o.id limit 1",
        inbox,
    )
}
