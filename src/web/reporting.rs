//! What the page of staff shows of the reporter's side: his wish about his name, and his verdicts.

use crate::desk::views::TicketPage;
use crate::web::visit::Visit;
use serde_json::{Value, json};

/// What `reporting_macros.html` shows beside a ticket.
pub fn side(visit: &Visit, page: &TicketPage) -> Value {
    let ratings: Vec<Value> = page
        .ratings
        .iter()
        .map(|rating| {
            let score = visit.word("score", &rating.score.to_string());
            json!({"round": rating.round, "score": score, "comment": rating.comment, "at": visit.instant(rating.at)})
        })
        .collect();
    json!({"secret": page.wish.secret && !page.wish.anonymous, "ratings": ratings})
}
