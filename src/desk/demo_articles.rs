//! Articles of the demo region: read, in review, begun, due to be checked, and one that was withdrawn.

use crate::desk::Desk;
use crate::desk::article_uses::Visitor;
use crate::desk::articles::{ArticleCommand, WantedArticle};
use crate::desk::uploads::Arrived;
use crate::domain::knowledge::article::{ArticleState, Audience};
use crate::domain::people::Actor;
use crate::error::Result;
use crate::store;
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;

/// An article as the demo's file has it.
#[derive(Debug, Deserialize)]
struct DemoArticle {
    agency: String,
    title: String,
    summary: String,
    keywords: String,
    body: String,
    service: Option<String>,
    audience: Audience,
    state: ArticleState,
    days_ago: i64,
    helped: usize,
    not_helped: usize,
    review_months: i64,
    file: Option<DemoFile>,
}

/// A file that goes with one.
#[derive(Debug, Deserialize)]
struct DemoFile {
    name: String,
    text: String,
}

impl Desk {
    /// Writes the region's articles in the name of `unit`, on the days before `now`.
    pub(super) async fn demo_articles(&self, unit: &Actor, now: DateTime<Utc>) -> Result<()> {
        let mut articles: Vec<DemoArticle> = serde_json::from_str(include_str!("demo_articles.json"))?;
        // The clock only goes forward while articles are written.
        articles.sort_by_key(|article| -article.days_ago);
        let mut withdrawn = Vec::new();
        for article in articles {
            self.clock.set(now - Duration::days(article.days_ago), 0.0);
            let slug = self.demo_article(unit, &article).await?;
            if article.state == ArticleState::Withdrawn {
                withdrawn.push(slug);
            }
        }
        self.clock.set(now, 0.0);
        for slug in withdrawn {
            let found = self.find_articles(None, "kata sandi email", 1).await?;
            let successor = found.first().map(|found| found.article.slug.clone());
            let withdraw = ArticleCommand::Withdraw("Alamat lama sudah dimatikan.".to_owned(), successor);
            self.act_on_article(unit, &slug, None, withdraw).await?;
        }
        Ok(())
    }

    async fn demo_article(&self, unit: &Actor, article: &DemoArticle) -> Result<String> {
        let wanted = WantedArticle {
            title: article.title.clone(),
            summary: article.summary.clone(),
            body: article.body.clone(),
            keywords: article.keywords.clone(),
            audience: article.audience,
            agency: article.agency.clone(),
            service: article.service.clone(),
            review_months: article.review_months,
        };
        let slug = self.add_article(unit, wanted, None).await?.article.slug;
        if let Some(file) = &article.file {
            let bytes = file.text.clone().into_bytes();
            let arrived = Arrived { name: file.name.clone(), size: bytes.len() as u64, bytes };
            self.add_article_file(unit, &slug, &arrived).await?;
        }
        if article.state == ArticleState::Draft {
            return Ok(slug);
        }
        self.act_on_article(unit, &slug, None, ArticleCommand::Submit).await?;
        if article.state == ArticleState::InReview {
            return Ok(slug);
        }
        let found = self.act_on_article(unit, &slug, None, ArticleCommand::Publish).await?;
        let mut tx = self.db.write().await?;
        for place in 0..article.helped + article.not_helped {
            let visitor = Visitor::browser(&format!("demo {slug} {place}"));
            let helped = place < article.helped;
            store::article_uses::answer(&mut tx, found.article.id, visitor.as_str(), helped, "", self.now()).await?;
        }
        tx.commit().await?;
        Ok(slug)
    }
}
