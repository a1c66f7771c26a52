//! Cases of an agency that ends: whoever takes over its services owes their repair.

use crate::desk::cases::{STREAM, note};
use crate::desk::{Desk, chain, letter_turn};
use crate::domain::event::ActorLabel;
use crate::domain::people::{Actor, Visibility};
use crate::domain::warning::Case;
use crate::error::Result;
use crate::store::cases::CaseFilter;
use crate::store::{self, Tx};
use serde_json::json;

impl Desk {
    /// Gives the open cases of an agency to its successor, in the transaction that ends it.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn hand_cases_on(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        from: &str,
        to: &str,
        reason: &str,
    ) -> Result<()> {
        for found in open_cases(tx, from).await? {
            chain::turn(tx, STREAM, &found.number).await?;
            let case = store::cases::by_id(tx, found.id).await?.filter(|case| case.ended_at.is_none());
            let Some(mut case) = case else { continue };
            to.clone_into(&mut case.agency);
            // Whoever reported a repair did so for the old agency; the case stands where it stood.
            case.version += 1;
            store::cases::update(tx, &case).await?;
            let facts = json!({"from": from, "to": to, "reason": reason});
            note(tx, &case, ActorLabel::user(actor.account.id), "case_handed_on", facts.clone(), self.now()).await?;
            // Whoever owes the repair reads what was written about it; the paper itself says what it said.
            for letter in store::letters::hand_on(tx, &case.number, to).await? {
                let by = ActorLabel::user(actor.account.id);
                chain::note(tx, letter_turn::STREAM, &letter, self.now(), by, "letter_handed_on", facts.clone())
                    .await?;
            }
        }
        Ok(())
    }
}

/// Open cases against an agency.
pub(super) async fn open_cases(tx: &mut Tx, agency: &str) -> Result<Vec<Case>> {
    let seen = Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None };
    let filter = CaseFilter { open: Some(true), agency: Some(agency.to_owned()), ..CaseFilter::default() };
    store::cases::list(tx, &seen, &filter, None, i64::MAX).await
}
