//! Handing a written mail to the next mail server.

use crate::domain::message::OutboxItem;
use crate::error::{Error, Result};
use lettre::address::Envelope;
use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::time::Duration;

/// The way out.
#[derive(Debug, Clone)]
pub enum Transport {
    /// The next mail server.
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// The demo's mailbox page: a mail is delivered when it stands there.
    Page,
    /// None is configured; mails wait.
    None,
}

/// Why a mail could not be handed over.
#[derive(Debug)]
pub struct Refused {
    /// Worth another try.
    pub temporary: bool,
    /// What the other side said.
    pub reason: String,
}

impl Transport {
    /// Opens the way to an `smtps://` address (TLS), an `smtp://` address (clear text, for a server on this
    /// machine), or an `smtp://…?tls=required` one (STARTTLS).
    ///
    /// # Errors
    /// The address is malformed.
    pub fn smtp(url: &str) -> Result<Self> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|error| Error::internal(format!("smtp_url: {error}")))?;
        let pool = PoolConfig::new().max_size(4).idle_timeout(Duration::from_secs(30));
        Ok(Self::Smtp(builder.timeout(Some(Duration::from_secs(30))).pool_config(pool).build()))
    }

    /// Hands a mail over; `Ok` only after the other side has taken it.
    ///
    /// # Errors
    /// [`Refused`], with what the other side said.
    pub async fn send(&self, item: &OutboxItem) -> Result<(), Refused> {
        let smtp = match self {
            Self::Smtp(smtp) => smtp,
            Self::Page => return Ok(()),
            Self::None => return Err(Refused { temporary: true, reason: "no smtp_url is set".to_owned() }),
        };
        let envelope =
            envelope(item).ok_or_else(|| Refused { temporary: false, reason: "malformed address".to_owned() })?;
        match smtp.send_raw(&envelope, &item.raw).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Refused { temporary: !error.is_permanent(), reason: error.to_string() }),
        }
    }
}

fn envelope(item: &OutboxItem) -> Option<Envelope> {
    let sender = if item.sender.is_empty() { None } else { Some(item.sender.parse().ok()?) };
    Envelope::new(sender, vec![item.recipient.parse().ok()?]).ok()
}
