//! What the public is told: the state of every service, what runs, what is planned. Nothing of a ticket is in it, and no
//! word that was not written for everybody.

use crate::desk::Desk;
use crate::desk::status_board::{Component, Snapshot, Told};
use crate::domain::duty_rule::beginning_of;
use crate::domain::incident::Incident;
use crate::domain::outage::{Maintenance, MaintenanceState, Outage};
use crate::domain::status::{Now, ServiceState, state_of};
use crate::domain::ticket::Classification;
use crate::error::Result;
use crate::store::{self, Tx};
use chrono::{DateTime, Days, Duration, Utc};
use std::sync::Arc;

/// Days of the history.
const HISTORY: u64 = 90;
/// What ended is shown for so long.
const SHOWN: Duration = Duration::days(14);
/// Maintenance is shown so far ahead.
const AHEAD: Duration = Duration::days(60);
/// A snapshot is believed for so long by the machine's clock; the watch makes a new one before.
const BELIEVED: Duration = Duration::seconds(15);

impl Desk {
    /// The newest snapshot. While the database is away this is the last known one.
    ///
    /// # Errors
    /// There has never been one and the database does not answer.
    pub async fn status(&self) -> Result<Arc<Snapshot>> {
        let Some(newest) = self.status.newest() else { return self.refresh_status().await };
        if (self.clock.machine() - newest.machine).abs() < BELIEVED {
            return Ok(newest);
        }
        // One reads anew; nobody waits for him.
        let Ok(_mine) = self.status.reading.try_lock() else { return Ok(newest) };
        match self.read_status().await {
            Ok(fresh) => Ok(fresh),
            Err(error) => {
                tracing::warn!(%error, "the status page shows what was known last");
                Ok(newest)
            }
        }
    }

    /// Reads a new snapshot, whatever is kept.
    ///
    /// # Errors
    /// The database does not answer; what is kept stays.
    pub async fn refresh_status(&self) -> Result<Arc<Snapshot>> {
        let _mine = self.status.reading.lock().await;
        self.read_status().await
    }

    async fn read_status(&self) -> Result<Arc<Snapshot>> {
        let (now, zone) = (self.now(), self.pack().zone);
        let today = now.with_timezone(&zone).date_naive();
        let first = today - Days::new(HISTORY - 1);
        let begin = beginning_of(first, zone);
        let records = self.availability_records(begin, now + Duration::seconds(1)).await?;
        let mut tx = self.db.read().await?;
        let agencies = store::services::agencies(&mut tx).await?;
        let mut works = store::maintenance::between(&mut tx, now, now + AHEAD).await?;
        works.retain(|it| !it.is_called_off());
        let running = store::incidents::running(&mut tx).await?;
        let running = public(&mut tx, running).await?;
        let over = store::status::ended(&mut tx, now - SHOWN).await?;
        let over = public(&mut tx, over).await?;
        drop(tx);
        let mut components: Vec<Component> = records
            .services()
            .filter_map(|service| {
                let quarter = records.of(&service.code, begin, now)?;
                let month = records.of(&service.code, beginning_of(today - Days::new(29), zone), now)?;
                let agency = agencies.iter().find(|agency| agency.code == service.agency);
                let (state, since) = state(&service.code, &quarter.outages, &quarter.closed, &works, &running, now);
                Some(Component {
                    code: service.code.clone(),
                    name: service.name.clone(),
                    group: agency.map_or_else(|| service.agency.clone(), |agency| agency.name.clone()),
                    state,
                    since,
                    days: records.days(&service.code, zone, first, today),
                    month: month.figures,
                    quarter: quarter.figures,
                })
            })
            .collect();
        components.sort_by(|a, b| (&a.group, &a.name).cmp(&(&b.group, &b.name)));
        let snapshot = Snapshot { at: now, machine: self.clock.machine(), components, running, over, works };
        let snapshot = Arc::new(snapshot);
        self.status.keep(Arc::clone(&snapshot));
        Ok(snapshot)
    }
}

/// How a service is now, and since when.
fn state(
    code: &str,
    outages: &[Outage],
    closed: &[crate::domain::availability::Span],
    works: &[Maintenance],
    running: &[Told],
    now: DateTime<Utc>,
) -> (ServiceState, Option<DateTime<Utc>>) {
    let open: Vec<&Outage> = outages.iter().filter(|it| it.is_open()).collect();
    let work =
        works.iter().find(|it| it.services.iter().any(|it| it == code) && it.state(now) == MaintenanceState::Running);
    let told = running.iter().filter(|told| told.incident.service.as_deref() == Some(code));
    let told = told.map(|told| told.incident.announced_at).min();
    let order = closed.iter().find(|span| span.from() <= now && span.to() >= now);
    let worst = open.iter().map(|it| it.severity).min();
    let state = state_of(Now {
        closed: order.is_some(),
        maintenance: work.is_some(),
        outage: worst,
        announced: told.is_some(),
    });
    let since = match state {
        ServiceState::Normal => None,
        ServiceState::Closed => order.map(|span| span.from()),
        ServiceState::Maintenance => work.map(|it| it.starts_at),
        _ => open.iter().map(|it| it.started_at).min().or(told),
    };
    (state, since)
}

/// Disruptions with what was said, without those whose tickets are not for everybody's ears.
async fn public(tx: &mut Tx, incidents: Vec<Incident>) -> Result<Vec<Told>> {
    let mut told = Vec::new();
    for incident in incidents {
        let ticket = store::tickets::by_id(tx, incident.ticket_id).await?;
        let is_secret = ticket
            .is_none_or(|ticket| matches!(ticket.classification, Classification::Restricted | Classification::Secret));
        if !is_secret {
            let updates = store::incidents::updates(tx, incident.id).await?;
            told.push(Told { incident, updates });
        }
    }
    Ok(told)
}
