//! First judgement of a ticket: how urgent it is, and what the words of a mail suggest it to be.

use super::pack::Pack;
use crate::domain::ticket::{Impact, Kind, Priority, Urgency};

/// What a text suggests; a person may correct every part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess {
    pub kind: Kind,
    pub impact: Impact,
    pub urgency: Urgency,
    /// The text speaks of a service that is down.
    pub outage: bool,
}

/// The priority the pack gives to an impact and an urgency.
///
/// A total outage of a service determined critical is lifted to the pack's floor, which is higher without a workaround.
/// The floor never lowers a priority.
pub fn priority(
    pack: &Pack,
    impact: Impact,
    urgency: Urgency,
    critical: bool,
    outage: bool,
    workaround: bool,
) -> Priority {
    let by_matrix = pack.priority.matrix.cell(impact, urgency);
    if !(critical && outage) {
        return by_matrix;
    }
    let floor = pack.priority.outage_floor;
    // `min`, because the most urgent priority is the smallest.
    let lifted = by_matrix.min(floor.critical);
    if workaround { lifted } else { lifted.min(floor.without_workaround) }
}

/// Guesses from the pack's word lists: whole words and phrases, whatever the case and punctuation.
///
/// Words of an outage win over words of a complaint, and those over words of a request. Without any: an incident of
/// medium urgency.
pub fn guess(pack: &Pack, text: &str) -> Guess {
    let text = spaced_words(text);
    let says = |phrases: &[String]| phrases.iter().any(|phrase| text.contains(spaced_words(phrase).as_str()));
    let outage = says(&pack.intake.outage_words);
    let kind = match () {
        () if outage => Kind::Incident,
        () if says(&pack.intake.complaint_words) => Kind::Complaint,
        () if says(&pack.intake.request_words) => Kind::ServiceRequest,
        () => Kind::Incident,
    };
    let urgency = if outage { Urgency::High } else { Urgency::Medium };
    Guess { kind, impact: Impact::Medium, urgency, outage }
}

/// Lower-case words, each with a space on both sides, so that a phrase found is a phrase of whole words.
fn spaced_words(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|symbol: char| !symbol.is_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(String::from(" "), |line, word| line + word + " ")
}
