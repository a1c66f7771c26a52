//! What the catalogue says of services.

use crate::domain::catalogue::{Category, Entry, Part};
use crate::domain::service::Service;
use crate::error::{Error, Result, Say};
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// What narrows the list of the catalogue; `None` does not.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Code of the owner.
    pub agency: Option<String>,
    /// Determined critical or not.
    pub critical: Option<bool>,
    /// What it is about.
    pub category: Option<Category>,
    /// Words in code, name or keywords.
    pub words: Option<String>,
    /// Confirmed before this instant or never (`true`), or since (`false`).
    pub stale: Option<(bool, DateTime<Utc>)>,
    /// With parts missing, or with all of them.
    pub incomplete: Option<bool>,
    /// Still offered or not.
    pub active: Option<bool>,
}

macro_rules! entry_columns {
    () => {
        "select s.code, s.name, s.agency, s.profile, s.critical, s.keywords, s.active, e.category, e.parts, e.endpoints, \
         e.hours, e.calendar, e.raci, e.safeguards, e.sla_profile, e.reviewed_at, e.version \
         from service s join service_entry e on e.code = s.code "
    };
}

/// What the catalogue says of the service with a code.
///
/// # Errors
/// The database does not answer.
pub async fn entry(tx: &mut Tx, code: &str) -> Result<Option<Entry>> {
    let row = sql!(tx, fetch_optional as EntryRow, concat!(entry_columns!(), "where s.code = $1"), code)?;
    row.map(EntryRow::entry).transpose()
}

/// Entries in the order of their codes, narrowed, at most `limit` after the code `after`.
///
/// # Errors
/// The database does not answer.
pub async fn entries(tx: &mut Tx, filter: &Filter, after: &str, limit: i64) -> Result<Vec<Entry>> {
    let words = filter.words.as_ref().map(|words| words.to_lowercase());
    let rows = sql!(
        tx,
        fetch_all as EntryRow,
        concat!(
            entry_columns!(),
            "where s.code > $1 and ($2 is null or s.agency = $2) and ($3 is null or s.critical = $3) \
             and ($4 is null or e.category = $4) and ($5 is null or replace(e.haystack, $5, '') <> e.haystack) \
             and ($6 is null or (e.reviewed_at is null or e.reviewed_at < $7) = $6) \
             and ($8 is null or (e.parts_filled < $9) = $8) and ($10 is null or s.active = $10) \
             order by s.code limit $11"
        ),
        after,
        &filter.agency,
        filter.critical,
        filter.category,
        words.filter(|words| !words.is_empty()),
        filter.stale.map(|stale| stale.0),
        filter.stale.map(|stale| stale.1),
        filter.incomplete,
        parts_in_all(),
        filter.active,
        limit,
    )?;
    rows.into_iter().map(EntryRow::entry).collect()
}

/// Adds what the catalogue says of a service whose row is there already.
///
/// # Errors
/// There is no such service, or it has an entry.
pub async fn add_entry(tx: &mut Tx, entry: &Entry) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into service_entry (code, category, parts, parts_filled, endpoints, hours, calendar, raci, safeguards, \
         sla_profile, reviewed_at, haystack, version) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &entry.service.code,
        entry.category,
        serde_json::to_string(&entry.parts)?,
        filled(entry),
        serde_json::to_string(&entry.endpoints)?,
        &entry.hours,
        &entry.calendar,
        serde_json::to_string(&entry.raci)?,
        serde_json::to_string(&entry.safeguards)?,
        &entry.sla_profile,
        entry.reviewed_at,
        haystack(&entry.service),
        entry.version,
    )?;
    Ok(())
}

/// Saves an entry whose version has just been counted up.
///
/// # Errors
/// `Conflict` when somebody else has changed it meanwhile.
pub async fn save_entry(tx: &mut Tx, entry: &Entry) -> Result<()> {
    let saved = sql!(
        tx,
        execute,
        "update service_entry set category = $2, parts = $3, parts_filled = $4, endpoints = $5, hours = $6, calendar = $7, \
         raci = $8, safeguards = $9, sla_profile = $10, reviewed_at = $11, haystack = $12, version = $13 \
         where code = $1 and version = $13 - 1",
        &entry.service.code,
        entry.category,
        serde_json::to_string(&entry.parts)?,
        filled(entry),
        serde_json::to_string(&entry.endpoints)?,
        &entry.hours,
        &entry.calendar,
        serde_json::to_string(&entry.raci)?,
        serde_json::to_string(&entry.safeguards)?,
        &entry.sla_profile,
        entry.reviewed_at,
        haystack(&entry.service),
        entry.version,
    )?;
    if saved == 0 { Err(Error::conflict(Say::new("error-service-stale"))) } else { Ok(()) }
}

/// Keys of the open tickets of a service that are held to another profile, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn held_to_another(tx: &mut Tx, service: &str, profile: &str) -> Result<Vec<i64>> {
    sql!(
        tx,
        fetch_all scalar i64,
        "select id from ticket where service = $1 and profile <> $2 and status not in ('resolved', 'closed', 'merged') \
         order by id",
        service,
        profile,
    )
}

fn parts_in_all() -> i64 {
    i64::try_from(Part::ALL.len()).unwrap_or(i64::MAX)
}

fn filled(entry: &Entry) -> i64 {
    i64::try_from(entry.parts.len()).unwrap_or(i64::MAX)
}

fn haystack(service: &Service) -> String {
    let words = [service.code.as_str(), service.name.as_str()].into_iter();
    words.chain(service.keywords.iter().map(String::as_str)).collect::<Vec<_>>().join("\n").to_lowercase()
}

/// A row of the catalogue: lists and tables are JSON text.
#[derive(sqlx::FromRow)]
struct EntryRow {
    code: String,
    name: String,
    agency: String,
    profile: String,
    critical: bool,
    keywords: String,
    active: bool,
    category: Category,
    parts: String,
    endpoints: String,
    hours: String,
    calendar: Option<String>,
    raci: String,
    safeguards: String,
    sla_profile: String,
    reviewed_at: Option<DateTime<Utc>>,
    version: i64,
}

impl EntryRow {
    fn entry(self) -> Result<Entry> {
        let keywords = serde_json::from_str(&self.keywords)?;
        let Self { code, name, agency, profile, critical, active, .. } = self;
        Ok(Entry {
            service: Service { code, name, agency, profile, critical, keywords, active },
            category: self.category,
            parts: serde_json::from_str(&self.parts)?,
            endpoints: serde_json::from_str(&self.endpoints)?,
            hours: self.hours,
            calendar: self.calendar,
            raci: serde_json::from_str(&self.raci)?,
            safeguards: serde_json::from_str(&self.safeguards)?,
            sla_profile: self.sla_profile,
            reviewed_at: self.reviewed_at,
            version: self.version,
        })
    }
}
