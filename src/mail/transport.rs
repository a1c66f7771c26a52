//! Handing a written mail to the next mail server.

use crate::domain::message::OutboxItem;
use crate::error::{Error, Result};
use crate::mail::sign::Signer;
use lettre::address::Envelope;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The way out.
#[derive(Debug, Clone)]
pub enum Transport {
    /// The next mail server.
    Smtp(Smtp),
    /// The demo's mailbox page: a mail is delivered when it stands there.
    Page,
    /// None is configured; mails wait.
    None,
}

/// How the next mail server is reached.
#[derive(Debug, Clone)]
pub struct Smtp {
    client: AsyncSmtpTransport<Tokio1Executor>,
    signer: Option<Arc<Signer>>,
    patience: Duration,
}

/// What is asked of the way beside its address.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// Certificates (PEM) of an authority of one's own, trusted besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// Signs every mail.
    pub signer: Option<Arc<Signer>>,
    /// The longest the other side may take for one answer; for a whole mail three times as long, which must be less
    /// than the worker's lease.
    pub patience: Duration,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { ca_file: None, signer: None, patience: Duration::from_secs(30) }
    }
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
    /// machine), or an `smtp://…?tls=required` one (STARTTLS). With TLS the server must prove its name.
    ///
    /// # Errors
    /// The address is malformed, or the certificates cannot be read.
    pub fn smtp(url: &str, wishes: Wishes) -> Result<Self> {
        let failed = |error: &dyn std::fmt::Display| Error::internal(format!("smtp_url: {error}"));
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|error| failed(&error))?;
        if let Some(file) = &wishes.ca_file {
            let broken =
                |error: &dyn std::fmt::Display| Error::internal(format!("mail.ca_file: {}: {error}", file.display()));
            let pem = std::fs::read(file).map_err(|error| broken(&error))?;
            let certificate = Certificate::from_pem(&pem).map_err(|error| broken(&error))?;
            let parameters = || {
                TlsParameters::builder(host(url).to_owned())
                    .add_root_certificate(certificate.clone())
                    .build()
                    .map_err(|error| failed(&error))
            };
            let (scheme, query) =
                (url.split(':').next().unwrap_or_default(), url.split_once('?').map_or("", |it| it.1));
            let asked = query.split('&').find_map(|pair| pair.strip_prefix("tls="));
            builder = match (scheme, asked) {
                ("smtps", _) => builder.tls(Tls::Wrapper(parameters()?)),
                // Whatever is asked for: nobody on the line may take it away.
                (_, Some(_)) => builder.tls(Tls::Required(parameters()?)),
                (_, None) => builder,
            };
        }
        // A connection is used once: one that was given up in the middle of an answer would give that answer to the
        // next mail, which nobody would send again then.
        let pool = PoolConfig::new().max_size(0);
        let client = builder.timeout(Some(wishes.patience)).pool_config(pool).build();
        Ok(Self::Smtp(Smtp { client, signer: wishes.signer, patience: wishes.patience * 3 }))
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
        let signed = smtp.signer.as_ref().map(|signer| signer.sign(&item.raw)).transpose();
        // A key that fails is mended by people; the mail must not leave without its signature meanwhile.
        let signed = signed.map_err(|error| Refused { temporary: true, reason: error.to_string() })?;
        let raw = signed.as_deref().unwrap_or(&item.raw);
        match tokio::time::timeout(smtp.patience, smtp.client.send_raw(&envelope, raw)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Refused { temporary: !error.is_permanent(), reason: words(&error) }),
            Err(_) => Err(Refused { temporary: true, reason: "the mail server took too long".to_owned() }),
        }
    }
}

/// The other side's words with what lies behind them: which check of a certificate failed for instance.
fn words(error: &lettre::transport::smtp::Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = inner.source();
    }
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect()
}

/// The host in an address; a password before it may hold any sign.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let server = rest.split('/').next().unwrap_or(rest);
    match server.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, _)) => host,
        None => server.rsplit_once(':').map_or(server, |(host, _)| host),
    }
}

fn envelope(item: &OutboxItem) -> Option<Envelope> {
    let sender = if item.sender.is_empty() { None } else { Some(item.sender.parse().ok()?) };
    Envelope::new(sender, vec![item.recipient.parse().ok()?]).ok()
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn the_host_stands_behind_the_last_at_sign() {
        assert_eq!(host("smtps://u:p%40@mail.dinas.go.id:465/helo?tls=required"), "mail.dinas.go.id");
        assert_eq!(host("smtp://127.0.0.1:25"), "127.0.0.1");
        assert_eq!(host("smtp://[::1]:25"), "::1");
    }
}
