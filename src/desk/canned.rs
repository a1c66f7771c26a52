//! Ready-made answers: kept in versions, filled in from a ticket, sent with the changes that go with them.

use crate::desk::answer_drafts::{ANSWER, joined};
use crate::desk::command::Command;
use crate::desk::views::TicketView;
use crate::desk::written::{LONGEST_REASON, LONGEST_TEXT, required};
use crate::desk::{Desk, chain, once};
use crate::domain::canned::{
    NextStep, Owned, Piece, ReplyScope, Variable, may_change, may_use, pieces, told_to, unfilled,
};
use crate::domain::event::{ActorLabel, Event};
use crate::domain::people::{Action, Actor, may, visibility};
use crate::domain::ticket::{Priority, Status, Ticket, Verb};
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::sha256;
use crate::store::canned::CannedReply;
use crate::store::queues::Pile;
use crate::store::tickets::{Filter, Sort};
use crate::store::{self, Tx};
use crate::text;
use serde_json::json;

/// The kind of record in the names of its streams of events.
const STREAM: &str = "canned_reply";
/// Longest name, in characters.
const LONGEST_NAME: usize = 100;

/// What a ready-made answer shall be.
#[derive(Debug, Clone, Hash)]
pub struct WantedReply {
    /// What people call it.
    pub name: String,
    /// The text, with variables.
    pub body: String,
    /// Who may use it.
    pub scope: ReplyScope,
    /// The agency it is for, when it is an agency's.
    pub agency: Option<String>,
    /// The state a ticket is brought to with it: solved, waiting for the reporter, or none.
    pub status: Option<Status>,
    /// The priority a ticket is given with it.
    pub priority: Option<Priority>,
    /// Why that priority.
    pub reason: String,
    /// Where its sender goes afterwards.
    pub next_step: NextStep,
}

/// What sending a ready-made answer changes of a ticket beside adding the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Another priority.
    Priority(Priority, Priority),
    /// Another state.
    Status(Status, Status),
}

impl CannedReply {
    /// Whose it is.
    pub fn owned(&self) -> Owned<'_> {
        let scope = self.scope.parse().unwrap_or(ReplyScope::Own);
        Owned { scope, account: self.account_id, agency: self.agency.as_deref() }
    }

    /// Where its sender goes afterwards.
    pub fn next(&self) -> NextStep {
        self.next_step.parse().unwrap_or(NextStep::Stay)
    }

    /// The state a ticket is brought to with it.
    pub fn state(&self) -> Option<Status> {
        self.status.as_deref().and_then(|word| word.parse().ok())
    }

    /// The priority a ticket is given with it.
    pub fn urgency(&self) -> Option<Priority> {
        self.priority.as_deref().and_then(|word| word.parse().ok())
    }

    /// What it would change of `ticket`.
    pub fn effects(&self, ticket: &Ticket) -> Vec<Effect> {
        let priority = self.urgency().filter(|wanted| *wanted != ticket.priority);
        let status = self.state().filter(|wanted| *wanted != ticket.status);
        let priority = priority.map(|wanted| Effect::Priority(ticket.priority, wanted));
        priority.into_iter().chain(status.map(|wanted| Effect::Status(ticket.status, wanted))).collect()
    }

    /// What is done to a ticket when `body`, which began with this text, is sent with everything that goes with it. The same
    /// for whatever state the ticket is in, so that a request that is sent twice is known again.
    pub fn commands(&self, body: &str) -> Vec<Command> {
        let body = body.to_owned();
        let first = self.urgency().map(|priority| Command::Prioritize { priority, reason: self.reason.clone() });
        let last = match self.state() {
            Some(Status::Resolved) => Command::Resolve { solution: body, cause: None },
            Some(Status::PendingRequester) => Command::RequestInfo { body },
            _ => Command::Reply { body, files: Vec::new() },
        };
        first.into_iter().chain([last]).collect()
    }
}

impl Desk {
    /// Ready-made answers the actor may use, by name; with those that were withdrawn where he may change them.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn canned_replies(&self, actor: &Actor, withdrawn: bool) -> Result<Vec<CannedReply>> {
        let mut found = store::canned::replies(&mut self.db.glance().await?, actor.account.id).await?;
        found.retain(|one| may_use(actor, one.owned()));
        found.retain(|one| one.active || (withdrawn && may_change(actor, one.owned())));
        Ok(found)
    }

    /// Those that are offered on a ticket: the actor's own, its agency's and the region's.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn replies_for(&self, actor: &Actor, ticket: &Ticket) -> Result<Vec<CannedReply>> {
        if !may(actor, Action::Do(Verb::Reply), ticket) {
            return Ok(Vec::new());
        }
        let mut found = self.canned_replies(actor, false).await?;
        found.retain(|one| one.agency.as_ref().is_none_or(|agency| *agency == ticket.agency));
        Ok(found)
    }

    /// A ready-made answer.
    ///
    /// # Errors
    /// `NotFound` for unknown ones and for those of others alike.
    pub async fn canned_reply(&self, actor: &Actor, id: i64) -> Result<CannedReply> {
        seen(&mut self.db.glance().await?, actor, id).await
    }

    /// What happened to a ready-made answer, oldest first.
    ///
    /// # Errors
    /// As [`Desk::canned_reply`].
    pub async fn canned_reply_history(&self, actor: &Actor, id: i64) -> Result<Vec<Event>> {
        let mut tx = self.db.read().await?;
        seen(&mut tx, actor, id).await?;
        store::events::of_stream(&mut tx, &format!("{STREAM}:{id}"), 0, 200).await
    }

    /// Adds a ready-made answer.
    ///
    /// # Errors
    /// `Invalid` for bad fields, an unknown variable among them; `Denied` for a scope that is not the actor's.
    pub async fn add_canned_reply(&self, actor: &Actor, wanted: WantedReply, key: Option<&str>) -> Result<CannedReply> {
        let mut tx = self.db.write().await?;
        let request = once::fingerprint(&("canned", &wanted));
        if let once::Repeat::Answered(id) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            return seen(&mut tx, actor, id.parse().unwrap_or_default()).await;
        }
        let mut reply = self.checked(&mut tx, actor, &wanted, actor.account.id).await?;
        reply.id = store::canned::add_reply(&mut tx, &reply).await?;
        note(&mut tx, actor, &reply, "reply_added").await?;
        once::answer(&mut tx, actor, key, &reply.id.to_string()).await?;
        tx.commit().await?;
        Ok(reply)
    }

    /// Changes a ready-made answer; `version` is the one the caller has seen.
    ///
    /// # Errors
    /// As [`Desk::add_canned_reply`]; `Conflict` when somebody else has changed it since.
    pub async fn save_canned_reply(
        &self,
        actor: &Actor,
        id: i64,
        version: Option<i64>,
        wanted: WantedReply,
    ) -> Result<CannedReply> {
        let mut tx = self.db.write().await?;
        let before = self.changeable(&mut tx, actor, id, version).await?;
        let checked = self.checked(&mut tx, actor, &wanted, before.account_id).await?;
        let reply =
            CannedReply { id, version: before.version + 1, active: before.active, used: before.used, ..checked };
        store::canned::save_reply(&mut tx, &reply).await?;
        note(&mut tx, actor, &reply, "reply_changed").await?;
        tx.commit().await?;
        Ok(reply)
    }

    /// Offers a ready-made answer no longer, or again.
    ///
    /// # Errors
    /// As [`Desk::save_canned_reply`].
    pub async fn offer_canned_reply(&self, actor: &Actor, id: i64, version: Option<i64>, active: bool) -> Result<()> {
        let mut tx = self.db.write().await?;
        let before = self.changeable(&mut tx, actor, id, version).await?;
        if before.active == active {
            return Ok(());
        }
        let reply = CannedReply { version: before.version + 1, active, updated_at: self.now(), ..before };
        store::canned::save_reply(&mut tx, &reply).await?;
        note(&mut tx, actor, &reply, if active { "reply_restored" } else { "reply_retired" }).await?;
        tx.commit().await
    }

    /// The text of a ready-made answer for a ticket, everything filled in that is the same for all its readers. The
    /// tracking page, and the name where it is a secret or several people are written to, stay for the letter.
    ///
    /// # Errors
    /// `Denied` for those who may not answer; the text holds a variable that is none any more.
    pub async fn filled(&self, actor: &Actor, view: &TicketView, reply: &CannedReply) -> Result<String> {
        let ticket = &view.ticket;
        if !may(actor, Action::Do(Verb::Reply), ticket) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let mut tx = self.db.read().await?;
        let people = store::relations::participants(&mut tx, ticket.id).await?;
        let is_alone = people.iter().all(|email| *email == ticket.requester_email);
        let is_named = is_alone && !store::wishes::of_ticket(&mut tx, ticket.id).await?.secret;
        drop(tx);
        let agencies = self.agencies().await?;
        let agency = agencies.iter().find(|agency| agency.code == ticket.agency).map(|agency| agency.name.clone());
        let service = match &ticket.service {
            Some(code) => store::services::service(&mut self.db.glance().await?, code).await?.map(|found| found.name),
            None => None,
        };
        let word = |key: &str| text::word(ticket.language, key);
        let at = |at: Option<chrono::DateTime<chrono::Utc>>| {
            at.map_or_else(|| word("reply-no-due"), |at| self.words(ticket.language, at))
        };
        let parts = pieces(&reply.body).map_err(|found| Error::field("body", unknown(&found)))?;
        let fill = |piece: Piece<'_>| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Variable(variable) => match variable {
                Variable::Number => ticket.number.clone(),
                Variable::Subject => ticket.subject.clone(),
                Variable::Requester if !is_named => variable.in_braces(),
                Variable::Requester if ticket.requester_name.is_empty() => word("reply-no-name"),
                Variable::Requester => ticket.requester_name.clone(),
                Variable::Agent => actor.account.name.clone(),
                Variable::Agency => agency.clone().unwrap_or_else(|| ticket.agency.clone()),
                Variable::Service => service.clone().unwrap_or_else(|| word("reply-no-service")),
                Variable::Priority => word(&format!("priority-{}", ticket.priority)),
                Variable::ResponseDue => at(view.due.response_due),
                Variable::ResolutionDue => at(view.due.resolution_due),
                Variable::TrackingPage => variable.in_braces(),
            },
        };
        Ok(parts.into_iter().map(fill).collect())
    }

    /// The ticket the actor works on that is due next, other than `number`.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn next_of(&self, actor: &Actor, number: &str) -> Result<Option<String>> {
        let mut tx = self.db.read().await?;
        let (seen, piles) = (visibility(actor), [Pile::Mine(actor.account.id)]);
        let rows = store::queues::list(&mut tx, &seen, &Filter::default(), &piles, Sort::Due, None, 2).await?;
        Ok(rows.into_iter().map(|row| row.ticket.number).find(|other| other != number))
    }

    /// Puts the text of a ready-made answer behind `body` in the actor's draft of an answer.
    ///
    /// # Errors
    /// `NotFound` for tickets and answers that are not the actor's.
    pub async fn insert_reply(&self, actor: &Actor, number: &str, id: i64, body: &str) -> Result<()> {
        let view = self.ticket(actor, number).await?;
        let offered = self.replies_for(actor, &view.ticket).await?;
        let reply = offered.into_iter().find(|one| one.id == id).ok_or(Error::NotFound("canned reply"))?;
        let body = joined(body, &self.filled(actor, &view, &reply).await?);
        self.keep_answer_draft(actor, number, ANSWER, &body, Some(id)).await
    }

    async fn changeable(&self, tx: &mut Tx, actor: &Actor, id: i64, version: Option<i64>) -> Result<CannedReply> {
        let found = seen(tx, actor, id).await?;
        if !may_change(actor, found.owned()) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        if version.is_some_and(|seen| seen != found.version) {
            return Err(Error::Conflict { say: Say::new("error-reply-stale"), version: Some(found.version) });
        }
        Ok(found)
    }

    /// What shall be kept, when every field is right and the scope is the actor's to give.
    async fn checked(&self, tx: &mut Tx, actor: &Actor, wanted: &WantedReply, account: i64) -> Result<CannedReply> {
        let mut problems = Vec::new();
        let mut text = |field: &'static str, value: &str, longest| match required(field, value, longest) {
            Ok(text) => text,
            Err(Error::Invalid(found)) => {
                problems.extend(found);
                String::new()
            }
            Err(_) => String::new(),
        };
        let name = text("name", &wanted.name, LONGEST_NAME);
        let body = text("body", &wanted.body, LONGEST_TEXT);
        let reason =
            if wanted.priority.is_some() { text("reason", &wanted.reason, LONGEST_REASON) } else { String::new() };
        if let Err(found) = pieces(&body) {
            problems.push(FieldError { field: "body", say: unknown(&found) });
        }
        if wanted.status.is_some_and(|status| !matches!(status, Status::Resolved | Status::PendingRequester)) {
            problems.push(FieldError { field: "status", say: Say::new("field-reply-status") });
        }
        let agency = wanted.agency.clone().filter(|_| wanted.scope == ReplyScope::Agency);
        let known = store::services::agencies(tx).await?;
        if wanted.scope == ReplyScope::Agency && !known.iter().any(|one| Some(&one.code) == agency.as_ref()) {
            problems.push(FieldError { field: "agency", say: Say::new("field-reply-agency") });
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let reply = CannedReply {
            id: 0,
            version: 1,
            name,
            body,
            scope: wanted.scope.as_str().to_owned(),
            account_id: account,
            agency,
            status: wanted.status.map(|status| status.as_str().to_owned()),
            priority: wanted.priority.map(|priority| priority.as_str().to_owned()),
            reason,
            next_step: wanted.next_step.as_str().to_owned(),
            active: true,
            used: 0,
            updated_at: self.now(),
        };
        if may_change(actor, reply.owned()) { Ok(reply) } else { Err(Error::Denied(Say::new("error-reply-scope"))) }
    }
}

/// Counts that a ready-made answer was sent, when it is one of the sender's.
pub(super) async fn count(tx: &mut Tx, actor: &Actor, id: i64) -> Result<()> {
    match store::canned::reply(tx, id).await? {
        Some(found) if may_use(actor, found.owned()) => store::canned::count_use(tx, id).await,
        _ => Ok(()),
    }
}

/// An answer as it stands in the conversation, which is read by more people than its letters: without a name, and with
/// the page that asks for the code.
pub(super) fn as_shown(desk: &Desk, ticket: &Ticket, body: &str) -> String {
    told_to(body, |variable| match variable {
        Variable::TrackingPage => format!("{}/lacak/{}", desk.public_url, ticket.number),
        _ => text::word(ticket.language, "reply-no-name"),
    })
}

/// Refuses an answer in which somebody forgot to fill something in. What each letter fills in itself is not forgotten.
pub(super) fn refuse_unfilled(command: &Command) -> Result<()> {
    let (field, body) = match command {
        Command::Reply { body, .. } | Command::RequestInfo { body } => ("body", body),
        Command::Resolve { solution, .. } => ("solution", solution),
        _ => return Ok(()),
    };
    match unfilled(&told_to(body, |_| String::new())) {
        Some(word) => Err(Error::field(field, Say::new("field-unfilled").with("found", word))),
        None => Ok(()),
    }
}

async fn seen(tx: &mut Tx, actor: &Actor, id: i64) -> Result<CannedReply> {
    let found = store::canned::reply(tx, id).await?.filter(|found| may_use(actor, found.owned()));
    found.ok_or(Error::NotFound("canned reply"))
}

fn unknown(found: &str) -> Say {
    let known = Variable::ALL.iter().map(|variable| variable.as_str()).collect::<Vec<_>>().join(", ");
    Say::new("field-unknown-variable").with("found", found).with("known", known)
}

async fn note(tx: &mut Tx, actor: &Actor, reply: &CannedReply, kind: &'static str) -> Result<()> {
    let payload = json!({
        "version": reply.version,
        "name": reply.name,
        "text": sha256(&reply.body),
        "scope": reply.scope,
        "agency": reply.agency,
        "status": reply.status,
        "priority": reply.priority,
        "next": reply.next_step,
    });
    let label = ActorLabel::user(actor.account.id);
    chain::note(tx, STREAM, &reply.id.to_string(), reply.updated_at, label, kind, payload).await
}
