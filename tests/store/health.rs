//! What does not get through.

use super::{at, commit, read, value, write};
use crate::support::db::on_both;
use meja::domain::message::{InboxState, NewMail, OutboxState};
use meja::store::{Db, dialect, health, inbox, outbox};

on_both!(
    mail_that_was_refused_is_told_from_mail_that_waits,
    mail_that_was_put_aside_is_listed_with_its_cause,
    what_waits_longest_is_told,
);

fn mail(key: &str) -> NewMail {
    NewMail {
        key: key.to_owned(),
        ticket: None,
        recipient: format!("{key}@warga.test"),
        sender: String::new(),
        subject: "Halo".to_owned(),
        message_id: format!("<{key}@oki>"),
        raw: b"x".to_vec(),
    }
}

async fn mail_that_was_refused_is_told_from_mail_that_waits(db: Db) {
    let mut tx = write(&db).await;
    for key in ["a", "b", "c", "d"] {
        outbox::put(&mut tx, &mail(key), at(1), at(1)).await.unwrap();
    }
    commit(tx).await;
    let mut tx = write(&db).await;
    let mut items = dialect::claim_mail(&mut tx, at(2), at(60), 3).await.unwrap();
    commit(tx).await;
    items.sort_by_key(|item| item.id);
    let mut tx = write(&db).await;
    let outcomes = [
        (OutboxState::Sent, None),
        (OutboxState::Queued, Some("451 nanti")),
        (OutboxState::Dead, Some("550 tidak ada")),
    ];
    for (item, (state, error)) in items.iter().zip(outcomes) {
        assert!(outbox::settle(&mut tx, item, state, error, at(90), at(3)).await.unwrap());
    }
    commit(tx).await;
    let mut tx = read(&db).await;
    let (count, rows) = health::stuck_mail(&mut tx, 1).await.unwrap();
    assert_eq!((count, rows.len()), (2, 1));
    assert_eq!((rows[0].recipient.as_str(), rows[0].state.as_str(), rows[0].attempts), ("c@warga.test", "dead", 1));
    assert_eq!(rows[0].last_error.as_deref(), Some("550 tidak ada"));
    assert_eq!(health::waiting_mail(&mut tx).await.unwrap(), 1);
}

async fn mail_that_was_put_aside_is_listed_with_its_cause(db: Db) {
    let mut tx = write(&db).await;
    for digest in ["d1", "d2"] {
        inbox::store(&mut tx, "", "budi@oki.go.id", digest, b"x", at(1)).await.unwrap();
    }
    commit(tx).await;
    let id = value::<i64>(&db, "select max(id) from inbox").await;
    let mut tx = write(&db).await;
    inbox::settle(&mut tx, id, InboxState::Quarantined, Some("too_large"), None).await.unwrap();
    let (count, rows) = health::put_aside(&mut tx, 9).await.unwrap();
    assert_eq!(count, 1);
    assert_eq!((rows[0].sender.as_str(), rows[0].cause.as_deref()), ("budi@oki.go.id", Some("too_large")));
}

async fn what_waits_longest_is_told(db: Db) {
    let mut tx = read(&db).await;
    assert_eq!(health::oldest_unsent(&mut tx).await.unwrap(), None);
    drop(tx);
    let mut tx = write(&db).await;
    for (key, written) in [("a", 5), ("b", 3)] {
        outbox::put(&mut tx, &mail(key), at(written), at(1)).await.unwrap();
    }
    commit(tx).await;
    assert_eq!(health::oldest_unsent(&mut read(&db).await).await.unwrap(), Some(at(3)));
}
