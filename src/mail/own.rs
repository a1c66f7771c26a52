//! Texts of mails that the installation writes itself: what may stand in them, checked before they are kept.
//!
//! Such a text is a subject and plain words with values of a closed list, `{% if %}` and `{% for %}`; no filters, no calls,
//! no other templates. The HTML part is made from the rendered words, so nobody writes any markup. Values are put in
//! after parsing: whatever a stranger wrote stays text.

use crate::domain::ticket::Language;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Longest subject, in characters.
pub const LONGEST_SUBJECT: usize = 200;
/// Longest text, in characters.
pub const LONGEST_BODY: usize = 20_000;
/// Steps a text may take: a loop over what a mail holds ends long before.
const FUEL: u64 = 100_000;

/// A mail of the house: which values it may and must use, and made-up ones to try a text with.
#[derive(Debug, Deserialize)]
pub struct Form {
    /// Folder of the built-in texts.
    pub template: String,
    /// Values it is useless without.
    pub required: Vec<String>,
    /// Made-up values; every case a text has to get along with.
    pub samples: Vec<serde_json::Value>,
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing stands there.
    Empty,
    /// More characters than this.
    TooLong(usize),
    /// A subject of several lines, or with signs nobody sees.
    Unprintable,
    /// A tag that may not stand there: its line from 1, and the tag.
    Tag(usize, String),
    /// A value that this mail does not have.
    Unknown(String),
    /// A value that must stand in subject or text.
    Missing(String),
    /// It cannot be read or carried out: the line from 1.
    Broken(usize),
}

static FORMS: LazyLock<Vec<Form>> =
    LazyLock::new(|| serde_json::from_str(include_str!("samples.json")).unwrap_or_default());

/// Every mail whose text may be changed.
pub fn forms() -> &'static [Form] {
    &FORMS
}

/// The mail of this name.
pub fn form(template: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.template == template)
}

impl Form {
    /// Names of the values a text may use, sorted.
    pub fn variables(&self) -> BTreeSet<&str> {
        let keys = self.samples.iter().filter_map(serde_json::Value::as_object).flat_map(|sample| sample.keys());
        keys.map(String::as_str).chain(["desk", "region"]).collect()
    }

    /// Names of the values of one item, where the mail has a list of them.
    pub fn item_variables(&self) -> BTreeSet<&str> {
        let lists = self.samples.iter().filter_map(|sample| sample.get("items")?.as_array());
        lists
            .flatten()
            .filter_map(serde_json::Value::as_object)
            .flat_map(|item| item.keys())
            .map(String::as_str)
            .collect()
    }

    /// Everything that is wrong with a text, by part: `subject` or `body`.
    pub fn faults(&self, subject: &str, body: &str) -> Vec<(&'static str, Fault)> {
        let mut faults = Vec::new();
        let mut used = BTreeSet::new();
        for (part, text, longest) in [("subject", subject, LONGEST_SUBJECT), ("body", body, LONGEST_BODY)] {
            let hidden = |c: char| c.is_control() && (part == "subject" || !matches!(c, '\n' | '\t'));
            if text.trim().is_empty() {
                faults.push((part, Fault::Empty));
            } else if text.chars().count() > longest {
                faults.push((part, Fault::TooLong(longest)));
            } else if text.contains(hidden) {
                faults.push((part, Fault::Unprintable));
            } else if let Some(fault) = forbidden_tag(text) {
                faults.push((part, fault));
            } else {
                match self.names_in(text) {
                    Ok(names) => used.extend(names),
                    Err(fault) => faults.push((part, fault)),
                }
            }
        }
        if faults.is_empty() {
            let lacks = |name: &&String| !used.contains(*name);
            faults.extend(self.required.iter().filter(lacks).map(|name| ("body", Fault::Missing(name.clone()))));
        }
        faults
    }

    /// The values a text asks for, after it was tried with every sample.
    fn names_in(&self, text: &str) -> Result<BTreeSet<String>, Fault> {
        let broken = |error: minijinja::Error| Fault::Broken(error.line().unwrap_or(1));
        let mut templates = environment();
        templates.add_template("text", text).map_err(broken)?;
        let template = templates.get_template("text").map_err(broken)?;
        let names: BTreeSet<String> = template.undeclared_variables(false).into_iter().collect();
        let known = self.variables();
        if let Some(name) = names.iter().find(|name| !known.contains(name.as_str())) {
            return Err(Fault::Unknown(name.clone()));
        }
        for sample in &self.samples {
            let mut sample = sample.clone();
            if let Some(sample) = sample.as_object_mut() {
                sample.insert("desk".to_owned(), "Meja".into());
                sample.insert("region".to_owned(), "Daerah".into());
            }
            let values: Value = serde_json::from_value(sample).map_err(|_| Fault::Broken(1))?;
            template.render(values).map_err(broken)?;
        }
        Ok(names)
    }
}

/// The templates of own texts, strict and with little fuel.
pub(super) fn environment() -> Environment<'static> {
    let mut templates = Environment::empty();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_auto_escape_callback(|_| AutoEscape::None);
    templates.set_fuel(Some(FUEL));
    templates.add_filter("join", minijinja::filters::join);
    templates
}

/// The first tag that is none of those a text may have.
fn forbidden_tag(text: &str) -> Option<Fault> {
    let mut place = 0;
    while let Some(open) = text[place..].find(['{', '}']).map(|at| place + at) {
        let rest = &text[open..];
        let close = match rest.get(..2) {
            Some("{{") => "}}",
            Some("{%") => "%}",
            Some("{#" | "}}") => "",
            _ => {
                place = open + 1;
                continue;
            }
        };
        let line = text[..open].matches('\n').count() + 1;
        let bad = |tag: &str| Some(Fault::Tag(line, tag.chars().take(60).collect()));
        let Some(end) = rest.find(close).filter(|_| !close.is_empty()) else { return bad(rest) };
        let inside = rest.get(2..end).unwrap_or_default().trim_matches('-').trim();
        if !is_plain(inside, close == "%}") {
            return bad(rest.get(..end + 2).unwrap_or(rest));
        }
        place = open + end + 2;
    }
    None
}

/// Names, words to compare with, and the few statements; nothing that calls or changes.
fn is_plain(inside: &str, is_statement: bool) -> bool {
    let first = inside.split_whitespace().next().unwrap_or_default();
    if is_statement && !["if", "elif", "else", "endif", "for", "endfor"].contains(&first) {
        return false;
    }
    // The one filter that lists need.
    let inside = inside.strip_suffix("|join(\", \")").unwrap_or(inside);
    let mut parts = inside.split('"');
    let outside = |part: &str| {
        part.replace("[0]", "").chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ' ' | '=' | '!'))
    };
    // Every other part stands between quotation marks.
    let (mut quoted, mut plain) = (false, true);
    for part in parts.by_ref() {
        plain &= quoted || outside(part);
        quoted = !quoted;
    }
    plain && quoted && !inside.is_empty()
}

/// The built-in text of a mail as one that people may change: the same words without inheritance. `read` gives the source
/// of a template.
pub(super) fn flat(read: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    let mut source = read(name)?;
    // A mail, what its kind has in common, and the frame of all.
    for _ in 0..4 {
        while let Some((before, rest)) = source.split_once("{#") {
            source = format!("{before}{}", rest.split_once("#}")?.1.trim_start_matches('\n'));
        }
        let Some((_, rest)) = source.split_once("{% extends \"") else { break };
        let (parent, rest) = rest.split_once("\" %}")?;
        for (name, body) in blocks_of(rest) {
            if blocks.iter().all(|(known, _)| *known != name) {
                blocks.push((name, body));
            }
        }
        if parent.starts_with("layout") {
            let content = blocks.iter().find(|(name, _)| name == "content")?.1.clone();
            return Some(filled(&content, &blocks).trim().to_owned());
        }
        source = read(parent)?;
    }
    Some(source.trim().to_owned())
}

/// The outermost blocks of a template.
fn blocks_of(mut text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while let Some((name, body, _, rest)) = next_block(text) {
        found.push((name.to_owned(), body.to_owned()));
        text = rest;
    }
    found
}

/// The text with its blocks filled in.
fn filled(text: &str, blocks: &[(String, String)]) -> String {
    match next_block(text) {
        None => text.to_owned(),
        Some((name, body, before, rest)) => {
            let body = blocks.iter().find(|(known, _)| known == name).map_or(body, |(_, body)| body);
            format!("{before}{}{}", filled(body, blocks), filled(rest, blocks))
        }
    }
}

/// Name and body of the first block, what stands before it and behind it.
fn next_block(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (before, rest) = text.split_once("{% block ")?;
    let (head, rest) = rest.split_once("%}")?;
    let (mut depth, mut end) = (1_usize, 0);
    while depth > 0 {
        let opened = rest[end..].find("{% block ").map(|at| end + at);
        let closed = rest[end..].find("endblock").map(|at| end + at)?;
        match opened.filter(|at| *at < closed) {
            Some(at) => (depth, end) = (depth + 1, at + 1),
            None => (depth, end) = (depth - 1, closed + 1),
        }
    }
    let start = rest[..end].rfind("{%")?;
    let behind = rest[end..].split_once("%}")?.1;
    let body = rest[..start].trim_matches('\n');
    Some((head.trim_end_matches('-').trim(), body, before, behind))
}

/// Rendered words as paragraphs of the HTML part; `links` are addresses of our own that become links.
pub(super) fn paragraphs(text: &str, links: &[String]) -> Vec<Value> {
    let paragraph = |part: &str| -> Value {
        let mut pieces = Vec::new();
        for (place, line) in part.lines().enumerate() {
            if place > 0 {
                pieces.push(context! { newline => true, href => false, text => "" });
            }
            pieces.extend(linked(line, links));
        }
        Value::from(pieces)
    };
    text.split("\n\n").map(str::trim).filter(|part| !part.is_empty()).map(paragraph).collect()
}

fn linked(line: &str, links: &[String]) -> Vec<Value> {
    let piece = |text: &str, href: bool| context! { text => text, href => href, newline => false };
    // The longest first: one address may be the beginning of another.
    let found = links.iter().filter_map(|link| line.find(link.as_str()).map(|at| (at, link)));
    match found.min_by_key(|(at, link)| (*at, std::cmp::Reverse(link.len()))) {
        None if line.is_empty() => Vec::new(),
        None => vec![piece(line, false)],
        Some((at, link)) => {
            let mut pieces = vec![piece(&line[..at], false), piece(link, true)];
            pieces.extend(linked(&line[at + link.len()..], links));
            pieces
        }
    }
}

/// Name of a part of an own text among the templates.
pub(super) fn name(template: &str, language: Language, part: &str) -> String {
    format!("{template}/{language}/{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "{% if name %}Yth. {{ name }},{% endif %}\n{{ body }}\n{{ number }} {{ url }}";

    fn faults(subject: &str, body: &str) -> Vec<(&'static str, Fault)> {
        form("reply").expect("a mail").faults(subject, body)
    }

    #[test]
    fn only_values_of_the_closed_list_and_plain_tags_may_stand_in_a_text() {
        assert_eq!(faults("[{{ number }}] {{ subject }}", GOOD), []);
        for tag in [
            "{{ name|upper }}",
            "{{ range(9) }}",
            "{{ 7*7 }}",
            "{% include \"staff.id.txt\" %}",
            "{% extends \"layout.txt\" %}",
            "{% set x = 1 %}",
            "{% macro x() %}",
            "{{ name.__class__[1] }}",
            "{# x #}",
            "{{ name",
            "}}",
            "{{ \"x }}",
            "{{ }}",
        ] {
            let found = faults("Nomor {{ number }}", &format!("{GOOD}\n{tag}"));
            assert!(matches!(&found[..], [("body", Fault::Tag(4, _))]), "{tag}: {found:?}");
        }
        let unknown = Fault::Unknown("sandi".to_owned());
        assert_eq!(faults("x", &format!("{GOOD} {{{{ sandi }}}}")), [("body", unknown)]);
        assert_eq!(faults("x", &format!("{GOOD}\n{{{{ user.password }}}}")).len(), 1);
        assert_eq!(faults("x", "{{ body }} {{ number }}"), [("body", Fault::Missing("url".to_owned()))]);
        assert_eq!(faults("x\r\nBcc: a@b.c", GOOD), [("subject", Fault::Unprintable)]);
        assert_eq!(faults("", GOOD), [("subject", Fault::Empty)]);
        assert_eq!(faults("x", &"x".repeat(LONGEST_BODY + 1)), [("body", Fault::TooLong(LONGEST_BODY))]);
        assert_eq!(faults("x", &format!("{GOOD}\n{{% if name %}}")), [("body", Fault::Broken(4))]);
        let item = "{% for item in items %}{{ item.what }}{{ item.sandi }}{% endfor %}";
        assert!(matches!(form("notices").expect("a mail").faults("x", item)[..], [("body", Fault::Broken(1))]));
    }

    #[test]
    fn what_a_reporter_wrote_may_not_stand_in_the_confirmation() {
        let form = form("received").expect("a mail");
        assert!(!form.variables().contains("name") && !form.variables().contains("subject"));
    }

    #[test]
    fn addresses_of_ours_become_links_and_nothing_else() {
        let links = ["https://a.id/x".to_owned(), "https://a.id/x/y".to_owned()];
        let pieces = linked("Buka https://a.id/x/y atau https://jahat.id", &links);
        let shown: Vec<String> = pieces.iter().map(ToString::to_string).collect();
        assert_eq!(pieces.len(), 3, "{shown:?}");
        assert_eq!(pieces[1].get_attr("text").expect("a text").to_string(), "https://a.id/x/y");
        assert_eq!(paragraphs("satu\ndua\n\n\ntiga", &[]).len(), 2);
    }
}
