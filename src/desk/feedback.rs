//! What people thought: of solutions and of articles, in one list.

use crate::desk::Desk;
use crate::domain::knowledge::article::desks;
use crate::domain::people::{Actor, visibility};
use crate::error::Result;
use crate::store;
use crate::store::article_uses::{Rated, Said};
use chrono::{DateTime, Utc};

/// Something somebody thought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feedback {
    /// Of an article.
    Article(Said),
    /// Of the solution of a ticket.
    Ticket(Rated),
}

/// Where the list goes on: instant, kind (0 articles, 1 tickets) and key of the last one shown.
pub type FeedbackPlace = (DateTime<Utc>, i64, i64);

impl Feedback {
    /// When it was said. UTC.
    pub const fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Article(said) => said.at,
            Self::Ticket(rated) => rated.at,
        }
    }

    /// Its place in the list.
    pub const fn place(&self) -> FeedbackPlace {
        match self {
            Self::Article(said) => (said.at, 0, said.id),
            Self::Ticket(rated) => (rated.at, 1, rated.id),
        }
    }
}

impl Desk {
    /// What people thought of solutions of the tickets the actor may see and of articles of his agencies, the youngest
    /// first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn feedback(&self, actor: &Actor, before: Option<FeedbackPlace>, limit: i64) -> Result<Vec<Feedback>> {
        let (at, kind, key) = before.unwrap_or((self.now() + chrono::Duration::days(1), 0, 0));
        // At the same instant articles come first.
        let beyond = |of: i64| match of.cmp(&kind) {
            std::cmp::Ordering::Less => (at, i64::MIN),
            std::cmp::Ordering::Equal => (at, key),
            std::cmp::Ordering::Greater => (at, i64::MAX),
        };
        let mut tx = self.db.read().await?;
        let own = if actor.is_staff() { desks(actor) } else { Some(Vec::new()) };
        let said = store::article_uses::said(&mut tx, own.as_deref(), None, beyond(0), limit).await?;
        let rated = store::article_uses::rated(&mut tx, &visibility(actor), beyond(1), limit).await?;
        let mut all: Vec<Feedback> = said.into_iter().map(Feedback::Article).collect();
        all.extend(rated.into_iter().map(Feedback::Ticket));
        all.sort_by(|a, b| {
            b.at().cmp(&a.at()).then_with(|| (a.place().1, -a.place().2).cmp(&(b.place().1, -b.place().2)))
        });
        all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(all)
    }

    /// What readers said of an article, the youngest first, for those who write it.
    ///
    /// # Errors
    /// As [`Desk::kept_article`].
    pub async fn article_remarks(&self, actor: &Actor, slug: &str) -> Result<Vec<Said>> {
        let found = self.kept_article(actor, slug).await?;
        let from = (self.now() + chrono::Duration::days(1), i64::MAX);
        let said =
            store::article_uses::said(&mut self.db.glance().await?, None, Some(found.article.id), from, 200).await?;
        Ok(said.into_iter().filter(|said| !said.comment.is_empty()).collect())
    }
}
