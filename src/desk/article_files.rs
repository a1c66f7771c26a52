//! Files that belong to articles: kept as those of messages are, and read by whoever may read the article.

use crate::desk::article_views::Opened;
use crate::desk::articles::{kept, note};
use crate::desk::uploads::{Arrived, checked};
use crate::desk::{Desk, chain, files};
use crate::domain::knowledge::article::{ArticleAct, may_act, sees_work};
use crate::domain::message::Attachment;
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::secret::sha256;
use crate::store;
use crate::store::article_files::ArticleFile;
use crate::store::articles::Whole;
use serde_json::json;

/// Files of one article at most.
pub const MOST_FILES: usize = 10;

impl Desk {
    /// Files of an article, in the order they came. Whoever holds the article may see them.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn article_files(&self, article: i64) -> Result<Vec<ArticleFile>> {
        store::article_files::of_article(&mut self.db.glance().await?, article).await
    }

    /// Adds a file to an article; everybody who may read the article may read it at once.
    ///
    /// # Errors
    /// `Invalid` on the field `file` when it is too large, empty, of no kind we take, or one too many; `NotFound` and
    /// `Denied` as for writing the article.
    pub async fn add_article_file(&self, actor: &Actor, slug: &str, file: &Arrived) -> Result<Whole> {
        let (upload, bytes) = checked(file)?;
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, crate::desk::articles::STREAM, slug).await?;
        let found = kept(&mut tx, actor, slug).await?;
        refuse_others(actor, &found)?;
        let there = store::article_files::of_article(&mut tx, found.article.id).await?;
        if there.len() >= MOST_FILES {
            return Err(Error::field("file", Say::new("upload-too-many").with("most", MOST_FILES)));
        }
        let digest = files::keep(&self.files, bytes)?;
        let kept =
            ArticleFile { id: 0, name: upload.name, media_type: upload.media_type, size: upload.size, sha256: digest };
        if self.ways.scanner.is_some() {
            store::scans::ask(&mut tx, &kept.sha256, self.clock.machine()).await?;
        }
        store::article_files::add(&mut tx, found.article.id, &kept, actor.account.id, self.now()).await?;
        note(&mut tx, actor, &found, "article_file_added", json!({"name": kept.name, "file": kept.sha256})).await?;
        tx.commit().await?;
        self.wake();
        Ok(found)
    }

    /// Takes a file away from an article.
    ///
    /// # Errors
    /// As [`Desk::add_article_file`].
    pub async fn drop_article_file(&self, actor: &Actor, slug: &str, id: i64) -> Result<()> {
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, crate::desk::articles::STREAM, slug).await?;
        let found = kept(&mut tx, actor, slug).await?;
        refuse_others(actor, &found)?;
        let there = store::article_files::of_article(&mut tx, found.article.id).await?;
        let Some(file) = there.into_iter().find(|file| file.id == id) else { return Ok(()) };
        store::article_files::remove(&mut tx, found.article.id, id).await?;
        note(&mut tx, actor, &found, "article_file_removed", json!({"name": file.name, "file": file.sha256})).await?;
        tx.commit().await
    }

    /// A file of an article with its bytes, for whoever may read the article.
    ///
    /// # Errors
    /// `NotFound` for others; `Conflict` while a virus scanner has not found it clean.
    pub async fn article_file(&self, actor: Option<&Actor>, slug: &str, id: i64) -> Result<(ArticleFile, Vec<u8>)> {
        let article = match self.read_article(actor, slug).await {
            Ok(Opened::Read(found)) => found.article.id,
            Ok(Opened::Gone(article)) => match actor {
                Some(actor) if sees_work(actor, &article.agency) => article.id,
                _ => return Err(Error::NotFound("article")),
            },
            Err(Error::NotFound(what)) => match actor {
                Some(actor) => self.kept_article(actor, slug).await?.article.id,
                None => return Err(Error::NotFound(what)),
            },
            Err(error) => return Err(error),
        };
        let there = self.article_files(article).await?;
        let file = there.into_iter().find(|file| file.id == id).ok_or(Error::NotFound("attachment"))?;
        let ArticleFile { id, name, media_type, size, sha256: digest } = file.clone();
        self.refuse_unless_clean(&Attachment { id, message_id: 0, name, media_type, size, sha256: digest }).await?;
        let bytes = tokio::fs::read(files::path(&self.files, &file.sha256)).await?;
        if sha256(&bytes) != file.sha256 {
            return Err(Error::internal(format!("file {} of an article: its bytes are not those that came", file.id)));
        }
        Ok((file, bytes))
    }
}

fn refuse_others(actor: &Actor, found: &Whole) -> Result<()> {
    if may_act(actor, ArticleAct::Edit, found.held()) { Ok(()) } else { Err(Error::Denied(Say::new("error-denied"))) }
}
