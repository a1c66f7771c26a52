//! Rows of tickets, their numbers, participants, links and consultations.

use crate::domain::people::Visibility;
use crate::domain::reporter::Knows;
use crate::domain::ticket::Ticket;
use crate::error::{Error, Result, Say};
use crate::store::{Connection, Tx};
use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;

/// The columns of a ticket, for every statement that reads whole rows.
macro_rules! columns {
    () => {
        "id, number, version, kind, subject, description, status, impact, urgency, priority, tier, agency, service, \
         assignee, requester_name, requester_email, requester_nip, requester_phone, requester_verified, classification, \
         channel, language, opened_at, responded_at, resolved_at, closed_at, breached_at, breached_tier, escalated_at, returned, \
         merged_into, pack, profile, updated_at"
    };
}
pub(super) use columns;

/// What a list of tickets is narrowed by. `None` and empty mean any.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// One of these states.
    pub statuses: Vec<String>,
    /// Agency code.
    pub agency: Option<String>,
    /// Service code.
    pub service: Option<String>,
    /// Priority.
    pub priority: Option<String>,
    /// Kind.
    pub kind: Option<String>,
    /// Line that owns it.
    pub tier: Option<i64>,
    /// Account working on it.
    pub assignee: Option<i64>,
    /// Whether the promise was broken.
    pub breached: Option<bool>,
    /// Words in number, subject or description.
    pub words: Option<String>,
    /// Opened at or after. UTC.
    pub opened_from: Option<DateTime<Utc>>,
    /// Opened before. UTC.
    pub opened_to: Option<DateTime<Utc>>,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
    /// Next due first; without a due instant last.
    Due,
}

/// A row of a list with its place in the order.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The ticket.
    pub ticket: Ticket,
    /// When the resolution is due. UTC.
    pub due_at: Option<DateTime<Utc>>,
}

/// Place after which a list goes on: the sort key and the ticket.
pub type After = (DateTime<Utc>, i64);

/// The next number of a local month, and the key of the ticket that will bear it: with both known beforehand
/// nothing of a new ticket has to be waited for.
///
/// # Errors
/// The database does not answer.
pub async fn next_number(tx: &mut Tx, period: &str) -> Result<(i64, i64)> {
    let counted = sql!(
        tx,
        fetch_all as (String, i64),
        "insert into ticket_sequence (period, last) \
         values ($1, 1), ('key', (select coalesce(max(id), 0) + 1 from ticket)) \
         on conflict (period) do update set last = ticket_sequence.last + 1 returning period, last",
        period,
    )?;
    let of = |name: &str| counted.iter().find(|(period, _)| period == name).map(|(_, last)| *last);
    of(period).zip(of("key")).ok_or_else(|| Error::internal("a sequence gave no number"))
}

/// Adds the row of a new ticket, whose key [`next_number`] gave. A taken number is refused here or at the next
/// statement that is waited for.
///
/// # Errors
/// The number is taken, or the database does not answer.
pub async fn insert(tx: &mut Tx, ticket: &Ticket) -> Result<()> {
    later!(tx, query => {
        query.push(
            "insert into ticket (id, number, version, kind, subject, description, status, impact, urgency, priority, \
             tier, agency, service, assignee, requester_name, requester_email, requester_nip, requester_phone, \
             requester_verified, classification, channel, language, opened_at, returned, pack, profile, updated_at, haystack) ",
        );
        query.push_values([ticket.clone()], |mut row, it| {
            let words = haystack(&it);
            row.push_bind(it.id).push_bind(it.number).push_bind(it.version).push_bind(it.kind);
            row.push_bind(it.subject).push_bind(it.description).push_bind(it.status).push_bind(it.impact);
            row.push_bind(it.urgency).push_bind(it.priority).push_bind(it.tier).push_bind(it.agency);
            row.push_bind(it.service).push_bind(it.assignee).push_bind(it.requester_name);
            row.push_bind(it.requester_email).push_bind(it.requester_nip).push_bind(it.requester_phone);
            row.push_bind(it.requester_verified);
            row.push_bind(it.classification).push_bind(it.channel).push_bind(it.language).push_bind(it.opened_at);
            row.push_bind(it.returned).push_bind(it.pack).push_bind(it.profile).push_bind(it.updated_at);
            row.push_bind(words);
        });
    })
}

/// Saves the row, if nobody has changed it since it was read as `ticket.version - 1`.
///
/// # Errors
/// [`Error::Conflict`] when somebody has.
pub async fn update(tx: &mut Tx, ticket: &Ticket) -> Result<()> {
    let changed = sql!(
        tx,
        execute,
        "update ticket set version = $2, kind = $3, subject = $4, status = $5, impact = $6, urgency = $7, priority = $8, \
         tier = $9, agency = $10, service = $11, assignee = $12, requester_verified = $13, classification = $14, \
         responded_at = $15, resolved_at = $16, closed_at = $17, breached_at = $18, breached_tier = $19, \
         escalated_at = $20, returned = $21, merged_into = $22, profile = $23, updated_at = $24, haystack = $25 \
         where id = $1 and version = $2 - 1",
        ticket.id,
        ticket.version,
        ticket.kind,
        &ticket.subject,
        ticket.status,
        ticket.impact,
        ticket.urgency,
        ticket.priority,
        ticket.tier,
        &ticket.agency,
        &ticket.service,
        ticket.assignee,
        ticket.requester_verified,
        ticket.classification,
        ticket.responded_at,
        ticket.resolved_at,
        ticket.closed_at,
        ticket.breached_at,
        ticket.breached_tier,
        ticket.escalated_at,
        ticket.returned,
        &ticket.merged_into,
        &ticket.profile,
        ticket.updated_at,
        haystack(ticket),
    )?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict(Say::new("error-stale"))) }
}

/// The ticket with a number.
///
/// # Errors
/// The database does not answer.
pub async fn by_number(tx: &mut Tx, number: &str) -> Result<Option<Ticket>> {
    sql!(tx, fetch_optional as Ticket, concat!("select ", columns!(), " from ticket where number = $1"), number)
}

/// The ticket with a key.
///
/// # Errors
/// The database does not answer.
pub async fn by_id(tx: &mut Tx, id: i64) -> Result<Option<Ticket>> {
    sql!(tx, fetch_optional as Ticket, concat!("select ", columns!(), " from ticket where id = $1"), id)
}

/// How many tickets there are.
///
/// # Errors
/// The database does not answer.
pub async fn count(tx: &mut Tx) -> Result<i64> {
    sql!(tx, fetch_one scalar i64, "select count(*) from ticket")
}

/// Tickets that somebody may see, narrowed and ordered, at most `limit` after `after`.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    tx: &mut Tx,
    seen: &Visibility,
    filter: &Filter,
    sort: Sort,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Listed>> {
    match tx.flushed().await? {
        Connection::Sqlite(connection) => {
            let mut query = listing::<sqlx::Sqlite>(seen, filter, sort, after, limit);
            let rows = query.build().fetch_all(connection).await?;
            rows.iter().map(listed).collect()
        }
        Connection::Postgres(connection) => {
            let mut query = listing::<sqlx::Postgres>(seen, filter, sort, after, limit);
            let rows = query.build().fetch_all(connection).await?;
            rows.iter().map(listed).collect()
        }
    }
}

pub(super) fn listed<'r, R>(row: &'r R) -> Result<Listed>
where
    R: sqlx::Row,
    Ticket: sqlx::FromRow<'r, R>,
    &'static str: sqlx::ColumnIndex<R>,
    Option<DateTime<Utc>>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    Ok(Listed { ticket: sqlx::FromRow::from_row(row)?, due_at: row.try_get("due_at")? })
}

/// Far future: where tickets without a due instant stand in the order by due.
pub(super) fn never() -> DateTime<Utc> {
    DateTime::from_timestamp(253_402_300_799, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The sort key of a row in a list.
pub fn place(listed: &Listed, sort: Sort) -> After {
    let key = match sort {
        Sort::Newest | Sort::Oldest => listed.ticket.opened_at,
        Sort::Due => listed.due_at.unwrap_or_else(never),
    };
    (key, listed.ticket.id)
}

/// Builds the one statement with free filters. Only literals and bound values go into it.
fn listing<DB>(seen: &Visibility, filter: &Filter, sort: Sort, after: Option<After>, limit: i64) -> QueryBuilder<DB>
where
    DB: sqlx::Database,
    String: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    i64: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    DateTime<Utc>: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
{
    let mut query = QueryBuilder::new(concat!(
        "select * from (select ",
        columns!(),
        ", haystack, (select due_at from sla_clock c where c.ticket_id = ticket.id and c.kind = 'resolution' \
         and c.line = 'total') as due_at from ticket) t where 1 = 1"
    ));
    narrow(&mut query, seen, filter);
    order(&mut query, sort, after);
    query.push(" limit ").push_bind(limit);
    query
}

/// Leaves what somebody may see and asks for. The columns stand without a table's name.
pub(super) fn narrow<DB>(query: &mut QueryBuilder<DB>, seen: &Visibility, filter: &Filter)
where
    DB: sqlx::Database,
    String: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    i64: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    DateTime<Utc>: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
{
    if !seen.all {
        // Tickets without an address belong to nobody, not to everybody without one.
        query.push(" and ((requester_email <> '' and requester_email = ").push_bind(seen.requester.clone()).push(")");
        for agency in &seen.agencies {
            query.push(" or agency = ").push_bind(agency.clone());
        }
        query.push(")");
    }
    if let Some(only) = &seen.only_agency {
        query.push(" and agency = ").push_bind(only.clone());
    }
    if !filter.statuses.is_empty() {
        query.push(" and status in (");
        let mut list = query.separated(", ");
        for status in &filter.statuses {
            list.push_bind(status.clone());
        }
        query.push(")");
    }
    let texts = [
        (" and agency = ", &filter.agency),
        (" and service = ", &filter.service),
        (" and priority = ", &filter.priority),
        (" and kind = ", &filter.kind),
    ];
    for (condition, value) in texts {
        if let Some(value) = value {
            query.push(condition).push_bind(value.clone());
        }
    }
    for (condition, value) in [(" and tier = ", filter.tier), (" and assignee = ", filter.assignee)] {
        if let Some(value) = value {
            query.push(condition).push_bind(value);
        }
    }
    match filter.breached {
        Some(true) => _ = query.push(" and breached_at is not null"),
        Some(false) => _ = query.push(" and breached_at is null"),
        None => {}
    }
    for word in filter.words.iter().flat_map(|words| words.split_whitespace()).take(8) {
        query.push(" and haystack like ").push_bind(like(word)).push(" escape '!'");
    }
    if let Some(from) = filter.opened_from {
        query.push(" and opened_at >= ").push_bind(from);
    }
    if let Some(to) = filter.opened_to {
        query.push(" and opened_at < ").push_bind(to);
    }
}

/// Leaves the tickets whose reporter somebody may learn; what is secret to him is neither shown nor found. To stand
/// behind `and` or `when`; the columns stand with the table's name.
pub(super) fn known_to<DB>(query: &mut QueryBuilder<DB>, knows: &Knows)
where
    DB: sqlx::Database,
    String: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
{
    if knows.all {
        query.push("1 = 1");
        return;
    }
    query.push(
        "(not exists (select 1 from reporter_wish w where w.ticket_id = ticket.id and w.secret) \
         or (ticket.requester_email <> '' and ticket.requester_email = ",
    );
    query.push_bind(knows.own.clone()).push(")");
    for agency in &knows.agencies {
        query.push(" or ticket.agency = ").push_bind(agency.clone());
    }
    query.push(")");
}

fn order<DB>(query: &mut QueryBuilder<DB>, sort: Sort, after: Option<After>)
where
    DB: sqlx::Database,
    i64: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    DateTime<Utc>: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
{
    if let Some((at, id)) = after {
        match sort {
            Sort::Newest => query.push(" and (opened_at, id) < ("),
            Sort::Oldest => query.push(" and (opened_at, id) > ("),
            Sort::Due => query.push(" and (coalesce(due_at, ").push_bind(never()).push("), id) > ("),
        };
        query.push_bind(at).push(", ").push_bind(id).push(")");
    }
    match sort {
        Sort::Newest => query.push(" order by opened_at desc, id desc"),
        Sort::Oldest => query.push(" order by opened_at, id"),
        Sort::Due => query.push(" order by coalesce(due_at, ").push_bind(never()).push("), id"),
    };
}

/// A pattern that finds a word anywhere, in small letters; to be followed by `escape '!'`.
pub(super) fn like(word: &str) -> String {
    format!("%{}%", escape_like(&word.to_lowercase()))
}

fn escape_like(word: &str) -> String {
    word.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

fn haystack(ticket: &Ticket) -> String {
    format!("{} {} {}", ticket.number, ticket.subject, ticket.description).to_lowercase()
}

/// A ticket that has no history at all, if there is one.
///
/// # Errors
/// The database does not answer.
pub async fn without_events(tx: &mut Tx) -> Result<Option<String>> {
    sql!(
        tx,
        fetch_optional scalar String,
        "select number from ticket t where not exists (select 1 from event e where e.stream = t.number) order by number limit 1",
    )
}
