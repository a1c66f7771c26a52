//! Where staff write on the page of a ticket: drafts, ready-made answers, who else is there, what can be called back.

use crate::desk::answer_drafts::{ANSWER, Drafts, NOTE};
use crate::desk::uploads::Owner;
use crate::desk::views::TicketPage;
use crate::domain::people::Actor;
use crate::error::Result;
use crate::store::drafts::Draft;
use crate::store::holds::Waiting;
use crate::store::presence::Present;
use crate::text;
use crate::web::addresses::ACTS;
use crate::web::canned;
use crate::web::uploads;
use crate::web::visit::Visit;
use chrono::Duration;
use serde_json::{Value, json};

/// Acts that send what stands in the box for answers; the first is the usual one.
pub const ANSWERS: [&str; 3] = ["balas", "selesaikan", "minta-data"];

/// The kind of draft that an act sends.
pub fn kind_of(act: &str) -> Option<&'static str> {
    match act {
        "catatan" => Some(NOTE),
        act if ANSWERS.contains(&act) || act == "jalankan" => Some(ANSWER),
        _ => None,
    }
}

/// May the page tell of this after a form was sent?
pub fn is_news(word: &str) -> bool {
    const OTHERS: [&str; 7] = ["draf", "ambil-draf", "batal", "terlambat", "tidak-batal", "jalankan", "makro-berubah"];
    ACTS.iter().any(|(act, _)| *act == word) || OTHERS.contains(&word)
}

/// Notes that the visitor has the page open: a hint that must never cost anybody the page.
pub async fn note_presence(visit: &Visit, actor: &Actor, number: &str) {
    if let Err(error) = visit.desk().attend(actor, number, false).await {
        tracing::warn!(%error, "who looks at a ticket could not be noted");
    }
}

/// What the composer and the banner above the page show.
///
/// # Errors
/// The database does not answer.
pub async fn shape(visit: &Visit, actor: &Actor, page: &TicketPage) -> Result<Value> {
    let ticket = &page.view.ticket;
    let drafts = visit.desk().drafts(actor, ticket).await?;
    let present = visit.desk().present(actor, &[&ticket.number]).await?;
    let begun = drafts.own(ANSWER).and_then(|draft| draft.reply_id);
    let (replies, running) = canned::offered(visit, actor, &page.view, begun).await?;
    Ok(json!({
        "uploads": uploads::shape(visit, &Owner::work(&ticket.number, actor.account.id), &format!("/kerja/tiket/{}/berkas", ticket.number)).await?,
        "replies": replies,
        "running": running,
        "drafts": {
            "answer": own(visit, &drafts, ANSWER),
            "note": own(visit, &drafts, NOTE),
            "others": drafts.others.iter().map(|draft| others(visit, draft)).collect::<Vec<_>>(),
            "team": drafts.team,
        },
        "present": present.iter().map(shape_of_person).collect::<Vec<_>>(),
        "held": held(visit, actor, &ticket.number).await?,
        "most_urgent": ticket.priority == crate::domain::ticket::Priority::P1,
        "hold_seconds": visit.desk().pack().lifecycle.answer_hold_seconds,
    }))
}

fn own(visit: &Visit, drafts: &Drafts, kind: &str) -> Value {
    let shape =
        |draft: &Draft| json!({"body": draft.body, "at": visit.instant(draft.updated_at), "reply": draft.reply_id});
    drafts.own(kind).map_or(Value::Null, shape)
}

fn others(visit: &Visit, draft: &Draft) -> Value {
    json!({
        "id": draft.id,
        "name": draft.name,
        "note": draft.kind == NOTE,
        "body": draft.body,
        "at": visit.instant(draft.updated_at),
    })
}

/// Initials and name of somebody who is there.
pub fn shape_of_person(present: &Present) -> Value {
    let initials: String = present.name.split_whitespace().take(2).filter_map(|word| word.chars().next()).collect();
    json!({"name": present.name, "initials": initials.to_uppercase(), "writing": present.writing})
}

/// Answers of the actor's that can still be called back, also on the ticket he has just left.
///
/// # Errors
/// The database does not answer.
async fn held(visit: &Visit, actor: &Actor, number: &str) -> Result<Vec<Value>> {
    let now = visit.desk().now();
    let shape = |held: &Waiting| {
        let left = held.until_at - now + Duration::milliseconds(999);
        let elsewhere = (held.number != number).then_some(&held.number);
        json!({"message": held.message_id, "number": held.number, "elsewhere": elsewhere, "seconds": left.num_seconds(),
            "until": visit.instant(held.until_at)})
    };
    Ok(visit.desk().waiting_answers(actor).await?.iter().map(shape).collect())
}

/// What became of a message that was held: nothing to tell once it was sent.
pub fn delivery(page: &TicketPage, message: i64) -> &'static str {
    let held = page.holds.iter().find(|held| held.message_id == message);
    held.map_or("", |held| match held.state.as_str() {
        "held" => "held",
        "withdrawn" => "withdrawn",
        _ => "",
    })
}

/// A sentence with a number.
pub fn counted(visit: &Visit, key: &str, count: usize) -> String {
    text::phrase(visit.language, key, &[("count", &count.to_string())])
}
