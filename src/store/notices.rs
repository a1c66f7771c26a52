//! What heads and units are told, until it leaves as mail.

use crate::domain::clock_plan::StepKind;
use crate::domain::people::Role;
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// A notice that waits to be mailed.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Notice {
    /// Key inside the database.
    pub id: i64,
    /// The person told.
    pub account_id: i64,
    /// The ticket it is about.
    pub ticket_id: i64,
    /// The step that caused it.
    pub kind: StepKind,
    /// When that was due. UTC.
    pub due_at: DateTime<Utc>,
    /// When it was noticed. UTC.
    pub detected_at: DateTime<Utc>,
}

/// Notes that whoever holds `role` for `agency`, or for no particular one, must be told of a step; once per
/// person and step.
///
/// # Errors
/// The database does not answer.
pub async fn tell(tx: &mut Tx, role: Role, agency: &str, notice: &NewNotice) -> Result<()> {
    later!(tx, query => {
        query.push("insert into notice (account_id, ticket_id, kind, cycle, due_at, detected_at) select distinct a.id, ");
        query.push_bind(notice.ticket).push(", ").push_bind(notice.kind).push(", ").push_bind(notice.cycle);
        query.push(", ").push_bind(notice.due_at).push(", ").push_bind(notice.detected_at);
        query.push(" from role_grant g join account a on a.id = g.account_id where g.role = ").push_bind(role);
        query.push(" and g.agency in (").push_bind(agency.to_owned());
        query.push(", '') and a.active on conflict (account_id, ticket_id, kind, cycle) do nothing");
    })
}

/// What somebody is to be told.
#[derive(Debug, Clone, Copy)]
pub struct NewNotice {
    /// The ticket it is about.
    pub ticket: i64,
    /// The step that caused it.
    pub kind: StepKind,
    /// Which round of it.
    pub cycle: i64,
    /// When that was due. UTC.
    pub due_at: DateTime<Utc>,
    /// When it was noticed. UTC.
    pub detected_at: DateTime<Utc>,
}

/// Notices not mailed yet, person by person.
///
/// # Errors
/// The database does not answer.
pub async fn waiting(tx: &mut Tx) -> Result<Vec<Notice>> {
    sql!(
        tx,
        fetch_all as Notice,
        "select id, account_id, ticket_id, kind, due_at, detected_at from notice where mailed_at is null order by account_id, due_at, id",
    )
}

/// Marks a notice as mailed; `false` when it was before.
///
/// # Errors
/// The database does not answer.
pub async fn mark_mailed(tx: &mut Tx, id: i64, at: DateTime<Utc>) -> Result<bool> {
    let changed = sql!(tx, execute, "update notice set mailed_at = $2 where id = $1 and mailed_at is null", id, at)?;
    Ok(changed == 1)
}
