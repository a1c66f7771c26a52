//! The mail behind a message: who sent it, what was found out about that, its head, and its HTML made harmless. And
//! addresses of a ticket that take no mail.

use crate::desk::participants::{Others, Person};
use crate::desk::views::TicketPage;
use crate::domain::number;
use crate::domain::people::{Action, Actor, may};
use crate::domain::ticket::Verb;
use crate::error::{Error, Result};
use crate::mail::quotes;
use crate::store::mail_origins::MailOrigin;
use crate::store::undeliverable::Undeliverable;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::{Data, Path};
use serde_json::{Value, json};

/// The mail behind a message.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path((typed, message)): Path<(String, i64)>) -> Answer {
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    let seen = visit.desk().seen_mail(visit.staff()?, &number, message).await?;
    let head: Vec<Value> = seen.head.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let context = json!({"number": number, "mail": shape(visit, &seen.origin, ""), "head": head, "html": seen.html});
    Ok(visit.page("mail_seen.html", context)?)
}

/// Sends to an address of the ticket again.
#[handler]
pub async fn lift(Data(visit): Data<&Visit>, Path(typed): Path<String>, sent: Sent) -> Answer {
    let number = number::parse(&typed).ok_or(Error::NotFound("ticket"))?;
    visit.desk().lift_participant(visit.staff()?, &number, sent.get("email")).await?;
    Ok(see_other(&format!("/kerja/tiket/{number}")))
}

/// Who else takes part in the ticket, and who might.
///
/// # Errors
/// The database does not answer.
pub async fn others(visit: &Visit, actor: &Actor, page: &TicketPage) -> Result<Value> {
    let ticket = &page.view.ticket;
    if !may(actor, Action::ViewInternal, ticket) {
        return Ok(Value::Null);
    }
    let Others { partaking, offered } = visit.desk().others_on(page).await?;
    let shape = |person: &Person| json!({"email": person.email, "official": person.official});
    Ok(json!({
        "partaking": partaking.iter().map(shape).collect::<Vec<_>>(),
        "offered": offered.iter().map(shape).collect::<Vec<_>>(),
        "may_change": ticket.status.allows(Verb::Reply) && may(actor, Action::Do(Verb::Reply), ticket),
    }))
}

/// Addresses of a ticket that take no mail, with the server's words.
pub fn undeliverable(visit: &Visit, page: &TicketPage) -> Vec<Value> {
    let shape = |it: &Undeliverable| json!({"email": it.email, "status": it.status, "said": it.said, "at": visit.instant(it.at)});
    page.undeliverable.iter().map(shape).collect()
}

/// What stands beside a message that came by mail; null for any other and for those who may not know.
pub fn beside(visit: &Visit, page: &TicketPage, message: i64, address: &str) -> Value {
    let origin = page.origins.iter().find(|origin| origin.message_id == message);
    origin.map_or(Value::Null, |origin| shape(visit, origin, &format!("{address}/surel/{message}")))
}

/// A message's words, and which of them are quoted or a signature; the view folds those.
pub fn pieces(channel: &str, body: &str) -> Vec<Value> {
    let is_mail = channel == "email" && body.len() < 200_000;
    let pieces = if is_mail { quotes::pieces(body) } else { Vec::new() };
    pieces.iter().map(|piece| json!({"kind": piece.kind.as_str(), "text": piece.text.trim_matches('\n')})).collect()
}

fn shape(visit: &Visit, origin: &MailOrigin, address: &str) -> Value {
    let family = match origin.belief.as_str() {
        "proven" => "ok",
        "forged" => "danger",
        _ => "warn",
    };
    // A letter of another script may look like one of ours.
    let odd =
        origin.from_email.rsplit_once('@').is_some_and(|(_, domain)| !domain.is_ascii() || domain.contains("xn--"));
    json!({
        "address": address,
        "from": origin.from_email,
        "name": origin.from_name,
        "reply_to": origin.reply_to,
        "envelope": origin.envelope,
        "copies": origin.copies.split_whitespace().collect::<Vec<_>>(),
        "spf": origin.spf,
        "dkim": origin.dkim,
        "dmarc": origin.dmarc,
        "belief": origin.belief,
        "family": family,
        "said": visit.word("belief", &origin.belief),
        "reused": origin.reused,
        "odd": odd,
    })
}
