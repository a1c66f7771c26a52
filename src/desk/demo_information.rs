//! Problems, changes and announcements of the demo region.

use crate::desk::Desk;
use crate::desk::announcements::WantedAnnouncement;
use crate::desk::changes::WantedChange;
use crate::desk::problems::WantedProblem;
use crate::desk::record_turn::NewRecord;
use crate::domain::announcement::{Audience, Weight};
use crate::domain::change::ChangeRisk;
use crate::domain::duty_rule::beginning_of;
use crate::domain::people::{Actor, Role};
use crate::domain::problem::ProblemState;
use crate::error::Result;
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Region {
    problem: DemoProblem,
    change: DemoChange,
    standard: DemoStandard,
    announcements: Vec<DemoAnnouncement>,
}

#[derive(Debug, Deserialize)]
struct DemoProblem {
    subject: String,
    description: String,
    service: String,
    cause: String,
    workaround: String,
}

#[derive(Debug, Deserialize)]
struct DemoChange {
    subject: String,
    description: String,
    service: String,
    impact: String,
    plan: String,
    rollback: String,
}

#[derive(Debug, Deserialize)]
struct DemoStandard {
    subject: String,
    description: String,
}

#[derive(Debug, Deserialize)]
struct DemoAnnouncement {
    audience: Audience,
    severity: Weight,
    title: String,
    message: String,
}

/// The standard change that the packs of the demo know.
const LAN_REPORT: &str = "laporan-lan";

impl Desk {
    /// How many tickets are records of a problem or a change, as far as the pack knows changes.
    pub(super) fn demo_records(&self) -> usize {
        1 + self.change_rules().map_or(0, |rules| 1 + usize::from(rules.standard.contains_key(LAN_REPORT)))
    }

    /// Adds them in the name of `unit`; problems and changes only where they are wanted, for they are tickets.
    pub(super) async fn demo_information(&self, unit: &Actor, now: DateTime<Utc>, records: bool) -> Result<()> {
        let region: Region = serde_json::from_str(include_str!("demo_information.json"))?;
        if records {
            self.demo_problem(unit, region.problem).await?;
            self.demo_changes(unit, region.change, region.standard, now).await?;
        }
        for DemoAnnouncement { audience, severity, title, message } in region.announcements {
            let (starts_at, ends_at) = (None, Some(now + Duration::days(14)));
            let wanted = WantedAnnouncement { agency: None, audience, severity, title, message, starts_at, ends_at };
            self.tell_people(unit, &wanted, None).await?;
        }
        Ok(())
    }

    async fn demo_problem(&self, unit: &Actor, problem: DemoProblem) -> Result<()> {
        let DemoProblem { subject, description, service, cause, workaround } = problem;
        let new = NewRecord { subject, description, agency: None, service: Some(service) };
        let number = self.open_problem(unit, &new, &[], None).await?;
        let state = ProblemState::FixPlanned;
        let known = WantedProblem { state, cause, workaround, known_error: true };
        self.save_problem(unit, &number, None, &known).await.map(drop)
    }

    async fn demo_changes(
        &self,
        unit: &Actor,
        change: DemoChange,
        standard: DemoStandard,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Ok(rules) = self.change_rules() else { return Ok(()) };
        let zone = self.pack().zone;
        let today = now.with_timezone(&zone).date_naive();
        let start = beginning_of(today, zone) + Duration::days(6) + Duration::hours(20);
        let DemoChange { subject, description, service, impact, plan, rollback } = change;
        let wanted = WantedChange {
            risk: ChangeRisk::Medium,
            impact,
            plan,
            rollback,
            services: vec![service.clone()],
            starts_at: Some(start),
            ends_at: Some(start + Duration::hours(2)),
        };
        let new = NewRecord { subject, description, agency: None, service: Some(service) };
        let number = self.open_change(unit, &new, None, &wanted, None).await?;
        let board = self.demo_person(|grant| grant.role == Role::CoordinationTeam).await?;
        self.ask_approval(unit, &number, None, &[board.account.email]).await?;
        let Some(pattern) = rules.standard.get(LAN_REPORT) else { return Ok(()) };
        let wanted = WantedChange {
            risk: pattern.risk,
            impact: pattern.impact.clone(),
            plan: pattern.plan.clone(),
            rollback: pattern.rollback.clone(),
            services: Vec::new(),
            starts_at: None,
            ends_at: None,
        };
        let DemoStandard { subject, description } = standard;
        let new = NewRecord { subject, description, agency: None, service: None };
        self.open_change(unit, &new, Some(LAN_REPORT), &wanted, None).await.map(|_| ())
    }
}
