//! Accounts, roles and tokens.

use super::sessions::session;
use super::{agency, at, commit, person, read, value, write};
use crate::support::db::on_both;
use meja::domain::people::{Account, Grant, Role, Scope};
use meja::store::{Db, people, second_factor, sessions, tokens};

on_both!(
    an_account_is_found_by_address_and_by_key,
    an_address_has_one_account,
    a_password_is_kept_apart_from_the_account,
    a_disabled_account_loses_its_sessions,
    an_account_is_corrected_and_says_how_it_signs_in,
    a_list_of_people_is_narrowed_and_goes_on_behind_an_address,
    a_role_is_taken_and_agencies_without_a_first_line_are_known,
    a_role_is_held_once_for_an_agency_or_for_all,
    a_role_is_held_by_active_people_for_their_agency_or_for_all,
    a_token_says_whose_it_is_until_it_is_revoked,
    every_role_of_active_people_is_listed,
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
    assert_eq!(people::by_ids(&mut tx, &[4711, bare.id]).await.unwrap(), [bare.clone()]);
    assert!(people::by_ids(&mut tx, &[]).await.unwrap().is_empty());
    assert_eq!(people::all(&mut tx).await.unwrap(), [bare, full]);
    assert_eq!(value::<chrono::DateTime<chrono::Utc>>(&db, "select min(created_at) from account").await, at(3));
}

async fn an_address_has_one_account(db: Db) {
    let mut tx = write(&db).await;
    person(&mut tx, "ani@oki.go.id").await;
    let taken = people::insert(&mut tx, &account("ani@oki.go.id"), None, at(0)).await.expect_err("a taken address");
    assert!(super::is_duplicate(&taken), "{taken:?}");
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
        sessions::insert(&mut tx, &session(hash, id), at(10)).await.unwrap();
    }
    people::set_active(&mut tx, ani, false).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    assert!(!people::by_id(&mut tx, ani).await.unwrap().unwrap().active);
    assert!(people::by_id(&mut tx, budi).await.unwrap().unwrap().active);
    assert!(sessions::find(&mut tx, "a1").await.unwrap().is_none());
    assert!(sessions::find(&mut tx, "a2").await.unwrap().is_none());
    assert!(sessions::find(&mut tx, "b").await.unwrap().is_some());
    people::set_active(&mut tx, ani, true).await.unwrap();
    assert!(people::by_id(&mut tx, ani).await.unwrap().unwrap().active);
    assert!(sessions::find(&mut tx, "a1").await.unwrap().is_none(), "who returns signs in anew");
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
    let first = tokens::add(&mut tx, ani, "h1", "laporan", Scope::Read, None, at(5)).await.unwrap().unwrap();
    let second = tokens::add(&mut tx, budi, "h2", "pemantau", Scope::Write, None, at(5)).await.unwrap().unwrap();
    assert_eq!(tokens::add(&mut tx, budi, "h1", "curian", Scope::Write, None, at(6)).await.unwrap(), None);
    people::grant(&mut tx, ani, &grant(Role::Auditor, None)).await.unwrap();
    people::grant(&mut tx, ani, &grant(Role::Tier1Agent, Some("BKD"))).await.unwrap();
    let held = people::grants(&mut tx, ani).await.unwrap();
    commit(tx).await;
    let mut tx = db.glance().await.unwrap();
    let mut other = read(&db).await;
    let ani_row = people::by_id(&mut other, ani).await.unwrap().unwrap();
    let budi_row = people::by_id(&mut other, budi).await.unwrap().unwrap();
    drop(other);
    let owner = tokens::owner(&mut tx, "h1").await.unwrap();
    assert_eq!(
        owner,
        Some(tokens::TokenOwner { account: ani_row, grants: held, scope: Scope::Read, only_agency: None }),
        "a token never changes hands"
    );
    assert_eq!(
        tokens::owner(&mut tx, "h2").await.unwrap(),
        Some(tokens::TokenOwner { account: budi_row, grants: Vec::new(), scope: Scope::Write, only_agency: None })
    );
    assert_eq!(tokens::owner(&mut tx, "h3").await.unwrap(), None);
    drop(tx);
    let mut tx = write(&db).await;
    let keys = |listed: Vec<tokens::Listed>| listed.iter().map(|token| token.id).collect::<Vec<_>>();
    assert_eq!(keys(tokens::list(&mut tx, None, i64::MAX, 9).await.unwrap()), [second, first]);
    assert_eq!(keys(tokens::list(&mut tx, None, second, 9).await.unwrap()), [first]);
    assert_eq!(keys(tokens::list(&mut tx, None, i64::MAX, 1).await.unwrap()), [second]);
    assert_eq!(keys(tokens::list(&mut tx, Some(ani), i64::MAX, 9).await.unwrap()), [first]);
    assert!(tokens::revoke(&mut tx, second, at(7)).await.unwrap());
    assert!(!tokens::revoke(&mut tx, second, at(8)).await.unwrap(), "only once");
    let kept = tokens::by_id(&mut tx, second).await.unwrap().unwrap();
    assert_eq!(
        (kept.label.as_str(), kept.email.as_str(), kept.revoked_at),
        ("pemantau", "budi@oki.go.id", Some(at(7)))
    );
    assert_eq!(tokens::by_id(&mut tx, 4711).await.unwrap(), None);
    commit(tx).await;
    assert_eq!(tokens::owner(&mut read(&db).await, "h2").await.unwrap(), None);
}

async fn an_account_is_corrected_and_says_how_it_signs_in(db: Db) {
    let mut tx = write(&db).await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let fresh = people::standing(&mut tx, ani).await.unwrap();
    assert_eq!((fresh.has_password, fresh.has_totp, fresh.seen_at, fresh.created_at), (false, false, None, at(0)));
    people::set_password(&mut tx, ani, "$argon2id$…").await.unwrap();
    let changed = Account { id: ani, name: "Ani L.".to_owned(), ..account("ani.l@oki.go.id") };
    people::save(&mut tx, &changed).await.unwrap();
    second_factor::propose_totp(&mut tx, ani, "s").await.unwrap();
    sessions::insert(&mut tx, &session("h", ani), at(10)).await.unwrap();
    commit(tx).await;
    let mut tx = write(&db).await;
    assert_eq!(people::by_id(&mut tx, ani).await.unwrap(), Some(changed));
    let standing = people::standing(&mut tx, ani).await.unwrap();
    assert_eq!((standing.has_password, standing.has_totp, standing.seen_at), (true, false, Some(at(10))));
    second_factor::confirm_totp(&mut tx, ani, at(11)).await.unwrap();
    assert!(people::standing(&mut tx, ani).await.unwrap().has_totp);
}

async fn a_list_of_people_is_narrowed_and_goes_on_behind_an_address(db: Db) {
    let mut tx = write(&db).await;
    let mut ids = Vec::new();
    for (email, role) in [
        ("a@oki.go.id", grant(Role::Tier1Agent, Some("BKD"))),
        ("b@oki.go.id", grant(Role::AgencyHead, Some("DINKES"))),
        ("c_x@oki.go.id", grant(Role::Auditor, None)),
    ] {
        let id = person(&mut tx, email).await;
        people::grant(&mut tx, id, &role).await.unwrap();
        ids.push(id);
    }
    people::set_active(&mut tx, ids[1], false).await.unwrap();
    commit(tx).await;
    let filter = people::PeopleFilter::default;
    for (narrowed, expected) in [
        (filter(), vec![0, 1, 2]),
        (people::PeopleFilter { words: Some("c_".to_owned()), ..filter() }, vec![2]),
        (people::PeopleFilter { words: Some("ani".to_owned()), ..filter() }, vec![0, 1, 2]),
        (people::PeopleFilter { active: Some(false), ..filter() }, vec![1]),
        (people::PeopleFilter { role: Some(Role::Auditor), ..filter() }, vec![2]),
        (people::PeopleFilter { agency: Some("BKD".to_owned()), ..filter() }, vec![0]),
        (people::PeopleFilter { within: Some(vec!["DINKES".to_owned(), "BKD".to_owned()]), ..filter() }, vec![0, 1]),
        (people::PeopleFilter { within: Some(vec!["KD".to_owned()]), ..filter() }, vec![]),
    ] {
        let found = people::page(&mut read(&db).await, &narrowed, "", 9).await.unwrap();
        let found: Vec<i64> = found.iter().map(|account| account.id).collect();
        assert_eq!(found, expected.iter().map(|place: &usize| ids[*place]).collect::<Vec<_>>(), "{narrowed:?}");
    }
    let next = people::page(&mut read(&db).await, &filter(), "a@oki.go.id", 1).await.unwrap();
    assert_eq!(next.iter().map(|account| account.id).collect::<Vec<_>>(), [ids[1]]);
}

async fn a_role_is_taken_and_agencies_without_a_first_line_are_known(db: Db) {
    let mut tx = write(&db).await;
    agency(&mut tx, "BKD").await;
    agency(&mut tx, "DINKES").await;
    let ani = person(&mut tx, "ani@oki.go.id").await;
    let first = grant(Role::Tier1Agent, Some("BKD"));
    people::grant(&mut tx, ani, &first).await.unwrap();
    people::grant(&mut tx, ani, &grant(Role::IctHead, None)).await.unwrap();
    assert_eq!(people::without_first_line(&mut tx).await.unwrap(), ["DINKES"]);
    let held = people::holders(&mut tx, Role::IctHead, "").await.unwrap();
    assert_eq!(held.iter().map(|account| account.id).collect::<Vec<_>>(), [ani]);
    assert_eq!(people::holders(&mut tx, Role::Tier1Agent, "").await.unwrap(), [], "held for an agency only");
    assert!(people::revoke(&mut tx, ani, &first).await.unwrap());
    assert!(!people::revoke(&mut tx, ani, &first).await.unwrap());
    assert_eq!(people::without_first_line(&mut tx).await.unwrap(), ["BKD", "DINKES"]);
    people::grant(&mut tx, ani, &grant(Role::Tier1Agent, None)).await.unwrap();
    assert_eq!(people::without_first_line(&mut tx).await.unwrap(), Vec::<String>::new());
    people::set_active(&mut tx, ani, false).await.unwrap();
    assert_eq!(people::without_first_line(&mut tx).await.unwrap(), ["BKD", "DINKES"]);
    assert_eq!(people::holders(&mut tx, Role::IctHead, "").await.unwrap(), []);
}

async fn every_role_of_active_people_is_listed(db: Db) {
    let mut tx = write(&db).await;
    let (second, first) = (person(&mut tx, "b@x.id").await, person(&mut tx, "a@x.id").await);
    let gone = person(&mut tx, "c@x.id").await;
    let whole = Grant { role: Role::Auditor, agency: None };
    let own = Grant { role: Role::AgencyHead, agency: Some("BKD".to_owned()) };
    for (id, grant) in [(second, &whole), (first, &whole), (first, &own), (gone, &own)] {
        people::grant(&mut tx, id, grant).await.unwrap();
    }
    people::set_active(&mut tx, gone, false).await.unwrap();
    commit(tx).await;
    let held = people::held(&mut read(&db).await).await.unwrap();
    let held: Vec<_> = held.into_iter().map(|(account, grant)| (account.id, grant)).collect();
    assert_eq!(held, [(first, own), (first, whole.clone()), (second, whole)]);
}
