//! Who may read and change what the whole installation goes by.

use crate::domain::people::{Actor, Grant, Role, Scope};

/// May `actor` read the settings of the installation: who runs it, the ICT office, and those who look over both?
pub fn may_read(actor: &Actor) -> bool {
    let roles = [Role::SystemAdmin, Role::Auditor, Role::CoordinationTeam];
    actor.account.active
        && actor.only_agency.is_none()
        && (roles.iter().any(|role| actor.holds(*role)) || actor.grants.iter().any(Grant::is_of_ict_office))
}

/// May `actor` change them: who runs the installation, and the ICT office?
pub fn may_change(actor: &Actor) -> bool {
    may_read(actor)
        && actor.scope == Scope::Write
        && (actor.holds(Role::SystemAdmin) || actor.grants.iter().any(Grant::is_of_ict_office))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::Account;
    use crate::domain::ticket::Channel;

    #[test]
    fn only_the_office_and_who_runs_the_installation_change_settings() {
        let account = Account { id: 1, email: "a@x".to_owned(), name: String::new(), nip: None, active: true };
        let actor = |role: Role, agency: Option<&str>| Actor {
            account: account.clone(),
            grants: vec![Grant { role, agency: agency.map(str::to_owned) }],
            scope: Scope::Write,
            only_agency: None,
            via: Channel::Web,
        };
        for role in Role::ALL {
            let changes = matches!(role, Role::SystemAdmin | Role::IctHead | Role::Tier1Agent | Role::Tier2Unit);
            let reads = changes || matches!(role, Role::Auditor | Role::CoordinationTeam);
            let whole = actor(*role, None);
            assert_eq!((may_read(&whole), may_change(&whole)), (reads, changes), "{role}");
            assert!(!may_change(&Actor { scope: Scope::Read, ..whole.clone() }), "{role}");
            assert!(!may_read(&Actor { only_agency: Some("BKD".to_owned()), ..whole }), "{role}");
        }
        for role in [Role::Tier1Agent, Role::Tier2Unit, Role::AgencyHead, Role::ProcessOwner] {
            assert!(!may_read(&actor(role, Some("BKD"))), "{role} of one agency");
        }
    }
}
