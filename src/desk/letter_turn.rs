//! The turn to change a letter: who may, in which state, and what stands in its chain.
//!
//! Each letter has a chain of its own, `letter:SRT-2026-0001`. Whoever tries what he may not, or what the letter's state
//! does not allow, is refused with the reason, and the attempt stands in the chain.

use crate::desk::once::{self, Repeat};
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::domain::letter::{Letter, LetterAct, has_written};
use crate::domain::people::Actor;
use crate::error::{Error, Result, Say};
use crate::secret::sha256;
use crate::store::{self, Tx};
use serde_json::{Value, json};
use std::hash::Hash;

/// Kind of stream of letters, in the names of streams.
pub(super) const STREAM: &str = "letter";

/// The turn to change a letter.
pub(super) struct LetterTurn {
    pub tx: Tx,
    pub letter: Letter,
    pub repeat: Repeat,
}

/// What somebody wants to do with which letter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    pub actor: &'a Actor,
    pub key: &'a str,
    pub act: LetterAct,
    /// The version he has seen; none: whichever there is.
    pub version: Option<i64>,
    /// Makes a repeated request harmless.
    pub once: Option<&'a str>,
}

impl Desk {
    /// Takes the turn to change a letter, when the actor may and its state allows it.
    pub(super) async fn letter_turn(&self, wish: Wish<'_>, request: &impl Hash) -> Result<LetterTurn> {
        let mut tx = self.db.write().await?;
        let case_key = store::letters::letter(&mut tx, wish.key).await?.and_then(|letter| letter.case_key);
        // The case first, then the letter: a case that ends takes its letters along in the same order.
        if let Some(case) = &case_key {
            chain::turn(&mut tx, super::cases::STREAM, case).await?;
        }
        chain::turn(&mut tx, STREAM, wish.key).await?;
        let letter = store::letters::letter(&mut tx, wish.key).await?;
        let letter = letter
            .filter(|letter| self.may_letter(wish.actor, LetterAct::Read, letter))
            .ok_or(Error::NotFound("letter"))?;
        if !self.may_letter(wish.actor, wish.act, &letter) {
            drop(tx);
            return self.attempt(wish, Err(refusal(wish.actor, wish.act, &letter))).await;
        }
        let request = once::fingerprint(&(wish.key, wish.act, request));
        let repeat = once::take(&mut tx, wish.actor, wish.once, &request, self.clock.machine()).await?;
        if repeat != Repeat::First {
            return Ok(LetterTurn { tx, letter, repeat });
        }
        if wish.version.is_some_and(|seen| seen != letter.version) {
            drop(tx);
            let stale = Error::Conflict { say: Say::new("letter-stale"), version: Some(letter.version) };
            return self.attempt(wish, Err(stale)).await;
        }
        if !letter.state.allows(wish.act) {
            drop(tx);
            let key = if wish.act == LetterAct::Sign && letter.signed_at.is_some() {
                "letter-signed-before"
            } else {
                "letter-state"
            };
            let say = Say::new(key).with("letter_state", letter.state);
            return self.attempt(wish, Err(Error::Conflict { say, version: Some(letter.version) })).await;
        }
        if wish.act.needs_open_case() && case_is_over(&mut tx, &letter).await? {
            drop(tx);
            return self.attempt(wish, Err(Error::conflict(Say::new("letter-case-ended")))).await;
        }
        Ok(LetterTurn { tx, letter, repeat })
    }

    /// Has the case ended that the letter moves? Then nothing new goes out.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_stopped(&self, letter: &Letter) -> Result<bool> {
        case_is_over(&mut self.db.read().await?, letter).await
    }

    /// Keeps in the letter's chain that somebody tried in vain, and gives the outcome on.
    pub(super) async fn attempt<T>(&self, wish: Wish<'_>, outcome: Result<T>) -> Result<T> {
        if let Err(error) = &outcome
            && matches!(error, Error::Denied(_) | Error::Conflict { .. } | Error::Invalid(_))
        {
            let why = match error {
                Error::Invalid(fields) => fields.first().map_or("", |field| field.say.key),
                other => other.public().key,
            };
            let mut tx = self.db.write().await?;
            let facts = json!({"act": wish.act, "why": why, "version": wish.version});
            let by = ActorLabel::user(wish.actor.account.id);
            chain::note(&mut tx, STREAM, wish.key, self.now(), by, "attempt_refused", facts).await?;
            tx.commit().await?;
        }
        outcome
    }

    /// Saves a changed letter under its next version, tells its chain and its case.
    pub(super) async fn save_letter(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        letter: &mut Letter,
        kind: &'static str,
        facts: Value,
    ) -> Result<()> {
        let by = ActorLabel::user(actor.account.id);
        letter.version += 1;
        letter.updated_at = self.now();
        store::letters::save_letter(tx, letter).await?;
        chain::note(tx, STREAM, &letter.key, letter.updated_at, by.clone(), kind, facts).await?;
        self.letter_moved(tx, letter, &by).await
    }
}

async fn case_is_over(tx: &mut Tx, letter: &Letter) -> Result<bool> {
    let Some(number) = letter.case_key.as_deref().filter(|_| letter.kind.moves_case()) else { return Ok(false) };
    let case = store::cases::by_number(tx, number).await?;
    Ok(case.is_some_and(|case| case.ended_at.is_some()))
}

/// Why somebody may not.
fn refusal(actor: &Actor, act: LetterAct, letter: &Letter) -> Error {
    let is_own = act == LetterAct::Sign && actor.holds(letter.signer_role) && has_written(actor, letter);
    let key = match act {
        LetterAct::Sign if is_own => "letter-own",
        LetterAct::Sign | LetterAct::Return => "letter-not-signer",
        _ => "error-denied",
    };
    Error::Denied(Say::new(key).with("signer", &letter.content.signer_title))
}

/// Digest of what stands on the paper: a text edited in the database no longer fits its event.
pub(super) fn content_digest(letter: &Letter) -> Result<String> {
    Ok(sha256(serde_json::to_string(&letter.content)?))
}
