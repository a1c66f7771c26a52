//! `/availability`, `/outages`, `/maintenance`: how much of its agreed time a service could be used, and what is
//! recorded about that.

use crate::api::Token;
use crate::api::answers::{self, EventJson, EventPage};
use crate::api::choice::{self, Choice};
use crate::api::problem::Failure;
use crate::api::requests::Reasoned;
use crate::api::tickets::{full, page_size, read_cursor, refuse, version_of, window};
use crate::desk::Desk;
use crate::desk::availability::Measured;
use crate::desk::outages::{NewOutage, OutageChange};
use crate::domain::duty_rule::beginning_of;
use crate::domain::outage::{Outage, OutageCause, Severity};
use crate::error::{Error, FieldError, Say};
use crate::store::outages::Filter;
use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of availability and outages.
pub struct AvailabilityApi(pub Desk);

/// How much of its agreed time a service could be used. Lengths in seconds, shares in percent with two decimals.
#[derive(Debug, Object)]
pub struct AvailabilityJson {
    service: String,
    name: String,
    agency: String,
    critical: bool,
    from: DateTime<Utc>,
    /// End of what is measured: of the period, or now while it runs.
    to: DateTime<Utc>,
    /// Name of the calendar of its hours; null: round the clock.
    calendar: Option<String>,
    /// The service's hours in the period.
    hours_seconds: i64,
    /// Of these, planned maintenance announced at least 24 hours ahead; does not count.
    maintenance_seconds: i64,
    /// Of these, closed under an order; does not count.
    closed_seconds: i64,
    /// Agreed service time: the hours without both.
    agreed_seconds: i64,
    downtime_seconds: i64,
    /// Downtime, and what was closed under an order: not there for users.
    unavailable_seconds: i64,
    /// Time in which nothing but the network of a third party failed.
    third_party_seconds: i64,
    /// That time is part of the downtime.
    third_party_counts: bool,
    outages: i64,
    /// Mean length of an outage.
    mttr_seconds: Option<i64>,
    /// Null without agreed time.
    availability: Option<f64>,
    target: f64,
    /// Downtime the target allows.
    allowance_seconds: f64,
    /// Judged by the exact downtime.
    met: Option<bool>,
}

/// Services of a period.
#[derive(Debug, Object)]
struct AvailabilityPage {
    items: Vec<AvailabilityJson>,
    /// Always null.
    next_cursor: Option<String>,
}

/// What the process owner promises of a service.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct Promise {
    /// Name of a calendar of the pack; null: round the clock.
    calendar: Option<String>,
    /// In percent, at most two decimals.
    target: f64,
    /// The version that was seen; 0 when there was none.
    version: Option<i64>,
}

/// What is promised now.
#[derive(Debug, Object)]
struct PromiseJson {
    service: String,
    calendar: Option<String>,
    target: f64,
    version: i64,
}

/// Time in which a service could not be used as agreed.
#[derive(Debug, Object)]
pub struct OutageJson {
    id: i64,
    service: String,
    started_at: DateTime<Utc>,
    /// Null while it lasts.
    ended_at: Option<DateTime<Utc>>,
    /// `total`, `partial`, or `degraded` (no downtime).
    severity: String,
    /// `own` or `third_party_network`.
    cause: String,
    /// `manual` or `monitor`.
    origin: String,
    note: String,
    /// Number of the ticket it is worked on in.
    ticket: Option<String>,
    monitor: Option<i64>,
    recorded_at: DateTime<Utc>,
    /// Recorded by mistake; counts no more.
    voided_at: Option<DateTime<Utc>>,
    void_reason: Option<String>,
    version: i64,
}

/// A page of outages.
#[derive(Debug, Object)]
struct OutagePage {
    items: Vec<OutageJson>,
    next_cursor: Option<String>,
}

/// An outage to be recorded.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct NewOutageBody {
    /// Code of the service; that of the ticket when left out.
    #[oai(default)]
    service: String,
    /// When the ticket was opened, or now, when left out.
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    severity: Option<Choice<Severity>>,
    cause: Option<Choice<OutageCause>>,
    #[oai(default)]
    note: String,
    /// Number of the disruption's ticket.
    #[oai(default)]
    ticket: String,
}

/// What is to be mended; a reason is needed unless it is just ended.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct OutageChangeBody {
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    severity: Option<Choice<Severity>>,
    cause: Option<Choice<OutageCause>>,
    note: Option<String>,
    #[oai(default)]
    reason: String,
    version: Option<i64>,
}

/// An outage was recorded.
#[derive(ApiResponse)]
enum Recorded {
    /// The outage.
    #[oai(status = 201)]
    Created(Json<OutageJson>),
}

type Answer = Result<Json<OutageJson>, Failure>;

#[OpenApi]
impl AvailabilityApi {
    /// The availability of services in a local month, or from one local date to another; this month by default. A
    /// period that has not ended is measured until now.
    #[oai(path = "/availability", method = "get")]
    async fn list(
        &self,
        token: Token,
        /// Code of a service; all when left out.
        service: Query<Option<String>>,
        agency: Query<Option<String>>,
        /// `YYYY-MM`.
        month: Query<Option<String>>,
        /// First local date.
        from: Query<Option<String>>,
        /// The local date after the last.
        to: Query<Option<String>>,
    ) -> Result<Json<AvailabilityPage>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        if !actor.is_staff() {
            return Err(Error::Denied(Say::new("error-staff-only")).into());
        }
        let mut problems = Vec::new();
        let (from, to) = self.period(month.0, from.0, to.0, &mut problems);
        refuse(problems)?;
        let records = desk.availability_records(from, to).await?;
        let all = records.services().filter(|it| service.0.as_ref().is_none_or(|code| *code == it.code));
        let all = all.filter(|it| agency.0.as_ref().is_none_or(|code| *code == it.agency));
        let items = all.filter_map(|it| records.of(&it.code, from, to)).map(AvailabilityJson::new).collect();
        Ok(Json(AvailabilityPage { items, next_cursor: None }))
    }

    /// Sets what is promised of a service's availability. For its process owner.
    #[oai(path = "/availability/:service", method = "put")]
    async fn promise(
        &self,
        token: Token,
        service: Path<String>,
        body: Json<Promise>,
    ) -> Result<Json<PromiseJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        let target = (body.0.target * 100.0).round() as i64;
        let goal =
            self.0.promise_availability(&actor, &service.0, body.0.calendar.clone(), target, body.0.version).await?;
        Ok(Json(PromiseJson {
            service: goal.service,
            calendar: goal.calendar,
            target: goal.target as f64 / 100.0,
            version: goal.version,
        }))
    }

    /// Outages, newest first.
    #[expect(clippy::too_many_arguments, reason = "each is one filter of the list")]
    #[oai(path = "/outages", method = "get")]
    async fn outages(
        &self,
        token: Token,
        service: Query<Option<String>>,
        /// Lasting after this instant.
        from: Query<Option<DateTime<Utc>>>,
        /// Begun before this instant.
        to: Query<Option<DateTime<Utc>>>,
        /// Only those that last still.
        open: Query<Option<bool>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<OutagePage>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let limit = page_size(limit.0, &mut problems);
        let place = read_cursor(desk, "outages", cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let filter = Filter { service: service.0, from: from.0, to: to.0, open: open.0.unwrap_or(false) };
        let before = place.and_then(|place| place.parse().ok());
        let outages = desk.outages(&actor, &filter, before, limit).await?;
        let next_cursor = full(&outages, limit).map(|last| answers::cursor(desk, "outages", &last.id.to_string()));
        Ok(Json(OutagePage { items: outages.into_iter().map(OutageJson::new).collect(), next_cursor }))
    }

    /// Records an outage by hand.
    #[oai(path = "/outages", method = "post")]
    async fn record(
        &self,
        token: Token,
        body: Json<NewOutageBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Recorded, Failure> {
        let actor = token.actor(&self.0).await?;
        let mut problems = Vec::new();
        let body = body.0;
        let new = NewOutage {
            service: body.service,
            started_at: body.started_at,
            ended_at: body.ended_at,
            severity: choice::read(body.severity, "severity", &mut problems),
            cause: choice::read(body.cause, "cause", &mut problems),
            note: body.note,
            ticket: body.ticket,
        };
        refuse(problems)?;
        let outage = self.0.record_outage(&actor, &new, key.0.as_deref()).await?;
        Ok(Recorded::Created(Json(OutageJson::new(outage))))
    }

    /// An outage.
    #[oai(path = "/outages/:id", method = "get")]
    async fn read(&self, token: Token, id: Path<i64>) -> Answer {
        let actor = token.actor(&self.0).await?;
        Ok(Json(OutageJson::new(self.0.outage(&actor, id.0).await?)))
    }

    /// Mends what is recorded, or ends it.
    #[oai(path = "/outages/:id", method = "patch")]
    async fn change(
        &self,
        token: Token,
        id: Path<i64>,
        body: Json<OutageChangeBody>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Answer {
        let actor = token.actor(&self.0).await?;
        let mut problems = Vec::new();
        let body = body.0;
        let version = body.version.or(version_of(seen.0.as_deref(), &mut problems));
        let change = OutageChange {
            started_at: body.started_at,
            ended_at: body.ended_at,
            severity: choice::read(body.severity, "severity", &mut problems),
            cause: choice::read(body.cause, "cause", &mut problems),
            note: body.note,
            reason: body.reason,
        };
        refuse(problems)?;
        Ok(Json(OutageJson::new(self.0.change_outage(&actor, id.0, version, &change).await?)))
    }

    /// Takes back an outage that was recorded by mistake.
    #[oai(path = "/outages/:id/void", method = "post")]
    async fn void(&self, token: Token, id: Path<i64>, body: Json<Reasoned>) -> Answer {
        let actor = token.actor(&self.0).await?;
        let outage = self.0.void_outage(&actor, id.0, body.0.version, &body.0.reason).await?;
        Ok(Json(OutageJson::new(outage)))
    }

    /// The chained history of an outage.
    #[oai(path = "/outages/:id/events", method = "get")]
    async fn events(
        &self,
        token: Token,
        id: Path<i64>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<EventPage>, Failure> {
        let desk = &self.0;
        let list = format!("outage events {}", id.0);
        let (after, limit) = window(desk, &list, limit.0, cursor.0.as_deref())?;
        let actor = token.actor(desk).await?;
        let events = desk.outage_events(&actor, id.0, after, limit).await?;
        let next = full(&events, limit).map(|last| answers::cursor(desk, &list, &last.seq.to_string()));
        Ok(Json(EventPage { items: events.into_iter().map(EventJson::new).collect(), next_cursor: next }))
    }
}

impl AvailabilityApi {
    fn period(
        &self,
        month: Option<String>,
        from: Option<String>,
        to: Option<String>,
        problems: &mut Vec<FieldError>,
    ) -> (DateTime<Utc>, DateTime<Utc>) {
        let zone = self.0.pack().zone;
        let today = self.0.now().with_timezone(&zone).date_naive();
        let mut date = |text: Option<String>, field: &'static str, otherwise: NaiveDate| {
            let Some(text) = text else { return otherwise };
            let whole = if field == "month" { format!("{text}-01") } else { text };
            let read = whole.parse::<NaiveDate>().ok().filter(|date| (2000..=2100).contains(&date.year()));
            if read.is_none() {
                problems.push(FieldError { field, say: Say::new("field-date") });
            }
            read.unwrap_or(otherwise)
        };
        let first = date(month, "month", today.with_day(1).unwrap_or(today));
        let first = date(from, "from", first);
        let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
        let last = date(to, "to", next);
        if last <= first || (last - first).num_days() > 400 {
            problems.push(FieldError { field: "to", say: Say::new("field-period") });
        }
        (beginning_of(first, zone), beginning_of(last, zone))
    }
}

impl AvailabilityJson {
    fn new(it: Measured) -> Self {
        let figures = it.figures;
        Self {
            service: it.service.code,
            name: it.service.name,
            agency: it.service.agency,
            critical: it.service.critical,
            from: it.from,
            to: it.to,
            calendar: it.calendar,
            hours_seconds: figures.hours,
            maintenance_seconds: figures.maintenance,
            closed_seconds: figures.closed,
            unavailable_seconds: figures.unavailable(),
            agreed_seconds: figures.agreed(),
            downtime_seconds: figures.downtime,
            third_party_seconds: figures.third_party,
            third_party_counts: figures.counts_third_party,
            outages: figures.outages,
            mttr_seconds: figures.mttr(),
            availability: figures.share().map(percent),
            target: percent(figures.target),
            allowance_seconds: figures.allowance_ms() as f64 / 1000.0,
            met: figures.is_met(),
        }
    }
}

impl OutageJson {
    fn new(it: Outage) -> Self {
        Self {
            id: it.id,
            service: it.service,
            started_at: it.started_at,
            ended_at: it.ended_at,
            severity: it.severity.to_string(),
            cause: it.cause.to_string(),
            origin: it.origin.to_string(),
            note: it.note,
            ticket: it.ticket,
            monitor: it.monitor_id,
            recorded_at: it.recorded_at,
            voided_at: it.voided_at,
            void_reason: it.void_reason,
            version: it.version,
        }
    }
}

fn percent(hundredths: u32) -> f64 {
    f64::from(hundredths) / 100.0
}
