//! Sessions: how they begin, what they allow, how they end.

use crate::desk::Desk;
use crate::desk::access::Lasts;
use crate::domain::people::{Account, Actor, Scope};
use crate::domain::ticket::Channel;
use crate::error::{Error, Result};
use crate::secret::{new_token, sha256};
use crate::store::sessions::{Listed, NewSession};
use crate::store::{self, Tx};
use chrono::{DateTime, Duration, Utc};

/// For so long after a mailed link a password may be set without the old one.
const FRESH: Duration = Duration::hours(1);
/// Use is noted no more often than this.
const TOUCH: Duration = Duration::minutes(5);

/// What is kept of a browser that signs in.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    /// Program and system, as people call them.
    pub name: String,
    /// Address it comes from.
    pub source: String,
}

/// What the session lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Open,
    /// The code of the second factor.
    Code,
    /// A second factor at all: this installation asks staff for one.
    Enrol,
}

/// Somebody who has signed in, perhaps not wholly.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Key of the session.
    pub id: i64,
    /// Who it is, with all rights: to be handed on only when `step` is [`Step::Open`].
    pub actor: Actor,
    /// What is still lacking.
    pub step: Step,
    /// A second factor is set up.
    pub has_totp: bool,
    /// The password may be set without the old one.
    pub by_fresh_link: bool,
}

impl Desk {
    /// Whose session this is; `None` when it has ended.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn by_session(&self, token: &str) -> Result<Option<Entry>> {
        let Some((entry, seen_at)) = self.session(token).await? else { return Ok(None) };
        let now = self.clock.machine();
        if now - seen_at > TOUCH {
            let mut tx = self.db.write().await?;
            store::sessions::touch(&mut tx, entry.id, now).await?;
            tx.commit().await?;
        }
        Ok(Some(entry))
    }

    /// The session with when it was used last; `None` when it has ended.
    pub(super) async fn session(&self, token: &str) -> Result<Option<(Entry, DateTime<Utc>)>> {
        let now = self.clock.machine();
        let mut tx = self.db.read().await?;
        let found = store::sessions::find(&mut tx, &sha256(token)).await?;
        let Some(session) = found else { return Ok(None) };
        let account = Account::from(session.account);
        let grants = store::people::grants(&mut tx, account.id).await?;
        drop(tx);
        let lasts = self.lasts(!grants.is_empty());
        let is_over = now - session.seen_at >= lasts.idle || now - session.created_at >= lasts.absolute;
        if !account.active || is_over {
            return Ok(None);
        }
        let step = match session.owes_code {
            true => Step::Code,
            false if self.access.require_totp && !grants.is_empty() && !session.has_totp => Step::Enrol,
            false => Step::Open,
        };
        let entry = Entry {
            id: session.id,
            step,
            has_totp: session.has_totp,
            by_fresh_link: session.by_link && now - session.created_at < FRESH,
            actor: Actor { account, grants, scope: Scope::Write, only_agency: None, via: Channel::Web },
        };
        Ok(Some((entry, session.seen_at)))
    }

    /// How long sessions last.
    pub const fn lasts(&self, is_staff: bool) -> Lasts {
        if is_staff { self.access.staff } else { self.access.requester }
    }

    /// Begins a session and gives the token for its cookie. Whoever has a second factor owes its code.
    pub(super) async fn begin(&self, tx: &mut Tx, account: i64, by_link: bool, browser: &Browser) -> Result<String> {
        let token = new_token()?;
        let owes_code = store::people::standing(tx, account).await?.has_totp;
        let new = NewSession {
            hash: &sha256(&token),
            account,
            owes_code,
            by_link,
            browser: &browser.name,
            source: &masked(&browser.source),
        };
        store::sessions::insert(tx, &new, self.clock.machine()).await?;
        Ok(token)
    }

    /// Gives the session of `entry` another cookie and opens it; what the old one was worth is gone.
    pub(super) async fn renew(&self, tx: &mut Tx, entry: &Entry, by_link: bool) -> Result<String> {
        let token = new_token()?;
        if store::sessions::renew(tx, entry.id, &sha256(&token), by_link).await? {
            Ok(token)
        } else {
            Err(Error::Unauthenticated)
        }
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn sign_out(&self, token: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::sessions::end(&mut tx, &sha256(token)).await?;
        tx.commit().await
    }

    /// Sessions of the same account that have not ended, last used first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn own_sessions(&self, entry: &Entry) -> Result<Vec<Listed>> {
        let (now, lasts) = (self.clock.machine(), self.lasts(entry.actor.is_staff()));
        let mut sessions = store::sessions::of_account(&mut self.db.read().await?, entry.actor.account.id).await?;
        let stands = |at: DateTime<Utc>, span: Duration| now - at < span;
        sessions.retain(|one| stands(one.seen_at, lasts.idle) && stands(one.created_at, lasts.absolute));
        Ok(sessions)
    }

    /// Ends one session of the same account, or all others when `id` is `None`; gives how many ended.
    ///
    /// # Errors
    /// `NotFound` when the account has no such session.
    pub async fn end_own_sessions(&self, entry: &Entry, id: Option<i64>) -> Result<u64> {
        let account = entry.actor.account.id;
        let mut tx = self.db.write().await?;
        let ended = match id {
            Some(id) if store::sessions::end_one(&mut tx, account, id).await? => 1,
            Some(_) => return Err(Error::NotFound("session")),
            None => store::sessions::end_all(&mut tx, account, Some(entry.id)).await?,
        };
        tx.commit().await?;
        Ok(ended)
    }
}

/// An address with the end left out: enough to tell home from office, too little to follow somebody.
fn masked(source: &str) -> String {
    match source.parse() {
        Ok(std::net::IpAddr::V4(address)) => {
            let [a, b, ..] = address.octets();
            format!("{a}.{b}.x.x")
        }
        Ok(std::net::IpAddr::V6(address)) => {
            let [a, b, ..] = address.segments();
            format!("{a:x}:{b:x}:x")
        }
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn the_end_of_an_address_is_left_out() {
        assert_eq!(masked("10.20.30.40"), "10.20.x.x");
        assert_eq!(masked("2001:db8:1:2::3"), "2001:db8:x");
        assert_eq!(masked("unix"), "");
    }
}
