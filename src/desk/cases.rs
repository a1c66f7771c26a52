//! Warning cases: what follows when the promised time of a critical service is missed.

use crate::desk::Desk;
use crate::domain::event::ActorLabel;
use crate::domain::letter::Letter;
use crate::error::Result;
use crate::store::Tx;

impl Desk {
    /// A letter has reached another state, inside the transaction that moved it; `letter.case_key` names its case.
    ///
    /// # Errors
    /// The database does not answer; the letter is not moved then.
    pub(super) async fn letter_moved(&self, _tx: &mut Tx, letter: &Letter, by: &ActorLabel) -> Result<()> {
        tracing::debug!(letter = letter.key, case = letter.case_key, by = by.as_str(), state = %letter.state, "a letter moved");
        Ok(())
    }
}
