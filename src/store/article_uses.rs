//! What articles were good for: what readers said of them, and the tickets they have to do with.

use crate::domain::knowledge::article::{ArticleState, ArticleUse, Audience};
use crate::domain::people::Visibility;
use crate::error::Result;
use crate::store::Tx;
use crate::store::tickets::{Filter, narrow};
use chrono::{DateTime, Utc};

/// Whether an article helped somebody.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Said {
    /// Key of the answer.
    pub id: i64,
    /// Word of the article.
    pub slug: String,
    /// Its agency.
    pub agency: String,
    /// It helped.
    pub helpful: bool,
    /// What the reader added.
    pub comment: String,
    /// When. UTC.
    pub at: DateTime<Utc>,
}

/// A reporter's verdict on a solution, with its ticket.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Rated {
    /// Key of the verdict.
    pub id: i64,
    /// Number of the ticket.
    pub number: String,
    /// Its agency.
    pub agency: String,
    /// From 1, very bad, to 5, very good.
    pub score: i64,
    /// What he wrote.
    pub comment: String,
    /// When. UTC.
    pub at: DateTime<Utc>,
}

/// An article beside a ticket, with the title of its newest text.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Tied {
    /// Word of the article.
    pub slug: String,
    /// What it is called.
    pub title: String,
    /// Where it stands.
    pub state: ArticleState,
    /// People read it.
    pub is_published: bool,
    /// For whom it is.
    pub audience: Audience,
    /// Its agency.
    pub agency: String,
    /// What both have to do with each other.
    #[sqlx(rename = "used_as")]
    pub uses: ArticleUse,
}

/// Keeps what a visitor said of an article; saying it again replaces it. Gives what was said before.
///
/// # Errors
/// The database does not answer.
pub async fn answer(
    tx: &mut Tx,
    article: i64,
    visitor: &str,
    helpful: bool,
    comment: &str,
    at: DateTime<Utc>,
) -> Result<Option<bool>> {
    let before = answered(tx, article, visitor).await?;
    sql!(
        tx,
        execute,
        "insert into article_answer (article_id, visitor, helpful, comment, at) values ($1, $2, $3, $4, $5) \
         on conflict (article_id, visitor) do update set helpful = excluded.helpful, comment = excluded.comment, at = excluded.at",
        article,
        visitor,
        helpful,
        comment,
        at,
    )?;
    sql!(
        tx,
        execute,
        "update article set helped = (select count(*) from article_answer where article_id = $1 and helpful), \
         not_helped = (select count(*) from article_answer where article_id = $1 and not helpful) where id = $1",
        article,
    )?;
    Ok(before)
}

/// What a visitor has said of an article.
///
/// # Errors
/// The database does not answer.
pub async fn answered(tx: &mut Tx, article: i64, visitor: &str) -> Result<Option<bool>> {
    sql!(
        tx,
        fetch_optional scalar bool,
        "select helpful from article_answer where article_id = $1 and visitor = $2",
        article,
        visitor
    )
}

/// What readers said of articles of these agencies (`None`: of all), the youngest first, from below an instant and a key.
///
/// # Errors
/// The database does not answer.
pub async fn said(
    tx: &mut Tx,
    desks: Option<&[String]>,
    article: Option<i64>,
    (before, key): (DateTime<Utc>, i64),
    limit: i64,
) -> Result<Vec<Said>> {
    if desks.is_some_and(<[String]>::is_empty) {
        return Ok(Vec::new());
    }
    many!(tx, fetch_all as Said, query => {
        query.push("select w.id, a.slug, a.agency, w.helpful, w.comment, w.at from article_answer w join article a on a.id = w.article_id where (w.at < ");
        query.push_bind(before).push(" or (w.at = ").push_bind(before).push(" and w.id < ").push_bind(key).push("))");
        if let Some(article) = article {
            query.push(" and w.article_id = ").push_bind(article);
        }
        if let Some(desks) = desks {
            query.push(" and a.agency in (");
            let mut list = query.separated(", ");
            for agency in desks {
                list.push_bind(agency.clone());
            }
            query.push(")");
        }
        query.push(" order by w.at desc, w.id desc limit ").push_bind(limit);
    })
}

/// Verdicts on solutions of the tickets somebody may see, the youngest first, from below an instant and a key.
///
/// # Errors
/// The database does not answer.
pub async fn rated(
    tx: &mut Tx,
    seen: &Visibility,
    (before, key): (DateTime<Utc>, i64),
    limit: i64,
) -> Result<Vec<Rated>> {
    many!(tx, fetch_all as Rated, query => {
        query.push("select r.id, t.number, t.agency, r.score, r.comment, r.at from rating r join ticket t on t.id = r.ticket_id where (r.at < ");
        query.push_bind(before).push(" or (r.at = ").push_bind(before).push(" and r.id < ").push_bind(key);
        query.push(")) and r.ticket_id in (select id from ticket where id = r.ticket_id");
        narrow(&mut query, seen, &Filter::default());
        query.push(") order by r.at desc, r.id desc limit ").push_bind(limit);
    })
}

/// Ties an article and a ticket; `false` when they were tied before.
///
/// # Errors
/// The database does not answer.
pub async fn tie(
    tx: &mut Tx,
    article: i64,
    ticket: i64,
    uses: ArticleUse,
    account: i64,
    at: DateTime<Utc>,
) -> Result<bool> {
    let tied = sql!(
        tx,
        execute,
        "insert into article_ticket (article_id, ticket_id, use, account_id, at) values ($1, $2, $3, $4, $5) \
         on conflict (article_id, ticket_id) do nothing",
        article,
        ticket,
        uses,
        account,
        at,
    )?;
    Ok(tied == 1)
}

/// Articles that have to do with a ticket, in the order they were tied.
///
/// # Errors
/// The database does not answer.
pub async fn of_ticket(tx: &mut Tx, ticket: i64) -> Result<Vec<Tied>> {
    sql!(
        tx,
        fetch_all as Tied,
        "select a.slug, e.title, a.state, a.published_edition is not null as is_published, e.audience, a.agency, u.use as used_as \
         from article_ticket u join article a on a.id = u.article_id \
         join article_edition e on e.article_id = a.id and e.edition = coalesce(a.published_edition, a.edition) \
         where u.ticket_id = $1 order by u.id",
        ticket,
    )
}

/// Numbers of the tickets that have to do with an article, and what, the youngest first.
///
/// # Errors
/// The database does not answer.
pub async fn tickets(tx: &mut Tx, article: i64, limit: i64) -> Result<Vec<(String, ArticleUse)>> {
    sql!(
        tx,
        fetch_all as (String, ArticleUse),
        "select t.number, u.use from article_ticket u join ticket t on t.id = u.ticket_id where u.article_id = $1 \
         order by u.id desc limit $2",
        article,
        limit,
    )
}

/// How many articles of each agency were first published in a span.
///
/// # Errors
/// The database does not answer.
pub async fn added(tx: &mut Tx, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<(String, i64)>> {
    sql!(
        tx,
        fetch_all as (String, i64),
        "select agency, count(*) from (select a.agency, min(e.published_at) as first from article a \
         join article_edition e on e.article_id = a.id where e.published_at is not null group by a.id, a.agency) shown \
         where first >= $1 and first < $2 group by agency order by agency",
        from,
        to,
    )
}

/// How often articles of each agency solved a ticket or helped a reader in a span.
///
/// # Errors
/// The database does not answer.
pub async fn used(tx: &mut Tx, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<(String, i64)>> {
    sql!(
        tx,
        fetch_all as (String, i64),
        "select agency, count(*) from (select a.agency, u.id from article_ticket u join article a on a.id = u.article_id \
         where u.use = 'solved_with' and u.at >= $1 and u.at < $2 \
         union all select a.agency, w.id from article_answer w join article a on a.id = w.article_id \
         where w.helpful and w.at >= $1 and w.at < $2) uses group by agency order by agency",
        from,
        to,
    )
}
