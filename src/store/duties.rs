//! The duty register: its entries and what the clock does with them.

use crate::domain::clock_plan::StepState;
use crate::domain::duty::{Duty, DutyStage, DutyState};
use crate::domain::people::Visibility;
use crate::error::{Error, Result, Say};
use crate::store::Tx;
use chrono::{DateTime, NaiveDate, Utc};

/// The columns of an entry, for every statement that reads whole rows.
macro_rules! columns {
    () => {
        "id, version, code, office, agency, what, period_from, period_to, cause, due_on, due_at, remind_at, cycle, state, \
         sanctionable, source, pack, planned_on, done_at, done_by, evidence, evidence_url, note, opened_at"
    };
}

/// What a list of entries is narrowed by. `None` and empty mean any.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// One of these states.
    pub states: Vec<DutyState>,
    /// Agency code.
    pub agency: Option<String>,
    /// Due on this local day or later.
    pub due_from: Option<NaiveDate>,
    /// Due before this local day.
    pub due_to: Option<NaiveDate>,
    /// Whether the law attaches a sanction.
    pub sanctionable: Option<bool>,
}

/// Place after which a list goes on: the due instant and the key.
pub type After = (DateTime<Utc>, i64);

/// A planned stage of an entry.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DutyStep {
    /// Key inside the database.
    pub id: i64,
    /// The entry.
    pub duty_id: i64,
    /// What happens.
    pub stage: DutyStage,
    /// In which round of reminders.
    pub cycle: i64,
    /// When. UTC.
    pub due_at: DateTime<Utc>,
}

/// What an agency owes in number.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Owed {
    /// Code of the agency; empty for the coordination team.
    pub agency: String,
    /// Owed and not late.
    pub open: i64,
    /// Late.
    pub overdue: i64,
}

/// Enters a duty (`duty.id` is ignored) and gives its key; `None` when it is there already.
///
/// # Errors
/// The database does not answer.
pub async fn insert(tx: &mut Tx, duty: &Duty) -> Result<Option<i64>> {
    sql!(
        tx,
        fetch_optional scalar i64,
        "insert into duty (version, code, office, agency, what, period_from, period_to, cause, due_on, due_at, remind_at, \
         cycle, state, sanctionable, source, pack, planned_on, note, opened_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) \
         on conflict (code, agency, period_from, cause) do nothing returning id",
        duty.version,
        &duty.code,
        duty.office,
        &duty.agency,
        &duty.what,
        duty.period_from,
        duty.period_to,
        &duty.cause,
        duty.due_on,
        duty.due_at,
        duty.remind_at,
        duty.cycle,
        duty.state,
        duty.sanctionable,
        &duty.source,
        &duty.pack,
        duty.planned_on,
        &duty.note,
        duty.opened_at,
    )
}

/// Saves an entry, if nobody has changed it since it was read as `duty.version - 1`.
///
/// # Errors
/// [`Error::Conflict`] when somebody has.
pub async fn update(tx: &mut Tx, duty: &Duty) -> Result<()> {
    let changed = sql!(
        tx,
        execute,
        "update duty set version = $2, due_on = $3, due_at = $4, remind_at = $5, cycle = $6, state = $7, planned_on = $8, \
         done_at = $9, done_by = $10, evidence = $11, evidence_url = $12, note = $13 where id = $1 and version = $2 - 1",
        duty.id,
        duty.version,
        duty.due_on,
        duty.due_at,
        duty.remind_at,
        duty.cycle,
        duty.state,
        duty.planned_on,
        duty.done_at,
        duty.done_by,
        &duty.evidence,
        &duty.evidence_url,
        &duty.note,
    )?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict(Say::new("error-duty-stale"))) }
}

/// The entry with a key.
///
/// # Errors
/// The database does not answer.
pub async fn by_id(tx: &mut Tx, id: i64) -> Result<Option<Duty>> {
    sql!(tx, fetch_optional as Duty, concat!("select ", columns!(), " from duty where id = $1"), id)
}

/// The entry of a duty for an agency and a term.
///
/// # Errors
/// The database does not answer.
pub async fn of_term(tx: &mut Tx, code: &str, agency: &str, from: NaiveDate, cause: &str) -> Result<Option<Duty>> {
    sql!(
        tx,
        fetch_optional as Duty,
        concat!(
            "select ",
            columns!(),
            " from duty where code = $1 and agency = $2 and period_from = $3 and cause = $4"
        ),
        code,
        agency,
        from,
        cause,
    )
}

/// The latest entry of a duty in each agency, in the order of the agencies.
///
/// # Errors
/// The database does not answer.
pub async fn latest(tx: &mut Tx, code: &str) -> Result<Vec<Duty>> {
    sql!(
        tx,
        fetch_all as Duty,
        concat!(
            "select ",
            columns!(),
            " from duty where code = $1 and not exists (select 1 from duty later where later.code = duty.code \
             and later.agency = duty.agency and (later.period_from > duty.period_from \
             or (later.period_from = duty.period_from and later.id > duty.id))) order by agency"
        ),
        code,
    )
}

/// Every entry that is not late yet and still owed.
///
/// # Errors
/// The database does not answer.
pub async fn open(tx: &mut Tx) -> Result<Vec<Duty>> {
    sql!(tx, fetch_all as Duty, concat!("select ", columns!(), " from duty where state = 'open' order by due_at, id"))
}

/// Entries somebody may see, next due first, at most `limit` after `after`.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    tx: &mut Tx,
    seen: &Visibility,
    filter: &Filter,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Duty>> {
    let states = serde_json::to_string(&filter.states)?;
    sql!(
        tx,
        fetch_all as Duty,
        concat!(
            "select ",
            columns!(),
            " from duty where ($1 or replace($2, '\"' || agency || '\"', '') <> $2) and ($3 is null or agency = $3) \
             and ($4 = '[]' or replace($4, '\"' || state || '\"', '') <> $4) and ($5 is null or agency = $5) \
             and ($6 is null or due_on >= $6) and ($7 is null or due_on < $7) and ($8 is null or sanctionable = $8) \
             and ($9 is null or due_at > $9 or (due_at = $9 and id > $10)) order by due_at, id limit $11"
        ),
        seen.all,
        serde_json::to_string(&seen.agencies)?,
        &seen.only_agency,
        states,
        &filter.agency,
        filter.due_from,
        filter.due_to,
        filter.sanctionable,
        after.map(|after| after.0),
        after.map(|after| after.1),
        limit,
    )
}

/// How much each agency owes, as far as somebody may see it.
///
/// # Errors
/// The database does not answer.
pub async fn owed(tx: &mut Tx, seen: &Visibility) -> Result<Vec<Owed>> {
    sql!(
        tx,
        fetch_all as Owed,
        "select agency, cast(sum(case when state = 'open' then 1 else 0 end) as bigint) as \"open\", \
         cast(sum(case when state = 'overdue' then 1 else 0 end) as bigint) as overdue from duty where state in ('open', 'overdue') \
         and ($1 or replace($2, '\"' || agency || '\"', '') <> $2) and ($3 is null or agency = $3) \
         group by agency order by agency",
        seen.all,
        serde_json::to_string(&seen.agencies)?,
        &seen.only_agency,
    )
}

/// Plans the stages of a round. One that was passed over is planned again; one that has happened stays so.
///
/// # Errors
/// The database does not answer.
pub async fn plan_steps(tx: &mut Tx, duty: i64, cycle: i64, steps: &[(DutyStage, DateTime<Utc>)]) -> Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    later!(tx, query => {
        query.push("insert into duty_step (duty_id, stage, cycle, due_at, state) ");
        query.push_values(steps, |mut row, (stage, due_at)| {
            row.push_bind(duty).push_bind(*stage).push_bind(cycle).push_bind(*due_at).push_bind(StepState::Planned);
        });
        query.push(" on conflict (duty_id, stage, cycle) do update set state = excluded.state, due_at = excluded.due_at ");
        query.push("where duty_step.state = 'skipped'");
    })
}

/// Takes back what is still planned for an entry.
///
/// # Errors
/// The database does not answer.
pub async fn skip_steps(tx: &mut Tx, duty: i64) -> Result<()> {
    sql!(tx, execute, "update duty_step set state = 'skipped' where duty_id = $1 and state = 'planned'", duty)?;
    Ok(())
}

/// Stages that are due, first due first.
///
/// # Errors
/// The database does not answer.
pub async fn due_steps(tx: &mut Tx, now: DateTime<Utc>, limit: i64) -> Result<Vec<DutyStep>> {
    sql!(
        tx,
        fetch_all as DutyStep,
        "select id, duty_id, stage, cycle, due_at from duty_step where state = 'planned' and due_at <= $1 \
         order by due_at, id limit $2",
        now,
        limit,
    )
}

/// Takes a planned stage; `false` when somebody else was faster.
///
/// # Errors
/// The database does not answer.
pub async fn claim_step(tx: &mut Tx, id: i64, at: DateTime<Utc>) -> Result<bool> {
    let changed = sql!(
        tx,
        execute,
        "update duty_step set state = 'done', detected_at = $2 where id = $1 and state = 'planned'",
        id,
        at,
    )?;
    Ok(changed == 1)
}

/// When the next stage is due.
///
/// # Errors
/// The database does not answer.
pub async fn next_step(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    sql!(tx, fetch_one scalar Option<DateTime<Utc>>, "select min(due_at) from duty_step where state = 'planned'")
}
