//! Which edition of its pack the installation follows, and what was decreed since.

use crate::desk::rules::Parts;
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::error::{Error, Result};
use crate::policy::week::Holiday;
use crate::policy::{Library, Pack, Source};
use crate::store::rules::{Amendment, Edition};
use crate::store::{self, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Counts the changes of the rules, so that other nodes notice them.
const REVISION: &str = "rules_revision";

/// A text of an edition as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Text {
    file: String,
    text: String,
}

impl Desk {
    /// Follows `pack`, read from `sources`, from now on. The first time its values are seen they become an edition
    /// of their own; open tickets stay with theirs.
    ///
    /// # Errors
    /// A decreed day off leaves a calendar without working time, or the database does not answer. The rules stay as
    /// they were then.
    pub async fn follow(&self, pack: &Pack, sources: &[Source]) -> Result<()> {
        let _alone = self.rules.alone().await;
        let mut tx = self.db.write().await?;
        let editions = store::rules::editions(&mut tx).await?;
        if known(&editions, pack).is_none() {
            let taken = editions.iter().any(|edition| edition.version == pack.version);
            // The same number with other values: told apart by the values themselves.
            let mark = pack.fingerprint.get(..8).unwrap_or(&pack.fingerprint);
            let version = if taken { format!("{}-{mark}", pack.version) } else { pack.version.clone() };
            let texts: Vec<Text> =
                sources.iter().map(|source| Text { file: source.file.clone(), text: source.text.clone() }).collect();
            let edition = Edition {
                version: version.clone(),
                pack: pack.id.clone(),
                fingerprint: pack.fingerprint.clone(),
                sources: serde_json::to_string(&texts)?,
                adopted_at: self.now(),
            };
            if store::rules::keep_edition(&mut tx, &edition).await? {
                let payload = json!({"version": version, "fingerprint": pack.fingerprint, "law": pack.law});
                chain::note(&mut tx, "policy", &pack.id, self.now(), ActorLabel::policy(), "edition_adopted", payload)
                    .await?;
                bump(&mut tx).await?;
            }
        }
        tx.commit().await?;
        self.read_rules(pack).await
    }

    /// Every edition the installation has followed, newest first, with how many open tickets are pinned to each; the one
    /// that new tickets follow is marked.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn editions(&self) -> Result<Vec<(Edition, i64, bool)>> {
        let mut tx = self.db.read().await?;
        let open = store::rules::open_by_edition(&mut tx).await?;
        let mut editions = store::rules::editions(&mut tx).await?;
        editions.reverse();
        let current = self.pack().version.clone();
        let count = |version: &str| open.iter().find(|(pack, _)| pack == version).map_or(0, |(_, count)| *count);
        let told = editions.into_iter().map(|edition| {
            let (count, is_current) = (count(&edition.version), edition.version == current);
            (edition, count, is_current)
        });
        Ok(told.collect())
    }

    /// Reads again what other processes have changed in the rules.
    ///
    /// # Errors
    /// As [`Desk::follow`].
    pub async fn refresh_rules(&self) -> Result<()> {
        let stored = revision(&mut self.db.glance().await?).await?;
        if stored == self.rules.revision() {
            return Ok(());
        }
        let _alone = self.rules.alone().await;
        self.read_rules(&self.rules.installed()).await
    }

    /// Puts `pack` in force together with what the database knows.
    async fn read_rules(&self, pack: &Pack) -> Result<()> {
        let mut tx = self.db.read().await?;
        let revision = revision(&mut tx).await?;
        let stored = store::rules::editions(&mut tx).await?;
        let amended = store::rules::amendments(&mut tx).await?.iter().map(day_off).collect::<Result<Vec<_>>>()?;
        let ict_agency = store::settings::get(&mut tx, "ict_agency").await?;
        self.adopt_texts(&mut tx).await?;
        drop(tx);
        let mut installed = pack.clone();
        if let Some(version) = known(&stored, pack) {
            installed.version = version;
        }
        let today = stored.iter().find(|edition| edition.version == installed.version);
        let today = today.map(texts).transpose()?.unwrap_or_default();
        let mut editions = BTreeMap::new();
        for edition in stored.iter().filter(|edition| edition.version != installed.version) {
            match read_edition(edition, &today) {
                Ok(pack) => {
                    editions.insert(edition.version.clone(), pack);
                }
                // Its tickets follow the installed pack then; better than a desk that does not start.
                Err(error) => tracing::error!(%error, edition = edition.version, "an old edition cannot be read"),
            }
        }
        let parts = Parts { installed: Arc::new(installed), editions, amended, revision, ict_agency };
        self.rules.adopt(parts).map_err(|error| Error::internal(error.to_string()))
    }
}

/// Counts a change of the rules.
///
/// # Errors
/// The database does not answer.
pub(super) async fn bump(tx: &mut Tx) -> Result<()> {
    let next = revision(tx).await?.saturating_add(1);
    store::settings::set(tx, REVISION, &next.to_string()).await
}

async fn revision(tx: &mut Tx) -> Result<i64> {
    Ok(store::settings::get(tx, REVISION).await?.and_then(|text| text.parse().ok()).unwrap_or_default())
}

/// The version under which these very values were adopted.
fn known(editions: &[Edition], pack: &Pack) -> Option<String> {
    let same = |edition: &&Edition| edition.pack == pack.id && edition.fingerprint == pack.fingerprint;
    editions.iter().find(same).map(|edition| edition.version.clone())
}

fn read_edition(edition: &Edition, today: &[Source]) -> Result<Arc<Pack>> {
    let pack = Library::read_edition(&texts(edition)?, today, &edition.pack)
        .map_err(|faults| Error::internal(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let mut pack = Pack::clone(&pack);
    pack.version.clone_from(&edition.version);
    Ok(Arc::new(pack))
}

fn texts(edition: &Edition) -> Result<Vec<Source>> {
    let texts: Vec<Text> = serde_json::from_str(&edition.sources)?;
    Ok(texts.into_iter().map(|Text { file, text }| Source { file, text }).collect())
}

/// An amendment as calendars read it.
pub(super) fn day_off(amendment: &Amendment) -> Result<Holiday> {
    let fields = json!({
        "date": amendment.day, "since": amendment.since, "kind": amendment.kind,
        "name": amendment.name, "decree": amendment.decree,
    });
    Ok(serde_json::from_value(fields)?)
}
