//! Articles beside a ticket: those it was solved with, those that may help, and a draft of what solved it.

use crate::desk::views::TicketPage;
use crate::domain::knowledge::article::may_write;
use crate::domain::people::{Action, Actor, may};
use crate::domain::ticket::{Classification, Ticket, Verb};
use crate::error::{Error, Result};
use crate::store::article_uses::Tied;
use crate::web::articles::offered;
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use serde_json::{Value, json};

/// What the column beside a ticket shows of articles.
///
/// # Errors
/// The database does not answer.
pub async fn side(visit: &Visit, actor: &Actor, page: &TicketPage) -> Result<Value> {
    let it = &page.view.ticket;
    let tied = visit.desk().articles_of_ticket(actor, it.id).await?;
    let is_tied = |line: &Value| tied.iter().any(|tied| Some(tied.slug.as_str()) == line["slug"].as_str());
    let mut like = Vec::new();
    if !it.status.is_finished() {
        like = offered(visit, &words_of(it), it.service.as_deref()).await?;
        like.retain(|line| !is_tied(line));
    }
    let line = |tied: &Tied| json!({"title": tied.title, "how": visit.word("article-use", tied.uses.as_str()), "address": address(tied)});
    Ok(json!({
        "tied": tied.iter().map(line).collect::<Vec<_>>(),
        "offered": like,
        "may_tie": may(actor, Action::Do(Verb::Note), it),
        "drafts": becomes_article(actor, it) && tied.iter().all(|tied| tied.uses.as_str() != "written_from"),
    }))
}

/// Articles that may have helped, for the form in which a ticket is solved: as choices.
///
/// # Errors
/// The database does not answer.
pub async fn choices(visit: &Visit, ticket: &Ticket) -> Result<Vec<Value>> {
    let like = offered(visit, &words_of(ticket), ticket.service.as_deref()).await?;
    Ok(like.iter().map(|line| json!({"word": line["slug"], "text": line["title"]})).collect())
}

/// May what solves this ticket become an article of the person?
pub fn drafts(actor: &Actor, ticket: &Ticket) -> bool {
    may_write(actor, &ticket.agency)
        && !matches!(ticket.classification, Classification::Restricted | Classification::Secret)
}

/// After a ticket was solved: notes the article that helped and begins the draft that was asked for. Gives where the
/// person goes when there is one.
///
/// # Errors
/// The database does not answer.
pub async fn after_solving(visit: &Visit, actor: &Actor, number: &str, sent: &Sent) -> Result<Option<String>> {
    let slug = sent.get("artikel");
    if !slug.is_empty() {
        match visit.desk().solved_with(actor, number, slug).await {
            // The ticket is solved; an article that went away meanwhile must not hide that.
            Ok(()) | Err(Error::NotFound(_) | Error::Invalid(_) | Error::Denied(_)) => {}
            Err(error) => return Err(error),
        }
    }
    if sent.get("draf") != "1" {
        return Ok(None);
    }
    let found = visit.desk().article_from_ticket(actor, number).await?;
    Ok(Some(format!("/kerja/pengetahuan/{}?kabar=tiket", found.article.slug)))
}

fn becomes_article(actor: &Actor, ticket: &Ticket) -> bool {
    ticket.resolved_at.is_some() && ticket.status.is_finished() && drafts(actor, ticket)
}

fn words_of(ticket: &Ticket) -> String {
    format!("{} {}", ticket.subject, ticket.description)
}

fn address(tied: &Tied) -> String {
    let room = if tied.is_published { "/pengetahuan" } else { "/kerja/pengetahuan" };
    format!("{room}/{}", tied.slug)
}
