//! A pack as it is written, before its parts are tied together, and the check that each part has the right types.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::catalogue::{Catalogue, Part};
use super::changes::Changes;
use super::custom::{Certificates, CrossAgencyData, Integrity, LanOwner, Metric, Security, Sop};
use super::deadline::{Duration, Target};
use super::duty::Duty;
use super::fault::Faults;
use super::measures::{Sanction, SanctionMode, SanctionScope, Warning};
use super::notices::Notices;
use super::request::RequestForm;
use super::sections::{
    Class, Email, Escalation, Identity, Intake, Letters, Lifecycle, Offices, Percent, PriorityRules, Region, Report,
    Reporters, Retention, Roles,
};
use super::tree::{Data, Node, Step};
use super::week::{Holiday, Ramadan, Week};
use crate::domain::ticket::{Kind, Priority};

/// All sections of a merged pack. `extends`, `basis` and `unconfirmed` have been taken out before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) law: Option<String>,
    pub(super) version: u32,
    pub(super) zone: String,
    pub(super) region: Region,
    pub(super) offices: Offices,
    pub(super) roles: Roles,
    pub(super) kinds: Vec<Kind>,
    pub(super) calendars: BTreeMap<String, CalendarForm>,
    pub(super) holidays: Vec<Holiday>,
    /// Days off of this region alone, so that a child need not repeat the national list.
    #[serde(default)]
    pub(super) local_holidays: Vec<Holiday>,
    pub(super) ramadan: Vec<Ramadan>,
    pub(super) profiles: BTreeMap<String, ProfileForm>,
    pub(super) requests: BTreeMap<String, RequestForm>,
    pub(super) catalogue: Catalogue,
    pub(super) default_profile: String,
    #[serde(default)]
    pub(super) profile_by_kind: BTreeMap<Kind, String>,
    pub(super) priority: PriorityRules,
    pub(super) escalation: Escalation,
    pub(super) lifecycle: Lifecycle,
    pub(super) intake: Intake,
    pub(super) email: Email,
    pub(super) identity: Identity,
    pub(super) reporters: Reporters,
    pub(super) letters: Letters,
    #[serde(default)]
    pub(super) notices: Notices,
    pub(super) report: Report,
    pub(super) report_chain: Vec<String>,
    pub(super) availability_target: Percent,
    #[serde(default = "counts")]
    pub(super) availability_counts_third_party: bool,
    #[serde(default = "a_day")]
    pub(super) availability_notice: Duration,
    pub(super) duties: Vec<Duty>,
    pub(super) classes: Vec<Class>,
    pub(super) retention: Retention,
    pub(super) sop: Sop,
    pub(super) security: Security,
    pub(super) certificates: Certificates,
    pub(super) integrity: Integrity,
    pub(super) lan_owner: LanOwner,
    pub(super) cross_pd_data: CrossAgencyData,
    pub(super) backup_in_app: bool,
    pub(super) extra_metrics: Vec<Metric>,
    pub(super) categories: Vec<Part>,
    pub(super) sanctions: Vec<Sanction>,
    pub(super) sanction_mode: SanctionMode,
    pub(super) sanction_scope: SanctionScope,
    #[serde(default)]
    pub(super) sanction_articles: Vec<String>,
    #[serde(default)]
    pub(super) warning: Option<Warning>,
    #[serde(default)]
    pub(super) changes: Option<Changes>,
}

/// A calendar: either open always, or weeks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarForm {
    #[serde(default)]
    pub(super) always: bool,
    /// Closed on the pack's holidays.
    #[serde(default)]
    pub(super) holidays: bool,
    #[serde(default)]
    pub(super) joint_leave_is_working_day: bool,
    /// What to call a weekday without windows.
    #[serde(default)]
    pub(super) day_off: Option<String>,
    #[serde(default)]
    pub(super) week: Option<Week>,
    #[serde(default)]
    pub(super) ramadan: Option<Week>,
    /// Weeks of single fasting months, by the year they begin in.
    #[serde(default)]
    pub(super) ramadan_weeks: BTreeMap<i32, Week>,
}

/// A service level before its calendar is looked up.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileForm {
    pub(super) calendar: String,
    /// Calendar of the response, where the desk answers at other hours than it solves.
    #[serde(default)]
    pub(super) response_calendar: Option<String>,
    #[serde(rename = "P1", default)]
    p1: Option<Target>,
    #[serde(rename = "P2", default)]
    p2: Option<Target>,
    #[serde(rename = "P3", default)]
    p3: Option<Target>,
    #[serde(rename = "P4", default)]
    p4: Option<Target>,
}

impl ProfileForm {
    /// The target written for each priority.
    pub(super) fn targets(&self) -> [(Priority, Option<Target>); 4] {
        [(Priority::P1, self.p1), (Priority::P2, self.p2), (Priority::P3, self.p3), (Priority::P4, self.p4)]
    }

    /// The four targets, when all are written.
    pub(super) fn complete(&self) -> Option<[Target; 4]> {
        Some([self.p1?, self.p2?, self.p3?, self.p4?])
    }
}

type TypeCheck = fn(&mut Faults<'_>, &Node);

/// Every key at the top of a pack, whether it must be there, and how its types are checked.
const SECTIONS: &[(&str, bool, TypeCheck)] = &[
    ("id", true, as_a::<String>),
    ("name", true, as_a::<String>),
    ("law", false, as_a::<String>),
    ("version", true, as_a::<u32>),
    ("zone", true, as_a::<String>),
    ("region", true, as_a::<Region>),
    ("offices", true, as_a::<Offices>),
    ("roles", true, as_a::<Roles>),
    ("kinds", true, as_a::<Vec<Kind>>),
    ("calendars", true, each::<CalendarForm>),
    ("holidays", true, each::<Holiday>),
    ("local_holidays", false, each::<Holiday>),
    ("ramadan", true, each::<Ramadan>),
    ("profiles", true, each::<ProfileForm>),
    ("requests", true, each::<RequestForm>),
    ("catalogue", true, as_a::<Catalogue>),
    ("default_profile", true, as_a::<String>),
    ("profile_by_kind", false, as_a::<BTreeMap<Kind, String>>),
    ("priority", true, as_a::<PriorityRules>),
    ("escalation", true, as_a::<Escalation>),
    ("lifecycle", true, as_a::<Lifecycle>),
    ("intake", true, as_a::<Intake>),
    ("email", true, as_a::<Email>),
    ("identity", true, as_a::<Identity>),
    ("reporters", true, as_a::<Reporters>),
    ("letters", true, as_a::<Letters>),
    ("notices", false, as_a::<Notices>),
    ("report", true, as_a::<Report>),
    ("report_chain", true, as_a::<Vec<String>>),
    ("availability_target", true, as_a::<Percent>),
    ("availability_counts_third_party", false, as_a::<bool>),
    ("availability_notice", false, as_a::<Duration>),
    ("duties", true, each::<Duty>),
    ("classes", true, each::<Class>),
    ("retention", true, as_a::<Retention>),
    ("sop", true, as_a::<Sop>),
    ("security", true, as_a::<Security>),
    ("certificates", true, as_a::<Certificates>),
    ("integrity", true, as_a::<Integrity>),
    ("lan_owner", true, as_a::<LanOwner>),
    ("cross_pd_data", true, as_a::<CrossAgencyData>),
    ("backup_in_app", true, as_a::<bool>),
    ("extra_metrics", true, each::<Metric>),
    ("categories", true, each::<Part>),
    ("sanctions", true, each::<Sanction>),
    ("sanction_mode", true, as_a::<SanctionMode>),
    ("sanction_scope", true, as_a::<SanctionScope>),
    ("sanction_articles", false, as_a::<Vec<String>>),
    ("warning", false, as_a::<Warning>),
    ("changes", false, as_a::<Changes>),
];

/// Checks the types of every section, so that one report names a fault in each.
pub(super) fn check_types(root: &Node, faults: &mut Faults<'_>) {
    for (key, node) in root.entries() {
        if !SECTIONS.iter().any(|(known, ..)| *known == key) {
            let known: Vec<&str> =
                SECTIONS.iter().map(|(known, ..)| *known).chain(["extends", "basis", "unconfirmed"]).collect();
            faults.at_key(node, &format!("kunci tidak dikenal \"{key}\" | {}", super::fault::nearest(key, &known)));
        }
    }
    for (key, required, check) in SECTIONS {
        match root.child(Step::Key(key)) {
            Some(node) => check(faults, node),
            // A text without its own name or version has been told so when it was read.
            None if !*required || ["id", "name", "version"].contains(key) => {}
            None => faults.at(
                root,
                &format!("bagian \"{key}\" belum ada | tambahkan, atau tulis extends dengan pak yang memilikinya"),
            ),
        }
    }
}

/// Editions from before the switch count everything.
const fn counts() -> bool {
    true
}

/// Editions from before the notice was written had this one.
const fn a_day() -> Duration {
    Duration::Seconds(86_400)
}

fn as_a<T: DeserializeOwned>(faults: &mut Faults<'_>, node: &Node) {
    let _: Option<T> = faults.read(node);
}

/// Checks the entries of a table or a list one by one: a fault in one does not hide those in the others.
fn each<T: DeserializeOwned>(faults: &mut Faults<'_>, node: &Node) {
    match &node.data {
        Data::Table(table) => table.values().for_each(|entry| as_a::<T>(faults, entry)),
        Data::List(list) => list.iter().for_each(|entry| as_a::<T>(faults, entry)),
        // Neither: let the reader of a whole say what was expected.
        Data::Scalar(_) => as_a::<Vec<T>>(faults, node),
    }
}
