//! The sheet of the keys.

use crate::web::failure::Answer;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::Data;
use serde_json::json;

/// Keys by where they work, with the sentence that tells what each does.
const SHEET: [(&str, &[(&str, &str)]); 3] = [
    (
        "everywhere",
        &[
            ("Ctrl + K", "palette"),
            ("/", "search"),
            ("?", "sheet"),
            ("g k", "home"),
            ("g a", "queue"),
            ("g e", "escalations"),
            ("g w", "supervision"),
            ("g j", "duties"),
            ("g l", "services"),
        ],
    ),
    ("lists", &[("j", "down"), ("k", "up"), ("x", "pick"), ("Enter", "open")]),
    ("ticket", &[("1", "accept"), ("2", "merge"), ("3", "hand-over"), ("h", "wait")]),
];

/// Pages that a key opens.
const PAGES: [(&str, &str); 8] = [
    ("/kerja", "g k"),
    ("/kerja/antrean", "g a"),
    ("/kerja/eskalasi", "g e"),
    ("/kerja/pengawasan", "g w"),
    ("/kerja/kewajiban", "g j"),
    ("/kerja/layanan", "g l"),
    ("/kerja/cari", "/"),
    ("/kerja/pintasan", "?"),
];

/// What each key does.
#[handler]
pub fn show(Data(visit): Data<&Visit>) -> Answer {
    visit.staff()?;
    let keys = |list: &[(&str, &str)]| -> Vec<_> {
        list.iter().map(|(key, does)| json!({"key": key, "does": does})).collect()
    };
    let sheet: Vec<_> = SHEET.iter().map(|(place, list)| json!({"place": place, "keys": keys(list)})).collect();
    Ok(visit.page("keys.html", json!({"sheet": sheet}))?)
}

/// The key that opens a page, if there is one.
pub fn key_of(path: &str) -> Option<&'static str> {
    PAGES.iter().find(|(page, _)| *page == path).map(|(_, key)| *key)
}
