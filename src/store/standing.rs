//! How an agency stands: what came in and went out, the promises it broke, and who works there.

use crate::domain::people::{Role, Visibility};
use crate::domain::ticket::Priority;
use crate::domain::trend::Flow;
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// A broken promise and who held the ticket.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Breach {
    /// The ticket's key: its place in the list.
    pub id: i64,
    /// Its number.
    pub number: String,
    /// Its subject.
    pub subject: String,
    /// Its priority.
    pub priority: Priority,
    /// When the promise was broken. UTC.
    pub breached_at: DateTime<Utc>,
    /// The line that held it then.
    pub breached_tier: Option<i64>,
    /// Who works on it.
    pub assignee: Option<String>,
    /// It is still open.
    pub is_open: bool,
}

/// Somebody who holds a role for an agency.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Holder {
    /// Key of the account.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// A disabled account may do nothing.
    pub active: bool,
    /// The role.
    pub role: Role,
    /// When a session that still stands was last used. UTC.
    pub session_at: Option<DateTime<Utc>>,
    /// When the last event of theirs happened. UTC.
    pub event_at: Option<DateTime<Utc>>,
}

/// When the tickets of an agency came in and went out, as far as either happened since an instant.
///
/// # Errors
/// The database does not answer.
pub async fn flow(tx: &mut Tx, agency: &str, since: DateTime<Utc>) -> Result<Vec<Flow>> {
    sql!(
        tx,
        fetch_all as Flow,
        "select opened_at, ended_at from (select opened_at, \
         case when status in ('resolved', 'closed', 'merged') then coalesce(resolved_at, closed_at, updated_at) end as ended_at \
         from ticket where agency = $1) flow where opened_at >= $2 or ended_at >= $2",
        agency,
        since,
    )
}

/// Promises of an agency broken since an instant, the newest first, on tickets somebody may see, before the place
/// `before`.
///
/// # Errors
/// The database does not answer.
pub async fn breaches(
    tx: &mut Tx,
    seen: &Visibility,
    agency: &str,
    since: DateTime<Utc>,
    before: Option<(DateTime<Utc>, i64)>,
    limit: i64,
) -> Result<Vec<Breach>> {
    sql!(
        tx,
        fetch_all as Breach,
        "select t.id, t.number, t.subject, t.priority, t.breached_at, t.breached_tier, a.name as assignee, \
         t.status not in ('resolved', 'closed', 'merged') as is_open from ticket t left join account a on a.id = t.assignee \
         where t.breached_at is not null and t.agency = $1 and t.breached_at >= $2 \
         and ($3 or replace($4, '\"' || t.agency || '\"', '') <> $4) and ($5 is null or t.agency = $5) \
         and ($6 is null or t.breached_at < $6 or (t.breached_at = $6 and t.id < $7)) \
         order by t.breached_at desc, t.id desc limit $8",
        agency,
        since,
        seen.all,
        serde_json::to_string(&seen.agencies)?,
        &seen.only_agency,
        before.map(|before| before.0),
        before.map(|before| before.1),
        limit,
    )
}

/// Who holds a role for an agency itself, those who may do something first.
///
/// # Errors
/// The database does not answer.
pub async fn holders(tx: &mut Tx, agency: &str) -> Result<Vec<Holder>> {
    sql!(
        tx,
        fetch_all as Holder,
        "select a.id, a.name, a.email, a.active, g.role, \
         (select max(seen_at) from session s where s.account_id = a.id) as session_at, \
         (select max(at) from event e where e.actor = 'user:' || a.id) as event_at \
         from role_grant g join account a on a.id = g.account_id where g.agency = $1 \
         order by a.active desc, g.role desc, a.name, a.id",
        agency,
    )
}
