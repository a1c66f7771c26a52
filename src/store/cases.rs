//! Cases of the warning procedure, their evidence and their terms.

use crate::domain::clock_plan::StepState;
use crate::domain::people::Visibility;
use crate::domain::warning::{Case, CaseState, Course, Term, TermStage};
use crate::error::{Error, Result, Say};
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// The columns of a case, for every statement that reads whole rows.
macro_rules! columns {
    () => {
        "id, number, version, cause, mode, state, before_state, rung, order_state, outcome, service, about_duty, agency, \
         what, source, opened_at, detected_at, pack, term, due_at, cure_due_at, cycle, letter, reported_by, ended_at"
    };
}

/// What a list of cases is narrowed by. `None` means any.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// This state.
    pub state: Option<CaseState>,
    /// Whether it is still open.
    pub open: Option<bool>,
    /// Service code.
    pub service: Option<String>,
    /// Agency code.
    pub agency: Option<String>,
}

/// Place before which a list goes on: when a case was opened, and its key.
pub type Before = (DateTime<Utc>, i64);

/// A ticket in a case, as it stood when it joined.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Evidence {
    /// Key of the ticket.
    pub ticket_id: i64,
    /// Number of the ticket.
    pub number: String,
    /// When its promise was broken. UTC.
    pub breached_at: DateTime<Utc>,
    /// When it joined the case. UTC.
    pub joined_at: DateTime<Utc>,
    /// Place of the last event of its chain.
    pub chain_seq: i64,
    /// Hash of that event.
    pub chain_hash: String,
    /// Clocks, pauses and figures as JSON text.
    pub evidence: String,
}

/// A planned stage of a term.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CaseStep {
    /// Key inside the database.
    pub id: i64,
    /// The case.
    pub case_id: i64,
    /// Whose end it is about.
    pub term: Term,
    /// What happens.
    pub stage: TermStage,
    /// In which round of terms.
    pub cycle: i64,
    /// When. UTC.
    pub due_at: DateTime<Utc>,
    /// When the term ends. UTC.
    pub term_due_at: DateTime<Utc>,
}

/// Opens a case (`case.id` is ignored) and gives its key; `None` when the service or the duty has an open one.
///
/// # Errors
/// The database does not answer.
pub async fn insert(tx: &mut Tx, case: &Case) -> Result<Option<i64>> {
    let Course { cause, mode, state, before, rung, order, outcome } = case.course;
    let is_open = case.ended_at.is_none();
    sql!(
        tx,
        fetch_optional scalar i64,
        "insert into warning_case (number, version, cause, mode, state, before_state, rung, order_state, outcome, service, \
         duty_id, agency, what, source, opened_at, detected_at, pack, term, due_at, cure_due_at, cycle, letter, \
         reported_by, ended_at, open_service, about_duty) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
         $19, $20, $21, $22, $23, $24, $25, $26) on conflict do nothing returning id",
        &case.number,
        case.version,
        cause,
        mode,
        state,
        before,
        rung,
        order,
        outcome,
        &case.service,
        case.duty.filter(|_| is_open),
        &case.agency,
        &case.what,
        &case.source,
        case.opened_at,
        case.detected_at,
        &case.pack,
        case.term,
        case.due_at,
        case.cure_due_at,
        case.cycle,
        &case.letter,
        case.reported_by,
        case.ended_at,
        case.service.as_ref().filter(|_| is_open),
        case.duty,
    )
}

/// Saves a case, if nobody has changed it since it was read as `case.version - 1`.
///
/// # Errors
/// [`Error::Conflict`] when somebody has.
pub async fn update(tx: &mut Tx, case: &Case) -> Result<()> {
    let Course { state, before, rung, order, outcome, .. } = case.course;
    let is_open = case.ended_at.is_none();
    let changed = sql!(
        tx,
        execute,
        "update warning_case set version = $2, state = $3, before_state = $4, rung = $5, order_state = $6, outcome = $7, \
         term = $8, due_at = $9, cure_due_at = $10, cycle = $11, letter = $12, reported_by = $13, ended_at = $14, \
         open_service = $15, duty_id = $16, agency = $17 \
         where id = $1 and version = $2 - 1",
        case.id,
        case.version,
        state,
        before,
        rung,
        order,
        outcome,
        case.term,
        case.due_at,
        case.cure_due_at,
        case.cycle,
        &case.letter,
        case.reported_by,
        case.ended_at,
        case.service.as_ref().filter(|_| is_open),
        case.duty.filter(|_| is_open),
        &case.agency,
    )?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict(Say::new("error-case-stale"))) }
}

/// The case with a number.
///
/// # Errors
/// The database does not answer.
pub async fn by_number(tx: &mut Tx, number: &str) -> Result<Option<Case>> {
    sql!(tx, fetch_optional as Case, concat!("select ", columns!(), " from warning_case where number = $1"), number)
}

/// The case with a key.
///
/// # Errors
/// The database does not answer.
pub async fn by_id(tx: &mut Tx, id: i64) -> Result<Option<Case>> {
    sql!(tx, fetch_optional as Case, concat!("select ", columns!(), " from warning_case where id = $1"), id)
}

/// The open case of a service.
///
/// # Errors
/// The database does not answer.
pub async fn open_of_service(tx: &mut Tx, service: &str) -> Result<Option<Case>> {
    sql!(
        tx,
        fetch_optional as Case,
        concat!("select ", columns!(), " from warning_case where service = $1 and ended_at is null"),
        service
    )
}

/// The open case of a neglected duty.
///
/// # Errors
/// The database does not answer.
pub async fn of_duty(tx: &mut Tx, duty: i64) -> Result<Option<Case>> {
    sql!(tx, fetch_optional as Case, concat!("select ", columns!(), " from warning_case where duty_id = $1"), duty)
}

/// Numbers of the cases a ticket stands in as evidence, the newest first.
///
/// # Errors
/// The database does not answer.
pub async fn of_ticket(tx: &mut Tx, ticket: i64) -> Result<Vec<String>> {
    sql!(
        tx,
        fetch_all scalar String,
        "select c.number from warning_case c join warning_case_ticket t on t.case_id = c.id where t.ticket_id = $1 \
         order by c.id desc",
        ticket
    )
}

/// Cases somebody may see, the newest first, at most `limit` before `before`.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    tx: &mut Tx,
    seen: &Visibility,
    filter: &CaseFilter,
    before: Option<Before>,
    limit: i64,
) -> Result<Vec<Case>> {
    sql!(
        tx,
        fetch_all as Case,
        concat!(
            "select ",
            columns!(),
            " from warning_case where ($1 or replace($2, '\"' || agency || '\"', '') <> $2) and ($3 is null or agency = $3) \
             and ($4 is null or state = $4) and ($5 is null or (ended_at is null) = $5) and ($6 is null or service = $6) \
             and ($7 is null or agency = $7) and ($8 is null or opened_at < $8 or (opened_at = $8 and id < $9)) \
             order by opened_at desc, id desc limit $10"
        ),
        seen.all,
        serde_json::to_string(&seen.agencies)?,
        &seen.only_agency,
        filter.state,
        filter.open,
        &filter.service,
        &filter.agency,
        before.map(|before| before.0),
        before.map(|before| before.1),
        limit,
    )
}

/// Keys of the tickets of a service, of these priorities, that missed their promise from `from` on and before `to`, the
/// first miss first. A miss counts once: what is evidence in a case already is not among them.
///
/// # Errors
/// The database does not answer.
pub async fn missed(
    tx: &mut Tx,
    service: &str,
    priorities: &str,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<i64>> {
    sql!(
        tx,
        fetch_all scalar i64,
        "select id from ticket where service = $1 and replace($2, '\"' || priority || '\"', '') <> $2 \
         and breached_at >= $3 and breached_at < $4 \
         and not exists (select 1 from warning_case_ticket w where w.ticket_id = ticket.id) order by breached_at, id",
        service,
        priorities,
        from,
        to,
    )
}

/// Puts a ticket in a case; `false` when it stands there already.
///
/// # Errors
/// The database does not answer.
pub async fn add_evidence(tx: &mut Tx, case: i64, evidence: &Evidence) -> Result<bool> {
    let added = sql!(
        tx,
        execute,
        "insert into warning_case_ticket (case_id, ticket_id, number, breached_at, joined_at, chain_seq, chain_hash, \
         evidence) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (case_id, ticket_id) do nothing",
        case,
        evidence.ticket_id,
        &evidence.number,
        evidence.breached_at,
        evidence.joined_at,
        evidence.chain_seq,
        &evidence.chain_hash,
        &evidence.evidence,
    )?;
    Ok(added == 1)
}

/// The tickets of a case in the order in which they joined it.
///
/// # Errors
/// The database does not answer.
pub async fn evidence(tx: &mut Tx, case: i64) -> Result<Vec<Evidence>> {
    sql!(
        tx,
        fetch_all as Evidence,
        "select ticket_id, number, breached_at, joined_at, chain_seq, chain_hash, evidence from warning_case_ticket \
         where case_id = $1 order by joined_at, ticket_id",
        case
    )
}

/// Plans the stages of a term.
///
/// # Errors
/// The database does not answer.
pub async fn plan_term(
    tx: &mut Tx,
    case: i64,
    term: Term,
    cycle: i64,
    term_due_at: DateTime<Utc>,
    stages: &[(TermStage, DateTime<Utc>)],
) -> Result<()> {
    for (stage, due_at) in stages {
        sql!(
            tx,
            execute,
            "insert into warning_case_step (case_id, term, stage, cycle, due_at, term_due_at, state) \
             values ($1, $2, $3, $4, $5, $6, 'planned') on conflict (case_id, term, stage, cycle) do nothing",
            case,
            term,
            *stage,
            cycle,
            *due_at,
            term_due_at,
        )?;
    }
    Ok(())
}

/// Takes back the planned stages of a term; of every term of the case when `term` is `None`.
///
/// # Errors
/// The database does not answer.
pub async fn skip_term(tx: &mut Tx, case: i64, term: Option<Term>) -> Result<()> {
    sql!(
        tx,
        execute,
        "update warning_case_step set state = 'skipped' where case_id = $1 and state = 'planned' \
         and ($2 is null or term = $2)",
        case,
        term,
    )?;
    Ok(())
}

/// Stages that are due at `now`, first due first, at most `limit`.
///
/// # Errors
/// The database does not answer.
pub async fn due_steps(tx: &mut Tx, now: DateTime<Utc>, limit: i64) -> Result<Vec<CaseStep>> {
    sql!(
        tx,
        fetch_all as CaseStep,
        "select id, case_id, term, stage, cycle, due_at, term_due_at from warning_case_step \
         where state = 'planned' and due_at <= $1 order by due_at, id limit $2",
        now,
        limit,
    )
}

/// Takes a stage; `false` when another node has, or it was taken back.
///
/// # Errors
/// The database does not answer.
pub async fn claim_step(tx: &mut Tx, step: i64, now: DateTime<Utc>) -> Result<bool> {
    let changed = sql!(
        tx,
        execute,
        "update warning_case_step set state = $2, detected_at = $3 where id = $1 and state = 'planned'",
        step,
        StepState::Done,
        now,
    )?;
    Ok(changed == 1)
}

/// When the next stage is due.
///
/// # Errors
/// The database does not answer.
pub async fn next_step(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    sql!(
        tx,
        fetch_one scalar Option<DateTime<Utc>>,
        "select min(due_at) from warning_case_step where state = 'planned'"
    )
}
