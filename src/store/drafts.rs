//! What people have begun to write on tickets.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// A draft with its writer.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Draft {
    /// Key inside the database.
    pub id: i64,
    /// The ticket it is for.
    pub ticket_id: i64,
    /// Whose it is.
    pub account_id: i64,
    /// Name of its writer.
    pub name: String,
    /// `answer` or `note`.
    pub kind: String,
    /// The text so far.
    pub body: String,
    /// The ready-made answer it began with.
    pub reply_id: Option<i64>,
    /// When it was saved last. UTC.
    pub updated_at: DateTime<Utc>,
}

/// A draft about to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewDraft<'a> {
    /// The ticket it is for.
    pub ticket: i64,
    /// Whose it is.
    pub account: i64,
    /// `answer` or `note`.
    pub kind: &'a str,
    /// The text so far.
    pub body: &'a str,
    /// The ready-made answer it began with.
    pub reply: Option<i64>,
}

/// Drafts on a ticket by anybody, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn on_ticket(tx: &mut Tx, ticket: i64) -> Result<Vec<Draft>> {
    sql!(
        tx,
        fetch_all as Draft,
        "select d.id, d.ticket_id, d.account_id, a.name, d.kind, d.body, d.reply_id, d.updated_at from ticket_draft d \
         join account a on a.id = d.account_id where d.ticket_id = $1 order by d.updated_at, d.id",
        ticket,
    )
}

/// Keeps a draft in the place of the one its writer had there.
///
/// # Errors
/// The database does not answer.
pub async fn keep_draft(tx: &mut Tx, draft: &NewDraft<'_>, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into ticket_draft (ticket_id, account_id, kind, body, reply_id, updated_at) values ($1, $2, $3, $4, $5, $6) \
         on conflict (ticket_id, account_id, kind) do update set body = excluded.body, reply_id = excluded.reply_id, \
         updated_at = excluded.updated_at",
        draft.ticket,
        draft.account,
        draft.kind,
        draft.body,
        draft.reply,
        at,
    )?;
    Ok(())
}

/// Takes away somebody's draft.
///
/// # Errors
/// The database does not answer.
pub async fn drop_draft(tx: &mut Tx, ticket: i64, account: i64, kind: &str) -> Result<()> {
    let text = "delete from ticket_draft where ticket_id = $1 and account_id = $2 and kind = $3";
    sql!(tx, execute, text, ticket, account, kind)?;
    Ok(())
}

/// Forgets drafts on tickets that nobody has touched since `before`.
///
/// # Errors
/// The database does not answer.
pub async fn forget_old_drafts(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    sql!(tx, execute, "delete from ticket_draft where updated_at < $1", before)
}

/// How many active people work on tickets of an agency.
///
/// # Errors
/// The database does not answer.
pub async fn team_size(tx: &mut Tx, agency: &str) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "select count(distinct a.id) from role_grant g join account a on a.id = g.account_id \
         where a.active and g.role in ('tier1_agent', 'tier2_unit') and g.agency in ($1, '')",
        agency,
    )
}
