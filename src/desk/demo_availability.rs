//! Outages and maintenance of the demo region; monitors that ask nobody.

use crate::desk::Desk;
use crate::desk::maintenance::Planned;
use crate::desk::monitors::Wanted;
use crate::desk::outages::NewOutage;
use crate::domain::duty_rule::beginning_of;
use crate::domain::monitor::MonitorKind;
use crate::domain::outage::{OutageCause, Severity};
use crate::domain::people::Actor;
use crate::error::Result;
use chrono::{DateTime, Days, Duration, Utc};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Region {
    outages: Vec<DemoOutage>,
    /// Was announced in time and is over.
    done: DemoWork,
    coming: DemoWork,
    monitor: DemoMonitor,
}

#[derive(Debug, Deserialize)]
struct DemoOutage {
    service: String,
    days_ago: u64,
    /// Minutes since local midnight.
    at_minute: i64,
    minutes: i64,
    severity: Severity,
    cause: OutageCause,
    note: String,
}

#[derive(Debug, Deserialize)]
struct DemoWork {
    services: Vec<String>,
    title: String,
    message: String,
    /// From today.
    days: i64,
}

#[derive(Debug, Deserialize)]
struct DemoMonitor {
    service: String,
    name: String,
}

impl Desk {
    /// Adds them in the name of `unit`; the clock shows `now` again afterwards.
    pub(super) async fn demo_availability(&self, unit: &Actor, now: DateTime<Utc>) -> Result<()> {
        let region: Region = serde_json::from_str(include_str!("demo_availability.json"))?;
        let zone = self.pack().zone;
        let today = now.with_timezone(&zone).date_naive();
        for it in region.outages {
            let start = beginning_of(today - Days::new(it.days_ago), zone) + Duration::minutes(it.at_minute);
            let new = NewOutage {
                service: it.service,
                started_at: Some(start),
                ended_at: Some(start + Duration::minutes(it.minutes)),
                severity: Some(it.severity),
                cause: Some(it.cause),
                note: it.note,
                ticket: String::new(),
            };
            self.record_outage(unit, &new, None).await?;
        }
        for work in [region.done, region.coming] {
            let start = beginning_of(today, zone) + Duration::days(work.days) + Duration::hours(21);
            self.clock.set((start - Duration::days(4)).min(now), 0.0);
            let planned = Planned {
                services: work.services,
                title: work.title,
                message: work.message,
                starts_at: Some(start),
                ends_at: Some(start + Duration::hours(2)),
            };
            self.announce_maintenance(unit, &planned, None).await?;
        }
        self.clock.set(now, 0.0);
        // One that waits for signs of life nobody sends would call an outage while people look around.
        let wanted = Wanted { name: Some(region.monitor.name), ..Wanted::default() };
        let kind = MonitorKind::Heartbeat;
        let (monitor, _) = self.add_monitor(unit, &region.monitor.service, kind, &wanted, None).await?;
        let stopped = Wanted { active: Some(false), ..Wanted::default() };
        self.change_monitor(unit, monitor.id, None, &stopped).await.map(|_| ())
    }
}
