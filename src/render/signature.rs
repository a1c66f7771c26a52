//! What the signature in a PDF tells of itself: by which certificate it was made, and how far the chain of those who vouch
//! for it leads (RFC 5652, 5280).
//!
//! Whether a certificate was revoked is not asked: that needs the network, and the application for signatures has asked.

use crate::domain::letter::{ChainState, SignatureFacts};
use crate::render::der::{FIRST, OCTETS, OID, Pieces, SEQUENCE, SET, piece};
use crate::render::x509::{Certificate, called};
use chrono::{DateTime, Utc};
use data_encoding::BASE64;

/// Longest chain that is followed.
const LONGEST: usize = 8;
const SHA2: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02";
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// A signature in CMS, taken apart.
struct Parts<'a> {
    certificates: Vec<Certificate<'a>>,
    /// Issuer and number of the certificate it was made with, each with its tag.
    issuer: &'a [u8],
    serial: &'a [u8],
    /// What was signed: the attributes as a set.
    signed: Vec<u8>,
    algorithm: &'a [u8],
    /// 2, 3 or 4: SHA-256, 384 or 512.
    digest: u8,
    signature: &'a [u8],
}

/// What a signature in CMS tells, seen at `at`; `None` when it cannot be read. Without `roots` its chain is not followed.
pub fn facts(cms: &[u8], roots: &[Vec<u8>], at: DateTime<Utc>) -> Option<SignatureFacts> {
    let parts = Parts::read(cms)?;
    let mut own = parts.certificates.iter();
    let signer = own.find(|certificate| certificate.issuer == parts.issuer && certificate.serial == parts.serial)?;
    let fits = signer.has_signed(&parts.signed, parts.algorithm, parts.digest, parts.signature);
    let roots: Vec<Certificate<'_>> = roots.iter().filter_map(|root| Certificate::read(root)).collect();
    Some(SignatureFacts {
        signer: called(signer.subject),
        issuer: called(signer.issuer),
        from: signer.from,
        until: signer.until,
        valid_then: signer.is_valid(at),
        fits,
        chain: if roots.is_empty() { ChainState::NotChecked } else { chain(*signer, &parts.certificates, &roots, at) },
    })
}

/// Was this signature made over bytes with this SHA-256, by the key of the certificate that it names?
pub fn covers(cms: &[u8], sha256: &[u8]) -> bool {
    // Nothing may stand behind it: what is kept is what was made.
    let is_whole = Pieces(cms).next().is_some_and(|piece| piece.whole.len() == cms.len());
    let Some(parts) = Parts::read(cms).filter(|_| is_whole) else { return false };
    let own = parts.certificates.iter().find(|it| it.issuer == parts.issuer && it.serial == parts.serial);
    let fits = own.and_then(|it| it.has_signed(&parts.signed, parts.algorithm, parts.digest, parts.signature));
    // The digest stands among what was signed.
    fits == Some(true) && !sha256.is_empty() && parts.signed.windows(sha256.len()).any(|window| window == sha256)
}

/// What a signature in CMS signs, as it stands in it: the attributes of who signed; `None` when it cannot be read.
pub fn signed(cms: &[u8]) -> Option<Vec<u8>> {
    Parts::read(cms).map(|parts| parts.signed)
}

/// Certificates of a PEM text as DER; `None` when there is none or one is broken.
pub fn certificates(pem: &str) -> Option<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for part in pem.split(BEGIN).skip(1) {
        let text: String = part.split_once(END)?.0.split_whitespace().collect();
        let der = BASE64.decode(text.as_bytes()).ok()?;
        Certificate::read(&der)?;
        found.push(der);
    }
    (!found.is_empty()).then_some(found)
}

/// Follows who vouches for whom up to a trusted root.
fn chain(
    signer: Certificate<'_>,
    known: &[Certificate<'_>],
    roots: &[Certificate<'_>],
    at: DateTime<Utc>,
) -> ChainState {
    let mut now = signer;
    for _ in 0..LONGEST {
        if !now.is_valid(at) {
            return ChainState::Incomplete;
        }
        let is_trusted =
            |root: &Certificate<'_>| root.whole == now.whole || now.is_vouched_by(root) && root.is_valid(at);
        if roots.iter().any(is_trusted) {
            return ChainState::Complete;
        }
        match known.iter().find(|other| other.whole != now.whole && now.is_vouched_by(other)) {
            Some(next) => now = *next,
            None => return ChainState::Incomplete,
        }
    }
    ChainState::Incomplete
}

impl<'a> Parts<'a> {
    fn read(cms: &'a [u8]) -> Option<Self> {
        let mut info = Pieces(cms).enter(SEQUENCE)?;
        info.with(OID)?;
        let mut data = info.enter(FIRST)?.enter(SEQUENCE)?;
        // Version, algorithms, what was signed: nothing, for it lies outside.
        data.next()?;
        data.with(SET)?;
        data.with(SEQUENCE)?;
        let bag = data.enter(FIRST)?;
        let certificates = bag.filter_map(|one| Certificate::read(one.whole)).collect();
        let mut signer = data.find(|piece| piece.tag == SET).map(|piece| Pieces(piece.content))?.enter(SEQUENCE)?;
        signer.next()?;
        let mut name = signer.enter(SEQUENCE)?;
        let (issuer, serial) = (name.next()?.whole, name.next()?.whole);
        let digest = match signer.enter(SEQUENCE)?.with(OID)?.strip_prefix(SHA2)? {
            [1] => 2,
            [2] => 3,
            [3] => 4,
            _ => return None,
        };
        let attributes = signer.with(FIRST)?;
        let algorithm = signer.enter(SEQUENCE)?.with(OID)?;
        let signature = signer.with(OCTETS)?;
        // Signed as a set, carried as [0].
        let signed = piece(SET, &[attributes]);
        Some(Self { certificates, issuer, serial, signed, algorithm, digest, signature })
    }
}
