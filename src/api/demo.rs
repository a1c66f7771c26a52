//! What is there, and the demo's clock.

use crate::api::Token;
use crate::api::problem::Failure;
use crate::desk::Desk;
use chrono::{DateTime, Utc};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

/// Endpoints that are no tickets.
pub struct Public(pub Desk);

/// An agency.
#[derive(Debug, Object)]
struct AgencyJson {
    code: String,
    name: String,
    email: Option<String>,
    active: bool,
    /// Somebody active is on its first line; if not, new tickets go to the second.
    has_first_line: bool,
}

/// A service of the catalogue.
#[derive(Debug, Object)]
struct ServiceJson {
    code: String,
    name: String,
    agency: String,
    profile: String,
    critical: bool,
    active: bool,
}

/// A list that has no further page.
#[derive(Debug, Object)]
struct Agencies {
    items: Vec<AgencyJson>,
    next_cursor: Option<String>,
}

/// A list that has no further page.
#[derive(Debug, Object)]
struct Services {
    items: Vec<ServiceJson>,
    next_cursor: Option<String>,
}

/// The demo's clock.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct DemoClock {
    /// What it shows from now on.
    now: DateTime<Utc>,
    /// How many times as fast as the real clock; 0 is frozen. Left out: as before.
    speed: Option<f64>,
}

#[OpenApi]
impl Public {
    /// Agencies of the region.
    #[oai(path = "/agencies", method = "get")]
    async fn agencies(&self, token: Token) -> Result<Json<Agencies>, Failure> {
        token.actor(&self.0).await?;
        let (agencies, without) = (self.0.agencies().await?, self.0.without_first_line().await?);
        let items = agencies
            .into_iter()
            .map(|a| AgencyJson {
                has_first_line: !without.contains(&a.code),
                code: a.code,
                name: a.name,
                email: a.email,
                active: a.active,
            })
            .collect();
        Ok(Json(Agencies { items, next_cursor: None }))
    }

    /// The service catalogue.
    #[oai(path = "/services", method = "get")]
    async fn services(&self, token: Token) -> Result<Json<Services>, Failure> {
        token.actor(&self.0).await?;
        let services = self.0.services().await?.into_iter();
        let items = services
            .map(|s| ServiceJson {
                code: s.code,
                name: s.name,
                agency: s.agency,
                profile: s.profile,
                critical: s.critical,
                active: s.active,
            })
            .collect();
        Ok(Json(Services { items, next_cursor: None }))
    }

    /// The demo's clock as it stands.
    #[oai(path = "/demo/clock", method = "get")]
    async fn clock(&self) -> Result<Json<DemoClock>, Failure> {
        if !self.0.is_demo {
            return Err(crate::error::Error::NotFound("demo").into());
        }
        Ok(Json(DemoClock { now: self.0.now(), speed: Some(self.0.clock.speed()) }))
    }

    /// Moves the demo's clock; everything that came due has happened when this answers.
    #[oai(path = "/demo/clock", method = "put")]
    async fn move_clock(&self, body: Json<DemoClock>) -> Result<Json<DemoClock>, Failure> {
        let desk = &self.0;
        desk.move_clock(body.0.now, body.0.speed.unwrap_or_else(|| desk.clock.speed())).await?;
        Ok(Json(DemoClock { now: desk.now(), speed: Some(desk.clock.speed()) }))
    }
}
