//! Signing in: by password, by a mailed link. Known and unknown addresses cost the same work and get the same answer.

use crate::desk::passwords::{compare, hashed};
use crate::desk::sessions::Browser;
use crate::desk::tries::{TRIES, TRIES_IN_ALL};
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::domain::people::Account;
use crate::domain::ticket::Language;
use crate::error::{Error, Result, Say};
use crate::mail::compose::Outgoing;
use crate::secret::{new_token, sha256};
use crate::store::sessions::LinkRequest;
use crate::store::{self, Tx};
use crate::text;
use chrono::Duration;
use serde_json::json;

/// A mailed link works for so long.
const LINK: Duration = Duration::hours(1);
/// Links one source may ask for at one address within the window of tries.
const LINKS: i64 = 3;
/// Links all sources together may ask for at one address within the window of tries.
const LINKS_IN_ALL: i64 = 10;

/// Who has come by a link.
#[derive(Debug)]
pub struct ByLink {
    /// For the cookie.
    pub token: String,
    /// A new password is wanted.
    pub for_password: bool,
}

impl Desk {
    /// Signs somebody in; gives the token for the cookie. The second factor may still be owed.
    ///
    /// # Errors
    /// One neutral refusal for unknown address, wrong password and disabled account; `TooMany` after repeated wrong
    /// tries at one account.
    pub async fn sign_in(&self, email: &str, password: &str, browser: &Browser) -> Result<String> {
        let email = email.trim().to_lowercase();
        let (from_here, in_all) = (format!("sign-in {email} {}", browser.source), format!("sign-in {email}"));
        let counted = self.count_try(&[(&from_here, TRIES), (&in_all, TRIES_IN_ALL)]).await?;
        let mut tx = self.db.read().await?;
        let account = store::people::by_email(&mut tx, &email).await?.filter(|account| account.active);
        let key = account.as_ref().map_or(-1, |account| account.id);
        let stored = store::people::password_hash(&mut tx, key).await?;
        drop(tx);
        let compared = compare(stored, password).await?;
        let Some(account) = account.filter(|_| compared.is_right) else {
            return Err(Error::Denied(Say::new("error-sign-in")));
        };
        let anew = if compared.is_outdated { Some(hashed(password.to_owned()).await?) } else { None };
        let mut tx = self.db.write().await?;
        if let Some(hash) = anew {
            store::people::set_password(&mut tx, account.id, &hash).await?;
        }
        self.forgive(&mut tx, counted).await?;
        let token = self.begin(&mut tx, account.id, false, browser).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Takes the wish for a link. The address is looked up by the worker, after this has answered.
    ///
    /// # Errors
    /// `Invalid` when it is no address; `TooMany` when it was wished too often, known or not.
    pub async fn ask_link(&self, email: &str, for_password: bool, language: Language, source: &str) -> Result<()> {
        let email = email.trim().to_lowercase();
        if email.parse::<lettre::Address>().is_err() {
            return Err(Error::field("email", Say::new("field-email")));
        }
        let (from_here, in_all) = (format!("link {email} {source}"), format!("link {email}"));
        // A link that is sent is a try, too.
        let _kept = self.count_try(&[(&from_here, LINKS), (&in_all, LINKS_IN_ALL)]).await?;
        let mut tx = self.db.write().await?;
        let request = LinkRequest { email, for_password, language };
        store::sessions::ask_link(&mut tx, &request, self.clock.machine()).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// Writes the mails with links that were wished; a wish for an unknown or disabled account ends here.
    ///
    /// # Errors
    /// The database does not answer; nothing that was wished is lost then.
    pub async fn mail_links(&self) -> Result<()> {
        if !store::sessions::any_asked(&mut self.db.glance().await?).await? {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        for request in store::sessions::take_asked(&mut tx).await? {
            let account = store::people::by_email(&mut tx, &request.email).await?;
            if let Some(account) = account.filter(|account| account.active) {
                let cause = if request.for_password { "password" } else { "sign_in" };
                self.mail_link(&mut tx, &account, cause, request.language).await?;
            }
        }
        tx.commit().await
    }

    /// Puts a mail with a link in the outbox. `cause`: `sign_in`, `password` or `invited`.
    pub(super) async fn mail_link(&self, tx: &mut Tx, to: &Account, cause: &str, language: Language) -> Result<()> {
        let url = self.add_link(tx, to.id, cause != "sign_in").await?;
        let mail = self.composer.write(&Outgoing {
            key: format!("sign-in-link:{}", sha256(&url)),
            template: "sign_in_link",
            language,
            to: &to.email,
            to_name: &to.name,
            context: json!({"name": to.name, "cause": cause, "url": url, "minutes": LINK.num_minutes()}),
            ..Outgoing::automatic(self.now())
        })?;
        self.post(tx, &mail).await
    }

    /// Tells the owner of an account by mail that something about it has changed.
    pub(super) async fn tell_owner(&self, tx: &mut Tx, owner: &Account, what: &str) -> Result<()> {
        let id = Language::Indonesian;
        let context = json!({
            "name": owner.name,
            "what": text::word(id, &format!("account-mail-{what}")),
            "at": self.words(id, self.now()),
            "account_url": format!("{}/akun", self.public_url),
        });
        let mail = self.composer.write(&Outgoing {
            key: format!("account:{}:{what}:{}", owner.id, new_token()?),
            template: "account_changed",
            language: id,
            to: &owner.email,
            to_name: &owner.name,
            context,
            ..Outgoing::automatic(self.now())
        })?;
        self.post(tx, &mail).await
    }

    /// An address that signs its bearer in once, within an hour, for the operator's console.
    ///
    /// # Errors
    /// `NotFound` when there is no such account.
    pub async fn sign_in_link(&self, email: &str) -> Result<String> {
        let mut tx = self.db.write().await?;
        let account =
            store::people::by_email(&mut tx, &email.trim().to_lowercase()).await?.ok_or(Error::NotFound("account"))?;
        let url = self.add_link(&mut tx, account.id, true).await?;
        let (key, label) = (account.id.to_string(), ActorLabel::console());
        chain::note(&mut tx, "account", &key, self.now(), label, "link_made", json!({})).await?;
        tx.commit().await?;
        Ok(url)
    }

    async fn add_link(&self, tx: &mut Tx, account: i64, for_password: bool) -> Result<String> {
        let token = new_token()?;
        let until = self.clock.machine() + LINK;
        store::sessions::add_link(tx, &sha256(&token), account, for_password, until).await?;
        Ok(format!("{}/masuk/{token}", self.public_url))
    }

    /// Signs in the bearer of a link; it works once. The second factor may still be owed.
    ///
    /// # Errors
    /// `Denied` when the link is unknown, used or over, or its account is disabled.
    pub async fn sign_in_by_link(&self, token: &str, browser: &Browser) -> Result<ByLink> {
        let over = || Error::Denied(Say::new("error-link"));
        let mut tx = self.db.write().await?;
        let taken = store::sessions::take_link(&mut tx, &sha256(token), self.clock.machine()).await?;
        let (account, for_password) = taken.ok_or_else(over)?;
        store::people::by_id(&mut tx, account).await?.filter(|account| account.active).ok_or_else(over)?;
        let token = self.begin(&mut tx, account, true, browser).await?;
        tx.commit().await?;
        Ok(ByLink { token, for_password })
    }
}
