//! Files that wait, wishes, ratings, and what a mailed link proves.

use super::{at, commit, one_ticket, open, ticket, write};
use crate::support::db::on_both;
use meja::domain::reporter::Wish;
use meja::domain::ticket::{Language, Status};
use meja::store::ratings::Rating;
use meja::store::uploads::Upload;
use meja::store::{Db, own, ratings, settings, uploads, wishes};

on_both!(
    files_wait_for_their_owner_only,
    files_outlive_their_hour_while_the_draft_stands,
    a_wish_is_kept,
    a_solution_is_rated_once,
    a_link_is_wished_taken_and_gone,
    what_a_browser_has_proven_ends,
    own_tickets_come_in_piles,
);

fn upload(name: &str) -> Upload {
    Upload { name: name.to_owned(), media_type: "text/plain".to_owned(), size: 3, sha256: format!("digest-{name}") }
}

async fn files_wait_for_their_owner_only(db: Db) {
    let mut tx = write(&db).await;
    for name in ["b", "a", "b"] {
        uploads::add(&mut tx, "mine", &upload(name), &[0, 159, 255], at(1)).await.unwrap();
    }
    uploads::add(&mut tx, "theirs", &upload("a"), b"abc", at(1)).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    assert_eq!(uploads::of_owner(&mut tx, "mine").await.unwrap(), [upload("b"), upload("a")]);
    assert_eq!(uploads::bytes(&mut tx, "mine").await.unwrap()[0], ("b".into(), "text/plain".into(), vec![0, 159, 255]));
    assert_eq!(uploads::waiting_bytes(&mut tx).await.unwrap(), 9);
    uploads::drop(&mut tx, "mine", "digest-a").await.unwrap();
    uploads::drop(&mut tx, "mine", "digest-c").await.unwrap();
    assert_eq!(uploads::of_owner(&mut tx, "theirs").await.unwrap(), [upload("a")]);
    uploads::drop_all(&mut tx, "mine").await.unwrap();
    assert_eq!(uploads::of_owner(&mut tx, "mine").await.unwrap(), []);
    assert_eq!(uploads::waiting_bytes(&mut tx).await.unwrap(), 3);
}

async fn files_outlive_their_hour_while_the_draft_stands(db: Db) {
    let mut tx = write(&db).await;
    for owner in ["kept", "alone"] {
        uploads::add(&mut tx, owner, &upload("a"), b"abc", at(1)).await.unwrap();
    }
    settings::save_draft(&mut tx, "kept", "{}", at(1)).await.unwrap();
    assert_eq!(uploads::forget(&mut tx, at(1)).await.unwrap(), 0);
    assert_eq!(uploads::forget(&mut tx, at(2)).await.unwrap(), 1);
    settings::drop_draft(&mut tx, "kept").await.unwrap();
    settings::drop_draft(&mut tx, "never there").await.unwrap();
    assert_eq!(settings::draft(&mut tx, "kept").await.unwrap(), None);
    assert_eq!(uploads::forget(&mut tx, at(2)).await.unwrap(), 1);
}

async fn a_wish_is_kept(db: Db) {
    let id = one_ticket(&db).await;
    let mut tx = write(&db).await;
    assert_eq!(wishes::of_ticket(&mut tx, id).await.unwrap(), Wish::default());
    let wish = Wish { anonymous: false, secret: true };
    wishes::keep(&mut tx, id, wish).await.unwrap();
    assert_eq!(wishes::of_ticket(&mut tx, id).await.unwrap(), wish);
    assert_eq!(wishes::secret_among(&mut tx, &[id, id + 1]).await.unwrap(), [id]);
    assert!(wishes::secret_among(&mut tx, &[id + 1]).await.unwrap().is_empty());
    assert!(wishes::secret_among(&mut tx, &[]).await.unwrap().is_empty());
}

async fn a_solution_is_rated_once(db: Db) {
    let id = one_ticket(&db).await;
    let rating = |round, score| Rating { round, score, comment: "é".to_owned(), at: at(1) };
    let mut tx = write(&db).await;
    assert!(ratings::add(&mut tx, id, &rating(2, 4)).await.unwrap());
    assert!(!ratings::add(&mut tx, id, &rating(2, 1)).await.unwrap());
    assert!(ratings::add(&mut tx, id, &rating(1, 5)).await.unwrap());
    assert_eq!(ratings::of_ticket(&mut tx, id).await.unwrap(), [rating(1, 5), rating(2, 4)]);
}

async fn a_link_is_wished_taken_and_gone(db: Db) {
    let mut tx = write(&db).await;
    assert!(!own::any_asked(&mut tx).await.unwrap());
    let asked = own::Asked { email: "a@b.test".to_owned(), language: Language::English };
    own::ask(&mut tx, &asked, at(0)).await.unwrap();
    assert!(own::any_asked(&mut tx).await.unwrap());
    assert_eq!(own::take_asked(&mut tx).await.unwrap(), [asked]);
    assert_eq!(own::take_asked(&mut tx).await.unwrap(), []);
    own::add_link(&mut tx, "hash", "a@b.test", at(60)).await.unwrap();
    own::add_link(&mut tx, "late", "a@b.test", at(60)).await.unwrap();
    assert_eq!(own::take_link(&mut tx, "other", at(1)).await.unwrap(), None);
    assert_eq!(own::take_link(&mut tx, "late", at(60)).await.unwrap(), None);
    assert_eq!(own::take_link(&mut tx, "hash", at(59)).await.unwrap().as_deref(), Some("a@b.test"));
    assert_eq!(own::take_link(&mut tx, "hash", at(59)).await.unwrap(), None);
}

async fn what_a_browser_has_proven_ends(db: Db) {
    let mut tx = write(&db).await;
    for hash in ["left", "used", "idle"] {
        own::begin(&mut tx, hash, "a@b.test", at(0)).await.unwrap();
    }
    own::end(&mut tx, "left").await.unwrap();
    own::touch(&mut tx, "used", at(9)).await.unwrap();
    assert_eq!(own::find(&mut tx, "left").await.unwrap(), None);
    let held = own::find(&mut tx, "used").await.unwrap().unwrap();
    assert_eq!((held.email.as_str(), held.created_at, held.seen_at), ("a@b.test", at(0), at(9)));
    own::forget(&mut tx, at(5), at(5)).await.unwrap();
    assert_eq!(own::find(&mut tx, "idle").await.unwrap(), None);
    assert!(own::find(&mut tx, "used").await.unwrap().is_some());
}

async fn own_tickets_come_in_piles(db: Db) {
    let mut tx = write(&db).await;
    let states = [Status::Closed, Status::New, Status::PendingRequester, Status::Resolved, Status::InProgress];
    for (place, status) in (0..).zip(states) {
        let mut one = ticket(&format!("OKI-2602-0000{place}-0"));
        (one.status, one.opened_at) = (status, at(place));
        let id = open(&mut tx, &one).await;
        (one.id, one.version) = (id, 2);
        meja::store::tickets::update(&mut tx, &one).await.unwrap();
    }
    let mut other = ticket("OKI-2602-00009-0");
    other.requester_email = "lain@oki.go.id".to_owned();
    open(&mut tx, &other).await;
    assert!(own::has_tickets(&mut tx, "lain@oki.go.id").await.unwrap());
    assert!(!own::has_tickets(&mut tx, "tidak@oki.go.id").await.unwrap());
    let all = own::tickets(&mut tx, "budi@oki.go.id", None, 10).await.unwrap();
    let states: Vec<Status> = all.iter().map(|ticket| ticket.status).collect();
    use Status::{Closed, InProgress, New, PendingRequester, Resolved};
    assert_eq!(states, [PendingRequester, InProgress, New, Resolved, Closed]);
    let rest = own::tickets(&mut tx, "budi@oki.go.id", Some((1, all[1].opened_at, all[1].id)), 2).await.unwrap();
    assert_eq!(rest, all[2..4]);
}
