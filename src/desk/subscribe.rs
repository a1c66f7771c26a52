//! Hearing of the status page by mail: asked for, proven by a link, ended by one click (RFC 8058).

use crate::desk::{Desk, chain};
use crate::domain::outage::Maintenance;
use crate::domain::ticket::Language;
use crate::error::{Error, Result, Say};
use crate::mail::compose::Outgoing;
use crate::secret::sha256;
use crate::store::status::Said;
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

/// Confirmations that may be mailed to one address within the window of tries.
const MAILS: i64 = 2;
/// Confirmations that one source may have mailed within the window of tries.
const MAILS_FROM_HERE: i64 = 30;
/// Who does not confirm within so long is forgotten.
pub const WAITS: Duration = Duration::days(7);
/// News worked off at a time.
const BATCH: i64 = 20;
/// Under which it is kept that news are mailed. The word is older than what it says now.
const BEGUN: &str = "status-mailed";

impl Desk {
    /// Mails a link to an address at which somebody wants to hear of the status page; nothing else is mailed before it
    /// was opened. Nobody learns whether the address hears of it already.
    ///
    /// # Errors
    /// `Invalid` when it is no address; `TooMany`.
    pub async fn ask_for_status(&self, email: &str, language: Language, source: &str) -> Result<()> {
        let email = email.trim().to_lowercase();
        if email.parse::<lettre::Address>().is_err() {
            return Err(Error::field("email", Say::new("field-email")));
        }
        let (to, here) = (format!("status mail {email}"), format!("status mail from {source}"));
        let _kept = self.count_try(&[(&to, MAILS), (&here, MAILS_FROM_HERE)]).await?;
        let now = self.now();
        let mark = self.status_mark(&email);
        let mut tx = self.db.write().await?;
        store::status::ask(&mut tx, &email, &sha256(&mark), language, now).await?;
        let mail = self.composer.write(&Outgoing {
            key: format!("status-confirm:{email}:{}", now.timestamp()),
            template: "status_confirm",
            language,
            to: &email,
            context: json!({"name": "", "url": self.status_mail_url(&mark)}),
            ..Outgoing::automatic(now)
        })?;
        self.post(&mut tx, &mail).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// Whether the address behind a mailed mark hears of the status page.
    ///
    /// # Errors
    /// `NotFound` for a mark that was never mailed.
    pub async fn hears_status(&self, mark: &str) -> Result<bool> {
        let mut tx = self.db.glance().await?;
        store::status::hears(&mut tx, &hashed(mark)).await?.ok_or(Error::NotFound("subscriber"))
    }

    /// The address behind a mailed mark hears of the status page from now on, or is forgotten. Doing it twice changes
    /// nothing.
    ///
    /// # Errors
    /// The database does not answer; `NotFound` for a mark that was never mailed and is to hear.
    pub async fn set_status_mail(&self, mark: &str, hears: bool) -> Result<()> {
        let mut tx = self.db.write().await?;
        let known = store::status::hears(&mut tx, &hashed(mark)).await?;
        if hears {
            known.ok_or(Error::NotFound("subscriber"))?;
            store::status::confirm(&mut tx, &hashed(mark), self.now()).await?;
        } else {
            store::status::forget(&mut tx, &hashed(mark)).await?;
        }
        tx.commit().await
    }

    /// Mails what the public was told since the last time; gives how many news that were. Nodes take turns.
    ///
    /// # Errors
    /// The database does not answer; the next round goes on.
    pub async fn mail_status(&self) -> Result<usize> {
        let mut tx = self.db.glance().await?;
        // The first round notes that mailing has begun, also when nothing waits: what comes then is news.
        if store::settings::get(&mut tx, BEGUN).await?.is_some() && !store::status::waits(&mut tx).await? {
            return Ok(0);
        }
        drop(tx);
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, "status", "mail").await?;
        let people = store::status::subscribers(&mut tx).await?;
        let news = self.unmailed(&mut tx).await?;
        for item in &news {
            for (email, language) in &people {
                self.mail_news(&mut tx, item, email, *language).await?;
            }
        }
        tx.commit().await?;
        if !news.is_empty() && !people.is_empty() {
            self.wake();
        }
        Ok(news.len())
    }

    /// What has not been mailed yet, noted as mailed. An installation that begins to mail does not tell old stories.
    async fn unmailed(&self, tx: &mut Tx) -> Result<Vec<News>> {
        if store::settings::get(tx, BEGUN).await?.is_none() {
            store::settings::set(tx, BEGUN, "yes").await?;
            store::status::pass_over(tx).await?;
            return Ok(Vec::new());
        }
        let mut news = Vec::new();
        for said in store::status::unmailed(tx, BATCH).await? {
            store::status::mailed(tx, said.id).await?;
            // What is not for everybody's ears is passed over.
            news.extend(Some(said).filter(|it| it.is_public).map(|it| self.of_said(it)));
        }
        for work in store::maintenance::unmailed(tx, BATCH).await? {
            store::maintenance::mailed(tx, work.id).await?;
            news.extend(Some(work).filter(|it| !it.is_called_off()).map(|it| self.of_work(it)));
        }
        Ok(news)
    }

    fn of_said(&self, it: Said) -> News {
        News {
            key: format!("said:{}", it.id),
            url: format!("{}/gangguan/{}", self.public_url, it.code),
            title: it.title,
            state: format!("phase-{}", it.phase),
            message: it.message,
            next: it.next_update_at,
            window: None,
        }
    }

    fn of_work(&self, it: Maintenance) -> News {
        News {
            key: format!("work:{}", it.code),
            url: format!("{}/status", self.public_url),
            title: it.title,
            state: "maintenance-word".to_owned(),
            message: it.message,
            next: None,
            window: Some((it.starts_at, it.ends_at)),
        }
    }

    async fn mail_news(&self, tx: &mut Tx, item: &News, email: &str, language: Language) -> Result<()> {
        let mark = self.status_mark(email);
        let stop = format!("{}/berhenti", self.status_mail_url(&mark));
        let window = item.window.map(|(from, to)| {
            let (from, to) = (self.words(language, from), self.words(language, to));
            format!("{from} – {to}")
        });
        let context: Value = json!({
            "name": "",
            "title": item.title,
            "state": text::word(language, &item.state),
            "message": item.message,
            "window": window,
            "next_update": item.next.map(|at| self.words(language, at)),
            "url": item.url,
            "stop_url": self.status_mail_url(&mark),
        });
        let mail = self.composer.write(&Outgoing {
            key: format!("status:{}:{email}", item.key),
            template: "status_update",
            language,
            to: email,
            unsubscribe: Some(&stop),
            context,
            ..Outgoing::automatic(self.now())
        })?;
        self.post(tx, &mail).await
    }

    fn status_mark(&self, email: &str) -> String {
        self.secret.mark("status mail", email)
    }

    fn status_mail_url(&self, mark: &str) -> String {
        format!("{}/status/langganan/{mark}", self.public_url)
    }
}

/// Something to be mailed.
struct News {
    key: String,
    url: String,
    title: String,
    /// Key of the word for its state.
    state: String,
    message: String,
    next: Option<DateTime<Utc>>,
    window: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

fn hashed(mark: &str) -> String {
    sha256(mark.to_ascii_lowercase())
}
