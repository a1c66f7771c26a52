//! Where seals go besides the database.

use crate::config::audit::AuditConfig;
use std::path::PathBuf;

/// Where seals go besides the database.
#[derive(Debug, Clone, Default)]
pub struct SealCopies {
    /// Second folder.
    pub folder: Option<PathBuf>,
    /// Address of somebody else.
    pub seal_mail: Option<String>,
}

impl SealCopies {
    /// As the settings say.
    pub fn of(config: &AuditConfig) -> Self {
        Self { folder: config.seal_folder.clone(), seal_mail: config.seal_mail.clone() }
    }
}
