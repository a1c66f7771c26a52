//! The settings of proof.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where seals go besides the database.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// Folder on another disk or machine that gets a copy of every seal; what is written there once is never changed.
    pub seal_folder: Option<PathBuf>,
    /// Address that gets every seal by mail, of somebody who does not run this installation.
    pub seal_mail: Option<String>,
}

impl AuditConfig {
    /// What is wrong with them.
    pub fn problems(&self) -> Vec<String> {
        let is_bad = self.seal_mail.as_ref().is_some_and(|address| address.parse::<lettre::Address>().is_err());
        if is_bad { vec!["audit.seal_mail: is no mail address".to_owned()] } else { Vec::new() }
    }
}
