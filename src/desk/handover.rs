//! Moving a ticket to the second line and back.

use crate::desk::notices;
use crate::desk::verbs::Change;
use crate::desk::written::{LONGEST_REASON, required, required_all};
use crate::domain::clock_plan::StepKind;
use crate::domain::people::Role;
use crate::domain::relation::EscalationCause;
use crate::error::{Error, Result, Say};
use serde_json::json;

impl Change<'_> {
    pub(super) async fn escalate(&mut self, cause: Option<EscalationCause>, reason: &str, tried: &str) -> Result<()> {
        let both = required_all(&[("reason", reason, LONGEST_REASON), ("tried", tried, LONGEST_REASON)])?;
        let payload = json!({
            "trigger": "manual",
            "cause": cause,
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
}
