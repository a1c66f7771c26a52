//! The connection to an IMAP server: encrypted where it must be, and never more than was asked for.

use crate::config::mail::{Mailbox, Security};
use crate::error::{Error, Result};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Either kind of connection.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug> Stream for T {}

/// A connection from which only so many bytes may come as were allowed: a server that lies about a size must not fill
/// the memory.
#[derive(Debug)]
pub(super) struct Line {
    stream: Box<dyn Stream>,
    allowed: Allowance,
}

/// How many bytes may still come.
#[derive(Debug, Clone)]
pub(super) struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    /// Allows so many from now on.
    pub(super) fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

impl Line {
    /// Connects, and encrypts unless the mailbox is read in clear text; with STARTTLS the caller says the command and
    /// then calls [`Line::encrypt`].
    pub(super) async fn connect(mailbox: &Mailbox, ca_file: Option<&Path>) -> Result<(Self, Allowance)> {
        let stream = TcpStream::connect((mailbox.host.as_str(), mailbox.port)).await.map_err(|error| {
            Error::Unavailable(format!("{}:{} cannot be reached: {error}", mailbox.host, mailbox.port).into())
        })?;
        stream.set_nodelay(true)?;
        let allowed = Allowance(Arc::new(AtomicUsize::new(64 * 1024)));
        let line = Self { stream: Box::new(stream), allowed: allowed.clone() };
        if mailbox.security != Security::Tls {
            return Ok((line, allowed));
        }
        Ok((line.encrypt(mailbox, ca_file).await?, allowed))
    }

    /// Goes on encrypted; the server must prove its name.
    pub(super) async fn encrypt(self, mailbox: &Mailbox, ca_file: Option<&Path>) -> Result<Self> {
        let unproven = |why: String| Error::Unavailable(format!("TLS with {}: {why}", mailbox.host).into());
        let name = ServerName::try_from(mailbox.host.clone()).map_err(|error| unproven(error.to_string()))?;
        let connector = TlsConnector::from(Arc::new(trusted(ca_file)?));
        let stream = connector.connect(name, self.stream).await.map_err(|error| unproven(error.to_string()))?;
        Ok(Self { stream: Box::new(stream), allowed: self.allowed })
    }
}

/// Trusts the public authorities and those in `ca_file`.
fn trusted(ca_file: Option<&Path>) -> Result<ClientConfig> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = ca_file {
        let broken = |error: String| Error::internal(format!("mail.ca_file: {}: {error}", file.display()));
        let found = CertificateDer::pem_file_iter(file).map_err(|error| broken(error.to_string()))?;
        for certificate in found {
            let certificate = certificate.map_err(|error| broken(error.to_string()))?;
            roots.add(certificate).map_err(|error| broken(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(|error| Error::Internal(error.into()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Poll::Ready(Ok(())) = read {
            let came = buffer.filled().len() - before;
            let left = self.allowed.0.load(Ordering::Relaxed);
            if came > left {
                return Poll::Ready(Err(io::Error::other("the server sends more than was asked for")));
            }
            self.allowed.0.store(left - came, Ordering::Relaxed);
        }
        read
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
