//! What people ask about their data, failures to protect it, and taking it out of where it stands.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// What somebody asked about his data.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DataRequest {
    /// Its key.
    pub id: i64,
    /// What people call it.
    pub code: String,
    /// What is asked, by its word.
    pub kind: String,
    /// Address of the person, lower case; empty once it was erased.
    pub email: String,
    /// Name of the person.
    pub name: String,
    /// What was said.
    pub note: String,
    /// When it came. UTC.
    pub received_at: DateTime<Utc>,
    /// Until when it is to be answered. UTC.
    pub due_at: DateTime<Utc>,
    /// Where it stands, by its word.
    pub state: String,
    /// What was answered, or why it was refused.
    pub answer: String,
    /// Who entered it.
    pub account_id: i64,
    /// When it was answered. UTC.
    pub settled_at: Option<DateTime<Utc>>,
    /// Grows with every change.
    pub version: i64,
}

/// A failure to protect personal data.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DataBreach {
    /// Its key.
    pub id: i64,
    /// What people call it.
    pub code: String,
    /// One line.
    pub title: String,
    /// Which data, when and how, and what is done about it.
    pub description: String,
    /// When it became known. UTC.
    pub known_at: DateTime<Utc>,
    /// Until when it is to be told. UTC.
    pub due_at: DateTime<Utc>,
    /// When the persons concerned were told. UTC.
    pub subjects_at: Option<DateTime<Utc>>,
    /// When the agency was told. UTC.
    pub agency_at: Option<DateTime<Utc>>,
    /// Who entered it.
    pub account_id: i64,
    /// Grows with every change.
    pub version: i64,
}

/// How many requests and failures were entered under codes that begin so.
///
/// # Errors
/// The database does not answer.
pub async fn count_codes(tx: &mut Tx, start: &str) -> Result<i64> {
    let like = format!("{start}%");
    sql!(
        tx,
        fetch_one scalar i64,
        "select (select count(*) from data_request where code like $1) + (select count(*) from data_breach where code like $1)",
        like,
    )
}

/// Enters a request (`id` is ignored).
///
/// # Errors
/// The database does not answer.
pub async fn add_request(tx: &mut Tx, it: &DataRequest) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into data_request (code, kind, email, name, note, received_at, due_at, state, account_id, version) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)",
        &it.code,
        &it.kind,
        &it.email,
        &it.name,
        &it.note,
        it.received_at,
        it.due_at,
        &it.state,
        it.account_id,
    )?;
    Ok(())
}

/// Requests: the open ones by the end of their time, then the others, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn requests(tx: &mut Tx, limit: i64) -> Result<Vec<DataRequest>> {
    sql!(
        tx,
        fetch_all as DataRequest,
        "select id, code, kind, email, name, note, received_at, due_at, state, answer, account_id, settled_at, version \
         from data_request order by case when state = 'open' then 0 else 1 end, \
         case when state = 'open' then due_at end, id desc limit $1",
        limit,
    )
}

/// The request with this code.
///
/// # Errors
/// The database does not answer.
pub async fn request(tx: &mut Tx, code: &str) -> Result<Option<DataRequest>> {
    sql!(
        tx,
        fetch_optional as DataRequest,
        "select id, code, kind, email, name, note, received_at, due_at, state, answer, account_id, settled_at, version \
         from data_request where code = $1",
        code,
    )
}

/// Keeps the answer to a request whose version is one less; `false` when somebody else was faster.
///
/// # Errors
/// The database does not answer.
pub async fn settle_request(tx: &mut Tx, it: &DataRequest) -> Result<bool> {
    let settled = sql!(
        tx,
        execute,
        "update data_request set state = $2, answer = $3, settled_at = $4, email = $5, name = $6, version = $7 \
         where id = $1 and version = $7 - 1",
        it.id,
        &it.state,
        &it.answer,
        it.settled_at,
        &it.email,
        &it.name,
        it.version,
    )?;
    Ok(settled == 1)
}

/// Enters a failure (`id` is ignored).
///
/// # Errors
/// The database does not answer.
pub async fn add_breach(tx: &mut Tx, it: &DataBreach) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into data_breach (code, title, description, known_at, due_at, account_id, version) \
         values ($1, $2, $3, $4, $5, $6, 1)",
        &it.code,
        &it.title,
        &it.description,
        it.known_at,
        it.due_at,
        it.account_id,
    )?;
    Ok(())
}

/// Failures, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn breaches(tx: &mut Tx, limit: i64) -> Result<Vec<DataBreach>> {
    sql!(
        tx,
        fetch_all as DataBreach,
        "select id, code, title, description, known_at, due_at, subjects_at, agency_at, account_id, version \
         from data_breach order by id desc limit $1",
        limit,
    )
}

/// Notes when a failure was told to whom; the first time stays. `false` when there is none with this code.
///
/// # Errors
/// The database does not answer.
pub async fn tell_breach(tx: &mut Tx, code: &str, to_agency: bool, at: DateTime<Utc>) -> Result<bool> {
    let told = if to_agency {
        let text = "update data_breach set agency_at = coalesce(agency_at, $2), version = version + 1 where code = $1";
        sql!(tx, execute, text, code, at)?
    } else {
        let text =
            "update data_breach set subjects_at = coalesce(subjects_at, $2), version = version + 1 where code = $1";
        sql!(tx, execute, text, code, at)?
    };
    Ok(told == 1)
}

/// Keys of the tickets of a requester, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn tickets_of(tx: &mut Tx, email: &str) -> Result<Vec<i64>> {
    sql!(tx, fetch_all scalar i64, "select id from ticket where requester_email = $1 order by id", email)
}

/// Writes who the requester of a ticket is; the row's version is looked after by the change around it.
///
/// # Errors
/// The database does not answer.
pub async fn name_requester(
    tx: &mut Tx,
    ticket: i64,
    name: &str,
    email: &str,
    nip: Option<&str>,
    phone: Option<&str>,
) -> Result<()> {
    sql!(
        tx,
        execute,
        "update ticket set requester_name = $2, requester_email = $3, requester_nip = $4, requester_phone = $5 where id = $1",
        ticket,
        name,
        email,
        nip,
        phone,
    )?;
    Ok(())
}

/// Takes the words out of a ticket's description.
///
/// # Errors
/// The database does not answer.
pub async fn erase_description(tx: &mut Tx, ticket: i64, words: &str) -> Result<()> {
    sql!(tx, execute, "update ticket set description = $2 where id = $1", ticket, words)?;
    Ok(())
}

/// Takes the words and the name of its author out of a message.
///
/// # Errors
/// The database does not answer.
pub async fn erase_message(tx: &mut Tx, message: i64, words: &str) -> Result<()> {
    sql!(tx, execute, "update message set body = $2, author_name = $2 where id = $1", message, words)?;
    Ok(())
}

/// Takes the files from a message.
///
/// # Errors
/// The database does not answer.
pub async fn erase_files(tx: &mut Tx, message: i64) -> Result<()> {
    sql!(tx, execute, "delete from attachment where message_id = $1", message)?;
    Ok(())
}

/// Does a file still belong to some message?
///
/// # Errors
/// The database does not answer.
pub async fn is_file_used(tx: &mut Tx, digest: &str) -> Result<bool> {
    sql!(tx, fetch_one scalar bool, "select exists (select 1 from attachment where sha256 = $1)", digest)
}

/// Takes the words and addresses out of the mails to and from a requester about a ticket. What came in is still known
/// when it comes again.
///
/// # Errors
/// The database does not answer.
pub async fn erase_mails(tx: &mut Tx, ticket: i64, email: &str, none: &[u8]) -> Result<()> {
    sql!(
        tx,
        execute,
        "update outbox set raw = $3, subject = '', recipient = '' where ticket_id = $1 and lower(recipient) = $2 \
         and state in ('sent', 'dead')",
        ticket,
        email,
        none,
    )?;
    sql!(
        tx,
        execute,
        "insert into mail_seen (mailbox, digest) select mailbox, digest from inbox where ticket_id = $1 \
         on conflict (mailbox, digest) do nothing",
        ticket,
    )?;
    sql!(tx, execute, "delete from mail_origin where ticket_id = $1", ticket)?;
    sql!(tx, execute, "delete from inbox where ticket_id = $1 and state in ('done', 'ignored', 'discarded')", ticket)?;
    Ok(())
}

/// Takes name and address from an account that holds no role, and closes it; `false` when there is none.
///
/// # Errors
/// The database does not answer.
pub async fn erase_account(tx: &mut Tx, email: &str, name: &str) -> Result<bool> {
    let erased = sql!(
        tx,
        execute,
        "update account set name = $2, email = 'dihapus-' || id || '@dihapus.invalid', nip = null, active = false \
         where email = $1 and not exists (select 1 from role_grant g where g.account_id = account.id)",
        email,
        name,
    )?;
    Ok(erased > 0)
}
