//! What the settings say of the ways mail takes: the section `[mail]`, `lmtp_listen` and `imap_url`.

use crate::config::limits::MailLimits;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Bytes of a megabyte.
const MB: usize = 1024 * 1024;

/// The section `[mail]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailConfig {
    /// Further addresses of the desk besides `mail_address`.
    pub aliases: Vec<String>,
    /// Largest message that is taken, in megabytes.
    pub largest_mb: u32,
    /// File with the password for every mailbox of `imap_url` that has none of its own.
    pub imap_password_file: Option<PathBuf>,
    /// Folder into which a message goes once it was taken in; it stays where it is when this is not set.
    pub imap_move_to: Option<String>,
    /// What is read of a mailbox that was never read before: `all` of it or only what is `new`.
    pub imap_first: First,
    /// Certificates (PEM) of an authority of one's own, trusted besides the public ones; for IMAP and SMTP.
    pub ca_file: Option<PathBuf>,
    /// More mailboxes, each with settings of its own.
    pub mailboxes: Vec<MailboxConfig>,
    /// How outgoing mail is signed.
    pub dkim: Option<DkimConfig>,
    /// Where a virus scanner listens: `unix:/path/of/socket` or `host:port`.
    pub clamd: Option<String>,
    /// How much is too much.
    pub limits: MailLimits,
}

/// One mailbox of the section `[[mail.mailboxes]]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailboxConfig {
    /// `imaps://user@host/folder`.
    pub url: String,
    /// File with its password.
    pub password_file: Option<PathBuf>,
    /// The address whose mail it holds.
    pub address: Option<String>,
    /// Folder into which a message goes once it was taken in.
    pub move_to: Option<String>,
}

/// How outgoing mail is signed (RFC 6376).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimConfig {
    /// The domain that signs.
    pub domain: String,
    /// Name under which its public key stands in the DNS.
    pub selector: String,
    /// File with the private key as PEM: RSA (PKCS#1 or PKCS#8) or Ed25519 (PKCS#8).
    pub key_file: PathBuf,
}

/// What is read of a mailbox at the first contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum First {
    /// Everything that is there.
    All,
    /// What comes from now on.
    New,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            aliases: Vec::new(),
            largest_mb: 40,
            imap_password_file: None,
            imap_move_to: None,
            imap_first: First::All,
            ca_file: None,
            mailboxes: Vec::new(),
            dkim: None,
            clamd: None,
            limits: MailLimits::default(),
        }
    }
}

impl MailConfig {
    /// Largest message that is taken, in bytes.
    pub const fn largest(&self) -> usize {
        self.largest_mb as usize * MB
    }

    /// Every mailbox to read: those of `urls`, separated by spaces, and those of the section.
    ///
    /// # Errors
    /// What is wrong with which address; the words carry no password.
    pub fn read_mailboxes(&self, urls: Option<&str>) -> Result<Vec<Mailbox>, String> {
        let listed = urls.unwrap_or_default().split_whitespace().map(|url| MailboxConfig {
            url: url.to_owned(),
            password_file: None,
            address: None,
            move_to: None,
        });
        let mut found: Vec<Mailbox> = Vec::new();
        for (place, entry) in listed.chain(self.mailboxes.iter().cloned()).enumerate() {
            let mut mailbox =
                Mailbox::read(&entry.url).map_err(|why| format!("imap_url: mailbox {}: {why}", place + 1))?;
            mailbox.password_file = entry.password_file.or_else(|| self.imap_password_file.clone());
            mailbox.move_to = entry.move_to.or(mailbox.move_to).or_else(|| self.imap_move_to.clone());
            mailbox.address = entry.address.unwrap_or(mailbox.address).to_lowercase();
            if mailbox.password.is_empty() && mailbox.password_file.is_none() {
                return Err(format!("imap_url: {}: there is no password; set mail.imap_password_file", mailbox.name()));
            }
            if found.iter().any(|other| other.name() == mailbox.name()) {
                return Err(format!("imap_url: {} stands there twice", mailbox.name()));
            }
            found.push(mailbox);
        }
        Ok(found)
    }
}

/// How a connection is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Encrypted from the first byte.
    Tls,
    /// Clear text first, then STARTTLS; nothing secret is said before.
    StartTls,
    /// Clear text; only on this machine.
    None,
}

/// A mailbox to read.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Name of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept secret.
    pub security: Security,
    /// Name to sign in with.
    pub user: String,
    /// Password, when it stands in the address; never shown.
    pub password: String,
    /// File with the password; it is read at each connection, so that it can be changed.
    pub password_file: Option<PathBuf>,
    /// The folder to read.
    pub folder: String,
    /// The address whose mail it holds, lower case; empty: the desk's own.
    pub address: String,
    /// Folder into which a message goes once it was taken in.
    pub move_to: Option<String>,
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

impl Mailbox {
    /// Reads `imaps://user:password@host:993/FOLDER?address=…&move=…` or `imap://…?tls=required`.
    ///
    /// # Errors
    /// What is wrong; the words carry no password.
    pub fn read(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or("must begin with imaps:// or imap://")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        // A password may hold any sign, so the host begins behind the last @ of all.
        let (who, place) = rest.rsplit_once('@').ok_or("must name a user: imaps://user@host")?;
        let (user, password) = who.split_once(':').unwrap_or((who, ""));
        let (server, folder) = place.split_once('/').unwrap_or((place, ""));
        let mut mailbox = Self {
            host: String::new(),
            port: 0,
            security: if scheme == "imaps" { Security::Tls } else { Security::None },
            user: decoded(user)?,
            password: decoded(password)?,
            password_file: None,
            folder: if folder.is_empty() { "INBOX".to_owned() } else { decoded(folder)? },
            address: String::new(),
            move_to: None,
        };
        let usual = match scheme {
            "imaps" => 993,
            "imap" => 143,
            _ => return Err("must begin with imaps:// or imap://".to_owned()),
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("tls", "required") if scheme == "imap" => mailbox.security = Security::StartTls,
                ("address", value) => mailbox.address = decoded(value)?,
                ("move", value) => mailbox.move_to = Some(decoded(value)?),
                (name, _) => return Err(format!("{name}: no such option; tls=required, address= and move= are known")),
            }
        }
        let (host, port) = host_and_port(server, usual)?;
        (mailbox.host, mailbox.port) = (host, port);
        if mailbox.address.is_empty() && mailbox.user.contains('@') {
            mailbox.address.clone_from(&mailbox.user);
        }
        if mailbox.user.is_empty() || mailbox.host.is_empty() {
            return Err("must name a user and a host: imaps://user@host".to_owned());
        }
        if mailbox.security == Security::None && !is_here(&mailbox.host) {
            return Err("a password in clear text only on this machine; use imaps:// or ?tls=required".to_owned());
        }
        if [&mailbox.user, &mailbox.folder].iter().any(|text| text.chars().any(char::is_control)) {
            return Err("control characters".to_owned());
        }
        Ok(mailbox)
    }

    /// What tells it from others; holds no secret.
    pub fn name(&self) -> String {
        format!("{}@{}:{}/{}", self.user, self.host, self.port, self.folder)
    }
}

/// Is a way out as it should be: `smtps://`, `smtp://…?tls=required`, or `smtp://` to a server on this machine? Nothing that
/// a stranger on the line could turn into clear text.
///
/// # Errors
/// What is wrong; the words carry no password.
pub fn check_smtp(url: &str) -> Result<(), String> {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let usual = match scheme {
        "smtps" => 465,
        "smtp" => 25,
        _ => return Err("must begin with smtp:// or smtps://".to_owned()),
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let server = rest.rsplit_once('@').map_or(rest, |(_, server)| server);
    let (host, _) = host_and_port(server.split('/').next().unwrap_or(server), usual)?;
    let tls: Vec<&str> = query.split('&').filter_map(|pair| pair.strip_prefix("tls=")).collect();
    if tls.iter().any(|asked| *asked != "required") {
        return Err("tls=required is the only kind of tls= that nobody on the line can take away".to_owned());
    }
    if scheme == "smtp" && tls.is_empty() && !is_here(&host) {
        return Err("clear text only to a server on this machine; use smtps:// or ?tls=required".to_owned());
    }
    Ok(())
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn host_and_port(server: &str, usual: u16) -> Result<(String, u16), String> {
    let bracketed = server.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => server.rsplit_once(':').map_or((server, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Ok(usual), str::parse).map_err(|_| "the port is no number".to_owned())?;
    Ok((host.to_owned(), port))
}

/// `%40` is `@`.
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = rest.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let value = digits.and_then(|two| u8::from_str_radix(two, 16).ok()).ok_or("a % without two digits")?;
        bytes.push(value);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())
}

/// Where something listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A socket in the file system.
    Unix(PathBuf),
    /// An address and a port of this machine.
    Tcp(SocketAddr),
}

impl Listen {
    /// Reads `unix:/path`, `/path`, or `127.0.0.1:24`.
    ///
    /// # Errors
    /// What would be right.
    pub fn read(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix("unix:").or_else(|| text.starts_with('/').then_some(text));
        if let Some(path) = path {
            // The kernel's limit for names of sockets.
            return match path.len() {
                1..=107 => Ok(Self::Unix(PathBuf::from(path))),
                _ => Err("the path of a socket has from 1 to 107 bytes".to_owned()),
            };
        }
        let address = text.strip_prefix("tcp:").unwrap_or(text);
        let address = address.replace("localhost:", "127.0.0.1:");
        address.parse().map(Self::Tcp).map_err(|_| "write unix:/path/of/socket or 127.0.0.1:2424".to_owned())
    }
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_read_and_its_password_is_never_shown() {
        let read = Mailbox::read("imaps://meja%40dinas.go.id:p%40ss:/w@rd@surel.dinas.go.id/Meja%20Layanan?move=Arsip")
            .expect("a mailbox");
        assert_eq!((read.user.as_str(), read.password.as_str()), ("meja@dinas.go.id", "p@ss:/w@rd"));
        assert_eq!((read.host.as_str(), read.port, read.security), ("surel.dinas.go.id", 993, Security::Tls));
        assert_eq!((read.folder.as_str(), read.move_to.as_deref()), ("Meja Layanan", Some("Arsip")));
        assert_eq!(read.address, "meja@dinas.go.id");
        assert!(!format!("{read:?}").contains("p@ss"));
        let read = Mailbox::read("imap://meja@[::1]:1143?tls=required&address=A@b.test").expect("a mailbox");
        assert_eq!((read.host.as_str(), read.port, read.security), ("::1", 1143, Security::StartTls));
        assert_eq!((read.folder.as_str(), read.address.as_str()), ("INBOX", "A@b.test"));
    }

    #[test]
    fn clear_text_over_the_net_and_nonsense_are_refused() {
        assert!(Mailbox::read("imap://u:p@127.0.0.1").is_ok());
        for bad in ["imap://u:p@mail.dinas.go.id", "pop://u@h", "imaps://h", "imaps://u@h:x", "imaps://u%4@h", "x"] {
            assert!(Mailbox::read(bad).is_err(), "{bad}");
        }
        let config = MailConfig::default();
        assert!(config.read_mailboxes(Some("imaps://u@h")).expect_err("no password").contains("password"));
        let twice = config.read_mailboxes(Some("imaps://u:p@h imaps://u:q@h"));
        assert!(twice.expect_err("twice").contains("twice"));
        assert_eq!(config.read_mailboxes(Some("imaps://u:p@h imaps://v:q@h")).expect("two").len(), 2);
    }

    #[test]
    fn no_way_out_can_be_turned_into_clear_text() {
        for good in [
            "smtps://u:p@mail.dinas.go.id",
            "smtp://mail.dinas.go.id:587?tls=required",
            "smtp://127.0.0.1:25",
            "smtp://localhost",
            "smtp://[::1]:2525/helo",
        ] {
            assert_eq!(check_smtp(good), Ok(()), "{good}");
        }
        for bad in [
            "smtp://u:rahasia@mail.dinas.go.id",
            "smtp://mail.dinas.go.id:25",
            "smtp://u:rahasia@mail.dinas.go.id?tls=opportunistic",
            "smtp://127.0.0.1?tls=opportunistic",
            "smtp://10.0.0.7",
            "http://x",
            "x",
        ] {
            assert!(check_smtp(bad).is_err_and(|why| !why.contains("rahasia")), "{bad}");
        }
    }

    #[test]
    fn sockets_and_ports_are_told_apart() {
        assert_eq!(Listen::read("unix:/run/meja/lmtp"), Ok(Listen::Unix("/run/meja/lmtp".into())));
        assert_eq!(Listen::read("/run/meja/lmtp"), Ok(Listen::Unix("/run/meja/lmtp".into())));
        assert_eq!(Listen::read("127.0.0.1:2424"), Ok(Listen::Tcp(([127, 0, 0, 1], 2424).into())));
        assert_eq!(Listen::read("localhost:2424"), Ok(Listen::Tcp(([127, 0, 0, 1], 2424).into())));
        assert!(Listen::read("2424").is_err() && Listen::read("unix:").is_err());
    }
}
