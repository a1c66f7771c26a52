//! `/articles`: the knowledge base.

use crate::api::Token;
use crate::api::choice::Choice;
use crate::api::problem::Failure;
use crate::api::tickets::{full, known, page_size, refuse, version_of, window};
use crate::desk::Desk;
use crate::desk::article_views::Opened;
use crate::desk::articles::{ArticleCommand, USUAL_MONTHS, WantedArticle};
use crate::domain::knowledge::article::{ArticleState, Audience, sees_work};
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::store::articles::{ArticleFilter, Whole};
use chrono::{DateTime, Utc};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of articles.
pub struct Articles(pub Desk);

/// An article. Those who write it see its newest text, others the one that was published.
#[derive(Debug, Object)]
struct ArticleJson {
    slug: String,
    version: i64,
    title: String,
    summary: String,
    /// Markdown; left out in lists.
    #[oai(skip_serializing_if_is_none)]
    body: Option<String>,
    keywords: String,
    /// Where the newest text stands: `draft`, `in_review`, `published` or `withdrawn`.
    state: String,
    /// For whom it is: `public`, `staff` or `agency`.
    audience: String,
    agency: String,
    service: Option<String>,
    /// Address of the person who looks after it; for those who write it.
    owner: Option<String>,
    /// Number of this text, from 1.
    edition: i64,
    /// Number of the text people read.
    published_edition: Option<i64>,
    published_at: Option<DateTime<Utc>>,
    /// When somebody last said that it is right.
    checked_at: Option<DateTime<Utc>>,
    review_months: i64,
    /// Until when that holds.
    review_due: Option<DateTime<Utc>>,
    helped: i64,
    not_helped: i64,
    /// Why it was withdrawn or given back.
    reason: String,
    /// What is read in its place.
    successor: Option<String>,
    updated_at: DateTime<Utc>,
}

/// A page of articles: by likeness to `q`, or the youngest first.
#[derive(Debug, Object)]
struct ArticlePage {
    items: Vec<ArticleJson>,
    next_cursor: Option<String>,
}

/// What stands where an article was.
#[derive(Debug, Object)]
struct GoneJson {
    slug: String,
    /// Always `withdrawn`.
    state: String,
    /// What is read in its place.
    successor: Option<String>,
}

/// A new article, or with `ticket` a draft of what solved that ticket.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct NewArticle {
    #[oai(default)]
    title: String,
    #[oai(default)]
    summary: String,
    /// Markdown.
    #[oai(default)]
    body: String,
    /// What else people call it.
    #[oai(default)]
    keywords: String,
    /// By default `staff`.
    audience: Option<Choice<Audience>>,
    agency: Option<String>,
    service: Option<String>,
    /// For how many months it is right, by default 6.
    review_months: Option<i64>,
    /// Number of a solved ticket; then nothing else is needed and what else is given is not used.
    ticket: Option<String>,
}

/// What shall be different; what is left out stays.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct ArticleChange {
    title: Option<String>,
    summary: Option<String>,
    body: Option<String>,
    keywords: Option<String>,
    audience: Option<Choice<Audience>>,
    /// Empty for none.
    service: Option<String>,
    review_months: Option<i64>,
    version: Option<i64>,
}

/// A verb, with a reason where a person must know why.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct ArticleVerb {
    /// For `return` and `withdraw`.
    #[oai(default)]
    reason: String,
    /// For `withdraw`: the article that is read in its place.
    successor: Option<String>,
    version: Option<i64>,
}

/// A ticket that was solved with an article.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct SolvedTicket {
    ticket: String,
}

/// A text an article has had.
#[derive(Debug, Object)]
struct EditionJson {
    edition: i64,
    title: String,
    summary: String,
    body: String,
    keywords: String,
    audience: String,
    service: Option<String>,
    written_at: DateTime<Utc>,
    published_at: Option<DateTime<Utc>>,
}

/// Texts of an article, the newest first; there is never a second page.
#[derive(Debug, Object)]
struct EditionPage {
    items: Vec<EditionJson>,
    next_cursor: Option<String>,
}

#[derive(ApiResponse)]
enum Added {
    /// The draft.
    #[oai(status = 201)]
    Created(Json<ArticleJson>),
}

#[derive(ApiResponse)]
#[expect(clippy::large_enum_variant, reason = "one of them lives, for one answer")]
enum Read {
    /// The article.
    #[oai(status = 200)]
    Article(Json<ArticleJson>),
    /// It was withdrawn.
    #[oai(status = 410)]
    Gone(Json<GoneJson>),
}

#[OpenApi]
impl Articles {
    /// Articles the caller may read. With `q` the fifty that fit best; otherwise the youngest first. `state` and `review`
    /// show unpublished texts of the caller's own agencies as well.
    #[oai(path = "/articles", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the list")]
    async fn list(
        &self,
        token: Token,
        q: Query<Option<String>>,
        state: Query<Option<Choice<ArticleState>>>,
        agency: Query<Option<String>>,
        service: Query<Option<String>>,
        audience: Query<Option<Choice<Audience>>>,
        /// `due`: only those that must be checked by now.
        review: Query<Option<String>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<ArticlePage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let mut problems = Vec::new();
        let state = state.0.and_then(|it| it.read("state", &mut problems));
        let audience = audience.0.and_then(|it| it.read("audience", &mut problems));
        let limit_of = page_size(limit.0, &mut problems);
        let due = match review.0.as_deref() {
            None => None,
            Some("due") => Some(self.0.now()),
            Some(_) => {
                let say = Say::new("field-unknown-word").with("known", "due");
                problems.push(crate::error::FieldError { field: "review", say });
                None
            }
        };
        refuse(problems)?;
        if let Some(words) = q.0.filter(|words| !words.trim().is_empty()) {
            let found = self.0.find_articles(Some(&actor), &words, limit_of.min(50)).await?;
            let fits = |it: &Whole| agency.0.as_ref().is_none_or(|code| *code == it.article.agency);
            let items = found.into_iter().filter(fits).map(|it| shape(it, None, false)).collect();
            return Ok(Json(ArticlePage { items, next_cursor: None }));
        }
        let (before, limit) = window(&self.0, "articles", limit.0, cursor.0.as_deref())?;
        let before = if before == 0 { i64::MAX } else { before };
        let filter = ArticleFilter { state, agency: agency.0, service: service.0, audience, due };
        let items = if filter.state.is_some() || filter.due.is_some() {
            self.0.kept_articles(&actor, &filter, before, limit).await?
        } else {
            self.0.articles(Some(&actor), &filter, before, limit).await?
        };
        let next = full(&items, limit).map(|last| last.article.id.to_string());
        let next_cursor = next.map(|place| crate::api::answers::cursor(&self.0, "articles", &place));
        Ok(Json(ArticlePage { items: items.into_iter().map(|it| shape(it, None, false)).collect(), next_cursor }))
    }

    /// An article: its newest text for those who write it, the published one for others. A withdrawn one answers 410 to
    /// them, with what is read in its place.
    #[oai(path = "/articles/:slug", method = "get")]
    async fn read(&self, token: Token, slug: Path<String>) -> Result<Read, Failure> {
        let actor = token.actor(&self.0).await?;
        if let Some(found) = self.kept(&actor, &slug.0).await? {
            return Ok(Read::Article(Json(self.whole(found).await?)));
        }
        Ok(match self.0.read_article(Some(&actor), &slug.0).await? {
            Opened::Read(found) => Read::Article(Json(shape(*found, None, true))),
            Opened::Gone(article) => Read::Gone(Json(GoneJson {
                slug: article.slug,
                state: article.state.as_str().to_owned(),
                successor: article.successor,
            })),
        })
    }

    /// Begins an article, or makes a draft of what solved a ticket.
    #[oai(path = "/articles", method = "post")]
    async fn add(
        &self,
        token: Token,
        body: Json<NewArticle>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Added, Failure> {
        let actor = token.actor(&self.0).await?;
        let body = body.0;
        if let Some(number) = &body.ticket {
            let found = self.0.article_from_ticket(&actor, &known(number)?).await?;
            return Ok(Added::Created(Json(self.whole(found).await?)));
        }
        let mut problems = Vec::new();
        let audience = body.audience.and_then(|it| it.read("audience", &mut problems));
        refuse(problems)?;
        let own = || actor.grants.iter().find_map(|grant| grant.agency.clone());
        let wanted = WantedArticle {
            title: body.title,
            summary: body.summary,
            body: body.body,
            keywords: body.keywords,
            audience: audience.unwrap_or(Audience::Staff),
            agency: body.agency.or_else(own).unwrap_or_default(),
            service: body.service,
            review_months: body.review_months.unwrap_or(USUAL_MONTHS),
        };
        let found = self.0.add_article(&actor, wanted, key.0.as_deref()).await?;
        Ok(Added::Created(Json(self.whole(found).await?)))
    }

    /// Writes an article anew. What was published stays readable until the new text is published.
    #[oai(path = "/articles/:slug", method = "put")]
    async fn change(
        &self,
        token: Token,
        slug: Path<String>,
        body: Json<ArticleChange>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Result<Json<ArticleJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        let body = body.0;
        let mut problems = Vec::new();
        let version = body.version.or(version_of(seen.0.as_deref(), &mut problems));
        let audience = body.audience.and_then(|it| it.read("audience", &mut problems));
        refuse(problems)?;
        let before = self.0.kept_article(&actor, &slug.0).await?;
        let text = before.text;
        let wanted = WantedArticle {
            title: body.title.unwrap_or(text.title),
            summary: body.summary.unwrap_or(text.summary),
            body: body.body.unwrap_or(text.body),
            keywords: body.keywords.unwrap_or(text.keywords),
            audience: audience.unwrap_or(text.audience),
            agency: before.article.agency,
            service: body.service.or(text.service),
            review_months: body.review_months.unwrap_or(before.article.review_months),
        };
        // Without a version the one that was just read must still be there.
        let version = version.or(Some(before.article.version));
        let found = self.0.save_article(&actor, &slug.0, version, wanted).await?;
        Ok(Json(self.whole(found).await?))
    }

    /// Hands an article to somebody else to read.
    #[oai(path = "/articles/:slug/submit", method = "post")]
    async fn submit(
        &self,
        token: Token,
        slug: Path<String>,
        body: Json<ArticleVerb>,
    ) -> Result<Json<ArticleJson>, Failure> {
        self.act(token, &slug.0, body.0, |_| ArticleCommand::Submit).await
    }

    /// Gives an article back to be mended; needs `reason`.
    #[oai(path = "/articles/:slug/return", method = "post")]
    async fn give_back(
        &self,
        token: Token,
        slug: Path<String>,
        body: Json<ArticleVerb>,
    ) -> Result<Json<ArticleJson>, Failure> {
        self.act(token, &slug.0, body.0, |body| ArticleCommand::Return(body.reason)).await
    }

    /// Lets people read an article that was submitted: somebody else than who wrote it, or the ICT office.
    #[oai(path = "/articles/:slug/publish", method = "post")]
    async fn publish(
        &self,
        token: Token,
        slug: Path<String>,
        body: Json<ArticleVerb>,
    ) -> Result<Json<ArticleJson>, Failure> {
        self.act(token, &slug.0, body.0, |_| ArticleCommand::Publish).await
    }

    /// Says that a published article is still right.
    #[oai(path = "/articles/:slug/check", method = "post")]
    async fn check(
        &self,
        token: Token,
        slug: Path<String>,
        body: Json<ArticleVerb>,
    ) -> Result<Json<ArticleJson>, Failure> {
        self.act(token, &slug.0, body.0, |_| ArticleCommand::Check).await
    }

    /// Withdraws an article; needs `reason`.
    #[oai(path = "/articles/:slug/withdraw", method = "post")]
    async fn withdraw(
        &self,
        token: Token,
        slug: Path<String>,
        body: Json<ArticleVerb>,
    ) -> Result<Json<ArticleJson>, Failure> {
        self.act(token, &slug.0, body.0, |body| ArticleCommand::Withdraw(body.reason, body.successor)).await
    }

    /// Every text the article has had, for those who write it.
    #[oai(path = "/articles/:slug/editions", method = "get")]
    async fn editions(&self, token: Token, slug: Path<String>) -> Result<Json<EditionPage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let texts = self.0.article_texts(&actor, &slug.0).await?;
        let items = texts.into_iter().map(|text| EditionJson {
            edition: text.place,
            title: text.title,
            summary: text.summary,
            body: text.body,
            keywords: text.keywords,
            audience: text.audience.as_str().to_owned(),
            service: text.service,
            written_at: text.written_at,
            published_at: text.shown_at,
        });
        Ok(Json(EditionPage { items: items.collect(), next_cursor: None }))
    }

    /// Notes that a ticket was solved with the article.
    #[oai(path = "/articles/:slug/tickets", method = "post")]
    async fn solved(
        &self,
        token: Token,
        slug: Path<String>,
        body: Json<SolvedTicket>,
    ) -> Result<Json<SolvedTicket>, Failure> {
        let actor = token.actor(&self.0).await?;
        let ticket = known(&body.0.ticket)?;
        self.0.solved_with(&actor, &ticket, &slug.0).await?;
        Ok(Json(SolvedTicket { ticket }))
    }
}

impl Articles {
    async fn act(
        &self,
        token: Token,
        slug: &str,
        mut body: ArticleVerb,
        command: impl FnOnce(ArticleVerb) -> ArticleCommand,
    ) -> Result<Json<ArticleJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        let version = body.version.take();
        let found = self.0.act_on_article(&actor, slug, version, command(body)).await?;
        Ok(Json(self.whole(found).await?))
    }

    /// The article with its newest text, if the caller may see that.
    async fn kept(&self, actor: &Actor, slug: &str) -> Result<Option<Whole>> {
        match self.0.kept_article(actor, slug).await {
            Ok(found) => Ok(Some(found).filter(|found| sees_work(actor, &found.article.agency))),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn whole(&self, found: Whole) -> Result<ArticleJson> {
        let owner = self.0.article_owner(&found.article).await?;
        Ok(shape(found, Some(owner), true))
    }
}

fn shape(found: Whole, owner: Option<String>, with_body: bool) -> ArticleJson {
    let Whole { article, text } = found;
    ArticleJson {
        slug: article.slug,
        version: article.version,
        title: text.title,
        summary: text.summary,
        body: with_body.then_some(text.body),
        keywords: text.keywords,
        state: article.state.as_str().to_owned(),
        audience: text.audience.as_str().to_owned(),
        agency: article.agency,
        service: text.service,
        owner,
        edition: text.place,
        published_edition: article.published_edition,
        published_at: article.published_at,
        checked_at: article.checked_at,
        review_months: article.review_months,
        review_due: article.review_due,
        helped: article.helped,
        not_helped: article.not_helped,
        reason: article.reason,
        successor: article.successor,
        updated_at: article.updated_at,
    }
}
