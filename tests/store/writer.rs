//! The one writer of the embedded database: groups of commits, and callers that go away.

use super::{commit, joined, read, write};
use crate::support::db::{sqlite, sqlite_url};
use meja::store::{Db, settings};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use tempfile::TempDir;

/// Another process on the same file can write: no transaction was left open.
async fn another_process_can_write(folder: &TempDir) {
    let other = Db::connect(&sqlite_url(folder)).await.expect("the same file");
    let mut tx = write(&other).await;
    settings::set(&mut tx, "other", "1").await.expect("a change");
    commit(tx).await;
    other.close().await;
}

/// Lets a future run up to a halt and drops it there; gives its answer if it came to an end before.
async fn cut_off<F: Future>(future: F, mut halts: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if halts == 0 => Poll::Ready(None),
        Poll::Pending => {
            halts -= 1;
            Poll::Pending
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_writers_keep_what_they_committed_and_nothing_else() {
    let (db, folder) = sqlite().await;
    let tasks = (0..50).map(|i| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = write(&db).await;
            settings::set(&mut tx, &format!("k{i:02}"), "1").await.expect("a change");
            tokio::task::yield_now().await;
            if i % 3 != 0 {
                commit(tx).await;
                let seen = settings::get(&mut read(&db).await, &format!("k{i:02}")).await.expect("an answer");
                assert!(seen.is_some(), "what was committed is there for everybody");
            }
        })
    });
    joined::<()>(tasks.collect()).await;
    let mut tx = read(&db).await;
    for i in 0..50 {
        let kept = settings::get(&mut tx, &format!("k{i:02}")).await.expect("an answer");
        assert_eq!(kept.is_some(), i % 3 != 0, "{i}");
    }
    drop(tx);
    another_process_can_write(&folder).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_transaction_frees_the_file_for_other_processes() {
    let (db, folder) = sqlite().await;
    let mut tx = write(&db).await;
    settings::set(&mut tx, "k", "1").await.expect("a change");
    drop(tx);
    another_process_can_write(&folder).await;
    assert_eq!(settings::get(&mut read(&db).await, "k").await.expect("an answer"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_while_it_begins_leaves_the_writer_usable() {
    let (db, folder) = sqlite().await;
    for round in 0..40 {
        drop(cut_off(db.write(), round % 10).await);
        let mut tx = write(&db).await;
        settings::set(&mut tx, &format!("k{round}"), "1").await.expect("a change");
        commit(tx).await;
    }
    another_process_can_write(&folder).await;
    assert!(settings::get(&mut read(&db).await, "k39").await.expect("an answer").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_while_it_commits_leaves_the_writer_usable() {
    let (db, folder) = sqlite().await;
    for round in 0..40 {
        let mut tx = write(&db).await;
        settings::set(&mut tx, &format!("gone{round}"), "1").await.expect("a change");
        let told = cut_off(tx.commit(), round % 10).await;
        let mut tx = write(&db).await;
        let kept = settings::get(&mut tx, &format!("gone{round}")).await.expect("an answer");
        assert!(kept.is_some() || told.is_none(), "who was told that it is durable finds it");
        settings::set(&mut tx, &format!("k{round}"), "1").await.expect("a change");
        commit(tx).await;
    }
    another_process_can_write(&folder).await;
    assert!(settings::get(&mut read(&db).await, "k39").await.expect("an answer").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_database_is_one_file_that_opens_again() {
    let (db, folder) = sqlite().await;
    let mut tx = write(&db).await;
    settings::set(&mut tx, "k", "1").await.expect("a change");
    commit(tx).await;
    db.close().await;
    let log = folder.path().join("meja.sqlite-wal");
    assert_eq!(log.metadata().map_or(0, |log| log.len()), 0, "the log is folded into the file");
    let again = Db::connect(&sqlite_url(&folder)).await.expect("the same file");
    assert_eq!(settings::get(&mut read(&again).await, "k").await.expect("an answer").as_deref(), Some("1"));
}
