//! `/letters`: official letters from draft to receipt; `/public/verify`: is a document genuine.

use crate::api::Token;
use crate::api::answers;
use crate::api::choice::{self, Choice};
use crate::api::letter_answers::{CheckJson, LetterEventJson, LetterEventPage, LetterJson, LetterPage, RecipientBody};
use crate::api::problem::Failure;
use crate::api::requests::{Plain, Reasoned};
use crate::api::tickets::{full, page_size, read_cursor, refuse};
use crate::desk::Desk;
use crate::desk::free_letters::FreeLetter;
use crate::desk::letter_acts::LetterEdit;
use crate::desk::letter_sending::Receipt;
use crate::desk::prove_again::Proof;
use crate::domain::letter::{LetterAct, LetterState, Recipient};
use crate::domain::people::Role;
use crate::error::{Error, Say};
use crate::store::letters::LetterFilter;
use chrono::{DateTime, NaiveDate, Utc};
use poem::Request;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::{Attachment, Json};
use poem_openapi::types::multipart::Upload;
use poem_openapi::{ApiResponse, Multipart, Object, OpenApi};
use std::net::IpAddr;

/// Endpoints of letters.
pub struct Letters(pub Desk);

/// A letter that is written freely.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct LetterBody {
    /// Code of the agency it is about; left out when `case` is given.
    #[oai(default)]
    agency: String,
    /// Number of a warning case it belongs to.
    case: Option<String>,
    /// Whose holders sign it: `ict_head` or `coordination_team`.
    signer_role: Option<Choice<Role>>,
    #[oai(default)]
    urgency: String,
    /// In words, as it will print.
    #[oai(default)]
    enclosures: String,
    #[oai(default)]
    subject: String,
    addressee: Option<RecipientBody>,
    /// Paragraphs parted by empty lines; lines that begin with `1. ` are a list.
    #[oai(default)]
    body: String,
    #[oai(default)]
    copies: Vec<RecipientBody>,
}

/// What may be changed of a text that is not fixed yet; what is left out stays.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct EditBody {
    version: i64,
    urgency: Option<String>,
    enclosures: Option<String>,
    subject: Option<String>,
    addressee: Option<RecipientBody>,
    /// Paragraphs parted by empty lines.
    body: Option<String>,
    copies: Option<Vec<RecipientBody>>,
    signer_title: Option<String>,
    signer_name: Option<String>,
    signer_rank: Option<String>,
    signer_nip: Option<String>,
}

/// The number the registry has given.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct NumberBody {
    #[oai(default)]
    number: String,
    /// Date on the paper, `YYYY-MM-DD`; left out, the day the signature is asked for.
    dated: Option<String>,
    version: Option<i64>,
}

/// The signed document.
#[derive(Debug, Multipart)]
struct SignForm {
    file: Upload,
    version: Option<i64>,
}

/// What proves the receipt.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct ReceiptBody {
    /// Now, when it is left out.
    received_at: Option<DateTime<Utc>>,
    /// Who took it: a name and an office.
    #[oai(default)]
    received_by: String,
    /// Number of the agenda, a stamp, an answer.
    #[oai(default)]
    receipt: String,
    version: Option<i64>,
}

/// The proof that it is the signer himself: the code of his app where the account has one, else the password.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct ProofBody {
    #[oai(default)]
    password: String,
    #[oai(default)]
    code: String,
    version: Option<i64>,
}

/// A letter was begun.
#[derive(ApiResponse)]
enum Begun {
    /// The draft.
    #[oai(status = 201)]
    Created(Json<LetterJson>),
}

type One = Result<Json<LetterJson>, Failure>;
type Key = Header<Option<String>>;

#[OpenApi]
impl Letters {
    /// Letters the caller may read, newest first.
    #[oai(path = "/letters", method = "get")]
    async fn list(
        &self,
        token: Token,
        state: Query<Option<Choice<LetterState>>>,
        agency: Query<Option<String>>,
        /// Key of a warning case.
        case: Query<Option<String>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<LetterPage>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let filter = LetterFilter {
            state: choice::read(state.0, "state", &mut problems),
            case_key: case.0,
            agency: agency.0,
            only_signed: false,
        };
        let limit = page_size(limit.0, &mut problems);
        let before = read_cursor(desk, "letters", cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let before = before.and_then(|before| before.parse().ok()).unwrap_or(i64::MAX);
        let letters = desk.letters(&actor, &filter, before, limit).await?;
        let next_cursor = full(&letters, limit).map(|last| answers::cursor(desk, "letters", &last.id.to_string()));
        Ok(Json(LetterPage {
            items: letters.into_iter().map(|letter| LetterJson::new(desk, letter)).collect(),
            next_cursor,
        }))
    }

    /// Writes a letter freely; it has the same life as those of cases.
    #[oai(path = "/letters", method = "post")]
    async fn write(
        &self,
        token: Token,
        body: Json<LetterBody>,
        #[oai(name = "Idempotency-Key")] once: Key,
    ) -> Result<Begun, Failure> {
        let actor = token.actor(&self.0).await?;
        let body = body.0;
        let mut problems = Vec::new();
        let new = FreeLetter {
            agency: body.agency,
            case_key: body.case,
            signer_role: choice::read(body.signer_role, "signer_role", &mut problems),
            urgency: body.urgency,
            enclosures: body.enclosures,
            subject: body.subject,
            addressee: body.addressee.map(recipient).unwrap_or_default(),
            body: body.body,
            copies: body.copies.into_iter().map(recipient).collect(),
        };
        refuse(problems)?;
        let letter = self.0.write_letter(&actor, &new, once.0.as_deref()).await?;
        Ok(Begun::Created(Json(LetterJson::new(&self.0, letter))))
    }

    /// A letter.
    #[oai(path = "/letters/:key", method = "get")]
    async fn read(&self, token: Token, key: Path<String>) -> One {
        let actor = token.actor(&self.0).await?;
        Ok(Json(LetterJson::new(&self.0, self.0.letter(&actor, &key.0).await?)))
    }

    /// The letter as PDF/A: signed, waiting for its signature, or as it would be.
    #[oai(path = "/letters/:key/pdf", method = "get")]
    async fn pdf(&self, token: Token, key: Path<String>) -> Result<Attachment<Vec<u8>>, Failure> {
        let actor = token.actor(&self.0).await?;
        let (name, bytes) = self.0.letter_pdf(&actor, &key.0).await?;
        Ok(Attachment::new(bytes).filename(name))
    }

    /// What happened to a letter, with hashes; refused attempts are among it.
    #[oai(path = "/letters/:key/events", method = "get")]
    async fn events(&self, token: Token, key: Path<String>) -> Result<Json<LetterEventPage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let events = self.0.letter_events(&actor, &key.0).await?;
        Ok(Json(LetterEventPage { items: events.into_iter().map(LetterEventJson::new).collect(), next_cursor: None }))
    }

    /// Changes the text while it is not fixed.
    #[oai(path = "/letters/:key", method = "patch")]
    async fn edit(&self, token: Token, key: Path<String>, body: Json<EditBody>) -> One {
        let actor = token.actor(&self.0).await?;
        let body = body.0;
        let edit = LetterEdit {
            urgency: body.urgency,
            enclosures: body.enclosures,
            subject: body.subject,
            addressee: body.addressee.map(recipient),
            body: body.body,
            copies: body.copies.map(|copies| copies.into_iter().map(recipient).collect()),
            signer_title: body.signer_title,
            signer_name: body.signer_name,
            signer_rank: body.signer_rank,
            signer_nip: body.signer_nip,
        };
        let letter = self.0.edit_letter(&actor, &key.0, body.version, &edit).await?;
        Ok(Json(LetterJson::new(&self.0, letter)))
    }

    /// The number the registry may give next. Looking burns none.
    #[oai(path = "/letters/:key/proposed-number", method = "get")]
    async fn proposed(&self, token: Token, key: Path<String>) -> Result<Json<String>, Failure> {
        let actor = token.actor(&self.0).await?;
        let letter = self.0.letter(&actor, &key.0).await?;
        Ok(Json(self.0.proposed_number(&letter).await?))
    }

    /// Enters the number of the registry.
    #[oai(path = "/letters/:key/number", method = "post")]
    async fn number(
        &self,
        token: Token,
        key: Path<String>,
        body: Json<NumberBody>,
        #[oai(name = "Idempotency-Key")] once: Key,
    ) -> One {
        let actor = token.actor(&self.0).await?;
        let NumberBody { number, dated, version } = body.0;
        let dated = dated.map(|date| date.parse::<NaiveDate>()).transpose();
        let dated = dated.map_err(|_| Error::field("dated", Say::new("field-date")))?;
        let seen = (&actor, key.0.as_str(), version);
        let letter = self.0.number_letter(seen, &number, dated, once.0.as_deref()).await?;
        Ok(Json(LetterJson::new(&self.0, letter)))
    }

    /// Fixes the text and makes the document that is signed.
    #[oai(path = "/letters/:key/request-signature", method = "post")]
    async fn request_signature(
        &self,
        token: Token,
        key: Path<String>,
        body: Json<Plain>,
        #[oai(name = "Idempotency-Key")] once: Key,
    ) -> One {
        let actor = token.actor(&self.0).await?;
        let seen = (&actor, key.0.as_str(), body.0.version);
        Ok(Json(LetterJson::new(&self.0, self.0.request_signature(seen, once.0.as_deref()).await?)))
    }

    /// Takes the signed document from the application for signatures.
    #[oai(path = "/letters/:key/sign", method = "post")]
    async fn sign(
        &self,
        token: Token,
        key: Path<String>,
        form: SignForm,
        #[oai(name = "Idempotency-Key")] once: Key,
    ) -> One {
        let actor = token.actor(&self.0).await?;
        let bytes = form.file.into_vec().await.map_err(|error| Error::Internal(error.into()))?;
        let seen = (&actor, key.0.as_str(), form.version);
        Ok(Json(LetterJson::new(&self.0, self.0.sign_uploaded(seen, bytes, once.0.as_deref()).await?)))
    }

    /// Signs with the certificate of the installation, after the caller has proved once more who he is.
    #[oai(path = "/letters/:key/sign-own", method = "post")]
    async fn sign_own(
        &self,
        token: Token,
        key: Path<String>,
        body: Json<ProofBody>,
        #[oai(name = "Idempotency-Key")] once: Key,
    ) -> One {
        let actor = token.actor(&self.0).await?;
        let ProofBody { password, code, version } = body.0;
        let (seen, proof) = ((&actor, key.0.as_str(), version), Proof { password, code });
        Ok(Json(LetterJson::new(&self.0, self.0.sign_itself(seen, &proof, once.0.as_deref()).await?)))
    }

    /// Gives the letter back unsigned; `reason` says what to mend.
    #[oai(path = "/letters/:key/return", method = "post")]
    async fn give_back(
        &self,
        token: Token,
        key: Path<String>,
        body: Json<Reasoned>,
        #[oai(name = "Idempotency-Key")] once: Key,
    ) -> One {
        self.stop(token, key, LetterAct::Return, body.0, once).await
    }

    /// Withdraws a letter that is not signed.
    #[oai(path = "/letters/:key/withdraw", method = "post")]
    async fn withdraw(
        &self,
        token: Token,
        key: Path<String>,
        body: Json<Reasoned>,
        #[oai(name = "Idempotency-Key")] once: Key,
    ) -> One {
        self.stop(token, key, LetterAct::Withdraw, body.0, once).await
    }

    /// Sends the signed letter by mail to its addressee and the copies.
    #[oai(path = "/letters/:key/send", method = "post")]
    async fn send(
        &self,
        token: Token,
        key: Path<String>,
        body: Json<Plain>,
        #[oai(name = "Idempotency-Key")] once: Key,
    ) -> One {
        let actor = token.actor(&self.0).await?;
        let seen = (&actor, key.0.as_str(), body.0.version);
        Ok(Json(LetterJson::new(&self.0, self.0.send_letter(seen, once.0.as_deref()).await?)))
    }

    /// Keeps that the addressee has the letter; terms count from here.
    #[oai(path = "/letters/:key/receive", method = "post")]
    async fn receive(
        &self,
        token: Token,
        key: Path<String>,
        body: Json<ReceiptBody>,
        #[oai(name = "Idempotency-Key")] once: Key,
    ) -> One {
        let actor = token.actor(&self.0).await?;
        let ReceiptBody { received_at, received_by, receipt, version } = body.0;
        let receipt = Receipt { at: received_at, by: received_by, proof: receipt };
        let seen = (&actor, key.0.as_str(), version);
        Ok(Json(LetterJson::new(&self.0, self.0.receive_letter(seen, &receipt, once.0.as_deref()).await?)))
    }

    /// Begins the letter that will stand in the place of a signed one.
    #[oai(path = "/letters/:key/replace", method = "post")]
    async fn replace(
        &self,
        token: Token,
        key: Path<String>,
        body: Json<Plain>,
        #[oai(name = "Idempotency-Key")] once: Key,
    ) -> Result<Begun, Failure> {
        let actor = token.actor(&self.0).await?;
        let seen = (&actor, key.0.as_str(), body.0.version);
        let letter = self.0.replace_letter(seen, once.0.as_deref()).await?;
        Ok(Begun::Created(Json(LetterJson::new(&self.0, letter))))
    }

    /// Is the document with this code genuine? Open to all; with `sha256` also whether a file is that document.
    #[oai(path = "/public/verify/:code", method = "get")]
    async fn verify(
        &self,
        request: &Request,
        code: Path<String>,
        sha256: Query<Option<String>>,
    ) -> Result<Json<CheckJson>, Failure> {
        let source = source(&self.0, request);
        let verdict = self.0.check_document(&code.0, sha256.0.as_deref().unwrap_or(""), &source).await?;
        Ok(Json(CheckJson::new(verdict)))
    }
}

impl Letters {
    async fn stop(&self, token: Token, key: Path<String>, act: LetterAct, body: Reasoned, once: Key) -> One {
        let actor = token.actor(&self.0).await?;
        let seen = (&actor, key.0.as_str(), body.version);
        Ok(Json(LetterJson::new(&self.0, self.0.stop_letter(seen, act, &body.reason, once.0.as_deref()).await?)))
    }
}

fn recipient(person: RecipientBody) -> Recipient {
    Recipient { name: person.name, email: person.email }
}

/// Where a request came from, as far as proxies are believed.
fn source(desk: &Desk, request: &Request) -> String {
    let peer = request.remote_addr().as_socket_addr().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip());
    let lines: Vec<&str> =
        request.headers().get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    desk.access.proxies.source(peer, &lines.join(",")).to_string()
}
