//! What is removed when its time is over, and what is held.

use super::{agency, at, commit, person, read, stored, ticket, write};
use crate::support::db::on_both;
use meja::domain::message::InboxState;
use meja::store::retention::{self, Limits, Over};
use meja::store::{Db, Tx, inbox, settings};

on_both!(what_is_over_is_counted_and_raw_mails_go_unless_their_ticket_is_held, a_hold_lasts_until_it_is_ended);

/// A mail that came in at the `second`-th second and ended in `state`.
async fn mail(tx: &mut Tx, digest: &str, second: i64, state: InboxState, ticket: Option<i64>) {
    let id = inbox::store(tx, "a@x.id", "b@x.id", digest, b"raw", at(second)).await.unwrap().unwrap();
    if state != InboxState::New {
        assert!(inbox::settle(tx, id, state, None, ticket).await.unwrap());
    }
}

fn limits(second: i64) -> Limits {
    let limit = at(second);
    Limits { drafts: limit, attempts: limit, keys: limit, sessions: limit, links: limit, raw_mails: limit }
}

async fn what_is_over_is_counted_and_raw_mails_go_unless_their_ticket_is_held(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    let account = person(&mut tx, "a@x.id").await;
    let held = stored(&mut tx, &ticket("T-1")).await;
    let free = stored(&mut tx, &ticket("T-2")).await;
    retention::hold(&mut tx, held, "Perkara 1", account, at(0)).await.unwrap();
    retention::hold(&mut tx, free, "Perkara 2", account, at(0)).await.unwrap();
    assert!(retention::release(&mut tx, free, "Selesai", account, at(1)).await.unwrap());
    settings::save_draft(&mut tx, "old", "{}", at(1)).await.unwrap();
    settings::save_draft(&mut tx, "new", "{}", at(9)).await.unwrap();
    settings::note_attempt(&mut tx, "x", at(1)).await.unwrap();
    assert!(settings::take_key(&mut tx, "k", "r", at(1)).await.unwrap());
    mail(&mut tx, "1", 1, InboxState::Done, Some(held)).await;
    mail(&mut tx, "2", 1, InboxState::Done, Some(free)).await;
    mail(&mut tx, "3", 1, InboxState::Ignored, None).await;
    mail(&mut tx, "4", 1, InboxState::Quarantined, None).await;
    mail(&mut tx, "5", 9, InboxState::Done, Some(free)).await;
    mail(&mut tx, "6", 1, InboxState::New, None).await;
    let over = retention::over(&mut tx, &limits(5)).await.unwrap();
    let expected = Over { drafts: 1, attempts: 1, keys: 1, sessions: 0, links: 0, raw_mails: 2, held_mails: 1 };
    assert_eq!(over, expected);
    assert_eq!(retention::remove_raw_mails(&mut tx, at(5)).await.unwrap(), 2);
    commit(tx).await;
    let mut tx = read(&db).await;
    let left = retention::over(&mut tx, &limits(5)).await.unwrap();
    assert_eq!((left.raw_mails, left.held_mails, left.drafts), (0, 1, 1));
    let mut counts = inbox::counts(&mut tx).await.unwrap();
    counts.sort();
    let expected = [("done", 2), ("new", 1), ("quarantined", 1)].map(|(state, count)| (state.to_owned(), count));
    assert_eq!(counts, expected);
}

async fn a_hold_lasts_until_it_is_ended(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    let account = person(&mut tx, "a@x.id").await;
    let id = stored(&mut tx, &ticket("T-1")).await;
    assert!(!retention::is_held(&mut tx, id).await.unwrap());
    assert!(!retention::release(&mut tx, id, "x", account, at(1)).await.unwrap());
    retention::hold(&mut tx, id, "Perkara 'é'", account, at(2)).await.unwrap();
    assert!(retention::is_held(&mut tx, id).await.unwrap());
    let holds = retention::holds(&mut tx).await.unwrap();
    assert_eq!(holds.len(), 1);
    let hold = &holds[0];
    assert_eq!(
        (hold.number.as_str(), hold.reason.as_str(), hold.name.as_str(), hold.at),
        ("T-1", "Perkara 'é'", "Ani", at(2))
    );
    assert!(retention::release(&mut tx, id, "Putus", account, at(3)).await.unwrap());
    assert!(!retention::is_held(&mut tx, id).await.unwrap());
    assert!(retention::holds(&mut tx).await.unwrap().is_empty());
}
