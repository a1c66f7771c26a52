//! Targets of a service level, and the instants they become for one ticket.

use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::calendar::{Calendar, NoWorkingTime};
use super::pause::Pause;
use crate::domain::ticket::Priority;

/// A length of time as a pack writes it: `30m`, `7h30m`, `3wd`. Always more than zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duration {
    /// Seconds counted by the profile's calendar.
    Seconds(i64),
    /// Whole working days (*hari kerja*): to closing time of the n-th working day after the day of receipt.
    WorkingDays(u32),
}

/// The text is no length of time above zero.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "lama waktu tidak dikenal \"{0}\" | tulis lebih dari nol, misalnya \"30m\", \"7h30m\" atau \"3wd\" (hari kerja)"
)]
pub struct NotADuration(String);

impl FromStr for Duration {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| NotADuration(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Duration> {
    if let Some(days) = text.strip_suffix("wd") {
        return Some(Duration::WorkingDays(whole_number(days)?)).filter(|_| days != "0");
    }
    let (hours, rest) =
        text.split_once('h').map_or((0, text), |(hours, rest)| (whole_number(hours).unwrap_or(0), rest));
    if text.contains('h') && hours == 0 {
        return None;
    }
    let minutes = match rest {
        "" => 0,
        rest => whole_number(rest.strip_suffix('m')?)?,
    };
    let seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60;
    (seconds > 0).then_some(Duration::Seconds(seconds))
}

/// A plain decimal number of at most six digits: no sign, no leading zero but "0" itself.
fn whole_number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 6;
    let padded = text.len() > 1 && text.starts_with('0');
    (plain && !padded).then(|| text.parse().ok())?
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Duration {
    /// The length in counted seconds for a clock that starts at `start`.
    ///
    /// Working days turn into counted seconds once, at the start. From then on every target is counted alike, so a
    /// pause prolongs both kinds in the same way.
    ///
    /// # Errors
    /// [`NoWorkingTime`] when the n-th working day lies beyond twenty years.
    pub fn counted_seconds(self, calendar: &Calendar, start: DateTime<Utc>) -> Result<i64, NoWorkingTime> {
        match self {
            Self::Seconds(seconds) => Ok(seconds),
            Self::WorkingDays(days) => Ok(calendar.between(start, calendar.end_of_working_day(start, days)?, &[])),
        }
    }
}

/// How soon a ticket of one priority must be answered and solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub response: Duration,
    /// Never shorter than `response`.
    pub resolution: Duration,
}

/// Stands between the name of a profile and the calendar of a unit that has hours of its own: `JAM-KERJA@puskesmas`.
pub const ON_CALENDAR: char = '@';

/// A service level: a calendar and a target for each priority.
#[derive(Debug, Clone)]
pub struct Profile {
    pub name: String,
    /// Name of the calendar in the pack.
    pub calendar_name: String,
    pub calendar: Arc<Calendar>,
    /// Name of the calendar in which the response is counted; usually the same.
    pub response_calendar_name: String,
    pub response_calendar: Arc<Calendar>,
    /// In the order of [`Priority::ALL`]; use [`Profile::target`].
    pub targets: [Target; 4],
}

impl Profile {
    /// The target of a priority.
    pub fn target(&self, priority: Priority) -> Target {
        let [p1, p2, p3, p4] = self.targets;
        match priority {
            Priority::P1 => p1,
            Priority::P2 => p2,
            Priority::P3 => p3,
            Priority::P4 => p4,
        }
    }

    /// The targets of a priority as counted seconds for a clock that starts at `opened`.
    ///
    /// # Errors
    /// [`NoWorkingTime`] when a target in working days lies beyond twenty years.
    pub fn goals(&self, priority: Priority, opened: DateTime<Utc>) -> Result<Goals, NoWorkingTime> {
        let target = self.target(priority);
        Ok(Goals {
            response_seconds: target.response.counted_seconds(&self.response_calendar, opened)?,
            resolution_seconds: target.resolution.counted_seconds(&self.calendar, opened)?,
        })
    }
}

/// The targets of one clock in counted seconds of its calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goals {
    pub response_seconds: i64,
    pub resolution_seconds: i64,
}

/// Why a pack has no goals or deadlines to give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GoalsError {
    /// The pack has no profile of this name.
    #[error("unknown profile {0:?}")]
    UnknownProfile(String),
    #[error(transparent)]
    NoWorkingTime(#[from] NoWorkingTime),
}

/// A share of a whole in thousandths, from 1 to 999, so that halves and fifths of a target are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PerMille(u16);

impl PerMille {
    /// The share in thousandths.
    pub fn thousandths(self) -> u16 {
        self.0
    }

    /// This share of a number of seconds, rounded half up.
    pub fn of(self, seconds: i64) -> i64 {
        let product = i128::from(seconds) * i128::from(self.0) + 500;
        i64::try_from(product.div_euclid(1000)).unwrap_or(seconds)
    }
}

impl<'de> Deserialize<'de> for PerMille {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fraction = f64::deserialize(deserializer)?;
        let thousandths = (fraction * 1000.0).round();
        let exact = (fraction * 1000.0 - thousandths).abs() < 1e-6;
        if exact && (1.0..=999.0).contains(&thousandths) {
            return Ok(Self(thousandths as u16));
        }
        Err(de::Error::custom(format!(
            "bagian waktu {fraction} di luar batas | tulis di antara 0 dan 1, paling banyak tiga desimal, misalnya 0.5"
        )))
    }
}

/// At which shares of the resolution time something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fractions {
    /// The ticket moves to the second tier.
    pub transfer: PerMille,
    /// The heads are warned; later than `transfer`.
    pub warn: PerMille,
}

/// The four instants of one ticket. `None`: not known before an open pause ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadlines {
    /// Never `None`: waiting for the user does not excuse a missing first answer.
    pub response_due: Option<DateTime<Utc>>,
    pub transfer_due: Option<DateTime<Utc>>,
    pub warn_due: Option<DateTime<Utc>>,
    pub resolution_due: Option<DateTime<Utc>>,
}

/// Computes all deadlines of a clock from its start; never from an earlier result.
///
/// A pause moves every deadline not yet reached when it begins, except `response_due`.
///
/// # Errors
/// [`NoWorkingTime`] when a deadline lies beyond twenty years.
pub fn deadlines(
    profile: &Profile,
    start: DateTime<Utc>,
    goals: Goals,
    fractions: Fractions,
    pauses: &[Pause],
) -> Result<Deadlines, NoWorkingTime> {
    let (calendar, resolution) = (&profile.calendar, goals.resolution_seconds);
    Ok(Deadlines {
        response_due: profile.response_calendar.add(start, goals.response_seconds, &[])?,
        transfer_due: calendar.add(start, fractions.transfer.of(resolution), pauses)?,
        warn_due: calendar.add(start, fractions.warn.of(resolution), pauses)?,
        resolution_due: calendar.add(start, resolution, pauses)?,
    })
}
