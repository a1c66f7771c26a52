//! Working one ticket after another.

words! {
    /// What became of a ticket in a round.
    pub enum RoundState {
        /// Not looked at yet.
        Waiting = "waiting",
        /// Something was done to it.
        Handled = "handled",
        /// Left out, with a reason.
        Skipped = "skipped",
    }
}
