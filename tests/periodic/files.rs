//! A report as a file: JSON, CSV, XLSX, PDF, the evidence pack, and its page.

use super::{UNIT, november, october};
use crate::support::app::{Engine, TestApp};
use crate::support::browser::Browser;
use crate::support::on_both;
use meja::desk::report_words::Words;
use meja::domain::ticket::Language;
use serde_json::json;
use std::io::Read;
use std::path::Path;
use std::process::Command;

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

/// Reads a workbook as a program of another house does: its sheets, a share as a number, text as text.
const READER: &str = "import sys, openpyxl, datetime
book = openpyxl.load_workbook(sys.argv[1])
first = book.worksheets[0]
rows = list(first.iter_rows(values_only=True))
share = next(row for row in rows if row[1] == 'Selesai tepat waktu')
assert abs(share[2] - 0.878) < 1e-9 and share[4:6] == (36, 41), share
assert first.freeze_panes, 'heads stay'
cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
assert not any(cell.data_type == 'f' for cell in cells), 'no formula'
assert any(cell.value == '=1+1' and cell.data_type == 's' for cell in cells), 'what looks like a formula is text'
assert any(isinstance(cell.value, datetime.datetime) for cell in cells), 'real dates'
assert len(book.worksheets) > 10
print('dibaca')
";

/// Other programs read the files: the PDF is sound, its letters are in it and its figures can be read; the workbook opens.
fn proved(pdf: &[u8], xlsx: &[u8]) {
    if !crate::letters::has_tools() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (paper, book) = (folder.path().join("laporan.pdf"), folder.path().join("laporan.xlsx"));
    std::fs::write(&paper, pdf).unwrap();
    std::fs::write(&book, xlsx).unwrap();
    crate::letters::tool("/usr/bin/qpdf", &["--check"], &paper);
    let fonts = crate::letters::tool("/usr/bin/pdffonts", &[], &paper);
    let embedded = fonts.lines().skip(2).filter(|line| !line.trim().is_empty());
    assert!(embedded.clone().count() > 0 && embedded.clone().all(|line| line.contains(" yes ")), "{fonts}");
    let read = crate::letters::words(pdf, folder.path());
    for shown in ["87,80 %", "36 dari 41", "95,00 %", "4,16", "60,98 %", "=1+1", "Jam masuk", "Jalan tiket"] {
        assert!(read.contains(shown), "{shown} in {read}");
    }
    let python = Path::new("/usr/lib/python3/dist-packages/openpyxl").exists();
    let office = Path::new("/usr/bin/soffice").exists();
    assert!(
        (python && office) || std::env::var_os("MEJA_TEST_REQUIRE").is_none(),
        "python3-openpyxl or libreoffice-calc-nogui is missing"
    );
    if python {
        let done = Command::new("/usr/bin/python3").arg("-c").arg(READER).arg(&book).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    if office {
        let home = format!("-env:UserInstallation=file://{}", folder.path().join("rumah").display());
        let args = ["--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):59,34,76,1", "--outdir"];
        let mut command = Command::new("/usr/bin/soffice");
        let done = command.arg(home).args(args).arg(folder.path()).arg(&book).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let sheet = std::fs::read_to_string(folder.path().join("laporan.csv")).unwrap();
        assert!(sheet.contains("Selesai tepat waktu") && sheet.contains("36;41"), "{sheet}");
    }
    if !(python && office) {
        crate::support::skipped("XLSX: python3-openpyxl or libreoffice-calc-nogui is not installed");
    }
}

on_both! {
    a_report_is_fetched_as_a_file = fetched;
}

async fn fetched(engine: Engine) {
    let Some(app) = november(engine, "oki").await else { return };
    let client = poem::test::TestClient::new(meja::app::routes(app.desk.clone()).unwrap());
    let fetch = async |token: &str, format: &str| {
        let path = format!("/api/v1/reports/LAP-2026-10-DINKES/download?format={format}");
        let response = client.get(path).header("authorization", format!("Bearer {token}")).send().await.0;
        let named = response.header("content-disposition").unwrap_or_default().to_owned();
        (response.status().as_u16(), named, response.into_body().into_vec().await.unwrap())
    };
    for (format, begin) in [("json", &b"{"[..]), ("csv", &[0xEF, 0xBB, 0xBF]), ("xlsx", b"PK"), ("pdf", b"%PDF-")] {
        let (status, named, bytes) = fetch("demo-dinkes", format).await;
        assert!(status == 200 && bytes.starts_with(begin), "{format}: {status}");
        assert!(named.contains(&format!("LAP-2026-10-DINKES.{format}")), "{named}");
        assert_eq!(fetch("demo-disdukcapil", format).await.0, 404, "another agency's");
        assert_eq!(fetch("", format).await.0, 401);
    }
    assert_eq!(fetch("demo-dinkes", "ods").await.0, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_of_story_10_in_every_form() {
    let app = TestApp::new(Engine::Sqlite, "singkawang", "2026-09-28T08:00:00+07:00").await.unwrap();
    october(&app).await;
    // What people write may look like a formula.
    let remarks = json!({"obstacles": "=1+1", "recommendations": "@SUM(A1)"});
    app.post(UNIT, "/reports/LAP-2026-10/remarks", remarks).await.ok(200);
    let full = app.desk.report_of("", "2026-10-01".parse().unwrap()).await.unwrap();
    let words = Words { language: Language::Indonesian, zone: app.desk.pack().zone };
    let (csv, _) = app.desk.report_file(&full, "csv", words).await.unwrap();
    assert!(csv.starts_with(&[0xEF, 0xBB, 0xBF]));
    let text = String::from_utf8(csv).unwrap();
    assert!(text.contains("Ketepatan waktu;Selesai tepat waktu;87,80;%;36;41;"), "{text}");
    assert!(text.contains("Kepuasan pelapor;Nilai rata-rata;4,16;"), "{text}");
    assert!(text.contains("'=1+1") && text.contains("'@SUM(A1)") && !text.contains(";=1+1"), "{text}");
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
    proved(&pdf, &xlsx);
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
    assert!(register.contains("SKW-2610-"), "{register}");
    for private in ["warga@demo.test", "Warga Demo", "Layar kosong", "Peladen penuh"] {
        assert!(!register.contains(private), "{private} in the extract");
    }
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
