//! Signing in at the identity provider: only people who have an account here; none is ever made for them.

use crate::desk::provider::Provider;
use crate::desk::sessions::Browser;
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::domain::people::Account;
use crate::error::{Error, Result, Say};
use crate::secret::{same, sha256};
use crate::store::federation::Gone;
use crate::store::{self, Tx};
use chrono::Duration;
use serde_json::json;
use std::sync::Arc;

/// Whoever goes to the provider must be back within so long.
const AWAY: Duration = Duration::minutes(10);

/// Somebody who came back and is known.
#[derive(Debug)]
pub struct Arrival {
    /// For the cookie.
    pub token: String,
    /// Where they wanted to go.
    pub onward: String,
}

impl Desk {
    /// The page of the provider to send a browser to. `browser` is its own token; only it may come back.
    ///
    /// # Errors
    /// `NotFound` when there is no provider; `Unavailable` when it does not answer.
    pub async fn depart(&self, browser: &str, onward: &str) -> Result<String> {
        let now = self.clock.machine();
        let departure = self.provider()?.depart(now).await?;
        let gone = Gone {
            browser_hash: sha256(browser),
            nonce: departure.nonce,
            verifier: departure.verifier,
            onward: onward.to_owned(),
        };
        let mut tx = self.db.write().await?;
        store::federation::go(&mut tx, &sha256(&departure.state), &gone, now + AWAY).await?;
        tx.commit().await?;
        Ok(departure.url)
    }

    /// Signs in whoever comes back from the provider with `code` and `state`; `issuer` is what the answer names, if it
    /// names one.
    ///
    /// # Errors
    /// `Denied` when they did not leave from this browser, the identity is not proven, or nobody active here is meant.
    pub async fn arrive(
        &self,
        token: &str,
        (code, state, issuer): (&str, &str, Option<&str>),
        browser: &Browser,
    ) -> Result<Arrival> {
        let provider = self.provider()?;
        let now = self.clock.machine();
        let mut tx = self.db.write().await?;
        let gone = store::federation::come_back(&mut tx, &sha256(state), now).await?;
        // The state is used up, whatever comes of it.
        tx.commit().await?;
        let is_ours = |gone: &Gone| same(&gone.browser_hash, &sha256(token));
        let gone = gone.filter(is_ours).ok_or_else(|| Error::Denied(Say::new("error-sso-old")))?;
        if issuer.is_some_and(|issuer| issuer != provider.issuer) {
            return Err(Error::Denied(Say::new("error-sso-refused")));
        }
        let identity = provider.arrive(code, &gone.nonce, &gone.verifier, now).await?;
        let mut tx = self.db.write().await?;
        let known = store::federation::account(&mut tx, &provider.issuer, &identity.subject).await?;
        let account = match (known, &identity.email) {
            (Some(id), _) => store::people::by_id(&mut tx, id).await?,
            (None, Some(email)) => self.first_time(&mut tx, &provider, &identity.subject, email).await?,
            (None, None) => None,
        };
        let account = account.filter(|account| account.active);
        let account = account.ok_or_else(|| Error::Denied(Say::new("error-sso-unknown")))?;
        let token = self.begin(&mut tx, account.id, false, browser).await?;
        tx.commit().await?;
        Ok(Arrival { token, onward: gone.onward })
    }

    /// The account with the proven address. From now on the identity is its key: the address may change hands at the
    /// provider, the account does not follow it.
    async fn first_time(
        &self,
        tx: &mut Tx,
        provider: &Provider,
        subject: &str,
        email: &str,
    ) -> Result<Option<Account>> {
        let found = store::people::by_email(tx, email).await?.filter(|account| account.active);
        let Some(account) = found else { return Ok(None) };
        if store::federation::is_linked(tx, &provider.issuer, account.id).await? {
            return Ok(None);
        }
        store::federation::link(tx, &provider.issuer, subject, account.id).await?;
        let (key, label) = (account.id.to_string(), ActorLabel::user(account.id));
        let payload = json!({"issuer": provider.issuer});
        chain::note(tx, "account", &key, self.now(), label, "identity_linked", payload).await?;
        self.tell_owner(tx, &account, "identity").await?;
        Ok(Some(account))
    }

    fn provider(&self) -> Result<Arc<Provider>> {
        self.access.provider.clone().ok_or(Error::NotFound("identity provider"))
    }
}
