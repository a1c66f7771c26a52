//! Moving a ticket: to the second line and back, to somebody outside, into another ticket, to another agency.

use crate::desk::command::Reclassify;
use crate::desk::verbs::Change;
use crate::desk::working::Working;
use crate::desk::written::{LONGEST_REASON, required, required_all};
use crate::desk::{letters, notices};
use crate::domain::clock_plan::StepKind;
use crate::domain::number;
use crate::domain::people::{Role, visibility};
use crate::domain::service::Service;
use crate::domain::ticket::{Status, Ticket};
use crate::error::{Error, Result, Say};
use crate::policy;
use crate::store;
use crate::store::relations::Consultation;
use chrono::NaiveDate;
use serde_json::{Value, json};

impl Change<'_> {
    pub(super) async fn escalate(&mut self, reason: &str, tried: &str) -> Result<()> {
        let both = required_all(&[("reason", reason, LONGEST_REASON), ("tried", tried, LONGEST_REASON)])?;
        let payload = json!({
            "trigger": "manual",
            "reason": both[0],
            "tried": both[1],
            "from_tier": self.working.ticket.tier,
            "to_tier": 2,
            "to": self.desk.label_of_tier(2, &self.working.ticket.agency),
            "compulsory": self.desk.pack().escalation.compulsory,
            "basis": self.desk.escalation_basis(),
        });
        self.working.ticket.tier = 2;
        self.working.ticket.assignee = None;
        self.working.ticket.escalated_at = self.working.ticket.escalated_at.or(Some(self.now));
        self.event("escalated", payload);
        let role = Role::Tier2Unit;
        // Cycle 0 is the hand-over by hand, so it never takes the place of the timer's notice.
        notices::note(self.tx, role, self.working, StepKind::Transfer, 0, self.now, self.now).await
    }

    pub(super) fn give_back(&mut self, reason: &str) -> Result<()> {
        let reason = required("reason", reason, LONGEST_REASON)?;
        if self.working.ticket.tier != 2 {
            return Err(Error::conflict(Say::new("error-not-escalated")));
        }
        if self.desk.pack().escalation.compulsory {
            return Err(Error::conflict(
                Say::new("error-return-compulsory").with("basis", self.desk.escalation_basis()),
            ));
        }
        if self.working.ticket.returned {
            return Err(Error::conflict(Say::new("error-returned-once")));
        }
        self.working.ticket.tier = 1;
        self.working.ticket.returned = true;
        self.working.ticket.assignee = None;
        self.event(
            "returned",
            json!({"reason": reason, "from_tier": 2, "to_tier": 1, "basis": self.desk.escalation_basis()}),
        );
        Ok(())
    }

    pub(super) async fn merge(&mut self, into: &str) -> Result<()> {
        let target = self.other("into", into).await?;
        if target.status.is_finished() {
            return Err(Error::field("into", Say::new("field-merge-finished")));
        }
        self.working.end_pause(self.now);
        self.working.ticket.status = Status::Merged;
        self.working.ticket.merged_into = Some(target.number.clone());
        self.event("merged", json!({"into": target.number}));
        letters::merged(self.desk, self.tx, self.working, &target).await?;
        for email in store::relations::participants(self.tx, self.working.ticket.id).await? {
            store::relations::add_participant(self.tx, target.id, &email).await?;
        }
        store::relations::add_link(self.tx, self.working.ticket.id, target.id, "merged").await?;
        let mut kept = Working::load(self.tx, target).await?;
        kept.event(self.now, self.label(), "merged_from", json!({"from": self.working.ticket.number}));
        kept.save(self.tx, &self.desk.rules, self.now).await
    }

    pub(super) async fn link(&mut self, to: &str) -> Result<()> {
        let target = self.other("to", to).await?;
        store::relations::add_link(self.tx, self.working.ticket.id, target.id, "related").await?;
        self.event("linked", json!({"to": target.number}));
        Ok(())
    }

    /// Another ticket the actor may see.
    async fn other(&mut self, field: &'static str, number: &str) -> Result<Ticket> {
        let number = number::parse(number).unwrap_or_default();
        let found =
            store::tickets::by_number(self.tx, &number).await?.filter(|ticket| visibility(self.actor).shows(ticket));
        let found = found.ok_or_else(|| Error::field(field, Say::new("field-unknown-ticket")))?;
        if found.id == self.working.ticket.id {
            return Err(Error::field(field, Say::new("field-same-ticket")));
        }
        Ok(found)
    }

    pub(super) async fn consult(&mut self, with: &str, contact: &str, date: &str, question: &str) -> Result<()> {
        let wanted = with.trim().to_lowercase();
        let pack = self.desk.pack();
        let partners = &pack.escalation.level3;
        let partner = partners.iter().find(|partner| partner.code == wanted || partner.label.to_lowercase() == wanted);
        let partner = partner.ok_or_else(|| {
            let known = partners.iter().map(|partner| partner.code.as_str()).collect::<Vec<_>>().join(", ");
            Error::field("with", Say::new("field-unknown-partner").with("known", known))
        })?;
        let fields =
            required_all(&[("contact", contact, 500), ("date", date, 10), ("question", question, LONGEST_REASON)])?;
        if fields[1].parse::<NaiveDate>().is_err() {
            return Err(Error::field("date", Say::new("field-date")));
        }
        if let Some(first) = &partner.after {
            let held = store::relations::consultations(self.tx, self.working.ticket.id).await?;
            if !held.iter().any(|held| held.partner == *first) {
                let label =
                    partners.iter().find(|partner| partner.code == *first).map_or(first, |partner| &partner.label);
                return Err(Error::field("with", Say::new("field-consult-first").with("first", label)));
            }
        }
        let held = Consultation {
            partner: partner.code.clone(),
            contact: fields[0].clone(),
            held_on: fields[1].clone(),
            question: fields[2].clone(),
            at: self.now,
            actor: self.label().as_str().to_owned(),
        };
        store::relations::add_consultation(self.tx, self.working.ticket.id, &held).await?;
        self.event("consulted", json!({"with": partner.code, "label": partner.label, "contact": held.contact, "date": held.held_on, "question": held.question}));
        Ok(())
    }

    pub(super) async fn reclassify(&mut self, wanted: Reclassify) -> Result<()> {
        let before = self.working.ticket.clone();
        let service = self.wanted_service(&wanted).await?;
        let agency = wanted.agency.clone().or_else(|| service.as_ref().map(|service| service.agency.clone()));
        if let Some(code) = &agency {
            let known = store::services::agencies(self.tx).await?;
            if !known.iter().any(|agency| agency.code == *code && agency.active) {
                return Err(Error::field("agency", Say::new("field-unknown-agency")));
            }
            if *code != before.agency {
                required("reason", wanted.reason.as_deref().unwrap_or_default(), LONGEST_REASON)?;
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
            self.reprioritize(&wanted);
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

pub(super) fn classification(ticket: &Ticket) -> Value {
    json!({
        "kind": ticket.kind, "agency": ticket.agency, "service": ticket.service, "impact": ticket.impact,
        "urgency": ticket.urgency, "priority": ticket.priority, "profile": ticket.profile, "classification": ticket.classification,
    })
}
