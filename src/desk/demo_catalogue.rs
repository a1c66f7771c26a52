//! The catalogue of the demo region, with its records: told by the same acts as in earnest, at dates in the past.

use crate::desk::Desk;
use crate::desk::critical::Determination;
use crate::desk::description::Wanted;
use crate::desk::paper::Paper;
use crate::domain::catalogue::{Category, Part, ProposalKind, RaciLine, RaciRole, Safeguard};
use crate::domain::people::{Actor, Grant, Role, Scope};
use crate::domain::ticket::Channel;
use crate::error::{Error, Result};
use chrono::{DateTime, Duration, Months, NaiveDate, Utc};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A service as `demo.json` describes it.
#[derive(Debug, Deserialize)]
pub(super) struct Described {
    code: String,
    name: String,
    agency: String,
    category: Category,
    keywords: Vec<String>,
    /// When its owner confirmed it last.
    months_ago: u32,
    parts: BTreeMap<Part, String>,
    endpoints: Vec<String>,
    hours: String,
    /// Used where the pack has a calendar of this name.
    calendar: Option<String>,
    raci: Vec<(RaciRole, String)>,
    /// Months since the last proof of each.
    safeguards: BTreeMap<Safeguard, u32>,
    sla: Option<Sla>,
    critical: Option<Critical>,
}

#[derive(Debug, Deserialize)]
struct Sla {
    profile: String,
    number: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
struct Critical {
    reason: String,
    evidence: String,
    number: String,
    instrument: String,
}

impl Desk {
    /// Fills the catalogue; the clock shows `now` again afterwards.
    pub(super) async fn demo_catalogue(&self, services: &[Described], now: DateTime<Utc>) -> Result<()> {
        for service in services {
            self.clock.set(months_before(now, service.months_ago), 0.0);
            self.demo_service(service, now).await?;
        }
        self.clock.set(now, 0.0);
        Ok(())
    }

    async fn demo_service(&self, service: &Described, now: DateTime<Utc>) -> Result<()> {
        let (code, agency) = (service.code.as_str(), Some(service.agency.as_str()));
        let admin = self.demo_person(|grant| agency.is_some_and(|agency| grant.is_staff_of(agency))).await?;
        let known = |name: &String| self.pack().calendar(name).is_some();
        let calendar = service.calendar.clone().filter(known);
        self.add_service(&admin, code, Wanted { calendar, ..wanted(service, now) }, None).await?;
        if let Some(sla) = &service.sla {
            let owner =
                self.demo_person(|grant| grant.role == Role::ProcessOwner && grant.agency.as_deref() == agency).await?;
            let paper = self.demo_paper(&sla.number);
            self.propose_sla(&owner, code, &sla.profile, &sla.reason, &paper, None).await?;
        }
        if let Some(critical) = &service.critical {
            let (kind, reason) = (ProposalKind::Determine, &critical.reason);
            let proposal = self.propose_critical(&admin, code, kind, reason, &critical.evidence, None).await?;
            self.clock.set(self.now() + Duration::days(6), 0.0);
            let unit = self.demo_person(|grant| grant.role == Role::Tier2Unit && grant.agency.is_none()).await?;
            let instrument = Some(critical.instrument.clone());
            let how = Determination { paper: self.demo_paper(&critical.number), instrument, profile: None };
            self.determine(&unit, code, proposal.id, &how, None).await?;
        }
        Ok(())
    }

    fn demo_paper(&self, number: &str) -> Paper {
        let date = self.now().with_timezone(&self.pack().zone).date_naive();
        Paper { number: number.to_owned(), date: date.to_string() }
    }

    /// Somebody of the demo with such a grant.
    pub(super) async fn demo_person(&self, holds: impl Fn(&Grant) -> bool) -> Result<Actor> {
        let people = self.accounts().await?.into_iter();
        let mut holders = people.filter(|(_, grants)| grants.iter().any(&holds));
        let (account, grants) = holders.next().ok_or(Error::NotFound("account"))?;
        Ok(Actor { account, grants, scope: Scope::Write, only_agency: None, via: Channel::Web })
    }
}

fn wanted(service: &Described, now: DateTime<Utc>) -> Wanted {
    let proof = |months: u32| -> NaiveDate { months_before(now, months).date_naive() };
    Wanted {
        name: Some(service.name.clone()),
        agency: Some(service.agency.clone()),
        category: Some(service.category),
        keywords: Some(service.keywords.clone()),
        parts: service.parts.clone(),
        endpoints: Some(service.endpoints.clone()),
        hours: Some(service.hours.clone()),
        calendar: None,
        raci: Some(service.raci.iter().map(|(role, who)| RaciLine { role: *role, who: who.clone() }).collect()),
        safeguards: service
            .safeguards
            .iter()
            .map(|(safeguard, months)| (*safeguard, proof(*months).to_string()))
            .collect(),
    }
}

fn months_before(now: DateTime<Utc>, months: u32) -> DateTime<Utc> {
    now.checked_sub_months(Months::new(months)).unwrap_or(now)
}
