//! What is there, and the demo's clock.

use crate::api::problem::Failure;
use crate::desk::Desk;
use chrono::{DateTime, Utc};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

/// Endpoints that are no tickets.
pub struct Public(pub Desk);

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
