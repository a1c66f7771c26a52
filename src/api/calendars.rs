//! `/calendars`: working hours and days off as they are known now, and days decreed later.

use crate::api::Token;
use crate::api::problem::Failure;
use crate::desk::Desk;
use crate::desk::days_off::Decreed;
use crate::policy::Calendar;
use crate::policy::week::{Holiday, HolidayKind, Week};
use chrono::NaiveDate;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of calendars.
pub struct Calendars(pub Desk);

/// Working hours and days off.
#[derive(Object)]
pub struct CalendarPage {
    /// The calendars of the pack.
    items: Vec<CalendarJson>,
    /// Always null: there are few.
    next_cursor: Option<String>,
    /// Days on which calendars with days off are closed, as known now.
    days_off: Vec<DayJson>,
}

/// One calendar.
#[derive(Object)]
pub struct CalendarJson {
    /// Name in the pack.
    name: String,
    /// Counts every minute.
    always: bool,
    /// Openings of the usual week, local time.
    week: Vec<WindowJson>,
}

/// An opening.
#[derive(Object)]
pub struct WindowJson {
    /// `mon` to `sun`.
    day: String,
    /// `HH:MM`.
    open: String,
    /// `HH:MM`.
    close: String,
}

/// A day off, or a day taken back.
#[derive(Object)]
pub struct DayJson {
    /// The local day.
    date: NaiveDate,
    /// What people call it.
    name: String,
    /// `holiday`, `joint_leave`, `local` or `working_day`.
    kind: String,
    /// The local day from whose beginning it is known; absent for days that always were.
    since: Option<NaiveDate>,
    /// Where it was decreed, when that differs from the whole table.
    decree: Option<String>,
    /// An estimate.
    provisional: bool,
}

/// A decreed day.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewDay {
    /// The local day.
    date: NaiveDate,
    /// What people call it.
    name: String,
    /// `holiday`, `joint_leave` or `working_day`.
    kind: String,
    /// The local day from whose beginning it is known; today when left out.
    since: Option<NaiveDate>,
    /// Kind, number and date of the document.
    decree: String,
}

/// A day was decreed.
#[derive(ApiResponse)]
enum Decree {
    /// The day.
    #[oai(status = 201)]
    Created(Json<DayJson>),
}

#[OpenApi]
impl Calendars {
    /// Working hours and days off as they are known now.
    #[oai(path = "/calendars", method = "get")]
    async fn list(&self, token: Token) -> Result<Json<CalendarPage>, Failure> {
        token.actor(&self.0).await?;
        let pack = self.0.pack();
        let items = pack.calendars.iter().map(|(name, calendar)| CalendarJson::new(name, calendar)).collect();
        let days_off = pack.holidays.iter().map(DayJson::new).collect();
        Ok(Json(CalendarPage { items, next_cursor: None, days_off }))
    }

    /// Enters a day off, or a day taken back, that was decreed after the pack was written. Open deadlines are
    /// computed again when it becomes known.
    #[oai(path = "/calendars/days", method = "post")]
    async fn decree(&self, token: Token, body: Json<NewDay>) -> Result<Decree, Failure> {
        let actor = token.actor(&self.0).await?;
        let NewDay { date, name, kind, since, decree } = body.0;
        let day = self.0.decree_day(&actor, Decreed { day: date, since, kind, name, decree }).await?;
        Ok(Decree::Created(Json(DayJson::new(&day))))
    }
}

impl CalendarJson {
    fn new(name: &str, calendar: &Calendar) -> Self {
        let week = calendar.week().map(Week::days).into_iter().flatten();
        let windows = week.flat_map(|(day, windows)| {
            windows.iter().map(move |window| WindowJson {
                day: day.to_owned(),
                open: clock_time(window.open),
                close: clock_time(window.close),
            })
        });
        Self { name: name.to_owned(), always: calendar.week().is_none(), week: windows.collect() }
    }
}

impl DayJson {
    fn new(day: &Holiday) -> Self {
        Self {
            date: day.date,
            name: day.name.clone(),
            kind: kind(day.kind).to_owned(),
            since: day.since,
            decree: day.decree.clone(),
            provisional: day.provisional,
        }
    }
}

const fn kind(kind: HolidayKind) -> &'static str {
    match kind {
        HolidayKind::Holiday => "holiday",
        HolidayKind::JointLeave => "joint_leave",
        HolidayKind::Local => "local",
        HolidayKind::WorkingDay => "working_day",
    }
}

/// Seconds since midnight as `HH:MM`.
fn clock_time(seconds: u32) -> String {
    format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60)
}
