//! The clocks of a ticket and the steps planned on them.

use chrono::{DateTime, Utc};
use serde::Serialize;

words! {
    /// What a clock measures.
    pub enum ClockKind {
        /// Until the first answer or acknowledgement by a person.
        Response = "response",
        /// Until the solution.
        Resolution = "resolution",
    }
}

words! {
    /// Whose time a clock measures.
    pub enum Line {
        /// Towards the requester: the deadline that was promised.
        Total = "total",
        /// While the first line held the ticket; has no deadline of its own.
        Tier1 = "tier1",
        /// While the second line held it.
        Tier2 = "tier2",
    }
}

words! {
    /// What happens at an instant of a clock. The letters E1–E4 are those of DOMAIN.md 4.1.
    pub enum StepKind {
        /// The clock begins; whoever holds the ticket is told. Happens at once, so it is never planned.
        Start = "start",
        /// E1: nobody has answered in the response time.
        ResponseNotice = "response_notice",
        /// E2: half of the resolution time is used; ownership moves to tier 2.
        Transfer = "transfer",
        /// E3: the heads are told.
        Warn = "warn",
        /// E4: the promise is broken.
        Breach = "breach",
        /// The requester owes an answer and is reminded.
        PendingReminder = "pending_reminder",
        /// The requester stayed silent; the ticket is closed.
        PendingClose = "pending_close",
        /// Solved and not contradicted; the ticket is closed.
        AutoClose = "auto_close",
        /// A vendor has been waited for long enough; the clock goes on.
        PauseEnd = "pause_end",
    }
}

words! {
    /// Where a step stands.
    pub enum StepState { Planned = "planned", Done = "done", Skipped = "skipped" }
}

impl Line {
    /// The line that tier `tier` works on.
    pub const fn of_tier(tier: i64) -> Self {
        if tier >= 2 { Self::Tier2 } else { Self::Tier1 }
    }
}

impl StepKind {
    /// Order of steps that fall on the same instant.
    pub const fn rank(self) -> i64 {
        match self {
            Self::Start => 0,
            Self::ResponseNotice => 1,
            Self::Transfer => 2,
            Self::Warn => 3,
            Self::Breach => 4,
            Self::PendingReminder => 5,
            Self::PendingClose => 6,
            Self::AutoClose => 7,
            Self::PauseEnd => 8,
        }
    }

    /// The short name used in DOMAIN.md and in reports, where there is one.
    pub const fn letter(self) -> Option<&'static str> {
        match self {
            Self::ResponseNotice => Some("E1"),
            Self::Transfer => Some("E2"),
            Self::Warn => Some("E3"),
            Self::Breach => Some("E4"),
            Self::Start | Self::PendingReminder | Self::PendingClose | Self::AutoClose | Self::PauseEnd => None,
        }
    }
}

/// One clock of a ticket. Every figure on it is a function of these fields, the pack and the
/// ticket's pauses; `due_at` is a cache of that function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SlaClock {
    /// Key inside the database.
    #[serde(skip)]
    pub id: i64,
    /// What it measures.
    pub kind: ClockKind,
    /// Whose time it measures.
    pub line: Line,
    /// Counts the restarts of the response clock (a reopened ticket owes a new answer).
    pub cycle: i64,
    /// Counted seconds allowed; `None` for a line's clock, which only measures.
    pub target_seconds: Option<i64>,
    /// First counted instant at the earliest. UTC.
    pub started_at: DateTime<Utc>,
    /// When it stopped for good (answered, solved, handed over). UTC.
    pub stopped_at: Option<DateTime<Utc>>,
    /// When the target is used up. UTC. `None` while it stands still before its due instant.
    pub due_at: Option<DateTime<Utc>>,
}

/// A span in which the resolution clock of a ticket stands still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketPause {
    /// Key inside the database.
    #[serde(skip)]
    pub id: i64,
    /// `pending_requester`, `pending_vendor` or `resolved` (the gap before a reopening).
    pub reason: String,
    /// Begin, inclusive. UTC.
    pub from: DateTime<Utc>,
    /// End, exclusive; `None` while it lasts. UTC.
    pub to: Option<DateTime<Utc>>,
}

/// A step planned on a clock. Unique by (ticket, step, cycle): it can happen once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Key inside the database.
    pub id: i64,
    /// The ticket.
    pub ticket_id: i64,
    /// What happens.
    pub kind: StepKind,
    /// Which round of it: a new pause or solution plans a new round.
    pub cycle: i64,
    /// When. UTC. `None` while the clock stands still.
    pub due_at: Option<DateTime<Utc>>,
    /// Where it stands.
    pub state: StepState,
}

/// A step that must stand in the plan. Steps of a kind that is missing are taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What happens.
    pub kind: StepKind,
    /// In which round; `None` where the kind has a new round for each cause.
    pub cycle: i64,
    /// When. UTC. `None` while the clock stands still.
    pub due_at: Option<DateTime<Utc>>,
}
