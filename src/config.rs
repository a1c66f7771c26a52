//! The settings: defaults, then `meja.toml`, then `MEJA_*` in the environment.

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

pub mod limits;
pub mod mail;

use mail::{Listen, MailConfig};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// An identity provider people may sign in at (OpenID Connect).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// Its address as it names itself, `https://…`.
    pub issuer: String,
    /// What this desk is called there.
    pub client_id: String,
    /// File with the secret the provider gave out.
    pub client_secret_file: PathBuf,
    /// What stands on the button: the name people know the provider by.
    pub label: String,
}

/// What monitors may reach.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MonitorsConfig {
    /// Networks (`10.1.0.0/16`) and host names; nothing else is ever asked. Private and other special addresses are
    /// reached through a listed network only.
    pub allow: Vec<String>,
    /// File with certificates (PEM) that are believed beside the usual ones.
    pub ca_file: Option<PathBuf>,
}

/// Every setting of the program. Unknown keys are errors.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Where figures for Prometheus are given out (`/metrics`), apart from the pages; empty: nowhere.
    pub metrics_listen: String,
    /// `sqlite://FILE` or `postgres://…`; by default `meja.db` in the data folder.
    pub database_url: Option<String>,
    /// Folder for the embedded database, attachments and the secret.
    pub data_dir: PathBuf,
    /// The policy pack of this region.
    pub pack: String,
    /// Address people reach the server at, without a slash at the end; links in mails begin with it.
    pub public_url: Option<String>,
    /// `smtp://host:port` or `smtps://user:password@host`; without it mails wait in the outbox.
    pub smtp_url: Option<String>,
    /// Mailboxes to read, `imaps://user@host/folder`, separated by spaces.
    pub imap_url: Option<String>,
    /// Where LMTP is listened for: `unix:/path/of/socket` or `127.0.0.1:2424`.
    pub lmtp_listen: Option<String>,
    /// File with the installation's key; by default `secret` in the data folder.
    pub secret_file: Option<PathBuf>,
    /// What is logged, e.g. `info` or `meja=debug`.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Name of our mail server in `Authentication-Results` and `Received`: what it writes there is believed.
    pub mail_authserv_id: String,
    /// `system` asks the DNS who may send; empty asks nobody.
    pub mail_dns: String,
    /// Address of the desk: sender of its mails.
    pub mail_address: String,
    /// Folder whose packs override those built in.
    pub policies_dir: Option<PathBuf>,
    /// Folder whose mail templates override those built in.
    pub templates_dir: Option<PathBuf>,
    /// Staff can do nothing before they have set up a second factor.
    pub require_totp: bool,
    /// A session of staff ends after so many minutes without use.
    pub staff_idle_minutes: u32,
    /// A session of staff ends after so many hours in any case.
    pub staff_session_hours: u32,
    /// A session of a requester ends after so many days without use.
    pub requester_idle_days: u32,
    /// A session of a requester ends after so many days in any case.
    pub requester_session_days: u32,
    /// Proxies in front of the server whose `X-Forwarded-For` is believed: networks, separated by commas.
    pub trusted_proxies: String,
    /// PKCS#12 file with which the installation signs letters; without it they are signed elsewhere and uploaded.
    pub signing_certificate: Option<PathBuf>,
    /// File with the password of that file.
    pub signing_password_file: Option<PathBuf>,
    /// Certificates (PEM) of the authorities whose signatures on letters are trusted; without it chains are not followed.
    pub signing_roots: Option<PathBuf>,
    /// Where else people may sign in.
    pub oidc: Option<OidcConfig>,
    /// The ways mail takes.
    pub mail: MailConfig,
    /// What monitors may reach.
    pub monitors: MonitorsConfig,
    /// Where each setting that is shown to people comes from.
    #[serde(skip)]
    pub origins: BTreeMap<String, Origin>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            metrics_listen: "127.0.0.1:9464".to_owned(),
            database_url: None,
            data_dir: PathBuf::from("data"),
            pack: "bawaan".to_owned(),
            public_url: None,
            smtp_url: None,
            imap_url: None,
            lmtp_listen: None,
            secret_file: None,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            mail_authserv_id: String::new(),
            mail_dns: String::new(),
            mail_address: "meja@localhost".to_owned(),
            policies_dir: None,
            templates_dir: None,
            require_totp: false,
            staff_idle_minutes: 8 * 60,
            staff_session_hours: 12,
            requester_idle_days: 30,
            requester_session_days: 90,
            trusted_proxies: String::new(),
            signing_certificate: None,
            signing_password_file: None,
            signing_roots: None,
            oidc: None,
            mail: MailConfig::default(),
            monitors: MonitorsConfig::default(),
            origins: BTreeMap::new(),
        }
    }
}

impl Config {
    /// Reads the settings; `file` must exist when it is given, `meja.toml` may be missing.
    ///
    /// # Errors
    /// Every problem in one text for the operator, with the key it concerns.
    pub fn load(file: Option<&Path>) -> Result<Self, String> {
        if let Some(file) = file
            && !file.is_file()
        {
            return Err(format!("{}: no such settings file", file.display()));
        }
        // MEJA_TEST_* and MEJA_CACHE belong to the test suite; they are no settings.
        let environment = Env::prefixed("MEJA_").filter(|key| {
            let key = key.as_str().to_ascii_lowercase();
            !key.starts_with("test_") && key != "cache"
        });
        // `MEJA_MAIL__CLAMD` is `clamd` in the section `mail`.
        let environment = environment.split("__");
        let settings = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(file.unwrap_or(Path::new("meja.toml"))))
            .merge(environment);
        let mut config: Self = settings
            .extract()
            .map_err(|errors| errors.into_iter().map(|error| error.to_string()).collect::<Vec<_>>().join("\n"))?;
        config.validate()?;
        let origin = |key: &str| match settings.find_metadata(key).map(|found| found.name.to_lowercase()) {
            Some(name) if name.contains("environment") => Origin::Environment,
            Some(name) if name.contains("toml") => Origin::File,
            _ => Origin::Default,
        };
        config.origins = SHOWN.iter().map(|key| ((*key).to_owned(), origin(key))).collect();
        Ok(config)
    }

    fn validate(&self) -> Result<(), String> {
        let mut problems = Vec::new();
        let database = self.database_url();
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| database.starts_with(scheme)) {
            problems.push("database_url: must begin with sqlite:// or postgres://".to_owned());
        }
        if !self.metrics_listen.is_empty() && self.metrics_listen.parse::<SocketAddr>().is_err() {
            problems.push("metrics_listen: write an address and a port, 127.0.0.1:9464, or leave it empty".to_owned());
        }
        if let Some(Err(problem)) = self.smtp_url.as_deref().map(mail::check_smtp) {
            problems.push(format!("smtp_url: {problem}"));
        }
        if let Some(url) = &self.public_url
            && !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
        {
            problems.push("public_url: must begin with http:// or https://".to_owned());
        }
        if self.mail_address.parse::<lettre::Address>().is_err() {
            problems.push("mail_address: is no mail address".to_owned());
        }
        if !matches!(self.mail_dns.as_str(), "" | "system") {
            problems.push("mail_dns: write system, or leave it empty".to_owned());
        }
        if let Err(problem) = self.mail.read_mailboxes(self.imap_url.as_deref()) {
            problems.push(problem);
        }
        if let Some(Err(problem)) = self.lmtp_listen.as_deref().map(Listen::read) {
            problems.push(format!("lmtp_listen: {problem}"));
        }
        if !(1..=200).contains(&self.mail.largest_mb) {
            problems.push("mail.largest_mb: must be from 1 to 200".to_owned());
        }
        problems.extend(self.mail.limits.problems());
        if let Some(bad) = self.mail.aliases.iter().find(|alias| alias.parse::<lettre::Address>().is_err()) {
            problems.push(format!("mail.aliases: {bad:?} is no mail address"));
        }
        for (key, value, most) in [
            ("staff_idle_minutes", self.staff_idle_minutes, 24 * 60),
            ("staff_session_hours", self.staff_session_hours, 7 * 24),
            ("requester_idle_days", self.requester_idle_days, 365),
            ("requester_session_days", self.requester_session_days, 365),
        ] {
            if !(1..=most).contains(&value) {
                problems.push(format!("{key}: must be from 1 to {most}"));
            }
        }
        if let Some(oidc) = &self.oidc
            && !is_safe(&oidc.issuer)
        {
            problems.push("oidc.issuer: must begin with https:// (http:// only on this machine)".to_owned());
        }
        if let Err(bad) = Proxies::read(&self.trusted_proxies) {
            problems.push(format!("trusted_proxies: {bad:?} is no network; write 10.0.0.0/8 or 127.0.0.1"));
        }
        for entry in &self.monitors.allow {
            let is_name = !entry.is_empty() && entry.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
            if network(entry).is_none() && !is_name {
                problems.push(format!("monitors.allow: {entry:?} is neither a network nor a host name"));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
    }

    /// The database to use.
    pub fn database_url(&self) -> String {
        self.database_url.clone().unwrap_or_else(|| format!("sqlite://{}", self.data_dir.join("meja.db").display()))
    }

    /// The file with the installation's key.
    pub fn secret_file(&self) -> PathBuf {
        self.secret_file.clone().unwrap_or_else(|| self.data_dir.join("secret"))
    }

    /// The address people reach the server at.
    pub fn public_url(&self) -> String {
        let url = self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen));
        url.trim_end_matches('/').to_owned()
    }
}

/// Nobody between us and this address can listen.
fn is_safe(url: &str) -> bool {
    let here = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    url.starts_with("https://") || here.iter().any(|start| url.starts_with(start))
}

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Origin {
    /// Nobody has set it.
    #[default]
    Default,
    /// The settings file.
    File,
    /// A variable of the environment.
    Environment,
}

/// A setting for people to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its key in the file.
    pub key: &'static str,
    /// Its value without secrets; empty when it is not set.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Settings that are shown to people.
const SHOWN: [&str; 6] = ["smtp_url", "mail_address", "public_url", "templates_dir", "imap_url", "lmtp_listen"];

impl Config {
    /// What the settings say of mail, without user names and passwords.
    pub fn shown(&self) -> Vec<Shown> {
        let value = |key: &str| match key {
            "smtp_url" => self.smtp_url.as_deref().map(server).unwrap_or_default(),
            "mail_address" => self.mail_address.clone(),
            "public_url" => self.public_url(),
            "templates_dir" => self.templates_dir.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
            "imap_url" => {
                self.imap_url.iter().flat_map(|urls| urls.split_whitespace()).map(server).collect::<Vec<_>>().join(" ")
            }
            _ => self.lmtp_listen.clone().unwrap_or_default(),
        };
        let origin = |key: &str| self.origins.get(key).copied().unwrap_or_default();
        SHOWN.iter().map(|key| Shown { key, value: value(key), origin: origin(key) }).collect()
    }
}

/// Scheme, host and port of an address; what else stands in it may be a secret.
fn server(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    // A password may hold any sign, so the host begins behind the last @ of all.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    format!("{scheme}://{host}")
}

/// The proxies whose word on where a request came from is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<(IpAddr, u8)>);

impl Proxies {
    /// Reads networks (`10.0.0.0/8`) and addresses, separated by commas.
    ///
    /// # Errors
    /// The first part that is neither.
    pub fn read(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| network(part).ok_or_else(|| part.to_owned())).collect::<Result<_, _>>().map(Self)
    }

    /// Where a request came from: the connection's other end, or, while that is a trusted proxy, what it says of its own
    /// other end, read from the right. What stands to the left of the first address that is no trusted proxy anybody may
    /// have written.
    pub fn source(&self, peer: IpAddr, forwarded: &str) -> IpAddr {
        let mut source = peer.to_canonical();
        for hop in forwarded.rsplit(',') {
            let Some(before) = self.trusts(source).then(|| address(hop.trim())).flatten() else { break };
            source = before;
        }
        source
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|(network, length)| is_within(address, *network, *length))
    }
}

pub(crate) fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Some(most), |length| length.parse().ok())?;
    (length <= most).then_some((address, length))
}

/// An address as proxies write it: alone, with a port, in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(text, |(inside, _)| inside);
    let found = bare.parse().ok().or_else(|| bare.parse::<SocketAddr>().ok().map(|address| address.ip()));
    found.map(|address: IpAddr| address.to_canonical())
}

pub(crate) fn is_within(address: IpAddr, network: IpAddr, length: u8) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(four) => (u128::from(four.to_bits()) << 96, 32),
        IpAddr::V6(six) => (six.to_bits(), 128),
    };
    let ((one, family), (other, same)) = (bits(address), bits(network));
    let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
    family == same && one & mask == other & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(trusted: &str, peer: &str, forwarded: &str) -> String {
        Proxies::read(trusted).expect("networks").source(peer.parse().expect("an address"), forwarded).to_string()
    }

    #[test]
    fn only_trusted_hops_are_believed_from_the_right() {
        let trusted = "10.0.0.0/8, 127.0.0.1, fd00::/8";
        assert_eq!(source("", "127.0.0.1", "1.2.3.4"), "127.0.0.1", "nobody is trusted unless it is said");
        assert_eq!(source(trusted, "203.0.113.9", "1.2.3.4"), "203.0.113.9", "a stranger's header is nothing");
        assert_eq!(source(trusted, "127.0.0.1", "203.0.113.9"), "203.0.113.9");
        assert_eq!(source(trusted, "127.0.0.1", "9.9.9.9, 203.0.113.9"), "203.0.113.9", "the left part is forged");
        assert_eq!(source(trusted, "127.0.0.1", "9.9.9.9, 203.0.113.9, 10.1.2.3"), "203.0.113.9");
        assert_eq!(source(trusted, "127.0.0.1", "10.0.0.7"), "10.0.0.7", "only proxies: the farthest of them");
        assert_eq!(source(trusted, "127.0.0.1", "203.0.113.9, nonsense"), "127.0.0.1", "stops at what it cannot read");
        assert_eq!(source(trusted, "127.0.0.1", ""), "127.0.0.1");
        assert_eq!(source(trusted, "::ffff:127.0.0.1", "203.0.113.9:4711"), "203.0.113.9");
        assert_eq!(source(trusted, "fd00::1", "[2001:db8::5]:443"), "2001:db8::5");
        assert_eq!(source("0.0.0.0/0", "127.0.0.1", "2001:db8::5"), "2001:db8::5");
    }

    #[test]
    fn what_is_no_network_is_named() {
        for bad in ["10.0.0.0/33", "localhost", "10.0.0/8", "10.0.0.0/x", "::1/129"] {
            assert_eq!(Proxies::read(&format!("127.0.0.1,{bad}")), Err(bad.to_owned()));
        }
        assert_eq!(Proxies::read(" ").expect("none"), Proxies::default());
    }

    #[test]
    fn what_is_shown_holds_no_secret() {
        let show = |url: &str| {
            let config = Config { smtp_url: Some(url.to_owned()), ..Config::default() };
            config.shown().into_iter().find(|shown| shown.key == "smtp_url").expect("shown").value
        };
        assert_eq!(show("smtps://meja:r@has/i?a@surel.go.id:465?tls=required"), "smtps://surel.go.id:465");
        assert_eq!(show("smtp://127.0.0.1:25"), "smtp://127.0.0.1:25");
    }
}
