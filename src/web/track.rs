//! Following a ticket with its number and code.

use crate::desk::views::TicketPage;
use crate::domain::clock_plan::StepKind;
use crate::domain::number;
use crate::domain::ticket::Status;
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::new_token;
use crate::text;
use crate::web::failure::Answer;
use crate::web::guard;
use crate::web::render::{download, see_other};
use crate::web::sent::Sent;
use crate::web::visit::{Visit, cookie, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use serde_json::{Value, json};

/// Name of the cookie with the code; it is sent to the pages of its ticket only.
const COOKIE: &str = "meja_lacak";

/// Asks for number and code.
#[handler]
pub fn form(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let number = query(request).remove("nomor").unwrap_or_default();
    Ok(visit.form("track.html", json!({"number": number, "code": ""}))?)
}

/// Opens the ticket when number and code fit; a slip of the finger is told before any look-up.
#[handler]
pub async fn find(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let (typed, code) = (sent.get("number"), sent.get("code"));
    let Some(number) = number::parse(typed) else {
        return refuse(visit, typed, code, Say::new("field-number"), "number");
    };
    match visit.desk().track(&number, code, &visit.source).await {
        Ok(_) => Ok(enter(visit, &number, code)),
        Err(Error::Denied(say)) => refuse(visit, typed, code, say, "number"),
        Err(error) => Err(error.into()),
    }
}

/// The public part of a ticket. The code comes from the cookie, or once from the link in a mail.
#[handler]
pub async fn follow(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request) -> Answer {
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let linked = query(request).remove("kode");
    let Some(code) = linked.clone().or_else(|| cookie(request, COOKIE)) else {
        return Ok(see_other(&format!("/lacak?nomor={number}")));
    };
    match visit.desk().track(&number, &code, &visit.source).await {
        Ok(_) if linked.is_some() => Ok(enter(visit, &number, &code)),
        Ok(page) => Ok(visit.form("tracked.html", shape(visit, &page, "", "")?)?),
        Err(Error::Denied(say)) => refuse(visit, &number, "", say, "number"),
        Err(error) => Err(error.into()),
    }
}

/// A file of the public part.
#[handler]
pub async fn file(Data(visit): Data<&Visit>, Path((typed, id)): Path<(String, i64)>, request: &Request) -> Answer {
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let Some(code) = cookie(request, COOKIE) else {
        return Ok(see_other(&format!("/lacak?nomor={number}")));
    };
    let page = visit.desk().track(&number, &code, &visit.source).await?;
    let (file, bytes) = visit.desk().file_of(&page, id).await?;
    Ok(download(&file.name, bytes))
}

/// Adds what the reporter writes.
#[handler]
pub async fn reply(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request, sent: Sent) -> Answer {
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let Some(code) = cookie(request, COOKIE) else {
        return Ok(see_other(&format!("/lacak?nomor={number}")));
    };
    let desk = visit.desk();
    let error = match desk.requester_reply(&number, &code, &visit.source, sent.get("body"), sent.get("key")).await {
        Ok(_) => return Ok(see_other(&format!("/lacak/{number}#percakapan"))),
        Err(error) => error,
    };
    match error {
        Error::Invalid(problems) => {
            let page = desk.track(&number, &code, &visit.source).await?;
            Ok(visit.mend("tracked.html", shape(visit, &page, sent.get("body"), "")?, &problems, "")?)
        }
        Error::Conflict { .. } => {
            let page = desk.track(&number, &code, &visit.source).await?;
            let told = text::word(visit.language, "tracked-closed-meanwhile");
            let mut response = visit.form("tracked.html", shape(visit, &page, sent.get("body"), &told)?)?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        other => Err(other.into()),
    }
}

/// Keeps the code and shows the ticket under its clean address.
fn enter(visit: &Visit, number: &str, code: &str) -> Response {
    let path = format!("/lacak/{number}");
    let mut response = see_other(&path);
    // Only signs of a code get into the header.
    let code: String = code.chars().filter(|sign| sign.is_ascii_alphanumeric()).collect();
    guard::set_cookie(&mut response, &visit.site, COOKIE, Some(&code), &path);
    response
}

fn refuse(visit: &Visit, number: &str, code: &str, say: Say, field: &'static str) -> Answer {
    let context = json!({"number": number, "code": code});
    Ok(visit.mend("track.html", context, &[FieldError { field, say }], "")?)
}

fn shape(visit: &Visit, page: &TicketPage, kept: &str, told: &str) -> Result<Value> {
    let ticket = &page.view.ticket;
    Ok(json!({
        "number": ticket.number,
        "subject": ticket.subject,
        "state": visit.citizen_chip(ticket.status),
        "opened": visit.instant(ticket.opened_at),
        "next": next_step(visit, page)?,
        "messages": visit.conversation(page, &format!("/lacak/{}", ticket.number)),
        "open": !matches!(ticket.status, Status::Closed | Status::Merged),
        "waits_for_reporter": ticket.status == Status::PendingRequester,
        "solved": ticket.status == Status::Resolved,
        "body": kept,
        "told": told,
        "key": new_token()?,
    }))
}

/// What happens next, and by when.
fn next_step(visit: &Visit, page: &TicketPage) -> Result<String> {
    let (view, desk) = (&page.view, visit.desk());
    let is_late = view.due.resolution_due.is_some_and(|due| due <= desk.now());
    let (key, at) = match view.ticket.status {
        Status::New if view.due.response_due.is_some_and(|due| due > desk.now()) => ("next-new", view.due.response_due),
        Status::New | Status::Acknowledged | Status::InProgress if is_late => ("next-late", view.due.resolution_due),
        Status::New | Status::Acknowledged | Status::InProgress => ("next-working", view.due.resolution_due),
        Status::PendingRequester => ("next-your-turn", desk.planned_step(page, StepKind::PendingClose)?),
        Status::PendingVendor => ("next-vendor", None),
        Status::Resolved => ("next-solved", desk.planned_step(page, StepKind::AutoClose)?),
        Status::Closed => ("next-closed", None),
        Status::Merged => ("next-merged", None),
    };
    let at = at.map(|at| desk.words(visit.language, at)).unwrap_or_default();
    let target = view.ticket.merged_into.clone().unwrap_or_default();
    Ok(text::phrase(visit.language, key, &[("at", &at), ("number", &target)]))
}
