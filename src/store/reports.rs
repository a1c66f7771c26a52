//! Periodic reports: what they are about, where they stand, and their editions.

use crate::domain::report::facts::Month;
use crate::domain::report::life::{Edition, Report};
use crate::error::{Error, Result, Say};
use crate::store::Tx;
use chrono::{DateTime, NaiveDate, Utc};

/// The columns of a report, for every statement that reads whole rows.
macro_rules! columns {
    () => {
        "id, version, code, agency, period_from, period_to, due_on, due_at, state, edition, obstacles, recommendations, \
         drawn_at, submitted_at, submitted_by, received_at, received_by, late"
    };
}

/// Adds a report (`report.id` is ignored) and gives its key; `None` when it is there already.
///
/// # Errors
/// The database does not answer.
pub async fn insert(tx: &mut Tx, report: &Report, month: Month) -> Result<Option<i64>> {
    sql!(
        tx,
        fetch_optional scalar i64,
        "insert into report (version, code, agency, period_from, period_to, due_on, due_at, state, edition, obstacles, \
         recommendations, drawn_at, late, received, resolved, in_time) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
         on conflict (agency, period_from) do nothing returning id",
        report.version,
        &report.code,
        &report.agency,
        report.period_from,
        report.period_to,
        report.due_on,
        report.due_at,
        report.state,
        report.edition,
        &report.obstacles,
        &report.recommendations,
        report.drawn_at,
        report.late,
        month.received,
        month.resolved,
        month.in_time,
    )
}

/// Saves a report, if nobody has changed it since it was read as `report.version - 1`.
///
/// # Errors
/// [`Error::Conflict`] when somebody has.
pub async fn update(tx: &mut Tx, report: &Report) -> Result<()> {
    let changed = sql!(
        tx,
        execute,
        "update report set version = $2, state = $3, edition = $4, obstacles = $5, recommendations = $6, submitted_at = $7, \
         submitted_by = $8, received_at = $9, received_by = $10, late = $11 where id = $1 and version = $2 - 1",
        report.id,
        report.version,
        report.state,
        report.edition,
        &report.obstacles,
        &report.recommendations,
        report.submitted_at,
        report.submitted_by,
        report.received_at,
        report.received_by,
        report.late,
    )?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict(Say::new("error-report-stale"))) }
}

/// Keeps what the months are compared by.
///
/// # Errors
/// The database does not answer.
pub async fn keep_month(tx: &mut Tx, report: i64, month: Month) -> Result<()> {
    sql!(
        tx,
        execute,
        "update report set received = $2, resolved = $3, in_time = $4 where id = $1",
        report,
        month.received,
        month.resolved,
        month.in_time,
    )?;
    Ok(())
}

/// The report with this number.
///
/// # Errors
/// The database does not answer.
pub async fn by_code(tx: &mut Tx, code: &str) -> Result<Option<Report>> {
    sql!(tx, fetch_optional as Report, concat!("select ", columns!(), " from report where code = $1"), code)
}

/// The report with this key.
///
/// # Errors
/// The database does not answer.
pub async fn by_key(tx: &mut Tx, id: i64) -> Result<Option<Report>> {
    sql!(tx, fetch_optional as Report, concat!("select ", columns!(), " from report where id = $1"), id)
}

/// The report of an agency (empty: of the region) about the period that a local day lies in.
///
/// # Errors
/// The database does not answer.
pub async fn about(tx: &mut Tx, agency: &str, day: NaiveDate) -> Result<Option<Report>> {
    sql!(
        tx,
        fetch_optional as Report,
        concat!(
            "select ",
            columns!(),
            " from report where agency = $1 and period_from <= $2 and period_to > $2 order by period_from desc limit 1"
        ),
        agency,
        day,
    )
}

/// Reports of which the period began on `from` or later and before `to`, the newest first, by agency; at most `limit`
/// behind the place `after` (first day and agency).
///
/// # Errors
/// The database does not answer.
pub async fn list(
    tx: &mut Tx,
    agencies: Option<&[String]>,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    after: Option<(NaiveDate, String)>,
    limit: i64,
) -> Result<Vec<Report>> {
    sql!(
        tx,
        fetch_all as Report,
        concat!(
            "select ",
            columns!(),
            " from report where ($1 or replace($2, '\"' || agency || '\"', '') <> $2) and ($3 is null or period_from >= $3) \
             and ($4 is null or period_from < $4) and ($5 is null or period_from < $5 or (period_from = $5 and agency > $6)) \
             order by period_from desc, agency limit $7"
        ),
        agencies.is_none(),
        serde_json::to_string(agencies.unwrap_or_default())?,
        from,
        to,
        after.as_ref().map(|after| after.0),
        after.as_ref().map_or("", |after| after.1.as_str()),
        limit,
    )
}

/// Drafts whose due day is over at `now`, the oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn overdue(tx: &mut Tx, now: DateTime<Utc>, limit: i64) -> Result<Vec<Report>> {
    sql!(
        tx,
        fetch_all as Report,
        concat!(
            "select ",
            columns!(),
            " from report where state = 'draft' and due_at <= $1 order by due_at, id limit $2"
        ),
        now,
        limit,
    )
}

/// When the next due day of a draft is over.
///
/// # Errors
/// The database does not answer.
pub async fn next_due(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    sql!(tx, fetch_one scalar Option<DateTime<Utc>>, "select min(due_at) from report where state = 'draft'")
}

/// Adds an edition.
///
/// # Errors
/// The edition is there already, or the database does not answer.
pub async fn add_edition(tx: &mut Tx, report: i64, edition: &Edition) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into report_edition (report_id, edition, content, digest, reason, at, account_id) \
         values ($1, $2, $3, $4, $5, $6, $7)",
        report,
        edition.edition,
        &edition.content,
        &edition.digest,
        &edition.reason,
        edition.at,
        edition.account_id,
    )?;
    Ok(())
}

/// Keeps the code by which anybody may check an edition.
///
/// # Errors
/// The database does not answer.
pub async fn authenticate(tx: &mut Tx, report: i64, edition: i64, code: &str) -> Result<()> {
    sql!(
        tx,
        execute,
        "update report_edition set authenticity = $3 where report_id = $1 and edition = $2",
        report,
        edition,
        code,
    )?;
    Ok(())
}

/// An edition of a report.
///
/// # Errors
/// The database does not answer.
pub async fn edition(tx: &mut Tx, report: i64, edition: i64) -> Result<Option<Edition>> {
    sql!(
        tx,
        fetch_optional as Edition,
        "select edition, content, digest, reason, at, account_id, authenticity from report_edition where report_id = $1 and edition = $2",
        report,
        edition,
    )
}

/// All editions of a report without their contents, the newest first.
///
/// # Errors
/// The database does not answer.
pub async fn editions(tx: &mut Tx, report: i64) -> Result<Vec<Edition>> {
    sql!(
        tx,
        fetch_all as Edition,
        "select edition, '' as content, digest, reason, at, account_id, authenticity from report_edition where report_id = $1 \
         order by edition desc",
        report,
    )
}

/// A month of an agency in short.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ShortMonth {
    /// Code of the agency; empty for the region.
    pub agency: String,
    /// First local day of the period.
    pub period_from: NaiveDate,
    /// Received.
    pub received: i64,
    /// Solved.
    pub resolved: i64,
    /// Of those in time.
    pub in_time: i64,
}

/// The months of all agencies that began on `from` or later and before `to`, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn months(tx: &mut Tx, from: NaiveDate, to: NaiveDate) -> Result<Vec<ShortMonth>> {
    sql!(
        tx,
        fetch_all as ShortMonth,
        "select agency, period_from, received, resolved, in_time from report where period_from >= $1 and period_from < $2 \
         order by period_from, agency",
        from,
        to,
    )
}
