//! Accounts, roles and tokens.

use crate::domain::people::{Account, Grant, Role};
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

/// The accounts with these keys, in the order of their keys.
///
/// # Errors
/// The database does not answer.
pub async fn by_ids(tx: &mut Tx, ids: &[i64]) -> Result<Vec<Account>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    many!(tx, fetch_all as Account, query => {
        query.push("select id, email, name, nip, active from account where id in (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(*id);
        }
        query.push(") order by id");
    })
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

/// Keeps a password of an account, as a PHC string.
///
/// # Errors
/// The database does not answer.
pub async fn set_password(tx: &mut Tx, id: i64, hash: &str) -> Result<()> {
    sql!(tx, execute, "update account set password_hash = $2 where id = $1", id, hash)?;
    Ok(())
}

/// Keeps address, name and number of an account.
///
/// # Errors
/// The address is taken, or the database does not answer.
pub async fn save(tx: &mut Tx, account: &Account) -> Result<()> {
    sql!(
        tx,
        execute,
        "update account set email = $2, name = $3, nip = $4 where id = $1",
        account.id,
        &account.email,
        &account.name,
        &account.nip,
    )?;
    Ok(())
}

/// How an account signs in and when it last did something.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Standing {
    /// It has a password.
    pub has_password: bool,
    /// It has a second factor.
    pub has_totp: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When a session of it that still stands was last used.
    pub seen_at: Option<DateTime<Utc>>,
}

/// How an account signs in.
///
/// # Errors
/// There is no such account, or the database does not answer.
pub async fn standing(tx: &mut Tx, id: i64) -> Result<Standing> {
    sql!(
        tx,
        fetch_one as Standing,
        "select password_hash is not null as has_password, \
         exists (select 1 from totp t where t.account_id = a.id and t.confirmed_at is not null) as has_totp, \
         created_at, (select max(seen_at) from session s where s.account_id = a.id) as seen_at \
         from account a where id = $1",
        id,
    )
}

/// Which accounts a list is of.
#[derive(Debug, Clone, Default)]
pub struct PeopleFilter {
    /// Part of the name or the address, lower case.
    pub words: Option<String>,
    /// Only those who hold this role.
    pub role: Option<Role>,
    /// Only those who hold a role for this agency.
    pub agency: Option<String>,
    /// Only those who may do something, or only those who may not.
    pub active: Option<bool>,
    /// Only those who hold a role for one of these agencies.
    pub within: Option<Vec<String>>,
}

/// Accounts in the order of their addresses, behind the one with address `after`.
///
/// # Errors
/// The database does not answer.
pub async fn page(tx: &mut Tx, filter: &PeopleFilter, after: &str, limit: i64) -> Result<Vec<Account>> {
    let words = filter.words.as_deref().map(|words| {
        let plain = words.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        format!("%{plain}%")
    });
    // Codes of agencies hold neither commas nor signs that mean something to `like`.
    let within = filter.within.as_ref().map(|codes| format!(",{},", codes.join(",")));
    sql!(
        tx,
        fetch_all as Account,
        "select id, email, name, nip, active from account a where email > $1 \
         and ($2 is null or lower(name) like $2 escape '!' or email like $2 escape '!') \
         and ($3 is null or active = $3) \
         and (($4 is null and $5 is null and $6 is null) or exists (select 1 from role_grant g where g.account_id = a.id \
         and ($4 is null or g.role = $4) and ($5 is null or g.agency = $5) \
         and ($6 is null or (g.agency <> '' and $6 like '%,' || g.agency || ',%')))) \
         order by email limit $7",
        after,
        words.as_deref(),
        filter.active,
        filter.role.map(Role::as_str),
        filter.agency.as_deref(),
        within.as_deref(),
        limit,
    )
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

/// Takes a role from an account; `false` when it was not held.
///
/// # Errors
/// The database does not answer.
pub async fn revoke(tx: &mut Tx, account: i64, grant: &Grant) -> Result<bool> {
    let text = "delete from role_grant where account_id = $1 and role = $2 and agency = $3";
    Ok(sql!(tx, execute, text, account, grant.role, grant.agency.as_deref().unwrap_or(""))? == 1)
}

/// Codes of agencies whose first line nobody active holds, in their order.
///
/// # Errors
/// The database does not answer.
pub async fn without_first_line(tx: &mut Tx) -> Result<Vec<String>> {
    sql!(
        tx,
        fetch_all scalar String,
        "select code from agency where active and not exists (select 1 from role_grant g join account a on a.id = g.account_id \
         where a.active and g.role = 'tier1_agent' and g.agency in (agency.code, '')) order by code",
    )
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

/// Every role that an active person holds, in the order of the people's addresses.
///
/// # Errors
/// The database does not answer.
pub async fn held(tx: &mut Tx) -> Result<Vec<(Account, Grant)>> {
    let rows = sql!(
        tx,
        fetch_all as (i64, String, String, Option<String>, Role, String),
        "select a.id, a.email, a.name, a.nip, g.role, g.agency from role_grant g join account a on a.id = g.account_id \
         where a.active order by a.email, g.role, g.agency",
    )?;
    let one = |(id, email, name, nip, role, agency): (i64, String, String, Option<String>, Role, String)| {
        let agency = Some(agency).filter(|code| !code.is_empty());
        (Account { id, email, name, nip, active: true }, Grant { role, agency })
    };
    Ok(rows.into_iter().map(one).collect())
}
