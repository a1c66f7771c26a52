//! What is known of the cause behind disruptions (OKI 39(3) *masalah*): the part of its own of a ticket of the kind
//! problem. Pure.

use chrono::{DateTime, Utc};
use serde::Serialize;

words! {
    /// How far the search for the cause is. That it is removed is the state of the ticket.
    pub enum ProblemState {
        Investigating = "investigating",
        CauseFound = "cause_found",
        FixPlanned = "fix_planned",
    }
}

/// The record of a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemRecord {
    /// Key of the ticket; never shown.
    #[serde(skip)]
    pub ticket_id: i64,
    /// How far the search is.
    pub state: ProblemState,
    /// Why it happens; empty while nobody knows.
    pub cause: String,
    /// What people can do meanwhile; empty where nothing helps.
    pub workaround: String,
    /// A known error since then: analysed and not yet removed. UTC.
    pub known_error_at: Option<DateTime<Utc>>,
    /// The last change. UTC.
    pub updated_at: DateTime<Utc>,
}

impl ProblemRecord {
    /// The record of a problem nobody has looked into.
    pub const fn blank(ticket_id: i64, at: DateTime<Utc>) -> Self {
        Self {
            ticket_id,
            state: ProblemState::Investigating,
            cause: String::new(),
            workaround: String::new(),
            known_error_at: None,
            updated_at: at,
        }
    }
}
