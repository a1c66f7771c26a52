//! Rounds of tickets.

use super::{at, commit, open, person, read, ticket, write};
use crate::support::db::on_both;
use meja::domain::round::RoundState;
use meja::store::{Db, rounds};

on_both!(a_round_keeps_its_order_and_what_became_of_it, one_round_of_an_account_runs, old_rounds_are_forgotten);

async fn two_tickets(db: &Db) -> (i64, Vec<i64>) {
    let mut tx = write(db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let one = open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    let two = open(&mut tx, &ticket("OKI-2602-00002-0")).await;
    commit(tx).await;
    (ani, vec![two, one])
}

async fn a_round_keeps_its_order_and_what_became_of_it(db: Db) {
    let (ani, tickets) = two_tickets(&db).await;
    let mut tx = write(&db).await;
    let id = rounds::begin(&mut tx, ani, "tampilan=milik-saya", &tickets, at(1)).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    let mut rows = rounds::tickets(&mut tx, id).await.unwrap();
    let order: Vec<(i64, i64)> = rows.iter().map(|row| (row.place, row.ticket_id)).collect();
    assert_eq!(order, [(1, tickets[0]), (2, tickets[1])]);
    assert_eq!((rows[0].number.as_str(), rows[0].state), ("OKI-2602-00002-0", RoundState::Waiting));
    rows[1].state = RoundState::Skipped;
    rows[1].reason = Some("menunggu vendor".to_owned());
    rounds::settle(&mut tx, id, &rows[1], at(2)).await.unwrap();
    commit(tx).await;
    assert_eq!(rounds::tickets(&mut read(&db).await, id).await.unwrap(), rows);
    assert_eq!(rounds::by_id(&mut read(&db).await, ani + 1, id).await.unwrap(), None, "nobody else's");
}

async fn one_round_of_an_account_runs(db: Db) {
    let (ani, tickets) = two_tickets(&db).await;
    let mut tx = write(&db).await;
    assert_eq!(rounds::running(&mut tx, ani).await.unwrap(), None);
    let first = rounds::begin(&mut tx, ani, "", &tickets, at(1)).await.unwrap();
    let second = rounds::begin(&mut tx, ani, "", &tickets[..1], at(5)).await.unwrap();
    assert_eq!(rounds::by_id(&mut tx, ani, first).await.unwrap().unwrap().ended_at, Some(at(5)));
    let running = rounds::running(&mut tx, ani).await.unwrap().unwrap();
    assert_eq!((running.id, running.started_at, running.ended_at), (second, at(5), None));
    rounds::end(&mut tx, second, at(6)).await.unwrap();
    rounds::end(&mut tx, second, at(7)).await.unwrap();
    assert_eq!(rounds::by_id(&mut tx, ani, second).await.unwrap().unwrap().ended_at, Some(at(6)), "ended once");
}

async fn old_rounds_are_forgotten(db: Db) {
    let (ani, tickets) = two_tickets(&db).await;
    let mut tx = write(&db).await;
    let old = rounds::begin(&mut tx, ani, "", &tickets, at(1)).await.unwrap();
    let young = rounds::begin(&mut tx, ani, "", &tickets, at(9)).await.unwrap();
    rounds::forget(&mut tx, at(9)).await.unwrap();
    commit(tx).await;
    let mut tx = read(&db).await;
    assert_eq!(rounds::by_id(&mut tx, ani, old).await.unwrap(), None);
    assert_eq!(rounds::tickets(&mut tx, young).await.unwrap().len(), 2);
}
