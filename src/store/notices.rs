//! What heads and units are told, until it leaves as mail.

use crate::domain::clock_plan::StepKind;
use crate::domain::notice::NoticeChoice;
use crate::domain::people::{Role, Visibility};
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

/// What the people for whom notices wait have chosen: account, kind of step, choice.
///
/// # Errors
/// The database does not answer.
pub async fn choices_of_waiting(tx: &mut Tx) -> Result<Vec<(i64, StepKind, NoticeChoice)>> {
    sql!(
        tx,
        fetch_all as (i64, StepKind, NoticeChoice),
        "select account_id, kind, choice from notice_choice where account_id in \
         (select account_id from notice where mailed_at is null) order by id",
    )
}

/// What somebody has chosen.
///
/// # Errors
/// The database does not answer.
pub async fn choices_of(tx: &mut Tx, account: i64) -> Result<Vec<(StepKind, NoticeChoice)>> {
    let text = "select kind, choice from notice_choice where account_id = $1 order by id";
    sql!(tx, fetch_all as (StepKind, NoticeChoice), text, account)
}

/// Keeps how somebody wants to be told of steps of a kind.
///
/// # Errors
/// The database does not answer.
pub async fn choose(tx: &mut Tx, account: i64, kind: StepKind, choice: NoticeChoice) -> Result<()> {
    let text = "insert into notice_choice (account_id, kind, choice) values ($1, $2, $3) \
                on conflict (account_id, kind) do update set choice = excluded.choice";
    sql!(tx, execute, text, account, kind, choice).map(|_| ())
}

/// A notice as its reader sees it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ToldNotice {
    /// Key inside the database.
    pub id: i64,
    /// The ticket's number.
    pub number: String,
    /// Its subject.
    pub subject: String,
    /// Its agency.
    pub agency: String,
    /// The step that caused it.
    pub kind: StepKind,
    /// When that was due. UTC.
    pub due_at: DateTime<Utc>,
    /// When it was noticed. UTC.
    pub detected_at: DateTime<Utc>,
    /// When its reader has ticked it off. UTC.
    pub read_at: Option<DateTime<Utc>>,
}

/// Notices of an account about tickets it may see, newest first, before the key `before`; `all` also those it has
/// read.
///
/// # Errors
/// The database does not answer.
pub async fn of_account(
    tx: &mut Tx,
    seen: &Visibility,
    account: i64,
    all: bool,
    before: i64,
    limit: i64,
) -> Result<Vec<ToldNotice>> {
    sql!(
        tx,
        fetch_all as ToldNotice,
        "select n.id, t.number, t.subject, t.agency, n.kind, n.due_at, n.detected_at, n.read_at \
         from notice n join ticket t on t.id = n.ticket_id where n.account_id = $1 and ($2 or n.read_at is null) and n.id < $3 \
         and ($4 or (t.requester_email <> '' and t.requester_email = $5) or replace($6, '\"' || t.agency || '\"', '') <> $6) \
         and ($7 is null or t.agency = $7) order by n.id desc limit $8",
        account,
        all,
        before,
        seen.all,
        &seen.requester,
        serde_json::to_string(&seen.agencies)?,
        &seen.only_agency,
        limit,
    )
}

/// How many notices of an account about tickets it may see have not been read.
///
/// # Errors
/// The database does not answer.
pub async fn unread(tx: &mut Tx, seen: &Visibility, account: i64) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "select count(*) from notice n join ticket t on t.id = n.ticket_id where n.account_id = $1 and n.read_at is null \
         and ($2 or (t.requester_email <> '' and t.requester_email = $3) or replace($4, '\"' || t.agency || '\"', '') <> $4) \
         and ($5 is null or t.agency = $5)",
        account,
        seen.all,
        &seen.requester,
        serde_json::to_string(&seen.agencies)?,
        &seen.only_agency,
    )
}

/// Ticks off the notices of an account up to the key `last`: about one ticket, or all of them.
///
/// # Errors
/// The database does not answer.
pub async fn mark_read(tx: &mut Tx, account: i64, number: Option<&str>, last: i64, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "update notice set read_at = $4 where account_id = $1 and read_at is null and id <= $3 \
         and ($2 is null or ticket_id = (select id from ticket where number = $2))",
        account,
        number,
        last,
        at,
    )?;
    Ok(())
}
