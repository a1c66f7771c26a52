//! Official letters: written from a template, kept as records, set on paper.

use crate::desk::letter_turn::{LetterTurn, STREAM, Wish, content_digest};
use crate::desk::once::{self, Repeat};
use crate::desk::{Desk, chain, files};
use crate::domain::event::{ActorLabel, Event};
use crate::domain::letter::{Content, Letter, LetterAct, Recipient, TicketLine, may, may_list};
use crate::domain::people::{Actor, Role};
use crate::domain::ticket::Language;
use crate::error::{Error, Result, Say};
use crate::policy::Pack;
use crate::render::{letter as paper, official};
use crate::secret::{new_code, sha256};
use crate::store::letters::LetterFilter;
use crate::store::{self, Tx};
use crate::text;
use chrono::Datelike;
use serde_json::{Value, json};

/// Most events of a letter that are shown.
const MOST_EVENTS: i64 = 1_000;

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
    /// Who signs, where the pack names somebody else than the role's office: `Gubernur`. The role's holders then bring
    /// the document that was signed by him.
    pub signer: Option<String>,
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

impl Desk {
    /// Writes a letter from its template, in the transaction of the case that needs it. It has no number yet.
    ///
    /// # Errors
    /// `NotFound` for an unknown agency or service; `Internal` when the template asks for a value that is not given.
    pub async fn draft_letter(&self, tx: &mut Tx, draft: DraftLetter) -> Result<Letter> {
        let pack = self.pack();
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
        let own_title = signer_title(&pack, draft.signer_role);
        let other = draft.signer.filter(|signer| !signer.is_empty() && *signer != own_title);
        let holders = store::people::holders(tx, draft.signer_role, "").await?;
        let signer = holders.into_iter().next().filter(|_| other.is_none());
        let office = other.clone().unwrap_or_else(|| office_of(&pack, draft.signer_role));
        let title = other.unwrap_or(own_title);
        let content = Content {
            head: vec![pack.letters.government.clone(), office],
            contact: pack.letters.contact.clone(),
            place: pack.region.capital.clone(),
            urgency: composed.urgency,
            enclosures: enclosures(draft.enclosures),
            subject: composed.subject,
            addressee: draft.addressee,
            through: draft.through,
            from: Some(title.clone()),
            body: composed.body,
            tickets: draft.tickets,
            endpoints: draft.endpoints,
            signer_title: title,
            signer_name: signer.as_ref().map_or(String::new(), |account| account.name.clone()),
            signer_rank: String::new(),
            signer_nip: signer.and_then(|account| account.nip).unwrap_or_default(),
            copies: draft.copies,
        };
        let letter = Letter {
            kind: composed.kind,
            form: composed.form,
            template: draft.template,
            case_key: draft.case_key,
            agency: draft.agency,
            service: draft.service,
            signer_role: draft.signer_role,
            drafted_by: draft.drafted_by,
            replaces: draft.replaces,
            ..Letter::draft(content, new_code()?, self.now())
        };
        self.keep_draft(tx, letter).await
    }

    /// Begins the letter that will stand in the place of a signed one: a draft with the same text and no number. The old
    /// one stands until the new one is signed.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `Conflict` when it is not signed.
    pub async fn replace_letter(&self, seen: (&Actor, &str, Option<i64>), once_key: Option<&str>) -> Result<Letter> {
        let (actor, key, version) = seen;
        let wish = Wish { actor, key, act: LetterAct::Replace, version, once: once_key };
        let LetterTurn { mut tx, letter, repeat } = self.letter_turn(wish, &"replace").await?;
        if let Repeat::Answered(new) = repeat {
            return store::letters::letter(&mut tx, &new).await?.ok_or(Error::NotFound("letter"));
        }
        let new = Letter {
            kind: letter.kind,
            form: letter.form,
            template: letter.template,
            case_key: letter.case_key,
            agency: letter.agency,
            service: letter.service,
            signer_role: letter.signer_role,
            drafted_by: Some(actor.account.id),
            replaces: Some(letter.key),
            ..Letter::draft(letter.content, new_code()?, self.now())
        };
        let new = self.keep_draft(&mut tx, new).await?;
        once::answer(&mut tx, actor, once_key, &new.key).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Gives a draft its name and keeps it.
    pub(super) async fn keep_draft(&self, tx: &mut Tx, mut letter: Letter) -> Result<Letter> {
        let now = letter.drafted_at;
        let period = format!("SRT-{}", now.with_timezone(&self.pack().zone).year());
        let place = store::incidents::next_place(tx, &period).await?;
        letter.key = format!("{period}-{place:04}");
        letter.id = store::letters::add_letter(tx, &letter).await?;
        let by = letter.drafted_by.map_or_else(ActorLabel::clock, ActorLabel::user);
        let facts = json!({
            "kind": letter.kind, "template": letter.template, "case": letter.case_key, "agency": letter.agency,
            "service": letter.service, "replaces": letter.replaces, "content": content_digest(&letter)?,
        });
        chain::note(tx, STREAM, &letter.key, now, by, "letter_drafted", facts).await?;
        Ok(letter)
    }

    /// May the actor do this to the letter? The table of rights, with what the desk knows of the letter's case.
    pub fn may_letter(&self, actor: &Actor, act: LetterAct, letter: &Letter) -> bool {
        let of_case = letter.case_key.is_some() && letter.kind.moves_case();
        may(actor, act, letter, of_case && self.rules.is_ict_office(&letter.agency))
    }

    /// A letter the actor may read.
    ///
    /// # Errors
    /// `NotFound` when there is none, or none he may see.
    pub async fn letter(&self, actor: &Actor, key: &str) -> Result<Letter> {
        let letter = store::letters::letter(&mut self.db.glance().await?, key).await?;
        letter.filter(|letter| self.may_letter(actor, LetterAct::Read, letter)).ok_or(Error::NotFound("letter"))
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
            for letter in page.into_iter().filter(|letter| self.may_letter(actor, LetterAct::Read, letter)) {
                found.push(letter);
                if i64::try_from(found.len()).unwrap_or(i64::MAX) == limit {
                    return Ok(found);
                }
            }
        }
    }

    /// What happened to a letter, in order; refused attempts are among it.
    ///
    /// # Errors
    /// `NotFound` when there is none, or none he may see.
    pub async fn letter_events(&self, actor: &Actor, key: &str) -> Result<Vec<Event>> {
        let key = self.letter(actor, key).await?.key;
        store::events::of_stream(&mut self.db.glance().await?, &format!("{STREAM}:{key}"), 0, MOST_EVENTS).await
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
pub(super) fn office_of(pack: &Pack, role: Role) -> String {
    match role {
        Role::CoordinationTeam => pack.roles.board.label.clone(),
        _ => pack.offices.ict.clone(),
    }
}

/// What stands above the signature of this role.
pub(super) fn signer_title(pack: &Pack, role: Role) -> String {
    let signs = |key| text::say(Language::Indonesian, &key);
    match (role, &pack.warning) {
        (Role::CoordinationTeam, Some(warning)) => warning.signer.clone(),
        (Role::CoordinationTeam, None) => signs(Say::new("letter-paper-chair").with("board", &pack.roles.board.label)),
        _ => signs(Say::new("letter-paper-head").with("office", &pack.offices.ict)),
    }
}

fn enclosures(count: u32) -> String {
    let say = if count == 0 { Say::new("letter-paper-no-enclosures") } else { Say::new("letter-paper-files") };
    text::say(Language::Indonesian, &say.with("counted", official::counted(count.into())))
}
