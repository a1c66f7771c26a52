//! What people do to a ticket.

use crate::desk::command::Command;
use crate::desk::undo::Before;
use crate::desk::uploads::Owner;
use crate::desk::working::Working;
use crate::desk::written::{self, LONGEST_REASON, LONGEST_TEXT, Stored, required};
use crate::desk::{Desk, answer_drafts, canned, change_gate, clocks, letters, once, uploads};
use crate::domain::clock_plan::{ClockKind, StepKind};
use crate::domain::event::ActorLabel;
use crate::domain::message::MessageVisibility;
use crate::domain::people::{Action, Actor, Scope, may};
use crate::domain::ticket::{Channel, Priority, Status, Ticket, Verb};
use crate::error::{Error, Result, Say};
use crate::mail::parse::File;
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// One change: who, what, at which instant, on which ticket.
pub(super) struct Change<'a> {
    pub desk: &'a Desk,
    pub tx: &'a mut Tx,
    pub actor: &'a Actor,
    pub now: DateTime<Utc>,
    pub working: &'a mut Working,
    /// It comes from the page of the ticket: an answer can be called back for a moment, and what was sent is no
    /// draft any more.
    pub on_page: bool,
}

/// What is asked for, in its order.
struct Asked {
    commands: Vec<Command>,
    on_page: bool,
    /// The ready-made answer that is sent with it.
    reply: Option<i64>,
}

impl Desk {
    /// Does `command` to the ticket with `number`. `version` is the one the caller has seen; `key` makes a
    /// repeated request harmless.
    ///
    /// # Errors
    /// `NotFound` also for tickets the actor may not see; `Denied`, `Conflict`, `Invalid` as the rules say.
    /// Nothing is changed then.
    pub async fn act(
        &self,
        actor: &Actor,
        number: &str,
        version: Option<i64>,
        command: Command,
        key: Option<&str>,
    ) -> Result<Ticket> {
        let asked = Asked { commands: vec![command], on_page: false, reply: None };
        self.act_in_turn(actor, number, version, asked, key).await
    }

    /// As [`Desk::act`], for the page of the ticket: does the commands in their order, all or none. Answers wait a moment
    /// before they leave (see `desk::holds`), and the actor's draft of what was sent is gone. `reply` is the ready-made
    /// answer that was sent, to be counted.
    ///
    /// # Errors
    /// As [`Desk::act`]; `Invalid` for an answer in which a variable was not filled in.
    pub async fn act_on_page(
        &self,
        actor: &Actor,
        number: &str,
        version: Option<i64>,
        (commands, reply): (Vec<Command>, Option<i64>),
        key: Option<&str>,
    ) -> Result<Ticket> {
        commands.iter().try_for_each(canned::refuse_unfilled)?;
        self.act_in_turn(actor, number, version, Asked { commands, on_page: true, reply }, key).await
    }

    async fn act_in_turn(
        &self,
        actor: &Actor,
        number: &str,
        version: Option<i64>,
        asked: Asked,
        key: Option<&str>,
    ) -> Result<Ticket> {
        let Asked { commands, on_page, reply } = asked;
        let now = self.now();
        let mut tx = self.db.write().await?;
        // Asked before anything else: what was done once may have taken the ticket out of the actor's sight.
        let request = once::fingerprint(&(number, &commands));
        if let once::Repeat::Answered(number) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            let ticket = store::tickets::by_number(&mut tx, &number).await?.ok_or(Error::NotFound("ticket"))?;
            tx.commit().await?;
            return Ok(ticket);
        }
        let ticket =
            store::tickets::by_number(&mut tx, number).await?.filter(|ticket| may(actor, Action::View, ticket));
        let ticket = ticket.ok_or(Error::NotFound("ticket"))?;
        store::dialect::lock_ticket(&mut tx, ticket.id).await?;
        if let Some(verb) = commands.iter().map(Command::verb).find(|verb| !may(actor, Action::Do(*verb), &ticket)) {
            return Err(self.denial(actor, verb, &ticket));
        }
        if version.is_some_and(|seen| seen != ticket.version) {
            return Err(Error::Conflict { say: Say::new("error-stale"), version: Some(ticket.version) });
        }
        let mut working = Working::load(&mut tx, ticket).await?;
        self.catch_up(&mut tx, &mut working, now).await?;
        for command in commands {
            let verb = command.verb();
            let priority = working.ticket.priority;
            // A ready-made answer asks for a priority that the ticket may have already.
            if reply.is_some()
                && matches!(&command, Command::Prioritize { priority: wanted, .. } if *wanted == priority)
            {
                continue;
            }
            if !working.ticket.status.allows(verb) {
                let say = Say::new("error-state").with("status", working.ticket.status);
                return Err(Error::Conflict { say, version: Some(working.ticket.version) });
            }
            let mut change = Change { desk: self, tx: &mut tx, actor, now, working: &mut working, on_page };
            let before = Before::of(change.working);
            change.apply(command).await?;
            before.remember(verb, &mut working)?;
            if on_page {
                answer_drafts::sent(&mut tx, actor, &working.ticket, verb, self.clock.machine()).await?;
            }
        }
        if let Some(reply) = reply {
            canned::count(&mut tx, actor, reply).await?;
        }
        if working.has_events() {
            working.save(&mut tx, &self.rules, now).await?;
        }
        once::answer(&mut tx, actor, key, &working.ticket.number).await?;
        tx.commit().await?;
        self.wake();
        Ok(working.ticket)
    }

    fn denial(&self, actor: &Actor, verb: Verb, ticket: &Ticket) -> Error {
        let holder = self.line_label(ticket);
        if verb == Verb::Escalate && ticket.tier > 1 && actor.is_staff() {
            let say = Say::new("error-already-escalated").with("holder", holder);
            return Error::Conflict { say, version: Some(ticket.version) };
        }
        if actor.is_staff() && ticket.tier > 1 {
            return Error::Denied(Say::new("error-held-by").with("holder", holder));
        }
        Error::Denied(Say::new("error-denied"))
    }
}

impl Change<'_> {
    async fn apply(&mut self, command: Command) -> Result<()> {
        match command {
            Command::Acknowledge => self.acknowledge(),
            Command::Assign { user } => self.assign(user).await,
            Command::Prioritize { priority, reason } => self.prioritize(priority, &reason),
            Command::RequestInfo { body } => self.request_info(&body).await,
            Command::WaitVendor { reason } => self.wait_vendor(&reason),
            Command::Resume { reason } => self.resume(&reason),
            Command::Escalate { cause, reason, tried } => self.escalate(cause, &reason, &tried).await,
            Command::Return { reason } => self.give_back(&reason),
            Command::Reply { body, files } => self.reply(&body, &files).await,
            Command::Note { body, files } => self.note(&body, &files).await,
            Command::Resolve { solution, cause } => self.resolve(&solution, cause.as_deref()).await,
            Command::Reopen { reason } => self.reopen(&reason).await,
            Command::Close { reason } => self.close(&reason).await,
            Command::Merge { into } => self.merge(&into).await,
            Command::Link { to, relation } => self.link(&to, relation).await,
            Command::Unlink { to, relation } => self.unlink(&to, relation).await,
            Command::Split { message, subject, kind } => self.split(message, &subject, kind).await,
            Command::Consult(asked) => self.consult(&asked).await,
            Command::ConsultReply { place, reply, date } => self.consult_reply(place, &reply, &date).await,
            Command::Reclassify(wanted) => self.reclassify(wanted).await,
        }
    }

    fn acknowledge(&mut self) -> Result<()> {
        self.working.ticket.status = Status::Acknowledged;
        self.respond();
        self.event("acknowledged", json!({}));
        Ok(())
    }

    /// Notes the first answer by a person.
    fn respond(&mut self) {
        let open =
            self.working.clocks.iter().any(|clock| clock.kind == ClockKind::Response && clock.stopped_at.is_none());
        if open {
            self.working.ticket.responded_at = Some(self.now);
        }
    }

    async fn assign(&mut self, user: Option<String>) -> Result<()> {
        let person = match &user {
            None => None,
            Some(email) => {
                let unknown = || Error::field("user", Say::new("field-unknown-user"));
                let account =
                    store::people::by_email(self.tx, &email.trim().to_lowercase()).await?.ok_or_else(unknown)?;
                let grants = store::people::grants(self.tx, account.id).await?;
                let candidate = Actor { account, grants, scope: Scope::Write, only_agency: None, via: Channel::Web };
                if !may(&candidate, Action::Do(Verb::Resolve), &self.working.ticket) {
                    return Err(Error::field("user", Say::new("field-user-cannot-work")));
                }
                Some(candidate.account)
            }
        };
        self.working.ticket.assignee = person.as_ref().map(|person| person.id);
        self.event("assigned", json!({"to": person.map(|person| person.id)}));
        Ok(())
    }

    fn prioritize(&mut self, priority: Priority, reason: &str) -> Result<()> {
        let reason = required("reason", reason, LONGEST_REASON)?;
        let before = self.working.ticket.priority;
        self.working.ticket.priority = priority;
        self.end_forbidden_pause();
        self.event("prioritized", json!({"from": before, "to": priority, "reason": reason}));
        Ok(())
    }

    async fn request_info(&mut self, body: &str) -> Result<()> {
        let body = required("body", body, LONGEST_TEXT)?;
        self.refuse_pause_of_critical()?;
        let was = self.was();
        let shown = canned::as_shown(self.desk, &self.working.ticket, &body);
        let message = self.message(&shown, MessageVisibility::Public, &[]).await?;
        self.respond();
        self.working.ticket.status = Status::PendingRequester;
        self.working.pause(Status::PendingRequester.as_str(), self.now);
        self.event("info_requested", json!({"message": message.payload, "files": message.files}));
        let close_on = self.planned(StepKind::PendingClose)?;
        letters::question(self.desk, self.tx, self.working, message.id, &self.actor.account.name, &body, close_on)
            .await?;
        self.hold(&was, message.id, "question").await
    }

    fn wait_vendor(&mut self, reason: &str) -> Result<()> {
        let reason = required("reason", reason, LONGEST_REASON)?;
        if !self.desk.pack().lifecycle.pause_vendor {
            return Err(Error::conflict(Say::new("error-no-vendor-pause")));
        }
        self.refuse_pause_of_critical()?;
        self.working.ticket.status = Status::PendingVendor;
        self.working.pause(Status::PendingVendor.as_str(), self.now);
        self.event("vendor_awaited", json!({"reason": reason}));
        Ok(())
    }

    fn refuse_pause_of_critical(&self) -> Result<()> {
        let critical = self.working.ticket.priority == Priority::P1 && self.working.is_critical();
        if critical && !self.desk.pack().lifecycle.pause_p1_critical {
            return Err(Error::conflict(Say::new("error-no-pause-critical")));
        }
        Ok(())
    }

    fn resume(&mut self, reason: &str) -> Result<()> {
        let reason = required("reason", reason, LONGEST_REASON)?;
        self.working.end_pause(self.now);
        self.working.ticket.status = Status::InProgress;
        self.event("resumed", json!({"reason": reason}));
        Ok(())
    }

    async fn reply(&mut self, body: &str, files: &[File]) -> Result<()> {
        let body = required("body", body, LONGEST_TEXT)?;
        if self.is_requester() {
            let words = written::Words { body: &body, channel: self.actor.via.as_str(), name: None, files };
            return self.desk.requester_wrote(self.tx, self.working, &words, self.now).await;
        }
        let was = self.was();
        let shown = canned::as_shown(self.desk, &self.working.ticket, &body);
        let message = self.message(&shown, MessageVisibility::Public, files).await?;
        self.respond();
        if matches!(self.working.ticket.status, Status::New | Status::Acknowledged) {
            self.working.ticket.status = Status::InProgress;
        }
        self.event("replied", json!({"message": message.payload, "files": message.files}));
        letters::reply(self.desk, self.tx, self.working, message.id, &self.actor.account.name, &body).await?;
        self.hold(&was, message.id, "reply").await
    }

    async fn note(&mut self, body: &str, files: &[File]) -> Result<()> {
        let body = required("body", body, LONGEST_TEXT)?;
        let message = self.message(&body, MessageVisibility::Internal, files).await?;
        self.event("noted", json!({"message": message.payload, "files": message.files}));
        Ok(())
    }

    pub(super) async fn resolve(&mut self, solution: &str, cause: Option<&str>) -> Result<()> {
        let solution = required("solution", solution, LONGEST_TEXT)?;
        let cause = cause.map(|cause| required("cause", cause, LONGEST_REASON)).transpose()?;
        change_gate::refuse_unfinished(self.tx, &self.working.ticket).await?;
        let was = self.was();
        let shown = canned::as_shown(self.desk, &self.working.ticket, &solution);
        let message = self.message(&shown, MessageVisibility::Public, &[]).await?;
        self.respond();
        self.working.end_pause(self.now);
        self.working.ticket.status = Status::Resolved;
        self.working.ticket.resolved_at = Some(self.now);
        self.event("resolved", json!({"message": message.payload, "files": message.files, "cause": cause}));
        let close_on = self.planned(StepKind::AutoClose)?;
        letters::solved(self.desk, self.tx, self.working, message.id, &self.actor.account.name, &solution, close_on)
            .await?;
        self.hold(&was, message.id, "solved").await
    }

    async fn reopen(&mut self, reason: &str) -> Result<()> {
        let reason = required("reason", reason, LONGEST_REASON)?;
        if self.is_requester() {
            // Writing to a solved ticket opens it again.
            let words = written::Words { body: &reason, channel: self.actor.via.as_str(), name: None, files: &[] };
            return self.desk.requester_wrote(self.tx, self.working, &words, self.now).await;
        }
        let label = self.label();
        self.working.reopen(label, &reason, self.now);
        Ok(())
    }

    async fn close(&mut self, reason: &str) -> Result<()> {
        let reason = required("reason", reason, LONGEST_REASON)?;
        self.working.ticket.status = Status::Closed;
        self.working.ticket.closed_at = Some(self.now);
        self.event("closed", json!({"trigger": "manual", "reason": reason}));
        letters::closed(self.desk, self.tx, self.working, "closed").await
    }

    /// A critical ticket of the highest priority never stands still: a pause from before ends.
    pub(super) fn end_forbidden_pause(&mut self) {
        if self.refuse_pause_of_critical().is_err() && self.working.ticket.status.is_pending() {
            self.working.end_pause(self.now);
            self.working.ticket.status = Status::InProgress;
            self.event("resumed", json!({"trigger": "critical"}));
        }
    }

    pub(super) fn label(&self) -> ActorLabel {
        ActorLabel::user(self.actor.account.id)
    }

    pub(super) fn event(&mut self, kind: &'static str, payload: Value) {
        let label = self.label();
        self.working.event(self.now, label, kind, payload);
    }

    /// The actor speaks for himself, not for the desk.
    fn is_requester(&self) -> bool {
        self.working.ticket.requester_email == self.actor.account.email
            && !may(self.actor, Action::ViewInternal, &self.working.ticket)
    }

    /// When a step will be due that this change is about to plan.
    fn planned(&self, kind: StepKind) -> Result<Option<DateTime<Utc>>> {
        let plan = clocks::plan(
            &self.desk.rules.of(&self.working.ticket),
            &self.working.ticket,
            &self.working.pauses,
            &self.working.clocks,
        )?;
        Ok(plan.iter().find(|step| step.kind == kind).and_then(|step| step.due_at))
    }

    async fn message(&mut self, body: &str, visibility: MessageVisibility, files: &[File]) -> Result<Stored> {
        let waiting = if self.on_page && visibility == MessageVisibility::Public {
            uploads::take(self.tx, &Owner::work(&self.working.ticket.number, self.actor.account.id)).await?
        } else {
            Vec::new()
        };
        let files = if waiting.is_empty() { files } else { &waiting };
        let words =
            written::Words { body, channel: self.actor.via.as_str(), name: Some(&self.actor.account.name), files };
        written::store(self.desk, self.tx, self.working, self.label(), visibility, &words, self.now).await
    }
}
