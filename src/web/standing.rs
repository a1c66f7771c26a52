//! One agency under supervision.

use crate::desk::standing::{Standing, may_remind};
use crate::domain::duty::DutyState;
use crate::domain::people::Actor;
use crate::error::{Error, Result};
use crate::render::chart::{self, LineChart, Series};
use crate::secret::new_token;
use crate::store::duties;
use crate::store::standing::{Breach, Holder};
use crate::text;
use crate::web::addresses::{read_place, write_place};
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Broken promises on one page.
const ROWS: i64 = 20;
/// Owed duties shown; the rest stands in the register.
const DUTIES: i64 = 10;

/// Its weeks, the promises it broke with who held them, its people, and what it owes.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(code): Path<String>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let asked = query(request);
    let mut context = shape(visit, actor, &code, asked.get("sebelum").map(String::as_str), "").await?;
    context["reminded"] = asked.get("diingatkan").and_then(|count| count.parse::<u32>().ok()).into();
    Ok(visit.form("standing.html", context)?)
}

/// Reminds its people of what waits.
#[handler]
pub async fn remind(Data(visit): Data<&Visit>, Path(code): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match visit.desk().remind_agency(actor, &code, sent.get("words"), key).await {
        Ok(count) => Ok(see_other(&format!("/kerja/pengawasan/{}?diingatkan={count}", text::in_address(&code)))),
        Err(Error::Invalid(problems)) => {
            let context = shape(visit, actor, &code, None, sent.get("words")).await?;
            Ok(visit.mend("standing.html", context, &problems, "")?)
        }
        Err(error @ Error::Conflict { .. }) => {
            let mut context = shape(visit, actor, &code, None, sent.get("words")).await?;
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response = visit.form("standing.html", context)?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

async fn shape(visit: &Visit, actor: &Actor, code: &str, before: Option<&str>, words: &str) -> Result<Value> {
    let before = before.and_then(read_place);
    let standing = visit.desk().standing(actor, code, before, ROWS).await?;
    let last = standing.breaches.last().filter(|_| standing.more_breaches);
    let load = &standing.load;
    Ok(json!({
        "code": standing.agency.code,
        "name": standing.agency.name,
        "held": standing.held,
        "open": load.open,
        "overdue": load.overdue,
        "unanswered": load.unanswered,
        "oldest": visit.instant_if(load.oldest),
        "weeks": weeks(visit, &standing),
        "picture": picture(visit, &standing),
        "breaches": standing.breaches.iter().map(|breach| breach_row(visit, code, breach)).collect::<Vec<_>>(),
        "next": last.map(|last| write_place((last.breached_at, last.id))),
        "is_first": before.is_none(),
        "people": people(visit, &standing.people),
        "duties": duties_owed(visit, actor, code).await?,
        "may_remind": may_remind(actor, code),
        "manages": crate::domain::managing::reach(actor).is_some(),
        "words": words,
        "told": "",
        "reminded": Value::Null,
        "key": new_token()?,
    }))
}

fn weeks(visit: &Visit, standing: &Standing) -> Vec<Value> {
    let week = |week: &crate::domain::trend::Week| {
        json!({"from": text::short_date(visit.language, week.from), "on": week.from,
            "opened": week.opened, "ended": week.ended, "open": week.open})
    };
    standing.weeks.iter().map(week).collect()
}

/// The weeks as a picture, with the sentence that says what one sees.
fn picture(visit: &Visit, standing: &Standing) -> String {
    let weeks = &standing.weeks;
    let sum = |of: fn(&crate::domain::trend::Week) -> i64| weeks.iter().map(of).sum::<i64>().to_string();
    let (opened, ended) = (sum(|week| week.opened), sum(|week| week.ended));
    let open = standing.load.open.to_string();
    let values = [("weeks", weeks.len().to_string()), ("opened", opened), ("ended", ended), ("count", open)];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let series = |key: &str, of: fn(&crate::domain::trend::Week) -> i64| Series {
        name: visit.word("trend", key),
        values: weeks.iter().map(of).collect(),
    };
    chart::lines(&LineChart {
        id: "arus".to_owned(),
        title: visit.word("trend", "title"),
        sentence: text::phrase(visit.language, "trend-sentence", &values),
        labels: weeks.iter().map(|week| day(visit, week.from)).collect(),
        series: vec![
            series("opened", |week| week.opened),
            series("ended", |week| week.ended),
            series("open", |week| week.open),
        ],
    })
}

/// Day and month: the year stands in the table.
fn day(visit: &Visit, date: chrono::NaiveDate) -> String {
    let whole = text::short_date(visit.language, date);
    whole.rsplit_once(' ').map_or(whole.clone(), |(day, _)| day.to_owned())
}

fn breach_row(visit: &Visit, code: &str, breach: &Breach) -> Value {
    json!({
        "number": breach.number,
        "subject": breach.subject,
        "priority": breach.priority,
        "at": visit.instant(breach.breached_at),
        "line": breach.breached_tier.map(|tier| visit.desk().label_of_tier(tier, code)),
        "assignee": breach.assignee,
        "open": breach.is_open,
    })
}

/// Everybody once, with all roles held there.
fn people(visit: &Visit, holders: &[Holder]) -> Vec<Value> {
    let mut people: Vec<(&Holder, Vec<String>)> = Vec::new();
    for holder in holders {
        let role = visit.word("role", holder.role.as_str());
        match people.iter_mut().find(|(known, _)| known.id == holder.id) {
            Some((_, roles)) => roles.push(role),
            None => people.push((holder, vec![role])),
        }
    }
    let person = |(holder, roles): &(&Holder, Vec<String>)| {
        json!({"id": holder.id, "name": holder.name, "email": holder.email, "active": holder.active, "roles": roles,
            "seen": visit.instant_if(holder.session_at.max(holder.event_at))})
    };
    people.iter().map(person).collect()
}

async fn duties_owed(visit: &Visit, actor: &Actor, code: &str) -> Result<Value> {
    let filter = duties::Filter {
        states: vec![DutyState::Open, DutyState::Overdue],
        agency: Some(code.to_owned()),
        ..duties::Filter::default()
    };
    let page = visit.desk().duties(actor, &filter, None, DUTIES).await?;
    let row = |duty: &crate::domain::duty::Duty| {
        json!({"what": duty.what, "due": text::long_date(visit.language, duty.due_on), "on": duty.due_on,
            "late": duty.state == DutyState::Overdue})
    };
    Ok(json!({"rows": page.items.iter().map(row).collect::<Vec<_>>(), "more": page.next.is_some()}))
}
