//! Accounts, roles and tokens.

use crate::domain::people::{Account, Grant, Role, Scope};
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// The account with an address (lower case).
///
/// # Errors
/// The database does not answer.
pub async fn by_email(tx: &mut Tx, email: &str) -> Result<Option<Account>> {
    sql!(tx, fetch_optional as Account, "select id, email, name, nip, active from account where email = $1", email)
}

/// The account with a key.
///
/// # Errors
/// The database does not answer.
pub async fn by_id(tx: &mut Tx, id: i64) -> Result<Option<Account>> {
    sql!(tx, fetch_optional as Account, "select id, email, name, nip, active from account where id = $1", id)
}

/// All accounts in the order of their addresses.
///
/// # Errors
/// The database does not answer.
pub async fn all(tx: &mut Tx) -> Result<Vec<Account>> {
    sql!(tx, fetch_all as Account, "select id, email, name, nip, active from account order by email")
}

/// Adds an account and gives its key (`account.id` is ignored).
///
/// # Errors
/// The address is taken, or the database does not answer.
pub async fn insert(tx: &mut Tx, account: &Account, password_hash: Option<&str>, at: DateTime<Utc>) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into account (email, name, nip, password_hash, active, created_at) values ($1, $2, $3, $4, $5, $6) returning id",
        &account.email,
        &account.name,
        &account.nip,
        password_hash,
        account.active,
        at,
    )
}

/// Allows or forbids an account to do anything; ends its sessions when forbidden.
///
/// # Errors
/// The database does not answer.
pub async fn set_active(tx: &mut Tx, id: i64, active: bool) -> Result<()> {
    sql!(tx, execute, "update account set active = $2 where id = $1", id, active)?;
    if !active {
        sql!(tx, execute, "delete from session where account_id = $1", id)?;
    }
    Ok(())
}

/// The stored password of an account, as a PHC string.
///
/// # Errors
/// The database does not answer.
pub async fn password_hash(tx: &mut Tx, id: i64) -> Result<Option<String>> {
    Ok(sql!(tx, fetch_optional scalar Option<String>, "select password_hash from account where id = $1", id)?.flatten())
}

/// What roles an account holds.
///
/// # Errors
/// The database does not answer.
pub async fn grants(tx: &mut Tx, account: i64) -> Result<Vec<Grant>> {
    let rows = sql!(
        tx,
        fetch_all as (Role, String),
        "select role, agency from role_grant where account_id = $1 order by role, agency",
        account,
    )?;
    Ok(rows
        .into_iter()
        .map(|(role, agency)| Grant { role, agency: Some(agency).filter(|code| !code.is_empty()) })
        .collect())
}

/// Gives a role to an account.
///
/// # Errors
/// The database does not answer.
pub async fn grant(tx: &mut Tx, account: i64, grant: &Grant) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into role_grant (account_id, role, agency) values ($1, $2, $3) on conflict (account_id, role, agency) do nothing",
        account,
        grant.role,
        grant.agency.as_deref().unwrap_or(""),
    )?;
    Ok(())
}

/// Active people who hold `role` for `agency` itself (for the whole region: empty), in the order of their keys.
///
/// # Errors
/// The database does not answer.
pub async fn holders(tx: &mut Tx, role: Role, agency: &str) -> Result<Vec<Account>> {
    sql!(
        tx,
        fetch_all as Account,
        "select distinct a.id, a.email, a.name, a.nip, a.active from role_grant g join account a on a.id = g.account_id \
         where a.active and g.role = $1 and g.agency = $2 order by a.id",
        role,
        agency,
    )
}

/// Does an active person hold `role`, for `agency` or for no particular one?
///
/// # Errors
/// The database does not answer.
pub async fn is_held(tx: &mut Tx, role: Role, agency: &str) -> Result<bool> {
    sql!(
        tx,
        fetch_one scalar bool,
        "select exists (select 1 from role_grant g join account a on a.id = g.account_id \
         where a.active and g.role = $1 and g.agency in ($2, ''))",
        role,
        agency,
    )
}

/// Keeps a token by its digest.
///
/// # Errors
/// The database does not answer.
pub async fn add_token(
    tx: &mut Tx,
    account: i64,
    hash: &str,
    label: &str,
    scope: Scope,
    only_agency: Option<&str>,
    at: DateTime<Utc>,
) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into api_token (hash, account_id, label, scope, agency, created_at) values ($1, $2, $3, $4, $5, $6) \
         on conflict (hash) do nothing",
        hash,
        account,
        label,
        scope,
        only_agency,
        at,
    )?;
    Ok(())
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
pub async fn by_token(tx: &mut Tx, hash: &str) -> Result<Option<TokenOwner>> {
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
