//! Signed-in browsers and links that sign in.

use super::{at, commit, joined, person, read, write};
use crate::support::db::on_both;
use meja::store::{Db, dialect, sessions};

on_both!(
    a_session_ends_by_age_by_idleness_or_by_hand,
    a_session_is_known_by_one_digest,
    a_link_signs_in_once_and_not_after_its_end,
    one_of_ten_bearers_of_a_link_is_signed_in,
);

async fn a_session_ends_by_age_by_idleness_or_by_hand(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    sessions::insert(&mut tx, "h", ani, at(10)).await.unwrap();
    assert_eq!(sessions::account(&mut tx, "h", at(9), at(9)).await.unwrap(), Some((ani, at(10))));
    sessions::touch(&mut tx, "h", at(20)).await.unwrap();
    sessions::touch(&mut tx, "nobody's", at(99)).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    for (created_after, seen_after, expected) in
        [(9, 19, Some((ani, at(20)))), (10, 19, None), (9, 20, None), (11, 21, None)]
    {
        let found = sessions::account(&mut tx, "h", at(created_after), at(seen_after)).await.unwrap();
        assert_eq!(found, expected, "{created_after} {seen_after}");
    }
    sessions::end(&mut tx, "other").await.unwrap();
    assert!(sessions::account(&mut tx, "h", at(0), at(0)).await.unwrap().is_some());
    sessions::end(&mut tx, "h").await.unwrap();
    assert_eq!(sessions::account(&mut tx, "h", at(0), at(0)).await.unwrap(), None);
}

async fn a_session_is_known_by_one_digest(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    sessions::insert(&mut tx, "h", ani, at(10)).await.unwrap();
    let twice = sessions::insert(&mut tx, "h", ani, at(11)).await.expect_err("a taken digest");
    assert!(dialect::is_duplicate(&twice), "{twice:?}");
}

async fn a_link_signs_in_once_and_not_after_its_end(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    sessions::add_link(&mut tx, "h1", ani, at(100)).await.unwrap();
    sessions::add_link(&mut tx, "h2", ani, at(100)).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    assert_eq!(sessions::take_link(&mut tx, "h1", at(100)).await.unwrap(), None, "it is over");
    assert_eq!(sessions::take_link(&mut tx, "unknown", at(1)).await.unwrap(), None);
    assert_eq!(sessions::take_link(&mut tx, "h1", at(99)).await.unwrap(), Some(ani));
    assert_eq!(sessions::take_link(&mut tx, "h1", at(99)).await.unwrap(), None, "it was used");
    commit(tx).await;
    drop(read(&db).await);
    let mut tx = write(&db).await;
    assert_eq!(sessions::take_link(&mut tx, "h1", at(1)).await.unwrap(), None);
    assert_eq!(sessions::take_link(&mut tx, "h2", at(1)).await.unwrap(), Some(ani));
}

async fn one_of_ten_bearers_of_a_link_is_signed_in(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    sessions::add_link(&mut tx, "h", ani, at(100)).await.unwrap();
    commit(tx).await;
    let tasks = (0..10).map(|_| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = write(&db).await;
            let taken = sessions::take_link(&mut tx, "h", at(1)).await.expect("an answer");
            commit(tx).await;
            taken
        })
    });
    assert_eq!(joined(tasks.collect()).await.into_iter().flatten().collect::<Vec<_>>(), [ani]);
}
