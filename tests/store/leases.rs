//! Work is kept by whoever says that he still does it, and only by him.

use super::{at, write};
use crate::support::db::on_both;
use meja::domain::message::{InboxState, NewMail, OutboxState};
use meja::store::{Db, dialect, inbox, mailboxes, outbox};

on_both!(
    a_mail_on_its_way_is_kept_by_who_sends_it,
    a_mail_that_is_read_is_kept_but_not_one_that_was_put_off,
    a_mailbox_is_kept_while_its_server_is_silent,
);

async fn a_mail_on_its_way_is_kept_by_who_sends_it(db: Db) {
    let mail = NewMail {
        key: "a".to_owned(),
        ticket: None,
        recipient: "a@warga.test".to_owned(),
        sender: String::new(),
        subject: "Halo".to_owned(),
        message_id: "<a@oki>".to_owned(),
        raw: b"x".to_vec(),
    };
    let mut tx = write(&db).await;
    outbox::put(&mut tx, &mail, at(1), at(1)).await.unwrap();
    let items = dialect::claim_mail(&mut tx, at(2), at(10), 3).await.unwrap();
    outbox::renew(&mut tx, &items, at(20)).await.unwrap();
    assert!(dialect::claim_mail(&mut tx, at(19), at(30), 3).await.unwrap().is_empty());
    let again = dialect::claim_mail(&mut tx, at(21), at(30), 3).await.unwrap();
    assert_eq!(again.len(), 1);
    outbox::renew(&mut tx, &items, at(90)).await.unwrap();
    assert_eq!(dialect::claim_mail(&mut tx, at(31), at(40), 3).await.unwrap().len(), 1, "the first keeps nothing");
    assert!(!outbox::settle(&mut tx, &again[0], OutboxState::Sent, None, at(31), at(31)).await.unwrap());
}

async fn a_mail_that_is_read_is_kept_but_not_one_that_was_put_off(db: Db) {
    let mut tx = write(&db).await;
    for digest in ["a", "b", "c"] {
        inbox::store(&mut tx, "", "budi@oki.go.id", digest, b"x", at(1)).await.unwrap();
    }
    let claimed = dialect::claim_inbox(&mut tx, at(2), at(10), 9).await.unwrap();
    let ids: Vec<i64> = claimed.iter().map(|(id, ..)| *id).collect();
    inbox::put_off(&mut tx, ids[1], at(30)).await.unwrap();
    inbox::settle(&mut tx, ids[2], InboxState::Ignored, None, None).await.unwrap();
    inbox::renew(&mut tx, &ids, at(20)).await.unwrap();
    assert!(dialect::claim_inbox(&mut tx, at(19), at(60), 9).await.unwrap().is_empty());
    let taken = dialect::claim_inbox(&mut tx, at(21), at(60), 9).await.unwrap();
    assert_eq!(taken.iter().map(|(id, ..)| *id).collect::<Vec<_>>(), [ids[0]]);
}

async fn a_mailbox_is_kept_while_its_server_is_silent(db: Db) {
    let mut tx = write(&db).await;
    let cursor = mailboxes::claim(&mut tx, "kotak", at(1), at(10)).await.unwrap().unwrap();
    mailboxes::renew(&mut tx, "kotak", cursor.lease_no, at(20)).await.unwrap();
    assert!(mailboxes::claim(&mut tx, "kotak", at(19), at(40)).await.unwrap().is_none());
    let other = mailboxes::claim(&mut tx, "kotak", at(21), at(40)).await.unwrap().unwrap();
    assert_eq!(other.seen_at, None, "its server has not answered");
    mailboxes::renew(&mut tx, "kotak", cursor.lease_no, at(90)).await.unwrap();
    assert!(mailboxes::claim(&mut tx, "kotak", at(41), at(60)).await.unwrap().is_some());
}
