//! `/agencies`.

use crate::api::Token;
use crate::api::problem::Failure;
use crate::desk::Desk;
use crate::desk::agencies::WantedAgency;
use crate::domain::agency::{AgencyEntry, AgencyKind};
use crate::error::{Error, Say};
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
    short_name: String,
    /// `office`, `board`, `secretariat`, `inspectorate`, `district`, `hospital`, `unit` or `other`.
    kind: String,
    address: String,
    /// Calendar of the pack for new services that name none.
    calendar: Option<String>,
    /// The agency it is a part of.
    parent: Option<String>,
    /// Whoever took over when it ended.
    successor: Option<String>,
    version: i64,
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
    short_name: Option<String>,
    kind: Option<String>,
    address: Option<String>,
    calendar: Option<String>,
    parent: Option<String>,
}

/// What is to change; what is left out stays.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct AgencyChange {
    name: Option<String>,
    /// An empty one takes it out.
    email: Option<String>,
    active: Option<bool>,
    short_name: Option<String>,
    kind: Option<String>,
    address: Option<String>,
    calendar: Option<String>,
    parent: Option<String>,
    /// The version that was read; another one now is a conflict.
    version: Option<i64>,
}

/// How an agency is to end.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct AgencyEnd {
    /// Whoever gets its services, open tickets and parts; without one it must own nothing.
    successor: Option<String>,
    #[oai(default)]
    reason: String,
    /// The version that was read; another one now is a conflict.
    version: Option<i64>,
}

/// How an agency ended.
#[derive(Debug, Object)]
struct AgencyEnded {
    /// Open tickets that went to the successor.
    moved: i64,
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
        let items = self.0.agency_book().await?.into_iter().map(|(entry, _)| json(entry, &without)).collect();
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
        let NewAgency { code, name, email, short_name, kind, address, calendar, parent } = body.0;
        let kind = word(kind)?;
        let wanted =
            WantedAgency { name: Some(name), email, active: None, short_name, kind, address, calendar, parent };
        let entry = self.0.add_agency(&actor, &code, &wanted, key.0.as_deref()).await?;
        Ok(Added::Created(Json(json(entry, &self.0.without_first_line().await?))))
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
        let AgencyChange { name, email, active, short_name, kind, address, calendar, parent, version } = body.0;
        let kind = word(kind)?;
        let wanted = WantedAgency { name, email, active, short_name, kind, address, calendar, parent };
        let entry = self.0.change_agency(&actor, &code.0, version, &wanted).await?;
        Ok(Json(json(entry, &self.0.without_first_line().await?)))
    }

    /// Ends an agency; what it owns goes to its successor.
    #[oai(path = "/agencies/:code/end", method = "post")]
    async fn end(&self, token: Token, code: Path<String>, body: Json<AgencyEnd>) -> Result<Json<AgencyEnded>, Failure> {
        let actor = token.actor(&self.0).await?;
        let AgencyEnd { successor, reason, version } = body.0;
        let moved = self.0.end_agency(&actor, &code.0, version, &successor.unwrap_or_default(), &reason).await?;
        Ok(Json(AgencyEnded { moved: i64::try_from(moved).unwrap_or(i64::MAX) }))
    }
}

fn word(kind: Option<String>) -> Result<Option<AgencyKind>, Error> {
    let known = || AgencyKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
    let unknown = || Error::field("kind", Say::new("field-unknown-word").with("known", known()));
    kind.map(|kind| kind.parse().map_err(|_| unknown())).transpose()
}

/// `without`: codes of agencies whose first line nobody holds.
fn json(entry: AgencyEntry, without: &[String]) -> AgencyJson {
    let AgencyEntry { agency, short_name, kind, address, calendar, parent, successor, version, .. } = entry;
    let has_first_line = !without.contains(&agency.code);
    let (code, name, email, active) = (agency.code, agency.name, agency.email, agency.active);
    let kind = kind.to_string();
    AgencyJson {
        code,
        name,
        email,
        active,
        short_name,
        kind,
        address,
        calendar,
        parent,
        successor,
        version,
        has_first_line,
    }
}
