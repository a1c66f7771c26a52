//! What the API takes. Unknown fields are refused: a misspelt name must not be lost silently.

use crate::api::choice::Choice;
use crate::domain::message::MessageVisibility;
use crate::domain::relation::{EscalationCause, Relation};
use crate::domain::ticket::{Channel, Classification, Impact, Kind, Priority, Urgency};
use poem_openapi::payload::Json;
use poem_openapi::types::multipart::Upload;
use poem_openapi::{ApiRequest, Multipart, Object};

/// A new ticket. What is left out the desk judges by itself.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewTicket {
    /// One line, at most 200 characters.
    #[oai(default)]
    pub subject: String,
    /// In full, at most 100,000 characters.
    #[oai(default)]
    pub description: String,
    pub kind: Option<Choice<Kind>>,
    pub agency: Option<String>,
    pub service: Option<String>,
    pub impact: Option<Choice<Impact>>,
    pub urgency: Option<Choice<Urgency>>,
    /// The service is down for everybody; left out, the words decide. A critical one gets the pack's least priority then.
    pub outage: Option<bool>,
    /// Work can go on another way.
    #[oai(default)]
    pub workaround: bool,
    /// Code of a type of request of the pack.
    pub request_type: Option<String>,
    /// Staff may report for somebody else; for others it is themselves.
    pub requester: Option<NewRequester>,
    pub channel: Option<Choice<Channel>>,
}

/// Who reports.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewRequester {
    #[oai(default)]
    pub name: String,
    #[oai(default)]
    pub email: String,
    pub nip: Option<String>,
    /// Telephone, in whatever spacing.
    pub phone: Option<String>,
}

/// A message.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct NewMessage {
    #[oai(default)]
    pub body: String,
    pub visibility: Option<Choice<MessageVisibility>>,
    pub version: Option<i64>,
}

/// A message with files.
#[derive(Debug, Multipart)]
pub struct MessageForm {
    pub body: String,
    pub visibility: Option<Choice<MessageVisibility>>,
    pub version: Option<i64>,
    pub attachments: Vec<Upload>,
}

/// A message, with files or without.
#[derive(Debug, ApiRequest)]
pub enum MessageRequest {
    /// Without files.
    Json(Json<NewMessage>),
    /// With files.
    Form(MessageForm),
}

/// A verb that needs only the version.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Plain {
    pub version: Option<i64>,
}

/// A verb with a reason.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Reasoned {
    #[oai(default)]
    pub reason: String,
    pub version: Option<i64>,
}

/// Who works on it; null gives it back to all.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Assign {
    /// Address of the person.
    pub user: Option<String>,
    pub version: Option<i64>,
}

/// Another priority than the matrix gives.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Prioritize {
    pub priority: Choice<Priority>,
    #[oai(default)]
    pub reason: String,
    pub version: Option<i64>,
}

/// A question to the requester.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct RequestInfo {
    #[oai(default)]
    pub body: String,
    pub version: Option<i64>,
}

/// Hand-over to the second line.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Escalate {
    /// Why: it cannot be solved here, not in time, or is not allowed here.
    pub cause: Option<Choice<EscalationCause>>,
    #[oai(default)]
    pub reason: String,
    /// What was tried.
    #[oai(default)]
    pub tried: String,
    pub version: Option<i64>,
}

/// The solution.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Resolve {
    #[oai(default)]
    pub solution: String,
    /// What it was, for the staff.
    pub cause: Option<String>,
    pub version: Option<i64>,
}

/// The same matter as another ticket.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Merge {
    /// Number of the ticket that goes on.
    #[oai(default)]
    pub into: String,
    pub version: Option<i64>,
}

/// Has to do with another ticket.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Link {
    /// Number of the other ticket.
    #[oai(default)]
    pub to: String,
    /// What this ticket is to the other: `related` (usual), `causes`, `caused_by`, `follows`, `followed_by`.
    pub relation: Option<Choice<Relation>>,
    pub version: Option<i64>,
}

/// A message of the reporter becomes a ticket of its own.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Split {
    /// Key of the message.
    pub message: i64,
    /// One line for the new ticket.
    #[oai(default)]
    pub subject: String,
    /// Kind of the new ticket; left out, that of this one.
    pub kind: Option<Choice<Kind>>,
    pub version: Option<i64>,
}

/// What was answered to a consultation.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct ConsultReply {
    /// Which of the ticket's consultations, from 1.
    pub consultation: i64,
    #[oai(default)]
    pub reply: String,
    /// Local date of the answer, `YYYY-MM-DD`.
    #[oai(default)]
    pub date: String,
    pub version: Option<i64>,
}

/// Which act is taken back.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Undo {
    /// Place of its event in the ticket's history: the last one.
    pub event: i64,
}

/// Somebody outside was asked.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Consult {
    /// Code of the partner in the pack, e.g. `province`, `ministry`.
    #[oai(default)]
    pub with: String,
    /// Whom they spoke to.
    #[oai(default)]
    pub contact: String,
    /// Local date, `YYYY-MM-DD`.
    #[oai(default)]
    pub date: String,
    #[oai(default)]
    pub question: String,
    /// The question is mailed to this address; left out, to that in the pack if there is one.
    pub email: Option<String>,
    pub version: Option<i64>,
}

/// What is to change; what is left out stays.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct ReclassifyBody {
    pub kind: Option<Choice<Kind>>,
    pub agency: Option<String>,
    pub service: Option<String>,
    pub impact: Option<Choice<Impact>>,
    pub urgency: Option<Choice<Urgency>>,
    /// The service is down for everybody.
    #[oai(default)]
    pub outage: bool,
    /// Work can go on another way.
    #[oai(default)]
    pub workaround: bool,
    /// Code of a type of request of the pack.
    pub request_type: Option<String>,
    pub classification: Option<Choice<Classification>>,
    pub reason: Option<String>,
    pub version: Option<i64>,
}
