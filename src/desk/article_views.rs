//! Reading the knowledge base: what everybody may read, what those see who write it, and what is found by a few words.

use crate::desk::Desk;
use crate::desk::articles::{STREAM, kept, make_findable};
use crate::domain::event::Event;
use crate::domain::knowledge::article::{ArticleState, Audience, desks, may_read, shelves};
use crate::domain::knowledge::likeness::alike;
use crate::domain::knowledge::terms::{Term, known_words, of_question};
use crate::domain::knowledge::weigh::{Wanted, wanted, worth_offering};
use crate::domain::people::Actor;
use crate::error::{Error, Result};
use crate::store::articles::{Article, ArticleFilter, Text, Whole};
use crate::store::{self, Tx};
use std::collections::BTreeMap;

/// Characters of a question that are read.
const LONGEST_QUESTION: usize = 1_000;
/// Words typed wrong that are looked up.
const MOST_SLIPS: usize = 4;
/// Words that are compared with one typed wrong.
const COMPARED: i64 = 40;
/// How much a word counts that looks like the one typed, per mille of its likeness.
const SLIPPED: i64 = 700;
/// Name of the setting that says which words articles were read with.
const WORDS: &str = "article_words";
/// Articles that are read anew in one transaction.
const AT_ONCE: i64 = 50;
/// Articles offered unasked.
pub const OFFERED: i64 = 3;

/// An article somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The text people read.
    Read(Box<Whole>),
    /// It was withdrawn; the word of what is read in its place.
    Gone(Box<Article>),
}

impl Desk {
    /// An article people read, for anybody who may.
    ///
    /// # Errors
    /// `NotFound` for unknown ones, drafts, and those for others alike.
    pub async fn read_article(&self, actor: Option<&Actor>, slug: &str) -> Result<Opened> {
        let mut tx = self.db.read().await?;
        let found = store::articles::by_slug(&mut tx, slug).await?.ok_or(Error::NotFound("article"))?;
        let Some(place) = found.article.published_edition else {
            // Only what everybody could read may be known to have been there.
            let shown =
                found.text.audience == Audience::Public || may_read(actor, found.text.audience, &found.article.agency);
            return match found.article.published_at {
                Some(_) if shown && found.article.state == ArticleState::Withdrawn => {
                    Ok(Opened::Gone(Box::new(found.article)))
                }
                _ => Err(Error::NotFound("article")),
            };
        };
        let text = match place == found.text.place {
            true => found.text,
            false => {
                let text = store::articles::text(&mut tx, found.article.id, place).await?;
                text.ok_or_else(|| Error::internal("a published text is gone"))?
            }
        };
        if !may_read(actor, text.audience, &found.article.agency) {
            return Err(Error::NotFound("article"));
        }
        Ok(Opened::Read(Box::new(Whole { article: found.article, text })))
    }

    /// An article with its newest text, for those who may see what is not published.
    ///
    /// # Errors
    /// `NotFound` for unknown ones and for those of others alike.
    pub async fn kept_article(&self, actor: &Actor, slug: &str) -> Result<Whole> {
        kept(&mut self.db.read().await?, actor, slug).await
    }

    /// Address of the person who looks after an article.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn article_owner(&self, article: &Article) -> Result<String> {
        let owner = store::people::by_id(&mut self.db.glance().await?, article.owner_id).await?;
        Ok(owner.map(|owner| owner.email).unwrap_or_default())
    }

    /// Names of the people behind keys of accounts.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn names_of(&self, accounts: impl Iterator<Item = i64>) -> Result<BTreeMap<i64, String>> {
        let keys: Vec<i64> = accounts.collect();
        let people = store::people::by_ids(&mut self.db.glance().await?, &keys).await?;
        Ok(people.into_iter().map(|person| (person.id, person.name)).collect())
    }

    /// Every text an article has had, the newest first.
    ///
    /// # Errors
    /// As [`Desk::kept_article`].
    pub async fn article_texts(&self, actor: &Actor, slug: &str) -> Result<Vec<Text>> {
        let mut tx = self.db.read().await?;
        let found = kept(&mut tx, actor, slug).await?;
        store::articles::texts(&mut tx, found.article.id).await
    }

    /// What happened to an article, oldest first.
    ///
    /// # Errors
    /// As [`Desk::kept_article`].
    pub async fn article_history(&self, actor: &Actor, slug: &str) -> Result<Vec<Event>> {
        let mut tx = self.db.read().await?;
        kept(&mut tx, actor, slug).await?;
        store::events::of_stream(&mut tx, &format!("{STREAM}:{slug}"), 0, 200).await
    }

    /// Articles people read, the youngest first, from below the key `before`.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn articles(
        &self,
        actor: Option<&Actor>,
        filter: &ArticleFilter,
        before: i64,
        limit: i64,
    ) -> Result<Vec<Whole>> {
        let open = shelves(actor);
        store::articles::published(&mut self.db.glance().await?, open.as_deref(), filter, before, limit).await
    }

    /// Articles with their newest text for those who write them, the youngest first, from below the key `before`.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn kept_articles(
        &self,
        actor: &Actor,
        filter: &ArticleFilter,
        before: i64,
        limit: i64,
    ) -> Result<Vec<Whole>> {
        let own = desks(actor);
        store::articles::kept(&mut self.db.glance().await?, own.as_deref(), filter, before, limit).await
    }

    /// The articles that fit a question best, the best first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn find_articles(&self, actor: Option<&Actor>, question: &str, limit: i64) -> Result<Vec<Whole>> {
        self.looked_up(actor, question, limit, |_, _| 1).await
    }

    /// Articles that are worth offering to somebody who writes `words` about a service, at most [`OFFERED`].
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn offered_articles(
        &self,
        actor: Option<&Actor>,
        words: &str,
        service: Option<&str>,
    ) -> Result<Vec<Whole>> {
        let mut found = self.looked_up(actor, words, OFFERED, worth_offering).await?;
        let room = usize::try_from(OFFERED).unwrap_or(3);
        if found.len() < room
            && let Some(code) = service
        {
            let filter = ArticleFilter { service: Some(code.to_owned()), ..ArticleFilter::default() };
            let of_service = self.articles(actor, &filter, i64::MAX, OFFERED).await?;
            let known: Vec<i64> = found.iter().map(|it| it.article.id).collect();
            found.extend(of_service.into_iter().filter(|it| !known.contains(&it.article.id)));
            found.truncate(room);
        }
        Ok(found)
    }

    /// Reads all published articles anew when the program has learnt other words since; gives how many it read.
    ///
    /// # Errors
    /// The database does not answer; what was read until then counts, and the rest is read the next time.
    pub async fn learn_words_anew(&self) -> Result<usize> {
        let known = known_words();
        if store::settings::get(&mut self.db.glance().await?, WORDS).await?.as_deref() == Some(&known) {
            return Ok(0);
        }
        let (mut before, mut read) = (i64::MAX, 0);
        loop {
            let mut tx = self.db.write().await?;
            let some = store::articles::published(&mut tx, None, &ArticleFilter::default(), before, AT_ONCE).await?;
            for Whole { article, text } in &some {
                make_findable(&mut tx, article, text).await?;
            }
            let Some(last) = some.last() else {
                store::settings::set(&mut tx, WORDS, &known).await?;
                tx.commit().await?;
                return Ok(read);
            };
            (before, read) = (last.article.id, read + some.len());
            tx.commit().await?;
        }
    }

    async fn looked_up(
        &self,
        actor: Option<&Actor>,
        question: &str,
        limit: i64,
        least: impl FnOnce(&[Wanted], i64) -> i64,
    ) -> Result<Vec<Whole>> {
        let question: String = question.chars().take(LONGEST_QUESTION).collect();
        let terms = of_question(&question);
        if terms.is_empty() {
            return Ok(Vec::new());
        }
        let open = shelves(actor);
        let mut tx = self.db.read().await?;
        let wanted = looked_for(&mut tx, open.as_deref(), terms).await?;
        let best = store::article_words::best(&mut tx, open.as_deref(), &wanted, limit).await?;
        let least = least(&wanted, best.first().map_or(0, |(_, score)| *score));
        let keys: Vec<i64> = best.into_iter().filter(|(_, score)| *score >= least).map(|(key, _)| key).collect();
        let found = store::articles::with_keys(&mut tx, &keys).await?;
        let mut found: BTreeMap<i64, Whole> = found.into_iter().map(|it| (it.article.id, it)).collect();
        Ok(keys.into_iter().filter_map(|key| found.remove(&key)).collect())
    }
}

/// What to look for: the words asked for, and for those that no article has, the ones they look like.
async fn looked_for(tx: &mut Tx, open: Option<&[String]>, mut terms: Vec<Term>) -> Result<Vec<Wanted>> {
    let all = store::articles::count(tx).await?;
    let mut holding = held(tx, open, &terms).await?;
    let mut slipped = false;
    let known = |holding: &BTreeMap<String, i64>, word: &str| holding.contains_key(word);
    for term in terms.iter_mut().filter(|term| !known(&holding, &term.word)).take(MOST_SLIPS) {
        for word in store::article_words::alike(tx, &term.word, COMPARED).await? {
            let likeness = alike(&term.word, &word);
            if likeness > 0 {
                term.perhaps.push((word, likeness * SLIPPED / 1000));
                slipped = true;
            }
        }
    }
    if slipped {
        holding = held(tx, open, &terms).await?;
    }
    Ok(wanted(&terms, all, |word| holding.get(word).copied().unwrap_or(0)))
}

async fn held(tx: &mut Tx, open: Option<&[String]>, terms: &[Term]) -> Result<BTreeMap<String, i64>> {
    let perhaps = terms.iter().flat_map(|term| term.perhaps.iter().map(|(word, _)| word.clone()));
    let mut words: Vec<String> = terms.iter().map(|term| term.word.clone()).chain(perhaps).collect();
    words.sort();
    words.dedup();
    Ok(store::article_words::holding(tx, open, &words).await?.into_iter().collect())
}
