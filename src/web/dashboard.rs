//! The dashboard of heads and of those who supervise: a sentence, twelve figures with change, target and number, pictures.

use crate::desk::report_pictures::pictures;
use crate::desk::report_words::Words;
use crate::domain::people::Actor;
use crate::domain::report::content::{Content, Line};
use crate::domain::report::life::may_see;
use crate::error::{Error, Result, Say};
use crate::text;
use crate::web::failure::Answer;
use crate::web::periodic::table;
use crate::web::visit::{Visit, query};
use chrono::{Datelike, Days, NaiveDate};
use poem::web::Data;
use poem::{Request, handler};
use serde_json::{Value, json};

/// What is shown, in the order of UX.md 1.6: volume, promises, breaches, causes.
const FIGURES: [&str; 12] = [
    "received",
    "resolved",
    "closing",
    "breached-open",
    "sla-resolution",
    "sla-response",
    "escalated-share",
    "first-contact-share",
    "reopened-share",
    "satisfaction-score",
    "services-available",
    "duties-overdue",
];
/// Pictures beside the figures.
const PICTURES: [&str; 10] = ["flow", "kept", "agencies", "ages", "kinds", "hours", "spread", "days", "path", "scores"];

/// The running month beside the one before.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let offered = offered(visit, actor).await?;
    let asked = query(request).remove("pd");
    let wanted = asked.filter(|code| offered.iter().any(|(known, _)| known == code));
    let agency = wanted.or_else(|| offered.first().map(|first| first.0.clone()));
    let agency = agency.ok_or_else(|| Error::Denied(Say::new("error-denied")))?;
    let today = visit.desk().now().with_timezone(&visit.zone()).date_naive();
    let running = visit.desk().report_about(actor, &agency, today).await?;
    let before = visit.desk().report_about(actor, &agency, month_before(today)).await?;
    let words = Words { language: visit.language, zone: visit.zone() };
    let shown = pictures(&running.content, words);
    let is_empty = ["received", "resolved", "closing"]
        .iter()
        .all(|figure| running.content.line(figure).and_then(|line| line.value).unwrap_or(0) == 0);
    Ok(visit.page(
        "dashboard.html",
        json!({
            "agency": agency,
            "name": running.content.head.name,
            "agencies": offered.iter().map(|(code, name)| json!({"code": code, "name": name})).collect::<Vec<_>>(),
            "month": words.period(&running.content),
            "in_short": words.summary(&running.content),
            "is_empty": is_empty,
            "enough_on": text::long_date(visit.language, running.content.head.period_to),
            "figures": FIGURES.iter().filter_map(|name| figure(words, name, &running.content, &before.content)).collect::<Vec<_>>(),
            "pictures": PICTURES.iter().filter_map(|id| shown.iter().find(|it| it.id == *id))
                .map(|it| json!({"id": it.id, "title": it.title, "svg": it.svg, "sentence": it.sentence,
                    "table": running.content.table(it.table).map(|it| table(words, it))})).collect::<Vec<_>>(),
            "before": words.period(&before.content),
            "report": before.report.as_ref().map(|report| report.code.clone()),
        }),
    )?)
}

/// What the person may look at: the region first.
async fn offered(visit: &Visit, actor: &Actor) -> Result<Vec<(String, String)>> {
    let region = (String::new(), visit.desk().pack().region.name.clone());
    let agencies = visit.desk().agencies().await?.into_iter().map(|agency| (agency.code, agency.name));
    Ok(std::iter::once(region).chain(agencies).filter(|(code, _)| may_see(actor, code)).collect())
}

fn month_before(today: NaiveDate) -> NaiveDate {
    let first = today.with_day(1).unwrap_or(today);
    first.checked_sub_days(Days::new(1)).unwrap_or(first)
}

fn figure(words: Words, name: &str, running: &Content, before: &Content) -> Option<Value> {
    let line = running.line(name)?;
    let earlier = before.line(name).and_then(|line| line.value);
    let change = line.value.zip(earlier).map(|(now, then)| now - then);
    let target = line.target.map(|target| words.number(target, line.unit));
    let is_below = line.value.zip(line.target).is_some_and(|(value, target)| value < target);
    Some(json!({
        "figure": name,
        "name": words.word("report", name),
        "value": words.value(line),
        "counts": words.counted(line),
        "change": change.map(|change| signed(words, change, line)),
        "target": target,
        "below": is_below,
        "how": words.word("report-how", name),
    }))
}

fn signed(words: Words, change: i64, line: &Line) -> String {
    let shown = words.number(change.abs(), line.unit);
    match change {
        0 => "±0".to_owned(),
        1.. => format!("+{shown}"),
        _ => format!("−{shown}"),
    }
}
