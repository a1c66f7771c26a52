//! Agencies and the services they answer for.

use serde::Serialize;

/// An agency (Perangkat Daerah).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agency {
    /// Short code in capitals.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Mail to this address reaches its desk.
    pub email: Option<String>,
    /// Still exists.
    pub active: bool,
}

/// A service of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Short code in lower case.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Code of the agency that owns it.
    pub agency: String,
    /// SLA profile of its tickets.
    pub profile: String,
    /// Determined critical by the ICT office (SUMUT 51(2)).
    pub critical: bool,
    /// Lower-case words by which reporters name it.
    pub keywords: Vec<String>,
    /// Still offered.
    pub active: bool,
}

/// Can this be the code of an agency?
pub fn is_agency_code(code: &str) -> bool {
    (1..=20).contains(&code.len()) && code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-')
}

/// The service a text speaks of: the one whose name, code or keyword occurs first as whole words.
pub fn mentioned<'a>(services: &'a [Service], text: &str) -> Option<&'a Service> {
    let text = padded(text);
    let place = |service: &Service| {
        let names = service.keywords.iter().map(String::as_str).chain([service.code.as_str(), service.name.as_str()]);
        names.filter_map(|name| text.find(&padded(name))).min()
    };
    services
        .iter()
        .filter(|service| service.active)
        .filter_map(|service| Some((place(service)?, service)))
        .min_by_key(|found| found.0)
        .map(|found| found.1)
}

/// Lower-case words between single spaces, so that whole words can be found by plain search.
fn padded(text: &str) -> String {
    let mut words = String::from(" ");
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        words.push_str(&word.to_lowercase());
        words.push(' ');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_named_first_is_meant() {
        let service = |code: &str, name: &str| Service {
            code: code.to_owned(),
            name: name.to_owned(),
            agency: "A".to_owned(),
            profile: "P".to_owned(),
            critical: false,
            keywords: Vec::new(),
            active: true,
        };
        let all = [service("simpus", "SIMPUS"), service("e-office", "E-Office")];
        assert_eq!(mentioned(&all, "E-office dan SIMPUS mati").unwrap().code, "e-office");
        assert_eq!(mentioned(&all, "simpusnya mati"), None);
    }
}
