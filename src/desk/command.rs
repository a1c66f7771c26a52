//! The changes people ask for, already read but not yet checked.

use crate::domain::relation::{EscalationCause, Relation};
use crate::domain::ticket::{Classification, Impact, Kind, Priority, Urgency, Verb};
use crate::mail::parse::File;

/// A change somebody asks for, already read but not yet checked.
#[derive(Debug, Clone, Hash)]
pub enum Command {
    /// The ticket is seen; the first answer is given.
    Acknowledge,
    /// A person works on it; `None` gives it back to all.
    Assign { user: Option<String> },
    /// Another priority than the matrix gives.
    Prioritize { priority: Priority, reason: String },
    /// A question to the requester; the clock stands still until the answer.
    RequestInfo { body: String },
    /// Somebody outside has to act; the clock stands still where the pack allows.
    WaitVendor { reason: String },
    /// The clock goes on.
    Resume { reason: String },
    /// Hand-over to the second line: "permintaan solusi".
    Escalate { cause: Option<EscalationCause>, reason: String, tried: String },
    /// The second line gives it back once, where hand-over is not compulsory.
    Return { reason: String },
    /// A message the requester can read.
    Reply { body: String, files: Vec<File> },
    /// A message only staff can read.
    Note { body: String, files: Vec<File> },
    /// The solution, and for the staff what it was.
    Resolve { solution: String, cause: Option<String> },
    /// Not solved after all; the same clock goes on.
    Reopen { reason: String },
    /// Closed for good.
    Close { reason: String },
    /// The same matter as another ticket.
    Merge { into: String },
    /// Has to do with another ticket.
    Link { to: String, relation: Relation },
    /// The tie is taken back.
    Unlink { to: String, relation: Relation },
    /// A message of the reporter becomes a ticket of its own.
    Split { message: i64, subject: String, kind: Option<Kind> },
    /// Asked somebody outside.
    Consult(Question),
    /// What was answered; the consultations of a ticket are counted from 1.
    ConsultReply { place: usize, reply: String, date: String },
    /// Another kind, service, agency, impact, urgency or class.
    Reclassify(Reclassify),
}

/// What is to be changed of a ticket's classification; `None` stays.
#[derive(Debug, Clone, Default, Hash)]
pub struct Reclassify {
    /// Kind.
    pub kind: Option<Kind>,
    /// Agency code.
    pub agency: Option<String>,
    /// Service code.
    pub service: Option<String>,
    /// Impact.
    pub impact: Option<Impact>,
    /// Urgency.
    pub urgency: Option<Urgency>,
    /// The service is down for everybody.
    pub outage: bool,
    /// Work can go on another way.
    pub workaround: bool,
    /// Code of a type of request in the pack.
    pub request_type: Option<String>,
    /// Who may read it.
    pub classification: Option<Classification>,
    /// Why; needed when it goes to another agency.
    pub reason: Option<String>,
}

/// A question to somebody outside, as it was written and not yet checked.
#[derive(Debug, Clone, Hash)]
pub struct Question {
    /// Code or name of the partner in the pack.
    pub with: String,
    /// Whom they spoke to.
    pub contact: String,
    /// Local date, `YYYY-MM-DD`.
    pub date: String,
    /// What was asked.
    pub question: String,
    /// The question goes to this address by mail; empty: to the one in the pack, if there is one.
    pub email: Option<String>,
}

impl Command {
    /// The verb in the table of rights and of allowed changes.
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Acknowledge => Verb::Acknowledge,
            Self::Assign { .. } => Verb::Assign,
            Self::Prioritize { .. } => Verb::Prioritize,
            Self::RequestInfo { .. } => Verb::RequestInfo,
            Self::WaitVendor { .. } => Verb::WaitVendor,
            Self::Resume { .. } => Verb::Resume,
            Self::Escalate { .. } => Verb::Escalate,
            Self::Return { .. } => Verb::Return,
            Self::Reply { .. } => Verb::Reply,
            Self::Note { .. } => Verb::Note,
            Self::Resolve { .. } => Verb::Resolve,
            Self::Reopen { .. } => Verb::Reopen,
            Self::Close { .. } => Verb::Close,
            Self::Merge { .. } => Verb::Merge,
            Self::Link { .. } => Verb::Link,
            Self::Consult(_) => Verb::Consult,
            Self::ConsultReply { .. } => Verb::ConsultReply,
            Self::Unlink { .. } => Verb::Unlink,
            Self::Split { .. } => Verb::Split,
            Self::Reclassify(_) => Verb::Reclassify,
        }
    }
}
