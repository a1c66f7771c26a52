//! Texts people write: checked, stored, and told of in the event that carries their digest.

use crate::desk::working::Working;
use crate::desk::{Desk, files, letters};
use crate::domain::event::ActorLabel;
use crate::domain::message::{Message, MessageVisibility};
use crate::domain::ticket::Status;
use crate::error::{Error, FieldError, Result, Say};
use crate::mail::parse::File;
use crate::secret::sha256;
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Longest text of a message, in characters.
pub const LONGEST_TEXT: usize = 100_000;
/// Longest reason, in characters.
pub(super) const LONGEST_REASON: usize = 4_000;

/// What somebody wrote and how it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    /// The text.
    pub body: &'a str,
    /// The way it came.
    pub channel: &'a str,
    /// The name shown beside it; that of the requester when it is left out.
    pub name: Option<&'a str>,
    /// Files with it.
    pub files: &'a [File],
}

/// A stored message and what its event says of it.
#[derive(Debug)]
pub(super) struct Stored {
    /// Its key.
    pub id: i64,
    /// Key and digest: a body edited by hand no longer fits.
    pub payload: Value,
    /// Names and digests of its files.
    pub files: Vec<Value>,
}

/// Stores a message with its files; its event must carry `payload` and `files`.
pub(super) async fn store(
    desk: &Desk,
    tx: &mut Tx,
    working: &Working,
    author: ActorLabel,
    visibility: MessageVisibility,
    words: &Words<'_>,
    now: DateTime<Utc>,
) -> Result<Stored> {
    let message = message(working, author, visibility, words, now);
    let id = store::messages::insert(tx, working.ticket.id, &message).await?;
    let files = files::attach(desk, tx, working.ticket.id, id, words.files).await?;
    Ok(Stored { id, payload: json!({"id": id, "sha256": message_digest(&message)?}), files })
}

/// Stores the report that opens a ticket; gives the payload of its event. Without files nobody asks for its key,
/// and then it need not be waited for.
pub(super) async fn store_report(
    desk: &Desk,
    tx: &mut Tx,
    working: &Working,
    words: &Words<'_>,
    now: DateTime<Utc>,
) -> Result<Value> {
    let (author, public) = (ActorLabel::requester(), MessageVisibility::Public);
    if !words.files.is_empty() {
        let stored = store(desk, tx, working, author, public, words, now).await?;
        return Ok(json!({"message": stored.payload, "files": stored.files}));
    }
    let message = message(working, author, public, words, now);
    store::messages::add(tx, working.ticket.id, &message).await?;
    Ok(json!({"message": {"sha256": message_digest(&message)?}, "files": []}))
}

fn message(
    working: &Working,
    author: ActorLabel,
    visibility: MessageVisibility,
    words: &Words<'_>,
    now: DateTime<Utc>,
) -> Message {
    Message {
        id: 0,
        at: now,
        author: author.as_str().to_owned(),
        author_name: words.name.unwrap_or(&working.ticket.requester_name).to_owned(),
        visibility,
        body: words.body.to_owned(),
        channel: words.channel.to_owned(),
    }
}

impl Desk {
    /// The requester wrote, whichever way: a pause ends, a solved ticket is open again.
    pub(super) async fn requester_wrote(
        &self,
        tx: &mut Tx,
        working: &mut Working,
        words: &Words<'_>,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let requester = ActorLabel::requester;
        let stored = store(self, tx, working, requester(), MessageVisibility::Public, words, at).await?;
        let payload = json!({"message": stored.payload, "files": stored.files, "channel": words.channel});
        working.event(at, requester(), "requester_wrote", payload);
        if working.ticket.status == Status::PendingRequester {
            working.end_pause(at);
            working.ticket.status = Status::InProgress;
            working.event(at, requester(), "resumed", json!({"trigger": "requester"}));
        } else if working.ticket.status == Status::Resolved {
            let reason =
                crate::text::say(crate::domain::ticket::Language::Indonesian, &Say::new("reason-requester-wrote"));
            working.reopen(requester(), &reason, at);
        }
        Ok(())
    }
}

impl Desk {
    /// A mail that only says that the requester is away: kept, but a pause goes on and a solved ticket stays solved.
    pub(super) async fn requester_is_away(
        &self,
        tx: &mut Tx,
        working: &mut Working,
        words: &Words<'_>,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let requester = ActorLabel::requester;
        let stored = store(self, tx, working, requester(), MessageVisibility::Public, words, at).await?;
        let facts = json!({"message": stored.payload, "files": stored.files, "channel": words.channel, "absent": true});
        working.event(at, requester(), "requester_wrote", facts);
        Ok(())
    }

    /// Tells the sender of a letter which of its files are not kept.
    pub(super) async fn tell_left_out(
        &self,
        tx: &mut Tx,
        working: &mut Working,
        letter: &crate::mail::parse::Letter,
        at: DateTime<Utc>,
    ) -> Result<()> {
        letters::left_out(self, tx, working, &letter.left_out, letter.quiet || letter.absent, at).await
    }
}

/// Digest of a message as its event carries it. Its key is left out: it may not have one yet.
pub(super) fn message_digest(message: &Message) -> Result<String> {
    Ok(sha256(serde_json::to_string(&Message { id: 0, ..message.clone() })?))
}

/// A text that must say something and not too much.
pub(super) fn required(field: &'static str, text: &str, longest: usize) -> Result<String> {
    required_all(&[(field, text, longest)]).map(|mut texts| texts.remove(0))
}

/// A text that may be missing, but not be too long.
pub(super) fn optional(field: &'static str, text: &str, longest: usize) -> Result<String> {
    let text = crate::mail::parse::clean(text);
    if text.chars().count() > longest {
        return Err(Error::field(field, Say::new("field-too-long").with("longest", longest)));
    }
    Ok(text)
}

/// As [`required`], naming every bad field at once.
pub(super) fn required_all(fields: &[(&'static str, &str, usize)]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut texts = Vec::new();
    for (field, text, longest) in fields {
        let text = crate::mail::parse::clean(text);
        if !text.chars().any(char::is_alphanumeric) {
            problems.push(FieldError { field, say: Say::new("field-required").with("label", field) });
        } else if text.chars().count() > *longest {
            problems.push(FieldError { field, say: Say::new("field-too-long").with("longest", longest) });
        }
        texts.push(text);
    }
    if problems.is_empty() { Ok(texts) } else { Err(Error::Invalid(problems)) }
}
