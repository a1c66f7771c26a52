//! The catalogue for everybody: what is offered, what is promised, how it is kept (SUMUT 49(4), 9(1)i).

use crate::desk::Desk;
use crate::domain::agency::AgencyEntry;
use crate::domain::catalogue::Entry;
use crate::error::{Error, Result};
use crate::store;
use crate::store::catalogue::Filter;
use crate::store::service_figures::{self, ServiceFigures};
use chrono::Duration;

/// Services of the catalogue shown, at most.
const MOST: i64 = 500;
/// Days the figures are about: those of the status page.
pub const FIGURE_DAYS: i64 = 90;

/// A service as its public page shows it.
#[derive(Debug, Clone)]
pub struct PublicService {
    /// What the catalogue says.
    pub entry: Entry,
    /// Who owns it.
    pub owner: Option<AgencyEntry>,
    /// How promises were kept lately.
    pub figures: ServiceFigures,
}

impl Desk {
    /// Services that are offered, in the order of their names, narrowed by words.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn public_services(&self, words: Option<String>) -> Result<Vec<Entry>> {
        let filter = Filter { active: Some(true), words, ..Filter::default() };
        let mut found = store::catalogue::entries(&mut self.db.glance().await?, &filter, "", MOST).await?;
        found.sort_by_key(|entry| entry.service.name.to_lowercase());
        Ok(found)
    }

    /// One service, also one that is offered no more.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn public_service(&self, code: &str) -> Result<PublicService> {
        let now = self.now();
        // What was solved this very instant counts.
        let until = now + Duration::seconds(1);
        let mut tx = self.db.read().await?;
        let entry = store::catalogue::entry(&mut tx, code).await?.ok_or(Error::NotFound("service"))?;
        let owners = store::agencies::entries(&mut tx).await?;
        let owner = owners.into_iter().find(|owner| owner.agency.code == entry.service.agency);
        let figures = service_figures::of_service(&mut tx, code, now - Duration::days(FIGURE_DAYS), until).await?;
        Ok(PublicService { entry, owner, figures })
    }
}
