//! The words on a page: none missing, none raw, none forbidden (UX.md 2.7, 2.8; goal M13).

use super::page::{all, spoken};
use scraper::{ElementRef, Html};
use std::collections::BTreeSet;

/// Marks of a template or of the catalogue that have not become words.
const RAW: &[&str] =
    &["{{", "}}", "{%", "%}", "{ $", "{$", "\u{2068}", "\u{2069}", "[object", "undefined", "&amp;amp;"];
/// One word per thing: these are the others, on pages and in the catalogue.
pub const FORBIDDEN: &[&str] = &[
    "tiketing",
    "user",
    "customer",
    "agen",
    "opd",
    "skpd",
    "antrian",
    "pending",
    "open",
    "solved",
    "urgent",
    "deadline",
    "tenggat",
    "hold",
    "submit",
    "login",
    "logout",
    "dashboard",
    "file",
    "issue",
    "assign",
    "download",
    "upload",
    "ok",
    "aduan",
    "cs",
    "insiden",
    "email",
];
/// Records that have no number of their own, so that their addresses carry the one of the database.
const NAMELESS: &[&str] =
    &["pengguna", "token", "kewajiban", "lampiran", "tampilan", "surat-demo", "usulan", "makro", "surel"];

/// Everything about the words.
pub fn check(html: &Html, keys: &BTreeSet<String>, language: &str, found: &mut Vec<String>) {
    for element in all(html, "body *") {
        let own: String = element.children().filter_map(|child| child.value().as_text().map(|text| &**text)).collect();
        let mut texts = vec![own];
        for name in ["title", "aria-label", "placeholder", "alt", "content"] {
            texts.extend(element.attr(name).map(str::to_owned));
        }
        for text in texts {
            told_wrong(&text, element, keys, found);
        }
    }
    if language == "id" {
        // A choice may bear the name of a service or of a person.
        for element in all(html, "button, label:not(.choice), legend, th, summary, nav a, dt") {
            let text = spoken(element);
            // The name of a setting is no sentence.
            if text.contains(' ') || !text.contains(['.', '_']) {
                forbidden(&text, found);
            }
        }
    }
    for time in all(html, "main time") {
        let text = spoken(time);
        if time.attr("datetime").is_none_or(|at| at.len() < 10) {
            found.push(format!("shows {text:?} without an instant for machines"));
        }
        if language == "id" && text.split(' ').any(|word| word.len() == 5 && word.as_bytes()[2] == b':') {
            found.push(format!("writes the time as {text:?}"));
        }
    }
    for element in all(html, "main *") {
        let own: String = element.children().filter_map(|child| child.value().as_text().map(|text| &**text)).collect();
        if let Some(time) = zoneless(&own)
            && !is_verbatim(element)
            && !is_written(element)
        {
            found.push(format!("tells the time {time:?} without its zone in {:?}", own.trim()));
        }
    }
    for title in all(html, "title") {
        told_wrong(&spoken(title), title, keys, found);
    }
}

/// An instant that does not say its zone: a time of day after *pukul*, *at* or a year. Hours of calendars, shares and
/// the rows of a table of hours are none.
fn zoneless(text: &str) -> Option<&str> {
    let is_apart = |sign: Option<char>| sign.is_none_or(|sign| !sign.is_alphanumeric() && !".,/".contains(sign));
    let mut places = text.char_indices().map(|(at, _)| at).filter_map(|at| Some((at, text.get(at..at + 5)?)));
    let (_, time) = places.find(|(at, time)| {
        let [h1, h2, b'.', m1, m2] = time.as_bytes() else { return false };
        let is_time =
            (b'0'..=b'2').contains(h1) && h2.is_ascii_digit() && (b'0'..=b'5').contains(m1) && m2.is_ascii_digit();
        let rest = &text[at + 5..];
        let is_ended = rest.strip_prefix('.').is_none_or(|rest| rest.trim().is_empty() || rest.starts_with(' '));
        let first = if rest.starts_with('.') { None } else { rest.chars().next() };
        let has_zone = [" WIB", " WITA", " WIT"].iter().any(|zone| rest.starts_with(zone));
        let goes_on =
            ["–", "-", " – ", " sampai ", " s.d. ", " to ", " until "].iter().any(|joint| rest.starts_with(joint));
        let before = text[..*at].trim_end_matches([' ', ',', '\u{a0}']);
        let is_instant = ["pukul", " at"].iter().any(|word| before.ends_with(word))
            || before.len() >= 4
                && before.is_char_boundary(before.len() - 4)
                && before[before.len() - 4..].starts_with("20")
                && before[before.len() - 4..].bytes().all(|sign| sign.is_ascii_digit());
        is_instant
            && is_time
            && is_ended
            && is_apart(text[..*at].chars().next_back())
            && is_apart(first)
            && !has_zone
            && !goes_on
    })?;
    Some(time)
}

/// Words of people, of whose times nobody knows more.
fn is_written(element: ElementRef<'_>) -> bool {
    let mut line = std::iter::once(element).chain(element.ancestors().filter_map(ElementRef::wrap));
    line.any(|it| it.value().classes().any(|class| ["body", "verbatim"].contains(&class)))
}

fn told_wrong(text: &str, element: ElementRef<'_>, keys: &BTreeSet<String>, found: &mut Vec<String>) {
    let text = text.trim();
    if let Some(mark) = RAW.iter().find(|mark| text.contains(**mark) && !is_verbatim(element)) {
        found.push(format!("shows {mark:?} in {text:?}"));
    }
    let is_setting = element.parent().and_then(ElementRef::wrap).is_some_and(|row| {
        row.value().name() == "tr"
            && row.child_elements().any(|cell| cell.attr("class").is_some_and(|class| class.contains("number")))
    });
    if ["none", "null", "true", "false"].contains(&text) && !is_setting {
        found.push(format!("shows {text:?} in <{}>", element.value().name()));
    }
    let class = element.attr("class").unwrap_or_default();
    if class.split(' ').any(|class| matches!(class, "key" | "number")) {
        return;
    }
    let is_key = text.contains('-')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte.is_ascii_digit());
    let family = text.split('-').next().unwrap_or_default();
    let is_ours = keys.contains(text)
        || (text.matches('-').count() > 1 && keys.iter().any(|key| key.split('-').next() == Some(family)));
    if is_key && is_ours {
        found.push(format!("shows the key {text:?} instead of a sentence"));
    }
}

/// What somebody writes, or what is shown letter by letter: the text of a mail before its values are filled in.
fn is_verbatim(element: ElementRef<'_>) -> bool {
    let mut line = std::iter::once(element).chain(element.ancestors().filter_map(ElementRef::wrap));
    line.any(|it| matches!(it.value().name(), "code" | "textarea") || it.attr("translate") == Some("no"))
}

fn forbidden(text: &str, found: &mut Vec<String>) {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric() && c != '-');
    if let Some(word) = words.find(|word| FORBIDDEN.contains(word)) {
        found.push(format!("says {word:?} in {text:?}"));
    }
    if text.contains('!') {
        found.push(format!("cries out: {text:?}"));
    }
    let letters: Vec<char> = text.chars().filter(|c| c.is_alphabetic()).collect();
    if letters.len() > 12 && text.contains(' ') && letters.iter().all(|c| c.is_uppercase()) {
        found.push(format!("shouts: {text:?}"));
    }
}

/// A number of the database in an address, where a number or code of the thing could stand.
pub fn bare_id(address: &str) -> Option<String> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let is_bare = |pair: &&[&str]| {
        pair[1].bytes().all(|b| b.is_ascii_digit()) && !pair[1].is_empty() && !NAMELESS.contains(&pair[0])
    };
    let pair = parts.windows(2).find(is_bare)?;
    Some(format!("has the number of a database in an address: {}/…", pair[0]))
}

#[test]
fn an_instant_without_its_zone_is_found_however_it_is_written() {
    for (text, time) in [
        ("22 Nov 2026, 14.05", Some("14.05")),
        ("22 November 2026 14.05", Some("14.05")),
        ("pukul 14.05.", Some("14.05")),
        ("22 Nov 2026, 14.05 WIB", None),
        ("pukul 08.00–16.00", None),
        ("14.05", None),
    ] {
        assert_eq!(zoneless(text), time, "{text}");
    }
}
