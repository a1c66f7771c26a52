//! Who somebody is: tokens, passwords, sessions, accounts.

use crate::desk::{Desk, lines};
use crate::domain::people::{Account, Actor, Grant, Scope};
use crate::domain::ticket::Channel;
use crate::error::{Error, Result, Say};
use crate::secret::{new_token, sha256};
use crate::store;
use crate::store::people::TokenOwner;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use chrono::Duration;
use std::sync::LazyLock;

/// A session ends after so long without use.
const IDLE: Duration = Duration::hours(8);
/// A session ends after so long in any case.
const ABSOLUTE: Duration = Duration::days(7);
/// Wrong tries at one password or tracking code from one source within [`WINDOW`].
pub(super) const TRIES: i64 = 5;
/// Wrong tries at one password from all sources together within [`WINDOW`].
const TRIES_IN_ALL: i64 = 50;
/// The span in which tries are counted.
const WINDOW: Duration = Duration::minutes(15);

/// A password nobody has: an unknown account costs the same time as a known one.
static DUMMY: LazyLock<String> = LazyLock::new(|| hash_password("tidak ada yang punya").unwrap_or_default());

impl Desk {
    /// Whose token this is.
    ///
    /// # Errors
    /// `Unauthenticated` when it is unknown or revoked, or its owner is disabled.
    pub async fn by_token(&self, token: &str) -> Result<Actor> {
        let found = store::people::by_token(&mut self.db.glance().await?, &sha256(token)).await?;
        let owner = found.filter(|owner| owner.account.active).ok_or(Error::Unauthenticated)?;
        let TokenOwner { account, grants, scope, only_agency } = owner;
        Ok(Actor { account, grants, scope, only_agency, via: Channel::Api })
    }

    /// Signs somebody in; gives the token for the cookie.
    ///
    /// # Errors
    /// One neutral refusal for unknown address, wrong password and disabled account; `TooMany` after
    /// repeated wrong tries at one account from one `source`.
    pub async fn sign_in(&self, email: &str, password: &str, source: &str) -> Result<String> {
        let email = email.trim().to_lowercase();
        let (attempt, from_here) = (format!("sign-in {email}"), format!("sign-in {email} {source}"));
        self.refuse_repeated(&from_here, TRIES).await?;
        self.refuse_repeated(&attempt, TRIES_IN_ALL).await?;
        let mut tx = self.db.read().await?;
        let account = store::people::by_email(&mut tx, &email).await?.filter(|account| account.active);
        let stored = match &account {
            Some(account) => store::people::password_hash(&mut tx, account.id).await?,
            None => None,
        };
        drop(tx);
        let known = stored.is_some();
        let (stored, password) = (stored.unwrap_or_else(|| DUMMY.clone()), password.to_owned());
        let right = tokio::task::spawn_blocking(move || is_password(&stored, &password))
            .await
            .map_err(|error| Error::Internal(error.into()))?;
        match account {
            Some(account) if right && known => self.start_session(account.id).await,
            _ => {
                self.note_attempt(&from_here).await?;
                self.note_attempt(&attempt).await?;
                Err(Error::Denied(Say::new("error-sign-in")))
            }
        }
    }

    async fn start_session(&self, account: i64) -> Result<String> {
        let token = new_token()?;
        let mut tx = self.db.write().await?;
        store::sessions::insert(&mut tx, &sha256(&token), account, self.clock.machine()).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Whose session this is; `None` when it has ended.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn by_session(&self, token: &str) -> Result<Option<Actor>> {
        let now = self.clock.machine();
        let hash = sha256(token);
        let mut tx = self.db.read().await?;
        let found = store::sessions::account(&mut tx, &hash, now - ABSOLUTE, now - IDLE).await?;
        let Some((id, seen_at)) = found else { return Ok(None) };
        let account = store::people::by_id(&mut tx, id).await?.filter(|account| account.active);
        let Some(account) = account else { return Ok(None) };
        let grants = store::people::grants(&mut tx, id).await?;
        drop(tx);
        if now - seen_at > Duration::minutes(5) {
            let mut tx = self.db.write().await?;
            store::sessions::touch(&mut tx, &hash, now).await?;
            tx.commit().await?;
        }
        Ok(Some(Actor { account, grants, scope: Scope::Write, only_agency: None, via: Channel::Web }))
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

    /// Refuses when there were too many failed tries at `subject` lately.
    ///
    /// # Errors
    /// `TooMany` with the time to wait.
    pub async fn refuse_repeated(&self, subject: &str, tries: i64) -> Result<()> {
        let now = self.clock.machine();
        let mut tx = self.db.read().await?;
        let (count, first) = store::settings::attempts(&mut tx, &sha256(subject), now - WINDOW).await?;
        if count >= tries {
            let until = first.unwrap_or(now) + WINDOW;
            return Err(Error::TooMany { retry_after: (until - now).num_seconds().max(1) });
        }
        Ok(())
    }

    /// Notes a failed try at `subject`.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn note_attempt(&self, subject: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        store::settings::note_attempt(&mut tx, &sha256(subject), self.clock.machine()).await?;
        tx.commit().await
    }

    /// Adds an account with its roles.
    ///
    /// # Errors
    /// `Invalid` when the address is no address or taken, a role needs an agency, or there is no such agency.
    pub async fn add_account(
        &self,
        email: &str,
        name: &str,
        password: Option<&str>,
        grants: &[Grant],
    ) -> Result<Account> {
        let email = email.trim().to_lowercase();
        if email.parse::<lettre::Address>().is_err() {
            return Err(Error::field("email", Say::new("field-email")));
        }
        let hash = password.map(hash_password).transpose()?;
        let mut tx = self.db.write().await?;
        if store::people::by_email(&mut tx, &email).await?.is_some() {
            return Err(Error::field("email", Say::new("field-email-taken")));
        }
        let agencies = store::services::agencies(&mut tx).await?;
        for grant in grants {
            let known = grant.agency.as_ref().is_none_or(|code| agencies.iter().any(|agency| agency.code == *code));
            if !known || !lines::fits(&self.pack(), grant) {
                return Err(Error::field("role", Say::new("field-role-agency").with("role", grant.role)));
            }
        }
        let mut account = Account { id: 0, email, name: name.to_owned(), nip: None, active: true };
        account.id = store::people::insert(&mut tx, &account, hash.as_deref(), self.now()).await?;
        for grant in grants {
            store::people::grant(&mut tx, account.id, grant).await?;
        }
        tx.commit().await?;
        Ok(account)
    }

    /// Every account with its roles.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn accounts(&self) -> Result<Vec<(Account, Vec<Grant>)>> {
        let mut tx = self.db.read().await?;
        let mut all = Vec::new();
        for account in store::people::all(&mut tx).await? {
            let grants = store::people::grants(&mut tx, account.id).await?;
            all.push((account, grants));
        }
        Ok(all)
    }

    /// Forbids an account to do anything; its sessions end in the same transaction.
    ///
    /// # Errors
    /// `NotFound` when there is no such account.
    pub async fn disable_account(&self, email: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        let account =
            store::people::by_email(&mut tx, &email.trim().to_lowercase()).await?.ok_or(Error::NotFound("account"))?;
        store::people::set_active(&mut tx, account.id, false).await?;
        tx.commit().await
    }

    /// An address that signs its bearer in once, within an hour.
    ///
    /// # Errors
    /// `NotFound` when there is no such account.
    pub async fn sign_in_link(&self, email: &str) -> Result<String> {
        let token = new_token()?;
        let mut tx = self.db.write().await?;
        let account =
            store::people::by_email(&mut tx, &email.trim().to_lowercase()).await?.ok_or(Error::NotFound("account"))?;
        store::sessions::add_link(&mut tx, &sha256(&token), account.id, self.clock.machine() + Duration::hours(1))
            .await?;
        tx.commit().await?;
        Ok(format!("{}/masuk/{token}", self.public_url))
    }

    /// Signs in the bearer of a link; it works once.
    ///
    /// # Errors
    /// `Denied` when the link is unknown, used or over.
    pub async fn sign_in_by_link(&self, token: &str) -> Result<String> {
        let mut tx = self.db.write().await?;
        let account = store::sessions::take_link(&mut tx, &sha256(token), self.clock.machine()).await?;
        let account = account.ok_or_else(|| Error::Denied(Say::new("error-link")))?;
        tx.commit().await?;
        self.start_session(account).await
    }

    /// Key of the account with an address, for filters; one that nobody has for an unknown address.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn account_key(&self, email: Option<&str>) -> Result<Option<i64>> {
        let Some(email) = email else { return Ok(None) };
        let account = store::people::by_email(&mut self.db.read().await?, &email.trim().to_lowercase()).await?;
        Ok(Some(account.map_or(-1, |account| account.id)))
    }

    /// Makes an API token for an account; it is shown once. `only_agency` limits it to that agency's tickets.
    ///
    /// # Errors
    /// `NotFound` when there is no such account, `Invalid` when there is no such agency.
    pub async fn add_token(&self, email: &str, label: &str, scope: Scope, only_agency: Option<&str>) -> Result<String> {
        if let Some(code) = only_agency
            && !self.agencies().await?.iter().any(|agency| agency.code == code)
        {
            return Err(Error::field("agency", Say::new("field-unknown-agency")));
        }
        let token = new_token()?;
        self.keep_token(email, label, scope, only_agency, &token).await?;
        Ok(token)
    }

    pub(super) async fn keep_token(
        &self,
        email: &str,
        label: &str,
        scope: Scope,
        only_agency: Option<&str>,
        token: &str,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        let account =
            store::people::by_email(&mut tx, &email.trim().to_lowercase()).await?.ok_or(Error::NotFound("account"))?;
        store::people::add_token(&mut tx, account.id, &sha256(token), label, scope, only_agency, self.clock.machine())
            .await?;
        tx.commit().await
    }
}

/// A password as it is stored.
///
/// # Errors
/// It is shorter than 8 or longer than 200 characters.
pub fn hash_password(password: &str) -> Result<String> {
    if !(8..=200).contains(&password.chars().count()) {
        return Err(Error::field("password", Say::new("field-password")));
    }
    let salt = crate::secret::random_bytes::<16>()?;
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hash.map_err(|error| Error::internal(error.to_string()))?.to_string())
}

fn is_password(stored: &str, password: &str) -> bool {
    // Longer ones are refused when they are set; hashing megabytes would only cost time.
    if password.len() > 1000 {
        return false;
    }
    PasswordHash::new(stored).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}
