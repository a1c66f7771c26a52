//! How a region manages changes of its systems: the phases of its law, and changes that are approved beforehand.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::change::ChangeRisk;
use crate::domain::ticket::Language;

/// The management of changes (OKI 38(2), KRA 36(2), BWI 26(2)).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// In the order of the law; never empty.
    pub phases: Vec<ChangePhase>,
    /// Code of the phase that begins only after the change was approved.
    pub approve_before: String,
    /// Changes that are always done alike, by their code.
    #[serde(default)]
    pub standard: BTreeMap<String, StandardChange>,
}

/// One phase.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePhase {
    pub code: String,
    pub label: String,
    /// In English; all phases have one, or none has.
    #[serde(default)]
    pub label_en: Option<String>,
}

/// A change that needs no approval of its own, with what is written into it beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandardChange {
    pub label: String,
    #[serde(default)]
    pub label_en: Option<String>,
    pub risk: ChangeRisk,
    #[serde(default)]
    pub impact: String,
    pub plan: String,
    #[serde(default)]
    pub rollback: String,
}

impl Changes {
    /// Place of a phase; that of the first for a code the pack does not know any more.
    pub fn place(&self, code: &str) -> usize {
        self.phases.iter().position(|phase| phase.code == code).unwrap_or_default()
    }

    /// Place of the first phase that needs the approval.
    pub fn gate(&self) -> usize {
        self.place(&self.approve_before)
    }

    /// Code of the phase at a place.
    pub fn code(&self, place: usize) -> &str {
        self.phases.get(place).map_or("", |phase| &phase.code)
    }

    /// What a phase is called.
    pub fn label(&self, code: &str, language: Language) -> String {
        let phase = self.phases.iter().find(|phase| phase.code == code);
        phase.map_or_else(|| code.to_owned(), |phase| in_words(language, &phase.label, phase.label_en.as_ref()))
    }
}

impl StandardChange {
    /// What it is called.
    pub fn name(&self, language: Language) -> String {
        in_words(language, &self.label, self.label_en.as_ref())
    }
}

fn in_words(language: Language, label: &str, english: Option<&String>) -> String {
    match (language, english) {
        (Language::English, Some(english)) => english.clone(),
        _ => label.to_owned(),
    }
}
