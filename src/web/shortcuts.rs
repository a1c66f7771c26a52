//! The keyboard shortcuts, as a page. The script that listens to them reads nothing from here: without it the page says
//! what would be.

use crate::web::failure::Answer;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::Data;
use serde_json::{Value, json};

/// Keys by what they are for; what a key does is the sentence `shortcut-<word>`.
const SHORTCUTS: [(&str, &[(&str, &str)]); 4] = [
    ("go", &[("g k", "home"), ("g a", "queue"), ("g e", "escalations"), ("/", "search"), ("Ctrl+K", "palette")]),
    ("list", &[("j", "next"), ("k", "previous"), ("Enter", "open"), ("x", "pick")]),
    ("triage", &[("1", "accept"), ("2", "merge"), ("3", "redirect"), ("h", "snooze")]),
    ("help", &[("?", "this")]),
];

/// Pages that a key opens.
const PAGES: [(&str, &str); 5] = [
    ("/kerja", "g k"),
    ("/kerja/antrean", "g a"),
    ("/kerja/eskalasi", "g e"),
    ("/kerja/cari", "/"),
    ("/kerja/pintasan", "?"),
];

/// Every shortcut.
#[handler]
pub fn show(Data(visit): Data<&Visit>) -> Answer {
    visit.staff()?;
    let group = |(name, keys): &(&str, &[(&str, &str)])| {
        let line = |(key, word): &(&str, &str)| json!({"keys": pressed(key), "text": visit.word("shortcut", word)});
        json!({"name": visit.word("shortcut-group", name), "lines": keys.iter().map(line).collect::<Vec<_>>()})
    };
    let groups: Vec<Value> = SHORTCUTS.iter().map(group).collect();
    Ok(visit.page("shortcuts.html", json!({"groups": groups}))?)
}

/// The key that opens a page, if there is one.
pub fn key_of(path: &str) -> Option<&'static str> {
    PAGES.iter().find(|(page, _)| *page == path).map(|(_, key)| *key)
}

/// Keys pressed one after another.
fn pressed(key: &str) -> Vec<&str> {
    key.split(' ').collect()
}
