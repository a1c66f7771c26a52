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
pub async fn send<E: Endpoint>(browser: &Browser<E>, from: &str, to: &str, fields: &[(&str, &str)]) -> Page {
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

pub fn went_to(page: &Page, address: &str) {
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
    assert!(page.html.contains("Jam peragaan: Senin, 5 Oktober 2026"), "{}", page.html);
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

const KALENDER: &str = "/kerja/pengaturan/kalender";

async fn open_ticket(app: &TestApp) -> String {
    let report = serde_json::json!({"subject": "Jaringan putus", "description": "Sejak pagi", "kind": "incident",
        "agency": "DINKES", "impact": "limited", "urgency": "low"});
    app.post("demo-superadmin", "/tickets", report).await.ok(201)["number"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_decreed_day_says_what_it_moves_before_it_is_saved() {
    let app = TestApp::new(Engine::Sqlite, "oki", NOW).await.unwrap();
    let number = open_ticket(&app).await;
    let before = app.ticket(&number).await["sla"]["resolution_due"].clone();
    let office = signed_in(&app, "superadmin@demo.test").await;
    office.get(KALENDER).await.shows("Kalender kerja").shows("Belum ada hari yang ditetapkan kemudian.");
    let ask = |query: &str| format!("{KALENDER}/hari?{query}");
    let bad = office.get(&ask("day=2026-13-40&kind=holiday&name=Libur&decree=SE")).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    bad.shows("href=\"#day\"").shows("value=\"Libur\"");
    let far = office.get(&ask("day=2026-10-06&kind=pesta&name=Libur&decree=SE")).await;
    assert_eq!(far.status, StatusCode::UNPROCESSABLE_ENTITY);
    let looked = office.get(&ask("day=2026-10-06&kind=holiday&name=Libur+banjir&decree=SE+Bupati+7%2F2026")).await;
    looked.shows("Batas 1 tiket terbuka bergeser.").shows(&number).shows("Simpan ketetapan");
    assert_eq!(app.ticket(&number).await["sla"]["resolution_due"], before, "looking moves nothing");
    let weekend = office.get(&ask("day=2026-10-10&kind=holiday&name=Libur&decree=SE")).await;
    weekend.shows("Tidak ada batas tiket terbuka yang bergeser. 1 tiket diperiksa.");

    let csrf = looked.hidden("_csrf");
    let form = [
        ("_csrf", csrf.as_str()),
        ("day", "2026-10-06"),
        ("since", ""),
        ("kind", "holiday"),
        ("name", "Libur banjir"),
        ("decree", "SE Bupati 7/2026"),
    ];
    let address = format!("{KALENDER}/hari");
    let saved = office.post(&address, &form).await;
    went_to(&saved, "/kerja/pengaturan/kalender?tahun=2026&kabar=hari");
    office.get(&saved.location).await.shows("Libur banjir").shows("SE Bupati 7/2026").shows("Jadikan hari kerja lagi");
    assert_ne!(app.ticket(&number).await["sla"]["resolution_due"], before);
    assert_eq!(office.post(&address, &form).await.status, StatusCode::CONFLICT, "decreed today already");
    let names: Vec<String> = app.desk.pack().calendars.keys().cloned().collect();
    let mut months = 0;
    for name in &names {
        let page = office.get(&format!("{KALENDER}/{name}?tahun=2026")).await;
        assert_eq!(page.status, StatusCode::OK, "{name}");
        months += page.html.matches("<section").count();
    }
    assert!(months >= 12, "{names:?}");
    assert_eq!(office.get(&format!("{KALENDER}/tidak-ada")).await.status, StatusCode::NOT_FOUND);
    let empty = office.get(&format!("{KALENDER}?tahun=2040")).await;
    empty.shows("Hari libur tahun ini belum ada.");
    app.audit_is_intact().await;

    let head = signed_in(&app, "kepala.dinkes@demo.test").await;
    assert!(!head.get(KALENDER).await.html.contains("Tetapkan hari"));
    assert_eq!(head.get(&ask("day=2026-10-07&kind=holiday&name=A&decree=B")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_page_of_roles_shows_the_tables_and_remarks_for_those_who_manage() {
    let app = TestApp::new(Engine::Sqlite, "oki", NOW).await.unwrap();
    let mut both = vec![Grant { role: Role::Auditor, agency: None }];
    both.push(Grant { role: Role::Tier1Agent, agency: Some("BKD".to_owned()) });
    app.desk.add_account("rangkap@demo.test", "Rangkap Jabatan", None, &both).await.unwrap();
    let office = signed_in(&app, "superadmin@demo.test").await;
    let page = office.get("/kerja/pengaturan/peran").await;
    page.shows("Memutuskan layanan kritis").shows("PD sendiri, di lini pertama").shows("Rangkap Jabatan");
    page.shows("memeriksa pekerjaannya sendiri").shows("?peran=tier1_agent&amp;pd=BKD");
    assert!(!page.html.contains("Sebagian"), "every extent has a word of its own");
    let agent = signed_in(&app, "admin.bkd@demo.test").await;
    let page = agent.get("/kerja/pengaturan/peran").await;
    page.shows("Memutuskan layanan kritis");
    assert!(!page.html.contains("Rangkap Jabatan") && !page.html.contains("Pemegang peran"), "names are not for all");
}
