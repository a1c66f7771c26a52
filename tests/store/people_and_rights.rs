//! Accounts, roles and tokens.

use super::{at, commit, person, read, value, write};
use crate::support::db::on_both;
use meja::domain::people::{Account, Grant, Role, Scope};
use meja::store::{Db, dialect, people, sessions};

on_both!(
    an_account_is_found_by_address_and_by_key,
    an_address_has_one_account,
    a_password_is_kept_apart_from_the_account,
    a_disabled_account_loses_its_sessions,
    a_role_is_held_once_for_an_agency_or_for_all,
    a_role_is_held_by_active_people_for_their_agency_or_for_all,
    a_token_says_whose_it_is_until_it_is_revoked,
);

fn account(email: &str) -> Account {
    Account {
        id: 0,
        email: email.to_owned(),
        name: "Ani Lestari".to_owned(),
        nip: Some("1980".to_owned()),
        active: true,
    }
}

fn grant(role: Role, agency: Option<&str>) -> Grant {
    Grant { role, agency: agency.map(str::to_owned) }
}

async fn an_account_is_found_by_address_and_by_key(db: Db) {
    let mut full = account("b@oki.go.id");
    let mut bare = Account { nip: None, active: false, ..account("a@oki.go.id") };
    let mut tx = write(&db).await;
    full.id = people::insert(&mut tx, &full, None, at(3)).await.unwrap();
    bare.id = people::insert(&mut tx, &bare, None, at(3)).await.unwrap();
    commit(tx).await;
    let mut tx = read(&db).await;
    assert_eq!(people::by_email(&mut tx, "b@oki.go.id").await.unwrap(), Some(full.clone()));
    assert_eq!(people::by_email(&mut tx, "B@oki.go.id").await.unwrap(), None);
    assert_eq!(people::by_id(&mut tx, bare.id).await.unwrap(), Some(bare.clone()));
    assert_eq!(people::by_id(&mut tx, 4711).await.unwrap(), None);
    assert_eq!(people::all(&mut tx).await.unwrap(), [bare, full]);
    assert_eq!(value::<chrono::DateTime<chrono::Utc>>(&db, "select min(created_at) from account").await, at(3));
}

async fn an_address_has_one_account(db: Db) {
    let mut tx = write(&db).await;
    person(&mut tx, "ani@oki.go.id").await;
    let taken = people::insert(&mut tx, &account("ani@oki.go.id"), None, at(0)).await.expect_err("a taken address");
    assert!(dialect::is_duplicate(&taken), "{taken:?}");
}

async fn a_password_is_kept_apart_from_the_account(db: Db) {
    let mut tx = write(&db).await;
    let with = people::insert(&mut tx, &account("a@oki.go.id"), Some("$argon2id$…"), at(0)).await.unwrap();
    let without = people::insert(&mut tx, &account("b@oki.go.id"), None, at(0)).await.unwrap();
    assert_eq!(people::password_hash(&mut tx, with).await.unwrap().as_deref(), Some("$argon2id$…"));
    assert_eq!(people::password_hash(&mut tx, without).await.unwrap(), None);
    assert_eq!(people::password_hash(&mut tx, 4711).await.unwrap(), None);
}

async fn a_disabled_account_loses_its_sessions(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let budi = person(&mut tx, "budi@oki.go.id").await;
    for (hash, id) in [("a1", ani), ("a2", ani), ("b", budi)] {
        sessions::insert(&mut tx, hash, id, at(10)).await.unwrap();
    }
    people::set_active(&mut tx, ani, false).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    assert!(!people::by_id(&mut tx, ani).await.unwrap().unwrap().active);
    assert!(people::by_id(&mut tx, budi).await.unwrap().unwrap().active);
    assert_eq!(sessions::account(&mut tx, "a1", at(0), at(0)).await.unwrap(), None);
    assert_eq!(sessions::account(&mut tx, "a2", at(0), at(0)).await.unwrap(), None);
    assert_eq!(sessions::account(&mut tx, "b", at(0), at(0)).await.unwrap(), Some((budi, at(10))));
    people::set_active(&mut tx, ani, true).await.unwrap();
    assert!(people::by_id(&mut tx, ani).await.unwrap().unwrap().active);
    assert_eq!(sessions::account(&mut tx, "a1", at(0), at(0)).await.unwrap(), None, "who returns signs in anew");
}

async fn a_role_is_held_once_for_an_agency_or_for_all(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let budi = person(&mut tx, "budi@oki.go.id").await;
    let all: Vec<Grant> = Role::ALL.iter().flat_map(|&role| [grant(role, None), grant(role, Some("BKD"))]).collect();
    for each in all.iter().chain(&all) {
        people::grant(&mut tx, ani, each).await.unwrap();
    }
    commit(tx).await;
    let mut tx = read(&db).await;
    let mut sorted = all;
    sorted.sort_by_key(|grant| (grant.role.as_str(), grant.agency.clone()));
    assert_eq!(people::grants(&mut tx, ani).await.unwrap(), sorted);
    assert_eq!(people::grants(&mut tx, budi).await.unwrap(), []);
}

async fn a_role_is_held_by_active_people_for_their_agency_or_for_all(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let budi = person(&mut tx, "budi@oki.go.id").await;
    let cici = person(&mut tx, "cici@oki.go.id").await;
    for (id, agency) in
        [(cici, Some("BKD")), (ani, None), (ani, Some("BKD")), (ani, Some("DINKES")), (budi, Some("DINKES"))]
    {
        people::grant(&mut tx, id, &grant(Role::AgencyHead, agency)).await.unwrap();
    }
    people::grant(&mut tx, budi, &grant(Role::Tier1Agent, Some("BKD"))).await.unwrap();
    for (role, agency, expected) in [
        (Role::AgencyHead, "BKD", true),
        (Role::AgencyHead, "PUPR", true),
        (Role::AgencyHead, "", true),
        (Role::Tier1Agent, "BKD", true),
        (Role::Tier1Agent, "DINKES", false),
        (Role::Auditor, "BKD", false),
    ] {
        assert_eq!(people::is_held(&mut tx, role, agency).await.unwrap(), expected, "{role} {agency}");
    }
    people::set_active(&mut tx, ani, false).await.unwrap();
    assert!(people::is_held(&mut tx, Role::AgencyHead, "BKD").await.unwrap());
    for agency in ["BKD", "PUPR"] {
        let held = people::is_held(&mut tx, Role::AgencyHead, agency).await.unwrap();
        let holders = people::holders(&mut tx, Role::AgencyHead, agency).await.unwrap();
        assert_eq!(!holders.is_empty(), held, "{agency}: {holders:?}");
        assert!(holders.iter().all(|person| person.active));
    }
    assert!(!people::is_held(&mut tx, Role::AgencyHead, "PUPR").await.unwrap(), "a disabled holder is none");
}

async fn a_token_says_whose_it_is_until_it_is_revoked(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let budi = person(&mut tx, "budi@oki.go.id").await;
    people::add_token(&mut tx, ani, "h1", "laporan", Scope::Read, None, at(5)).await.unwrap();
    people::add_token(&mut tx, budi, "h2", "pemantau", Scope::Write, None, at(5)).await.unwrap();
    people::add_token(&mut tx, budi, "h1", "curian", Scope::Write, None, at(6)).await.unwrap();
    people::grant(&mut tx, ani, &grant(Role::Auditor, None)).await.unwrap();
    people::grant(&mut tx, ani, &grant(Role::Tier1Agent, Some("BKD"))).await.unwrap();
    let held = people::grants(&mut tx, ani).await.unwrap();
    commit(tx).await;
    let mut tx = db.glance().await.unwrap();
    let mut other = read(&db).await;
    let ani_row = people::by_id(&mut other, ani).await.unwrap().unwrap();
    let budi_row = people::by_id(&mut other, budi).await.unwrap().unwrap();
    drop(other);
    let owner = people::by_token(&mut tx, "h1").await.unwrap();
    assert_eq!(
        owner,
        Some(people::TokenOwner { account: ani_row, grants: held, scope: Scope::Read, only_agency: None }),
        "a token never changes hands"
    );
    assert_eq!(
        people::by_token(&mut tx, "h2").await.unwrap(),
        Some(people::TokenOwner { account: budi_row, grants: Vec::new(), scope: Scope::Write, only_agency: None })
    );
    assert_eq!(people::by_token(&mut tx, "h3").await.unwrap(), None);
    drop(tx);
    assert_eq!(value::<String>(&db, "select label from api_token where hash = 'h1'").await, "laporan");
    let revoked =
        value::<i64>(&db, "update api_token set revoked_at = created_at where hash = 'h2' returning account_id");
    assert_eq!(revoked.await, budi);
    assert_eq!(people::by_token(&mut read(&db).await, "h2").await.unwrap(), None);
}
