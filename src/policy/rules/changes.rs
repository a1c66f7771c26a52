//! Rules of the management of changes: phases that can be told apart, and an approval that stands before one of them.

use super::Rules;
use crate::policy::changes::Changes;

impl Rules<'_, '_> {
    pub(super) fn changes(&mut self) {
        let Some(changes) = self.read::<Changes>(&["changes"]) else { return };
        if changes.phases.is_empty() {
            self.fault(&["changes", "phases"], "tahap perubahan kosong | tulis sedikitnya satu");
            return;
        }
        let codes: Vec<String> = changes.phases.iter().map(|phase| phase.code.clone()).collect();
        self.known(&["changes", "approve_before"], "tahap", &changes.approve_before, &codes);
    }
}
