//! `/changes`: planned, approved by named persons, carried out phase by phase, looked at afterwards.

use crate::api::Token;
use crate::api::answers;
use crate::api::choice::{self, Choice};
use crate::api::problem::Failure;
use crate::api::tickets::{known, page_size, read_cursor, refuse, version_of};
use crate::desk::Desk;
use crate::desk::changes::{ChangeView, WantedChange};
use crate::desk::record_turn::NewRecord;
use crate::domain::change::{ChangeOutcome, ChangeRecord, ChangeRisk, Vote};
use crate::domain::ticket::Ticket;
use crate::store::tickets::Filter;
use chrono::{DateTime, Utc};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of changes.
pub struct Changes(pub Desk);

/// A change. It is a ticket of that kind; everything else about it stands under `/tickets/{number}`.
#[derive(Debug, Object)]
pub struct ChangeJson {
    number: String,
    subject: String,
    status: String,
    agency: String,
    service: Option<String>,
    /// Code of the standard change of the pack it follows.
    template: Option<String>,
    /// Code of a phase of the pack: `plan`, `analyse`, `develop`, `implement`, `monitor`, `evaluate`.
    phase: String,
    /// `low`, `medium` or `high`.
    risk: String,
    impact: String,
    plan: String,
    rollback: String,
    /// Services it touches.
    services: Vec<String>,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    /// `none`, `asked`, `approved`, `refused` or `standard` (approved beforehand).
    approval: String,
    /// Maintenance its window became.
    maintenance: Option<String>,
    /// `successful`, `rolled_back`, `failed` or `cancelled`.
    outcome: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    /// Who was asked in the last round; only on the page of one.
    votes: Vec<VoteJson>,
    /// What was done, in order; only on the page of one.
    steps: Vec<StepJson>,
    version: i64,
}

/// One who was asked to approve.
#[derive(Debug, Object)]
struct VoteJson {
    name: String,
    email: String,
    /// `approved`, `refused`, or null while he has not said.
    decision: Option<String>,
    reason: String,
    decided_at: Option<DateTime<Utc>>,
}

/// What was done before a phase began.
#[derive(Debug, Object)]
struct StepJson {
    at: DateTime<Utc>,
    /// The phase that began.
    phase: String,
    note: String,
    name: String,
}

/// Changes.
#[derive(Debug, Object)]
struct ChangePage {
    items: Vec<ChangeJson>,
    next_cursor: Option<String>,
}

/// A change to be opened.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct ChangeNew {
    subject: String,
    description: String,
    agency: Option<String>,
    service: Option<String>,
    /// Code of a standard change of the pack.
    template: Option<String>,
    risk: Option<Choice<ChangeRisk>>,
    #[oai(default)]
    impact: String,
    #[oai(default)]
    plan: String,
    #[oai(default)]
    rollback: String,
    #[oai(default)]
    services: Vec<String>,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
}

/// What the plan shall say. All of it is replaced; one that was approved must be approved again.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct ChangeBody {
    risk: Choice<ChangeRisk>,
    #[oai(default)]
    impact: String,
    #[oai(default)]
    plan: String,
    #[oai(default)]
    rollback: String,
    #[oai(default)]
    services: Vec<String>,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    version: Option<i64>,
}

/// Who is to approve.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct SubmitBody {
    /// Their addresses; those who want the change are never the only ones.
    approvers: Vec<String>,
    version: Option<i64>,
}

/// The word of one who was asked.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct VoteBody {
    decision: Choice<Vote>,
    /// A refusal needs one.
    #[oai(default)]
    reason: String,
    version: Option<i64>,
}

/// The phase that begins.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct AdvanceBody {
    phase: String,
    /// What was done.
    #[oai(default)]
    note: String,
    version: Option<i64>,
}

/// How it ended.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct EndBody {
    outcome: Choice<ChangeOutcome>,
    /// What the requester is told.
    #[oai(default)]
    note: String,
    version: Option<i64>,
}

/// A change was opened.
#[derive(ApiResponse)]
enum OpenedChange {
    /// The change.
    #[oai(status = 201)]
    Created(Json<ChangeJson>),
}

type Answer = Result<Json<ChangeJson>, Failure>;

#[OpenApi]
impl Changes {
    /// Changes the caller may see, the newest first.
    #[oai(path = "/changes", method = "get")]
    async fn list(
        &self,
        token: Token,
        service: Query<Option<String>>,
        agency: Query<Option<String>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<ChangePage>, Failure> {
        let desk = &self.0;
        let mut problems = Vec::new();
        let limit = page_size(limit.0, &mut problems);
        let place = read_cursor(desk, "changes", cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let actor = token.actor(desk).await?;
        let filter = Filter { service: service.0, agency: agency.0, ..Filter::default() };
        let after = place.as_deref().and_then(answers::after);
        let (lines, next) = desk.changes(&actor, filter, after, limit).await?;
        let items = lines.into_iter().map(|(view, record)| ChangeJson::new(view.ticket, record)).collect();
        let next_cursor = next.map(|next| answers::cursor(desk, "changes", &answers::after_text(next)));
        Ok(Json(ChangePage { items, next_cursor }))
    }

    /// Opens a change with its plan, or as a standard change of the pack.
    #[oai(path = "/changes", method = "post")]
    async fn open(
        &self,
        token: Token,
        body: Json<ChangeNew>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<OpenedChange, Failure> {
        let (desk, body) = (&self.0, body.0);
        let mut problems = Vec::new();
        let risk = choice::read(body.risk, "risk", &mut problems);
        refuse(problems)?;
        let actor = token.actor(desk).await?;
        let standard = body.template.as_ref().and_then(|code| desk.pack().changes.clone()?.standard.remove(code));
        let or = |written: String, pattern: fn(&crate::policy::changes::StandardChange) -> &String| {
            if written.is_empty() { standard.as_ref().map(pattern).cloned().unwrap_or_default() } else { written }
        };
        let wanted = WantedChange {
            risk: risk.or(standard.as_ref().map(|it| it.risk)).unwrap_or(ChangeRisk::Medium),
            impact: or(body.impact, |it| &it.impact),
            plan: or(body.plan, |it| &it.plan),
            rollback: or(body.rollback, |it| &it.rollback),
            services: body.services,
            starts_at: body.starts_at,
            ends_at: body.ends_at,
        };
        let new = NewRecord {
            subject: body.subject,
            description: body.description,
            agency: body.agency,
            service: body.service,
        };
        let number = desk.open_change(&actor, &new, body.template.as_deref(), &wanted, key.0.as_deref()).await?;
        Ok(OpenedChange::Created(Json(ChangeJson::of(desk.change(&actor, &number).await?))))
    }

    /// One change.
    #[oai(path = "/changes/:number", method = "get")]
    async fn read(&self, token: Token, number: Path<String>) -> Answer {
        let actor = token.actor(&self.0).await?;
        Ok(Json(ChangeJson::of(self.0.change(&actor, &known(&number.0)?).await?)))
    }

    /// Writes its plan. `version` is that of the ticket.
    #[oai(path = "/changes/:number", method = "put")]
    async fn save(
        &self,
        token: Token,
        number: Path<String>,
        body: Json<ChangeBody>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Answer {
        let (desk, number, body) = (&self.0, known(&number.0)?, body.0);
        let mut problems = Vec::new();
        let version = body.version.or(version_of(seen.0.as_deref(), &mut problems));
        let risk = body.risk.read("risk", &mut problems).unwrap_or(ChangeRisk::Medium);
        refuse(problems)?;
        let actor = token.actor(desk).await?;
        let ChangeBody { impact, plan, rollback, services, starts_at, ends_at, .. } = body;
        let wanted = WantedChange { risk, impact, plan, rollback, services, starts_at, ends_at };
        desk.save_change(&actor, &number, version, &wanted).await?;
        Ok(Json(ChangeJson::of(desk.change(&actor, &number).await?)))
    }

    /// Puts it before those who approve.
    #[oai(path = "/changes/:number/submit", method = "post")]
    async fn submit(&self, token: Token, number: Path<String>, body: Json<SubmitBody>) -> Answer {
        let (desk, number) = (&self.0, known(&number.0)?);
        let actor = token.actor(desk).await?;
        desk.ask_approval(&actor, &number, body.0.version, &body.0.approvers).await?;
        Ok(Json(ChangeJson::of(desk.change(&actor, &number).await?)))
    }

    /// The word of one who was asked. The last approval approves, and the window becomes maintenance.
    #[oai(path = "/changes/:number/vote", method = "post")]
    async fn vote(&self, token: Token, number: Path<String>, body: Json<VoteBody>) -> Answer {
        let (desk, number, body) = (&self.0, known(&number.0)?, body.0);
        let mut problems = Vec::new();
        let vote = body.decision.read("decision", &mut problems).unwrap_or(Vote::Refused);
        refuse(problems)?;
        let actor = token.actor(desk).await?;
        desk.vote_on_change(&actor, &number, body.version, vote, &body.reason).await?;
        Ok(Json(ChangeJson::of(desk.change(&actor, &number).await?)))
    }

    /// Goes on to the next phase, or back to an earlier one.
    #[oai(path = "/changes/:number/advance", method = "post")]
    async fn advance(&self, token: Token, number: Path<String>, body: Json<AdvanceBody>) -> Answer {
        let (desk, number) = (&self.0, known(&number.0)?);
        let actor = token.actor(desk).await?;
        desk.advance_change(&actor, &number, body.0.version, &body.0.phase, &body.0.note).await?;
        Ok(Json(ChangeJson::of(desk.change(&actor, &number).await?)))
    }

    /// Ends it, and its ticket with it.
    #[oai(path = "/changes/:number/end", method = "post")]
    async fn end(&self, token: Token, number: Path<String>, body: Json<EndBody>) -> Answer {
        let (desk, number, body) = (&self.0, known(&number.0)?, body.0);
        let mut problems = Vec::new();
        let outcome = body.outcome.read("outcome", &mut problems).unwrap_or(ChangeOutcome::Cancelled);
        refuse(problems)?;
        let actor = token.actor(desk).await?;
        desk.end_change(&actor, &number, body.version, outcome, &body.note).await?;
        Ok(Json(ChangeJson::of(desk.change(&actor, &number).await?)))
    }
}

impl ChangeJson {
    fn of(it: ChangeView) -> Self {
        let email = |key: i64| it.people.iter().find(|one| one.id == key).map_or("", |one| &one.email).to_owned();
        let votes = it.ballots.iter().map(|ballot| VoteJson {
            name: it.name(ballot.account_id).to_owned(),
            email: email(ballot.account_id),
            decision: ballot.decision.map(|vote| vote.to_string()),
            reason: ballot.reason.clone(),
            decided_at: ballot.decided_at,
        });
        let steps = it.steps.iter().map(|step| StepJson {
            at: step.at,
            phase: step.phase.clone(),
            note: step.note.clone(),
            name: it.name(step.account_id).to_owned(),
        });
        let (votes, steps) = (votes.collect(), steps.collect());
        Self { votes, steps, ..Self::new(it.view.ticket, it.record) }
    }

    fn new(ticket: Ticket, it: ChangeRecord) -> Self {
        Self {
            number: ticket.number,
            subject: ticket.subject,
            status: ticket.status.to_string(),
            agency: ticket.agency,
            service: ticket.service,
            template: it.template,
            phase: it.phase,
            risk: it.risk.to_string(),
            impact: it.impact,
            plan: it.plan,
            rollback: it.rollback,
            services: it.services,
            starts_at: it.starts_at,
            ends_at: it.ends_at,
            approval: it.approval.to_string(),
            maintenance: it.maintenance,
            outcome: it.outcome.map(|outcome| outcome.to_string()),
            ended_at: it.ended_at,
            votes: Vec::new(),
            steps: Vec::new(),
            version: ticket.version,
        }
    }
}
