//! Asking somebody outside about a ticket, their answers, and the list of all that was asked.

use crate::desk::command::{Command, Question};
use crate::desk::consult::Consulted;
use crate::domain::ticket::Verb;
use crate::error::{Error, Result};
use crate::web::answering::Written;
use crate::web::conflict;
use crate::web::failure::Answer;
use crate::web::opened::{Opened, frame, open, refused};
use crate::web::render::see_other;
use crate::web::rounds;
use crate::web::sent::Sent;
use crate::web::side;
use crate::web::visit::{Visit, query};
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Map, Value, json};

/// Consultations on one page of the list.
const ROWS: i64 = 50;
/// Fields of both forms.
const FIELDS: [&str; 6] = ["with", "contact", "date", "question", "email", "reply"];

/// What was asked about this ticket, and the form to ask.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request) -> Answer {
    let opened = open(visit, &typed, rounds::of_address(request)).await?;
    let context = shape(visit, &opened, &Sent::default())?;
    if context["form"] == false && opened.page.consultations.is_empty() {
        return Err(Error::NotFound("act").into());
    }
    Ok(visit.form("consult.html", context)?)
}

/// Notes a question, and mails it where there is an address.
#[handler]
pub async fn ask(Data(visit): Data<&Visit>, Path(typed): Path<String>, Written(sent, _): Written) -> Answer {
    let text = |field: &str| sent.get(field).to_owned();
    let question = Question {
        with: text("with"),
        contact: text("contact"),
        date: text("date"),
        question: text("question"),
        email: Some(text("email")).filter(|email| !email.is_empty()),
    };
    act(visit, &typed, Command::Consult(question), &sent, "konsultasi", "").await
}

/// Notes what was answered.
#[handler]
pub async fn answer(
    Data(visit): Data<&Visit>,
    Path((typed, place)): Path<(String, usize)>,
    Written(sent, _): Written,
) -> Answer {
    let command =
        Command::ConsultReply { place, reply: sent.get("reply").to_owned(), date: sent.get("date").to_owned() };
    act(visit, &typed, command, &sent, "jawaban-konsultasi", &format!("jawab-{place}-")).await
}

/// All consultations about tickets the person may see.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let asked = query(request);
    let state = asked.get("keadaan").map(String::as_str).filter(|word| ["menunggu", "dijawab"].contains(word));
    let before = asked.get("sebelum").and_then(|id| id.parse().ok());
    let answered = state.map(|word| word == "dijawab");
    let found = visit.desk().consultations(actor, answered, before, ROWS).await?;
    let is_full = i64::try_from(found.len()).is_ok_and(|count| count == ROWS);
    let next = found.last().filter(|_| is_full).map(|last| last.held.id);
    let row = |it: &Consulted| {
        let mut shape = side::consultation(visit, it.place, &it.held);
        shape["number"] = it.ticket.number.clone().into();
        shape["subject"] = it.ticket.subject.clone().into();
        shape["agency"] = it.ticket.agency.clone().into();
        shape
    };
    let rows: Vec<Value> = found.iter().map(row).collect();
    Ok(visit.page("consultations.html", json!({"rows": rows, "state": state.unwrap_or_default(), "next": next}))?)
}

async fn act(visit: &Visit, typed: &str, command: Command, sent: &Sent, word: &str, anchor: &str) -> Answer {
    let opened = match open(visit, typed, rounds::of_form(sent)).await {
        Ok(opened) => opened,
        Err(error) => return Ok(conflict::gone(visit, sent, error)?),
    };
    let number = &opened.page.view.ticket.number;
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    let error = match visit.desk().act(opened.actor, number, sent.get("versi").parse().ok(), command, key).await {
        Ok(ticket) => return Ok(see_other(&rounds::after(visit, opened.actor, sent, &ticket, word).await?)),
        Err(error) => error,
    };
    let fresh = open(visit, number, opened.round).await?;
    let mut context = shape(visit, &fresh, sent)?;
    context["mended"] = anchor.into();
    if let Error::Invalid(problems) = &error {
        return Ok(visit.mend("consult.html", context, problems, anchor)?);
    }
    refused(visit, "consult.html", context, error)
}

fn shape(visit: &Visit, opened: &Opened<'_>, sent: &Sent) -> Result<Value> {
    let (desk, ticket) = (visit.desk(), &opened.page.view.ticket);
    let mut context = frame(visit, opened, "konsultasi")?;
    let pack = desk.pack();
    let asked = |code: &str| opened.page.consultations.iter().any(|held| held.partner == code);
    let partner = |it: &crate::policy::sections::Outside| {
        let first = it.after.as_deref().filter(|first| !asked(first)).map(|first| desk.partner_label(first));
        json!({"word": it.code, "text": it.label, "first": first, "email": it.email})
    };
    let offers = |verb| desk.offers(opened.actor, ticket, opened.service.as_ref(), verb);
    context["form"] = offers(Verb::Consult).into();
    context["answers"] = offers(Verb::ConsultReply).into();
    context["partners"] = pack.escalation.level3.iter().map(partner).collect();
    context["held"] = side::consultations(visit, &opened.page.consultations);
    let today = desk.now().with_timezone(&pack.zone).date_naive().to_string();
    context["today"] = today.clone().into();
    let mut kept: Map<String, Value> =
        FIELDS.iter().map(|field| ((*field).to_owned(), Value::from(sent.get(field)))).collect();
    if sent.get("date").is_empty() {
        kept.insert("date".to_owned(), today.into());
    }
    context["kept"] = kept.into();
    context["mended"] = Value::Null;
    Ok(context)
}
