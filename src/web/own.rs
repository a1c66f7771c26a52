//! One's own tickets: for whoever has signed in at once, for others by a mailed link that proves their address.

use crate::error::{Error, Result};
use crate::store::own::Place;
use crate::web::addresses::{read_numbers, write_numbers};
use crate::web::failure::Answer;
use crate::web::guard;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, cookie, query};
use chrono::DateTime;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Tickets on a page.
const PAGE: i64 = 20;

/// The address whose tickets the browser may see: that of the account, or the one a link has proven.
///
/// # Errors
/// The database does not answer.
pub async fn address(visit: &Visit, request: &Request) -> Result<Option<String>> {
    if let Some(actor) = &visit.actor {
        return Ok(Some(actor.account.email.clone()));
    }
    match cookie(request, cookie_name(visit)) {
        Some(token) => visit.desk().own_address(&token).await,
        None => Ok(None),
    }
}

/// The tickets, or the form that asks for an address.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let Some(email) = address(visit, request).await? else {
        return Ok(visit.form("own_ask.html", json!({"email": "", "told": ""}))?);
    };
    let after = query(request).get("sesudah").and_then(|text| read_place(text));
    let page = visit.desk().own_tickets(&email, after, PAGE).await?;
    let items: Vec<Value> = page
        .items
        .iter()
        .map(|ticket| {
            json!({
                "number": ticket.number,
                "subject": ticket.subject,
                "state": visit.citizen_chip(ticket.status),
                "opened": visit.instant(ticket.opened_at),
                "pile": crate::desk::own::pile(ticket),
            })
        })
        .collect();
    let context = json!({
        "items": items,
        "email": email,
        "first": after.is_none(),
        "next": page.next.map(write_place),
        "by_link": visit.actor.is_none(),
    });
    Ok(visit.form("own.html", context)?)
}

/// Takes the wish for a link; the answer is the same for every address.
#[handler]
pub async fn ask(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    match visit.desk().ask_own_link(sent.get("email"), visit.language, &visit.source).await {
        Ok(()) => Ok(see_other("/tiket-saya/tautan")),
        Err(Error::Invalid(problems)) => {
            Ok(visit.mend("own_ask.html", json!({"email": sent.get("email"), "told": ""}), &problems, "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Says what happens next, to everybody alike.
#[handler]
pub fn asked(Data(visit): Data<&Visit>) -> Answer {
    Ok(visit.page("own_sent.html", json!({}))?)
}

/// Asks whether to open the tickets: mail scanners open links, too.
#[handler]
pub fn show_link(Data(visit): Data<&Visit>, Path(token): Path<String>) -> Answer {
    Ok(visit.form("own_link.html", json!({"action": format!("/l/{token}")}))?)
}

/// The address is proven; the link is used up.
#[handler]
pub async fn follow_link(
    Data(visit): Data<&Visit>,
    Path(token): Path<String>,
    request: &Request,
    _sent: Sent,
) -> Answer {
    let desk = visit.desk();
    let token = match desk.enter_by_own_link(&token).await {
        Ok(token) => token,
        Err(Error::Denied(say)) => {
            let told = crate::text::say(visit.language, &say);
            let mut response = visit.form("own_ask.html", json!({"email": "", "told": told}))?;
            response.set_status(poem::http::StatusCode::FORBIDDEN);
            return Ok(response);
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(before) = cookie(request, cookie_name(visit)) {
        desk.leave_own(&before).await?;
    }
    let mut response = see_other("/tiket-saya");
    guard::set_cookie(&mut response, &visit.site, cookie_name(visit), Some(&token), "/");
    Ok(response)
}

/// The browser has proven nothing any more.
#[handler]
pub async fn leave(Data(visit): Data<&Visit>, request: &Request, _sent: Sent) -> Answer {
    if let Some(token) = cookie(request, cookie_name(visit)) {
        visit.desk().leave_own(&token).await?;
    }
    let mut response = see_other("/tiket-saya");
    guard::set_cookie(&mut response, &visit.site, cookie_name(visit), None, "/");
    Ok(response)
}

fn cookie_name(visit: &Visit) -> &'static str {
    if visit.site.secure { "__Host-meja_own" } else { "meja_own" }
}

fn write_place((pile, at, id): Place) -> String {
    write_numbers([pile, at.timestamp_micros(), id])
}

fn read_place(text: &str) -> Option<Place> {
    let [pile, at, id] = read_numbers(text)?;
    Some((pile, DateTime::from_timestamp_micros(at)?, id))
}
