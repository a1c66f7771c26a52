//! Drafts on tickets, held answers, presence, ready-made answers.

use super::{at, commit, is_conflict, open, person, read, ticket, write};
use crate::support::db::on_both;
use meja::domain::clock_plan::TicketPause;
use meja::domain::message::{Message, MessageVisibility, NewMail, OutboxState};
use meja::domain::people::{Grant, Role};
use meja::store::canned::{self, CannedReply};
use meja::store::drafts::{self, NewDraft};
use meja::store::holds::{self, Held};
use meja::store::{Db, clocks, messages, outbox, people, presence};

on_both!(
    a_draft_is_kept_once_for_each_person_and_kind,
    the_team_of_an_agency_is_counted,
    a_held_answer_takes_its_mails_along,
    pauses_are_taken_away_and_continued,
    whoever_was_there_lately_is_present,
    ready_made_answers_are_kept_in_versions,
);

async fn a_draft_is_kept_once_for_each_person_and_kind(db: Db) {
    let mut tx = write(&db).await;
    let id = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let (budi, ani) = (person(&mut tx, "budi@x").await, person(&mut tx, "ani@x").await);
    let draft = |account, kind, body| NewDraft { ticket: id, account, kind, body, reply: None };
    drafts::keep_draft(&mut tx, &draft(budi, "answer", "satu"), at(0)).await.unwrap();
    drafts::keep_draft(&mut tx, &NewDraft { reply: Some(7), ..draft(budi, "answer", "dua") }, at(1)).await.unwrap();
    drafts::keep_draft(&mut tx, &draft(budi, "note", "catatan"), at(2)).await.unwrap();
    drafts::keep_draft(&mut tx, &draft(ani, "answer", "tiga"), at(3)).await.unwrap();
    let found = drafts::on_ticket(&mut tx, id).await.unwrap();
    let bodies: Vec<&str> = found.iter().map(|draft| draft.body.as_str()).collect();
    assert_eq!(bodies, ["dua", "catatan", "tiga"]);
    assert_eq!((found[0].reply_id, found[0].updated_at, found[0].account_id), (Some(7), at(1), budi));
    drafts::drop_draft(&mut tx, id, budi, "note").await.unwrap();
    assert_eq!(drafts::forget_old_drafts(&mut tx, at(2)).await.unwrap(), 1);
    assert_eq!(drafts::on_ticket(&mut tx, id).await.unwrap().len(), 1, "only the youngest is left");
    commit(tx).await;
}

async fn the_team_of_an_agency_is_counted(db: Db) {
    let mut tx = write(&db).await;
    open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    for (email, role, agency) in [
        ("a@x", Role::Tier1Agent, Some("DINKES")),
        ("b@x", Role::Tier2Unit, None),
        ("c@x", Role::Auditor, None),
        ("d@x", Role::Tier1Agent, Some("BKD")),
    ] {
        let id = person(&mut tx, email).await;
        people::grant(&mut tx, id, &Grant { role, agency: agency.map(str::to_owned) }).await.unwrap();
    }
    assert_eq!(drafts::team_size(&mut tx, "DINKES").await.unwrap(), 2);
    commit(tx).await;
}

fn mail(ticket: i64, key: &str) -> NewMail {
    NewMail {
        key: key.to_owned(),
        ticket: Some(ticket),
        recipient: "siti@x".to_owned(),
        sender: String::new(),
        subject: "s".to_owned(),
        message_id: format!("{key}@x"),
        raw: b"x".to_vec(),
    }
}

async fn a_held_answer_takes_its_mails_along(db: Db) {
    let mut tx = write(&db).await;
    let id = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let budi = person(&mut tx, "budi@x").await;
    let mut held = Vec::new();
    for second in [10, 20, 30] {
        let message = Message {
            id: 0,
            at: at(0),
            author: format!("user:{budi}"),
            author_name: "Budi".to_owned(),
            visibility: MessageVisibility::Public,
            body: "Sudah".to_owned(),
            channel: "web".to_owned(),
        };
        let message_id = messages::insert(&mut tx, id, &message).await.unwrap();
        let key = format!("reply:{message_id}:OKI-2602-00001-0:");
        outbox::put(&mut tx, &mail(id, &format!("{key}siti@x")), at(0), at(0)).await.unwrap();
        let one = Held {
            message_id,
            ticket_id: id,
            account_id: budi,
            state: "held".to_owned(),
            until_at: at(second),
            mail_key: key,
            was: "{}".to_owned(),
        };
        holds::hold(&mut tx, &one).await.unwrap();
        held.push(one);
    }
    outbox::put(&mut tx, &mail(id, "other"), at(0), at(0)).await.unwrap();
    commit(tx).await;
    let states = async || {
        let mut mails = outbox::newest(&mut read(&db).await, 10).await.unwrap();
        mails.reverse();
        mails.into_iter().map(|mail| mail.state).collect::<Vec<_>>()
    };
    use OutboxState::{Held as Waiting, Queued, Withdrawn};
    assert_eq!(states().await, [Waiting, Waiting, Waiting, Queued]);
    let mut tx = write(&db).await;
    assert_eq!(messages::of_ticket(&mut tx, id, false, 0, 10).await.unwrap().len(), 0, "not shown to the reporter");
    assert_eq!(messages::of_ticket(&mut tx, id, true, 0, 10).await.unwrap().len(), 3);
    let waiting = holds::waiting_of(&mut tx, budi, at(10)).await.unwrap();
    let waiting: Vec<_> = waiting.iter().map(|one| (one.message_id, one.number.as_str())).collect();
    assert_eq!(waiting, held[1..].iter().map(|one| (one.message_id, "OKI-2602-00001-0")).collect::<Vec<_>>());
    assert!(holds::waiting_of(&mut tx, budi + 1, at(10)).await.unwrap().is_empty());
    assert!(!holds::any_hold_over(&mut tx, at(9)).await.unwrap());
    assert!(holds::any_hold_over(&mut tx, at(10)).await.unwrap());
    assert_eq!(holds::release_holds(&mut tx, at(10), at(500)).await.unwrap(), 1);
    assert!(holds::withdraw(&mut tx, &held[1]).await.unwrap());
    assert!(!holds::withdraw(&mut tx, &held[1]).await.unwrap(), "called back once");
    assert!(!holds::withdraw(&mut tx, &held[0]).await.unwrap(), "it has left");
    commit(tx).await;
    assert_eq!(states().await, [Queued, Withdrawn, Waiting, Queued]);
    let mut tx = write(&db).await;
    assert_eq!(messages::of_ticket(&mut tx, id, false, 0, 10).await.unwrap().len(), 1);
    let found = holds::holds_of(&mut tx, id).await.unwrap();
    let found: Vec<&str> = found.iter().map(|one| one.state.as_str()).collect();
    assert_eq!(found, ["sent", "withdrawn", "held"]);
    assert!(held[2].is_waiting(at(29)) && !held[2].is_waiting(at(30)));
    commit(tx).await;
}

async fn pauses_are_taken_away_and_continued(db: Db) {
    let mut tx = write(&db).await;
    let id = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    clocks::begin_pause(&mut tx, id, "pending_requester", at(1)).await.unwrap();
    clocks::end_pauses(&mut tx, id, at(2)).await.unwrap();
    clocks::begin_pause(&mut tx, id, "pending_vendor", at(3)).await.unwrap();
    let pauses = clocks::pauses(&mut tx, id).await.unwrap();
    holds::remove_pause(&mut tx, pauses[1].id).await.unwrap();
    holds::continue_pause(&mut tx, pauses[0].id).await.unwrap();
    let expected = TicketPause { to: None, ..pauses[0].clone() };
    assert_eq!(clocks::pauses(&mut tx, id).await.unwrap(), [expected]);
    commit(tx).await;
}

async fn whoever_was_there_lately_is_present(db: Db) {
    let mut tx = write(&db).await;
    let numbers = ["OKI-2602-00001-0", "OKI-2602-00002-0", "OKI-2602-00003-0"];
    let (budi, ani) = (person(&mut tx, "budi@x").await, person(&mut tx, "ani@x").await);
    for (place, number) in numbers.iter().enumerate() {
        let id = open(&mut tx, &ticket(number)).await;
        presence::note_presence(&mut tx, id, budi, false, at(0)).await.unwrap();
        presence::note_presence(&mut tx, id, budi, place == 0, at(1)).await.unwrap();
        presence::note_presence(&mut tx, id, ani, false, at(31)).await.unwrap();
    }
    let found = presence::present_at(&mut tx, &numbers[..2], at(0)).await.unwrap();
    let found: Vec<_> = found.iter().map(|one| (one.number.as_str(), one.account_id, one.writing)).collect();
    assert_eq!(found.len(), 4);
    assert!(found.contains(&(numbers[0], budi, true)) && found.contains(&(numbers[1], budi, false)), "{found:?}");
    assert_eq!(presence::present_at(&mut tx, &numbers, at(1)).await.unwrap().len(), 3, "half a minute is over");
    assert_eq!(presence::forget_presence(&mut tx, at(1)).await.unwrap(), 3);
    commit(tx).await;
}

async fn ready_made_answers_are_kept_in_versions(db: Db) {
    let mut tx = write(&db).await;
    let id = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    assert!(id > 0);
    let (budi, ani) = (person(&mut tx, "budi@x").await, person(&mut tx, "ani@x").await);
    let own = CannedReply {
        id: 0,
        version: 1,
        name: "Salam".to_owned(),
        body: "Halo {{ pelapor }}".to_owned(),
        scope: "own".to_owned(),
        account_id: budi,
        agency: None,
        status: None,
        priority: None,
        reason: String::new(),
        next_step: "stay".to_owned(),
        active: true,
        used: 0,
        updated_at: at(0),
    };
    let agencys = CannedReply {
        name: "Agen".to_owned(),
        scope: "agency".to_owned(),
        agency: Some("BKD".to_owned()),
        status: Some("resolved".to_owned()),
        priority: Some("P2".to_owned()),
        reason: "Loket".to_owned(),
        ..own.clone()
    };
    let first = canned::add_reply(&mut tx, &own).await.unwrap();
    let second = canned::add_reply(&mut tx, &agencys).await.unwrap();
    canned::count_use(&mut tx, second).await.unwrap();
    let kept = CannedReply { id: second, used: 1, ..agencys.clone() };
    assert_eq!(canned::reply(&mut tx, second).await.unwrap(), Some(kept.clone()));
    assert_eq!(canned::reply(&mut tx, 999).await.unwrap(), None);
    let names = async |tx: &mut meja::store::Tx, account| {
        let found = canned::replies(tx, account).await.unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(names(&mut tx, budi).await, [second, first]);
    assert_eq!(names(&mut tx, ani).await, [second]);
    let changed = CannedReply { version: 2, name: "Lain".to_owned(), active: false, updated_at: at(5), ..kept };
    canned::save_reply(&mut tx, &changed).await.unwrap();
    assert_eq!(canned::reply(&mut tx, second).await.unwrap(), Some(changed.clone()));
    assert!(is_conflict(&canned::save_reply(&mut tx, &changed).await.unwrap_err()));
    drop(tx);
}
