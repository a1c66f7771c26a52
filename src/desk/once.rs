//! Requests that must happen once although they may be sent twice.

use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::secret::sha256;
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What is known of a request's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repeat {
    /// Never seen: go on.
    First,
    /// Done before; this was the answer.
    Answered(String),
}

/// Takes `key` for the request of `actor`, inside the transaction of the change.
///
/// # Errors
/// `Conflict` when the key was used for another request, or the first one is still at work.
pub async fn take(tx: &mut Tx, actor: &Actor, key: Option<&str>, request: &str, now: DateTime<Utc>) -> Result<Repeat> {
    let Some(key) = key else { return Ok(Repeat::First) };
    let key = own(actor, key);
    if store::settings::take_key(tx, &key, request, now).await? {
        return Ok(Repeat::First);
    }
    match store::settings::answered(tx, &key).await? {
        Some((before, Some(answer))) if before == request => Ok(Repeat::Answered(answer)),
        Some((before, None)) if before == request => Err(Error::conflict(Say::new("error-still-working"))),
        _ => Err(Error::conflict(Say::new("error-key-reused"))),
    }
}

/// Keeps the answer to the request under `key`.
///
/// # Errors
/// The database does not answer.
pub async fn answer(tx: &mut Tx, actor: &Actor, key: Option<&str>, answer: &str) -> Result<()> {
    match key {
        Some(key) => store::settings::answer_key(tx, &own(actor, key), answer).await,
        None => Ok(()),
    }
}

/// A short text that is the same for the same request; not for keeping secrets.
pub fn fingerprint(request: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    request.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Keys of different people never meet.
fn own(actor: &Actor, key: &str) -> String {
    sha256(format!("{}\n{key}", actor.account.id))
}
