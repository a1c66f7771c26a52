//! Mail on its way out: at least once, by one worker at a time.

use super::{at, commit, joined, one_ticket, read, value, write};
use crate::support::db::on_both;
use chrono::{DateTime, Utc};
use meja::domain::message::{NewMail, OutboxItem, OutboxState};
use meja::store::{Db, dialect, outbox};
use std::collections::HashMap;

on_both!(
    a_mail_waits_with_its_bytes,
    a_mail_is_put_once_per_cause_and_recipient,
    only_mail_that_is_due_is_claimed_first_due_first,
    four_workers_send_two_hundred_mails_once_each,
    a_silent_worker_loses_its_mail_and_can_no_longer_settle_it,
    a_failed_try_waits_for_its_next_turn,
    settled_mail_is_never_claimed_again,
    mails_are_counted_and_the_newest_come_first,
    mails_in_trouble_are_listed_and_tried_again,
    the_mails_of_a_ticket_are_told_apart,
);

fn mail(key: &str) -> NewMail {
    NewMail {
        key: key.to_owned(),
        ticket: None,
        recipient: "budi@oki.go.id".to_owned(),
        sender: String::new(),
        subject: format!("Tiket {key}"),
        message_id: format!("{key}@meja"),
        raw: key.as_bytes().to_vec(),
    }
}

/// Puts a mail; says whether it is a new one.
async fn put(db: &Db, mail: &NewMail, due: i64) -> bool {
    let before = value::<i64>(db, "select count(*) from outbox").await;
    let mut tx = write(db).await;
    outbox::put(&mut tx, mail, at(due), at(due)).await.expect("an answer");
    commit(tx).await;
    value::<i64>(db, "select count(*) from outbox").await > before
}

async fn claim(db: &Db, now: i64, limit: i64) -> Vec<OutboxItem> {
    let mut tx = write(db).await;
    let mut items = dialect::claim_mail(&mut tx, at(now), at(now + 60), limit).await.expect("items");
    commit(tx).await;
    items.sort_by_key(|item| item.id);
    items
}

async fn settle(db: &Db, item: &OutboxItem, state: OutboxState, error: Option<&str>, now: i64) -> bool {
    let mut tx = write(db).await;
    let settled = outbox::settle(&mut tx, item, state, error, at(now), at(now)).await.expect("an answer");
    commit(tx).await;
    settled
}

async fn by_id(db: &Db, id: i64) -> OutboxItem {
    outbox::by_id(&mut read(db).await, id).await.expect("an answer").expect("the mail")
}

fn keys(items: &[OutboxItem]) -> Vec<String> {
    items.iter().map(|item| String::from_utf8_lossy(&item.raw).into_owned()).collect()
}

async fn a_mail_waits_with_its_bytes(db: Db) {
    let ticket = one_ticket(&db).await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let full =
        NewMail { ticket: Some(ticket), sender: "desk@oki.go.id".to_owned(), raw: every_byte.clone(), ..mail("k") };
    assert!(put(&db, &full, 1).await);
    let item = outbox::newest(&mut read(&db).await, 1).await.unwrap().remove(0);
    let texts = [&item.recipient, &item.sender, &item.subject];
    assert_eq!(texts, ["budi@oki.go.id", "desk@oki.go.id", "Tiket k"]);
    assert_eq!((item.raw, item.state, item.attempts, item.lease_no), (every_byte, OutboxState::Queued, 0, 0));
    assert_eq!((item.last_error, item.created_at, item.sent_at), (None, at(1), None));
    assert_eq!(value::<i64>(&db, "select ticket_id from outbox").await, ticket);
    assert_eq!(value::<String>(&db, "select message_id from outbox").await, "k@meja");
    assert_eq!(value::<DateTime<Utc>>(&db, "select due_at from outbox").await, at(1));
    assert!(outbox::by_id(&mut read(&db).await, item.id + 1).await.unwrap().is_none());
}

async fn a_mail_is_put_once_per_cause_and_recipient(db: Db) {
    assert!(put(&db, &mail("k"), 1).await);
    assert!(!put(&db, &NewMail { raw: b"again".to_vec(), ..mail("k") }, 2).await);
    assert!(put(&db, &mail("l"), 3).await);
    let mut all = outbox::newest(&mut read(&db).await, 10).await.unwrap();
    all.reverse();
    assert_eq!(keys(&all), ["k", "l"], "the first version stays");
}

async fn only_mail_that_is_due_is_claimed_first_due_first(db: Db) {
    for (key, due) in [("late", 30), ("b", 10), ("a", 5), ("c", 20)] {
        put(&db, &mail(key), due).await;
    }
    assert_eq!(keys(&claim(&db, 4, 10).await), [""; 0]);
    assert_eq!(keys(&claim(&db, 20, 1).await), ["a"]);
    let rest = claim(&db, 20, 10).await;
    assert_eq!(keys(&rest), ["b", "c"]);
    assert!(rest.iter().all(|item| (item.state, item.attempts, item.lease_no) == (OutboxState::Sending, 1, 1)));
    assert_eq!(keys(&claim(&db, 20, 10).await), [""; 0], "what is being sent is not claimed again");
    assert_eq!(keys(&claim(&db, 30, 10).await), ["late"]);
}

async fn four_workers_send_two_hundred_mails_once_each(db: Db) {
    let mut tx = write(&db).await;
    for i in 0..200 {
        outbox::put(&mut tx, &mail(&format!("{i}")), at(0), at(i % 7)).await.unwrap();
    }
    commit(tx).await;
    let workers = (0..4).map(|_| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut sent = Vec::new();
            // An empty hand may only mean that another worker was faster: the count says when it is over.
            while outbox::counts(&mut read(&db).await).await.expect("counts").iter().any(|(state, _)| state == "queued")
            {
                for item in claim(&db, 10, 7).await {
                    sent.push(item.id);
                    assert!(settle(&db, &item, OutboxState::Sent, None, 11).await, "nobody else has this lease");
                }
            }
            sent
        })
    });
    let mut times: HashMap<i64, usize> = HashMap::new();
    for id in joined(workers.collect()).await.into_iter().flatten() {
        *times.entry(id).or_default() += 1;
    }
    assert_eq!(times.len(), 200);
    assert!(times.values().all(|&count| count == 1), "{times:?}");
    assert_eq!(outbox::counts(&mut read(&db).await).await.unwrap(), [("sent".to_owned(), 200)]);
    assert_eq!(value::<i64>(&db, "select max(attempts) from outbox").await, 1);
}

async fn a_silent_worker_loses_its_mail_and_can_no_longer_settle_it(db: Db) {
    put(&db, &mail("k"), 1).await;
    let silent = claim(&db, 10, 1).await.remove(0);
    assert_eq!(keys(&claim(&db, 70, 1).await), [""; 0], "the lease lasts to its last instant");
    let heir = claim(&db, 71, 1).await.remove(0);
    assert_eq!((heir.id, heir.lease_no, heir.attempts), (silent.id, 2, 2));

    assert!(!settle(&db, &silent, OutboxState::Dead, Some("timeout"), 72).await);
    let kept = by_id(&db, heir.id).await;
    assert_eq!((kept.state, kept.last_error, kept.sent_at), (OutboxState::Sending, None, None));
    assert!(settle(&db, &heir, OutboxState::Sent, None, 73).await);
    assert!(!settle(&db, &heir, OutboxState::Queued, Some("late"), 74).await, "a mail is settled once");
    assert!(!settle(&db, &silent, OutboxState::Sent, None, 75).await);
    let sent = by_id(&db, heir.id).await;
    assert_eq!((sent.state, sent.last_error, sent.sent_at), (OutboxState::Sent, None, Some(at(73))));
}

async fn a_failed_try_waits_for_its_next_turn(db: Db) {
    put(&db, &mail("k"), 1).await;
    let first = claim(&db, 10, 1).await.remove(0);
    assert!(settle(&db, &first, OutboxState::Queued, Some("451 penuh"), 100).await);
    let waiting = by_id(&db, first.id).await;
    assert_eq!((waiting.state, waiting.attempts, waiting.sent_at), (OutboxState::Queued, 1, None));
    assert_eq!(waiting.last_error.as_deref(), Some("451 penuh"));
    assert_eq!(value::<Option<DateTime<Utc>>>(&db, "select lease_until from outbox").await, None);
    assert_eq!(keys(&claim(&db, 99, 1).await), [""; 0]);
    let second = claim(&db, 100, 1).await.remove(0);
    assert_eq!((second.attempts, second.lease_no), (2, 2));
    assert!(!settle(&db, &first, OutboxState::Sent, None, 101).await, "the lease of the first try is over");
}

async fn settled_mail_is_never_claimed_again(db: Db) {
    for (key, state) in [("sent", OutboxState::Sent), ("dead", OutboxState::Dead)] {
        put(&db, &mail(key), 1).await;
        let item = claim(&db, 10, 1).await.remove(0);
        assert!(settle(&db, &item, state, Some("alasan"), 11).await);
        assert_eq!(by_id(&db, item.id).await.sent_at, (state == OutboxState::Sent).then(|| at(11)));
    }
    assert_eq!(keys(&claim(&db, 1_000_000, 10).await), [""; 0]);
}

async fn mails_are_counted_and_the_newest_come_first(db: Db) {
    assert_eq!(outbox::counts(&mut read(&db).await).await.unwrap(), []);
    for key in ["a", "b", "c"] {
        put(&db, &mail(key), 1).await;
    }
    claim(&db, 10, 1).await;
    let count = |state: &str, number| (state.to_owned(), number);
    let mut tx = read(&db).await;
    assert_eq!(outbox::counts(&mut tx).await.unwrap(), [count("queued", 2), count("sending", 1)]);
    assert_eq!(keys(&outbox::newest(&mut tx, 2).await.unwrap()), ["c", "b"]);
}

async fn mails_in_trouble_are_listed_and_tried_again(db: Db) {
    for key in ["sent", "dead", "waiting", "fresh"] {
        put(&db, &mail(key), 0).await;
    }
    assert_eq!(outbox::last_sent(&mut read(&db).await).await.unwrap(), None);
    let claimed = claim(&db, 1, 3).await;
    assert!(settle(&db, &claimed[0], OutboxState::Sent, None, 5).await);
    assert!(settle(&db, &claimed[1], OutboxState::Dead, Some("550 no"), 5).await);
    assert!(settle(&db, &claimed[2], OutboxState::Queued, Some("451 later"), 900).await);
    let mut tx = write(&db).await;
    assert_eq!(outbox::last_sent(&mut tx).await.unwrap(), Some(at(5)));
    let troubled = outbox::troubled(&mut tx, 10).await.unwrap();
    assert_eq!(troubled.iter().map(|item| item.id).collect::<Vec<_>>(), [claimed[2].id, claimed[1].id]);
    assert_eq!(outbox::troubled(&mut tx, 1).await.unwrap().len(), 1);
    assert!(!outbox::retry(&mut tx, claimed[0].id, at(10)).await.unwrap(), "sent is sent");
    assert!(outbox::retry(&mut tx, claimed[1].id, at(10)).await.unwrap());
    commit(tx).await;
    let again = claim(&db, 10, 10).await;
    assert_eq!(again.iter().map(|item| item.id).collect::<Vec<_>>(), [claimed[1].id, claimed[2].id + 1]);
    assert_eq!(again[0].attempts, 1, "with all its tries");
    let mut tx = write(&db).await;
    assert!(!outbox::retry(&mut tx, claimed[1].id, at(10)).await.unwrap(), "it is being sent");
}

async fn the_mails_of_a_ticket_are_told_apart(db: Db) {
    let ticket = one_ticket(&db).await;
    put(&db, &NewMail { ticket: Some(ticket), ..mail("a") }, 1).await;
    put(&db, &mail("b"), 1).await;
    put(&db, &NewMail { ticket: Some(ticket), ..mail("c") }, 3).await;
    let found = outbox::of_ticket(&mut read(&db).await, ticket, 9).await.unwrap();
    assert_eq!(found.iter().map(|it| it.message_id.as_str()).collect::<Vec<_>>(), ["c@meja", "a@meja"]);
    assert_eq!((found[0].state, found[0].attempts, found[0].due_at), (OutboxState::Queued, 0, at(3)));
    assert_eq!(outbox::of_ticket(&mut read(&db).await, ticket, 1).await.unwrap().len(), 1);
}
