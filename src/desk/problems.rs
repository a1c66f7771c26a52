//! Problems: the cause behind disruptions, what helps meanwhile, and one act that answers everybody who waits.
//!
//! A problem is a ticket of that kind: one number, one life, one chain. This file keeps the part of its own that it has.

use crate::desk::command::Command;
use crate::desk::record_turn::{NewRecord, Opened, may_work};
use crate::desk::relate::Tie;
use crate::desk::verbs::Change;
use crate::desk::views::TicketView;
use crate::desk::written::{LONGEST_REASON, LONGEST_TEXT, optional, required};
use crate::desk::{Desk, once};
use crate::domain::event::ActorLabel;
use crate::domain::number;
use crate::domain::people::{Action, Actor, may};
use crate::domain::problem::{ProblemRecord, ProblemState};
use crate::domain::relation::Relation;
use crate::domain::ticket::Kind;
use crate::error::{Error, FieldError, Result, Say};
use crate::store;
use crate::store::tickets::{After, Filter, Sort};
use serde_json::json;

/// Known errors shown beside a ticket, at most.
const BESIDE: i64 = 5;
/// Known errors looked through for those somebody may see.
const LOOKED: i64 = 100;

/// What the record of a problem shall say.
#[derive(Debug, Clone)]
pub struct WantedProblem {
    /// How far the search is.
    pub state: ProblemState,
    /// Why it happens.
    pub cause: String,
    /// What people can do meanwhile.
    pub workaround: String,
    /// It is a known error.
    pub known_error: bool,
}

/// How a problem is solved.
#[derive(Debug, Clone, Default)]
pub struct SolvedProblem {
    /// What was done about the cause.
    pub solution: String,
    /// What those whose tickets are solved with it are told.
    pub answer: String,
    /// Numbers of the disruptions that are solved with it.
    pub tickets: Vec<String>,
}

/// A problem with its record.
#[derive(Debug, Clone)]
pub struct ProblemView {
    /// The ticket.
    pub view: TicketView,
    /// Its record.
    pub record: ProblemRecord,
    /// Tickets it causes, and other ties.
    pub ties: Vec<Tie>,
    /// The reader may write the record.
    pub may_change: bool,
}

/// A problem in a list.
#[derive(Debug, Clone)]
pub struct ProblemLine {
    /// The ticket.
    pub view: TicketView,
    /// Its record.
    pub record: ProblemRecord,
    /// How many disruptions it causes.
    pub incidents: usize,
}

/// What became of a ticket that should be solved with its problem: nothing to say, or why not.
pub type Answered = (String, Option<Say>);

impl Desk {
    /// A problem with everything known of it.
    ///
    /// # Errors
    /// `NotFound` also for tickets of another kind, and those whose inside the actor may not see.
    pub async fn problem(&self, actor: &Actor, number: &str) -> Result<ProblemView> {
        let mut tx = self.db.read().await?;
        let ticket = self.seen_record(&mut tx, actor, number, Kind::Problem).await?;
        let record = store::problems::of_ticket(&mut tx, ticket.id).await?;
        let record = record.unwrap_or_else(|| ProblemRecord::blank(ticket.id, ticket.updated_at));
        let may_change = may_work(actor, &ticket) && !ticket.status.is_finished();
        let view = self.view_for(&mut tx, actor, ticket).await?;
        drop(tx);
        Ok(ProblemView { view, record, ties: self.ties(actor, number).await?, may_change })
    }

    /// Problems the actor may see, the newest first, and where the list goes on.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn problems(
        &self,
        actor: &Actor,
        mut filter: Filter,
        after: Option<After>,
        limit: i64,
    ) -> Result<(Vec<ProblemLine>, Option<After>)> {
        filter.kind = Some(Kind::Problem.to_string());
        let page = self.tickets(actor, &filter, Sort::Newest, after, limit).await?;
        let mut tx = self.db.read().await?;
        let mut lines = Vec::new();
        for view in page.items.into_iter().filter(|it| may(actor, Action::ViewInternal, &it.ticket)) {
            let record = store::problems::of_ticket(&mut tx, view.ticket.id).await?;
            let record = record.unwrap_or_else(|| ProblemRecord::blank(view.ticket.id, view.ticket.updated_at));
            let links = store::relations::links(&mut tx, view.ticket.id).await?;
            let causes = |(_, kept, outgoing): &&(i64, String, bool)| *outgoing && kept == Relation::Causes.as_str();
            lines.push(ProblemLine { view, record, incidents: links.iter().filter(causes).count() });
        }
        Ok((lines, page.next))
    }

    /// Known errors of a service, or of all, that the actor may see, with what helps meanwhile.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn known_errors(
        &self,
        actor: &Actor,
        service: Option<&str>,
    ) -> Result<Vec<(String, String, ProblemRecord)>> {
        let mut tx = self.db.read().await?;
        let mut found = Vec::new();
        for ticket in store::problems::known_errors(&mut tx, service, LOOKED).await? {
            if !may(actor, Action::ViewInternal, &ticket) {
                continue;
            }
            if let Some(record) = store::problems::of_ticket(&mut tx, ticket.id).await? {
                found.push((ticket.number, ticket.subject, record));
            }
        }
        found.truncate(usize::try_from(BESIDE).unwrap_or_default());
        Ok(found)
    }

    /// Opens a problem and ties the disruptions it causes to it. `key` makes a repeated request harmless.
    ///
    /// # Errors
    /// `Denied` for those who do not work on tickets of the agency; `Invalid` with the bad fields, an unknown disruption
    /// among them. Nothing is changed then.
    pub async fn open_problem(
        &self,
        actor: &Actor,
        new: &NewRecord,
        incidents: &[String],
        key: Option<&str>,
    ) -> Result<String> {
        let request = once::fingerprint(&("problem", new, incidents));
        let mut turn = match self.open_record(actor, Kind::Problem, new, key, &request).await? {
            Opened::Before(number) => return Ok(number),
            Opened::New(turn) => turn,
        };
        for incident in incidents {
            let now = turn.now;
            let mut change =
                Change { desk: self, tx: &mut turn.tx, actor, now, working: &mut turn.working, on_page: false };
            change.link(incident, Relation::Causes).await.map_err(of_incidents)?;
        }
        let record = ProblemRecord::blank(turn.working.ticket.id, turn.now);
        store::problems::save(&mut turn.tx, &record).await?;
        turn.working.event(turn.now, ActorLabel::user(actor.account.id), "problem_begun", json!(record));
        once::answer(&mut turn.tx, actor, key, &turn.working.ticket.number).await?;
        Ok(turn.finish(self).await?.number)
    }

    /// Writes the record of a problem. `version` is that of its ticket, as the caller has seen it.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `Conflict` when the ticket changed meanwhile or is over; `Invalid` when a known error has no
    /// cause.
    pub async fn save_problem(
        &self,
        actor: &Actor,
        number: &str,
        version: Option<i64>,
        wanted: &WantedProblem,
    ) -> Result<()> {
        let mut problems = Vec::new();
        let mut text = |field: &'static str, text: &str| match optional(field, text, LONGEST_REASON) {
            Ok(text) => text,
            Err(error) => {
                problems.extend(of_fields(error));
                String::new()
            }
        };
        let (cause, workaround) = (text("cause", &wanted.cause), text("workaround", &wanted.workaround));
        let needs_cause = wanted.known_error || wanted.state != ProblemState::Investigating;
        if needs_cause && cause.is_empty() && problems.is_empty() {
            problems.push(FieldError { field: "cause", say: Say::new("field-problem-cause") });
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let mut turn = self.record_turn(actor, number, Kind::Problem, version, may_work).await?;
        let before = store::problems::of_ticket(&mut turn.tx, turn.working.ticket.id).await?;
        let known_since = before.and_then(|before| before.known_error_at).unwrap_or(turn.now);
        let record = ProblemRecord {
            ticket_id: turn.working.ticket.id,
            state: wanted.state,
            cause,
            workaround,
            known_error_at: wanted.known_error.then_some(known_since),
            updated_at: turn.now,
        };
        store::problems::save(&mut turn.tx, &record).await?;
        turn.working.event(turn.now, ActorLabel::user(actor.account.id), "problem_updated", json!(record));
        turn.finish(self).await?;
        Ok(())
    }

    /// Solves a problem, and with it the disruptions that are named: each gets the same answer. Gives what became of each;
    /// one that cannot be solved holds up nobody. Asking again with the same `key` goes on where it broke off.
    ///
    /// # Errors
    /// As the verb `resolve` for the problem itself; `Invalid` for a ticket that is not caused by it.
    pub async fn solve_problem(
        &self,
        actor: &Actor,
        number: &str,
        version: Option<i64>,
        solved: &SolvedProblem,
        key: Option<&str>,
    ) -> Result<Vec<Answered>> {
        let view = self.problem(actor, number).await?;
        let caused = |tie: &&Tie| tie.relation == Relation::Causes && tie.seen.is_some();
        let caused: Vec<&str> = view.ties.iter().filter(caused).map(|tie| tie.number.as_str()).collect();
        let chosen: Vec<String> = solved.tickets.iter().map(|typed| number::parse(typed).unwrap_or_default()).collect();
        if chosen.iter().any(|one| !caused.contains(&one.as_str())) {
            return Err(Error::field("tickets", Say::new("field-problem-tickets")));
        }
        let answer = if chosen.is_empty() { String::new() } else { required("answer", &solved.answer, LONGEST_TEXT)? };
        let own = |of: &str| key.map(|key| format!("{key}:{of}"));
        if !view.view.ticket.status.is_finished() {
            let cause = Some(view.record.cause.clone()).filter(|cause| !cause.is_empty());
            let command = Command::Resolve { solution: solved.solution.clone(), cause };
            self.act(actor, number, version, command, own(number).as_deref()).await?;
        }
        let mut told = Vec::new();
        for other in chosen {
            let command = Command::Resolve { solution: answer.clone(), cause: None };
            let say = match self.act(actor, &other, None, command, own(&other).as_deref()).await {
                Ok(_) => None,
                Err(error @ (Error::Conflict { .. } | Error::Denied(_) | Error::NotFound(_) | Error::Invalid(_))) => {
                    Some(error.public())
                }
                Err(error) => return Err(error),
            };
            told.push((other, say));
        }
        Ok(told)
    }
}

/// The faults of an error.
pub(super) fn of_fields(error: Error) -> Vec<FieldError> {
    match error {
        Error::Invalid(problems) => problems,
        _ => Vec::new(),
    }
}

/// A fault of a tie is one of the list of disruptions.
fn of_incidents(error: Error) -> Error {
    let say = match &error {
        Error::Invalid(problems) => problems.first().map(|problem| problem.say.clone()),
        _ => None,
    };
    say.map_or(error, |say| Error::field("incidents", say))
}
