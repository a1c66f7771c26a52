//! Letters written freely: no template, no case that waits for them, but the same life as all others.

use crate::desk::letter_acts::recipient;
use crate::desk::official_letters::{office_of, signer_title};
use crate::desk::once::{self, Repeat};
use crate::desk::written::{optional, required};
use crate::desk::{Desk, case_acts};
use crate::domain::letter::{Content, Letter, LetterForm, LetterKind, Recipient, may_write};
use crate::domain::people::{Actor, Role};
use crate::domain::ticket::Language;
use crate::domain::warning::Case;
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::new_code;
use crate::store::{self, Tx};
use crate::text;

/// Who may sign a letter, besides those the law names.
pub const SIGNERS: [Role; 2] = [Role::IctHead, Role::CoordinationTeam];

/// A letter somebody writes.
#[derive(Debug, Clone, Default, Hash)]
pub struct FreeLetter {
    /// Code of the agency it is about.
    pub agency: String,
    /// Number of the case it belongs to; it moves none.
    pub case_key: Option<String>,
    /// Whose holders sign: one of [`SIGNERS`].
    pub signer_role: Option<Role>,
    /// `Sifat`.
    pub urgency: String,
    /// `Lampiran`, in words.
    pub enclosures: String,
    /// `Hal`.
    pub subject: String,
    /// `Yth.`
    pub addressee: Recipient,
    /// As [`Content::body`].
    pub body: String,
    /// `Tembusan`.
    pub copies: Vec<Recipient>,
}

impl Desk {
    /// Writes a letter; it has no number yet.
    ///
    /// # Errors
    /// `Denied` to all but the ICT office; `Invalid` with every field to mend.
    pub async fn write_letter(&self, actor: &Actor, new: &FreeLetter, key: Option<&str>) -> Result<Letter> {
        let mut tx = self.db.write().await?;
        let letter = self.free_letter(&mut tx, actor, new).await?;
        let request = once::fingerprint(&("letter", new));
        if let Repeat::Answered(key) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            return store::letters::letter(&mut tx, &key).await?.ok_or(Error::NotFound("letter"));
        }
        let letter = self.keep_draft(&mut tx, letter).await?;
        once::answer(&mut tx, actor, key, &letter.key).await?;
        tx.commit().await?;
        Ok(letter)
    }

    /// The letter as it would be; nothing is kept.
    ///
    /// # Errors
    /// As [`Desk::write_letter`].
    pub async fn preview_letter(&self, actor: &Actor, new: &FreeLetter) -> Result<Letter> {
        self.free_letter(&mut self.db.read().await?, actor, new).await
    }

    async fn free_letter(&self, tx: &mut Tx, actor: &Actor, new: &FreeLetter) -> Result<Letter> {
        if !may_write(actor) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let case = match new.case_key.as_deref().map(str::trim).filter(|number| !number.is_empty()) {
            Some(number) => Some(self.case_of_letter(tx, actor, number).await?),
            None => None,
        };
        let mut problems = Vec::new();
        let agencies = store::services::agencies(tx).await?;
        let code = case.as_ref().map_or(new.agency.trim(), |case| case.agency.as_str()).to_owned();
        if !agencies.iter().any(|agency| agency.code == code && agency.active) {
            problems.push(FieldError { field: "agency", say: Say::new("letter-new-agency") });
        }
        let role = new.signer_role.filter(|role| SIGNERS.contains(role));
        if role.is_none() {
            problems.push(FieldError { field: "signer_role", say: Say::new("letter-new-signer") });
        }
        let line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let subject = line(noted(written("subject", &new.subject, 300, "letter-new-subject"), &mut problems));
        let addressee = noted(recipient("addressee", &new.addressee), &mut problems);
        let body = noted(written("body", &new.body, 20_000, "letter-new-body"), &mut problems);
        let urgency = line(noted(optional("urgency", &new.urgency, 200), &mut problems));
        let enclosures = line(noted(optional("enclosures", &new.enclosures, 200), &mut problems));
        let copies: Result<Vec<Recipient>> = new.copies.iter().map(|copy| recipient("copies", copy)).collect();
        let copies = noted(copies, &mut problems);
        let Some(role) = role.filter(|_| problems.is_empty()) else { return Err(Error::Invalid(problems)) };
        let pack = self.pack();
        let signer = store::people::holders(tx, role, "").await?.into_iter().next();
        let title = signer_title(&pack, role);
        let content = Content {
            head: vec![pack.letters.government.clone(), office_of(&pack, role)],
            contact: pack.letters.contact.clone(),
            place: pack.region.capital.clone(),
            urgency: if urgency.is_empty() { text::word(Language::Indonesian, "letter-new-usual") } else { urgency },
            enclosures: if enclosures.is_empty() { "-".to_owned() } else { enclosures },
            subject,
            addressee,
            through: None,
            from: Some(title.clone()),
            body,
            tickets: Vec::new(),
            endpoints: Vec::new(),
            signer_title: title,
            signer_name: signer.as_ref().map_or(String::new(), |account| account.name.clone()),
            signer_rank: String::new(),
            signer_nip: signer.and_then(|account| account.nip).unwrap_or_default(),
            copies,
        };
        Ok(Letter {
            kind: LetterKind::Official,
            form: LetterForm::Letter,
            case_key: case.as_ref().map(|case| case.number.clone()),
            agency: code,
            service: case.and_then(|case| case.service),
            signer_role: role,
            drafted_by: Some(actor.account.id),
            ..Letter::draft(content, new_code()?, self.now())
        })
    }

    async fn case_of_letter(&self, tx: &mut Tx, actor: &Actor, number: &str) -> Result<Case> {
        let unknown = || Error::field("case", Say::new("letter-new-case"));
        match case_acts::seen(tx, actor, number).await {
            Err(Error::NotFound(_)) => Err(unknown()),
            other => other,
        }
    }
}

/// A text that must say something; `missing` says so where there is none.
fn written(field: &'static str, text: &str, longest: usize, missing: &'static str) -> Result<String> {
    if text.trim().is_empty() { Err(Error::field(field, Say::new(missing))) } else { required(field, text, longest) }
}

/// What was read, or nothing and its problems noted.
fn noted<T: Default>(read: Result<T>, problems: &mut Vec<FieldError>) -> T {
    match read {
        Ok(value) => value,
        Err(Error::Invalid(more)) => {
            problems.extend(more);
            T::default()
        }
        Err(_) => T::default(),
    }
}
