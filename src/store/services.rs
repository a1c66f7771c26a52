//! Agencies and the service catalogue.

use crate::domain::service::{Agency, Service};
use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// All agencies in the order of their codes.
///
/// # Errors
/// The database does not answer.
pub async fn agencies(tx: &mut Tx) -> Result<Vec<Agency>> {
    sql!(tx, fetch_all as Agency, "select code, name, email, active from agency order by code")
}

/// Adds or saves an agency.
///
/// # Errors
/// The database does not answer.
pub async fn save_agency(tx: &mut Tx, agency: &Agency) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into agency (code, name, email, active) values ($1, $2, $3, $4) on conflict (code) do update set \
         name = excluded.name, email = excluded.email, active = excluded.active",
        &agency.code,
        &agency.name,
        &agency.email,
        agency.active,
    )?;
    Ok(())
}

/// All services in the order of their codes.
///
/// # Errors
/// The database does not answer.
pub async fn services(tx: &mut Tx) -> Result<Vec<Service>> {
    let rows = sql!(
        tx,
        fetch_all as ServiceRow,
        "select code, name, agency, profile, critical, keywords, active from service order by code",
    )?;
    rows.into_iter().map(ServiceRow::service).collect()
}

/// The service with a code.
///
/// # Errors
/// The database does not answer.
pub async fn service(tx: &mut Tx, code: &str) -> Result<Option<Service>> {
    let row = sql!(
        tx,
        fetch_optional as ServiceRow,
        "select code, name, agency, profile, critical, keywords, active from service where code = $1",
        code,
    )?;
    row.map(ServiceRow::service).transpose()
}

/// Adds or saves a service.
///
/// # Errors
/// The database does not answer.
pub async fn save_service(tx: &mut Tx, service: &Service) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into service (code, name, agency, profile, critical, keywords, active) values ($1, $2, $3, $4, $5, $6, $7) \
         on conflict (code) do update set name = excluded.name, agency = excluded.agency, profile = excluded.profile, \
         critical = excluded.critical, keywords = excluded.keywords, active = excluded.active",
        &service.code,
        &service.name,
        &service.agency,
        &service.profile,
        service.critical,
        serde_json::to_string(&service.keywords)?,
        service.active,
    )?;
    Ok(())
}

/// A row of the catalogue: the keywords are JSON text.
#[derive(sqlx::FromRow)]
struct ServiceRow {
    code: String,
    name: String,
    agency: String,
    profile: String,
    critical: bool,
    keywords: String,
    active: bool,
}

impl ServiceRow {
    fn service(self) -> Result<Service> {
        let keywords = serde_json::from_str(&self.keywords)?;
        let Self { code, name, agency, profile, critical, active, .. } = self;
        Ok(Service { code, name, agency, profile, critical, keywords, active })
    }
}

/// Codes of services named in tickets opened since `since`, the one named most first.
///
/// # Errors
/// The database does not answer.
pub async fn most_reported(tx: &mut Tx, since: DateTime<Utc>) -> Result<Vec<String>> {
    sql!(
        tx,
        fetch_all scalar String,
        "select service from ticket where opened_at >= $1 and service is not null \
         group by service order by count(*) desc, service",
        since
    )
}
