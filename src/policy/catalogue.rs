//! What a region asks of its service catalogue.

use serde::Deserialize;

/// Rules of the service catalogue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The law obliges agencies to keep one.
    pub required: bool,
    /// The parts a complete definition of a service has, in the order of the regulation.
    pub parts: Vec<Part>,
    /// What a service level must say at least.
    pub sla_aspects: Vec<Part>,
    /// Name of the profile of services determined critical.
    pub critical_profile: String,
    /// Who proposes that a service is critical.
    pub propose: String,
    /// Who determines or rejects it.
    pub determine: String,
    /// What the determining document usually is.
    pub instrument: String,
    /// Months after which an entry that nobody touched counts as stale.
    pub stale_after_months: u32,
    /// Every service must say who is responsible, accountable, consulted and informed.
    pub raci_required: bool,
    /// Invented examples for people who fill the catalogue; never a determination.
    #[serde(default)]
    pub critical_examples: Vec<CriticalExample>,
}

/// A part of a definition or of a service level.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Unique in its list.
    pub code: String,
    pub label: String,
    /// In English; all entries of a list have one, or none has.
    #[serde(default)]
    pub label_en: Option<String>,
}

/// An invented service with the profile it would have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CriticalExample {
    pub name: String,
    /// Name of a profile of the pack.
    pub profile: String,
}
