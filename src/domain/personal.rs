//! Personal data (UU 27/2022): what people may ask, and how fast it is to be answered.

use crate::domain::people::{Actor, Grant, Scope};
use chrono::{DateTime, TimeDelta, Utc};

words! {
    /// What somebody asks about his data.
    pub enum DataRequestKind {
        /// To see it and what was done with it (article 32).
        Access = "access",
        /// To mend what is wrong in it (article 30).
        Correction = "correction",
        /// To erase it (articles 43 and 44).
        Erasure = "erasure",
    }
}

words! {
    /// Where such a request stands.
    pub enum DataRequestState {
        Open = "open",
        Done = "done",
        Refused = "refused",
    }
}

/// What stands in the place of a name or a text that was erased.
pub const ERASED: &str = "[dihapus]";

/// Until when somebody who asked, or whose data was not protected, is to be answered: 3 x 24 hours by the clock, on
/// weekends and holidays, too (articles 30, 32, 41 and 46).
pub fn due(from: DateTime<Utc>) -> DateTime<Utc> {
    from + TimeDelta::hours(72)
}

/// May `actor` look after what people ask about their data: the ICT office, which may see every ticket?
pub fn may_handle(actor: &Actor) -> bool {
    actor.account.active
        && actor.scope == Scope::Write
        && actor.only_agency.is_none()
        && actor.grants.iter().any(Grant::is_of_ict_office)
}
