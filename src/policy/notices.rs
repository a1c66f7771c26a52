//! What people must be told of by mail, whatever they have chosen.

use crate::domain::clock_plan::StepKind;
use chrono::NaiveTime;
use serde::{Deserialize, Deserializer, de};

/// The section `[notices]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notices {
    /// Kinds of steps whose notices leave at once, whatever somebody has chosen.
    pub compulsory: Vec<StepKind>,
    /// When digests leave each day, by the clocks of the region.
    #[serde(deserialize_with = "clock_time")]
    pub digest: NaiveTime,
}

impl Default for Notices {
    /// For editions from before the section: as the pack of defaults has it now.
    fn default() -> Self {
        Self {
            compulsory: vec![StepKind::Transfer, StepKind::Breach],
            digest: NaiveTime::from_hms_opt(7, 0, 0).unwrap_or_default(),
        }
    }
}

fn clock_time<'de, D: Deserializer<'de>>(input: D) -> Result<NaiveTime, D::Error> {
    let text = String::deserialize(input)?;
    let read = NaiveTime::parse_from_str(&text, "%H:%M").ok().filter(|_| text.len() == 5);
    read.ok_or_else(|| de::Error::custom(format!("jam salah \"{text}\" | tulis seperti \"07:00\"")))
}
