//! What people ask about their data, and taking it out of where it stands.

use super::{at, commit, read, ticket, value, write};
use crate::support::db::on_both;
use meja::domain::message::{Attachment, InboxState, Message, MessageVisibility, NewMail, OutboxState};
use meja::domain::people::Account;
use meja::store::personal::{self, DataBreach, DataRequest};
use meja::store::{Db, dialect, inbox, messages, outbox, people, tickets};

on_both!(
    a_request_is_settled_once_by_who_saw_it_last,
    a_failure_is_told_once_to_each,
    a_requester_leaves_a_ticket_with_words_files_and_mails,
    an_account_without_a_role_is_erased,
);

async fn account(db: &Db) -> i64 {
    let it = Account { id: 0, email: "siti@warga.test".to_owned(), name: "Siti".to_owned(), nip: None, active: true };
    let mut tx = write(db).await;
    let id = people::insert(&mut tx, &it, None, at(1)).await.unwrap();
    commit(tx).await;
    id
}

fn asked(account_id: i64, code: &str, due: i64) -> DataRequest {
    DataRequest {
        id: 0,
        code: code.to_owned(),
        kind: "erasure".to_owned(),
        email: "siti@warga.test".to_owned(),
        name: "Siti".to_owned(),
        note: "Hapus".to_owned(),
        received_at: at(1),
        due_at: at(due),
        state: "open".to_owned(),
        answer: String::new(),
        account_id,
        settled_at: None,
        version: 1,
    }
}

async fn a_request_is_settled_once_by_who_saw_it_last(db: Db) {
    let account = account(&db).await;
    let mut tx = write(&db).await;
    for (code, due) in [("DP-2026-0001", 30), ("DP-2026-0002", 20)] {
        personal::add_request(&mut tx, &asked(account, code, due)).await.unwrap();
    }
    assert_eq!(personal::count_codes(&mut tx, "DP-2026-").await.unwrap(), 2);
    assert_eq!(personal::count_codes(&mut tx, "DP-2027-").await.unwrap(), 0);
    let mut it = personal::request(&mut tx, "DP-2026-0002").await.unwrap().unwrap();
    assert_eq!(personal::requests(&mut tx, 9).await.unwrap()[0], it, "what is due first stands first");
    (it.state, it.answer, it.settled_at, it.version) = ("done".to_owned(), "Sudah".to_owned(), Some(at(9)), 2);
    (it.email, it.name) = (String::new(), "[dihapus]".to_owned());
    assert!(personal::settle_request(&mut tx, &it).await.unwrap());
    assert!(!personal::settle_request(&mut tx, &it).await.unwrap(), "somebody was faster");
    assert_eq!(personal::request(&mut tx, "DP-2026-0002").await.unwrap(), Some(it.clone()));
    let codes: Vec<String> = personal::requests(&mut tx, 9).await.unwrap().into_iter().map(|it| it.code).collect();
    assert_eq!(codes, ["DP-2026-0001", "DP-2026-0002"]);
    assert_eq!(personal::request(&mut tx, "DP-2026-0009").await.unwrap(), None);
}

async fn a_failure_is_told_once_to_each(db: Db) {
    let account_id = account(&db).await;
    let mut tx = write(&db).await;
    let it = DataBreach {
        id: 0,
        code: "KP-2026-0001".to_owned(),
        title: "Bocor".to_owned(),
        description: "Daftar".to_owned(),
        known_at: at(1),
        due_at: at(9),
        subjects_at: None,
        agency_at: None,
        account_id,
        version: 1,
    };
    personal::add_breach(&mut tx, &it).await.unwrap();
    assert!(personal::tell_breach(&mut tx, "KP-2026-0001", false, at(3)).await.unwrap());
    assert!(personal::tell_breach(&mut tx, "KP-2026-0001", false, at(5)).await.unwrap());
    assert!(personal::tell_breach(&mut tx, "KP-2026-0001", true, at(4)).await.unwrap());
    assert!(!personal::tell_breach(&mut tx, "KP-2026-0002", true, at(4)).await.unwrap());
    let told = personal::breaches(&mut tx, 9).await.unwrap();
    assert_eq!((told[0].subjects_at, told[0].agency_at, told[0].version), (Some(at(3)), Some(at(4)), 4));
}

async fn a_requester_leaves_a_ticket_with_words_files_and_mails(db: Db) {
    let mut tx = write(&db).await;
    super::open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    commit(tx).await;
    let row = tickets::by_number(&mut read(&db).await, "OKI-2602-00001-0").await.unwrap().unwrap();
    let mut tx = write(&db).await;
    let email = "siti@warga.test";
    personal::name_requester(&mut tx, row.id, "Siti", email, Some("19760311"), Some("+62812")).await.unwrap();
    assert_eq!(personal::tickets_of(&mut tx, email).await.unwrap(), [row.id]);
    let message = Message {
        id: 0,
        at: at(2),
        author: "requester".to_owned(),
        author_name: "Siti".to_owned(),
        visibility: MessageVisibility::Public,
        body: "Alamat saya".to_owned(),
        channel: "web".to_owned(),
    };
    let id = messages::insert(&mut tx, row.id, &message).await.unwrap();
    let file = Attachment {
        id: 0,
        message_id: id,
        name: "ktp.png".to_owned(),
        media_type: "image/png".to_owned(),
        size: 3,
        sha256: "ab".repeat(32),
    };
    messages::attach(&mut tx, row.id, &file).await.unwrap();
    let mail = NewMail {
        key: "a".to_owned(),
        ticket: Some(row.id),
        recipient: email.to_owned(),
        sender: String::new(),
        subject: "Halo Siti".to_owned(),
        message_id: "<a@oki>".to_owned(),
        raw: b"Siti".to_vec(),
    };
    outbox::put(&mut tx, &mail, at(1), at(1)).await.unwrap();
    let items = dialect::claim_mail(&mut tx, at(2), at(10), 3).await.unwrap();
    outbox::settle(&mut tx, &items[0], OutboxState::Sent, None, at(3), at(3)).await.unwrap();
    inbox::store(&mut tx, "", email, "d1", b"x", at(1)).await.unwrap();
    commit(tx).await;
    let came = value::<i64>(&db, "select max(id) from inbox").await;
    let mut tx = write(&db).await;
    inbox::settle(&mut tx, came, InboxState::Done, None, Some(row.id)).await.unwrap();
    assert!(personal::is_file_used(&mut tx, &file.sha256).await.unwrap());
    personal::erase_message(&mut tx, id, "[dihapus]").await.unwrap();
    personal::erase_files(&mut tx, id).await.unwrap();
    personal::erase_mails(&mut tx, row.id, email, b"").await.unwrap();
    personal::erase_description(&mut tx, row.id, "[dihapus]").await.unwrap();
    personal::name_requester(&mut tx, row.id, "[dihapus]", "", None, None).await.unwrap();
    assert!(!personal::is_file_used(&mut tx, &file.sha256).await.unwrap());
    let left = messages::of_ticket(&mut tx, row.id, true, 0, 9).await.unwrap();
    assert_eq!((left[0].body.as_str(), left[0].author_name.as_str()), ("[dihapus]", "[dihapus]"));
    let now = tickets::by_id(&mut tx, row.id).await.unwrap().unwrap();
    assert_eq!(
        (now.requester_name.as_str(), now.requester_email.as_str(), now.description.as_str()),
        ("[dihapus]", "", "[dihapus]")
    );
    assert_eq!((now.requester_nip, now.requester_phone), (None, None));
    let sent = outbox::by_id(&mut tx, items[0].id).await.unwrap().unwrap();
    assert_eq!((sent.recipient.as_str(), sent.subject.as_str(), sent.raw.len()), ("", "", 0));
    assert!(inbox::row(&mut tx, came).await.unwrap().is_none());
    assert!(personal::tickets_of(&mut tx, email).await.unwrap().is_empty());
}

async fn an_account_without_a_role_is_erased(db: Db) {
    let id = account(&db).await;
    let mut tx = write(&db).await;
    assert!(personal::erase_account(&mut tx, "siti@warga.test", "[dihapus]").await.unwrap());
    assert!(!personal::erase_account(&mut tx, "siti@warga.test", "[dihapus]").await.unwrap());
    let gone = people::by_id(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((gone.name.as_str(), gone.active), ("[dihapus]", false));
    assert_eq!(gone.email, format!("dihapus-{id}@dihapus.invalid"));
}
