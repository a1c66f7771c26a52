//! What a transaction promises on either database.

use super::{commit, joined, read, write};
use crate::support::db::on_both;
use meja::error::Error;
use meja::store::{Db, dialect, settings};

on_both!(
    a_dropped_transaction_leaves_nothing_behind,
    nobody_reads_what_is_not_committed,
    a_failed_statement_spoils_only_its_own_transaction,
    past_the_gate_there_is_one_at_a_time,
    gates_with_different_numbers_are_independent,
    an_ordinary_failure_is_no_duplicate,
    an_unknown_kind_of_address_is_refused,
);

async fn a_dropped_transaction_leaves_nothing_behind(db: Db) {
    let mut tx = write(&db).await;
    settings::set(&mut tx, "kept", "1").await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    settings::set(&mut tx, "kept", "2").await.unwrap();
    settings::set(&mut tx, "lost", "2").await.unwrap();
    assert_eq!(settings::get(&mut tx, "lost").await.unwrap().as_deref(), Some("2"), "it sees its own changes");
    drop(tx);
    let mut tx = write(&db).await;
    assert_eq!(settings::get(&mut tx, "kept").await.unwrap().as_deref(), Some("1"));
    assert_eq!(settings::get(&mut tx, "lost").await.unwrap(), None);
    commit(tx).await;
    assert_eq!(settings::get(&mut read(&db).await, "lost").await.unwrap(), None);
}

async fn nobody_reads_what_is_not_committed(db: Db) {
    let mut tx = write(&db).await;
    settings::set(&mut tx, "k", "1").await.unwrap();
    assert_eq!(settings::get(&mut read(&db).await, "k").await.unwrap(), None);
    commit(tx).await;
    assert_eq!(settings::get(&mut read(&db).await, "k").await.unwrap().as_deref(), Some("1"));
}

async fn a_failed_statement_spoils_only_its_own_transaction(db: Db) {
    for i in 0..3 {
        let mut tx = write(&db).await;
        settings::set(&mut tx, "spoilt", "1").await.unwrap();
        meja::store::sessions::insert(&mut tx, &super::sessions::session("h", 4711), super::at(0))
            .await
            .expect_err("an unknown account");
        drop(tx);
        let mut tx = write(&db).await;
        settings::set(&mut tx, &format!("k{i}"), "1").await.unwrap();
        commit(tx).await;
    }
    let mut tx = read(&db).await;
    assert_eq!(settings::get(&mut tx, "spoilt").await.unwrap(), None);
    assert!(settings::get(&mut tx, "k2").await.unwrap().is_some());
}

async fn past_the_gate_there_is_one_at_a_time(db: Db) {
    let tasks = (0..10).map(|_| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = write(&db).await;
            dialect::one_at_a_time(&mut tx, 7).await.expect("the gate");
            let seen = settings::get(&mut tx, "count")
                .await
                .expect("an answer")
                .map_or(0, |text| text.parse().expect("a number"));
            tokio::task::yield_now().await;
            settings::set(&mut tx, "count", &format!("{}", seen + 1)).await.expect("a change");
            commit(tx).await;
        })
    });
    joined::<()>(tasks.collect()).await;
    assert_eq!(settings::get(&mut read(&db).await, "count").await.unwrap().as_deref(), Some("10"));
}

async fn gates_with_different_numbers_are_independent(db: Db) {
    let mut one = write(&db).await;
    dialect::one_at_a_time(&mut one, 1).await.unwrap();
    // A reading transaction, because the embedded database has one writer in any case.
    let mut two = read(&db).await;
    dialect::one_at_a_time(&mut two, 2).await.unwrap();
    commit(two).await;
    commit(one).await;
}

async fn an_ordinary_failure_is_no_duplicate(db: Db) {
    let mut tx = write(&db).await;
    let unknown = meja::store::sessions::insert(&mut tx, &super::sessions::session("h", 4711), super::at(0))
        .await
        .expect_err("an unknown account");
    assert!(!super::is_duplicate(&unknown), "{unknown:?}");
    assert!(!unknown.is_temporary(), "the same call would fail again");
    for other in [Error::Unauthenticated, Error::internal("duplicate"), Error::NotFound("ticket")] {
        assert!(!super::is_duplicate(&other));
    }
}

async fn an_unknown_kind_of_address_is_refused(db: Db) {
    drop(db);
    Db::connect("mysql://localhost/meja").await.expect_err("neither of the two databases");
}
