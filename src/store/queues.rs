//! The piles of open tickets that the work pages show, their counts, and the views people keep for themselves.

use crate::domain::people::{Role, Visibility};
use crate::error::Result;
use crate::store::tickets::{After, Filter, Listed, Sort, columns, listed, narrow, never};
use crate::store::{Connection, Tx};
use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;

/// With more agencies than these somebody's tickets are looked for all at once.
const MOST_DOORS: usize = 6;

/// What some of the open tickets have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pile {
    /// Everything open.
    Open,
    /// The promise is broken.
    Overdue,
    /// The heads have been warned, the promise still holds.
    Near,
    /// Nobody works on it.
    Unassigned,
    /// This account works on it.
    Mine(i64),
    /// The requester owes an answer.
    Waiting,
    /// The second line owns it.
    Escalated,
    /// The requester wrote last, and nobody of the staff has done anything since.
    Answered,
}

/// Where a page of a list begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The place it touches; not on the page itself.
    pub place: After,
    /// The page ends before the place instead of beginning after it.
    pub back: bool,
}

/// How many open tickets lie in each pile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Counts {
    /// Everything open.
    pub open: i64,
    /// The promise is broken.
    pub overdue: i64,
    /// The heads have been warned.
    pub near: i64,
    /// Nobody works on it.
    pub unassigned: i64,
    /// Of the account asked for.
    pub mine: i64,
    /// The requester owes an answer.
    pub waiting: i64,
    /// The second line owns it.
    pub escalated: i64,
}

/// What an agency has to work on.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Load {
    /// Code of the agency.
    pub agency: String,
    /// Its name.
    pub name: String,
    /// Open tickets.
    pub open: i64,
    /// Of those, past their end.
    pub overdue: i64,
    /// Of those, without any answer.
    pub unanswered: i64,
    /// When the oldest open one was opened. UTC.
    pub oldest: Option<DateTime<Utc>>,
}

/// A view somebody keeps.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SavedView {
    /// Key inside the database.
    pub id: i64,
    /// What its owner calls it.
    pub name: String,
    /// What stands behind the question mark of its address.
    pub query: String,
}

/// Tickets in all of the piles (in none: of whatever state) that somebody may see, at most `limit` from `turn` on, in order. By [`Sort::Due`] only open ones
/// are listed: those whose clock runs, then those whose clock stands still.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    tx: &mut Tx,
    seen: &Visibility,
    filter: &Filter,
    piles: &[Pile],
    sort: Sort,
    turn: Option<Turn>,
    limit: i64,
) -> Result<Vec<Listed>> {
    let back = turn.is_some_and(|turn| turn.back);
    let mut rows = Vec::new();
    let doors = doors(seen);
    for part in parts(sort, turn) {
        let left = limit - i64::try_from(rows.len()).unwrap_or(limit);
        if left > 0 {
            let mut found = Vec::new();
            for seen in &doors {
                let asked = Asked { seen, filter, piles, part, back, limit: left };
                found.extend(asked.rows(tx).await?);
            }
            if doors.len() > 1 {
                part.put_in_order(&mut found, back);
            }
            rows.extend(found.into_iter().take(usize::try_from(left).unwrap_or_default()));
        }
    }
    if back {
        rows.reverse();
    }
    Ok(rows)
}

/// A stretch of a list that one index holds in order, and the place it goes on from.
#[derive(Debug, Clone, Copy)]
enum Part {
    Running(Option<After>),
    Paused(Option<i64>),
    Newest(Option<After>),
    Oldest(Option<After>),
}

fn parts(sort: Sort, turn: Option<Turn>) -> Vec<Part> {
    let place = turn.map(|turn| turn.place);
    match (sort, turn) {
        (Sort::Newest, _) => vec![Part::Newest(place)],
        (Sort::Oldest, _) => vec![Part::Oldest(place)],
        (Sort::Due, None) => vec![Part::Running(None), Part::Paused(None)],
        (Sort::Due, Some(Turn { place: (at, id), back: false })) if at >= never() => vec![Part::Paused(Some(id))],
        (Sort::Due, Some(Turn { place: (at, id), back: true })) if at >= never() => {
            vec![Part::Paused(Some(id)), Part::Running(None)]
        }
        (Sort::Due, Some(Turn { back: false, .. })) => vec![Part::Running(place), Part::Paused(None)],
        (Sort::Due, Some(Turn { back: true, .. })) => vec![Part::Running(place)],
    }
}

impl Part {
    fn falls(self, back: bool) -> bool {
        back != matches!(self, Self::Newest(_))
    }

    /// What several doors gave as one list in the order of the stretch, each ticket once.
    fn put_in_order(self, found: &mut Vec<Listed>, back: bool) {
        let key = |row: &Listed| match self {
            Self::Running(_) => (row.due_at, row.ticket.id),
            Self::Paused(_) => (None, row.ticket.id),
            Self::Newest(_) | Self::Oldest(_) => (Some(row.ticket.opened_at), row.ticket.id),
        };
        found.sort_by_key(key);
        if self.falls(back) {
            found.reverse();
        }
        found.dedup_by_key(|row| row.ticket.id);
    }
}

/// The ways by which somebody sees tickets, one by one: each is held in order by an index, their union by none.
fn doors(seen: &Visibility) -> Vec<Visibility> {
    if seen.all || seen.agencies.len() > MOST_DOORS {
        return vec![seen.clone()];
    }
    let own = Visibility { agencies: Vec::new(), ..seen.clone() };
    let of_agency = |agency: &String| Visibility { all: true, only_agency: Some(agency.clone()), ..own.clone() };
    let within = |agency: &&String| seen.only_agency.as_ref().is_none_or(|only| only == *agency);
    let agencies = seen.agencies.iter().filter(within).map(of_agency);
    std::iter::once(own.clone()).filter(|own| !own.requester.is_empty()).chain(agencies).collect()
}

/// One statement for one stretch.
struct Asked<'a> {
    seen: &'a Visibility,
    filter: &'a Filter,
    piles: &'a [Pile],
    part: Part,
    back: bool,
    limit: i64,
}

impl Asked<'_> {
    async fn rows(&self, tx: &mut Tx) -> Result<Vec<Listed>> {
        match tx.flushed().await? {
            Connection::Sqlite(connection) => {
                let rows = self.statement::<sqlx::Sqlite>().build().fetch_all(connection).await?;
                rows.iter().map(listed).collect()
            }
            Connection::Postgres(connection) => {
                let rows = self.statement::<sqlx::Postgres>().build().fetch_all(connection).await?;
                rows.iter().map(listed).collect()
            }
        }
    }

    /// Only literals and bound values go into it; the conditions of partial indexes are literals.
    fn statement<DB>(&self) -> QueryBuilder<DB>
    where
        DB: sqlx::Database,
        String: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
        i64: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
        DateTime<Utc>: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    {
        let mut query =
            QueryBuilder::new(concat!("select ", columns!(), ", resolution_due as due_at from ticket where 1 = 1"));
        query.push(match self.part {
            Part::Running(_) => " and resolution_due is not null",
            Part::Paused(_) => " and resolution_due is null",
            Part::Newest(_) | Part::Oldest(_) => "",
        });
        if !self.piles.is_empty() || matches!(self.part, Part::Running(_) | Part::Paused(_)) {
            query.push(" and status not in ('resolved', 'closed', 'merged')");
        }
        for pile in self.piles {
            heap(&mut query, *pile);
        }
        narrow(&mut query, self.seen, self.filter);
        self.order(&mut query);
        query.push(" limit ").push_bind(self.limit);
        query
    }

    fn order<DB>(&self, query: &mut QueryBuilder<DB>)
    where
        DB: sqlx::Database,
        i64: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
        DateTime<Utc>: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    {
        let falls = self.part.falls(self.back);
        let (key, from) = match self.part {
            Part::Running(from) => ("resolution_due, id", from),
            Part::Newest(from) | Part::Oldest(from) => ("opened_at, id", from),
            Part::Paused(from) => {
                if let Some(id) = from {
                    query.push(if falls { " and id < " } else { " and id > " }).push_bind(id);
                }
                query.push(if falls { " order by id desc" } else { " order by id" });
                return;
            }
        };
        if let Some((at, id)) = from {
            query.push(" and (").push(key).push(if falls { ") < (" } else { ") > (" });
            query.push_bind(at).push(", ").push_bind(id).push(")");
        }
        query.push(match (key, falls) {
            ("resolution_due, id", false) => " order by resolution_due, id",
            ("resolution_due, id", true) => " order by resolution_due desc, id desc",
            (_, false) => " order by opened_at, id",
            (_, true) => " order by opened_at desc, id desc",
        });
    }
}

/// What makes a ticket one of a pile.
fn heap<DB>(query: &mut QueryBuilder<DB>, pile: Pile)
where
    DB: sqlx::Database,
    i64: for<'q> sqlx::Encode<'q, DB> + sqlx::Type<DB>,
{
    query.push(match pile {
        Pile::Open => "",
        Pile::Overdue => " and breached_at is not null",
        Pile::Near => " and breached_at is null and warned",
        Pile::Unassigned => " and assignee is null",
        Pile::Mine(_) => " and assignee = ",
        Pile::Waiting => " and status = 'pending_requester'",
        Pile::Escalated => " and tier > 1",
        Pile::Answered => " and answered_at is not null",
    });
    if let Pile::Mine(account) = pile {
        query.push_bind(account);
    }
}

/// How many open tickets somebody may see lie in each pile; `account` is whose own are counted. Read from the sums that
/// the database keeps, and from the tickets that somebody reported elsewhere himself.
///
/// # Errors
/// The database does not answer.
pub async fn counts(tx: &mut Tx, seen: &Visibility, account: i64) -> Result<Counts> {
    sql!(
        tx,
        fetch_one as Counts,
        "select cast(coalesce(sum(tickets), 0) as bigint) as \"open\", \
         cast(coalesce(sum(case when overdue then tickets else 0 end), 0) as bigint) as overdue, \
         cast(coalesce(sum(case when near then tickets else 0 end), 0) as bigint) as near, \
         cast(coalesce(sum(case when assignee = 0 then tickets else 0 end), 0) as bigint) as unassigned, \
         cast(coalesce(sum(case when assignee = $4 then tickets else 0 end), 0) as bigint) as mine, \
         cast(coalesce(sum(case when status = 'pending_requester' then tickets else 0 end), 0) as bigint) as waiting, \
         cast(coalesce(sum(case when tier > 1 then tickets else 0 end), 0) as bigint) as escalated from ( \
         select status, tier, assignee, overdue, near, tickets from open_tally \
         where ($1 or replace($3, '\"' || agency || '\"', '') <> $3) and ($5 is null or agency = $5) \
         union all select status, tier, coalesce(assignee, 0), breached_at is not null, warned and breached_at is null, 1 \
         from ticket where not $1 and requester_email <> '' and requester_email = $2 \
         and status not in ('resolved', 'closed', 'merged') and replace($3, '\"' || agency || '\"', '') = $3 \
         and ($5 is null or agency = $5)) as rows_seen",
        seen.all,
        &seen.requester,
        serde_json::to_string(&seen.agencies)?,
        account,
        &seen.only_agency,
    )
}

/// What each active agency has to work on, as far as somebody may see it.
///
/// # Errors
/// The database does not answer.
pub async fn loads(tx: &mut Tx, seen: &Visibility) -> Result<Vec<Load>> {
    sql!(
        tx,
        fetch_all as Load,
        "select a.code as agency, a.name, cast(coalesce(sum(t.tickets), 0) as bigint) as \"open\", \
         cast(coalesce(sum(case when t.overdue then t.tickets else 0 end), 0) as bigint) as overdue, \
         cast(coalesce(sum(case when t.status = 'new' then t.tickets else 0 end), 0) as bigint) as unanswered, \
         (select min(o.opened_at) from ticket o where o.agency = a.code \
         and o.status not in ('resolved', 'closed', 'merged')) as oldest \
         from agency a left join open_tally t on t.agency = a.code where a.active \
         and ($1 or replace($2, '\"' || a.code || '\"', '') <> $2) and ($3 is null or a.code = $3) \
         group by a.code, a.name order by a.code",
        seen.all,
        serde_json::to_string(&seen.agencies)?,
        &seen.only_agency,
    )
}

/// Adds up what came and went, so that the sums stay few; `mark` is a word of this run alone.
///
/// # Errors
/// The database does not answer.
pub async fn add_up(tx: &mut Tx, mark: &str) -> Result<()> {
    // Only marked rows are summed and removed: what others add meanwhile is left alone.
    sql!(tx, execute, "update open_tally set summing = $1", mark)?;
    sql!(
        tx,
        execute,
        "insert into open_tally (agency, status, tier, assignee, overdue, near, tickets) \
         select agency, status, tier, assignee, overdue, near, sum(tickets) from open_tally where summing = $1 \
         group by agency, status, tier, assignee, overdue, near having sum(tickets) <> 0",
        mark,
    )?;
    sql!(tx, execute, "delete from open_tally where summing = $1", mark)?;
    Ok(())
}

/// Codes of active agencies for which no active person holds `role`.
///
/// # Errors
/// The database does not answer.
pub async fn unheld(tx: &mut Tx, role: Role) -> Result<Vec<String>> {
    sql!(
        tx,
        fetch_all scalar String,
        "select code from agency where active and not exists (select 1 from role_grant g join account a on a.id = g.account_id \
         where a.active and g.role = $1 and g.agency in (agency.code, '')) order by code",
        role,
    )
}

/// Who handed a ticket over last; `None` when nobody did since it was opened.
///
/// # Errors
/// The database does not answer.
pub async fn last_hand_over(tx: &mut Tx, number: &str) -> Result<Option<String>> {
    sql!(
        tx,
        fetch_optional scalar String,
        "select actor from event where stream = $1 and kind = 'escalated' order by seq desc limit 1",
        number,
    )
}

/// Address and name of the active people who work on tickets that somebody may see, by name.
///
/// # Errors
/// The database does not answer.
pub async fn workers(tx: &mut Tx, seen: &Visibility) -> Result<Vec<(String, String)>> {
    sql!(
        tx,
        fetch_all as (String, String),
        "select distinct a.email, a.name from role_grant g join account a on a.id = g.account_id \
         where a.active and g.role in ('tier1_agent', 'tier2_unit') and ($1 or replace($2, '\"' || g.agency || '\"', '') <> $2) \
         and ($3 is null or g.agency in ($3, '')) order by a.name, a.email",
        seen.all,
        serde_json::to_string(&seen.agencies)?,
        &seen.only_agency,
    )
}

/// How many open tickets each account works on.
///
/// # Errors
/// The database does not answer.
pub async fn burdens(tx: &mut Tx) -> Result<Vec<(i64, i64)>> {
    sql!(
        tx,
        fetch_all as (i64, i64),
        "select assignee, count(*) from ticket where assignee is not null \
         and status not in ('resolved', 'closed', 'merged') group by assignee order by assignee",
    )
}

/// The views an account keeps, by name.
///
/// # Errors
/// The database does not answer.
pub async fn saved(tx: &mut Tx, account: i64) -> Result<Vec<SavedView>> {
    sql!(
        tx,
        fetch_all as SavedView,
        "select id, name, query from saved_view where account_id = $1 order by name, id",
        account,
    )
}

/// Keeps a view under a name; one of that name is replaced.
///
/// # Errors
/// The database does not answer.
pub async fn keep(tx: &mut Tx, account: i64, name: &str, query: &str, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into saved_view (account_id, name, query, created_at) values ($1, $2, $3, $4) \
         on conflict (account_id, name) do update set query = excluded.query",
        account,
        name,
        query,
        at,
    )?;
    Ok(())
}

/// Gives an account's view another name; `false` when it has none with this key or another bears the name.
///
/// # Errors
/// The database does not answer.
pub async fn rename(tx: &mut Tx, account: i64, id: i64, name: &str) -> Result<bool> {
    let changed = sql!(
        tx,
        execute,
        "update saved_view set name = $3 where id = $2 and account_id = $1 \
         and not exists (select 1 from saved_view o where o.account_id = $1 and o.name = $3 and o.id <> $2)",
        account,
        id,
        name,
    )?;
    Ok(changed == 1)
}

/// Forgets an account's view.
///
/// # Errors
/// The database does not answer.
pub async fn forget(tx: &mut Tx, account: i64, id: i64) -> Result<()> {
    sql!(tx, execute, "delete from saved_view where id = $2 and account_id = $1", account, id)?;
    Ok(())
}
