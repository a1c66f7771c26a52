//! Programs that are told of what happens to tickets, and what they may ask for. Pure.

use crate::domain::people::{Actor, Scope, visibility};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Events of tickets that can be asked for, by the names they have in the chain.
pub const KINDS: [&str; 22] = [
    "opened",
    "acknowledged",
    "assigned",
    "prioritized",
    "replied",
    "requester_wrote",
    "info_requested",
    "resumed",
    "escalated",
    "returned",
    "warned",
    "breached",
    "resolved",
    "reopened",
    "closed",
    "merged",
    "incident_announced",
    "incident_updated",
    "incident_ended",
    "change_voted",
    "change_phase",
    "change_ended",
];

words! {
    /// Where one delivery stands.
    pub enum DeliveryState {
        Queued = "queued",
        Sending = "sending",
        Sent = "sent",
        /// Tried too often, or not allowed.
        Dead = "dead",
        /// Not for the owner's eyes, or switched off meanwhile.
        Skipped = "skipped",
    }
}

/// Where a program wants to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Webhook {
    /// Its key.
    pub id: i64,
    /// Key of the account whose rights decide what is told.
    pub owner: i64,
    /// What people call it.
    pub name: String,
    /// Where it is told.
    pub url: String,
    /// Names of events.
    pub events: Vec<String>,
    /// Only tickets of this agency.
    pub agency: Option<String>,
    /// Counts the secrets.
    pub secret_no: i64,
    /// It is told at all.
    pub active: bool,
    /// UTC.
    pub created_at: DateTime<Utc>,
    /// Counts the changes; a writer that saw an older one is refused.
    pub version: i64,
}

/// Something to be told, or told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Key inside the database.
    pub id: i64,
    /// The same at every try: the receiver knows by it what he has heard already.
    pub item_key: String,
    /// Whose it is.
    pub webhook_id: i64,
    /// Number of the ticket.
    pub stream: String,
    /// Place in the ticket's chain.
    pub seq: i64,
    /// What happened.
    pub kind: String,
    /// When it happened. UTC.
    pub at: DateTime<Utc>,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i64,
    /// Counts the times somebody took it.
    pub lease_no: i64,
    /// What the receiver answered last.
    pub status: Option<i64>,
    /// Why it failed last, of a small set of words.
    pub last_error: Option<String>,
    /// When it was taken. UTC.
    pub sent_at: Option<DateTime<Utc>>,
}

/// May `actor` have programs told? Who sees tickets of others by his work, and writes.
pub fn may_have(actor: &Actor) -> bool {
    let seen = visibility(actor);
    actor.account.active && actor.scope == Scope::Write && (seen.all || !seen.agencies.is_empty())
}
