//! `/agencies`.

use crate::api::Token;
use crate::api::problem::Failure;
use crate::desk::Desk;
use crate::desk::agencies::WantedAgency;
use crate::domain::service::Agency;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of agencies.
pub struct Agencies(pub Desk);

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

/// A list that has no further page.
#[derive(Debug, Object)]
struct AgencyPage {
    items: Vec<AgencyJson>,
    next_cursor: Option<String>,
}

/// A new agency.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct NewAgency {
    /// Capitals, digits and hyphens, at most 20; fixed for good.
    #[oai(default)]
    code: String,
    #[oai(default)]
    name: String,
    /// Mail to this address reaches its desk.
    email: Option<String>,
}

/// What is to change; what is left out stays.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct AgencyChange {
    name: Option<String>,
    /// An empty one takes it out.
    email: Option<String>,
    active: Option<bool>,
}

/// An agency was added.
#[derive(ApiResponse)]
enum Added {
    /// The agency.
    #[oai(status = 201)]
    Created(Json<AgencyJson>),
}

#[OpenApi]
impl Agencies {
    /// Agencies of the region.
    #[oai(path = "/agencies", method = "get")]
    async fn list(&self, token: Token) -> Result<Json<AgencyPage>, Failure> {
        token.actor(&self.0).await?;
        let without = self.0.without_first_line().await?;
        let items = self.0.agencies().await?.into_iter().map(|agency| json(agency, &without)).collect();
        Ok(Json(AgencyPage { items, next_cursor: None }))
    }

    /// Adds an agency.
    #[oai(path = "/agencies", method = "post")]
    async fn add(
        &self,
        token: Token,
        body: Json<NewAgency>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Added, Failure> {
        let actor = token.actor(&self.0).await?;
        let NewAgency { code, name, email } = body.0;
        let wanted = WantedAgency { name: Some(name), email, active: None };
        let agency = self.0.add_agency(&actor, &code, &wanted, key.0.as_deref()).await?;
        Ok(Added::Created(Json(json(agency, &self.0.without_first_line().await?))))
    }

    /// Changes an agency.
    #[oai(path = "/agencies/:code", method = "patch")]
    async fn change(
        &self,
        token: Token,
        code: Path<String>,
        body: Json<AgencyChange>,
    ) -> Result<Json<AgencyJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        let AgencyChange { name, email, active } = body.0;
        let agency = self.0.change_agency(&actor, &code.0, &WantedAgency { name, email, active }).await?;
        Ok(Json(json(agency, &self.0.without_first_line().await?)))
    }
}

/// `without`: codes of agencies whose first line nobody holds.
fn json(agency: Agency, without: &[String]) -> AgencyJson {
    let Agency { code, name, email, active } = agency;
    AgencyJson { has_first_line: !without.contains(&code), code, name, email, active }
}
