//! The settings: defaults, then `meja.toml`, then `MEJA_*` in the environment.

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

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

/// Every setting of the program. Unknown keys are errors.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the server listens.
    pub listen: SocketAddr,
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
    /// Mailbox to read; not built yet.
    pub imap_url: Option<String>,
    /// Where LMTP is listened for; not built yet.
    pub lmtp_listen: Option<String>,
    /// File with the installation's key; by default `secret` in the data folder.
    pub secret_file: Option<PathBuf>,
    /// What is logged, e.g. `info` or `meja=debug`.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
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
    /// Where else people may sign in.
    pub oidc: Option<OidcConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
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
            mail_address: "meja@localhost".to_owned(),
            policies_dir: None,
            templates_dir: None,
            require_totp: false,
            staff_idle_minutes: 8 * 60,
            staff_session_hours: 12,
            requester_idle_days: 30,
            requester_session_days: 90,
            oidc: None,
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
        let config: Self = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(file.unwrap_or(Path::new("meja.toml"))))
            .merge(environment)
            .extract()
            .map_err(|errors| errors.into_iter().map(|error| error.to_string()).collect::<Vec<_>>().join("\n"))?;
        config.validate()?;
        Ok(config)
    }

    fn validate(&self) -> Result<(), String> {
        let mut problems = Vec::new();
        let database = self.database_url();
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| database.starts_with(scheme)) {
            problems.push("database_url: must begin with sqlite:// or postgres://".to_owned());
        }
        if let Some(url) = &self.smtp_url
            && !["smtp://", "smtps://"].iter().any(|scheme| url.starts_with(scheme))
        {
            problems.push("smtp_url: must begin with smtp:// or smtps://".to_owned());
        }
        if let Some(url) = &self.public_url
            && !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
        {
            problems.push("public_url: must begin with http:// or https://".to_owned());
        }
        if self.mail_address.parse::<lettre::Address>().is_err() {
            problems.push("mail_address: is no mail address".to_owned());
        }
        if self.imap_url.is_some() {
            problems.push("imap_url: reading a mailbox is not built yet; use `meja mail ingest`".to_owned());
        }
        if self.lmtp_listen.is_some() {
            problems.push("lmtp_listen: LMTP is not built yet; use `meja mail ingest`".to_owned());
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
