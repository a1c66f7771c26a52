//! Cases of an agency that ends: whoever takes over its services owes their repair.

use crate::desk::cases::{STREAM, note};
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::domain::people::{Actor, Visibility};
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
        let seen = Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None };
        let filter = CaseFilter { open: Some(true), agency: Some(from.to_owned()), ..CaseFilter::default() };
        for found in store::cases::list(tx, &seen, &filter, None, i64::MAX).await? {
            chain::turn(tx, STREAM, &found.number).await?;
            let case = store::cases::by_id(tx, found.id).await?.filter(|case| case.ended_at.is_none());
            let Some(mut case) = case else { continue };
            to.clone_into(&mut case.agency);
            // Whoever reported a repair did so for the old agency; the case stands where it stood.
            case.version += 1;
            store::cases::update(tx, &case).await?;
            let facts = json!({"from": from, "to": to, "reason": reason});
            note(tx, &case, ActorLabel::user(actor.account.id), "case_handed_on", facts, self.now()).await?;
        }
        Ok(())
    }
}
