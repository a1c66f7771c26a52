//! `/tickets/{number}/{verb}`: what is done to a ticket.

use crate::api::Token;
use crate::api::answers::TicketJson;
use crate::api::choice;
use crate::api::problem::Failure;
use crate::api::requests::{
    Assign, Consult, ConsultReply, Escalate, Link, Merge, Plain, Prioritize, Reasoned, ReclassifyBody, RequestInfo,
    Resolve,
};
use crate::api::tickets::{known, refuse, version_of};
use crate::desk::Desk;
use crate::desk::command::{Command, Question, Reclassify};
use crate::domain::relation::Relation;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;

/// Endpoints of verbs.
pub struct Verbs(pub Desk);

type Answer = Result<Json<TicketJson>, Failure>;

/// One endpoint per verb: path, body, and the command the body means.
macro_rules! verbs {
    ($($(#[$doc:meta])* $path:literal $name:ident ($body:ty) $command:expr;)+) => {
        #[OpenApi]
        impl Verbs {
            $(
                $(#[$doc])*
                #[oai(path = $path, method = "post")]
                async fn $name(
                    &self,
                    token: Token,
                    number: Path<String>,
                    body: Json<$body>,
                    #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
                    #[oai(name = "If-Match")] seen: Header<Option<String>>,
                ) -> Answer {
                    let version = body.0.version;
                    let command: fn($body) -> Result<Command, Failure> = $command;
                    self.act(token, &number.0, version, seen.0, command(body.0)?, key.0).await
                }
            )+
        }
    };
}

verbs! {
    /// The ticket is seen; the first answer is given.
    "/tickets/:number/acknowledge" acknowledge (Plain) |_| Ok(Command::Acknowledge);
    /// A person works on it.
    "/tickets/:number/assign" assign (Assign) |body| Ok(Command::Assign { user: body.user });
    /// Another priority than the matrix gives.
    "/tickets/:number/prioritize" prioritize (Prioritize) |body| {
        let mut problems = Vec::new();
        let priority = body.priority.read("priority", &mut problems);
        refuse(problems)?;
        Ok(Command::Prioritize { priority: priority.ok_or_else(|| crate::error::Error::internal("priority"))?, reason: body.reason })
    };
    /// A question to the requester; the clock stands still until the answer.
    "/tickets/:number/request-info" request_info (RequestInfo) |body| Ok(Command::RequestInfo { body: body.body });
    /// Somebody outside has to act; the clock stands still.
    "/tickets/:number/wait-vendor" wait_vendor (Reasoned) |body| Ok(Command::WaitVendor { reason: body.reason });
    /// The clock goes on.
    "/tickets/:number/resume" resume (Reasoned) |body| Ok(Command::Resume { reason: body.reason });
    /// Hand-over to the second line.
    "/tickets/:number/escalate" escalate (Escalate) |body| {
        let mut problems = Vec::new();
        let cause = choice::read(body.cause, "cause", &mut problems);
        refuse(problems)?;
        Ok(Command::Escalate { cause, reason: body.reason, tried: body.tried })
    };
    /// The second line gives it back once.
    "/tickets/:number/return" give_back (Reasoned) |body| Ok(Command::Return { reason: body.reason });
    /// The solution.
    "/tickets/:number/resolve" resolve (Resolve) |body| Ok(Command::Resolve { solution: body.solution, cause: body.cause });
    /// Not solved after all.
    "/tickets/:number/reopen" reopen (Reasoned) |body| Ok(Command::Reopen { reason: body.reason });
    /// Closed for good.
    "/tickets/:number/close" close (Reasoned) |body| Ok(Command::Close { reason: body.reason });
    /// The same matter as another ticket.
    "/tickets/:number/merge" merge (Merge) |body| Ok(Command::Merge { into: body.into });
    /// Has to do with another ticket.
    "/tickets/:number/link" link (Link) |body| {
        let (to, relation) = tie(body)?;
        Ok(Command::Link { to, relation })
    };
    /// Has nothing to do with it after all.
    "/tickets/:number/unlink" unlink (Link) |body| {
        let (to, relation) = tie(body)?;
        Ok(Command::Unlink { to, relation })
    };
    /// Somebody outside was asked.
    "/tickets/:number/consult" consult (Consult) |body| Ok(Command::Consult(Question { with: body.with, contact: body.contact, date: body.date, question: body.question, email: body.email }));
    /// What somebody outside answered.
    "/tickets/:number/consult-reply" consult_reply (ConsultReply) |body| Ok(Command::ConsultReply { place: usize::try_from(body.consultation).unwrap_or(0), reply: body.reply, date: body.date });
    /// Another kind, agency, service, impact, urgency or class.
    "/tickets/:number/reclassify" reclassify (ReclassifyBody) |body| {
        let mut problems = Vec::new();
        let wanted = Reclassify {
            kind: choice::read(body.kind, "kind", &mut problems),
            agency: body.agency,
            service: body.service,
            impact: choice::read(body.impact, "impact", &mut problems),
            urgency: choice::read(body.urgency, "urgency", &mut problems),
            outage: body.outage,
            workaround: body.workaround,
            request_type: body.request_type,
            classification: choice::read(body.classification, "classification", &mut problems),
            reason: body.reason,
        };
        refuse(problems)?;
        Ok(Command::Reclassify(wanted))
    };
}

/// The other ticket, and what this one is to it.
fn tie(body: Link) -> Result<(String, Relation), Failure> {
    let mut problems = Vec::new();
    let relation = choice::read(body.relation, "relation", &mut problems).unwrap_or(Relation::Related);
    refuse(problems)?;
    Ok((body.to, relation))
}

impl Verbs {
    async fn act(
        &self,
        token: Token,
        number: &str,
        version: Option<i64>,
        seen: Option<String>,
        command: Command,
        key: Option<String>,
    ) -> Answer {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let number = known(number)?;
        let mut problems = Vec::new();
        let version = version.or(version_of(seen.as_deref(), &mut problems));
        refuse(problems)?;
        let ticket = desk.act(&actor, &number, version, command, key.as_deref()).await?;
        Ok(Json(TicketJson::new(desk.changed(ticket).await?)))
    }
}
