//! Small facts, drafts, tries and keys of requests.

use super::{at, commit, joined, read, write};
use crate::support::db::on_both;
use meja::store::{Db, settings};

on_both!(
    a_fact_is_kept_changed_and_forgotten,
    a_draft_is_kept_until_nobody_touches_it,
    tries_are_counted_since_an_instant,
    a_request_is_taken_once_and_remembers_its_answer,
    one_of_ten_equal_requests_is_taken,
    a_key_that_was_not_committed_is_free_again,
    old_keys_are_forgotten,
);

async fn a_fact_is_kept_changed_and_forgotten(db: Db) {
    let mut tx = write(&db).await;
    assert_eq!(settings::get(&mut tx, "pack").await.unwrap(), None);
    settings::set(&mut tx, "pack", "oki").await.unwrap();
    settings::set(&mut tx, "pack", "kra 'é'").await.unwrap();
    settings::set(&mut tx, "region", "").await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    assert_eq!(settings::get(&mut tx, "pack").await.unwrap().as_deref(), Some("kra 'é'"));
    assert_eq!(settings::get(&mut tx, "region").await.unwrap().as_deref(), Some(""));
    settings::forget(&mut tx, "pack").await.unwrap();
    settings::forget(&mut tx, "never there").await.unwrap();
    assert_eq!(settings::get(&mut tx, "pack").await.unwrap(), None);
    assert!(settings::get(&mut tx, "region").await.unwrap().is_some());
}

async fn a_draft_is_kept_until_nobody_touches_it(db: Db) {
    let mut tx = write(&db).await;
    settings::save_draft(&mut tx, "old", "{}", at(1)).await.unwrap();
    settings::save_draft(&mut tx, "touched", "{\"a\":1}", at(2)).await.unwrap();
    settings::save_draft(&mut tx, "touched", "{\"a\":2}", at(10)).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    assert_eq!(settings::draft(&mut tx, "touched").await.unwrap().as_deref(), Some("{\"a\":2}"));
    assert_eq!(settings::draft(&mut tx, "unknown").await.unwrap(), None);
    assert_eq!(settings::forget_drafts(&mut tx, at(1)).await.unwrap(), 0, "those of that very instant stay");
    assert_eq!(settings::forget_drafts(&mut tx, at(10)).await.unwrap(), 1);
    assert_eq!(settings::draft(&mut tx, "old").await.unwrap(), None);
    assert!(settings::draft(&mut tx, "touched").await.unwrap().is_some());
}

async fn tries_are_counted_since_an_instant(db: Db) {
    let mut tx = write(&db).await;
    for (subject, second) in [("ip:1", 30), ("ip:1", 10), ("ip:1", 20), ("ip:1", 20), ("ip:2", 25)] {
        settings::note_attempt(&mut tx, subject, at(second)).await.unwrap();
    }
    let none = settings::note_attempt(&mut tx, "ip:1", at(15)).await.unwrap();
    settings::forgive_attempt(&mut tx, none).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    for (since, expected) in [(0, (4, Some(at(10)))), (10, (3, Some(at(20)))), (20, (1, Some(at(30)))), (30, (0, None))]
    {
        assert_eq!(settings::attempts(&mut tx, "ip:1", at(since)).await.unwrap(), expected, "{since}");
    }
    assert_eq!(settings::attempts(&mut tx, "ip:", at(0)).await.unwrap(), (0, None));
    assert_eq!(settings::forget_attempts(&mut tx, at(25)).await.unwrap(), 3);
    assert_eq!(settings::attempts(&mut tx, "ip:1", at(0)).await.unwrap(), (1, Some(at(30))));
    assert_eq!(settings::attempts(&mut tx, "ip:2", at(0)).await.unwrap(), (1, Some(at(25))));
}

async fn a_request_is_taken_once_and_remembers_its_answer(db: Db) {
    let mut tx = write(&db).await;
    assert_eq!(settings::answered(&mut tx, "k").await.unwrap(), None);
    assert!(settings::take_key(&mut tx, "k", "digest", at(1)).await.unwrap());
    assert_eq!(settings::answered(&mut tx, "k").await.unwrap(), Some(("digest".to_owned(), None)));
    assert!(!settings::take_key(&mut tx, "k", "other", at(2)).await.unwrap());
    settings::answer_key(&mut tx, "k", "OKI-2602-00001-0").await.unwrap();
    settings::answer_key(&mut tx, "unknown", "nothing").await.unwrap();
    commit(tx).await;
    let mut tx = read(&db).await;
    let kept = settings::answered(&mut tx, "k").await.unwrap();
    assert_eq!(kept, Some(("digest".to_owned(), Some("OKI-2602-00001-0".to_owned()))));
    assert_eq!(settings::answered(&mut tx, "unknown").await.unwrap(), None);
}

async fn one_of_ten_equal_requests_is_taken(db: Db) {
    let tasks = (0..10).map(|_| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = write(&db).await;
            let taken = settings::take_key(&mut tx, "k", "digest", at(1)).await.expect("an answer");
            commit(tx).await;
            taken
        })
    });
    assert_eq!(joined(tasks.collect()).await.into_iter().filter(|taken| *taken).count(), 1);
}

async fn a_key_that_was_not_committed_is_free_again(db: Db) {
    let mut tx = write(&db).await;
    assert!(settings::take_key(&mut tx, "k", "digest", at(1)).await.unwrap());
    drop(tx);
    let mut tx = write(&db).await;
    assert!(settings::take_key(&mut tx, "k", "digest", at(2)).await.unwrap());
}

async fn old_keys_are_forgotten(db: Db) {
    let mut tx = write(&db).await;
    for (key, second) in [("a", 1), ("b", 2), ("c", 3)] {
        settings::take_key(&mut tx, key, "digest", at(second)).await.unwrap();
    }
    assert_eq!(settings::forget_keys(&mut tx, at(3)).await.unwrap(), 2);
    assert_eq!(settings::answered(&mut tx, "b").await.unwrap(), None);
    assert!(settings::answered(&mut tx, "c").await.unwrap().is_some());
}
