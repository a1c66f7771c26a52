//! Who sent mails, addresses that take none, and how much one sender sends.

use super::{at, commit, one_ticket, read, write};
use crate::support::db::on_both;
use meja::domain::message::{InboxState, Message, MessageVisibility, NewMail};
use meja::store::mail_origins::MailOrigin;
use meja::store::undeliverable::Undeliverable;
use meja::store::{Db, inbox, mail_origins, messages, outbox, relations, storms, undeliverable};

on_both!(
    who_sent_a_mail_is_kept_beside_the_youngest_message,
    the_same_mail_in_another_mailbox_is_found,
    an_address_is_given_up_once_and_taken_up_again,
    mails_of_a_sender_are_counted_by_hour_and_day,
);

async fn who_sent_a_mail_is_kept_beside_the_youngest_message(db: Db) {
    let ticket = one_ticket(&db).await;
    let mut tx = write(&db).await;
    let message = Message {
        id: 0,
        at: at(1),
        author: "requester".to_owned(),
        author_name: String::new(),
        visibility: MessageVisibility::Public,
        body: "isi".to_owned(),
        channel: "email".to_owned(),
    };
    messages::insert(&mut tx, ticket, &message).await.unwrap();
    let youngest = messages::insert(&mut tx, ticket, &message).await.unwrap();
    let inbox = inbox::store(&mut tx, "meja@desk.test", "", "d1", b"mentah", at(1)).await.unwrap().unwrap();
    let origin = MailOrigin {
        message_id: 0,
        inbox_id: inbox,
        from_email: "a@x.test".to_owned(),
        from_name: "Ani".to_owned(),
        reply_to: Some("b@x.test".to_owned()),
        envelope: "c@x.test".to_owned(),
        copies: "d@x.test e@x.test".to_owned(),
        spf: "pass".to_owned(),
        dkim: "none".to_owned(),
        dmarc: "fail".to_owned(),
        belief: "forged".to_owned(),
        has_html: true,
        reused: false,
        machine: true,
    };
    assert_eq!(mail_origins::machines_of(&mut tx, ticket).await.unwrap(), [""; 0]);
    mail_origins::keep_origin(&mut tx, ticket, &origin).await.unwrap();
    assert_eq!(mail_origins::machines_of(&mut tx, ticket).await.unwrap(), ["a@x.test"]);
    commit(tx).await;
    let kept = mail_origins::origins_of(&mut read(&db).await, ticket).await.unwrap();
    assert_eq!(kept, [MailOrigin { message_id: youngest, ..origin }]);
    assert_eq!(mail_origins::raw_mail(&mut read(&db).await, inbox).await.unwrap(), Some(b"mentah".to_vec()));
    assert_eq!(mail_origins::raw_mail(&mut read(&db).await, inbox + 1).await.unwrap(), None);
}

async fn the_same_mail_in_another_mailbox_is_found(db: Db) {
    let ticket = one_ticket(&db).await;
    let mut tx = write(&db).await;
    let one = inbox::store(&mut tx, "a@desk.test", "", "d1", b"x", at(1)).await.unwrap().unwrap();
    let two = inbox::store(&mut tx, "b@desk.test", "", "d1", b"x", at(1)).await.unwrap().unwrap();
    let other = inbox::store(&mut tx, "b@desk.test", "", "d2", b"y", at(1)).await.unwrap().unwrap();
    assert_eq!(mail_origins::twin_ticket(&mut tx, two).await.unwrap(), None, "nothing has become of it yet");
    inbox::settle(&mut tx, one, InboxState::Done, None, Some(ticket)).await.unwrap();
    assert_eq!(mail_origins::twin_ticket(&mut tx, two).await.unwrap(), Some(ticket));
    assert_eq!(mail_origins::twin_ticket(&mut tx, one).await.unwrap(), None);
    assert_eq!(mail_origins::twin_ticket(&mut tx, other).await.unwrap(), None);
    commit(tx).await;
}

async fn an_address_is_given_up_once_and_taken_up_again(db: Db) {
    let ticket = one_ticket(&db).await;
    let mut tx = write(&db).await;
    let mail = |key: &str, recipient: &str| NewMail {
        key: key.to_owned(),
        ticket: Some(ticket),
        recipient: recipient.to_owned(),
        sender: String::new(),
        subject: "x".to_owned(),
        message_id: format!("{key}@desk.test"),
        raw: b"x".to_vec(),
    };
    for (key, recipient) in [("k1", "a@x.test"), ("k2", "b@x.test")] {
        outbox::put(&mut tx, &mail(key, recipient), at(1), at(1)).await.unwrap();
    }
    relations::add_participant(&mut tx, ticket, "a@x.test").await.unwrap();
    assert_eq!(
        undeliverable::own_mail(&mut tx, "k1@desk.test").await.unwrap(),
        Some((Some(ticket), "a@x.test".to_owned()))
    );
    assert_eq!(undeliverable::own_mail(&mut tx, "k3@desk.test").await.unwrap(), None);
    let address = Undeliverable {
        id: 0,
        email: "a@x.test".to_owned(),
        ticket_id: Some(ticket),
        status: "5.1.1".to_owned(),
        said: "No such user".to_owned(),
        at: at(2),
    };
    assert_eq!(undeliverable::give_up_mails(&mut tx).await.unwrap(), 0);
    assert!(undeliverable::give_up_address(&mut tx, &address).await.unwrap());
    assert!(
        !undeliverable::give_up_address(&mut tx, &Undeliverable { status: "5.2.1".to_owned(), ..address.clone() })
            .await
            .unwrap()
    );
    assert_eq!(undeliverable::give_up_mails(&mut tx).await.unwrap(), 1);
    let listed = undeliverable::given_up(&mut tx, 10).await.unwrap();
    let address = Undeliverable { id: listed[0].id, ..address };
    assert_eq!(listed, std::slice::from_ref(&address));
    assert_eq!(undeliverable::given_up_of(&mut tx, ticket).await.unwrap(), std::slice::from_ref(&address));
    let by_key = undeliverable::take_up_by_id(&mut tx, address.id).await.unwrap();
    assert_eq!(by_key.as_deref(), Some("a@x.test"));
    assert_eq!(undeliverable::take_up_by_id(&mut tx, address.id).await.unwrap(), None);
    assert!(undeliverable::give_up_address(&mut tx, &address).await.unwrap());
    let mails = outbox::newest(&mut tx, 10).await.unwrap();
    let states: Vec<(String, Option<String>)> =
        mails.iter().map(|mail| (mail.state.to_string(), mail.last_error.clone())).collect();
    assert_eq!(states, [("queued".to_owned(), None), ("dead".to_owned(), Some("5.1.1 No such user".to_owned()))]);
    assert!(undeliverable::take_up_address(&mut tx, "a@x.test").await.unwrap());
    assert!(!undeliverable::take_up_address(&mut tx, "a@x.test").await.unwrap());
    assert_eq!(undeliverable::given_up_of(&mut tx, ticket).await.unwrap(), []);
    commit(tx).await;
}

async fn mails_of_a_sender_are_counted_by_hour_and_day(db: Db) {
    let mut tx = write(&db).await;
    assert_eq!(storms::mails_counted(&mut tx, "a", "b", at(0), at(0)).await.unwrap(), (0, 0, 0));
    storms::count_mail(&mut tx, &["a", "b"], at(10)).await.unwrap();
    storms::count_mail(&mut tx, &["a"], at(20)).await.unwrap();
    storms::count_mail(&mut tx, &["c"], at(20)).await.unwrap();
    assert_eq!(storms::mails_counted(&mut tx, "a", "b", at(0), at(15)).await.unwrap(), (2, 1, 0));
    assert_eq!(storms::mails_counted(&mut tx, "a", "b", at(0), at(0)).await.unwrap(), (2, 2, 1));
    commit(tx).await;
}
