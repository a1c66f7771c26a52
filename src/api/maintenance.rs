//! `/maintenance`: planned maintenance.

use crate::api::Token;
use crate::api::answers::{self, EventJson, EventPage};
use crate::api::problem::Failure;
use crate::api::requests::Reasoned;
use crate::api::tickets::{full, refuse, version_of, window};
use crate::desk::Desk;
use crate::desk::maintenance::Planned;
use crate::domain::outage::Maintenance;
use chrono::{DateTime, Duration, Utc};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of planned maintenance.
pub struct MaintenanceApi(pub Desk);

/// Planned maintenance of one or several services.
#[derive(Debug, Object)]
pub struct MaintenanceJson {
    /// Public name, `PML-2026-0004`.
    code: String,
    services: Vec<String>,
    title: String,
    message: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    announced_at: DateTime<Utc>,
    /// Part of the window that does not count as downtime, because it was announced at least 24 hours ahead.
    excused_from: Option<DateTime<Utc>>,
    excused_to: Option<DateTime<Utc>>,
    /// Some of the window was announced too late and counts as downtime.
    late: bool,
    /// `planned`, `running`, `done` or `cancelled`.
    state: String,
    cancelled_at: Option<DateTime<Utc>>,
    cancel_reason: Option<String>,
    version: i64,
}

/// Maintenance of a period.
#[derive(Debug, Object)]
struct MaintenancePage {
    items: Vec<MaintenanceJson>,
    /// Always null.
    next_cursor: Option<String>,
}

/// Maintenance to be announced, or what it is changed into.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct PlannedBody {
    services: Vec<String>,
    title: String,
    message: String,
    /// One that runs keeps its beginning.
    starts_at: Option<DateTime<Utc>>,
    ends_at: DateTime<Utc>,
    version: Option<i64>,
}

/// Maintenance was announced.
#[derive(ApiResponse)]
enum Announced {
    /// The maintenance.
    #[oai(status = 201)]
    Created(Json<MaintenanceJson>),
}

type Answer = Result<Json<MaintenanceJson>, Failure>;

#[OpenApi]
impl MaintenanceApi {
    /// Maintenance that touches a period, in order; from 30 days ago to a year ahead by default.
    #[oai(path = "/maintenance", method = "get")]
    async fn list(
        &self,
        token: Token,
        from: Query<Option<DateTime<Utc>>>,
        to: Query<Option<DateTime<Utc>>>,
    ) -> Result<Json<MaintenancePage>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let from = from.0.unwrap_or_else(|| desk.now() - Duration::days(30));
        let to = to.0.unwrap_or_else(|| desk.now() + Duration::days(366));
        let all = desk.maintenance_between(&actor, from, to).await?;
        let items = all.into_iter().map(|it| MaintenanceJson::new(it, desk.now())).collect();
        Ok(Json(MaintenancePage { items, next_cursor: None }))
    }

    /// Announces maintenance. What is announced less than 24 hours ahead counts as downtime.
    #[oai(path = "/maintenance", method = "post")]
    async fn announce(
        &self,
        token: Token,
        body: Json<PlannedBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Announced, Failure> {
        let actor = token.actor(&self.0).await?;
        let it = self.0.announce_maintenance(&actor, &body.0.planned(), key.0.as_deref()).await?;
        Ok(Announced::Created(Json(MaintenanceJson::new(it, self.0.now()))))
    }

    /// One maintenance.
    #[oai(path = "/maintenance/:code", method = "get")]
    async fn read(&self, token: Token, code: Path<String>) -> Answer {
        let actor = token.actor(&self.0).await?;
        Ok(Json(MaintenanceJson::new(self.0.maintenance(&actor, &code.0).await?, self.0.now())))
    }

    /// Changes it while it is not over. Time that is added less than 24 hours ahead counts as downtime.
    #[oai(path = "/maintenance/:code", method = "put")]
    async fn change(
        &self,
        token: Token,
        code: Path<String>,
        body: Json<PlannedBody>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Answer {
        let actor = token.actor(&self.0).await?;
        let mut problems = Vec::new();
        let version = body.0.version.or(version_of(seen.0.as_deref(), &mut problems));
        refuse(problems)?;
        let it = self.0.change_maintenance(&actor, &code.0, version, &body.0.planned()).await?;
        Ok(Json(MaintenanceJson::new(it, self.0.now())))
    }

    /// Calls it off, or ends one that runs.
    #[oai(path = "/maintenance/:code/cancel", method = "post")]
    async fn cancel(&self, token: Token, code: Path<String>, body: Json<Reasoned>) -> Answer {
        let actor = token.actor(&self.0).await?;
        let it = self.0.cancel_maintenance(&actor, &code.0, body.0.version, &body.0.reason).await?;
        Ok(Json(MaintenanceJson::new(it, self.0.now())))
    }

    /// Its chained history.
    #[oai(path = "/maintenance/:code/events", method = "get")]
    async fn events(
        &self,
        token: Token,
        code: Path<String>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<EventPage>, Failure> {
        let desk = &self.0;
        let list = format!("maintenance events {}", code.0);
        let (after, limit) = window(desk, &list, limit.0, cursor.0.as_deref())?;
        let actor = token.actor(desk).await?;
        let events = desk.maintenance_events(&actor, &code.0, after, limit).await?;
        let next = full(&events, limit).map(|last| answers::cursor(desk, &list, &last.seq.to_string()));
        Ok(Json(EventPage { items: events.into_iter().map(EventJson::new).collect(), next_cursor: next }))
    }
}

impl PlannedBody {
    fn planned(&self) -> Planned {
        Planned {
            services: self.services.clone(),
            title: self.title.clone(),
            message: self.message.clone(),
            starts_at: self.starts_at,
            ends_at: Some(self.ends_at),
        }
    }
}

impl MaintenanceJson {
    fn new(it: Maintenance, now: DateTime<Utc>) -> Self {
        Self {
            late: it.is_late(),
            state: it.state(now).to_string(),
            code: it.code,
            services: it.services,
            title: it.title,
            message: it.message,
            starts_at: it.starts_at,
            ends_at: it.ends_at,
            announced_at: it.announced_at,
            excused_from: it.excused_from,
            excused_to: it.excused_to,
            cancelled_at: it.cancelled_at,
            cancel_reason: it.cancel_reason,
            version: it.version,
        }
    }
}
