//! The trail of events across all chains.

use super::{at, open, ticket, write};
use crate::support::db::on_both;
use meja::domain::event::{ActorLabel, Event, GENESIS};
use meja::domain::people::Visibility;
use meja::domain::ticket::Ticket;
use meja::store::trail::{self, TrailFilter};
use meja::store::{Db, Tx, events};

on_both!(the_trail_is_narrowed_and_goes_on, tickets_out_of_sight_are_not_in_it);

async fn append(tx: &mut Tx, stream: &str, second: i64, actor: ActorLabel) {
    let event = Event {
        stream: stream.to_owned(),
        seq: second,
        at: at(second),
        actor,
        kind: "replied".to_owned(),
        payload: "{}".to_owned(),
        state: None,
        prev_hash: GENESIS.to_owned(),
        hash: "h".to_owned(),
    };
    events::append(tx, &[event]).await.expect("a free place");
}

fn everything() -> Visibility {
    Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None }
}

async fn places(tx: &mut Tx, seen: &Visibility, filter: &TrailFilter) -> Vec<i64> {
    trail::list(tx, seen, filter, None, 100).await.expect("a list").iter().map(|row| row.event.seq).collect()
}

async fn the_trail_is_narrowed_and_goes_on(db: Db) {
    let mut tx = write(&db).await;
    for (second, stream, actor) in [
        (1, "OKI-2602-00001-0", ActorLabel::user(7)),
        (2, "service:simpus", ActorLabel::user(8)),
        (3, "service:mail", ActorLabel::clock()),
        (4, "OKI-2602-00001-0", ActorLabel::clock()),
    ] {
        append(&mut tx, stream, second, actor).await;
    }
    let seen = everything();
    let any = TrailFilter::default;
    assert_eq!(places(&mut tx, &seen, &any()).await, [4, 3, 2, 1]);
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(places(&mut tx, &seen, &TrailFilter { actor: text("user:7"), ..any() }).await, [1]);
    assert_eq!(places(&mut tx, &seen, &TrailFilter { stream: text("OKI-2602-00001-0"), ..any() }).await, [4, 1]);
    assert_eq!(places(&mut tx, &seen, &TrailFilter { record: text("service"), ..any() }).await, [3, 2]);
    assert_eq!(places(&mut tx, &seen, &TrailFilter { record: text("ticket"), ..any() }).await, [4, 1]);
    assert_eq!(places(&mut tx, &seen, &TrailFilter { from: Some(at(2)), to: Some(at(4)), ..any() }).await, [3, 2]);
    let page = trail::list(&mut tx, &seen, &any(), None, 2).await.unwrap();
    let rest = trail::list(&mut tx, &seen, &any(), Some((page[1].event.at, page[1].id)), 9).await.unwrap();
    assert_eq!(rest.iter().map(|row| row.event.seq).collect::<Vec<_>>(), [2, 1]);
}

async fn tickets_out_of_sight_are_not_in_it(db: Db) {
    let mut tx = write(&db).await;
    open(&mut tx, &ticket("OKI-2602-00001-0")).await;
    open(&mut tx, &Ticket { agency: "DINKES".to_owned(), ..ticket("OKI-2602-00002-0") }).await;
    append(&mut tx, "OKI-2602-00001-0", 1, ActorLabel::clock()).await;
    append(&mut tx, "OKI-2602-00002-0", 2, ActorLabel::clock()).await;
    append(&mut tx, "account:7", 3, ActorLabel::clock()).await;
    let nobody = Visibility { all: false, ..everything() };
    assert_eq!(places(&mut tx, &nobody, &TrailFilter::default()).await, [3]);
    let health = Visibility { agencies: vec!["DINKES".to_owned()], ..nobody };
    assert_eq!(places(&mut tx, &health, &TrailFilter::default()).await, [3, 2]);
}
