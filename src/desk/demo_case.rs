//! One case of the warning procedure in the demo, where the region's law knows it.

use crate::desk::Desk;
use crate::desk::case_acts::CaseCommand;
use crate::domain::people::{Actor, Role};
use crate::domain::warning::CaseCause;
use crate::error::Result;
use crate::store::cases::CaseFilter;

/// Cases that are looked through.
const LOOKED_AT: i64 = 50;

impl Desk {
    /// The oldest missed promise of the history goes on until its first letter waits for its number.
    pub(super) async fn demo_case(&self, unit: &Actor, note: &str, reason: &str) -> Result<()> {
        if !self.has_procedure() {
            return Ok(());
        }
        let team = self.demo_person(|grant| grant.role == Role::CoordinationTeam).await?;
        let open = CaseFilter { open: Some(true), ..CaseFilter::default() };
        let cases = self.warning_cases(&team, &open, None, LOOKED_AT).await?.items;
        let oldest = cases.into_iter().rfind(|case| case.course.cause == CaseCause::Resolution);
        let Some(case) = oldest else { return Ok(()) };
        let dossier = CaseCommand::SendDossier { note: note.to_owned() };
        self.act_on_case(unit, &case.number, None, dossier, None).await?;
        let letter = CaseCommand::IssueLetter { reason: reason.to_owned(), elsewhere: false };
        self.act_on_case(&team, &case.number, None, letter, None).await?;
        Ok(())
    }
}
