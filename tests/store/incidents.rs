//! Incidents, what was said of them, and who is hit.

use super::{at, commit, is_conflict, one_ticket, write};
use crate::support::db::on_both;
use meja::domain::incident::{Incident, Phase};
use meja::domain::service::Service;
use meja::domain::ticket::Language;
use meja::store::incidents::{self, Update};
use meja::store::{Db, Tx, services, tickets};

on_both!(
    an_incident_runs_until_it_is_ended,
    an_incident_outlives_its_ticket,
    what_was_said_is_kept_in_order,
    a_tap_counts_once,
    an_address_follows_when_it_is_confirmed,
    services_are_known_by_how_often_they_are_named,
);

fn incident(ticket: i64) -> Incident {
    Incident {
        id: 0,
        code: "GGN-2026-0001".to_owned(),
        ticket_id: ticket,
        service: None,
        title: "Absensi mati".to_owned(),
        phase: Phase::Investigating,
        message: "Kami periksa".to_owned(),
        next_update_at: Some(at(60)),
        announced_at: at(0),
        updated_at: at(0),
        ended_at: None,
        version: 1,
    }
}

async fn added(tx: &mut Tx, ticket: i64) -> Incident {
    let mut new = incident(ticket);
    new.id = incidents::insert(tx, &new).await.unwrap();
    new
}

async fn an_incident_runs_until_it_is_ended(db: Db) {
    let ticket = one_ticket(&db).await;
    let mut tx = write(&db).await;
    let mut one = added(&mut tx, ticket).await;
    assert_eq!(incidents::by_code(&mut tx, "GGN-2026-0001").await.unwrap(), Some(one.clone()));
    assert_eq!(incidents::by_code(&mut tx, "GGN-2026-0002").await.unwrap(), None);
    assert_eq!(incidents::of_ticket(&mut tx, ticket).await.unwrap(), Some(one.clone()));
    assert_eq!(incidents::running(&mut tx).await.unwrap(), std::slice::from_ref(&one));
    (one.phase, one.ended_at, one.next_update_at, one.version) = (Phase::Resolved, Some(at(9)), None, 2);
    incidents::save(&mut tx, &one).await.unwrap();
    assert_eq!(incidents::of_ticket(&mut tx, ticket).await.unwrap(), None);
    assert!(incidents::running(&mut tx).await.unwrap().is_empty());
    assert_eq!(incidents::by_code(&mut tx, "GGN-2026-0001").await.unwrap(), Some(one.clone()));
    let stale = incidents::save(&mut tx, &one).await.unwrap_err();
    assert!(is_conflict(&stale), "{stale}");
}

async fn an_incident_outlives_its_ticket(db: Db) {
    let ticket = one_ticket(&db).await;
    let mut tx = write(&db).await;
    let one = added(&mut tx, ticket).await;
    assert!(incidents::outlived(&mut tx).await.unwrap().is_empty());
    let mut row = tickets::by_id(&mut tx, ticket).await.unwrap().unwrap();
    (row.status, row.version) = (meja::domain::ticket::Status::Resolved, row.version + 1);
    tickets::update(&mut tx, &row).await.unwrap();
    assert_eq!(incidents::outlived(&mut tx).await.unwrap(), [one]);
    assert!(incidents::running(&mut tx).await.unwrap().is_empty());
}

async fn what_was_said_is_kept_in_order(db: Db) {
    let ticket = one_ticket(&db).await;
    let mut tx = write(&db).await;
    let one = added(&mut tx, ticket).await;
    let said = |second, message: &str| Update {
        at: at(second),
        phase: Phase::Identified,
        message: message.to_owned(),
        next_update_at: None,
    };
    for (second, message) in [(1, "satu"), (2, "dua")] {
        incidents::add_update(&mut tx, one.id, &said(second, message)).await.unwrap();
    }
    assert_eq!(incidents::updates(&mut tx, one.id).await.unwrap(), [said(2, "dua"), said(1, "satu")]);
}

async fn a_tap_counts_once(db: Db) {
    let ticket = one_ticket(&db).await;
    let mut tx = write(&db).await;
    let id = added(&mut tx, ticket).await.id;
    assert!(!incidents::is_affected(&mut tx, id, "a").await.unwrap());
    assert!(incidents::add_affected(&mut tx, id, "a", Language::Indonesian, at(1)).await.unwrap());
    assert!(!incidents::add_affected(&mut tx, id, "a", Language::English, at(2)).await.unwrap());
    assert!(incidents::add_affected(&mut tx, id, "b", Language::English, at(2)).await.unwrap());
    assert!(incidents::is_affected(&mut tx, id, "a").await.unwrap());
    assert_eq!(incidents::count_affected(&mut tx, id).await.unwrap(), 2);
}

async fn an_address_follows_when_it_is_confirmed(db: Db) {
    let ticket = one_ticket(&db).await;
    let mut tx = write(&db).await;
    let id = added(&mut tx, ticket).await.id;
    for person in ["a", "b"] {
        incidents::add_affected(&mut tx, id, person, Language::English, at(1)).await.unwrap();
        incidents::set_email(&mut tx, id, person, "ani@b.test", "mark").await.unwrap();
    }
    commit(tx).await;
    let mut tx = write(&db).await;
    assert_eq!(incidents::is_follower(&mut tx, id, "other").await.unwrap(), None);
    assert_eq!(incidents::is_follower(&mut tx, id, "mark").await.unwrap(), Some(false));
    assert!(incidents::followers(&mut tx, id).await.unwrap().is_empty());
    incidents::set_follower(&mut tx, id, "mark", Some(at(3))).await.unwrap();
    assert_eq!(incidents::is_follower(&mut tx, id, "mark").await.unwrap(), Some(true));
    assert_eq!(incidents::followers(&mut tx, id).await.unwrap(), [("ani@b.test".to_owned(), Language::English)]);
    incidents::set_email(&mut tx, id, "a", "ani@b.test", "mark").await.unwrap();
    assert_eq!(incidents::is_follower(&mut tx, id, "mark").await.unwrap(), Some(true), "asking again ends nothing");
    incidents::set_email(&mut tx, id, "a", "lain@b.test", "new").await.unwrap();
    assert_eq!(incidents::is_follower(&mut tx, id, "new").await.unwrap(), Some(false));
    incidents::set_follower(&mut tx, id, "mark", None).await.unwrap();
    assert!(incidents::followers(&mut tx, id).await.unwrap().is_empty());
}

async fn services_are_known_by_how_often_they_are_named(db: Db) {
    let mut tx = write(&db).await;
    super::agency(&mut tx, "BKD").await;
    for code in ["a", "b", "c"] {
        let service = Service {
            code: code.to_owned(),
            name: code.to_owned(),
            agency: "BKD".to_owned(),
            profile: "umum".to_owned(),
            critical: false,
            keywords: Vec::new(),
            active: true,
        };
        services::save_service(&mut tx, &service).await.unwrap();
    }
    for (place, service) in (0..).zip(["b", "a", "b", "c"]) {
        let mut one = super::ticket(&format!("OKI-2602-0000{place}-0"));
        (one.service, one.opened_at) = (Some(service.to_owned()), at(place));
        super::open(&mut tx, &one).await;
    }
    super::open(&mut tx, &super::ticket("OKI-2602-00009-0")).await;
    assert_eq!(services::most_reported(&mut tx, at(0)).await.unwrap(), ["b", "a", "c"]);
    assert_eq!(services::most_reported(&mut tx, at(3)).await.unwrap(), ["c"]);
}
