//! The pages of the settings, `/kerja/pengaturan/…`, in one table.

use crate::domain::managing;
use crate::domain::people::Actor;
use crate::domain::settings::may_read;
use crate::domain::webhook::may_have;
use crate::web::failure::Answer;
use crate::web::visit::Visit;
use poem::web::Data;
use poem::{Route, get, handler, post};
use serde_json::{Value, json};

mod agencies;
mod calendars;
mod diff;
mod mail;
mod retention;
mod roles;
mod templates;
mod undeliverable;

/// A page of the settings: its address, the keys of its title and of what stands under it, and who may open it.
type Entry = (&'static str, &'static str, &'static str, fn(&Actor) -> bool);

/// Every page of the settings in the order of the index.
const PAGES: &[Entry] = &[
    ("/kerja/pengaturan/pd", "settings-agencies", "settings-agencies-lead", Actor::is_staff),
    ("/kerja/pengaturan/kalender", "settings-calendars", "settings-calendars-lead", Actor::is_staff),
    ("/kerja/pengaturan/pengguna", "settings-people", "settings-people-lead", manages),
    ("/kerja/pengaturan/peran", "settings-roles", "settings-roles-lead", Actor::is_staff),
    ("/kerja/pengaturan/token", "settings-tokens", "settings-tokens-lead", Actor::is_staff),
    ("/kerja/pengaturan/webhook", "settings-webhooks", "settings-webhooks-lead", webhooks),
    ("/kerja/pengaturan/kebijakan", "settings-policy", "settings-policy-lead", Actor::is_staff),
    ("/kerja/pengaturan/templat", "settings-texts", "settings-texts-lead", may_read),
    ("/kerja/pengaturan/surel", "settings-mail", "settings-mail-lead", may_read),
    ("/kerja/pengaturan/retensi", "settings-retention", "settings-retention-lead", may_read),
    ("/kerja/makro", "replies-title", "settings-replies-lead", Actor::is_staff),
    ("/kerja/antrean/tampilan", "setting-views", "setting-views-lead", Actor::is_staff),
    ("/akun", "setting-account", "setting-account-lead", Actor::is_staff),
];

fn webhooks(actor: &Actor) -> bool {
    may_have(actor) || managing::may_administer(actor)
}

fn manages(actor: &Actor) -> bool {
    managing::reach(actor).is_some()
}

/// Who may open the page of settings that stands at this address, or above it.
pub fn guard_of(path: &str) -> Option<fn(&Actor) -> bool> {
    let above = |entry: &str| path.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    PAGES.iter().find(|(entry, ..)| above(entry)).map(|(.., may)| *may)
}

/// Every page of settings the person may open.
#[handler]
pub fn index(Data(visit): Data<&Visit>) -> Answer {
    let rows = entries(visit, visit.staff()?);
    Ok(visit.page("settings.html", json!({"rows": rows}))?)
}

/// The entries of the index for a person: address, name, purpose.
pub fn entries(visit: &Visit, actor: &Actor) -> Vec<Value> {
    let open = PAGES.iter().filter(|(.., may)| may(actor));
    let word = |key: &str| crate::text::word(visit.language, key);
    open.map(|(path, name, lead, _)| json!({"path": path, "name": word(name), "lead": word(lead)})).collect()
}

/// Adds the addresses of the settings that stand in this folder.
pub fn add(route: Route) -> Route {
    route
        .at("/kerja/pengaturan/pd", get(agencies::list))
        .at("/kerja/pengaturan/pd/baru", get(agencies::new_form).post(agencies::add))
        .at("/kerja/pengaturan/pd/:code", get(agencies::show))
        .at("/kerja/pengaturan/pd/:code/:act", post(agencies::do_act))
        .at("/kerja/pengaturan/peran", get(roles::list))
        .at("/kerja/pengaturan/kalender", get(calendars::list))
        .at("/kerja/pengaturan/kalender/hari", get(calendars::ask).post(calendars::enter))
        .at("/kerja/pengaturan/kalender/:name", get(calendars::show))
        .at("/kerja/pengaturan/templat", get(templates::list))
        .at("/kerja/pengaturan/templat/:template/:language", get(templates::show))
        .at("/kerja/pengaturan/templat/:template/:language/:act", post(templates::do_act))
        .at("/kerja/pengaturan/surel", get(mail::show))
        .at("/kerja/pengaturan/surel/uji", post(mail::test))
        .at("/kerja/pengaturan/surel/:id/coba", post(mail::retry))
        .at("/kerja/pengaturan/surel/alamat", get(undeliverable::show))
        .at("/kerja/pengaturan/surel/alamat/:id/kirim", post(undeliverable::lift))
        .at("/kerja/pengaturan/retensi", get(retention::show))
        .at("/kerja/pengaturan/retensi/:act", post(retention::do_act))
}
