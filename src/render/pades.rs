//! Signatures in PDF: adding one as an incremental update (PAdES, ETSI EN 319 142), and holding a signed file against the
//! document that was to be signed.

use crate::domain::letter::SignatureFacts;
use crate::error::{Error, Result};
use crate::render::certificate::{Identity, MESSAGE_DIGEST};
use crate::render::signature;
use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER_PERMISSIVE;
use lopdf::{Dictionary, Document, IncrementalDocument, LoadOptions, Object, ObjectId, StringFormat, dictionary};
use std::fmt::Write as _;

/// Room for a signature with its certificates, in bytes.
const ROOM: usize = 16 * 1024;
/// A number as wide as any place in a file, to be written over.
const WIDE: i64 = 1_111_111_111;
/// What one stream of an uploaded file may unpack to, in bytes.
const UNPACKED: usize = 64 << 20;
/// Most signs that a program for signatures may print on a page: its stamp.
const STAMP: usize = 600;
/// Largest file that is looked at, in bytes.
pub const LARGEST: usize = 10 << 20;

/// Why an uploaded file is not the signed document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    TooLarge,
    NoPdf,
    /// The very document, or its copy, without a signature.
    Unsigned,
    /// Changed after it was signed.
    Altered,
    /// Another number of pages.
    Pages {
        expected: usize,
        found: usize,
    },
    /// Another text on this page, counted from 1.
    Text {
        page: usize,
    },
}

/// The document with a signature behind it; the bytes before it stay as they are.
///
/// # Errors
/// `Internal` when the document cannot be read, or the key does not sign.
pub fn sign(pdf: &[u8], identity: &Identity, signer: &str, at: DateTime<Utc>) -> Result<Vec<u8>> {
    let mut bytes = with_room(pdf, signer, at).map_err(|error| Error::Internal(error.into()))?;
    let lost = || Error::internal("the place of the signature is lost");
    let from = pdf.len() + find(&bytes[pdf.len()..], b"/Contents<").ok_or_else(lost)? + b"/Contents".len();
    let to = from + 2 + 2 * ROOM;
    let numbers = format!("[0 {from} {to} {}]", bytes.len() - to);
    let wide = format!("[0 {WIDE} {WIDE} {WIDE}]");
    let place = pdf.len() + find(&bytes[pdf.len()..], wide.as_bytes()).ok_or_else(lost)?;
    let padded = format!("{numbers:<width$}", width = wide.len());
    bytes[place..place + wide.len()].copy_from_slice(padded.as_bytes());
    let signature = identity.sign(covered(&bytes, [0, from, to, bytes.len() - to], &digest::SHA256).as_ref())?;
    if signature.len() > ROOM {
        return Err(Error::internal("the certificates are larger than their place"));
    }
    let mut hex = String::new();
    for byte in &signature {
        // Writing into a text does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    bytes[from + 1..from + 1 + hex.len()].copy_from_slice(hex.as_bytes());
    Ok(bytes)
}

/// The document with an empty signature of its full size behind it.
fn with_room(pdf: &[u8], signer: &str, at: DateTime<Utc>) -> lopdf::Result<Vec<u8>> {
    let before = Document::load_mem(pdf)?;
    let page: ObjectId = before.page_iter().next().ok_or(lopdf::Error::PageNumberNotFound(1))?;
    let catalog = before.trailer.get(b"Root")?.as_reference()?;
    let mut update = IncrementalDocument::create_from(pdf.to_vec(), before);
    let signature = update.new_document.add_object(dictionary! {
        "Type" => "Sig",
        "Filter" => "Adobe.PPKLite",
        "SubFilter" => "ETSI.CAdES.detached",
        "ByteRange" => vec![0.into(), WIDE.into(), WIDE.into(), WIDE.into()],
        "M" => Object::string_literal(at.format("D:%Y%m%d%H%M%SZ").to_string()),
        "Name" => lopdf::text_string(signer),
        "Contents" => Object::String(vec![0; ROOM], StringFormat::Hexadecimal),
    });
    let field = update.new_document.add_object(dictionary! {
        "Type" => "Annot",
        "Subtype" => "Widget",
        "FT" => "Sig",
        "T" => Object::string_literal("Signature1"),
        "V" => signature,
        "P" => page,
        "Rect" => vec![0.into(), 0.into(), 0.into(), 0.into()],
        "F" => 132,
    });
    update.opt_clone_object_to_new_document(page)?;
    let mut notes = match update.new_document.get_dictionary(page)?.get(b"Annots") {
        Ok(Object::Reference(id)) => update.get_prev_documents().get_object(*id)?.as_array()?.clone(),
        Ok(notes) => notes.as_array()?.clone(),
        Err(_) => Vec::new(),
    };
    notes.push(field.into());
    update.new_document.get_object_mut(page)?.as_dict_mut()?.set("Annots", notes);
    update.opt_clone_object_to_new_document(catalog)?;
    let form: Dictionary = dictionary! { "Fields" => vec![field.into()], "SigFlags" => 3 };
    update.new_document.get_object_mut(catalog)?.as_dict_mut()?.set("AcroForm", form);
    let mut bytes = Vec::new();
    update.save_to(&mut bytes)?;
    Ok(bytes)
}

/// Is `uploaded` the document `issued` with a signature, and what does the signature tell? Programs for signatures append
/// to the file, or write it anew and print a stamp, so the pages are compared by their words; and the signature must fit
/// the bytes it covers. Its chain is followed to `roots`, seen at `at`.
///
/// # Errors
/// The first reason why it is not.
pub fn hold_against(
    issued: &[u8],
    uploaded: &[u8],
    roots: &[Vec<u8>],
    at: DateTime<Utc>,
) -> Result<Option<SignatureFacts>, Fault> {
    if uploaded.len() > LARGEST {
        return Err(Fault::TooLarge);
    }
    if !uploaded.starts_with(b"%PDF-") {
        return Err(Fault::NoPdf);
    }
    let (expected, found) = (pages(issued).ok_or(Fault::NoPdf)?, pages(uploaded).ok_or(Fault::NoPdf)?);
    if expected.len() != found.len() {
        return Err(Fault::Pages { expected: expected.len(), found: found.len() });
    }
    for (place, (expected, found)) in expected.iter().zip(&found).enumerate() {
        if !has_words(found, expected) {
            return Err(Fault::Text { page: place + 1 });
        }
    }
    match signature::facts(&signature_of(uploaded)?, roots, at) {
        // The digest is right, but somebody else's key made it.
        Some(SignatureFacts { fits: Some(false), .. }) => Err(Fault::Altered),
        facts => Ok(facts),
    }
}

/// What the last signature of a file tells of itself; `None`: nothing that can be read.
pub fn told(pdf: &[u8], roots: &[Vec<u8>], at: DateTime<Utc>) -> Option<SignatureFacts> {
    signature::facts(&signature_of(pdf).ok()?, roots, at)
}

/// The words of each page without spaces; `None` when the file cannot be read.
fn pages(pdf: &[u8]) -> Option<Vec<String>> {
    let options = LoadOptions { max_decompressed_size: Some(UNPACKED), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(pdf, options).ok()?;
    if document.is_encrypted() {
        return None;
    }
    let numbers: Vec<u32> = document.get_pages().into_keys().collect();
    let text = |number: u32| document.extract_text_with_limit(&[number], UNPACKED).ok();
    let bare = |text: String| text.chars().filter(|sign| !sign.is_whitespace()).collect();
    numbers.into_iter().map(|number| text(number).map(bare)).collect()
}

/// Does a page say all that was expected in its order, and besides no more than a stamp?
fn has_words(found: &str, expected: &str) -> bool {
    let surplus = found.chars().count().checked_sub(expected.chars().count());
    surplus.is_some_and(|surplus| surplus <= STAMP) && {
        let mut rest = found.chars();
        expected.chars().all(|sign| rest.any(|other| other == sign))
    }
}

/// The last signature of a file in CMS, if it fits the bytes it covers, and covers the file to its end.
fn signature_of(pdf: &[u8]) -> Result<Vec<u8>, Fault> {
    let range = last_range(pdf).ok_or(Fault::Unsigned)?;
    let [start, first, second, length] = range;
    let end = second.checked_add(length).ok_or(Fault::Altered)?;
    let is_whole = start == 0 && first < second && end <= pdf.len() && pdf[end..].iter().all(u8::is_ascii_whitespace);
    if !is_whole {
        return Err(Fault::Altered);
    }
    let hex: Vec<u8> = pdf[first..second].iter().copied().filter(u8::is_ascii_hexdigit).collect();
    let cms = HEXLOWER_PERMISSIVE.decode(&hex[..hex.len() / 2 * 2]).map_err(|_| Fault::Unsigned)?;
    // The digest counts where it is signed; anybody may write one elsewhere, among the certificates for instance.
    let told = signature::signed(&cms).unwrap_or_else(|| cms.clone());
    if tells(&told, pdf, range) { Ok(cms) } else { Err(Fault::Altered) }
}

/// Which bytes the last signature of a file covers, as it says.
fn last_range(pdf: &[u8]) -> Option<[usize; 4]> {
    let mark = b"/ByteRange";
    let last = pdf.windows(mark.len()).rposition(|window| window == mark)?;
    let after = &pdf[last + mark.len()..];
    let open = find(after, b"[").filter(|place| *place < 8)?;
    let close = find(after, b"]").filter(|place| *place < 200)?;
    let numbers = std::str::from_utf8(after.get(open + 1..close)?).ok()?;
    let numbers: Vec<usize> = numbers.split_whitespace().map(|word| word.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

/// Does a signature carry the digest of the bytes it covers?
fn tells(cms: &[u8], pdf: &[u8], range: [usize; 4]) -> bool {
    let Some(place) = find(cms, MESSAGE_DIGEST) else { return false };
    // Set, string of bytes, digest.
    let Some([0x31, _, 0x04, length, rest @ ..]) = cms.get(place + MESSAGE_DIGEST.len()..) else { return false };
    let algorithm = match length {
        32 => &digest::SHA256,
        48 => &digest::SHA384,
        64 => &digest::SHA512,
        _ => return false,
    };
    rest.get(..usize::from(*length)) == Some(covered(pdf, range, algorithm).as_ref())
}

fn covered(
    bytes: &[u8],
    [start, first, second, length]: [usize; 4],
    algorithm: &'static digest::Algorithm,
) -> digest::Digest {
    let mut context = digest::Context::new(algorithm);
    context.update(&bytes[start..start + first]);
    context.update(&bytes[second..second + length]);
    context.finish()
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
