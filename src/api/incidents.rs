//! `/tickets/{number}/incident`: what the public was told of the disruption a ticket is about, and how many are hit.

use crate::api::Token;
use crate::api::problem::Failure;
use crate::api::tickets::known;
use crate::desk::Desk;
use crate::error::Error;
use chrono::{DateTime, Utc};
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

/// Endpoints of incidents.
pub struct Incidents(pub Desk);

/// A running disruption.
#[derive(Debug, Object)]
pub struct IncidentJson {
    /// Public name, `GGN-2026-0031`.
    code: String,
    service: Option<String>,
    title: String,
    /// `investigating`, `identified`, `monitoring` or `resolved`.
    phase: String,
    /// What was said last.
    message: String,
    next_update_at: Option<DateTime<Utc>>,
    announced_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// How many said that they are hit, too.
    affected: i64,
}

#[OpenApi]
impl Incidents {
    /// What runs on a ticket; 404 when nothing does. For those who may see the ticket's inside.
    #[oai(path = "/tickets/:number/incident", method = "get")]
    async fn read(&self, token: Token, number: Path<String>) -> Result<Json<IncidentJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        let found = self.0.announced(&actor, &known(&number.0)?).await?.ok_or(Error::NotFound("incident"))?;
        let (incident, affected) = (found.incident, found.affected);
        Ok(Json(IncidentJson {
            code: incident.code,
            service: incident.service,
            title: incident.title,
            phase: incident.phase.to_string(),
            message: incident.message,
            next_update_at: incident.next_update_at,
            announced_at: incident.announced_at,
            updated_at: incident.updated_at,
            affected,
        }))
    }
}
