//! What the tables of letters and of cases answer for one actor, asked about the own agency and another one.

use crate::domain::letter::{self, Content, Letter, LetterAct, LetterState};
use crate::domain::people::{Actor, visibility};
use crate::domain::warning::{self, Case, CaseCause, CaseMode, CaseVerb, Course};
use chrono::{DateTime, Utc};

/// A right and whether it holds for the own agency and for another one.
pub type Answered = (String, bool, bool);

/// Every right on letters; of those that have left and about services of other offices.
pub fn letters(actor: &Actor, own: &str, other: &str) -> Vec<Answered> {
    let may = |act: LetterAct, agency: &str| letter::may(actor, act, &a_letter(agency), false);
    let acts = LetterAct::ALL.iter().map(|act| (format!("letter_{act}"), may(*act, own), may(*act, other)));
    let writes = letter::may_write(actor);
    acts.chain([("letter_write".to_owned(), writes, writes)]).collect()
}

/// Every right on cases and the orders in them.
pub fn cases(actor: &Actor, own: &str, other: &str) -> Vec<Answered> {
    let sees = |agency: &str| warning::is_seen(&visibility(actor), &a_case(agency));
    let may = |verb: CaseVerb, agency: &str| warning::may(actor, verb, &a_case(agency), false).is_ok();
    let verbs = CaseVerb::ALL.iter().map(|verb| (format!("case_{verb}"), may(*verb, own), may(*verb, other)));
    [("case_see".to_owned(), sees(own), sees(other))].into_iter().chain(verbs).collect()
}

fn a_case(agency: &str) -> Case {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    Case {
        id: 1,
        number: String::new(),
        version: 1,
        course: Course::new(CaseCause::Resolution, CaseMode::Letters),
        service: None,
        duty: None,
        agency: agency.to_owned(),
        what: String::new(),
        source: None,
        opened_at: at,
        detected_at: at,
        pack: String::new(),
        term: None,
        due_at: None,
        cure_due_at: None,
        cycle: 0,
        letter: None,
        reported_by: None,
        ended_at: None,
    }
}

fn a_letter(agency: &str) -> Letter {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    Letter {
        id: 1,
        state: LetterState::Sent,
        agency: agency.to_owned(),
        ..Letter::draft(Content::default(), String::new(), at)
    }
}
