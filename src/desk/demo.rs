//! A believable region for trying out: agencies, people, services, tickets with a history.

use crate::desk::command::Command;
use crate::desk::demo_case::CaseWords;
use crate::desk::demo_catalogue::Described;
use crate::desk::intake::Report;
use crate::desk::report_acts::ReportCommand;
use crate::desk::report_views::ReportFilter;
use crate::desk::{Desk, lines};
use crate::domain::people::{Actor, Grant, Role, Scope};
use crate::domain::relation::EscalationCause;
use crate::domain::report::life::ReportState;
use crate::domain::report::steps::StepAct;
use crate::domain::service::Agency;
use crate::domain::ticket::{Channel, Language};
use crate::error::{Error, Result};
use crate::store;
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;

/// Days the tickets of the demo reach back.
const HISTORY: i64 = 45;
/// A demo of fewer tickets has no records of problems and changes.
const FEW: usize = 12;
/// Password of every demo account.
pub const PASSWORD: &str = "demo-meja-2026";

/// What the demo region consists of; its words stand in `demo.json`, not in code.
#[derive(Debug, Deserialize)]
pub(super) struct Region {
    ict_agency: String,
    agencies: Vec<DemoAgency>,
    services: Vec<Described>,
    people: Vec<Person>,
    reports: Vec<DemoReport>,
    pub(super) reply: String,
    pub(super) solution: String,
    pub(super) question: String,
    pub(super) reason: String,
    pub(super) tried: String,
    outage: DemoReport,
    case: CaseWords,
}

impl Region {
    pub(super) fn built_in() -> Result<Self> {
        Ok(serde_json::from_str(include_str!("demo.json"))?)
    }

    /// The report at a place of an endless row of them.
    pub(super) fn report(&self, place: usize) -> Report {
        demo_report(&self.reports[place % self.reports.len()], place)
    }
}

#[derive(Debug, Deserialize)]
struct DemoAgency {
    code: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Person {
    email: String,
    name: String,
    #[serde(default)]
    grants: Vec<DemoGrant>,
    token: Option<String>,
}

#[derive(Debug, Deserialize)]
struct DemoGrant {
    role: Role,
    agency: Option<String>,
}

#[derive(Debug, Deserialize)]
struct DemoReport {
    subject: String,
    description: String,
    service: Option<String>,
    name: String,
}

impl Desk {
    /// Fills an empty database with the demo region and `tickets` tickets of the days before `now`.
    ///
    /// # Errors
    /// The database does not answer, or is not empty.
    pub async fn fill_demo(&self, tickets: usize, now: DateTime<Utc>, speed: f64) -> Result<()> {
        let region = Region::built_in()?;
        self.clock.set(now, 0.0);
        let mut tx = self.db.write().await?;
        store::settings::set(&mut tx, "demo", "filling").await?;
        tx.commit().await?;
        self.agencies_and_people(&region).await?;
        self.prepare(&region.ict_agency).await?;
        self.demo_catalogue(&region.services, now).await?;
        self.history(&region, tickets, now).await?;
        let mut tx = self.db.write().await?;
        store::settings::set(&mut tx, "demo", "ready").await?;
        tx.commit().await?;
        self.move_clock_to_end(now, speed).await
    }

    async fn move_clock_to_end(&self, now: DateTime<Utc>, speed: f64) -> Result<()> {
        self.run_due_steps().await?;
        self.run_reports().await?;
        self.run_duties().await?;
        self.send_outbox().await?;
        self.seal().await?;
        self.keep_clock(now, speed).await
    }

    async fn agencies_and_people(&self, region: &Region) -> Result<()> {
        let domain = self.composer.address.rsplit_once('@').map_or("demo.test", |(_, host)| host).to_owned();
        let agencies = region.agencies.iter().map(|agency| Agency {
            code: agency.code.clone(),
            name: agency.name.clone(),
            email: Some(format!("{}@{domain}", agency.code.to_lowercase())),
            active: true,
        });
        self.save_agencies(&agencies.collect::<Vec<_>>()).await?;
        for person in &region.people {
            let written = person.grants.iter().map(|grant| Grant { role: grant.role, agency: grant.agency.clone() });
            let grants: Vec<Grant> = written.flat_map(|grant| lines::placed(&self.pack(), &grant)).collect();
            self.add_account(&person.email, &person.name, Some(PASSWORD), &grants).await?;
            if let Some(token) = &person.token {
                self.keep_token(&person.email, "demo", Scope::Write, None, token).await?;
            }
        }
        Ok(())
    }

    /// Tickets opened over the last days, each brought to another stage of its life.
    async fn history(&self, region: &Region, tickets: usize, now: DateTime<Utc>) -> Result<()> {
        let unit = self.demo_person(|grant| grant.role == Role::Tier2Unit && grant.agency.is_none()).await?;
        // A region of some size knows problems and changes, too; they count among its tickets.
        let records = if tickets >= FEW { self.demo_records() } else { 0 };
        let reports = region.reports.iter().cycle().take(tickets - records);
        self.clock.set(now - Duration::days(HISTORY + 1), 0.0);
        if tickets > 0 {
            self.draw_reports_since(self.now()).await?;
            let outage = demo_report(&region.outage, 0);
            self.demo_breach(&unit, outage, &region.case, &region.solution).await?;
        }
        let total = i32::try_from(tickets.max(1)).unwrap_or(i32::MAX);
        for (place, report) in reports.enumerate() {
            // From weeks ago to half an hour ago, closer together towards the end: the open ones are young.
            let left = total - i32::try_from(place).unwrap_or(0);
            let ago = Duration::days(HISTORY) / total * left / total * left / total * left;
            let at = (now - ago.max(Duration::minutes(30))).max(self.now());
            self.demo_reports(&unit, at).await?;
            self.clock.set(at, 0.0);
            self.run_due_steps().await?;
            let ticket = self.open(&unit, demo_report(report, place), None).await?;
            self.stage(region, &unit, &ticket.number, place, now, place * 3 < tickets * 2).await?;
        }
        self.clock.set(now, 0.0);
        // An empty demo is for tests and newcomers who fill it themselves.
        if tickets > 0 {
            self.demo_availability(&unit, now).await?;
            self.demo_replies(&unit).await?;
            self.demo_information(&unit, now, records > 0).await?;
            self.demo_articles(&unit, now).await?;
            self.demo_mails(&unit).await?;
            self.run_due_steps().await?;
            self.demo_reprimand(&region.case).await?;
        }
        Ok(())
    }

    /// Reports that come due on the way to `until` are handed in on the third, all but one agency's.
    async fn demo_reports(&self, unit: &Actor, until: DateTime<Utc>) -> Result<()> {
        while let Some(due) = self.next_report().await?.filter(|due| *due + Duration::days(2) <= until) {
            self.clock.set(due.max(self.now()), 0.0);
            self.run_due_steps().await?;
            self.run_reports().await?;
            self.clock.set((due + Duration::days(2)).max(self.now()), 0.0);
            let drawn = self.reports(unit, &ReportFilter::default(), None, 100).await?;
            // The second of the list, the first agency, is left to be reminded.
            for (place, report) in drawn.iter().filter(|report| report.state == ReportState::Draft).enumerate() {
                if place == 1 {
                    continue;
                }
                self.act_on_report(unit, &report.code, None, ReportCommand::Submit, None).await?;
                if report.is_regional() && !self.pack().report.steps.is_empty() {
                    self.act_on_step(unit, &report.code, 1, None, StepAct::Send, "Nota dinas", None).await?;
                }
                if place > 2 {
                    self.act_on_report(unit, &report.code, None, ReportCommand::Receive, None).await?;
                }
            }
        }
        Ok(())
    }

    async fn stage(
        &self,
        region: &Region,
        unit: &Actor,
        number: &str,
        place: usize,
        now: DateTime<Utc>,
        is_old: bool,
    ) -> Result<()> {
        let reply = || Command::Reply { body: region.reply.clone(), files: Vec::new() };
        let solve = || Command::Resolve { solution: region.solution.clone(), cause: None };
        let commands = match place % 8 {
            _ if is_old => vec![Command::Acknowledge, reply(), solve()],
            0..=3 => vec![Command::Acknowledge, reply(), solve()],
            4 => vec![Command::Acknowledge, Command::RequestInfo { body: region.question.clone() }],
            5 => vec![
                Command::Acknowledge,
                Command::Escalate {
                    cause: Some(EscalationCause::Unable),
                    reason: region.reason.clone(),
                    tried: region.tried.clone(),
                },
            ],
            6 => vec![Command::Acknowledge, reply()],
            _ => vec![],
        };
        for (step, command) in commands.into_iter().enumerate() {
            let minutes = 3 + 4 * i64::try_from(step + place % 5).unwrap_or(1);
            self.clock.set((self.now() + Duration::minutes(minutes)).min(now), 0.0);
            match self.act(unit, number, None, command, None).await {
                // A critical ticket of the highest priority may not be paused: then it just goes on.
                Ok(_) | Err(Error::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn demo_report(report: &DemoReport, place: usize) -> Report {
    Report {
        subject: report.subject.clone(),
        description: report.description.clone(),
        kind: None,
        agency: None,
        service: report.service.clone(),
        impact: None,
        urgency: None,
        outage: None,
        workaround: false,
        request_type: None,
        name: report.name.clone(),
        email: format!("pelapor{}@warga.test", place % 9 + 1),
        nip: None,
        phone: None,
        channel: if place.is_multiple_of(3) { Channel::Phone } else { Channel::Email },
        language: Language::Indonesian,
    }
}
