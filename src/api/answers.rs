//! What the API answers.

use crate::desk::Desk;
use crate::desk::views::TicketView;
use crate::domain::event::Event;
use crate::domain::message::{Attachment, Message};
use crate::policy::Explanation;
use crate::policy::request::PROFILE_PREFIX;
use crate::store::tickets::After;
use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use poem_openapi::Object;
use poem_openapi::types::Any;
use serde_json::Value;

/// A page of tickets.
#[derive(Debug, Object)]
pub struct TicketPage {
    pub items: Vec<TicketJson>,
    /// Where the list goes on; null at its end.
    pub next_cursor: Option<String>,
}

/// A page of anything small.
#[derive(Debug, Object)]
pub struct MessagePage {
    pub items: Vec<MessageJson>,
    pub next_cursor: Option<String>,
}

/// A page of a ticket's chained history.
#[derive(Debug, Object)]
pub struct EventPage {
    pub items: Vec<EventJson>,
    pub next_cursor: Option<String>,
}

/// A ticket.
#[derive(Debug, Object)]
pub struct TicketJson {
    pub number: String,
    pub kind: String,
    pub subject: String,
    pub description: String,
    pub status: String,
    pub impact: String,
    pub urgency: String,
    pub priority: String,
    /// 1 first line, 2 second line.
    pub tier: i64,
    pub agency: String,
    pub service: Option<String>,
    /// Address of the person working on it.
    pub assignee: Option<String>,
    pub requester: RequesterJson,
    pub classification: String,
    pub channel: String,
    pub opened_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub escalated_at: Option<DateTime<Utc>>,
    pub returned: bool,
    pub merged_into: Option<String>,
    pub pack: String,
    /// Code of its type of request, if it has one.
    pub request_type: Option<String>,
    pub version: i64,
    pub sla: SlaJson,
    /// Given once, when the ticket is opened; goes to the requester.
    #[oai(skip_serializing_if_is_none)]
    pub tracking_code: Option<String>,
}

/// Who reported it.
#[derive(Debug, Object)]
pub struct RequesterJson {
    pub name: String,
    pub email: String,
    pub nip: Option<String>,
    /// Telephone (E.164).
    #[oai(skip_serializing_if_is_none)]
    pub phone: Option<String>,
    /// The address is of the official domain, or was confirmed.
    pub verified: bool,
}

/// The figures of a ticket's clocks. Instants in UTC, seconds counted by the profile's calendar.
#[derive(Debug, Object)]
pub struct SlaJson {
    pub profile: String,
    pub response_due: Option<DateTime<Utc>>,
    /// 50 % of the resolution time, or what the pack says.
    pub transfer_due: Option<DateTime<Utc>>,
    /// 80 % of the resolution time, or what the pack says.
    pub warn_due: Option<DateTime<Utc>>,
    /// Null while the clock stands still before it.
    pub resolution_due: Option<DateTime<Utc>>,
    pub responded_at: Option<DateTime<Utc>>,
    pub resolved_at: Option<DateTime<Utc>>,
    /// The due instant that passed unmet.
    pub breached_at: Option<DateTime<Utc>>,
    /// The line that held it then.
    pub breached_tier: Option<i64>,
    pub paused: bool,
    pub remaining_seconds: i64,
    /// How long each line has held it; together the time used.
    pub lines: Vec<LineJson>,
}

/// The share of a support line.
#[derive(Debug, Object)]
pub struct LineJson {
    /// `tier1` or `tier2`.
    pub line: String,
    /// Counted seconds, pauses left out.
    pub used_seconds: i64,
}

/// A message.
#[derive(Debug, Object)]
pub struct MessageJson {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub author: String,
    pub author_name: String,
    pub visibility: String,
    pub body: String,
    pub channel: String,
    pub attachments: Vec<AttachmentJson>,
    /// `sent`; for staff also `held` (can still be called back) and `withdrawn` (never left).
    pub delivery: String,
}

/// A file of a message.
#[derive(Debug, Object)]
pub struct AttachmentJson {
    pub id: i64,
    pub name: String,
    pub size: i64,
    pub sha256: String,
}

/// A fact in the chain of a ticket.
#[derive(Debug, Object)]
pub struct EventJson {
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub kind: String,
    /// The particulars.
    pub payload: Any<Value>,
    /// Exactly the text that was hashed.
    pub payload_text: String,
    /// Digest of the ticket's row after the change.
    pub state: Option<String>,
    pub prev_hash: String,
    pub hash: String,
}

impl TicketJson {
    /// A ticket as JSON.
    pub fn new(view: TicketView) -> Self {
        let TicketView { ticket, due, paused, remaining_seconds, lines, assignee_email, .. } = view;
        let request_type = ticket.profile.strip_prefix(PROFILE_PREFIX).map(str::to_owned);
        Self {
            sla: SlaJson {
                profile: ticket.profile,
                response_due: due.response_due,
                transfer_due: due.transfer_due,
                warn_due: due.warn_due,
                resolution_due: due.resolution_due,
                responded_at: ticket.responded_at,
                resolved_at: ticket.resolved_at,
                breached_at: ticket.breached_at,
                breached_tier: ticket.breached_tier,
                paused,
                remaining_seconds,
                lines: lines
                    .into_iter()
                    .map(|(line, used_seconds)| LineJson { line: line.to_string(), used_seconds })
                    .collect(),
            },
            requester: RequesterJson {
                name: ticket.requester_name,
                email: ticket.requester_email,
                nip: ticket.requester_nip,
                phone: ticket.requester_phone,
                verified: ticket.requester_verified,
            },
            number: ticket.number,
            kind: ticket.kind.to_string(),
            subject: ticket.subject,
            description: ticket.description,
            status: ticket.status.to_string(),
            impact: ticket.impact.to_string(),
            urgency: ticket.urgency.to_string(),
            priority: ticket.priority.to_string(),
            tier: ticket.tier,
            agency: ticket.agency,
            service: ticket.service,
            assignee: assignee_email,
            classification: ticket.classification.to_string(),
            channel: ticket.channel.to_string(),
            opened_at: ticket.opened_at,
            updated_at: ticket.updated_at,
            closed_at: ticket.closed_at,
            escalated_at: ticket.escalated_at,
            returned: ticket.returned,
            merged_into: ticket.merged_into,
            pack: ticket.pack,
            request_type,
            version: ticket.version,
            tracking_code: None,
        }
    }
}

impl MessageJson {
    /// A message with its files as JSON.
    pub fn new(message: Message, files: &[Attachment]) -> Self {
        let own = files.iter().filter(|file| file.message_id == message.id);
        Self {
            attachments: own
                .map(|file| AttachmentJson {
                    id: file.id,
                    name: file.name.clone(),
                    size: file.size,
                    sha256: file.sha256.clone(),
                })
                .collect(),
            id: message.id,
            at: message.at,
            author: message.author,
            author_name: message.author_name,
            visibility: message.visibility.to_string(),
            body: message.body,
            channel: message.channel,
            delivery: "sent".to_owned(),
        }
    }
}

impl EventJson {
    /// A fact as JSON.
    pub fn new(event: Event) -> Self {
        Self {
            payload: Any(serde_json::from_str(&event.payload).unwrap_or(Value::Null)),
            payload_text: event.payload,
            seq: event.seq,
            at: event.at,
            actor: event.actor.as_str().to_owned(),
            kind: event.kind,
            state: event.state,
            prev_hash: event.prev_hash,
            hash: event.hash,
        }
    }
}

/// The working of a ticket's deadlines, as `meja policy explain --json` prints it.
pub fn explanation(explanation: &Explanation) -> Any<Value> {
    Any(serde_json::to_value(explanation).unwrap_or(Value::Null))
}

/// A place in a list as a cursor: marked with our key, so that only places we gave are taken.
pub fn cursor(desk: &Desk, list: &str, place: &str) -> String {
    let mark = desk.secret.mark("cursor", &format!("{list}\n{place}"));
    BASE64URL_NOPAD.encode(format!("{mark}{place}").as_bytes())
}

/// The place a cursor names, when we gave it for this list.
pub fn place(desk: &Desk, list: &str, cursor: &str) -> Option<String> {
    let text = String::from_utf8(BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?).ok()?;
    let (mark, place) = text.split_at_checked(26)?;
    desk.secret.recognises("cursor", &format!("{list}\n{place}"), mark).then(|| place.to_owned())
}

/// A place in a list of tickets as text.
pub fn after_text((at, id): After) -> String {
    format!("{} {id}", at.to_rfc3339())
}

/// Reads [`after_text`].
pub fn after(text: &str) -> Option<After> {
    let (at, id) = text.split_once(' ')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}
