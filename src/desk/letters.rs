//! Mails to the people of a ticket: the requester, other participants, the staff of its agency.

use crate::desk::Desk;
use crate::desk::working::Working;
use crate::domain::people::Role;
use crate::domain::ticket::{Language, Ticket};
use crate::error::Result;
use crate::mail::compose::Outgoing;
use crate::mail::thread;
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// The confirmation of a new ticket. It carries nothing the reporter wrote: an unproven address may
/// belong to somebody else.
///
/// # Errors
/// A template is broken, or the database does not answer.
pub async fn received(desk: &Desk, tx: &mut Tx, working: &Working) -> Result<()> {
    let due = super::clocks::due(&desk.pack, &working.ticket, &working.pauses)?;
    let language = working.ticket.language;
    let context = json!({
        "response_due": due.response_due.map(|at| desk.words(language, at)),
        "resolution_due": due.resolution_due.map(|at| desk.words(language, at)),
        "verified": working.ticket.requester_verified,
        "confirm_url": desk.confirm_url(&working.ticket),
    });
    to_participants(desk, tx, working, "received", "received", context, true).await
}

/// Tells the first line of the agency, or the second where there is none, of a new ticket.
///
/// # Errors
/// As [`received`].
pub async fn new_for_staff(desk: &Desk, tx: &mut Tx, working: &Working) -> Result<()> {
    let ticket = &working.ticket;
    let role = if ticket.tier == 1 { Role::Tier1Agent } else { Role::Tier2Unit };
    let due = super::clocks::due(&desk.pack, ticket, &working.pauses)?;
    for person in store::people::holders(tx, role, &ticket.agency).await? {
        let mut context = common(desk, ticket, Language::Indonesian, "");
        merge(
            &mut context,
            json!({
                "name": person.name,
                "url": desk.work_url(&ticket.number),
                "response_due": due.response_due.map(|at| desk.words(Language::Indonesian, at)),
                "resolution_due": due.resolution_due.map(|at| desk.words(Language::Indonesian, at)),
            }),
        );
        let mail = desk.composer.write(&Outgoing {
            key: format!("new:{}:{}", ticket.number, person.id),
            template: "new_for_staff",
            language: Language::Indonesian,
            to: &person.email,
            to_name: &person.name,
            ticket: Some(ticket.id),
            reply_to: None,
            references: &[],
            automatic: true,
            context,
            at: desk.now(),
        })?;
        desk.post(tx, &mail).await?;
    }
    Ok(())
}

/// What a person of the desk wrote to the participants.
///
/// # Errors
/// As [`received`].
pub async fn reply(desk: &Desk, tx: &mut Tx, working: &Working, message: i64, author: &str, body: &str) -> Result<()> {
    to_participants(
        desk,
        tx,
        working,
        &format!("reply:{message}"),
        "reply",
        json!({"author": author, "body": body}),
        false,
    )
    .await
}

/// A question to the requester, with the day on which silence closes the ticket.
///
/// # Errors
/// As [`received`].
pub async fn question(
    desk: &Desk,
    tx: &mut Tx,
    working: &Working,
    message: i64,
    author: &str,
    body: &str,
    close_on: Option<DateTime<Utc>>,
) -> Result<()> {
    let close_on = close_on.map(|at| desk.words(working.ticket.language, at));
    let context = json!({"author": author, "body": body, "close_on": close_on});
    to_participants(desk, tx, working, &format!("question:{message}"), "question", context, false).await
}

/// The solution, with the day until which it can be contradicted.
///
/// # Errors
/// As [`received`].
pub async fn solved(
    desk: &Desk,
    tx: &mut Tx,
    working: &Working,
    message: i64,
    author: &str,
    body: &str,
    close_on: Option<DateTime<Utc>>,
) -> Result<()> {
    let close_on = close_on.map(|at| desk.words(working.ticket.language, at));
    let context = json!({"author": author, "body": body, "close_on": close_on});
    to_participants(desk, tx, working, &format!("solved:{message}"), "solved", context, false).await
}

/// A reminder that the requester owes an answer.
///
/// # Errors
/// As [`received`].
pub async fn pending_reminder(desk: &Desk, tx: &mut Tx, working: &Working, round: i64) -> Result<()> {
    let steps = super::clocks::plan(&desk.pack, &working.ticket, &working.pauses, &working.clocks)?;
    let close = steps
        .iter()
        .find(|step| step.kind == crate::domain::clock_plan::StepKind::PendingClose)
        .and_then(|step| step.due_at);
    let close_on = close.map(|at| desk.words(working.ticket.language, at));
    to_participants(
        desk,
        tx,
        working,
        &format!("reminder:{round}"),
        "pending_reminder",
        json!({"close_on": close_on}),
        true,
    )
    .await
}

/// The ticket is closed.
///
/// # Errors
/// As [`received`].
pub async fn closed(desk: &Desk, tx: &mut Tx, working: &Working, template: &'static str) -> Result<()> {
    let key = format!("{template}:{}", working.ticket.version);
    to_participants(desk, tx, working, &key, template, json!({}), true).await
}

/// The ticket goes on under another number. Its tracking code stays with its own reporter.
///
/// # Errors
/// As [`received`].
pub async fn merged(desk: &Desk, tx: &mut Tx, working: &Working, target: &Ticket) -> Result<()> {
    to_participants(desk, tx, working, "merged", "merged", json!({"target": target.number}), true).await
}

async fn to_participants(
    desk: &Desk,
    tx: &mut Tx,
    working: &Working,
    key: &str,
    template: &'static str,
    context: Value,
    automatic: bool,
) -> Result<()> {
    let ticket = &working.ticket;
    let references = store::messages::mail_references(tx, ticket.id).await?;
    for (participant, email) in store::relations::participants(tx, ticket.id).await? {
        let name = if email == ticket.requester_email { ticket.requester_name.as_str() } else { "" };
        let mut full = common(desk, ticket, ticket.language, name);
        merge(&mut full, context.clone());
        let reply_to = thread::reply_address(&desk.secret, &desk.composer.address, &ticket.number, participant);
        let mail = desk.composer.write(&Outgoing {
            key: format!("{key}:{}:{participant}", ticket.number),
            template,
            language: ticket.language,
            to: &email,
            to_name: name,
            ticket: Some(ticket.id),
            reply_to: Some(&reply_to),
            references: &references,
            automatic,
            context: full,
            at: desk.now(),
        })?;
        if desk.post(tx, &mail).await? {
            store::relations::add_mail_reference(tx, ticket.id, &mail.message_id).await?;
        }
    }
    Ok(())
}

/// What every mail about a ticket may use.
fn common(desk: &Desk, ticket: &Ticket, language: Language, name: &str) -> Value {
    json!({
        "name": name,
        "number": ticket.number,
        "subject": ticket.subject,
        "kind": text::word(language, &format!("kind-{}", ticket.kind.as_str())),
        "status": text::word(language, &format!("status-{}", ticket.status.as_str())),
        "priority": text::word(language, &format!("priority-{}", ticket.priority.as_str())),
        "agency": ticket.agency,
        "service": ticket.service,
        "opened": desk.words(language, ticket.opened_at),
        "url": desk.tracking_url(ticket),
        "tracking_code": desk.secret.tracking_code(&ticket.number),
        "tracking_page": format!("{}/lacak", desk.public_url),
    })
}

fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}
