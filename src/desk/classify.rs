//! What kind of matter a ticket is, how urgent, and whose; and what a change of that would do before it is made.

use crate::desk::command::Reclassify;
use crate::desk::verbs::Change;
use crate::desk::working::Working;
use crate::desk::written::{LONGEST_REASON, required};
use crate::desk::{Desk, clocks, notices};
use crate::domain::clock_plan::StepKind;
use crate::domain::people::{Action, Actor, Role, may};
use crate::domain::service::Service;
use crate::domain::ticket::{Priority, Ticket, Verb};
use crate::error::{Error, Result, Say};
use crate::policy::{self, Deadlines};
use crate::store;
use serde_json::{Value, json};

/// A change that somebody considers.
#[derive(Debug, Clone, Copy)]
pub enum Considered<'a> {
    /// Another classification.
    Classification(&'a Reclassify),
    /// Another priority than the matrix gives.
    Priority(Priority),
}

/// What a considered change would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The ticket as it would be; nothing of it is saved.
    pub ticket: Ticket,
    /// The deadlines as they stand.
    pub before: Deadlines,
    /// The deadlines as they would be.
    pub after: Deadlines,
    /// The priority would be another one, which asks for a reason.
    pub moves_priority: bool,
    /// A pause that lasts would end: a critical ticket of the highest priority never stands still.
    pub ends_pause: bool,
}

impl Desk {
    /// What a change of the classification or the priority would do. Nothing is saved.
    ///
    /// # Errors
    /// As the change itself.
    pub async fn preview(&self, actor: &Actor, number: &str, change: Considered<'_>) -> Result<Preview> {
        let (now, mut tx) = (self.now(), self.db.read().await?);
        let ticket = self.seen(&mut tx, actor, number).await?;
        let verb = match change {
            Considered::Classification(_) => Verb::Reclassify,
            Considered::Priority(_) => Verb::Prioritize,
        };
        if !may(actor, Action::Do(verb), &ticket) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        if !ticket.status.allows(verb) {
            let say = Say::new("error-state").with("status", ticket.status);
            return Err(Error::Conflict { say, version: Some(ticket.version) });
        }
        let mut working = Working::load(&mut tx, ticket).await?;
        let was = working.ticket.priority;
        let before = clocks::due(&self.rules.of(&working.ticket), &working.ticket, &working.pauses)?;
        let paused = working.is_paused();
        let mut trial = Change { desk: self, tx: &mut tx, actor, now, working: &mut working, on_page: false };
        match change {
            Considered::Classification(wanted) => trial.decide(wanted).await?,
            Considered::Priority(priority) => trial.working.ticket.priority = priority,
        }
        trial.end_forbidden_pause();
        let after = clocks::due(&self.rules.of(&working.ticket), &working.ticket, &working.pauses)?;
        let moves_priority = working.ticket.priority != was;
        Ok(Preview {
            ends_pause: paused && !working.is_paused(),
            ticket: working.ticket,
            before,
            after,
            moves_priority,
        })
    }
}

impl Change<'_> {
    pub(super) async fn reclassify(&mut self, wanted: Reclassify) -> Result<()> {
        let before = self.working.ticket.clone();
        self.decide(&wanted).await?;
        if self.working.ticket.agency != before.agency {
            required("reason", wanted.reason.as_deref().unwrap_or_default(), LONGEST_REASON)?;
            self.hand_to_agency().await?;
        }
        if classification(&before) == classification(&self.working.ticket) {
            return Err(Error::field("reason", Say::new("field-nothing-changed")));
        }
        self.end_forbidden_pause();
        let after = &self.working.ticket;
        let changed = json!({
            "from": classification(&before), "to": classification(after), "reason": wanted.reason,
        });
        self.event("reclassified", changed);
        Ok(())
    }

    /// Puts the wanted classification on the ticket; only reads otherwise.
    async fn decide(&mut self, wanted: &Reclassify) -> Result<()> {
        let service = self.wanted_service(wanted).await?;
        let agency = wanted.agency.clone().or_else(|| service.as_ref().map(|service| service.agency.clone()));
        if let Some(code) = &agency {
            let known = store::services::agencies(self.tx).await?;
            if !known.iter().any(|agency| agency.code == *code && agency.active) {
                return Err(Error::field("agency", Say::new("field-unknown-agency")));
            }
        }
        let ticket = &mut self.working.ticket;
        ticket.kind = wanted.kind.unwrap_or(ticket.kind);
        ticket.agency = agency.unwrap_or_else(|| ticket.agency.clone());
        ticket.classification = wanted.classification.unwrap_or(ticket.classification);
        if let Some(service) = service {
            ticket.service = Some(service.code.clone());
            ticket.profile.clone_from(&service.profile);
            self.working.service = Some(service);
        } else if wanted.kind.is_some() && ticket.service.is_none() {
            self.desk.pack().profile_for(ticket.kind).clone_into(&mut ticket.profile);
        }
        if let Some(code) = &wanted.request_type {
            let pack = self.desk.pack();
            let unknown = || Error::field("request_type", Say::new("field-unknown-request"));
            let request = pack.request(code).ok_or_else(unknown)?;
            self.working.ticket.kind = wanted.kind.unwrap_or(request.kind);
            self.working.ticket.profile = request.profile();
        }
        if wanted.impact.is_some() || wanted.urgency.is_some() || wanted.outage {
            self.reprioritize(wanted);
        }
        Ok(())
    }

    /// Whoever worked on it stays behind; the new agency's people are told as of a new ticket.
    async fn hand_to_agency(&mut self) -> Result<()> {
        self.working.ticket.assignee = None;
        let has_first_line = store::people::is_held(self.tx, Role::Tier1Agent, &self.working.ticket.agency).await?;
        if !has_first_line {
            self.working.ticket.tier = 2;
        }
        let role = if self.working.ticket.tier == 1 { Role::Tier1Agent } else { Role::Tier2Unit };
        let cycle = self.working.ticket.version.saturating_add(1);
        notices::note(self.tx, role, self.working, StepKind::Start, cycle, self.now, self.now).await
    }

    async fn wanted_service(&mut self, wanted: &Reclassify) -> Result<Option<Service>> {
        let Some(code) = &wanted.service else { return Ok(None) };
        let service = store::services::service(self.tx, code).await?.filter(|service| service.active);
        service.map(Some).ok_or_else(|| Error::field("service", Say::new("field-unknown-service")))
    }

    fn reprioritize(&mut self, wanted: &Reclassify) {
        let critical = self.working.is_critical();
        let ticket = &mut self.working.ticket;
        ticket.impact = wanted.impact.unwrap_or(ticket.impact);
        ticket.urgency = wanted.urgency.unwrap_or(ticket.urgency);
        let pack = self.desk.rules.of(ticket);
        ticket.priority =
            policy::priority(&pack, ticket.impact, ticket.urgency, critical, wanted.outage, wanted.workaround);
    }
}

fn classification(ticket: &Ticket) -> Value {
    json!({
        "kind": ticket.kind, "agency": ticket.agency, "service": ticket.service, "impact": ticket.impact,
        "urgency": ticket.urgency, "priority": ticket.priority, "profile": ticket.profile, "classification": ticket.classification,
        "tier": ticket.tier,
    })
}
