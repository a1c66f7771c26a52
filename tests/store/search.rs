//! Looking for tickets.

use super::{at, open, ticket, write};
use crate::support::db::on_both;
use meja::domain::people::Visibility;
use meja::domain::reporter::{Knows, Wish};
use meja::domain::ticket::Ticket;
use meja::store::search::{self, Wanted};
use meja::store::{Db, Tx, wishes};

on_both!(tickets_are_found_by_what_somebody_remembers, a_secret_reporter_is_neither_matched_nor_named,);

fn everybody() -> Knows {
    Knows { all: true, ..Knows::default() }
}

async fn found(tx: &mut Tx, seen: &Visibility, words: &[&str]) -> Vec<String> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    search::tickets(tx, seen, &everybody(), Wanted::Words(&words, None), 9)
        .await
        .expect("a list")
        .into_iter()
        .map(|hit| hit.number)
        .collect()
}

async fn tickets_are_found_by_what_somebody_remembers(db: Db) {
    let mut tx = write(&db).await;
    open(&mut tx, &Ticket { opened_at: at(1), ..ticket("OKI-2602-00001-0") }).await;
    let other = Ticket {
        agency: "DINKES".to_owned(),
        subject: "SIMPUS 100% lambat".to_owned(),
        requester_name: "Nurul Hidayah".to_owned(),
        requester_email: "nurul@warga.test".to_owned(),
        opened_at: at(2),
        ..ticket("OKI-2602-00002-0")
    };
    open(&mut tx, &other).await;
    let all = Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None };
    assert_eq!(found(&mut tx, &all, &["pagi"]).await, ["OKI-2602-00002-0", "OKI-2602-00001-0"], "newest first");
    assert_eq!(found(&mut tx, &all, &["lambat", "simpus"]).await, ["OKI-2602-00002-0"], "every word, any order");
    assert_eq!(found(&mut tx, &all, &["hidayah"]).await, ["OKI-2602-00002-0"]);
    assert_eq!(found(&mut tx, &all, &["nurul@warga.test"]).await, ["OKI-2602-00002-0"]);
    assert_eq!(found(&mut tx, &all, &["00001"]).await, ["OKI-2602-00001-0"]);
    assert_eq!(found(&mut tx, &all, &["0%"]).await, ["OKI-2602-00002-0"], "a sign is a sign");
    assert_eq!(found(&mut tx, &all, &["_"]).await, Vec::<String>::new());
    let own = Visibility { all: false, agencies: vec!["BKD".to_owned()], ..all.clone() };
    assert_eq!(found(&mut tx, &own, &["pagi"]).await, ["OKI-2602-00001-0"]);
    assert_eq!(search::horizon(&mut tx, &all, 1).await.unwrap(), Some(at(2)));
    assert_eq!(search::horizon(&mut tx, &own, 1).await.unwrap(), Some(at(1)), "of what one may see");
    assert_eq!(search::horizon(&mut tx, &all, 3).await.unwrap(), None);
    let words = ["pagi".to_owned()];
    let late = search::tickets(&mut tx, &all, &everybody(), Wanted::Words(&words, Some(at(2))), 9).await.unwrap();
    assert_eq!(late.len(), 1);
    let own_address =
        search::tickets(&mut tx, &own, &everybody(), Wanted::Requester("nurul@warga.test"), 9).await.unwrap();
    assert_eq!(own_address, [], "not of another agency");
    let address = search::tickets(&mut tx, &all, &everybody(), Wanted::Requester("nurul@warga.test"), 9).await.unwrap();
    assert_eq!(address[0].requester_name, "Nurul Hidayah");
}

async fn a_secret_reporter_is_neither_matched_nor_named(db: Db) {
    let mut tx = write(&db).await;
    let secret = Ticket {
        requester_name: "Nurul".to_owned(),
        requester_email: "nurul@warga.test".to_owned(),
        ..ticket("OKI-2602-00001-0")
    };
    let id = open(&mut tx, &secret).await;
    wishes::keep(&mut tx, id, Wish { anonymous: false, secret: true }).await.unwrap();
    let all = Visibility { all: true, agencies: Vec::new(), requester: String::new(), only_agency: None };
    let other = Knows { agencies: vec!["DINKES".to_owned()], ..Knows::default() };
    let its = Knows { agencies: vec!["DINKES".to_owned(), "BKD".to_owned()], ..Knows::default() };
    for (knows, count, name) in [(&other, 0, ""), (&its, 1, "Nurul"), (&everybody(), 1, "Nurul")] {
        for wanted in ["nurul", "warga.test"].map(str::to_owned) {
            let words = [wanted];
            let found = search::tickets(&mut tx, &all, knows, Wanted::Words(&words, None), 9).await.unwrap();
            assert_eq!(found.len(), count, "{knows:?} {words:?}");
        }
        let wanted = Wanted::Requester("nurul@warga.test");
        assert_eq!(search::tickets(&mut tx, &all, knows, wanted, 9).await.unwrap().len(), count, "{knows:?}");
        let words = ["pagi".to_owned()];
        let found = search::tickets(&mut tx, &all, knows, Wanted::Words(&words, None), 9).await.unwrap();
        assert_eq!(found[0].requester_name, name, "{knows:?}");
    }
}
