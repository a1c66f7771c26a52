//! The duty register and its planned stages.

use super::{at, commit, is_conflict, person, read, write};
use crate::support::db::on_both;
use chrono::NaiveDate;
use meja::domain::duty::{Duty, DutyStage, DutyState, Office};
use meja::domain::people::Visibility;
use meja::store::duties::{self, Filter, Owed};
use meja::store::{Db, Tx};

on_both!(
    a_duty_is_entered_once_for_a_term,
    a_duty_is_saved_by_who_saw_it_last,
    a_list_shows_what_one_may_see_in_order,
    what_is_owed_is_counted,
    the_latest_of_each_agency,
    a_stage_happens_once,
);

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn duty(code: &str, agency: &str, from: &str, due: i64) -> Duty {
    Duty {
        id: 0,
        version: 1,
        code: code.to_owned(),
        office: Office::Agency,
        agency: agency.to_owned(),
        what: "Diagram 'LAN'".to_owned(),
        period_from: date(from),
        period_to: date("2027-01-01"),
        cause: String::new(),
        due_on: date("2026-12-31"),
        due_at: at(due),
        remind_at: Some(at(due - 50)),
        cycle: 1,
        state: DutyState::Open,
        sanctionable: due % 2 == 0,
        source: Some("Pasal 19".to_owned()),
        pack: "oki@1".to_owned(),
        planned_on: None,
        done_at: None,
        done_by: None,
        evidence: None,
        evidence_url: None,
        note: None,
        opened_at: at(0),
    }
}

/// Some entry of an agency; its key.
pub(super) async fn of_agency(tx: &mut Tx, agency: &str) -> i64 {
    entered(tx, duty("diagram-lan", agency, "2026-01-01", 100)).await.id
}

async fn entered(tx: &mut Tx, mut duty: Duty) -> Duty {
    duty.id = duties::insert(tx, &duty).await.unwrap().expect("a new entry");
    duty
}

fn sees(all: bool, agencies: &[&str], only: Option<&str>) -> Visibility {
    let agencies = agencies.iter().map(|code| (*code).to_owned()).collect();
    Visibility { all, agencies, requester: String::new(), only_agency: only.map(str::to_owned) }
}

async fn a_duty_is_entered_once_for_a_term(db: Db) {
    let mut tx = write(&db).await;
    let first = entered(&mut tx, duty("lan", "BKD", "2026-01-01", 100)).await;
    assert_eq!(duties::insert(&mut tx, &first).await.unwrap(), None);
    entered(&mut tx, duty("lan", "PUPR", "2026-01-01", 100)).await;
    entered(&mut tx, duty("lan", "BKD", "2027-01-01", 100)).await;
    entered(&mut tx, Duty { cause: "OKI-2602-00001-3".to_owned(), ..first.clone() }).await;
    commit(tx).await;
    let mut tx = read(&db).await;
    assert_eq!(duties::by_id(&mut tx, first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(duties::by_id(&mut tx, first.id + 99).await.unwrap(), None);
    let found = duties::of_term(&mut tx, "lan", "BKD", date("2026-01-01"), "").await.unwrap();
    assert_eq!(found, Some(first));
    assert_eq!(duties::of_term(&mut tx, "lan", "BKD", date("2025-01-01"), "").await.unwrap(), None);
}

async fn a_duty_is_saved_by_who_saw_it_last(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let old = entered(&mut tx, duty("lan", "BKD", "2026-01-01", 100)).await;
    let changed = Duty {
        version: 2,
        state: DutyState::Done,
        due_on: date("2026-11-30"),
        due_at: at(90),
        remind_at: None,
        cycle: 2,
        planned_on: Some(date("2026-10-01")),
        done_at: Some(at(80)),
        done_by: Some(ani),
        evidence: Some("Surat 1".to_owned()),
        evidence_url: Some("https://x".to_owned()),
        note: Some("n".to_owned()),
        ..old
    };
    duties::update(&mut tx, &changed).await.unwrap();
    commit(tx).await;
    assert_eq!(duties::by_id(&mut read(&db).await, changed.id).await.unwrap().as_ref(), Some(&changed));
    let mut tx = write(&db).await;
    assert!(is_conflict(&duties::update(&mut tx, &changed).await.unwrap_err()));
}

async fn a_list_shows_what_one_may_see_in_order(db: Db) {
    let mut tx = write(&db).await;
    let late = entered(&mut tx, Duty { state: DutyState::Overdue, ..duty("lan", "BKD", "2025-01-01", 11) }).await;
    let next = entered(&mut tx, duty("lan", "PUPR", "2026-01-01", 40)).await;
    let board = entered(&mut tx, Duty { office: Office::Board, ..duty("evaluasi", "", "2026-01-01", 40) }).await;
    let far = Duty { due_on: date("2027-06-30"), ..duty("audit", "BKD", "2026-01-01", 60) };
    let far = entered(&mut tx, far).await;
    commit(tx).await;
    let mut tx = read(&db).await;
    let mut ids = async |seen: Visibility, filter: Filter, after, limit| -> Vec<i64> {
        let found = duties::list(&mut tx, &seen, &filter, after, limit).await.unwrap();
        found.iter().map(|duty| duty.id).collect()
    };
    let any = Filter::default;
    assert_eq!(ids(sees(true, &[], None), any(), None, 9).await, [late.id, next.id, board.id, far.id]);
    assert_eq!(ids(sees(true, &[], None), any(), None, 2).await, [late.id, next.id]);
    assert_eq!(ids(sees(true, &[], None), any(), Some((next.due_at, next.id)), 9).await, [board.id, far.id]);
    assert_eq!(ids(sees(false, &["BKD"], None), any(), None, 9).await, [late.id, far.id]);
    assert!(ids(sees(false, &[], None), any(), None, 9).await.is_empty());
    assert_eq!(ids(sees(true, &[], Some("PUPR")), any(), None, 9).await, [next.id]);
    let all = || sees(true, &[], None);
    let filter = Filter { agency: Some("BKD".to_owned()), ..any() };
    assert_eq!(ids(all(), filter, None, 9).await, [late.id, far.id]);
    let filter = Filter { states: vec![DutyState::Overdue, DutyState::Done], ..any() };
    assert_eq!(ids(all(), filter, None, 9).await, [late.id]);
    let filter = Filter { due_from: Some(date("2027-01-01")), ..any() };
    assert_eq!(ids(all(), filter, None, 9).await, [far.id]);
    let filter = Filter { due_to: Some(date("2027-06-30")), sanctionable: Some(true), ..any() };
    assert_eq!(ids(all(), filter, None, 9).await, [next.id, board.id]);
}

async fn what_is_owed_is_counted(db: Db) {
    let mut tx = write(&db).await;
    entered(&mut tx, duty("lan", "BKD", "2026-01-01", 40)).await;
    entered(&mut tx, Duty { state: DutyState::Overdue, ..duty("lan", "BKD", "2025-01-01", 40) }).await;
    entered(&mut tx, Duty { state: DutyState::Done, ..duty("lan", "BKD", "2024-01-01", 40) }).await;
    entered(&mut tx, duty("lan", "PUPR", "2026-01-01", 40)).await;
    commit(tx).await;
    let mut tx = read(&db).await;
    let bkd = Owed { agency: "BKD".to_owned(), open: 1, overdue: 1 };
    let pupr = Owed { agency: "PUPR".to_owned(), open: 1, overdue: 0 };
    assert_eq!(duties::owed(&mut tx, &sees(true, &[], None)).await.unwrap(), [bkd.clone(), pupr]);
    assert_eq!(duties::owed(&mut tx, &sees(false, &["BKD"], None)).await.unwrap(), [bkd]);
}

async fn the_latest_of_each_agency(db: Db) {
    let mut tx = write(&db).await;
    entered(&mut tx, duty("audit", "BKD", "2024-01-01", 10)).await;
    let bkd = entered(&mut tx, duty("audit", "BKD", "2026-01-01", 20)).await;
    let pupr = Duty { state: DutyState::Done, ..duty("audit", "PUPR", "2025-01-01", 15) };
    let pupr = entered(&mut tx, pupr).await;
    entered(&mut tx, duty("lan", "BKD", "2027-01-01", 30)).await;
    let ids = |found: Vec<Duty>| found.into_iter().map(|duty| duty.id).collect::<Vec<_>>();
    assert_eq!(ids(duties::latest(&mut tx, "audit").await.unwrap()), [bkd.id, pupr.id]);
    assert_eq!(duties::open(&mut tx).await.unwrap().len(), 3, "without the one that is done");
}

async fn a_stage_happens_once(db: Db) {
    let mut tx = write(&db).await;
    let id = entered(&mut tx, duty("lan", "BKD", "2026-01-01", 100)).await.id;
    assert_eq!(duties::next_step(&mut tx).await.unwrap(), None);
    let plan = [(DutyStage::Overdue, at(100)), (DutyStage::Reminder, at(50))];
    duties::plan_steps(&mut tx, id, 1, &plan).await.unwrap();
    duties::plan_steps(&mut tx, id, 1, &[(DutyStage::Reminder, at(70))]).await.unwrap();
    assert_eq!(duties::next_step(&mut tx).await.unwrap(), Some(at(50)), "planned is planned");
    let due = duties::due_steps(&mut tx, at(100), 9).await.unwrap();
    let found: Vec<_> = due.iter().map(|step| (step.duty_id, step.stage, step.cycle, step.due_at)).collect();
    assert_eq!(found, [(id, DutyStage::Reminder, 1, at(50)), (id, DutyStage::Overdue, 1, at(100))]);
    assert_eq!(duties::due_steps(&mut tx, at(99), 9).await.unwrap().len(), 1);
    assert_eq!(duties::due_steps(&mut tx, at(100), 1).await.unwrap().len(), 1);
    assert!(duties::claim_step(&mut tx, due[0].id, at(51)).await.unwrap());
    assert!(!duties::claim_step(&mut tx, due[0].id, at(52)).await.unwrap());
    duties::skip_steps(&mut tx, id).await.unwrap();
    assert_eq!(duties::next_step(&mut tx).await.unwrap(), None);
    duties::plan_steps(&mut tx, id, 1, &[(DutyStage::Overdue, at(120)), (DutyStage::Reminder, at(80))]).await.unwrap();
    assert_eq!(duties::next_step(&mut tx).await.unwrap(), Some(at(120)), "what has happened is not planned again");
    duties::plan_steps(&mut tx, id, 2, &[(DutyStage::Reminder, at(80))]).await.unwrap();
    assert_eq!(duties::next_step(&mut tx).await.unwrap(), Some(at(80)), "but in the next round");
    duties::plan_steps(&mut tx, id, 2, &[]).await.unwrap();
    commit(tx).await;
}
