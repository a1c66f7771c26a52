//! What the status page shows, kept in memory: it is served also while the database is away.

use crate::domain::availability::Availability;
use crate::domain::incident::Incident;
use crate::domain::outage::{Day, Maintenance};
use crate::domain::status::ServiceState;
use crate::store::incidents::Update;
use chrono::{DateTime, Utc};
use std::sync::{Arc, PoisonError, RwLock};

/// A service as the public sees it.
#[derive(Debug, Clone)]
pub struct Component {
    /// Code of the service.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Name of the agency that owns it: the group it stands in.
    pub group: String,
    /// How it is.
    pub state: ServiceState,
    /// Since when, unless it is well. UTC.
    pub since: Option<DateTime<Utc>>,
    /// The last 90 local days, today last.
    pub days: Vec<Day>,
    /// The last 30 days.
    pub month: Availability,
    /// The last 90 days.
    pub quarter: Availability,
}

/// A disruption as the public was told of it.
#[derive(Debug, Clone)]
pub struct Told {
    /// The disruption.
    pub incident: Incident,
    /// What was said, the last first.
    pub updates: Vec<Update>,
}

/// Everything the status page shows, as it was at one instant.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// When it was read, by the desk's clock. UTC.
    pub at: DateTime<Utc>,
    /// The same by the machine's clock: how old it is. UTC.
    pub machine: DateTime<Utc>,
    /// Services by agency and name.
    pub components: Vec<Component>,
    /// Disruptions that run, the newest first.
    pub running: Vec<Told>,
    /// Disruptions that ended within the last two weeks, the newest first.
    pub over: Vec<Told>,
    /// Maintenance that runs or is planned, in order.
    pub works: Vec<Maintenance>,
}

/// The newest snapshot. All clones of a desk share one.
#[derive(Debug, Default)]
pub struct StatusBoard {
    newest: RwLock<Option<Arc<Snapshot>>>,
    /// Held by whoever reads anew: the others go on with what there is.
    pub(super) reading: tokio::sync::Mutex<()>,
}

impl StatusBoard {
    /// The newest snapshot, if there ever was one.
    pub fn newest(&self) -> Option<Arc<Snapshot>> {
        self.newest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn keep(&self, snapshot: Arc<Snapshot>) {
        *self.newest.write().unwrap_or_else(PoisonError::into_inner) = Some(snapshot);
    }
}
