//! `/public/status`: what the public is told of services. Open to all, served from memory.

use crate::api::problem::Failure;
use crate::desk::Desk;
use crate::desk::status_board::{Component, Snapshot, Told};
use crate::domain::availability::Availability;
use crate::domain::outage::Maintenance;
use chrono::{DateTime, Utc};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

/// Endpoints of the public status.
pub struct Status(pub Desk);

/// The state of all services.
#[derive(Debug, Object)]
struct PublicStatusJson {
    /// When it was read; while the database is away this is the last known state.
    updated_at: DateTime<Utc>,
    /// How old it is.
    age_seconds: i64,
    services: Vec<PublicServiceJson>,
    /// Disruptions that run, the newest first.
    incidents: Vec<PublicIncidentJson>,
    /// Disruptions that ended within the last two weeks.
    resolved: Vec<PublicIncidentJson>,
    /// Maintenance that runs or is planned.
    maintenance: Vec<PublicWorkJson>,
}

/// One service.
#[derive(Debug, Object)]
struct PublicServiceJson {
    code: String,
    name: String,
    /// Name of the agency that owns it.
    group: String,
    /// `normal`, `degraded`, `partial`, `total`, `maintenance`, or `closed` (under an order, no failure).
    state: String,
    since: Option<DateTime<Utc>>,
    last_30_days: PublicFigureJson,
    last_90_days: PublicFigureJson,
}

/// A figure with what it excludes. Lengths in seconds.
#[derive(Debug, Object)]
struct PublicFigureJson {
    /// In percent; null without agreed time.
    availability: Option<f64>,
    outages: i64,
    downtime_seconds: i64,
    maintenance_seconds: i64,
    closed_seconds: i64,
    agreed_seconds: i64,
}

/// A disruption as the public was told of it.
#[derive(Debug, Object)]
struct PublicIncidentJson {
    code: String,
    service: Option<String>,
    title: String,
    /// `investigating`, `identified`, `monitoring` or `resolved`.
    phase: String,
    message: String,
    next_update_at: Option<DateTime<Utc>>,
    announced_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    /// What was said, the last first.
    updates: Vec<PublicUpdateJson>,
}

/// Something the public was told.
#[derive(Debug, Object)]
struct PublicUpdateJson {
    at: DateTime<Utc>,
    phase: String,
    message: String,
}

/// Maintenance as the public is told of it.
#[derive(Debug, Object)]
struct PublicWorkJson {
    code: String,
    services: Vec<String>,
    title: String,
    message: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    /// `planned` or `running`.
    state: String,
}

#[OpenApi]
impl Status {
    /// The state of all services. Needs no token.
    #[oai(path = "/public/status", method = "get")]
    async fn read(&self) -> Result<Json<PublicStatusJson>, Failure> {
        let snapshot: std::sync::Arc<Snapshot> = self.0.status().await?;
        let age = (self.0.clock.machine() - snapshot.machine).num_seconds().max(0);
        Ok(Json(PublicStatusJson {
            updated_at: snapshot.at,
            age_seconds: age,
            services: snapshot.components.iter().map(PublicServiceJson::new).collect(),
            incidents: snapshot.running.iter().map(PublicIncidentJson::new).collect(),
            resolved: snapshot.over.iter().map(PublicIncidentJson::new).collect(),
            maintenance: snapshot.works.iter().map(|it| PublicWorkJson::new(it, snapshot.at)).collect(),
        }))
    }
}

impl PublicServiceJson {
    fn new(it: &Component) -> Self {
        Self {
            code: it.code.clone(),
            name: it.name.clone(),
            group: it.group.clone(),
            state: it.state.to_string(),
            since: it.since,
            last_30_days: PublicFigureJson::new(&it.month),
            last_90_days: PublicFigureJson::new(&it.quarter),
        }
    }
}

impl PublicFigureJson {
    fn new(it: &Availability) -> Self {
        Self {
            availability: it.share().map(|share| f64::from(share) / 100.0),
            outages: it.outages,
            downtime_seconds: it.downtime,
            maintenance_seconds: it.maintenance,
            closed_seconds: it.closed,
            agreed_seconds: it.agreed(),
        }
    }
}

impl PublicIncidentJson {
    fn new(told: &Told) -> Self {
        let it = &told.incident;
        let updates = told.updates.iter().map(|update| PublicUpdateJson {
            at: update.at,
            phase: update.phase.to_string(),
            message: update.message.clone(),
        });
        Self {
            code: it.code.clone(),
            service: it.service.clone(),
            title: it.title.clone(),
            phase: it.phase.to_string(),
            message: it.message.clone(),
            next_update_at: it.next_update_at,
            announced_at: it.announced_at,
            updated_at: it.updated_at,
            ended_at: it.ended_at,
            updates: updates.collect(),
        }
    }
}

impl PublicWorkJson {
    fn new(it: &Maintenance, now: DateTime<Utc>) -> Self {
        Self {
            code: it.code.clone(),
            services: it.services.clone(),
            title: it.title.clone(),
            message: it.message.clone(),
            starts_at: it.starts_at,
            ends_at: it.ends_at,
            state: it.state(now).to_string(),
        }
    }
}
