//! Backups that were asked for.

use super::{at, commit, read, write};
use crate::support::db::on_both;
use meja::domain::backup::BackupCause;
use meja::store::{Db, backups, recurring};

on_both!(
    a_backup_is_made_by_one_node_and_taken_over_when_it_dies,
    a_test_is_asked_for_and_leaves_the_backup_good,
    recurring_work_is_taken_up_by_one_node,
);

async fn a_backup_is_made_by_one_node_and_taken_over_when_it_dies(db: Db) {
    let mut tx = write(&db).await;
    assert!(backups::ask(&mut tx, "a.meja", BackupCause::Schedule, None, at(1)).await.unwrap());
    assert!(!backups::ask(&mut tx, "a.meja", BackupCause::Schedule, None, at(2)).await.unwrap(), "asked for once");
    let waiting = backups::waiting(&mut tx, at(3)).await.unwrap().unwrap();
    assert_eq!((waiting.name.as_str(), waiting.state.as_str(), waiting.tries), ("a.meja", "queued", 0));
    assert!(backups::claim(&mut tx, &waiting, "satu", at(10)).await.unwrap());
    assert!(!backups::claim(&mut tx, &waiting, "dua", at(10)).await.unwrap(), "another was faster");
    assert!(backups::waiting(&mut tx, at(9)).await.unwrap().is_none(), "while somebody has it");
    assert!(backups::renew(&mut tx, waiting.id, 1, at(20)).await.unwrap());
    assert!(backups::waiting(&mut tx, at(19)).await.unwrap().is_none());
    let left = backups::waiting(&mut tx, at(21)).await.unwrap().unwrap();
    assert_eq!((left.state.as_str(), left.node.as_str(), left.lease_no), ("running", "satu", 1));
    assert!(backups::claim(&mut tx, &left, "dua", at(40)).await.unwrap());
    assert!(!backups::renew(&mut tx, left.id, 1, at(60)).await.unwrap(), "the first is too late");
    let mut late = left.clone();
    "good".clone_into(&mut late.state);
    assert!(!backups::settle(&mut tx, &late).await.unwrap(), "and settles nothing");
    let mine = backups::by_name(&mut tx, "a.meja").await.unwrap().unwrap();
    assert_eq!((mine.node.as_str(), mine.lease_no, mine.tries), ("dua", 2, 2));
    let done = backups::Backup {
        state: "good".to_owned(),
        finished_at: Some(at(30)),
        bytes: Some(7),
        row_count: Some(8),
        tickets: Some(9),
        file_count: Some(1),
        missing: Some(0),
        digest: Some("d".to_owned()),
        locked: true,
        tested_at: Some(at(30)),
        copied_at: Some(at(31)),
        ..mine
    };
    assert!(backups::settle(&mut tx, &done).await.unwrap());
    commit(tx).await;
    let mut tx = read(&db).await;
    assert_eq!(backups::list(&mut tx, i64::MAX, 5).await.unwrap(), std::slice::from_ref(&done));
    assert_eq!(backups::kept(&mut tx).await.unwrap(), std::slice::from_ref(&done));
    assert_eq!(backups::list(&mut tx, done.id, 5).await.unwrap(), []);
    drop(tx);
    let mut tx = write(&db).await;
    backups::removed(&mut tx, done.id, at(50)).await.unwrap();
    assert_eq!(backups::kept(&mut tx).await.unwrap(), []);
    assert!(!backups::ask_test(&mut tx, "a.meja").await.unwrap(), "its file is gone");
}

async fn a_test_is_asked_for_and_leaves_the_backup_good(db: Db) {
    let mut tx = write(&db).await;
    backups::ask(&mut tx, "a.meja", BackupCause::Person, None, at(1)).await.unwrap();
    assert!(!backups::ask_test(&mut tx, "a.meja").await.unwrap(), "not made yet");
    let asked = backups::waiting(&mut tx, at(2)).await.unwrap().unwrap();
    assert!(backups::claim(&mut tx, &asked, "satu", at(9)).await.unwrap());
    let mut made = backups::by_name(&mut tx, "a.meja").await.unwrap().unwrap();
    "good".clone_into(&mut made.state);
    made.finished_at = Some(at(3));
    assert!(backups::settle(&mut tx, &made).await.unwrap());
    assert!(backups::waiting(&mut tx, at(99)).await.unwrap().is_none());
    assert!(backups::ask_test(&mut tx, "a.meja").await.unwrap());
    let wanted = backups::waiting(&mut tx, at(99)).await.unwrap().unwrap();
    assert!(wanted.test_asked);
    assert!(backups::claim(&mut tx, &wanted, "dua", at(120)).await.unwrap());
    let taken = backups::by_name(&mut tx, "a.meja").await.unwrap().unwrap();
    assert_eq!((taken.state.as_str(), taken.node.as_str()), ("good", "satu"), "the file stays where it lies");
    backups::ask(&mut tx, "b.meja", BackupCause::Person, None, at(1)).await.unwrap();
    backups::break_off(&mut tx, "restored", at(130)).await.unwrap();
    let of = backups::list(&mut tx, i64::MAX, 9).await.unwrap();
    let of: Vec<_> = of.iter().map(|it| (it.state.as_str(), it.problem.as_deref(), it.test_asked)).collect();
    assert_eq!(of, [("failed", Some("restored"), false), ("good", None, false)]);
}

async fn recurring_work_is_taken_up_by_one_node(db: Db) {
    let mut tx = write(&db).await;
    assert!(recurring::take_up(&mut tx, "segel", "satu", at(0), at(10)).await.unwrap());
    assert!(!recurring::take_up(&mut tx, "segel", "dua", at(5), at(11)).await.unwrap());
    recurring::ended(&mut tx, "segel", at(10), Some("penuh"), at(12)).await.unwrap();
    recurring::ended(&mut tx, "segel", at(9), None, at(13)).await.unwrap();
    let all = recurring::all(&mut tx).await.unwrap();
    assert_eq!(
        (all[0].node.as_str(), all[0].problem.as_deref(), all[0].finished_at),
        ("satu", Some("penuh"), Some(at(12)))
    );
    assert!(recurring::take_up(&mut tx, "segel", "dua", at(20), at(30)).await.unwrap());
    let all = recurring::all(&mut tx).await.unwrap();
    assert_eq!(
        (all.len(), all[0].node.as_str(), all[0].finished_at, all[0].problem.as_deref()),
        (1, "dua", None, None)
    );
}
