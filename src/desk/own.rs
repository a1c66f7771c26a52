//! One's own tickets without an account: a mailed link proves an address, and for some days the browser that opened it
//! sees the tickets reported from that address, and nothing else. Known and unknown addresses get the same answer.

use crate::desk::Desk;
use crate::domain::ticket::{Language, Ticket};
use crate::error::{Error, Result, Say};
use crate::mail::compose::Outgoing;
use crate::secret::{new_token, sha256};
use crate::store::own::{Asked, Place};
use crate::store::{self, Tx};
use chrono::Duration;
use serde_json::json;

/// A mailed link works for so long.
const LINK: Duration = Duration::hours(1);
/// Links one source may ask for at one address within the window of tries.
const LINKS: i64 = 3;
/// Links all sources together may ask for at one address within the window of tries.
const LINKS_IN_ALL: i64 = 6;
/// Links one source may ask for in all within the window of tries.
const LINKS_FROM_HERE: i64 = 60;
/// What was proven holds for so long without use: phones are shared.
const IDLE: Duration = Duration::days(1);
/// And for so long in any case.
const ABSOLUTE: Duration = Duration::days(7);
/// Use is noted no more often than this.
const TOUCH: Duration = Duration::minutes(5);

/// A page of one's own tickets.
#[derive(Debug, Clone)]
pub struct OwnPage {
    /// The tickets in order.
    pub items: Vec<Ticket>,
    /// Place after the last, when there are more.
    pub next: Option<Place>,
}

impl Desk {
    /// Takes the wish for a link. The address is looked up by the worker, after this has answered.
    ///
    /// # Errors
    /// `Invalid` when it is no address; `TooMany` when it was wished too often, known or not.
    pub async fn ask_own_link(&self, email: &str, language: Language, source: &str) -> Result<()> {
        let email = email.trim().to_lowercase();
        if email.parse::<lettre::Address>().is_err() {
            return Err(Error::field("email", Say::new("field-email")));
        }
        let (pair, in_all, here) =
            (format!("own {email} {source}"), format!("own {email}"), format!("own from {source}"));
        // A link that is sent is a try, too.
        let _kept = self.count_try(&[(&pair, LINKS), (&in_all, LINKS_IN_ALL), (&here, LINKS_FROM_HERE)]).await?;
        let mut tx = self.db.write().await?;
        store::own::ask(&mut tx, &Asked { email, language }, self.clock.machine()).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// Writes the mails with links that were wished; a wish for an address nothing was reported from ends here.
    ///
    /// # Errors
    /// The database does not answer; nothing that was wished is lost then.
    pub async fn mail_own_links(&self) -> Result<()> {
        if !store::own::any_asked(&mut self.db.glance().await?).await? {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        for asked in store::own::take_asked(&mut tx).await? {
            if store::own::has_tickets(&mut tx, &asked.email).await? {
                self.mail_own_link(&mut tx, &asked).await?;
            }
        }
        tx.commit().await
    }

    async fn mail_own_link(&self, tx: &mut Tx, asked: &Asked) -> Result<()> {
        let token = new_token()?;
        let hash = sha256(&token);
        store::own::add_link(tx, &hash, &asked.email, self.clock.machine() + LINK).await?;
        let url = format!("{}/l/{token}", self.public_url);
        let mail = self.composer.write(&Outgoing {
            key: format!("own-link:{hash}"),
            template: "own_link",
            language: asked.language,
            to: &asked.email,
            to_name: "",
            context: json!({"name": "", "url": url, "minutes": LINK.num_minutes()}),
            ..Outgoing::automatic(self.now())
        })?;
        self.post(tx, &mail).await
    }

    /// What the bearer of a link has proven; it works once. Gives the token for his cookie.
    ///
    /// # Errors
    /// `Denied` when the link is unknown, used or over.
    pub async fn enter_by_own_link(&self, token: &str) -> Result<String> {
        let now = self.clock.machine();
        let mut tx = self.db.write().await?;
        let email = store::own::take_link(&mut tx, &sha256(token), now).await?;
        let email = email.ok_or_else(|| Error::Denied(Say::new("error-link")))?;
        let cookie = new_token()?;
        store::own::begin(&mut tx, &sha256(&cookie), &email, now).await?;
        tx.commit().await?;
        Ok(cookie)
    }

    /// The address that the holder of a cookie has proven; `None` when that is over.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn own_address(&self, cookie: &str) -> Result<Option<String>> {
        let (now, hash) = (self.clock.machine(), sha256(cookie));
        let held = store::own::find(&mut self.db.glance().await?, &hash).await?;
        let lasts = |held: &store::own::Held| now - held.seen_at < IDLE && now - held.created_at < ABSOLUTE;
        let Some(held) = held.filter(lasts) else { return Ok(None) };
        if now - held.seen_at > TOUCH {
            let mut tx = self.db.write().await?;
            store::own::touch(&mut tx, &hash, now).await?;
            tx.commit().await?;
        }
        Ok(Some(held.email))
    }

    /// The holder of a cookie has proven nothing any more.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn leave_own(&self, cookie: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::own::end(&mut tx, &sha256(cookie)).await?;
        tx.commit().await
    }

    /// Tickets reported from an address: those that wait for the reporter first, then the open ones.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn own_tickets(&self, email: &str, after: Option<Place>, limit: i64) -> Result<OwnPage> {
        if email.is_empty() {
            return Ok(OwnPage { items: Vec::new(), next: None });
        }
        let mut items = store::own::tickets(&mut self.db.glance().await?, email, after, limit + 1).await?;
        let more = i64::try_from(items.len()).unwrap_or(i64::MAX) > limit;
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = items.last().filter(|_| more).map(|last| (pile(last), last.opened_at, last.id));
        Ok(OwnPage { items, next })
    }

    /// Forgets links and sessions that are over.
    pub(super) async fn forget_own(&self, tx: &mut Tx) -> Result<()> {
        let now = self.clock.machine();
        store::own::forget(tx, now, now - IDLE).await
    }
}

/// What a ticket waits for, as the list is ordered.
pub fn pile(ticket: &Ticket) -> i64 {
    use crate::domain::ticket::Status::{Closed, Merged, PendingRequester, Resolved};
    match ticket.status {
        PendingRequester => 0,
        Resolved => 2,
        Closed | Merged => 3,
        _ => 1,
    }
}
