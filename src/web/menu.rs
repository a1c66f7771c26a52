//! The menu of the staff: what stands in the bar, what stands behind it, and for whom.
//!
//! Nobody is shown an entry whose page would be refused. To add a page: one line in [`ENTRIES`] and the sentence
//! `nav-<key>`; a page of settings needs its line in the table of `crate::web::settings` only.

use crate::desk::queues::supervises;
use crate::domain::letter::may_list;
use crate::domain::managing;
use crate::domain::people::{Actor, Grant, Role, visibility};
use crate::domain::quarantine;
use crate::web::visit::Visit;
use serde_json::{Value, json};

/// A page of the menu.
#[derive(Debug, Clone, Copy)]
struct Entry {
    path: &'static str,
    key: &'static str,
    /// Who finds it in the bar.
    top: fn(&Actor) -> bool,
    /// Who finds it at all; the page answers 200 to all of them.
    shown: fn(&Actor) -> bool,
    group: Group,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Work,
    Records,
    Settings,
}

/// The home.
const HOME: &str = "/kerja";

/// Every entry in the order of the bar and of its group.
const ENTRIES: &[Entry] = &[
    Entry { path: HOME, key: "home", top: always, shown: always, group: Group::Work },
    Entry { path: "/kerja/antrean", key: "queue", top: reads_tickets, shown: always, group: Group::Work },
    Entry { path: "/kerja/antrean/berurutan", key: "round", top: never, shown: works, group: Group::Work },
    Entry { path: "/kerja/eskalasi", key: "escalations", top: holds_second_line, shown: always, group: Group::Work },
    Entry { path: "/kerja/pengawasan", key: "supervision", top: supervises, shown: supervises, group: Group::Work },
    Entry { path: "/kerja/dasbor", key: "dashboard", top: supervises, shown: reads_tickets, group: Group::Work },
    Entry { path: "/kerja/surel", key: "received", top: never, shown: quarantine::may_read, group: Group::Work },
    Entry { path: "/kerja/kewajiban", key: "duties", top: reads_tickets, shown: always, group: Group::Work },
    Entry { path: "/kerja/perkara", key: "cases", top: never, shown: reads_tickets, group: Group::Work },
    Entry { path: "/kerja/tanda-tangan", key: "signing", top: signs, shown: signs, group: Group::Work },
    Entry { path: "/kerja/laporan", key: "reports", top: reads_tickets, shown: reads_tickets, group: Group::Records },
    Entry { path: "/kerja/bukti-dukung", key: "evidence", top: never, shown: sees_the_region, group: Group::Records },
    Entry { path: "/kerja/surat", key: "letters", top: never, shown: may_list, group: Group::Records },
    Entry { path: "/kerja/layanan", key: "services", top: reads_tickets, shown: always, group: Group::Records },
    Entry { path: "/kerja/pengetahuan", key: "knowledge", top: never, shown: always, group: Group::Records },
    Entry { path: "/kerja/ketersediaan", key: "availability", top: never, shown: always, group: Group::Records },
    Entry { path: "/kerja/pengumuman", key: "announcements", top: never, shown: always, group: Group::Records },
    Entry { path: "/kerja/masalah", key: "problems", top: never, shown: reads_tickets, group: Group::Records },
    Entry { path: "/kerja/perubahan", key: "changes", top: never, shown: reads_tickets, group: Group::Records },
    Entry { path: "/kerja/pemeliharaan", key: "maintenance", top: never, shown: always, group: Group::Records },
    Entry { path: "/kerja/usulan", key: "proposals", top: decides, shown: always, group: Group::Records },
    Entry { path: "/kerja/audit", key: "audit", top: audits, shown: audits, group: Group::Records },
    Entry {
        path: "/kerja/kesehatan",
        key: "health",
        top: runs_the_house,
        shown: runs_the_house,
        group: Group::Settings,
    },
    Entry { path: "/kerja/cadangan", key: "backups", top: never, shown: runs_the_house, group: Group::Settings },
    Entry { path: "/kerja/pekerjaan", key: "turns", top: never, shown: runs_the_house, group: Group::Settings },
    Entry {
        path: "/kerja/pengaturan/pengguna",
        key: "people",
        top: runs_the_house,
        shown: manages,
        group: Group::Settings,
    },
    Entry { path: "/kerja/pengaturan", key: "settings", top: never, shown: always, group: Group::Settings },
];

/// The bar and the groups behind it, as the layout shows them.
pub fn menu(visit: &Visit, actor: &Actor) -> Value {
    let current = current(&visit.path);
    let line = |entry: &Entry| {
        let mark = match current {
            Some(path) if path == entry.path && path == visit.path => "page",
            Some(path) if path == entry.path => "true",
            _ => "",
        };
        json!({"path": entry.path, "name": visit.word("nav", entry.key), "current": mark})
    };
    let entries: Vec<&Entry> = ENTRIES.iter().filter(|entry| is_there(visit, entry)).collect();
    let bar: Vec<Value> =
        entries.iter().filter(|entry| (entry.shown)(actor) && (entry.top)(actor)).map(|entry| line(entry)).collect();
    let groups = [("work", Group::Work), ("records", Group::Records), ("settings", Group::Settings)];
    let groups = groups.map(|(word, group)| {
        let behind = |entry: &&&Entry| entry.group == group && (entry.shown)(actor) && !(entry.top)(actor);
        let items: Vec<Value> = entries.iter().filter(behind).map(|entry| line(entry)).collect();
        json!({"name": visit.word("nav-group", word), "items": items})
    });
    let groups: Vec<Value> = groups.into_iter().filter(|group| group["items"] != json!([])).collect();
    json!({"bar": bar, "groups": groups})
}

/// Address and name of every entry somebody may open: what the search finds beside records.
pub fn pages(visit: &Visit, actor: &Actor) -> Vec<(String, String)> {
    let shown = ENTRIES.iter().filter(|entry| is_there(visit, entry) && (entry.shown)(actor));
    shown.map(|entry| (entry.path.to_owned(), visit.word("nav", entry.key))).collect()
}

/// The roles that open a page which `actor` may not: what the refusal tells. Empty when the page is open to all staff, so
/// that only what was to be done on it was refused.
pub fn roles_for(path: &str, actor: &Actor) -> Vec<Role> {
    let entry = ENTRIES.iter().find(|entry| Some(entry.path) == current(path));
    let Some(shown) = crate::web::settings::guard_of(path).or(entry.map(|entry| entry.shown)) else {
        return Vec::new();
    };
    if shown(actor) {
        return Vec::new();
    }
    let holding = |role: Role| {
        let agency = (role == Role::AgencyHead).then(String::new);
        Actor { grants: vec![Grant { role, agency }], ..actor.clone() }
    };
    let opening: Vec<Role> =
        Role::ALL.iter().copied().filter(|role| !actor.holds(*role) && shown(&holding(*role))).collect();
    opening
}

/// Some pages exist in some regions only.
fn is_there(visit: &Visit, entry: &Entry) -> bool {
    entry.key != "cases" || visit.desk().has_procedure()
}

/// The entry a path belongs to: the longest that it begins with. Tickets are of the queue; nothing is below the home.
fn current(path: &str) -> Option<&'static str> {
    let path = if path.starts_with("/kerja/tiket/") { "/kerja/antrean/tiket" } else { path };
    let below = |entry: &str| {
        path == entry || (entry != HOME && path.strip_prefix(entry).is_some_and(|rest| rest.starts_with('/')))
    };
    ENTRIES.iter().map(|entry| entry.path).filter(|entry| below(entry)).max_by_key(|entry| entry.len())
}

const fn always(_: &Actor) -> bool {
    true
}

const fn never(_: &Actor) -> bool {
    false
}

/// Sees more tickets than the own ones.
pub fn reads_tickets(actor: &Actor) -> bool {
    let seen = visibility(actor);
    seen.all || !seen.agencies.is_empty()
}

/// Works on tickets, on whichever line.
pub fn works(actor: &Actor) -> bool {
    actor.holds(Role::Tier1Agent) || actor.holds(Role::Tier2Unit)
}

fn holds_second_line(actor: &Actor) -> bool {
    visibility(actor).all || actor.holds(Role::Tier2Unit)
}

/// Sees the reports of the whole region.
fn sees_the_region(actor: &Actor) -> bool {
    crate::domain::report::life::may_see(actor, "")
}

/// Decides on proposals, or determines with those who do.
pub fn decides(actor: &Actor) -> bool {
    actor.holds(Role::CoordinationTeam) || actor.grants.iter().any(Grant::is_of_ict_office)
}

/// Signs letters.
pub fn signs(actor: &Actor) -> bool {
    actor.holds(Role::CoordinationTeam) || actor.holds(Role::IctHead)
}

/// Looks after the trail of events.
pub fn audits(actor: &Actor) -> bool {
    actor.holds(Role::Auditor) || actor.holds(Role::SystemAdmin)
}

/// Runs the installation.
pub fn runs_the_house(actor: &Actor) -> bool {
    managing::may_administer(actor)
}

fn manages(actor: &Actor) -> bool {
    managing::reach(actor).is_some()
}

#[cfg(test)]
mod tests {
    use super::current;

    #[test]
    fn a_page_below_an_entry_belongs_to_the_nearest_one() {
        assert_eq!(current("/kerja"), Some("/kerja"));
        assert_eq!(current("/kerja/antrean/berurutan/4"), Some("/kerja/antrean/berurutan"));
        assert_eq!(current("/kerja/antrean/tampilan"), Some("/kerja/antrean"));
        assert_eq!(current("/kerja/tiket/SKW-2611-00482-3"), Some("/kerja/antrean"));
        assert_eq!(current("/kerja/cari"), None);
        assert_eq!(current("/kerjasama"), None);
    }
}
