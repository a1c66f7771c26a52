//! Running disruptions, what was said of them, and who is hit.

use crate::domain::incident::{Incident, Phase};
use crate::domain::ticket::Language;
use crate::error::{Error, Result, Say};
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// The columns of an incident.
macro_rules! columns {
    () => {
        "i.id, i.code, i.ticket_id, i.service, i.title, i.phase, i.message, i.next_update_at, i.announced_at, \
         i.updated_at, i.ended_at, i.version"
    };
}

/// Something the public was told.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Update {
    /// When. UTC.
    pub at: DateTime<Utc>,
    /// How far the desk was.
    pub phase: Phase,
    /// What was said.
    pub message: String,
    /// When more was promised. UTC.
    pub next_update_at: Option<DateTime<Utc>>,
}

/// Adds an incident and gives its key (`incident.id` is ignored).
///
/// # Errors
/// The code is taken, or the database does not answer.
pub async fn insert(tx: &mut Tx, incident: &Incident) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into incident (code, ticket_id, service, title, phase, message, next_update_at, announced_at, updated_at, \
         ended_at, version) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id",
        &incident.code,
        incident.ticket_id,
        &incident.service,
        &incident.title,
        incident.phase,
        &incident.message,
        incident.next_update_at,
        incident.announced_at,
        incident.updated_at,
        incident.ended_at,
        incident.version,
    )
}

/// Saves an incident, if nobody has changed it since it was read as `incident.version - 1`.
///
/// # Errors
/// [`Error::Conflict`] when somebody has.
pub async fn save(tx: &mut Tx, incident: &Incident) -> Result<()> {
    let changed = sql!(
        tx,
        execute,
        "update incident set ticket_id = $2, phase = $3, message = $4, next_update_at = $5, updated_at = $6, \
         ended_at = $7, version = $8 where id = $1 and version = $8 - 1",
        incident.id,
        incident.ticket_id,
        incident.phase,
        &incident.message,
        incident.next_update_at,
        incident.updated_at,
        incident.ended_at,
        incident.version,
    )?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict(Say::new("incident-stale"))) }
}

/// Keeps what the public was told.
///
/// # Errors
/// The database does not answer.
pub async fn add_update(tx: &mut Tx, incident: i64, update: &Update) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into incident_update (incident_id, at, phase, message, next_update_at, mailed) \
         values ($1, $2, $3, $4, $5, false)",
        incident,
        update.at,
        update.phase,
        &update.message,
        update.next_update_at,
    )?;
    Ok(())
}

/// What the public was told, the last first.
///
/// # Errors
/// The database does not answer.
pub async fn updates(tx: &mut Tx, incident: i64) -> Result<Vec<Update>> {
    sql!(
        tx,
        fetch_all as Update,
        "select at, phase, message, next_update_at from incident_update where incident_id = $1 order by id desc",
        incident
    )
}

/// The incident with a code.
///
/// # Errors
/// The database does not answer.
pub async fn by_code(tx: &mut Tx, code: &str) -> Result<Option<Incident>> {
    sql!(tx, fetch_optional as Incident, concat!("select ", columns!(), " from incident i where i.code = $1"), code)
}

/// The incident that runs on a ticket.
///
/// # Errors
/// The database does not answer.
pub async fn of_ticket(tx: &mut Tx, ticket: i64) -> Result<Option<Incident>> {
    sql!(
        tx,
        fetch_optional as Incident,
        concat!(
            "select ",
            columns!(),
            " from incident i where i.ticket_id = $1 and i.ended_at is null order by i.id limit 1"
        ),
        ticket
    )
}

/// Incidents that run, the newest first; one whose ticket is solved or closed runs no longer.
///
/// # Errors
/// The database does not answer.
pub async fn running(tx: &mut Tx) -> Result<Vec<Incident>> {
    sql!(
        tx,
        fetch_all as Incident,
        concat!(
            "select ",
            columns!(),
            " from incident i join ticket t on t.id = i.ticket_id where i.ended_at is null \
             and t.status not in ('resolved', 'closed') order by i.announced_at desc, i.id desc"
        ),
    )
}

/// Incidents not yet ended although their ticket is over.
///
/// # Errors
/// The database does not answer.
pub async fn outlived(tx: &mut Tx) -> Result<Vec<Incident>> {
    sql!(
        tx,
        fetch_all as Incident,
        concat!(
            "select ",
            columns!(),
            " from incident i join ticket t on t.id = i.ticket_id where i.ended_at is null \
             and t.status in ('resolved', 'closed', 'merged') order by i.id"
        ),
    )
}

/// Notes that somebody is hit; `false` when this browser said so before.
///
/// # Errors
/// The database does not answer.
pub async fn add_affected(
    tx: &mut Tx,
    incident: i64,
    person: &str,
    language: Language,
    at: DateTime<Utc>,
) -> Result<bool> {
    let added = sql!(
        tx,
        execute,
        "insert into affected (incident_id, person, at, language) values ($1, $2, $3, $4) \
         on conflict (incident_id, person) do nothing",
        incident,
        person,
        at,
        language,
    )?;
    Ok(added == 1)
}

/// How many are hit.
///
/// # Errors
/// The database does not answer.
pub async fn count_affected(tx: &mut Tx, incident: i64) -> Result<i64> {
    sql!(tx, fetch_one scalar i64, "select count(*) from affected where incident_id = $1", incident)
}

/// Has this browser said that its user is hit?
///
/// # Errors
/// The database does not answer.
pub async fn is_affected(tx: &mut Tx, incident: i64, person: &str) -> Result<bool> {
    sql!(
        tx,
        fetch_one scalar bool,
        "select exists (select 1 from affected where incident_id = $1 and person = $2)",
        incident,
        person
    )
}

/// Keeps the address at which somebody who is hit wants to hear more, until it is confirmed. `mark`: digest of the mark
/// in the link that was mailed.
///
/// # Errors
/// The database does not answer.
pub async fn set_email(tx: &mut Tx, incident: i64, person: &str, email: &str, mark: &str) -> Result<()> {
    sql!(
        tx,
        execute,
        "update affected set email = $3, mark_hash = $4, confirmed_at = null \
         where incident_id = $1 and person = $2 and (email is null or email <> $3)",
        incident,
        person,
        email,
        mark,
    )?;
    Ok(())
}

/// Whether the address behind a mailed mark is confirmed; `None` when there is no such mark.
///
/// # Errors
/// The database does not answer.
pub async fn is_follower(tx: &mut Tx, incident: i64, mark: &str) -> Result<Option<bool>> {
    sql!(
        tx,
        fetch_optional scalar bool,
        "select confirmed_at is not null from affected where incident_id = $1 and mark_hash = $2 limit 1",
        incident,
        mark
    )
}

/// The address behind a mailed mark hears more from now on, or (`None`) nothing more.
///
/// # Errors
/// The database does not answer.
pub async fn set_follower(tx: &mut Tx, incident: i64, mark: &str, confirmed: Option<DateTime<Utc>>) -> Result<()> {
    sql!(
        tx,
        execute,
        "update affected set confirmed_at = $3 where incident_id = $1 and mark_hash = $2",
        incident,
        mark,
        confirmed
    )?;
    Ok(())
}

/// Addresses that hear more, each once, with their language.
///
/// # Errors
/// The database does not answer.
pub async fn followers(tx: &mut Tx, incident: i64) -> Result<Vec<(String, Language)>> {
    sql!(
        tx,
        fetch_all as (String, Language),
        "select email, min(language) from affected where incident_id = $1 and email is not null \
         and confirmed_at is not null group by email order by email",
        incident
    )
}

/// The next place in the count of a year's announcements.
///
/// # Errors
/// The database does not answer.
pub async fn next_place(tx: &mut Tx, period: &str) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into ticket_sequence (period, last) values ($1, 1) \
         on conflict (period) do update set last = ticket_sequence.last + 1 returning last",
        period,
    )
}
