//! The parts of a pack that are used as they are written.
//!
//! Every field is written in the pack (or in the one it extends): an absent one is an error, unless it is optional by
//! nature. So no figure hides in the code.

use serde::{Deserialize, Deserializer, de};

use super::deadline::{Fractions, PerMille};
use crate::domain::ticket::{Impact, Priority, Urgency};

/// The government the pack is for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Two to five capital letters; begins ticket numbers.
    pub code: String,
    pub name: String,
    /// Seat of the government; begins the dateline of letters.
    pub capital: String,
}

/// Offices with a part in the rules.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offices {
    /// The office for information technology.
    pub ict: String,
}

/// How official letters are numbered and what stands at their head.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letters {
    /// How a number looks that is proposed to the registry: `{class}`, `{seq}` (four digits), `{office}`, `{month}` (Roman)
    /// and `{year}` stand for what they say.
    pub number: String,
    /// Archive classification of the letters (Permendagri 83/2022).
    pub class: String,
    /// Short name of the office as it stands in numbers.
    pub office: String,
    /// Line above the office at the head: the government.
    pub government: String,
    /// Address, telephone, mail and site under the office, one line each.
    pub contact: Vec<String>,
}

impl Letters {
    /// The number that is proposed for letter `seq` of the year of `date`.
    ///
    /// # Errors
    /// The first name in braces that stands for nothing.
    pub fn filled(&self, seq: i64, date: chrono::NaiveDate) -> Result<String, String> {
        use chrono::Datelike;
        const ROMAN: [&str; 12] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
        let (mut text, mut rest) = (String::new(), self.number.as_str());
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
            text.push_str(before);
            match name {
                "class" => text.push_str(&self.class),
                "seq" => text.push_str(&format!("{seq:04}")),
                "office" => text.push_str(&self.office),
                "month" => text.push_str(ROMAN[date.month0() as usize]),
                "year" => text.push_str(&date.year().to_string()),
                unknown => return Err(unknown.to_owned()),
            }
            rest = after;
        }
        Ok(text + rest)
    }
}

/// Who does what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// First line.
    pub tier1: Tier,
    /// Second line; takes over what the first cannot solve.
    pub tier2: Tier,
    /// Second line for what belongs to no agency: data centre, networks, internet. `None`: `tier2` has it too.
    #[serde(default)]
    pub tier2_infra: Option<Tier>,
    /// Sets the service level of a service.
    #[serde(default)]
    pub process_owner: Option<Body>,
    /// Coordinates and watches both tiers.
    pub supervisor: Body,
    /// Decides what tiers and supervisor may not.
    pub board: Body,
    /// Stands above the board.
    #[serde(default)]
    pub steering: Option<Body>,
}

/// A support line.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// What people call its members or its unit.
    pub label: String,
    pub scope: Scope,
    /// Least number of active members per scope.
    pub minimum: u32,
    /// A unit of people rather than single named staff.
    pub is_unit: bool,
    /// Name of the calendar in which the line can be reached, where that is more than its working hours.
    #[serde(default)]
    pub hours: Option<String>,
    /// Abilities its members must have among them.
    #[serde(default)]
    pub skills: Vec<String>,
    /// What the line is there for, when it is not everything.
    #[serde(default)]
    pub areas: Vec<String>,
}

/// Where a support line exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Once in every agency. For the second tier: at the agency that owns the service.
    PerAgency,
    /// Once in every agency that gives services.
    PerAgencyWithServices,
    /// Once, at the office for information technology.
    IctOffice,
}

/// An office or board without a support line.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    pub label: String,
    #[serde(default)]
    pub chair: Option<String>,
    #[serde(default)]
    pub members: Vec<String>,
    /// Kinds of letters it signs.
    #[serde(default)]
    pub signs: Vec<String>,
}

/// How impact and urgency make a priority.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorityRules {
    pub matrix: Matrix,
    pub outage_floor: OutageFloor,
}

/// A priority for each impact (row) and urgency (column).
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    pub broad: MatrixRow,
    pub medium: MatrixRow,
    pub limited: MatrixRow,
}

/// One row of [`Matrix`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatrixRow {
    pub high: Priority,
    pub medium: Priority,
    pub low: Priority,
}

impl Matrix {
    /// The priority at a crossing.
    pub fn cell(&self, impact: Impact, urgency: Urgency) -> Priority {
        let row = match impact {
            Impact::Broad => self.broad,
            Impact::Medium => self.medium,
            Impact::Limited => self.limited,
        };
        match urgency {
            Urgency::High => row.high,
            Urgency::Medium => row.medium,
            Urgency::Low => row.low,
        }
    }
}

/// The least priority of a total outage of a critical service.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutageFloor {
    /// Whether or not work can go on another way.
    pub critical: Priority,
    /// When there is no other way.
    pub without_workaround: Priority,
}

/// When and to whom a ticket moves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// The second tier must take what it is given; otherwise it may return it once with a reason.
    pub compulsory: bool,
    /// Share of the resolution time after which an unsolved ticket moves to the second tier.
    pub transfer: PerMille,
    /// Share of the resolution time after which the heads are warned; later than `transfer`.
    pub warn: PerMille,
    /// The reason recorded when the timer, not a person, moves the ticket.
    pub reason_timer: String,
    /// Bodies outside the government that may be consulted.
    #[serde(default)]
    pub level3: Vec<Outside>,
}

impl Escalation {
    /// The shares a deadline computation needs.
    pub fn fractions(&self) -> Fractions {
        Fractions { transfer: self.transfer, warn: self.warn }
    }
}

/// A body outside the government that may be consulted by hand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outside {
    /// Unique in the list.
    pub code: String,
    pub label: String,
    /// Code of the body that must have been consulted before.
    #[serde(default)]
    pub after: Option<String>,
    /// Address to which questions are mailed.
    #[serde(default)]
    pub email: Option<String>,
}

/// Reminders and automatic ends of a ticket's life; days are working days of `calendar`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// Name of the calendar whose working days are meant.
    pub calendar: String,
    /// From solved to closed.
    pub auto_close_days: u32,
    /// From solved to closed for complaints of the public.
    pub complaint_auto_close_days: u32,
    /// From a question without answer to the reminder.
    pub pending_reminder_days: u32,
    /// From a question without answer to closing; later than the reminder.
    pub pending_close_days: u32,
    /// Waiting for a vendor stops the clock.
    pub pause_vendor: bool,
    /// For at most so many working days.
    pub pause_vendor_max_days: u32,
    /// Waiting for anybody stops the clock of a critical service's P1.
    pub pause_p1_critical: bool,
    /// For so many seconds an answer given on the page can be called back; 0: it leaves at once.
    pub answer_hold_seconds: u32,
}

/// Words by which a text is sorted before a person reads it; lower case, whole words or phrases.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    pub outage_words: Vec<String>,
    pub request_words: Vec<String>,
    pub complaint_words: Vec<String>,
}

/// Official mail.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// Domain of official addresses; absent while not confirmed.
    #[serde(default)]
    pub domain: Option<String>,
    /// Model of an agency's address.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Staff mail from another domain is flagged.
    pub official_required_for_staff: bool,
    /// Official mail is for dealings between offices; the public is better served on the web.
    pub only_between_government: bool,
}

/// What people who report may ask for about their name.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reporters {
    /// To give neither name nor address, and to follow by number and code only.
    pub anonymous: bool,
    /// To be known to those who work on the ticket only.
    pub secret: bool,
}

/// By which number people are known.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    pub staff: String,
    pub public: String,
}

/// The periodic report.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    pub period: Period,
    /// The law's own word for the rhythm, where it has one.
    #[serde(default)]
    pub statutory_period: Option<String>,
    /// What the collected proof is called.
    pub evidence_label: String,
    /// Day of the month after the period, 1 to 28.
    pub due_day: u8,
    /// Code of the duty that a handed-in report fulfils, where the pack lists one.
    #[serde(default)]
    pub duty: Option<String>,
    /// Share of answers and of solutions that should be in time.
    #[serde(default = "nine_tenths")]
    pub sla_target: Percent,
    /// Where the report of the whole region goes from the office for information technology, in order; empty where it
    /// goes no further.
    #[serde(default)]
    pub steps: Vec<ReportStep>,
}

/// Editions from before the target was written had this one.
const fn nine_tenths() -> Percent {
    Percent { hundredths: 9_000 }
}

/// One step of the report of the whole region upwards.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportStep {
    /// To whom, as in `report_chain`.
    pub to: String,
    /// Day of the month after the period, 1 to 28, on which it is sent at the latest.
    pub due_day: u8,
}

/// How often a report is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Monthly,
    Quarterly,
    Yearly,
}

/// A class of information, from open to secret in the order of the list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    pub code: String,
    pub label: String,
    /// In English; all classes have one, or none has.
    #[serde(default)]
    pub label_en: Option<String>,
}

/// How long things are kept, in years after closing.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    pub tickets_years: u32,
    /// Attachments that show a citizen's number.
    pub identity_attachments_years: u32,
    pub security_incidents_years: u32,
    /// Raw mails that are worked off, from their arrival.
    #[serde(default = "Retention::a_year")]
    pub raw_mail_days: u32,
}

impl Retention {
    const fn a_year() -> u32 {
        365
    }
}

/// A percentage in hundredths of a percent, so that 99.95 is exact. From 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent {
    pub hundredths: u32,
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let percent = f64::deserialize(deserializer)?;
        if !(0.0..=100.0).contains(&percent) {
            return Err(de::Error::custom(format!(
                "persentase {percent} di luar batas | tulis angka dari 0 sampai 100"
            )));
        }
        Ok(Self { hundredths: (percent * 100.0).round() as u32 })
    }
}
