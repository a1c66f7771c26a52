//! What is done to a letter until it waits for its signature: its text is mended, the registry gives its number, and the
//! document is made.

use crate::desk::letter_turn::{LetterTurn, STREAM, Wish, content_digest};
use crate::desk::once::{self, Repeat};
use crate::desk::written::{LONGEST_REASON, optional, required};
use crate::desk::{Desk, chain, files};
use crate::domain::letter::{Content, Letter, LetterAct, LetterState, Recipient};
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::store;
use chrono::NaiveDate;
use serde_json::json;

/// Longest number of a registry, in characters.
const LONGEST_NUMBER: usize = 100;

/// A letter by its key, for somebody who has seen this version of it; none: whichever there is.
pub type Seen<'a> = (&'a Actor, &'a str, Option<i64>);

/// What people may change of a letter's text; what is left out stays.
#[derive(Debug, Clone, Default, Hash)]
pub struct LetterEdit {
    pub urgency: Option<String>,
    pub enclosures: Option<String>,
    pub subject: Option<String>,
    pub addressee: Option<Recipient>,
    pub body: Option<String>,
    pub copies: Option<Vec<Recipient>>,
    pub signer_title: Option<String>,
    pub signer_name: Option<String>,
    pub signer_rank: Option<String>,
    pub signer_nip: Option<String>,
}

impl Desk {
    /// The number the registry may give next, by the pack's pattern. Looking burns none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn proposed_number(&self, letter: &Letter) -> Result<String> {
        let period = letter.key.rsplit_once('-').map_or(letter.key.as_str(), |(period, _)| period);
        let mut tx = self.db.read().await?;
        let mut place = store::letters::numbered_letters(&mut tx, period).await? + 1;
        let date = letter.dated.unwrap_or_else(|| self.local_today());
        let pack = self.pack();
        loop {
            let number = pack.letters.filled(place, date);
            let number = number.map_err(|unknown| Error::internal(format!("{{{unknown}}}")))?;
            // Withdrawn letters leave gaps, so the count alone may name a number that is taken.
            let is_free = store::letters::key_of_number(&mut tx, &number).await?.is_none_or(|key| key == letter.key);
            // A pattern without `{seq}` gives the same number for ever.
            if is_free || pack.letters.filled(place + 1, date).is_ok_and(|next| next == number) {
                return Ok(number);
            }
            place += 1;
        }
    }

    pub(super) fn local_today(&self) -> NaiveDate {
        self.now().with_timezone(&self.pack().zone).date_naive()
    }

    /// Changes the text of a letter that has not been fixed yet.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Invalid`; `Conflict` when it is fixed or somebody has changed it.
    pub async fn edit_letter(&self, actor: &Actor, key: &str, version: i64, edit: &LetterEdit) -> Result<Letter> {
        let wish = Wish { actor, key, act: LetterAct::Edit, version: Some(version), once: None };
        let LetterTurn { mut tx, mut letter, .. } = self.letter_turn(wish, &"").await?;
        change(&mut letter.content, edit)?;
        let facts = json!({"content": content_digest(&letter)?});
        self.save_letter(&mut tx, actor, &mut letter, "letter_edited", facts).await?;
        tx.commit().await?;
        Ok(letter)
    }

    /// Enters the number the registry has given, and the date on the paper if it is known already.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Invalid`; `Conflict` when another letter has the number, or the text is fixed.
    pub async fn number_letter(
        &self,
        wish: Seen<'_>,
        number: &str,
        dated: Option<NaiveDate>,
        once_key: Option<&str>,
    ) -> Result<Letter> {
        let (actor, key, version) = wish;
        let wish = Wish { actor, key, act: LetterAct::Number, version, once: once_key };
        let LetterTurn { mut tx, mut letter, repeat } = self.letter_turn(wish, &(number, dated)).await?;
        if repeat != Repeat::First {
            return Ok(letter);
        }
        let number = required("number", number, LONGEST_NUMBER)?;
        if number.chars().any(char::is_control) {
            return Err(Error::field("number", Say::new("letter-number-line")));
        }
        // Numbers of different letters wait for each other, so that the rule is told in words.
        chain::turn(&mut tx, STREAM, "number").await?;
        if let Some(other) = store::letters::key_of_number(&mut tx, &number).await?.filter(|other| other != key) {
            drop(tx);
            let taken = Error::field("number", Say::new("letter-number-taken").with("key", other));
            return self.attempt(wish, Err(taken)).await;
        }
        letter.number = Some(number);
        letter.dated = dated.or(letter.dated);
        letter.state = LetterState::Numbered;
        let facts = json!({"number": letter.number, "dated": letter.dated});
        self.save_letter(&mut tx, actor, &mut letter, "letter_numbered", facts).await?;
        once::answer(&mut tx, actor, once_key, key).await?;
        tx.commit().await?;
        Ok(letter)
    }

    /// Fixes the text and makes the document that is signed.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `Invalid` when the signer's name is missing; `Conflict` when it has no number, or somebody has
    /// changed it.
    pub async fn request_signature(&self, wish: Seen<'_>, once_key: Option<&str>) -> Result<Letter> {
        let (actor, key, version) = wish;
        let wish = Wish { actor, key, act: LetterAct::RequestSignature, version, once: once_key };
        // The paper is made before the turn is taken: it takes longer than others should wait.
        let mut draft = self.letter(actor, key).await?;
        draft.dated = draft.dated.or_else(|| Some(self.local_today()));
        draft.version += 1;
        let made = self.typeset_letter(draft.clone()).await?;
        let LetterTurn { mut tx, mut letter, repeat } = self.letter_turn(wish, &"request").await?;
        if repeat != Repeat::First {
            return Ok(letter);
        }
        required("signer_name", &letter.content.signer_name, LONGEST_NUMBER)?;
        if letter.version + 1 != draft.version {
            return Err(Error::Conflict { say: Say::new("letter-stale"), version: Some(letter.version) });
        }
        letter.dated = draft.dated;
        letter.issued_sha256 = Some(files::keep(&self.files, &made)?);
        letter.issued_by = Some(actor.account.id);
        letter.state = LetterState::AwaitingSignature;
        letter.note = None;
        let facts = json!({
            "number": letter.number, "dated": letter.dated, "sha256": letter.issued_sha256,
            "content": content_digest(&letter)?,
        });
        self.save_letter(&mut tx, actor, &mut letter, "letter_issued", facts).await?;
        self.tell_signers(&mut tx, &letter).await?;
        once::answer(&mut tx, actor, once_key, key).await?;
        tx.commit().await?;
        self.wake();
        Ok(letter)
    }

    /// Gives a letter back unsigned, or withdraws it before it is signed.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Invalid` without a reason, `Conflict` when its state does not allow it.
    pub async fn stop_letter(
        &self,
        wish: Seen<'_>,
        act: LetterAct,
        note: &str,
        once_key: Option<&str>,
    ) -> Result<Letter> {
        let (actor, key, version) = wish;
        let LetterTurn { mut tx, mut letter, repeat } =
            self.letter_turn(Wish { actor, key, act, version, once: once_key }, &note).await?;
        if repeat != Repeat::First {
            return Ok(letter);
        }
        let note = required("note", note, LONGEST_REASON)?;
        let number = letter.number.clone();
        let kind = match act {
            LetterAct::Withdraw => {
                letter.state = LetterState::Withdrawn;
                // The registry may give it to another letter; the chain keeps it.
                letter.number = None;
                "letter_withdrawn"
            }
            _ => {
                letter.state = LetterState::Numbered;
                letter.issued_sha256 = None;
                // It is dated anew when it is submitted again.
                letter.dated = None;
                "letter_returned"
            }
        };
        letter.note = Some(note);
        let facts = json!({"note": letter.note, "number": number});
        self.save_letter(&mut tx, actor, &mut letter, kind, facts).await?;
        once::answer(&mut tx, actor, once_key, key).await?;
        tx.commit().await?;
        Ok(letter)
    }
}

fn change(content: &mut Content, edit: &LetterEdit) -> Result<()> {
    let one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short = |name, text: &Option<String>, into: &mut String| -> Result<()> {
        if let Some(text) = text {
            *into = one_line(optional(name, text, 200)?);
        }
        Ok(())
    };
    short("urgency", &edit.urgency, &mut content.urgency)?;
    short("enclosures", &edit.enclosures, &mut content.enclosures)?;
    short("signer_title", &edit.signer_title, &mut content.signer_title)?;
    short("signer_name", &edit.signer_name, &mut content.signer_name)?;
    short("signer_rank", &edit.signer_rank, &mut content.signer_rank)?;
    short("signer_nip", &edit.signer_nip, &mut content.signer_nip)?;
    if let Some(subject) = &edit.subject {
        content.subject = one_line(required("subject", subject, 300)?);
    }
    if let Some(body) = &edit.body {
        content.body = required("body", body, 20_000)?;
    }
    if let Some(addressee) = &edit.addressee {
        content.addressee = recipient("addressee", addressee)?;
    }
    if let Some(copies) = &edit.copies {
        content.copies = copies.iter().map(|copy| recipient("copies", copy)).collect::<Result<_>>()?;
    }
    Ok(())
}

/// Somebody a letter goes to, as written.
pub(super) fn recipient(field: &'static str, written: &Recipient) -> Result<Recipient> {
    let name = required(field, &written.name, 200)?;
    let email = written.email.as_deref().map(str::trim).filter(|email| !email.is_empty()).map(str::to_lowercase);
    if email.as_ref().is_some_and(|email| email.parse::<lettre::Address>().is_err()) {
        return Err(Error::field(field, Say::new("field-email")));
    }
    Ok(Recipient { name: name.split_whitespace().collect::<Vec<_>>().join(" "), email })
}
