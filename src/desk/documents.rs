//! Documents anybody may check by a code or by their digest: letters and reports that have been issued.

use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::domain::letter::{DocumentKind, DocumentState, IssuedDocument};
use crate::error::{Error, Result, Say};
use crate::store::{self, Tx};
use chrono::NaiveDate;
use serde_json::json;

/// Kind of stream of the register, in the names of streams.
const STREAM: &str = "document";
/// Looks one source may take within the window of tries.
const LOOKS: i64 = 60;

/// A document to be registered.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// From [`crate::secret::new_code`]: it stands on the paper already.
    pub code: String,
    pub kind: DocumentKind,
    /// Number on the paper.
    pub number: String,
    /// Local date on the paper.
    pub dated: NaiveDate,
    /// Office of whoever signed or issued it.
    pub issuer: String,
    /// Digest of its bytes.
    pub sha256: String,
    /// Code of the document in whose place it stands.
    pub replaces: Option<String>,
}

/// What the public is told of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The document; `None`: nobody here has issued one with this code or digest.
    pub document: Option<IssuedDocument>,
    /// Whether a digest that was given is that of the document; `None`: none was given.
    pub matches: Option<bool>,
}

impl Desk {
    /// The page on which anybody checks a document.
    pub fn check_url(&self, code: &str) -> String {
        format!("{}/cek-surat/{code}", self.public_url)
    }

    /// Enters a document in the register, in the transaction that issues it.
    ///
    /// # Errors
    /// Its code is taken, or the database does not answer.
    pub async fn register_document(&self, tx: &mut Tx, by: &ActorLabel, new: NewDocument) -> Result<IssuedDocument> {
        let document = IssuedDocument {
            code: new.code,
            kind: new.kind,
            number: new.number,
            dated: new.dated,
            issuer: new.issuer,
            sha256: new.sha256,
            issued_at: self.now(),
            state: DocumentState::Authentic,
            superseded_by: None,
        };
        store::documents::add_document(tx, &document).await?;
        let facts = json!({"kind": document.kind, "number": document.number, "sha256": document.sha256});
        chain::note(tx, STREAM, &document.code, document.issued_at, by.clone(), "document_issued", facts).await?;
        if let Some(old) = new.replaces
            && store::documents::supersede_document(tx, &old, Some(&document.code)).await?
        {
            let facts = json!({"by": document.code});
            chain::note(tx, STREAM, &old, document.issued_at, by.clone(), "document_superseded", facts).await?;
        }
        Ok(document)
    }

    /// What the public may know of a document: by its code as it was typed, with the digest of a file if one is held
    /// against it, or by the digest alone. `source` is where the question came from.
    ///
    /// # Errors
    /// `Invalid` when neither is given or the digest is none; `TooMany` when one source asks too often.
    pub async fn check_document(&self, code: &str, digest: &str, source: &str) -> Result<Verdict> {
        let (code, digest) = (tidy(code), digest.trim().to_ascii_lowercase());
        if code.is_empty() && digest.is_empty() {
            return Err(Error::field("code", Say::new("check-code-needed")));
        }
        let is_digest = digest.len() == 64 && digest.bytes().all(|sign| sign.is_ascii_hexdigit());
        if !digest.is_empty() && !is_digest {
            return Err(Error::field("sha256", Say::new("check-digest-form")));
        }
        // Every look counts, so that nobody tries codes until one is known.
        let _counted = self.count_try(&[(&format!("check {source}"), LOOKS)]).await?;
        let mut tx = self.db.glance().await?;
        let document = match code.is_empty() {
            true => store::documents::document_by_digest(&mut tx, &digest).await?,
            false => store::documents::document(&mut tx, &code).await?,
        };
        let matches = document.as_ref().filter(|_| !digest.is_empty()).map(|document| document.sha256 == digest);
        Ok(Verdict { document, matches })
    }
}

/// A code as it stands in the register: capitals, look-alikes forgiven, a dash after every fourth sign.
fn tidy(typed: &str) -> String {
    let signs = typed.chars().filter(char::is_ascii_alphanumeric).map(|sign| match sign.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    });
    let signs: Vec<char> = signs.take(64).collect();
    signs.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_being_typed() {
        let code = crate::secret::new_code().expect("randomness");
        assert_eq!((code.len(), code.matches('-').count()), (19, 3), "{code}");
        assert_eq!(tidy(&code.to_lowercase().replace('-', " ")), code);
        assert_eq!(tidy("o1l2-abcd-efgh"), "0112-ABCD-EFGH");
        assert_ne!(crate::secret::new_code().expect("randomness"), code);
    }
}
