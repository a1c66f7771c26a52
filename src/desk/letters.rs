//! Mails to the people of a ticket: the requester, other participants, the staff of its agency.

use crate::desk::working::Working;
use crate::desk::{Desk, merged_in};
use crate::domain::canned::{Variable, told_to};
use crate::domain::event::ActorLabel;
use crate::domain::ticket::{Language, Ticket};
use crate::error::Result;
use crate::mail::compose::Outgoing;
use crate::mail::thread;
use crate::store::relations::Consultation;
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// The confirmation of a new ticket, in answer to the mail with the Message-ID `mail` if it came by one. It carries nothing the reporter wrote: an unproven address may
/// belong to somebody else.
///
/// # Errors
/// A template is broken, or the database does not answer.
pub async fn received(desk: &Desk, tx: &mut Tx, working: &Working, mail: Option<String>) -> Result<()> {
    let ticket = &working.ticket;
    let due = super::clocks::due(&desk.rules.of(ticket), ticket, &working.pauses)?;
    let context = json!({
        "response_due": due.response_due.map(|at| desk.words(ticket.language, at)),
        "resolution_due": due.resolution_due.map(|at| desk.words(ticket.language, at)),
        "verified": ticket.requester_verified,
        "confirm_url": desk.confirm_url(ticket),
    });
    store::relations::add_participant(tx, ticket.id, &ticket.requester_email).await?;
    let references: Vec<String> = mail.into_iter().collect();
    let letter =
        Letter { key: "received", template: "received", context: &context, automatic: true, references: &references };
    to_participant(desk, tx, ticket, &ticket.requester_email, &letter).await
}

/// Files of a mail that are not kept: noted on the ticket, and told to whoever sent them unless he wants no answer.
///
/// # Errors
/// As [`received`].
pub async fn left_out(
    desk: &Desk,
    tx: &mut Tx,
    working: &mut Working,
    names: &[String],
    quiet: bool,
    at: DateTime<Utc>,
) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let (most, megabytes) = (desk.ways.limits.files, desk.ways.limits.files_mb);
    let facts = json!({"names": names, "most": most, "megabytes": megabytes});
    working.event(at, ActorLabel::mail(), "files_left_out", facts);
    if quiet {
        return Ok(());
    }
    let context = json!({"files": names.join(", "), "most": most, "megabytes": megabytes});
    let key = format!("files_left_out:{}", working.ticket.version);
    let references = store::messages::mail_references(tx, working.ticket.id).await?;
    let letter =
        Letter { key: &key, template: "files_left_out", context: &context, automatic: true, references: &references };
    to_participant(desk, tx, &working.ticket, &working.ticket.requester_email, &letter).await
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
    let rate_url = desk.rating_url(&working.ticket);
    let context = json!({"author": author, "body": body, "close_on": close_on, "rate_url": rate_url});
    to_participants(desk, tx, working, &format!("solved:{message}"), "solved", context, false).await
}

/// A reminder that the requester owes an answer.
///
/// # Errors
/// As [`received`].
pub async fn pending_reminder(desk: &Desk, tx: &mut Tx, working: &Working, round: i64) -> Result<()> {
    let steps =
        super::clocks::plan(&desk.rules.of(&working.ticket), &working.ticket, &working.pauses, &working.clocks)?;
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

/// A question to somebody outside about a ticket; an answer by mail finds its way back. What was reported goes along
/// only as far as the question tells it.
///
/// # Errors
/// As [`received`].
pub async fn consultation(
    desk: &Desk,
    tx: &mut Tx,
    working: &Working,
    id: i64,
    email: &str,
    held: &Consultation,
    author: &str,
) -> Result<()> {
    let ticket = &working.ticket;
    let reply_to = thread::reply_address(&desk.secret, &desk.composer.address, &ticket.number, email);
    let mail = desk.composer.write(&Outgoing {
        key: format!("consultation:{id}"),
        template: "consultation",
        language: Language::Indonesian,
        to: email,
        to_name: &held.contact,
        ticket: Some(ticket.id),
        reply_to: Some(&reply_to),
        references: &[],
        automatic: false,
        unsubscribe: None,
        context: json!({"name": held.contact, "number": ticket.number, "question": held.question, "author": author}),
        at: desk.now(),
    })?;
    desk.post(tx, &mail).await
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
    let references = store::messages::mail_references(tx, working.ticket.id).await?;
    let letter = Letter { key, template, context: &context, automatic, references: &references };
    // Nothing the house says by itself goes to a machine: two of them would talk for ever.
    let machines = if automatic { store::mail_origins::machines_of(tx, working.ticket.id).await? } else { Vec::new() };
    for email in store::relations::participants(tx, working.ticket.id).await? {
        if machines.contains(&email) {
            continue;
        }
        to_participant(desk, tx, &working.ticket, &email, &letter).await?;
    }
    Ok(())
}

/// What all participants are written.
struct Letter<'a> {
    key: &'a str,
    template: &'static str,
    context: &'a Value,
    automatic: bool,
    references: &'a [String],
}

async fn to_participant(desk: &Desk, tx: &mut Tx, ticket: &Ticket, email: &str, letter: &Letter<'_>) -> Result<()> {
    // Whoever was merged in hears of the matter under his own number: neither subject nor code are those of somebody
    // else, and only who reported it judges its solution.
    let own = merged_in::own(tx, ticket, email).await?;
    let name = own.as_ref().map_or("", |own| own.requester_name.as_str());
    let mut context = common(desk, own.as_ref().unwrap_or(ticket), ticket, ticket.language, name);
    if own.is_none() {
        let page = format!("{}/lacak", desk.public_url);
        merge(&mut context, json!({"url": page, "tracking_code": ""}));
    }
    merge(&mut context, letter.context.clone());
    if email != ticket.requester_email && context.get("rate_url").is_some() {
        context["rate_url"] = "".into();
    }
    if let Some(body) = context.get("body").and_then(Value::as_str) {
        let told = told_to(body, |variable| match variable {
            Variable::TrackingPage => context["url"].as_str().unwrap_or_default().to_owned(),
            _ if name.is_empty() => text::word(ticket.language, "reply-no-name"),
            _ => name.to_owned(),
        });
        context["body"] = told.into();
    }
    let reply_to = thread::reply_address(&desk.secret, &desk.composer.address, &ticket.number, email);
    // Message-IDs tell where others write from, too.
    let references = match &own {
        Some(own) if own.id != ticket.id => store::messages::mail_references(tx, own.id).await?,
        _ => letter.references.to_vec(),
    };
    let mail = desk.composer.write(&Outgoing {
        key: format!("{}:{}:{email}", letter.key, ticket.number),
        template: letter.template,
        language: ticket.language,
        to: email,
        to_name: name,
        ticket: Some(ticket.id),
        reply_to: Some(&reply_to),
        references: &references,
        automatic: letter.automatic,
        unsubscribe: None,
        context,
        at: desk.now(),
    })?;
    desk.post(tx, &mail).await
}

/// What every mail about a ticket may use; `own` is the one its reader reported himself.
fn common(desk: &Desk, own: &Ticket, ticket: &Ticket, language: Language, name: &str) -> Value {
    json!({
        "name": name,
        "number": own.number,
        "subject": own.subject,
        "kind": text::word(language, &format!("kind-{}", own.kind.as_str())),
        "status": text::word(language, &format!("status-{}", ticket.status.as_str())),
        "priority": text::word(language, &format!("priority-{}", ticket.priority.as_str())),
        "agency": ticket.agency,
        "service": own.service,
        "opened": desk.words(language, own.opened_at),
        "url": desk.tracking_url(own),
        "tracking_code": desk.secret.tracking_code(&own.number),
        "tracking_page": format!("{}/lacak", desk.public_url),
    })
}

fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}
