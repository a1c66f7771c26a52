//! From the line of drafts to a checked pack: merge, check types, check rules, tie the parts together.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::calendar::{Calendar, Weekly};
use super::deadline::Profile;
use super::draft::{Basis, Draft};
use super::fault::Faults;
use super::pack::{Pack, Value, fingerprint};
use super::request::{RequestForm, RequestType};
use super::rules;
use super::tree::Node;
use super::week::{Holiday, Ramadan, in_force};
use super::written::{CalendarForm, ProfileForm, Written, check_types};

/// Builds the pack of the first draft, which extends the following ones in turn.
///
/// `None` when there was a fault; all faults found are recorded.
pub(super) fn build(line: &[&Draft], faults: &mut Faults<'_>) -> Option<Pack> {
    let (eldest, younger) = line.split_last()?;
    let root = younger.iter().rev().fold(eldest.root.clone(), |below, draft| Node::merge(&below, &draft.root));
    let before = faults.count();
    check_types(&root, faults);
    rules::check(&root, faults);
    check_basis(line, &root, faults);
    if faults.count() > before {
        return None;
    }
    let written: Written = faults.read(&root)?;
    let zone: Tz = written.zone.parse().ok()?;
    assemble(written, zone, values(line, &root), root.json())
}

fn check_basis(line: &[&Draft], root: &Node, faults: &mut Faults<'_>) {
    // A parent's bases speak of the parent's tree and are checked with it.
    let own = line.first().map(|draft| draft.basis.as_slice()).unwrap_or_default();
    for basis in own {
        let path: Vec<&str> = basis.path.split('.').collect();
        if root.at(&path).is_none() {
            let text = format!("dasar hukum untuk jalur yang tidak ada: \"{}\" | periksa ejaan jalurnya", basis.path);
            faults.add(basis.place.source, basis.place.key, &text);
        }
    }
}

fn assemble(written: Written, zone: Tz, values: Vec<Value>, json: serde_json::Value) -> Option<Pack> {
    // The region's own days come last: of two equally old decrees the last rules.
    let decreed = [written.holidays, written.local_holidays].concat();
    let mut ramadan = written.ramadan;
    ramadan.sort_by_key(|month| month.from);
    let calendars = calendars(zone, written.calendars, &decreed, &ramadan);
    let requests = requests(written.requests);
    Some(Pack {
        version: format!("{}@{}", written.id, written.version),
        // The keys of the merged values are sorted.
        fingerprint: fingerprint(&json.to_string()),
        profiles: profiles(&written.profiles, &requests, &calendars)?,
        id: written.id,
        name: written.name,
        law: written.law,
        zone,
        region: written.region,
        offices: written.offices,
        roles: written.roles,
        kinds: written.kinds,
        calendars,
        holidays: in_force(decreed.iter(), zone, DateTime::<Utc>::MAX_UTC),
        decreed,
        ramadan,
        requests,
        catalogue: written.catalogue,
        default_profile: written.default_profile,
        profile_by_kind: written.profile_by_kind,
        priority: written.priority,
        escalation: written.escalation,
        lifecycle: written.lifecycle,
        intake: written.intake,
        email: written.email,
        identity: written.identity,
        report: written.report,
        report_chain: written.report_chain,
        availability_target: written.availability_target,
        duties: written.duties,
        classes: written.classes,
        retention: written.retention,
        values,
        json,
    })
}

fn calendars(
    zone: Tz,
    forms: BTreeMap<String, CalendarForm>,
    decreed: &[Holiday],
    ramadan: &[Ramadan],
) -> BTreeMap<String, Arc<Calendar>> {
    let calendar = |form: CalendarForm| match form.week {
        None => Calendar::always(zone),
        Some(week) => {
            let weekly = Weekly {
                week,
                ramadan_week: form.ramadan,
                ramadan_weeks: form.ramadan_weeks,
                ramadan: ramadan.to_vec(),
                decreed: form.holidays.then(|| decreed.to_vec()),
                joint_leave_is_working_day: form.joint_leave_is_working_day,
                day_off: form.day_off.unwrap_or_default(),
            };
            Calendar::weekly(zone, weekly)
        }
    };
    forms.into_iter().map(|(name, form)| (name, Arc::new(calendar(form)))).collect()
}

fn profiles(
    forms: &BTreeMap<String, ProfileForm>,
    requests: &[RequestType],
    calendars: &BTreeMap<String, Arc<Calendar>>,
) -> Option<BTreeMap<String, Profile>> {
    let profile = |name: String, calendar_name: &String, targets| {
        let calendar = calendars.get(calendar_name)?.clone();
        Some((name.clone(), Profile { name, calendar_name: calendar_name.clone(), calendar, targets }))
    };
    let written = forms.iter().map(|(name, form)| profile(name.clone(), &form.calendar, form.complete()?));
    let requested = requests.iter().map(|request| profile(request.profile(), &request.calendar, [request.target(); 4]));
    written.chain(requested).collect()
}

fn requests(forms: BTreeMap<String, RequestForm>) -> Vec<RequestType> {
    let mut requests: Vec<_> = forms.into_iter().map(|(code, form)| form.named(code)).collect();
    requests.sort_by(|one, other| one.label.cmp(&other.label));
    requests
}

fn values(line: &[&Draft], root: &Node) -> Vec<Value> {
    let value = |(path, node): (String, &Node)| {
        let age = line.iter().position(|draft| draft.source == node.place.source).unwrap_or_default();
        Value {
            // An estimate is nobody's decree, whatever the list around it is.
            basis: if is_provisional(node) { None } else { basis_of(line, age, &path) },
            from_pack: line.get(age).map(|draft| draft.id.clone()).unwrap_or_default(),
            text: node.text(),
            path,
        }
    };
    root.leaves().into_iter().map(value).collect()
}

fn is_provisional(node: &Node) -> bool {
    node.at(&["provisional"]).is_some_and(|flag| flag.json() == true)
}

/// The law behind a value that stands in the `age`-th draft of the line: the closest basis above it.
///
/// A draft older than the value's own said its law of another value, so it is not asked.
fn basis_of(line: &[&Draft], age: usize, path: &str) -> Option<String> {
    let covers = |basis: &&Basis| {
        path.strip_prefix(basis.path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let asked = line.iter().take(age + 1).rev().flat_map(|draft| draft.basis.iter());
    // `max_by_key` keeps the last of equals: the youngest draft, which is asked last.
    asked.filter(covers).max_by_key(|basis| basis.path.len()).map(|basis| basis.text.clone())
}
