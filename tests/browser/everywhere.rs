//! Every page that can be reached by links, one of each kind: no rule of axe broken in either width, theme and
//! language; nothing to scroll sideways at 320 pixels, nor with letters of double size. What no link leads to is handed to
//! the walk: see `seeds`.

use browser::map::Map;
use browser::seeds::{self, Seed};
use browser::{Chrome, Demo, Looks, Tab};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

/// Who walks, in two browsers at once.
const WALKERS: [&[&str]; 2] = [
    &["", "superadmin@demo.test", "auditor@demo.test"],
    &[
        "admin.dinkes@demo.test",
        "pimpinan@demo.test",
        "sistem@demo.test",
        "tim.koordinasi@demo.test",
        "warga@demo.test",
    ],
];
/// Where nobody lands on a page: streams, signing in elsewhere.
const NO_PAGES: [&str; 3] = ["/kerja/kabar", "/masuk/sso", "/masuk/sso/kembali"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_keeps_every_rule_in_each_width_theme_and_language() {
    let (demo, chrome) = (Demo::start(), Chrome::start());
    let taken = Arc::new(Mutex::new(BTreeSet::new()));
    let mut faults = BTreeMap::new();
    let [one, two] = WALKERS.map(|people| walk(people, &chrome, &demo, &taken));
    let (one, two) = tokio::join!(one, two);
    for (fault, place) in one.into_iter().chain(two) {
        faults.entry(fault).or_insert(place);
    }
    let count = taken.lock().expect("a set").len();
    assert!(count > 25, "only {count} kinds of pages were found: {taken:?}");
    assert!(faults.is_empty(), "{} faults on {count} pages:\n{faults:#?}", faults.len());
}

async fn walk(
    people: &[&str],
    chrome: &Chrome,
    demo: &Demo,
    taken: &Mutex<BTreeSet<String>>,
) -> Vec<((String, String, String), String)> {
    let map = Map::read();
    let mut faults = Vec::new();
    for email in people {
        let tab = chrome.tab(&demo.base).await;
        if !email.is_empty() {
            tab.sign_in(email).await;
        }
        for (kind, path) in found(&tab, &map, if email.is_empty() { "/" } else { "/kerja" }).await {
            // The home page is another one for everybody.
            let name = if kind == "/kerja" { format!("{kind} of {email}") } else { kind.clone() };
            if taken.lock().expect("a set").insert(name) {
                look_at(&tab, &kind, &path, None, &mut faults).await;
            }
        }
        for Seed { kind, path, sent } in seeded(email, &tab, chrome, demo).await {
            look_at(&tab, kind, &path, sent.as_ref(), &mut faults).await;
        }
        tab.close().await;
    }
    faults
}

/// What this person meets that no link leads to.
async fn seeded(email: &str, tab: &Tab, chrome: &Chrome, demo: &Demo) -> Vec<Seed> {
    match email {
        "" => {
            let office = chrome.tab(&demo.base).await;
            office.sign_in("superadmin@demo.test").await;
            let seeds = seeds::of_reporter(tab, &office).await;
            office.close().await;
            seeds
        }
        "warga@demo.test" => seeds::of_citizen(tab).await,
        "superadmin@demo.test" => seeds::of_office(tab).await,
        _ => Vec::new(),
    }
}

/// One address of each kind that links lead to.
async fn found(tab: &Tab, map: &Map, start: &str) -> BTreeMap<String, String> {
    tab.open(start).await;
    let mut kinds = BTreeMap::new();
    let mut ahead = VecDeque::from([start.to_owned(), "/".to_owned(), "/akun".to_owned()]);
    while let Some(path) = ahead.pop_front() {
        let kind = map.pattern(path.split(['?', '#']).next().unwrap_or_default());
        if kinds.contains_key(&kind) || NO_PAGES.contains(&kind.as_str()) {
            continue;
        }
        let told = tab
            .ask(&format!(
                "fetch({}).then(it => it.ok && !it.redirected && it.headers.get('content-type').startsWith('text/html') ? it.text() : '')\
                 .then(text => text && [...new DOMParser().parseFromString(text, 'text/html').querySelectorAll('a[href]')]\
                 .map(link => link.getAttribute('href')))",
                json!(path)
            ))
            .await;
        let Value::Array(links) = told else { continue };
        kinds.insert(kind, path.clone());
        for link in links.iter().filter_map(Value::as_str) {
            if link.starts_with('/')
                && !link.starts_with("//")
                && !link.starts_with("/api/")
                && !link.contains("bahasa=")
            {
                ahead.push_back(link.to_owned());
            }
        }
    }
    kinds
}

/// `sent` is the form that is sent from the page first.
async fn look_at(
    tab: &Tab,
    kind: &str,
    path: &str,
    sent: Option<&(&'static str, Value)>,
    faults: &mut Vec<((String, String, String), String)>,
) {
    let mut note = |rule: &str, element: String, how: &str| {
        faults.push(((kind.to_owned(), rule.to_owned(), element), format!("{path} {how}")));
    };
    for language in ["id", "en"] {
        tab.look(Looks { width: 1366, dark: false, language }).await;
        tab.open(path).await;
        if let Some((form, fields)) = sent {
            tab.send_open(form, fields).await;
        }
        for (width, dark) in [(1366, false), (1366, true), (320, false), (320, true)] {
            tab.width(width).await;
            tab.theme(dark).await;
            for fault in tab.axe().await {
                let theme = if dark { ", dark" } else { "" };
                note(&fault.rule, fault.element, &format!("in {language} at {width}{theme}"));
            }
        }
        if let Some(wide) = sideways(tab).await {
            note("reflow", wide, &format!("in {language} at 320"));
        }
    }
    tab.ask("void (document.documentElement.style.fontSize = '200%')").await;
    for width in [1280, 640] {
        tab.width(width).await;
        if let Some(wide) = sideways(tab).await {
            note("reflow", wide, &format!("at {width} with letters of double size"));
        }
    }
}

/// What sticks out, if the page can be scrolled sideways.
async fn sideways(tab: &Tab) -> Option<String> {
    let told = tab
        .ask(
            "(() => { const most = document.documentElement.clientWidth; \
             if (document.documentElement.scrollWidth <= most) return ''; \
             const out = [...document.querySelectorAll('body *')].filter(it => it.getBoundingClientRect().right > most + 1 \
             && !it.closest('.scroll, nav, .sr, .skip')); \
             return document.documentElement.scrollWidth + ' wide: ' + out.slice(0, 3).map(it => it.outerHTML.slice(0, 90)).join(' | '); })()",
        )
        .await;
    told.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}
