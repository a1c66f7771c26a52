//! What a report is drawn from: each question goes over a whole period at once, whatever it holds.

use crate::domain::ticket::{Channel, Kind, Priority, Status};
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, NaiveDate, Utc};

/// Tickets that were not over before an instant, with the end of their clock: the solution, the closing or the merging.
macro_rules! relevant {
    () => {
        "(select ticket_id, stopped_at, target_seconds from sla_clock where kind = 'resolution' and line = 'total' \
         and stopped_at is null union all select ticket_id, stopped_at, target_seconds from sla_clock \
         where kind = 'resolution' and line = 'total' and stopped_at is not null and stopped_at >= $1) total"
    };
}

/// A ticket with its clocks, as far as a report needs them.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TicketRow {
    /// Key inside the database.
    pub id: i64,
    /// Code of the agency that answers for it.
    pub agency: String,
    /// Code of the service concerned.
    pub service: Option<String>,
    /// Kind of user service.
    pub kind: Kind,
    /// The way it came in.
    pub channel: Channel,
    /// How urgent.
    pub priority: Priority,
    /// Where it stands now.
    pub status: Status,
    /// When it was received. UTC.
    pub opened_at: DateTime<Utc>,
    /// When it was solved last. UTC.
    pub resolved_at: Option<DateTime<Utc>>,
    /// The due instant that passed unmet. UTC.
    pub breached_at: Option<DateTime<Utc>>,
    /// The line that held it then.
    pub breached_tier: Option<i64>,
    /// When it was handed over first. UTC.
    pub escalated_at: Option<DateTime<Utc>>,
    /// Pack and version it is pinned to.
    pub pack: String,
    /// Its profile.
    pub profile: String,
    /// When its resolution clock stopped for good. UTC.
    pub ended_at: Option<DateTime<Utc>>,
    /// Seconds promised for the solution.
    pub target_seconds: Option<i64>,
    /// Until when the first answer was promised. UTC.
    pub response_due: Option<DateTime<Utc>>,
    /// When the first response clock stopped. UTC.
    pub response_at: Option<DateTime<Utc>>,
}

/// A stretch in which the clock of a ticket stood still.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PauseRow {
    /// The ticket.
    pub ticket_id: i64,
    /// `pending_requester`, `pending_vendor` or `resolved`.
    pub reason: String,
    /// Begin. UTC.
    pub from_at: DateTime<Utc>,
    /// End; `None` while it lasts. UTC.
    pub to_at: Option<DateTime<Utc>>,
}

/// A broken promise and what was said when the ticket was solved.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct BreachRow {
    /// The ticket.
    pub id: i64,
    /// Its number.
    pub number: String,
    /// What the event of its last solution holds, JSON.
    pub solved: Option<String>,
}

/// A duty that fell due.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DutyRow {
    /// What was owed.
    pub what: String,
    /// By whom; empty for the coordination team.
    pub agency: String,
    /// Last day on which it was in time.
    pub due_on: NaiveDate,
    /// Its state.
    pub state: String,
    /// When it was fulfilled. UTC.
    pub done_at: Option<DateTime<Utc>>,
    /// Late from this instant on. UTC.
    pub due_at: DateTime<Utc>,
}

/// Tickets received before `to` and not over before `from`, of one agency or of all.
///
/// # Errors
/// The database does not answer.
pub async fn tickets(
    tx: &mut Tx,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    agency: Option<&str>,
) -> Result<Vec<TicketRow>> {
    sql!(
        tx,
        fetch_all as TicketRow,
        concat!(
            "select t.id, t.agency, t.service, t.kind, t.channel, t.priority, t.status, t.opened_at, t.resolved_at, \
             t.breached_at, t.breached_tier, t.escalated_at, t.pack, t.profile, total.stopped_at as ended_at, \
             total.target_seconds, answer.due_at as response_due, answer.stopped_at as response_at from ",
            relevant!(),
            " join ticket t on t.id = total.ticket_id left join sla_clock answer on answer.ticket_id = t.id \
             and answer.kind = 'response' and answer.line = 'total' and answer.cycle = 1 \
             where t.opened_at < $2 and ($3 is null or t.agency = $3)"
        ),
        from,
        to,
        agency,
    )
}

/// Pauses of the tickets that were not over before `from`, in order.
///
/// # Errors
/// The database does not answer.
pub async fn pauses(tx: &mut Tx, from: DateTime<Utc>) -> Result<Vec<PauseRow>> {
    sql!(
        tx,
        fetch_all as PauseRow,
        concat!(
            "select p.ticket_id, p.reason, p.from_at, p.to_at from ",
            relevant!(),
            " join ticket_pause p on p.ticket_id = total.ticket_id order by p.ticket_id, p.from_at, p.id"
        ),
        from,
    )
}

/// Tickets that ended since `from` after more than one public message of the staff before `to`, with how many.
///
/// # Errors
/// The database does not answer.
pub async fn answers(tx: &mut Tx, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<(i64, i64)>> {
    // Joined crosswise so that the embedded database begins with what ended, not with every message there is.
    sql!(
        tx,
        fetch_all as (i64, i64),
        "select m.ticket_id, count(*) from sla_clock total cross join message m \
         where total.kind = 'resolution' and total.line = 'total' and total.stopped_at is not null and total.stopped_at >= $1 \
         and m.ticket_id = total.ticket_id and m.visibility = 'public' and m.author like 'user:%' and m.at < $2 \
         group by m.ticket_id having count(*) > 1",
        from,
        to,
    )
}

/// Numbers of some tickets and what was said when each was solved last.
///
/// # Errors
/// The database does not answer, or there are more than it takes at once (some ten thousand).
pub async fn broken(tx: &mut Tx, tickets: &[i64]) -> Result<Vec<BreachRow>> {
    if tickets.is_empty() {
        return Ok(Vec::new());
    }
    many!(tx, fetch_all as BreachRow, query => {
        query.push(
            "select t.id, t.number, (select e.payload from event e where e.stream = t.number and e.kind = 'resolved' \
             order by e.seq desc limit 1) as solved from ticket t where t.id in (",
        );
        let mut keys = query.separated(", ");
        for ticket in tickets {
            keys.push_bind(*ticket);
        }
        query.push(") order by t.id");
    })
}

/// Scores given in a span with the agency of the ticket, of each ticket the last.
///
/// # Errors
/// The database does not answer.
pub async fn scores(tx: &mut Tx, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<(String, i64)>> {
    sql!(
        tx,
        fetch_all as (String, i64),
        "select t.agency, r.score from rating r join ticket t on t.id = r.ticket_id where r.at >= $1 and r.at < $2 \
         and not exists (select 1 from rating later where later.ticket_id = r.ticket_id and later.round > r.round \
         and later.at < $2) order by r.id",
        from,
        to,
    )
}

/// How many questions were put to others in a span, by the agency of the ticket.
///
/// # Errors
/// The database does not answer.
pub async fn consultations(tx: &mut Tx, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<(String, i64)>> {
    sql!(
        tx,
        fetch_all as (String, i64),
        "select t.agency, count(*) from consultation c join ticket t on t.id = c.ticket_id where c.at >= $1 and c.at < $2 \
         group by t.agency order by t.agency",
        from,
        to,
    )
}

/// Duties due from one local day to before another; those struck out are left out.
///
/// # Errors
/// The database does not answer.
pub async fn duties(tx: &mut Tx, from: NaiveDate, to: NaiveDate) -> Result<Vec<DutyRow>> {
    sql!(
        tx,
        fetch_all as DutyRow,
        "select what, agency, due_on, state, done_at, due_at from duty where due_on >= $1 and due_on < $2 \
         and state <> 'void' order by due_on, id",
        from,
        to,
    )
}

/// A warning case that was open in a period.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CaseRow {
    /// Its number.
    pub number: String,
    /// Agency that must repair.
    pub agency: String,
    /// Name of the service or words of the duty.
    pub what: String,
    /// Where it stands.
    pub state: String,
    /// Since when. UTC.
    pub opened_at: DateTime<Utc>,
    /// How it ended, once it has.
    pub outcome: Option<String>,
    /// Code of its last order to close.
    pub order_code: Option<String>,
    /// Where that order stands.
    pub order_state: Option<String>,
}

/// Warning cases that were open at some instant of a half-open period, in order.
///
/// # Errors
/// The database does not answer.
pub async fn cases(tx: &mut Tx, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<CaseRow>> {
    sql!(
        tx,
        fetch_all as CaseRow,
        "select c.number, c.agency, c.what, c.state, c.opened_at, c.outcome, s.code as order_code, s.state as order_state \
         from warning_case c left join suspension s on s.id = (select max(o.id) from suspension o where o.case_id = c.id) \
         where c.opened_at < $2 and (c.ended_at is null or c.ended_at >= $1) order by c.opened_at, c.id",
        from,
        to,
    )
}

/// A line of the register, without anything a person wrote and without names.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RegisterRow {
    /// Number of the ticket.
    pub number: String,
    /// Kind of user service.
    pub kind: Kind,
    /// Code of the agency.
    pub agency: String,
    /// Code of the service.
    pub service: Option<String>,
    /// The way it came in.
    pub channel: Channel,
    /// How urgent.
    pub priority: Priority,
    /// Where it stands.
    pub status: Status,
    /// When it was received. UTC.
    pub opened_at: DateTime<Utc>,
    /// When it was first answered since it was last opened. UTC.
    pub responded_at: Option<DateTime<Utc>>,
    /// When it was solved. UTC.
    pub resolved_at: Option<DateTime<Utc>>,
    /// The due instant that passed unmet. UTC.
    pub breached_at: Option<DateTime<Utc>>,
    /// When it was handed over. UTC.
    pub escalated_at: Option<DateTime<Utc>>,
}

/// Tickets received since an instant, oldest first, at most `limit`.
///
/// # Errors
/// The database does not answer.
pub async fn register(tx: &mut Tx, since: DateTime<Utc>, limit: i64) -> Result<Vec<RegisterRow>> {
    sql!(
        tx,
        fetch_all as RegisterRow,
        "select number, kind, agency, service, channel, priority, status, opened_at, responded_at, resolved_at, \
         breached_at, escalated_at from ticket where opened_at >= $1 order by opened_at, id limit $2",
        since,
        limit,
    )
}
