//! Planned maintenance: what is announced, the form to announce or move it, and how it is called off.

use crate::desk::maintenance::Planned;
use crate::domain::outage::{Maintenance, MaintenanceState, may_record};
use crate::error::{Error, Result, Say};
use crate::secret::new_token;
use crate::text;
use crate::web::availability::{fields, instant, renamed};
use crate::web::availability_shapes::work;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use chrono::{DateTime, Days, Duration, Utc};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Before the code of a service in the name of its box.
const BOX: &str = "service-";
/// Fields of the forms beside the boxes.
const FIELDS: [&str; 7] = ["title", "message", "starts_date", "starts_time", "ends_date", "ends_time", "reason"];

/// Maintenance from a quarter ago on.
#[handler]
pub async fn list(Data(visit): Data<&Visit>) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let now = desk.now();
    let all = desk.maintenance_between(actor, now - Duration::days(90), now + Duration::days(400)).await?;
    let (over, ahead): (Vec<&Maintenance>, Vec<&Maintenance>) =
        all.iter().partition(|it| matches!(it.state(now), MaintenanceState::Done | MaintenanceState::Cancelled));
    let context = json!({
        "ahead": ahead.into_iter().map(|it| work(visit, it)).collect::<Vec<_>>(),
        "over": over.into_iter().rev().map(|it| work(visit, it)).collect::<Vec<_>>(),
        "may_record": !offered(visit).await?.is_empty(),
    });
    Ok(visit.page("maintenance_list.html", context)?)
}

/// The form to announce maintenance.
#[handler]
pub async fn new_form(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let asked = query(request);
    let day = visit.desk().now().with_timezone(&visit.zone()).date_naive() + Days::new(2);
    let mut sent = Sent::default();
    for (field, value) in [("starts_time", "20.00"), ("ends_time", "22.00")] {
        sent.0.insert(field.to_owned(), value.to_owned());
    }
    for field in ["starts_date", "ends_date"] {
        sent.0.insert(field.to_owned(), day.to_string());
    }
    if let Some(code) = asked.get("layanan") {
        sent.0.insert(format!("{BOX}{code}"), "ya".to_owned());
    }
    Ok(visit.form("maintenance_edit.html", shape(visit, None, &sent).await?)?)
}

/// Announces it.
#[handler]
pub async fn announce(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    let announced = match read(visit, &sent) {
        Ok(planned) => visit.desk().announce_maintenance(actor, &planned, key).await,
        Err(error) => Err(error),
    };
    settle(visit, None, &sent, announced.map(|it| it.code)).await
}

/// One maintenance with the form to change it.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(code): Path<String>, request: &Request) -> Answer {
    let it = visit.desk().maintenance(visit.staff()?, &code).await?;
    let sent = written(visit, &it);
    let mut context = shape(visit, Some(&it), &sent).await?;
    context["done"] = query(request).remove("kabar").filter(|word| ["simpan", "batal"].contains(&word.as_str())).into();
    Ok(visit.form("maintenance_edit.html", context)?)
}

/// Changes it.
#[handler]
pub async fn change(Data(visit): Data<&Visit>, Path(code): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let it = visit.desk().maintenance(actor, &code).await?;
    let changed = match read(visit, &sent) {
        Ok(planned) => visit.desk().change_maintenance(actor, &code, sent.get("versi").parse().ok(), &planned).await,
        Err(error) => Err(error),
    };
    settle(visit, Some(&it), &sent, changed.map(|it| it.code)).await
}

/// Calls it off.
#[handler]
pub async fn cancel(Data(visit): Data<&Visit>, Path(code): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let it = visit.desk().maintenance(actor, &code).await?;
    let version = sent.get("versi").parse().ok();
    match visit.desk().cancel_maintenance(actor, &code, version, sent.get("reason")).await {
        Ok(it) => Ok(see_other(&format!("/kerja/pemeliharaan/{}?kabar=batal", it.code))),
        Err(error) => {
            let mut whole = written(visit, &it);
            whole.0.insert("reason".to_owned(), sent.get("reason").to_owned());
            settle(visit, Some(&it), &whole, Err(error)).await
        }
    }
}

async fn settle(visit: &Visit, it: Option<&Maintenance>, sent: &Sent, outcome: Result<String>) -> Answer {
    match outcome {
        Ok(code) => Ok(see_other(&format!("/kerja/pemeliharaan/{code}?kabar=simpan"))),
        Err(Error::Invalid(problems)) => {
            let context = shape(visit, it, sent).await?;
            Ok(visit.mend("maintenance_edit.html", context, &renamed(&problems), "")?)
        }
        Err(error @ Error::Conflict { .. }) => {
            let mut context = shape(visit, it, sent).await?;
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response = visit.form("maintenance_edit.html", context)?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// Codes and names of the services the person speaks for.
async fn offered(visit: &Visit) -> Result<Vec<(String, String)>> {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let records = desk.availability_records(desk.now(), desk.now()).await?;
    let mine = records.services().filter(|it| may_record(actor, &it.agency));
    Ok(mine.map(|it| (it.code.clone(), it.name.clone())).collect())
}

async fn shape(visit: &Visit, it: Option<&Maintenance>, sent: &Sent) -> Result<Value> {
    let now = visit.desk().now();
    let offered = offered(visit).await?;
    if offered.is_empty() && it.is_none() {
        return Err(Error::Denied(Say::new("error-denied")));
    }
    let is_over = |it: &Maintenance| matches!(it.state(now), MaintenanceState::Done | MaintenanceState::Cancelled);
    let speaks = |it: &Maintenance| it.services.iter().all(|code| offered.iter().any(|known| known.0 == *code));
    let is_checked = |code: &str| !sent.get(&format!("{BOX}{code}")).is_empty();
    Ok(json!({
        "it": it.map(|it| work(visit, it)),
        "may_change": it.is_none_or(|it| !is_over(it) && speaks(it)),
        "is_running": it.is_some_and(|it| it.state(now) == MaintenanceState::Running),
        "services": offered.iter().map(|(code, name)| json!({"code": code, "name": name, "checked": is_checked(code)})).collect::<Vec<_>>(),
        "form": fields(&FIELDS, sent),
        "told": "",
        "done": Value::Null,
        "key": new_token()?,
    }))
}

/// What stands in the form of a maintenance as it is.
fn written(visit: &Visit, it: &Maintenance) -> Sent {
    let local = |at: DateTime<Utc>, form: &str| at.with_timezone(&visit.zone()).format(form).to_string();
    let mut sent = Sent::default();
    let mut put = |field: &str, value: String| sent.0.insert(field.to_owned(), value);
    put("title", it.title.clone());
    put("message", it.message.clone());
    put("starts_date", local(it.starts_at, "%Y-%m-%d"));
    put("starts_time", local(it.starts_at, "%H.%M"));
    put("ends_date", local(it.ends_at, "%Y-%m-%d"));
    put("ends_time", local(it.ends_at, "%H.%M"));
    for code in &it.services {
        put(&format!("{BOX}{code}"), "ya".to_owned());
    }
    sent
}

fn read(visit: &Visit, sent: &Sent) -> Result<Planned> {
    let mut problems = Vec::new();
    let planned = Planned {
        services: sent.0.keys().filter_map(|field| field.strip_prefix(BOX)).map(str::to_owned).collect(),
        title: sent.get("title").to_owned(),
        message: sent.get("message").to_owned(),
        starts_at: instant(visit, sent, "starts", &mut problems),
        ends_at: instant(visit, sent, "ends", &mut problems),
    };
    if problems.is_empty() { Ok(planned) } else { Err(Error::Invalid(problems)) }
}
