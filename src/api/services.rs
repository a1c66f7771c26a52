//! `/services`: the catalogue.

use crate::api::Token;
use crate::api::answers::{self, EventJson, EventPage};
use crate::api::catalogue::{ServiceBody, ServiceJson, ServicePage};
use crate::api::choice::{self, Choice};
use crate::api::problem::Failure;
use crate::api::requests::{Plain, Reasoned};
use crate::api::tickets::{full, page_size, read_cursor, refuse, version_of, window};
use crate::desk::Desk;
use crate::domain::catalogue::Category;
use crate::error::{Error, Say};
use crate::store::catalogue::Filter;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

/// Endpoints of the catalogue.
pub struct Services(pub Desk);

type Answer = Result<Json<ServiceJson>, Failure>;

/// A service was added.
#[derive(ApiResponse)]
enum Added {
    /// The service.
    #[oai(status = 201)]
    Created(Json<ServiceJson>),
}

#[OpenApi]
impl Services {
    /// The service catalogue in the order of its codes. Retired services are for the staff.
    #[expect(clippy::too_many_arguments, reason = "each is one filter of the list")]
    #[oai(path = "/services", method = "get")]
    async fn list(
        &self,
        token: Token,
        agency: Query<Option<String>>,
        critical: Query<Option<bool>>,
        category: Query<Option<Choice<Category>>>,
        q: Query<Option<String>>,
        /// Not confirmed by its owner for too long.
        stale: Query<Option<bool>>,
        /// With parts of the definition missing.
        incomplete: Query<Option<bool>>,
        active: Query<Option<bool>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<ServicePage>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let filter = Filter {
            agency: agency.0,
            critical: critical.0,
            category: choice::read(category.0, "category", &mut problems),
            words: q.0.map(|words| words.replace('\0', "")),
            stale: stale.0.map(|stale| (stale, desk.catalogue_stale_before())),
            incomplete: incomplete.0,
            active: active.0,
        };
        let limit = page_size(limit.0, &mut problems);
        let place = read_cursor(desk, "services", cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let (entries, more) = desk.catalogue(&actor, filter, &place.unwrap_or_default(), limit).await?;
        let last = entries.last().filter(|_| more);
        let next_cursor = last.map(|last| answers::cursor(desk, "services", &last.service.code));
        let items = entries.into_iter().map(|entry| ServiceJson::new(desk, entry)).collect();
        Ok(Json(ServicePage { items, next_cursor }))
    }

    /// Adds a service. It follows the pack's usual profile until its process owner sets one.
    #[oai(path = "/services", method = "post")]
    async fn add(
        &self,
        token: Token,
        body: Json<ServiceBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Added, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let code = body.0.code.clone().unwrap_or_default();
        let entry = desk.add_service(&actor, &code, body.0.wanted()?, key.0.as_deref()).await?;
        Ok(Added::Created(Json(ServiceJson::new(desk, entry))))
    }

    /// A service.
    #[oai(path = "/services/:code", method = "get")]
    async fn read(&self, token: Token, code: Path<String>) -> Answer {
        let actor = token.actor(&self.0).await?;
        Ok(Json(ServiceJson::new(&self.0, self.0.entry(&actor, &code.0).await?)))
    }

    /// Changes what the catalogue says of a service.
    #[oai(path = "/services/:code", method = "patch")]
    async fn change(
        &self,
        token: Token,
        code: Path<String>,
        body: Json<ServiceBody>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Answer {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let version = body.0.version.or(version_of(seen.0.as_deref(), &mut problems));
        refuse(problems)?;
        if body.0.code.as_ref().is_some_and(|wanted| *wanted != code.0) {
            return Err(Error::field("code", Say::new("field-code-fixed")).into());
        }
        let entry = desk.describe_service(&actor, &code.0, version, &body.0.wanted()?).await?;
        Ok(Json(ServiceJson::new(desk, entry)))
    }

    /// Its owner says that everything in the entry is so.
    #[oai(path = "/services/:code/review", method = "post")]
    async fn review(
        &self,
        token: Token,
        code: Path<String>,
        _body: Json<Plain>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Answer {
        let actor = token.actor(&self.0).await?;
        let entry = self.0.review_service(&actor, &code.0, key.0.as_deref()).await?;
        Ok(Json(ServiceJson::new(&self.0, entry)))
    }

    /// Takes a service out of the catalogue; its tickets and its history stay.
    #[oai(path = "/services/:code/retire", method = "post")]
    async fn retire(
        &self,
        token: Token,
        code: Path<String>,
        body: Json<Reasoned>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Answer {
        self.offer(token, &code.0, false, &body.0.reason, key.0.as_deref()).await
    }

    /// Puts a retired service back into the catalogue.
    #[oai(path = "/services/:code/restore", method = "post")]
    async fn restore(
        &self,
        token: Token,
        code: Path<String>,
        body: Json<Reasoned>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Answer {
        self.offer(token, &code.0, true, &body.0.reason, key.0.as_deref()).await
    }

    /// The chained history of a service.
    #[oai(path = "/services/:code/events", method = "get")]
    async fn events(
        &self,
        token: Token,
        code: Path<String>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<EventPage>, Failure> {
        let desk = &self.0;
        let list = format!("service events {}", code.0);
        let (after, limit) = window(desk, &list, limit.0, cursor.0.as_deref())?;
        let actor = token.actor(desk).await?;
        let events = desk.service_events(&actor, &code.0, after, limit).await?;
        let next = full(&events, limit).map(|last| answers::cursor(desk, &list, &last.seq.to_string()));
        Ok(Json(EventPage { items: events.into_iter().map(EventJson::new).collect(), next_cursor: next }))
    }
}

impl Services {
    async fn offer(&self, token: Token, code: &str, active: bool, reason: &str, key: Option<&str>) -> Answer {
        let actor = token.actor(&self.0).await?;
        let entry = self.0.offer_service(&actor, code, active, reason, key).await?;
        Ok(Json(ServiceJson::new(&self.0, entry)))
    }
}
