//! What staff do to a ticket, one form each.

use crate::desk::answer_drafts::ANSWER;
use crate::desk::command::Command;
use crate::desk::unseen::Unseen;
use crate::desk::uploads::Arrived;
use crate::domain::number;
use crate::domain::people::Actor;
use crate::domain::ticket::Ticket;
use crate::error::{Error, FieldError, Result, Say};
use crate::web::addresses::{ACTS, command};
use crate::web::answering::{self, Written};
use crate::web::canned;
use crate::web::composer::{ANSWERS, kind_of};
use crate::web::conflict;
use crate::web::failure::{Answer, Failure};
use crate::web::render::see_other;
use crate::web::rounds;
use crate::web::sent::Sent;
use crate::web::ticket;
use crate::web::uploads;
use crate::web::visit::Visit;
use poem::web::{Data, Path};
use poem::{Response, handler};
use serde_json::Value;

/// How often a form is tried again when only something changed that its writer need not read.
const TRIES: usize = 3;

/// Does what the form asks and shows the ticket; when it is refused, what was written stays in its form.
#[handler]
pub async fn do_act(
    Data(visit): Data<&Visit>,
    Path((typed, act)): Path<(String, String)>,
    Written(sent, file): Written,
) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    // The box for answers has several buttons and one address.
    let act =
        ANSWERS.iter().find(|then| act == "balas" && sent.get("lalu") == **then).map_or(act, |then| (*then).to_owned());
    let known = ACTS.iter().any(|(word, _)| *word == act);
    if !known {
        return Err(Error::NotFound("act").into());
    }
    let Some(command) = command(&act, &sent, &actor.account.email) else {
        let problems = vec![FieldError { field: "priority", say: Say::new("field-choose-priority") }];
        return again(visit, actor, &number, &act, &sent, &problems).await;
    };
    if let Some(problems) = unfit(visit, &number, &act, file).await? {
        return again(visit, actor, &number, &act, &sent, &problems).await;
    }
    let reply = sent.get("makro").parse().ok().filter(|_| ANSWERS.contains(&act.as_str()));
    match perform(visit, actor, &number, &act, &sent, &(vec![command], reply)).await {
        Ok(Outcome::Done(ticket)) => Ok(see_other(&rounds::after(visit, actor, &sent, &ticket, &act).await?)),
        Ok(Outcome::Unsound(problems)) => again(visit, actor, &number, &act, &sent, &problems).await,
        Ok(Outcome::Stopped(page)) => Ok(*page),
        Err(Failure(error)) => Ok(conflict::gone(visit, &sent, error)?),
    }
}

/// Sends the text of the composer with everything that goes with the ready-made answer (`makro`) in it.
#[handler]
pub async fn run_reply(Data(visit): Data<&Visit>, Path(typed): Path<String>, Written(sent, file): Written) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let id: i64 = sent.get("makro").parse().map_err(|_| Error::NotFound("canned reply"))?;
    let reply = visit.desk().canned_reply(actor, id).await?;
    let body = sent.0.get("body").map(String::as_str).unwrap_or_default();
    if sent.get("makro_versi").parse::<i64>().ok() != Some(reply.version) || !reply.active {
        // What it changes is another thing now: its lines are shown again before anything runs.
        visit.desk().keep_answer_draft(actor, &number, ANSWER, body, Some(id)).await?;
        return Ok(see_other(&rounds::back(&sent, &number, "makro-berubah", "balas")));
    }
    if let Some(problems) = unfit(visit, &number, "jalankan", file).await? {
        return again(visit, actor, &number, "jalankan", &sent, &problems).await;
    }
    let asked = (reply.commands(body), Some(id));
    match perform(visit, actor, &number, "jalankan", &sent, &asked).await {
        Ok(Outcome::Done(ticket)) if rounds::of_form(&sent).is_some() => {
            Ok(see_other(&rounds::after(visit, actor, &sent, &ticket, "balas").await?))
        }
        Ok(Outcome::Done(ticket)) => Ok(see_other(&canned::onward(visit, actor, &ticket.number, reply.next()).await?)),
        Ok(Outcome::Unsound(problems)) => again(visit, actor, &number, "jalankan", &sent, &problems).await,
        Ok(Outcome::Stopped(page)) => Ok(*page),
        Err(Failure(error)) => Ok(conflict::gone(visit, &sent, error)?),
    }
}

/// Puts a ready-made answer (`pilihan`) behind what has been written (`body`), as a draft, and shows the ticket.
#[handler]
pub async fn insert_reply(
    Data(visit): Data<&Visit>,
    Path(typed): Path<String>,
    Written(sent, file): Written,
) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    if let Some(file) = &file
        && let Some(problems) = uploads::keep_for_work(visit, &number, file).await?
    {
        return again(visit, actor, &number, "balas", &sent, &problems).await;
    }
    let body = sent.0.get("body").map(String::as_str).unwrap_or_default();
    let kept = match sent.get("pilihan").parse() {
        Ok(id) => visit.desk().insert_reply(actor, &number, id, body).await,
        // Nothing was chosen; what was written is kept all the same.
        Err(_) => answering::keep_words(visit, &number, &sent).await,
    };
    match kept {
        Ok(()) => Ok(see_other(&rounds::back(&sent, &number, "", "balas"))),
        Err(error) => Ok(conflict::gone(visit, &sent, error)?),
    }
}

/// Keeps the file that came with an answer, or tells why not.
async fn unfit(visit: &Visit, number: &str, act: &str, file: Option<Arrived>) -> Result<Option<Vec<FieldError>>> {
    let Some(file) = file.filter(|_| kind_of(act) == Some(ANSWER)) else { return Ok(None) };
    uploads::keep_for_work(visit, number, &file).await
}

/// What became of a form.
pub enum Outcome {
    /// It was done to this ticket.
    Done(Box<Ticket>),
    /// These fields are to be mended.
    Unsound(Vec<FieldError>),
    /// It was refused; this page says why and keeps the text.
    Stopped(Box<Response>),
}

/// Does what was asked for, or gives the page that says why not.
///
/// # Errors
/// The ticket is out of sight, or the database does not answer.
pub async fn perform(
    visit: &Visit,
    actor: &Actor,
    number: &str,
    act: &str,
    sent: &Sent,
    asked: &(Vec<Command>, Option<i64>),
) -> Result<Outcome, Failure> {
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    let mut tries = 0;
    loop {
        let (version, unseen) = seen(visit, actor, number, sent).await?;
        tries += 1;
        let refused = match visit.desk().act_on_page(actor, number, version, asked.clone(), key).await {
            Ok(ticket) => return Ok(Outcome::Done(Box::new(ticket))),
            Err(Error::Invalid(problems)) => return Ok(Outcome::Unsound(problems)),
            Err(error @ (Error::Conflict { .. } | Error::Denied(_))) => error,
            Err(error) => return Err(error.into()),
        };
        let stale = matches!(&refused, Error::Conflict { say, .. } if say.key == "error-stale");
        if stale && unseen.as_ref().is_some_and(Unseen::is_nothing) && tries < TRIES {
            continue;
        }
        let page = stop(visit, actor, number, act, sent, &refused, unseen).await?;
        return Ok(Outcome::Stopped(Box::new(page)));
    }
}

/// The version the form may act on, and what its writer has not seen. When nobody else did anything that counts since
/// the page was opened, that is the present version, whatever the own tabs and the clock have done.
async fn seen(visit: &Visit, actor: &Actor, number: &str, sent: &Sent) -> Result<(Option<i64>, Option<Unseen>)> {
    let Ok(version) = sent.get("versi").parse() else { return Ok((None, None)) };
    let unseen = visit.desk().unseen(actor, number, version).await?;
    Ok((Some(if unseen.is_nothing() { unseen.version } else { version }), Some(unseen)))
}

/// The page that stops a form and keeps its text.
async fn stop(
    visit: &Visit,
    actor: &Actor,
    number: &str,
    act: &str,
    sent: &Sent,
    refused: &Error,
    unseen: Option<Unseen>,
) -> Result<Response> {
    let ticket = visit.desk().ticket(actor, number).await?.ticket;
    let unseen = unseen.unwrap_or(Unseen { version: ticket.version, changes: Vec::new(), unknown: true });
    let told = conflict::words(visit, refused);
    conflict::page(visit, actor, number, act, sent, &unseen, (refused.status(), told)).await
}

/// The ticket as it stands now, with the text of a form that must be mended.
///
/// # Errors
/// The ticket is out of sight, or the database does not answer.
pub async fn again(
    visit: &Visit,
    actor: &Actor,
    number: &str,
    act: &str,
    sent: &Sent,
    problems: &[FieldError],
) -> Answer {
    let page = visit.desk().ticket_page(actor, number).await?;
    let mut context = ticket::shape(visit, actor, &page).await?;
    let kept = ["body", "cause", "reason", "tried", "solution", "priority"];
    context["act"] = act.into();
    context["round"] = rounds::bar(visit, actor, rounds::of_form(sent), number).await?;
    context["kept"] = kept.iter().map(|field| ((*field).to_owned(), Value::from(sent.get(field)))).collect();
    // One box for every way to answer.
    if kind_of(act).is_some() && sent.get("body").is_empty() {
        context["kept"]["body"] = sent.get("solution").into();
    }
    // The box for files stands once on the page, under its own name.
    let anchor = if problems.iter().all(|problem| problem.field == "file") {
        ""
    } else if kind_of(act) == Some(ANSWER) {
        "balas-"
    } else {
        &format!("{act}-")
    };
    let mut problems = problems.to_vec();
    for problem in problems.iter_mut().filter(|problem| problem.field == "solution") {
        problem.field = "body";
    }
    Ok(visit.mend("ticket.html", context, &problems, anchor)?)
}
