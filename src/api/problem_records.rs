//! `/problems`: the causes behind disruptions, what helps meanwhile, and the act that answers all who wait.

use crate::api::Token;
use crate::api::answers;
use crate::api::choice::Choice;
use crate::api::problem::Failure;
use crate::api::tickets::{known, page_size, read_cursor, refuse, version_of};
use crate::desk::Desk;
use crate::desk::problems::{ProblemView, SolvedProblem, WantedProblem};
use crate::desk::record_turn::NewRecord;
use crate::domain::problem::{ProblemRecord, ProblemState};
use crate::domain::relation::Relation;
use crate::domain::ticket::{Language, Status, Ticket};
use crate::store::tickets::Filter;
use crate::text;
use chrono::{DateTime, Utc};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of problems.
pub struct Problems(pub Desk);

/// A problem. It is a ticket of that kind; everything else about it stands under `/tickets/{number}`.
#[derive(Debug, Object)]
pub struct ProblemJson {
    number: String,
    subject: String,
    status: String,
    agency: String,
    service: Option<String>,
    /// `investigating`, `cause_found` or `fix_planned`; that it is removed is the status.
    state: String,
    cause: String,
    workaround: String,
    /// Analysed and not yet removed.
    known_error: bool,
    known_error_at: Option<DateTime<Utc>>,
    /// Numbers of the tickets it causes that the caller may see; only on the page of one.
    #[oai(skip_serializing_if_is_none)]
    incidents: Option<Vec<String>>,
    /// How many tickets it causes; only in lists.
    #[oai(skip_serializing_if_is_none)]
    incident_count: Option<u64>,
    updated_at: DateTime<Utc>,
    version: i64,
}

/// Problems.
#[derive(Debug, Object)]
struct ProblemPage {
    items: Vec<ProblemJson>,
    next_cursor: Option<String>,
}

/// A problem to be opened.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct ProblemNew {
    subject: String,
    description: String,
    agency: Option<String>,
    service: Option<String>,
    /// Numbers of the disruptions it causes.
    #[oai(default)]
    incidents: Vec<String>,
}

/// What the record shall say. All of it is replaced.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct ProblemBody {
    state: Choice<ProblemState>,
    #[oai(default)]
    cause: String,
    #[oai(default)]
    workaround: String,
    /// Needs a cause.
    #[oai(default)]
    known_error: bool,
    version: Option<i64>,
}

/// How it is solved.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct SolveBody {
    #[oai(default)]
    solution: String,
    /// What those whose tickets are solved with it are told.
    #[oai(default)]
    answer: String,
    /// Numbers of the disruptions that are solved with it.
    #[oai(default)]
    tickets: Vec<String>,
    version: Option<i64>,
}

/// What became of everything.
#[derive(Debug, Object)]
struct SolvedJson {
    problem: ProblemJson,
    tickets: Vec<SolvedTicketJson>,
}

/// What became of one disruption.
#[derive(Debug, Object)]
struct SolvedTicketJson {
    number: String,
    solved: bool,
    /// Why not.
    detail: Option<String>,
}

/// A problem was opened.
#[derive(ApiResponse)]
enum OpenedProblem {
    /// The problem.
    #[oai(status = 201)]
    Created(Json<ProblemJson>),
}

#[OpenApi]
impl Problems {
    /// Problems the caller may see, the newest first. `open` leaves those that are not solved.
    #[oai(path = "/problems", method = "get")]
    async fn list(
        &self,
        token: Token,
        service: Query<Option<String>>,
        agency: Query<Option<String>>,
        open: Query<Option<bool>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<ProblemPage>, Failure> {
        let desk = &self.0;
        let mut problems = Vec::new();
        let limit = page_size(limit.0, &mut problems);
        let place = read_cursor(desk, "problems", cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let actor = token.actor(desk).await?;
        let statuses = if open.0 == Some(true) { unfinished() } else { Vec::new() };
        let filter = Filter { service: service.0, agency: agency.0, statuses, ..Filter::default() };
        let after = place.as_deref().and_then(answers::after);
        let (lines, next) = desk.problems(&actor, filter, after, limit).await?;
        let items = lines.into_iter().map(|line| ProblemJson {
            incident_count: Some(line.incidents as u64),
            ..ProblemJson::new(line.view.ticket, line.record)
        });
        let next_cursor = next.map(|next| answers::cursor(desk, "problems", &answers::after_text(next)));
        Ok(Json(ProblemPage { items: items.collect(), next_cursor }))
    }

    /// Opens a problem, tied to the disruptions it causes.
    #[oai(path = "/problems", method = "post")]
    async fn open(
        &self,
        token: Token,
        body: Json<ProblemNew>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<OpenedProblem, Failure> {
        let actor = token.actor(&self.0).await?;
        let ProblemNew { subject, description, agency, service, incidents } = body.0;
        let new = NewRecord { subject, description, agency, service };
        let number = self.0.open_problem(&actor, &new, &incidents, key.0.as_deref()).await?;
        Ok(OpenedProblem::Created(Json(ProblemJson::of(self.0.problem(&actor, &number).await?))))
    }

    /// One problem.
    #[oai(path = "/problems/:number", method = "get")]
    async fn read(&self, token: Token, number: Path<String>) -> Result<Json<ProblemJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        Ok(Json(ProblemJson::of(self.0.problem(&actor, &known(&number.0)?).await?)))
    }

    /// Writes its record. `version` is that of the ticket.
    #[oai(path = "/problems/:number", method = "put")]
    async fn save(
        &self,
        token: Token,
        number: Path<String>,
        body: Json<ProblemBody>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Result<Json<ProblemJson>, Failure> {
        let (desk, number, body) = (&self.0, known(&number.0)?, body.0);
        let mut problems = Vec::new();
        let version = body.version.or(version_of(seen.0.as_deref(), &mut problems));
        let state = body.state.read("state", &mut problems).unwrap_or(ProblemState::Investigating);
        refuse(problems)?;
        let actor = token.actor(desk).await?;
        let ProblemBody { cause, workaround, known_error, .. } = body;
        desk.save_problem(&actor, &number, version, &WantedProblem { state, cause, workaround, known_error }).await?;
        Ok(Json(ProblemJson::of(desk.problem(&actor, &number).await?)))
    }

    /// Solves it, and with it the disruptions that are named: each gets the same answer. One that cannot be solved holds up
    /// nobody and says why.
    #[oai(path = "/problems/:number/solve", method = "post")]
    async fn solve(
        &self,
        token: Token,
        number: Path<String>,
        body: Json<SolveBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Result<Json<SolvedJson>, Failure> {
        let (desk, number) = (&self.0, known(&number.0)?);
        let mut problems = Vec::new();
        let version = body.0.version.or(version_of(seen.0.as_deref(), &mut problems));
        refuse(problems)?;
        let actor = token.actor(desk).await?;
        let SolveBody { solution, answer, tickets, .. } = body.0;
        let solved = SolvedProblem { solution, answer, tickets };
        let told = desk.solve_problem(&actor, &number, version, &solved, key.0.as_deref()).await?;
        let tickets = told.into_iter().map(|(number, why)| SolvedTicketJson {
            number,
            solved: why.is_none(),
            detail: why.map(|why| text::say(Language::English, &why)),
        });
        let problem = ProblemJson::of(desk.problem(&actor, &number).await?);
        Ok(Json(SolvedJson { problem, tickets: tickets.collect() }))
    }
}

/// The words for states of tickets that are not over.
fn unfinished() -> Vec<String> {
    Status::ALL.iter().filter(|status| !status.is_finished()).map(|status| status.to_string()).collect()
}

impl ProblemJson {
    fn of(it: ProblemView) -> Self {
        let caused = it.ties.into_iter().filter(|tie| tie.relation == Relation::Causes && tie.seen.is_some());
        let incidents = Some(caused.map(|tie| tie.number).collect());
        Self { incidents, ..Self::new(it.view.ticket, it.record) }
    }

    fn new(ticket: Ticket, record: ProblemRecord) -> Self {
        Self {
            number: ticket.number,
            subject: ticket.subject,
            status: ticket.status.to_string(),
            agency: ticket.agency,
            service: ticket.service,
            state: record.state.to_string(),
            cause: record.cause,
            workaround: record.workaround,
            known_error: record.known_error_at.is_some(),
            known_error_at: record.known_error_at,
            incidents: None,
            incident_count: None,
            updated_at: record.updated_at,
            version: ticket.version,
        }
    }
}
