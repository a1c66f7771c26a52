//! `/tickets/{number}/ratings`: what the reporter thought of its solutions.

use crate::api::Token;
use crate::api::problem::Failure;
use crate::api::tickets::known;
use crate::desk::Desk;
use crate::desk::public_reply::Proof;
use crate::domain::people::Scope;
use crate::error::{Error, Say};
use crate::secret::new_token;
use crate::store::ratings::Rating;
use chrono::{DateTime, Utc};
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of ratings.
pub struct Ratings(pub Desk);

/// A verdict on one solution.
#[derive(Debug, Object)]
pub struct RatingJson {
    /// Which solution of the ticket, from 1.
    round: i64,
    /// From 1, very bad, to 5, very good.
    score: i64,
    comment: String,
    at: DateTime<Utc>,
}

/// Ratings of a ticket, one for each solution at most; there is never a second page.
#[derive(Debug, Object)]
pub struct RatingPage {
    items: Vec<RatingJson>,
    next_cursor: Option<String>,
}

/// A verdict about to be given.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewRating {
    /// From 1, very bad, to 5, very good.
    #[oai(default)]
    score: i64,
    /// At most 4,000 characters.
    #[oai(default)]
    comment: String,
}

/// A rating was kept.
#[derive(ApiResponse)]
enum Rated {
    /// All ratings of the ticket.
    #[oai(status = 201)]
    Created(Json<RatingPage>),
}

#[OpenApi]
impl Ratings {
    /// Ratings of a ticket's solutions in order.
    #[oai(path = "/tickets/:number/ratings", method = "get")]
    async fn list(&self, token: Token, number: Path<String>) -> Result<Json<RatingPage>, Failure> {
        let actor = token.actor(&self.0).await?;
        Ok(Json(page(self.0.ticket_page(&actor, &known(&number.0)?).await?.ratings)))
    }

    /// Rates the last solution, once; only its reporter may.
    #[oai(path = "/tickets/:number/ratings", method = "post")]
    async fn rate(
        &self,
        token: Token,
        number: Path<String>,
        body: Json<NewRating>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Rated, Failure> {
        let actor = token.actor(&self.0).await?;
        if actor.scope == Scope::Read {
            return Err(Error::Denied(Say::new("error-denied")).into());
        }
        let number = known(&number.0)?;
        let key = match key.0 {
            Some(key) => format!("{}\n{key}", actor.account.id),
            None => new_token()?,
        };
        let proof = Proof::Address(actor.account.email.clone());
        self.0.rate(&number, &proof, body.0.score, &body.0.comment, &key).await?;
        Ok(Rated::Created(Json(page(self.0.follow_ticket(&number, &proof).await?.ratings))))
    }
}

fn page(ratings: Vec<Rating>) -> RatingPage {
    let shape = |rating: Rating| {
        let Rating { round, score, comment, at } = rating;
        RatingJson { round, score, comment, at }
    };
    RatingPage { items: ratings.into_iter().map(shape).collect(), next_cursor: None }
}
