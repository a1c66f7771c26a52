//! Signing a letter: the signed document is brought from the application for signatures, or the installation signs with its
//! own certificate. Whoever signs holds the role the letter names, and has not written it.

use crate::desk::documents::NewDocument;
use crate::desk::letter_acts::Seen;
use crate::desk::letter_turn::{LetterTurn, Wish};
use crate::desk::once::{self, Repeat};
use crate::desk::prove_again::Proof;
use crate::desk::{Desk, files};
use crate::domain::event::ActorLabel;
use crate::domain::letter::{DocumentKind, Letter, LetterAct, LetterState, SignatureFacts, SignedHow};
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::render::pades::{self, Fault};
use crate::store::{self, Tx};
use serde_json::json;
use std::sync::Arc;

impl Desk {
    /// Can the installation sign by itself now?
    pub fn signs_itself(&self) -> bool {
        self.signer.as_ref().is_some_and(|signer| signer.is_valid(self.now()))
    }

    /// Takes the signed document, if it is the one that was to be signed.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `Invalid` on `file` with the reason when it is another document, altered or unsigned; `Conflict`
    /// when the letter is signed already, has not been submitted or has changed.
    pub async fn sign_uploaded(&self, seen: Seen<'_>, pdf: Vec<u8>, once_key: Option<&str>) -> Result<Letter> {
        let (actor, key, version) = seen;
        let wish = Wish { actor, key, act: LetterAct::Sign, version, once: once_key };
        let digest = crate::secret::sha256(&pdf);
        let Some(letter) = self.to_be_signed(wish, &digest).await? else { return self.letter(actor, key).await };
        let issued = self.issued_pdf(&letter).await?;
        let (roots, now) = (Arc::clone(&self.signing_roots), self.now());
        let work = tokio::task::spawn_blocking(move || (pades::hold_against(&issued, &pdf, &roots, now), pdf));
        let (verdict, pdf) = work.await.map_err(|error| Error::Internal(error.into()))?;
        let facts = match verdict {
            Ok(facts) => facts,
            Err(fault) => return self.attempt(wish, Err(Error::field("file", told(fault)))).await,
        };
        let wish = Wish { version: Some(letter.version), ..wish };
        self.signed(wish, &digest, (SignedHow::Uploaded, facts), &pdf).await
    }

    /// Signs with the certificate of the installation (PAdES), after the signer has proved once more who he is.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `Conflict` when there is no certificate in force, or as [`Desk::sign_uploaded`]; `Invalid` on
    /// `password` or `code` when the proof is wrong, `TooMany` after repeated wrong ones.
    pub async fn sign_itself(&self, seen: Seen<'_>, proof: &Proof, once_key: Option<&str>) -> Result<Letter> {
        let (actor, key, version) = seen;
        let wish = Wish { actor, key, act: LetterAct::Sign, version, once: once_key };
        let Some(letter) = self.to_be_signed(wish, "own").await? else { return self.letter(actor, key).await };
        let now = self.now();
        let Some(signer) = self.signer.clone().filter(|signer| signer.is_valid(now)) else {
            return self.attempt(wish, Err(Error::conflict(Say::new("letter-no-certificate")))).await;
        };
        if let Err(error) = self.prove_again(actor, proof).await {
            return self.attempt(wish, Err(error)).await;
        }
        let (issued, name) = (self.issued_pdf(&letter).await?, letter.content.signer_name.clone());
        let roots = Arc::clone(&self.signing_roots);
        let work = tokio::task::spawn_blocking(move || {
            let pdf = pades::sign(&issued, &signer, &name, now)?;
            Ok::<_, Error>((pades::told(&pdf, &roots, now), pdf))
        });
        let (facts, pdf) = work.await.map_err(|error| Error::Internal(error.into()))??;
        self.signed(Wish { version: Some(letter.version), ..wish }, "own", (SignedHow::Own, facts), &pdf).await
    }

    /// The letter, if it may be signed so; `None` when this very request has signed it before. Holding two files against each
    /// other takes longer than others should wait, so the turn is given back.
    async fn to_be_signed(&self, wish: Wish<'_>, request: &str) -> Result<Option<Letter>> {
        let LetterTurn { letter, repeat, .. } = self.letter_turn(wish, &request).await?;
        Ok((repeat == Repeat::First).then_some(letter))
    }

    async fn issued_pdf(&self, letter: &Letter) -> Result<Vec<u8>> {
        let digest = letter.issued_sha256.as_deref().ok_or_else(|| Error::internal("the document is not kept"))?;
        self.kept_pdf(digest).await
    }

    /// Keeps the signed document: from now on it is the letter.
    async fn signed(
        &self,
        wish: Wish<'_>,
        request: &str,
        (how, told): (SignedHow, Option<SignatureFacts>),
        pdf: &[u8],
    ) -> Result<Letter> {
        let LetterTurn { mut tx, mut letter, repeat } = self.letter_turn(wish, &request).await?;
        if repeat != Repeat::First {
            return Ok(letter);
        }
        let digest = files::keep(&self.files, pdf)?;
        letter.signed_sha256 = Some(digest.clone());
        (letter.signed_how, letter.signed_by) = (Some(how), Some(wish.actor.account.id));
        letter.signed_at = Some(self.now());
        letter.signature = told;
        letter.state = LetterState::Signed;
        let replaced = match self.give_way(&mut tx, wish.actor, &letter).await {
            Err(refused @ Error::Conflict { .. }) => {
                drop(tx);
                return self.attempt(wish, Err(refused)).await;
            }
            other => other?,
        };
        let document = NewDocument {
            code: letter.code.clone(),
            kind: DocumentKind::Letter,
            number: letter.number.clone().unwrap_or_default(),
            dated: letter.dated.unwrap_or_else(|| self.local_today()),
            issuer: letter.content.signer_title.clone(),
            sha256: digest,
            replaces: replaced.map(|old| old.code),
        };
        self.register_document(&mut tx, &ActorLabel::user(wish.actor.account.id), document).await?;
        let facts = json!({"how": how, "sha256": letter.signed_sha256, "issued": letter.issued_sha256,
            "signature": letter.signature});
        self.save_letter(&mut tx, wish.actor, &mut letter, "letter_signed", facts).await?;
        once::answer(&mut tx, wish.actor, wish.once, wish.key).await?;
        tx.commit().await?;
        self.wake();
        Ok(letter)
    }

    /// The letter in whose place this one stands from now on.
    async fn give_way(&self, tx: &mut Tx, actor: &Actor, letter: &Letter) -> Result<Option<Letter>> {
        let Some(key) = &letter.replaces else { return Ok(None) };
        let Some(mut old) = store::letters::letter(tx, key).await?.filter(|old| old.signed_at.is_some()) else {
            return Ok(None);
        };
        if old.state == LetterState::Superseded {
            let say = Say::new("letter-replaced-before").with("key", key);
            return Err(Error::conflict(say));
        }
        old.state = LetterState::Superseded;
        let facts = json!({"by": letter.key});
        self.save_letter(tx, actor, &mut old, "letter_superseded", facts).await?;
        Ok(Some(old))
    }
}

/// Why a file is refused.
fn told(fault: Fault) -> Say {
    match fault {
        Fault::TooLarge => Say::new("letter-file-large").with("most", pades::LARGEST >> 20),
        Fault::NoPdf => Say::new("letter-file-no-pdf"),
        Fault::Unsigned => Say::new("letter-file-unsigned"),
        Fault::Altered => Say::new("letter-file-altered"),
        Fault::Pages { expected, found } => {
            Say::new("letter-file-pages").with("expected", expected).with("found", found)
        }
        Fault::Text { page } => Say::new("letter-file-text").with("page", page),
    }
}
