//! Gathers what a report is drawn from: the whole region at once, measured with the clocks' own arithmetic.

use crate::desk::Desk;
use crate::desk::availability::Measured;
use crate::domain::duty_rule::day_of;
use crate::domain::outage::Day;
use crate::domain::report::draw::{LISTED, is_late};
use crate::domain::report::facts::{
    BreachFact, CaseFact, DayFact, DutyFact, End, Facts, Measured as Times, Place, Rulebook, Ruled, ServiceFact, Span,
    TicketFact,
};
use crate::domain::report::figure::Figure;
use crate::domain::service::Service;
use crate::domain::ticket::Status;
use crate::error::Result;
use crate::policy::{Calendar, Pack, Pause};
use crate::render::days::Level;
use crate::store::report_facts::{CaseRow, PauseRow, TicketRow};
use crate::store::{self, Tx};
use chrono::{DateTime, Datelike, Duration, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Broken promises whose words are looked up at once.
const AT_ONCE: usize = 5_000;
/// Seconds of a day on a calendar that never closes.
const DAY: i64 = 86_400;

/// What is known of a period of the whole region.
pub(super) struct Gathered {
    pub span: Span,
    pub tickets: Vec<TicketFact>,
    breaches: BTreeMap<i64, BreachFact>,
    services: BTreeMap<String, String>,
    pub agencies: BTreeMap<String, String>,
    scores: Vec<(String, i64)>,
    consultations: BTreeMap<String, i64>,
    articles_added: BTreeMap<String, i64>,
    articles_used: BTreeMap<String, i64>,
    duties: Vec<DutyFact>,
    /// By the code of the agency that owns the service.
    availability: Vec<(String, ServiceFact)>,
    cases: Vec<(String, CaseFact)>,
    zone: Tz,
    rules: Rulebook,
}

/// The calendars that the clocks of a profile follow.
struct Clocks {
    resolution: Arc<Calendar>,
    response: Arc<Calendar>,
}

impl Desk {
    /// Gathers a period. With an agency only its tickets are read.
    pub(super) async fn gather(
        &self,
        tx: &mut Tx,
        span: Span,
        (from, to): (NaiveDate, NaiveDate),
        agency: Option<&str>,
    ) -> Result<Gathered> {
        let rows = store::report_facts::tickets(tx, span.from, span.to, agency).await?;
        let mut pauses: HashMap<i64, Vec<PauseRow>> = HashMap::new();
        for pause in store::report_facts::pauses(tx, span.from).await? {
            pauses.entry(pause.ticket_id).or_default().push(pause);
        }
        let answers = store::report_facts::answers(tx, span.from, span.to).await?;
        let answers: HashMap<i64, i64> = answers.into_iter().collect();
        let mut tickets: Vec<TicketFact> =
            rows.iter().map(|row| fact(row, pauses.get(&row.id), answers.get(&row.id))).collect();
        self.measure(&rows, &pauses, &mut tickets, &span)?;
        let mut broken = Vec::new();
        for some in listed(&tickets, &span).chunks(AT_ONCE) {
            broken.extend(store::report_facts::broken(tx, some).await?);
        }
        let services = store::services::services(tx).await?;
        let agencies = store::services::agencies(tx).await?;
        let consultations = store::report_facts::consultations(tx, span.from, span.to).await?;
        let duties = store::report_facts::duties(tx, from, to).await?;
        let cases = store::report_facts::cases(tx, span.from, span.to).await?;
        let availability = self.availability(&services, span, (from, to), agency).await?;
        Ok(Gathered {
            span,
            tickets,
            breaches: broken.into_iter().map(|row| (row.id, breach(row.number, row.solved.as_deref()))).collect(),
            services: services.into_iter().map(|service| (service.code, service.name)).collect(),
            agencies: agencies.into_iter().map(|agency| (agency.code, agency.name)).collect(),
            scores: store::report_facts::scores(tx, span.from, span.to).await?,
            consultations: consultations.into_iter().collect(),
            articles_added: store::article_uses::added(tx, span.from, span.to).await?.into_iter().collect(),
            articles_used: store::article_uses::used(tx, span.from, span.to).await?.into_iter().collect(),
            duties: duties.into_iter().map(duty).collect(),
            availability,
            cases: cases.into_iter().map(case).collect(),
            zone: self.pack().zone,
            rules: rulebook(&self.pack()),
        })
    }

    /// Of every critical service and of those that were disrupted.
    async fn availability(
        &self,
        services: &[Service],
        span: Span,
        (first, to): (NaiveDate, NaiveDate),
        agency: Option<&str>,
    ) -> Result<Vec<(String, ServiceFact)>> {
        let zone = self.pack().zone;
        let until = span.to.min(self.now());
        let last = day_of(until - Duration::seconds(1), zone).min(to);
        let records = self.availability_records(span.from, until).await?;
        let ours = services.iter().filter(|it| it.active && agency.is_none_or(|agency| agency == it.agency));
        let measured = ours.filter_map(|it| records.of(&it.code, span.from, until));
        let worth = measured.filter(|it| {
            it.service.critical || !it.outages.is_empty() || it.figures.maintenance > 0 || it.figures.closed > 0
        });
        let fact = |it: Measured| {
            let days = records.days(&it.service.code, zone, first, last);
            (it.service.agency.clone(), service_fact(&it, &days))
        };
        Ok(worth.map(fact).collect())
    }

    /// Measures what the report needs, on the calendar of each ticket's profile.
    fn measure(
        &self,
        rows: &[TicketRow],
        pauses: &HashMap<i64, Vec<PauseRow>>,
        tickets: &mut [TicketFact],
        span: &Span,
    ) -> Result<()> {
        let mut known: HashMap<(&str, &str), Clocks> = HashMap::new();
        let pack = self.pack();
        let working = pack.lifecycle_calendar();
        for (row, it) in rows.iter().zip(tickets) {
            let key = (row.pack.as_str(), row.profile.as_str());
            let clocks = match known.entry(key) {
                Entry::Occupied(found) => found.into_mut(),
                Entry::Vacant(place) => place.insert(self.clocks_of(row)?),
            };
            let stops: Vec<Pause> = pauses.get(&row.id).map(|rows| rows.iter().map(stop).collect()).unwrap_or_default();
            it.measured = measured(it, clocks, working.map(|calendar| &**calendar), &stops, span);
            it.measured.target = row.target_seconds;
        }
        Ok(())
    }

    fn clocks_of(&self, row: &TicketRow) -> Result<Clocks> {
        let pack = self.rules.of_edition(&row.pack, &row.profile);
        let profile = pack.profile(&row.profile).or_else(|_| pack.profile(&pack.default_profile));
        let profile = profile.map_err(|error| crate::error::Error::internal(error.to_string()))?;
        Ok(Clocks { resolution: profile.calendar.clone(), response: profile.response_calendar.clone() })
    }
}

impl Gathered {
    /// What of it concerns an agency; empty: the whole region.
    pub fn of<'a>(&'a self, agency: &str, none: &'a BTreeMap<String, String>) -> Facts<'a> {
        let is_ours = |code: &str| agency.is_empty() || code == agency;
        let tickets: Vec<&TicketFact> = self.tickets.iter().filter(|it| is_ours(&it.agency)).collect();
        let of = |list: &BTreeMap<String, i64>| list.iter().filter(|it| is_ours(it.0)).map(|it| it.1).sum();
        Facts {
            span: self.span,
            rules: self.rules.clone(),
            hours: hours(&tickets, &self.span, self.zone),
            tickets,
            breaches: &self.breaches,
            services: &self.services,
            agencies: if agency.is_empty() { &self.agencies } else { none },
            ratings: self.scores.iter().filter(|it| is_ours(&it.0)).map(|it| it.1).collect(),
            consultations: of(&self.consultations),
            duties: self.duties.iter().filter(|it| is_ours(&it.agency)).cloned().collect(),
            availability: self.availability.iter().filter(|it| is_ours(&it.0)).map(|it| it.1.clone()).collect(),
            // Problems have no register yet; the one who keeps it counts its known errors here.
            known_errors: None,
            articles: (of(&self.articles_added), of(&self.articles_used)),
            security_incidents: None,
            cases: self.cases.iter().filter(|it| is_ours(&it.0)).map(|it| it.1.clone()).collect(),
            months: Vec::new(),
        }
    }
}

/// The tickets whose broken promise is listed: of each agency the oldest, so that those of the region are among them.
fn listed(tickets: &[TicketFact], span: &Span) -> Vec<i64> {
    let mut late: Vec<&TicketFact> = tickets.iter().filter(|it| is_late(it, span)).collect();
    late.sort_by_key(|it| (it.breached_at, it.id));
    let mut taken: HashMap<&str, usize> = HashMap::new();
    late.retain(|it| {
        let count = taken.entry(it.agency.as_str()).or_default();
        *count += 1;
        *count <= LISTED
    });
    late.iter().map(|it| it.id).collect()
}

fn rulebook(pack: &Pack) -> Rulebook {
    let ruled = |value: i64, path: &str| Ruled { value, basis: pack.basis(path).unwrap_or_default().to_owned() };
    Rulebook {
        sla_target: ruled(i64::from(pack.report.sla_target.hundredths), "report.sla_target"),
        availability_target: ruled(i64::from(pack.availability_target.hundredths), "availability_target"),
        notice: ruled(pack.availability_notice().num_seconds(), "availability_notice"),
        due_day: ruled(i64::from(pack.report.due_day), "report.due_day"),
    }
}

fn service_fact(it: &Measured, days: &[Day]) -> ServiceFact {
    let figures = &it.figures;
    ServiceFact {
        service: it.service.code.clone(),
        name: it.service.name.clone(),
        critical: it.service.critical,
        agreed: figures.agreed(),
        planned: figures.maintenance,
        by_order: figures.closed,
        downtime: figures.downtime,
        outages: figures.outages,
        mttr: figures.mttr(),
        target: i64::from(figures.target),
        is_met: figures.is_met(),
        days: days.iter().filter_map(day_fact).collect(),
    }
}

/// A day on which something happened.
fn day_fact(day: &Day) -> Option<DayFact> {
    let level = Some(Level::of(day)).filter(|level| !matches!(level, Level::Empty | Level::Good))?;
    Some(DayFact { date: day.date, level: level.word(), downtime: day.figures.downtime })
}

fn fact(row: &TicketRow, pauses: Option<&Vec<PauseRow>>, answers: Option<&i64>) -> TicketFact {
    let resolved = Status::Resolved.as_str();
    let pauses = pauses.map(Vec::as_slice).unwrap_or_default();
    let end = match row.status {
        Status::Merged => End::Merged,
        _ if row.resolved_at.is_some() => End::Solved,
        _ => End::Silent,
    };
    let gap = |pause: &PauseRow| {
        let to = pause.to_at.filter(|_| pause.reason == resolved)?;
        Some(Span { from: pause.from_at, to })
    };
    TicketFact {
        id: row.id,
        agency: row.agency.clone(),
        service: row.service.clone(),
        kind: row.kind,
        channel: row.channel,
        priority: row.priority,
        opened_at: row.opened_at,
        ended: row.ended_at.map(|at| (at, end)),
        gaps: pauses.iter().filter_map(gap).collect(),
        pauses: pauses.iter().filter(|it| it.reason != resolved).map(|it| (it.from_at, it.to_at)).collect(),
        response_due: row.response_due,
        responded_at: row.response_at,
        breached_at: row.breached_at,
        breached_tier: row.breached_tier,
        escalated_at: row.escalated_at,
        answers: answers.copied().unwrap_or(1),
        measured: Times::default(),
    }
}

fn stop(row: &PauseRow) -> Pause {
    Pause { from: row.from_at, to: row.to_at }
}

fn measured(it: &TicketFact, clocks: &Clocks, working: Option<&Calendar>, stops: &[Pause], span: &Span) -> Times {
    let calendar = &clocks.resolution;
    let solved = it.solved_in(span);
    let is_open = it.place(span.to) == Place::Open;
    let resolution = solved.map(|at| calendar.between(it.opened_at, at, stops));
    let gaps: Vec<Pause> = it.gaps.iter().map(|gap| Pause { from: gap.from, to: Some(gap.to) }).collect();
    let unpaused = solved.filter(|_| !it.pauses.is_empty()).map(|at| calendar.between(it.opened_at, at, &gaps));
    let is_late = is_late(it, span);
    let until = solved.unwrap_or(span.to);
    let answered = it.responded_at.filter(|at| *at < span.to && span.has(it.opened_at));
    Times {
        response: answered.map(|at| clocks.response.between(it.opened_at, at, &[])),
        resolution,
        paused: unpaused.zip(resolution).map_or(0, |(all, counted)| all - counted),
        over: it.breached_at.filter(|_| is_late).map(|due| calendar.between(due, until, stops)),
        hand_over: it.escalated_at.map(|at| calendar.between(it.opened_at, at, stops)),
        age_days: is_open.then(|| working.map_or(0, |days| days.between(it.opened_at, span.to, &[]) / a_day(days))),
        target: None,
    }
}

/// Seconds of an ordinary working day.
fn a_day(calendar: &Calendar) -> i64 {
    let Some(week) = calendar.week() else { return DAY };
    let days = week.days().iter().filter(|(_, windows)| !windows.is_empty()).count();
    (i64::from(week.seconds()) / i64::try_from(days.max(1)).unwrap_or(1)).max(1)
}

/// Received by local weekday and hour.
fn hours(tickets: &[&TicketFact], span: &Span, zone: Tz) -> [[i64; 24]; 7] {
    let mut hours = [[0; 24]; 7];
    for it in tickets.iter().filter(|it| Figure::Received.counts(it, span)) {
        let local = it.opened_at.with_timezone(&zone);
        let (day, hour) = (local.weekday().num_days_from_monday(), local.hour());
        let slot = hours.get_mut(day as usize).and_then(|day| day.get_mut(hour as usize));
        if let Some(slot) = slot {
            *slot += 1;
        }
    }
    hours
}

fn breach(number: String, solved: Option<&str>) -> BreachFact {
    let payload: Option<serde_json::Value> = solved.and_then(|text| serde_json::from_str(text).ok());
    let cause = payload.and_then(|payload| payload["cause"].as_str().map(str::to_owned));
    BreachFact { number, cause }
}

fn duty(row: store::report_facts::DutyRow) -> DutyFact {
    let is_late = row.done_at.is_some_and(|at: DateTime<Utc>| at >= row.due_at);
    DutyFact { what: row.what, agency: row.agency, due_on: row.due_on, state: row.state, done_at: row.done_at, is_late }
}

fn case(row: CaseRow) -> (String, CaseFact) {
    let fact = CaseFact {
        code: row.number,
        service: row.what,
        state: row.state,
        opened_at: row.opened_at,
        outcome: row.outcome,
        order: row.order_code.zip(row.order_state),
    };
    (row.agency, fact)
}
