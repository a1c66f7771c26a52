//! The second factor: codes of an app, and codes for when the app is lost.

use crate::desk::sessions::{Entry, Step};
use crate::desk::tries::TRIES;
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::domain::managing;
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::secret::random_bytes;
use crate::store::{self, Tx};
use crate::text::in_address;
use data_encoding::{BASE32, BASE32_NOPAD};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

/// Codes for when the app is lost.
const RECOVERY_CODES: usize = 10;

/// What somebody needs to set up the app.
#[derive(Debug)]
pub struct Offer {
    /// The secret in groups of four, to be typed.
    pub groups: String,
    /// The same as an address, for the picture.
    pub uri: String,
}

/// What came of a proof.
#[derive(Debug)]
pub struct Proven {
    /// The new token of the session.
    pub token: String,
    /// Codes for when the app is lost; shown now and never again.
    pub recovery: Vec<String>,
}

impl Desk {
    /// Makes a secret for somebody who has signed in; it counts only after [`Desk::confirm_totp`].
    ///
    /// # Errors
    /// `Conflict` when a second factor is set up already.
    pub async fn begin_totp(&self, entry: &Entry) -> Result<()> {
        if entry.step == Step::Code {
            return Err(Error::Unauthenticated);
        }
        if entry.has_totp {
            return Err(Error::conflict(Say::new("error-totp-there")));
        }
        let account = entry.actor.account.id;
        let secret = self.secret.seal("totp", &account.to_string(), &random_bytes::<20>()?)?;
        let mut tx = self.db.write().await?;
        store::second_factor::propose_totp(&mut tx, account, &secret).await?;
        tx.commit().await
    }

    /// The secret that waits for its proof; `None` when there is none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn totp_offer(&self, entry: &Entry) -> Result<Option<Offer>> {
        let account = &entry.actor.account;
        let found = store::second_factor::totp(&mut self.db.read().await?, account.id).await?;
        let Some(totp) = found.filter(|totp| totp.confirmed_at.is_none() && entry.step != Step::Code) else {
            return Ok(None);
        };
        let text = BASE32_NOPAD.encode(&self.secret.unseal("totp", &account.id.to_string(), &totp.secret)?);
        let issuer = in_address(&self.composer.name);
        let groups = text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ");
        let label = in_address(&account.email);
        let uri =
            format!("otpauth://totp/{issuer}:{label}?secret={text}&issuer={issuer}&algorithm=SHA1&digits=6&period=30");
        Ok(Some(Offer { groups, uri }))
    }

    /// Sets up the second factor by a first code. Other sessions end.
    ///
    /// # Errors
    /// `Invalid` when the code is wrong; `TooMany` after repeated wrong ones.
    pub async fn confirm_totp(&self, entry: &Entry, code: &str) -> Result<Proven> {
        if entry.step == Step::Code {
            return Err(Error::Unauthenticated);
        }
        let account = &entry.actor.account;
        let counted = self.count_try(&[(&subject(account.id), TRIES)]).await?;
        let mut tx = self.db.write().await?;
        let is_right = self.takes_code(&mut tx, account.id, code).await?;
        if !is_right || !store::second_factor::confirm_totp(&mut tx, account.id, self.clock.machine()).await? {
            return Err(wrong());
        }
        self.forgive(&mut tx, counted).await?;
        let recovery = self.make_codes(&mut tx, account.id).await?;
        store::sessions::end_all(&mut tx, account.id, Some(entry.id)).await?;
        let token = self.renew(&mut tx, entry, entry.by_fresh_link).await?;
        self.note_factor(&mut tx, account.id, &entry.actor, "totp_set", json!({})).await?;
        self.tell_owner(&mut tx, account, "totp").await?;
        tx.commit().await?;
        self.wake();
        Ok(Proven { token, recovery })
    }

    /// Opens a session that owes a code, with one of the app or one for when the app is lost. Gives its new token.
    ///
    /// # Errors
    /// `Invalid` when the code is wrong or was used before; `TooMany` after repeated wrong ones.
    pub async fn pass_code(&self, entry: &Entry, code: &str) -> Result<String> {
        let account = &entry.actor.account;
        let counted = self.count_try(&[(&subject(account.id), TRIES)]).await?;
        let mut tx = self.db.write().await?;
        if !self.takes_code(&mut tx, account.id, code).await? {
            if !self.takes_recovery(&mut tx, account.id, code).await? {
                return Err(wrong());
            }
            let left = store::second_factor::codes_left(&mut tx, account.id).await?;
            self.note_factor(&mut tx, account.id, &entry.actor, "recovery_code_used", json!({"left": left})).await?;
            self.tell_owner(&mut tx, account, "recovery").await?;
        }
        self.forgive(&mut tx, counted).await?;
        let token = self.renew(&mut tx, entry, entry.by_fresh_link).await?;
        tx.commit().await?;
        self.wake();
        Ok(token)
    }

    /// Makes new codes for when the app is lost; those there were are worth nothing then.
    ///
    /// # Errors
    /// `Invalid` when the code of the app is wrong; `TooMany` after repeated wrong ones.
    pub async fn renew_recovery(&self, entry: &Entry, code: &str) -> Result<Vec<String>> {
        let account = entry.actor.account.id;
        let mut tx = self.prove_code(account, code).await?;
        let recovery = self.make_codes(&mut tx, account).await?;
        self.note_factor(&mut tx, account, &entry.actor, "recovery_codes_made", json!({})).await?;
        tx.commit().await?;
        Ok(recovery)
    }

    /// Gives the second factor up. Other sessions end; gives the new token of this one.
    ///
    /// # Errors
    /// `Conflict` where staff must have one; `Invalid` when the code is wrong.
    pub async fn remove_totp(&self, entry: &Entry, code: &str) -> Result<String> {
        if self.access.require_totp && entry.actor.is_staff() {
            return Err(Error::conflict(Say::new("error-totp-required")));
        }
        let account = &entry.actor.account;
        let mut tx = self.prove_code(account.id, code).await?;
        store::second_factor::remove_totp(&mut tx, account.id).await?;
        store::sessions::end_all(&mut tx, account.id, Some(entry.id)).await?;
        let token = self.renew(&mut tx, entry, false).await?;
        self.note_factor(&mut tx, account.id, &entry.actor, "totp_removed", json!({})).await?;
        self.tell_owner(&mut tx, account, "totp-removed").await?;
        tx.commit().await?;
        self.wake();
        Ok(token)
    }

    /// Takes the second factor from somebody who has lost it; all sessions of the account end.
    ///
    /// # Errors
    /// `Denied` to all but system administrators, and for one's own; `NotFound` when there is no such account or factor.
    pub async fn reset_totp(&self, actor: &Actor, account: i64) -> Result<()> {
        if !managing::may_administer(actor) || actor.account.id == account {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let mut tx = self.db.write().await?;
        let owner = store::people::by_id(&mut tx, account).await?.ok_or(Error::NotFound("account"))?;
        if !store::second_factor::remove_totp(&mut tx, account).await? {
            return Err(Error::NotFound("second factor"));
        }
        store::sessions::end_all(&mut tx, account, None).await?;
        self.note_factor(&mut tx, account, actor, "totp_reset", json!({})).await?;
        self.tell_owner(&mut tx, &owner, "totp-removed").await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// Codes for when the app is lost that are still unused.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn recovery_left(&self, entry: &Entry) -> Result<i64> {
        store::second_factor::codes_left(&mut self.db.read().await?, entry.actor.account.id).await
    }

    /// Asks for a code of somebody who has signed in wholly; gives the transaction in which it is used up.
    pub(super) async fn prove_code(&self, account: i64, code: &str) -> Result<Tx> {
        let counted = self.count_try(&[(&subject(account), TRIES)]).await?;
        let mut tx = self.db.write().await?;
        if !self.takes_code(&mut tx, account, code).await? {
            return Err(wrong());
        }
        self.forgive(&mut tx, counted).await?;
        Ok(tx)
    }

    /// Uses up a code of the app; `false` when it is wrong or was used before. A clock may be one step off.
    async fn takes_code(&self, tx: &mut Tx, account: i64, code: &str) -> Result<bool> {
        let Some(kept) = store::second_factor::totp(tx, account).await? else { return Ok(false) };
        let secret = self.secret.unseal("totp", &account.to_string(), &kept.secret)?;
        let digits: String = code.chars().filter(|sign| !sign.is_whitespace()).collect();
        let now = u64::try_from(self.clock.machine().timestamp()).unwrap_or(0);
        let Some(step) = app(&secret)?.check(&digits, now) else { return Ok(false) };
        store::second_factor::use_step(tx, account, i64::try_from(step).unwrap_or(i64::MAX)).await
    }

    async fn takes_recovery(&self, tx: &mut Tx, account: i64, code: &str) -> Result<bool> {
        store::second_factor::use_code(tx, account, &self.recovery_mark(account, code)).await
    }

    async fn make_codes(&self, tx: &mut Tx, account: i64) -> Result<Vec<String>> {
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            let text = BASE32.encode(&random_bytes::<10>()?).to_ascii_lowercase();
            codes.push(format!("{}-{}-{}-{}", &text[..4], &text[4..8], &text[8..12], &text[12..16]));
        }
        let marks: Vec<String> = codes.iter().map(|code| self.recovery_mark(account, code)).collect();
        store::second_factor::set_codes(tx, account, &marks).await?;
        Ok(codes)
    }

    fn recovery_mark(&self, account: i64, code: &str) -> String {
        let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        self.secret.mark("recovery", &format!("{account}:{}", plain.to_ascii_lowercase()))
    }

    async fn note_factor(
        &self,
        tx: &mut Tx,
        account: i64,
        actor: &Actor,
        kind: &'static str,
        payload: Value,
    ) -> Result<()> {
        let label = ActorLabel::user(actor.account.id);
        chain::note(tx, "account", &account.to_string(), self.now(), label, kind, payload).await
    }
}

fn subject(account: i64) -> String {
    format!("code {account}")
}

fn wrong() -> Error {
    Error::field("code", Say::new("field-code"))
}

/// The app as everybody's apps are: SHA-1, six digits, thirty seconds, one step off.
fn app(secret: &[u8]) -> Result<Totp> {
    let builder = Builder::new().with_secret(Secret::new(secret.into()));
    builder.build().map_err(|error| Error::internal(format!("{error:?}")))
}
