//! The plan of the house (`lib.rs`, DESIGN.md section 1) held against its files: who may use whom, where SQL and
//! the time may stand, how long a file may be, and that every function of the store has a test.
//!
//! It reads the text of the files, no more: a path that begins with `crate::` or `super::` is an arrow; that a
//! `mod.rs` names its own children is none. Tests inside a file stand at its end and are not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The ground: everybody stands on it, and it stands on nothing of the house.
const GROUND: &[&str] = &["error", "clock", "config", "fault", "secret"];
/// Words and the pure decisions about them, and the sentences for people.
const WORDS: &[&str] = &["domain", "text"];
/// What the use-cases are made of.
const ROOMS: &[&str] = &["policy", "store", "mail", "render"];
/// They translate for somebody outside and never call one another.
const DOORS: &[&str] = &["web", "api", "receive", "jobs"];

/// What a layer may use beside itself; `None` when it may use everything.
fn below(layer: &str) -> Option<Vec<&'static str>> {
    let groups: &[&[&str]] = match layer {
        "main" | "lib" => return None,
        "domain" => &[&["error"]],
        "text" => &[&["domain", "error"]],
        "policy" => &[WORDS, &["error"]],
        "desk" => &[GROUND, WORDS, ROOMS],
        "app" => &[GROUND, WORDS, ROOMS, &["desk"], DOORS],
        "cli" => &[GROUND, WORDS, ROOMS, &["desk", "app", "receive", "jobs"]],
        _ if GROUND.contains(&layer) => &[GROUND],
        _ if ROOMS.contains(&layer) => &[GROUND, WORDS],
        _ if DOORS.contains(&layer) => &[GROUND, WORDS, ROOMS, &["desk"]],
        _ => panic!("the plan has no place for `{layer}`: give it one here and in DESIGN.md"),
    };
    Some(groups.concat())
}

/// Loops of files that stand until somebody parts them. Do not add to them.
const KNOWN_LOOPS: &[&[&str]] = &[];

/// The Rust files under a folder of the repository, by their paths inside it.
fn files(folder: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let (mut found, mut folders) = (BTreeMap::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).expect("a path below").to_str().expect("a plain name").to_owned();
                found.insert(name, std::fs::read_to_string(&path).expect("a text"));
            }
        }
    }
    found
}

/// The sources without comments and without the tests at their ends.
fn sources() -> BTreeMap<String, String> {
    let code = |text: &str| {
        let program = text.split("#[cfg(test)]").next().unwrap_or_default();
        program.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect()
    };
    files("src").into_iter().map(|(name, text)| (name, code(&text))).collect()
}

/// The modules that lead to a file: `desk/audit.rs` is `desk`, `audit`.
fn modules(file: &str) -> Vec<&str> {
    let mut path: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
    path.pop_if(|last| *last == "mod");
    path
}

/// Every path in a use-tree: `a::{b, c::{self, d}}` is `a::b`, `a::c`, `a::c::d`. Gives the rest of the text.
fn tree<'a>(text: &'a str, path: &[&'a str], found: &mut BTreeSet<Vec<&'a str>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = tree(rest, path, found).trim_start();
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let mut path = path.to_vec();
    match name {
        "" | "self" => {}
        "super" => _ = path.pop(),
        _ => path.push(name),
    }
    match rest.strip_prefix("::") {
        Some(rest) => tree(rest, &path, found),
        None => {
            found.insert(path);
            rest.split_once(" as ")
                .filter(|(between, _)| between.is_empty())
                .map_or(rest, |(_, named)| named.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'))
        }
    }
}

/// The files that a file names.
fn used<'a>(sources: &'a BTreeMap<String, String>, file: &'a str) -> BTreeSet<&'a str> {
    let mut paths = BTreeSet::new();
    let text = &sources[file];
    for (start, word) in text.match_indices("crate::").chain(text.match_indices("super::")) {
        let home = modules(file);
        if word == "crate::" {
            tree(&text[start + word.len()..], &[], &mut paths);
        } else if !text[..start].ends_with("super::") {
            tree(&text[start..], &home, &mut paths);
        }
    }
    let file_of = |path: &Vec<&str>| {
        (1..=path.len()).rev().find_map(|end| {
            let module = path[..end].join("/");
            let named = |name: String| sources.get_key_value(&name).map(|(name, _)| name.as_str());
            named(format!("{module}.rs")).or_else(|| named(format!("{module}/mod.rs")))
        })
    };
    paths.iter().filter_map(file_of).filter(|other| *other != file).collect()
}

fn layer(file: &str) -> &str {
    modules(file)[0]
}

#[test]
fn arrows_point_down_only() {
    let sources = sources();
    let mut wrong = Vec::new();
    for file in sources.keys() {
        let from = layer(file);
        let Some(allowed) = below(from) else { continue };
        for other in used(&sources, file) {
            let to = layer(other);
            if to != from && !allowed.contains(&to) {
                wrong.push(format!("src/{file} uses src/{other}, but {from} may not use {to}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// All files that a file leads to, over however many others.
fn reached<'a>(arrows: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str) -> BTreeSet<&'a str> {
    let (mut seen, mut ahead) = (BTreeSet::new(), vec![from]);
    while let Some(file) = ahead.pop() {
        ahead.extend(arrows[file].iter().filter(|next| seen.insert(**next)));
    }
    seen
}

/// Groups of files of which each leads to every other.
fn loops(sources: &BTreeMap<String, String>) -> BTreeSet<Vec<&str>> {
    let arrows = sources.keys().map(|file| (file.as_str(), used(sources, file))).collect();
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        sources.keys().map(|file| (file.as_str(), reached(&arrows, file))).collect();
    let looped = reach.iter().filter(|(file, others)| others.contains(*file));
    looped.map(|(file, others)| others.iter().copied().filter(|other| reach[other].contains(file)).collect()).collect()
}

#[test]
fn no_files_use_each_other_in_a_loop() {
    let sources = sources();
    let found = loops(&sources);
    let known: BTreeSet<Vec<&str>> = KNOWN_LOOPS.iter().map(|files| files.to_vec()).collect();
    let new: Vec<_> = found.difference(&known).collect();
    assert!(new.is_empty(), "these files use each other: {new:#?}");
    let parted: Vec<_> = known.difference(&found).collect();
    assert!(parted.is_empty(), "take these out of KNOWN_LOOPS: {parted:#?}");
}

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    for folder in ["src", "tests"] {
        for (name, text) in files(folder) {
            let lines = text.lines().count();
            assert!(lines <= 500, "{folder}/{name} has {lines} lines: split it along a noun");
        }
    }
}

/// Fails for each line outside of the files that `may` that holds one of the marks.
fn only_there(may: impl Fn(&str) -> bool, marks: &[&str]) {
    let sources = sources();
    let lines = sources
        .iter()
        .filter(|(name, _)| !may(name))
        .flat_map(|(name, text)| text.lines().map(move |line| (name, line)));
    let wrong: Vec<_> = lines.filter(|(_, line)| marks.iter().any(|mark| line.to_lowercase().contains(mark))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let rightful = sources.iter().filter(|(name, _)| may(name)).any(|(_, text)| text.to_lowercase().contains(marks[0]));
    assert!(rightful, "`{}` stands nowhere: has it been renamed?", marks[0]);
}

#[test]
fn sql_stands_in_the_store_only() {
    let marks =
        ["sqlx::query", "\"select ", "\"insert into ", "\"update ticket", "\"delete from ", "querybuilder", "sql!("];
    only_there(|name| layer(name) == "store", &marks);
}

#[test]
fn the_time_is_read_by_the_clock_only() {
    only_there(|name| name == "clock.rs", &["utc::now(", "local::now(", "systemtime::now("]);
}

#[test]
fn every_function_of_the_store_has_a_story() {
    let stories: String =
        files("tests").into_iter().filter(|(name, _)| name.starts_with("store")).map(|(_, text)| text).collect();
    let (mut seen, mut missing) = (0, Vec::new());
    for (file, text) in sources() {
        let Some(noun) = file.strip_prefix("store/").and_then(|name| name.strip_suffix(".rs")) else { continue };
        if matches!(noun, "mod" | "rows" | "writer") {
            continue;
        }
        for line in text.lines() {
            let Some(rest) = line.strip_prefix("pub async fn ").or_else(|| line.strip_prefix("pub fn ")) else {
                continue;
            };
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            seen += 1;
            if !stories.contains(&format!("{noun}::{name}(")) {
                missing.push(format!("{noun}::{name}"));
            }
        }
    }
    assert!(seen > 50, "only {seen} functions were recognised");
    assert!(missing.is_empty(), "tests/store knows nothing of {missing:#?}");
}

#[test]
fn a_use_tree_is_read_to_its_leaves() {
    let mut found = BTreeSet::new();
    let rest = tree("desk::{Desk, verbs::{self, Change as Other,\n  x}, super::a::b}; rest", &[], &mut found);
    let paths: Vec<String> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["a::b", "desk::Desk", "desk::verbs", "desk::verbs::Change", "desk::verbs::x"]);
    assert_eq!(rest, "; rest");
    let mut found = BTreeSet::new();
    tree("store::tickets::list(&mut tx)", &[], &mut found);
    assert_eq!(found, BTreeSet::from([vec!["store", "tickets", "list"]]));
}
