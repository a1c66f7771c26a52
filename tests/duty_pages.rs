//! The page of the duty register.

use crate::duty_stories::region;
use crate::support::app::{Engine, TestApp};
use crate::web::Browser;
use poem::Endpoint;
use poem::http::StatusCode;

pub(crate) async fn signed_in(app: &TestApp, email: &str) -> Browser<impl Endpoint> {
    let browser = Browser::new(meja::web::routes(app.desk.clone()).unwrap());
    let csrf = browser.get("/masuk").await.hidden("_csrf");
    let form = [("_csrf", csrf.as_str()), ("email", email), ("password", "demo-meja-2026")];
    let page = browser.post("/masuk", &form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
    browser
}

#[tokio::test]
async fn an_agency_sees_its_own_duties_and_marks_one_as_done() {
    let app = region(Engine::Sqlite, "polos", "2026-12-02T09:00:00+07:00").await.unwrap();
    let agency = signed_in(&app, "admin.dinkes@demo.test").await;
    let page = agency.get("/kerja/kewajiban").await;
    page.shows("Segera jatuh tempo").shows("Diagram LAN").shows("Kamis, 31 Desember 2026");
    page.shows("Pasal 21 ayat (1)").shows("Tanpa sanksi dalam aturan").shows("href=\"/kerja/kewajiban\" aria-current");
    assert!(!page.html.contains("Per perangkat daerah") && !page.html.contains("Bebaskan"), "not for an agency");
    let id = page.html.split("id=\"kewajiban-").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let address = format!("/kerja/kewajiban/{id}/selesai");
    let (csrf, key) = (page.hidden("_csrf"), page.hidden("key"));
    let form = |evidence: &'static str| {
        vec![
            ("_csrf", csrf.clone()),
            ("key", key.clone()),
            ("versi", "1".to_owned()),
            ("evidence", evidence.to_owned()),
            ("evidence_url", "arsip".to_owned()),
        ]
    };
    let send = async |fields: Vec<(&'static str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        agency.post(&address, &fields).await
    };
    let refused = send(form("Surat <b>12</b>")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.shows("diawali https://").shows(&format!("#selesai-{id}-evidence_url")).shows("Surat &lt;b&gt;12");
    let mut right = form("Surat <b>12</b>");
    right[4].1 = "https://arsip.test/12".to_owned();
    let sent = send(right.clone()).await;
    assert_eq!((sent.status, sent.location.as_str()), (StatusCode::SEE_OTHER, "/kerja/kewajiban?pd=&kabar=selesai"));
    let page = agency.get(&sent.location).await;
    page.shows("Kewajiban ditandai selesai.").shows("Selesai tahun ini (1)").shows("Surat &lt;b&gt;12");
    page.shows("Tidak ada kewajiban yang menunggu.");
    right[1].1 = "kunci-lain".to_owned();
    let stale = send(right).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    stale.shows("berubah sejak Anda membukanya");
}

#[tokio::test]
async fn the_ict_office_sees_all_agencies_and_enters_a_duty() {
    let app = region(Engine::Sqlite, "polos", "2027-01-02T09:00:00+07:00").await.unwrap();
    let office = signed_in(&app, "superadmin@demo.test").await;
    let page = office.get("/kerja/kewajiban").await;
    page.shows("Per perangkat daerah").shows("?pd=BKD").shows("Berikutnya").shows("Tambah kewajiban");
    let form = |due: &str| {
        vec![
            ("_csrf", page.hidden("_csrf")),
            ("key", page.hidden("key")),
            ("pd", "BKD".to_owned()),
            ("code", String::new()),
            ("title", "Daftar akun".to_owned()),
            ("agency", "BKD".to_owned()),
            ("due_on", due.to_owned()),
        ]
    };
    let send = async |fields: Vec<(&'static str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        office.post("/kerja/kewajiban", &fields).await
    };
    let refused = send(form("besok")).await;
    refused.shows("Tulis tanggal seperti").shows("value=\"Daftar akun\"");
    let sent = send(form("2027-01-08")).await;
    assert_eq!(sent.location, "/kerja/kewajiban?pd=BKD&kabar=baru", "{}", sent.html);
    let page = office.get(&sent.location).await;
    page.shows("Daftar akun").shows("Jumat, 8 Januari 2027").shows("bawaan");
    app.clock("2027-01-09T08:00:00+07:00").await;
    let page = signed_in(&app, "superadmin@demo.test").await.get("/kerja/kewajiban?pd=BKD").await;
    let late = page.html.find("Daftar akun").unwrap();
    assert!(late < page.html.find("Diagram LAN").unwrap(), "what is late stands first");
    let stranger = Browser::new(meja::web::routes(app.desk.clone()).unwrap());
    assert!(stranger.get("/kerja/kewajiban").await.location.starts_with("/masuk"));
}
