//! Sending a signed letter to its addressee and the copies, and keeping what proves the receipt.

use crate::desk::Desk;
use crate::desk::letter_acts::Seen;
use crate::desk::letter_turn::{LetterTurn, Wish};
use crate::desk::once::{self, Repeat};
use crate::desk::written::required;
use crate::domain::letter::{Letter, LetterAct, LetterKind, LetterState, Recipient};
use crate::domain::ticket::Language;
use crate::error::{Error, Result, Say};
use crate::mail::compose::Outgoing;
use crate::mail::parse::File;
use crate::policy::measures::SanctionMode;
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Duration, Utc};
use serde_json::json;

/// How a letter came to its addressee.
#[derive(Debug, Clone, Default, Hash)]
pub struct Receipt {
    /// When; now when it is left out. UTC.
    pub at: Option<DateTime<Utc>>,
    /// Who took it: a name and an office.
    pub by: String,
    /// What proves it: number of the agenda, a stamp, an answer.
    pub proof: String,
}

impl Desk {
    /// Does the desk send this letter by itself? A proposal to those who decide is handed over by people (KRA 46).
    pub fn sends(&self, letter: &Letter) -> bool {
        letter.kind != LetterKind::Proposal && self.pack().sanction_mode != SanctionMode::ProposalOnly
    }

    /// Sends the signed letter to its addressee and to the copies that have addresses.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `Conflict` when it is not signed, was sent, or is none the desk sends; `Invalid` when nobody has
    /// an address.
    pub async fn send_letter(&self, seen: Seen<'_>, once_key: Option<&str>) -> Result<Letter> {
        let (actor, key, version) = seen;
        let wish = Wish { actor, key, act: LetterAct::Send, version, once: once_key };
        // The bytes are read before the turn is taken; they no longer change.
        let digest = self.letter(actor, key).await?.signed_sha256;
        let LetterTurn { mut tx, mut letter, repeat } = self.letter_turn(wish, &"send").await?;
        if repeat != Repeat::First {
            return Ok(letter);
        }
        if !self.sends(&letter) {
            drop(tx);
            return self.attempt(wish, Err(Error::conflict(Say::new("letter-by-hand")))).await;
        }
        let people: Vec<Recipient> = std::iter::once(&letter.content.addressee)
            .chain(&letter.content.copies)
            .filter(|person| person.email.is_some())
            .cloned()
            .collect();
        if letter.content.addressee.email.is_none() {
            drop(tx);
            return self.attempt(wish, Err(Error::field("addressee", Say::new("letter-no-address")))).await;
        }
        let digest = digest.filter(|digest| Some(digest) == letter.signed_sha256.as_ref());
        let digest = digest.ok_or_else(|| Error::conflict(Say::new("letter-stale")))?;
        let file = File {
            name: format!("{}.pdf", letter.key),
            media_type: "application/pdf".to_owned(),
            bytes: self.kept_pdf(&digest).await?,
        };
        for person in &people {
            self.mail_letter(&mut tx, &letter, person, &file).await?;
        }
        letter.state = LetterState::Sent;
        letter.sent_at = Some(self.now());
        let to: Vec<&str> = people.iter().filter_map(|person| person.email.as_deref()).collect();
        self.save_letter(&mut tx, actor, &mut letter, "letter_sent", json!({"to": to, "sha256": digest})).await?;
        once::answer(&mut tx, actor, once_key, key).await?;
        tx.commit().await?;
        self.wake();
        Ok(letter)
    }

    /// Tells everybody who may sign a letter that it waits, in the transaction that submits it.
    pub(super) async fn tell_signers(&self, tx: &mut Tx, letter: &Letter) -> Result<()> {
        for signer in store::people::holders(tx, letter.signer_role, "").await? {
            let own = [letter.drafted_by, letter.issued_by].contains(&Some(signer.id));
            if own {
                continue;
            }
            let mail = self.composer.write(&Outgoing {
                key: format!("letter-waiting:{}.{}:{}", letter.key, letter.version, signer.id),
                template: "letter_waiting",
                to: &signer.email,
                to_name: &signer.name,
                context: json!({
                    "name": signer.name, "number": letter.number, "about": letter.content.subject,
                    "addressee": letter.content.addressee.name,
                    "url": format!("{}/kerja/tanda-tangan/{}", self.public_url, letter.key),
                }),
                ..Outgoing::automatic(self.now())
            })?;
            self.post(tx, &mail).await?;
        }
        Ok(())
    }

    async fn mail_letter(&self, tx: &mut Tx, letter: &Letter, person: &Recipient, file: &File) -> Result<()> {
        let Some(email) = person.email.as_deref() else { return Ok(()) };
        let date = letter.dated.map(|date| text::long_date(Language::Indonesian, date));
        let mail = Outgoing {
            key: format!("letter:{}:{email}", letter.key),
            template: "official_letter",
            language: Language::Indonesian,
            to: email,
            to_name: &person.name,
            // Whoever cannot be reached must be known: bounces come back.
            automatic: false,
            context: json!({
                "name": person.name, "number": letter.number, "date": date, "about": letter.content.subject,
                "is_copy": *person != letter.content.addressee, "signer": letter.content.signer_title, "office": self.pack().offices.ict,
                "url": self.check_url(&letter.code), "code": letter.code,
            }),
            ..Outgoing::automatic(self.now())
        };
        let mail = self.composer.write_with(&mail, std::slice::from_ref(file))?;
        self.post(tx, &mail).await
    }

    /// Keeps that the addressee has the letter: terms count from here.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `Invalid` without who took it and what proves it, or with an instant before the signature or
    /// ahead; `Conflict` when it has not left.
    pub async fn receive_letter(&self, seen: Seen<'_>, receipt: &Receipt, once_key: Option<&str>) -> Result<Letter> {
        let (actor, key, version) = seen;
        let wish = Wish { actor, key, act: LetterAct::Receive, version, once: once_key };
        let LetterTurn { mut tx, mut letter, repeat } = self.letter_turn(wish, receipt).await?;
        if repeat != Repeat::First {
            return Ok(letter);
        }
        let (by, proof) = (required("received_by", &receipt.by, 200)?, required("receipt", &receipt.proof, 1_000)?);
        let now = self.now();
        let at = receipt.at.unwrap_or(now);
        // Forms know minutes only.
        if at > now || letter.signed_at.is_some_and(|signed| at < signed - Duration::minutes(1)) {
            return Err(Error::field("received_at", Say::new("letter-received-when")));
        }
        letter.state = LetterState::Received;
        letter.received_at = Some(at);
        (letter.received_by, letter.receipt) = (Some(by), Some(proof));
        let facts = json!({"at": at, "by": letter.received_by, "proof": letter.receipt});
        self.save_letter(&mut tx, actor, &mut letter, "letter_received", facts).await?;
        once::answer(&mut tx, actor, once_key, key).await?;
        tx.commit().await?;
        self.wake();
        Ok(letter)
    }
}
