//! Signed-in browsers, known by the digest of their cookie, and links that sign in.

use crate::domain::people::Account;
use crate::domain::ticket::Language;
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// A session about to begin.
#[derive(Debug, Clone)]
pub struct NewSession<'a> {
    /// Digest of its cookie.
    pub hash: &'a str,
    /// Whose it is.
    pub account: i64,
    /// The second factor is still owed.
    pub owes_code: bool,
    /// It began with a mailed link.
    pub by_link: bool,
    /// Program and system of the browser.
    pub browser: &'a str,
    /// Where it came from, masked.
    pub source: &'a str,
}

/// A session with its owner.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Session {
    /// Key inside the database.
    pub id: i64,
    /// Whose it is.
    #[sqlx(flatten)]
    pub account: Owner,
    /// The second factor is still owed.
    pub owes_code: bool,
    /// It began with a mailed link.
    pub by_link: bool,
    /// The owner has a second factor.
    pub has_totp: bool,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, give or take a few minutes.
    pub seen_at: DateTime<Utc>,
}

/// The owner's columns beside those of a session.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Owner {
    account_id: i64,
    email: String,
    name: String,
    nip: Option<String>,
    active: bool,
}

impl From<Owner> for Account {
    fn from(owner: Owner) -> Self {
        let Owner { account_id, email, name, nip, active } = owner;
        Self { id: account_id, email, name, nip, active }
    }
}

/// A session as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Listed {
    /// Key inside the database.
    pub id: i64,
    /// Program and system of the browser.
    pub browser: String,
    /// Where it came from, masked.
    pub source: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used.
    pub seen_at: DateTime<Utc>,
}

/// Keeps a new session.
///
/// # Errors
/// The database does not answer.
pub async fn insert(tx: &mut Tx, new: &NewSession<'_>, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into session (hash, account_id, step, by_link, browser, source, created_at, seen_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
        new.hash,
        new.account,
        if new.owes_code { "code" } else { "open" },
        new.by_link,
        new.browser,
        new.source,
        at,
    )?;
    Ok(())
}

/// The session with a digest, however old.
///
/// # Errors
/// The database does not answer.
pub async fn find(tx: &mut Tx, hash: &str) -> Result<Option<Session>> {
    sql!(
        tx,
        fetch_optional as Session,
        "select s.id, s.account_id, a.email, a.name, a.nip, a.active, s.step = 'code' as owes_code, s.by_link, \
         exists (select 1 from totp t where t.account_id = a.id and t.confirmed_at is not null) as has_totp, \
         s.created_at, s.seen_at from session s join account a on a.id = s.account_id where s.hash = $1",
        hash,
    )
}

/// Sessions of an account, last used first.
///
/// # Errors
/// The database does not answer.
pub async fn of_account(tx: &mut Tx, account: i64) -> Result<Vec<Listed>> {
    sql!(
        tx,
        fetch_all as Listed,
        "select id, browser, source, created_at, seen_at from session where account_id = $1 order by seen_at desc, id desc",
        account,
    )
}

/// Notes that a session was used.
///
/// # Errors
/// The database does not answer.
pub async fn touch(tx: &mut Tx, id: i64, at: DateTime<Utc>) -> Result<()> {
    sql!(tx, execute, "update session set seen_at = $2 where id = $1", id, at)?;
    Ok(())
}

/// Gives a session another cookie and opens it; the old cookie is worth nothing any more. `false` when the session
/// has ended meanwhile.
///
/// # Errors
/// The database does not answer.
pub async fn renew(tx: &mut Tx, id: i64, hash: &str, by_link: bool) -> Result<bool> {
    let text = "update session set hash = $2, step = 'open', by_link = $3 where id = $1";
    Ok(sql!(tx, execute, text, id, hash, by_link)? == 1)
}

/// Ends a session.
///
/// # Errors
/// The database does not answer.
pub async fn end(tx: &mut Tx, hash: &str) -> Result<()> {
    sql!(tx, execute, "delete from session where hash = $1", hash)?;
    Ok(())
}

/// Ends one session of an account; `false` when it has none of this key.
///
/// # Errors
/// The database does not answer.
pub async fn end_one(tx: &mut Tx, account: i64, id: i64) -> Result<bool> {
    Ok(sql!(tx, execute, "delete from session where account_id = $1 and id = $2", account, id)? == 1)
}

/// Ends all sessions of an account, except `kept`; gives how many.
///
/// # Errors
/// The database does not answer.
pub async fn end_all(tx: &mut Tx, account: i64, kept: Option<i64>) -> Result<u64> {
    sql!(tx, execute, "delete from session where account_id = $1 and id <> $2", account, kept.unwrap_or(-1))
}

/// Forgets sessions that nobody has used since `before`.
///
/// # Errors
/// The database does not answer.
pub async fn forget(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    sql!(tx, execute, "delete from session where seen_at < $1", before)
}

/// Keeps a link that signs in once until `until`.
///
/// # Errors
/// The database does not answer.
pub async fn add_link(tx: &mut Tx, hash: &str, account: i64, for_password: bool, until: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into sign_in_link (hash, account_id, for_password, until) values ($1, $2, $3, $4)",
        hash,
        account,
        for_password,
        until
    )?;
    Ok(())
}

/// Takes a link away and gives whom it signs in and whether a new password is wanted, unless it is over.
///
/// # Errors
/// The database does not answer.
pub async fn take_link(tx: &mut Tx, hash: &str, now: DateTime<Utc>) -> Result<Option<(i64, bool)>> {
    sql!(
        tx,
        fetch_optional as (i64, bool),
        "delete from sign_in_link where hash = $1 and until > $2 returning account_id, for_password",
        hash,
        now
    )
}

/// Takes every link of an account away.
///
/// # Errors
/// The database does not answer.
pub async fn end_links(tx: &mut Tx, account: i64) -> Result<u64> {
    sql!(tx, execute, "delete from sign_in_link where account_id = $1", account)
}

/// Forgets links that were over before `before`.
///
/// # Errors
/// The database does not answer.
pub async fn forget_links(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    sql!(tx, execute, "delete from sign_in_link where until < $1", before)
}

/// A link that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct LinkRequest {
    /// The address as it was typed, lower case.
    pub email: String,
    /// A new password is wanted.
    pub for_password: bool,
    /// Language of the mail.
    pub language: Language,
}

/// Notes that somebody asked for a link.
///
/// # Errors
/// The database does not answer.
pub async fn ask_link(tx: &mut Tx, request: &LinkRequest, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into link_request (email, for_password, language, at) values ($1, $2, $3, $4)",
        &request.email,
        request.for_password,
        request.language,
        at,
    )?;
    Ok(())
}

/// Does anybody wait for a link?
///
/// # Errors
/// The database does not answer.
pub async fn any_asked(tx: &mut Tx) -> Result<bool> {
    sql!(tx, fetch_one scalar bool, "select exists (select 1 from link_request)")
}

/// Takes away what was asked for.
///
/// # Errors
/// The database does not answer.
pub async fn take_asked(tx: &mut Tx) -> Result<Vec<LinkRequest>> {
    sql!(tx, fetch_all as LinkRequest, "delete from link_request returning email, for_password, language")
}
