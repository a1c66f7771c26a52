//! Seals beside the database: signed by the certificate of the installation, copied to a second folder, mailed to
//! somebody else. Whoever rewrites the whole database cannot rewrite those.

use crate::desk::Desk;
use crate::domain::ticket::Language;
use crate::error::{Error, Result};
use crate::mail::compose::Outgoing;
use crate::render::signature;
use crate::secret::{create_private, sha256};
use crate::store::events::Seal;
use crate::store::{self, Tx};
use chrono::SecondsFormat;
use data_encoding::{BASE64, HEXLOWER};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What lies beside the database to hold it against.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// Folder with copies of seals.
    pub seals: Option<PathBuf>,
    /// Folder of attachments whose bytes are to be read.
    pub files: Option<PathBuf>,
}

impl Beside {
    /// The texts of the copied seals by their numbers.
    ///
    /// # Errors
    /// The folder is there and cannot be read.
    pub(super) fn copies(&self) -> Result<BTreeMap<i64, String>> {
        let mut copies = BTreeMap::new();
        let Some(folder) = self.seals.as_ref().filter(|folder| folder.exists()) else { return Ok(copies) };
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let number = name.strip_prefix("segel-").and_then(|rest| rest.strip_suffix(".txt"));
            if let Some(number) = number.and_then(|number| number.parse().ok()) {
                copies.insert(number, std::fs::read_to_string(&path)?);
            }
        }
        Ok(copies)
    }
}

/// How a seal differs from its copy, or from its own signature.
pub(super) fn differs(seal: &Seal, copy: Option<&str>) -> Option<&'static str> {
    let text = written(seal);
    if copy.is_some_and(|copy| copy != text) {
        return Some("differs_from_copy");
    }
    let signature = seal.signature.as_ref()?;
    let cms = BASE64.decode(signature.as_bytes()).unwrap_or_default();
    let digest = HEXLOWER.decode(sha256(&text).as_bytes()).unwrap_or_default();
    (!signature::covers(&cms, &digest)).then_some("signature_wrong")
}

/// A seal as people and programs read it: these bytes are signed and copied.
fn written(seal: &Seal) -> String {
    let at = seal.at.to_rfc3339_opts(SecondsFormat::Micros, true);
    format!(
        "meja segel {}\nwaktu {at}\nakar {}\nsebelumnya {}\nsegel {}\n",
        seal.id, seal.root, seal.prev_hash, seal.hash
    )
}

impl Desk {
    /// The signature over a seal, when the installation has a certificate that is in force.
    pub(super) fn sign_seal(&self, seal: &Seal) -> Result<Option<String>> {
        let Some(identity) = self.signer.as_ref().filter(|identity| identity.is_valid(self.clock.machine())) else {
            return Ok(None);
        };
        let digest =
            HEXLOWER.decode(sha256(written(seal)).as_bytes()).map_err(|error| Error::Internal(error.into()))?;
        Ok(Some(BASE64.encode(&identity.sign(&digest)?)))
    }

    /// Mails a seal to whom the settings name.
    pub(super) async fn mail_seal(&self, tx: &mut Tx, seal: &Seal, heads: usize) -> Result<()> {
        let Some(to) = &self.seals.seal_mail else { return Ok(()) };
        let mail = self.composer.write(&Outgoing {
            key: format!("seal:{}", seal.id),
            template: "seal_made",
            language: Language::Indonesian,
            to,
            context: json!({
                "name": "",
                "number": seal.id,
                "at": self.words(Language::Indonesian, seal.at),
                "heads": heads,
                "text": written(seal),
            }),
            ..Outgoing::automatic(self.now())
        })?;
        self.post(tx, &mail).await
    }

    /// Writes every seal that the second folder does not have yet. What is there is never touched.
    pub(super) async fn copy_seals(&self) -> Result<()> {
        let Some(folder) = &self.seals.folder else { return Ok(()) };
        std::fs::create_dir_all(folder)?;
        for seal in store::events::seals(&mut self.db.glance().await?).await? {
            let file = folder.join(format!("segel-{:06}.txt", seal.id));
            if file.exists() {
                continue;
            }
            if let Some(signature) = &seal.signature {
                let bytes = BASE64.decode(signature.as_bytes()).unwrap_or_default();
                keep_once(&file.with_extension("p7s"), &bytes)?;
            }
            keep_once(&file, written(&seal).as_bytes())?;
        }
        Ok(())
    }
}

/// Another node may have written the same a moment ago.
fn keep_once(path: &Path, bytes: &[u8]) -> Result<()> {
    if path.exists() { Ok(()) } else { create_private(path, bytes) }
}
