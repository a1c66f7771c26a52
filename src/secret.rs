//! Randomness, digests and keyed marks: everything that must not be guessed.

use crate::error::{Error, Result};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{constant_time, digest, hmac, rand};
use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, Encoding, HEXLOWER, Specification};
use std::path::Path;
use std::sync::LazyLock;

/// The installation's key. Tokens that must be recognised later are marks made with it.
#[derive(Clone)]
pub struct Secret(hmac::Key);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Secret {
    /// Reads the key from `path`, or makes one there that only its owner may read.
    ///
    /// # Errors
    /// The file cannot be read or written, is readable by others, or holds less than 32 bytes.
    pub fn load(path: &Path) -> Result<Self> {
        if !path.exists() {
            create_private(path, HEXLOWER.encode(&random_bytes::<32>()?).as_bytes())?;
        }
        refuse_if_others_may_read(path)?;
        let text = std::fs::read(path)?;
        if text.len() < 32 {
            return Err(Error::internal(format!("{}: the secret is shorter than 32 bytes", path.display())));
        }
        Ok(Self::from_bytes(&text))
    }

    /// A key from bytes at hand.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// A mark on `text` for one `purpose`: 26 lower-case letters and digits, 130 bits.
    pub fn mark(&self, purpose: &str, text: &str) -> String {
        let mut mark = BASE32_NOPAD.encode(self.tag(purpose, text).as_ref()).to_ascii_lowercase();
        mark.truncate(26);
        mark
    }

    /// Is `mark` the mark on `text`? Takes the same time whatever differs; case does not matter.
    pub fn recognises(&self, purpose: &str, text: &str, mark: &str) -> bool {
        same(&self.mark(purpose, text), &mark.to_ascii_lowercase())
    }

    /// The tracking code of a ticket: eight characters that go to the requester with the number.
    pub fn tracking_code(&self, number: &str) -> String {
        let tag = self.tag("tracking", number);
        let code = CROCKFORD.encode(&tag.as_ref()[..5]);
        format!("{}-{}", &code[..4], &code[4..])
    }

    /// Is `typed` the tracking code of ticket `number`? Case, dashes and look-alikes are forgiven.
    pub fn is_tracking_code(&self, number: &str, typed: &str) -> bool {
        let plain = |code: &str| -> String {
            code.chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|c| match c.to_ascii_uppercase() {
                    'O' => '0',
                    'I' | 'L' => '1',
                    c => c,
                })
                .collect()
        };
        same(&plain(&self.tracking_code(number)), &plain(typed))
    }

    /// `bytes` so that only this installation can read them again, for one `purpose` and one `owner` (AES-256-GCM).
    ///
    /// # Errors
    /// The machine gives no randomness.
    pub fn seal(&self, purpose: &str, owner: &str, bytes: &[u8]) -> Result<String> {
        let mut sealed = bytes.to_vec();
        let nonce = self
            .sealing_key(purpose)?
            .seal_in_place_append_tag(Aad::from(owner.as_bytes()), &mut sealed)
            .map_err(|_| Error::internal("a secret could not be sealed"))?;
        Ok(BASE64_NOPAD.encode(&[nonce.as_ref().as_slice(), &sealed].concat()))
    }

    /// What [`Secret::seal`] made.
    ///
    /// # Errors
    /// It was altered, or sealed for something or somebody else, or with another installation's key.
    pub fn unseal(&self, purpose: &str, owner: &str, sealed: &str) -> Result<Vec<u8>> {
        let broken = || Error::internal("a sealed secret cannot be read; was the installation's key replaced?");
        let bytes = BASE64_NOPAD.decode(sealed.as_bytes()).map_err(|_| broken())?;
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let mut rest = rest.to_vec();
        let key = self.sealing_key(purpose)?;
        let plain = key.open_in_place(nonce, Aad::from(owner.as_bytes()), &mut rest).map_err(|_| broken())?;
        Ok(plain.to_vec())
    }

    fn sealing_key(&self, purpose: &str) -> Result<RandomizedNonceKey> {
        let key = self.tag("seal", purpose);
        RandomizedNonceKey::new(&AES_256_GCM, key.as_ref()).map_err(|_| Error::internal("no key to seal with"))
    }

    fn tag(&self, purpose: &str, text: &str) -> hmac::Tag {
        hmac::sign(&self.0, format!("{purpose}\n{text}").as_bytes())
    }
}

/// HMAC-SHA256 of a text with a shared secret, in hexadecimal: what receivers of webhooks compute again.
pub fn signature(secret: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    HEXLOWER.encode(hmac::sign(&key, text.as_bytes()).as_ref())
}

/// Crockford's alphabet: no I, L, O, U.
static CROCKFORD: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    specification.encoding().expect("the alphabet has 32 different signs")
});

/// A new token of 128 bits that cannot be guessed, as 26 lower-case letters and digits.
///
/// # Errors
/// The machine gives no randomness.
pub fn new_token() -> Result<String> {
    Ok(BASE32_NOPAD.encode(&random_bytes::<16>()?).to_ascii_lowercase())
}

/// A new code of 80 bits that cannot be guessed, for people to type: four groups of four capitals and digits.
///
/// # Errors
/// The machine gives no randomness.
pub fn new_code() -> Result<String> {
    let text = CROCKFORD.encode(&random_bytes::<10>()?);
    Ok(format!("{}-{}-{}-{}", &text[..4], &text[4..8], &text[8..12], &text[12..]))
}

/// Random bytes of the machine.
///
/// # Errors
/// The machine gives none.
pub fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Error::internal("no randomness"))?;
    Ok(bytes)
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, bytes.as_ref()).as_ref())
}

/// SHA-256 of what comes piece by piece.
#[derive(Clone)]
pub struct Digest(digest::Context);

impl Default for Digest {
    fn default() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }
}

impl Digest {
    /// Takes the next piece.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest in hexadecimal.
    pub fn hex(self) -> String {
        HEXLOWER.encode(self.0.finish().as_ref())
    }
}

/// Compares without telling by its time where the difference lies.
pub fn same(left: &str, right: &str) -> bool {
    constant_time::verify_slices_are_equal(left.as_bytes(), right.as_bytes()).is_ok()
}

/// Writes a file that only its owner may read.
///
/// # Errors
/// There is such a file already, or the disk refuses.
pub fn create_private(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

fn refuse_if_others_may_read(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path)?.permissions().mode();
    if mode & 0o007 != 0 {
        return Err(Error::internal(format!("{}: others may read the secret; run chmod 600 on it", path.display())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_bound_to_purpose_and_text() {
        let secret = Secret::from_bytes(&[7; 32]);
        let mark = secret.mark("reply", "1:2");
        assert!(secret.recognises("reply", "1:2", &mark.to_uppercase()));
        assert!(!secret.recognises("other", "1:2", &mark));
        assert!(!secret.recognises("reply", "1:3", &mark));
    }

    #[test]
    fn what_is_sealed_is_read_by_the_same_key_purpose_and_owner_only() {
        let (secret, other) = (Secret::from_bytes(&[7; 32]), Secret::from_bytes(&[8; 32]));
        let sealed = secret.seal("totp", "1", b"geheim").unwrap();
        assert_ne!(sealed, secret.seal("totp", "1", b"geheim").unwrap());
        assert_eq!(secret.unseal("totp", "1", &sealed).unwrap(), b"geheim");
        assert!(secret.unseal("totp", "2", &sealed).is_err());
        assert!(secret.unseal("other", "1", &sealed).is_err());
        assert!(other.unseal("totp", "1", &sealed).is_err());
        assert!(secret.unseal("totp", "1", "kurz").is_err());
    }

    #[test]
    fn tracking_codes_are_read_generously() {
        let secret = Secret::from_bytes(&[7; 32]);
        let code = secret.tracking_code("OKI-2602-00001-3");
        assert_eq!(code.len(), 9);
        assert!(secret.is_tracking_code("OKI-2602-00001-3", &code.to_lowercase().replace('-', " ").replace('0', "o")));
        assert!(!secret.is_tracking_code("OKI-2602-00002-3", &code));
        assert!(!secret.is_tracking_code("OKI-2602-00001-3", ""));
    }
}
