//! Who may manage whom: accounts, roles and the ways somebody signs in.

use crate::domain::people::{Account, Actor, Grant, Role, Scope};

/// Whose accounts somebody may look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's.
    All,
    /// Of people who hold a role for one of these agencies.
    Agencies(Vec<String>),
}

/// Whose accounts `actor` may look at; `None` when nobody's but the own.
pub fn reach(actor: &Actor) -> Option<Reach> {
    if !actor.account.active || actor.only_agency.is_some() {
        return None;
    }
    if actor.holds(Role::SystemAdmin) || is_of_the_ict_office(actor) {
        return Some(Reach::All);
    }
    let headed: Vec<String> = headed(actor).map(str::to_owned).collect();
    (!headed.is_empty()).then_some(Reach::Agencies(headed))
}

/// May `actor` give or take this role at all? Whom it is given to is asked of [`may_manage`]: nobody raises himself.
pub fn may_hand_out(actor: &Actor, grant: &Grant) -> bool {
    if !may_change(actor) {
        return false;
    }
    // The people who answer an agency's tickets, wherever the pack puts them.
    let answers = matches!(grant.role, Role::Tier1Agent | Role::Tier2Unit);
    match &grant.agency {
        _ if actor.holds(Role::SystemAdmin) => true,
        Some(agency) if answers => is_of_the_ict_office(actor) || headed(actor).any(|headed| headed == agency),
        _ => false,
    }
}

/// May `actor` change this account, which holds these roles: disable it, send it a link, correct its name? Whoever holds
/// more than `actor` may hand out is out of reach, and so is oneself.
pub fn may_manage(actor: &Actor, target: &Account, held: &[Grant]) -> bool {
    may_change(actor)
        && actor.account.id != target.id
        && (actor.holds(Role::SystemAdmin) || (!held.is_empty() && held.iter().all(|grant| may_hand_out(actor, grant))))
}

/// May `actor` do what only those may who run the installation?
pub fn may_administer(actor: &Actor) -> bool {
    may_change(actor) && actor.holds(Role::SystemAdmin)
}

fn may_change(actor: &Actor) -> bool {
    actor.account.active && actor.scope == Scope::Write && actor.only_agency.is_none()
}

/// The unit of the ICT office and its head.
fn is_of_the_ict_office(actor: &Actor) -> bool {
    let office = |grant: &Grant| matches!(grant.role, Role::Tier2Unit | Role::IctHead) && grant.agency.is_none();
    actor.grants.iter().any(office)
}

fn headed(actor: &Actor) -> impl Iterator<Item = &str> {
    let own = actor.grants.iter().filter(|grant| grant.role == Role::AgencyHead);
    own.filter_map(|grant| grant.agency.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ticket::Channel;

    fn grant(role: Role, agency: Option<&str>) -> Grant {
        Grant { role, agency: agency.map(str::to_owned) }
    }

    fn account(id: i64) -> Account {
        Account { id, email: format!("{id}@x"), name: String::new(), nip: None, active: true }
    }

    fn actor(grants: Vec<Grant>) -> Actor {
        Actor { account: account(1), grants, scope: Scope::Write, only_agency: None, via: Channel::Web }
    }

    #[test]
    fn heads_manage_their_own_and_nobody_reaches_upwards() {
        let head = actor(vec![grant(Role::AgencyHead, Some("BKD"))]);
        assert!(may_hand_out(&head, &grant(Role::Tier1Agent, Some("BKD"))));
        for beyond in [
            grant(Role::Tier1Agent, Some("DINKES")),
            grant(Role::Tier1Agent, None),
            grant(Role::Tier2Unit, None),
            grant(Role::AgencyHead, Some("BKD")),
            grant(Role::SystemAdmin, None),
        ] {
            assert!(!may_hand_out(&head, &beyond), "{beyond:?}");
        }
        let unit = actor(vec![grant(Role::Tier2Unit, None)]);
        assert!(may_hand_out(&unit, &grant(Role::Tier1Agent, Some("DINKES"))));
        assert!(!may_hand_out(&unit, &grant(Role::SystemAdmin, None)));
        let team = actor(vec![grant(Role::Tier2Unit, Some("BKD"))]);
        assert!(!may_hand_out(&team, &grant(Role::Tier1Agent, Some("BKD"))));
        let held = [grant(Role::Tier1Agent, Some("BKD")), grant(Role::Auditor, None)];
        assert!(!may_manage(&unit, &account(2), &held), "who holds more than the unit may give is out of its reach");
        assert!(may_manage(&unit, &account(2), &held[..1]));
        assert!(!may_manage(&unit, &account(2), &[]));
        let system = actor(vec![grant(Role::SystemAdmin, None)]);
        assert!(may_manage(&system, &account(2), &held));
        assert!(!may_manage(&system, &account(1), &held), "nobody manages himself");
        assert!(!may_hand_out(&Actor { scope: Scope::Read, ..system }, &held[0]));
    }

    #[test]
    fn everybody_sees_only_whom_they_answer_for() {
        assert_eq!(reach(&actor(vec![grant(Role::Tier1Agent, Some("BKD"))])), None);
        assert_eq!(reach(&actor(vec![grant(Role::Auditor, None)])), None);
        let head = reach(&actor(vec![grant(Role::AgencyHead, Some("BKD"))]));
        assert_eq!(head, Some(Reach::Agencies(vec!["BKD".to_owned()])));
        assert_eq!(reach(&actor(vec![grant(Role::IctHead, None)])), Some(Reach::All));
    }
}
