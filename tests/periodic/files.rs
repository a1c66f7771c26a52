//! A report as a file: JSON, CSV, XLSX, PDF, the evidence pack, and its page.

use super::{UNIT, october};
use crate::support::app::{Engine, TestApp};
use crate::support::browser::Browser;
use meja::desk::report_words::Words;
use meja::domain::ticket::Language;
use std::io::Read;

/// The files in a ZIP with their bytes.
fn unpacked(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a ZIP");
    (0..zip.len())
        .map(|place| {
            let mut file = zip.by_index(place).expect("a file");
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).expect("its bytes");
            (file.name().expect("a name").into_owned(), bytes)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_of_story_10_in_every_form() {
    let app = TestApp::new(Engine::Sqlite, "singkawang", "2026-09-28T08:00:00+07:00").await.unwrap();
    october(&app).await;
    let full = app.desk.report_of("", "2026-10-01".parse().unwrap()).await.unwrap();
    let words = Words { language: Language::Indonesian, zone: app.desk.pack().zone };
    let (csv, _) = app.desk.report_file(&full, "csv", words).await.unwrap();
    assert!(csv.starts_with(&[0xEF, 0xBB, 0xBF]));
    let text = String::from_utf8(csv).unwrap();
    assert!(text.contains("Ketepatan waktu;Selesai tepat waktu;87,80;%;36;41;"), "{text}");
    assert!(text.contains("Kepuasan pelapor;Nilai rata-rata;4,16;"), "{text}");
    let (xlsx, _) = app.desk.report_file(&full, "xlsx", words).await.unwrap();
    let parts = unpacked(&xlsx);
    let sheets: Vec<&(String, Vec<u8>)> =
        parts.iter().filter(|(name, _)| name.starts_with("xl/worksheets/sheet")).collect();
    assert!(sheets.len() > 10, "a sheet for each table");
    let of = |place: usize| String::from_utf8_lossy(&sheets[place].1).into_owned();
    assert!(
        of(0).contains("<v>0.878</v>") && of(0).contains("state=\"frozen\""),
        "a real number below heads that stay"
    );
    assert!(!sheets.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains("<f>")), "no formula");
    let (pdf, _) = app.desk.report_file(&full, "pdf", words).await.unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7") && String::from_utf8_lossy(&pdf).contains("<pdfaid:part>2</pdfaid:part>"));
    assert_eq!(pdf, app.desk.report_file(&full, "pdf", words).await.unwrap().0, "the same report gives the same bytes");
    let (json, _) = app.desk.report_file(&full, "json", words).await.unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((&json["code"], &json["parts"][2]["figures"][1]["value"]), (&"LAP-2026-10".into(), &87.8.into()));
    assert!(app.desk.report_file(&full, "ods", words).await.is_err());
    // The evidence pack says of every file what its digest is.
    let actor = app.desk.by_token(UNIT).await.unwrap();
    let files = unpacked(&app.desk.evidence_pack(&actor, words).await.unwrap());
    let (last, rest) = files.split_last().unwrap();
    let list = String::from_utf8(last.1.clone()).unwrap();
    assert_eq!((last.0.as_str(), list.lines().count()), ("sha256.txt", rest.len()));
    for (name, bytes) in rest {
        assert!(list.contains(&format!("{}  {name}\n", meja::secret::sha256(bytes))), "{name}");
    }
    let content = rest.iter().find(|(name, _)| name == "3-evaluasi/LAP-2026-10/isi.json").expect("what was hashed");
    assert_eq!(meja::secret::sha256(&content.1), full.edition.as_ref().unwrap().digest);
    let register = rest.iter().find(|(name, _)| name == "2-pelaksanaan/daftar-tiket.csv").unwrap();
    let register = String::from_utf8(register.1.clone()).unwrap();
    assert!(register.contains("SKW-2610-") && !register.contains("warga@demo.test"), "no names in the extract");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_report_shows_its_figures_and_leads_to_its_tickets() {
    let app = TestApp::new(Engine::Sqlite, "singkawang", "2026-09-28T08:00:00+07:00").await.unwrap();
    october(&app).await;
    let browser = Browser::at(&app.desk);
    browser.sign_in("superadmin@demo.test", "demo-meja-2026").await;
    let list = browser.get("/kerja/laporan").await;
    assert!(list.html.contains("LAP-2026-10-DISKOMINFO") && list.html.contains("Menunggu Anda"));
    let page = browser.get("/kerja/laporan/LAP-2026-10").await;
    for shown in
        ["87,80 %", "36 dari 41", "95,00 %", "17,50 %", "36,59 %", "7,32 %", "4,16", "60,98 %", "Cara menghitung"]
    {
        assert!(page.html.contains(shown), "{shown}");
    }
    assert!(page.html.matches("<svg class=\"chart\"").count() >= 6, "pictures");
    let behind = browser.get("/kerja/laporan/LAP-2026-10/tiket/resolved-late").await;
    assert!(
        behind.html.contains("5 tiket menurut keadaan sekarang.")
            && behind.html.matches("/kerja/tiket/SKW-").count() >= 5
    );
    assert!(browser.get("/kerja/laporan-berjalan?pd=").await.html.contains("Angka sementara"));
    assert_eq!(browser.get("/kerja/bukti-dukung").await.status.as_u16(), 200);
}
