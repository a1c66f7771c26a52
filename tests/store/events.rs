//! Chains of events and their seals.

use super::{at, commit, joined, one_ticket, read, write};
use crate::support::db::on_both;
use meja::domain::event::{ActorLabel, Event, GENESIS};
use meja::store::Db;
use meja::store::events::{self, Seal};

on_both!(
    an_event_is_kept_byte_by_byte,
    a_place_in_a_chain_is_taken_once,
    one_of_five_concurrent_events_gets_the_place,
    a_chain_is_read_page_by_page,
    news_of_tickets_come_in_order_and_nothing_else_does,
    streams_are_listed_page_by_page,
    a_seal_covers_the_heads_that_moved,
    seals_stand_in_their_order_with_their_heads,
);

fn event(stream: &str, seq: i64) -> Event {
    Event {
        stream: stream.to_owned(),
        seq,
        at: at(seq),
        actor: ActorLabel::user(7),
        kind: "replied".to_owned(),
        payload: format!("{{\"b\":1, \"a\":\"{seq} é 🪑\\u0000\"}}"),
        state: None,
        prev_hash: GENESIS.to_owned(),
        hash: format!("hash-{stream}-{seq}"),
    }
}

async fn append(db: &Db, stream: &str, seq: i64) {
    let mut tx = write(db).await;
    events::append(&mut tx, &[event(stream, seq)]).await.expect("a free place");
    commit(tx).await;
}

async fn an_event_is_kept_byte_by_byte(db: Db) {
    let both = [
        event("OKI-2602-00001-0", 1),
        Event { state: Some("digest".to_owned()), actor: ActorLabel::clock(), ..event("OKI-2602-00001-0", 2) },
    ];
    let mut tx = write(&db).await;
    assert_eq!(events::head(&mut tx, "OKI-2602-00001-0").await.unwrap(), None);
    for each in &both {
        events::append(&mut tx, std::slice::from_ref(each)).await.unwrap();
    }
    commit(tx).await;
    let mut tx = read(&db).await;
    assert_eq!(events::of_stream(&mut tx, "OKI-2602-00001-0", 0, 10).await.unwrap(), both);
    let head = events::head(&mut tx, "OKI-2602-00001-0").await.unwrap();
    assert_eq!(head, Some((2, "hash-OKI-2602-00001-0-2".to_owned())));
    assert_eq!(events::head(&mut tx, "OKI-2602-00001").await.unwrap(), None);
}

async fn a_place_in_a_chain_is_taken_once(db: Db) {
    append(&db, "A", 1).await;
    append(&db, "B", 1).await;
    let mut tx = write(&db).await;
    // On the embedded database the place is asked for with the next errand, at the latest with the commit.
    let appended = events::append(&mut tx, &[event("A", 1)]).await;
    let taken = match appended {
        Ok(()) => tx.commit().await.expect_err("a taken place"),
        Err(error) => error,
    };
    assert!(super::is_duplicate(&taken), "{taken:?}");
}

async fn one_of_five_concurrent_events_gets_the_place(db: Db) {
    let tasks = (0..5).map(|i| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = write(&db).await;
            let hash = format!("of writer {i}");
            let outcome = match events::append(&mut tx, &[Event { hash: hash.clone(), ..event("A", 1) }]).await {
                Ok(()) => tx.commit().await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(()) => Some(hash),
                Err(error) => {
                    assert!(super::is_duplicate(&error), "{error:?}");
                    None
                }
            }
        })
    });
    let mut winners: Vec<String> = joined(tasks.collect()).await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let head = events::head(&mut read(&db).await, "A").await.unwrap();
    assert_eq!(head, Some((1, winners.remove(0))));
}

async fn a_chain_is_read_page_by_page(db: Db) {
    for seq in [1, 2, 3, 4, 5] {
        append(&db, "A", seq).await;
        append(&db, "AB", seq).await;
    }
    let mut tx = read(&db).await;
    for (after, limit, expected) in
        [(0, 2, vec![1, 2]), (2, 2, vec![3, 4]), (4, 2, vec![5]), (5, 2, vec![]), (0, i64::MAX, vec![1, 2, 3, 4, 5])]
    {
        let page = events::of_stream(&mut tx, "A", after, limit).await.unwrap();
        assert!(page.iter().all(|event| event.stream == "A"));
        assert_eq!(page.iter().map(|event| event.seq).collect::<Vec<_>>(), expected);
    }
}

async fn news_of_tickets_come_in_order_and_nothing_else_does(db: Db) {
    assert_eq!(events::newest(&mut read(&db).await).await.unwrap(), 0);
    one_ticket(&db).await;
    append(&db, "OKI-2602-00001-0", 1).await;
    append(&db, "policy:oki", 1).await;
    append(&db, "OKI-2602-00001-0", 2).await;
    let mut tx = read(&db).await;
    let newest = events::newest(&mut tx).await.unwrap();
    let news = events::of_tickets(&mut tx, 0, 10).await.unwrap();
    let told: Vec<(&str, i64, &str)> =
        news.iter().map(|event| (event.stream.as_str(), event.seq, event.kind.as_str())).collect();
    assert_eq!(told, [("OKI-2602-00001-0", 1, "replied"), ("OKI-2602-00001-0", 2, "replied")]);
    assert_eq!(news[1].id, newest);
    assert_eq!(events::of_tickets(&mut tx, news[0].id, 10).await.unwrap(), news[1..]);
    assert_eq!(events::of_tickets(&mut tx, 0, 1).await.unwrap(), news[..1]);
    assert_eq!(events::of_tickets(&mut tx, newest, 10).await.unwrap(), []);
}

async fn streams_are_listed_page_by_page(db: Db) {
    for (stream, seq) in [("C", 1), ("A", 1), ("A", 2), ("B", 1)] {
        append(&db, stream, seq).await;
    }
    let mut tx = read(&db).await;
    assert_eq!(events::streams(&mut tx, "", 2).await.unwrap(), ["A", "B"]);
    assert_eq!(events::streams(&mut tx, "B", 2).await.unwrap(), ["C"]);
    assert_eq!(events::streams(&mut tx, "C", 2).await.unwrap(), [""; 0]);
}

fn seal(id: i64) -> Seal {
    Seal {
        id,
        at: at(id),
        root: format!("root-{id}"),
        prev_hash: format!("seal-{}", id - 1),
        hash: format!("seal-{id}"),
        signature: (id % 2 == 0).then(|| "tanda".to_owned()),
    }
}

/// Streams and places of the heads that no seal covers.
async fn unsealed(db: &Db) -> Vec<(String, i64)> {
    let heads = events::unsealed_heads(&mut read(db).await).await.expect("heads");
    for (stream, seq, hash) in &heads {
        assert_eq!(*hash, format!("hash-{stream}-{seq}"));
    }
    heads.into_iter().map(|(stream, seq, _)| (stream, seq)).collect()
}

async fn seal_all(db: &Db, id: i64) {
    let mut tx = write(db).await;
    let heads = events::unsealed_heads(&mut tx).await.expect("heads");
    events::add_seal(&mut tx, &seal(id), &heads).await.expect("a seal");
    commit(tx).await;
}

async fn a_seal_covers_the_heads_that_moved(db: Db) {
    let place = |stream: &str, seq| (stream.to_owned(), seq);
    assert_eq!(unsealed(&db).await, []);
    for (stream, seq) in [("b", 1), ("A", 1), ("A-1", 1), ("A", 2)] {
        append(&db, stream, seq).await;
    }
    assert_eq!(unsealed(&db).await, [place("A", 2), place("A-1", 1), place("b", 1)]);
    seal_all(&db, 1).await;
    assert_eq!(unsealed(&db).await, []);
    append(&db, "A-1", 2).await;
    append(&db, "C", 1).await;
    assert_eq!(unsealed(&db).await, [place("A-1", 2), place("C", 1)]);
    seal_all(&db, 2).await;
    assert_eq!(unsealed(&db).await, []);
}

async fn seals_stand_in_their_order_with_their_heads(db: Db) {
    let mut tx = write(&db).await;
    assert_eq!(events::last_seal(&mut tx).await.unwrap(), None);
    let head = |stream: &str, seq| (stream.to_owned(), seq, format!("hash-{stream}-{seq}"));
    events::add_seal(&mut tx, &seal(1), &[head("b", 1), head("A", 1), head("a-1", 3), head("a1", 2)]).await.unwrap();
    events::add_seal(&mut tx, &seal(2), &[head("b", 2)]).await.unwrap();
    commit(tx).await;
    let mut tx = read(&db).await;
    assert_eq!(events::last_seal(&mut tx).await.unwrap(), Some(seal(2)));
    assert_eq!(events::seals(&mut tx).await.unwrap(), [seal(1), seal(2)]);
    let by_bytes = [head("A", 1), head("a-1", 3), head("a1", 2), head("b", 1)];
    assert_eq!(events::sealed_heads(&mut tx, 1).await.unwrap(), by_bytes);
    assert_eq!(events::sealed_heads(&mut tx, 2).await.unwrap(), [head("b", 2)]);
    assert_eq!(events::sealed_heads(&mut tx, 3).await.unwrap(), []);
    let of_b = [(1, "hash-b-1".to_owned(), seal(1).at), (2, "hash-b-2".to_owned(), seal(2).at)];
    assert_eq!(events::sealed_places(&mut tx, "b").await.unwrap(), of_b);
    assert_eq!(events::sealed_places(&mut tx, "c").await.unwrap(), []);
    drop(tx);
    let mut tx = write(&db).await;
    let twice = events::add_seal(&mut tx, &seal(2), &[]).await.expect_err("a taken place");
    assert!(super::is_duplicate(&twice), "{twice:?}");
}
