//! What the API says of letters and of documents anybody may check.

use crate::desk::Desk;
use crate::desk::documents::Verdict;
use crate::domain::event::Event;
use crate::domain::letter::{Letter, Recipient, SignatureFacts, TicketLine};
use chrono::{DateTime, NaiveDate, Utc};
use poem_openapi::Object;
use poem_openapi::types::Any;
use serde_json::Value;

/// Somebody a letter goes to.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct RecipientBody {
    /// As it stands in the letter.
    #[oai(default)]
    pub name: String,
    /// Where the desk sends it; without one it goes on paper.
    pub email: Option<String>,
}

/// A line of the table of tickets.
#[derive(Debug, Object)]
pub struct TicketLineJson {
    number: String,
    opened_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    /// By how much the target was missed.
    over_seconds: i64,
}

/// What a signature tells of itself.
#[derive(Debug, Object)]
pub struct SignatureJson {
    /// Name in the certificate.
    signer: String,
    /// Name of whoever issued it.
    issuer: String,
    valid_from: DateTime<Utc>,
    valid_until: DateTime<Utc>,
    /// In force when the document was signed here.
    valid_then: bool,
    /// The signature was made with the key of the certificate; null: an unknown algorithm.
    fits: Option<bool>,
    /// `complete`: the chain leads to a configured root; `incomplete`; `not_checked`: no roots are configured.
    chain: String,
}

/// An official letter.
#[derive(Debug, Object)]
pub struct LetterJson {
    /// `SRT-2026-0001`: its name in addresses.
    key: String,
    version: i64,
    /// `warning_letter`, `reprimand_letter`, `minutes`, `reopening_note` or `proposal`.
    kind: String,
    template: String,
    /// `draft`, `numbered`, `awaiting_signature`, `signed`, `sent`, `received`, `superseded` or `withdrawn`.
    state: String,
    /// Key of the warning case.
    case: Option<String>,
    agency: String,
    service: Option<String>,
    /// Number of the registry; drafts have none.
    number: Option<String>,
    /// Date on the paper. Local.
    dated: Option<NaiveDate>,
    urgency: String,
    enclosures: String,
    subject: String,
    addressee: RecipientBody,
    through: Option<String>,
    body: String,
    tickets: Vec<TicketLineJson>,
    endpoints: Vec<String>,
    copies: Vec<RecipientBody>,
    /// Role whose holders sign it.
    signer_role: String,
    signer_title: String,
    signer_name: String,
    signer_rank: String,
    signer_nip: String,
    /// What the public checks it by.
    code: String,
    check_url: String,
    drafted_at: DateTime<Utc>,
    /// SHA-256 of the document that waits for its signature, or waited.
    issued_sha256: Option<String>,
    /// SHA-256 of the signed document.
    signed_sha256: Option<String>,
    /// `uploaded` or `own`.
    signed_how: Option<String>,
    signed_at: Option<DateTime<Utc>>,
    /// What the signature in the signed document tells; null when nothing can be read.
    signature: Option<SignatureJson>,
    sent_at: Option<DateTime<Utc>>,
    received_at: Option<DateTime<Utc>>,
    received_by: Option<String>,
    receipt: Option<String>,
    /// Why it was returned or withdrawn.
    note: Option<String>,
    /// Key of the letter in whose place it stands.
    replaces: Option<String>,
    updated_at: DateTime<Utc>,
}

/// A page of letters.
#[derive(Debug, Object)]
pub struct LetterPage {
    pub items: Vec<LetterJson>,
    pub next_cursor: Option<String>,
}

/// Something that happened to a letter.
#[derive(Debug, Object)]
pub struct LetterEventJson {
    seq: i64,
    at: DateTime<Utc>,
    actor: String,
    kind: String,
    payload: Any<Value>,
    prev_hash: String,
    hash: String,
}

/// The chain of a letter.
#[derive(Debug, Object)]
pub struct LetterEventPage {
    pub items: Vec<LetterEventJson>,
    pub next_cursor: Option<String>,
}

/// What anybody may know of a document. Nothing of what stands in it.
#[derive(Debug, Object)]
pub struct CheckJson {
    /// `authentic`, `superseded` or `unknown`.
    state: String,
    /// `letter` or `report`.
    kind: Option<String>,
    /// Number on the paper.
    number: Option<String>,
    /// Date on the paper. Local.
    dated: Option<NaiveDate>,
    /// Office of whoever signed or issued it.
    issuer: Option<String>,
    issued_at: Option<DateTime<Utc>>,
    sha256: Option<String>,
    /// Code of what stands in its place.
    superseded_by: Option<String>,
    /// Whether the digest that was given is that of the document; null when none was given.
    matches: Option<bool>,
}

impl From<Recipient> for RecipientBody {
    fn from(person: Recipient) -> Self {
        Self { name: person.name, email: person.email }
    }
}

impl From<SignatureFacts> for SignatureJson {
    fn from(facts: SignatureFacts) -> Self {
        Self {
            signer: facts.signer,
            issuer: facts.issuer,
            valid_from: facts.from,
            valid_until: facts.until,
            valid_then: facts.valid_then,
            fits: facts.fits,
            chain: facts.chain.to_string(),
        }
    }
}

impl LetterJson {
    /// A letter as the API shows it.
    pub fn new(desk: &Desk, letter: Letter) -> Self {
        let line = |line: TicketLine| TicketLineJson {
            number: line.number,
            opened_at: line.opened_at,
            due_at: line.due_at,
            resolved_at: line.resolved_at,
            over_seconds: line.over_seconds,
        };
        let content = letter.content;
        Self {
            check_url: desk.check_url(&letter.code),
            key: letter.key,
            version: letter.version,
            kind: letter.kind.to_string(),
            template: letter.template,
            state: letter.state.to_string(),
            case: letter.case_key,
            agency: letter.agency,
            service: letter.service,
            number: letter.number,
            dated: letter.dated,
            urgency: content.urgency,
            enclosures: content.enclosures,
            subject: content.subject,
            addressee: content.addressee.into(),
            through: content.through,
            body: content.body,
            tickets: content.tickets.into_iter().map(line).collect(),
            endpoints: content.endpoints,
            copies: content.copies.into_iter().map(RecipientBody::from).collect(),
            signer_role: letter.signer_role.to_string(),
            signer_title: content.signer_title,
            signer_name: content.signer_name,
            signer_rank: content.signer_rank,
            signer_nip: content.signer_nip,
            code: letter.code,
            drafted_at: letter.drafted_at,
            issued_sha256: letter.issued_sha256,
            signed_sha256: letter.signed_sha256,
            signed_how: letter.signed_how.map(|how| how.to_string()),
            signed_at: letter.signed_at,
            signature: letter.signature.map(SignatureJson::from),
            sent_at: letter.sent_at,
            received_at: letter.received_at,
            received_by: letter.received_by,
            receipt: letter.receipt,
            note: letter.note,
            replaces: letter.replaces,
            updated_at: letter.updated_at,
        }
    }
}

impl LetterEventJson {
    /// An event as the API shows it.
    pub fn new(event: Event) -> Self {
        Self {
            seq: event.seq,
            at: event.at,
            actor: event.actor.as_str().to_owned(),
            kind: event.kind,
            payload: Any(serde_json::from_str(&event.payload).unwrap_or(Value::String(event.payload))),
            prev_hash: event.prev_hash,
            hash: event.hash,
        }
    }
}

impl CheckJson {
    /// What anybody is told.
    pub fn new(verdict: Verdict) -> Self {
        let Verdict { document, matches } = verdict;
        let of = document.as_ref();
        Self {
            state: of.map_or("unknown", |document| document.state.as_str()).to_owned(),
            kind: of.map(|document| document.kind.to_string()),
            number: of.map(|document| document.number.clone()),
            dated: of.map(|document| document.dated),
            issuer: of.map(|document| document.issuer.clone()),
            issued_at: of.map(|document| document.issued_at),
            sha256: of.map(|document| document.sha256.clone()),
            superseded_by: of.and_then(|document| document.superseded_by.clone()),
            matches,
        }
    }
}
