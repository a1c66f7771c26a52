//! Proving once more who one is, directly before an act that nobody else may do with a session left open.

use crate::desk::Desk;
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::store;

/// What somebody is asked for: the stronger of what the account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A code of the app.
    Code,
    /// The password.
    Password,
    /// The account has neither: it signs in elsewhere.
    Nothing,
}

/// What somebody gives to prove who he is.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// The password.
    pub password: String,
    /// A code of the app.
    pub code: String,
}

impl Desk {
    /// What the actor will be asked for.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn asked_again(&self, actor: &Actor) -> Result<Asked> {
        let (mut tx, account) = (self.db.read().await?, actor.account.id);
        let totp = store::second_factor::totp(&mut tx, account).await?;
        if totp.is_some_and(|totp| totp.confirmed_at.is_some()) {
            return Ok(Asked::Code);
        }
        let password = store::people::password_hash(&mut tx, account).await?;
        Ok(if password.is_some() { Asked::Password } else { Asked::Nothing })
    }

    /// Asks for it. A code is used up; wrong tries are counted as at the sign-in.
    ///
    /// # Errors
    /// `Invalid` on `code` or `password` when it is wrong; `Conflict` when the account has neither; `TooMany` after
    /// repeated wrong tries.
    pub(super) async fn prove_again(&self, actor: &Actor, proof: &Proof) -> Result<()> {
        let account = actor.account.id;
        match self.asked_again(actor).await? {
            Asked::Code => self.prove_code(account, &proof.code).await?.commit().await,
            Asked::Password => match self.prove_password(account, &proof.password).await {
                Err(Error::Invalid(_)) => Err(Error::field("password", Say::new("prove-password"))),
                other => other,
            },
            Asked::Nothing => Err(Error::conflict(Say::new("prove-nothing"))),
        }
    }
}
