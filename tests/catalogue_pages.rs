//! The pages of the service catalogue as the staff use them.

use crate::support::app::{Engine, TestApp};
use crate::web::{Browser, Page};
use poem::http::StatusCode;
use poem::{Endpoint, Response};

const NOW: &str = "2026-10-05T09:00:00+07:00";

async fn app() -> TestApp {
    TestApp::new(Engine::Sqlite, "oki", NOW).await.unwrap()
}

async fn signed_in(app: &TestApp, email: &str) -> Browser<impl Endpoint<Output = Response> + 'static> {
    let browser = Browser::new(meja::web::routes(app.desk.clone()).unwrap());
    let csrf = browser.get("/masuk").await.hidden("_csrf");
    let form = [("_csrf", csrf.as_str()), ("email", email), ("password", meja::desk::demo::PASSWORD)];
    let page = browser.post("/masuk", &form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
    browser
}

/// Sends a form of a page with its hidden fields.
async fn send<E: Endpoint>(browser: &Browser<E>, page: &Page, address: &str, fields: &[(&str, &str)]) -> Page {
    let csrf = page.hidden("_csrf");
    let key = page.hidden("key");
    let mut form = vec![("_csrf", csrf.as_str()), ("key", key.as_str())];
    form.extend_from_slice(fields);
    browser.post(address, &form).await
}

fn lacks(page: &Page, words: &str) {
    assert!(!page.html.contains(words), "{words} should not stand in {}", page.html);
}

#[tokio::test]
async fn the_catalogue_shows_what_is_to_be_mended() {
    let app = app().await;
    let stranger = Browser::new(meja::web::routes(app.desk.clone()).unwrap());
    assert!(stranger.get("/kerja/layanan").await.location.starts_with("/masuk"));
    let browser = signed_in(&app, "auditor@demo.test").await;
    let page = browser.get("/kerja/layanan").await;
    page.shows("SIMPUS").shows("3 dari 6 bagian").shows("Perlu ditinjau").shows("Lengkap");
    lacks(&page, "/kerja/layanan-baru");
    let stale = browser.get("/kerja/layanan?perlu=usang").await;
    stale.shows("E-Office");
    lacks(&stale, "SIMPUS");
    let critical = browser.get("/kerja/layanan?perlu=kritis&pd=DINKES").await;
    critical.shows("SIMPUS");
    lacks(&critical, "e-Perizinan");
    browser.get("/kerja/layanan?cari=tidak+ada+ini").await.shows("Tidak ada layanan dengan saringan ini");
    let page = browser.get("/kerja/layanan/e-office").await;
    page.shows("Kebijakan layanan").shows("Belum ditulis").shows("Pemilik layanan perlu menyatakan");
    lacks(&page, "/kerja/layanan/e-office/ubah");
    assert_eq!(browser.get("/kerja/layanan/e-office/ubah").await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/kerja/layanan/e-office/usul-kritis").await.status, StatusCode::FORBIDDEN);
    let page = browser.get("/kerja/layanan/e-perizinan").await;
    page.shows("https://izin.demo.test/api").shows("000.3/046/DISKOMINFO").shows("1 syarat belum ada buktinya");
    browser.get("/kerja/layanan/simpus/riwayat").await.shows("Ditetapkan sebagai layanan kritis").shows("Rina Oktavia");
    assert_eq!(browser.get("/kerja/layanan/tidak-ada").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_service_is_proposed_on_one_page_and_determined_on_another() {
    let app = app().await;
    let (admin, unit) =
        (signed_in(&app, "admin.diskominfo@demo.test").await, signed_in(&app, "superadmin@demo.test").await);
    let address = "/kerja/layanan/e-office/usul-kritis";
    let page = admin.get(address).await;
    page.shows("Usulkan sebagai layanan kritis: E-Office").shows("Kebijakan layanan");
    let empty = send(&admin, &page, address, &[("kind", "determine"), ("reason", "Surat berhenti <b>semua</b>")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    empty.shows("Isi bukti").shows("Surat berhenti &lt;b&gt;semua");
    let fields = [("kind", "determine"), ("reason", "Surat berhenti <b>semua</b>"), ("evidence", "Rekap 2026")];
    assert_eq!(send(&admin, &page, address, &fields).await.location, "/kerja/layanan/e-office?kabar=usul");
    admin.get("/kerja/layanan/e-office?kabar=usul").await.shows("Usulan diajukan").shows("Tarik usulan");
    let own = admin.get("/kerja/usulan").await;
    own.shows("Rekap 2026");
    lacks(&own, "/kerja/layanan/e-office/tetapkan");

    let page = unit.get("/kerja/usulan").await;
    page.shows("Belum ada: Kebijakan layanan").shows("Surat berhenti &lt;b&gt;semua").shows("Keputusan Kepala Dinas");
    let record = page.hidden("record");
    let address = "/kerja/layanan/e-office/tetapkan";
    let bad = [("record", record.as_str()), ("document_number", "000.3/077"), ("date", "")];
    let refused = send(&unit, &page, address, &bad).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.html);
    refused.shows("href=\"#tetapkan-date\"").shows("id=\"tetapkan-date\"").shows("value=\"000.3/077\"");
    let good = [("record", record.as_str()), ("document_number", "000.3/077"), ("date", "2026-10-05"), ("profile", "")];
    let done = send(&unit, &refused, address, &good).await;
    assert_eq!(done.location, "/kerja/layanan/e-office?kabar=tetapkan", "{}", done.html);
    let page = unit.get(&done.location).await;
    page.shows("Keputusan dicatat").shows("KRITIS-24x7").shows("5 Oktober 2026");
    let again =
        send(&unit, &page, address, &[("record", &record), ("document_number", "1"), ("date", "2026-10-05")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    again.shows("sudah diputuskan");
    unit.get("/kerja/usulan").await.shows("Tidak ada usulan yang menunggu").shows("000.3/077");
    assert_eq!(send(&unit, &page, "/kerja/layanan/e-office/hapus", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_old_profile_is_applied_to_open_tickets_from_the_page() {
    let app = app().await;
    let report = serde_json::json!({"subject": "Surat", "description": "Surat tertahan", "service": "email-dinas"});
    let number = app.post("demo-superadmin", "/tickets", report).await.ok(201)["number"].as_str().unwrap().to_owned();
    let owner = signed_in(&app, "pimpinan@demo.test").await;
    let page = owner.get("/kerja/layanan/email-dinas").await;
    page.shows("Tetapkan profil SLA");
    lacks(&page, "tiket terbuka</summary>");
    let fields =
        [("profile", "KRITIS-24x7"), ("reason", "Rapat"), ("document_number", "7/2026"), ("date", "2026-10-05")];
    let done = send(&owner, &page, "/kerja/layanan/email-dinas/sla", &fields).await;
    assert_eq!(done.location, "/kerja/layanan/email-dinas?kabar=sla", "{}", done.html);
    let page = owner.get(&done.location).await;
    page.shows("Terapkan pada 1 tiket terbuka");
    let record = page.html.split("/sla-terapkan").nth(1).unwrap().split("name=\"record\" value=\"").nth(1).unwrap();
    let record = record.split('"').next().unwrap();
    let refused = send(&owner, &page, "/kerja/layanan/email-dinas/sla-terapkan", &[("record", record)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [("record", record), ("reason", "Agar sama")];
    let done = send(&owner, &page, "/kerja/layanan/email-dinas/sla-terapkan", &fields).await;
    assert_eq!(done.location, "/kerja/layanan/email-dinas?kabar=sla-terapkan", "{}", done.html);
    assert_eq!(app.ticket(&number).await["sla"]["profile"], "KRITIS-24x7");
    owner.get(&format!("/kerja/tiket/{number}/riwayat")).await.shows("Profil SLA diganti").shows("Agar sama");
}

#[tokio::test]
async fn a_description_is_written_in_one_form_and_never_overwritten() {
    let app = app().await;
    let admin = signed_in(&app, "admin.dinkes@demo.test").await;
    admin.get("/kerja/layanan").await.shows("/kerja/layanan-baru");
    let page = admin.get("/kerja/layanan-baru").await;
    let bad =
        send(&admin, &page, "/kerja/layanan-baru", &[("code", "X Y"), ("name", "e-Posyandu"), ("agency", "DINKES")])
            .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    bad.shows("href=\"#code\"").shows("value=\"e-Posyandu\"");
    let fields = [
        ("code", "posyandu"),
        ("name", "e-Posyandu"),
        ("agency", "DINKES"),
        ("category", "data"),
        ("policy", "Hanya kader."),
        ("endpoints", "https://posyandu.demo.test\r\nposyandu.demo.test"),
        ("raci_R", "Seksi Gizi\r\nKader"),
        ("tested_plan", "2026-01-31"),
    ];
    let done = send(&admin, &page, "/kerja/layanan-baru", &fields).await;
    assert_eq!(done.location, "/kerja/layanan/posyandu?kabar=ubah", "{}", done.html);
    admin
        .get(&done.location)
        .await
        .shows("Hanya kader.")
        .shows("Kader")
        .shows("31 Januari 2026")
        .shows("1 dari 6 bagian");
    let page = admin.get("/kerja/layanan/posyandu/ubah").await;
    page.shows("Seksi Gizi\nKader").shows("value=\"2026-01-31\"");
    let version = page.hidden("versi");
    let fields = [
        ("versi", version.as_str()),
        ("name", "e-Posyandu"),
        ("agency", "DINKES"),
        ("category", "data"),
        ("hours", "Pagi"),
    ];
    let address = "/kerja/layanan/posyandu/ubah";
    assert_eq!(send(&admin, &page, address, &fields).await.status, StatusCode::SEE_OTHER);
    admin.get("/kerja/layanan/posyandu").await.shows("0 dari 6 bagian");
    let late = [("versi", version.as_str()), ("name", "Nama saya"), ("agency", "DINKES"), ("category", "data")];
    let refused = send(&admin, &page, address, &late).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    refused.shows("berubah sejak Anda membukanya").shows("Nama saya");
    let page = admin.get("/kerja/layanan/posyandu").await;
    assert_eq!(
        send(&admin, &page, "/kerja/layanan/posyandu/tinjau", &[]).await.location,
        "/kerja/layanan/posyandu?kabar=tinjau"
    );
    let page = admin.get("/kerja/layanan/posyandu").await;
    let fields = [("reason", "Diganti")];
    send(&admin, &page, "/kerja/layanan/posyandu/keluarkan", &fields).await;
    admin.get("/kerja/layanan?perlu=keluar").await.shows("e-Posyandu");
    let english = admin.get("/kerja/layanan/posyandu?bahasa=en").await;
    assert_eq!(english.status, StatusCode::OK);
}
