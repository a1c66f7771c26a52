//! `/tickets/{number}/mails`: the mails of a ticket on their way out.

use crate::api::Token;
use crate::api::problem::Failure;
use crate::desk::Desk;
use crate::domain::message::OutboxState;
use chrono::{DateTime, Utc};
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of outgoing mail.
pub struct Dispatches(pub Desk);

/// A mail to one recipient.
#[derive(Debug, Object)]
struct DispatchJson {
    id: i64,
    /// Empty for those who do not learn who reported.
    recipient: String,
    subject: String,
    /// What to look for in the next server's log.
    message_id: String,
    /// `held`, `queued`, `sending`, `sent`, `dead` (given up) or `withdrawn`.
    state: String,
    attempts: i64,
    /// The other side's last words.
    last_error: Option<String>,
    /// Null unless it waits.
    next_try_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
}

/// The mails of a ticket, newest first.
#[derive(Debug, Object)]
struct DispatchPage {
    items: Vec<DispatchJson>,
    next_cursor: Option<String>,
}

/// It is tried again.
#[derive(ApiResponse)]
enum Retried {
    /// Soon.
    #[oai(status = 204)]
    Queued,
}

#[OpenApi]
impl Dispatches {
    /// The mails of a ticket, one per recipient, and how far each has come.
    #[oai(path = "/tickets/:number/mails", method = "get")]
    async fn list(&self, token: Token, number: Path<String>) -> Result<Json<DispatchPage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let mails = self.0.ticket_mails(&actor, &number.0).await?;
        let items = mails.into_iter().map(|mail| DispatchJson {
            id: mail.id,
            recipient: mail.recipient,
            subject: mail.subject,
            message_id: mail.message_id,
            state: mail.state.to_string(),
            attempts: mail.attempts,
            last_error: mail.last_error,
            next_try_at: (mail.state == OutboxState::Queued).then_some(mail.due_at),
            created_at: mail.created_at,
            sent_at: mail.sent_at,
        });
        Ok(Json(DispatchPage { items: items.collect(), next_cursor: None }))
    }

    /// Tries a mail again that was given up or waits for its next try.
    #[oai(path = "/tickets/:number/mails/:id/retry", method = "post")]
    async fn retry(&self, token: Token, number: Path<String>, id: Path<i64>) -> Result<Retried, Failure> {
        let actor = token.actor(&self.0).await?;
        self.0.resend_ticket_mail(&actor, &number.0, id.0).await?;
        Ok(Retried::Queued)
    }
}
