//! Clocks and pauses.

use super::{at, commit, one_ticket, open, read, ticket, write};
use crate::support::db::on_both;
use meja::domain::clock_plan::{ClockKind, Line, SlaClock, TicketPause};
use meja::store::{Db, Of, clocks};

on_both!(
    a_clock_is_kept_with_all_its_fields,
    a_clock_saved_again_keeps_its_key_and_its_start,
    a_pause_lasts_until_all_pauses_are_ended,
    pauses_stand_in_the_order_they_began,
    clocks_and_pauses_of_several_tickets_come_together,
    tickets_with_a_running_deadline_are_listed_once_and_in_pages,
);

fn clock(kind: ClockKind, line: Line, cycle: i64) -> SlaClock {
    SlaClock { id: 0, kind, line, cycle, target_seconds: None, started_at: at(1), stopped_at: None, due_at: None }
}

/// The clocks of a ticket without their keys, which the database gives.
async fn kept(db: &Db, ticket: i64) -> Vec<SlaClock> {
    let clocks = clocks::of_ticket(&mut read(db).await, ticket).await.expect("an answer");
    clocks.into_iter().map(|clock| SlaClock { id: 0, ..clock }).collect()
}

async fn a_clock_is_kept_with_all_its_fields(db: Db) {
    let id = one_ticket(&db).await;
    let mut all = Vec::new();
    for &kind in ClockKind::ALL {
        for &line in Line::ALL {
            all.push(clock(kind, line, 1));
            let full = SlaClock {
                target_seconds: Some(28_800),
                stopped_at: Some(at(2)),
                due_at: Some(at(3)),
                ..clock(kind, line, 2)
            };
            all.push(full);
        }
    }
    let mut tx = write(&db).await;
    for each in &all {
        clocks::save(&mut tx, id, std::slice::from_ref(each)).await.unwrap();
    }
    commit(tx).await;
    assert_eq!(kept(&db, id).await, all);
    assert_eq!(kept(&db, id + 1).await, []);
}

async fn a_clock_saved_again_keeps_its_key_and_its_start(db: Db) {
    let id = one_ticket(&db).await;
    let first = clock(ClockKind::Resolution, Line::Total, 1);
    let mut tx = write(&db).await;
    clocks::save(&mut tx, id, std::slice::from_ref(&first)).await.unwrap();
    let key = clocks::of_ticket(&mut tx, id).await.unwrap()[0].id;
    let moved = SlaClock {
        target_seconds: Some(60),
        stopped_at: Some(at(8)),
        due_at: Some(at(9)),
        started_at: at(5),
        ..first.clone()
    };
    clocks::save(&mut tx, id, std::slice::from_ref(&moved)).await.unwrap();
    commit(tx).await;
    let expected = SlaClock { id: key, started_at: first.started_at, ..moved };
    assert_eq!(clocks::of_ticket(&mut read(&db).await, id).await.unwrap(), [expected]);
    let mut tx = write(&db).await;
    clocks::save(&mut tx, id, std::slice::from_ref(&first)).await.unwrap();
    commit(tx).await;
    assert_eq!(kept(&db, id).await, [first], "a clock that runs again has no end and no deadline");
}

async fn clocks_and_pauses_of_several_tickets_come_together(db: Db) {
    let mut tx = write(&db).await;
    let mut keys = Vec::new();
    for i in 0..3 {
        let id = open(&mut tx, &ticket(&format!("OKI-2602-0000{i}-0"))).await;
        clocks::save(&mut tx, id, &[clock(ClockKind::Resolution, Line::Total, 1)]).await.unwrap();
        clocks::begin_pause(&mut tx, id, "vendor", at(i)).await.unwrap();
        keys.push(id);
    }
    let (mut asked, both) = (Vec::new(), [keys[0], keys[2]]);
    for key in both {
        for row in clocks::of_ticket(&mut tx, key).await.unwrap() {
            asked.push(Of { ticket_id: key, row });
        }
    }
    assert_eq!(clocks::of_tickets(&mut tx, &both).await.unwrap(), asked);
    let pauses: Vec<_> = clocks::pauses_of(&mut tx, &both).await.unwrap();
    assert_eq!(
        pauses.iter().map(|of| (of.ticket_id, of.row.from)).collect::<Vec<_>>(),
        [(keys[0], at(0)), (keys[2], at(2))]
    );
    assert!(clocks::of_tickets(&mut tx, &[]).await.unwrap().is_empty());
    assert!(clocks::pauses_of(&mut tx, &[]).await.unwrap().is_empty());
}

async fn a_pause_lasts_until_all_pauses_are_ended(db: Db) {
    let mut tx = write(&db).await;
    let one = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let two = open(&mut tx, &ticket("OKI-2602-00002-0")).await;
    assert_eq!(clocks::end_pauses(&mut tx, one, at(1)).await.unwrap(), 0);
    clocks::begin_pause(&mut tx, one, "pending_requester", at(2)).await.unwrap();
    clocks::begin_pause(&mut tx, two, "pending_vendor", at(3)).await.unwrap();
    assert_eq!(clocks::end_pauses(&mut tx, one, at(4)).await.unwrap(), 1);
    clocks::begin_pause(&mut tx, one, "resolved", at(5)).await.unwrap();
    commit(tx).await;
    let mut tx = read(&db).await;
    let mut pauses = clocks::pauses(&mut tx, one).await.unwrap();
    pauses.iter_mut().for_each(|pause| pause.id = 0);
    let pause = |reason: &str, from, to: Option<i64>| TicketPause {
        id: 0,
        reason: reason.to_owned(),
        from: at(from),
        to: to.map(at),
    };
    assert_eq!(pauses, [pause("pending_requester", 2, Some(4)), pause("resolved", 5, None)]);
    assert_eq!(clocks::pauses(&mut tx, two).await.unwrap()[0].to, None, "another ticket's pause goes on");
}

async fn pauses_stand_in_the_order_they_began(db: Db) {
    let id = one_ticket(&db).await;
    let mut tx = write(&db).await;
    for from in [30, 10, 20] {
        clocks::begin_pause(&mut tx, id, "resolved", at(from)).await.unwrap();
    }
    assert_eq!(clocks::end_pauses(&mut tx, id, at(40)).await.unwrap(), 3);
    let from: Vec<_> = clocks::pauses(&mut tx, id).await.unwrap().into_iter().map(|pause| pause.from).collect();
    assert_eq!(from, [at(10), at(20), at(30)]);
}

async fn tickets_with_a_running_deadline_are_listed_once_and_in_pages(db: Db) {
    let mut tx = write(&db).await;
    let mut ids = Vec::new();
    for i in 0..5 {
        ids.push(open(&mut tx, &ticket(&format!("OKI-2602-0000{i}-0"))).await);
    }
    for &id in &ids[..3] {
        for kind in [ClockKind::Response, ClockKind::Resolution] {
            let running = SlaClock { due_at: Some(at(60)), ..clock(kind, Line::Total, 1) };
            clocks::save(&mut tx, id, std::slice::from_ref(&running)).await.unwrap();
        }
    }
    let stopped =
        SlaClock { due_at: Some(at(60)), stopped_at: Some(at(50)), ..clock(ClockKind::Response, Line::Total, 1) };
    clocks::save(&mut tx, ids[3], std::slice::from_ref(&stopped)).await.unwrap();
    clocks::save(&mut tx, ids[4], &[clock(ClockKind::Resolution, Line::Total, 1)]).await.unwrap();
    commit(tx).await;
    let mut tx = read(&db).await;
    assert_eq!(clocks::open_tickets(&mut tx, 0, 2).await.unwrap(), ids[..2]);
    assert_eq!(clocks::open_tickets(&mut tx, ids[1], 2).await.unwrap(), [ids[2]]);
    assert_eq!(clocks::planned_tickets(&mut tx, 0, 2).await.unwrap(), [] as [i64; 0], "no step is planned");
    assert_eq!(clocks::open_tickets(&mut tx, ids[2], 2).await.unwrap(), [] as [i64; 0]);
}
