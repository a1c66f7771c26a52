//! Running disruptions as the public sees them: the box on the first pages, one page each, "saya juga terdampak".

use crate::desk::views::TicketPage;
use crate::domain::incident::{Incident, can_be_announced, may_announce};
use crate::domain::people::Actor;
use crate::error::{Error, FieldError, Result};
use crate::store::incidents::Update;
use crate::text;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// What the box of `incident_macros.html` shows: disruptions that may concern a service, or all of them.
///
/// # Errors
/// The database does not answer.
pub async fn boxes(visit: &Visit, service: Option<&str>) -> Result<Vec<Value>> {
    let running = visit.desk().running_incidents(service).await?;
    Ok(running.iter().map(|incident| head(visit, incident)).collect())
}

/// One disruption.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(code): Path<String>, request: &Request) -> Answer {
    let mut context = context(visit, &code, "").await?;
    context["done"] =
        query(request).remove("kabar").filter(|word| ["tercatat", "surel"].contains(&word.as_str())).into();
    Ok(visit.form("incident.html", context)?)
}

/// "Saya juga terdampak": counted, and no ticket opened.
#[handler]
pub async fn add_affected(Data(visit): Data<&Visit>, Path(code): Path<String>, _sent: Sent) -> Answer {
    match visit.desk().add_affected(&code, &visit.browser, visit.language, &visit.source).await {
        Ok(()) => Ok(see_other(&format!("/gangguan/{code}?kabar=tercatat"))),
        Err(Error::Conflict { .. }) => {
            let mut response = visit.form("incident.html", context(visit, &code, "").await?)?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes the address at which somebody wants to hear more.
#[handler]
pub async fn ask(Data(visit): Data<&Visit>, Path(code): Path<String>, sent: Sent) -> Answer {
    let email = sent.get("email");
    match visit.desk().ask_to_follow(&code, &visit.browser, email, visit.language, &visit.source).await {
        Ok(()) => Ok(see_other(&format!("/gangguan/{code}?kabar=surel"))),
        Err(Error::Invalid(problems)) => {
            let context = context(visit, &code, email).await?;
            Ok(visit.mend("incident.html", context, &problems as &[FieldError], "")?)
        }
        Err(Error::Conflict { .. }) => {
            let mut response = visit.form("incident.html", context(visit, &code, "").await?)?;
            response.set_status(StatusCode::CONFLICT);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks whether an address shall begin or end to hear more; opening a link changes nothing.
#[handler]
pub async fn show_follow(Data(visit): Data<&Visit>, Path((code, mark)): Path<(String, String)>) -> Answer {
    let (incident, follows) = visit.desk().follower(&code, &mark).await?;
    let context = json!({
        "incident": head(visit, &incident),
        "follows": follows,
        "action": format!("/gangguan/{code}/kabar/{mark}"),
    });
    Ok(visit.form("incident_follow.html", context)?)
}

/// Begins or ends it.
#[handler]
pub async fn follow(Data(visit): Data<&Visit>, Path((code, mark)): Path<(String, String)>, sent: Sent) -> Answer {
    visit.desk().set_follower(&code, &mark, sent.get("do") == "ikuti").await?;
    Ok(see_other(&format!("/gangguan/{code}/kabar/{mark}")))
}

/// Everything about one disruption for its page.
async fn context(visit: &Visit, code: &str, email: &str) -> Result<Value> {
    let notice = visit.desk().notice_of(code, &visit.browser).await?;
    let incident = &notice.announced.incident;
    Ok(json!({
        "incident": head(visit, incident),
        "over": notice.over,
        "ended": visit.instant_if(incident.ended_at),
        "affected": notice.is_affected,
        "updates": updates(visit, &notice.announced.updates),
        "email": email,
        "done": Value::Null,
    }))
}

/// What was said, the last first.
pub fn updates(visit: &Visit, updates: &[Update]) -> Vec<Value> {
    updates
        .iter()
        .map(|update| {
            json!({
                "at": visit.instant(update.at),
                "phase": visit.word("phase", update.phase.as_str()),
                "message": update.message,
            })
        })
        .collect()
}

/// What every place that names a disruption shows.
pub fn head(visit: &Visit, incident: &Incident) -> Value {
    let now = visit.desk().now();
    let next = incident.next_update_at.map(|at| {
        let key = if at > now { "incident-next" } else { "incident-next-late" };
        text::phrase(visit.language, key, &[("at", &visit.desk().words(visit.language, at))])
    });
    json!({
        "code": incident.code,
        "title": incident.title,
        "phase": visit.word("phase", incident.phase.as_str()),
        "message": incident.message,
        "since": visit.instant(incident.announced_at),
        "next": next,
    })
}

/// What the page of a ticket shows of its incident, and whether the reader may tell the public.
///
/// # Errors
/// The database does not answer.
pub async fn side(visit: &Visit, actor: &Actor, page: &TicketPage) -> Result<Value> {
    let ticket = &page.view.ticket;
    let found = match visit.desk().announced(actor, &ticket.number).await {
        Err(Error::NotFound(_)) => None,
        other => other?,
    };
    let running =
        found.map(|announced| json!({"head": head(visit, &announced.incident), "affected": announced.affected}));
    Ok(json!({
        "running": running,
        "may": may_announce(actor, ticket) && can_be_announced(ticket),
        "address": format!("/kerja/tiket/{}/umumkan", ticket.number),
    }))
}
