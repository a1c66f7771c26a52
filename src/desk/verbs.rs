//! What people do to a ticket.

use crate::desk::working::Working;
use crate::desk::{Desk, clocks, letters, once};
use crate::domain::clock_plan::{ClockKind, StepKind};
use crate::domain::event::ActorLabel;
use crate::domain::message::{Message, MessageVisibility};
use crate::domain::people::{Action, Actor, may, visibility};
use crate::domain::service::Service;
use crate::domain::ticket::{Classification, Impact, Kind, Priority, Status, Ticket, Urgency, Verb};
use crate::error::{Error, Result, Say};
use crate::policy;
use crate::secret::sha256;
use crate::store::tickets::Consultation;
use crate::store::{self, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

/// Longest text of a message, in characters.
pub const LONGEST_TEXT: usize = 100_000;
/// Longest reason, in characters.
const LONGEST_REASON: usize = 4_000;

/// A change somebody asks for, already read but not yet checked.
#[derive(Debug, Clone, Hash)]
pub enum Command {
    /// The ticket is seen; the first answer is given.
    Acknowledge,
    /// A person works on it; `None` gives it back to all.
    Assign { user: Option<String> },
    /// Another priority than the matrix gives.
    Prioritize { priority: Priority, reason: String },
    /// A question to the requester; the clock stands still until the answer.
    RequestInfo { body: String },
    /// Somebody outside has to act; the clock stands still where the pack allows.
    WaitVendor { reason: String },
    /// The clock goes on.
    Resume { reason: String },
    /// Hand-over to the second line: "permintaan solusi".
    Escalate { reason: String, tried: String },
    /// The second line gives it back once, where hand-over is not compulsory.
    Return { reason: String },
    /// A message the requester can read.
    Reply { body: String },
    /// A message only staff can read.
    Note { body: String },
    /// The solution.
    Resolve { solution: String },
    /// Not solved after all; the same clock goes on.
    Reopen { reason: String },
    /// Closed for good.
    Close { reason: String },
    /// The same matter as another ticket.
    Merge { into: String },
    /// Has to do with another ticket.
    Link { to: String },
    /// Asked somebody outside.
    Consult { with: String, contact: String, date: String, question: String },
    /// Another kind, service, agency, impact, urgency or class.
    Reclassify(Reclassify),
}

/// What is to be changed of a ticket's classification; `None` stays.
#[derive(Debug, Clone, Default, Hash)]
pub struct Reclassify {
    /// Kind.
    pub kind: Option<Kind>,
    /// Agency code.
    pub agency: Option<String>,
    /// Service code.
    pub service: Option<String>,
    /// Impact.
    pub impact: Option<Impact>,
    /// Urgency.
    pub urgency: Option<Urgency>,
    /// Who may read it.
    pub classification: Option<Classification>,
    /// Why; needed when it goes to another agency.
    pub reason: Option<String>,
}

impl Command {
    /// The verb in the table of rights and of allowed changes.
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Acknowledge => Verb::Acknowledge,
            Self::Assign { .. } => Verb::Assign,
            Self::Prioritize { .. } => Verb::Prioritize,
            Self::RequestInfo { .. } => Verb::RequestInfo,
            Self::WaitVendor { .. } => Verb::WaitVendor,
            Self::Resume { .. } => Verb::Resume,
            Self::Escalate { .. } => Verb::Escalate,
            Self::Return { .. } => Verb::Return,
            Self::Reply { .. } => Verb::Reply,
            Self::Note { .. } => Verb::Note,
            Self::Resolve { .. } => Verb::Resolve,
            Self::Reopen { .. } => Verb::Reopen,
            Self::Close { .. } => Verb::Close,
            Self::Merge { .. } => Verb::Merge,
            Self::Link { .. } => Verb::Link,
            Self::Consult { .. } => Verb::Consult,
            Self::Reclassify(_) => Verb::Reclassify,
        }
    }
}

/// One change: who, what, at which instant, on which ticket.
pub(super) struct Change<'a> {
    pub desk: &'a Desk,
    pub tx: &'a mut Tx,
    pub actor: &'a Actor,
    pub now: DateTime<Utc>,
    pub working: &'a mut Working,
}

impl Desk {
    /// Does `command` to the ticket with `number`. `version` is the one the caller has seen; `key` makes a
    /// repeated request harmless.
    ///
    /// # Errors
    /// `NotFound` also for tickets the actor may not see; `Denied`, `Conflict`, `Invalid` as the rules say.
    /// Nothing is changed then.
    pub async fn act(&self, actor: &Actor, number: &str, version: Option<i64>, command: Command, key: Option<&str>) -> Result<Ticket> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        let ticket = store::tickets::by_number(&mut tx, number).await?.filter(|ticket| may(actor, Action::View, ticket));
        let ticket = ticket.ok_or(Error::NotFound("ticket"))?;
        store::dialect::lock_ticket(&mut tx, ticket.id).await?;
        if let once::Repeat::Answered(_) = once::take(&mut tx, actor, key, &once::fingerprint(&(number, &command)), now).await? {
            return Ok(ticket);
        }
        let verb = command.verb();
        if !may(actor, Action::Do(verb), &ticket) {
            return Err(Error::Denied(self.denial(actor, verb, &ticket)));
        }
        if version.is_some_and(|seen| seen != ticket.version) {
            return Err(Error::Conflict { say: Say::new("error-stale"), version: Some(ticket.version) });
        }
        let mut working = Working::load(&mut tx, ticket).await?;
        self.catch_up(&mut tx, &mut working, now).await?;
        if !working.ticket.status.allows(verb) {
            let say = Say::new("error-state").with("status", working.ticket.status);
            return Err(Error::Conflict { say, version: Some(working.ticket.version) });
        }
        let mut change = Change { desk: self, tx: &mut tx, actor, now, working: &mut working };
        change.apply(command).await?;
        if working.has_events() {
            working.save(&mut tx, &self.pack, now).await?;
        }
        once::answer(&mut tx, actor, key, &working.ticket.number).await?;
        tx.commit().await?;
        self.wake();
        Ok(working.ticket)
    }

    fn denial(&self, actor: &Actor, verb: Verb, ticket: &Ticket) -> Say {
        if verb == Verb::Escalate && ticket.tier > 1 {
            return Say::new("error-already-escalated").with("holder", &self.pack.roles.tier2.label);
        }
        if actor.is_staff() && ticket.tier > 1 {
            return Say::new("error-held-by").with("holder", &self.pack.roles.tier2.label);
        }
        Say::new("error-denied")
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
            Command::Escalate { reason, tried } => self.escalate(&reason, &tried).await,
            Command::Return { reason } => self.give_back(&reason),
            Command::Reply { body } => self.reply(&body).await,
            Command::Note { body } => self.note(&body).await,
            Command::Resolve { solution } => self.resolve(&solution).await,
            Command::Reopen { reason } => self.reopen(&reason).await,
            Command::Close { reason } => self.close(&reason).await,
            Command::Merge { into } => self.merge(&into).await,
            Command::Link { to } => self.link(&to).await,
            Command::Consult { with, contact, date, question } => self.consult(&with, &contact, &date, &question).await,
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
        let open = self.working.clocks.iter().any(|clock| clock.kind == ClockKind::Response && clock.stopped_at.is_none());
        if open {
            self.working.ticket.responded_at = Some(self.now);
        }
    }

    async fn assign(&mut self, user: Option<String>) -> Result<()> {
        let person = match &user {
            None => None,
            Some(email) => {
                let unknown = || Error::field("user", Say::new("field-unknown-user"));
                let account = store::people::by_email(self.tx, &email.trim().to_lowercase()).await?.ok_or_else(unknown)?;
                let grants = store::people::grants(self.tx, account.id).await?;
                let candidate = Actor { account, grants, scope: crate::domain::people::Scope::Write };
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
        self.event("prioritized", json!({"from": before, "to": priority, "reason": reason}));
        Ok(())
    }

    async fn request_info(&mut self, body: &str) -> Result<()> {
        let body = required("body", body, LONGEST_TEXT)?;
        self.refuse_pause_of_critical()?;
        let message = self.message(&body, MessageVisibility::Public).await?;
        self.respond();
        self.working.ticket.status = Status::PendingRequester;
        self.working.pause(Status::PendingRequester.as_str(), self.now);
        self.event("info_requested", json!({"message": message.payload}));
        let close_on = self.planned(StepKind::PendingClose)?;
        letters::question(self.desk, self.tx, self.working, message.id, &self.actor.account.name, &body, close_on).await
    }

    fn wait_vendor(&mut self, reason: &str) -> Result<()> {
        let reason = required("reason", reason, LONGEST_REASON)?;
        if !self.desk.pack.lifecycle.pause_vendor {
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
        if critical && !self.desk.pack.lifecycle.pause_p1_critical {
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

    async fn escalate(&mut self, reason: &str, tried: &str) -> Result<()> {
        let both = required_all(&[("reason", reason, LONGEST_REASON), ("tried", tried, LONGEST_REASON)])?;
        let payload = json!({
            "trigger": "manual",
            "reason": both[0],
            "tried": both[1],
            "from_tier": self.working.ticket.tier,
            "to_tier": 2,
            "to": self.desk.pack.roles.tier2.label,
            "compulsory": self.desk.pack.escalation.compulsory,
            "basis": self.desk.escalation_basis(),
        });
        self.working.ticket.tier = 2;
        self.working.ticket.assignee = None;
        self.working.ticket.escalated_at = self.working.ticket.escalated_at.or(Some(self.now));
        self.event("escalated", payload);
        let role = crate::domain::people::Role::Tier2Unit;
        // Cycle 0 is the hand-over by hand, so it never takes the place of the timer's notice.
        super::notices::note(self.tx, role, self.working, StepKind::Transfer, 0, self.now, self.now).await
    }

    fn give_back(&mut self, reason: &str) -> Result<()> {
        let reason = required("reason", reason, LONGEST_REASON)?;
        if self.working.ticket.tier != 2 {
            return Err(Error::conflict(Say::new("error-not-escalated")));
        }
        if self.desk.pack.escalation.compulsory {
            return Err(Error::conflict(Say::new("error-return-compulsory").with("basis", self.desk.escalation_basis())));
        }
        if self.working.ticket.returned {
            return Err(Error::conflict(Say::new("error-returned-once")));
        }
        self.working.ticket.tier = 1;
        self.working.ticket.returned = true;
        self.working.ticket.assignee = None;
        self.event("returned", json!({"reason": reason, "from_tier": 2, "to_tier": 1, "basis": self.desk.escalation_basis()}));
        Ok(())
    }

    async fn reply(&mut self, body: &str) -> Result<()> {
        let body = required("body", body, LONGEST_TEXT)?;
        if self.is_requester() {
            return self.desk.requester_wrote(self.tx, self.working, &body, "web", None, self.now).await.map(|_| ());
        }
        let message = self.message(&body, MessageVisibility::Public).await?;
        self.respond();
        if matches!(self.working.ticket.status, Status::New | Status::Acknowledged) {
            self.working.ticket.status = Status::InProgress;
        }
        self.event("replied", json!({"message": message.payload}));
        letters::reply(self.desk, self.tx, self.working, message.id, &self.actor.account.name, &body).await
    }

    async fn note(&mut self, body: &str) -> Result<()> {
        let body = required("body", body, LONGEST_TEXT)?;
        let message = self.message(&body, MessageVisibility::Internal).await?;
        self.event("noted", json!({"message": message.payload}));
        Ok(())
    }

    async fn resolve(&mut self, solution: &str) -> Result<()> {
        let solution = required("solution", solution, LONGEST_TEXT)?;
        let message = self.message(&solution, MessageVisibility::Public).await?;
        self.respond();
        self.working.end_pause(self.now);
        self.working.ticket.status = Status::Resolved;
        self.working.ticket.resolved_at = Some(self.now);
        self.event("resolved", json!({"message": message.payload}));
        let close_on = self.planned(StepKind::AutoClose)?;
        letters::solved(self.desk, self.tx, self.working, message.id, &self.actor.account.name, &solution, close_on).await
    }

    async fn reopen(&mut self, reason: &str) -> Result<()> {
        let reason = required("reason", reason, LONGEST_REASON)?;
        let label = self.label();
        if self.is_requester() {
            self.message(&reason, MessageVisibility::Public).await?;
        }
        reopen(self.working, label, &reason, self.now);
        Ok(())
    }

    async fn close(&mut self, reason: &str) -> Result<()> {
        let reason = required("reason", reason, LONGEST_REASON)?;
        self.working.ticket.status = Status::Closed;
        self.working.ticket.closed_at = Some(self.now);
        self.event("closed", json!({"trigger": "manual", "reason": reason}));
        letters::closed(self.desk, self.tx, self.working, "closed").await
    }

    async fn merge(&mut self, into: &str) -> Result<()> {
        let target = self.other("into", into).await?;
        if target.status.is_finished() {
            return Err(Error::field("into", Say::new("field-merge-finished")));
        }
        self.working.end_pause(self.now);
        self.working.ticket.status = Status::Merged;
        self.working.ticket.merged_into = Some(target.number.clone());
        self.event("merged", json!({"into": target.number}));
        letters::merged(self.desk, self.tx, self.working, &target).await?;
        for (_, email) in store::tickets::participants(self.tx, self.working.ticket.id).await? {
            store::tickets::add_participant(self.tx, target.id, &email).await?;
        }
        store::tickets::add_link(self.tx, self.working.ticket.id, target.id, "merged").await?;
        let mut kept = Working::load(self.tx, target).await?;
        kept.event(self.now, self.label(), "merged_from", json!({"from": self.working.ticket.number}));
        kept.save(self.tx, &self.desk.pack, self.now).await
    }

    async fn link(&mut self, to: &str) -> Result<()> {
        let target = self.other("to", to).await?;
        store::tickets::add_link(self.tx, self.working.ticket.id, target.id, "related").await?;
        self.event("linked", json!({"to": target.number}));
        Ok(())
    }

    /// Another ticket the actor may see.
    async fn other(&mut self, field: &'static str, number: &str) -> Result<Ticket> {
        let number = crate::domain::number::parse(number).unwrap_or_default();
        let found = store::tickets::by_number(self.tx, &number).await?.filter(|ticket| visibility(self.actor).shows(ticket));
        let found = found.ok_or_else(|| Error::field(field, Say::new("field-unknown-ticket")))?;
        if found.id == self.working.ticket.id {
            return Err(Error::field(field, Say::new("field-same-ticket")));
        }
        Ok(found)
    }

    async fn consult(&mut self, with: &str, contact: &str, date: &str, question: &str) -> Result<()> {
        let wanted = with.trim().to_lowercase();
        let partners = &self.desk.pack.escalation.level3;
        let partner = partners.iter().find(|partner| partner.code == wanted || partner.label.to_lowercase() == wanted);
        let partner = partner.ok_or_else(|| {
            let known = partners.iter().map(|partner| partner.code.as_str()).collect::<Vec<_>>().join(", ");
            Error::field("with", Say::new("field-unknown-partner").with("known", known))
        })?;
        let fields = required_all(&[("contact", contact, 500), ("date", date, 10), ("question", question, LONGEST_REASON)])?;
        if fields[1].parse::<NaiveDate>().is_err() {
            return Err(Error::field("date", Say::new("field-date")));
        }
        if let Some(first) = &partner.after {
            let held = store::tickets::consultations(self.tx, self.working.ticket.id).await?;
            if !held.iter().any(|held| held.partner == *first) {
                let label = partners.iter().find(|partner| partner.code == *first).map_or(first, |partner| &partner.label);
                return Err(Error::field("with", Say::new("field-consult-first").with("first", label)));
            }
        }
        let held = Consultation {
            partner: partner.code.clone(),
            contact: fields[0].clone(),
            held_on: fields[1].clone(),
            question: fields[2].clone(),
            at: self.now,
            actor: self.label().as_str().to_owned(),
        };
        store::tickets::add_consultation(self.tx, self.working.ticket.id, &held).await?;
        self.event("consulted", json!({"with": partner.code, "label": partner.label, "contact": held.contact, "date": held.held_on, "question": held.question}));
        Ok(())
    }

    async fn reclassify(&mut self, wanted: Reclassify) -> Result<()> {
        let before = self.working.ticket.clone();
        let service = self.wanted_service(&wanted).await?;
        let agency = wanted.agency.clone().or_else(|| service.as_ref().map(|service| service.agency.clone()));
        if let Some(code) = &agency {
            let known = store::services::agencies(self.tx).await?;
            if !known.iter().any(|agency| agency.code == *code && agency.active) {
                return Err(Error::field("agency", Say::new("field-unknown-agency")));
            }
            if *code != before.agency {
                required("reason", wanted.reason.as_deref().unwrap_or_default(), LONGEST_REASON)?;
            }
        }
        let ticket = &mut self.working.ticket;
        ticket.kind = wanted.kind.unwrap_or(ticket.kind);
        ticket.agency = agency.unwrap_or_else(|| ticket.agency.clone());
        ticket.classification = wanted.classification.unwrap_or(ticket.classification);
        if let Some(service) = service {
            ticket.service = Some(service.code.clone());
            ticket.profile.clone_from(&service.profile);
            self.working.service = Some(service);
        } else if wanted.kind.is_some() && ticket.service.is_none() {
            self.desk.pack.profile_for(ticket.kind).clone_into(&mut ticket.profile);
        }
        if wanted.impact.is_some() || wanted.urgency.is_some() {
            self.reprioritize(wanted.impact, wanted.urgency);
        }
        let after = &self.working.ticket;
        let changed = json!({
            "from": classification(&before), "to": classification(after), "reason": wanted.reason,
        });
        self.event("reclassified", changed);
        Ok(())
    }

    async fn wanted_service(&mut self, wanted: &Reclassify) -> Result<Option<Service>> {
        let Some(code) = &wanted.service else { return Ok(None) };
        let service = store::services::service(self.tx, code).await?.filter(|service| service.active);
        service.map(Some).ok_or_else(|| Error::field("service", Say::new("field-unknown-service")))
    }

    fn reprioritize(&mut self, impact: Option<Impact>, urgency: Option<Urgency>) {
        let ticket = &mut self.working.ticket;
        ticket.impact = impact.unwrap_or(ticket.impact);
        ticket.urgency = urgency.unwrap_or(ticket.urgency);
        ticket.priority = policy::priority(&self.desk.pack, ticket.impact, ticket.urgency, false, false, true);
    }

    fn label(&self) -> ActorLabel {
        ActorLabel::user(self.actor.account.id)
    }

    fn event(&mut self, kind: &'static str, payload: Value) {
        let label = self.label();
        self.working.event(self.now, label, kind, payload);
    }

    /// The actor speaks for himself, not for the desk.
    fn is_requester(&self) -> bool {
        self.working.ticket.requester_email == self.actor.account.email && !may(self.actor, Action::ViewInternal, &self.working.ticket)
    }

    /// When a step will be due that this change is about to plan.
    fn planned(&self, kind: StepKind) -> Result<Option<DateTime<Utc>>> {
        let plan = clocks::plan(&self.desk.pack, &self.working.ticket, &self.working.pauses, &self.working.clocks)?;
        Ok(plan.iter().find(|step| step.kind == kind).and_then(|step| step.due_at))
    }

    async fn message(&mut self, body: &str, visibility: MessageVisibility) -> Result<Stored> {
        let author = if self.is_requester() { ActorLabel::requester() } else { self.label() };
        store_message(self.tx, self.working, author, &self.actor.account.name, body, visibility, "web", self.now).await
    }
}

/// A stored message and what its event says of it.
pub(super) struct Stored {
    /// Its key.
    pub id: i64,
    /// Key and digest: a body edited by hand no longer fits.
    pub payload: Value,
}

/// Stores a message; its event must carry `payload`.
#[expect(clippy::too_many_arguments, reason = "each is one column of the row")]
pub(super) async fn store_message(
    tx: &mut Tx,
    working: &Working,
    author: ActorLabel,
    name: &str,
    body: &str,
    visibility: MessageVisibility,
    channel: &str,
    now: DateTime<Utc>,
) -> Result<Stored> {
    let mut message = Message {
        id: 0,
        at: now,
        author: author.as_str().to_owned(),
        author_name: name.to_owned(),
        visibility,
        body: body.to_owned(),
        channel: channel.to_owned(),
    };
    message.id = store::messages::insert(tx, working.ticket.id, &message).await?;
    Ok(Stored { id: message.id, payload: json!({"id": message.id, "sha256": message_digest(&message)?}) })
}

/// Digest of a message as its event carries it.
pub(super) fn message_digest(message: &Message) -> Result<String> {
    Ok(sha256(serde_json::to_string(message)?))
}

/// Opens a solved ticket again: the same clock goes on, the solved gap left out, and a new answer is owed.
pub(super) fn reopen(working: &mut Working, actor: ActorLabel, reason: &str, now: DateTime<Utc>) {
    if let Some(resolved) = working.ticket.resolved_at {
        working.pause(Status::Resolved.as_str(), resolved);
        working.end_pause(now);
    }
    working.ticket.resolved_at = None;
    working.ticket.responded_at = None;
    working.ticket.status = Status::InProgress;
    clocks::restart_response(&mut working.clocks, now);
    working.event(now, actor, "reopened", json!({"reason": reason}));
}

fn classification(ticket: &Ticket) -> Value {
    json!({
        "kind": ticket.kind, "agency": ticket.agency, "service": ticket.service, "impact": ticket.impact,
        "urgency": ticket.urgency, "priority": ticket.priority, "profile": ticket.profile, "classification": ticket.classification,
    })
}

/// A text that must say something and not too much.
pub(super) fn required(field: &'static str, text: &str, longest: usize) -> Result<String> {
    required_all(&[(field, text, longest)]).map(|mut texts| texts.remove(0))
}

/// As [`required`], naming every bad field at once.
pub(super) fn required_all(fields: &[(&'static str, &str, usize)]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut texts = Vec::new();
    for (field, text, longest) in fields {
        let text = crate::mail::parse::clean(text);
        if !text.chars().any(char::is_alphanumeric) {
            problems.push(crate::error::FieldError { field, say: Say::new("field-required") });
        } else if text.chars().count() > *longest {
            problems.push(crate::error::FieldError { field, say: Say::new("field-too-long").with("longest", longest) });
        }
        texts.push(text);
    }
    if problems.is_empty() { Ok(texts) } else { Err(Error::Invalid(problems)) }
}
