//! Who may look at received mail that became no ticket, and who decides what becomes of it.
//!
//! Such a mail belongs to no agency yet, so it is for the ICT office, which sorts what nobody is named for (A21).

use crate::domain::people::{Actor, Grant, Role, Scope};

/// May `actor` read received mail: the ICT office, and the auditor?
pub fn may_read(actor: &Actor) -> bool {
    actor.account.active
        && actor.only_agency.is_none()
        && (actor.holds(Role::Auditor) || actor.grants.iter().any(Grant::is_of_ict_office))
}

/// May `actor` decide what becomes of it: those of the ICT office who work on tickets?
pub fn may_decide(actor: &Actor) -> bool {
    let works = |grant: &Grant| matches!(grant.role, Role::Tier1Agent | Role::Tier2Unit) && grant.agency.is_none();
    may_read(actor) && actor.scope == Scope::Write && actor.grants.iter().any(works)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::Account;
    use crate::domain::ticket::Channel;

    #[test]
    fn only_the_ict_office_decides_and_the_auditor_looks_on() {
        let account = Account { id: 1, email: "a@x".to_owned(), name: String::new(), nip: None, active: true };
        let actor = |role: Role, agency: Option<&str>| Actor {
            account: account.clone(),
            grants: vec![Grant { role, agency: agency.map(str::to_owned) }],
            scope: Scope::Write,
            only_agency: None,
            via: Channel::Web,
        };
        for role in Role::ALL {
            let decides = matches!(role, Role::Tier1Agent | Role::Tier2Unit);
            let reads = decides || matches!(role, Role::IctHead | Role::Auditor);
            let whole = actor(*role, None);
            assert_eq!((may_read(&whole), may_decide(&whole)), (reads, decides), "{role}");
            assert!(!may_decide(&Actor { scope: Scope::Read, ..whole.clone() }), "{role}");
            assert!(!may_read(&Actor { only_agency: Some("BKD".to_owned()), ..whole }), "{role}");
        }
        assert!(!may_read(&actor(Role::Tier1Agent, Some("BKD"))) && !may_read(&actor(Role::Tier2Unit, Some("BKD"))));
    }
}
