//! A ticket on paper, and the proof of its history as a file.

use crate::domain::event::Event;
use crate::domain::number;
use crate::error::{Error, Result};
use crate::web::failure::Answer;
use crate::web::history;
use crate::web::opened::{frame, open};
use crate::web::render::download;
use crate::web::side;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::{Data, Path};
use serde_json::json;

/// Everything on one page to be printed: facts, conversation, what happened, with the state of the chain.
#[handler]
pub async fn print(Data(visit): Data<&Visit>, Path(typed): Path<String>) -> Answer {
    let opened = open(visit, &typed, None).await?;
    let (desk, ticket) = (visit.desk(), &opened.page.view.ticket);
    let mut context = frame(visit, &opened, "cetak")?;
    let events = all(visit, &ticket.number).await?;
    let names = desk.names_in(&events).await?;
    let (verdict, _) = desk.verify_ticket(opened.actor, &ticket.number).await?;
    let agencies = desk.agencies().await?;
    let agency = agencies.iter().find(|agency| agency.code == ticket.agency);
    let due = &opened.page.view.due;
    context["facts"] = json!({
        "kind": ticket.kind,
        "agency": agency.map_or(&ticket.agency, |agency| &agency.name),
        "service": opened.service.as_ref().map(|service| &service.name),
        "tier": visit.tier(ticket),
        "assignee": opened.page.view.assignee_name,
        "requester": ticket.requester_name,
        "email": ticket.requester_email,
        "channel": ticket.channel,
        "opened": visit.instant(ticket.opened_at),
        "response_due": visit.instant_if(due.response_due),
        "responded": visit.instant_if(ticket.responded_at),
        "resolution_due": visit.instant_if(due.resolution_due),
        "resolved": visit.instant_if(ticket.resolved_at),
        "breached": visit.instant_if(ticket.breached_at),
        "pack": ticket.pack,
        "profile": ticket.profile,
    });
    context["messages"] = visit.conversation(&opened.page, &format!("/kerja/tiket/{}", ticket.number)).into();
    context["rows"] = events.iter().map(|event| history::row(visit, event, &names)).collect();
    context["held"] = side::consultations(visit, &opened.page.consultations);
    let ties = desk.ties(opened.actor, &ticket.number).await?;
    context["ties"] = ties.iter().map(|tie| json!({"relation": tie.relation, "number": tie.number})).collect();
    context["intact"] = verdict.ok.into();
    context["head"] = events.last().map(|event| event.hash.clone()).into();
    context["printed"] = visit.instant(desk.now());
    Ok(visit.page("dossier.html", context)?)
}

/// The chain of a ticket with everything that is needed to compute it again.
#[handler]
pub async fn proof(Data(visit): Data<&Visit>, Path(typed): Path<String>) -> Answer {
    let actor = visit.staff()?;
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let (verdict, sealed) = visit.desk().verify_ticket(actor, &number).await?;
    let events = all(visit, &number).await?;
    let whole = json!({
        "ticket": number,
        "made_at": visit.desk().now(),
        "hash": "SHA-256",
        "preimage": "prev_hash, stream, seq, at, actor, kind, payload, state: each as length in bytes, colon, text, newline",
        "verdict": verdict,
        "last_seal": sealed.map(|(seq, at)| json!({"seq": seq, "sealed_at": at})),
        "digests_left_out": events.iter().any(Event::hides_digests),
        "events": events,
    });
    Ok(download(&format!("bukti-{number}.json"), serde_json::to_vec_pretty(&whole).map_err(Error::from)?))
}

async fn all(visit: &Visit, number: &str) -> Result<Vec<Event>> {
    visit.desk().events(visit.staff()?, number, 0, i64::MAX).await
}
