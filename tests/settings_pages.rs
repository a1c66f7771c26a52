//! The pages of the settings.

use crate::duty_pages::signed_in;
use crate::support::app::{Engine, TestApp};
use crate::web::{Browser, Page};
use meja::domain::people::{Grant, Role};
use poem::Endpoint;
use poem::http::StatusCode;

const NOW: &str = "2026-10-05T09:00:00+07:00";

/// Somebody who holds one role, signed in.
async fn holder(app: &TestApp, role: Role, agency: Option<&str>) -> Browser<impl Endpoint> {
    let email = format!("{role}.{}@demo.test", agency.unwrap_or("daerah").to_lowercase());
    let grants = [Grant { role, agency: agency.map(str::to_owned) }];
    app.desk.add_account(&email, "Seseorang", Some("demo-meja-2026"), &grants).await.unwrap();
    // What is given back may borrow the address.
    signed_in(app, email.leak()).await
}

/// Sends the form of a page with its hidden fields.
async fn send<E: Endpoint>(browser: &Browser<E>, from: &str, to: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get(from).await;
    let hidden: Vec<(&str, String)> = ["_csrf", "key", "versi"]
        .into_iter()
        .filter(|name| page.html.contains(&format!("name=\"{name}\" value=\"")))
        .map(|name| (name, page.hidden(name)))
        .collect();
    let mut form: Vec<(&str, &str)> = hidden
        .iter()
        .filter(|(name, _)| fields.iter().all(|(given, _)| given != name))
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    form.extend(fields);
    browser.post(to, &form).await
}

fn went_to(page: &Page, address: &str) {
    assert_eq!((page.status, page.location.as_str()), (StatusCode::SEE_OTHER, address), "{}", page.html);
}

const PD: &str = "/kerja/pengaturan/pd";

#[tokio::test]
async fn agencies_are_listed_added_changed_and_ended() {
    let app = TestApp::new(Engine::Sqlite, "oki", NOW).await.unwrap();
    app.desk.disable_account("admin.dinkes@demo.test").await.unwrap();
    let office = signed_in(&app, "superadmin@demo.test").await;
    let list = office.get(PD).await;
    list.shows("<h1>Perangkat Daerah</h1>").shows("class=\"trouble\"").shows("Tidak ada").shows("Dinas TIK");
    let bad = send(&office, "/kerja/pengaturan/pd/baru", "/kerja/pengaturan/pd/baru", &[("code", "a b"), ("name", "")]);
    let bad = bad.await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    bad.shows("Ada yang perlu diperbaiki").shows("href=\"#code\"").shows("href=\"#name\"");
    let fields = [("code", "pupr"), ("name", "Dinas <b>PUPR</b>"), ("kind", "office"), ("email", "pupr@desk.test")];
    let made = send(&office, "/kerja/pengaturan/pd/baru", "/kerja/pengaturan/pd/baru", &fields).await;
    went_to(&made, "/kerja/pengaturan/pd/PUPR?kabar=baru");
    let page = office.get(&made.location).await;
    page.shows("Perangkat Daerah ditambahkan.").shows("Dinas &lt;b&gt;PUPR").shows("Ditambahkan");

    let fields = [("name", "Dinas PU"), ("short_name", "PU"), ("kind", "unit"), ("parent", "BKD"), ("versi", "1")];
    let pupr = format!("{PD}/PUPR");
    let changed = send(&office, &pupr, &format!("{pupr}/ubah"), &fields).await;
    went_to(&changed, "/kerja/pengaturan/pd/PUPR?kabar=ubah");
    office.get(&pupr).await.shows("Unit pelaksana teknis").shows("Diubah: ").shows("bagian dari");
    let stale = send(&office, &pupr, &format!("{pupr}/ubah"), &[("name", "Dinas Tata Ruang"), ("versi", "1")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    stale.shows("berubah sejak Anda membukanya").shows("value=\"Dinas Tata Ruang\"").shows("Yang tersimpan sekarang");
    assert_eq!(stale.hidden("versi"), "2", "whoever has compared may save");

    let dinkes = format!("{PD}/DINKES");
    let refused = send(&office, &dinkes, &format!("{dinkes}/akhiri"), &[("reason", "Perda 7/2026")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    refused.shows("Pilih penerus").shows("Perda 7/2026</textarea>");
    let fields = [("successor", "BKD"), ("reason", "Perda 7/2026")];
    let ended = send(&office, &dinkes, &format!("{dinkes}/akhiri"), &fields).await;
    went_to(&ended, "/kerja/pengaturan/pd/DINKES?kabar=akhiri");
    office.get(&dinkes).await.shows("Penerus: <a href=\"/kerja/pengaturan/pd/BKD\">").shows("Aktifkan lagi");
    assert_eq!(office.get(&format!("{PD}/TIDAK")).await.status, StatusCode::NOT_FOUND);
    app.audit_is_intact().await;
}

#[tokio::test]
async fn only_those_who_may_change_agencies_are_offered_it() {
    let app = TestApp::new(Engine::Sqlite, "oki", NOW).await.unwrap();
    for (role, agency, may) in [
        (Role::SystemAdmin, None, true),
        (Role::IctHead, None, true),
        (Role::Auditor, None, false),
        (Role::CoordinationTeam, None, false),
        (Role::AgencyHead, Some("BKD"), false),
        (Role::ProcessOwner, Some("BKD"), false),
        (Role::Tier1Agent, Some("BKD"), false),
    ] {
        let browser = holder(&app, role, agency).await;
        let list = browser.get(PD).await;
        assert_eq!(list.html.contains("/pd/baru"), may, "{role}");
        assert_eq!(browser.get(&format!("{PD}/baru")).await.status == StatusCode::OK, may, "{role}");
        let page = browser.get(&format!("{PD}/BKD")).await;
        assert_eq!(page.html.contains("/pd/BKD/ubah"), may, "{role}");
        let csrf = page.hidden("_csrf");
        let form = [("_csrf", csrf.as_str()), ("name", "Badan"), ("versi", "1")];
        let done = browser.post(&format!("{PD}/BKD/ubah"), &form).await;
        assert_eq!(done.status == StatusCode::FORBIDDEN, !may, "{role}: {}", done.status);
    }
}
