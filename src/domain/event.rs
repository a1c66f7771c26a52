//! Events: facts that are only ever appended, chained by hash.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::Value;

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActorLabel(String);

impl ActorLabel {
    /// The program itself, through a timer.
    pub fn clock() -> Self {
        Self("system:clock".to_owned())
    }

    /// The rules themselves: a pack or a calendar that has changed.
    pub fn policy() -> Self {
        Self("system:policy".to_owned())
    }

    /// The mail intake.
    pub fn mail() -> Self {
        Self("system:mail".to_owned())
    }

    /// The operator, at the machine itself.
    pub fn console() -> Self {
        Self("system:console".to_owned())
    }

    /// A person with an account, by its key (names change, keys do not).
    pub fn user(id: i64) -> Self {
        Self(format!("user:{id}"))
    }

    /// The requester of the ticket, with or without an account.
    pub fn requester() -> Self {
        Self("requester".to_owned())
    }

    /// Reads back what was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The stored form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A fact about to be appended.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// When it happened. UTC.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: ActorLabel,
    /// What happened, e.g. `opened`, `escalated`.
    pub kind: &'static str,
    /// The particulars.
    pub payload: Value,
}

/// A fact as it stands in the chain of its stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The chain it belongs to: a ticket's number.
    pub stream: String,
    /// Place in the chain, from 1.
    pub seq: i64,
    /// When it happened. UTC, microseconds.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: ActorLabel,
    /// What happened.
    pub kind: String,
    /// The particulars as JSON text, exactly the bytes that were hashed.
    pub payload: String,
    /// Digest of the ticket's row, clocks and pauses after this change (hexadecimal), on the last
    /// event of each change: a row edited by hand no longer fits it.
    pub state: Option<String>,
    /// Hash of the event before it; 64 zeros for the first.
    pub prev_hash: String,
    /// Hash of this event.
    pub hash: String,
}

/// `prev_hash` of the first event of a stream.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Kinds of events whose facts name an address that mail went to, and what its server said.
const TELL_ADDRESSES: [&str; 2] = ["undelivered", "address_lifted"];

impl Event {
    /// Takes out what tells who the reporter is: his address and what a mail server said of it, every digest that was
    /// made over his name too, and those over them: with all else known, a name can be guessed until a digest fits.
    pub fn hide_reporter(&mut self) {
        self.state = None;
        self.prev_hash.clear();
        self.hash.clear();
        let Ok(mut payload) = serde_json::from_str::<Value>(&self.payload) else { return };
        let mut hidden = Vec::new();
        if let Some(message) = payload.get_mut("message").and_then(Value::as_object_mut) {
            hidden.push(message.remove("sha256"));
        }
        if TELL_ADDRESSES.contains(&self.kind.as_str())
            && let Some(facts) = payload.as_object_mut()
        {
            hidden.extend(["to", "said"].map(|name| facts.remove(name)));
        }
        if hidden.iter().any(Option::is_some) {
            self.payload = payload.to_string();
        }
    }

    /// Its digests were taken out.
    pub const fn hides_digests(&self) -> bool {
        self.hash.is_empty()
    }

    /// The bytes whose SHA-256 is `hash`: each field on its own line, preceded by its length, so that
    /// no two different events have the same bytes.
    pub fn preimage(&self) -> String {
        let seq = self.seq.to_string();
        let at = self.at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let state = self.state.as_deref().unwrap_or("");
        let fields = [&self.prev_hash, &self.stream, &seq, &at, self.actor.as_str(), &self.kind, &self.payload, state];
        let mut text = String::new();
        for field in fields {
            text.push_str(&field.len().to_string());
            text.push(':');
            text.push_str(field);
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{ActorLabel, Event};
    use chrono::DateTime;

    fn event(kind: &str, payload: &str) -> Event {
        let text = String::new;
        Event {
            stream: text(),
            seq: 1,
            at: DateTime::UNIX_EPOCH,
            actor: ActorLabel::mail(),
            kind: kind.to_owned(),
            payload: payload.to_owned(),
            state: Some("s".to_owned()),
            prev_hash: "p".to_owned(),
            hash: "h".to_owned(),
        }
    }

    #[test]
    fn nothing_tells_who_the_reporter_is() {
        let mut bounced = event("undelivered", r#"{"to":"siti@x.id","said":"550 siti@x.id unknown","count":1}"#);
        bounced.hide_reporter();
        assert_eq!(bounced.payload, r#"{"count":1}"#);
        assert!(bounced.hides_digests() && bounced.state.is_none() && bounced.prev_hash.is_empty());
        let mut wrote = event("requester_wrote", r#"{"message":{"id":4,"sha256":"d"}}"#);
        wrote.hide_reporter();
        assert_eq!(wrote.payload, r#"{"message":{"id":4}}"#);
        let mut other = event("linked", r#"{"to":"OKI-2611-00016-3"}"#);
        other.hide_reporter();
        assert_eq!(other.payload, r#"{"to":"OKI-2611-00016-3"}"#, "a number is no address");
    }
}
