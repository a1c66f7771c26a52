//! Files and a real ClamAV daemon.

use super::talk::NOW;
use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use meja::desk::ways::Ways;
use std::sync::Arc;

on_both! {
    a_file_stays_closed_until_it_was_found_clean = by_socket;
    a_scanner_on_another_machine_is_asked_by_its_port = by_port;
    a_scanner_that_is_away_turns_no_mail_away = away;
}

/// The test file every scanner knows, in two pieces so that this source is not taken for it.
const EICAR: [&str; 2] = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-", "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"];

#[expect(clippy::disallowed_methods, reason = "the suite's own settings; the program's enter through Config")]
fn clamd(way: &str) -> Option<String> {
    let found = std::env::var(way).ok();
    if found.is_none() {
        assert!(std::env::var("MEJA_TEST_REQUIRE").is_err(), "tests/all must start clamd");
        crate::support::skipped("ClamAV: MEJA_TEST_CLAMD is not set");
    }
    found
}

/// A mail with these files, by name and bytes.
fn mail(files: &[(&str, &str)]) -> String {
    let head = "From: a@warga.test\r\nTo: meja@desk.test\r\nSubject: Berkas\r\nMIME-Version: 1.0\r\n\
                Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nTerlampir\r\n";
    let part = |(name, bytes): &(&str, &str)| {
        let text = data_encoding::BASE64.encode(bytes.as_bytes());
        let lines: Vec<&str> = text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let text = lines.join("\r\n");
        format!(
            "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename={name}\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{text}\r\n"
        )
    };
    let parts: String = files.iter().map(part).collect();
    format!("{head}{parts}--b--\r\n")
}

async fn with_scanner(engine: Engine, address: &str) -> Option<TestApp> {
    let mut app = TestApp::new(engine, "oki", NOW).await?;
    app.desk.ways = Arc::new(Ways { scanner: Some(address.to_owned()), ..(*app.desk.ways).clone() });
    Some(app)
}

/// What opening each file says.
async fn opened(app: &TestApp) -> Vec<String> {
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    let actor = app.desk.by_token("demo-superadmin").await.unwrap();
    let page = app.desk.ticket_page(&actor, &number).await.unwrap();
    let mut said = Vec::new();
    for file in &page.files {
        said.push(match app.desk.attachment(&actor, &number, file.id).await {
            Ok((_, bytes)) => format!("{} {}", file.name, bytes.len()),
            Err(error) => format!("{} {}", file.name, error.public().key),
        });
    }
    said
}

async fn by_socket(engine: Engine) {
    let Some(address) = clamd("MEJA_TEST_CLAMD") else { return };
    looked_through(engine, address).await;
}

async fn by_port(engine: Engine) {
    let Some(address) = clamd("MEJA_TEST_CLAMD_TCP") else { return };
    looked_through(engine, address).await;
}

async fn looked_through(engine: Engine, address: String) {
    let Some(app) = with_scanner(engine, &address).await else { return };
    let large = "z".repeat(6_000_000);
    let files = [("virus.bin", EICAR.concat()), ("surat.txt", "halo".to_owned()), ("besar.bin", large)];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, bytes)| (*name, bytes.as_str())).collect();
    app.deliver(&mail(&files), "meja@desk.test", "").await;
    let waiting = ["virus.bin error-file-waiting", "surat.txt error-file-waiting", "besar.bin error-file-waiting"];
    assert_eq!(opened(&app).await, waiting);
    assert_eq!(app.desk.scan_files().await.unwrap(), 3);
    let said = ["virus.bin error-file-infected", "surat.txt 4", "besar.bin error-file-unscannable"];
    assert_eq!(opened(&app).await, said);
    assert_eq!(app.desk.scan_files().await.unwrap(), 0, "each once");
    let actor = app.desk.by_token("demo-superadmin").await.unwrap();
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    let page = app.desk.ticket_page(&actor, &number).await.unwrap();
    let marks: Vec<Option<&str>> =
        page.files.iter().map(|file| page.closed.get(&file.sha256).map(|verdict| verdict.as_str())).collect();
    assert_eq!(marks, [Some("infected"), None, Some("unscannable")], "the page says so beside the name");
    // Without a scanner, what was found harmful stays closed.
    let mut without = app.desk.clone();
    without.ways = Arc::new(Ways { scanner: None, ..(*app.desk.ways).clone() });
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    let actor = app.desk.by_token("demo-superadmin").await.unwrap();
    let page = without.ticket_page(&actor, &number).await.unwrap();
    assert!(without.attachment(&actor, &number, page.files[0].id).await.is_err());
    assert!(without.attachment(&actor, &number, page.files[1].id).await.is_ok());
}

async fn away(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let nobody = folder.path().join("clamd.sock").display().to_string();
    let Some(mut app) = with_scanner(engine, &nobody).await else { return };
    app.deliver(&mail(&[("surat.txt", "halo")]), "meja@desk.test", "").await;
    assert_eq!(app.desk.scan_files().await.unwrap(), 0);
    assert_eq!(opened(&app).await, ["surat.txt error-file-waiting"]);
    let Some(address) = clamd("MEJA_TEST_CLAMD") else { return };
    app.desk.ways = Arc::new(Ways { scanner: Some(address), ..(*app.desk.ways).clone() });
    // It is asked again after a minute.
    let mut tx = app.desk.db.write().await.unwrap();
    let later = app.desk.clock.machine() + chrono::Duration::minutes(2);
    assert_eq!(meja::store::scans::due(&mut tx, later, 9).await.unwrap().len(), 1);
}
