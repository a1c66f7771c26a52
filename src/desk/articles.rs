//! Articles of the knowledge base: written in versions, read by somebody else, published, checked again, withdrawn.

use crate::desk::written::{optional, required};
use crate::desk::{Desk, chain, once};
use crate::domain::event::ActorLabel;
use crate::domain::knowledge::article::{
    ArticleAct, ArticleState, Audience, Kept, may_act, may_write, sees_work, shelf, slug,
};
use crate::domain::knowledge::weigh::{Parts, words};
use crate::domain::people::Actor;
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::sha256;
use crate::store::articles::{Article, Text, Whole};
use crate::store::{self, Tx};
use chrono::{DateTime, Months, Utc};
use serde_json::{Value, json};

/// The kind of record in the names of its streams of events.
pub(super) const STREAM: &str = "article";
/// Longest title, in characters.
pub const LONGEST_TITLE: usize = 150;
/// Longest summary and longest list of keywords, in characters.
pub const LONGEST_SUMMARY: usize = 400;
/// Longest text, in characters.
pub const LONGEST_BODY: usize = 50_000;
/// Longest reason, in characters.
const LONGEST_REASON: usize = 1_000;
/// For how many months an article is right unless somebody says otherwise.
pub const USUAL_MONTHS: i64 = 6;
/// And for how many at most.
pub const MOST_MONTHS: i64 = 24;

/// What an article shall say.
#[derive(Debug, Clone, Hash)]
pub struct WantedArticle {
    /// What it is called.
    pub title: String,
    /// What it is about, in a sentence.
    pub summary: String,
    /// The text in Markdown.
    pub body: String,
    /// What else people call it.
    pub keywords: String,
    /// For whom it is.
    pub audience: Audience,
    /// The agency that answers for it; only when it is begun.
    pub agency: String,
    /// The service it is about.
    pub service: Option<String>,
    /// For how many months it is right.
    pub review_months: i64,
}

/// What is done with an article beside writing it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ArticleCommand {
    /// Hand it to somebody else to read.
    Submit,
    /// Give it back to be mended, and why.
    Return(String),
    /// Let people read it.
    Publish,
    /// Say that it is still right.
    Check,
    /// Let nobody read it any more, why, and what is read in its place.
    Withdraw(String, Option<String>),
}

impl ArticleCommand {
    /// Which act it is.
    pub const fn act(&self) -> ArticleAct {
        match self {
            Self::Submit => ArticleAct::Submit,
            Self::Return(_) => ArticleAct::Return,
            Self::Publish => ArticleAct::Publish,
            Self::Check => ArticleAct::Check,
            Self::Withdraw(..) => ArticleAct::Withdraw,
        }
    }
}

impl Whole {
    /// What the rights depend on; the text must be the newest.
    pub fn held(&self) -> Kept<'_> {
        Kept { agency: &self.article.agency, author: self.text.account_id }
    }

    /// What `actor` may do with it now.
    pub fn acts(&self, actor: &Actor) -> Vec<ArticleAct> {
        let state = self.article.state;
        let open = ArticleAct::ALL.iter().copied().filter(|act| state.after(*act).is_some());
        open.filter(|act| may_act(actor, *act, self.held())).collect()
    }
}

impl Desk {
    /// Begins an article.
    ///
    /// # Errors
    /// `Invalid` for bad fields; `Denied` for an agency the actor does not write for; `Conflict` for a key that was used
    /// for something else.
    pub async fn add_article(&self, actor: &Actor, wanted: WantedArticle, key: Option<&str>) -> Result<Whole> {
        let mut tx = self.db.write().await?;
        let request = once::fingerprint(&("article", &wanted));
        if let once::Repeat::Answered(slug) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            return kept(&mut tx, actor, &slug).await;
        }
        let whole = self.begin_article(&mut tx, actor, &wanted).await?;
        once::answer(&mut tx, actor, key, &whole.article.slug).await?;
        tx.commit().await?;
        Ok(whole)
    }

    /// Begins an article inside a transaction.
    pub(super) async fn begin_article(&self, tx: &mut Tx, actor: &Actor, wanted: &WantedArticle) -> Result<Whole> {
        let now = self.now();
        let text = checked(tx, actor, wanted, now).await?;
        if !may_write(actor, &wanted.agency) {
            return Err(Error::Denied(Say::new("error-article-agency")));
        }
        chain::turn(tx, STREAM, "slug").await?;
        let mut article = Article {
            id: 0,
            slug: free_slug(tx, &text.title).await?,
            version: 1,
            state: ArticleState::Draft,
            agency: wanted.agency.clone(),
            owner_id: actor.account.id,
            edition: 1,
            published_edition: None,
            published_at: None,
            checked_at: None,
            review_months: wanted.review_months,
            review_due: None,
            reason: String::new(),
            successor: None,
            helped: 0,
            not_helped: 0,
            created_at: now,
            updated_at: now,
        };
        article.id = store::articles::add(tx, &article).await?;
        let text = Text { article_id: article.id, place: 1, ..text };
        store::articles::add_text(tx, &text).await?;
        let whole = Whole { article, text };
        note(tx, actor, &whole, "article_begun", json!({})).await?;
        Ok(whole)
    }

    /// Writes an article anew; what people read stays as it is. `version` is the one the caller has seen.
    ///
    /// # Errors
    /// `NotFound` for articles the actor may not see; `Denied` when he may not write it; `Invalid` for bad fields;
    /// `Conflict` when somebody else has changed it since, or reads it just now.
    pub async fn save_article(
        &self,
        actor: &Actor,
        slug: &str,
        version: Option<i64>,
        wanted: WantedArticle,
    ) -> Result<Whole> {
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, slug).await?;
        let before = self.allowed(&mut tx, actor, slug, version, ArticleAct::Edit).await?;
        let now = self.now();
        let text = checked(&mut tx, actor, &wanted, now).await?;
        let same_months = before.article.review_months == wanted.review_months;
        if same_months && before.article.state == ArticleState::Draft && says_the_same(&before.text, &text) {
            return Ok(before);
        }
        let article = Article {
            version: before.article.version + 1,
            state: ArticleState::Draft,
            edition: before.article.edition + 1,
            review_months: wanted.review_months,
            reason: String::new(),
            successor: None,
            updated_at: now,
            ..before.article
        };
        let text = Text { article_id: article.id, place: article.edition, ..text };
        store::articles::save(&mut tx, &article).await?;
        store::articles::add_text(&mut tx, &text).await?;
        let whole = Whole { article, text };
        note(&mut tx, actor, &whole, "article_written", json!({})).await?;
        tx.commit().await?;
        Ok(whole)
    }

    /// Does something with an article. `version` is the one the caller has seen.
    ///
    /// # Errors
    /// As [`Desk::save_article`].
    pub async fn act_on_article(
        &self,
        actor: &Actor,
        slug: &str,
        version: Option<i64>,
        command: ArticleCommand,
    ) -> Result<Whole> {
        let act = command.act();
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, slug).await?;
        let Whole { mut article, text } = self.allowed(&mut tx, actor, slug, version, act).await?;
        let now = self.now();
        article.version += 1;
        article.updated_at = now;
        article.state = article.state.after(act).unwrap_or(article.state);
        let (kind, payload) = match command {
            ArticleCommand::Submit => ("article_submitted", json!({})),
            ArticleCommand::Return(reason) => {
                let reason = required("reason", &reason, LONGEST_REASON)?;
                ("article_returned", json!({"reason": reason}))
            }
            ArticleCommand::Publish => {
                publish(&mut tx, &mut article, &text, now).await?;
                ("article_published", json!({"audience": text.audience}))
            }
            ArticleCommand::Check => {
                checked_again(&mut article, now);
                ("article_checked", json!({"until": article.review_due}))
            }
            ArticleCommand::Withdraw(reason, successor) => {
                article.reason = required("reason", &reason, LONGEST_REASON)?;
                article.successor = successor_of(&mut tx, &article, successor).await?;
                article.published_edition = None;
                article.review_due = None;
                store::article_words::forget(&mut tx, article.id).await?;
                ("article_withdrawn", json!({"reason": article.reason, "successor": article.successor}))
            }
        };
        store::articles::save(&mut tx, &article).await?;
        let whole = Whole { article, text };
        note(&mut tx, actor, &whole, kind, payload).await?;
        tx.commit().await?;
        Ok(whole)
    }

    /// An article as it is kept, if the actor may do `act` with it now.
    async fn allowed(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        slug: &str,
        version: Option<i64>,
        act: ArticleAct,
    ) -> Result<Whole> {
        let found = kept(tx, actor, slug).await?;
        if !may_act(actor, act, found.held()) {
            let own = act == ArticleAct::Publish && may_act(actor, ArticleAct::Edit, found.held());
            return Err(Error::Denied(Say::new(if own { "error-article-own" } else { "error-denied" })));
        }
        if version.is_some_and(|seen| seen != found.article.version) {
            return Err(Error::Conflict { say: Say::new("error-article-stale"), version: Some(found.article.version) });
        }
        if found.article.state.after(act).is_none() {
            let say = Say::new("error-article-state").with("article_state", found.article.state);
            return Err(Error::Conflict { say, version: Some(found.article.version) });
        }
        Ok(found)
    }
}

/// An article with its newest text, for those who may see what is not published.
///
/// # Errors
/// `NotFound` for unknown ones and for those of others alike.
pub(super) async fn kept(tx: &mut Tx, actor: &Actor, slug: &str) -> Result<Whole> {
    let found = store::articles::by_slug(tx, slug).await?;
    found.filter(|found| sees_work(actor, &found.article.agency)).ok_or(Error::NotFound("article"))
}

/// Tells the chain what happened to an article.
pub(super) async fn note(tx: &mut Tx, actor: &Actor, whole: &Whole, kind: &'static str, more: Value) -> Result<()> {
    let (article, text) = (&whole.article, &whole.text);
    let said = [&text.title, &text.summary, &text.body, &text.keywords].map(sha256).join("\n");
    let mut payload = json!({"version": article.version, "edition": text.place, "state": article.state,
        "title": text.title, "text": sha256(said)});
    if let (Some(payload), Value::Object(more)) = (payload.as_object_mut(), more) {
        payload.extend(more);
    }
    let label = ActorLabel::user(actor.account.id);
    chain::note(tx, STREAM, &article.slug, article.updated_at, label, kind, payload).await
}

/// From now on people read this text, and find it.
async fn publish(tx: &mut Tx, article: &mut Article, text: &Text, now: DateTime<Utc>) -> Result<()> {
    article.published_edition = Some(text.place);
    article.published_at = Some(now);
    checked_again(article, now);
    store::articles::show_text(tx, article.id, text.place, now).await?;
    make_findable(tx, article, text).await
}

/// Keeps what an article is found by, in the place of what was kept before.
pub(super) async fn make_findable(tx: &mut Tx, article: &Article, text: &Text) -> Result<()> {
    store::article_words::forget(tx, article.id).await?;
    let parts = Parts { title: &text.title, keywords: &text.keywords, summary: &text.summary, body: &text.body };
    store::article_words::put(tx, article.id, &shelf(text.audience, &article.agency), &words(parts)).await
}

fn checked_again(article: &mut Article, now: DateTime<Utc>) {
    let months = u32::try_from(article.review_months).unwrap_or(1);
    article.checked_at = Some(now);
    article.review_due = now.checked_add_months(Months::new(months));
}

/// What is read in the place of an article: another one that people read.
async fn successor_of(tx: &mut Tx, article: &Article, wanted: Option<String>) -> Result<Option<String>> {
    let Some(wanted) = wanted.map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()) else {
        return Ok(None);
    };
    let wanted = wanted.rsplit('/').next().unwrap_or_default().to_owned();
    let found = store::articles::by_slug(tx, &wanted).await?;
    let fits = found.is_some_and(|found| found.article.published_edition.is_some() && found.article.id != article.id);
    if fits { Ok(Some(wanted)) } else { Err(Error::field("successor", Say::new("field-article-successor"))) }
}

async fn free_slug(tx: &mut Tx, title: &str) -> Result<String> {
    let wanted = slug(title);
    let taken = store::articles::slugs_like(tx, &wanted).await?;
    let numbered = (2..).map(|number| format!("{wanted}-{number}"));
    let mut free = std::iter::once(wanted.clone()).chain(numbered).filter(|word| !taken.contains(word));
    free.next().ok_or_else(|| Error::internal("no word for an address is free"))
}

fn says_the_same(a: &Text, b: &Text) -> bool {
    let parts = |text: &Text| {
        let Text { title, summary, body, keywords, audience, service, .. } = text.clone();
        (title, summary, body, keywords, audience, service)
    };
    parts(a) == parts(b)
}

/// The text as it is kept, when every field is right.
async fn checked(tx: &mut Tx, actor: &Actor, wanted: &WantedArticle, now: DateTime<Utc>) -> Result<Text> {
    let mut problems = Vec::new();
    let mut take = |read: Result<String>| match read {
        Ok(text) => text,
        Err(Error::Invalid(found)) => {
            problems.extend(found);
            String::new()
        }
        Err(_) => String::new(),
    };
    let title = take(required("title", &wanted.title, LONGEST_TITLE)).split_whitespace().collect::<Vec<_>>().join(" ");
    let summary = take(optional("summary", &wanted.summary, LONGEST_SUMMARY));
    let body = take(required("body", &wanted.body, LONGEST_BODY));
    let keywords = take(optional("keywords", &wanted.keywords, LONGEST_SUMMARY));
    if !(1..=MOST_MONTHS).contains(&wanted.review_months) {
        let say = Say::new("field-article-months").with("most", MOST_MONTHS);
        problems.push(FieldError { field: "review_months", say });
    }
    if !store::services::agencies(tx).await?.iter().any(|agency| agency.code == wanted.agency) {
        problems.push(FieldError { field: "agency", say: Say::new("field-reply-agency") });
    }
    let service = wanted.service.clone().filter(|code| !code.is_empty());
    if let Some(code) = &service
        && store::services::service(tx, code).await?.is_none()
    {
        problems.push(FieldError { field: "service", say: Say::new("field-article-service") });
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    Ok(Text {
        article_id: 0,
        place: 0,
        title,
        summary: summary.trim().to_owned(),
        body,
        keywords: keywords.trim().to_owned(),
        audience: wanted.audience,
        service,
        account_id: actor.account.id,
        written_at: now,
        shown_at: None,
    })
}
