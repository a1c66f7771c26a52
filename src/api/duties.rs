//! `/duties`: the duty register.

use crate::api::Token;
use crate::api::answers::{self, EventJson, EventPage};
use crate::api::choice::{self, Choice};
use crate::api::problem::Failure;
use crate::api::requests::Reasoned;
use crate::api::tickets::{full, page_size, read_cursor, refuse, version_of, window};
use crate::desk::Desk;
use crate::desk::duty_acts::{DutyCommand, NewDuty};
use crate::desk::duty_views::DutyPage;
use crate::domain::duty::{Duty, DutyState};
use crate::error::{Error, FieldError, Say};
use crate::store::duties::Filter;
use chrono::{DateTime, NaiveDate, Utc};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use std::collections::BTreeMap;

/// Endpoints of the duty register.
pub struct Duties(pub Desk);

/// An entry of the register.
#[derive(Debug, Object)]
pub struct DutyJson {
    id: i64,
    /// Code of the pack's duty; `one_off` for what somebody entered by hand.
    code: String,
    what: String,
    /// `agency`, `ict` or `board`.
    office: String,
    /// Null for the coordination team.
    agency: Option<String>,
    period: PeriodJson,
    /// Last local day on which it is in time.
    due_on: NaiveDate,
    /// Late from this instant on.
    due_at: DateTime<Utc>,
    /// `open`, `done`, `overdue`, `waived` or `void`.
    state: String,
    /// The law attaches a sanction to it.
    sanctionable: bool,
    /// Where it is written; null: a default, no law.
    source: Option<String>,
    /// Version of the pack it was entered under.
    pack: String,
    remind_at: Option<DateTime<Utc>>,
    planned_on: Option<NaiveDate>,
    done_at: Option<DateTime<Utc>>,
    /// Address of whoever said that it is done.
    done_by: Option<String>,
    /// Done after its due day.
    late: bool,
    evidence: Option<String>,
    evidence_url: Option<String>,
    /// Note of the entry, or reason of the last waiver or reopening.
    note: Option<String>,
    /// Number of the ticket that called for it.
    ticket: Option<String>,
    opened_at: DateTime<Utc>,
    version: i64,
}

/// Local days, half open.
#[derive(Debug, Object)]
struct PeriodJson {
    from: NaiveDate,
    to: NaiveDate,
}

/// A page of the register.
#[derive(Debug, Object)]
struct DutyPageJson {
    items: Vec<DutyJson>,
    next_cursor: Option<String>,
}

/// A change (`code`), or something to be done once (`title`).
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct NewDutyBody {
    /// Code of a duty of the pack that changes call for.
    code: Option<String>,
    /// What is owed, when it is no duty of the pack.
    #[oai(default)]
    title: String,
    /// Who owes it; by default the agency of the ticket.
    #[oai(default)]
    agency: String,
    /// Local date; for a change by default the end of the following month.
    due_on: Option<String>,
    /// Number of the ticket of kind `change` that calls for it.
    #[oai(default)]
    ticket: String,
    #[oai(default)]
    note: String,
}

/// What shows that it is done.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct DoneBody {
    #[oai(default)]
    evidence: String,
    /// Where it can be seen, `https://…`.
    #[oai(default)]
    evidence_url: String,
    version: Option<i64>,
}

/// The day for which it is planned; null takes the plan back.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct PlanBody {
    /// Local date, `YYYY-MM-DD`.
    planned_on: Option<String>,
    version: Option<i64>,
}

/// A duty was entered.
#[derive(ApiResponse)]
enum Entered {
    /// The entry.
    #[oai(status = 201)]
    Created(Json<DutyJson>),
}

type Answer = Result<Json<DutyJson>, Failure>;

#[OpenApi]
impl Duties {
    /// Entries the caller may see, next due first.
    #[expect(clippy::too_many_arguments, reason = "each is one filter of the list")]
    #[oai(path = "/duties", method = "get")]
    async fn list(
        &self,
        token: Token,
        agency: Query<Option<String>>,
        state: Query<Option<Choice<DutyState>>>,
        /// Due on this local date or later.
        due_from: Query<Option<String>>,
        /// Due before this local date.
        due_to: Query<Option<String>>,
        sanctionable: Query<Option<bool>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<DutyPageJson>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let filter = Filter {
            states: choice::read(state.0, "state", &mut problems).into_iter().collect(),
            agency: agency.0,
            due_from: date(due_from.0, "due_from", &mut problems),
            due_to: date(due_to.0, "due_to", &mut problems),
            sanctionable: sanctionable.0,
        };
        let limit = page_size(limit.0, &mut problems);
        let place = read_cursor(desk, "duties", cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let page = desk.duties(&actor, &filter, place.as_deref().and_then(answers::after), limit).await?;
        let next_cursor = page.next.map(|next| answers::cursor(desk, "duties", &answers::after_text(next)));
        let items = page.items.into_iter().map(|duty| DutyJson::new(duty, &page.people)).collect();
        Ok(Json(DutyPageJson { items, next_cursor }))
    }

    /// Enters a change, or something to be done once.
    #[oai(path = "/duties", method = "post")]
    async fn enter(
        &self,
        token: Token,
        body: Json<NewDutyBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Entered, Failure> {
        let actor = token.actor(&self.0).await?;
        let mut problems = Vec::new();
        let NewDutyBody { code, title, agency, due_on, ticket, note } = body.0;
        let due_on = date(due_on, "due_on", &mut problems);
        refuse(problems)?;
        let new = NewDuty { code, title, agency, due_on, ticket, note };
        let duty = self.0.enter_duty(&actor, new, key.0.as_deref()).await?;
        Ok(Entered::Created(Json(DutyJson::new(duty, &BTreeMap::new()))))
    }

    /// An entry.
    #[oai(path = "/duties/:id", method = "get")]
    async fn read(&self, token: Token, id: Path<i64>) -> Answer {
        let actor = token.actor(&self.0).await?;
        one(self.0.duty(&actor, id.0).await?)
    }

    /// The chained history of an entry.
    #[oai(path = "/duties/:id/events", method = "get")]
    async fn events(
        &self,
        token: Token,
        id: Path<i64>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<EventPage>, Failure> {
        let desk = &self.0;
        let list = format!("duty events {}", id.0);
        let (after, limit) = window(desk, &list, limit.0, cursor.0.as_deref())?;
        let actor = token.actor(desk).await?;
        let events = desk.duty_events(&actor, id.0, after, limit).await?;
        let next = full(&events, limit).map(|last| answers::cursor(desk, &list, &last.seq.to_string()));
        Ok(Json(EventPage { items: events.into_iter().map(EventJson::new).collect(), next_cursor: next }))
    }

    /// It is done, with what shows it.
    #[oai(path = "/duties/:id/done", method = "post")]
    async fn done(
        &self,
        token: Token,
        id: Path<i64>,
        body: Json<DoneBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Answer {
        let DoneBody { evidence, evidence_url, version } = body.0;
        self.act(token, id.0, version, seen.0, DutyCommand::Done { evidence, link: evidence_url }, key.0).await
    }

    /// It is planned for a day; what must come before it moves along.
    #[oai(path = "/duties/:id/plan", method = "post")]
    async fn plan(
        &self,
        token: Token,
        id: Path<i64>,
        body: Json<PlanBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Answer {
        let mut problems = Vec::new();
        let on = date(body.0.planned_on, "planned_on", &mut problems);
        refuse(problems)?;
        self.act(token, id.0, body.0.version, seen.0, DutyCommand::Plan { on }, key.0).await
    }

    /// The office is released from it.
    #[oai(path = "/duties/:id/waive", method = "post")]
    async fn waive(
        &self,
        token: Token,
        id: Path<i64>,
        body: Json<Reasoned>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Answer {
        let command = DutyCommand::Waive { reason: body.0.reason };
        self.act(token, id.0, body.0.version, seen.0, command, key.0).await
    }

    /// It is owed again.
    #[oai(path = "/duties/:id/reopen", method = "post")]
    async fn reopen(
        &self,
        token: Token,
        id: Path<i64>,
        body: Json<Reasoned>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Answer {
        let command = DutyCommand::Reopen { reason: body.0.reason };
        self.act(token, id.0, body.0.version, seen.0, command, key.0).await
    }
}

impl Duties {
    async fn act(
        &self,
        token: Token,
        id: i64,
        version: Option<i64>,
        seen: Option<String>,
        command: DutyCommand,
        key: Option<String>,
    ) -> Answer {
        let actor = token.actor(&self.0).await?;
        let mut problems = Vec::new();
        let version = version.or(version_of(seen.as_deref(), &mut problems));
        refuse(problems)?;
        self.0.act_on_duty(&actor, id, version, command, key.as_deref()).await?;
        one(self.0.duty(&actor, id).await?)
    }
}

impl DutyJson {
    fn new(duty: Duty, people: &BTreeMap<i64, (String, String)>) -> Self {
        Self {
            late: duty.is_late(),
            done_by: duty.done_by.and_then(|id| people.get(&id)).map(|person| person.0.clone()),
            ticket: crate::domain::number::parse(&duty.cause),
            id: duty.id,
            code: duty.code,
            what: duty.what,
            office: duty.office.to_string(),
            agency: Some(duty.agency).filter(|code| !code.is_empty()),
            period: PeriodJson { from: duty.period_from, to: duty.period_to },
            due_on: duty.due_on,
            due_at: duty.due_at,
            state: duty.state.to_string(),
            sanctionable: duty.sanctionable,
            source: duty.source,
            pack: duty.pack,
            remind_at: duty.remind_at,
            planned_on: duty.planned_on,
            done_at: duty.done_at,
            evidence: duty.evidence,
            evidence_url: duty.evidence_url,
            note: duty.note,
            opened_at: duty.opened_at,
            version: duty.version,
        }
    }
}

fn one(mut page: DutyPage) -> Answer {
    let duty = page.items.pop().ok_or(Error::NotFound("duty"))?;
    Ok(Json(DutyJson::new(duty, &page.people)))
}

/// A local date as people write it; an empty one is none.
fn date(text: Option<String>, field: &'static str, problems: &mut Vec<FieldError>) -> Option<NaiveDate> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    let read =
        text.trim().parse::<NaiveDate>().ok().filter(|date| (2000..=2100).contains(&chrono::Datelike::year(date)));
    if read.is_none() {
        problems.push(FieldError { field, say: Say::new("field-date") });
    }
    read
}
