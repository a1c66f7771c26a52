//! Files that belong to articles.

use crate::error::Result;
use crate::store::Tx;
use chrono::{DateTime, Utc};

/// A file of an article. Its bytes lie under their digest.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ArticleFile {
    /// Key, and its number in addresses.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its type as its bytes and its name say.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// Digest of its bytes.
    pub sha256: String,
}

/// Adds a file to an article; the same bytes a second time stay one file.
///
/// # Errors
/// The database does not answer.
pub async fn add(tx: &mut Tx, article: i64, file: &ArticleFile, account: i64, at: DateTime<Utc>) -> Result<()> {
    sql!(
        tx,
        execute,
        "insert into article_file (article_id, name, media_type, size, sha256, account_id, at) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (article_id, sha256) do nothing",
        article,
        &file.name,
        &file.media_type,
        file.size,
        &file.sha256,
        account,
        at,
    )?;
    Ok(())
}

/// Files of an article in the order they came.
///
/// # Errors
/// The database does not answer.
pub async fn of_article(tx: &mut Tx, article: i64) -> Result<Vec<ArticleFile>> {
    sql!(
        tx,
        fetch_all as ArticleFile,
        "select id, name, media_type, size, sha256 from article_file where article_id = $1 order by id",
        article
    )
}

/// Takes a file away from an article.
///
/// # Errors
/// The database does not answer.
pub async fn remove(tx: &mut Tx, article: i64, id: i64) -> Result<()> {
    sql!(tx, execute, "delete from article_file where article_id = $1 and id = $2", article, id)?;
    Ok(())
}
