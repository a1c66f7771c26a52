//! Messages, their files and the Message-IDs of a thread.

use super::{at, commit, open, read, ticket, write};
use crate::support::db::on_both;
use meja::domain::message::{Attachment, Message, MessageVisibility};
use meja::store::{Db, messages, relations};

on_both!(
    a_message_is_kept_with_all_its_fields,
    internal_notes_are_left_out_for_those_outside,
    messages_are_read_page_by_page,
    a_file_is_kept_with_its_message,
    a_thread_is_remembered_by_its_first_and_last_mails,
);

fn message(body: &str, visibility: MessageVisibility) -> Message {
    Message {
        id: 0,
        at: at(1),
        author: "user:7".to_owned(),
        author_name: "Ani".to_owned(),
        visibility,
        body: body.to_owned(),
        channel: "web".to_owned(),
    }
}

async fn a_message_is_kept_with_all_its_fields(db: Db) {
    let mut tx = write(&db).await;
    let one = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let two = open(&mut tx, &ticket("OKI-2602-00002-0")).await;
    let mut all = [message("Satu\r\n'dua' 🪑", MessageVisibility::Public), message("", MessageVisibility::Internal)];
    for each in &mut all {
        each.id = messages::insert(&mut tx, one, each).await.unwrap();
    }
    commit(tx).await;
    assert!(all[0].id < all[1].id);
    let mut tx = read(&db).await;
    assert_eq!(messages::of_ticket(&mut tx, one, true, 0, i64::MAX).await.unwrap(), all);
    assert_eq!(messages::of_ticket(&mut tx, two, true, 0, i64::MAX).await.unwrap(), []);
}

async fn internal_notes_are_left_out_for_those_outside(db: Db) {
    let mut tx = write(&db).await;
    let id = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    for (body, visibility) in
        [("a", MessageVisibility::Public), ("b", MessageVisibility::Internal), ("c", MessageVisibility::Public)]
    {
        messages::add(&mut tx, id, &message(body, visibility)).await.unwrap();
    }
    for (internal, expected) in [(false, "ac"), (true, "abc")] {
        let seen = messages::of_ticket(&mut tx, id, internal, 0, 10).await.unwrap();
        assert_eq!(seen.into_iter().map(|message| message.body).collect::<String>(), expected);
    }
}

async fn messages_are_read_page_by_page(db: Db) {
    let mut tx = write(&db).await;
    let id = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let mut keys = Vec::new();
    for body in ["a", "b", "c"] {
        keys.push(messages::insert(&mut tx, id, &message(body, MessageVisibility::Public)).await.unwrap());
    }
    for (after, expected) in [(0, &keys[..2]), (keys[1], &keys[2..]), (keys[2], &[])] {
        let page = messages::of_ticket(&mut tx, id, false, after, 2).await.unwrap();
        assert_eq!(page.into_iter().map(|message| message.id).collect::<Vec<_>>(), expected);
    }
}

async fn a_file_is_kept_with_its_message(db: Db) {
    let mut tx = write(&db).await;
    let one = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let two = open(&mut tx, &ticket("OKI-2602-00002-0")).await;
    let message_id =
        messages::insert(&mut tx, one, &message("lihat lampiran", MessageVisibility::Public)).await.unwrap();
    let file = |name: &str, size| Attachment {
        id: 0,
        message_id,
        name: name.to_owned(),
        media_type: "image/png".to_owned(),
        size,
        sha256: "ab".repeat(32),
    };
    let mut all = [file("../layar é.png", 5_000_000_000), file("", 0)];
    for each in &mut all {
        each.id = messages::attach(&mut tx, one, each).await.unwrap();
    }
    commit(tx).await;
    let mut tx = read(&db).await;
    assert_eq!(messages::attachments(&mut tx, one).await.unwrap(), all);
    assert_eq!(messages::attachments(&mut tx, two).await.unwrap(), []);
    let digests = messages::all_files(&mut tx, 0, 9).await.unwrap();
    assert_eq!(digests.iter().map(|(id, ..)| *id).collect::<Vec<_>>(), all.each_ref().map(|file| file.id));
    assert!(digests.iter().all(|(_, _, digest)| *digest == all[0].sha256));
    assert_eq!(messages::all_files(&mut tx, all[1].id, 9).await.unwrap(), []);
}

async fn a_thread_is_remembered_by_its_first_and_last_mails(db: Db) {
    let mut tx = write(&db).await;
    let one = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let two = open(&mut tx, &ticket("OKI-2602-00002-0")).await;
    assert_eq!(messages::mail_references(&mut tx, one).await.unwrap(), [""; 0]);
    // Later mails sort before earlier ones by name, so that only the order of coming can be right.
    let names: Vec<String> = (0..15).map(|i| format!("{:02}@x", 99 - i)).collect();
    for (i, name) in names.iter().enumerate() {
        relations::add_mail_reference(&mut tx, one, name).await.unwrap();
        relations::add_mail_reference(&mut tx, two, &format!("other-{i}@x")).await.unwrap();
        let mut expected = names[..=i].to_vec();
        if expected.len() > 10 {
            expected.drain(1..expected.len() - 9);
        }
        assert_eq!(messages::mail_references(&mut tx, one).await.unwrap(), expected);
    }
    relations::add_mail_reference(&mut tx, one, &names[3]).await.unwrap();
    assert_eq!(
        messages::mail_references(&mut tx, one).await.unwrap().last(),
        names.last(),
        "a known mail does not move"
    );
}
