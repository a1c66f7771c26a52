//! What a region does about neglect: sanctions of its own, and the letters of warning with their ladder.

use serde::Deserialize;

use super::deadline::Duration;

/// One step of the region's sanctions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sanction {
    /// From 1, in order.
    pub step: u32,
    pub kind: String,
    /// What records it.
    #[serde(default)]
    pub record: Option<String>,
}

/// What the product may do about sanctions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SanctionMode {
    /// The law knows none.
    None,
    /// It prepares a proposal for people who decide; no letter of its own.
    ProposalOnly,
    /// It drafts the letters of [`Warning`].
    Letters,
}

/// For which neglect the law provides sanctions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SanctionScope {
    None,
    /// Only breaches of the articles listed.
    ListedArticlesOnly,
    /// What triggers [`Warning`].
    WarningTriggers,
}

/// The letters that follow a missed service level.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    pub trigger: Trigger,
    /// To whom the letter goes.
    pub addressee: String,
    /// Who signs it.
    pub signer: String,
    pub cc: Vec<String>,
    /// The first letter already orders what the last one orders.
    pub literal_mode: bool,
    /// Working days from the breach to the dossier.
    pub dossier_days: u32,
    /// Working days from a reported repair to its verification.
    pub verify_days: u32,
    pub ladder: Vec<Rung>,
    /// When an order ends.
    pub until: String,
    /// Letters for other neglect, written by hand.
    #[serde(default)]
    pub other_warnings: Vec<OtherWarning>,
}

/// Which miss opens a case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    pub scope: TriggerScope,
    /// Code of an aspect of the catalogue's service levels.
    pub aspect: String,
}

/// Whose misses count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerScope {
    /// Services determined critical.
    Critical,
    All,
}

/// One letter of the ladder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// From 1, in order.
    pub step: u32,
    pub kind: String,
    /// Working days from receipt in which the repair is awaited.
    #[serde(default)]
    pub cure_days: Option<u32>,
    /// What the letter orders.
    #[serde(default)]
    pub orders: Option<String>,
    /// Time from receipt to carry the order out; hours of the clock, not of the office.
    #[serde(default)]
    pub execute_within: Option<Duration>,
}

/// A letter for other neglect.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherWarning {
    pub trigger: String,
    /// Absent: the law names nobody.
    #[serde(default)]
    pub from: Option<String>,
    pub to: String,
    pub kinds: Vec<String>,
    pub mode: WarningMode,
}

/// Whether a letter is owed or allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningMode {
    May,
    Must,
}
