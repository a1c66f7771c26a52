//! The mails of a ticket on their way out, one row per recipient.

use crate::domain::message::OutboxState;
use crate::domain::people::{Action, may};
use crate::domain::ticket::Verb;
use crate::error::{Error, Result};
use crate::text;
use crate::web::failure::Answer;
use crate::web::opened::open;
use crate::web::render::see_other;
use crate::web::rounds;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Who was mailed, and how far each mail has come.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request) -> Answer {
    let mut context = context(visit, &typed, rounds::of_address(request)).await?;
    context["news"] = query(request).contains_key("coba").into();
    Ok(visit.form("dispatch.html", context)?)
}

/// Tries one again.
#[handler]
pub async fn retry(Data(visit): Data<&Visit>, Path((typed, id)): Path<(String, i64)>, sent: Sent) -> Answer {
    let round = rounds::of_form(&sent);
    let opened = open(visit, &typed, round).await?;
    let number = &opened.page.view.ticket.number;
    match visit.desk().resend_ticket_mail(opened.actor, number, id).await {
        Ok(()) => {
            let along = round.map_or_else(String::new, |round| format!("&putaran={round}"));
            Ok(see_other(&format!("/kerja/tiket/{number}/surel?coba{along}")))
        }
        Err(error @ Error::Conflict { .. }) => {
            let mut context = context(visit, &typed, round).await?;
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response = visit.form("dispatch.html", context)?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

async fn context(visit: &Visit, typed: &str, round: Option<i64>) -> Result<Value> {
    let opened = open(visit, typed, round).await?;
    let ticket = &opened.page.view.ticket;
    let mails = visit.desk().ticket_mails(opened.actor, &ticket.number).await?;
    let rows: Vec<Value> = mails
        .iter()
        .map(|mail| {
            let waits = mail.state == OutboxState::Queued;
            let (family, icon) = match mail.state {
                OutboxState::Sent => ("ok", "check"),
                OutboxState::Dead => ("danger", "alert"),
                OutboxState::Queued if mail.last_error.is_some() => ("warn", "clock"),
                OutboxState::Withdrawn => ("neutral", "dash"),
                _ => ("info", "clock"),
            };
            json!({
                "id": mail.id,
                "recipient": mail.recipient,
                "subject": mail.subject,
                "message_id": mail.message_id,
                "state": visit.word("mail-state", mail.state.as_str()),
                "family": family,
                "icon": icon,
                "attempts": mail.attempts,
                "error": mail.last_error,
                "next": (waits && mail.attempts > 0).then(|| visit.instant(mail.due_at)),
                "at": visit.instant(mail.sent_at.unwrap_or(mail.created_at)),
                "may_retry": mail.state == OutboxState::Dead || (waits && mail.last_error.is_some()),
            })
        })
        .collect();
    Ok(json!({
        "number": ticket.number,
        "round": round,
        "subject": ticket.subject,
        "rows": rows,
        "may_retry": may(opened.actor, Action::Do(Verb::Reply), ticket),
        "news": false,
        "told": "",
    }))
}
