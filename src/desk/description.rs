//! What people want to stand in the catalogue about a service: read, checked, put in.

use crate::desk::Desk;
use crate::desk::written::{LONGEST_REASON, required_all};
use crate::domain::catalogue::{Category, Entry, Part, RaciLine, Safeguard};
use crate::error::{Error, FieldError, Result, Say};
use crate::mail::parse::clean;
use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Longest name, host or address in the catalogue, in characters.
const LONGEST_NAME: usize = 200;
/// Longest part of a definition, in characters.
const LONGEST_PART: usize = 20_000;
/// Most lines of a list in the catalogue.
const MOST_LINES: usize = 50;

/// What is to stand in the catalogue; `None` stays as it is.
#[derive(Debug, Clone, Default, Hash)]
pub struct Wanted {
    /// What people call it.
    pub name: Option<String>,
    /// Code of the agency that owns it.
    pub agency: Option<String>,
    /// What it is about.
    pub category: Option<Category>,
    /// Words by which reporters name it.
    pub keywords: Option<Vec<String>>,
    /// Parts of its definition; an empty text takes a part out.
    pub parts: BTreeMap<Part, String>,
    /// Public addresses and hosts.
    pub endpoints: Option<Vec<String>>,
    /// When it can be used.
    pub hours: Option<String>,
    /// Calendar of its support; an empty name takes it out.
    pub calendar: Option<String>,
    /// Who does, answers for, is asked about and is told of it.
    pub raci: Option<Vec<RaciLine>>,
    /// Dates (`YYYY-MM-DD`) of safeguards; an empty one takes it out.
    pub safeguards: BTreeMap<Safeguard, String>,
}

impl Desk {
    /// Puts what is wanted into an entry.
    ///
    /// # Errors
    /// `Invalid` with every bad field.
    pub(super) fn describe(&self, entry: &mut Entry, wanted: &Wanted) -> Result<()> {
        let mut problems = Vec::new();
        if let Some(name) = &wanted.name {
            match required_all(&[("name", name, LONGEST_NAME)]) {
                Ok(mut texts) => entry.service.name = texts.remove(0).replace(['\n', '\t'], " "),
                Err(Error::Invalid(bad)) => problems.extend(bad),
                Err(other) => return Err(other),
            }
        }
        entry.category = wanted.category.unwrap_or(entry.category);
        describe_parts(entry, &wanted.parts, &mut problems);
        describe_lists(entry, wanted, &mut problems);
        if let Some(hours) = &wanted.hours {
            entry.hours = bounded("hours", hours, LONGEST_REASON, &mut problems);
        }
        if let Some(name) = &wanted.calendar {
            entry.calendar = self.named_calendar(name, &mut problems);
        }
        // The clock runs by the hours of the unit that supports the service (rule 2 of the clocks).
        entry.service.profile = self.pack().profile_on(&entry.service.profile, entry.calendar.as_deref());
        if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
    }
}

fn describe_parts(entry: &mut Entry, wanted: &BTreeMap<Part, String>, problems: &mut Vec<FieldError>) {
    for (part, text) in wanted {
        let text = bounded(part.as_str(), text, LONGEST_PART, problems);
        if text.is_empty() {
            entry.parts.remove(part);
        } else {
            entry.parts.insert(*part, text);
        }
    }
}

fn describe_lists(entry: &mut Entry, wanted: &Wanted, problems: &mut Vec<FieldError>) {
    if let Some(words) = &wanted.keywords {
        entry.service.keywords = lines("keywords", words, problems).iter().map(|word| word.to_lowercase()).collect();
    }
    if let Some(endpoints) = &wanted.endpoints {
        entry.endpoints = lines("endpoints", endpoints, problems);
        if !entry.endpoints.iter().all(|endpoint| is_endpoint(endpoint)) {
            problems.push(FieldError { field: "endpoints", say: Say::new("field-endpoints") });
        }
    }
    if let Some(raci) = &wanted.raci {
        let who: Vec<String> = raci.iter().map(|line| line.who.clone()).collect();
        let who = lines("raci", &who, problems);
        if who.len() == raci.len() {
            entry.raci = raci.iter().zip(who).map(|(line, who)| RaciLine { role: line.role, who }).collect();
        } else {
            problems.push(FieldError { field: "raci", say: Say::new("field-raci") });
        }
    }
    for (safeguard, date) in &wanted.safeguards {
        match date.trim() {
            "" => _ = entry.safeguards.remove(safeguard),
            date => match date.parse::<NaiveDate>() {
                Ok(date) => _ = entry.safeguards.insert(*safeguard, date),
                Err(_) => problems.push(FieldError { field: safeguard.as_str(), say: Say::new("field-date") }),
            },
        }
    }
}

/// A text that may be empty but not too long.
fn bounded(field: &'static str, text: &str, longest: usize, problems: &mut Vec<FieldError>) -> String {
    let text = clean(text).trim().to_owned();
    if text.chars().count() > longest {
        problems.push(FieldError { field, say: Say::new("field-too-long").with("longest", longest) });
    }
    text
}

/// Lines that say something, each once.
fn lines(field: &'static str, wanted: &[String], problems: &mut Vec<FieldError>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in wanted {
        let line = bounded(field, line, LONGEST_NAME, problems).replace(['\n', '\t'], " ");
        // A person may stand in the RACI table under several letters.
        if !line.is_empty() && (field == "raci" || !lines.contains(&line)) {
            lines.push(line);
        }
    }
    if lines.len() > MOST_LINES {
        problems.push(FieldError { field, say: Say::new("field-too-many-lines").with("most", MOST_LINES) });
    }
    lines
}

/// Is this a web address, or a host with or without a path?
fn is_endpoint(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    let port = host.split_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_ok());
    let label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    port && name.contains('.') && name.split('.').all(label) && !text.chars().any(char::is_whitespace)
}

/// What a change has made different, each with what stood there before.
pub(super) fn changes(before: &Entry, after: &Entry) -> Map<String, Value> {
    let (before, after) = (shape(before), shape(after));
    let differs = |(name, value): (&String, &Value)| {
        let old = before.get(name).cloned().unwrap_or_default();
        (old != *value).then(|| (name.clone(), json!({"from": old, "to": value})))
    };
    after.iter().filter_map(differs).collect()
}

/// What people describe of a service, as its history tells it.
pub(super) fn shape(entry: &Entry) -> Map<String, Value> {
    let service = &entry.service;
    let shape = json!({
        "name": service.name, "agency": service.agency, "keywords": service.keywords, "category": entry.category,
        "parts": entry.parts, "endpoints": entry.endpoints, "hours": entry.hours, "calendar": entry.calendar,
        "raci": entry.raci, "safeguards": entry.safeguards,
    });
    match shape {
        Value::Object(shape) => shape,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_endpoint;

    #[test]
    fn an_endpoint_is_an_address_or_a_host() {
        for good in ["https://simpus.go.id", "simpus.go.id", "http://simpus.go.id:8443/api?x=1", "10.1.2.3:443"] {
            assert!(is_endpoint(good), "{good}");
        }
        for bad in ["simpus", "https://", "dua kata.id", "ftp://simpus.go.id", "a..b", "simpus.go.id:http", "j.s:x"] {
            assert!(!is_endpoint(bad), "{bad}");
        }
    }
}
