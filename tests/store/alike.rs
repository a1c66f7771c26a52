//! Tickets and reporters that look like one another.

use super::{commit, open, read, ticket, write};
use crate::support::db::on_both;
use meja::domain::people::Visibility;
use meja::domain::reporter::{Knows, Wish};
use meja::domain::ticket::{Status, Ticket};
use meja::store::alike::{self, Alike};
use meja::store::{Db, wishes};

on_both!(
    open_tickets_that_look_alike_are_found,
    a_reporter_is_found_once_by_his_youngest_ticket,
    a_secret_reporter_is_found_by_those_who_may_know_him,
);

fn everybody() -> Knows {
    Knows { all: true, ..Knows::default() }
}

fn seen(all: bool, agency: &str) -> Visibility {
    Visibility { all, agencies: vec![agency.to_owned()], requester: String::new(), only_agency: None }
}

fn numbers(tickets: &[Ticket]) -> Vec<&str> {
    tickets.iter().map(|ticket| ticket.number.as_str()).collect()
}

async fn open_tickets_that_look_alike_are_found(db: Db) {
    let mut tx = write(&db).await;
    let of = |number: &str, subject: &str, email: &str, status: Status| Ticket {
        subject: subject.to_owned(),
        description: String::new(),
        requester_email: email.to_owned(),
        status,
        ..ticket(number)
    };
    let own = open(&mut tx, &of("A", "Printer_1 macet", "ani@x", Status::New)).await;
    open(&mut tx, &of("B", "PRINTER_1 rusak", "budi@x", Status::New)).await;
    open(&mut tx, &of("C", "Jaringan putus", "ani@x", Status::New)).await;
    open(&mut tx, &of("D", "printer_1 rusak", "ani@x", Status::Closed)).await;
    open(&mut tx, &of("E", "PrinterX1 rusak", "budi@x", Status::New)).await;
    open(&mut tx, &of("F", "Absensi", "", Status::New)).await;
    commit(tx).await;
    let mut tx = read(&db).await;
    let like = |email: &str| Alike {
        except: own,
        service: None,
        email: email.to_owned(),
        words: vec!["printer_1".to_owned()],
    };
    let found = alike::tickets(&mut tx, &seen(true, ""), &everybody(), &like("ani@x"), 10).await.unwrap();
    assert_eq!(numbers(&found), ["C", "B"], "open ones, without this one, words taken literally");
    let found = alike::tickets(&mut tx, &seen(true, ""), &everybody(), &like(""), 10).await.unwrap();
    assert_eq!(numbers(&found), ["B"], "nobody's address is nobody's");
    let found = alike::tickets(&mut tx, &seen(false, "DINKES"), &everybody(), &like("ani@x"), 10).await.unwrap();
    assert_eq!(numbers(&found), [] as [&str; 0]);
    let found = alike::tickets(&mut tx, &seen(false, "BKD"), &everybody(), &like("ani@x"), 1).await.unwrap();
    assert_eq!(numbers(&found), ["C"]);
}

async fn a_reporter_is_found_once_by_his_youngest_ticket(db: Db) {
    let mut tx = write(&db).await;
    for (number, name) in [("A", "Budi"), ("B", "Budi"), ("C", "Ani")] {
        let email = format!("{}@oki.go.id", name.to_lowercase());
        let each = Ticket { requester_name: name.to_owned(), requester_email: email, ..ticket(number) };
        open(&mut tx, &each).await;
    }
    commit(tx).await;
    let mut tx = read(&db).await;
    let found = alike::reporters(&mut tx, &seen(true, ""), &everybody(), "BUD", 10).await.unwrap();
    assert_eq!(numbers(&found), ["B"]);
    assert_eq!(
        numbers(&alike::reporters(&mut tx, &seen(true, ""), &everybody(), "oki.go", 10).await.unwrap()),
        ["C", "B"]
    );
    assert_eq!(
        numbers(&alike::reporters(&mut tx, &seen(true, ""), &everybody(), "%", 10).await.unwrap()),
        [] as [&str; 0]
    );
    assert_eq!(
        numbers(&alike::reporters(&mut tx, &seen(false, "DINKES"), &everybody(), "budi", 10).await.unwrap()),
        [] as [&str; 0]
    );
}

async fn a_secret_reporter_is_found_by_those_who_may_know_him(db: Db) {
    let mut tx = write(&db).await;
    let of = |number: &str, name: &str| Ticket {
        requester_name: name.to_owned(),
        requester_email: "ani@oki.go.id".to_owned(),
        requester_nip: Some("1980".to_owned()),
        requester_phone: None,
        subject: number.to_owned(),
        description: String::new(),
        ..ticket(number)
    };
    for (number, name, secret) in [("A", "Ani Satu", false), ("B", "Ani Dua", true), ("C", "Ani Tiga", false)] {
        let id = open(&mut tx, &of(number, name)).await;
        if number != "C" {
            wishes::keep(&mut tx, id, Wish { anonymous: !secret, secret }).await.unwrap();
        }
    }
    commit(tx).await;
    let mut tx = read(&db).await;
    let agency = |code: &str| Knows { agencies: vec![code.to_owned()], ..Knows::default() };
    let own = |email: &str| Knows { own: email.to_owned(), ..Knows::default() };
    let like = Alike { email: "ani@oki.go.id".to_owned(), ..Alike::default() };
    for (knows, expected) in [
        (everybody(), 3),
        (agency("BKD"), 3),
        (own("ani@oki.go.id"), 3),
        (agency("DINKES"), 2),
        (own("budi@oki.go.id"), 2),
        (own(""), 2),
    ] {
        for words in ["ani", "oki.go", "1980"] {
            let found = alike::reporters(&mut tx, &seen(true, ""), &knows, words, 10).await.unwrap();
            assert_eq!(found.len(), expected, "{knows:?} {words}");
        }
        let found = alike::tickets(&mut tx, &seen(true, ""), &knows, &like, 10).await.unwrap();
        assert_eq!(found.len(), expected, "{knows:?}");
    }
}
