//! `/feedback`: what people thought of solutions and of articles.

use crate::api::Token;
use crate::api::problem::Failure;
use crate::api::tickets::{full, known, page_size, read_cursor, refuse};
use crate::desk::Desk;
use crate::desk::article_uses::Visitor;
use crate::desk::feedback::{Feedback, FeedbackPlace};
use crate::desk::public_reply::Proof;
use crate::domain::people::Scope;
use crate::error::{Error, Result, Say};
use crate::secret::new_token;
use chrono::{DateTime, Utc};
use poem_openapi::param::{Header, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of what people thought.
pub struct FeedbackApi(pub Desk);

/// The list, for its cursors.
const LIST: &str = "feedback";

/// Something somebody thought.
#[derive(Debug, Object)]
struct FeedbackJson {
    /// `ticket` or `article`.
    about: String,
    /// Number of the ticket whose solution was rated.
    ticket: Option<String>,
    /// Word of the article.
    article: Option<String>,
    agency: String,
    /// Of a solution: from 1, very bad, to 5, very good.
    score: Option<i64>,
    /// Of an article: whether it helped.
    helpful: Option<bool>,
    comment: String,
    at: DateTime<Utc>,
}

/// The youngest first.
#[derive(Debug, Object)]
struct FeedbackPage {
    items: Vec<FeedbackJson>,
    next_cursor: Option<String>,
}

/// What somebody thinks: of an article whether it helped, of the solution of an own ticket a score.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct NewFeedback {
    article: Option<String>,
    helpful: Option<bool>,
    ticket: Option<String>,
    /// From 1, very bad, to 5, very good.
    score: Option<i64>,
    #[oai(default)]
    comment: String,
}

#[derive(ApiResponse)]
enum Kept {
    /// What was kept.
    #[oai(status = 201)]
    Created(Json<FeedbackJson>),
}

#[OpenApi]
impl FeedbackApi {
    /// What people thought of solutions of the tickets the caller may see and of articles of his agencies.
    #[oai(path = "/feedback", method = "get")]
    async fn list(
        &self,
        token: Token,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<FeedbackPage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let mut problems = Vec::new();
        let limit = page_size(limit.0, &mut problems);
        let place = read_cursor(&self.0, LIST, cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let found = self.0.feedback(&actor, place.as_deref().and_then(read_place), limit).await?;
        let next = full(&found, limit).map(|last| write_place(last.place()));
        let next_cursor = next.map(|place| crate::api::answers::cursor(&self.0, LIST, &place));
        Ok(Json(FeedbackPage { items: found.into_iter().map(shape).collect(), next_cursor }))
    }

    /// Keeps what the caller thinks. An article is judged once by everybody; judging it again replaces the answer. A
    /// solution is rated once, by its reporter.
    #[oai(path = "/feedback", method = "post")]
    async fn add(
        &self,
        token: Token,
        body: Json<NewFeedback>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Kept, Failure> {
        let actor = token.actor(&self.0).await?;
        if actor.scope == Scope::Read {
            return Err(Error::Denied(Say::new("error-denied")).into());
        }
        let body = body.0;
        let needed = |field| Error::field(field, Say::new("field-required").with("label", field));
        let kept = match (body.article, body.ticket) {
            (Some(slug), None) => {
                let helpful = body.helpful.ok_or_else(|| needed("helpful"))?;
                let (id, visitor) = (actor.account.id, Visitor::account(actor.account.id));
                let source = format!("account {id}");
                let said = (helpful, body.comment.as_str());
                let found = self.0.answer_article(Some(&actor), &visitor, &source, &slug, said).await?;
                FeedbackJson {
                    about: "article".to_owned(),
                    ticket: None,
                    article: Some(found.article.slug),
                    agency: found.article.agency,
                    score: None,
                    helpful: Some(helpful),
                    comment: body.comment,
                    at: self.0.now(),
                }
            }
            (None, Some(number)) => {
                let number = known(&number)?;
                let score = body.score.ok_or_else(|| needed("score"))?;
                let key = match key.0 {
                    Some(key) => format!("{}\n{key}", actor.account.id),
                    None => new_token()?,
                };
                let proof = Proof::Address(actor.account.email.clone());
                let ticket = self.0.rate(&number, &proof, score, &body.comment, &key).await?;
                FeedbackJson {
                    about: "ticket".to_owned(),
                    ticket: Some(number),
                    article: None,
                    agency: ticket.agency,
                    score: Some(score),
                    helpful: None,
                    comment: body.comment,
                    at: self.0.now(),
                }
            }
            _ => return Err(Error::field("article", Say::new("field-feedback-about")).into()),
        };
        Ok(Kept::Created(Json(kept)))
    }
}

fn shape(found: Feedback) -> FeedbackJson {
    match found {
        Feedback::Article(said) => FeedbackJson {
            about: "article".to_owned(),
            ticket: None,
            article: Some(said.slug),
            agency: said.agency,
            score: None,
            helpful: Some(said.helpful),
            comment: said.comment,
            at: said.at,
        },
        Feedback::Ticket(rated) => FeedbackJson {
            about: "ticket".to_owned(),
            ticket: Some(rated.number),
            article: None,
            agency: rated.agency,
            score: Some(rated.score),
            helpful: None,
            comment: rated.comment,
            at: rated.at,
        },
    }
}

fn write_place((at, kind, key): FeedbackPlace) -> String {
    format!("{}.{kind}.{key}", at.timestamp_micros())
}

fn read_place(text: &str) -> Option<FeedbackPlace> {
    let mut parts = text.splitn(3, '.').map(str::parse::<i64>);
    let mut next = || parts.next().and_then(Result::ok);
    Some((DateTime::from_timestamp_micros(next()?)?, next()?, next()?))
}
