//! The pages on which a region tells what is law and what is default.

use super::SHIPPED;
use crate::support::app::{Engine, TestApp};
use poem::test::TestClient;

struct Page {
    status: u16,
    html: String,
}

impl Page {
    #[track_caller]
    fn shows(&self, words: &[&str]) -> &Self {
        for words in words {
            assert!(self.html.contains(words), "{words} is missing in {}", self.html);
        }
        self
    }
}

async fn get(app: &TestApp, address: &str, session: Option<&str>) -> Page {
    let client = TestClient::new(meja::web::routes(app.desk.clone()).unwrap());
    let cookie = session.map_or_else(String::new, |token| format!("meja_session={token}"));
    let response = client.get(address).header("cookie", cookie).send().await.0;
    let status = response.status().as_u16();
    Page { status, html: response.into_body().into_string().await.unwrap().replace("&#x2f;", "/") }
}

#[tokio::test]
async fn every_region_tells_its_policy_in_both_languages() {
    let keys: Vec<String> = std::fs::read_to_string("src/locales/id.ftl")
        .unwrap()
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(key, _)| key.to_owned())
        .filter(|key| key.starts_with("policy-"))
        .collect();
    assert!(keys.len() > 50);
    for (id, _) in SHIPPED {
        let app = TestApp::new(Engine::Sqlite, id, "2026-10-05T09:00:00+07:00").await.unwrap();
        let name = app.desk.pack().name.clone();
        for (language, hours) in [("id", "Senin–Kamis"), ("en", "Monday–Thursday")] {
            let page = get(&app, &format!("/kebijakan?bahasa={language}"), None).await;
            assert_eq!(page.status, 200, "{}", page.html);
            page.shows(&[&name, hours, "07.30–12.00, 13.00–16.00", "KRITIS-24x7"]);
            for key in &keys {
                assert!(!page.html.contains(key.as_str()), "{id} shows the key {key}");
            }
        }
    }
}

#[tokio::test]
async fn a_citizen_reads_what_is_law_what_is_default_and_what_is_not_known() {
    let app = TestApp::new(Engine::Sqlite, "sumut", "2026-03-10T09:00:00+07:00").await.unwrap();
    let page = get(&app, "/kebijakan", None).await;
    page.shows(&[
        "Dasarnya Pergub Sumatera Utara 12/2022",
        "Layanan bantuan Dinas: di dinas yang mengurus TIK",
        "Pergub Sumatera Utara 12/2022 Pasal 54 ayat (3)",
        "Tim teknis PD pemilik layanan: di Perangkat Daerah pemilik layanan",
        "Bidang teknis Dinas",
        "Bila 50 % waktu selesai terpakai",
        "boleh mengembalikan tiket satu kali",
        "Bawaan, belum ditetapkan",
        "Belum dikonfirmasi",
        "Jam kerja biasa provinsi belum ditemukan",
        "Bulan Ramadan 2026",
        "08.00–12.30, 13.30–15.30",
        "Sabtu, 21 Maret 2026",
        "Pembaruan katalog layanan",
        "Perangkat daerah → Dinas Kominfo → Gubernur",
        "10 hari kerja",
        "href=\"/kebijakan\"",
    ]);
    assert!(!page.html.contains("catalogue.sla_aspects"), "single values are for the staff");
    let other_year = get(&app, "/kebijakan?tahun=2025", None).await;
    other_year.shows(&["Senin, 18 Agustus 2025", "SKB 933/2025"]);
    let no_year = get(&app, "/kebijakan?tahun=1999", None).await;
    no_year.shows(&["Hari libur 2026"]);
}

#[tokio::test]
async fn the_compulsory_hand_over_is_said() {
    let app = TestApp::new(Engine::Sqlite, "oki", "2026-03-10T09:00:00+07:00").await.unwrap();
    let page = get(&app, "/kebijakan", None).await;
    page.shows(&["Lini kedua wajib menangani", "Perbup OKI 32/2022 Pasal 39 ayat (9)", "sesudah Pemerintah Provinsi"]);
}

#[tokio::test]
async fn the_staff_see_every_value_and_strangers_do_not() {
    let app = TestApp::new(Engine::Sqlite, "karanganyar", "2026-03-10T09:00:00+07:00").await.unwrap();
    let address = "/kerja/pengaturan/kebijakan";
    assert_ne!(get(&app, address, None).await.status, 200);
    let grants = [meja::domain::people::Grant { role: meja::domain::people::Role::Tier2Unit, agency: None }];
    app.desk.add_account("uji@contoh.go.id", "Uji", Some("kata sandi panjang"), &grants).await.unwrap();
    let session = app
        .desk
        .sign_in("uji@contoh.go.id", "kata sandi panjang", &meja::desk::sessions::Browser::default())
        .await
        .unwrap();
    let page = get(&app, address, Some(&session)).await;
    assert_eq!(page.status, 200, "{}", page.html);
    page.shows(&["karanganyar@1", "sanction_articles", "Perbup Karanganyar 31/2022 Pasal 46 ayat (1)", "Bersanksi"]);
}
