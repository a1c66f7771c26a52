//! The certificate the installation signs with: a PKCS#12 file in, signatures in CMS out (RFC 7292, 5652, 5035).
//!
//! The file's own check sum is not looked at: whoever can change the file on this disk can change the program. A wrong
//! password shows in keys that cannot be opened.

use crate::error::{Error, Result};
use crate::render::der::{
    BITS, FIRST, FIRST_PLAIN, INTEGER, NULL, OCTETS, OID, Pieces, SEQUENCE, SET, TIME, UTC_TIME, piece, set,
};
use aws_lc_rs::cipher::{AES_128, AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use aws_lc_rs::{digest, pbkdf2};
use chrono::{DateTime, NaiveDateTime, Utc};
use std::num::NonZeroU32;

const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const SIGNED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const ENCRYPTED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
const KEY_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01";
const SHROUDED_KEY_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02";
const CERTIFICATE_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03";
const X509: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";
const PBES2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
const PBKDF2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
const HMAC: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02";
const AES_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01";
const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const CONTENT_TYPE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03";
/// The attribute that holds the digest of what is signed.
pub const MESSAGE_DIGEST: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
const SIGNING_CERTIFICATE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f";
const RSA_SHA256: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
const ECDSA_SHA256: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
/// More rounds than any program asks for: a file must not keep the start waiting for ever.
const MOST_ROUNDS: u32 = 10_000_000;

/// Who signs: a key with its certificate, and those that lead to it.
pub struct Identity {
    key: Key,
    /// The certificate of the key.
    leaf: Vec<u8>,
    /// All certificates of the file.
    chain: Vec<Vec<u8>>,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(Box<EcdsaKeyPair>),
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("certificates", &self.chain.len()).finish_non_exhaustive()
    }
}

impl Identity {
    /// Opens a PKCS#12 file (AES, as programs of this decade write it) with its password.
    ///
    /// # Errors
    /// `Internal`, with words for the operator: the file is damaged or of an old kind, the password is wrong, or there is no
    /// certificate of the key in it.
    pub fn open(file: &[u8], password: &str) -> Result<Self> {
        let broken = || Error::internal("the PKCS#12 file cannot be read: write it anew with `openssl pkcs12 -export`");
        let mut pfx = Pieces(file).enter(SEQUENCE).ok_or_else(broken)?;
        pfx.with(INTEGER).ok_or_else(broken)?;
        let safe = content(&mut pfx, DATA).and_then(|mut inside| inside.with(OCTETS)).ok_or_else(broken)?;
        let (mut keys, mut chain) = (Vec::new(), Vec::new());
        for part in Pieces(safe).enter(SEQUENCE).ok_or_else(broken)? {
            let bags = open_part(part.whole, password)?.ok_or_else(broken)?;
            for bag in Pieces(&bags).enter(SEQUENCE).ok_or_else(broken)? {
                read_bag(bag.content, password, &mut keys, &mut chain)?.ok_or_else(broken)?;
            }
        }
        let key = keys.into_iter().next().ok_or_else(|| Error::internal("the PKCS#12 file holds no key"))?;
        let key = Key::read(&key)?;
        let public = key.public();
        let is_of_key =
            |certificate: &&Vec<u8>| certificate_of(certificate).is_some_and(|found| found.public_key == public);
        let leaf = chain.iter().find(is_of_key).cloned();
        let leaf = leaf.ok_or_else(|| Error::internal("the PKCS#12 file holds no certificate of its key"))?;
        Ok(Self { key, leaf, chain })
    }

    /// Is the certificate in force at `at`?
    pub fn is_valid(&self, at: DateTime<Utc>) -> bool {
        certificate_of(&self.leaf).is_some_and(|certificate| certificate.from <= at && at <= certificate.until)
    }

    /// A detached signature over bytes with this SHA-256, as PAdES wants it: no time of its own, and the certificate's digest
    /// among the signed attributes.
    ///
    /// # Errors
    /// `Internal` when the key does not sign.
    pub fn sign(&self, sha256: &[u8]) -> Result<Vec<u8>> {
        let broken = || Error::internal("the certificate cannot be read");
        let leaf = certificate_of(&self.leaf).ok_or_else(broken)?;
        let sha256_id = algorithm(SHA256, &[]);
        let own = digest::digest(&digest::SHA256, &self.leaf);
        let own = nested(&[SEQUENCE, SEQUENCE, SEQUENCE], &piece(OCTETS, &[own.as_ref()]));
        let attributes = vec![
            attribute(CONTENT_TYPE, &piece(OID, &[DATA])),
            attribute(MESSAGE_DIGEST, &piece(OCTETS, &[sha256])),
            attribute(SIGNING_CERTIFICATE, &own),
        ];
        // Signed as a set, carried as [0].
        let signature = self.key.sign(&set(SET, attributes.clone()))?;
        let issuer_and_serial = piece(SEQUENCE, &[leaf.issuer, leaf.serial]);
        let signer = piece(
            SEQUENCE,
            &[
                &piece(INTEGER, &[&[1]]),
                &issuer_and_serial,
                &sha256_id,
                &set(FIRST, attributes),
                &self.key.algorithm(),
                &piece(OCTETS, &[&signature]),
            ],
        );
        let signed = piece(
            SEQUENCE,
            &[
                &piece(INTEGER, &[&[1]]),
                &piece(SET, &[&sha256_id]),
                &piece(SEQUENCE, &[&piece(OID, &[DATA])]),
                &set(FIRST, self.chain.clone()),
                &piece(SET, &[&signer]),
            ],
        );
        Ok(piece(SEQUENCE, &[&piece(OID, &[SIGNED_DATA]), &piece(FIRST, &[&signed])]))
    }
}

impl Key {
    fn read(pkcs8: &[u8]) -> Result<Self> {
        if let Ok(key) = RsaKeyPair::from_pkcs8(pkcs8) {
            return Ok(Self::Rsa(Box::new(key)));
        }
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8);
        key.map(|key| Self::Ecdsa(Box::new(key)))
            .map_err(|_| Error::internal("the key is neither RSA (2048 to 8192 bits) nor P-256"))
    }

    fn public(&self) -> &[u8] {
        match self {
            Self::Rsa(key) => key.public_key().as_ref(),
            Self::Ecdsa(key) => key.public_key().as_ref(),
        }
    }

    fn algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => algorithm(RSA_SHA256, &piece(NULL, &[])),
            Self::Ecdsa(_) => algorithm(ECDSA_SHA256, &[]),
        }
    }

    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let random = SystemRandom::new();
        let refused = |_| Error::internal("the key does not sign");
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, bytes, &mut signature).map_err(refused)?;
                Ok(signature)
            }
            Self::Ecdsa(key) => Ok(key.sign(&random, bytes).map_err(refused)?.as_ref().to_vec()),
        }
    }
}

/// What is needed of a certificate.
struct Certificate<'a> {
    /// With its tag.
    serial: &'a [u8],
    /// With its tag.
    issuer: &'a [u8],
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    public_key: &'a [u8],
}

fn certificate_of(der: &[u8]) -> Option<Certificate<'_>> {
    let mut fields = Pieces(der).enter(SEQUENCE)?.enter(SEQUENCE)?;
    let mut serial = fields.next()?;
    if serial.tag == FIRST {
        serial = fields.next()?;
    }
    fields.with(SEQUENCE)?;
    let issuer = fields.next()?;
    let mut validity = fields.enter(SEQUENCE)?;
    let (from, until) = (instant(&mut validity)?, instant(&mut validity)?);
    fields.with(SEQUENCE)?;
    let mut key = fields.enter(SEQUENCE)?;
    key.with(SEQUENCE)?;
    // The first byte says how many bits of the last are not used: none.
    let public_key = key.with(BITS)?.get(1..)?;
    Some(Certificate { serial: serial.whole, issuer: issuer.whole, from, until, public_key })
}

/// The next piece as an instant.
pub(super) fn instant(pieces: &mut Pieces<'_>) -> Option<DateTime<Utc>> {
    let piece = pieces.next()?;
    let text = std::str::from_utf8(piece.content).ok()?;
    let full = match (piece.tag, text.get(..2)?.parse::<u32>().ok()?) {
        (UTC_TIME, 50..) => format!("19{text}"),
        (UTC_TIME, _) => format!("20{text}"),
        (TIME, _) => text.to_owned(),
        _ => return None,
    };
    NaiveDateTime::parse_from_str(&full, "%Y%m%d%H%M%SZ").ok().map(|naive| naive.and_utc())
}

/// What a ContentInfo of this kind holds.
fn content<'a>(pieces: &mut Pieces<'a>, kind: &[u8]) -> Option<Pieces<'a>> {
    let mut info = pieces.enter(SEQUENCE)?;
    (info.with(OID)? == kind).then(|| info.enter(FIRST))?
}

/// The bags of one part of the file, opened; `None` when it cannot be read.
fn open_part(part: &[u8], password: &str) -> Result<Option<Vec<u8>>> {
    if let Some(mut inside) = content(&mut Pieces(part), DATA) {
        return Ok(inside.with(OCTETS).map(<[u8]>::to_vec));
    }
    let secret = || {
        let mut data = content(&mut Pieces(part), ENCRYPTED_DATA)?.enter(SEQUENCE)?;
        data.with(INTEGER)?;
        let mut info = data.enter(SEQUENCE)?;
        info.with(OID)?;
        Some((info.with(SEQUENCE)?, info.with(FIRST_PLAIN)?))
    };
    let Some((how, secret)) = secret() else { return Ok(None) };
    decrypt(how, secret, password).map(Some)
}

/// Puts what a bag holds to the keys or the certificates; `None` when it cannot be read.
fn read_bag(bag: &[u8], password: &str, keys: &mut Vec<Vec<u8>>, chain: &mut Vec<Vec<u8>>) -> Result<Option<()>> {
    let mut fields = Pieces(bag);
    let (Some(kind), Some(mut value)) = (fields.with(OID), fields.enter(FIRST)) else { return Ok(None) };
    match kind {
        KEY_BAG => keys.extend(value.next().map(|key| key.whole.to_vec())),
        SHROUDED_KEY_BAG => {
            let mut read = || {
                let mut inside = value.enter(SEQUENCE)?;
                Some((inside.with(SEQUENCE)?, inside.with(OCTETS)?))
            };
            let Some((how, secret)) = read() else { return Ok(None) };
            keys.push(decrypt(how, secret, password)?);
        }
        CERTIFICATE_BAG => {
            let mut read = || {
                let mut inside = value.enter(SEQUENCE)?;
                (inside.with(OID)? == X509).then(|| inside.enter(FIRST)?.with(OCTETS))?
            };
            let Some(certificate) = read() else { return Ok(None) };
            chain.push(certificate.to_vec());
        }
        // Lists of revoked certificates and secrets of other programs.
        _ => {}
    }
    Ok(Some(()))
}

/// Opens what was encrypted by a password with PBES2.
fn decrypt(how: &[u8], secret: &[u8], password: &str) -> Result<Vec<u8>> {
    let old = || {
        Error::internal(
            "the PKCS#12 file is encrypted the old way: write it anew with `openssl pkcs12 -export` of OpenSSL 3",
        )
    };
    let wrong = |_| Error::internal("the password of the PKCS#12 file is wrong");
    let recipe = Recipe::read(how).ok_or_else(old)?;
    let mut key = vec![0; recipe.key_len];
    pbkdf2::derive(recipe.mac, recipe.rounds, recipe.salt, password.as_bytes(), &mut key);
    let key =
        UnboundCipherKey::new(recipe.cipher, &key).and_then(PaddedBlockDecryptingKey::cbc_pkcs7).map_err(wrong)?;
    let mut bytes = secret.to_vec();
    let iv = DecryptionContext::Iv128(FixedLength::from(recipe.iv));
    Ok(key.decrypt(&mut bytes, iv).map_err(wrong)?.to_vec())
}

/// How a password opens something.
struct Recipe<'a> {
    mac: pbkdf2::Algorithm,
    rounds: NonZeroU32,
    salt: &'a [u8],
    cipher: &'static aws_lc_rs::cipher::Algorithm,
    key_len: usize,
    iv: [u8; 16],
}

impl<'a> Recipe<'a> {
    fn read(how: &'a [u8]) -> Option<Self> {
        let mut fields = Pieces(how);
        let mut both = (fields.with(OID)? == PBES2).then(|| fields.enter(SEQUENCE))??;
        let mut derivation = both.enter(SEQUENCE)?;
        let mut parameters = (derivation.with(OID)? == PBKDF2).then(|| derivation.enter(SEQUENCE))??;
        let salt = parameters.with(OCTETS)?;
        let rounds = parameters.with(INTEGER)?.iter().try_fold(0_u32, |sum, digit| {
            sum.checked_mul(256)?.checked_add(u32::from(*digit)).filter(|sum| *sum <= MOST_ROUNDS)
        })?;
        let mac = parameters.find(|piece| piece.tag == SEQUENCE).map(|piece| Pieces(piece.content).with(OID));
        let mac = match mac {
            None => pbkdf2::PBKDF2_HMAC_SHA1,
            Some(oid) => match oid?.strip_prefix(HMAC)? {
                [7] => pbkdf2::PBKDF2_HMAC_SHA1,
                [9] => pbkdf2::PBKDF2_HMAC_SHA256,
                [10] => pbkdf2::PBKDF2_HMAC_SHA384,
                [11] => pbkdf2::PBKDF2_HMAC_SHA512,
                _ => return None,
            },
        };
        let mut encryption = both.enter(SEQUENCE)?;
        let (cipher, key_len) = match encryption.with(OID)?.strip_prefix(AES_CBC)? {
            [0x02] => (&AES_128, 16),
            [0x2a] => (&AES_256, 32),
            _ => return None,
        };
        let iv = encryption.with(OCTETS)?.try_into().ok()?;
        Some(Self { mac, rounds: NonZeroU32::new(rounds)?, salt, cipher, key_len, iv })
    }
}

fn algorithm(oid: &[u8], parameters: &[u8]) -> Vec<u8> {
    piece(SEQUENCE, &[&piece(OID, &[oid]), parameters])
}

fn attribute(oid: &[u8], value: &[u8]) -> Vec<u8> {
    piece(SEQUENCE, &[&piece(OID, &[oid]), &piece(SET, &[value])])
}

fn nested(tags: &[u8], inside: &[u8]) -> Vec<u8> {
    tags.iter().rev().fold(inside.to_vec(), |inside, tag| piece(*tag, &[&inside]))
}
