//! `/received-mails` and `/sender-rules`: mail as it came in, and what people decide about it.

use crate::api::Token;
use crate::api::answers;
use crate::api::choice::Choice;
use crate::api::problem::Failure;
use crate::api::tickets::{page_size, read_cursor, refuse};
use crate::desk::Desk;
use crate::domain::message::{InboxRow, InboxState, SenderVerdict};
use crate::error::{Error, Say};
use crate::store::senders::SenderRule;
use chrono::{DateTime, Utc};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of received mail.
pub struct ReceivedMails(pub Desk);

/// A received mail.
#[derive(Debug, Object)]
struct MailJson {
    id: i64,
    /// The address it was delivered to.
    mailbox: String,
    /// Envelope sender; empty when unknown, `<>` for a bounce.
    sender: String,
    /// Address in `From`; nobody has proved it. Empty, as `sender`, for those who may not learn who reported the ticket.
    author: String,
    subject: String,
    received_at: DateTime<Utc>,
    /// `new`, `done`, `ignored`, `quarantined` or `discarded`.
    state: String,
    /// Why it stands there: `no_sender`, `unreadable`, `too_large`, `not_a_participant`, …
    cause: Option<String>,
    /// The ticket it opened, was added to or speaks of.
    ticket: Option<String>,
    /// Bytes.
    size: i64,
}

/// A page of received mails, newest first.
#[derive(Debug, Object)]
struct MailPage {
    items: Vec<MailJson>,
    next_cursor: Option<String>,
}

/// A received mail with its head and its words. Nothing in it was proved.
#[derive(Debug, Object)]
struct MailDetail {
    mail: MailJson,
    headers: Vec<HeaderJson>,
    /// Its words as plain text, at most 20,000 characters.
    text: String,
    /// There is more text.
    cut: bool,
    files: Vec<FileJson>,
    /// What was decided about its sender.
    sender_rule: Option<RuleJson>,
}

/// A line of the head as it came.
#[derive(Debug, Object)]
struct HeaderJson {
    name: String,
    value: String,
}

/// A file that came with a mail.
#[derive(Debug, Object)]
struct FileJson {
    name: String,
    size: i64,
}

/// What was decided about a sender.
#[derive(Debug, Object)]
struct RuleJson {
    id: i64,
    /// An address, or `@` and a domain.
    address: String,
    /// `let_in` or `discard`.
    verdict: String,
    reason: String,
    at: DateTime<Utc>,
}

/// What was decided about senders.
#[derive(Debug, Object)]
struct RulePage {
    items: Vec<RuleJson>,
    next_cursor: Option<String>,
}

/// Who reported, when the mail does not say it or says it wrongly.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct OpenBody {
    #[oai(default)]
    requester_email: String,
}

/// Where it belongs.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct MergeBody {
    /// Number of the ticket.
    ticket: String,
}

/// Why it is nothing.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct DiscardBody {
    #[oai(default)]
    reason: String,
}

/// What happens to all mail of a sender from now on.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct TeachBody {
    verdict: Choice<SenderVerdict>,
    /// For everybody in the sender's domain.
    #[oai(default)]
    whole_domain: bool,
    #[oai(default)]
    reason: String,
}

/// What happens to all mail of an address or a domain from now on.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct RuleBody {
    /// An address, or `@` and a domain.
    address: String,
    verdict: Choice<SenderVerdict>,
    #[oai(default)]
    reason: String,
}

/// The ticket it is in now.
#[derive(Debug, Object)]
struct Landed {
    ticket: String,
}

/// A rule is gone.
#[derive(ApiResponse)]
enum Forgotten {
    /// It is.
    #[oai(status = 204)]
    Gone,
}

#[OpenApi]
impl ReceivedMails {
    /// Received mails; by default those that wait for a decision.
    #[oai(path = "/received-mails", method = "get")]
    async fn list(
        &self,
        token: Token,
        /// A state, or `all`.
        state: Query<Option<String>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<MailPage>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let limit = page_size(limit.0, &mut problems);
        let place = read_cursor(desk, "received", cursor.0.as_deref(), &mut problems);
        let state = match state.0.as_deref() {
            None => Some(InboxState::Quarantined),
            Some("all") => None,
            Some(word) => match word.parse() {
                Ok(state) => Some(state),
                Err(_) => {
                    let known = "new, done, ignored, quarantined, discarded, all";
                    return Err(Error::field("state", Say::new("field-unknown-word").with("known", known)).into());
                }
            },
        };
        refuse(problems)?;
        let before = place.and_then(|place| place.parse().ok()).unwrap_or(i64::MAX);
        let rows = desk.received_mails(&actor, state, before, limit).await?;
        let is_full = i64::try_from(rows.len()).unwrap_or(0) >= limit;
        let next =
            rows.last().filter(|_| is_full).map(|last| answers::cursor(desk, "received", &last.row.id.to_string()));
        Ok(Json(MailPage { items: rows.into_iter().map(|listed| mail(listed.row)).collect(), next_cursor: next }))
    }

    /// One received mail with its head and its words.
    #[oai(path = "/received-mails/:id", method = "get")]
    async fn show(&self, token: Token, id: Path<i64>) -> Result<Json<MailDetail>, Failure> {
        let actor = token.actor(&self.0).await?;
        let found = self.0.received_mail(&actor, id.0).await?;
        let size = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
        Ok(Json(MailDetail {
            mail: mail(found.row),
            headers: found.head.into_iter().map(|(name, value)| HeaderJson { name, value }).collect(),
            text: found.text,
            cut: found.is_cut,
            files: found.files.into_iter().map(|(name, bytes)| FileJson { name, size: size(bytes) }).collect(),
            sender_rule: found.rule.map(rule),
        }))
    }

    /// Makes a ticket of it. Its clocks start when the mail came. Doing it twice is a conflict, no second ticket; the same
    /// request under the same key is answered again.
    #[oai(path = "/received-mails/:id/open", method = "post")]
    async fn open(
        &self,
        token: Token,
        id: Path<i64>,
        body: Json<OpenBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Json<Landed>, Failure> {
        let actor = token.actor(&self.0).await?;
        let ticket = self.0.open_from_mail(&actor, id.0, &body.0.requester_email, key.0.as_deref()).await?;
        Ok(Json(Landed { ticket: ticket.number }))
    }

    /// Adds it to a ticket.
    #[oai(path = "/received-mails/:id/merge", method = "post")]
    async fn merge(
        &self,
        token: Token,
        id: Path<i64>,
        body: Json<MergeBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Json<Landed>, Failure> {
        let actor = token.actor(&self.0).await?;
        let ticket = self.0.add_mail_to(&actor, id.0, &body.0.ticket, key.0.as_deref()).await?;
        Ok(Json(Landed { ticket: ticket.number }))
    }

    /// Decides that it is nothing.
    #[oai(path = "/received-mails/:id/discard", method = "post")]
    async fn discard(&self, token: Token, id: Path<i64>, body: Json<DiscardBody>) -> Result<Json<MailJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        self.0.discard_mail(&actor, id.0, &body.0.reason).await?;
        Ok(Json(mail(self.0.received_mail(&actor, id.0).await?.row)))
    }

    /// Remembers what happens to all mail of its sender.
    #[oai(path = "/received-mails/:id/teach", method = "post")]
    async fn teach(&self, token: Token, id: Path<i64>, body: Json<TeachBody>) -> Result<Json<RuleJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        let mut problems = Vec::new();
        let verdict = body.0.verdict.read("verdict", &mut problems);
        refuse(problems)?;
        let verdict = verdict.ok_or(Error::NotFound("verdict"))?;
        let address = self.0.teach_sender(&actor, id.0, verdict, body.0.whole_domain, &body.0.reason).await?;
        let rules = self.0.sender_rules(&actor).await?;
        let found = rules.into_iter().find(|rule| rule.address == address);
        Ok(Json(rule(found.ok_or(Error::NotFound("sender"))?)))
    }

    /// What was decided about senders, by address.
    #[oai(path = "/sender-rules", method = "get")]
    async fn rules(&self, token: Token) -> Result<Json<RulePage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let items = self.0.sender_rules(&actor).await?.into_iter().map(rule).collect();
        Ok(Json(RulePage { items, next_cursor: None }))
    }

    /// Decides about an address or a domain before any mail has come from there; the last word counts. A machine that is
    /// let in opens tickets, and nothing of ours answers it by itself.
    #[oai(path = "/sender-rules", method = "put")]
    async fn teach_address(&self, token: Token, body: Json<RuleBody>) -> Result<Json<RuleJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        let mut problems = Vec::new();
        let verdict = body.0.verdict.read("verdict", &mut problems);
        refuse(problems)?;
        let verdict = verdict.ok_or(Error::NotFound("verdict"))?;
        let address = self.0.teach_address(&actor, &body.0.address, verdict, &body.0.reason).await?;
        let rules = self.0.sender_rules(&actor).await?;
        let found = rules.into_iter().find(|rule| rule.address == address);
        Ok(Json(rule(found.ok_or(Error::NotFound("sender"))?)))
    }

    /// Forgets what was decided about a sender.
    #[oai(path = "/sender-rules/:id", method = "delete")]
    async fn forget(&self, token: Token, id: Path<i64>) -> Result<Forgotten, Failure> {
        let actor = token.actor(&self.0).await?;
        self.0.forget_sender(&actor, id.0).await?;
        Ok(Forgotten::Gone)
    }
}

fn mail(row: InboxRow) -> MailJson {
    MailJson {
        id: row.id,
        mailbox: row.mailbox,
        sender: row.sender,
        author: row.author,
        subject: row.subject,
        received_at: row.received_at,
        state: row.state.to_string(),
        cause: row.cause,
        ticket: row.ticket,
        size: row.size,
    }
}

fn rule(rule: SenderRule) -> RuleJson {
    RuleJson { id: rule.id, address: rule.address, verdict: rule.verdict.to_string(), reason: rule.reason, at: rule.at }
}
