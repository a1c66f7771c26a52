//! Agencies, services and what the catalogue says of them.

use super::{agency, at, commit, is_conflict, open, read, ticket, write};
use crate::support::db::on_both;
use meja::domain::catalogue::{Category, Entry, Part, RaciLine, RaciRole, Safeguard};
use meja::domain::service::{Agency, Service};
use meja::domain::ticket::{Status, Ticket};
use meja::store::catalogue::{self, Filter};
use meja::store::{Db, Tx, services};

on_both!(
    an_agency_is_saved_under_its_code,
    a_service_is_saved_under_its_code,
    a_service_belongs_to_an_agency_that_exists,
    an_entry_is_read_back_and_saved_under_its_next_version_only,
    each_filter_narrows_the_catalogue,
    open_tickets_under_another_profile_are_found
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

/// Adds a service of `DINKES` with a bare entry.
pub async fn entered(tx: &mut Tx, code: &str) -> Entry {
    agency(tx, "DINKES").await;
    let entry = Entry::bare(Service { name: code.to_uppercase(), critical: false, ..service(code) });
    services::save_service(tx, &entry.service).await.expect("a service");
    catalogue::add_entry(tx, &entry).await.expect("an entry");
    entry
}

async fn an_entry_is_read_back_and_saved_under_its_next_version_only(db: Db) {
    let mut tx = write(&db).await;
    let bare = entered(&mut tx, "simpus").await;
    assert_eq!(catalogue::entry(&mut tx, "simpus").await.unwrap(), Some(bare.clone()));
    assert_eq!(catalogue::entry(&mut tx, "lain").await.unwrap(), None);
    let full = Entry {
        category: Category::Data,
        parts: [(Part::Policy, "kebijakan \"a\"".to_owned())].into(),
        endpoints: vec!["https://a.test".to_owned()],
        hours: "jam kerja".to_owned(),
        calendar: Some("kerja".to_owned()),
        raci: vec![RaciLine { role: RaciRole::Accountable, who: "Kepala".to_owned() }],
        safeguards: [(Safeguard::TestedPlan, "2026-01-31".parse().unwrap())].into(),
        sla_profile: "lain".to_owned(),
        reviewed_at: Some(at(5)),
        version: 2,
        ..bare
    };
    catalogue::save_entry(&mut tx, &full).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    assert_eq!(catalogue::entry(&mut tx, "simpus").await.unwrap(), Some(full.clone()));
    let refused = catalogue::save_entry(&mut tx, &full).await.expect_err("somebody was faster");
    assert!(is_conflict(&refused), "{refused}");
}

async fn each_filter_narrows_the_catalogue(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    let one = entered(&mut tx, "absen").await;
    entered(&mut tx, "simpus").await;
    let whole = Part::ALL.iter().map(|part| (*part, "ada".to_owned())).collect();
    let mut two = Entry { parts: whole, reviewed_at: Some(at(5)), version: 2, category: Category::Training, ..one };
    two.service.agency = "BKD".to_owned();
    two.service.critical = true;
    two.service.active = false;
    two.service.keywords = vec!["presensi".to_owned()];
    services::save_service(&mut tx, &two.service).await.unwrap();
    catalogue::save_entry(&mut tx, &two).await.unwrap();
    let some = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (Filter::default(), "absen simpus"),
        (Filter { agency: some("BKD"), ..Filter::default() }, "absen"),
        (Filter { critical: Some(true), ..Filter::default() }, "absen"),
        (Filter { critical: Some(false), ..Filter::default() }, "simpus"),
        (Filter { category: Some(Category::Training), ..Filter::default() }, "absen"),
        (Filter { words: some("PRESENSI"), ..Filter::default() }, "absen"),
        (Filter { words: some("SIM"), ..Filter::default() }, "simpus"),
        (Filter { words: some(""), ..Filter::default() }, "absen simpus"),
        (Filter { words: some("%"), ..Filter::default() }, ""),
        (Filter { stale: Some((true, at(5))), ..Filter::default() }, "simpus"),
        (Filter { stale: Some((true, at(6))), ..Filter::default() }, "absen simpus"),
        (Filter { stale: Some((false, at(5))), ..Filter::default() }, "absen"),
        (Filter { incomplete: Some(true), ..Filter::default() }, "simpus"),
        (Filter { incomplete: Some(false), ..Filter::default() }, "absen"),
        (Filter { active: Some(false), ..Filter::default() }, "absen"),
    ] {
        let found = catalogue::entries(&mut tx, &filter, "", 10).await.unwrap();
        let codes: Vec<&str> = found.iter().map(|entry| entry.service.code.as_str()).collect();
        assert_eq!(codes.join(" "), expected, "{filter:?}");
    }
    assert_eq!(catalogue::entries(&mut tx, &Filter::default(), "absen", 10).await.unwrap().len(), 1);
    assert_eq!(catalogue::entries(&mut tx, &Filter::default(), "", 1).await.unwrap(), [two]);
}

async fn open_tickets_under_another_profile_are_found(db: Db) {
    let mut tx = write(&db).await;
    entered(&mut tx, "simpus").await;
    let mut ids = Vec::new();
    for (place, status, profile, service) in [
        (1, Status::New, "umum", Some("simpus")),
        (2, Status::PendingRequester, "khusus", Some("simpus")),
        (3, Status::Resolved, "umum", Some("simpus")),
        (4, Status::InProgress, "umum", None),
        (5, Status::InProgress, "umum", Some("simpus")),
    ] {
        let row = Ticket {
            status,
            profile: profile.to_owned(),
            service: service.map(str::to_owned),
            ..ticket(&format!("OKI-2602-0000{place}-0"))
        };
        ids.push(open(&mut tx, &row).await);
    }
    assert_eq!(catalogue::held_to_another(&mut tx, "simpus", "khusus").await.unwrap(), [ids[0], ids[4]]);
    assert_eq!(catalogue::held_to_another(&mut tx, "simpus", "umum").await.unwrap(), [ids[1]]);
    assert_eq!(catalogue::held_to_another(&mut tx, "lain", "umum").await.unwrap(), [0; 0]);
}
