//! The index of the settings: one page that lists what the person may look at or change.

use crate::domain::managing;
use crate::domain::people::Actor;
use crate::web::failure::Answer;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::Data;
use serde_json::{Value, json};

/// A page of settings. Its name is the sentence `setting-<key>`, what it is for `setting-<key>-lead`.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Address of the page.
    pub path: &'static str,
    /// Names its sentences.
    pub key: &'static str,
    /// Who is shown the entry; the page answers 200 to all of them.
    pub may: fn(&Actor) -> bool,
}

/// The index in the order of the page. To add a page: one line here and its two sentences.
pub const SETTINGS: &[Setting] = &[
    Setting { path: "/kerja/pengaturan/kebijakan", key: "policy", may: Actor::is_staff },
    Setting { path: "/kerja/pengaturan/pengguna", key: "people", may: manages },
    Setting { path: "/kerja/pengaturan/token", key: "tokens", may: Actor::is_staff },
    Setting { path: "/kerja/antrean/tampilan", key: "views", may: Actor::is_staff },
    Setting { path: "/akun", key: "account", may: Actor::is_staff },
];

fn manages(actor: &Actor) -> bool {
    managing::reach(actor).is_some()
}

/// Every page of settings the person may open.
#[handler]
pub fn index(Data(visit): Data<&Visit>) -> Answer {
    let rows = entries(visit, visit.staff()?);
    Ok(visit.page("settings.html", json!({"rows": rows}))?)
}

/// The entries of the index for a person: address, name, purpose.
pub fn entries(visit: &Visit, actor: &Actor) -> Vec<Value> {
    let shown = SETTINGS.iter().filter(|setting| (setting.may)(actor));
    let row = |setting: &Setting| {
        let name = visit.word("setting", setting.key);
        json!({"path": setting.path, "name": name, "lead": visit.word("setting", &format!("{}-lead", setting.key))})
    };
    shown.map(row).collect()
}
