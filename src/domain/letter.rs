//! Official letters: what stands in them, the states they pass, and who may do what. Pure.

use crate::domain::people::{Actor, Grant, Role, Scope};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// What a letter is.
    pub enum LetterKind {
        /// SUMUT 51(5): surat peringatan.
        Warning = "warning_letter",
        /// SUMUT 51(5) and 55(6): surat teguran.
        Reprimand = "reprimand_letter",
        /// Berita acara: what was done, and by whom.
        Minutes = "minutes",
        /// A service is opened again.
        Reopening = "reopening_note",
        /// A proposal to those who decide (KRA 46): it is handed over by hand, never sent by the desk.
        Proposal = "proposal",
        /// Any other letter, written freely.
        Official = "official_letter",
    }
}

words! {
    /// How a letter is laid out.
    pub enum LetterForm { Letter = "letter", Memo = "memo", Minutes = "minutes" }
}

words! {
    /// How far a letter is.
    pub enum LetterState {
        Draft = "draft",
        /// The registry has given its number; the text may still change.
        Numbered = "numbered",
        /// The document is made and waits for its signature; the text is fixed.
        AwaitingSignature = "awaiting_signature",
        Signed = "signed",
        Sent = "sent",
        Received = "received",
        /// A later letter stands in its place.
        Superseded = "superseded",
        /// Given up before it was signed.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// How a letter came to its signature.
    pub enum SignedHow {
        /// The signed document was brought from the application for signatures.
        Uploaded = "uploaded",
        /// The desk signed with the certificate of the installation.
        Own = "own",
    }
}

words! {
    /// How far the chain of those who vouch for a certificate was followed.
    pub enum ChainState {
        /// To a root that is trusted.
        Complete = "complete",
        /// Not to a root that is trusted.
        Incomplete = "incomplete",
        /// No roots are known.
        NotChecked = "not_checked",
    }
}

/// What the signature in a signed document tells of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureFacts {
    /// Name in the certificate.
    pub signer: String,
    /// Name of whoever issued it.
    pub issuer: String,
    /// Since when it is in force. UTC.
    pub from: DateTime<Utc>,
    /// Until when. UTC.
    pub until: DateTime<Utc>,
    /// In force when the document was signed here.
    pub valid_then: bool,
    /// The signature was made with the key of the certificate; `None`: an algorithm that is not known here.
    pub fits: Option<bool>,
    /// How far its chain leads.
    pub chain: ChainState,
}

words! {
    /// What somebody wants to do with a letter.
    pub enum LetterAct {
        Read = "read",
        Edit = "edit",
        /// Enter the number of the registry.
        Number = "number",
        RequestSignature = "request_signature",
        Sign = "sign",
        /// Give it back unsigned, with a note.
        Return = "return",
        Withdraw = "withdraw",
        Send = "send",
        Receive = "receive",
        /// Begin another letter that will stand in its place.
        Replace = "replace",
    }
}

words! {
    /// What a public document is.
    pub enum DocumentKind { Letter = "letter", Report = "report" }
}

words! {
    /// What the public may rely on.
    pub enum DocumentState { Authentic = "authentic", Superseded = "superseded" }
}

/// Somebody a letter goes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Recipient {
    /// As it stands in the letter: `Kepala Dinas Kesehatan`.
    pub name: String,
    /// Where the desk sends it; without one it goes on paper.
    #[serde(default)]
    pub email: Option<String>,
}

/// A line of the table of tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketLine {
    /// Number of the ticket.
    pub number: String,
    /// UTC.
    pub opened_at: DateTime<Utc>,
    /// When the solution was due. UTC.
    pub due_at: DateTime<Utc>,
    /// When it was solved; `None` while it is not. UTC.
    pub resolved_at: Option<DateTime<Utc>>,
    /// By how many seconds the target was missed, as the clocks of the ticket say.
    pub over_seconds: i64,
}

impl TicketLine {
    /// By how much the target was missed.
    pub fn over(&self) -> Duration {
        Duration::seconds(self.over_seconds)
    }
}

/// What stands on the paper, beside number and date.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Lines at the head: the government, then the office.
    pub head: Vec<String>,
    /// Address, telephone, mail, site.
    pub contact: Vec<String>,
    /// Seat of the government; begins the dateline.
    pub place: String,
    /// `Sifat`.
    pub urgency: String,
    /// `Lampiran`.
    pub enclosures: String,
    /// `Hal`.
    pub subject: String,
    /// `Yth.`
    pub addressee: Recipient,
    /// Through whom (memos).
    #[serde(default)]
    pub through: Option<String>,
    /// From whom (memos).
    #[serde(default)]
    pub from: Option<String>,
    /// Paragraphs parted by empty lines. Lines that begin with `1. ` are a list; `[[tiket]]` alone is the table of
    /// tickets and `[[titik-akhir]]` the list of endpoints.
    pub body: String,
    /// The table of tickets.
    pub tickets: Vec<TicketLine>,
    /// Public endpoints of the service.
    pub endpoints: Vec<String>,
    /// Who signs: office, name, rank, civil-servant number. Name and what follows may be empty in a draft.
    pub signer_title: String,
    #[serde(default)]
    pub signer_name: String,
    #[serde(default)]
    pub signer_rank: String,
    #[serde(default)]
    pub signer_nip: String,
    /// `Tembusan`.
    pub copies: Vec<Recipient>,
}

/// An official letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Key inside the database.
    pub id: i64,
    /// `SRT-2026-0001`: its name in addresses. The number on the paper comes from the registry.
    pub key: String,
    /// Grows with every change.
    pub version: i64,
    pub kind: LetterKind,
    pub form: LetterForm,
    /// Name of the template of its text.
    pub template: String,
    pub state: LetterState,
    /// The case it belongs to.
    pub case_key: Option<String>,
    /// Code of the agency it is about.
    pub agency: String,
    /// Code of the service it is about.
    pub service: Option<String>,
    /// Number of the registry.
    pub number: Option<String>,
    /// Date on the paper; set when its signature is asked for. Local.
    pub dated: Option<NaiveDate>,
    pub content: Content,
    /// Who must hold which role to sign.
    pub signer_role: Role,
    /// What the public checks it by.
    pub code: String,
    /// Who wrote it; `None`: the case wrote it by itself.
    pub drafted_by: Option<i64>,
    /// UTC.
    pub drafted_at: DateTime<Utc>,
    /// Who asked for the signature.
    pub issued_by: Option<i64>,
    /// Digest of the document that waits for its signature, or waited.
    pub issued_sha256: Option<String>,
    /// Digest of the signed document.
    pub signed_sha256: Option<String>,
    pub signed_how: Option<SignedHow>,
    pub signed_by: Option<i64>,
    /// UTC.
    pub signed_at: Option<DateTime<Utc>>,
    /// UTC.
    pub sent_at: Option<DateTime<Utc>>,
    /// UTC.
    pub received_at: Option<DateTime<Utc>>,
    /// Who received it, in words.
    pub received_by: Option<String>,
    /// What the signature in the signed document tells; `None`: nothing that can be read.
    pub signature: Option<SignatureFacts>,
    /// What proves the receipt.
    pub receipt: Option<String>,
    /// Why it was returned or withdrawn, last.
    pub note: Option<String>,
    /// Key of the letter in whose place it stands once it is signed.
    pub replaces: Option<String>,
    /// UTC.
    pub updated_at: DateTime<Utc>,
}

impl Letter {
    /// A draft nobody has done anything with, to be checked by `code`.
    pub const fn draft(content: Content, code: String, at: DateTime<Utc>) -> Self {
        Self {
            id: 0,
            key: String::new(),
            version: 1,
            kind: LetterKind::Warning,
            form: LetterForm::Letter,
            template: String::new(),
            state: LetterState::Draft,
            case_key: None,
            agency: String::new(),
            service: None,
            number: None,
            dated: None,
            content,
            signer_role: Role::CoordinationTeam,
            code,
            drafted_by: None,
            drafted_at: at,
            issued_by: None,
            issued_sha256: None,
            signed_sha256: None,
            signed_how: None,
            signed_by: None,
            signed_at: None,
            sent_at: None,
            received_at: None,
            received_by: None,
            signature: None,
            receipt: None,
            note: None,
            replaces: None,
            updated_at: at,
        }
    }
}

/// A document anybody may check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedDocument {
    /// Cannot be guessed.
    pub code: String,
    pub kind: DocumentKind,
    /// Number on the paper.
    pub number: String,
    /// Local date on the paper.
    pub dated: NaiveDate,
    /// Office of whoever signed or issued it.
    pub issuer: String,
    /// Digest of the bytes.
    pub sha256: String,
    /// UTC.
    pub issued_at: DateTime<Utc>,
    pub state: DocumentState,
    /// Code of what stands in its place.
    pub superseded_by: Option<String>,
}

impl LetterState {
    /// May a letter in this state be `act`ed on so? What leads nowhere is refused, whoever asks.
    pub const fn allows(self, act: LetterAct) -> bool {
        use LetterState::{AwaitingSignature, Draft, Numbered, Received, Sent, Signed};
        match act {
            LetterAct::Read => true,
            LetterAct::Edit | LetterAct::Number => matches!(self, Draft | Numbered),
            LetterAct::RequestSignature => matches!(self, Numbered),
            LetterAct::Sign | LetterAct::Return => matches!(self, AwaitingSignature),
            LetterAct::Withdraw => matches!(self, Draft | Numbered | AwaitingSignature),
            LetterAct::Send => matches!(self, Signed),
            // Letters are handed over on paper, too.
            LetterAct::Receive => matches!(self, Signed | Sent),
            LetterAct::Replace => matches!(self, Signed | Sent | Received),
        }
    }
}

impl LetterKind {
    /// Does a letter of this kind move the case it belongs to? Minutes and notes only tell what has happened.
    pub const fn moves_case(self) -> bool {
        matches!(self, Self::Warning | Self::Reprimand | Self::Proposal)
    }
}

impl LetterAct {
    /// Is it refused once the case of the letter has ended? Nothing new goes out in a case that is over.
    pub const fn needs_open_case(self) -> bool {
        matches!(self, Self::Number | Self::RequestSignature | Self::Sign | Self::Send | Self::Replace)
    }
}

/// May `actor` write a letter that belongs to no case?
pub fn may_write(actor: &Actor) -> bool {
    actor.account.active && actor.scope == Scope::Write && actor.only_agency.is_none() && is_of_office(actor)
}

/// The one table of rights on letters: may `actor` do `act`? The ICT office writes and keeps the registry, the role named
/// in the letter signs; deny by default. `of_ict`: the letter moves a case about the ICT office's own service; then its
/// text, its withdrawal and its receipt are the signers' (A31), and sending it is theirs, too.
pub fn may(actor: &Actor, act: LetterAct, letter: &Letter, of_ict: bool) -> bool {
    if !actor.account.active || actor.only_agency.as_ref().is_some_and(|only| *only != letter.agency) {
        return false;
    }
    match act {
        LetterAct::Read => reads(actor, letter),
        _ if actor.scope != Scope::Write => false,
        LetterAct::Sign => actor.holds(letter.signer_role) && !has_written(actor, letter),
        LetterAct::Return => actor.holds(letter.signer_role),
        LetterAct::Edit | LetterAct::Withdraw | LetterAct::Receive | LetterAct::Replace if of_ict => {
            actor.holds(Role::CoordinationTeam)
        }
        LetterAct::Send if of_ict => is_of_office(actor) || actor.holds(Role::CoordinationTeam),
        LetterAct::Edit
        | LetterAct::Number
        | LetterAct::RequestSignature
        | LetterAct::Withdraw
        | LetterAct::Send
        | LetterAct::Receive
        | LetterAct::Replace => is_of_office(actor),
    }
}

/// May `actor` see letters at all? Which, [`may`] says.
pub fn may_list(actor: &Actor) -> bool {
    actor.account.active
        && (is_of_office(actor)
            || [Role::CoordinationTeam, Role::Auditor, Role::AgencyHead].iter().any(|role| actor.holds(*role)))
}

/// Nobody signs what he has written or brought up himself: two persons stand behind a letter.
pub fn has_written(actor: &Actor, letter: &Letter) -> bool {
    let own = Some(actor.account.id);
    letter.drafted_by == own || letter.issued_by == own
}

fn is_of_office(actor: &Actor) -> bool {
    actor.grants.iter().any(Grant::is_of_ict_office)
}

fn reads(actor: &Actor, letter: &Letter) -> bool {
    let heads = || {
        let is_head =
            |grant: &Grant| grant.role == Role::AgencyHead && grant.agency.as_deref() == Some(letter.agency.as_str());
        actor.grants.iter().any(is_head)
    };
    let has_left = matches!(
        letter.state,
        LetterState::Signed | LetterState::Sent | LetterState::Received | LetterState::Superseded
    );
    is_of_office(actor) || actor.holds(Role::CoordinationTeam) || actor.holds(Role::Auditor) || (has_left && heads())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::Account;
    use crate::domain::ticket::Channel;

    fn actor(id: i64, role: Role, agency: Option<&str>) -> Actor {
        let account = Account { id, email: "a@x".to_owned(), name: String::new(), nip: None, active: true };
        let grants = vec![Grant { role, agency: agency.map(str::to_owned) }];
        Actor { account, grants, scope: Scope::Write, only_agency: None, via: Channel::Web }
    }

    fn letter(state: LetterState) -> Letter {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        Letter {
            id: 1,
            key: "SRT-2026-0001".to_owned(),
            state,
            agency: "A".to_owned(),
            drafted_by: Some(7),
            ..Letter::draft(Content::default(), String::new(), at)
        }
    }

    #[test]
    fn only_the_signer_signs_and_never_what_he_wrote() {
        let waiting = letter(LetterState::AwaitingSignature);
        for role in Role::ALL {
            let signs = may(&actor(1, *role, None), LetterAct::Sign, &waiting, false);
            assert_eq!(signs, *role == Role::CoordinationTeam, "{role}");
        }
        assert!(!may(&actor(7, Role::CoordinationTeam, None), LetterAct::Sign, &waiting, false), "his own draft");
        let read_only = Actor { scope: Scope::Read, ..actor(1, Role::CoordinationTeam, None) };
        assert!(
            !may(&read_only, LetterAct::Sign, &waiting, false) && may(&read_only, LetterAct::Read, &waiting, false)
        );
    }

    #[test]
    fn the_office_writes_and_the_agency_reads_what_has_left() {
        let draft = letter(LetterState::Draft);
        for role in Role::ALL {
            let writes = matches!(role, Role::IctHead | Role::Tier1Agent | Role::Tier2Unit);
            assert_eq!(may(&actor(1, *role, None), LetterAct::Edit, &draft, false), writes, "{role}");
            assert!(
                !may(&actor(1, *role, Some("A")), LetterAct::Edit, &draft, false) || *role == Role::IctHead,
                "{role}"
            );
        }
        let head = actor(1, Role::AgencyHead, Some("A"));
        assert!(!may(&head, LetterAct::Read, &draft, false), "a draft is the office's");
        assert!(may(&head, LetterAct::Read, &letter(LetterState::Sent), false));
        let other = actor(1, Role::AgencyHead, Some("B"));
        assert!(!may(&other, LetterAct::Read, &letter(LetterState::Sent), false), "another agency's");
    }

    #[test]
    fn the_office_has_no_hand_in_letters_about_its_own_service() {
        let (office, team) = (actor(1, Role::IctHead, None), actor(2, Role::CoordinationTeam, None));
        let draft = letter(LetterState::Draft);
        for act in [LetterAct::Edit, LetterAct::Withdraw, LetterAct::Receive, LetterAct::Replace] {
            assert!(may(&office, act, &draft, false) && !may(&office, act, &draft, true), "{act}");
            assert!(!may(&team, act, &draft, false) && may(&team, act, &draft, true), "{act}");
        }
        assert!(may(&office, LetterAct::Number, &draft, true), "it keeps the registry");
        assert!(may(&team, LetterAct::Send, &draft, true) && !may(&team, LetterAct::Send, &draft, false));
    }

    #[test]
    fn a_letter_goes_one_way() {
        let allowed = |state: LetterState| {
            let acts = LetterAct::ALL.iter().filter(|act| state.allows(**act) && **act != LetterAct::Read);
            acts.map(|act| act.as_str()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(allowed(LetterState::Draft), "edit number withdraw");
        assert_eq!(allowed(LetterState::Numbered), "edit number request_signature withdraw");
        assert_eq!(allowed(LetterState::AwaitingSignature), "sign return withdraw");
        assert_eq!(allowed(LetterState::Signed), "send receive replace");
        assert_eq!(allowed(LetterState::Sent), "receive replace");
        assert_eq!(allowed(LetterState::Received), "replace");
        for end in [LetterState::Superseded, LetterState::Withdrawn] {
            assert_eq!(allowed(end), "", "{end}");
        }
    }
}
