//! A checked policy pack: what one region has decided, ready to be asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::calendar::Calendar;
use super::catalogue::{Catalogue, Part};
use super::changes::Changes;
use super::custom::{Certificates, CrossAgencyData, Integrity, LanOwner, Metric, Security, Sop};
use super::deadline::{Deadlines, Duration, Goals, GoalsError, ON_CALENDAR, Profile, deadlines};
use super::duty::Duty;
use super::measures::{Sanction, SanctionMode, SanctionScope, Warning};
use super::notices::Notices;
use super::pause::Pause;
use super::request::{PROFILE_PREFIX, RequestType};
use super::sections::{
    Class, Email, Escalation, Identity, Intake, Letters, Lifecycle, Offices, Percent, PriorityRules, Region, Report,
    Reporters, Retention, Roles,
};
use super::week::{Holiday, Ramadan};
use crate::domain::ticket::{Kind, Priority};

/// What one region has decided.
#[derive(Debug, Clone)]
pub struct Pack {
    pub id: String,
    pub name: String,
    /// The regulation the pack puts into data; absent in a pack of mere defaults.
    pub law: Option<String>,
    /// `id@n` with the number written in the file. A ticket is pinned to it.
    pub version: String,
    /// Hash of all merged values, 16 hexadecimal digits: changes also when a parent pack changes.
    pub fingerprint: String,
    pub zone: Tz,
    pub region: Region,
    pub offices: Offices,
    pub roles: Roles,
    /// Kinds of user service, in the order of the regulation.
    pub kinds: Vec<Kind>,
    pub calendars: BTreeMap<String, Arc<Calendar>>,
    /// National and local days off in force, sorted by date, one entry per date.
    pub holidays: Vec<Holiday>,
    /// Everything decreed about dated days, also what was taken back later.
    pub(super) decreed: Vec<Holiday>,
    /// Fasting months, sorted.
    pub ramadan: Vec<Ramadan>,
    /// Those written, and one for each type of request.
    pub profiles: BTreeMap<String, Profile>,
    /// Types of requests, sorted by label.
    pub requests: Vec<RequestType>,
    pub catalogue: Catalogue,
    pub default_profile: String,
    pub profile_by_kind: BTreeMap<Kind, String>,
    pub priority: PriorityRules,
    pub escalation: Escalation,
    pub lifecycle: Lifecycle,
    pub intake: Intake,
    pub email: Email,
    pub identity: Identity,
    pub reporters: Reporters,
    pub letters: Letters,
    /// What people must be told of by mail.
    pub notices: Notices,
    pub report: Report,
    /// Who receives the report, from the desk upwards.
    pub report_chain: Vec<String>,
    /// Target of the availability of a service.
    pub availability_target: Percent,
    /// Downtime by the network of a third party counts; it is labelled either way.
    pub availability_counts_third_party: bool,
    pub(super) availability_notice: Duration,
    pub duties: Vec<Duty>,
    pub classes: Vec<Class>,
    pub retention: Retention,
    pub sop: Sop,
    pub security: Security,
    pub certificates: Certificates,
    pub integrity: Integrity,
    /// Who looks after the network inside an agency.
    pub lan_owner: LanOwner,
    /// Whose the data of an agency are when another asks for them.
    pub cross_pd_data: CrossAgencyData,
    /// Backup and restore must be functions of the application itself.
    pub backup_in_app: bool,
    /// Figures reported beside those of the desk.
    pub extra_metrics: Vec<Metric>,
    /// Kinds of help the desk gives, at the top of its catalogue.
    pub categories: Vec<Part>,
    /// The law's own ladder; empty where it knows none.
    pub sanctions: Vec<Sanction>,
    pub sanction_mode: SanctionMode,
    pub sanction_scope: SanctionScope,
    /// Articles whose breach is sanctioned, where the law lists them.
    pub sanction_articles: Vec<String>,
    /// Letters that follow a missed service level; `None`: the law knows none.
    pub warning: Option<Warning>,
    /// How changes are managed; `None` in editions from before it was written.
    pub changes: Option<Changes>,
    pub(super) values: Vec<Value>,
    pub(super) json: serde_json::Value,
}

/// One value of a pack with its authority, for people who ask what is law and what is default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Value {
    /// Keys joined by dots; items of a list by their index from 0.
    pub path: String,
    /// The value in one line; empty where an unconfirmed value is not known at all.
    pub text: String,
    /// Where the law is written; `None`: a default nobody has decreed, or a value nobody has confirmed.
    pub basis: Option<String>,
    /// The region has, or should have, a rule of its own that is not known for certain.
    pub unconfirmed: bool,
    /// What is known about an unconfirmed value; may be empty.
    pub note: String,
    /// Id of the pack whose file holds the value.
    pub from_pack: String,
}

impl Pack {
    /// The profile of this name.
    ///
    /// # Errors
    /// [`GoalsError::UnknownProfile`].
    pub fn profile(&self, name: &str) -> Result<&Profile, GoalsError> {
        self.profiles.get(name).ok_or_else(|| GoalsError::UnknownProfile(name.to_owned()))
    }

    /// The type of request of this code.
    pub fn request(&self, code: &str) -> Option<&RequestType> {
        self.requests.iter().find(|request| request.code == code)
    }

    /// Name of a profile as a unit with the calendar `calendar` keeps it: the promises of the one by the hours of the
    /// other. A profile that runs round the clock stays as it is.
    pub fn profile_on(&self, profile: &str, calendar: Option<&str>) -> String {
        let base = profile.split(ON_CALENDAR).next().unwrap_or(profile);
        let on = calendar.map(|calendar| format!("{base}{ON_CALENDAR}{calendar}"));
        on.filter(|name| self.profiles.contains_key(name)).unwrap_or_else(|| base.to_owned())
    }

    /// Names of the profiles that stand in the pack itself, without those made from them.
    pub fn written_profiles(&self) -> impl Iterator<Item = &Profile> {
        let is_made =
            |profile: &Profile| profile.name.starts_with(PROFILE_PREFIX) || profile.name.contains(ON_CALENDAR);
        self.profiles.values().filter(move |profile| !is_made(profile))
    }

    /// Name of the profile for a ticket whose service names none.
    pub fn profile_for(&self, kind: Kind) -> &str {
        self.profile_by_kind.get(&kind).unwrap_or(&self.default_profile)
    }

    /// The targets of a profile and priority as counted seconds for a clock that starts at `opened`.
    ///
    /// # Errors
    /// [`GoalsError`] when the profile is unknown or a target lies beyond twenty years.
    pub fn goals(&self, profile: &str, priority: Priority, opened: DateTime<Utc>) -> Result<Goals, GoalsError> {
        Ok(self.profile(profile)?.goals(priority, opened)?)
    }

    /// All deadlines of a ticket from its opening and its pauses.
    ///
    /// # Errors
    /// [`GoalsError`] when the profile is unknown or a deadline lies beyond twenty years.
    pub fn deadlines(
        &self,
        profile: &str,
        priority: Priority,
        opened: DateTime<Utc>,
        pauses: &[Pause],
    ) -> Result<Deadlines, GoalsError> {
        let profile = self.profile(profile)?;
        let goals = profile.goals(priority, opened)?;
        Ok(deadlines(profile, opened, goals, self.escalation.fractions(), pauses)?)
    }

    /// The calendar of this name.
    pub fn calendar(&self, name: &str) -> Option<&Arc<Calendar>> {
        self.calendars.get(name)
    }

    /// The calendar whose working days the rules of a ticket's life mean.
    pub fn lifecycle_calendar(&self) -> Option<&Arc<Calendar>> {
        self.calendar(&self.lifecycle.calendar)
    }

    /// The years whose holidays are known. In other years only weekly days off are left out.
    pub fn holiday_years(&self) -> BTreeSet<i32> {
        self.holidays.iter().map(|holiday| chrono::Datelike::year(&holiday.date)).collect()
    }

    /// Maintenance announced so long before its beginning, or longer, does not count as downtime.
    pub const fn availability_notice(&self) -> TimeDelta {
        match self.availability_notice {
            Duration::Seconds(seconds) => TimeDelta::seconds(seconds),
            Duration::WorkingDays(days) => TimeDelta::days(days as i64),
        }
    }

    /// Where the value at a path is written; `None`: a default nobody has decreed.
    pub fn basis(&self, path: &str) -> Option<&str> {
        self.values.iter().find(|value| value.path == path).and_then(|value| value.basis.as_deref())
    }

    /// Every value with its authority, sorted by path.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The merged values as a tree.
    pub fn json(&self) -> &serde_json::Value {
        &self.json
    }
}

/// FNV-1a, 16 hexadecimal digits: enough to notice a change, no protection against forgery.
pub(super) fn fingerprint(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}
