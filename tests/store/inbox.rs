//! Mail as it came in.

use super::{at, commit, joined, one_ticket, read, value, write};
use crate::support::db::on_both;
use meja::domain::message::InboxState;
use meja::store::{Db, inbox, mail_origins, retention};

on_both!(
    a_received_mail_waits_with_its_bytes,
    the_same_mail_to_the_same_mailbox_is_stored_once,
    a_large_mail_comes_back_byte_for_byte,
    a_mail_whose_bytes_are_gone_is_still_known,
    one_of_ten_deliveries_of_a_mail_is_stored,
    a_mail_is_settled_once_and_waits_no_more,
    mails_are_counted_by_what_became_of_them,
);

async fn store(db: &Db, mailbox: &str, digest: &str) -> Option<i64> {
    let mut tx = write(db).await;
    let id =
        inbox::store(&mut tx, mailbox, "budi@oki.go.id", digest, digest.as_bytes(), at(1)).await.expect("an answer");
    commit(tx).await;
    id
}

async fn settle(db: &Db, id: i64, state: InboxState, cause: Option<&str>, ticket: Option<i64>) -> bool {
    let mut tx = write(db).await;
    let settled = inbox::settle(&mut tx, id, state, cause, ticket).await.expect("an answer");
    commit(tx).await;
    settled
}

async fn waiting(db: &Db, limit: i64) -> Vec<i64> {
    inbox::waiting(&mut read(db).await, limit).await.expect("mails").into_iter().map(|item| item.id).collect()
}

async fn a_received_mail_waits_with_its_bytes(db: Db) {
    let every_byte: Vec<u8> = (0..=255).collect();
    let mut tx = write(&db).await;
    let full = inbox::store(&mut tx, "layanan@oki.go.id", "budi@oki.go.id", "d1", &every_byte, at(1)).await.unwrap();
    let bare = inbox::store(&mut tx, "", "", "d2", b"", at(2)).await.unwrap();
    commit(tx).await;
    let items = inbox::waiting(&mut read(&db).await, 10).await.unwrap();
    let told: Vec<_> =
        items.into_iter().map(|item| (Some(item.id), item.mailbox, item.sender, item.raw, item.received_at)).collect();
    let text = str::to_owned;
    let expected = [
        (full, text("layanan@oki.go.id"), text("budi@oki.go.id"), every_byte, at(1)),
        (bare, text(""), text(""), Vec::new(), at(2)),
    ];
    assert_eq!(told, expected);
}

async fn the_same_mail_to_the_same_mailbox_is_stored_once(db: Db) {
    let first = store(&db, "layanan@oki.go.id", "d1").await.expect("a new mail");
    assert_eq!(store(&db, "layanan@oki.go.id", "d1").await, None);
    let other_mailbox = store(&db, "bkd@oki.go.id", "d1").await.expect("a new mail");
    let other_mail = store(&db, "layanan@oki.go.id", "d2").await.expect("a new mail");
    assert_eq!(waiting(&db, 10).await, [first, other_mailbox, other_mail]);
    assert_eq!(waiting(&db, 2).await, [first, other_mailbox]);
    assert!(settle(&db, first, InboxState::Done, None, None).await);
    assert_eq!(store(&db, "layanan@oki.go.id", "d1").await, None, "a mail that was read stays known");
}

async fn one_of_ten_deliveries_of_a_mail_is_stored(db: Db) {
    let tasks = (0..10).map(|_| {
        let db = db.clone();
        tokio::spawn(async move { store(&db, "layanan@oki.go.id", "d1").await })
    });
    let stored: Vec<i64> = joined(tasks.collect()).await.into_iter().flatten().collect();
    assert_eq!(stored.len(), 1);
    assert_eq!(waiting(&db, 10).await, stored);
}

async fn a_mail_is_settled_once_and_waits_no_more(db: Db) {
    let ticket = one_ticket(&db).await;
    let one = store(&db, "", "d1").await.expect("a new mail");
    let two = store(&db, "", "d2").await.expect("a new mail");
    assert!(settle(&db, one, InboxState::Quarantined, Some("virus"), Some(ticket)).await);
    assert!(!settle(&db, one, InboxState::Done, None, None).await);
    assert!(!settle(&db, two + 1, InboxState::Done, None, None).await, "there is no such mail");
    assert_eq!(waiting(&db, 10).await, [two]);
    assert_eq!(value::<String>(&db, "select state from inbox where digest = 'd1'").await, "quarantined");
    assert_eq!(value::<String>(&db, "select cause from inbox where digest = 'd1'").await, "virus");
    assert_eq!(value::<i64>(&db, "select ticket_id from inbox where digest = 'd1'").await, ticket);
    assert_eq!(value::<Option<String>>(&db, "select cause from inbox where digest = 'd2'").await, None);
}

async fn mails_are_counted_by_what_became_of_them(db: Db) {
    assert_eq!(inbox::counts(&mut read(&db).await).await.unwrap(), []);
    for (digest, state) in [
        ("d1", Some(InboxState::Done)),
        ("d2", Some(InboxState::Ignored)),
        ("d3", None),
        ("d4", Some(InboxState::Done)),
    ] {
        let id = store(&db, "", digest).await.expect("a new mail");
        if let Some(state) = state {
            assert!(settle(&db, id, state, None, None).await);
        }
    }
    let count = |state: &str, number| (state.to_owned(), number);
    assert_eq!(
        inbox::counts(&mut read(&db).await).await.unwrap(),
        [count("done", 2), count("ignored", 1), count("new", 1)]
    );
}

async fn a_large_mail_comes_back_byte_for_byte(db: Db) {
    // Where rows and pieces end, and one byte on either side.
    for size in [16_383, 16_384, 16_385, 16_384 + 1_048_575, 16_384 + 1_048_576, 16_384 + 1_048_577, 3_000_000] {
        let raw: Vec<u8> = (0_u8..=250).cycle().take(size).collect();
        let mut tx = write(&db).await;
        let digest = format!("d{size}");
        let id = inbox::store(&mut tx, "a@oki.go.id", "", &digest, &raw, at(1)).await.unwrap().unwrap();
        assert_eq!(inbox::store(&mut tx, "a@oki.go.id", "", &digest, &raw, at(1)).await.unwrap(), None);
        commit(tx).await;
        let mut tx = read(&db).await;
        assert!(inbox::by_id(&mut tx, id).await.unwrap().unwrap().raw == raw, "{size}");
        assert!(mail_origins::raw_mail(&mut tx, id).await.unwrap().unwrap() == raw, "{size}");
        assert_eq!(inbox::row(&mut tx, id).await.unwrap().unwrap().size, i64::try_from(size).unwrap());
    }
    assert_eq!(value::<i64>(&db, "select count(*) from inbox_piece").await, 8);
}

async fn a_mail_whose_bytes_are_gone_is_still_known(db: Db) {
    let mut tx = write(&db).await;
    let raw = vec![b'x'; 20_000];
    let id = inbox::store(&mut tx, "a@oki.go.id", "", "d1", &raw, at(1)).await.unwrap().unwrap();
    assert!(inbox::settle(&mut tx, id, InboxState::Done, None, None).await.unwrap());
    assert_eq!(retention::remove_raw_mails(&mut tx, at(5)).await.unwrap(), 1);
    assert_eq!(inbox::store(&mut tx, "a@oki.go.id", "", "d1", &raw, at(6)).await.unwrap(), None);
    assert!(inbox::store(&mut tx, "b@oki.go.id", "", "d1", &raw, at(6)).await.unwrap().is_some(), "another mailbox");
    commit(tx).await;
    let left = value::<i64>(&db, "select count(*) from inbox_piece where inbox_id not in (select id from inbox)").await;
    assert_eq!(left, 0, "the pieces go with their mail");
}
