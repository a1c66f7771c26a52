//! Outages, promises and maintenance.

use super::{at, is_conflict, person, read, write};
use crate::support::db::on_both;
use meja::domain::outage::{Maintenance, Outage, OutageCause, OutageOrigin, Severity};
use meja::domain::service::Service;
use meja::store::outages::{self, Filter, Goal};
use meja::store::{Db, Tx, maintenance, services};

on_both!(an_outage_is_kept_and_found, maintenance_is_kept_and_found, a_promise_is_replaced);

pub(super) async fn service(tx: &mut Tx, code: &str) {
    super::agency(tx, "BKD").await;
    let service = Service {
        code: code.to_owned(),
        name: code.to_owned(),
        agency: "BKD".to_owned(),
        profile: "umum".to_owned(),
        critical: false,
        keywords: Vec::new(),
        active: true,
    };
    services::save_service(tx, &service).await.unwrap();
}

fn outage(from: i64, to: Option<i64>) -> Outage {
    Outage {
        id: 0,
        service: "absensi".to_owned(),
        started_at: at(from),
        ended_at: to.map(at),
        severity: Severity::Partial,
        cause: OutageCause::ThirdPartyNetwork,
        origin: OutageOrigin::Manual,
        note: "Kabel 'putus'".to_owned(),
        ticket: Some("OKI-2602-00001-3".to_owned()),
        monitor_id: None,
        recorded_by: None,
        recorded_at: at(from),
        voided_at: None,
        void_reason: None,
        version: 1,
    }
}

async fn an_outage_is_kept_and_found(db: Db) {
    let mut tx = write(&db).await;
    service(&mut tx, "absensi").await;
    service(&mut tx, "surat").await;
    let mut one = outage(0, Some(100));
    one.id = outages::insert(&mut tx, &one).await.unwrap();
    let mut lasting = Outage { service: "surat".to_owned(), ..outage(50, None) };
    lasting.id = outages::insert(&mut tx, &lasting).await.unwrap();
    assert_eq!(outages::by_id(&mut tx, one.id).await.unwrap(), Some(one.clone()));
    assert_eq!(outages::by_id(&mut tx, lasting.id + 9).await.unwrap(), None);
    let all = outages::between(&mut tx, at(0), at(200)).await.unwrap();
    assert_eq!(all, [one.clone(), lasting.clone()]);
    assert_eq!(outages::between(&mut tx, at(100), at(200)).await.unwrap(), [lasting.clone()], "half open");
    assert_eq!(outages::between(&mut tx, at(-9), at(0)).await.unwrap(), []);
    let listed = outages::list(&mut tx, &Filter::default(), None, 9).await.unwrap();
    assert_eq!(listed, [lasting.clone(), one.clone()]);
    assert_eq!(outages::list(&mut tx, &Filter::default(), Some(lasting.id), 9).await.unwrap(), [one.clone()]);
    let open = Filter { open: true, ..Filter::default() };
    assert_eq!(outages::list(&mut tx, &open, None, 9).await.unwrap(), [lasting.clone()]);
    let of = Filter { service: Some("absensi".to_owned()), from: Some(at(99)), to: Some(at(1)), open: false };
    assert_eq!(outages::list(&mut tx, &of, None, 9).await.unwrap(), [one.clone()]);
    (lasting.voided_at, lasting.void_reason, lasting.version) = (Some(at(60)), Some("Salah".to_owned()), 2);
    outages::save(&mut tx, &lasting).await.unwrap();
    assert_eq!(outages::by_id(&mut tx, lasting.id).await.unwrap(), Some(lasting.clone()));
    assert_eq!(outages::between(&mut tx, at(0), at(200)).await.unwrap(), [one], "what was taken back does not count");
    assert!(is_conflict(&outages::save(&mut tx, &lasting).await.unwrap_err()));
}

async fn maintenance_is_kept_and_found(db: Db) {
    let mut tx = write(&db).await;
    let who = person(&mut tx, "ani@x.id").await;
    let mut one = Maintenance {
        id: 0,
        code: "PML-2026-0001".to_owned(),
        services: vec!["absensi".to_owned(), "surat".to_owned()],
        title: "Ganti \"peladen\"".to_owned(),
        message: "Mati".to_owned(),
        starts_at: at(100),
        ends_at: at(200),
        announced_at: at(0),
        excused_from: Some(at(100)),
        excused_to: Some(at(150)),
        cancelled_at: None,
        cancel_reason: None,
        created_by: who,
        version: 1,
    };
    one.id = maintenance::insert(&mut tx, &one).await.unwrap();
    assert_eq!(maintenance::by_code(&mut tx, "PML-2026-0001").await.unwrap(), Some(one.clone()));
    assert_eq!(maintenance::by_code(&mut tx, "PML-2026-0002").await.unwrap(), None);
    assert_eq!(maintenance::between(&mut tx, at(199), at(300)).await.unwrap(), [one.clone()]);
    assert_eq!(maintenance::between(&mut tx, at(200), at(300)).await.unwrap(), []);
    assert_eq!(maintenance::between(&mut tx, at(0), at(100)).await.unwrap(), []);
    assert_eq!(maintenance::unmailed(&mut tx, 9).await.unwrap(), [one.clone()]);
    maintenance::mailed(&mut tx, one.id).await.unwrap();
    assert_eq!(maintenance::unmailed(&mut tx, 9).await.unwrap(), []);
    (one.cancelled_at, one.cancel_reason, one.version) = (Some(at(9)), Some("Batal".to_owned()), 2);
    one.services.pop();
    maintenance::save(&mut tx, &one).await.unwrap();
    assert_eq!(maintenance::by_code(&mut tx, "PML-2026-0001").await.unwrap(), Some(one.clone()));
    assert!(is_conflict(&maintenance::save(&mut tx, &one).await.unwrap_err()));
}

async fn a_promise_is_replaced(db: Db) {
    let mut tx = write(&db).await;
    service(&mut tx, "absensi").await;
    let goal = Goal { service: "absensi".to_owned(), calendar: None, target: 9990, version: 1 };
    outages::set_goal(&mut tx, &goal).await.unwrap();
    let goal = Goal { calendar: Some("kantor".to_owned()), version: 2, ..goal };
    outages::set_goal(&mut tx, &goal).await.unwrap();
    super::commit(tx).await;
    assert_eq!(outages::goals(&mut read(&db).await).await.unwrap(), [goal]);
}
