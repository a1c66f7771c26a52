//! A ticket opened for one act: what every page of an act shows, and how a refused form comes back.

use crate::desk::views::TicketPage;
use crate::domain::number;
use crate::domain::people::Actor;
use crate::domain::service::Service;
use crate::error::{Error, FieldError, Result};
use crate::secret::new_token;
use crate::text;
use crate::web::failure::Answer;
use crate::web::visit::Visit;
use poem::http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Fields of the forms; what was written stays in them.
const FIELDS: [&str; 10] =
    ["body", "reason", "tried", "cause", "solution", "user", "agency", "priority", "artikel", "draf"];

/// A ticket with its service, opened for an act.
pub struct Opened<'a> {
    pub actor: &'a Actor,
    pub page: TicketPage,
    pub service: Option<Service>,
    /// The round the page was opened in.
    pub round: Option<i64>,
}

/// Loads the ticket whose number was typed, for somebody of the staff.
///
/// # Errors
/// `Unauthenticated`, `Denied`, `NotFound`.
pub async fn open<'a>(visit: &'a Visit, typed: &str, round: Option<i64>) -> Result<Opened<'a>> {
    let actor = visit.staff()?;
    let number = number::parse(typed).ok_or(Error::NotFound("ticket"))?;
    let page = visit.desk().ticket_page(actor, &number).await?;
    let services = visit.desk().services().await?;
    let service = services.into_iter().find(|service| Some(&service.code) == page.view.ticket.service.as_ref());
    Ok(Opened { actor, page, service, round })
}

/// What every page of an act shows of its ticket.
///
/// # Errors
/// The system has no randomness.
pub fn frame(visit: &Visit, opened: &Opened<'_>, word: &str) -> Result<Value> {
    let (view, ticket) = (&opened.page.view, &opened.page.view.ticket);
    Ok(json!({
        "word": word,
        "number": ticket.number,
        "subject": ticket.subject,
        "version": ticket.version,
        "status": visit.status_chip(ticket.status),
        "sla": visit.sla_chip(view),
        "priority": ticket.priority,
        "key": new_token()?,
        "round": opened.round,
        "told": "",
        "form": true,
        "kept": kept(&BTreeMap::new()),
    }))
}

/// What was written into the forms, so that it stays in them.
pub fn kept(sent: &BTreeMap<String, String>) -> Value {
    let value = |field: &str| sent.get(field).map_or("", |value| value.trim()).to_owned();
    FIELDS
        .iter()
        .map(|field| ((*field).to_owned(), Value::from(value(field))))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// A form that was refused: its fields marked, or the reason above it.
///
/// # Errors
/// The error itself when it is none that a form can tell.
pub fn refused(visit: &Visit, template: &str, mut context: Value, error: Error) -> Answer {
    let problems: &[FieldError] = match &error {
        Error::Invalid(problems) => problems,
        Error::Conflict { .. } | Error::Denied(_) => &[],
        _ => return Err(error.into()),
    };
    if !problems.is_empty() {
        return Ok(visit.mend(template, context, problems, "")?);
    }
    context["told"] = text::say(visit.language, &error.public()).into();
    let mut response = visit.form(template, context)?;
    response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
    Ok(response)
}
