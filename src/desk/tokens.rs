//! API tokens: whose they are, making and revoking them. What is shown once is kept nowhere.

use crate::desk::once::{self, Repeat};
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::domain::managing;
use crate::domain::people::{Actor, Scope};
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::{new_token, sha256};
use crate::store::tokens::{Listed, TokenOwner};
use crate::store::{self, Tx};
use serde_json::json;

/// A token somebody wants for himself.
#[derive(Debug, Clone, Hash)]
pub struct NewToken {
    /// What it is for.
    pub label: String,
    /// What it may be used for.
    pub scope: Scope,
    /// Limits it to one agency's tickets.
    pub agency: Option<String>,
}

impl Desk {
    /// Whose token this is.
    ///
    /// # Errors
    /// `Unauthenticated` when it is unknown or revoked, or its owner is disabled.
    pub async fn by_token(&self, token: &str) -> Result<Actor> {
        let found = store::tokens::owner(&mut self.db.glance().await?, &sha256(token)).await?;
        let owner = found.filter(|owner| owner.account.active).ok_or(Error::Unauthenticated)?;
        let TokenOwner { account, grants, scope, only_agency } = owner;
        Ok(Actor { account, grants, scope, only_agency, via: crate::domain::ticket::Channel::Api })
    }

    /// Makes an API token for an account, for the operator's console; it is shown once. `only_agency` limits it to that
    /// agency's tickets.
    ///
    /// # Errors
    /// `NotFound` when there is no such account, `Invalid` when there is no such agency.
    pub async fn add_token(&self, email: &str, label: &str, scope: Scope, only_agency: Option<&str>) -> Result<String> {
        self.check_token_agency(only_agency).await?;
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
        let new = NewToken { label: label.to_owned(), scope, agency: only_agency.map(str::to_owned) };
        self.insert_token(&mut tx, account.id, ActorLabel::console(), &new, token).await?;
        tx.commit().await
    }

    /// Makes a token for the actor himself; nobody makes one for somebody else. Gives it with its row, once.
    ///
    /// # Errors
    /// `Denied` to a limited token; `Invalid` with every bad field; `Conflict` when `key` was used before.
    pub async fn make_token(&self, actor: &Actor, new: NewToken, key: Option<&str>) -> Result<(String, Listed)> {
        if actor.scope == Scope::Read || actor.only_agency.is_some() {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let label = new.label.trim().to_owned();
        if label.is_empty() || label.chars().count() > 100 {
            return Err(Error::field("label", Say::new("field-token-label")));
        }
        self.check_token_agency(new.agency.as_deref()).await?;
        let new = NewToken { label, ..new };
        let token = new_token()?;
        let mut tx = self.db.write().await?;
        let request = once::fingerprint(&("token", &new));
        if once::take(&mut tx, actor, key, &request, self.clock.machine()).await? != Repeat::First {
            // It was shown; nobody can show it again.
            return Err(Error::conflict(Say::new("error-token-shown")));
        }
        let by = ActorLabel::user(actor.account.id);
        let id = self.insert_token(&mut tx, actor.account.id, by, &new, &token).await?;
        let made = store::tokens::by_id(&mut tx, id).await?.ok_or(Error::NotFound("token"))?;
        once::answer(&mut tx, actor, key, &id.to_string()).await?;
        self.tell_owner(&mut tx, &actor.account, "token").await?;
        tx.commit().await?;
        self.wake();
        Ok((token, made))
    }

    async fn insert_token(
        &self,
        tx: &mut Tx,
        account: i64,
        by: ActorLabel,
        new: &NewToken,
        token: &str,
    ) -> Result<i64> {
        let (hash, at) = (sha256(token), self.clock.machine());
        let made = store::tokens::add(tx, account, &hash, &new.label, new.scope, new.agency.as_deref(), at).await?;
        let id = made.ok_or_else(|| Error::conflict(Say::new("error-token-shown")))?;
        let payload = json!({"token": id, "scope": new.scope, "agency": new.agency});
        chain::note(tx, "account", &account.to_string(), self.now(), by, "token_made", payload).await?;
        Ok(id)
    }

    async fn check_token_agency(&self, agency: Option<&str>) -> Result<()> {
        let Some(code) = agency else { return Ok(()) };
        if self.agencies().await?.iter().any(|agency| agency.code == code) {
            return Ok(());
        }
        Err(Error::Invalid(vec![FieldError { field: "agency", say: Say::new("field-unknown-agency") }]))
    }

    /// The actor's tokens, or everybody's when `all` and the actor runs the installation; newest first.
    ///
    /// # Errors
    /// `Denied` when `all` is not the actor's to see.
    pub async fn tokens(&self, actor: &Actor, all: bool, before: i64, limit: i64) -> Result<Vec<Listed>> {
        if all && !managing::may_administer(actor) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let owner = (!all).then_some(actor.account.id);
        store::tokens::list(&mut self.db.read().await?, owner, before, limit).await
    }

    /// Revokes a token for good: one's own, or anybody's when the actor runs the installation.
    ///
    /// # Errors
    /// `NotFound` when there is no such token for the actor to revoke.
    pub async fn revoke_token(&self, actor: &Actor, id: i64) -> Result<Listed> {
        let mut tx = self.db.write().await?;
        let found = store::tokens::by_id(&mut tx, id).await?;
        let own = |token: &Listed| token.account_id == actor.account.id && actor.scope == Scope::Write;
        let token = found.filter(|token| own(token) || managing::may_administer(actor));
        let mut token = token.ok_or(Error::NotFound("token"))?;
        let now = self.clock.machine();
        if store::tokens::revoke(&mut tx, id, now).await? {
            token.revoked_at = Some(now);
            let (key, by) = (token.account_id.to_string(), ActorLabel::user(actor.account.id));
            chain::note(&mut tx, "account", &key, self.now(), by, "token_revoked", json!({"token": id})).await?;
        }
        tx.commit().await?;
        Ok(token)
    }
}
