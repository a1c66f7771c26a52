//! Measured availability: the month of every service, one service with its working and its 90 days, and the forms with
//! which outages are recorded, mended and taken back.

use crate::desk::availability::{Measured, Records};
use crate::desk::outages::{NewOutage, OutageChange};
use crate::domain::duty_rule::beginning_of;
use crate::domain::monitor::{Monitor, MonitorKind};
use crate::domain::outage::{OutageCause, Severity, may_promise, may_record};
use crate::error::{Error, FieldError, Result, Say};
use crate::render::days::bar;
use crate::secret::new_token;
use crate::store::outages::Filter;
use crate::text;
use crate::web::availability_shapes::{day_row, levels, monitor, outage, percent, row, sentence, words, work, working};
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, NaiveTime, Utc};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Days of the history.
const HISTORY: u64 = 90;
/// Lasting outages in the list.
const ROWS: i64 = 100;
/// Monitors of a service.
const MONITORS: i64 = 100;
/// What may be done to a recorded outage.
const ACTS: [&str; 3] = ["akhiri", "ubah", "batalkan"];
/// Fields whose text stays when a form is refused.
const KEPT: [&str; 14] = [
    "started_date",
    "started_time",
    "ended_date",
    "ended_time",
    "severity",
    "cause",
    "note",
    "reason",
    "kind",
    "name",
    "target",
    "expected",
    "interval_seconds",
    "calendar",
];

/// The services of a month with their figures.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let asked = query(request);
    let (first, last) = month(visit, asked.get("bulan").map_or("", String::as_str));
    let pd = asked.get("pd").map(|code| code.trim()).unwrap_or_default();
    let records =
        desk.availability_records(beginning_of(first, visit.zone()), beginning_of(last, visit.zone())).await?;
    let rows: Vec<Value> = records
        .services()
        .filter(|service| pd.is_empty() || service.agency == pd)
        .filter_map(|service| measured(visit, &records, &service.code, first, last))
        .map(|it| row(visit, &it))
        .collect();
    let open = Filter { open: true, ..Filter::default() };
    let open = desk.outages(actor, &open, None, ROWS).await?;
    let names: BTreeMap<&str, &str> = records.services().map(|it| (it.code.as_str(), it.name.as_str())).collect();
    let now = desk.now();
    let planned = desk.maintenance_between(actor, now, now + Duration::days(60)).await?;
    let agencies = desk.agencies().await?;
    let context = json!({
        "rows": rows,
        "open": open.iter().map(|it| outage(visit, it, names.get(it.service.as_str()).copied())).collect::<Vec<_>>(),
        "planned": planned.iter().filter(|it| !it.is_called_off()).map(|it| work(visit, it)).collect::<Vec<_>>(),
        "month": month_word(first),
        "month_name": text::month(visit.language, first),
        "months": months(visit),
        "pd": pd,
        "agencies": agencies.iter().map(|it| json!({"code": it.code, "name": it.name})).collect::<Vec<_>>(),
        "may_record": records.services().any(|it| may_record(actor, &it.agency)),
        "third_party": desk.pack().availability_counts_third_party,
    });
    Ok(visit.page("availability.html", context)?)
}

/// One service in a month.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(code): Path<String>, request: &Request) -> Answer {
    let asked = query(request);
    let done = asked
        .get("kabar")
        .cloned()
        .filter(|word| ["catat", "janji", "pemantau"].contains(&word.as_str()) || ACTS.contains(&word.as_str()));
    let mut context = shape(visit, &code, asked.get("bulan").map_or("", String::as_str)).await?;
    context["done"] = done.into();
    Ok(visit.form("availability_service.html", context)?)
}

/// The form to record an outage, from a service or from a ticket.
#[handler]
pub async fn new_form(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let sent = Sent(query(request));
    Ok(visit.form("outage_new.html", new_shape(visit, &sent).await?)?)
}

/// Records an outage.
#[handler]
pub async fn record(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let mut problems = Vec::new();
    let new = NewOutage {
        service: sent.get("service").to_owned(),
        started_at: instant(visit, &sent, "started", &mut problems),
        ended_at: instant(visit, &sent, "ended", &mut problems),
        severity: sent.get("severity").parse().ok(),
        cause: sent.get("cause").parse().ok(),
        note: sent.get("note").to_owned(),
        ticket: sent.get("ticket").to_owned(),
    };
    let recorded = match problems.is_empty() {
        true => visit.desk().record_outage(actor, &new, Some(sent.get("key")).filter(|key| !key.is_empty())).await,
        false => Err(Error::Invalid(problems)),
    };
    match recorded {
        Ok(it) => Ok(see_other(&format!("/kerja/ketersediaan/{}?kabar=catat", it.service))),
        Err(Error::Invalid(problems)) => {
            let problems = renamed(&problems);
            Ok(visit.mend("outage_new.html", new_shape(visit, &sent).await?, &problems, "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Ends, mends or takes back an outage.
#[handler]
pub async fn do_act(
    Data(visit): Data<&Visit>,
    Path((code, id, act)): Path<(String, i64, String)>,
    sent: Sent,
) -> Answer {
    let actor = visit.staff()?;
    let act = ACTS.into_iter().find(|known| *known == act).ok_or(Error::NotFound("act"))?;
    let version = sent.get("versi").parse().ok();
    let mut problems = Vec::new();
    let desk = visit.desk();
    let (started_at, ended_at) =
        (instant(visit, &sent, "started", &mut problems), instant(visit, &sent, "ended", &mut problems));
    let change = OutageChange {
        started_at: started_at.filter(|_| act == "ubah"),
        ended_at: ended_at.or_else(|| (act == "akhiri").then(|| desk.now())),
        severity: sent.get("severity").parse().ok(),
        cause: sent.get("cause").parse().ok(),
        note: sent.0.get("note").filter(|_| act == "ubah").cloned(),
        reason: sent.get("reason").to_owned(),
    };
    let outcome = match (problems.is_empty(), act) {
        (false, _) => Err(Error::Invalid(problems)),
        (true, "batalkan") => desk.void_outage(actor, id, version, &change.reason).await,
        _ => desk.change_outage(actor, id, version, &change).await,
    };
    let anchor = format!("{act}-{id}");
    settle(visit, &code, &anchor, &sent, outcome.map(|_| act)).await
}

/// Sets what is promised of a service.
#[handler]
pub async fn promise(Data(visit): Data<&Visit>, Path(code): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let target = sent.get("target").replace(',', ".").parse::<f64>().ok().map(|it| (it * 100.0).round() as i64);
    let calendar = Some(sent.get("calendar").to_owned()).filter(|name| !name.is_empty());
    let version = sent.get("versi").parse().ok();
    let kept = visit.desk().promise_availability(actor, &code, calendar, target.unwrap_or(0), version).await;
    settle(visit, &code, "janji", &sent, kept.map(|_| "janji")).await
}

/// The service again when it is done, else with what was written; `form` names the form.
///
/// # Errors
/// What is no fault of the form.
pub async fn settle(visit: &Visit, code: &str, form: &str, sent: &Sent, outcome: Result<&str>) -> Answer {
    let error = match outcome {
        Ok(done) => return Ok(see_other(&format!("/kerja/ketersediaan/{code}?kabar={done}"))),
        Err(error @ (Error::Invalid(_) | Error::Conflict { .. })) => error,
        Err(error) => return Err(error.into()),
    };
    let mut context = shape(visit, code, "").await?;
    (context["mine"], context["kept"]) = (form.into(), fields(&KEPT, sent));
    if let Error::Invalid(problems) = &error {
        return Ok(visit.mend("availability_service.html", context, &renamed(problems), &format!("{form}-"))?);
    }
    context["told"] = text::say(visit.language, &error.public()).into();
    let mut response: Response = visit.form("availability_service.html", context)?;
    response.set_status(StatusCode::CONFLICT);
    Ok(response)
}

async fn shape(visit: &Visit, code: &str, asked: &str) -> Result<Value> {
    let (actor, desk, zone) = (visit.staff()?, visit.desk(), visit.zone());
    let (first, last) = month(visit, asked);
    let today = desk.now().with_timezone(&zone).date_naive();
    let begin = (today - Days::new(HISTORY - 1)).min(first);
    let records = desk
        .availability_records(beginning_of(begin, zone), beginning_of(last.max(today + Days::new(1)), zone))
        .await?;
    let it = measured(visit, &records, code, first, last).ok_or(Error::NotFound("service"))?;
    let days = records.days(code, zone, today - Days::new(HISTORY - 1), today);
    let goal = records.goal(code);
    let monitors = desk.monitors(actor, Some(code), 0, MONITORS).await?;
    let agency = it.service.agency.clone();
    let may = may_record(actor, &agency);
    Ok(json!({
        "it": row(visit, &it),
        "working": working(visit, &it),
        "outages": it.outages.iter().rev().map(|it| outage(visit, it, None)).collect::<Vec<_>>(),
        "works": it.maintenance.iter().map(|it| work(visit, it)).collect::<Vec<_>>(),
        "closed": it.closed.iter().map(|it| json!({"from": visit.instant(it.from()), "to": visit.instant(it.to())})).collect::<Vec<_>>(),
        "picture": bar(&levels(&days), &sentence(visit, &days)),
        "days": days.iter().rev().filter(|day| day.worst.is_some() || day.figures.maintenance > 0).map(|day| day_row(visit, day)).collect::<Vec<_>>(),
        "monitors": monitors.iter().map(|it| monitor(visit, it)).collect::<Vec<_>>(),
        "month": month_word(first),
        "month_name": text::month(visit.language, first),
        "months": months(visit),
        "may_record": may,
        "may_promise": may_promise(actor, &agency),
        "calendars": desk.pack().calendars.keys().cloned().collect::<Vec<_>>(),
        "goal": json!({
            "calendar": goal.and_then(|goal| goal.calendar.clone()),
            "target": percent(visit, it.figures.target).trim_end_matches('%'),
            "version": goal.map_or(0, |goal| goal.version),
            "own": goal.is_some(),
        }),
        "severities": words(visit, "severity", Severity::ALL.iter().map(|it| it.as_str())),
        "causes": words(visit, "outage-cause", OutageCause::ALL.iter().map(|it| it.as_str())),
        "kinds": words(visit, "monitor-kind", MonitorKind::ALL.iter().map(|it| it.as_str())),
        "third_party": it.figures.counts_third_party,
        "mine": "",
        "told": "",
        "kept": fields(&KEPT, &Sent::default()),
        "secret": Value::Null,
        "done": Value::Null,
        "key": new_token()?,
    }))
}

/// The page of a service with the secret of its new heartbeat, which is shown this once.
///
/// # Errors
/// As the page itself.
pub async fn with_secret(visit: &Visit, it: &Monitor, secret: &str) -> Answer {
    let mut context = shape(visit, &it.service, "").await?;
    let address = format!("{}/api/v1/monitors/{}/heartbeat", visit.desk().public_url, it.id);
    context["secret"] = json!({"name": it.name, "secret": secret, "address": address});
    Ok(visit.form("availability_service.html", context)?)
}

async fn new_shape(visit: &Visit, sent: &Sent) -> Result<Value> {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let now = desk.now();
    let records = desk.availability_records(now, now).await?;
    let services: Vec<Value> = records
        .services()
        .filter(|it| may_record(actor, &it.agency))
        .map(|it| json!({"word": it.code, "text": it.name}))
        .collect();
    if services.is_empty() {
        return Err(Error::Denied(Say::new("error-denied")));
    }
    let local = now.with_timezone(&visit.zone());
    let kept = |field: &str, usual: String| sent.0.get(field).cloned().unwrap_or(usual);
    // A service of the address is the chosen one.
    let chosen = kept("service", sent.get("layanan").to_owned());
    let ticket = kept("ticket", sent.get("tiket").to_owned());
    let from_ticket = !ticket.is_empty() && sent.get("_csrf").is_empty();
    Ok(json!({
        "services": services,
        "severities": words(visit, "severity", Severity::ALL.iter().map(|it| it.as_str())),
        "causes": words(visit, "outage-cause", OutageCause::ALL.iter().map(|it| it.as_str())),
        "form": {
            "service": chosen,
            "severity": kept("severity", "total".to_owned()),
            "cause": kept("cause", "own".to_owned()),
            // From a ticket the outage began when that was opened, unless somebody knows better.
            "started_date": kept("started_date", if from_ticket { String::new() } else { local.date_naive().to_string() }),
            "started_time": kept("started_time", if from_ticket { String::new() } else { local.format("%H.%M").to_string() }),
            "ended_date": kept("ended_date", String::new()),
            "ended_time": kept("ended_time", String::new()),
            "note": kept("note", String::new()),
            "ticket": ticket,
        },
        "key": new_token()?,
    }))
}

/// The first day of a month as it stands in an address, and the day after its last; this month when it is none.
fn month(visit: &Visit, asked: &str) -> (NaiveDate, NaiveDate) {
    let today = visit.desk().now().with_timezone(&visit.zone()).date_naive();
    let this = today.with_day(1).unwrap_or(today);
    let first = format!("{asked}-01").parse::<NaiveDate>().ok().filter(|it| (2000..=2100).contains(&it.year()));
    let first = first.unwrap_or(this);
    (first, first.checked_add_months(Months::new(1)).unwrap_or(first))
}

/// This month and the twelve before.
fn months(visit: &Visit) -> Vec<Value> {
    let (this, _) = month(visit, "");
    let before = (0..13).filter_map(|back| this.checked_sub_months(Months::new(back)));
    before.map(|first| json!({"word": month_word(first), "text": text::month(visit.language, first)})).collect()
}

fn month_word(first: NaiveDate) -> String {
    first.format("%Y-%m").to_string()
}

fn measured(visit: &Visit, records: &Records, code: &str, first: NaiveDate, last: NaiveDate) -> Option<Measured> {
    records.of(code, beginning_of(first, visit.zone()), beginning_of(last, visit.zone()))
}

/// A local day and time as two fields of a form: `2026-11-22`, and `14.05` or `14:05`. Both empty is none; a day without
/// a time is bad.
pub fn instant(
    visit: &Visit,
    sent: &Sent,
    name: &'static str,
    problems: &mut Vec<FieldError>,
) -> Option<DateTime<Utc>> {
    let (date, time) = (sent.get(&format!("{name}_date")).to_owned(), sent.get(&format!("{name}_time")).to_owned());
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let read = || {
        let date = date.parse::<NaiveDate>().ok()?;
        let time = NaiveTime::parse_from_str(&time.replace('.', ":"), "%H:%M").ok()?;
        date.and_time(time).and_local_timezone(visit.zone()).earliest().map(|at| at.with_timezone(&Utc))
    };
    let found = read();
    if found.is_none() {
        let field = match name {
            "started" => "started_date",
            "ended" => "ended_date",
            "starts" => "starts_date",
            _ => "ends_date",
        };
        problems.push(FieldError { field, say: Say::new("field-date-time") });
    }
    found
}

/// Problems of the desk under the names of the form's fields.
pub fn renamed(problems: &[FieldError]) -> Vec<FieldError> {
    let name = |field: &'static str| match field {
        "started_at" => "started_date",
        "ended_at" => "ended_date",
        "starts_at" => "starts_date",
        "ends_at" => "ends_date",
        other => other,
    };
    problems.iter().map(|it| FieldError { field: name(it.field), say: it.say.clone() }).collect()
}

/// The named fields of a form, empty where nothing was sent: a template asks for each of them.
pub fn fields(names: &[&str], sent: &Sent) -> Value {
    names.iter().map(|name| ((*name).to_owned(), Value::from(sent.get(name)))).collect::<serde_json::Map<_, _>>().into()
}
