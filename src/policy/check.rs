//! From the line of drafts to a checked pack: merge, check types, check rules, tie the parts together.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::calendar::{Calendar, Weekly};
use super::citation;
use super::deadline::{ON_CALENDAR, Profile};
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

/// A parent's statements speak of the parent's tree and are checked with it.
fn check_basis(line: &[&Draft], root: &Node, faults: &mut Faults<'_>) {
    let Some(own) = line.first() else { return };
    for basis in &own.basis {
        let path: Vec<&str> = basis.path.split('.').collect();
        if root.at(&path).is_none() {
            let text = format!("dasar hukum untuk jalur yang tidak ada: \"{}\" | periksa ejaan jalurnya", basis.path);
            faults.add(basis.place.source, basis.place.key, &text);
        }
        if !citation::is_exact(&basis.text) {
            let text =
                format!("dasar hukum tanpa pasal: \"{}\" | tulis pasalnya, misalnya \"Pasal 1 ayat (2)\"", basis.text);
            faults.add(basis.place.source, basis.place.value, &text);
        }
    }
    for unconfirmed in &own.unconfirmed {
        let path: Vec<&str> = unconfirmed.path.split('.').collect();
        if root.at(&path).is_none() && !could_be_written(root, &path) {
            let text = format!(
                "\"unconfirmed\" untuk jalur yang tidak ada: \"{}\" | periksa ejaan jalurnya",
                unconfirmed.path
            );
            faults.add(unconfirmed.place.source, unconfirmed.place.key, &text);
        }
    }
}

/// Whether a value that is not there would be read if it were: nobody may know it yet.
fn could_be_written(root: &Node, path: &[&str]) -> bool {
    let mut json = root.json();
    let Some((key, table)) = path.split_last() else { return false };
    let Some(table) = table.iter().try_fold(&mut json, |here, part| here.get_mut(part)) else { return false };
    let Some(table) = table.as_object_mut() else { return false };
    table.insert((*key).to_owned(), serde_json::Value::Null);
    !matches!(serde_json::from_value::<Written>(json), Err(error) if error.to_string().starts_with("unknown field"))
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
        reporters: written.reporters,
        letters: written.letters,
        notices: written.notices,
        report: written.report,
        report_chain: written.report_chain,
        availability_target: written.availability_target,
        availability_counts_third_party: written.availability_counts_third_party,
        availability_notice: written.availability_notice,
        duties: written.duties,
        classes: written.classes,
        retention: written.retention,
        sop: written.sop,
        security: written.security,
        certificates: written.certificates,
        integrity: written.integrity,
        lan_owner: written.lan_owner,
        cross_pd_data: written.cross_pd_data,
        backup_in_app: written.backup_in_app,
        extra_metrics: written.extra_metrics,
        categories: written.categories,
        sanctions: written.sanctions,
        sanction_mode: written.sanction_mode,
        sanction_scope: written.sanction_scope,
        sanction_articles: written.sanction_articles,
        warning: written.warning,
        changes: written.changes,
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
    let profile = |name: String, calendar: &String, response: &String, targets| {
        let profile = Profile {
            name: name.clone(),
            calendar_name: calendar.clone(),
            calendar: calendars.get(calendar)?.clone(),
            response_calendar_name: response.clone(),
            response_calendar: calendars.get(response)?.clone(),
            targets,
        };
        Some((name, profile))
    };
    let written = forms.iter().map(|(name, form)| {
        let response = form.response_calendar.as_ref().unwrap_or(&form.calendar);
        profile(name.clone(), &form.calendar, response, form.complete()?)
    });
    let requested = requests
        .iter()
        .map(|request| profile(request.profile(), &request.calendar, &request.calendar, [request.target(); 4]));
    let mut all = written.chain(requested).collect::<Option<BTreeMap<String, Profile>>>()?;
    let made: Vec<_> =
        forms.keys().filter_map(|name| all.get(name)).flat_map(|base| on_others(base, calendars)).collect();
    all.extend(made.into_iter().map(|profile| (profile.name.clone(), profile)));
    Some(all)
}

/// A profile as units with hours of their own keep it. One that runs round the clock does so everywhere.
fn on_others<'a>(
    base: &'a Profile,
    calendars: &'a BTreeMap<String, Arc<Calendar>>,
) -> impl Iterator<Item = Profile> + 'a {
    let others = calendars
        .iter()
        .filter(|(name, calendar)| **name != base.calendar_name && !base.calendar.is_always() && !calendar.is_always());
    others.map(|(name, calendar)| {
        let mut profile = Profile { name: format!("{}{ON_CALENDAR}{name}", base.name), ..base.clone() };
        if base.response_calendar_name == base.calendar_name {
            (profile.response_calendar_name, profile.response_calendar) = (name.clone(), calendar.clone());
        }
        (profile.calendar_name, profile.calendar) = (name.clone(), calendar.clone());
        profile
    })
}

fn requests(forms: BTreeMap<String, RequestForm>) -> Vec<RequestType> {
    let mut requests: Vec<_> = forms.into_iter().map(|(code, form)| form.named(code)).collect();
    requests.sort_by(|one, other| one.label.cmp(&other.label));
    requests
}

fn values(line: &[&Draft], root: &Node) -> Vec<Value> {
    let value = |(path, node): (String, &Node)| {
        let age = line.iter().position(|draft| draft.source == node.place.source).unwrap_or_default();
        let unconfirmed = closest(line, age, &path, |draft| &draft.unconfirmed);
        // An estimate is nobody's decree, whatever the list around it is.
        let is_unsure = unconfirmed.is_some() || is_provisional(node);
        let basis = if is_unsure { None } else { closest(line, age, &path, |draft| &draft.basis) };
        Value {
            basis: basis.map(|basis| basis.text.clone()),
            unconfirmed: is_unsure,
            note: unconfirmed.map(|unconfirmed| unconfirmed.text.clone()).unwrap_or_default(),
            from_pack: line.get(age).map(|draft| draft.id.clone()).unwrap_or_default(),
            text: node.text(),
            path,
        }
    };
    let unknown = |draft: &&Draft| {
        let absent = |unconfirmed: &&Basis| root.at(&unconfirmed.path.split('.').collect::<Vec<_>>()).is_none();
        let value = |unconfirmed: &Basis| Value {
            path: unconfirmed.path.clone(),
            text: String::new(),
            basis: None,
            unconfirmed: true,
            note: unconfirmed.text.clone(),
            from_pack: draft.id.clone(),
        };
        draft.unconfirmed.iter().filter(absent).map(value).collect::<Vec<_>>()
    };
    let mut values: Vec<_> = root.leaves().into_iter().map(value).chain(line.iter().flat_map(unknown)).collect();
    values.sort_by_cached_key(|value| {
        value.path.split('.').map(|part| (part.parse::<u32>().ok(), part.to_owned())).collect::<Vec<_>>()
    });
    values.dedup_by(|one, other| one.path == other.path);
    values
}

fn is_provisional(node: &Node) -> bool {
    node.at(&["provisional"]).is_some_and(|flag| flag.json() == true)
}

/// The statement that covers a value of the `age`-th draft of the line: the closest one above it.
///
/// A draft older than the value's own spoke of another value, so it is not asked.
fn closest<'d>(line: &[&'d Draft], age: usize, path: &str, of: fn(&'d Draft) -> &'d [Basis]) -> Option<&'d Basis> {
    let covers = |basis: &&Basis| {
        path.strip_prefix(basis.path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let asked = line.iter().take(age + 1).rev().flat_map(|draft| of(draft));
    // `max_by_key` keeps the last of equals: the youngest draft, which is asked last.
    asked.filter(covers).max_by_key(|basis| basis.path.len())
}
