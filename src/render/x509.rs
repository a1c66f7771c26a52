//! Certificates as far as a chain of signatures needs them (RFC 5280): names, times, keys, and who vouches for whom.

use crate::render::certificate::instant;
use crate::render::der::{BITS, BOOLEAN, FIRST, INTEGER, OCTETS, OID, Pieces, SEQUENCE, SET, THIRD};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use chrono::{DateTime, Utc};

const COMMON_NAME: &[u8] = b"\x55\x04\x03";
const ORGANISATION: &[u8] = b"\x55\x04\x0a";
const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1d\x13";
const PKCS1: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01";
const ECDSA_SHA2: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03";
const EC_KEY: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
const P384: &[u8] = b"\x2b\x81\x04\x00\x22";
/// A text in two bytes for each sign.
const WIDE_TEXT: u8 = 0x1e;

/// A certificate, read.
#[derive(Debug, Clone, Copy)]
pub struct Certificate<'a> {
    /// All of it.
    pub whole: &'a [u8],
    /// Number and issuer name it, each with its tag.
    pub serial: &'a [u8],
    pub issuer: &'a [u8],
    pub subject: &'a [u8],
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// What its issuer has signed, with which algorithm, and the signature.
    signed: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    key: Key<'a>,
    /// It may vouch for others.
    is_authority: bool,
}

#[derive(Debug, Clone, Copy)]
struct Key<'a> {
    is_curve: bool,
    is_p384: bool,
    bits: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads one; `None` when it is none, or of a form nobody uses.
    pub fn read(der: &'a [u8]) -> Option<Self> {
        let whole = Pieces(der).next()?.whole;
        let mut outer = Pieces(whole).enter(SEQUENCE)?;
        let signed = outer.next()?;
        let algorithm = outer.enter(SEQUENCE)?.with(OID)?;
        let signature = outer.with(BITS)?.get(1..)?;
        let mut fields = Pieces(signed.content);
        let mut serial = fields.next()?;
        if serial.tag == FIRST {
            serial = fields.next()?;
        }
        (serial.tag == INTEGER).then_some(())?;
        fields.with(SEQUENCE)?;
        let issuer = fields.next()?;
        let mut validity = fields.enter(SEQUENCE)?;
        let (from, until) = (instant(&mut validity)?, instant(&mut validity)?);
        let subject = fields.next()?;
        let mut info = fields.enter(SEQUENCE)?;
        let mut kind = info.enter(SEQUENCE)?;
        let is_curve = kind.with(OID)? == EC_KEY;
        let is_p384 = is_curve && kind.with(OID) == Some(P384);
        let bits = info.with(BITS)?.get(1..)?;
        Some(Self {
            whole,
            serial: serial.whole,
            issuer: issuer.whole,
            subject: subject.whole,
            from,
            until,
            signed: signed.whole,
            algorithm,
            signature,
            key: Key { is_curve, is_p384, bits },
            is_authority: is_authority(fields),
        })
    }

    /// Has `issuer` vouched for it, being allowed to?
    pub fn is_vouched_by(&self, issuer: &Certificate<'_>) -> bool {
        issuer.is_authority
            && self.issuer == issuer.subject
            && issuer.has_signed(self.signed, self.algorithm, 2, self.signature) == Some(true)
    }

    /// Has its key signed `bytes`? `digest`: 2, 3 or 4 for SHA-256, 384 or 512, where the algorithm does not say it;
    /// `None`: an algorithm that is not known here.
    pub fn has_signed(&self, bytes: &[u8], algorithm: &[u8], digest: u8, signature: &[u8]) -> Option<bool> {
        let verifier = self.verifier(algorithm, digest)?;
        Some(UnparsedPublicKey::new(verifier, self.key.bits).verify(bytes, signature).is_ok())
    }

    fn verifier(&self, algorithm: &[u8], digest: u8) -> Option<&'static dyn VerificationAlgorithm> {
        if let Some(kind) = algorithm.strip_prefix(ECDSA_SHA2) {
            return match (self.key.is_p384, kind) {
                _ if !self.key.is_curve => None,
                (false, [2]) => Some(&ECDSA_P256_SHA256_ASN1),
                (false, [3]) => Some(&ECDSA_P256_SHA384_ASN1),
                (true, [2]) => Some(&ECDSA_P384_SHA256_ASN1),
                (true, [3]) => Some(&ECDSA_P384_SHA384_ASN1),
                _ => None,
            };
        }
        match (algorithm.strip_prefix(PKCS1)?, digest) {
            ([11], _) | ([1], 2) => Some(&RSA_PKCS1_2048_8192_SHA256),
            ([12], _) | ([1], 3) => Some(&RSA_PKCS1_2048_8192_SHA384),
            ([13], _) | ([1], 4) => Some(&RSA_PKCS1_2048_8192_SHA512),
            ([10], 2) => Some(&RSA_PSS_2048_8192_SHA256),
            ([10], 3) => Some(&RSA_PSS_2048_8192_SHA384),
            ([10], 4) => Some(&RSA_PSS_2048_8192_SHA512),
            _ => None,
        }
    }

    /// In force at `at`?
    pub fn is_valid(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && at <= self.until
    }
}

/// What people call whoever has this name: the common name, or the organisation.
pub fn called(name: &[u8]) -> String {
    let part = |wanted: &[u8]| {
        Pieces(name).enter(SEQUENCE)?.find_map(|set| {
            let mut pair = Pieces(set.whole).enter(SET)?.enter(SEQUENCE)?;
            let text = (pair.with(OID)? == wanted).then(|| pair.next())??;
            Some(if text.tag == WIDE_TEXT {
                let units: Vec<u16> =
                    text.content.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect();
                String::from_utf16_lossy(&units)
            } else {
                String::from_utf8_lossy(text.content).into_owned()
            })
        })
    };
    let found: String = part(COMMON_NAME).or_else(|| part(ORGANISATION)).unwrap_or_default();
    found.chars().filter(|sign| !sign.is_control()).take(200).collect()
}

/// Do the extensions say that it may vouch for others?
fn is_authority(fields: Pieces<'_>) -> bool {
    let found = || {
        let mut list = Pieces(fields.clone().find(|piece| piece.tag == THIRD)?.content).enter(SEQUENCE)?;
        let constraints = list.find_map(|extension| {
            let mut parts = Pieces(extension.content);
            (parts.with(OID)? == BASIC_CONSTRAINTS).then(|| parts.find(|piece| piece.tag == OCTETS))?
        })?;
        Pieces(constraints.content).enter(SEQUENCE)?.with(BOOLEAN).map(|value| value != [0])
    };
    found().unwrap_or(false)
}
