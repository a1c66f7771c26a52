//! How far mailboxes were read, and by whom.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// How far a mailbox was read.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Cursor {
    /// `user@host:port/folder`.
    pub name: String,
    /// The server's word for this numbering; 0 before the first contact.
    pub uid_validity: i64,
    /// The last message that was taken in.
    pub last_uid: i64,
    /// Fencing number of the lease.
    pub lease_no: i64,
    /// Messages taken in.
    pub taken: i64,
    /// When the server last answered. UTC.
    pub seen_at: Option<DateTime<Utc>>,
    /// What is wrong; `None` when all is well.
    pub problem: Option<String>,
    /// Since when. UTC.
    pub problem_at: Option<DateTime<Utc>>,
}

macro_rules! columns {
    () => {
        "name, uid_validity, last_uid, lease_no, taken, seen_at, problem, problem_at"
    };
}

/// Takes a mailbox to read until `lease`; `None` while another node has it. Instants are the machine's.
///
/// # Errors
/// The database does not answer.
pub async fn claim(tx: &mut Tx, name: &str, now: DateTime<Utc>, lease: DateTime<Utc>) -> Result<Option<Cursor>> {
    sql!(
        tx,
        execute,
        "insert into mailbox_cursor (name, uid_validity, last_uid, lease_no, taken) values ($1, 0, 0, 0, 0) \
         on conflict (name) do nothing",
        name,
    )?;
    sql!(
        tx,
        fetch_optional as Cursor,
        concat!(
            "update mailbox_cursor set lease_until = $3, lease_no = lease_no + 1 \
             where name = $1 and (lease_until is null or lease_until < $2) returning ",
            columns!()
        ),
        name,
        now,
        lease,
    )
}

/// Keeps a mailbox until `lease`, and notes that its server answered; `false` when another node has taken it.
///
/// # Errors
/// The database does not answer.
pub async fn keep(tx: &mut Tx, name: &str, lease_no: i64, now: DateTime<Utc>, lease: DateTime<Utc>) -> Result<bool> {
    let text = "update mailbox_cursor set lease_until = $4, seen_at = $3, problem = null, problem_at = null \
                where name = $1 and lease_no = $2";
    Ok(sql!(tx, execute, text, name, lease_no, now, lease)? == 1)
}

/// Keeps a mailbox until `lease`, whatever its server does.
///
/// # Errors
/// The database does not answer.
pub async fn renew(tx: &mut Tx, name: &str, lease_no: i64, lease: DateTime<Utc>) -> Result<()> {
    let text = "update mailbox_cursor set lease_until = $3 where name = $1 and lease_no = $2";
    sql!(tx, execute, text, name, lease_no, lease)?;
    Ok(())
}

/// Begins a new numbering behind `last_uid`; `false` when another node has taken the mailbox.
///
/// # Errors
/// The database does not answer.
pub async fn renumber(tx: &mut Tx, name: &str, lease_no: i64, uid_validity: i64, last_uid: i64) -> Result<bool> {
    let text = "update mailbox_cursor set uid_validity = $3, last_uid = $4 where name = $1 and lease_no = $2";
    Ok(sql!(tx, execute, text, name, lease_no, uid_validity, last_uid)? == 1)
}

/// Moves the cursor behind a message that was taken in; `false` when another node has taken the mailbox, and then
/// nothing may be kept that was done with it.
///
/// # Errors
/// The database does not answer.
pub async fn advance(tx: &mut Tx, name: &str, lease_no: i64, last_uid: i64) -> Result<bool> {
    let text = "update mailbox_cursor set last_uid = $3, taken = taken + 1 \
                where name = $1 and lease_no = $2 and last_uid < $3";
    Ok(sql!(tx, execute, text, name, lease_no, last_uid)? == 1)
}

/// Lets go of a mailbox, with what is wrong with it if anything is.
///
/// # Errors
/// The database does not answer.
pub async fn release(tx: &mut Tx, name: &str, lease_no: i64, now: DateTime<Utc>, problem: Option<&str>) -> Result<()> {
    let text = "update mailbox_cursor set lease_until = null, problem = $4, \
                problem_at = case when $4 is null then null else coalesce(problem_at, $3) end \
                where name = $1 and lease_no = $2";
    sql!(tx, execute, text, name, lease_no, now, problem).map(|_| ())
}

/// Every mailbox that was read at some time.
///
/// # Errors
/// The database does not answer.
pub async fn all(tx: &mut Tx) -> Result<Vec<Cursor>> {
    sql!(tx, fetch_all as Cursor, concat!("select ", columns!(), " from mailbox_cursor order by name"))
}
