//! The changes people ask for, already read but not yet checked.

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
    Escalate { reason: String, tried: String },
    /// The second line gives it back once, where hand-over is not compulsory.
    Return { reason: String },
    /// A message the requester can read.
    Reply { body: String, files: Vec<File> },
    /// A message only staff can read.
    Note { body: String, files: Vec<File> },
    /// The solution.
    Resolve { solution: String },
    /// Not solved after all; the same clock goes on.
    Reopen { reason: String },
    /// Closed for good.
    Close { reason: String },
    /// The same matter as another ticket.
    Merge { into: String },
    /// Has to do with another ticket.
    Link { to: String },
    /// Asked somebody outside.
    Consult { with: String, contact: String, date: String, question: String },
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
            Self::Consult { .. } => Verb::Consult,
            Self::Reclassify(_) => Verb::Reclassify,
        }
    }
}
