//! Monitors and their looks.

use super::availability::service;
use super::{at, is_conflict, open, ticket, write};
use crate::support::db::on_both;
use meja::domain::monitor::{Expected, Finding, Monitor, MonitorKind, MonitorState};
use meja::domain::ticket::{Channel, Ticket};
use meja::store::monitors::{self, Check};
use meja::store::{Db, Tx};

on_both!(a_monitor_is_kept_and_taken_by_one, looks_are_kept_and_forgotten, an_outage_finds_its_ticket);

async fn added(tx: &mut Tx) -> Monitor {
    service(tx, "absensi").await;
    let mut it = Monitor {
        id: 0,
        service: "absensi".to_owned(),
        name: "Beranda".to_owned(),
        kind: MonitorKind::Http,
        target: "https://absensi.test/".to_owned(),
        expected: Expected { status: Some(200), text: Some("\"siap\"".to_owned()), days: None, address: None },
        interval_seconds: 60,
        timeout_ms: 5000,
        failures_needed: 3,
        active: true,
        secret_hash: None,
        state: MonitorState::Unknown,
        failures: 0,
        failing_since: None,
        result: Finding::None,
        checked_at: None,
        next_at: at(60),
        lease_no: 0,
        outage_id: None,
        version: 1,
    };
    it.id = monitors::insert(tx, &it).await.unwrap();
    it
}

async fn a_monitor_is_kept_and_taken_by_one(db: Db) {
    let mut tx = write(&db).await;
    let mut it = added(&mut tx).await;
    assert_eq!(monitors::by_id(&mut tx, it.id).await.unwrap(), Some(it.clone()));
    assert_eq!(monitors::list(&mut tx, Some("absensi"), 0, 9).await.unwrap(), [it.clone()]);
    assert_eq!(monitors::list(&mut tx, Some("surat"), 0, 9).await.unwrap(), []);
    assert_eq!(monitors::list(&mut tx, None, it.id, 9).await.unwrap(), []);
    assert_eq!(monitors::due(&mut tx, at(59), at(0), 9).await.unwrap(), []);
    assert_eq!(monitors::due(&mut tx, at(60), at(0), 9).await.unwrap(), [it.clone()]);
    assert!(monitors::claim(&mut tx, it.id, 0, at(10)).await.unwrap());
    assert!(!monitors::claim(&mut tx, it.id, 0, at(10)).await.unwrap(), "somebody was quicker");
    assert_eq!(monitors::due(&mut tx, at(60), at(5), 9).await.unwrap(), [], "held");
    assert_eq!(monitors::due(&mut tx, at(60), at(11), 9).await.unwrap().len(), 1, "whoever held it has gone silent");
    monitors::renew(&mut tx, it.id, 1, at(20)).await.unwrap();
    assert_eq!(monitors::due(&mut tx, at(60), at(19), 9).await.unwrap(), [], "still looking");
    monitors::renew(&mut tx, it.id, 0, at(90)).await.unwrap();
    assert_eq!(monitors::due(&mut tx, at(60), at(21), 9).await.unwrap().len(), 1, "another lease keeps nothing");
    it.lease_no = 1;
    (it.state, it.failures, it.failing_since) = (MonitorState::Down, 3, Some(at(60)));
    (it.result, it.checked_at, it.next_at, it.outage_id) = (Finding::Timeout, Some(at(62)), at(120), Some(7));
    assert!(monitors::settle(&mut tx, &it).await.unwrap());
    assert_eq!(monitors::by_id(&mut tx, it.id).await.unwrap(), Some(it.clone()));
    let late = Monitor { lease_no: 0, ..it.clone() };
    assert!(!monitors::settle(&mut tx, &late).await.unwrap(), "an answer that comes too late");
    (it.name, it.active, it.version) = ("Depan".to_owned(), false, 2);
    monitors::save(&mut tx, &it).await.unwrap();
    assert_eq!(monitors::by_id(&mut tx, it.id).await.unwrap(), Some(it.clone()));
    assert!(is_conflict(&monitors::save(&mut tx, &it).await.unwrap_err()));
    assert_eq!(monitors::due(&mut tx, at(999), at(999), 9).await.unwrap(), [], "stopped");
    monitors::forget(&mut tx, it.id).await.unwrap();
    let blank = Monitor {
        state: MonitorState::Unknown,
        failures: 0,
        failing_since: None,
        outage_id: None,
        lease_no: it.lease_no + 1,
        ..it.clone()
    };
    assert_eq!(monitors::by_id(&mut tx, it.id).await.unwrap(), Some(blank));
    assert!(!monitors::settle(&mut tx, &it).await.unwrap(), "a look that was under way keeps nothing");
}

async fn looks_are_kept_and_forgotten(db: Db) {
    let mut tx = write(&db).await;
    let it = added(&mut tx).await;
    let look = |second: i64| Check { at: at(second), ok: second > 1, millis: second, result: Finding::Ok };
    for second in [1, 2, 3] {
        monitors::add_check(&mut tx, it.id, &look(second)).await.unwrap();
    }
    assert_eq!(monitors::checks(&mut tx, it.id, 2).await.unwrap(), [look(3), look(2)]);
    assert_eq!(monitors::forget_checks(&mut tx, at(3)).await.unwrap(), 2);
    assert_eq!(monitors::checks(&mut tx, it.id, 9).await.unwrap(), [look(3)]);
}

async fn an_outage_finds_its_ticket(db: Db) {
    let mut tx = write(&db).await;
    service(&mut tx, "absensi").await;
    let of = |number: &str| Ticket { service: Some("absensi".to_owned()), ..ticket(number) };
    open(&mut tx, &of("OKI-2602-00001-3")).await;
    assert_eq!(monitors::ticket_to_join(&mut tx, "absensi").await.unwrap(), None, "one person's trouble");
    let watched = Ticket { channel: Channel::Monitor, ..of("OKI-2602-00002-5") };
    open(&mut tx, &watched).await;
    let found = monitors::ticket_to_join(&mut tx, "absensi").await.unwrap();
    assert_eq!(found.as_deref(), Some("OKI-2602-00002-5"));
    assert_eq!(monitors::ticket_to_join(&mut tx, "surat").await.unwrap(), None);
}
