//! Rounds: the tickets somebody works on one by one.

use crate::domain::round::RoundState;
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// A round as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Round {
    /// Key inside the database.
    pub id: i64,
    /// What stands behind the question mark of the list it was begun from.
    pub query: String,
    /// When it began. UTC.
    pub started_at: DateTime<Utc>,
    /// When its owner ended it. UTC.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A ticket of a round.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RoundTicket {
    /// The ticket.
    pub ticket_id: i64,
    /// Its number.
    pub number: String,
    /// From 1.
    pub place: i64,
    /// What became of it in this round.
    pub state: RoundState,
    /// What was done last.
    pub act: Option<String>,
    /// Why it was left out.
    pub reason: Option<String>,
}

/// Begins a round over these tickets, in this order, and gives its key. Rounds of the account that have not ended end.
///
/// # Errors
/// The database does not answer.
pub async fn begin(tx: &mut Tx, account: i64, query: &str, tickets: &[i64], at: DateTime<Utc>) -> Result<i64> {
    sql!(tx, execute, "update round set ended_at = $2 where account_id = $1 and ended_at is null", account, at)?;
    let id = sql!(
        tx,
        fetch_one scalar i64,
        "insert into round (account_id, query, started_at) values ($1, $2, $3) returning id",
        account,
        query,
        at,
    )?;
    many!(tx, statement => {
        statement.push("insert into round_ticket (round_id, ticket_id, place, state) ");
        statement.push_values(tickets.iter().zip(1_i64..), |mut row, (ticket, place)| {
            row.push_bind(id).push_bind(*ticket).push_bind(place).push_bind(RoundState::Waiting);
        });
    })?;
    Ok(id)
}

/// An account's round with a key.
///
/// # Errors
/// The database does not answer.
pub async fn by_id(tx: &mut Tx, account: i64, id: i64) -> Result<Option<Round>> {
    sql!(
        tx,
        fetch_optional as Round,
        "select id, query, started_at, ended_at from round where account_id = $1 and id = $2",
        account,
        id,
    )
}

/// The round of an account that has not ended.
///
/// # Errors
/// The database does not answer.
pub async fn running(tx: &mut Tx, account: i64) -> Result<Option<Round>> {
    sql!(
        tx,
        fetch_optional as Round,
        "select id, query, started_at, ended_at from round where account_id = $1 and ended_at is null order by id desc limit 1",
        account,
    )
}

/// The tickets of a round in its order.
///
/// # Errors
/// The database does not answer.
pub async fn tickets(tx: &mut Tx, round: i64) -> Result<Vec<RoundTicket>> {
    sql!(
        tx,
        fetch_all as RoundTicket,
        "select r.ticket_id, t.number, r.place, r.state, r.act, r.reason from round_ticket r join ticket t on t.id = r.ticket_id \
         where r.round_id = $1 order by r.place",
        round,
    )
}

/// Says what became of a ticket of a round.
///
/// # Errors
/// The database does not answer.
pub async fn settle(tx: &mut Tx, round: i64, ticket: &RoundTicket, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "update round_ticket set state = $3, act = $4, reason = $5, at = $6 where round_id = $1 and ticket_id = $2",
        round,
        ticket.ticket_id,
        ticket.state,
        &ticket.act,
        &ticket.reason,
        at,
    )?;
    Ok(())
}

/// Ends a round; one that has ended stays as it is.
///
/// # Errors
/// The database does not answer.
pub async fn end(tx: &mut Tx, round: i64, at: DateTime<Utc>) -> Result<()> {
    sql!(tx, execute, "update round set ended_at = $2 where id = $1 and ended_at is null", round, at)?;
    Ok(())
}

/// Forgets rounds that began before an instant.
///
/// # Errors
/// The database does not answer.
pub async fn forget(tx: &mut Tx, before: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "delete from round_ticket where round_id in (select id from round where started_at < $1)",
        before
    )?;
    sql!(tx, execute, "delete from round where started_at < $1", before)?;
    Ok(())
}
