//! What tickets have to do with each other and with bodies outside, and taking back what was just done.

use crate::api::answers::{self, TicketJson};
use crate::api::choice;
use crate::api::problem::Failure;
use crate::api::requests::{Split, Undo};
use crate::api::tickets::{known, page_size, read_cursor, refuse, version_of};
use crate::api::{Token, choice::Choice};
use crate::desk::Desk;
use crate::desk::command::Command;
use crate::desk::consult::Consulted;
use crate::desk::relate::Tie;
use crate::domain::relation::ConsultationState as State;
use crate::error::Error;
use crate::store::relations::Consultation;
use chrono::{DateTime, Utc};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of relations, consultations and taking back.
pub struct Relations(pub Desk);

/// What a ticket is to another.
#[derive(Debug, Object)]
struct TieJson {
    /// `related, causes, caused_by, follows, followed_by, merged, merged_from, split_from, split_into`.
    relation: String,
    number: String,
    /// Null for tickets the caller may not see.
    subject: Option<String>,
    status: Option<String>,
}

/// Everything small fits on one page.
#[derive(Debug, Object)]
struct TiePage {
    items: Vec<TieJson>,
    next_cursor: Option<String>,
}

/// Somebody outside was asked.
#[derive(Debug, Object)]
struct ConsultationJson {
    ticket: String,
    /// Its place among the consultations of the ticket, from 1.
    consultation: i64,
    /// `asked` or `answered`.
    state: String,
    /// Code of the partner in the pack.
    with: String,
    label: String,
    contact: String,
    /// Local date.
    date: String,
    question: String,
    /// The address the question was mailed to.
    email: Option<String>,
    asked_at: DateTime<Utc>,
    reply: Option<String>,
    /// Local date of the answer.
    replied_on: Option<String>,
    replied_at: Option<DateTime<Utc>>,
}

/// A page of consultations.
#[derive(Debug, Object)]
struct ConsultationPage {
    items: Vec<ConsultationJson>,
    next_cursor: Option<String>,
}

/// A ticket came from a message of another.
#[derive(ApiResponse)]
enum Parted {
    /// The new ticket.
    #[oai(status = 201)]
    Created(Json<TicketJson>),
}

#[OpenApi]
impl Relations {
    /// What a ticket has to do with others.
    #[oai(path = "/tickets/:number/relations", method = "get")]
    async fn ties(&self, token: Token, number: Path<String>) -> Result<Json<TiePage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let ties = self.0.ties(&actor, &known(&number.0)?).await?;
        Ok(Json(TiePage { items: ties.into_iter().map(tie).collect(), next_cursor: None }))
    }

    /// A message of the reporter becomes a ticket of its own; its clock starts when the desk had the message.
    #[oai(path = "/tickets/:number/split", method = "post")]
    async fn split(
        &self,
        token: Token,
        number: Path<String>,
        body: Json<Split>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Result<Parted, Failure> {
        let (desk, body) = (&self.0, body.0);
        let actor = token.actor(desk).await?;
        let (number, mut problems) = (known(&number.0)?, Vec::new());
        let kind = choice::read(body.kind, "kind", &mut problems);
        let version = body.version.or(version_of(seen.0.as_deref(), &mut problems));
        refuse(problems)?;
        let command = Command::Split { message: body.message, subject: body.subject, kind };
        desk.act(&actor, &number, version, command, key.0.as_deref()).await?;
        let new = desk.split_off(&actor, &number, body.message).await?.ok_or(Error::NotFound("ticket"))?;
        Ok(Parted::Created(Json(TicketJson::new(desk.ticket(&actor, &new).await?))))
    }

    /// Takes back the last act on a ticket: who works on it, priority, classification, receipt, waiting for a vendor.
    /// For five minutes, by whoever did it, while nothing else has happened.
    #[oai(path = "/tickets/:number/undo", method = "post")]
    async fn undo(
        &self,
        token: Token,
        number: Path<String>,
        body: Json<Undo>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Json<TicketJson>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let number = known(&number.0)?;
        let ticket = desk.undo(&actor, &number, body.0.event, key.0.as_deref()).await?;
        Ok(Json(TicketJson::new(desk.changed(ticket).await?)))
    }

    /// Consultations about a ticket, oldest first.
    #[oai(path = "/tickets/:number/consultations", method = "get")]
    async fn of_ticket(&self, token: Token, number: Path<String>) -> Result<Json<ConsultationPage>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let page = desk.ticket_page(&actor, &known(&number.0)?).await?;
        let number = &page.view.ticket.number;
        let held = page.consultations.iter().enumerate();
        let items = held.map(|(place, held)| consultation(desk, number, place + 1, held)).collect();
        Ok(Json(ConsultationPage { items, next_cursor: None }))
    }

    /// Consultations about all tickets the caller may see, newest first.
    #[oai(path = "/consultations", method = "get")]
    async fn all(
        &self,
        token: Token,
        state: Query<Option<Choice<State>>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<ConsultationPage>, Failure> {
        let (desk, mut problems) = (&self.0, Vec::new());
        let actor = token.actor(desk).await?;
        let state = choice::read(state.0, "state", &mut problems);
        let limit = page_size(limit.0, &mut problems);
        let list = "consultations";
        let before = read_cursor(desk, list, cursor.0.as_deref(), &mut problems).and_then(|place| place.parse().ok());
        refuse(problems)?;
        let answered = state.map(|state| state == State::Answered);
        let found = desk.consultations(&actor, answered, before, limit).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count == limit);
        let next = found.last().filter(|_| is_full).map(|last| answers::cursor(desk, list, &last.held.id.to_string()));
        let items =
            found.iter().map(|Consulted { ticket, place, held }| consultation(desk, &ticket.number, *place, held));
        Ok(Json(ConsultationPage { items: items.collect(), next_cursor: next }))
    }
}

fn tie(tie: Tie) -> TieJson {
    let (subject, status) = tie.seen.map(|(subject, status)| (subject, status.to_string())).unzip();
    TieJson { relation: tie.relation.to_string(), number: tie.number, subject, status }
}

fn consultation(desk: &Desk, ticket: &str, place: usize, held: &Consultation) -> ConsultationJson {
    let state = if held.reply.is_some() { State::Answered } else { State::Asked };
    ConsultationJson {
        ticket: ticket.to_owned(),
        consultation: i64::try_from(place).unwrap_or(i64::MAX),
        state: state.to_string(),
        with: held.partner.clone(),
        label: desk.partner_label(&held.partner),
        contact: held.contact.clone(),
        date: held.held_on.clone(),
        question: held.question.clone(),
        email: held.mailed_to.clone(),
        asked_at: held.at,
        reply: held.reply.clone(),
        replied_on: held.replied_on.clone(),
        replied_at: held.replied_at,
    }
}
