//! Signed-in browsers and links that sign in.

use super::{at, commit, joined, person, read, write};
use crate::support::db::on_both;
use meja::domain::people::Account;
use meja::domain::ticket::Language;
use meja::store::sessions::{LinkRequest, NewSession};
use meja::store::{Db, second_factor, sessions};

on_both!(
    a_session_is_found_with_its_owner_until_it_ends,
    a_session_is_known_by_one_digest,
    a_session_gets_another_cookie_and_the_old_one_is_nothing,
    sessions_of_an_account_end_one_by_one_or_all_but_one,
    a_link_signs_in_once_and_not_after_its_end,
    one_of_ten_bearers_of_a_link_is_signed_in,
    a_wish_for_a_link_is_taken_once,
);

/// A plain session of an account.
pub fn session(hash: &str, account: i64) -> NewSession<'_> {
    NewSession { hash, account, owes_code: false, by_link: false, browser: "Firefox, Linux", source: "10.1.x.x" }
}

async fn a_session_is_found_with_its_owner_until_it_ends(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    sessions::insert(&mut tx, &NewSession { owes_code: true, by_link: true, ..session("h", ani) }, at(10))
        .await
        .unwrap();
    let found = sessions::find(&mut tx, "h").await.unwrap().unwrap();
    assert_eq!((found.owes_code, found.by_link, found.has_totp), (true, true, false));
    assert_eq!((found.created_at, found.seen_at), (at(10), at(10)));
    let owner = Account::from(found.account);
    assert_eq!((owner.id, owner.email.as_str(), owner.active), (ani, "ani@oki.go.id", true));
    sessions::touch(&mut tx, found.id, at(20)).await.unwrap();
    sessions::touch(&mut tx, 4711, at(99)).await.unwrap();
    second_factor::propose_totp(&mut tx, ani, "s").await.unwrap();
    second_factor::confirm_totp(&mut tx, ani, at(11)).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    let found = sessions::find(&mut tx, "h").await.unwrap().unwrap();
    assert_eq!((found.created_at, found.seen_at, found.has_totp), (at(10), at(20), true));
    sessions::end(&mut tx, "other").await.unwrap();
    assert!(sessions::find(&mut tx, "h").await.unwrap().is_some());
    assert_eq!(sessions::forget(&mut tx, at(20)).await.unwrap(), 0);
    sessions::end(&mut tx, "h").await.unwrap();
    assert_eq!(sessions::find(&mut tx, "h").await.unwrap(), None);
    sessions::insert(&mut tx, &session("old", ani), at(10)).await.unwrap();
    assert_eq!(sessions::forget(&mut tx, at(11)).await.unwrap(), 1);
}

async fn a_session_is_known_by_one_digest(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    sessions::insert(&mut tx, &session("h", ani), at(10)).await.unwrap();
    let twice = sessions::insert(&mut tx, &session("h", ani), at(11)).await.expect_err("a taken digest");
    assert!(super::is_duplicate(&twice), "{twice:?}");
}

async fn a_session_gets_another_cookie_and_the_old_one_is_nothing(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    sessions::insert(&mut tx, &NewSession { owes_code: true, ..session("h", ani) }, at(10)).await.unwrap();
    let id = sessions::find(&mut tx, "h").await.unwrap().unwrap().id;
    assert!(sessions::renew(&mut tx, id, "new", true).await.unwrap());
    assert_eq!(sessions::find(&mut tx, "h").await.unwrap(), None);
    let found = sessions::find(&mut tx, "new").await.unwrap().unwrap();
    assert_eq!((found.id, found.owes_code, found.by_link, found.created_at), (id, false, true, at(10)));
    assert!(!sessions::renew(&mut tx, 4711, "more", false).await.unwrap());
}

async fn sessions_of_an_account_end_one_by_one_or_all_but_one(db: Db) {
    let mut tx = write(&db).await;
    let (ani, budi) = (person(&mut tx, "ani@oki.go.id").await, person(&mut tx, "budi@oki.go.id").await);
    for (place, (hash, account)) in [("a1", ani), ("a2", ani), ("a3", ani), ("b", budi)].into_iter().enumerate() {
        let second = i64::try_from(place).unwrap();
        sessions::insert(&mut tx, &session(hash, account), at(second)).await.unwrap();
    }
    let listed = sessions::of_account(&mut tx, ani).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.seen_at).collect::<Vec<_>>(), [at(2), at(1), at(0)]);
    assert_eq!((listed[0].browser.as_str(), listed[0].source.as_str()), ("Firefox, Linux", "10.1.x.x"));
    assert!(!sessions::end_one(&mut tx, budi, listed[0].id).await.unwrap(), "not that person's");
    assert!(sessions::end_one(&mut tx, ani, listed[0].id).await.unwrap());
    assert_eq!(sessions::end_all(&mut tx, ani, Some(listed[1].id)).await.unwrap(), 1);
    assert!(sessions::find(&mut tx, "a2").await.unwrap().is_some());
    assert_eq!(sessions::end_all(&mut tx, ani, None).await.unwrap(), 1);
    assert!(sessions::find(&mut tx, "b").await.unwrap().is_some());
}

async fn a_link_signs_in_once_and_not_after_its_end(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    for hash in ["h1", "h2", "h3"] {
        sessions::add_link(&mut tx, hash, ani, hash == "h1", at(100)).await.unwrap();
    }
    sessions::add_link(&mut tx, "h4", ani, false, at(10)).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    assert_eq!(sessions::take_link(&mut tx, "h1", at(100)).await.unwrap(), None, "it is over");
    assert_eq!(sessions::take_link(&mut tx, "unknown", at(1)).await.unwrap(), None);
    assert_eq!(sessions::take_link(&mut tx, "h1", at(99)).await.unwrap(), Some((ani, true)));
    assert_eq!(sessions::take_link(&mut tx, "h1", at(99)).await.unwrap(), None, "it was used");
    assert_eq!(sessions::forget_links(&mut tx, at(100)).await.unwrap(), 1, "only the one that is over");
    commit(tx).await;
    drop(read(&db).await);
    let mut tx = write(&db).await;
    assert_eq!(sessions::take_link(&mut tx, "h1", at(1)).await.unwrap(), None);
    assert_eq!(sessions::take_link(&mut tx, "h2", at(1)).await.unwrap(), Some((ani, false)));
    assert_eq!(sessions::end_links(&mut tx, ani).await.unwrap(), 1);
    assert_eq!(sessions::take_link(&mut tx, "h3", at(1)).await.unwrap(), None);
}

async fn one_of_ten_bearers_of_a_link_is_signed_in(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    sessions::add_link(&mut tx, "h", ani, false, at(100)).await.unwrap();
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
    assert_eq!(joined(tasks.collect()).await.into_iter().flatten().collect::<Vec<_>>(), [(ani, false)]);
}

async fn a_wish_for_a_link_is_taken_once(db: Db) {
    let mut tx = write(&db).await;
    assert!(!sessions::any_asked(&mut tx).await.unwrap());
    let wish = LinkRequest { email: "siapa@x.id".to_owned(), for_password: true, language: Language::English };
    sessions::ask_link(&mut tx, &wish, at(1)).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    assert!(sessions::any_asked(&mut tx).await.unwrap());
    assert_eq!(sessions::take_asked(&mut tx).await.unwrap(), [wish]);
    assert_eq!(sessions::take_asked(&mut tx).await.unwrap(), []);
}
