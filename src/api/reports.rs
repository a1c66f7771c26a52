//! `/reports`: periodic reports.

use crate::api::Token;
use crate::api::answers;
use crate::api::choice::{self, Choice};
use crate::api::problem::Failure;
use crate::api::tickets::{full, page_size, read_cursor, refuse, version_of};
use crate::desk::Desk;
use crate::desk::report_acts::ReportCommand;
use crate::desk::report_views::ReportFilter;
use crate::desk::report_words::Words;
use crate::domain::report::figure::Figure;
use crate::domain::report::life::Report;
use crate::domain::report::steps::StepAct;
use crate::domain::ticket::Language;
use crate::error::{FieldError, Say};
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};
use poem::http::header;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::{Binary, Json, Response};
use poem_openapi::{Object, OpenApi};

/// Endpoints of periodic reports.
pub struct Reports(pub Desk);

/// A report without its content.
#[derive(Debug, Object)]
struct ReportJson {
    code: String,
    /// Null for the whole region.
    agency: Option<String>,
    period_from: NaiveDate,
    period_to: NaiveDate,
    /// Last local day on which it is in time.
    due_on: NaiveDate,
    due_at: DateTime<Utc>,
    /// `draft`, `submitted` or `received`.
    state: String,
    /// The edition that counts, from 1.
    edition: i64,
    /// The due day ended without it.
    late: bool,
    drawn_at: DateTime<Utc>,
    submitted_at: Option<DateTime<Utc>>,
    /// Handed in by the clock, its agency has not confirmed it yet.
    submitted_by_clock: bool,
    received_at: Option<DateTime<Utc>>,
    obstacles: String,
    recommendations: String,
    version: i64,
}

/// A page of reports.
#[derive(Debug, Object)]
struct ReportPageJson {
    items: Vec<ReportJson>,
    next_cursor: Option<String>,
}

/// A ticket behind a figure.
#[derive(Debug, Object)]
struct BehindJson {
    number: String,
    subject: String,
    agency: String,
    status: String,
    opened_at: DateTime<Utc>,
}

/// Tickets behind a figure.
#[derive(Debug, Object)]
struct BehindPageJson {
    items: Vec<BehindJson>,
    next_cursor: Option<String>,
    /// How many the figure counts today.
    count: i64,
}

/// What the agency says of the period.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct RemarksBody {
    #[oai(default)]
    obstacles: String,
    #[oai(default)]
    recommendations: String,
    version: Option<i64>,
}

/// The version that was seen.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct SeenBody {
    version: Option<i64>,
}

/// Why it is drawn up again; remarks that are left out stay.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct ReissueBody {
    #[oai(default)]
    reason: String,
    obstacles: Option<String>,
    recommendations: Option<String>,
    version: Option<i64>,
}

/// By which letter or message, and the version of the report that was seen.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct ReportStepBody {
    #[oai(default)]
    note: String,
    version: Option<i64>,
}

/// One step of the region's report upwards.
#[derive(Debug, Object)]
struct ReportStepJson {
    /// From 1.
    place: i64,
    recipient: String,
    /// Where that is written; null: a default.
    basis: Option<String>,
    /// Last local day on which it is sent in time.
    due_on: NaiveDate,
    /// The due day ended before it was sent.
    late: bool,
    /// The edition that was sent last.
    edition: Option<i64>,
    sent_at: Option<DateTime<Utc>>,
    sent_note: String,
    received_at: Option<DateTime<Utc>>,
    received_note: String,
}

type Answer = Result<Json<ReportJson>, Failure>;

#[OpenApi]
impl Reports {
    /// Reports the caller may see, the newest period first.
    #[oai(path = "/reports", method = "get")]
    async fn list(
        &self,
        token: Token,
        /// Code of an agency; `-` for the region's own reports.
        agency: Query<Option<String>>,
        /// Periods that began in this month or later, `YYYY-MM`.
        month_from: Query<Option<String>>,
        /// Periods that began before this month, `YYYY-MM`.
        month_to: Query<Option<String>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<ReportPageJson>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let filter = ReportFilter {
            agency: agency.0.map(|code| if code == "-" { String::new() } else { code }),
            from: month(month_from.0, "month_from", &mut problems),
            to: month(month_to.0, "month_to", &mut problems),
        };
        let limit = page_size(limit.0, &mut problems);
        let place = read_cursor(desk, "reports", cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let after = place.as_deref().and_then(|place| {
            let (day, agency) = place.split_once(' ')?;
            Some((day.parse().ok()?, agency.to_owned()))
        });
        let reports = desk.reports(&actor, &filter, after, limit).await?;
        let next_cursor = full(&reports, limit)
            .map(|last| answers::cursor(desk, "reports", &format!("{} {}", last.period_from, last.agency)));
        Ok(Json(ReportPageJson { items: reports.into_iter().map(ReportJson::new).collect(), next_cursor }))
    }

    /// A report with its fourteen parts: every figure with its value, what it is counted of, and how.
    #[oai(path = "/reports/:code", method = "get")]
    async fn read(
        &self,
        token: Token,
        code: Path<String>,
        /// An older edition.
        edition: Query<Option<i64>>,
        #[oai(name = "Accept-Language")] language: Header<Option<String>>,
    ) -> Result<Json<serde_json::Value>, Failure> {
        let actor = token.actor(&self.0).await?;
        let full = self.0.report(&actor, &code.0, edition.0).await?;
        Ok(Json(self.words(language.0.as_deref()).json(&full)?))
    }

    /// A report about the running or an earlier period that is not kept: drawn up from what is known now.
    #[oai(path = "/reports/preview", method = "get")]
    async fn preview(
        &self,
        token: Token,
        /// Month of the period, `YYYY-MM`.
        month: Query<String>,
        /// Code of an agency; left out for the region.
        agency: Query<Option<String>>,
        #[oai(name = "Accept-Language")] language: Header<Option<String>>,
    ) -> Result<Json<serde_json::Value>, Failure> {
        let actor = token.actor(&self.0).await?;
        let mut problems = Vec::new();
        let day = self::month(Some(month.0), "month", &mut problems);
        refuse(problems)?;
        let day = day.ok_or(crate::error::Error::NotFound("report"))?;
        let full = self.0.report_about(&actor, agency.0.as_deref().unwrap_or_default(), day).await?;
        Ok(Json(self.words(language.0.as_deref()).json(&full)?))
    }

    /// Tickets that a figure of a report counts today, oldest first.
    #[oai(path = "/reports/:code/tickets", method = "get")]
    async fn tickets(
        &self,
        token: Token,
        code: Path<String>,
        figure: Query<Choice<Figure>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<BehindPageJson>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let figure = choice::read(Some(figure.0), "figure", &mut problems);
        let limit = page_size(limit.0, &mut problems);
        let list = format!("report tickets {}", code.0);
        let place = read_cursor(desk, &list, cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let skip = place.and_then(|place| place.parse().ok()).unwrap_or(0);
        let limit = usize::try_from(limit).unwrap_or(50);
        let figure = figure.ok_or(crate::error::Error::NotFound("figure"))?;
        let behind = desk.behind(&actor, &code.0, figure, skip, limit).await?;
        let item = |ticket: crate::domain::ticket::Ticket| BehindJson {
            number: ticket.number,
            subject: ticket.subject,
            agency: ticket.agency,
            status: ticket.status.to_string(),
            opened_at: ticket.opened_at,
        };
        Ok(Json(BehindPageJson {
            next_cursor: behind.more.then(|| answers::cursor(desk, &list, &(skip + limit).to_string())),
            count: i64::try_from(behind.count).unwrap_or(i64::MAX),
            items: behind.tickets.into_iter().map(item).collect(),
        }))
    }

    /// The report as a file: `json`, `csv`, `xlsx` or `pdf`.
    #[oai(path = "/reports/:code/download", method = "get")]
    async fn download(
        &self,
        token: Token,
        code: Path<String>,
        format: Query<String>,
        edition: Query<Option<i64>>,
        #[oai(name = "Accept-Language")] language: Header<Option<String>>,
    ) -> Result<Response<Binary<Vec<u8>>>, Failure> {
        let actor = token.actor(&self.0).await?;
        let full = self.0.report(&actor, &code.0, edition.0).await?;
        let words = self.words(language.0.as_deref());
        let (bytes, media_type) = self.0.report_file(&full, &format.0, words).await?;
        let name = format!("{}.{}", full.content.head.code, format.0);
        let response = Response::new(Binary(bytes)).header(header::CONTENT_TYPE, media_type);
        Ok(response.header(header::CONTENT_DISPOSITION, text::as_attachment(&name)))
    }

    /// Writes what stood in the way and what is recommended.
    #[oai(path = "/reports/:code/remarks", method = "post")]
    async fn remarks(
        &self,
        token: Token,
        code: Path<String>,
        body: Json<RemarksBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Answer {
        let RemarksBody { obstacles, recommendations, version } = body.0;
        let command = ReportCommand::Remark { obstacles, recommendations };
        self.act(token, code.0, version, seen.0, command, key.0).await
    }

    /// Hands the report in.
    #[oai(path = "/reports/:code/submit", method = "post")]
    async fn submit(
        &self,
        token: Token,
        code: Path<String>,
        body: Json<SeenBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Answer {
        self.act(token, code.0, body.0.version, seen.0, ReportCommand::Submit, key.0).await
    }

    /// Confirms that the report has come.
    #[oai(path = "/reports/:code/receive", method = "post")]
    async fn receive(
        &self,
        token: Token,
        code: Path<String>,
        body: Json<SeenBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Answer {
        self.act(token, code.0, body.0.version, seen.0, ReportCommand::Receive, key.0).await
    }

    /// Draws the report up again with a reason; the edition before stays.
    #[oai(path = "/reports/:code/reissue", method = "post")]
    async fn reissue(
        &self,
        token: Token,
        code: Path<String>,
        body: Json<ReissueBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Answer {
        let ReissueBody { reason, obstacles, recommendations, version } = body.0;
        let remarks = obstacles.zip(recommendations);
        self.act(token, code.0, version, seen.0, ReportCommand::Reissue { reason, remarks }, key.0).await
    }

    /// Says that the region's report was sent to the office of a step (`send`), or that it has come there (`receive`).
    #[oai(path = "/reports/:code/steps/:place/:act", method = "post")]
    #[expect(clippy::too_many_arguments, reason = "what the request carries")]
    async fn step(
        &self,
        token: Token,
        code: Path<String>,
        place: Path<i64>,
        /// `send` or `receive`.
        act: Path<String>,
        body: Json<ReportStepBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Result<Json<ReportStepJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        let act: StepAct = act.0.parse().map_err(|_| crate::error::Error::NotFound("act"))?;
        let mut problems = Vec::new();
        let version = body.0.version.or(version_of(seen.0.as_deref(), &mut problems));
        refuse(problems)?;
        let (code, place, key) = (code.0.as_str(), place.0, key.0.as_deref());
        let step = self.0.act_on_step(&actor, code, place, version, act, &body.0.note, key).await?;
        Ok(Json(ReportStepJson {
            place: step.place,
            recipient: step.recipient,
            basis: step.basis,
            due_on: step.due_on,
            late: step.late,
            edition: Some(step.edition).filter(|edition| *edition > 0),
            sent_at: step.sent_at,
            sent_note: step.sent_note,
            received_at: step.received_at,
            received_note: step.received_note,
        }))
    }
}

impl Reports {
    async fn act(
        &self,
        token: Token,
        code: String,
        version: Option<i64>,
        seen: Option<String>,
        command: ReportCommand,
        key: Option<String>,
    ) -> Answer {
        let actor = token.actor(&self.0).await?;
        let mut problems = Vec::new();
        let version = version.or(version_of(seen.as_deref(), &mut problems));
        refuse(problems)?;
        let report = self.0.act_on_report(&actor, &code, version, command, key.as_deref()).await?;
        Ok(Json(ReportJson::new(report)))
    }

    fn words(&self, language: Option<&str>) -> Words {
        let is_english = language.is_some_and(|language| language.trim_start().starts_with("en"));
        let language = if is_english { Language::English } else { Language::Indonesian };
        Words { language, zone: self.0.pack().zone }
    }
}

impl ReportJson {
    fn new(report: Report) -> Self {
        Self {
            submitted_by_clock: report.is_by_clock(),
            code: report.code,
            agency: Some(report.agency).filter(|code| !code.is_empty()),
            period_from: report.period_from,
            period_to: report.period_to,
            due_on: report.due_on,
            due_at: report.due_at,
            state: report.state.to_string(),
            edition: report.edition,
            late: report.late,
            drawn_at: report.drawn_at,
            submitted_at: report.submitted_at,
            received_at: report.received_at,
            obstacles: report.obstacles,
            recommendations: report.recommendations,
            version: report.version,
        }
    }
}

/// A month as people write it; an empty one is none.
fn month(text: Option<String>, field: &'static str, problems: &mut Vec<FieldError>) -> Option<NaiveDate> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    let read = format!("{}-01", text.trim()).parse::<NaiveDate>().ok();
    let read = read.filter(|date| (2000..=2100).contains(&chrono::Datelike::year(date)));
    if read.is_none() {
        problems.push(FieldError { field, say: Say::new("field-month") });
    }
    read
}
