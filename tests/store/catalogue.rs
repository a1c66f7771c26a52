//! Agencies and services.

use super::{agency, commit, read, write};
use crate::support::db::on_both;
use meja::domain::service::{Agency, Service};
use meja::store::{Db, services};

on_both!(
    an_agency_is_saved_under_its_code,
    a_service_is_saved_under_its_code,
    a_service_belongs_to_an_agency_that_exists
);

fn service(code: &str) -> Service {
    Service {
        code: code.to_owned(),
        name: "SIMPUS".to_owned(),
        agency: "DINKES".to_owned(),
        profile: "umum".to_owned(),
        critical: true,
        keywords: vec!["puskesmas".to_owned(), "a \"b\", [c] é".to_owned()],
        active: true,
    }
}

async fn an_agency_is_saved_under_its_code(db: Db) {
    let full = Agency {
        code: "DINKES".to_owned(),
        name: "Dinas Kesehatan".to_owned(),
        email: Some("dinkes@oki.go.id".to_owned()),
        active: true,
    };
    let bare = Agency { code: "BKD".to_owned(), name: String::new(), email: None, active: false };
    let mut tx = write(&db).await;
    for each in [&full, &bare] {
        services::save_agency(&mut tx, each).await.unwrap();
    }
    commit(tx).await;
    assert_eq!(services::agencies(&mut read(&db).await).await.unwrap(), [bare.clone(), full.clone()]);
    let changed = Agency { name: "Dinkes".to_owned(), email: None, active: false, ..full };
    let mut tx = write(&db).await;
    services::save_agency(&mut tx, &changed).await.unwrap();
    assert_eq!(services::agencies(&mut tx).await.unwrap(), [bare, changed]);
}

async fn a_service_is_saved_under_its_code(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "DINKES").await;
    agency(&mut tx, "BKD").await;
    let (full, bare) =
        (service("simpus"), Service { keywords: Vec::new(), critical: false, active: false, ..service("absen") });
    for each in [&full, &bare] {
        services::save_service(&mut tx, each).await.unwrap();
    }
    commit(tx).await;
    let mut tx = write(&db).await;
    assert_eq!(services::services(&mut tx).await.unwrap(), [bare.clone(), full.clone()]);
    assert_eq!(services::service(&mut tx, "simpus").await.unwrap(), Some(full));
    assert_eq!(services::service(&mut tx, "SIMPUS").await.unwrap(), None);
    let changed = Service {
        name: "SIMPUS 2".to_owned(),
        agency: "BKD".to_owned(),
        profile: "khusus".to_owned(),
        critical: false,
        keywords: vec!["obat".to_owned()],
        active: false,
        ..service("simpus")
    };
    services::save_service(&mut tx, &changed).await.unwrap();
    assert_eq!(services::services(&mut tx).await.unwrap(), [bare, changed]);
}

async fn a_service_belongs_to_an_agency_that_exists(db: Db) {
    let mut tx = write(&db).await;
    services::save_service(&mut tx, &service("simpus")).await.expect_err("an unknown agency");
}
