//! Figures, outages, maintenance and monitors as templates show them.

use crate::desk::availability::Measured;
use crate::domain::availability::Availability;
use crate::domain::monitor::{Monitor, MonitorKind, MonitorState};
use crate::domain::outage::{Day, Maintenance, Outage, OutageCause, Severity};
use crate::domain::ticket::Language;
use crate::render::days::Level;
use crate::text;
use crate::web::visit::Visit;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// A service with its figure, as lists show it.
pub fn row(visit: &Visit, it: &Measured) -> Value {
    let (word, family, icon) = match it.figures.is_met() {
        None => ("none", "neutral", "dash"),
        Some(true) => ("met", "ok", "check"),
        Some(false) => ("missed", "danger", "alert"),
    };
    json!({
        "code": it.service.code,
        "name": it.service.name,
        "agency": it.service.agency,
        "critical": it.service.critical,
        "share": it.figures.share().map(|share| percent(visit, share)),
        "target": percent(visit, it.figures.target),
        "down": minutes(visit, it.figures.downtime * 1000),
        "outages": it.figures.outages,
        "chip": {"family": family, "icon": icon, "text": visit.word("availability", word), "title": Value::Null},
    })
}

/// The working of a figure, line by line.
pub fn working(visit: &Visit, it: &Measured) -> Value {
    let figures: &Availability = &it.figures;
    let long = |seconds: i64| minutes(visit, seconds * 1000);
    json!({
        "from": visit.instant(it.from),
        "to": visit.instant(it.to),
        "calendar": it.calendar,
        "hours": long(figures.hours),
        "maintenance": long(figures.maintenance),
        "closed": long(figures.closed),
        "unavailable": long(figures.unavailable()),
        "agreed": long(figures.agreed()),
        "down": long(figures.downtime),
        "third": long(figures.third_party),
        "has_third": figures.third_party > 0,
        "mttr": figures.mttr().map(long),
        "allowance": minutes(visit, figures.allowance_ms()),
    })
}

/// `1.234,5 menit`: up to two decimals, none that say nothing.
pub fn minutes(visit: &Visit, millis: i64) -> String {
    let hundredths = (millis * 100 + 30_000).div_euclid(60_000);
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    let rest = format!("{rest:02}");
    let digits = if rest == "00" { whole.to_string() } else { format!("{whole}.{}", rest.trim_end_matches('0')) };
    text::phrase(visit.language, "minutes-of", &[("count", &local_number(visit, &digits))])
}

/// `99,60%`.
pub fn percent(visit: &Visit, hundredths: u32) -> String {
    let digits = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    format!("{}%", local_number(visit, &digits))
}

/// Groups of three and the decimal mark of the language.
pub fn local_number(visit: &Visit, digits: &str) -> String {
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let (group, mark) = match visit.language {
        Language::Indonesian => ('.', ','),
        Language::English => (',', '.'),
    };
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(group);
        }
        grouped.push(digit);
    }
    if rest.is_empty() { grouped } else { format!("{grouped}{mark}{rest}") }
}

/// An outage as lists and its forms show it.
pub fn outage(visit: &Visit, it: &Outage, service: Option<&str>) -> Value {
    let (family, icon) = match it.severity {
        Severity::Total => ("danger", "alert"),
        Severity::Partial => ("warn", "half"),
        Severity::Degraded => ("info", "clock"),
    };
    let now = visit.desk().now();
    let local = |at: DateTime<Utc>, form: &str| at.with_timezone(&visit.zone()).format(form).to_string();
    json!({
        "id": it.id,
        "version": it.version,
        "service": it.service,
        "service_name": service.unwrap_or(&it.service),
        "from": visit.instant(it.started_at),
        "to": visit.instant_if(it.ended_at),
        "open": it.is_open(),
        "long": text::span(visit.language, it.ended_at.unwrap_or(now) - it.started_at),
        "severity": it.severity,
        "chip": {"family": family, "icon": icon, "text": visit.word("severity", it.severity.as_str()), "title": Value::Null},
        "cause": it.cause,
        "cause_text": visit.word("outage-cause", it.cause.as_str()),
        "origin": visit.word("outage-origin", it.origin.as_str()),
        "third": it.cause == OutageCause::ThirdPartyNetwork,
        "counts": it.is_downtime(),
        "note": it.note,
        "ticket": it.ticket,
        "started_date": local(it.started_at, "%Y-%m-%d"),
        "started_time": local(it.started_at, "%H.%M"),
        "ended_date": it.ended_at.map(|at| local(at, "%Y-%m-%d")).unwrap_or_default(),
        "ended_time": it.ended_at.map(|at| local(at, "%H.%M")).unwrap_or_default(),
    })
}

/// A maintenance as lists show it.
pub fn work(visit: &Visit, it: &Maintenance) -> Value {
    let state = it.state(visit.desk().now());
    let (family, icon) = match state.as_str() {
        "running" => ("warn", "bars"),
        "planned" => ("info", "clock"),
        "done" => ("neutral", "check"),
        _ => ("neutral", "dash"),
    };
    json!({
        "code": it.code,
        "title": it.title,
        "message": it.message,
        "services": it.services,
        "from": visit.instant(it.starts_at),
        "to": visit.instant(it.ends_at),
        "announced": visit.instant(it.announced_at),
        "late": it.is_late() && !it.is_called_off(),
        "excused": it.excused().map(|it| json!({"from": visit.instant(it.from()), "to": visit.instant(it.to())})),
        "state": state,
        "chip": {"family": family, "icon": icon, "text": visit.word("maintenance-state", state.as_str()), "title": Value::Null},
        "reason": it.cancel_reason,
        "version": it.version,
    })
}

/// A monitor as lists show it.
pub fn monitor(visit: &Visit, it: &Monitor) -> Value {
    let (family, icon) = match it.state {
        _ if !it.active => ("neutral", "bars"),
        MonitorState::Up if it.failures > 0 => ("warn", "half"),
        MonitorState::Up => ("ok", "check"),
        MonitorState::Down => ("danger", "alert"),
        MonitorState::Unknown => ("neutral", "ring"),
    };
    let state = if it.active { it.state.as_str() } else { "stopped" };
    json!({
        "id": it.id,
        "version": it.version,
        "name": it.name,
        "kind": visit.word("monitor-kind", it.kind.as_str()),
        "is_beat": it.kind == MonitorKind::Heartbeat,
        "target": it.target,
        "interval": it.interval_seconds,
        "needed": it.failures_needed,
        "active": it.active,
        "chip": {"family": family, "icon": icon, "text": visit.word("monitor-state", state), "title": Value::Null},
        "finding": visit.word("finding", it.result.as_str()),
        "at": visit.instant_if(it.checked_at),
    })
}

/// How bad each day was.
pub fn levels(days: &[Day]) -> Vec<Level> {
    days.iter().map(Level::of).collect()
}

/// What the picture of the days shows, for those who do not see it.
pub fn sentence(visit: &Visit, days: &[Day]) -> String {
    let count = |keeps: &dyn Fn(&&Day) -> bool| days.iter().filter(keeps).count().to_string();
    let bad = count(&|day| day.worst.is_some());
    let planned = count(&|day| day.worst.is_none() && day.figures.maintenance > 0);
    let all = days.len().to_string();
    text::phrase(visit.language, "days-sentence", &[("days", &all), ("bad", &bad), ("planned", &planned)])
}

/// A day of the table beside the picture.
pub fn day_row(visit: &Visit, day: &Day) -> Value {
    json!({
        "date": text::short_date(visit.language, day.date),
        "iso": day.date.to_string(),
        "worst": day.worst.map(|it| visit.word("severity", it.as_str())),
        "down": minutes(visit, day.figures.downtime * 1000),
        "maintenance": minutes(visit, day.figures.maintenance * 1000),
        "share": day.figures.share().map(|share| percent(visit, share)),
    })
}

/// The words of a choice.
pub fn words(visit: &Visit, family: &str, all: impl Iterator<Item = &'static str>) -> Vec<Value> {
    all.map(|word| json!({"word": word, "text": visit.word(family, word)})).collect()
}
