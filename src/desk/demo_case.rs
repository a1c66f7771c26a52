//! One case of the warning procedure in the demo, where the region's law knows it: an outage that nobody solved in time, a
//! first letter that changed nothing, and the second one waiting for its number.

use crate::desk::Desk;
use crate::desk::case_acts::CaseCommand;
use crate::desk::command::Command;
use crate::desk::intake::Report;
use crate::domain::people::{Actor, Role};
use crate::domain::ticket::{Impact, Urgency};
use crate::domain::warning::{Case, CaseCause, CaseState};
use crate::error::Result;
use crate::store::cases::CaseFilter;
use chrono::Duration;
use serde::Deserialize;

/// Cases that are looked through.
const LOOKED_AT: i64 = 50;

/// What people write in the case.
#[derive(Debug, Deserialize)]
pub(super) struct CaseWords {
    dossier: String,
    warning: String,
    number: String,
    receipt: String,
    reprimand: String,
}

impl Desk {
    /// The outage and its first letter; takes less than a day of the demo's clock. `outage`: a report on a critical
    /// service.
    pub(super) async fn demo_breach(
        &self,
        unit: &Actor,
        outage: Report,
        words: &CaseWords,
        solution: &str,
    ) -> Result<()> {
        if self.pack().warning.is_none() {
            return Ok(());
        }
        let team = self.demo_person(|grant| grant.role == Role::CoordinationTeam).await?;
        let begun = self.now();
        let after = |hours: i64| self.clock.set(begun + Duration::hours(hours), 0.0);
        let broad = Report { impact: Some(Impact::Broad), urgency: Some(Urgency::High), outage: Some(true), ..outage };
        let ticket = self.open(unit, broad, None).await?;
        after(6);
        self.run_due_steps().await?;
        let solve = Command::Resolve { solution: solution.to_owned(), cause: None };
        self.act(unit, &ticket.number, None, solve, None).await?;
        let Some(case) = self.demo_case(&team).await? else { return Ok(()) };
        let act = async |actor: &Actor, command: CaseCommand| {
            self.act_on_case(actor, &case.number, None, command, None).await
        };
        after(20);
        act(unit, CaseCommand::SendDossier { note: words.dossier.clone() }).await?;
        after(22);
        act(&team, CaseCommand::IssueLetter { reason: words.warning.clone(), elsewhere: true }).await?;
        after(23);
        let (number, receipt) = (words.number.clone(), words.receipt.clone());
        act(&team, CaseCommand::RecordReceipt { number, received_at: None, receipt }).await?;
        Ok(())
    }

    /// Nothing was repaired: the second letter is drafted.
    pub(super) async fn demo_reprimand(&self, words: &CaseWords) -> Result<()> {
        if self.pack().warning.is_none() {
            return Ok(());
        }
        self.run_case_terms().await?;
        let team = self.demo_person(|grant| grant.role == Role::CoordinationTeam).await?;
        // A pack whose first letter orders the closing has none to follow.
        let uncured = |case: &Case| case.course.state == CaseState::Uncured;
        let Some(case) = self.demo_case(&team).await?.filter(uncured) else { return Ok(()) };
        let letter = CaseCommand::IssueLetter { reason: words.reprimand.clone(), elsewhere: false };
        self.act_on_case(&team, &case.number, None, letter, None).await?;
        Ok(())
    }

    async fn demo_case(&self, team: &Actor) -> Result<Option<Case>> {
        let open = CaseFilter { open: Some(true), ..CaseFilter::default() };
        let cases = self.warning_cases(team, &open, None, LOOKED_AT).await?.items;
        Ok(cases.into_iter().rfind(|case| case.course.cause == CaseCause::Resolution))
    }
}
