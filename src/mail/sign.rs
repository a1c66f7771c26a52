//! Signing outgoing mail (DKIM, RFC 6376), so that receivers can tell it is ours.

use crate::config::mail::DkimConfig;
use crate::error::{Error, Result};
use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256};
use mail_auth::common::headers::HeaderWriter;
use mail_auth::dkim::{DkimSigner, Done};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

/// Lines of the head that the signature covers, where they are.
const COVERED: [&str; 13] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Auto-Submitted",
    "List-Id",
];

/// Signs mails with the key of a domain.
pub struct Signer {
    key: Key,
    shown: String,
}

enum Key {
    Rsa(DkimSigner<RsaKey<Sha256>, Done>),
    Ed25519(DkimSigner<Ed25519Key, Done>),
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Signer {
    /// Reads the key: RSA (PKCS#1 or PKCS#8) or Ed25519 (PKCS#8), as PEM.
    ///
    /// # Errors
    /// The file cannot be read, or holds no such key.
    pub fn load(config: &DkimConfig) -> Result<Self> {
        let failed = |why: String| Error::internal(format!("mail.dkim: {}: {why}", config.key_file.display()));
        let key = PrivateKeyDer::from_pem_file(&config.key_file).map_err(|error| failed(error.to_string()))?;
        let shown = format!("{}._domainkey.{}", config.selector, config.domain);
        let edwards = match &key {
            PrivateKeyDer::Pkcs8(der) => Ed25519Key::from_pkcs8_maybe_unchecked_der(der.secret_pkcs8_der()).ok(),
            _ => None,
        };
        let key = match edwards {
            Some(key) => Key::Ed25519(
                DkimSigner::from_key(key).domain(&config.domain).selector(&config.selector).headers(COVERED),
            ),
            None => {
                let key = RsaKey::<Sha256>::from_key_der(key).map_err(|error| failed(error.to_string()))?;
                Key::Rsa(DkimSigner::from_key(key).domain(&config.domain).selector(&config.selector).headers(COVERED))
            }
        };
        Ok(Self { key, shown })
    }

    /// Where its public key must stand in the DNS.
    pub fn record_name(&self) -> &str {
        &self.shown
    }

    /// The mail with its signature above it.
    ///
    /// # Errors
    /// The mail has no head.
    pub fn sign(&self, raw: &[u8]) -> Result<Vec<u8>> {
        let signature = match &self.key {
            Key::Rsa(signer) => signer.sign(raw),
            Key::Ed25519(signer) => signer.sign(raw),
        };
        let mut signed = signature.map_err(|error| Error::Internal(error.into()))?.to_header().into_bytes();
        signed.extend_from_slice(raw);
        Ok(signed)
    }
}
