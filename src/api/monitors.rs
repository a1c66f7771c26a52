//! `/monitors`: what looks whether services answer, and the door for signs of life.

use crate::api::Token;
use crate::api::answers;
use crate::api::choice::Choice;
use crate::api::problem::Failure;
use crate::api::requests::Plain;
use crate::api::tickets::{full, refuse, version_of, window};
use crate::desk::Desk;
use crate::desk::monitors::Wanted;
use crate::domain::monitor::{Expected, Monitor, MonitorKind};
use crate::error::{Error, Say};
use crate::store::monitors::Check;
use chrono::{DateTime, Utc};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Looks that are told at most.
const LOOKS: i64 = 200;

/// Endpoints of monitors.
pub struct Monitors(pub Desk);

/// What is expected beyond an answer; what is left out is not looked at.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct ExpectedJson {
    /// Status of a page; any from 200 to 399 when left out. No redirect is followed.
    status: Option<u16>,
    /// Stands in the page (its first 256 KB).
    text: Option<String>,
    /// A certificate that ends within so many days is shown as ending soon; no outage.
    days: Option<u32>,
    /// Among the addresses of a name.
    address: Option<String>,
}

/// Something that looks whether a service answers.
#[derive(Debug, Object)]
pub struct MonitorJson {
    id: i64,
    service: String,
    name: String,
    /// `http`, `tcp`, `tls`, `dns` or `heartbeat`.
    kind: String,
    target: String,
    expected: ExpectedJson,
    interval_seconds: i64,
    timeout_ms: i64,
    failures_needed: i64,
    active: bool,
    /// `unknown`, `up` or `down`.
    state: String,
    /// What the last look found, in a word.
    result: String,
    /// Failures in a row.
    failures: i64,
    failing_since: Option<DateTime<Utc>>,
    checked_at: Option<DateTime<Utc>>,
    next_at: DateTime<Utc>,
    /// The outage it has begun and not ended.
    outage: Option<i64>,
    version: i64,
    /// Secret of a heartbeat; told once.
    secret: Option<String>,
}

/// A page of monitors.
#[derive(Debug, Object)]
struct MonitorPage {
    items: Vec<MonitorJson>,
    next_cursor: Option<String>,
}

/// What one look found.
#[derive(Debug, Object)]
struct MonitorCheckJson {
    at: DateTime<Utc>,
    ok: bool,
    /// How long the answer took.
    millis: i64,
    result: String,
}

/// The last looks.
#[derive(Debug, Object)]
struct CheckPage {
    items: Vec<MonitorCheckJson>,
    /// Always null: looks are kept for a week, the last 200 are told.
    next_cursor: Option<String>,
}

/// A monitor to be set up.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct NewMonitor {
    /// Code of the service.
    service: String,
    kind: Choice<MonitorKind>,
    name: String,
    /// Address of a page, `host:port`, or a name; empty for a heartbeat.
    #[oai(default)]
    target: String,
    expected: Option<ExpectedJson>,
    /// 20 to 86400.
    interval_seconds: Option<i64>,
    /// 200 to 60000; of a heartbeat, the time it may be late, up to a day.
    timeout_ms: Option<i64>,
    /// 1 to 20.
    failures_needed: Option<i64>,
}

/// What is to be changed; what is left out stays.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct MonitorChange {
    name: Option<String>,
    target: Option<String>,
    expected: Option<ExpectedJson>,
    interval_seconds: Option<i64>,
    timeout_ms: Option<i64>,
    failures_needed: Option<i64>,
    active: Option<bool>,
    version: Option<i64>,
}

/// A monitor was set up.
#[derive(ApiResponse)]
enum Added {
    /// The monitor.
    #[oai(status = 201)]
    Created(Json<MonitorJson>),
}

/// A sign of life was taken.
#[derive(ApiResponse)]
enum Alive {
    /// It was.
    #[oai(status = 204)]
    Taken,
}

type Answer = Result<Json<MonitorJson>, Failure>;

#[OpenApi]
impl Monitors {
    /// Monitors in the order of their keys.
    #[oai(path = "/monitors", method = "get")]
    async fn list(
        &self,
        token: Token,
        service: Query<Option<String>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<MonitorPage>, Failure> {
        let desk = &self.0;
        let (after, limit) = window(desk, "monitors", limit.0, cursor.0.as_deref())?;
        let actor = token.actor(desk).await?;
        let all = desk.monitors(&actor, service.0.as_deref(), after, limit).await?;
        let next_cursor = full(&all, limit).map(|last| answers::cursor(desk, "monitors", &last.id.to_string()));
        let items = all.into_iter().map(|it| MonitorJson::new(it, None)).collect();
        Ok(Json(MonitorPage { items, next_cursor }))
    }

    /// Sets up a monitor. It reaches only what the settings of the installation allow.
    #[oai(path = "/monitors", method = "post")]
    async fn add(
        &self,
        token: Token,
        body: Json<NewMonitor>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Added, Failure> {
        let actor = token.actor(&self.0).await?;
        let (mut problems, body) = (Vec::new(), body.0);
        let kind = body.kind.read("kind", &mut problems);
        refuse(problems)?;
        let kind = kind.ok_or_else(|| Error::field("kind", Say::new("field-required").with("label", "kind")))?;
        let wanted = Wanted {
            name: Some(body.name),
            target: Some(body.target),
            expected: body.expected.map(ExpectedJson::read),
            interval_seconds: body.interval_seconds,
            timeout_ms: body.timeout_ms,
            failures_needed: body.failures_needed,
            active: None,
        };
        let (it, secret) = self.0.add_monitor(&actor, &body.service, kind, &wanted, key.0.as_deref()).await?;
        Ok(Added::Created(Json(MonitorJson::new(it, secret))))
    }

    /// A monitor.
    #[oai(path = "/monitors/:id", method = "get")]
    async fn read(&self, token: Token, id: Path<i64>) -> Answer {
        let actor = token.actor(&self.0).await?;
        Ok(Json(MonitorJson::new(self.0.monitor(&actor, id.0, 0).await?.0, None)))
    }

    /// Changes a monitor, stops it or lets it look again.
    #[oai(path = "/monitors/:id", method = "patch")]
    async fn change(
        &self,
        token: Token,
        id: Path<i64>,
        body: Json<MonitorChange>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Answer {
        let actor = token.actor(&self.0).await?;
        let (mut problems, body) = (Vec::new(), body.0);
        let version = body.version.or(version_of(seen.0.as_deref(), &mut problems));
        refuse(problems)?;
        let wanted = Wanted {
            name: body.name,
            target: body.target,
            expected: body.expected.map(ExpectedJson::read),
            interval_seconds: body.interval_seconds,
            timeout_ms: body.timeout_ms,
            failures_needed: body.failures_needed,
            active: body.active,
        };
        Ok(Json(MonitorJson::new(self.0.change_monitor(&actor, id.0, version, &wanted).await?, None)))
    }

    /// What the last looks found, the last first.
    #[oai(path = "/monitors/:id/checks", method = "get")]
    async fn checks(&self, token: Token, id: Path<i64>) -> Result<Json<CheckPage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let (_, checks) = self.0.monitor(&actor, id.0, LOOKS).await?;
        let items = checks.into_iter().map(MonitorCheckJson::new).collect();
        Ok(Json(CheckPage { items, next_cursor: None }))
    }

    /// Gives a heartbeat another secret; the old one is no good any more.
    #[oai(path = "/monitors/:id/secret", method = "post")]
    async fn renew(&self, token: Token, id: Path<i64>, _body: Json<Plain>) -> Answer {
        let actor = token.actor(&self.0).await?;
        let (it, secret) = self.0.renew_monitor_secret(&actor, id.0).await?;
        Ok(Json(MonitorJson::new(it, Some(secret))))
    }

    /// A sign of life. The bearer token is the monitor's own secret, good for nothing else.
    #[oai(path = "/monitors/:id/heartbeat", method = "post")]
    async fn heartbeat(&self, token: Token, id: Path<i64>) -> Result<Alive, Failure> {
        self.0.heartbeat(id.0, &token.0.token).await?;
        Ok(Alive::Taken)
    }
}

impl ExpectedJson {
    fn read(self) -> Expected {
        Expected { status: self.status, text: self.text, days: self.days, address: self.address }
    }
}

impl MonitorJson {
    fn new(it: Monitor, secret: Option<String>) -> Self {
        let Expected { status, text, days, address } = it.expected;
        Self {
            id: it.id,
            service: it.service,
            name: it.name,
            kind: it.kind.to_string(),
            target: it.target,
            expected: ExpectedJson { status, text, days, address },
            interval_seconds: it.interval_seconds,
            timeout_ms: it.timeout_ms,
            failures_needed: it.failures_needed,
            active: it.active,
            state: it.state.to_string(),
            result: it.result.to_string(),
            failures: it.failures,
            failing_since: it.failing_since,
            checked_at: it.checked_at,
            next_at: it.next_at,
            outage: it.outage_id,
            version: it.version,
            secret,
        }
    }
}

impl MonitorCheckJson {
    fn new(it: Check) -> Self {
        Self { at: it.at, ok: it.ok, millis: it.millis, result: it.result.to_string() }
    }
}
