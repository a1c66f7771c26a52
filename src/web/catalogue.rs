//! The catalogue in the shape templates show it: services, parts, records.

use crate::domain::catalogue::{
    Act, Decision, Document, Entry, Part, Proposal, ProposalKind, ProposalState, Safeguard, SlaRecord, SlaState, may,
};
use crate::domain::people::Actor;
use crate::text;
use crate::web::visit::Visit;
use serde_json::{Value, json};

/// Names of the forms on the page of a service.
pub const ACTS: [&str; 11] = [
    "tinjau",
    "keluarkan",
    "kembalikan",
    "sla",
    "sla-setujui",
    "sla-tolak",
    "sla-terapkan",
    "tetapkan",
    "tolak",
    "tarik",
    "terapkan",
];

impl Visit {
    /// A row of the list.
    pub fn service_row(&self, entry: &Entry) -> Value {
        let service = &entry.service;
        json!({
            "code": service.code,
            "name": service.name,
            "agency": service.agency,
            "critical": service.critical,
            "active": service.active,
            "category": self.word("category", entry.category.as_str()),
            "profile": service.profile,
            "filled": Part::ALL.len() - entry.missing().len(),
            "of": Part::ALL.len(),
            "reviewed": self.instant_if(entry.reviewed_at),
            "stale": self.desk().is_stale(entry),
        })
    }

    /// What the page of a service shows of its entry.
    pub fn service_facts(&self, entry: &Entry) -> Value {
        let mut facts = self.service_row(entry);
        let part = |part: &Part| json!({"name": self.word("part", part.as_str()), "code": part, "text": entry.parts.get(part)});
        let safeguard = |safeguard: &Safeguard| {
            let date = entry.safeguards.get(safeguard).map(|date| text::long_date(self.language, *date));
            json!({"name": self.word("safeguard", safeguard.as_str()), "date": date})
        };
        let raci =
            entry.raci.iter().map(|line| json!({"role": self.word("raci", line.role.as_str()), "who": line.who}));
        let more = json!({
            "version": entry.version,
            "keywords": entry.service.keywords,
            "sla_profile": entry.sla_profile,
            "parts": Part::ALL.iter().map(part).collect::<Vec<_>>(),
            "missing": entry.missing().iter().map(|part| self.word("part", part.as_str())).collect::<Vec<_>>(),
            "endpoints": entry.endpoints,
            "hours": entry.hours,
            "calendar": entry.calendar,
            "raci": raci.collect::<Vec<_>>(),
            "safeguards": Safeguard::ALL.iter().map(safeguard).collect::<Vec<_>>(),
            "unproven": entry.unproven().len(),
        });
        if let (Some(facts), Value::Object(more)) = (facts.as_object_mut(), more) {
            facts.extend(more);
        }
        facts
    }

    /// A record about an SLA profile.
    pub fn sla_row(&self, record: &SlaRecord) -> Value {
        let colour = match record.state {
            SlaState::Proposed => "warn",
            SlaState::Approved => "ok",
            SlaState::Rejected => "neutral",
        };
        let mut row = self.record(&record.reason, record.decision.as_ref(), record.document.as_ref());
        row["id"] = record.id.into();
        row["profile"] = record.profile.clone().into();
        row["waits"] = (record.state == SlaState::Proposed).into();
        row["state"] = json!({"family": colour, "text": self.word("sla-state", record.state.as_str())});
        row["by"] = record.proposed_by.name.clone().into();
        row["at"] = self.instant(record.proposed_at);
        row
    }

    /// A proposal about the critical status.
    pub fn proposal_row(&self, proposal: &Proposal) -> Value {
        let colour = match proposal.state {
            ProposalState::Proposed => "warn",
            ProposalState::Determined => "ok",
            ProposalState::Rejected => "danger",
            ProposalState::Withdrawn => "neutral",
        };
        let mut row = self.record(&proposal.reason, proposal.decision.as_ref(), proposal.document.as_ref());
        row["id"] = proposal.id.into();
        row["service"] = proposal.service.clone().into();
        row["kind"] = self.word("proposal-kind", proposal.kind.as_str()).into();
        row["revokes"] = (proposal.kind == ProposalKind::Revoke).into();
        row["evidence"] = proposal.evidence.clone().into();
        row["instrument"] = proposal.instrument.clone().into();
        row["profile"] = proposal.profile.clone().into();
        row["waits"] = (proposal.state == ProposalState::Proposed).into();
        row["state"] = json!({"family": colour, "text": self.word("proposal-state", proposal.state.as_str())});
        row["by"] = proposal.proposed_by.name.clone().into();
        row["at"] = self.instant(proposal.proposed_at);
        row
    }

    fn record(&self, reason: &str, decision: Option<&Decision>, document: Option<&Document>) -> Value {
        json!({
            "reason": reason,
            "document": document.map(|paper| json!({"number": paper.number, "date": text::long_date(self.language, paper.date)})),
            "decision": decision.map(|end| json!({"by": end.by.name, "at": self.instant(end.at), "reason": end.reason})),
        })
    }
}

/// What the actor may do with a service, by the names templates ask for.
pub fn rights(actor: &Actor, agency: &str) -> Value {
    let may = |act| may(actor, act, agency);
    json!({
        "describe": may(Act::Describe),
        "review": may(Act::Review),
        "propose_sla": may(Act::ProposeSla),
        "set_sla": may(Act::SetSla),
        "propose": may(Act::ProposeCritical),
        "decide": may(Act::DecideCritical),
        "apply": may(Act::ApplyToOpen),
    })
}
