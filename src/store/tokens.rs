//! API tokens, known by the digest of what was shown once.

use crate::domain::people::{Account, Grant, Role, Scope};
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// Keeps a token by its digest and gives its key; a token that is there already stays, without a key.
///
/// # Errors
/// The database does not answer.
pub async fn add(
    tx: &mut Tx,
    account: i64,
    hash: &str,
    label: &str,
    scope: Scope,
    only_agency: Option<&str>,
    at: DateTime<Utc>,
) -> Result<Option<i64>> {
    sql!(
        tx,
        fetch_optional scalar i64,
        "insert into api_token (hash, account_id, label, scope, agency, created_at) values ($1, $2, $3, $4, $5, $6) \
         on conflict (hash) do nothing returning id",
        hash,
        account,
        label,
        scope,
        only_agency,
        at,
    )
}

/// A token as it stands in a list.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Listed {
    /// Key inside the database.
    pub id: i64,
    /// Key of its owner.
    pub account_id: i64,
    /// Address of its owner.
    pub email: String,
    /// What it is for.
    pub label: String,
    /// What it may be used for.
    pub scope: Scope,
    /// The one agency it is limited to, if it is.
    pub agency: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Tokens of one account, or of all, newest first, before the one with key `before`.
///
/// # Errors
/// The database does not answer.
pub async fn list(tx: &mut Tx, account: Option<i64>, before: i64, limit: i64) -> Result<Vec<Listed>> {
    sql!(
        tx,
        fetch_all as Listed,
        "select t.id, t.account_id, a.email, t.label, t.scope, t.agency, t.created_at, t.revoked_at \
         from api_token t join account a on a.id = t.account_id \
         where ($1 is null or t.account_id = $1) and t.id < $2 order by t.id desc limit $3",
        account,
        before,
        limit,
    )
}

/// The token with a key.
///
/// # Errors
/// The database does not answer.
pub async fn by_id(tx: &mut Tx, id: i64) -> Result<Option<Listed>> {
    sql!(
        tx,
        fetch_optional as Listed,
        "select t.id, t.account_id, a.email, t.label, t.scope, t.agency, t.created_at, t.revoked_at \
         from api_token t join account a on a.id = t.account_id where t.id = $1",
        id,
    )
}

/// Revokes a token for good; `false` when it was revoked before.
///
/// # Errors
/// The database does not answer.
pub async fn revoke(tx: &mut Tx, id: i64, at: DateTime<Utc>) -> Result<bool> {
    let text = "update api_token set revoked_at = $2 where id = $1 and revoked_at is null";
    Ok(sql!(tx, execute, text, id, at)? == 1)
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenOwner {
    /// Whose it is.
    pub account: Account,
    /// The owner's roles.
    pub grants: Vec<Grant>,
    /// What it may be used for.
    pub scope: Scope,
    /// The one agency it is limited to, if it is.
    pub only_agency: Option<String>,
}

/// Whose token this is, by its digest, unless it was revoked.
///
/// # Errors
/// The database does not answer.
pub async fn owner(tx: &mut Tx, hash: &str) -> Result<Option<TokenOwner>> {
    let rows = sql!(
        tx,
        fetch_all as OwnerRow,
        "select a.id, a.email, a.name, a.nip, a.active, t.scope, t.agency as only_agency, g.role, g.agency \
         from api_token t join account a on a.id = t.account_id left join role_grant g on g.account_id = a.id \
         where t.hash = $1 and t.revoked_at is null order by g.role, g.agency",
        hash,
    )?;
    let mut grants = Vec::new();
    let mut owner = None;
    for row in rows {
        if let Some(role) = row.role {
            grants.push(Grant { role, agency: row.agency.filter(|code| !code.is_empty()) });
        }
        let OwnerRow { id, email, name, nip, active, scope, only_agency, .. } = row;
        owner = Some((Account { id, email, name, nip, active }, scope, only_agency));
    }
    Ok(owner.map(|(account, scope, only_agency)| TokenOwner { account, grants, scope, only_agency }))
}

/// An owner beside one of the roles held, if any.
#[derive(sqlx::FromRow)]
struct OwnerRow {
    id: i64,
    email: String,
    name: String,
    nip: Option<String>,
    active: bool,
    scope: Scope,
    only_agency: Option<String>,
    role: Option<Role>,
    agency: Option<String>,
}
