//! Agencies with everything that is set of them.

use super::{agency, at, commit, person, read, stored, ticket, write};
use crate::support::db::on_both;
use meja::domain::agency::{AgencyEntry, AgencyKind};
use meja::domain::people::{Grant, Role};
use meja::domain::service::{Agency, Service};
use meja::domain::ticket::{Status, Ticket};
use meja::store::{Db, agencies, people, services};

on_both!(an_agency_is_bare_until_something_is_set, what_hangs_on_an_agency_is_counted);

async fn an_agency_is_bare_until_something_is_set(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    agency(&mut tx, "ARSIP").await;
    let bare = agencies::entries(&mut tx).await.unwrap();
    assert_eq!(bare.iter().map(|entry| entry.agency.code.as_str()).collect::<Vec<_>>(), ["ARSIP", "BKD"]);
    let known = Agency { code: "BKD".to_owned(), name: "Dinas BKD".to_owned(), email: None, active: true };
    assert_eq!(bare[1], AgencyEntry::bare(known.clone()));
    let set = AgencyEntry {
        short_name: "BKD 'x'".to_owned(),
        kind: AgencyKind::Board,
        address: "Jalan 1\nKota".to_owned(),
        calendar: Some("JAM-KERJA".to_owned()),
        parent: Some("ARSIP".to_owned()),
        successor: Some("ARSIP".to_owned()),
        retired_at: Some(at(3)),
        version: 2,
        ..AgencyEntry::bare(known)
    };
    agencies::save_entry(&mut tx, &AgencyEntry { version: 9, ..bare[1].clone() }).await.unwrap();
    agencies::save_entry(&mut tx, &set).await.unwrap();
    commit(tx).await;
    assert_eq!(agencies::entries(&mut read(&db).await).await.unwrap()[1], set);
}

async fn what_hangs_on_an_agency_is_counted(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    agency(&mut tx, "ARSIP").await;
    let (active, disabled) = (person(&mut tx, "a@x.id").await, person(&mut tx, "b@x.id").await);
    for id in [active, disabled] {
        let grant = Grant { role: Role::Tier1Agent, agency: Some("BKD".to_owned()) };
        people::grant(&mut tx, id, &grant).await.unwrap();
    }
    people::set_active(&mut tx, disabled, false).await.unwrap();
    for (code, active) in [("satu", true), ("dua", false)] {
        let service = Service {
            code: code.to_owned(),
            name: code.to_owned(),
            agency: "BKD".to_owned(),
            profile: "umum".to_owned(),
            critical: false,
            keywords: Vec::new(),
            active,
        };
        services::save_service(&mut tx, &service).await.unwrap();
    }
    let late = Ticket { opened_at: at(9), ..ticket("T-1") };
    let solved = Ticket { status: Status::Resolved, ..ticket("T-2") };
    let mut ids = Vec::new();
    for row in [&late, &solved, &ticket("T-3")] {
        ids.push(stored(&mut tx, row).await);
    }
    commit(tx).await;
    let mut tx = read(&db).await;
    let found = agencies::weights(&mut tx).await.unwrap();
    let counts: Vec<_> = found.iter().map(|it| (it.agency.as_str(), it.first_line, it.services, it.open)).collect();
    assert_eq!(counts, [("ARSIP", 0, 0, 0), ("BKD", 1, 1, 2)]);
    assert_eq!(agencies::open_tickets(&mut tx, "BKD", 9).await.unwrap(), [ids[2], ids[0]]);
    assert_eq!(agencies::open_tickets(&mut tx, "BKD", 1).await.unwrap(), [ids[2]]);
    assert!(agencies::open_tickets(&mut tx, "ARSIP", 9).await.unwrap().is_empty());
}
