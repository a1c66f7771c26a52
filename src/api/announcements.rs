//! `/announcements`: what the desk tells people apart from disruptions.

use crate::api::Token;
use crate::api::answers::{self, EventJson, EventPage};
use crate::api::choice::Choice;
use crate::api::problem::Failure;
use crate::api::requests::Reasoned;
use crate::api::tickets::{full, page_size, read_cursor, refuse, version_of, window};
use crate::desk::Desk;
use crate::desk::announcements::WantedAnnouncement;
use crate::domain::announcement::{Announcement, Audience, Weight};
use chrono::{DateTime, Utc};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of announcements.
pub struct Announcements(pub Desk);

/// An announcement.
#[derive(Debug, Object)]
pub struct AnnouncementJson {
    /// Public name, `PGM-2026-0004`.
    code: String,
    /// Null: the whole region.
    agency: Option<String>,
    /// `public` or `staff`.
    audience: String,
    /// `info`, `warning` or `critical`.
    severity: String,
    title: String,
    message: String,
    starts_at: DateTime<Utc>,
    /// Null: until it is withdrawn.
    ends_at: Option<DateTime<Utc>>,
    /// `planned`, `running`, `over` or `withdrawn`.
    state: String,
    withdrawn_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

/// Announcements.
#[derive(Debug, Object)]
struct AnnouncementPage {
    items: Vec<AnnouncementJson>,
    next_cursor: Option<String>,
}

/// An announcement to be made, or what it is changed into.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct AnnouncementBody {
    /// Left out: the whole region.
    agency: Option<String>,
    audience: Choice<Audience>,
    severity: Choice<Weight>,
    #[oai(default)]
    title: String,
    #[oai(default)]
    message: String,
    /// Left out: now. What has begun keeps its beginning.
    starts_at: Option<DateTime<Utc>>,
    /// Left out: until it is withdrawn.
    ends_at: Option<DateTime<Utc>>,
    version: Option<i64>,
}

/// An announcement was made.
#[derive(ApiResponse)]
enum Made {
    /// The announcement.
    #[oai(status = 201)]
    Created(Json<AnnouncementJson>),
}

type Answer = Result<Json<AnnouncementJson>, Failure>;

#[OpenApi]
impl Announcements {
    /// Announcements the caller may read, also those that are over, the youngest first.
    #[oai(path = "/announcements", method = "get")]
    async fn list(
        &self,
        token: Token,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<AnnouncementPage>, Failure> {
        let desk = &self.0;
        let mut problems = Vec::new();
        let limit = page_size(limit.0, &mut problems);
        let place = read_cursor(desk, "announcements", cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let actor = token.actor(desk).await?;
        let before = place.and_then(|place| place.parse().ok()).unwrap_or(i64::MAX);
        let (found, next) = desk.announcements(&actor, before, limit).await?;
        let items = found.into_iter().map(|it| AnnouncementJson::new(it, desk.now())).collect();
        let next_cursor = next.map(|next| answers::cursor(desk, "announcements", &next.to_string()));
        Ok(Json(AnnouncementPage { items, next_cursor }))
    }

    /// What the public is told now. Needs no token.
    #[oai(path = "/public/announcements", method = "get")]
    async fn public(&self, agency: Query<Option<String>>) -> Result<Json<AnnouncementPage>, Failure> {
        let found = self.0.told_to_public(agency.0.as_deref()).await?;
        let items = found.into_iter().map(|it| AnnouncementJson::new(it, self.0.now())).collect();
        Ok(Json(AnnouncementPage { items, next_cursor: None }))
    }

    /// Announces something.
    #[oai(path = "/announcements", method = "post")]
    async fn make(
        &self,
        token: Token,
        body: Json<AnnouncementBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Made, Failure> {
        let wanted = body.0.wanted()?;
        let actor = token.actor(&self.0).await?;
        let it = self.0.tell_people(&actor, &wanted, key.0.as_deref()).await?;
        Ok(Made::Created(Json(AnnouncementJson::new(it, self.0.now()))))
    }

    /// One announcement.
    #[oai(path = "/announcements/:code", method = "get")]
    async fn read(&self, token: Token, code: Path<String>) -> Answer {
        let actor = token.actor(&self.0).await?;
        Ok(Json(AnnouncementJson::new(self.0.announcement(&actor, &code.0).await?, self.0.now())))
    }

    /// Changes it while it is not over.
    #[oai(path = "/announcements/:code", method = "put")]
    async fn change(
        &self,
        token: Token,
        code: Path<String>,
        body: Json<AnnouncementBody>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Answer {
        let mut problems = Vec::new();
        let version = body.0.version.or(version_of(seen.0.as_deref(), &mut problems));
        refuse(problems)?;
        let wanted = body.0.wanted()?;
        let actor = token.actor(&self.0).await?;
        let it = self.0.change_announcement(&actor, &code.0, version, &wanted).await?;
        Ok(Json(AnnouncementJson::new(it, self.0.now())))
    }

    /// Takes it back.
    #[oai(path = "/announcements/:code/withdraw", method = "post")]
    async fn withdraw(&self, token: Token, code: Path<String>, body: Json<Reasoned>) -> Answer {
        let actor = token.actor(&self.0).await?;
        let it = self.0.withdraw_announcement(&actor, &code.0, body.0.version, &body.0.reason).await?;
        Ok(Json(AnnouncementJson::new(it, self.0.now())))
    }

    /// Its chained history.
    #[oai(path = "/announcements/:code/events", method = "get")]
    async fn events(
        &self,
        token: Token,
        code: Path<String>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<EventPage>, Failure> {
        let desk = &self.0;
        let list = format!("announcement events {}", code.0);
        let (after, limit) = window(desk, &list, limit.0, cursor.0.as_deref())?;
        let actor = token.actor(desk).await?;
        let events = desk.announcement_events(&actor, &code.0, after, limit).await?;
        let next = full(&events, limit).map(|last| answers::cursor(desk, &list, &last.seq.to_string()));
        Ok(Json(EventPage { items: events.into_iter().map(EventJson::new).collect(), next_cursor: next }))
    }
}

impl AnnouncementBody {
    fn wanted(self) -> Result<WantedAnnouncement, Failure> {
        let mut problems = Vec::new();
        let audience = self.audience.read("audience", &mut problems);
        let severity = self.severity.read("severity", &mut problems);
        refuse(problems)?;
        Ok(WantedAnnouncement {
            agency: self.agency,
            audience: audience.unwrap_or(Audience::Public),
            severity: severity.unwrap_or(Weight::Info),
            title: self.title,
            message: self.message,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
        })
    }
}

impl AnnouncementJson {
    fn new(it: Announcement, now: DateTime<Utc>) -> Self {
        Self {
            state: it.state(now).to_string(),
            code: it.code,
            agency: it.agency,
            audience: it.audience.to_string(),
            severity: it.severity.to_string(),
            title: it.title,
            message: it.message,
            starts_at: it.starts_at,
            ends_at: it.ends_at,
            withdrawn_at: it.withdrawn_at,
            created_at: it.created_at,
            updated_at: it.updated_at,
            version: it.version,
        }
    }
}
