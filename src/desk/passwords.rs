//! Passwords: what is accepted, how they are kept, how they are compared, how people change their own.

use crate::desk::sessions::Entry;
use crate::desk::tries::TRIES;
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::error::{Error, Result, Say};
use crate::store;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde_json::json;
use std::sync::{LazyLock, Mutex, PoisonError};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

/// Shortest password, in characters.
pub const SHORTEST: usize = 10;
/// Longest password, in characters. Nothing is ever cut off.
pub const LONGEST: usize = 200;
/// Least strength, from 0 to 4: more than 10^8 guesses.
const LEAST: u8 = 3;

/// The one place of the parameters: Argon2id with 19 MiB, two passes, one lane (OWASP, TRUST.md Q12). Passwords kept
/// with others are hashed anew when their owner signs in.
static HASHER: LazyLock<Argon2<'static>> = LazyLock::new(|| {
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
});

/// A password nobody has: an unknown account costs the same work as a known one.
static DUMMY: LazyLock<String> = LazyLock::new(|| hash_password("tidak ada yang punya").unwrap_or_default());

/// Each hash takes 19 MiB: only so many at the same time.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Their memory, used again and again: given back to the allocator, each thread that ever hashed would keep its own.
static ROOM: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// What comparing a password showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compared {
    /// It is the one.
    pub is_right: bool,
    /// It is kept with other parameters than today's.
    pub is_outdated: bool,
}

impl Desk {
    /// Sets the password of whoever has signed in: with the old one, or without it shortly after a mailed link. Other
    /// sessions and open links end. Gives the new token of this session and the strength, 0 to 4.
    ///
    /// # Errors
    /// `Invalid` with the field to mend; `TooMany` after repeated wrong old passwords.
    pub async fn set_own_password(&self, entry: &Entry, old: &str, new: &str, again: &str) -> Result<(String, u8)> {
        let account = &entry.actor.account;
        let region = self.pack().region.name.clone();
        let strength = weigh(new, &[&account.name, &account.email, &region])?;
        if plain(new) != plain(again) {
            return Err(Error::field("again", Say::new("field-password-again")));
        }
        if !entry.by_fresh_link {
            self.prove_password(account.id, old).await?;
        }
        let hash = hashed(new.to_owned()).await?;
        let mut tx = self.db.write().await?;
        store::people::set_password(&mut tx, account.id, &hash).await?;
        store::sessions::end_links(&mut tx, account.id).await?;
        store::sessions::end_all(&mut tx, account.id, Some(entry.id)).await?;
        let token = self.renew(&mut tx, entry, false).await?;
        let payload = json!({"after": if entry.by_fresh_link { "link" } else { "old_password" }});
        let label = ActorLabel::user(account.id);
        chain::note(&mut tx, "account", &account.id.to_string(), self.now(), label, "password_set", payload).await?;
        self.tell_owner(&mut tx, account, "password").await?;
        tx.commit().await?;
        self.wake();
        Ok((token, strength))
    }

    /// Asks for the password of somebody who has signed in.
    pub(super) async fn prove_password(&self, account: i64, password: &str) -> Result<()> {
        let subject = format!("password {account}");
        let counted = self.count_try(&[(&subject, TRIES)]).await?;
        let stored = store::people::password_hash(&mut self.db.read().await?, account).await?;
        if !compare(stored, password).await?.is_right {
            return Err(Error::field("old", Say::new("field-password-old")));
        }
        let mut tx = self.db.write().await?;
        self.forgive(&mut tx, counted).await?;
        tx.commit().await
    }
}

/// How hard a password is to guess, 0 to 4, for somebody about whom this is known.
///
/// # Errors
/// `Invalid`: too short or long, the person's own name or address, or too easily guessed.
pub fn weigh(password: &str, about: &[&str]) -> Result<u8> {
    let password = plain(password);
    let refused = |say: Say| Err(Error::field("password", say));
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) || password.contains('\0') {
        return refused(Say::new("field-password").with("shortest", SHORTEST).with("longest", LONGEST));
    }
    let known: Vec<String> = about.iter().flat_map(|text| words(text)).collect();
    let lower = password.to_lowercase();
    let letters = lower.chars().filter(|sign| sign.is_alphabetic()).count();
    let told: usize = known.iter().filter(|word| lower.contains(*word)).map(|word| word.chars().count()).sum();
    if told > 0 && told * 2 >= letters {
        return refused(Say::new("field-password-own"));
    }
    let mut hints: Vec<&str> = known.iter().map(String::as_str).collect();
    hints.extend(["meja", "layanan", "diskominfo"]);
    // What lies beyond a hundred signs cannot make it weaker, and looking at it costs time.
    let head: String = password.chars().take(100).collect();
    let strength = u8::from(zxcvbn::zxcvbn(&head, &hints).score());
    if strength < LEAST {
        return refused(match strength {
            0 => Say::new("field-password-0"),
            1 => Say::new("field-password-1"),
            _ => Say::new("field-password-2"),
        });
    }
    Ok(strength)
}

/// Words of at least four signs, in lower case.
fn words(text: &str) -> Vec<String> {
    let parts = text.split(|sign: char| !sign.is_alphanumeric());
    parts.filter(|word| word.chars().count() >= 4).map(str::to_lowercase).collect()
}

/// The same signs however a keyboard puts them together (NFC).
fn plain(password: &str) -> String {
    password.nfc().collect()
}

/// A password as it is stored.
///
/// # Errors
/// The machine gives no randomness.
pub fn hash_password(password: &str) -> Result<String> {
    let failed = |error: &dyn std::fmt::Display| Error::internal(error.to_string());
    let salt = crate::secret::random_bytes::<16>()?;
    let hash = derive(&HASHER, plain(password).as_bytes(), &salt).map_err(|error| failed(&error))?;
    let kept = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(HASHER.params()).map_err(|error| failed(&error))?,
        salt: Some(Salt::new(&salt).map_err(|error| failed(&error))?),
        hash: Some(hash),
    };
    Ok(kept.to_string())
}

/// The hash of a password, made in memory that is kept for the next one.
fn derive(hasher: &Argon2<'_>, password: &[u8], salt: &[u8]) -> argon2::password_hash::Result<Output> {
    let mut blocks = ROOM.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
    let wanted = hasher.params().block_count();
    if blocks.len() < wanted {
        blocks.resize(wanted, Block::new());
    }
    let mut out = vec![0; hasher.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN)];
    let done = hasher.hash_password_into_with_memory(password, salt, &mut out, &mut blocks[..wanted]);
    ROOM.lock().unwrap_or_else(PoisonError::into_inner).push(blocks);
    done?;
    Ok(Output::new(&out)?)
}

/// Is this the password of a hash? What is no hash of Argon2 fits none.
fn fits(password: &[u8], hash: &PasswordHash) -> bool {
    let algorithm = Algorithm::try_from(hash.algorithm.as_str());
    let version = hash.version.map_or(Ok(Version::V0x13), Version::try_from);
    let (Ok(algorithm), Ok(version), Ok(params)) = (algorithm, version, Params::try_from(hash)) else { return false };
    let (Some(salt), Some(kept)) = (hash.salt, hash.hash) else { return false };
    // Compared in the same time wherever they differ.
    derive(&Argon2::new(algorithm, version, params), password, &salt).is_ok_and(|made| made == kept)
}

/// [`hash_password`] beside the work of others.
pub(super) async fn hashed(password: String) -> Result<String> {
    let _turn = AT_ONCE.acquire().await.map_err(|error| Error::Internal(error.into()))?;
    let hashing = tokio::task::spawn_blocking(move || hash_password(&password));
    hashing.await.map_err(|error| Error::Internal(error.into()))?
}

/// Compares a password with what is stored. Where nothing is stored the same work is done in vain.
pub(super) async fn compare(stored: Option<String>, password: &str) -> Result<Compared> {
    let is_known = stored.is_some();
    let stored = stored.unwrap_or_else(|| DUMMY.clone());
    // Longer ones are refused when they are set; hashing megabytes would only cost time.
    let password: String = plain(password).chars().take(LONGEST + 1).collect();
    let _turn = AT_ONCE.acquire().await.map_err(|error| Error::Internal(error.into()))?;
    let comparing = tokio::task::spawn_blocking(move || {
        let Ok(hash) = PasswordHash::new(&stored) else { return Compared { is_right: false, is_outdated: false } };
        let is_right = fits(password.as_bytes(), &hash);
        let is_today = Params::try_from(&hash).is_ok_and(|params| {
            let today = HASHER.params();
            (params.m_cost(), params.t_cost(), params.p_cost()) == (today.m_cost(), today.t_cost(), today.p_cost())
        });
        Compared { is_right, is_outdated: !is_today || hash.algorithm.as_str() != "argon2id" }
    });
    let compared = comparing.await.map_err(|error| Error::Internal(error.into()))?;
    Ok(Compared { is_right: compared.is_right && is_known, ..compared })
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::password_hash::PasswordHasher;

    fn refusal(password: &str) -> &'static str {
        match weigh(password, &["Siti Rahmawati", "siti.rahma@dinkes.go.id", "Ogan Komering Ilir"]) {
            Err(Error::Invalid(fields)) => fields[0].say.key,
            other => panic!("{password}: {other:?}"),
        }
    }

    #[test]
    fn easy_passwords_are_refused_and_long_ones_need_no_signs() {
        assert_eq!(refusal("pendek"), "field-password");
        assert_eq!(refusal("rahmawati1"), "field-password-own");
        assert_eq!(refusal("aaaaaaaaaaaaaaaa"), "field-password-0");
        assert_eq!(refusal("password123"), "field-password-0");
        assert!(weigh("gerobak biru makan durian", &["Siti Rahmawati"]).unwrap() >= LEAST);
    }

    #[tokio::test]
    async fn the_same_letters_are_the_same_password_and_old_parameters_are_seen() {
        let stored = hash_password("caf\u{e9} di tepi Musi").unwrap();
        let compared = compare(Some(stored), "cafe\u{301} di tepi Musi").await.unwrap();
        assert_eq!(compared, Compared { is_right: true, is_outdated: false });
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).unwrap());
        let old = weak.hash_password_with_salt(b"kata sandi lama", &[7; 16]).unwrap().to_string();
        let compared = compare(Some(old), "kata sandi lama").await.unwrap();
        assert_eq!(compared, Compared { is_right: true, is_outdated: true });
        assert!(!compare(None, "tidak ada yang punya").await.unwrap().is_right, "nobody has the dummy");
    }
}
