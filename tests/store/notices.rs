//! What people are told, until it leaves as mail.

use super::{at, commit, open, person, read, ticket, value, write};
use crate::support::db::on_both;
use chrono::{DateTime, Utc};
use meja::domain::clock_plan::StepKind;
use meja::store::notices::{self, Notice};
use meja::store::{Db, Tx};

on_both!(a_person_is_told_of_a_step_once, notices_wait_person_by_person_in_order, a_notice_is_mailed_once,);

async fn add(tx: &mut Tx, account: i64, ticket: i64, kind: StepKind, cycle: i64, due: i64) {
    notices::add(tx, account, ticket, kind, cycle, at(due), at(due + 500)).await.expect("a notice");
}

async fn a_person_is_told_of_a_step_once(db: Db) {
    let mut tx = write(&db).await;
    let id = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    add(&mut tx, ani, id, StepKind::Warn, 1, 10).await;
    add(&mut tx, ani, id, StepKind::Warn, 1, 20).await;
    commit(tx).await;
    let waiting = notices::waiting(&mut read(&db).await).await.unwrap();
    let expected = Notice {
        id: waiting[0].id,
        account_id: ani,
        ticket_id: id,
        kind: StepKind::Warn,
        due_at: at(10),
        detected_at: at(510),
    };
    assert_eq!(waiting, [expected]);
    let mut tx = write(&db).await;
    assert!(notices::mark_mailed(&mut tx, waiting[0].id, at(30)).await.unwrap());
    add(&mut tx, ani, id, StepKind::Warn, 1, 40).await;
    assert_eq!(notices::waiting(&mut tx).await.unwrap(), [], "nor again after it was mailed");
    add(&mut tx, ani, id, StepKind::Warn, 2, 50).await;
    assert_eq!(notices::waiting(&mut tx).await.unwrap().len(), 1, "but of the next round");
}

async fn notices_wait_person_by_person_in_order(db: Db) {
    let mut tx = write(&db).await;
    let one = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let two = open(&mut tx, &ticket("OKI-2602-00002-0")).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let budi = person(&mut tx, "budi@oki.go.id").await;
    add(&mut tx, budi, one, StepKind::Warn, 1, 5).await;
    add(&mut tx, ani, two, StepKind::Breach, 1, 30).await;
    add(&mut tx, ani, one, StepKind::Breach, 1, 10).await;
    add(&mut tx, ani, one, StepKind::ResponseNotice, 1, 30).await;
    commit(tx).await;
    let waiting = notices::waiting(&mut read(&db).await).await.unwrap();
    let told: Vec<_> = waiting.iter().map(|notice| (notice.account_id, notice.ticket_id, notice.kind)).collect();
    let expected = [
        (ani, one, StepKind::Breach),
        (ani, two, StepKind::Breach),
        (ani, one, StepKind::ResponseNotice),
        (budi, one, StepKind::Warn),
    ];
    assert_eq!(told, expected);
}

async fn a_notice_is_mailed_once(db: Db) {
    let mut tx = write(&db).await;
    let id = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    add(&mut tx, ani, id, StepKind::Warn, 1, 10).await;
    let notice = notices::waiting(&mut tx).await.unwrap().remove(0).id;
    assert!(notices::mark_mailed(&mut tx, notice, at(20)).await.unwrap());
    assert!(!notices::mark_mailed(&mut tx, notice, at(30)).await.unwrap());
    assert!(!notices::mark_mailed(&mut tx, notice + 1, at(30)).await.unwrap());
    commit(tx).await;
    assert_eq!(value::<DateTime<Utc>>(&db, "select mailed_at from notice").await, at(20));
}
