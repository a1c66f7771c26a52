//! The app's secret and the codes for when the app is lost.

use super::{at, commit, person, write};
use crate::support::db::on_both;
use meja::store::{Db, second_factor};

on_both!(
    a_proven_secret_stays_and_no_step_is_taken_twice,
    a_recovery_code_is_used_once_by_its_owner,
    one_of_ten_uses_of_a_step_counts,
);

async fn a_proven_secret_stays_and_no_step_is_taken_twice(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    assert_eq!(second_factor::totp(&mut tx, ani).await.unwrap(), None);
    assert!(!second_factor::confirm_totp(&mut tx, ani, at(1)).await.unwrap(), "there is nothing to prove");
    second_factor::propose_totp(&mut tx, ani, "first").await.unwrap();
    second_factor::propose_totp(&mut tx, ani, "second").await.unwrap();
    assert!(second_factor::confirm_totp(&mut tx, ani, at(1)).await.unwrap());
    assert!(!second_factor::confirm_totp(&mut tx, ani, at(2)).await.unwrap());
    second_factor::propose_totp(&mut tx, ani, "third").await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    let kept = second_factor::totp(&mut tx, ani).await.unwrap().unwrap();
    assert_eq!((kept.secret.as_str(), kept.confirmed_at, kept.last_step), ("second", Some(at(1)), 0));
    assert!(second_factor::use_step(&mut tx, ani, 7).await.unwrap());
    for old in [7, 6] {
        assert!(!second_factor::use_step(&mut tx, ani, old).await.unwrap(), "{old}");
    }
    assert!(second_factor::use_step(&mut tx, ani, 8).await.unwrap());
    assert!(second_factor::remove_totp(&mut tx, ani).await.unwrap());
    assert!(!second_factor::remove_totp(&mut tx, ani).await.unwrap());
    assert_eq!(second_factor::totp(&mut tx, ani).await.unwrap(), None);
}

async fn a_recovery_code_is_used_once_by_its_owner(db: Db) {
    let mut tx = write(&db).await;
    let (ani, budi) = (person(&mut tx, "ani@oki.go.id").await, person(&mut tx, "budi@oki.go.id").await);
    second_factor::set_codes(&mut tx, ani, &["a".to_owned()]).await.unwrap();
    second_factor::set_codes(&mut tx, ani, &["b".to_owned(), "c".to_owned()]).await.unwrap();
    assert_eq!(second_factor::codes_left(&mut tx, ani).await.unwrap(), 2);
    assert!(!second_factor::use_code(&mut tx, ani, "a").await.unwrap(), "it was replaced");
    assert!(!second_factor::use_code(&mut tx, budi, "b").await.unwrap());
    assert!(second_factor::use_code(&mut tx, ani, "b").await.unwrap());
    assert!(!second_factor::use_code(&mut tx, ani, "b").await.unwrap());
    assert_eq!(second_factor::codes_left(&mut tx, ani).await.unwrap(), 1);
    second_factor::remove_totp(&mut tx, ani).await.unwrap();
    assert_eq!(second_factor::codes_left(&mut tx, ani).await.unwrap(), 0);
}

async fn one_of_ten_uses_of_a_step_counts(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    second_factor::propose_totp(&mut tx, ani, "s").await.unwrap();
    commit(tx).await;
    let tasks = (0..10).map(|_| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = write(&db).await;
            let used = second_factor::use_step(&mut tx, ani, 5).await.expect("an answer");
            commit(tx).await;
            used
        })
    });
    assert_eq!(super::joined(tasks.collect()).await.into_iter().filter(|used| *used).count(), 1);
}
