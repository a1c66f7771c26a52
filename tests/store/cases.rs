//! Cases of the warning procedure, their evidence and terms, and orders to close.

use super::{agency, at, commit, is_conflict, person, read, stored, ticket, write};
use crate::support::db::on_both;
use meja::domain::people::Visibility;
use meja::domain::service::Service;
use meja::domain::ticket::Ticket;
use meja::domain::warning::{
    Case, CaseCause, CaseMode, CaseState, Course, OrderState, Outcome, Suspension, Term, TermStage,
};
use meja::store::cases::{self, CaseFilter, Evidence};
use meja::store::{Db, Tx, services, suspensions, tickets};

on_both!(
    a_service_has_one_open_case,
    a_duty_has_one_open_case_and_the_agency_may_change,
    a_case_is_saved_by_who_saw_it_last,
    cases_are_listed_as_far_as_one_may_see,
    tickets_join_a_case_once,
    a_stage_of_a_term_happens_once,
    an_order_is_kept_through_its_life,
);

fn case(number: &str, service: &str, agency: &str) -> Case {
    Case {
        id: 0,
        number: number.to_owned(),
        version: 1,
        course: Course::new(CaseCause::Resolution, CaseMode::Letters),
        service: Some(service.to_owned()),
        duty: None,
        agency: agency.to_owned(),
        what: "Absensi 'online'".to_owned(),
        source: None,
        opened_at: at(0),
        detected_at: at(1),
        pack: "sumut@1".to_owned(),
        term: Some(Term::Dossier),
        due_at: Some(at(100)),
        cure_due_at: None,
        cycle: 1,
        letter: None,
        reported_by: None,
        ended_at: None,
    }
}

async fn region(tx: &mut Tx) {
    for (code, owner) in [("absensi", "BKD"), ("jalan", "PUPR")] {
        agency(tx, owner).await;
        let service = Service {
            code: code.to_owned(),
            name: code.to_owned(),
            agency: owner.to_owned(),
            profile: "KRITIS-24x7".to_owned(),
            critical: true,
            keywords: Vec::new(),
            active: true,
        };
        services::save_service(tx, &service).await.unwrap();
    }
}

async fn opened(tx: &mut Tx, mut case: Case) -> Case {
    case.id = cases::insert(tx, &case).await.unwrap().expect("a new case");
    case
}

async fn a_service_has_one_open_case(db: Db) {
    let mut tx = write(&db).await;
    region(&mut tx).await;
    let mut first = opened(&mut tx, case("PRK-2026-0001", "absensi", "BKD")).await;
    assert_eq!(cases::insert(&mut tx, &case("PRK-2026-0002", "absensi", "BKD")).await.unwrap(), None);
    assert_eq!(cases::open_of_service(&mut tx, "absensi").await.unwrap().as_ref(), Some(&first));
    assert_eq!(cases::by_id(&mut tx, first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(cases::by_number(&mut tx, "PRK-2026-0009").await.unwrap(), None);
    assert_eq!(cases::of_duty(&mut tx, 1).await.unwrap(), None);
    (first.version, first.ended_at) = (2, Some(at(9)));
    cases::update(&mut tx, &first).await.unwrap();
    assert_eq!(cases::open_of_service(&mut tx, "absensi").await.unwrap(), None);
    opened(&mut tx, case("PRK-2026-0002", "absensi", "BKD")).await;
    commit(tx).await;
    assert_eq!(cases::by_number(&mut read(&db).await, "PRK-2026-0001").await.unwrap(), Some(first));
}

async fn a_duty_has_one_open_case_and_the_agency_may_change(db: Db) {
    let mut tx = write(&db).await;
    region(&mut tx).await;
    let duty = super::duties::of_agency(&mut tx, "BKD").await;
    let of_duty = |number: &str| Case {
        course: Course::new(CaseCause::Duty, CaseMode::Letters),
        service: None,
        duty: Some(duty),
        ..case(number, "absensi", "BKD")
    };
    let mut first = opened(&mut tx, of_duty("PRK-2026-0001")).await;
    assert_eq!(cases::insert(&mut tx, &of_duty("PRK-2026-0002")).await.unwrap(), None);
    assert_eq!(cases::of_duty(&mut tx, duty).await.unwrap().as_ref(), Some(&first));
    (first.version, first.ended_at, first.agency) = (2, Some(at(9)), "PUPR".to_owned());
    cases::update(&mut tx, &first).await.unwrap();
    assert_eq!(cases::of_duty(&mut tx, duty).await.unwrap(), None, "it is over");
    assert_eq!(cases::by_id(&mut tx, first.id).await.unwrap().as_ref(), Some(&first), "and still about the duty");
    opened(&mut tx, of_duty("PRK-2026-0002")).await;
}

async fn a_case_is_saved_by_who_saw_it_last(db: Db) {
    let mut tx = write(&db).await;
    region(&mut tx).await;
    let ani = person(&mut tx, "ani@x.go.id").await;
    let old = opened(&mut tx, case("PRK-2026-0001", "absensi", "BKD")).await;
    let changed = Case {
        version: 2,
        course: Course {
            state: CaseState::RepairReported,
            before: Some(CaseState::Suspended),
            rung: 2,
            order: Some(OrderState::InForce),
            outcome: Some(Outcome::Reopened),
            ..old.course
        },
        term: None,
        due_at: None,
        cure_due_at: Some(at(50)),
        cycle: 4,
        letter: Some("SRT-2026-0001".to_owned()),
        reported_by: Some(ani),
        ended_at: Some(at(80)),
        ..old
    };
    cases::update(&mut tx, &changed).await.unwrap();
    commit(tx).await;
    assert_eq!(cases::by_id(&mut read(&db).await, changed.id).await.unwrap().as_ref(), Some(&changed));
    let mut tx = write(&db).await;
    assert!(is_conflict(&cases::update(&mut tx, &changed).await.unwrap_err()));
}

async fn cases_are_listed_as_far_as_one_may_see(db: Db) {
    let mut tx = write(&db).await;
    region(&mut tx).await;
    let old = opened(&mut tx, Case { opened_at: at(-9), ..case("PRK-2026-0001", "absensi", "BKD") }).await;
    let new = opened(&mut tx, case("PRK-2026-0002", "jalan", "PUPR")).await;
    let sees = |all: bool, agencies: &[&str], only: Option<&str>| Visibility {
        all,
        agencies: agencies.iter().map(|code| (*code).to_owned()).collect(),
        requester: String::new(),
        only_agency: only.map(str::to_owned),
    };
    let mut ids = async |seen: Visibility, filter: CaseFilter, before, limit| -> Vec<i64> {
        let found = cases::list(&mut tx, &seen, &filter, before, limit).await.unwrap();
        found.iter().map(|case| case.id).collect()
    };
    let any = CaseFilter::default;
    assert_eq!(ids(sees(true, &[], None), any(), None, 9).await, [new.id, old.id]);
    assert_eq!(ids(sees(true, &[], None), any(), None, 1).await, [new.id]);
    assert_eq!(ids(sees(true, &[], None), any(), Some((at(0), new.id)), 9).await, [old.id]);
    assert_eq!(ids(sees(false, &["BKD"], None), any(), None, 9).await, [old.id]);
    assert_eq!(ids(sees(true, &[], Some("PUPR")), any(), None, 9).await, [new.id]);
    assert!(ids(sees(false, &[], None), any(), None, 9).await.is_empty());
    let all = || sees(true, &[], None);
    let of = CaseFilter { service: Some("jalan".to_owned()), ..any() };
    assert_eq!(ids(all(), of, None, 9).await, [new.id]);
    let of = CaseFilter { agency: Some("BKD".to_owned()), open: Some(true), ..any() };
    assert_eq!(ids(all(), of, None, 9).await, [old.id]);
    assert!(ids(all(), CaseFilter { open: Some(false), ..any() }, None, 9).await.is_empty());
    assert!(ids(all(), CaseFilter { state: Some(CaseState::Curing), ..any() }, None, 9).await.is_empty());
}

async fn tickets_join_a_case_once(db: Db) {
    let mut tx = write(&db).await;
    region(&mut tx).await;
    let case = opened(&mut tx, case("PRK-2026-0001", "absensi", "BKD")).await;
    let late = Ticket { service: Some("absensi".to_owned()), breached_at: Some(at(5)), ..ticket("OKI-2602-00001-0") };
    let id = stored(&mut tx, &late).await;
    tickets::update(&mut tx, &Ticket { id, version: 2, ..late.clone() }).await.unwrap();
    let evidence = Evidence {
        ticket_id: id,
        number: late.number,
        breached_at: at(5),
        joined_at: at(6),
        chain_seq: 3,
        chain_hash: "ab".to_owned(),
        evidence: "{}".to_owned(),
    };
    let mut missed = async |priorities: &str, from, to| {
        cases::missed(&mut tx, "absensi", priorities, at(from), at(to)).await.unwrap().len()
    };
    assert_eq!(missed("[\"P3\"]", 5, 6).await, 1);
    assert_eq!(missed("[\"P1\",\"P2\"]", 5, 6).await, 0);
    assert_eq!((missed("[\"P3\"]", 0, 5).await, missed("[\"P3\"]", 6, 9).await), (0, 0));
    assert!(cases::add_evidence(&mut tx, case.id, &evidence).await.unwrap());
    assert!(!cases::add_evidence(&mut tx, case.id, &evidence).await.unwrap());
    assert_eq!(cases::evidence(&mut tx, case.id).await.unwrap(), [evidence]);
    assert_eq!(cases::of_ticket(&mut tx, id).await.unwrap(), ["PRK-2026-0001"]);
    let again = cases::missed(&mut tx, "absensi", "[\"P3\"]", at(5), at(6)).await.unwrap();
    assert_eq!(again.len(), 0, "a miss counts once");
}

async fn a_stage_of_a_term_happens_once(db: Db) {
    let mut tx = write(&db).await;
    region(&mut tx).await;
    let case = opened(&mut tx, case("PRK-2026-0001", "absensi", "BKD")).await;
    let stages = [(TermStage::Reminder, at(5)), (TermStage::Overdue, at(10))];
    for _ in 0..2 {
        cases::plan_term(&mut tx, case.id, Term::Cure, 1, at(10), &stages).await.unwrap();
    }
    cases::plan_term(&mut tx, case.id, Term::Execution, 2, at(8), &[(TermStage::Overdue, at(8))]).await.unwrap();
    assert_eq!(cases::next_step(&mut tx).await.unwrap(), Some(at(5)));
    let due = cases::due_steps(&mut tx, at(9), 9).await.unwrap();
    assert_eq!(
        due.iter().map(|step| (step.term, step.stage)).collect::<Vec<_>>(),
        [(Term::Cure, TermStage::Reminder), (Term::Execution, TermStage::Overdue),]
    );
    assert_eq!((due[0].due_at, due[0].term_due_at, due[0].cycle), (at(5), at(10), 1));
    assert!(cases::claim_step(&mut tx, due[0].id, at(9)).await.unwrap());
    assert!(!cases::claim_step(&mut tx, due[0].id, at(9)).await.unwrap());
    cases::skip_term(&mut tx, case.id, Some(Term::Execution)).await.unwrap();
    assert_eq!(cases::next_step(&mut tx).await.unwrap(), Some(at(10)));
    cases::skip_term(&mut tx, case.id, None).await.unwrap();
    assert_eq!(cases::next_step(&mut tx).await.unwrap(), None);
}

async fn an_order_is_kept_through_its_life(db: Db) {
    let mut tx = write(&db).await;
    region(&mut tx).await;
    let ani = person(&mut tx, "ani@x.go.id").await;
    let case = opened(&mut tx, case("PRK-2026-0001", "absensi", "BKD")).await;
    let mut order = Suspension {
        id: 0,
        code: "PNT-2026-0001".to_owned(),
        case_id: case.id,
        service: "absensi".to_owned(),
        state: OrderState::Ordered,
        what: "Penutupan".to_owned(),
        until: "diperbaiki".to_owned(),
        endpoints: "[\"absensi.go.id\"]".to_owned(),
        ordered_at: at(0),
        due_at: at(50),
        executed_at: None,
        executed_by: None,
        minutes: None,
        lifted_at: None,
        lifted_by: None,
        note: None,
    };
    order.id = suspensions::insert(&mut tx, &order).await.unwrap();
    assert_eq!(suspensions::by_code(&mut tx, "PNT-2026-0001").await.unwrap().as_ref(), Some(&order));
    assert!(suspensions::in_force(&mut tx).await.unwrap().is_empty());
    (order.state, order.executed_at, order.executed_by) = (OrderState::InForce, Some(at(10)), Some(ani));
    order.minutes = Some("ditutup".to_owned());
    suspensions::update(&mut tx, &order).await.unwrap();
    let closed = [("PNT-2026-0001".to_owned(), "[\"absensi.go.id\"]".to_owned())];
    assert_eq!(suspensions::in_force(&mut tx).await.unwrap(), closed);
    assert_eq!(
        suspensions::closed_spans(&mut tx, at(0), at(99)).await.unwrap(),
        [("absensi".to_owned(), at(10), None)]
    );
    (order.state, order.lifted_at, order.lifted_by) = (OrderState::Lifted, Some(at(30)), Some(ani));
    order.note = Some("dibuka".to_owned());
    suspensions::update(&mut tx, &order).await.unwrap();
    commit(tx).await;
    let mut tx = read(&db).await;
    assert_eq!(suspensions::of_case(&mut tx, case.id).await.unwrap(), [order.clone()]);
    assert!(suspensions::in_force(&mut tx).await.unwrap().is_empty());
    let spans = suspensions::closed_spans(&mut tx, at(20), at(99)).await.unwrap();
    assert_eq!(spans, [("absensi".to_owned(), at(10), Some(at(30)))]);
    assert!(suspensions::closed_spans(&mut tx, at(30), at(99)).await.unwrap().is_empty());
    assert!(suspensions::closed_spans(&mut tx, at(0), at(10)).await.unwrap().is_empty());
    let seen = |all: bool, agency: &str| Visibility {
        all,
        agencies: vec![agency.to_owned()],
        requester: String::new(),
        only_agency: None,
    };
    let mut listed = async |seen: Visibility, state, before| {
        suspensions::list(&mut tx, &seen, state, before, 9).await.unwrap().len()
    };
    assert_eq!(listed(seen(true, ""), None, None).await, 1);
    assert_eq!(listed(seen(false, "BKD"), Some(OrderState::Lifted), None).await, 1);
    assert_eq!(listed(seen(false, "PUPR"), None, None).await, 0);
    assert_eq!(listed(seen(true, ""), Some(OrderState::InForce), None).await, 0);
    assert_eq!(listed(seen(true, ""), None, Some(order.id)).await, 0);
}
