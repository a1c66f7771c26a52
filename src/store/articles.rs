//! Articles of the knowledge base and every text they have had.

use crate::domain::knowledge::article::{ArticleState, Audience};
use crate::error::{Error, Result, Say};
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// An article without its text.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Article {
    /// Key inside the database.
    pub id: i64,
    /// Its word in addresses.
    pub slug: String,
    /// Counts the changes.
    pub version: i64,
    /// Where its newest text stands.
    pub state: ArticleState,
    /// Code of the agency that answers for it.
    pub agency: String,
    /// Who looks after it.
    pub owner_id: i64,
    /// Number of its newest text, from 1.
    pub edition: i64,
    /// Number of the text people read.
    pub published_edition: Option<i64>,
    /// Since when they read it. UTC.
    pub published_at: Option<DateTime<Utc>>,
    /// When somebody last said that it is right. UTC.
    pub checked_at: Option<DateTime<Utc>>,
    /// For how many months that holds.
    pub review_months: i64,
    /// Until when that holds. UTC.
    pub review_due: Option<DateTime<Utc>>,
    /// Why it was withdrawn.
    pub reason: String,
    /// What is read in the place of a withdrawn one.
    pub successor: Option<String>,
    /// How many said that it helped.
    pub helped: i64,
    /// How many said that it did not.
    pub not_helped: i64,
    /// When it was begun. UTC.
    pub created_at: DateTime<Utc>,
    /// When it was changed last. UTC.
    pub updated_at: DateTime<Utc>,
}

/// A text of an article.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Text {
    /// Key of the article.
    pub article_id: i64,
    /// Its number among the texts of the article, from 1.
    pub place: i64,
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
    /// Code of the service it is about.
    pub service: Option<String>,
    /// Who wrote it.
    pub account_id: i64,
    /// When. UTC.
    pub written_at: DateTime<Utc>,
    /// When it was published. UTC.
    pub shown_at: Option<DateTime<Utc>>,
}

/// An article with one of its texts.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Whole {
    /// The article.
    #[sqlx(flatten)]
    pub article: Article,
    /// The text.
    #[sqlx(flatten)]
    pub text: Text,
}

/// Which articles.
#[derive(Debug, Clone, Default)]
pub struct ArticleFilter {
    /// Whose newest text stands there.
    pub state: Option<ArticleState>,
    /// Of this agency.
    pub agency: Option<String>,
    /// About this service.
    pub service: Option<String>,
    /// For these readers.
    pub audience: Option<Audience>,
    /// Published, and to be checked before this instant.
    pub due: Option<DateTime<Utc>>,
}

macro_rules! article {
    () => {
        "a.id, a.slug, a.version, a.state, a.agency, a.owner_id, a.edition, a.published_edition, a.published_at, \
         a.checked_at, a.review_months, a.review_due, a.reason, a.successor, a.helped, a.not_helped, a.created_at, a.updated_at"
    };
}
macro_rules! text {
    () => {
        "e.article_id, e.edition as place, e.title, e.summary, e.body, e.keywords, e.audience, e.service, e.account_id, \
         e.at as written_at, e.published_at as shown_at"
    };
}

/// What a filter asks for, in the same words for both lists.
macro_rules! narrowed {
    ($query:ident, $filter:ident) => {
        if let Some(state) = $filter.state {
            $query.push(" and a.state = ").push_bind(state);
        }
        if let Some(agency) = &$filter.agency {
            $query.push(" and a.agency = ").push_bind(agency.clone());
        }
        if let Some(service) = &$filter.service {
            $query.push(" and e.service = ").push_bind(service.clone());
        }
        if let Some(audience) = $filter.audience {
            $query.push(" and e.audience = ").push_bind(audience);
        }
        if let Some(due) = $filter.due {
            $query.push(" and a.published_edition is not null and a.review_due <= ").push_bind(due);
        }
    };
}

/// Adds an article and gives its key (`article.id` is ignored).
///
/// # Errors
/// Another one has its word, or the database does not answer.
pub async fn add(tx: &mut Tx, article: &Article) -> Result<i64> {
    sql!(
        tx,
        fetch_one scalar i64,
        "insert into article (slug, version, state, agency, owner_id, edition, published_edition, published_at, checked_at, \
         review_months, review_due, reason, successor, helped, not_helped, created_at, updated_at) values ($1, $2, $3, $4, \
         $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) returning id",
        &article.slug,
        article.version,
        article.state,
        &article.agency,
        article.owner_id,
        article.edition,
        article.published_edition,
        article.published_at,
        article.checked_at,
        article.review_months,
        article.review_due,
        &article.reason,
        &article.successor,
        article.helped,
        article.not_helped,
        article.created_at,
        article.updated_at,
    )
}

/// Saves an article, if nobody has changed it since it was read as `article.version - 1`. What readers said is counted
/// elsewhere.
///
/// # Errors
/// [`Error::Conflict`] when somebody has.
pub async fn save(tx: &mut Tx, article: &Article) -> Result<()> {
    let changed = sql!(
        tx,
        execute,
        "update article set version = $2, state = $3, owner_id = $4, edition = $5, published_edition = $6, published_at = $7, \
         checked_at = $8, review_months = $9, review_due = $10, reason = $11, successor = $12, updated_at = $13 \
         where id = $1 and version = $2 - 1",
        article.id,
        article.version,
        article.state,
        article.owner_id,
        article.edition,
        article.published_edition,
        article.published_at,
        article.checked_at,
        article.review_months,
        article.review_due,
        &article.reason,
        &article.successor,
        article.updated_at,
    )?;
    if changed == 1 { Ok(()) } else { Err(Error::conflict(Say::new("error-article-stale"))) }
}

/// Keeps one more text of an article.
///
/// # Errors
/// The database does not answer.
pub async fn add_text(tx: &mut Tx, text: &Text) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into article_edition (article_id, edition, title, summary, body, keywords, audience, service, account_id, at, \
         published_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        text.article_id,
        text.place,
        &text.title,
        &text.summary,
        &text.body,
        &text.keywords,
        text.audience,
        &text.service,
        text.account_id,
        text.written_at,
        text.shown_at,
    )?;
    Ok(())
}

/// Notes that people read this text from `at` on.
///
/// # Errors
/// The database does not answer.
pub async fn show_text(tx: &mut Tx, article: i64, place: i64, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "update article_edition set published_at = $3 where article_id = $1 and edition = $2",
        article,
        place,
        at
    )?;
    Ok(())
}

/// An article by its word, with its newest text.
///
/// # Errors
/// The database does not answer.
pub async fn by_slug(tx: &mut Tx, slug: &str) -> Result<Option<Whole>> {
    sql!(
        tx,
        fetch_optional as Whole,
        concat!(
            "select ",
            article!(),
            ", ",
            text!(),
            " from article a join article_edition e on e.article_id = a.id and e.edition = a.edition where a.slug = $1"
        ),
        slug,
    )
}

/// A text of an article.
///
/// # Errors
/// The database does not answer.
pub async fn text(tx: &mut Tx, article: i64, place: i64) -> Result<Option<Text>> {
    sql!(
        tx,
        fetch_optional as Text,
        concat!("select ", text!(), " from article_edition e where e.article_id = $1 and e.edition = $2"),
        article,
        place,
    )
}

/// All texts of an article, the newest first.
///
/// # Errors
/// The database does not answer.
pub async fn texts(tx: &mut Tx, article: i64) -> Result<Vec<Text>> {
    sql!(
        tx,
        fetch_all as Text,
        concat!(
            "select ",
            text!(),
            " from article_edition e where e.article_id = $1 order by e.edition desc limit 500"
        ),
        article,
    )
}

/// Words for addresses that begin like this one and are taken.
///
/// # Errors
/// The database does not answer.
pub async fn slugs_like(tx: &mut Tx, slug: &str) -> Result<Vec<String>> {
    let rows = sql!(
        tx,
        fetch_all as (String,),
        "select slug from article where substr(slug, 1, length($1)) = $1 order by slug",
        slug
    )?;
    Ok(rows.into_iter().map(|(slug,)| slug).collect())
}

/// Articles people read, with the text they read, the youngest first, from below the key `before`. `shelves`: those that
/// may be read from, `None` for all.
///
/// # Errors
/// The database does not answer.
pub async fn published(
    tx: &mut Tx,
    shelves: Option<&[String]>,
    filter: &ArticleFilter,
    before: i64,
    limit: i64,
) -> Result<Vec<Whole>> {
    many!(tx, fetch_all as Whole, query => {
        query.push(concat!(
            "select ", article!(), ", ", text!(),
            " from article a join article_edition e on e.article_id = a.id and e.edition = a.published_edition where a.id < "
        ));
        query.push_bind(before);
        if let Some(shelves) = shelves {
            query.push(" and case when e.audience = 'agency' then 'agency:' || a.agency else e.audience end in (");
            let mut list = query.separated(", ");
            for shelf in shelves {
                list.push_bind(shelf.clone());
            }
            query.push(")");
        }
        narrowed!(query, filter);
        query.push(" order by a.id desc limit ").push_bind(limit);
    })
}

/// Articles with their newest text, the youngest first, from below the key `before`. `desks`: agencies whose unpublished articles may be read, `None` for all.
///
/// # Errors
/// The database does not answer.
pub async fn kept(
    tx: &mut Tx,
    desks: Option<&[String]>,
    filter: &ArticleFilter,
    before: i64,
    limit: i64,
) -> Result<Vec<Whole>> {
    if desks.is_some_and(<[String]>::is_empty) {
        return Ok(Vec::new());
    }
    many!(tx, fetch_all as Whole, query => {
        query.push(concat!(
            "select ", article!(), ", ", text!(),
            " from article a join article_edition e on e.article_id = a.id and e.edition = a.edition where a.id < "
        ));
        query.push_bind(before);
        if let Some(desks) = desks {
            query.push(" and a.agency in (");
            let mut list = query.separated(", ");
            for agency in desks {
                list.push_bind(agency.clone());
            }
            query.push(")");
        }
        narrowed!(query, filter);
        query.push(" order by a.id desc limit ").push_bind(limit);
    })
}

/// Articles people read, with these keys, in any order.
///
/// # Errors
/// The database does not answer.
pub async fn with_keys(tx: &mut Tx, keys: &[i64]) -> Result<Vec<Whole>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    many!(tx, fetch_all as Whole, query => {
        query.push(concat!(
            "select ", article!(), ", ", text!(),
            " from article a join article_edition e on e.article_id = a.id and e.edition = a.published_edition where a.id in ("
        ));
        let mut list = query.separated(", ");
        for key in keys {
            list.push_bind(*key);
        }
        query.push(") order by a.id");
    })
}

/// How many articles people read.
///
/// # Errors
/// The database does not answer.
pub async fn count(tx: &mut Tx) -> Result<i64> {
    sql!(tx, fetch_one scalar i64, "select count(*) from article where published_edition is not null")
}
