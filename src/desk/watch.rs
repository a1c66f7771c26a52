//! Monitors at work: who is due looks, outages begin and end, and their tickets are opened or joined.

use crate::desk::availability::known;
use crate::desk::intake::Report;
use crate::desk::outages;
use crate::desk::working::Working;
use crate::desk::{Desk, chain, probe};
use crate::domain::event::ActorLabel;
use crate::domain::monitor::{Finding, Monitor, MonitorKind, MonitorState, Turn};
use crate::domain::outage::{Maintenance, MaintenanceState, Outage, OutageCause, OutageOrigin, Severity};
use crate::domain::service::Service;
use crate::domain::ticket::{Channel, Impact, Kind, Language, Urgency};
use crate::error::{Error, Result};
use crate::secret::{same, sha256};
use crate::store::monitors::Check;
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Duration, SubsecRound, Utc};
use futures_util::StreamExt as _;
use serde_json::json;

/// Looks are kept for so long.
pub const REMEMBERED: Duration = Duration::days(7);
/// Monitors taken at a time.
const BATCH: i64 = 32;
/// Monitors that look at the same time.
const AT_ONCE: usize = 8;
/// Whoever takes a monitor has so much longer than its patience before somebody else takes it.
const LEASE: Duration = Duration::seconds(30);

impl Desk {
    /// Lets every monitor look that is due; gives how many did. Nodes share the work.
    ///
    /// # Errors
    /// The database does not answer; the next round goes on.
    pub async fn run_monitors(&self) -> Result<usize> {
        let due = store::monitors::due(&mut self.db.glance().await?, self.now(), self.clock.machine(), BATCH).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let mut tx = self.db.write().await?;
        let mut mine = Vec::new();
        for mut monitor in due {
            // As many rounds as it takes until those before it in the batch have looked.
            let until = self.clock.machine() + LEASE + Duration::milliseconds(monitor.timeout_ms) * 4;
            if store::monitors::claim(&mut tx, monitor.id, monitor.lease_no, until).await? {
                monitor.lease_no += 1;
                mine.push(monitor);
            }
        }
        tx.commit().await?;
        let looks: Vec<_> = mine.iter().map(|monitor| self.look(monitor)).collect();
        let outcomes: Vec<Result<()>> = futures_util::stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
        let looked = outcomes.len();
        outcomes.into_iter().collect::<Result<Vec<()>>>().map(|_| looked)
    }

    async fn look(&self, monitor: &Monitor) -> Result<()> {
        let (found, millis) = match monitor.kind {
            MonitorKind::Heartbeat => (Finding::Missed, 0),
            _ => probe::look(&self.outward, monitor, self.clock.machine()).await,
        };
        self.take_finding(monitor.id, monitor.lease_no, found, millis).await
    }

    /// A sign of life for the monitor with this key.
    ///
    /// # Errors
    /// `Unauthenticated` when there is no such heartbeat or the secret is another's.
    pub async fn heartbeat(&self, id: i64, secret: &str) -> Result<()> {
        let found = store::monitors::by_id(&mut self.db.glance().await?, id).await?;
        let digest = sha256(secret);
        let fits = |it: &Monitor| it.secret_hash.as_ref().is_some_and(|hash| same(hash, &digest));
        let monitor = found.filter(fits).ok_or(Error::Unauthenticated)?;
        if !monitor.active {
            return Ok(());
        }
        // Taken like any look, so that a beat and the watch that misses it do not both speak.
        let mut lease = monitor.lease_no;
        for _ in 0..5 {
            let mut tx = self.db.write().await?;
            let until = self.clock.machine() + LEASE;
            let taken = store::monitors::claim(&mut tx, id, lease, until).await?;
            let now = store::monitors::by_id(&mut tx, id).await?.ok_or(Error::Unauthenticated)?;
            tx.commit().await?;
            if taken {
                return self.take_finding(id, lease + 1, Finding::Ok, 0).await;
            }
            lease = now.lease_no;
        }
        Err(Error::Unavailable("a heartbeat met others five times".into()))
    }

    /// Keeps what a look found, and lets happen what follows from it.
    async fn take_finding(&self, id: i64, lease_no: i64, found: Finding, millis: i64) -> Result<()> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, outages::STREAM, &format!("of monitor {id}")).await?;
        let mine = store::monitors::by_id(&mut tx, id).await?.filter(|it| it.lease_no == lease_no);
        let Some(mut monitor) = mine else { return Ok(()) };
        let service = known(&mut tx, &monitor.service).await?;
        let turn = monitor.take(found, now);
        monitor.next_at = monitor.next_after(now);
        match turn {
            Turn::Begins(since) => self.begin_outage(&mut tx, &mut monitor, since, now).await?,
            Turn::Ends => self.end_outage(&mut tx, &mut monitor, now).await?,
            Turn::Nothing => {}
        }
        if monitor.state == MonitorState::Down {
            self.find_ticket(&mut tx, &monitor, &service, now).await?;
        }
        let check = Check { at: now, ok: found.is_good(), millis, result: found };
        store::monitors::add_check(&mut tx, id, &check).await?;
        if !store::monitors::settle(&mut tx, &monitor).await? {
            return Ok(());
        }
        tx.commit().await?;
        if turn != Turn::Nothing {
            self.wake();
        }
        Ok(())
    }

    async fn begin_outage(
        &self,
        tx: &mut Tx,
        monitor: &mut Monitor,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut outage = Outage {
            id: 0,
            service: monitor.service.clone(),
            started_at: since.trunc_subsecs(0),
            ended_at: None,
            severity: Severity::Total,
            cause: OutageCause::Own,
            origin: OutageOrigin::Monitor,
            note: monitor.name.clone(),
            ticket: None,
            monitor_id: Some(monitor.id),
            recorded_by: None,
            recorded_at: now,
            voided_at: None,
            void_reason: None,
            version: 1,
        };
        outage.id = store::outages::insert(tx, &outage).await?;
        monitor.outage_id = Some(outage.id);
        let facts = json!({"outage": outage, "finding": monitor.result});
        outages::note(tx, &outage, now, ActorLabel::clock(), "outage_recorded", facts).await
    }

    async fn end_outage(&self, tx: &mut Tx, monitor: &mut Monitor, now: DateTime<Utc>) -> Result<()> {
        let Some(id) = monitor.outage_id.take() else { return Ok(()) };
        self.end_outage_of(tx, id, ActorLabel::clock(), json!({"finding": monitor.result}), now).await
    }

    /// Ends an outage that lasts, and tells its ticket. `facts` say how that is known.
    pub(super) async fn end_outage_of(
        &self,
        tx: &mut Tx,
        id: i64,
        who: ActorLabel,
        mut facts: serde_json::Value,
        now: DateTime<Utc>,
    ) -> Result<()> {
        // Always in this order: the monitor, its outage, then the rows. Whoever writes them otherwise waits for ever.
        chain::turn(tx, outages::STREAM, &id.to_string()).await?;
        let Some(mut outage) = store::outages::by_id(tx, id).await?.filter(Outage::is_open) else { return Ok(()) };
        let end = now.trunc_subsecs(0).max(outage.started_at + Duration::seconds(1));
        outage.ended_at = Some(end);
        outage.version += 1;
        store::outages::save(tx, &outage).await?;
        facts["ended_at"] = json!(end);
        outages::note(tx, &outage, now, who, "outage_ended", facts).await?;
        if let Some(number) = &outage.ticket {
            self.tell_ticket(tx, number, "outage_over", &outage, now).await?;
        }
        Ok(())
    }

    /// Ties a lasting outage to the open disruption it belongs to, or opens one. While planned maintenance runs, or the
    /// service is closed under an order, nobody is called: if it is still down afterwards, the next look does it.
    async fn find_ticket(&self, tx: &mut Tx, monitor: &Monitor, service: &Service, now: DateTime<Utc>) -> Result<()> {
        let Some(id) = monitor.outage_id else { return Ok(()) };
        let found = store::outages::by_id(tx, id).await?.filter(|it| it.is_open() && it.ticket.is_none());
        let Some(mut outage) = found else { return Ok(()) };
        let works = store::maintenance::between(tx, now, now + Duration::seconds(1)).await?;
        let is_of =
            |it: &Maintenance| it.services.contains(&service.code) && it.state(now) == MaintenanceState::Running;
        if works.iter().any(is_of) {
            return Ok(());
        }
        let closed = store::suspensions::closed_spans(tx, now, now + Duration::seconds(1)).await?;
        if closed.iter().any(|(code, ..)| *code == service.code) {
            return Ok(());
        }
        // Two monitors of one service must not open a ticket each.
        chain::turn(tx, outages::STREAM, &format!("of service {}", service.code)).await?;
        let number = match store::monitors::ticket_to_join(tx, &service.code).await? {
            Some(number) => {
                self.tell_ticket(tx, &number, "outage_began", &outage, now).await?;
                number
            }
            None => {
                let judged = self.judge(tx, report(monitor, service, outage.started_at, self), now).await?;
                self.open_in(tx, judged, ActorLabel::clock(), now, None).await?.number
            }
        };
        outage.ticket = Some(number.clone());
        outage.version += 1;
        store::outages::save(tx, &outage).await?;
        outages::note(tx, &outage, now, ActorLabel::clock(), "outage_changed", json!({"ticket": number})).await
    }

    /// Notes on a ticket what became of an outage.
    async fn tell_ticket(
        &self,
        tx: &mut Tx,
        number: &str,
        kind: &'static str,
        outage: &Outage,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some(ticket) = store::tickets::by_number(tx, number).await? else { return Ok(()) };
        store::dialect::lock_ticket(tx, ticket.id).await?;
        let ticket = store::tickets::by_id(tx, ticket.id).await?.ok_or(Error::NotFound("ticket"))?;
        let mut working = Working::load(tx, ticket).await?;
        self.catch_up(tx, &mut working, now).await?;
        let facts = json!({"outage": outage.id, "service": outage.service, "started_at": outage.started_at,
            "ended_at": outage.ended_at});
        working.event(now, ActorLabel::clock(), kind, facts);
        working.save(tx, &self.rules, now).await
    }
}

/// What a monitor reports: a disruption that hits everybody. The pack makes a priority of that.
fn report(monitor: &Monitor, service: &Service, since: DateTime<Utc>, desk: &Desk) -> Report {
    let language = Language::Indonesian;
    let since = desk.words(language, since);
    let finding = text::word(language, &format!("finding-{}", monitor.result));
    let name = service.name.as_str();
    let values = [("service", name), ("monitor", &monitor.name), ("since", &since), ("finding", &finding)];
    Report {
        subject: text::phrase(language, "monitor-ticket-subject", &values),
        description: text::phrase(language, "monitor-ticket-description", &values),
        kind: Some(Kind::Incident),
        agency: Some(service.agency.clone()),
        service: Some(service.code.clone()),
        impact: Some(Impact::Broad),
        urgency: Some(Urgency::High),
        outage: Some(true),
        workaround: false,
        request_type: None,
        name: monitor.name.clone(),
        email: String::new(),
        nip: None,
        phone: None,
        channel: Channel::Monitor,
        language,
    }
}
