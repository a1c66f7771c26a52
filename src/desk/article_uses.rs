//! What articles are good for: readers say whether they helped, tickets are solved with them, and what solved a ticket
//! becomes an article.

use crate::desk::article_views::Opened;
use crate::desk::articles::{USUAL_MONTHS, WantedArticle, note};
use crate::desk::written::optional;
use crate::desk::{Desk, chain};
use crate::domain::knowledge::article::{ArticleUse, Audience, may_read, may_write, sees_work};
use crate::domain::knowledge::scrub::without_people;
use crate::domain::people::{Action, Actor, may};
use crate::domain::ticket::{Classification, Language, Status, Ticket, Verb};
use crate::error::{Error, Result, Say};
use crate::secret::sha256;
use crate::store::article_uses::Tied;
use crate::store::articles::Whole;
use crate::store::{self, Tx};
use crate::text;
use serde_json::{Value, json};

/// Longest remark of a reader, in characters.
pub const LONGEST_REMARK: usize = 1_000;
/// Answers that one source may give within the window of tries; many browsers stand behind one office's address.
const FROM_ONE_SOURCE: i64 = 60;
/// Events of a ticket that are looked through for its solution.
const EVENTS: i64 = 1_000;

/// Who says something of an article: a browser, or somebody who has signed in. Nobody can be found out by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor(String);

impl Visitor {
    /// The browser with this token.
    pub fn browser(token: &str) -> Self {
        Self(sha256(format!("article answer\n{token}")))
    }

    /// Somebody with an account.
    pub fn account(id: i64) -> Self {
        Self(sha256(format!("article answer of account\n{id}")))
    }

    /// The digest.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Desk {
    /// Keeps whether an article helped a visitor; saying it again replaces what was said.
    ///
    /// # Errors
    /// `NotFound` for articles the visitor may not read; `Invalid` for a remark that is too long; `TooMany` when one source
    /// says too much.
    pub async fn answer_article(
        &self,
        actor: Option<&Actor>,
        visitor: &Visitor,
        source: &str,
        slug: &str,
        (helpful, remark): (bool, &str),
    ) -> Result<Whole> {
        let remark = optional("comment", remark, LONGEST_REMARK)?;
        let Opened::Read(found) = self.read_article(actor, slug).await? else { return Err(Error::NotFound("article")) };
        let _kept = self.count_try(&[(&format!("article answer {source}"), FROM_ONE_SOURCE)]).await?;
        let mut tx = self.db.write().await?;
        store::article_uses::answer(&mut tx, found.article.id, &visitor.0, helpful, remark.trim(), self.now()).await?;
        tx.commit().await?;
        Ok(*found)
    }

    /// What a visitor has said of an article.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn article_answered(&self, article: i64, visitor: &Visitor) -> Result<Option<bool>> {
        store::article_uses::answered(&mut self.db.glance().await?, article, &visitor.0).await
    }

    /// Articles that have to do with a ticket, as far as the actor may open them.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn articles_of_ticket(&self, actor: &Actor, ticket: i64) -> Result<Vec<Tied>> {
        let mut found = store::article_uses::of_ticket(&mut self.db.glance().await?, ticket).await?;
        let opens = |it: &Tied| it.is_published && may_read(Some(actor), it.audience, &it.agency);
        found.retain(|it| opens(it) || sees_work(actor, &it.agency));
        Ok(found)
    }

    /// Numbers of the tickets that have to do with an article, the youngest first.
    ///
    /// # Errors
    /// As [`Desk::kept_article`].
    pub async fn tickets_of_article(&self, actor: &Actor, slug: &str) -> Result<Vec<(String, ArticleUse)>> {
        let found = self.kept_article(actor, slug).await?;
        store::article_uses::tickets(&mut self.db.glance().await?, found.article.id, 20).await
    }

    /// Notes that a ticket was solved with an article. Doing it again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for tickets and articles the actor may not see; `Denied` for those who may not work on the ticket.
    pub async fn solved_with(&self, actor: &Actor, number: &str, slug: &str) -> Result<()> {
        let ticket = self.ticket(actor, number).await?.ticket;
        if !may(actor, Action::Do(Verb::Note), &ticket) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let Opened::Read(found) = self.read_article(Some(actor), slug).await? else {
            return Err(Error::field("article", Say::new("field-article")));
        };
        let mut tx = self.db.write().await?;
        if self.tie(&mut tx, actor, &found, &ticket, ArticleUse::SolvedWith).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    /// Makes a draft of what solved a ticket: its cause and its solution, without the people in them. The words of the
    /// reporter are not carried along. A ticket has one such draft; asking again gives it.
    ///
    /// # Errors
    /// `NotFound` for tickets the actor may not see; `Denied` when he does not write for its agency; `Conflict` for one that
    /// is not solved or that not everybody of the staff may know of.
    pub async fn article_from_ticket(&self, actor: &Actor, number: &str) -> Result<Whole> {
        let page = self.ticket_page(actor, number).await?;
        let ticket = &page.view.ticket;
        let solved = matches!(ticket.status, Status::Resolved | Status::Closed) && ticket.resolved_at.is_some();
        if !solved {
            return Err(Error::conflict(Say::new("error-article-unsolved")));
        }
        if matches!(ticket.classification, Classification::Restricted | Classification::Secret) {
            return Err(Error::conflict(Say::new("error-article-secret")));
        }
        if !may_write(actor, &ticket.agency) || !may(actor, Action::ViewInternal, ticket) {
            return Err(Error::Denied(Say::new("error-article-agency")));
        }
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, "article of ticket", number).await?;
        let tied = store::article_uses::of_ticket(&mut tx, ticket.id).await?;
        if let Some(before) = tied.iter().find(|it| it.uses == ArticleUse::WrittenFrom) {
            let found = store::articles::by_slug(&mut tx, &before.slug).await?;
            return found.ok_or(Error::NotFound("article"));
        }
        let events = store::events::of_stream(&mut tx, number, 0, EVENTS).await?;
        let solved = events.iter().rev().find(|event| event.kind == "resolved");
        let told: Value = solved.map(|event| serde_json::from_str(&event.payload)).transpose()?.unwrap_or_default();
        let solution = page.messages.iter().find(|message| Some(message.id) == told["message"]["id"].as_i64());
        let names = [ticket.requester_name.as_str()];
        let nip = ticket.requester_nip.as_deref().unwrap_or_default();
        let clean = |words: &str| without_people(&words.replace(nip_or_none(nip), ""), &names);
        let word = |key: &str| text::word(Language::Indonesian, key);
        let part = |key: &str, words: &str| format!("## {}\n\n{}\n", word(key), words.trim());
        let cause = told["cause"].as_str().map(&clean).unwrap_or_else(|| word("article-draft-missing"));
        let solution = solution.map(|it| clean(&it.body)).unwrap_or_else(|| word("article-draft-missing"));
        let parts = [
            part("article-draft-symptom", &word("article-draft-symptom-hint")),
            part("article-draft-cause", &cause),
            part("article-draft-solution", &solution),
        ];
        let wanted = WantedArticle {
            title: clean(&ticket.subject).chars().take(crate::desk::articles::LONGEST_TITLE).collect(),
            summary: String::new(),
            body: parts.join("\n"),
            keywords: String::new(),
            // Whoever publishes it decides whether more people may read it.
            audience: Audience::Staff,
            agency: ticket.agency.clone(),
            service: ticket.service.clone(),
            review_months: USUAL_MONTHS,
        };
        let whole = self.begin_article(&mut tx, actor, &wanted).await?;
        self.tie(&mut tx, actor, &whole, ticket, ArticleUse::WrittenFrom).await?;
        tx.commit().await?;
        Ok(whole)
    }

    /// Ties both and tells the article's chain; `false` when they were tied before.
    async fn tie(&self, tx: &mut Tx, actor: &Actor, whole: &Whole, ticket: &Ticket, uses: ArticleUse) -> Result<bool> {
        let now = self.now();
        if !store::article_uses::tie(tx, whole.article.id, ticket.id, uses, actor.account.id, now).await? {
            return Ok(false);
        }
        note(tx, actor, whole, "article_tied", json!({"ticket": ticket.number, "use": uses})).await?;
        Ok(true)
    }
}

/// What is surely in no text when there is no number.
fn nip_or_none(nip: &str) -> &str {
    if nip.is_empty() { "\u{0}" } else { nip }
}
