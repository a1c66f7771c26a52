//! `/tickets`: opening, listing, reading.

use crate::api::Token;
use crate::api::answers::{self, EventJson, EventPage, MessageJson, MessagePage, TicketJson, TicketPage};
use crate::api::choice::{self, Choice};
use crate::api::problem::Failure;
use crate::api::requests::{MessageRequest, NewTicket};
use crate::desk::Desk;
use crate::desk::command::Command;
use crate::desk::intake::Report;
use crate::domain::event::ActorLabel;
use crate::domain::message::{Message, MessageVisibility};
use crate::domain::number;
use crate::domain::ticket::{Channel, Kind, Language, Priority, Status};
use crate::error::{Error, FieldError, Say};
use crate::mail::parse::File;
use crate::store::tickets::{Filter, Sort};
use crate::text;
use chrono::{DateTime, Utc};
use poem::http::header;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::{Binary, Json, Response};
use poem_openapi::types::Any;
use poem_openapi::{ApiResponse, OpenApi};
use serde_json::Value;

/// Endpoints of tickets.
pub struct Tickets(pub Desk);

/// A ticket was opened.
#[derive(ApiResponse)]
enum Opened {
    /// The ticket with its tracking code.
    #[oai(status = 201)]
    Created(Json<TicketJson>),
}

/// A message was added.
#[derive(ApiResponse)]
enum Added {
    /// The message.
    #[oai(status = 201)]
    Created(Json<MessageJson>),
}

#[OpenApi]
impl Tickets {
    /// Opens a ticket.
    #[oai(path = "/tickets", method = "post")]
    async fn open(
        &self,
        token: Token,
        body: Json<NewTicket>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Opened, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let new = body.0;
        let requester = new.requester;
        let (name, email, nip, phone) = requester
            .map_or((String::new(), String::new(), None, None), |who| (who.name, who.email, who.nip, who.phone));
        let report = Report {
            subject: new.subject,
            description: new.description,
            kind: choice::read(new.kind, "kind", &mut problems),
            agency: new.agency,
            service: new.service,
            impact: choice::read(new.impact, "impact", &mut problems),
            urgency: choice::read(new.urgency, "urgency", &mut problems),
            outage: new.outage,
            workaround: new.workaround,
            request_type: new.request_type,
            name,
            email,
            nip,
            phone,
            channel: choice::read(new.channel, "channel", &mut problems).unwrap_or(Channel::Api),
            language: Language::Indonesian,
        };
        refuse(problems)?;
        let ticket = desk.open(&actor, report, key.0.as_deref()).await?;
        let code = desk.secret.tracking_code(&ticket.number);
        // A repeated request may find its ticket far on in its life.
        let view = if ticket.version == 1 { desk.opened(ticket)? } else { desk.ticket(&actor, &ticket.number).await? };
        let mut json = TicketJson::new(view);
        json.tracking_code = Some(code);
        Ok(Opened::Created(Json(json)))
    }

    /// Tickets the caller may see.
    #[expect(clippy::too_many_arguments, reason = "each is one filter of the list")]
    #[oai(path = "/tickets", method = "get")]
    async fn list(
        &self,
        token: Token,
        status: Query<Option<Choice<Status>>>,
        agency: Query<Option<String>>,
        service: Query<Option<String>>,
        priority: Query<Option<Choice<Priority>>>,
        kind: Query<Option<Choice<Kind>>>,
        tier: Query<Option<i64>>,
        assignee: Query<Option<String>>,
        breached: Query<Option<bool>>,
        q: Query<Option<String>>,
        opened_from: Query<Option<DateTime<Utc>>>,
        opened_to: Query<Option<DateTime<Utc>>>,
        /// `newest` (default), `oldest` or `due`.
        sort: Query<Option<String>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<TicketPage>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let sort_name = sort.0.unwrap_or_else(|| "newest".to_owned());
        let sort = sort_of(&sort_name, &mut problems);
        let filter = Filter {
            statuses: choice::read(status.0, "status", &mut problems)
                .map(|word| word.to_string())
                .into_iter()
                .collect(),
            agency: agency.0,
            service: service.0,
            priority: choice::read(priority.0, "priority", &mut problems).map(|word| word.to_string()),
            kind: choice::read(kind.0, "kind", &mut problems).map(|word| word.to_string()),
            tier: tier.0,
            assignee: desk.account_key(assignee.0.as_deref()).await?,
            breached: breached.0,
            words: q.0.map(|words| words.replace('\0', "")),
            opened_from: opened_from.0,
            opened_to: opened_to.0,
        };
        let limit = page_size(limit.0, &mut problems);
        let list = format!("tickets {sort_name}");
        let place = read_cursor(desk, &list, cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let page = desk.tickets(&actor, &filter, sort, place.as_deref().and_then(answers::after), limit).await?;
        Ok(Json(TicketPage {
            items: page.items.into_iter().map(TicketJson::new).collect(),
            next_cursor: page.next.map(|next| answers::cursor(desk, &list, &answers::after_text(next))),
        }))
    }

    /// A ticket.
    #[oai(path = "/tickets/:number", method = "get")]
    async fn read(&self, token: Token, number: Path<String>) -> Result<Json<TicketJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        Ok(Json(TicketJson::new(self.0.ticket(&actor, &known(&number.0)?).await?)))
    }

    /// A file that came with a message, always as something to be kept.
    #[oai(path = "/tickets/:number/attachments/:id", method = "get")]
    async fn attachment(
        &self,
        token: Token,
        number: Path<String>,
        id: Path<i64>,
    ) -> Result<Response<Binary<Vec<u8>>>, Failure> {
        let actor = token.actor(&self.0).await?;
        let (file, bytes) = self.0.attachment(&actor, &known(&number.0)?, id.0).await?;
        // Its bytes come from strangers: never opened, always kept.
        Ok(Response::new(Binary(bytes)).header(header::CONTENT_DISPOSITION, text::as_attachment(&file.name)))
    }

    /// Messages of a ticket, oldest first.
    #[oai(path = "/tickets/:number/messages", method = "get")]
    async fn messages(
        &self,
        token: Token,
        number: Path<String>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<MessagePage>, Failure> {
        let desk = &self.0;
        let (number, list) = (known(&number.0)?, format!("messages {}", number.0));
        let (after, limit) = window(desk, &list, limit.0, cursor.0.as_deref())?;
        let actor = token.actor(desk).await?;
        let (messages, files) = desk.messages(&actor, &number, after, limit).await?;
        let next = full(&messages, limit).map(|last| answers::cursor(desk, &list, &last.id.to_string()));
        let states = desk.deliveries(&actor, &number).await?;
        let shape = |message: Message| {
            let delivery = states.get(&message.id).cloned().unwrap_or_else(|| "sent".to_owned());
            MessageJson { delivery, ..MessageJson::new(message, &files) }
        };
        let items = messages.into_iter().map(shape).collect();
        Ok(Json(MessagePage { items, next_cursor: next }))
    }

    /// Adds a message; with files as `multipart/form-data`.
    #[oai(path = "/tickets/:number/messages", method = "post")]
    async fn write(
        &self,
        token: Token,
        number: Path<String>,
        body: MessageRequest,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Result<Added, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let number = known(&number.0)?;
        let mut problems = Vec::new();
        let (body, visibility, version, files) = match body {
            MessageRequest::Json(new) => (new.0.body, new.0.visibility, new.0.version, Vec::new()),
            MessageRequest::Form(form) => {
                let mut files = Vec::new();
                for upload in form.attachments {
                    let name = upload.file_name().unwrap_or("lampiran").to_owned();
                    let media_type = upload.content_type().unwrap_or("application/octet-stream").to_owned();
                    let bytes = upload.into_vec().await.map_err(Error::from)?;
                    files.push(File { name, media_type, bytes });
                }
                (form.body, form.visibility, form.version, files)
            }
        };
        let visibility = choice::read(visibility, "visibility", &mut problems).unwrap_or(MessageVisibility::Public);
        let version = version.or(version_of(seen.0.as_deref(), &mut problems));
        refuse(problems)?;
        let written = crate::mail::parse::clean(&body);
        let command = match visibility {
            MessageVisibility::Public => Command::Reply { body, files },
            MessageVisibility::Internal => Command::Note { body, files },
        };
        desk.act(&actor, &number, version, command, key.0.as_deref()).await?;
        let (messages, files) = desk.messages(&actor, &number, 0, i64::MAX).await?;
        // A repeated request finds what it wrote the first time, whoever has written since.
        let same = messages.iter().rposition(|message| message.body == written);
        // What is different for each reader was filled in; then it is the last that the caller wrote.
        let author = ActorLabel::user(actor.account.id);
        let own = same.or_else(|| messages.iter().rposition(|message| message.author == author.as_str()));
        let last = own.and_then(|place| messages.into_iter().nth(place)).ok_or(Error::NotFound("message"))?;
        Ok(Added::Created(Json(MessageJson::new(last, &files))))
    }

    /// The chained history of a ticket.
    #[oai(path = "/tickets/:number/events", method = "get")]
    async fn events(
        &self,
        token: Token,
        number: Path<String>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<EventPage>, Failure> {
        let desk = &self.0;
        let (number, list) = (known(&number.0)?, format!("events {}", number.0));
        let (after, limit) = window(desk, &list, limit.0, cursor.0.as_deref())?;
        let actor = token.actor(desk).await?;
        let events = desk.events(&actor, &number, after, limit).await?;
        let next = full(&events, limit).map(|last| answers::cursor(desk, &list, &last.seq.to_string()));
        Ok(Json(EventPage { items: events.into_iter().map(EventJson::new).collect(), next_cursor: next }))
    }

    /// The working of every deadline.
    #[oai(path = "/tickets/:number/explain", method = "get")]
    async fn explain(&self, token: Token, number: Path<String>) -> Result<Json<Any<Value>>, Failure> {
        let actor = token.actor(&self.0).await?;
        Ok(Json(answers::explanation(&self.0.explain(&actor, &known(&number.0)?).await?)))
    }
}

/// A ticket number as people type it; one with a slip is as unknown as one that was never given.
pub(super) fn known(typed: &str) -> Result<String, Error> {
    number::parse(typed).ok_or(Error::NotFound("ticket"))
}

/// The version in `If-Match`.
pub(super) fn version_of(header: Option<&str>, problems: &mut Vec<FieldError>) -> Option<i64> {
    let text = header?.trim().trim_start_matches("W/").trim_matches('"');
    if text == "*" {
        return None;
    }
    let version = text.parse().ok();
    if version.is_none() {
        problems.push(FieldError { field: "If-Match", say: Say::new("field-version") });
    }
    version
}

pub(super) fn refuse(problems: Vec<FieldError>) -> Result<(), Error> {
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

fn sort_of(name: &str, problems: &mut Vec<FieldError>) -> Sort {
    match name {
        "newest" | "-opened_at" => Sort::Newest,
        "oldest" | "opened_at" => Sort::Oldest,
        "due" => Sort::Due,
        _ => {
            problems.push(FieldError {
                field: "sort",
                say: Say::new("field-unknown-word").with("known", "newest, oldest, due"),
            });
            Sort::Newest
        }
    }
}

pub(super) fn page_size(limit: Option<i64>, problems: &mut Vec<FieldError>) -> i64 {
    let limit = limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        problems.push(FieldError { field: "limit", say: Say::new("field-limit") });
    }
    limit.clamp(1, 200)
}

pub(super) fn read_cursor(
    desk: &Desk,
    list: &str,
    cursor: Option<&str>,
    problems: &mut Vec<FieldError>,
) -> Option<String> {
    let place = answers::place(desk, list, cursor?);
    if place.is_none() {
        problems.push(FieldError { field: "cursor", say: Say::new("field-cursor") });
    }
    place
}

/// Place and size of a page of a list that is ordered by a whole number.
pub(super) fn window(desk: &Desk, list: &str, limit: Option<i64>, cursor: Option<&str>) -> Result<(i64, i64), Error> {
    let mut problems = Vec::new();
    let limit = page_size(limit, &mut problems);
    let place = read_cursor(desk, list, cursor, &mut problems);
    refuse(problems)?;
    Ok((place.and_then(|place| place.parse().ok()).unwrap_or(0), limit))
}

/// The last item of a page that may have another behind it.
pub(super) fn full<T>(items: &[T], limit: i64) -> Option<&T> {
    items.last().filter(|_| i64::try_from(items.len()).unwrap_or(0) >= limit)
}
