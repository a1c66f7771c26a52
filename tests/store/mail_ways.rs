//! Mail that is claimed, put aside and decided about; mailboxes, senders and files that are looked through.

use super::{at, commit, one_ticket, person, read, value, write};
use crate::support::db::on_both;
use meja::domain::message::{InboxState, ScanVerdict, SenderVerdict};
use meja::store::{Db, dialect, inbox, mailboxes, scans, senders};

on_both!(
    mails_are_claimed_once_and_those_that_never_end_come_alone,
    a_mail_that_was_put_off_comes_later_as_if_new,
    what_was_put_aside_is_listed_and_decided_once,
    a_mailbox_is_read_by_one_node_and_its_cursor_only_goes_forward,
    a_sender_is_known_by_his_address_before_his_domain,
    a_file_is_looked_through_once,
);

async fn store(db: &Db, digest: &str) -> i64 {
    let mut tx = write(db).await;
    let id = inbox::store(&mut tx, "meja@oki.go.id", "budi@oki.go.id", digest, digest.as_bytes(), at(1)).await;
    commit(tx).await;
    id.unwrap().expect("a new mail")
}

async fn claim(db: &Db, now: i64, limit: i64) -> Vec<(i64, i64, i64)> {
    let mut tx = write(db).await;
    let claimed = dialect::claim_inbox(&mut tx, at(now), at(now + 60), limit).await.unwrap();
    commit(tx).await;
    claimed
}

async fn mails_are_claimed_once_and_those_that_never_end_come_alone(db: Db) {
    let (one, two, three) = (store(&db, "satu").await, store(&db, "dua").await, store(&db, "tiga").await);
    assert_eq!(claim(&db, 10, 2).await, [(one, 1, 4), (two, 1, 3)]);
    assert_eq!(claim(&db, 10, 9).await, [(three, 1, 4)]);
    assert_eq!(claim(&db, 70, 9).await, [], "the lease lasts to its last instant");
    // Whoever read them has died: each comes alone now, so that only the culprit is counted further.
    assert_eq!(claim(&db, 71, 9).await, [(one, 2, 4)]);
    assert_eq!(claim(&db, 71, 9).await, [(two, 2, 3)]);
    let mut tx = write(&db).await;
    assert!(inbox::settle(&mut tx, two, InboxState::Done, None, None).await.unwrap());
    assert_eq!(inbox::release(&mut tx).await.unwrap(), 2, "a program that starts alone need not wait");
    commit(tx).await;
    assert_eq!(claim(&db, 72, 9).await, [(one, 3, 4)]);
    assert_eq!(claim(&db, 72, 9).await, [(three, 2, 4)]);
}

async fn a_mail_that_was_put_off_comes_later_as_if_new(db: Db) {
    let one = store(&db, "satu").await;
    claim(&db, 10, 9).await;
    let mut tx = write(&db).await;
    inbox::put_off(&mut tx, one, at(100)).await.unwrap();
    commit(tx).await;
    assert_eq!(claim(&db, 100, 9).await, []);
    assert_eq!(claim(&db, 101, 9).await, [(one, 1, 4)]);
}

async fn what_was_put_aside_is_listed_and_decided_once(db: Db) {
    let ticket = one_ticket(&db).await;
    let (one, two) = (store(&db, "satu").await, store(&db, "dua").await);
    assert_eq!(inbox::oldest_waiting(&mut read(&db).await).await.unwrap(), Some(at(1)));
    let mut tx = write(&db).await;
    inbox::describe(&mut tx, one, "a@warga.test", "Perihal").await.unwrap();
    assert!(inbox::settle(&mut tx, one, InboxState::Quarantined, Some("no_sender"), None).await.unwrap());
    commit(tx).await;
    let mut tx = read(&db).await;
    let row = inbox::row(&mut tx, one).await.unwrap().unwrap();
    assert_eq!((row.author.as_str(), row.subject.as_str(), row.size), ("a@warga.test", "Perihal", 4));
    assert_eq!((row.state, row.cause.as_deref(), row.ticket), (InboxState::Quarantined, Some("no_sender"), None));
    assert_eq!(inbox::by_id(&mut tx, one).await.unwrap().unwrap().raw, b"satu");
    assert!(inbox::by_id(&mut tx, two + 1).await.unwrap().is_none());
    let ids = |rows: Vec<meja::domain::message::InboxRow>| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(inbox::list(&mut tx, None, i64::MAX, 9).await.unwrap()), [two, one]);
    assert_eq!(ids(inbox::list(&mut tx, None, two, 9).await.unwrap()), [one]);
    assert_eq!(ids(inbox::list(&mut tx, Some(InboxState::Quarantined), i64::MAX, 9).await.unwrap()), [one]);
    drop(tx);
    let mut tx = write(&db).await;
    assert!(inbox::decide(&mut tx, one, InboxState::Done, None, Some(ticket)).await.unwrap());
    assert!(!inbox::decide(&mut tx, one, InboxState::Discarded, Some("x"), None).await.unwrap(), "decided");
    assert!(!inbox::decide(&mut tx, two, InboxState::Done, None, None).await.unwrap(), "it was not read yet");
    commit(tx).await;
    let row = inbox::row(&mut read(&db).await, one).await.unwrap().unwrap();
    assert_eq!((row.state, row.cause.as_deref()), (InboxState::Done, Some("no_sender")));
    assert!(row.ticket.is_some());
}

async fn a_mailbox_is_read_by_one_node_and_its_cursor_only_goes_forward(db: Db) {
    let mut tx = write(&db).await;
    let first = mailboxes::claim(&mut tx, "u@h:993/INBOX", at(0), at(60)).await.unwrap().expect("free");
    assert_eq!((first.uid_validity, first.last_uid, first.lease_no, first.taken), (0, 0, 1, 0));
    assert!(mailboxes::claim(&mut tx, "u@h:993/INBOX", at(60), at(120)).await.unwrap().is_none());
    assert!(mailboxes::renumber(&mut tx, "u@h:993/INBOX", 1, 77, 4).await.unwrap());
    assert!(mailboxes::advance(&mut tx, "u@h:993/INBOX", 1, 5).await.unwrap());
    assert!(!mailboxes::advance(&mut tx, "u@h:993/INBOX", 1, 5).await.unwrap(), "only forward");
    assert!(mailboxes::keep(&mut tx, "u@h:993/INBOX", 1, at(50), at(110)).await.unwrap());
    let second = mailboxes::claim(&mut tx, "u@h:993/INBOX", at(111), at(200)).await.unwrap().expect("run out");
    assert_eq!((second.uid_validity, second.last_uid, second.lease_no, second.taken), (77, 5, 2, 1));
    assert!(!mailboxes::advance(&mut tx, "u@h:993/INBOX", 1, 9).await.unwrap(), "the first has lost it");
    assert!(!mailboxes::keep(&mut tx, "u@h:993/INBOX", 1, at(112), at(300)).await.unwrap());
    assert!(!mailboxes::renumber(&mut tx, "u@h:993/INBOX", 1, 78, 0).await.unwrap());
    mailboxes::release(&mut tx, "u@h:993/INBOX", 2, at(120), Some("NO such user")).await.unwrap();
    mailboxes::claim(&mut tx, "u@h:993/INBOX", at(121), at(200)).await.unwrap().expect("let go of");
    mailboxes::release(&mut tx, "u@h:993/INBOX", 3, at(130), Some("NO still")).await.unwrap();
    commit(tx).await;
    let all = mailboxes::all(&mut read(&db).await).await.unwrap();
    assert_eq!((all.len(), all[0].problem.as_deref(), all[0].problem_at), (1, Some("NO still"), Some(at(120))));
    assert_eq!(all[0].seen_at, Some(at(50)));
}

async fn a_sender_is_known_by_his_address_before_his_domain(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    senders::teach(&mut tx, "@iklan.test", SenderVerdict::Discard, "iklan", ani, at(1)).await.unwrap();
    senders::teach(&mut tx, "baik@iklan.test", SenderVerdict::Discard, "salah", ani, at(2)).await.unwrap();
    senders::teach(&mut tx, "baik@iklan.test", SenderVerdict::LetIn, "rekan", ani, at(3)).await.unwrap();
    let verdict =
        async |tx: &mut _, address: &str| senders::rule_for(tx, address).await.unwrap().map(|rule| rule.verdict);
    assert_eq!(verdict(&mut tx, "baik@iklan.test").await, Some(SenderVerdict::LetIn));
    assert_eq!(verdict(&mut tx, "lain@iklan.test").await, Some(SenderVerdict::Discard));
    assert_eq!(verdict(&mut tx, "lain@sub.iklan.test").await, None);
    let all = senders::all(&mut tx).await.unwrap();
    let told: Vec<_> = all.iter().map(|rule| (rule.address.as_str(), rule.reason.as_str(), rule.at)).collect();
    assert_eq!(told, [("@iklan.test", "iklan", at(1)), ("baik@iklan.test", "rekan", at(3))]);
    assert_eq!(senders::forget(&mut tx, all[1].id).await.unwrap().as_deref(), Some("baik@iklan.test"));
    assert_eq!(senders::forget(&mut tx, all[1].id).await.unwrap(), None);
    assert_eq!(verdict(&mut tx, "baik@iklan.test").await, Some(SenderVerdict::Discard));
    commit(tx).await;
}

async fn a_file_is_looked_through_once(db: Db) {
    let mut tx = write(&db).await;
    for digest in ["aa", "bb", "aa"] {
        scans::ask(&mut tx, digest, at(1)).await.unwrap();
    }
    assert_eq!(scans::due(&mut tx, at(0), 9).await.unwrap(), [""; 0]);
    assert_eq!(scans::due(&mut tx, at(1), 9).await.unwrap(), ["aa", "bb"]);
    assert!(scans::settle(&mut tx, "aa", ScanVerdict::Infected, Some("Eicar"), at(2), at(2)).await.unwrap());
    assert!(!scans::settle(&mut tx, "aa", ScanVerdict::Clean, None, at(3), at(3)).await.unwrap(), "said is said");
    assert!(scans::settle(&mut tx, "bb", ScanVerdict::Waiting, Some("no answer"), at(2), at(90)).await.unwrap());
    assert_eq!(scans::due(&mut tx, at(89), 9).await.unwrap(), [""; 0]);
    let of = scans::of(&mut tx, "aa").await.unwrap().unwrap();
    assert_eq!((of.verdict, of.finding.as_deref()), (ScanVerdict::Infected, Some("Eicar")));
    assert_eq!(scans::of(&mut tx, "cc").await.unwrap(), None);
    let counts = [("infected".to_owned(), 1), ("waiting".to_owned(), 1)];
    assert_eq!(scans::counts(&mut tx).await.unwrap(), counts);
    commit(tx).await;
    assert_eq!(value::<i64>(&db, "select tries from file_scan where sha256 = 'bb'").await, 1);
}
