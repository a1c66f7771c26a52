//! `/canned-replies`: ready-made answers.

use crate::api::Token;
use crate::api::choice::{self, Choice};
use crate::api::problem::Failure;
use crate::api::tickets::{known, refuse, version_of};
use crate::desk::Desk;
use crate::desk::canned::WantedReply;
use crate::domain::canned::{NextStep, ReplyScope};
use crate::domain::people::Actor;
use crate::domain::ticket::{Priority, Status};
use crate::error::{Error, Say};
use crate::store::canned::CannedReply;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of ready-made answers.
pub struct CannedReplies(pub Desk);

/// A ready-made answer.
#[derive(Debug, Object)]
struct CannedReplyJson {
    id: i64,
    version: i64,
    name: String,
    /// The text with variables such as `{{ nomor }}`.
    body: String,
    /// `own`, `agency` or `region`.
    scope: String,
    agency: Option<String>,
    /// The state a ticket is brought to with it.
    status: Option<String>,
    /// The priority a ticket is given with it.
    priority: Option<String>,
    reason: String,
    /// Where its sender goes afterwards: `stay`, `next` or `close`.
    next_step: String,
    active: bool,
    /// How often it was sent from the page of a ticket.
    used: i64,
    /// The text filled in for the ticket that was asked for.
    filled: Option<String>,
}

/// Ready-made answers by name.
#[derive(Debug, Object)]
struct CannedReplyPage {
    items: Vec<CannedReplyJson>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
}

/// What a ready-made answer shall be.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct CannedReplyBody {
    name: String,
    body: String,
    scope: Choice<ReplyScope>,
    /// Needed when the scope is `agency`.
    agency: Option<String>,
    /// `resolved` or `pending_requester`.
    status: Option<Choice<Status>>,
    priority: Option<Choice<Priority>>,
    /// Why that priority.
    reason: Option<String>,
    /// By default `stay`.
    next_step: Option<Choice<NextStep>>,
    /// `false` withdraws it; only when it is changed.
    active: Option<bool>,
    /// The version that is changed.
    version: Option<i64>,
}

/// A ready-made answer was added.
#[derive(ApiResponse)]
enum Added {
    /// The answer.
    #[oai(status = 201)]
    Created(Json<CannedReplyJson>),
}

#[OpenApi]
impl CannedReplies {
    /// Ready-made answers the caller may use, by name.
    #[oai(path = "/canned-replies", method = "get")]
    async fn list(&self, token: Token) -> Result<Json<CannedReplyPage>, Failure> {
        let actor = staff(token.actor(&self.0).await?)?;
        let items = self.0.canned_replies(&actor, true).await?;
        Ok(Json(CannedReplyPage { items: items.into_iter().map(shape).collect(), next_cursor: None }))
    }

    /// A ready-made answer; with `ticket`, its text filled in for that ticket.
    #[oai(path = "/canned-replies/:id", method = "get")]
    async fn read(
        &self,
        token: Token,
        id: Path<i64>,
        ticket: Query<Option<String>>,
    ) -> Result<Json<CannedReplyJson>, Failure> {
        let actor = staff(token.actor(&self.0).await?)?;
        let reply = self.0.canned_reply(&actor, id.0).await?;
        let filled = match ticket.0 {
            Some(number) => {
                let view = self.0.ticket(&actor, &known(&number)?).await?;
                Some(self.0.filled(&actor, &view, &reply).await?)
            }
            None => None,
        };
        Ok(Json(CannedReplyJson { filled, ..shape(reply) }))
    }

    /// Adds a ready-made answer. An unknown variable is refused.
    #[oai(path = "/canned-replies", method = "post")]
    async fn add(
        &self,
        token: Token,
        body: Json<CannedReplyBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Added, Failure> {
        let actor = staff(token.actor(&self.0).await?)?;
        let reply = self.0.add_canned_reply(&actor, wanted(body.0)?, key.0.as_deref()).await?;
        Ok(Added::Created(Json(shape(reply))))
    }

    /// Changes a ready-made answer, withdraws it or offers it again.
    #[oai(path = "/canned-replies/:id", method = "put")]
    async fn change(
        &self,
        token: Token,
        id: Path<i64>,
        body: Json<CannedReplyBody>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Result<Json<CannedReplyJson>, Failure> {
        let actor = staff(token.actor(&self.0).await?)?;
        let mut problems = Vec::new();
        let version = body.0.version.or(version_of(seen.0.as_deref(), &mut problems));
        refuse(problems)?;
        let active = body.0.active;
        let mut reply = self.0.save_canned_reply(&actor, id.0, version, wanted(body.0)?).await?;
        if let Some(active) = active.filter(|active| *active != reply.active) {
            self.0.offer_canned_reply(&actor, id.0, Some(reply.version), active).await?;
            reply = self.0.canned_reply(&actor, id.0).await?;
        }
        Ok(Json(shape(reply)))
    }
}

fn staff(actor: Actor) -> Result<Actor, Error> {
    if actor.is_staff() { Ok(actor) } else { Err(Error::Denied(Say::new("error-staff-only"))) }
}

fn wanted(body: CannedReplyBody) -> Result<WantedReply, Error> {
    let mut problems = Vec::new();
    let scope = body.scope.read("scope", &mut problems);
    let status = choice::read(body.status, "status", &mut problems);
    let priority = choice::read(body.priority, "priority", &mut problems);
    let next_step = choice::read(body.next_step, "next_step", &mut problems);
    refuse(problems)?;
    Ok(WantedReply {
        name: body.name,
        body: body.body,
        scope: scope.unwrap_or(ReplyScope::Own),
        agency: body.agency,
        status,
        priority,
        reason: body.reason.unwrap_or_default(),
        next_step: next_step.unwrap_or(NextStep::Stay),
    })
}

fn shape(reply: CannedReply) -> CannedReplyJson {
    CannedReplyJson {
        id: reply.id,
        version: reply.version,
        name: reply.name,
        body: reply.body,
        scope: reply.scope,
        agency: reply.agency,
        status: reply.status,
        priority: reply.priority,
        reason: reply.reason,
        next_step: reply.next_step,
        active: reply.active,
        used: reply.used,
        filled: None,
    }
}
