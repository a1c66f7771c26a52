//! What people write to each other inside a ticket.

use chrono::{DateTime, Utc};
use serde::Serialize;

words! {
    /// Who may read a message.
    pub enum MessageVisibility { Public = "public", Internal = "internal" }
}

words! {
    /// What became of a received mail.
    pub enum InboxState {
        /// Stored, not yet read.
        New = "new",
        /// Opened a ticket or was added to one.
        Done = "done",
        /// A robot's mail: kept on record, answered by nothing.
        Ignored = "ignored",
        /// Could not become anything by itself; a person decides.
        Quarantined = "quarantined",
        /// Somebody decided that it is nothing.
        Discarded = "discarded",
    }
}

words! {
    /// What was decided about a sender once and for all.
    pub enum SenderVerdict {
        /// His mail is never put aside for what he is.
        LetIn = "let_in",
        /// His mail opens nothing and is not shown to anybody who does not look for it.
        Discard = "discard",
    }
}

words! {
    /// What a virus scanner said of a file.
    pub enum ScanVerdict {
        /// It was not looked through yet: nobody may open it.
        Waiting = "waiting",
        /// Nothing was found.
        Clean = "clean",
        /// Something was found: nobody may open it.
        Infected = "infected",
        /// The scanner refuses it, because it is too large for instance: nobody may open it.
        Unscannable = "unscannable",
    }
}

words! {
    /// What became of an outgoing mail. `held` waits for its answer to be let go; `withdrawn` never leaves.
    pub enum OutboxState {
        Queued = "queued",
        Sending = "sending",
        Sent = "sent",
        Dead = "dead",
        Held = "held",
        Withdrawn = "withdrawn",
    }
}

/// A message of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Key inside the database.
    pub id: i64,
    /// When the server had it. UTC.
    pub at: DateTime<Utc>,
    /// `requester`, `user:7`, `system:…`.
    pub author: String,
    /// The name shown beside it.
    pub author_name: String,
    /// Who may read it.
    pub visibility: MessageVisibility,
    /// The full text.
    pub body: String,
    /// The way it came in.
    pub channel: String,
}

/// A file that came with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// Key inside the database.
    pub id: i64,
    /// The message it came with.
    pub message_id: i64,
    /// The name its sender gave it; never used as a path.
    pub name: String,
    /// The type its sender claimed; never sent back to a browser.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// Its name in the content-addressed store.
    pub sha256: String,
}

/// A received mail as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// Key inside the database.
    pub id: i64,
    /// The address it was delivered to, lower case, or empty.
    pub mailbox: String,
    /// Envelope sender, or empty.
    pub sender: String,
    /// Address in `From`, or empty.
    pub author: String,
    /// Its subject, or empty.
    pub subject: String,
    /// Server receipt. UTC.
    pub received_at: DateTime<Utc>,
    /// What became of it.
    pub state: InboxState,
    /// Why.
    pub cause: Option<String>,
    /// Number of the ticket it opened, was added to, or speaks of.
    pub ticket: Option<String>,
    /// Bytes.
    pub size: i64,
}

/// A received mail as it stands in the inbox.
#[derive(Debug, Clone)]
pub struct InboxItem {
    /// Key inside the database.
    pub id: i64,
    /// The address it was delivered to, lower case, or empty.
    pub mailbox: String,
    /// Envelope sender, or empty.
    pub sender: String,
    /// The bytes as they came.
    pub raw: Vec<u8>,
    /// Server receipt. UTC.
    pub received_at: DateTime<Utc>,
}

/// An outgoing mail as it stands in the outbox.
#[derive(Debug, Clone)]
pub struct OutboxItem {
    /// Key inside the database.
    pub id: i64,
    /// Envelope recipient.
    pub recipient: String,
    /// Envelope sender; empty for automatic mail.
    pub sender: String,
    /// The subject line, for lists.
    pub subject: String,
    /// The whole message.
    pub raw: Vec<u8>,
    /// Where it stands.
    pub state: OutboxState,
    /// Tries so far.
    pub attempts: i64,
    /// Fencing number of the lease this worker holds.
    pub lease_no: i64,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it was written. UTC.
    pub created_at: DateTime<Utc>,
    /// When the next server took it. UTC.
    pub sent_at: Option<DateTime<Utc>>,
}

/// A mail to be put in the outbox.
#[derive(Debug, Clone)]
pub struct NewMail {
    /// One item per cause and recipient.
    pub key: String,
    /// The ticket it is about.
    pub ticket: Option<i64>,
    /// Envelope recipient.
    pub recipient: String,
    /// Envelope sender; empty for automatic mail, which nobody answers.
    pub sender: String,
    /// Subject line, for lists.
    pub subject: String,
    /// Its Message-ID, fixed now so that a retry is recognised.
    pub message_id: String,
    /// The whole message.
    pub raw: Vec<u8>,
}

/// An address of which only so much is shown that who looks after mail knows where it goes: `s•••@contoh.id`.
pub fn masked(address: &str) -> String {
    let (local, host) = address.rsplit_once('@').unwrap_or((address, ""));
    let first = local.chars().next().filter(|_| local.chars().count() > 1);
    let host = if host.is_empty() { String::new() } else { format!("@{host}") };
    format!("{}•••{host}", first.map(String::from).unwrap_or_default())
}

/// What somebody said, with every address in it masked: `550 <s•••@contoh.id>: no such user`.
pub fn without_addresses(text: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.@".contains(c);
    let (mut told, mut word) = (String::new(), String::new());
    for sign in text.chars().chain([' ']) {
        if is_part(sign) {
            word.push(sign);
            continue;
        }
        told.push_str(&if word.contains('@') { masked(&word) } else { std::mem::take(&mut word) });
        word.clear();
        told.push(sign);
    }
    told.pop();
    told
}

/// What somebody said of a mail to `address`, with the address masked wherever it stands.
pub fn without_address(text: &str, address: &str) -> String {
    let (lower, wanted) = (text.to_ascii_lowercase(), address.to_ascii_lowercase());
    if wanted.is_empty() {
        return text.to_owned();
    }
    let (mut told, mut from) = (String::new(), 0);
    for (place, found) in lower.match_indices(&wanted) {
        told.push_str(&text[from..place]);
        told.push_str(&masked(address));
        from = place + found.len();
    }
    told.push_str(&text[from..]);
    told
}
