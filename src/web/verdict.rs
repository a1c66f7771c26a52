//! What a reporter says of a solution: how good it was, that it is none, or that the matter goes on.

use crate::desk::public_reply::Proof;
use crate::desk::rating;
use crate::desk::views::TicketPage;
use crate::domain::clock_plan::StepKind;
use crate::domain::ticket::Status;
use crate::error::{Error, FieldError, Result};
use crate::secret::new_token;
use crate::text;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::track::Way;
use crate::web::visit::Visit;
use poem::handler;
use poem::http::StatusCode;
use poem::web::Data;
use serde_json::{Value, json};

/// Asks how good the solution was.
#[handler]
pub async fn show_rating(Data(visit): Data<&Visit>, way: Way) -> Answer {
    let page = visit.desk().follow_ticket(&way.number, &way.proof).await?;
    Ok(visit.form("rate.html", rate_context(&way, &page, "", "", "")?)?)
}

/// Keeps the answer, once for each solution.
#[handler]
pub async fn rate(Data(visit): Data<&Visit>, sent: Sent, way: Way) -> Answer {
    let score = sent.get("score").parse().unwrap_or(0);
    let rated = visit.desk().rate(&way.number, &way.proof, score, sent.get("comment"), sent.get("key")).await;
    let error = match rated {
        Ok(_) => return Ok(see_other(&format!("{}?kabar=nilai", way.base))),
        Err(error) => error,
    };
    let page = visit.desk().follow_ticket(&way.number, &way.proof).await?;
    let told = refusal(visit, &error);
    let context = rate_context(&way, &page, sent.get("score"), sent.get("comment"), &told)?;
    again(visit, "rate.html", context, error)
}

/// Asks why the ticket is not solved, while there is time for it.
#[handler]
pub async fn show_reopening(Data(visit): Data<&Visit>, way: Way) -> Answer {
    let page = visit.desk().follow_ticket(&way.number, &way.proof).await?;
    Ok(visit.form("reopen.html", reopen_context(visit, &way, &page, "", "")?)?)
}

/// Opens the ticket again.
#[handler]
pub async fn reopen(Data(visit): Data<&Visit>, sent: Sent, way: Way) -> Answer {
    let desk = visit.desk();
    let error = match desk.requester_reopens(&way.number, &way.proof, sent.get("reason"), sent.get("key")).await {
        Ok(_) => return Ok(see_other(&format!("{}?kabar=buka-lagi#percakapan", way.base))),
        Err(error) => error,
    };
    let page = desk.follow_ticket(&way.number, &way.proof).await?;
    let told = if matches!(error, Error::Conflict { .. }) {
        text::word(visit.language, "reopen-too-late")
    } else {
        String::new()
    };
    let context = reopen_context(visit, &way, &page, sent.get("reason"), &told)?;
    again(visit, "reopen.html", context, error)
}

/// Begins a new report that goes on from a ticket that is over.
#[handler]
pub async fn go_on(Data(visit): Data<&Visit>, _sent: Sent, way: Way) -> Answer {
    visit.desk().begin_follow_up(&visit.browser, &way.number, &way.proof, visit.language).await?;
    Ok(see_other("/lapor"))
}

fn rate_context(way: &Way, page: &TicketPage, score: &str, comment: &str, told: &str) -> Result<Value> {
    let ticket = &page.view.ticket;
    let before = page.ratings.iter().any(|rating| rating.round == rating::round(&page.pauses));
    Ok(json!({
        "number": way.number,
        "base": way.base,
        "subject": ticket.subject,
        "open": rating::is_rateable(ticket) && !before,
        "before": before,
        "score": score,
        "comment": comment,
        "told": told,
        "key": new_token()?,
    }))
}

fn reopen_context(visit: &Visit, way: &Way, page: &TicketPage, reason: &str, told: &str) -> Result<Value> {
    let ticket = &page.view.ticket;
    let until = visit.desk().planned_step(page, StepKind::AutoClose)?;
    Ok(json!({
        "number": way.number,
        "base": way.base,
        "own": matches!(way.proof, Proof::Address(_)),
        "subject": ticket.subject,
        "open": ticket.status == Status::Resolved && until.is_none_or(|until| until > visit.desk().now()),
        "closed": ticket.status == Status::Closed || ticket.status == Status::Resolved,
        "until": visit.instant_if(until),
        "reason": reason,
        "told": told,
        "key": new_token()?,
    }))
}

/// A conflict in words; field problems stand at their fields.
fn refusal(visit: &Visit, error: &Error) -> String {
    match error {
        Error::Conflict { say, .. } => text::say(visit.language, say),
        _ => String::new(),
    }
}

/// The form again with what was written.
fn again(visit: &Visit, template: &str, context: Value, error: Error) -> Answer {
    match error {
        Error::Invalid(problems) => Ok(visit.mend(template, context, &problems as &[FieldError], "")?),
        Error::Conflict { .. } => {
            let mut response = visit.form(template, context)?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        other => Err(other.into()),
    }
}
