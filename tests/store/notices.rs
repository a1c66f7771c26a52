//! What people are told, until it leaves as mail.

use super::{at, commit, open, person, read, ticket, value, write};
use crate::support::db::on_both;
use chrono::{DateTime, Utc};
use meja::domain::clock_plan::StepKind;
use meja::domain::notice::NoticeChoice;
use meja::domain::people::{Grant, Role, Visibility};
use meja::store::notices::{self, NewNotice, Notice};
use meja::store::{Db, Tx, people};

on_both!(
    everybody_who_holds_the_role_is_told_once,
    a_person_is_told_of_a_step_once,
    notices_wait_person_by_person_in_order,
    a_notice_is_mailed_once,
    what_somebody_chose_is_kept_and_the_last_word_counts,
    a_notice_waits_until_its_reader_ticks_it_off,
);

async fn add(tx: &mut Tx, account: i64, ticket: i64, kind: StepKind, cycle: i64, due: i64) {
    // A role that only this person holds, so that nobody else is told.
    let agency = format!("A{account}");
    people::grant(tx, account, &Grant { role: Role::Auditor, agency: Some(agency.clone()) }).await.expect("a role");
    let notice = NewNotice { ticket, kind, cycle, due_at: at(due), detected_at: at(due + 500) };
    notices::tell(tx, Role::Auditor, &agency, &notice).await.expect("a notice");
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

async fn everybody_who_holds_the_role_is_told_once(db: Db) {
    let mut tx = write(&db).await;
    let id = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let mut told = Vec::new();
    for (email, agencies) in [
        ("ani@oki.go.id", vec![None, Some("BKD")]),
        ("budi@oki.go.id", vec![Some("BKD")]),
        ("cici@oki.go.id", vec![Some("DINKES")]),
    ] {
        let account = person(&mut tx, email).await;
        for agency in agencies {
            let agency = agency.map(str::to_owned);
            people::grant(&mut tx, account, &Grant { role: Role::AgencyHead, agency }).await.unwrap();
        }
        told.push(account);
    }
    let notice = NewNotice { ticket: id, kind: StepKind::Start, cycle: 1, due_at: at(1), detected_at: at(1) };
    for _ in 0..2 {
        notices::tell(&mut tx, Role::AgencyHead, "BKD", &notice).await.unwrap();
    }
    let waiting = notices::waiting(&mut tx).await.unwrap();
    assert_eq!(waiting.iter().map(|notice| notice.account_id).collect::<Vec<_>>(), told[..2]);
}

async fn a_notice_waits_until_its_reader_ticks_it_off(db: Db) {
    let mut tx = write(&db).await;
    let one = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let two = open(&mut tx, &ticket("OKI-2602-00002-0")).await;
    let (ani, budi) = (person(&mut tx, "ani@oki.go.id").await, person(&mut tx, "budi@oki.go.id").await);
    for (account, id, kind) in [
        (ani, one, StepKind::Warn),
        (ani, two, StepKind::Warn),
        (ani, one, StepKind::Breach),
        (budi, one, StepKind::Warn),
    ] {
        add(&mut tx, account, id, kind, 1, 10).await;
    }
    commit(tx).await;
    let all = Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None };
    let blind = Visibility { all: false, ..all.clone() };
    let mut tx = write(&db).await;
    let told = notices::of_account(&mut tx, &all, ani, false, i64::MAX, 9).await.unwrap();
    let kinds: Vec<(&str, StepKind)> = told.iter().map(|notice| (notice.number.as_str(), notice.kind)).collect();
    let (first, second) = ("OKI-2602-00001-0", "OKI-2602-00002-0");
    assert_eq!(kinds, [(first, StepKind::Breach), (second, StepKind::Warn), (first, StepKind::Warn)]);
    assert_eq!(notices::unread(&mut tx, &all, ani).await.unwrap(), 3);
    assert_eq!(notices::unread(&mut tx, &blind, ani).await.unwrap(), 0, "of a ticket out of sight nothing is told");
    assert_eq!(notices::of_account(&mut tx, &blind, ani, true, i64::MAX, 9).await.unwrap(), []);
    notices::mark_read(&mut tx, ani, Some(first), told[2].id, at(30)).await.unwrap();
    assert_eq!(notices::unread(&mut tx, &all, ani).await.unwrap(), 2, "what came after the page stays");
    notices::mark_read(&mut tx, ani, None, told[0].id, at(40)).await.unwrap();
    assert_eq!(notices::unread(&mut tx, &all, ani).await.unwrap(), 0);
    assert_eq!(notices::unread(&mut tx, &all, budi).await.unwrap(), 1, "nobody else's");
    let read = notices::of_account(&mut tx, &all, ani, true, i64::MAX, 9).await.unwrap();
    assert_eq!((read[2].read_at, read[0].read_at), (Some(at(30)), Some(at(40))));
}

async fn what_somebody_chose_is_kept_and_the_last_word_counts(db: Db) {
    let mut tx = write(&db).await;
    let id = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let (ani, budi) = (person(&mut tx, "ani@oki.go.id").await, person(&mut tx, "budi@oki.go.id").await);
    assert_eq!(notices::choices_of(&mut tx, ani).await.unwrap(), []);
    notices::choose(&mut tx, ani, StepKind::Warn, NoticeChoice::Digest).await.unwrap();
    notices::choose(&mut tx, ani, StepKind::Start, NoticeChoice::Never).await.unwrap();
    notices::choose(&mut tx, ani, StepKind::Warn, NoticeChoice::AtOnce).await.unwrap();
    notices::choose(&mut tx, budi, StepKind::Warn, NoticeChoice::Digest).await.unwrap();
    let own = [(StepKind::Warn, NoticeChoice::AtOnce), (StepKind::Start, NoticeChoice::Never)];
    assert_eq!(notices::choices_of(&mut tx, ani).await.unwrap(), own);
    assert_eq!(notices::choices_of_waiting(&mut tx).await.unwrap(), [], "nothing waits");
    add(&mut tx, budi, id, StepKind::Warn, 1, 10).await;
    let waiting = notices::choices_of_waiting(&mut tx).await.unwrap();
    assert_eq!(waiting, [(budi, StepKind::Warn, NoticeChoice::Digest)]);
    commit(tx).await;
}
