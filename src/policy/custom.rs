//! Single points on which regions differ: security, certificates, networks, data, procedures, figures.

use serde::Deserialize;

use super::deadline::Duration;
use super::duty::Every;

/// Where security incidents go and how fast.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// The team that takes security incidents.
    pub queue: String,
    /// Hours of the clock in which an incident of vital infrastructure is reported.
    pub vital_report_within: Duration,
    /// What an agency owes after a serious failure from outside; `None`: nothing is written.
    #[serde(default)]
    pub serious_failure: Option<SeriousFailure>,
}

/// Duties after a serious failure caused from outside.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriousFailure {
    pub secure_data: bool,
    pub report_to: String,
    /// Hours of the clock.
    pub within: Duration,
}

/// Electronic certificates of staff.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// Their validity is watched.
    pub monitor: bool,
}

/// How changes to records are detected.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Integrity {
    pub method: IntegrityMethod,
}

/// Means of detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntegrityMethod {
    HashChain,
    /// The chain's seals are signed besides.
    DigitalCertificate,
}

/// Standard operating procedures.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sop {
    /// The document that sets them.
    pub instrument: String,
}

/// Who looks after the network inside an agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LanOwner {
    Agency,
    /// The agency if it has a technician, else the office for information technology.
    AgencyThenIct,
}

/// Whose the data of an agency are when another asks for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrossAgencyData {
    /// The agency must consent.
    Consent,
    /// They belong to the government as a whole.
    Owner,
}

/// A figure the region reports beside those of the desk.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Unique in the list.
    pub code: String,
    pub label: String,
    pub every: Every,
    /// Who receives it.
    pub to: String,
}
