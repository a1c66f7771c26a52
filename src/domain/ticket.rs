//! A ticket: what it is, and the table of changes it allows.

use chrono::{DateTime, Utc};
use serde::Serialize;

words! {
    /// The five kinds of user service (OKI 39(3), KRA 37(3), BWI 27(4)).
    pub enum Kind {
        Complaint = "complaint",
        Incident = "incident",
        Problem = "problem",
        ServiceRequest = "service_request",
        Change = "change",
    }
}

words! {
    /// Severity level of a ticket (SUMUT 51(4)c asks for several); `P1` is the most urgent.
    pub enum Priority { P1 = "P1", P2 = "P2", P3 = "P3", P4 = "P4" }
}

words! {
    /// How many are hit: public service or several agencies, one agency or unit, one person.
    pub enum Impact { Broad = "broad", Medium = "medium", Limited = "limited" }
}

words! {
    /// How badly work is stopped: no way round, a way round exists, can wait.
    pub enum Urgency { High = "high", Medium = "medium", Low = "low" }
}

words! {
    /// Where a ticket stands. `pending_*` stop the resolution clock, `resolved` stops all clocks.
    pub enum Status {
        New = "new",
        Acknowledged = "acknowledged",
        InProgress = "in_progress",
        PendingRequester = "pending_requester",
        PendingVendor = "pending_vendor",
        Resolved = "resolved",
        Closed = "closed",
        Merged = "merged",
    }
}

words! {
    /// The way a ticket came in.
    pub enum Channel { Email = "email", Web = "web", Api = "api", Phone = "phone", WalkIn = "walk_in", Monitor = "monitor", Whatsapp = "whatsapp" }
}

words! {
    /// Who may read a ticket beside the staff who work on it.
    pub enum Classification { Public = "public", Internal = "internal", Restricted = "restricted", Secret = "secret" }
}

words! {
    /// The language somebody is written to in.
    pub enum Language { Indonesian = "id", English = "en" }
}

words! {
    /// What may be done to a ticket. The API's verbs carry these names.
    pub enum Verb {
        Acknowledge = "acknowledge",
        Assign = "assign",
        Prioritize = "prioritize",
        RequestInfo = "request-info",
        WaitVendor = "wait-vendor",
        Resume = "resume",
        Escalate = "escalate",
        Return = "return",
        Reply = "reply",
        Note = "note",
        Resolve = "resolve",
        Reopen = "reopen",
        Close = "close",
        Merge = "merge",
        Link = "link",
        Consult = "consult",
        Reclassify = "reclassify",
        Split = "split",
        Unlink = "unlink",
        ConsultReply = "consult-reply",
    }
}

impl Status {
    /// The clocks of a ticket in this state are over: nothing is owed to the requester.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Resolved | Self::Closed | Self::Merged)
    }

    /// The resolution clock stands still in this state.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::PendingRequester | Self::PendingVendor)
    }

    /// The table of allowed changes: may `verb` be done to a ticket in this state?
    pub const fn allows(self, verb: Verb) -> bool {
        use Status::{Closed, Merged, New, Resolved};
        match verb {
            Verb::Acknowledge => matches!(self, New),
            Verb::Note | Verb::Link | Verb::Unlink | Verb::ConsultReply => true,
            Verb::Split => !matches!(self, Merged),
            Verb::Reopen | Verb::Close => matches!(self, Resolved),
            Verb::Reply => !matches!(self, Closed | Merged),
            Verb::Resume => self.is_pending(),
            Verb::RequestInfo | Verb::WaitVendor => !self.is_finished() && !self.is_pending(),
            Verb::Assign
            | Verb::Prioritize
            | Verb::Escalate
            | Verb::Return
            | Verb::Resolve
            | Verb::Merge
            | Verb::Consult
            | Verb::Reclassify => !self.is_finished(),
        }
    }
}

/// The row of a ticket: a projection of its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ticket {
    /// Key inside the database; never shown.
    #[serde(skip)]
    pub id: i64,
    /// Public number, see [`crate::domain::number`].
    pub number: String,
    /// Counts the changes; a writer that saw an older one is refused.
    pub version: i64,
    /// Kind of user service.
    pub kind: Kind,
    /// One line.
    pub subject: String,
    /// The first message in full.
    pub description: String,
    /// Where it stands.
    pub status: Status,
    /// How many are hit.
    pub impact: Impact,
    /// How badly work is stopped.
    pub urgency: Urgency,
    /// From impact and urgency, or chosen by a person with a reason.
    pub priority: Priority,
    /// The line that owns it now: 1 agency, 2 ICT office (or as the pack says), 3 outside.
    pub tier: i64,
    /// Code of the agency that answers for it.
    pub agency: String,
    /// Code of the service concerned, if known.
    pub service: Option<String>,
    /// The person working on it.
    pub assignee: Option<i64>,
    /// Name of the requester, personal data.
    pub requester_name: String,
    /// Address of the requester in lower case; empty when none was given.
    pub requester_email: String,
    /// Civil-servant number of the requester, personal data.
    pub requester_nip: Option<String>,
    /// Telephone of the requester as [`crate::domain::phone`] keeps it, personal data.
    // Left out where there is none, so that digests of older rows still fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requester_phone: Option<String>,
    /// The address proves itself: official domain, or a confirmed link.
    pub requester_verified: bool,
    /// Who may read it beside the staff.
    pub classification: Classification,
    /// The way it came in.
    pub channel: Channel,
    /// The requester is written to in this language.
    pub language: Language,
    /// Server receipt; the clocks start here. UTC.
    pub opened_at: DateTime<Utc>,
    /// First answer or acknowledgement by a person. UTC.
    pub responded_at: Option<DateTime<Utc>>,
    /// Last time it was solved. UTC.
    pub resolved_at: Option<DateTime<Utc>>,
    /// When it was closed for good. UTC.
    pub closed_at: Option<DateTime<Utc>>,
    /// The due instant that passed unmet, not the moment somebody noticed. UTC.
    pub breached_at: Option<DateTime<Utc>>,
    /// The line that held it at the breach.
    pub breached_tier: Option<i64>,
    /// When it moved to tier 2 first. UTC.
    pub escalated_at: Option<DateTime<Utc>>,
    /// Tier 2 has given it back once; where hand-over is not compulsory that is all it may do.
    pub returned: bool,
    /// The ticket this one was merged into.
    pub merged_into: Option<String>,
    /// Identifier of the pack and its version, fixed at the opening.
    pub pack: String,
    /// SLA profile whose targets apply.
    pub profile: String,
    /// The last change of any kind. UTC.
    pub updated_at: DateTime<Utc>,
}
