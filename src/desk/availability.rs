//! Measured availability: what was agreed, what was down, and how both make a figure (DOMAIN.md 2.10).

use crate::desk::{Desk, chain};
use crate::domain::availability::{Availability, Down, Facts, Span, measure};
use crate::domain::duty_rule::beginning_of;
use crate::domain::event::ActorLabel;
use crate::domain::outage::{Day, Maintenance, Outage, OutageCause, may_promise};
use crate::domain::people::Actor;
use crate::domain::service::Service;
use crate::error::{Error, Result, Say};
use crate::policy::{Calendar, Pack};
use crate::store::outages::Goal;
use crate::store::{self, Tx};
use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Kind of the stream of what is promised of a service.
const STREAM: &str = "availability";

/// How much of its agreed time a service could be used in a period, with what the figure is made of.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The service.
    pub service: Service,
    /// Name of the calendar of its hours; `None`: round the clock.
    pub calendar: Option<String>,
    /// Beginning of the period. UTC.
    pub from: DateTime<Utc>,
    /// End of what is measured: that of the period, or now while it runs. UTC, outside.
    pub to: DateTime<Utc>,
    /// The figure.
    pub figures: Availability,
    /// Outages of the period in order, also those that are no downtime (slow only).
    pub outages: Vec<Outage>,
    /// Maintenance of the period in order, without what was called off.
    pub maintenance: Vec<Maintenance>,
    /// Closed under an order, in order.
    pub closed: Vec<Span>,
}

/// Everything that is recorded about a period, read once for any number of figures.
#[derive(Debug)]
pub struct Records {
    services: BTreeMap<String, (Service, Option<String>)>,
    goals: BTreeMap<String, Goal>,
    outages: Vec<Outage>,
    maintenance: Vec<Maintenance>,
    closed: Vec<(String, Span)>,
    pack: Arc<Pack>,
    now: DateTime<Utc>,
}

impl Desk {
    /// Everything recorded about a period.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn availability_records(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Records> {
        let mut tx = self.db.read().await?;
        let every = store::catalogue::Filter::default();
        let entries = store::catalogue::entries(&mut tx, &every, "", i64::MAX).await?;
        let services = entries.into_iter().map(|it| (it.service.code.clone(), (it.service, it.calendar))).collect();
        let goals = store::outages::goals(&mut tx).await?;
        let closed = store::suspensions::closed_spans(&mut tx, from, to).await?.into_iter();
        let closed = closed.filter_map(|(code, since, until)| Some((code, Span::new(since, until.unwrap_or(to))?)));
        Ok(Records {
            services,
            goals: goals.into_iter().map(|goal| (goal.service.clone(), goal)).collect(),
            outages: store::outages::between(&mut tx, from, to).await?,
            maintenance: store::maintenance::between(&mut tx, from, to).await?,
            closed: closed.collect(),
            pack: self.pack(),
            now: self.now(),
        })
    }

    /// Sets what is promised of a service: its hours (`None`: round the clock) and the least share of them in
    /// hundredths of a percent. `version` is the one the caller has seen, 0 when there was none.
    ///
    /// # Errors
    /// `Denied` to all but the process owner; `NotFound`, `Invalid`; `Conflict` when the version is old.
    pub async fn promise_availability(
        &self,
        actor: &Actor,
        service: &str,
        calendar: Option<String>,
        target: i64,
        version: Option<i64>,
    ) -> Result<Goal> {
        let mut tx = self.db.write().await?;
        let found = known(&mut tx, service).await?;
        if !may_promise(actor, &found.agency) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        if calendar.as_ref().is_some_and(|name| self.pack().calendar(name).is_none()) {
            let names = self.pack().calendars.keys().cloned().collect::<Vec<_>>().join(", ");
            return Err(Error::field("calendar", Say::new("field-unknown-word").with("known", names)));
        }
        if !(1..=10_000).contains(&target) {
            return Err(Error::field("target", Say::new("field-availability-target")));
        }
        chain::turn(&mut tx, STREAM, service).await?;
        let before = store::outages::goals(&mut tx).await?.into_iter().find(|goal| goal.service == service);
        let seen = before.as_ref().map_or(0, |goal| goal.version);
        if version.is_some_and(|version| version != seen) {
            return Err(Error::Conflict { say: Say::new("error-availability-stale"), version: Some(seen) });
        }
        let goal = Goal { service: service.to_owned(), calendar, target, version: seen + 1 };
        store::outages::set_goal(&mut tx, &goal).await?;
        let facts = json!({"calendar": goal.calendar, "target": goal.target,
            "before": before.map(|goal| json!({"calendar": goal.calendar, "target": goal.target}))});
        let who = ActorLabel::user(actor.account.id);
        chain::note(&mut tx, STREAM, service, self.now(), who, "availability_promised", facts).await?;
        tx.commit().await?;
        Ok(goal)
    }
}

/// The service with a code.
pub(super) async fn known(tx: &mut Tx, code: &str) -> Result<Service> {
    store::services::service(tx, code).await?.ok_or(Error::NotFound("service"))
}

impl Records {
    /// Services that are offered, in the order of their codes.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values().map(|(service, _)| service).filter(|service| service.active)
    }

    /// A service, also a retired one.
    pub fn service(&self, code: &str) -> Option<&Service> {
        self.services.get(code).map(|(service, _)| service)
    }

    /// What its process owner promises of a service beside the pack.
    pub fn goal(&self, code: &str) -> Option<&Goal> {
        self.goals.get(code)
    }

    /// The availability of a service in a half-open part of the period that was read.
    pub fn of(&self, code: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Measured> {
        let (service, _) = self.services.get(code)?;
        let to = to.min(self.now.max(from));
        let touches = |span: Option<Span>| span.is_some_and(|span| span.from() < to && span.to() > from);
        let is_of = |it: &Maintenance| it.services.iter().any(|named| named == code);
        let outages = self.outages.iter().filter(|it| it.service == code && touches(it.span(self.now)));
        let works = self.maintenance.iter().filter(|it| is_of(it) && !it.is_called_off());
        let works = works.filter(|it| touches(Span::new(it.starts_at, it.ends_at)));
        let closed = self.closed.iter().filter(|(named, span)| named == code && touches(Some(*span)));
        let mut measured = Measured {
            service: service.clone(),
            calendar: self.hours_of(code).map(|(name, _)| name),
            from,
            to,
            figures: Availability::default(),
            outages: outages.cloned().collect(),
            maintenance: works.cloned().collect(),
            closed: closed.map(|(_, span)| *span).collect(),
        };
        measured.figures = self.count(&measured);
        Some(measured)
    }

    /// The availability of a service on each local day from `first` to `last`, both inside.
    pub fn days(&self, code: &str, zone: Tz, first: NaiveDate, last: NaiveDate) -> Vec<Day> {
        let dates = first.iter_days().take_while(|date| *date <= last);
        dates
            .filter_map(|date| {
                let measured = self.of(code, beginning_of(date, zone), beginning_of(date + Days::new(1), zone))?;
                let worst = measured.outages.iter().map(|it| it.severity).min();
                Some(Day { date, figures: measured.figures, worst })
            })
            .collect()
    }

    fn count(&self, it: &Measured) -> Availability {
        let hours: Vec<Span> = match self.hours_of(&it.service.code) {
            None => Span::new(it.from, it.to).into_iter().collect(),
            Some((_, calendar)) => {
                let open = calendar.intervals(it.from, it.to, &[]).into_iter();
                open.filter_map(|open| Span::new(open.from, open.to)).collect()
            }
        };
        let down = it.outages.iter().filter(|outage| outage.is_downtime());
        let down: Vec<Down> = down
            .filter_map(|outage| {
                let third_party = outage.cause == OutageCause::ThirdPartyNetwork;
                Some(Down { span: outage.span(self.now)?, third_party })
            })
            .collect();
        let maintenance: Vec<Span> = it.maintenance.iter().filter_map(Maintenance::excused).collect();
        let target = self.goals.get(&it.service.code).and_then(|goal| u32::try_from(goal.target).ok());
        measure(Facts {
            hours: &hours,
            maintenance: &maintenance,
            closed: &it.closed,
            outages: &down,
            target: target.unwrap_or(self.pack.availability_target.hundredths),
            counts_third_party: self.pack.availability_counts_third_party,
        })
    }

    /// The calendar of a service's hours: the promised one, else that of its SLA profile; `None`: round the clock.
    fn hours_of(&self, code: &str) -> Option<(String, &Calendar)> {
        let (service, own) = self.services.get(code)?;
        let name = match self.goals.get(code) {
            Some(goal) => goal.calendar.clone()?,
            None => {
                let profile = self.pack.profile_on(&service.profile, own.as_deref());
                self.pack.profile(&profile).ok()?.calendar_name.clone()
            }
        };
        // A calendar that has gone from the pack measures nothing: the clock goes on round.
        let calendar = self.pack.calendar(&name).filter(|calendar| !calendar.is_always())?;
        Some((name, calendar))
    }
}
