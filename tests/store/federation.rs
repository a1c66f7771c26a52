//! Who has gone to the identity provider, and who is who there.

use super::{at, commit, person, write};
use crate::support::db::on_both;
use meja::store::Db;
use meja::store::federation::{self, Gone};

on_both!(whoever_went_comes_back_once_and_in_time, an_identity_stays_with_its_account,);

async fn whoever_went_comes_back_once_and_in_time(db: Db) {
    let gone = |onward: &str| Gone {
        browser_hash: "b".to_owned(),
        nonce: "n".to_owned(),
        verifier: "v".to_owned(),
        onward: onward.to_owned(),
    };
    let mut tx = write(&db).await;
    federation::go(&mut tx, "s1", &gone("/kerja"), at(100)).await.unwrap();
    federation::go(&mut tx, "s2", &gone(""), at(10)).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    assert_eq!(federation::come_back(&mut tx, "s1", at(100)).await.unwrap(), None, "too late");
    assert_eq!(federation::come_back(&mut tx, "s1", at(99)).await.unwrap(), Some(gone("/kerja")));
    assert_eq!(federation::come_back(&mut tx, "s1", at(99)).await.unwrap(), None, "only once");
    assert_eq!(federation::forget(&mut tx, at(10)).await.unwrap(), 0);
    assert_eq!(federation::forget(&mut tx, at(11)).await.unwrap(), 1);
}

async fn an_identity_stays_with_its_account(db: Db) {
    let mut tx = write(&db).await;
    let (ani, budi) = (person(&mut tx, "ani@oki.go.id").await, person(&mut tx, "budi@oki.go.id").await);
    assert!(federation::link(&mut tx, "https://idp", "sub", ani).await.unwrap());
    assert!(!federation::link(&mut tx, "https://idp", "sub", budi).await.unwrap());
    assert_eq!(federation::account(&mut tx, "https://idp", "sub").await.unwrap(), Some(ani));
    assert_eq!(federation::account(&mut tx, "https://other", "sub").await.unwrap(), None);
    assert!(federation::is_linked(&mut tx, "https://idp", ani).await.unwrap());
    assert!(!federation::is_linked(&mut tx, "https://idp", budi).await.unwrap());
    assert_eq!(federation::unlink(&mut tx, ani).await.unwrap(), 1);
    assert!(!federation::is_linked(&mut tx, "https://idp", ani).await.unwrap());
}
