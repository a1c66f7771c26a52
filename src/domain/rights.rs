//! The tables of rights as a table for people: made by asking them, never written twice.

use crate::domain::catalogue::{self, Act};
use crate::domain::knowledge::article::{self, ArticleAct, Kept};
use crate::domain::people::{Account, Action, Actor, Grant, Role, Scope, may};
use crate::domain::rights_procedure::{self, Answered};
use crate::domain::ticket::{Channel, Classification, Impact, Kind, Language, Priority, Status, Ticket, Urgency, Verb};
use crate::domain::{managing, settings};
use chrono::{DateTime, Utc};
use std::fmt::Write as _;

/// The agency a role of one agency is held for while the tables are asked.
const OWN: &str = "A";
/// Another agency.
const OTHER: &str = "B";

words! {
    /// How far a right reaches.
    pub enum Extent {
        None = "none",
        /// Of the own agency, while the first line holds the ticket.
        OwnFirst = "own_first",
        /// Of the own agency, while the second line holds the ticket.
        OwnSecond = "own_second",
        Own = "own",
        /// Of every agency, while the first line holds the ticket.
        AllFirst = "all_first",
        /// Of every agency, while the second line holds the ticket.
        AllSecond = "all_second",
        All = "all",
        /// Otherwise than these words say.
        Partly = "partly",
    }
}

/// A right and how far it reaches for each of the places that were asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// What it is about: `ticket`, `catalogue`, `cases`, `letters` or `settings`.
    pub area: &'static str,
    /// Its word in the catalogue.
    pub word: String,
    /// In the order of the places.
    pub extents: Vec<Extent>,
}

/// Every right for each role in its place; `of_agency` says which are held for one agency.
pub fn table(places: &[(Role, bool)]) -> Vec<Right> {
    let actors: Vec<Actor> = places.iter().map(|(role, of_agency)| actor(*role, *of_agency)).collect();
    let actions = [("view", Action::View), ("view_internal", Action::ViewInternal)];
    let actions = actions.map(|(word, action)| (word.to_owned(), action)).into_iter();
    let verbs = Verb::ALL.iter().map(|verb| (verb.as_str().to_owned(), Action::Do(*verb)));
    let tickets = actions.chain(verbs).map(|(word, action)| {
        let extents = actors.iter().map(|actor| ticket_extent(actor, action)).collect();
        Right { area: "ticket", word, extents }
    });
    let acts = ACTS.iter().map(|(word, act)| {
        let extent = |actor: &Actor| place(catalogue::may(actor, *act, OWN), catalogue::may(actor, *act, OTHER));
        Right { area: "catalogue", word: (*word).to_owned(), extents: actors.iter().map(extent).collect() }
    });
    let whole = WHOLE.iter().map(|(word, may)| {
        let extents = actors.iter().map(*may).collect();
        Right { area: "settings", word: (*word).to_owned(), extents }
    });
    let asked = |area: &'static str, ask: fn(&Actor, &str, &str) -> Vec<Answered>| {
        let answers: Vec<Vec<Answered>> = actors.iter().map(|actor| ask(actor, OWN, OTHER)).collect();
        let words =
            answers.first().map(|first| first.iter().map(|right| right.0.clone()).collect()).unwrap_or_default();
        let row = move |(at, word): (usize, String)| Right {
            area,
            word,
            extents: answers.iter().map(|answer| place(answer[at].1, answer[at].2)).collect(),
        };
        Vec::into_iter(words).enumerate().map(row).collect::<Vec<_>>()
    };
    let procedure =
        asked("cases", rights_procedure::cases).into_iter().chain(asked("letters", rights_procedure::letters));
    tickets.chain(acts).chain(procedure).chain(whole).collect()
}

const ACTS: [(&str, Act); 8] = [
    ("read_internal", Act::ReadInternal),
    ("describe", Act::Describe),
    ("review", Act::Review),
    ("propose_sla", Act::ProposeSla),
    ("set_sla", Act::SetSla),
    ("propose_critical", Act::ProposeCritical),
    ("decide_critical", Act::DecideCritical),
    ("apply_to_open", Act::ApplyToOpen),
];

type Asked = fn(&Actor) -> Extent;

const WHOLE: [(&str, Asked); 8] = [
    ("read_settings", |actor| yes(settings::may_read(actor))),
    ("change_settings", |actor| yes(settings::may_change(actor))),
    ("change_agencies", |actor| yes(catalogue::may_change_agencies(actor))),
    ("see_people", |actor| match managing::reach(actor) {
        Some(managing::Reach::All) => Extent::All,
        Some(managing::Reach::Agencies(_)) => Extent::Own,
        None => Extent::None,
    }),
    ("give_roles", |actor| {
        let gives = |agency: &str| {
            let grant = Grant { role: Role::Tier1Agent, agency: Some(agency.to_owned()) };
            managing::may_hand_out(actor, &grant)
        };
        place(gives(OWN), gives(OTHER))
    }),
    ("administer", |actor| yes(managing::may_administer(actor))),
    ("write_articles", |actor| place(article::may_write(actor, OWN), article::may_write(actor, OTHER))),
    ("publish_articles", |actor| {
        // What somebody else has written.
        let publishes = |agency: &str| article::may_act(actor, ArticleAct::Publish, Kept { agency, author: 0 });
        place(publishes(OWN), publishes(OTHER))
    }),
];

const fn yes(may: bool) -> Extent {
    if may { Extent::All } else { Extent::None }
}

const fn place(own: bool, other: bool) -> Extent {
    match (own, other) {
        (true, true) => Extent::All,
        (true, false) => Extent::Own,
        (false, false) => Extent::None,
        (false, true) => Extent::Partly,
    }
}

fn ticket_extent(actor: &Actor, action: Action) -> Extent {
    let ask = |agency: &str, tier: i64| may(actor, action, &ticket(agency, tier));
    let mut answers = String::new();
    for (agency, tier) in [(OWN, 1), (OWN, 2), (OTHER, 1), (OTHER, 2)] {
        // Writing into a text does not fail.
        let _ = write!(answers, "{}", u8::from(ask(agency, tier)));
    }
    match answers.as_str() {
        "0000" => Extent::None,
        "1000" => Extent::OwnFirst,
        "0100" => Extent::OwnSecond,
        "1100" => Extent::Own,
        "1010" => Extent::AllFirst,
        "0101" => Extent::AllSecond,
        "1111" => Extent::All,
        _ => Extent::Partly,
    }
}

fn actor(role: Role, of_agency: bool) -> Actor {
    let account = Account { id: 1, email: "a@x".to_owned(), name: String::new(), nip: None, active: true };
    let grants = vec![Grant { role, agency: of_agency.then(|| OWN.to_owned()) }];
    Actor { account, grants, scope: Scope::Write, only_agency: None, via: Channel::Web }
}

/// A ticket of somebody else.
fn ticket(agency: &str, tier: i64) -> Ticket {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    Ticket {
        id: 1,
        number: String::new(),
        version: 1,
        kind: Kind::Incident,
        subject: String::new(),
        description: String::new(),
        status: Status::InProgress,
        impact: Impact::Medium,
        urgency: Urgency::Medium,
        priority: Priority::P3,
        tier,
        agency: agency.to_owned(),
        service: None,
        assignee: None,
        requester_name: String::new(),
        requester_email: String::new(),
        requester_nip: None,
        requester_phone: None,
        requester_verified: false,
        classification: Classification::Internal,
        channel: Channel::Web,
        language: Language::Indonesian,
        opened_at: at,
        responded_at: None,
        resolved_at: None,
        closed_at: None,
        breached_at: None,
        breached_tier: None,
        escalated_at: None,
        returned: false,
        merged_into: None,
        pack: String::new(),
        profile: String::new(),
        updated_at: at,
    }
}

words! {
    /// Roles of one person that should lie with two.
    pub enum Clash {
        /// Audits what he does himself.
        AuditsOwnWork = "audits_own_work",
        /// Runs the installation and works on tickets or decides on services.
        RunsAndWorks = "runs_and_works",
        /// Sets the SLA of the agency he works for on the first or second line.
        SetsOwnSla = "sets_own_sla",
        /// Owns services of an agency and decides on their critical status.
        DecidesOnOwn = "decides_on_own",
    }
}

/// What should lie with two persons among the roles of one.
pub fn clashes(held: &[Grant]) -> Vec<Clash> {
    let holds = |role: Role| held.iter().any(|grant| grant.role == role);
    let works = holds(Role::Tier1Agent) || holds(Role::Tier2Unit);
    let office = held.iter().any(Grant::is_of_ict_office);
    let same_agency = held.iter().filter(|grant| grant.role == Role::ProcessOwner).any(|owner| {
        held.iter().any(|grant| {
            matches!(grant.role, Role::Tier1Agent | Role::Tier2Unit)
                && grant.agency.is_some()
                && grant.agency == owner.agency
        })
    });
    let found = [
        (Clash::AuditsOwnWork, holds(Role::Auditor) && held.iter().any(|grant| grant.role != Role::Auditor)),
        (Clash::RunsAndWorks, holds(Role::SystemAdmin) && (works || office || holds(Role::ProcessOwner))),
        (Clash::SetsOwnSla, same_agency),
        (Clash::DecidesOnOwn, holds(Role::ProcessOwner) && office),
    ];
    found.into_iter().filter_map(|(clash, is_so)| is_so.then_some(clash)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_the_rules_say() {
        let places =
            [(Role::Tier1Agent, true), (Role::Tier2Unit, false), (Role::Auditor, false), (Role::SystemAdmin, false)];
        let table = table(&places);
        let row = |word: &str| table.iter().find(|right| right.word == word).expect("a right").extents.clone();
        assert_eq!(row("view"), [Extent::Own, Extent::All, Extent::All, Extent::None]);
        assert_eq!(row("resolve"), [Extent::OwnFirst, Extent::All, Extent::None, Extent::None]);
        assert_eq!(row("return"), [Extent::None, Extent::All, Extent::None, Extent::None]);
        assert_eq!(row("escalate"), [Extent::OwnFirst, Extent::AllFirst, Extent::None, Extent::None]);
        assert_eq!(row("decide_critical"), [Extent::None, Extent::All, Extent::None, Extent::None]);
        assert_eq!(row("read_settings"), [Extent::None, Extent::All, Extent::All, Extent::All]);
        assert_eq!(row("letter_edit"), [Extent::None, Extent::All, Extent::None, Extent::None]);
        assert_eq!(row("letter_read"), [Extent::None, Extent::All, Extent::All, Extent::None]);
        assert_eq!(row("case_execute_closure"), [Extent::None, Extent::All, Extent::None, Extent::None]);
        assert_eq!(row("case_report_repair"), [Extent::Own, Extent::None, Extent::None, Extent::None]);
        assert_eq!(row("administer"), [Extent::None, Extent::None, Extent::None, Extent::All]);
        assert!(table.iter().all(|right| !right.extents.contains(&Extent::Partly)), "every extent has a word");
    }

    #[test]
    fn roles_that_should_lie_with_two_are_found() {
        let grant = |role: Role, agency: Option<&str>| Grant { role, agency: agency.map(str::to_owned) };
        assert_eq!(clashes(&[grant(Role::Auditor, None)]), []);
        let both = [grant(Role::Auditor, None), grant(Role::Tier1Agent, Some("A"))];
        assert_eq!(clashes(&both), [Clash::AuditsOwnWork]);
        let runs = [grant(Role::SystemAdmin, None), grant(Role::Tier2Unit, None)];
        assert_eq!(clashes(&runs), [Clash::RunsAndWorks]);
        let own = [grant(Role::ProcessOwner, Some("A")), grant(Role::Tier1Agent, Some("A"))];
        assert_eq!(clashes(&own), [Clash::SetsOwnSla]);
        let other = [grant(Role::ProcessOwner, Some("A")), grant(Role::Tier1Agent, Some("B"))];
        assert_eq!(clashes(&other), []);
        let decides = [grant(Role::ProcessOwner, Some("A")), grant(Role::IctHead, None)];
        assert_eq!(clashes(&decides), [Clash::DecidesOnOwn]);
    }
}
