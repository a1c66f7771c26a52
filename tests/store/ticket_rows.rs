//! Rows of tickets and what hangs on them.

use super::{agency, at, commit, is_conflict, joined, one_ticket, open, person, read, ticket, write};
use crate::support::db::on_both;
use meja::domain::event::{ActorLabel, Event, GENESIS};
use meja::domain::people::Visibility;
use meja::domain::service::Service;
use meja::domain::ticket::{Channel, Classification, Impact, Kind, Language, Priority, Status, Ticket, Urgency};
use meja::store::relations::{self, Consultation};
use meja::store::tickets;
use meja::store::{Db, Tx, dialect, events, services};
use std::collections::BTreeSet;

on_both!(
    a_new_ticket_is_read_back_as_it_was_added,
    every_column_that_may_change_is_saved,
    every_word_of_a_ticket_is_stored_and_read_back,
    a_stale_version_is_refused_and_changes_nothing,
    a_number_is_given_out_once,
    twenty_concurrent_tickets_get_twenty_numbers,
    only_one_of_several_concurrent_updates_wins,
    a_locked_ticket_is_changed_by_one_after_the_other,
    a_participant_is_added_once_and_keeps_its_place,
    a_mail_reference_finds_the_youngest_ticket,
    a_link_is_seen_from_both_sides,
    what_was_merged_in_is_found_by_its_reporter,
    a_consultation_is_kept_with_all_its_fields,
    a_ticket_without_any_event_is_found,
);

async fn service(tx: &mut Tx, code: &str) {
    let service = Service {
        code: code.to_owned(),
        name: code.to_owned(),
        agency: "BKD".to_owned(),
        profile: "umum".to_owned(),
        critical: false,
        keywords: Vec::new(),
        active: true,
    };
    services::save_service(tx, &service).await.expect("a service");
}

async fn by_number(db: &Db, number: &str) -> Ticket {
    tickets::by_number(&mut read(db).await, number).await.expect("an answer").expect("the ticket")
}

async fn a_new_ticket_is_read_back_as_it_was_added(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    service(&mut tx, "simpeg").await;
    let assignee = Some(person(&mut tx, "ani@oki.go.id").await);
    let mut full = Ticket {
        service: Some("simpeg".to_owned()),
        assignee,
        requester_nip: Some("198001012005011001".to_owned()),
        requester_phone: Some("+6281234567890".to_owned()),
        requester_verified: true,
        returned: true,
        description: "Baris 1\nBaris 'dua' \\ % _ \"tiga\" – émoji 🪑".to_owned(),
        ..ticket("OKI-2602-00001-0")
    };
    let mut bare = ticket("OKI-2602-00002-0");
    full.id = open(&mut tx, &full).await;
    bare.id = open(&mut tx, &bare).await;
    assert_eq!(tickets::count(&mut tx).await.unwrap(), 2);
    commit(tx).await;

    assert_ne!(full.id, bare.id);
    assert_eq!(by_number(&db, &full.number).await, full);
    assert_eq!(by_number(&db, &bare.number).await, bare);
    let mut tx = read(&db).await;
    assert_eq!(tickets::by_id(&mut tx, full.id).await.unwrap(), Some(full));
    assert_eq!(tickets::by_id(&mut tx, 4711).await.unwrap(), None);
    assert_eq!(tickets::by_number(&mut tx, "oki-2602-00001-0").await.unwrap(), None);
    assert_eq!(tickets::count(&mut tx).await.unwrap(), 2);
}

async fn every_column_that_may_change_is_saved(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    agency(&mut tx, "DINKES").await;
    service(&mut tx, "simpus").await;
    let assignee = Some(person(&mut tx, "ani@oki.go.id").await);
    let bare = ticket("OKI-2602-00001-0");
    let id = open(&mut tx, &bare).await;
    let changed = Ticket {
        id,
        version: 2,
        kind: Kind::ServiceRequest,
        subject: "SIMPUS mati".to_owned(),
        status: Status::Closed,
        impact: Impact::Broad,
        urgency: Urgency::High,
        priority: Priority::P1,
        tier: 2,
        agency: "DINKES".to_owned(),
        service: Some("simpus".to_owned()),
        assignee,
        requester_verified: true,
        classification: Classification::Restricted,
        responded_at: Some(at(1)),
        resolved_at: Some(at(2)),
        closed_at: Some(at(3)),
        breached_at: Some(at(4)),
        breached_tier: Some(1),
        escalated_at: Some(at(5)),
        returned: true,
        merged_into: Some("OKI-2602-00009-0".to_owned()),
        profile: "khusus".to_owned(),
        updated_at: at(6),
        ..bare.clone()
    };
    tickets::update(&mut tx, &changed).await.unwrap();
    commit(tx).await;
    assert_eq!(by_number(&db, &bare.number).await, changed);

    let emptied = Ticket { id, version: 3, ..bare };
    let mut tx = write(&db).await;
    tickets::update(&mut tx, &emptied).await.unwrap();
    commit(tx).await;
    assert_eq!(by_number(&db, &emptied.number).await, emptied);
}

async fn every_word_of_a_ticket_is_stored_and_read_back(db: Db) {
    let mut all = Vec::new();
    let most = Kind::ALL.len().max(Status::ALL.len()).max(Channel::ALL.len());
    let mut tx = write(&db).await;
    for i in 0..most {
        let mut each = Ticket {
            kind: Kind::ALL[i % Kind::ALL.len()],
            status: Status::ALL[i % Status::ALL.len()],
            impact: Impact::ALL[i % Impact::ALL.len()],
            urgency: Urgency::ALL[i % Urgency::ALL.len()],
            priority: Priority::ALL[i % Priority::ALL.len()],
            classification: Classification::ALL[i % Classification::ALL.len()],
            channel: Channel::ALL[i % Channel::ALL.len()],
            language: Language::ALL[i % Language::ALL.len()],
            ..ticket(&format!("OKI-2602-0000{i}-0"))
        };
        each.id = open(&mut tx, &each).await;
        all.push(each);
    }
    commit(tx).await;
    for each in all {
        assert_eq!(by_number(&db, &each.number).await, each);
    }
}

async fn a_stale_version_is_refused_and_changes_nothing(db: Db) {
    let id = one_ticket(&db).await;
    let seen = by_number(&db, "OKI-2602-00001-0").await;
    let mut tx = write(&db).await;
    tickets::update(&mut tx, &Ticket { version: 2, subject: "pertama".to_owned(), ..seen.clone() }).await.unwrap();
    commit(tx).await;

    for version in [1, 2, 4] {
        let mut tx = write(&db).await;
        let late = Ticket { version, subject: "terlambat".to_owned(), ..seen.clone() };
        let refusal = tickets::update(&mut tx, &late).await.expect_err("a stale version");
        assert!(is_conflict(&refusal), "{refusal:?}");
    }
    let kept = tickets::by_id(&mut read(&db).await, id).await.unwrap().unwrap();
    assert_eq!((kept.version, kept.subject.as_str()), (2, "pertama"));
}

async fn a_number_is_given_out_once(db: Db) {
    one_ticket(&db).await;
    let taken = added(&db, ticket("OKI-2602-00001-0")).await.expect_err("a taken number");
    assert!(dialect::is_duplicate(&taken), "{taken:?}");
    let orphan = Ticket { agency: "TIDAKADA".to_owned(), ..ticket("OKI-2602-00002-0") };
    let unknown = added(&db, orphan).await.expect_err("an unknown agency");
    assert!(!dialect::is_duplicate(&unknown), "{unknown:?}");
}

async fn added(db: &Db, ticket: Ticket) -> meja::error::Result<()> {
    let mut tx = write(db).await;
    let (_, id) = tickets::next_number(&mut tx, "2602").await?;
    tickets::insert(&mut tx, &Ticket { id, ..ticket }).await?;
    tx.commit().await
}

async fn twenty_concurrent_tickets_get_twenty_numbers(db: Db) {
    let tasks = (0..20).map(|_| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = write(&db).await;
            let number = tickets::next_number(&mut tx, "2602").await.expect("a number");
            commit(tx).await;
            number
        })
    });
    let numbers = joined(tasks.collect()).await;
    assert_eq!(numbers.into_iter().collect::<BTreeSet<_>>(), (1..=20).map(|next| (next, next)).collect());
    let mut tx = write(&db).await;
    assert_eq!(tickets::next_number(&mut tx, "2602").await.unwrap(), (21, 21));
    assert_eq!(tickets::next_number(&mut tx, "2603").await.unwrap(), (1, 22), "each month begins anew, keys go on");
}

async fn only_one_of_several_concurrent_updates_wins(db: Db) {
    one_ticket(&db).await;
    let seen = by_number(&db, "OKI-2602-00001-0").await;
    let tasks = (0..8).map(|i| {
        let (db, seen) = (db.clone(), seen.clone());
        tokio::spawn(async move {
            let mut tx = write(&db).await;
            let saved = tickets::update(&mut tx, &Ticket { version: 2, tier: i, ..seen }).await;
            match saved {
                Ok(()) => {
                    commit(tx).await;
                    Some(i)
                }
                Err(error) => {
                    assert!(is_conflict(&error), "{error:?}");
                    None
                }
            }
        })
    });
    let winners: Vec<i64> = joined(tasks.collect()).await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(by_number(&db, "OKI-2602-00001-0").await.tier, winners[0]);
}

async fn a_locked_ticket_is_changed_by_one_after_the_other(db: Db) {
    let id = one_ticket(&db).await;
    let tasks = (0..10).map(|_| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = write(&db).await;
            dialect::lock_ticket(&mut tx, id).await.expect("the lock");
            let seen = tickets::by_id(&mut tx, id).await.expect("an answer").expect("the ticket");
            tokio::task::yield_now().await;
            tickets::update(&mut tx, &Ticket { version: seen.version + 1, ..seen }).await.expect("no conflict");
            commit(tx).await;
        })
    });
    joined(tasks.collect()).await;
    assert_eq!(by_number(&db, "OKI-2602-00001-0").await.version, 11);
}

async fn a_participant_is_added_once_and_keeps_its_place(db: Db) {
    let mut tx = write(&db).await;
    let one = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let two = open(&mut tx, &ticket("OKI-2602-00002-0")).await;
    for (id, email) in
        [(one, "budi@oki.go.id"), (one, "ani@oki.go.id"), (one, "budi@oki.go.id"), (two, "budi@oki.go.id")]
    {
        relations::add_participant(&mut tx, id, email).await.unwrap();
    }
    commit(tx).await;
    let mut tx = read(&db).await;
    assert_eq!(relations::participants(&mut tx, one).await.unwrap(), ["budi@oki.go.id", "ani@oki.go.id"]);
    assert_eq!(relations::participants(&mut tx, two).await.unwrap(), ["budi@oki.go.id"]);
}

async fn a_mail_reference_finds_the_youngest_ticket(db: Db) {
    let mut tx = write(&db).await;
    let old = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let young = open(&mut tx, &ticket("OKI-2602-00002-0")).await;
    for (id, mail) in [(young, "a@x"), (old, "a@x"), (old, "b@x"), (old, "b@x")] {
        relations::add_mail_reference(&mut tx, id, mail).await.unwrap();
    }
    commit(tx).await;
    let mut tx = read(&db).await;
    assert_eq!(relations::by_mail_reference(&mut tx, "a@x").await.unwrap(), Some(young));
    assert_eq!(relations::by_mail_reference(&mut tx, "b@x").await.unwrap(), Some(old));
    assert_eq!(relations::by_mail_reference(&mut tx, "A@x").await.unwrap(), None);
}

async fn a_link_is_seen_from_both_sides(db: Db) {
    let mut tx = write(&db).await;
    let one = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let two = open(&mut tx, &ticket("OKI-2602-00002-0")).await;
    let three = open(&mut tx, &ticket("OKI-2602-00003-0")).await;
    relations::add_link(&mut tx, one, three, "related").await.unwrap();
    relations::add_link(&mut tx, two, one, "caused_by").await.unwrap();
    relations::add_link(&mut tx, two, one, "caused_by").await.unwrap();
    commit(tx).await;
    let mut tx = read(&db).await;
    let tie = |id: i64, relation: &str, outgoing: bool| (id, relation.to_owned(), outgoing);
    let of_one = [tie(two, "caused_by", false), tie(three, "related", true)];
    assert_eq!(relations::links(&mut tx, one).await.unwrap(), of_one);
    assert_eq!(relations::links(&mut tx, two).await.unwrap(), [tie(one, "caused_by", true)]);
    assert_eq!(relations::links(&mut tx, three).await.unwrap(), [tie(one, "related", false)]);
    drop(tx);
    let mut tx = write(&db).await;
    assert!(!relations::remove_link(&mut tx, one, two, "caused_by").await.unwrap(), "the other direction");
    assert!(relations::remove_link(&mut tx, two, one, "caused_by").await.unwrap());
    assert!(!relations::remove_link(&mut tx, two, one, "caused_by").await.unwrap());
    commit(tx).await;
    assert_eq!(relations::links(&mut read(&db).await, two).await.unwrap(), []);
}

async fn a_consultation_is_kept_with_all_its_fields(db: Db) {
    let id = one_ticket(&db).await;
    let held = |question: &str, second| Consultation {
        partner: "komdigi".to_owned(),
        contact: "Ibu Sari".to_owned(),
        held_on: "2026-02-12".to_owned(),
        question: question.to_owned(),
        at: at(second),
        actor: "user:7".to_owned(),
        id: 0,
        mailed_to: (second == 9).then(|| "sari@prov.test".to_owned()),
        reply: None,
        replied_on: None,
        replied_at: None,
        replied_by: None,
    };
    let mut both = [held("Apa sebabnya?", 9), held("Kapan selesai?", 3)];
    let mut tx = write(&db).await;
    for each in &mut both {
        each.id = relations::add_consultation(&mut tx, id, each).await.unwrap();
    }
    commit(tx).await;
    let all = Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None };
    let none = Visibility { all: false, agencies: vec!["DINKES".to_owned()], ..all.clone() };
    let mut tx = read(&db).await;
    let list = relations::consulted(&mut tx, &all, Some(false), i64::MAX, 10).await.unwrap();
    assert_eq!(list, [(id, both[1].id), (id, both[0].id)]);
    assert_eq!(relations::consulted(&mut tx, &all, None, both[1].id, 10).await.unwrap(), [(id, both[0].id)]);
    assert_eq!(relations::consulted(&mut tx, &none, None, i64::MAX, 10).await.unwrap(), []);
    assert_eq!(relations::consulted(&mut tx, &all, Some(true), i64::MAX, 10).await.unwrap(), []);
    drop(tx);
    let mut tx = write(&db).await;
    let kept = relations::answer_consultation(&mut tx, both[0].id, "Ganti disk", "2026-02-13", at(20), "user:8").await;
    assert!(kept.unwrap());
    let again = relations::answer_consultation(&mut tx, both[0].id, "Lain", "2026-02-14", at(30), "user:8").await;
    assert!(!again.unwrap(), "an answer is never overwritten");
    commit(tx).await;
    both[0].reply = Some("Ganti disk".to_owned());
    both[0].replied_on = Some("2026-02-13".to_owned());
    both[0].replied_at = Some(at(20));
    both[0].replied_by = Some("user:8".to_owned());
    let answered = relations::consulted(&mut read(&db).await, &all, Some(true), i64::MAX, 10).await.unwrap();
    assert_eq!(answered, [(id, both[0].id)]);
    assert_eq!(relations::consultations(&mut read(&db).await, id).await.unwrap(), both);
    assert_eq!(relations::consultations(&mut read(&db).await, id + 1).await.unwrap(), []);
}

async fn a_ticket_without_any_event_is_found(db: Db) {
    let mut tx = write(&db).await;
    assert_eq!(tickets::without_events(&mut tx).await.unwrap(), None);
    for number in ["OKI-2602-00001-0", "OKI-2602-00002-0"] {
        open(&mut tx, &ticket(number)).await;
    }
    assert_eq!(tickets::without_events(&mut tx).await.unwrap().as_deref(), Some("OKI-2602-00001-0"));
    for (number, left) in [("OKI-2602-00001-0", Some("OKI-2602-00002-0")), ("OKI-2602-00002-0", None)] {
        let event = Event {
            stream: number.to_owned(),
            seq: 1,
            at: at(0),
            actor: ActorLabel::requester(),
            kind: "opened".to_owned(),
            payload: "{}".to_owned(),
            state: None,
            prev_hash: GENESIS.to_owned(),
            hash: "h".to_owned(),
        };
        events::append(&mut tx, &[event]).await.unwrap();
        assert_eq!(tickets::without_events(&mut tx).await.unwrap().as_deref(), left);
    }
}

async fn what_was_merged_in_is_found_by_its_reporter(db: Db) {
    let mut tx = write(&db).await;
    let mut ids = Vec::new();
    for (number, email) in [("A", "ani@x"), ("B", "budi@x"), ("C", "cici@x"), ("D", "budi@x"), ("E", "dodi@x")] {
        ids.push(open(&mut tx, &Ticket { requester_email: email.to_owned(), ..ticket(number) }).await);
    }
    // B and D went into C, C into A; E only has to do with A.
    for (from, to, relation) in
        [(1, 2, "merged"), (3, 2, "merged"), (2, 0, "merged"), (4, 0, "related"), (0, 2, "related")]
    {
        relations::add_link(&mut tx, ids[from], ids[to], relation).await.unwrap();
    }
    commit(tx).await;
    let mut tx = read(&db).await;
    for (into, email, expected) in [
        (0, "budi@x", Some("D")),
        (2, "budi@x", Some("D")),
        (0, "cici@x", Some("C")),
        (2, "cici@x", None),
        (0, "dodi@x", None),
        (0, "ani@x", None),
        (1, "budi@x", None),
    ] {
        let found = relations::merged_from(&mut tx, ids[into], "merged", email).await.unwrap();
        assert_eq!(found.map(|ticket| ticket.number).as_deref(), expected, "{into} {email}");
    }
}
