//! Records of changes, who was asked to approve them, and what was done in their phases.

use crate::domain::change::{Approval, Ballot, ChangeOutcome, ChangeRecord, ChangeRisk, ChangeStep};
use crate::domain::ticket::Ticket;
use crate::error::Result;
use crate::store::Tx;
use crate::store::tickets::columns;
use chrono::{DateTime, Utc};

/// The record of a ticket, if one was written.
///
/// # Errors
/// The database does not answer.
pub async fn of_ticket(tx: &mut Tx, ticket: i64) -> Result<Option<ChangeRecord>> {
    let row = sql!(
        tx,
        fetch_optional as Row,
        "select ticket_id, template, phase, risk, impact, plan, rollback, services, starts_at, ends_at, approval, round, \
         asked_by, maintenance, outcome, ended_at, updated_at from change_record where ticket_id = $1",
        ticket
    )?;
    row.map(Row::record).transpose()
}

/// Keeps a record in the place of an older one of the same ticket.
///
/// # Errors
/// The database does not answer.
pub async fn save(tx: &mut Tx, it: &ChangeRecord) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into change_record (ticket_id, template, phase, risk, impact, plan, rollback, services, starts_at, ends_at, \
         approval, round, asked_by, maintenance, outcome, ended_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
         on conflict (ticket_id) do update set template = excluded.template, phase = excluded.phase, risk = excluded.risk, \
         impact = excluded.impact, plan = excluded.plan, rollback = excluded.rollback, services = excluded.services, \
         starts_at = excluded.starts_at, ends_at = excluded.ends_at, approval = excluded.approval, round = excluded.round, \
         asked_by = excluded.asked_by, maintenance = excluded.maintenance, outcome = excluded.outcome, \
         ended_at = excluded.ended_at, updated_at = excluded.updated_at",
        it.ticket_id,
        &it.template,
        &it.phase,
        it.risk,
        &it.impact,
        &it.plan,
        &it.rollback,
        serde_json::to_string(&it.services)?,
        it.starts_at,
        it.ends_at,
        it.approval,
        it.round,
        it.asked_by,
        &it.maintenance,
        it.outcome,
        it.ended_at,
        it.updated_at,
    )?;
    Ok(())
}

/// Asks somebody to approve, in a round; one asked before stays as he is.
///
/// # Errors
/// The database does not answer.
pub async fn ask(tx: &mut Tx, ticket: i64, round: i64, account: i64) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into change_vote (ticket_id, round, account_id, decision, reason, decided_at) \
         values ($1, $2, $3, null, '', null) on conflict (ticket_id, round, account_id) do nothing",
        ticket,
        round,
        account,
    )?;
    Ok(())
}

/// Keeps what somebody who was asked has said.
///
/// # Errors
/// The database does not answer.
pub async fn answer(tx: &mut Tx, ticket: i64, round: i64, ballot: &Ballot) -> Result<()> {
    sql!(
        tx,
        execute,
        "update change_vote set decision = $4, reason = $5, decided_at = $6 \
         where ticket_id = $1 and round = $2 and account_id = $3",
        ticket,
        round,
        ballot.account_id,
        ballot.decision,
        &ballot.reason,
        ballot.decided_at,
    )?;
    Ok(())
}

/// Who was asked in a round, in the order of their keys.
///
/// # Errors
/// The database does not answer.
pub async fn ballots(tx: &mut Tx, ticket: i64, round: i64) -> Result<Vec<Ballot>> {
    sql!(
        tx,
        fetch_all as Ballot,
        "select account_id, decision, reason, decided_at from change_vote where ticket_id = $1 and round = $2 \
         order by account_id",
        ticket,
        round,
    )
}

/// Open changes that wait for the word of an account, the oldest first, at most `limit`.
///
/// # Errors
/// The database does not answer.
pub async fn waiting_for(tx: &mut Tx, account: i64, limit: i64) -> Result<Vec<Ticket>> {
    sql!(
        tx,
        fetch_all as Ticket,
        concat!(
            "select ",
            columns!(),
            " from ticket where id in (select v.ticket_id from change_vote v join change_record r \
             on r.ticket_id = v.ticket_id and r.round = v.round where v.account_id = $1 and v.decision is null \
             and r.approval = 'asked') and status not in ('resolved', 'closed', 'merged') and kind = 'change' \
             order by opened_at, id limit $2"
        ),
        account,
        limit,
    )
}

/// Adds what was done before a phase began.
///
/// # Errors
/// The database does not answer.
pub async fn add_step(tx: &mut Tx, ticket: i64, step: &ChangeStep) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into change_step (ticket_id, at, phase, note, account_id) values ($1, $2, $3, $4, $5)",
        ticket,
        step.at,
        &step.phase,
        &step.note,
        step.account_id,
    )?;
    Ok(())
}

/// What was done, in order.
///
/// # Errors
/// The database does not answer.
pub async fn steps(tx: &mut Tx, ticket: i64) -> Result<Vec<ChangeStep>> {
    sql!(
        tx,
        fetch_all as ChangeStep,
        "select at, phase, note, account_id from change_step where ticket_id = $1 order by id",
        ticket
    )
}

/// A row: the services are JSON text.
#[derive(sqlx::FromRow)]
struct Row {
    ticket_id: i64,
    template: Option<String>,
    phase: String,
    risk: ChangeRisk,
    impact: String,
    plan: String,
    rollback: String,
    services: String,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    approval: Approval,
    round: i64,
    asked_by: Option<i64>,
    maintenance: Option<String>,
    outcome: Option<ChangeOutcome>,
    ended_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn record(self) -> Result<ChangeRecord> {
        Ok(ChangeRecord {
            services: serde_json::from_str(&self.services)?,
            ticket_id: self.ticket_id,
            template: self.template,
            phase: self.phase,
            risk: self.risk,
            impact: self.impact,
            plan: self.plan,
            rollback: self.rollback,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            approval: self.approval,
            round: self.round,
            asked_by: self.asked_by,
            maintenance: self.maintenance,
            outcome: self.outcome,
            ended_at: self.ended_at,
            updated_at: self.updated_at,
        })
    }
}
