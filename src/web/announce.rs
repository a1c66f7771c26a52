//! The page on which staff tell the public of the disruption a ticket is about.

use crate::desk::incidents::{Announced, News};
use crate::domain::incident::{Phase, can_be_announced, may_announce};
use crate::domain::number;
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::secret::new_token;
use crate::text;
use crate::web::answering::Written;
use crate::web::conflict;
use crate::web::failure::Answer;
use crate::web::incidents::{head, updates};
use crate::web::render::see_other;
use crate::web::rounds;
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// The form: what to tell first, or what more.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let mut context = context(visit, actor, &number, None, "").await?;
    context["round"] = rounds::of_address(request).into();
    Ok(visit.form("announce.html", context)?)
}

/// Tells it.
#[handler]
pub async fn tell(Data(visit): Data<&Visit>, Path(typed): Path<String>, Written(sent, _): Written) -> Answer {
    let actor = visit.staff()?;
    let desk = visit.desk();
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let news = News {
        title: sent.get("headline").to_owned(),
        message: sent.get("message").to_owned(),
        phase: sent.get("phase").parse().ok(),
        next_update_at: instant(visit, sent.get("next_date"), sent.get("next_time")),
    };
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    let told = match sent.get("version").parse() {
        Ok(version) => desk.update_incident(actor, &number, version, &news).await,
        Err(_) => desk.announce(actor, &number, &news, key).await,
    };
    settle(visit, actor, &number, &sent, told.map(|_| ())).await
}

/// Tells that it is over.
#[handler]
pub async fn end(Data(visit): Data<&Visit>, Path(typed): Path<String>, Written(sent, _): Written) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let version = sent.get("version").parse().unwrap_or_default();
    let ended = visit.desk().end_incident(actor, &number, version, sent.get("ending")).await;
    settle(visit, actor, &number, &sent, ended.map(|_| ())).await
}

/// The ticket when it is done, else the form with what was written.
async fn settle(visit: &Visit, actor: &Actor, number: &str, sent: &Sent, outcome: Result<()>) -> Answer {
    match outcome {
        Ok(()) => Ok(see_other(&rounds::back(sent, number, "", ""))),
        Err(Error::Invalid(problems)) => {
            let context = context(visit, actor, number, Some(sent), "").await?;
            Ok(visit.mend("announce.html", context, &problems, "")?)
        }
        Err(Error::Conflict { say, .. }) => {
            let told = text::say(visit.language, &say);
            let mut response = visit.form("announce.html", context(visit, actor, number, Some(sent), &told).await?)?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        Err(error) => Ok(conflict::gone(visit, sent, error)?),
    }
}

async fn context(visit: &Visit, actor: &Actor, number: &str, sent: Option<&Sent>, told: &str) -> Result<Value> {
    let desk = visit.desk();
    let ticket = desk.ticket(actor, number).await?.ticket;
    if !may_announce(actor, &ticket) {
        return Err(Error::Denied(Say::new("error-denied")));
    }
    let found = desk.announced(actor, number).await?;
    let kept = |field: &str, fallback: &str| sent.map_or(fallback, |sent| sent.get(field)).to_owned();
    let incident = found.as_ref().map(|announced| &announced.incident);
    let phases: Vec<Value> = Phase::RUNNING
        .iter()
        .map(|phase| json!({"word": phase, "text": visit.word("phase", phase.as_str())}))
        .collect();
    let today = desk.now().with_timezone(&visit.zone()).date_naive();
    Ok(json!({
        "number": ticket.number,
        "subject": ticket.subject,
        "open": can_be_announced(&ticket) || found.is_some(),
        "running": found.as_ref().map(|announced: &Announced| json!({
            "head": head(visit, &announced.incident),
            "version": announced.incident.version,
            "affected": announced.affected,
            "updates": updates(visit, &announced.updates),
        })),
        "phases": phases,
        "headline": kept("headline", &ticket.subject),
        "words": kept("message", ""),
        "ending": kept("ending", ""),
        "phase": kept("phase", incident.map_or("investigating", |incident| incident.phase.as_str())),
        "next_date": kept("next_date", &today.to_string()),
        "next_time": kept("next_time", ""),
        "told": told,
        "round": sent.and_then(rounds::of_form),
        "key": new_token()?,
    }))
}

/// A local day and time as people type them: `2026-11-22`, and `14.05` or `14:05`.
fn instant(visit: &Visit, date: &str, time: &str) -> Option<DateTime<Utc>> {
    let date = date.parse::<NaiveDate>().ok()?;
    let time = NaiveTime::parse_from_str(&time.replace('.', ":"), "%H:%M").ok()?;
    let local = date.and_time(time).and_local_timezone(visit.zone());
    local.earliest().map(|at| at.with_timezone(&Utc))
}
