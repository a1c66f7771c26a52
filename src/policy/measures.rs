//! What a region does about neglect: sanctions of its own, and the letters of warning with their ladder.

use serde::Deserialize;

use super::deadline::Duration;
use crate::domain::ticket::Priority;

/// Stands in [`Warning::cc`] for the head of the agency whose service it is.
pub const OWNER: &str = "{pemilik}";

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
    /// Who gets a copy; [`OWNER`] stands for the owner's head.
    pub cc: Vec<String>,
    /// The first letter already orders what the last one orders.
    pub literal_mode: bool,
    /// Working days from the breach to the dossier.
    pub dossier_days: u32,
    /// Working days from a reported repair to its verification.
    pub verify_days: u32,
    /// Working days before the last one of a term on which a reminder goes out; 0: on that day itself.
    pub remind_days: u32,
    /// How long before the end of [`Rung::execute_within`] a reminder goes out.
    pub remind_execution: Duration,
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
    /// Priorities whose tickets count.
    pub priorities: Vec<Priority>,
    /// So many missed tickets of one service in one local month open a case; 1: the first one does.
    pub tickets: u32,
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
    /// Codes of the duties whose neglect it follows; empty: the product does not notice this neglect.
    #[serde(default)]
    pub duties: Vec<String>,
}

/// What a letter of the ladder sets in motion, and what stays for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// So many working days to repair.
    Cure(u32),
    /// An order to be carried out within this time.
    Order(Duration),
    /// Nothing but to wait for the repair.
    Wait,
}

impl Warning {
    /// The letter on this place of the ladder, from 1. In `literal_mode` the first orders what the last one orders.
    pub fn rung(&self, step: u32) -> Option<Rung> {
        let mut rung = self.ladder.iter().find(|rung| rung.step == step)?.clone();
        let order = self.ladder.iter().rev().find(|rung| rung.orders.is_some());
        if let Some(order) = order.filter(|_| self.literal_mode && rung.orders.is_none()) {
            (rung.cure_days, rung.orders, rung.execute_within) = (None, order.orders.clone(), order.execute_within);
        }
        Some(rung)
    }

    /// How many letters there can be: none follows one that orders.
    pub fn rungs(&self) -> u32 {
        let ordering = (1..).map_while(|step| self.rung(step)).find(|rung| rung.orders.is_some());
        let last = self.ladder.iter().map(|rung| rung.step).max().unwrap_or_default();
        ordering.map_or(last, |rung| rung.step)
    }

    /// The letter for neglect of a duty, where the pack knows one.
    pub fn for_duty(&self, code: &str) -> Option<&OtherWarning> {
        self.other_warnings.iter().find(|other| other.duties.iter().any(|duty| duty == code))
    }
}

impl Rung {
    /// What its receipt sets in motion.
    pub fn effect(&self) -> Effect {
        match (self.execute_within, self.cure_days) {
            (Some(within), _) if self.orders.is_some() => Effect::Order(within),
            (_, Some(days)) => Effect::Cure(days),
            _ => Effect::Wait,
        }
    }
}

/// Whether a letter is owed or allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningMode {
    May,
    Must,
}
