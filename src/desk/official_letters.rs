//! Official letters: written from a template, numbered by the registry, made as a document that waits for its signature.
//!
//! Each letter has a chain of its own, `letter:SRT-2026-0001`. Whoever tries what he may not, or what the letter's state
//! does not allow, is refused with the reason, and the attempt stands in the chain.

use crate::desk::once::{self, Repeat};
use crate::desk::written::{LONGEST_REASON, optional, required};
use crate::desk::{Desk, chain, files};
use crate::domain::event::ActorLabel;
use crate::domain::letter::{Content, Letter, LetterAct, LetterState, Recipient, TicketLine, may, may_list};
use crate::domain::people::{Actor, Role};
use crate::error::{Error, Result, Say};
use crate::policy::Pack;
use crate::render::{letter as paper, official};
use crate::secret::{new_code, sha256};
use crate::store::letters::LetterFilter;
use crate::store::{self, Tx};
use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};
use std::hash::Hash;

/// Kind of stream of letters, in the names of streams.
pub(super) const STREAM: &str = "letter";
/// Longest number of a registry, in characters.
const LONGEST_NUMBER: usize = 100;

/// A letter to be written.
#[derive(Debug, Clone)]
pub struct DraftLetter {
    /// Name of the template: a file of `letter_templates/` without its ending.
    pub template: String,
    /// The case it belongs to.
    pub case_key: Option<String>,
    /// Code of the agency it is about; its name is given to the template as `agency`.
    pub agency: String,
    /// Code of the service it is about; its name is given to the template as `service`.
    pub service: Option<String>,
    /// Who must hold which role to sign: the coordination team or the head of the ICT office.
    pub signer_role: Role,
    pub addressee: Recipient,
    /// Through whom (memos).
    pub through: Option<String>,
    /// `Tembusan`.
    pub copies: Vec<Recipient>,
    /// How many papers go with it.
    pub enclosures: u32,
    /// What else the template asks for, as an object; `law`, `region`, `board`, `ict_office`, `agency` and `service` are
    /// given to every template.
    pub values: Value,
    pub tickets: Vec<TicketLine>,
    /// Public endpoints of the service.
    pub endpoints: Vec<String>,
    /// Key of the signed letter in whose place it will stand.
    pub replaces: Option<String>,
    /// Who writes it; `None`: the case by itself.
    pub drafted_by: Option<i64>,
}

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
    /// Writes a letter from its template, in the transaction of the case that needs it. It has no number yet.
    ///
    /// # Errors
    /// `NotFound` for an unknown agency or service; `Internal` when the template asks for a value that is not given.
    pub async fn draft_letter(&self, tx: &mut Tx, draft: DraftLetter) -> Result<Letter> {
        let (now, pack) = (self.now(), self.pack());
        let agencies = store::services::agencies(tx).await?;
        let agency =
            agencies.into_iter().find(|agency| agency.code == draft.agency).ok_or(Error::NotFound("agency"))?;
        let service = match &draft.service {
            Some(code) => Some(store::services::service(tx, code).await?.ok_or(Error::NotFound("service"))?),
            None => None,
        };
        let service_name = service.map_or(String::new(), |service| service.name);
        let values = common(&pack, &agency.name, &service_name, draft.values);
        let composed = paper::compose(&draft.template, &values)?;
        let signer = store::people::holders(tx, draft.signer_role, "").await?;
        let signer = signer.into_iter().next();
        let office = office_of(&pack, draft.signer_role);
        let content = Content {
            head: vec![pack.letters.government.clone(), office.clone()],
            contact: pack.letters.contact.clone(),
            place: pack.region.capital.clone(),
            urgency: composed.urgency,
            enclosures: enclosures(draft.enclosures),
            subject: composed.subject,
            addressee: draft.addressee,
            through: draft.through,
            from: Some(signer_title(&pack, draft.signer_role)),
            body: composed.body,
            tickets: draft.tickets,
            endpoints: draft.endpoints,
            signer_title: signer_title(&pack, draft.signer_role),
            signer_name: signer.as_ref().map_or(String::new(), |account| account.name.clone()),
            signer_rank: String::new(),
            signer_nip: signer.and_then(|account| account.nip).unwrap_or_default(),
            copies: draft.copies,
        };
        let period = format!("SRT-{}", now.with_timezone(&pack.zone).year());
        let place = store::incidents::next_place(tx, &period).await?;
        let mut letter = Letter {
            id: 0,
            key: format!("{period}-{place:04}"),
            version: 1,
            kind: composed.kind,
            form: composed.form,
            template: draft.template,
            state: LetterState::Draft,
            case_key: draft.case_key,
            agency: draft.agency,
            service: draft.service,
            number: None,
            dated: None,
            content,
            signer_role: draft.signer_role,
            code: new_code()?,
            drafted_by: draft.drafted_by,
            drafted_at: now,
            issued_by: None,
            issued_sha256: None,
            signed_sha256: None,
            signed_how: None,
            signed_by: None,
            signed_at: None,
            sent_at: None,
            received_at: None,
            received_by: None,
            receipt: None,
            note: None,
            replaces: draft.replaces,
            updated_at: now,
        };
        letter.id = store::letters::add_letter(tx, &letter).await?;
        let by = draft.drafted_by.map_or_else(ActorLabel::clock, ActorLabel::user);
        let facts = json!({
            "kind": letter.kind, "template": letter.template, "case": letter.case_key, "agency": letter.agency,
            "service": letter.service, "content": content_digest(&letter)?,
        });
        chain::note(tx, STREAM, &letter.key, now, by, "letter_drafted", facts).await?;
        Ok(letter)
    }

    /// A letter the actor may read.
    ///
    /// # Errors
    /// `NotFound` when there is none, or none he may see.
    pub async fn letter(&self, actor: &Actor, key: &str) -> Result<Letter> {
        let letter = store::letters::letter(&mut self.db.glance().await?, key).await?;
        letter.filter(|letter| may(actor, LetterAct::Read, letter)).ok_or(Error::NotFound("letter"))
    }

    /// Letters the actor may read, newest first, at most `limit` before the key `before`.
    ///
    /// # Errors
    /// `Denied` for those who may see none.
    pub async fn letters(&self, actor: &Actor, filter: &LetterFilter, before: i64, limit: i64) -> Result<Vec<Letter>> {
        if !may_list(actor) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let (mut tx, mut found, mut before) = (self.db.read().await?, Vec::new(), before);
        // Which ones he sees is said by the one table of rights, so pages are filled until there are no more.
        loop {
            let page = store::letters::letters(&mut tx, filter, before, limit).await?;
            let Some(last) = page.last().map(|letter| letter.id) else { return Ok(found) };
            before = last;
            for letter in page.into_iter().filter(|letter| may(actor, LetterAct::Read, letter)) {
                found.push(letter);
                if i64::try_from(found.len()).unwrap_or(i64::MAX) == limit {
                    return Ok(found);
                }
            }
        }
    }

    /// The letter as PDF with the name of its file: as it was signed, as it waits for its signature, or as it would be.
    ///
    /// # Errors
    /// `NotFound`; `Internal` when the kept bytes are gone or altered.
    pub async fn letter_pdf(&self, actor: &Actor, key: &str) -> Result<(String, Vec<u8>)> {
        let letter = self.letter(actor, key).await?;
        let digest = letter.signed_sha256.as_ref().or(letter.issued_sha256.as_ref());
        let bytes = match digest {
            Some(digest) => self.kept_pdf(digest).await?,
            None => self.typeset_letter(letter.clone()).await?,
        };
        Ok((format!("{}.pdf", letter.key), bytes))
    }

    /// Bytes that were kept under a digest, as they were.
    pub(super) async fn kept_pdf(&self, digest: &str) -> Result<Vec<u8>> {
        let bytes = tokio::fs::read(files::path(&self.files, digest)).await?;
        if sha256(&bytes) == digest {
            Ok(bytes)
        } else {
            Err(Error::internal(format!("{digest}: the bytes were altered")))
        }
    }

    /// The letter on paper as it stands now, off the threads that answer requests.
    pub(super) async fn typeset_letter(&self, letter: Letter) -> Result<Vec<u8>> {
        let (url, zone, now) = (self.check_url(&letter.code), self.pack().zone, self.now());
        let work = tokio::task::spawn_blocking(move || paper::pdf(&letter, &url, zone, now));
        work.await.map_err(|error| Error::Internal(error.into()))?
    }

    /// The number the registry may give next, by the pack's pattern. Looking burns none.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn proposed_number(&self, letter: &Letter) -> Result<String> {
        let period = letter.key.rsplit_once('-').map_or(letter.key.as_str(), |(period, _)| period);
        let taken = store::letters::numbered_letters(&mut self.db.glance().await?, period).await?;
        let date = letter.dated.unwrap_or_else(|| self.local_today());
        self.pack().letters.filled(taken + 1, date).map_err(|unknown| Error::internal(format!("{{{unknown}}}")))
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
        wish: (&Actor, &str, Option<i64>),
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
    pub async fn request_signature(&self, wish: (&Actor, &str, Option<i64>), once_key: Option<&str>) -> Result<Letter> {
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
        once::answer(&mut tx, actor, once_key, key).await?;
        tx.commit().await?;
        self.wake();
        Ok(letter)
    }

    /// Gives a letter back unsigned, or withdraws it before it is signed.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Invalid` without a reason, `Conflict` when its state does not allow it.
    pub async fn stop_letter(&self, wish: (&Actor, &str, Option<i64>), act: LetterAct, note: &str) -> Result<Letter> {
        let (actor, key, version) = wish;
        let LetterTurn { mut tx, mut letter, .. } =
            self.letter_turn(Wish { actor, key, act, version, once: None }, &"").await?;
        let note = required("note", note, LONGEST_REASON)?;
        let kind = match act {
            LetterAct::Withdraw => {
                letter.state = LetterState::Withdrawn;
                "letter_withdrawn"
            }
            _ => {
                letter.state = LetterState::Numbered;
                letter.issued_sha256 = None;
                "letter_returned"
            }
        };
        letter.note = Some(note);
        let facts = json!({"note": letter.note});
        self.save_letter(&mut tx, actor, &mut letter, kind, facts).await?;
        tx.commit().await?;
        Ok(letter)
    }

    /// Takes the turn to change a letter, when the actor may and its state allows it.
    pub(super) async fn letter_turn(&self, wish: Wish<'_>, request: &impl Hash) -> Result<LetterTurn> {
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, wish.key).await?;
        let letter = store::letters::letter(&mut tx, wish.key).await?;
        let letter =
            letter.filter(|letter| may(wish.actor, LetterAct::Read, letter)).ok_or(Error::NotFound("letter"))?;
        if !may(wish.actor, wish.act, &letter) {
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
        Ok(LetterTurn { tx, letter, repeat })
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

/// Why somebody may not.
fn refusal(actor: &Actor, act: LetterAct, letter: &Letter) -> Error {
    let is_own = act == LetterAct::Sign && crate::domain::letter::has_written(actor, letter);
    let key = match act {
        LetterAct::Sign if is_own => "letter-own",
        LetterAct::Sign | LetterAct::Return => "letter-not-signer",
        _ => "error-denied",
    };
    Error::Denied(Say::new(key).with("signer", &letter.content.signer_title))
}

/// What every template may ask for, with what this one asks for besides.
fn common(pack: &Pack, agency: &str, service: &str, more: Value) -> Value {
    let mut values = json!({
        "law": pack.law.as_deref().map(official::law).unwrap_or_default(),
        "region": pack.region.name, "board": pack.roles.board.label, "ict_office": pack.offices.ict,
        "agency": agency, "service": service,
    });
    if let (Some(values), Value::Object(more)) = (values.as_object_mut(), more) {
        values.extend(more);
    }
    values
}

/// The office at the head of what this role signs.
fn office_of(pack: &Pack, role: Role) -> String {
    match role {
        Role::CoordinationTeam => pack.roles.board.label.clone(),
        _ => pack.offices.ict.clone(),
    }
}

/// What stands above the signature of this role.
fn signer_title(pack: &Pack, role: Role) -> String {
    let signs = |key| crate::text::say(crate::domain::ticket::Language::Indonesian, &key);
    match (role, &pack.warning) {
        (Role::CoordinationTeam, Some(warning)) => warning.signer.clone(),
        (Role::CoordinationTeam, None) => signs(Say::new("letter-paper-chair").with("board", &pack.roles.board.label)),
        _ => signs(Say::new("letter-paper-head").with("office", &pack.offices.ict)),
    }
}

fn enclosures(count: u32) -> String {
    let say = if count == 0 { Say::new("letter-paper-no-enclosures") } else { Say::new("letter-paper-files") };
    crate::text::say(crate::domain::ticket::Language::Indonesian, &say.with("counted", official::counted(count.into())))
}

/// Digest of what stands on the paper: a text edited in the database no longer fits its event.
pub(super) fn content_digest(letter: &Letter) -> Result<String> {
    Ok(sha256(serde_json::to_string(&letter.content)?))
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

fn recipient(field: &'static str, written: &Recipient) -> Result<Recipient> {
    let name = required(field, &written.name, 200)?;
    let email = written.email.as_deref().map(str::trim).filter(|email| !email.is_empty()).map(str::to_lowercase);
    if email.as_ref().is_some_and(|email| email.parse::<lettre::Address>().is_err()) {
        return Err(Error::field(field, Say::new("field-email")));
    }
    Ok(Recipient { name: name.split_whitespace().collect::<Vec<_>>().join(" "), email })
}
