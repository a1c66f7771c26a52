//! One look at a service: connect to an address that was checked, ask once, read a little, say a word.
//!
//! The name is resolved once and every address it has is checked; the connection is made to a checked address, never by
//! name again. No redirect is followed, nothing is sent but the question, and what came back is never shown to anybody.

use crate::desk::outward::Outward;
use crate::domain::monitor::{Expected, Finding, Monitor, MonitorKind};
use chrono::{DateTime, Utc};
use rustls::CertificateError;
use rustls::pki_types::ServerName;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_cert::der::Decode as _;

/// Most of a page that is read, in bytes.
const LARGEST: u64 = 256 * 1024;
/// Most of the answer to what was handed over that is read, in bytes.
const LARGEST_ANSWER: u64 = 4096;
/// Whoever is handed something has so long to take it.
const PUSH_PATIENCE: Duration = Duration::from_secs(10);
/// A name of a new monitor is looked up for so long.
const PATIENCE: Duration = Duration::from_secs(3);
/// A certificate that ends within so many days ends soon, unless the monitor says otherwise.
const SOON_DAYS: u32 = 14;

/// Where a monitor looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Name or address.
    pub host: String,
    /// Port; 0 where none is meant.
    pub port: u16,
    /// Path of a page with what stands behind the question mark.
    pub path: String,
    /// Over TLS.
    pub secure: bool,
}

/// Reads where a monitor looks; `None` when it cannot be understood, or carries a name and password.
pub fn target(kind: MonitorKind, text: &str) -> Option<Target> {
    match kind {
        MonitorKind::Http => page(text),
        MonitorKind::Tcp | MonitorKind::Tls => {
            let (host, port) = text.rsplit_once(':').unwrap_or((text, "443"));
            let port = port.parse().ok().filter(|port| *port > 0)?;
            place(host, port, String::new(), kind == MonitorKind::Tls)
        }
        MonitorKind::Dns => place(text, 0, String::new(), false),
        MonitorKind::Heartbeat => None,
    }
}

fn page(text: &str) -> Option<Target> {
    let (secure, rest) = match text.split_once("://")? {
        ("https", rest) => (true, rest),
        ("http", rest) => (false, rest),
        _ => return None,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = path.split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let is_plain = path.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    let usual = if secure { 443 } else { 80 };
    let is_six = authority.starts_with('[') && authority.ends_with(']');
    let (host, port) = match authority.rsplit_once(':').filter(|_| !is_six) {
        Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0)?),
        None => (authority, usual),
    };
    is_plain.then(|| place(host, port, path, secure))?
}

/// Names are made of what names are made of: no user, no blanks, nothing percent-encoded.
fn place(host: &str, port: u16, path: String, secure: bool) -> Option<Target> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_six = bare.is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok());
    let is_name = (1..=253).contains(&host.len())
        && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
        && !host.starts_with(['-', '.']);
    let host = bare.unwrap_or(host).to_lowercase();
    (is_six || is_name).then_some(Target { host, port, path, secure })
}

/// Looks once; gives what was found and how long that took, in thousandths of a second. `machine` is the time of the
/// machine: certificates know no other.
pub async fn look(outward: &Outward, monitor: &Monitor, machine: DateTime<Utc>) -> (Finding, i64) {
    let patience = Duration::from_millis(u64::try_from(monitor.timeout_ms).unwrap_or(1000));
    let began = Instant::now();
    let found = match tokio::time::timeout(patience, ask(outward, monitor, machine)).await {
        Ok(Ok(found)) => found,
        Ok(Err(failure)) => failure,
        Err(_) => Finding::Timeout,
    };
    (found, i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX))
}

/// May a monitor look there, as far as that is known before it does? A name that has no address yet is judged by each
/// look.
pub async fn is_allowed(outward: &Outward, kind: MonitorKind, target: &Target) -> bool {
    if !outward.may_lead(&target.host) {
        return false;
    }
    if kind == MonitorKind::Dns && outward.names(&target.host) {
        return true;
    }
    match tokio::time::timeout(PATIENCE, resolve(&target.host, target.port)).await {
        Ok(Ok(found)) => found.iter().all(|address| outward.allows(&target.host, address.ip())),
        _ => true,
    }
}

/// Hands a body over at an address of the allow-list, with these headers, and gives the status that is answered. No
/// redirect is followed, and nothing of the answer is kept.
///
/// # Errors
/// Why it could not be handed over.
pub async fn push(
    outward: &Outward,
    url: &str,
    headers: &[(&str, String)],
    body: &str,
) -> std::result::Result<u16, Finding> {
    let target = target(MonitorKind::Http, url).ok_or(Finding::NotAllowed)?;
    let work = hand_over(outward, &target, headers, body);
    tokio::time::timeout(PUSH_PATIENCE, work).await.unwrap_or(Err(Finding::Timeout))
}

async fn hand_over(
    outward: &Outward,
    target: &Target,
    headers: &[(&str, String)],
    body: &str,
) -> std::result::Result<u16, Finding> {
    if !outward.may_lead(&target.host) {
        return Err(Finding::NotAllowed);
    }
    let addresses = resolve(&target.host, target.port).await?;
    if !addresses.iter().all(|address| outward.allows(&target.host, address.ip())) {
        return Err(Finding::NotAllowed);
    }
    let mut request = format!(
        "POST {} HTTP/1.0\r\nHost: {}\r\nUser-Agent: meja-webhook\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n",
        target.path,
        host_line(target),
        body.len()
    );
    for (name, value) in headers {
        // Values are made by the house; a line break would be a header of somebody else.
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.push_str(body);
    let stream = connect(&addresses).await?;
    if target.secure {
        exchange(protect(outward, &target.host, stream).await?, &request).await
    } else {
        exchange(stream, &request).await
    }
}

/// Sends a question and reads the status of the answer.
async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    question: &str,
) -> std::result::Result<u16, Finding> {
    stream.write_all(question.as_bytes()).await.map_err(|_| Finding::NoAnswer)?;
    let mut answer = Vec::new();
    // What breaks off may have said enough: the status stands at the beginning.
    _ = stream.take(LARGEST_ANSWER).read_to_end(&mut answer).await;
    status(&answer).ok_or(Finding::NoAnswer)
}

/// The name of the other side as a question carries it.
fn host_line(target: &Target) -> String {
    let host = if target.host.contains(':') { format!("[{}]", target.host) } else { target.host.clone() };
    let usual = if target.secure { 443 } else { 80 };
    if target.port == usual { host } else { format!("{host}:{}", target.port) }
}

type Found = std::result::Result<Finding, Finding>;

async fn ask(outward: &Outward, monitor: &Monitor, machine: DateTime<Utc>) -> Found {
    let target = target(monitor.kind, &monitor.target).ok_or(Finding::NotAllowed)?;
    if !outward.may_lead(&target.host) {
        return Err(Finding::NotAllowed);
    }
    let addresses = resolve(&target.host, target.port).await?;
    // Where a listed name leads may be looked up, whatever it is; nothing is sent there.
    let is_looked_up = monitor.kind == MonitorKind::Dns && outward.names(&target.host);
    if !is_looked_up && !addresses.iter().all(|address| outward.allows(&target.host, address.ip())) {
        return Err(Finding::NotAllowed);
    }
    if monitor.kind == MonitorKind::Dns {
        return match &monitor.expected.address {
            Some(wanted) if !is_among(&addresses, wanted) => Err(Finding::OtherAddress),
            _ => Ok(Finding::Ok),
        };
    }
    let stream = connect(&addresses).await?;
    match monitor.kind {
        MonitorKind::Tls => {
            let stream = protect(outward, &target.host, stream).await?;
            let days = monitor.expected.days.unwrap_or(SOON_DAYS);
            Ok(if ends_within(&stream, machine, days) { Finding::ExpiresSoon } else { Finding::Ok })
        }
        MonitorKind::Http if target.secure => {
            fetch(protect(outward, &target.host, stream).await?, &target, &monitor.expected).await
        }
        MonitorKind::Http => fetch(stream, &target, &monitor.expected).await,
        _ => Ok(Finding::Ok),
    }
}

async fn resolve(host: &str, port: u16) -> std::result::Result<Vec<SocketAddr>, Finding> {
    let found = tokio::net::lookup_host((host, port)).await.map_err(|_| Finding::UnknownName)?;
    let found: Vec<SocketAddr> = found.collect();
    if found.is_empty() { Err(Finding::UnknownName) } else { Ok(found) }
}

fn is_among(addresses: &[SocketAddr], wanted: &str) -> bool {
    wanted.parse::<IpAddr>().is_ok_and(|wanted| addresses.iter().any(|address| address.ip() == wanted))
}

async fn connect(addresses: &[SocketAddr]) -> std::result::Result<TcpStream, Finding> {
    for address in addresses {
        if let Ok(stream) = TcpStream::connect(address).await {
            return Ok(stream);
        }
    }
    Err(Finding::Refused)
}

async fn protect(
    outward: &Outward,
    host: &str,
    stream: TcpStream,
) -> std::result::Result<TlsStream<TcpStream>, Finding> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Finding::CertificateName)?;
    let connected = TlsConnector::from(outward.tls()).connect(name, stream).await;
    connected.map_err(|error| {
        let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match cause {
            Some(rustls::Error::InvalidCertificate(why)) => bad_certificate(why),
            _ => Finding::NoAnswer,
        }
    })
}

const fn bad_certificate(why: &CertificateError) -> Finding {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Finding::CertificateExpired,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Finding::CertificateName,
        CertificateError::UnknownIssuer => Finding::CertificateUntrusted,
        _ => Finding::CertificateBad,
    }
}

/// Does the certificate of the other side end so soon? One that cannot be read was believed all the same.
fn ends_within(stream: &TlsStream<TcpStream>, machine: DateTime<Utc>, days: u32) -> bool {
    let leaf = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let Some(read) = leaf.and_then(|leaf| x509_cert::Certificate::from_der(leaf).ok()) else { return false };
    let end = read.tbs_certificate.validity.not_after.to_unix_duration().as_secs();
    let end = i64::try_from(end).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    // Beyond the calendar everything ends before.
    let soon = machine.checked_add_signed(chrono::Duration::days(days.into())).unwrap_or(DateTime::<Utc>::MAX_UTC);
    end.is_some_and(|end| end < soon)
}

async fn fetch(mut stream: impl AsyncRead + AsyncWrite + Unpin, target: &Target, expected: &Expected) -> Found {
    let (path, place) = (&target.path, host_line(target));
    // The old version of the protocol: the answer comes in one piece and ends with the connection.
    let question = format!("GET {path} HTTP/1.0\r\nHost: {place}\r\nUser-Agent: meja-monitor\r\nAccept: */*\r\n\r\n");
    stream.write_all(question.as_bytes()).await.map_err(|_| Finding::NoAnswer)?;
    let mut answer = Vec::new();
    // What breaks off may have said enough: the status stands at the beginning.
    _ = stream.take(LARGEST).read_to_end(&mut answer).await;
    let status = status(&answer).ok_or(Finding::NoAnswer)?;
    let is_good = expected.status.map_or((200..400).contains(&status), |wanted| status == wanted);
    if !is_good {
        return Err(Finding::OtherStatus);
    }
    match &expected.text {
        Some(text) if !String::from_utf8_lossy(body(&answer)).contains(text) => Err(Finding::TextMissing),
        _ => Ok(Finding::Ok),
    }
}

/// `HTTP/1.1 200 OK`.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.")?;
    line.split_whitespace().nth(1)?.parse().ok().filter(|status| (100..600).contains(status))
}

fn body(answer: &[u8]) -> &[u8] {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n");
    head.and_then(|head| answer.get(head + 4..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_strictly() {
        let page = |text: &str| target(MonitorKind::Http, text).map(|it| (it.host, it.port, it.path, it.secure));
        let of =
            |host: &str, port: u16, path: &str, secure: bool| Some((host.to_owned(), port, path.to_owned(), secure));
        assert_eq!(page("https://Simpus.go.id"), of("simpus.go.id", 443, "/", true));
        assert_eq!(page("http://simpus.go.id:8080/a?b=c#d"), of("simpus.go.id", 8080, "/a?b=c", false));
        assert_eq!(page("http://[::1]:81/x"), of("::1", 81, "/x", false));
        assert_eq!(page("http://[::1]/x"), of("::1", 80, "/x", false));
        for bad in [
            "ftp://a/",
            "a.go.id",
            "http://",
            "http://user:pass@a.go.id/",
            "http://a.go.id@127.0.0.1/",
            "file:///etc/passwd",
            "http://a b/",
            "http://a.go.id/\r\nX: y",
            "http://a.go.id:0/",
            "http://a%2eb/",
            "http://-a/",
            "http://a_b/ c",
        ] {
            assert_eq!(page(bad), None, "{bad}");
        }
        let tcp = |text: &str| target(MonitorKind::Tcp, text).map(|it| (it.host, it.port));
        assert_eq!(tcp("10.0.0.1:5432"), Some(("10.0.0.1".to_owned(), 5432)));
        assert_eq!(tcp("a.go.id:x"), None);
        assert_eq!(target(MonitorKind::Tls, "a.go.id").map(|it| it.port), Some(443));
        assert_eq!(target(MonitorKind::Heartbeat, ""), None);
    }

    #[test]
    fn a_status_line_is_read_strictly() {
        assert_eq!(status(b"HTTP/1.1 200 OK\r\n\r\nhalo"), Some(200));
        assert_eq!(status(b"HTTP/1.0 503\r\n"), Some(503));
        for bad in [&b""[..], b"SSH-2.0-x", b"HTTP/1.1 abc", b"HTTP/1.1 700 X", b"\xff\xfe"] {
            assert_eq!(status(bad), None);
        }
        assert_eq!(body(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nisi"), b"isi");
        assert_eq!(body(b"HTTP/1.1 200 OK"), b"");
    }
}
