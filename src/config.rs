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
