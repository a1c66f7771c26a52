//! Calendars: hours, days off month by month, and days decreed after the pack was written.

use crate::desk::day_preview::Moves;
use crate::desk::days_off::{Decreed, KINDS, may_decree};
use crate::error::{Error, FieldError, Result, Say};
use crate::policy::week::HolidayKind;
use crate::policy::{Calendar, Pack};
use crate::text;
use crate::web::failure::Answer;
use crate::web::policy::{calendar_shape, days_shape};
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use chrono::{Datelike, Days, Months, NaiveDate, TimeZone};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Fields of the form of a decreed day.
const FIELDS: [&str; 5] = ["day", "since", "kind", "name", "decree"];

/// Calendars, the days off of a year, and what was decreed.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let mut asked = query(request);
    let pack = desk.pack();
    let year = chosen_year(visit, &asked);
    let decreed = desk.decreed_days().await?;
    let context = json!({
        "calendars": pack.calendars.iter().map(|(name, calendar)| calendar_shape(visit, name, calendar)).collect::<Vec<_>>(),
        "year": year,
        "years": years(visit, year),
        "days": days_shape(visit, year),
        "ramadan": pack.ramadan.iter().filter(|month| month.year == year).map(|month| json!({
            "from": text::long_date(visit.language, month.from),
            "to": text::long_date(visit.language, month.to),
            "unsure": month.provisional,
        })).collect::<Vec<_>>(),
        "gaps": gaps(&pack, year),
        "decreed": decreed.iter().map(|(day, name)| json!({
            "date": text::long_date(visit.language, day.date),
            "iso": day.date.to_string(),
            "name": day.name,
            "kind": visit.word("day-kind", kind(day.kind)),
            "is_off": day.kind != HolidayKind::WorkingDay,
            "since": day.since.map(|since| text::short_date(visit.language, since)),
            "decree": day.decree,
            "who": name,
        })).collect::<Vec<_>>(),
        "may_change": may_decree(actor),
        "news": asked.remove("kabar").filter(|word| word == "hari"),
    });
    Ok(visit.page("calendars.html", context)?)
}

fn chosen_year(visit: &Visit, asked: &BTreeMap<String, String>) -> i32 {
    let this = visit.desk().now().with_timezone(&visit.zone()).year();
    let chosen = asked.get("tahun").and_then(|year| year.parse::<i32>().ok());
    chosen.filter(|year| (2000..=2100).contains(year)).unwrap_or(this)
}

/// Years with days off, this year and the next, and the one that is shown.
fn years(visit: &Visit, shown: i32) -> Vec<i32> {
    let this = visit.desk().now().with_timezone(&visit.zone()).year();
    let mut years: Vec<i32> = visit.desk().pack().holiday_years().into_iter().chain([this, this + 1, shown]).collect();
    years.sort_unstable();
    years.dedup();
    years
}

/// What is missing or not certain in a year, by the keys of the catalogue.
fn gaps(pack: &Pack, year: i32) -> Vec<&'static str> {
    let of_year = || pack.holidays.iter().filter(move |day| day.date.year() == year);
    let months = || pack.ramadan.iter().filter(move |month| month.year == year);
    let counts_ramadan = pack.calendars.values().any(|calendar| {
        calendar.written().is_some_and(|weekly| weekly.ramadan_week.is_some() || !weekly.ramadan_weeks.is_empty())
    });
    [
        ("calendar-gap-no-days", of_year().next().is_none()),
        ("calendar-gap-unsure-days", of_year().any(|day| day.provisional)),
        ("calendar-gap-no-ramadan", counts_ramadan && months().next().is_none()),
        ("calendar-gap-unsure-ramadan", counts_ramadan && months().any(|month| month.provisional)),
    ]
    .into_iter()
    .filter_map(|(key, is_so)| is_so.then_some(key))
    .collect()
}

const fn kind(kind: HolidayKind) -> &'static str {
    match kind {
        HolidayKind::Holiday => "holiday",
        HolidayKind::JointLeave => "joint_leave",
        HolidayKind::Local => "local",
        HolidayKind::WorkingDay => "working_day",
    }
}

/// One calendar: its hours, and its year month by month.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(name): Path<String>, request: &Request) -> Answer {
    visit.staff()?;
    let pack = visit.desk().pack();
    let calendar = pack.calendar(&name).ok_or(Error::NotFound("calendar"))?;
    let year = chosen_year(visit, &query(request));
    let months: Vec<Value> = (1..=12).filter_map(|month| month_shape(visit, &pack, calendar, year, month)).collect();
    let context = json!({
        "it": calendar_shape(visit, &name, calendar),
        "year": year,
        "years": years(visit, year),
        "months": if calendar.is_always() { Vec::new() } else { months },
        "gaps": if calendar.is_always() { Vec::new() } else { gaps(&pack, year) },
    });
    Ok(visit.page("calendar.html", context)?)
}

/// A month as weeks of seven days from Monday on; days of other months are empty.
fn month_shape(visit: &Visit, pack: &Pack, calendar: &Calendar, year: i32, month: u32) -> Option<Value> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    let last = first.checked_add_months(Months::new(1))?.pred_opt()?;
    let noon = |date: NaiveDate| visit.zone().from_local_datetime(&date.and_hms_opt(12, 0, 0)?).earliest();
    let closed = calendar.excluded(noon(first)?.to_utc(), noon(last)?.to_utc());
    let closed: BTreeMap<NaiveDate, String> = closed.into_iter().map(|day| (day.date, day.reason)).collect();
    let mut weeks: Vec<Vec<Value>> = Vec::new();
    let mut named = Vec::new();
    for date in first.iter_days().take_while(|date| *date <= last) {
        if weeks.is_empty() || date.weekday().num_days_from_monday() == 0 {
            weeks.push(Vec::new());
        }
        let week = weeks.last_mut()?;
        while week.len() < usize::try_from(date.weekday().num_days_from_monday()).unwrap_or(0) {
            week.push(Value::Null);
        }
        let off = pack.holidays.iter().find(|day| day.date == date && closed.contains_key(&date));
        let fasting = pack.ramadan.iter().any(|month| month.contains(date)) && !closed.contains_key(&date);
        let state = match (off, closed.contains_key(&date), fasting) {
            (Some(_), ..) => "off",
            (None, true, _) => "weekly",
            (None, false, true) => "fasting",
            _ => "open",
        };
        week.push(json!({"day": date.day(), "state": state, "word": visit.word("calendar-day", state)}));
        if let Some(day) = off {
            named.push(json!({"day": date.day(), "name": day.name, "kind": visit.word("day-kind", kind(day.kind)),
                "decree": day.decree, "unsure": day.provisional}));
        }
    }
    for week in &mut weeks {
        week.resize(7, Value::Null);
    }
    let title = text::month(visit.language, first);
    Some(json!({"title": title, "number": month, "weeks": weeks, "named": named}))
}

/// Asks for a decreed day; with its fields filled, says what it would move.
#[handler]
pub async fn ask(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    if !may_decree(actor) {
        return Err(Error::Denied(Say::new("error-denied")).into());
    }
    let sent = Sent(query(request));
    if sent.get("decree").is_empty() && sent.get("name").is_empty() {
        return Ok(visit.form("calendar_day.html", context(visit, &sent, None))?);
    }
    let previewed = match read(&sent) {
        Ok(day) => visit.desk().preview_day(actor, &day).await,
        Err(error) => Err(error),
    };
    answer(visit, &sent, previewed.map(Some))
}

/// Enters the day.
#[handler]
pub async fn enter(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let entered = match read(&sent) {
        Ok(day) => visit.desk().decree_day(actor, day).await.map(|day| day.date.year()),
        Err(error) => Err(error),
    };
    match entered {
        Ok(year) => Ok(see_other(&format!("/kerja/pengaturan/kalender?tahun={year}&kabar=hari"))),
        Err(error) => answer(visit, &sent, Err(error)),
    }
}

fn answer(visit: &Visit, sent: &Sent, previewed: Result<Option<Moves>>) -> Answer {
    match previewed {
        Ok(moves) => Ok(visit.form("calendar_day.html", context(visit, sent, moves))?),
        Err(Error::Invalid(problems)) => {
            Ok(visit.mend("calendar_day.html", context(visit, sent, None), &problems, "")?)
        }
        Err(error @ Error::Conflict { .. }) => {
            let mut context = context(visit, sent, None);
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response = visit.form("calendar_day.html", context)?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

fn context(visit: &Visit, sent: &Sent, moves: Option<Moves>) -> Value {
    let form: serde_json::Map<String, Value> =
        FIELDS.iter().map(|field| ((*field).to_owned(), sent.get(field).into())).collect();
    let kinds: Vec<Value> =
        KINDS.iter().map(|word| json!({"word": word, "text": visit.word("day-kind", word)})).collect();
    let today = visit.desk().now().with_timezone(&visit.zone()).date_naive();
    let moves = moves.map(|moves| {
        let one = |moved: &crate::desk::day_preview::Moved| {
            json!({"number": moved.number, "is_seen": moved.is_seen, "from": visit.instant(moved.from),
                "to": visit.instant(moved.to)})
        };
        json!({"count": moves.count, "looked_at": moves.looked_at, "is_cut": moves.is_cut,
            "examples": moves.examples.iter().map(one).collect::<Vec<_>>()})
    });
    json!({"form": form, "kinds": kinds, "moves": moves, "told": "", "today": today.to_string(),
        "tomorrow": (today + Days::new(1)).to_string()})
}

fn read(sent: &Sent) -> Result<Decreed> {
    let date = |field: &'static str| {
        let bad = |_| FieldError { field, say: Say::new("field-date") };
        sent.get(field).parse::<NaiveDate>().map_err(bad)
    };
    let mut problems = Vec::new();
    let day = date("day").map_err(|bad| problems.push(bad)).unwrap_or_default();
    let since = match sent.get("since") {
        "" => None,
        _ => date("since").map_err(|bad| problems.push(bad)).ok(),
    };
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let text = |field: &str| sent.get(field).to_owned();
    Ok(Decreed { day, since, kind: text("kind"), name: text("name"), decree: text("decree") })
}
