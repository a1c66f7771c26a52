//! Pages on which tickets are merged, tied and parted.

use crate::desk::command::Command;
use crate::desk::relate::Suspect;
use crate::domain::message::MessageVisibility;
use crate::domain::number;
use crate::domain::people::Actor;
use crate::domain::relation::Relation;
use crate::domain::ticket::{Status, Verb};
use crate::error::{Error, FieldError, Result, Say};
use crate::store::tickets::{Filter, Sort};
use crate::web::answering::Written;
use crate::web::failure::Answer;
use crate::web::opened::{Opened, frame, open, refused};
use crate::web::render::see_other;
use crate::web::rounds;
use crate::web::sent::Sent;
use crate::web::ticket;
use crate::web::visit::{Visit, query};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use serde_json::{Value, json};

/// Tickets a search shows, at most.
const FOUND: i64 = 10;

/// Which ticket this one ends in: suspects, a search, and both side by side once one is chosen.
#[handler]
pub async fn show_merge(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request) -> Answer {
    let opened = opened(visit, &typed, Verb::Merge, rounds::of_address(request)).await?;
    let asked = query(request);
    let get = |field: &str| asked.get(field).map(|value| value.trim()).unwrap_or_default();
    let context = choice(visit, &opened, "gabung", get("q"), get("ke")).await?;
    told(visit, "merge.html", context, get("ke"))
}

/// The ticket ends in the one that was compared.
#[handler]
pub async fn merge(Data(visit): Data<&Visit>, Path(typed): Path<String>, Written(sent, _): Written) -> Answer {
    let opened = opened(visit, &typed, Verb::Merge, rounds::of_form(&sent)).await?;
    let number = &opened.page.view.ticket.number;
    let command = Command::Merge { into: sent.get("into").to_owned() };
    match act(visit, &opened, command, &sent).await {
        Ok(ticket) if opened.round.is_some() => {
            Ok(see_other(&rounds::after(visit, opened.actor, &sent, &ticket, "gabung").await?))
        }
        Ok(ticket) => {
            let target = ticket.merged_into.unwrap_or_default();
            Ok(see_other(&format!("/kerja/tiket/{target}?dari={number}")))
        }
        Err(error) => {
            let context = choice(visit, &opened, "gabung", "", sent.get("into")).await?;
            refused(visit, "merge.html", context, error)
        }
    }
}

/// Which ticket this one has to do with.
#[handler]
pub async fn show_link(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request) -> Answer {
    let opened = opened(visit, &typed, Verb::Link, rounds::of_address(request)).await?;
    let asked = query(request);
    let get = |field: &str| asked.get(field).map(|value| value.trim()).unwrap_or_default();
    let context = choice(visit, &opened, "tautkan", get("q"), get("ke")).await?;
    told(visit, "link.html", context, get("ke"))
}

/// Ties two tickets.
#[handler]
pub async fn link(Data(visit): Data<&Visit>, Path(typed): Path<String>, Written(sent, _): Written) -> Answer {
    let opened = opened(visit, &typed, Verb::Link, rounds::of_form(&sent)).await?;
    let relation = sent.get("relation").parse::<Relation>();
    let error = match relation {
        Err(_) => Error::Invalid(vec![FieldError { field: "relation", say: Say::new("field-relation") }]),
        Ok(relation) => {
            match act(visit, &opened, Command::Link { to: sent.get("to").to_owned(), relation }, &sent).await {
                Ok(ticket) => {
                    return Ok(see_other(&rounds::after(visit, opened.actor, &sent, &ticket, "tautkan").await?));
                }
                Err(error) => error,
            }
        }
    };
    let mut context = choice(visit, &opened, "tautkan", "", "").await?;
    context["chosen_relation"] = sent.get("relation").into();
    context["typed"] = sent.get("to").into();
    refused(visit, "link.html", context, error)
}

/// Takes a tie back.
#[handler]
pub async fn unlink(Data(visit): Data<&Visit>, Path(typed): Path<String>, sent: Sent) -> Answer {
    let opened = open(visit, &typed, rounds::of_form(&sent)).await?;
    let relation = sent.get("relation").parse().unwrap_or(Relation::Merged);
    let number = &opened.page.view.ticket.number;
    match act(visit, &opened, Command::Unlink { to: sent.get("to").to_owned(), relation }, &sent).await {
        Ok(ticket) => Ok(see_other(&rounds::after(visit, opened.actor, &sent, &ticket, "lepas-tautan").await?)),
        // It is gone already: nothing is left to be told but how it stands.
        Err(Error::Invalid(_)) => Ok(see_other(&rounds::back(&sent, number, "", ""))),
        Err(error @ Error::Conflict { .. }) => ticket::refused(visit, opened.actor, number, opened.round, &error).await,
        Err(error) => Err(error.into()),
    }
}

/// Which message becomes a ticket of its own.
#[handler]
pub async fn show_split(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request) -> Answer {
    let opened = opened(visit, &typed, Verb::Split, rounds::of_address(request)).await?;
    Ok(visit.form("split.html", parts(visit, &opened, &Sent::default())?)?)
}

/// Makes the ticket.
#[handler]
pub async fn split(Data(visit): Data<&Visit>, Path(typed): Path<String>, Written(sent, _): Written) -> Answer {
    let opened = opened(visit, &typed, Verb::Split, rounds::of_form(&sent)).await?;
    let message = sent.get("message").parse().unwrap_or(0);
    let command =
        Command::Split { message, subject: sent.get("subject").to_owned(), kind: sent.get("kind").parse().ok() };
    match act(visit, &opened, command, &sent).await {
        Ok(ticket) => Ok(see_other(&rounds::after(visit, opened.actor, &sent, &ticket, "pisah").await?)),
        Err(error) => refused(visit, "split.html", parts(visit, &opened, &sent)?, error),
    }
}

async fn opened<'a>(visit: &'a Visit, typed: &str, verb: Verb, round: Option<i64>) -> Result<Opened<'a>> {
    let opened = open(visit, typed, round).await?;
    let ticket = &opened.page.view.ticket;
    if visit.desk().offers(opened.actor, ticket, opened.service.as_ref(), verb) {
        Ok(opened)
    } else {
        Err(Error::NotFound("act"))
    }
}

async fn act(
    visit: &Visit,
    opened: &Opened<'_>,
    command: Command,
    sent: &Sent,
) -> Result<crate::domain::ticket::Ticket> {
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    let version = sent.get("versi").parse().ok();
    visit.desk().act(opened.actor, &opened.page.view.ticket.number, version, command, key).await
}

/// The page, with a word about a number that leads nowhere.
fn told(visit: &Visit, template: &str, context: Value, typed: &str) -> Answer<Response> {
    if !typed.is_empty() && context["target"].is_null() {
        let problem = FieldError { field: "q", say: Say::new("field-unknown-ticket") };
        return Ok(visit.mend(template, context, &[problem], "")?);
    }
    Ok(visit.form(template, context)?)
}

async fn choice(visit: &Visit, opened: &Opened<'_>, word: &str, words: &str, typed: &str) -> Result<Value> {
    let (desk, ticket) = (visit.desk(), &opened.page.view.ticket);
    let mut context = frame(visit, opened, word)?;
    let target = side(visit, opened.actor, typed, &ticket.number).await?;
    let suspects = if target.is_null() { desk.suspects(opened.actor, &ticket.number).await? } else { Vec::new() };
    context["suspects"] = suspects.iter().map(|it| suspect(visit, it)).collect();
    context["found"] = found(visit, opened, words).await?;
    context["words"] = words.into();
    context["own"] = side(visit, opened.actor, &ticket.number, "").await?;
    context["target"] = target;
    context["typed"] = typed.into();
    context["relations"] = json!(Relation::BY_HAND);
    context["chosen_relation"] = Relation::Related.as_str().into();
    Ok(context)
}

/// One ticket of a comparison; nothing for a number that is unknown, not to be seen, or `not`.
async fn side(visit: &Visit, actor: &Actor, typed: &str, not: &str) -> Result<Value> {
    let Some(number) = number::parse(typed).filter(|number| number != not) else { return Ok(Value::Null) };
    let page = match visit.desk().ticket_page(actor, &number).await {
        Ok(page) => page,
        Err(Error::NotFound(_)) => return Ok(Value::Null),
        Err(error) => return Err(error),
    };
    let (view, ticket) = (&page.view, &page.view.ticket);
    Ok(json!({
        "number": ticket.number,
        "subject": ticket.subject,
        "status": visit.status_chip(ticket.status),
        "finished": ticket.status.is_finished(),
        "sla": visit.sla_chip(view),
        "priority": ticket.priority,
        "agency": ticket.agency,
        "service": ticket.service,
        "requester": ticket.requester_name,
        "email": ticket.requester_email,
        "opened": visit.instant(ticket.opened_at),
        "description": ticket.description,
        "messages": page.messages.len(),
        "files": page.files.len(),
    }))
}

/// Tickets that a number or words lead to.
async fn found(visit: &Visit, opened: &Opened<'_>, words: &str) -> Result<Value> {
    if words.is_empty() {
        return Ok(Value::Null);
    }
    let words = number::parse(words).unwrap_or_else(|| words.replace('\0', ""));
    let filter = Filter { words: Some(words), ..Filter::default() };
    let page = visit.desk().tickets(opened.actor, &filter, Sort::Newest, None, FOUND).await?;
    let own = &opened.page.view.ticket.number;
    let others = page.items.iter().filter(|view| view.ticket.number != *own && view.ticket.status != Status::Merged);
    Ok(others.map(|view| row(visit, &view.ticket)).collect())
}

fn row(visit: &Visit, ticket: &crate::domain::ticket::Ticket) -> Value {
    json!({
        "number": ticket.number,
        "subject": ticket.subject,
        "status": visit.status_chip(ticket.status),
        "agency": ticket.agency,
        "requester": ticket.requester_name,
        "opened": visit.instant(ticket.opened_at),
    })
}

/// A ticket that may be about the same matter, with what speaks for it.
pub fn suspect(visit: &Visit, suspect: &Suspect) -> Value {
    let mut shape = row(visit, &suspect.ticket);
    shape["same_service"] = suspect.same_service.into();
    shape["same_reporter"] = suspect.same_reporter.into();
    shape["words"] = suspect.words.join(", ").into();
    shape
}

/// The reporter's messages but the first, which is the ticket itself.
fn parts(visit: &Visit, opened: &Opened<'_>, sent: &Sent) -> Result<Value> {
    let mut context = frame(visit, opened, "pisah")?;
    let theirs = opened.page.messages.iter().skip(1).filter(|it| it.author == "requester");
    let public = theirs.filter(|it| it.visibility == MessageVisibility::Public);
    let shape = |it: &crate::domain::message::Message| json!({"id": it.id, "at": visit.instant(it.at), "body": it.body.chars().take(400).collect::<String>()});
    context["messages"] = public.map(shape).collect();
    let kinds = visit.desk().pack().kinds.clone();
    context["kinds"] =
        kinds.iter().map(|kind| json!({"word": kind, "text": visit.word("kind", kind.as_str())})).collect();
    let kind = Some(sent.get("kind")).filter(|kind| !kind.is_empty());
    context["kind"] = kind.unwrap_or(opened.page.view.ticket.kind.as_str()).into();
    context["chosen"] = sent.get("message").into();
    context["new_subject"] = sent.get("subject").into();
    Ok(context)
}
