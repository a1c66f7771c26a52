//! The pages of ready-made answers, and their use on the page of a ticket.

use crate::desk::canned::{Effect, WantedReply};
use crate::desk::views::TicketView;
use crate::domain::canned::{NextStep, ReplyScope, Variable, may_change};
use crate::domain::number;
use crate::domain::people::{Actor, Role};
use crate::domain::ticket::{Priority, Status};
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::new_token;
use crate::store::canned::CannedReply;
use crate::text;
use crate::web::failure::Answer;
use crate::web::history;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use serde_json::{Map, Value, json};

/// States a ready-made answer may bring a ticket to.
const STATES: [Status; 2] = [Status::Resolved, Status::PendingRequester];

/// Every ready-made answer the visitor may use.
#[handler]
pub async fn list(Data(visit): Data<&Visit>) -> Answer {
    let actor = visit.staff()?;
    let replies = visit.desk().canned_replies(actor, true).await?;
    let rows: Vec<Value> = replies.iter().map(|reply| row(visit, reply)).collect();
    Ok(visit.page("canned_replies.html", json!({"rows": rows}))?)
}

/// The form of a new one.
#[handler]
pub async fn show_new(Data(visit): Data<&Visit>) -> Answer {
    let actor = visit.staff()?;
    let blank = json!({"scope": "own", "next": "stay"});
    Ok(visit.form("canned_reply.html", shape(visit, actor, None, &blank).await?)?)
}

/// Adds one.
#[handler]
pub async fn add(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    let added = match wanted(&sent) {
        Ok(wanted) => visit.desk().add_canned_reply(actor, wanted, key).await,
        Err(problems) => Err(Error::Invalid(problems)),
    };
    match added {
        Ok(reply) => Ok(see_other(&format!("/kerja/makro/{}?kabar=simpan", reply.id))),
        Err(error) => again(visit, actor, None, &sent, error).await,
    }
}

/// One with its form, its use and its history; `tiket` shows it filled in from a real ticket.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(id): Path<i64>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let reply = visit.desk().canned_reply(actor, id).await?;
    let mut context = shape(visit, actor, Some(&reply), &fields(&reply)).await?;
    let mut asked = query(request);
    context["done"] =
        asked.remove("kabar").filter(|word| ["simpan", "tarik", "pulihkan"].contains(&word.as_str())).into();
    if let Some(typed) = asked.remove("tiket").filter(|typed| !typed.trim().is_empty()) {
        context["ticket"] = typed.trim().into();
        context["preview"] = preview(visit, actor, &reply, &typed).await?;
    }
    Ok(visit.form("canned_reply.html", context)?)
}

/// Changes one.
#[handler]
pub async fn save(Data(visit): Data<&Visit>, Path(id): Path<i64>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let reply = visit.desk().canned_reply(actor, id).await?;
    let saved = match wanted(&sent) {
        Ok(wanted) => visit.desk().save_canned_reply(actor, id, sent.get("versi").parse().ok(), wanted).await,
        Err(problems) => Err(Error::Invalid(problems)),
    };
    match saved {
        Ok(_) => Ok(see_other(&format!("/kerja/makro/{id}?kabar=simpan"))),
        Err(error) => again(visit, actor, Some(&reply), &sent, error).await,
    }
}

/// Withdraws one, or offers it again.
#[handler]
pub async fn offer(Data(visit): Data<&Visit>, Path((id, act)): Path<(i64, String)>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let active = match act.as_str() {
        "tarik" => false,
        "pulihkan" => true,
        _ => return Err(Error::NotFound("act").into()),
    };
    visit.desk().offer_canned_reply(actor, id, sent.get("versi").parse().ok(), active).await?;
    Ok(see_other(&format!("/kerja/makro/{id}?kabar={act}")))
}

/// Where somebody goes who has sent a ready-made answer.
///
/// # Errors
/// The database does not answer.
pub async fn onward(visit: &Visit, actor: &Actor, number: &str, next: NextStep) -> Result<String> {
    Ok(match next {
        NextStep::Stay => format!("/kerja/tiket/{number}?kabar=jalankan"),
        NextStep::Close => "/kerja/antrean".to_owned(),
        NextStep::Next => match visit.desk().next_of(actor, number).await? {
            Some(next) => format!("/kerja/tiket/{next}"),
            None => "/kerja/antrean".to_owned(),
        },
    })
}

/// What a ticket's composer says of ready-made answers: those offered, and what the one in the draft would change.
///
/// # Errors
/// The database does not answer.
pub async fn offered(visit: &Visit, actor: &Actor, view: &TicketView, begun: Option<i64>) -> Result<(Value, Value)> {
    let replies = visit.desk().replies_for(actor, &view.ticket).await?;
    let chosen = replies.iter().find(|reply| Some(reply.id) == begun);
    let running = chosen
        .map(|reply| (reply, effects(visit, view, reply)))
        .filter(|(reply, effects)| !effects.is_empty() || reply.next() != NextStep::Stay);
    let running = running.map_or(Value::Null, |(reply, effects)| {
        json!({"id": reply.id, "version": reply.version, "name": reply.name, "effects": effects,
            "next": (reply.next() != NextStep::Stay).then(|| visit.word("reply-next", reply.next().as_str()))})
    });
    let choices = replies.iter().map(|reply| json!({"id": reply.id, "name": reply.name})).collect::<Vec<_>>();
    Ok((choices.into(), running))
}

/// What sending it would change, in words.
fn effects(visit: &Visit, view: &TicketView, reply: &CannedReply) -> Vec<String> {
    let said = |effect: Effect| match effect {
        Effect::Priority(from, to) => {
            let (from, to) = (visit.word("priority", from.as_str()), visit.word("priority", to.as_str()));
            text::phrase(visit.language, "reply-effect-priority", &[("from", &from), ("to", &to)])
        }
        Effect::Status(from, to) => {
            let (from, to) = (visit.word("status", from.as_str()), visit.word("status", to.as_str()));
            text::phrase(visit.language, "reply-effect-status", &[("from", &from), ("to", &to)])
        }
    };
    reply.effects(&view.ticket).into_iter().map(said).collect()
}

async fn preview(visit: &Visit, actor: &Actor, reply: &CannedReply, typed: &str) -> Result<Value> {
    let unknown = || json!({"problem": text::say(visit.language, &Say::new("field-unknown-ticket"))});
    let Some(number) = number::parse(typed) else { return Ok(unknown()) };
    let view = match visit.desk().ticket(actor, &number).await {
        Ok(view) => view,
        Err(Error::NotFound(_)) => return Ok(unknown()),
        Err(error) => return Err(error),
    };
    let body = match visit.desk().filled(actor, &view, reply).await {
        Ok(body) => body,
        Err(Error::Denied(say)) => return Ok(json!({"problem": text::say(visit.language, &say)})),
        Err(error) => return Err(error),
    };
    Ok(json!({"number": number, "subject": view.ticket.subject, "body": body, "effects": effects(visit, &view, reply)}))
}

/// The form again with what was typed.
async fn again(visit: &Visit, actor: &Actor, reply: Option<&CannedReply>, sent: &Sent, error: Error) -> Answer {
    let names = ["name", "body", "scope", "agency", "status", "priority", "reason", "next"];
    let kept: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), sent.get(name).into())).collect();
    let mut context = shape(visit, actor, reply, &kept.into()).await?;
    if let Error::Invalid(problems) = &error {
        return Ok(visit.mend("canned_reply.html", context, problems, "")?);
    }
    if !matches!(error, Error::Conflict { .. } | Error::Denied(_)) {
        return Err(error.into());
    }
    context["told"] = text::say(visit.language, &error.public()).into();
    let mut response: Response = visit.form("canned_reply.html", context)?;
    let status = poem::http::StatusCode::from_u16(error.status());
    response.set_status(status.unwrap_or(poem::http::StatusCode::CONFLICT));
    Ok(response)
}

fn wanted(sent: &Sent) -> Result<WantedReply, Vec<FieldError>> {
    let mut problems = Vec::new();
    let mut choose = |field: &'static str| problems.push(FieldError { field, say: Say::new("field-choose") });
    let scope = sent.get("scope").parse::<ReplyScope>().ok();
    let next_step = sent.get("next").parse::<NextStep>().ok();
    let status = Some(sent.get("status")).filter(|word| !word.is_empty()).map(str::parse::<Status>).transpose();
    let priority = Some(sent.get("priority")).filter(|word| !word.is_empty()).map(str::parse::<Priority>).transpose();
    for (field, bad) in [
        ("scope", scope.is_none()),
        ("next", next_step.is_none()),
        ("status", status.is_err()),
        ("priority", priority.is_err()),
    ] {
        if bad {
            choose(field);
        }
    }
    match (scope, next_step, status, priority) {
        (Some(scope), Some(next_step), Ok(status), Ok(priority)) => Ok(WantedReply {
            name: sent.get("name").to_owned(),
            body: sent.get("body").to_owned(),
            scope,
            agency: Some(sent.get("agency")).filter(|code| !code.is_empty()).map(str::to_owned),
            status,
            priority,
            reason: sent.get("reason").to_owned(),
            next_step,
        }),
        _ => Err(problems),
    }
}

fn fields(reply: &CannedReply) -> Value {
    json!({"name": reply.name, "body": reply.body, "scope": reply.scope, "agency": reply.agency, "status": reply.status,
        "priority": reply.priority, "reason": reply.reason, "next": reply.next_step})
}

fn row(visit: &Visit, reply: &CannedReply) -> Value {
    json!({
        "id": reply.id,
        "name": reply.name,
        "scope": visit.word("reply-scope", &reply.scope),
        "agency": reply.agency,
        "active": reply.active,
        "used": reply.used,
        "at": visit.instant(reply.updated_at),
    })
}

/// Everything the form shows; `typed` is what stands in its fields.
async fn shape(visit: &Visit, actor: &Actor, reply: Option<&CannedReply>, typed: &Value) -> Result<Value> {
    let word = |family: &str, word: &str| json!({"word": word, "text": visit.word(family, word)});
    let office = actor.grants.iter().any(|grant| grant.is_of_ict_office());
    let own: Vec<&str> = actor
        .grants
        .iter()
        .filter(|grant| matches!(grant.role, Role::Tier1Agent | Role::Tier2Unit | Role::AgencyHead))
        .filter_map(|grant| grant.agency.as_deref())
        .collect();
    let agencies = visit.desk().agencies().await?;
    let agencies = agencies.iter().filter(|agency| office || own.contains(&agency.code.as_str()));
    let scopes = ReplyScope::ALL.iter().filter(|scope| match scope {
        ReplyScope::Own => true,
        ReplyScope::Agency => office || !own.is_empty(),
        ReplyScope::Region => office,
    });
    let events = match reply {
        Some(reply) => visit.desk().canned_reply_history(actor, reply.id).await?,
        None => Vec::new(),
    };
    let names = visit.desk().names_in(&events).await?;
    let field = |name: &str| typed[name].as_str().unwrap_or_default().to_owned();
    Ok(json!({
        "reply": reply.map(|reply| json!({"id": reply.id, "version": reply.version, "name": reply.name, "active": reply.active, "used": reply.used, "body": reply.body})),
        "mine": reply.is_none_or(|reply| may_change(actor, reply.owned())),
        "name": field("name"), "body": field("body"), "scope": field("scope"), "agency": field("agency"),
        "status": field("status"), "priority": field("priority"), "reason": field("reason"), "next": field("next"),
        "scopes": scopes.map(|scope| word("reply-scope", scope.as_str())).collect::<Vec<_>>(),
        "agencies": agencies.map(|agency| json!({"word": agency.code, "text": agency.name})).collect::<Vec<_>>(),
        "statuses": STATES.map(|status| word("status", status.as_str())),
        "priorities": Priority::ALL.iter().map(|priority| word("priority", priority.as_str())).collect::<Vec<_>>(),
        "nexts": NextStep::ALL.iter().map(|next| word("reply-next", next.as_str())).collect::<Vec<_>>(),
        "variables": Variable::ALL.iter().map(|variable| json!({"name": variable.as_str(), "text": visit.word("reply-variable", variable.as_str())})).collect::<Vec<_>>(),
        "history": events.iter().map(|event| history::row(visit, event, &names)).collect::<Vec<_>>(),
        "ticket": "",
        "preview": Value::Null,
        "done": Value::Null,
        "told": "",
        "key": new_token()?,
    }))
}
