//! Which offices the support lines are: data of the pack, for the desk may stand in every agency or in one place.

use crate::desk::Desk;
use crate::domain::people::{Grant, Role};
use crate::domain::ticket::Ticket;
use crate::policy::Pack;
use crate::policy::sections::Scope;

impl Desk {
    /// What people call the line that holds `ticket`.
    pub fn line_label(&self, ticket: &Ticket) -> String {
        self.label_of_tier(ticket.tier, &ticket.agency)
    }

    /// What people call line `tier` for tickets of `agency`. What the ICT office itself runs (data centre, network)
    /// may have a second line of its own.
    pub fn label_of_tier(&self, tier: i64, agency: &str) -> String {
        let roles = &self.pack().roles;
        match (&roles.tier2_infra, tier) {
            (_, ..=1) => roles.tier1.label.clone(),
            (Some(infra), _) if self.rules.is_ict_office(agency) => infra.label.clone(),
            _ => roles.tier2.label.clone(),
        }
    }
}

/// May somebody hold this role in this place? Heads and owners belong to an agency; the lines stand where the pack
/// puts them; everybody else serves the whole region.
pub fn fits(pack: &Pack, grant: &Grant) -> bool {
    let (tier1, tier2) = (pack.roles.tier1.scope, pack.roles.tier2.scope);
    match grant.role {
        Role::AgencyHead | Role::ProcessOwner => grant.agency.is_some(),
        Role::Tier1Agent => grant.agency.is_some() == is_of_an_agency(tier1),
        // Where the second line belongs to the agencies, that of the ICT office serves what all of them use.
        Role::Tier2Unit => is_of_an_agency(tier2) || grant.agency.is_none(),
        _ => grant.agency.is_none(),
    }
}

/// What somebody of an agency that would be on the first line elsewhere holds under this pack: the demo's people are
/// the same everywhere.
pub fn placed(pack: &Pack, grant: &Grant) -> Vec<Grant> {
    if is_of_an_agency(pack.roles.tier1.scope) {
        return vec![grant.clone()];
    }
    match (grant.role, &grant.agency) {
        (Role::Tier1Agent, Some(_)) => vec![Grant { role: Role::Tier2Unit, agency: grant.agency.clone() }],
        // The one desk in front also coordinates those behind it.
        (Role::Tier2Unit, None) => vec![Grant { role: Role::Tier1Agent, agency: None }, grant.clone()],
        _ => vec![grant.clone()],
    }
}

const fn is_of_an_agency(scope: Scope) -> bool {
    match scope {
        Scope::PerAgency | Scope::PerAgencyWithServices => true,
        Scope::IctOffice => false,
    }
}
