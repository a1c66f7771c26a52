//! Requests that agencies make over and over, each with its own promise.

use serde::Deserialize;

use super::deadline::{Duration, Target};
use crate::domain::ticket::{Kind, Language};

/// Begins the names of the profiles made from request types, so that they cannot meet a written one.
pub const PROFILE_PREFIX: &str = "PERMINTAAN:";

/// A type of request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestType {
    pub code: String,
    pub label: String,
    /// In English; all types have one, or none has.
    pub label_en: Option<String>,
    pub kind: Kind,
    /// Name of the calendar its time is counted in.
    pub calendar: String,
    pub response: Duration,
    /// Never shorter than `response`. Of a type `by_schedule`: until a date has been agreed.
    pub resolution: Duration,
    /// Words of a text that suggest this type; may be empty.
    pub keywords: Vec<String>,
    /// It is done on a date agreed with the requester, not as soon as possible.
    pub by_schedule: bool,
}

impl RequestType {
    /// Name of the profile that counts its time, alike for all priorities.
    pub fn profile(&self) -> String {
        format!("{PROFILE_PREFIX}{}", self.code)
    }

    /// What it is called in a language.
    pub fn label(&self, language: Language) -> &str {
        match (language, &self.label_en) {
            (Language::English, Some(english)) => english,
            _ => &self.label,
        }
    }

    /// Its times as a target of a profile.
    pub fn target(&self) -> Target {
        Target { response: self.response, resolution: self.resolution }
    }
}

/// A type of request as it is written under its code.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestForm {
    label: String,
    #[serde(default)]
    label_en: Option<String>,
    pub(super) kind: Kind,
    pub(super) calendar: String,
    response: Duration,
    resolution: Duration,
    pub(super) keywords: Vec<String>,
    #[serde(default)]
    by_schedule: bool,
}

impl RequestForm {
    pub(super) fn target(&self) -> Target {
        Target { response: self.response, resolution: self.resolution }
    }

    pub(super) fn named(self, code: String) -> RequestType {
        RequestType {
            code,
            label: self.label,
            label_en: self.label_en,
            kind: self.kind,
            calendar: self.calendar,
            response: self.response,
            resolution: self.resolution,
            keywords: self.keywords,
            by_schedule: self.by_schedule,
        }
    }
}
