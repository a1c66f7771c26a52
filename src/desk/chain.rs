//! The one way to append facts: each event carries the hash of the one before it in its stream.
//!
//! A ticket's stream is its number. Records that are no tickets have streams of their own, named
//! `<what>:<key>`, for instance `service:simpus` or `duty:17`; a ticket's number has no colon.

use crate::domain::event::{ActorLabel, Event, GENESIS, NewEvent};
use crate::error::Result;
use crate::secret::sha256;
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Separates the kind of a record from its key in the name of a stream.
const OF: char = ':';

/// Waits until nobody else is changing the record, and keeps others waiting until the transaction ends.
///
/// # Errors
/// The database does not answer.
pub async fn turn(tx: &mut Tx, what: &str, key: &str) -> Result<()> {
    let digits = i64::from_str_radix(&sha256(format!("{what}{OF}{key}"))[..15], 16).unwrap_or_default();
    store::dialect::one_at_a_time(tx, digits).await
}

/// Appends one fact about a record that is no ticket. Changes of one record wait for each other.
///
/// # Errors
/// The database does not answer.
pub async fn note(
    tx: &mut Tx,
    what: &str,
    key: &str,
    at: DateTime<Utc>,
    actor: ActorLabel,
    kind: &'static str,
    payload: Value,
) -> Result<()> {
    let stream = format!("{what}{OF}{key}");
    turn(tx, what, key).await?;
    let head = store::events::head(tx, &stream).await?;
    append(tx, &stream, head, vec![NewEvent { at, actor, kind, payload }], None).await
}

/// Appends facts behind `head` (place and hash of the last one). `state` is the digest of what the stream is
/// about, as it stands after the last of them.
///
/// # Errors
/// Somebody else has appended meanwhile, or the database does not answer.
pub async fn append(
    tx: &mut Tx,
    stream: &str,
    head: Option<(i64, String)>,
    events: Vec<NewEvent>,
    state: Option<String>,
) -> Result<()> {
    let (mut seq, mut prev_hash) = head.unwrap_or((0, GENESIS.to_owned()));
    let last = events.len();
    let mut chained = Vec::with_capacity(last);
    for (place, new) in events.into_iter().enumerate() {
        debug_assert!(text::knows(&format!("event-{}", new.kind)), "no sentence tells of {}", new.kind);
        metrics::counter!("meja_events_total", "kind" => new.kind).increment(1);
        seq += 1;
        let mut event = Event {
            stream: stream.to_owned(),
            seq,
            at: new.at,
            actor: new.actor,
            kind: new.kind.to_owned(),
            payload: new.payload.to_string(),
            state: if place + 1 == last { state.clone() } else { None },
            prev_hash: std::mem::take(&mut prev_hash),
            hash: String::new(),
        };
        event.hash = sha256(event.preimage());
        prev_hash.clone_from(&event.hash);
        chained.push(event);
    }
    store::events::append(tx, &chained).await
}

/// The stream tells of a ticket.
pub fn is_of_a_ticket(stream: &str) -> bool {
    !stream.contains(OF)
}
