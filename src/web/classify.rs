//! The page on which a ticket is classified: choose, see what follows, save.

use crate::desk::classify::{Considered, Preview};
use crate::desk::command::{Command, Reclassify};
use crate::domain::service::Service;
use crate::domain::ticket::{Classification, Impact, Kind, Ticket, Urgency, Verb};
use crate::error::{Error, FieldError, Result, Say};
use crate::policy::request::PROFILE_PREFIX;
use crate::policy::{Deadlines, priority};
use crate::web::answering::Written;
use crate::web::conflict;
use crate::web::failure::Answer;
use crate::web::opened::{Opened, frame, open, refused};
use crate::web::render::see_other;
use crate::web::rounds;
use crate::web::visit::{Visit, query};
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Fields of the choice, in the order of the form.
const FIELDS: [&str; 7] = ["kind", "service", "request_type", "sel", "classification", "outage", "workaround"];

/// The choice, and what would follow from the one in the address. Nothing is saved.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request) -> Answer {
    let opened = open(visit, &typed, rounds::of_address(request)).await?;
    refuse_unoffered(visit, &opened)?;
    let asked = query(request);
    if !asked.contains_key("sel") {
        return Ok(visit.form("classify.html", shape(visit, &opened, &current(&opened.page.view.ticket), None).await?)?);
    }
    let wanted = wanted(&opened, &asked);
    let considered = Considered::Classification(&wanted);
    match visit.desk().preview(opened.actor, &opened.page.view.ticket.number, considered).await {
        Ok(preview) => Ok(visit.form("classify.html", shape(visit, &opened, &asked, Some(&preview)).await?)?),
        Err(error) => {
            let context = shape(visit, &opened, &asked, None).await?;
            refused(visit, "classify.html", context, error)
        }
    }
}

/// Saves the choice that was seen.
#[handler]
pub async fn keep(Data(visit): Data<&Visit>, Path(typed): Path<String>, Written(sent, _): Written) -> Answer {
    let opened = match open(visit, &typed, rounds::of_form(&sent)).await {
        Ok(opened) => opened,
        Err(error) => return Ok(conflict::gone(visit, &sent, error)?),
    };
    let number = &opened.page.view.ticket.number;
    let mut wanted = wanted(&opened, &sent.0);
    let preview = match visit.desk().preview(opened.actor, number, Considered::Classification(&wanted)).await {
        Ok(preview) => preview,
        Err(error) => {
            let context = shape(visit, &opened, &sent.0, None).await?;
            return refused(visit, "classify.html", context, error);
        }
    };
    let reason = sent.get("reason").to_owned();
    let error = if preview.moves_priority && reason.is_empty() {
        Error::Invalid(vec![FieldError { field: "reason", say: Say::new("field-reason-priority") }])
    } else {
        wanted.reason = Some(reason).filter(|reason| !reason.is_empty());
        let key = Some(sent.get("key")).filter(|key| !key.is_empty());
        let version = sent.get("versi").parse().ok();
        match visit.desk().act(opened.actor, number, version, Command::Reclassify(wanted), key).await {
            Ok(ticket) => {
                return Ok(see_other(&rounds::after(visit, opened.actor, &sent, &ticket, "klasifikasi").await?));
            }
            Err(error) => error,
        }
    };
    let fresh = open(visit, number, opened.round).await?;
    let mut context = shape(visit, &fresh, &sent.0, Some(&preview)).await?;
    context["reason"] = sent.get("reason").into();
    refused(visit, "classify.html", context, error)
}

fn refuse_unoffered(visit: &Visit, opened: &Opened<'_>) -> Result<()> {
    let ticket = &opened.page.view.ticket;
    let offered = visit.desk().offers(opened.actor, ticket, opened.service.as_ref(), Verb::Reclassify);
    if offered { Ok(()) } else { Err(Error::NotFound("act")) }
}

/// The classification a ticket has, as the form sends it.
fn current(ticket: &Ticket) -> BTreeMap<String, String> {
    let request = ticket.profile.strip_prefix(PROFILE_PREFIX).unwrap_or_default();
    let pairs = [
        ("kind", ticket.kind.as_str().to_owned()),
        ("service", ticket.service.clone().unwrap_or_default()),
        ("request_type", request.to_owned()),
        ("sel", format!("{}.{}", ticket.impact, ticket.urgency)),
        ("classification", ticket.classification.as_str().to_owned()),
    ];
    pairs.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

/// What differs from the ticket as it stands: what was left alone must not be set anew.
fn wanted(opened: &Opened<'_>, sent: &BTreeMap<String, String>) -> Reclassify {
    let ticket = &opened.page.view.ticket;
    let now = current(ticket);
    let changed = |field: &str| {
        let value = sent.get(field).map(|value| value.trim().to_owned()).unwrap_or_default();
        (now.get(field) != Some(&value)).then_some(value)
    };
    let ticked = |field: &str| sent.get(field).is_some_and(|value| value == "ya");
    let cell = changed("sel").or_else(|| ticked("outage").then(|| now["sel"].clone())).unwrap_or_default();
    let (impact, urgency) = cell.split_once('.').unwrap_or_default();
    let request = changed("request_type");
    let mut wanted = Reclassify {
        kind: changed("kind").and_then(|kind| kind.parse::<Kind>().ok()),
        service: changed("service").filter(|code| !code.is_empty()),
        impact: impact.parse::<Impact>().ok(),
        urgency: urgency.parse::<Urgency>().ok(),
        outage: ticked("outage"),
        workaround: ticked("workaround"),
        classification: changed("classification").and_then(|class| class.parse::<Classification>().ok()),
        ..Reclassify::default()
    };
    match request {
        // No type of request any more: the promise of the service, or of the kind, again.
        Some(code) if code.is_empty() && ticket.service.is_some() => {
            wanted.service = wanted.service.or_else(|| ticket.service.clone());
        }
        Some(code) if code.is_empty() => wanted.kind = wanted.kind.or(Some(ticket.kind)),
        other => wanted.request_type = other,
    }
    wanted
}

async fn shape(
    visit: &Visit,
    opened: &Opened<'_>,
    chosen: &BTreeMap<String, String>,
    preview: Option<&Preview>,
) -> Result<Value> {
    let (desk, ticket) = (visit.desk(), &opened.page.view.ticket);
    let pack = desk.pack();
    let mut context = frame(visit, opened, "klasifikasi")?;
    let services = desk.services().await?;
    let own = ticket.service.as_deref();
    let offered = services.iter().filter(|service| service.active || Some(service.code.as_str()) == own);
    let request = |it: &crate::policy::RequestType| json!({"word": it.code, "text": it.label(visit.language)});
    let requests = pack.requests.iter().map(request);
    let service = services.iter().find(|service| Some(&service.code) == chosen.get("service"));
    context["kinds"] =
        pack.kinds.iter().map(|kind| json!({"word": kind, "text": visit.word("kind", kind.as_str())})).collect();
    context["services"] = offered.map(|service| json!({"word": service.code, "text": service.name})).collect();
    context["requests"] = requests.collect();
    let classes = Classification::ALL.iter();
    context["classes"] =
        classes.map(|class| json!({"word": class, "text": visit.word("classification", class.as_str())})).collect();
    context["matrix"] = matrix(visit, ticket, service);
    context["urgencies"] = json!(Urgency::ALL);
    let get = |field: &str| chosen.get(field).cloned().unwrap_or_default();
    context["chosen"] =
        FIELDS.iter().map(|field| ((*field).to_owned(), Value::from(get(field)))).collect::<Map<_, _>>().into();
    context["critical"] = service.is_some_and(|service| service.critical).into();
    context["reason"] = "".into();
    context["preview"] = preview.map_or(Value::Null, |preview| consequence(visit, opened, preview));
    Ok(context)
}

/// Impact by urgency, with the priority the pack gives to each.
fn matrix(visit: &Visit, ticket: &Ticket, service: Option<&Service>) -> Value {
    let pack = visit.desk().rules.of(ticket);
    let critical = service.is_some_and(|service| service.critical);
    let row = |impact: &Impact| {
        let cells = Urgency::ALL.iter().map(|urgency| {
            let given = priority(&pack, *impact, *urgency, critical, false, false);
            json!({"value": format!("{impact}.{urgency}"), "urgency": urgency, "priority": given})
        });
        json!({"impact": impact, "cells": cells.collect::<Vec<_>>()})
    };
    Impact::ALL.iter().map(row).collect()
}

fn consequence(visit: &Visit, opened: &Opened<'_>, preview: &Preview) -> Value {
    let (old, new) = (&opened.page.view.ticket, &preview.ticket);
    let nothing = old.priority == new.priority
        && current(old) == current(new)
        && old.agency == new.agency
        && old.profile == new.profile;
    json!({
        "nothing": nothing,
        "priority_before": old.priority,
        "priority": new.priority,
        "moves_priority": preview.moves_priority,
        "profile_before": old.profile,
        "profile": new.profile,
        "agency": (old.agency != new.agency).then_some(&new.agency),
        "ends_pause": preview.ends_pause,
        "due": due(visit, &preview.before, &preview.after),
    })
}

/// Deadlines before and after, one line each.
fn due(visit: &Visit, before: &Deadlines, after: &Deadlines) -> Value {
    let now = visit.desk().now();
    let line = |name: &str, old: Option<chrono::DateTime<chrono::Utc>>, new: Option<chrono::DateTime<chrono::Utc>>| {
        json!({
            "name": visit.word("due", name),
            "before": visit.instant_if(old),
            "after": visit.instant_if(new),
            "changed": old != new,
            "passed": new.is_some_and(|at| at <= now),
        })
    };
    json!([
        line("response", before.response_due, after.response_due),
        line("transfer", before.transfer_due, after.transfer_due),
        line("warn", before.warn_due, after.warn_due),
        line("resolution", before.resolution_due, after.resolution_due),
    ])
}

/// Every priority with the deadlines it would bring.
///
/// # Errors
/// As the change itself.
pub async fn by_priority(visit: &Visit, opened: &Opened<'_>) -> Result<Value> {
    let mut rows = Vec::new();
    for priority in crate::domain::ticket::Priority::ALL {
        let considered = Considered::Priority(*priority);
        let preview = visit.desk().preview(opened.actor, &opened.page.view.ticket.number, considered).await?;
        rows.push(json!({
            "priority": priority,
            "current": *priority == opened.page.view.ticket.priority,
            "response": visit.instant_if(preview.after.response_due),
            "resolution": visit.instant_if(preview.after.resolution_due),
        }));
    }
    Ok(rows.into())
}
