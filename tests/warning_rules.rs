//! The course of a case and the rights in it, tried with every sequence and everybody.

use meja::domain::people::{Account, Actor, Grant, Role, Scope, Visibility};
use meja::domain::ticket::Channel;
use meja::domain::warning::{
    Case, CaseCause, CaseMode, CaseState, CaseVerb, Course, Move, OrderState, Outcome, Received, Refusal, is_seen, may,
};
use proptest::prelude::*;

fn a_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        Just(Move::SendDossier),
        (1_i64..4).prop_map(|last| Move::IssueLetter { last }),
        Just(Move::WithdrawLetter),
        Just(Move::LetterReceived(Received::Cure)),
        Just(Move::LetterReceived(Received::Order)),
        Just(Move::CureMissed),
        Just(Move::ReportRepair),
        Just(Move::ConfirmRepair),
        any::<bool>().prop_map(|cure_over| Move::RejectRepair { cure_over }),
        Just(Move::DecideNotToClose),
        Just(Move::ExecuteClosure),
        Just(Move::Reopen),
        Just(Move::RecordDecision),
        Just(Move::DutyDone),
        Just(Move::DutyGone),
    ]
}

fn a_course() -> impl Strategy<Value = Course> {
    (prop::sample::select(CaseCause::ALL), prop::sample::select(CaseMode::ALL))
        .prop_map(|(cause, mode)| Course::new(cause, mode))
}

proptest! {
    #[test]
    fn nothing_is_closed_without_an_order_or_opened_without_a_look(
        start in a_course(),
        moves in prop::collection::vec(a_move(), 0..60),
    ) {
        let mut course = start;
        for step in moves {
            let Some(next) = course.after(step) else { continue };
            // What has ended stays so.
            prop_assert_ne!(course.state, CaseState::Ended);
            if next.state == CaseState::Suspended && course.state == CaseState::ClosureDue {
                prop_assert_eq!(course.order, Some(OrderState::Ordered));
            }
            if next.order == Some(OrderState::Lifted) {
                prop_assert_eq!((course.state, step), (CaseState::RepairVerified, Move::Reopen));
            }
            if next.order == Some(OrderState::InForce) && course.order != next.order {
                prop_assert_eq!((course.order, step), (Some(OrderState::Ordered), Move::ExecuteClosure));
            }
            if next.outcome == Some(Outcome::NotClosed) {
                prop_assert_ne!(next.order, Some(OrderState::InForce));
            }
            prop_assert_eq!(next.outcome.is_some(), next.state == CaseState::Ended);
            prop_assert!(next.rung >= 0 && next.rung - course.rung <= 1);
            prop_assert!(start.mode == CaseMode::Letters || next.order.is_none());
            let closed = matches!(next.state, CaseState::Suspended | CaseState::RepairVerified);
            prop_assert!(!closed || next.order == Some(OrderState::InForce));
            prop_assert!(next.state != CaseState::RepairReported || next.before.is_some());
            course = next;
        }
    }

    #[test]
    fn every_case_can_end(start in a_course(), moves in prop::collection::vec(a_move(), 0..40)) {
        let reached = moves.into_iter().fold(start, |course, step| course.after(step).unwrap_or(course));
        let ends = [
            Move::DecideNotToClose, Move::ConfirmRepair, Move::Reopen, Move::RecordDecision, Move::ReportRepair,
            Move::SendDossier, Move::WithdrawLetter,
        ];
        let mut course = reached;
        for _ in 0..4 {
            course = ends.iter().find_map(|step| course.after(*step)).unwrap_or(course);
        }
        prop_assert_eq!(course.state, CaseState::Ended, "stuck at {:?}", reached);
    }
}

#[test]
fn a_letter_withdrawn_while_a_repair_is_verified_goes_back_to_the_letter_before() {
    let moves = [
        Move::SendDossier,
        Move::IssueLetter { last: 2 },
        Move::LetterReceived(Received::Cure),
        Move::CureMissed,
        Move::IssueLetter { last: 2 },
        Move::ReportRepair,
        Move::WithdrawLetter,
        Move::RejectRepair { cure_over: true },
    ];
    let start = Course::new(CaseCause::Resolution, CaseMode::Letters);
    let end = moves.into_iter().fold(start, |course, step| course.after(step).expect("allowed"));
    assert_eq!((end.state, end.rung), (CaseState::Uncured, 1));
    assert!(end.after(Move::IssueLetter { last: 2 }).is_some());
}

#[test]
fn a_duty_that_was_waived_was_not_repaired() {
    let neglect = Course::new(CaseCause::Duty, CaseMode::Letters);
    assert_eq!(neglect.after(Move::DutyGone).and_then(|course| course.outcome), Some(Outcome::Released));
    assert_eq!(neglect.after(Move::DutyDone).and_then(|course| course.outcome), Some(Outcome::Repaired));
}

fn actor(id: i64, grants: &[(Role, Option<&str>)]) -> Actor {
    let account = Account { id, email: "a@x".to_owned(), name: String::new(), nip: None, active: true };
    let grants = grants.iter().map(|(role, agency)| Grant { role: *role, agency: agency.map(str::to_owned) });
    Actor { account, grants: grants.collect(), scope: Scope::Write, only_agency: None, via: Channel::Web }
}

fn case() -> Case {
    let at = chrono::DateTime::UNIX_EPOCH;
    Case {
        id: 1,
        number: "PRK-2026-0001".to_owned(),
        version: 1,
        course: Course::new(CaseCause::Resolution, CaseMode::Letters),
        service: Some("izin".to_owned()),
        duty: None,
        agency: "A".to_owned(),
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
        reported_by: Some(7),
        ended_at: None,
    }
}

#[test]
fn each_verb_has_its_office() {
    let team = actor(1, &[(Role::CoordinationTeam, None)]);
    let office = actor(2, &[(Role::Tier1Agent, None)]);
    let owner = actor(3, &[(Role::AgencyHead, Some("A"))]);
    let other = actor(4, &[(Role::AgencyHead, Some("B"))]);
    let allowed = |actor: &Actor, of_ict: bool| {
        let verbs = CaseVerb::ALL.iter().filter(|verb| may(actor, **verb, &case(), of_ict).is_ok());
        verbs.map(|verb| verb.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(allowed(&team, false), "issue_letter record_receipt decide_not_to_close record_decision");
    assert_eq!(allowed(&office, false), "send_dossier verify_repair execute_closure reopen");
    assert_eq!(allowed(&owner, false), "report_repair");
    assert_eq!(allowed(&other, false), "");
    // The office's own service: it closes and opens, the team judges.
    assert_eq!(allowed(&team, true), "issue_letter record_receipt verify_repair decide_not_to_close record_decision");
    assert_eq!(allowed(&office, true), "send_dossier report_repair execute_closure reopen");
    for role in [Role::Auditor, Role::SystemAdmin] {
        assert_eq!(allowed(&actor(5, &[(role, None)]), false), "", "{role}");
    }
    let read_only = Actor { scope: Scope::Read, ..team.clone() };
    assert_eq!(allowed(&read_only, false), "");
    assert_eq!(allowed(&Actor { only_agency: Some("B".to_owned()), ..team }, false), "");
}

#[test]
fn nobody_judges_himself() {
    let both = actor(1, &[(Role::CoordinationTeam, None), (Role::ProcessOwner, Some("A"))]);
    assert_eq!(may(&both, CaseVerb::IssueLetter, &case(), false), Err(Refusal::OwnService));
    assert_eq!(may(&both, CaseVerb::DecideNotToClose, &case(), false), Err(Refusal::OwnService));
    let owner = actor(3, &[(Role::AgencyHead, Some("A"))]);
    assert_eq!(may(&owner, CaseVerb::VerifyRepair, &case(), false), Err(Refusal::OwnService));
    let office_and_team = actor(4, &[(Role::IctHead, None), (Role::CoordinationTeam, None)]);
    assert_eq!(may(&office_and_team, CaseVerb::VerifyRepair, &case(), true), Err(Refusal::OwnService));
    let reporter = actor(7, &[(Role::IctHead, None)]);
    assert_eq!(may(&reporter, CaseVerb::VerifyRepair, &case(), false), Err(Refusal::SamePerson));
    let seen = Visibility { all: false, agencies: vec!["B".to_owned()], requester: String::new(), only_agency: None };
    assert!(!is_seen(&seen, &case()));
}
