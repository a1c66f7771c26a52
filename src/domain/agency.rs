//! What is known of an agency beyond what a ticket needs of it.

use crate::domain::service::Agency;
use chrono::{DateTime, Utc};
use serde::Serialize;

words! {
    /// What sort of office an agency is.
    pub enum AgencyKind {
        Office = "office",
        Board = "board",
        Secretariat = "secretariat",
        Inspectorate = "inspectorate",
        District = "district",
        Hospital = "hospital",
        Unit = "unit",
        Other = "other",
    }
}

/// An agency with everything that is set of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgencyEntry {
    /// Code, name, address of its mail, and whether it still exists.
    #[serde(flatten)]
    pub agency: Agency,
    /// What people say instead of the full name; may be empty.
    pub short_name: String,
    /// What sort of office it is.
    pub kind: AgencyKind,
    /// Where it is; may be empty.
    pub address: String,
    /// Calendar of the pack for new services that name none.
    pub calendar: Option<String>,
    /// The agency it is a part of.
    pub parent: Option<String>,
    /// Whoever took over when it ended.
    pub successor: Option<String>,
    /// When it ended. UTC.
    pub retired_at: Option<DateTime<Utc>>,
    /// Counts the changes; a writer that saw an older one is refused.
    pub version: i64,
}

impl AgencyEntry {
    /// An agency of which nothing else is known yet.
    pub const fn bare(agency: Agency) -> Self {
        Self {
            agency,
            short_name: String::new(),
            kind: AgencyKind::Office,
            address: String::new(),
            calendar: None,
            parent: None,
            successor: None,
            retired_at: None,
            version: 1,
        }
    }
}

/// Would `code` stand above itself if `parent` stood above it? `all` knows who stands above whom.
pub fn is_loop(all: &[AgencyEntry], code: &str, parent: &str) -> bool {
    let above = |code: &str| all.iter().find(|entry| entry.agency.code == code).and_then(|entry| entry.parent.clone());
    let mut next = Some(parent.to_owned());
    // There are no more steps than agencies.
    for _ in 0..=all.len() {
        match next {
            Some(current) if current == code => return true,
            Some(current) => next = above(&current),
            None => return false,
        }
    }
    true
}

/// Whoever answers for `code` today: itself, or the last of those who took over; `None` when nobody does.
pub fn heir<'a>(all: &'a [AgencyEntry], code: &str) -> Option<&'a str> {
    let find = |code: &str| all.iter().find(|entry| entry.agency.code == code);
    let mut entry = find(code)?;
    for _ in 0..all.len() {
        match &entry.successor {
            _ if entry.agency.active => return Some(&entry.agency.code),
            Some(next) => entry = find(next)?,
            None => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(code: &str, active: bool, parent: Option<&str>, successor: Option<&str>) -> AgencyEntry {
        let agency = Agency { code: code.to_owned(), name: code.to_owned(), email: None, active };
        let (parent, successor) = (parent.map(str::to_owned), successor.map(str::to_owned));
        AgencyEntry { parent, successor, ..AgencyEntry::bare(agency) }
    }

    #[test]
    fn nobody_stands_above_himself() {
        let all = [entry("A", true, None, None), entry("B", true, Some("A"), None), entry("C", true, Some("B"), None)];
        assert!(is_loop(&all, "A", "C"));
        assert!(is_loop(&all, "A", "A"));
        assert!(!is_loop(&all, "C", "A"));
    }

    #[test]
    fn the_last_of_those_who_took_over_answers() {
        let all = [
            entry("A", false, None, Some("B")),
            entry("B", false, None, Some("C")),
            entry("C", true, None, None),
            entry("D", false, None, None),
            entry("E", false, None, Some("E")),
        ];
        assert_eq!(heir(&all, "A"), Some("C"));
        assert_eq!(heir(&all, "C"), Some("C"));
        assert_eq!((heir(&all, "D"), heir(&all, "E"), heir(&all, "F")), (None, None, None));
    }
}
