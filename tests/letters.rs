//! Official letters from outside: on paper, numbered, signed, sent, received, and checked by anybody.

use crate::support::app::{Engine, TestApp};
use meja::desk::official_letters::DraftLetter;
use meja::domain::letter::{Letter, Recipient, TicketLine};
use meja::domain::people::Role;
use meja::render::certificate::Identity;
use meja::render::pades;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

mod chain;
mod life;
mod pages;
mod paper;

/// Story 8: the day after the dossier.
const NOW: &str = "2026-03-26T09:00:00+07:00";

async fn region(engine: Engine) -> Option<TestApp> {
    TestApp::new(engine, "sumut", NOW).await
}

/// What `template` needs, as the cases give it.
fn sample(template: &str) -> Value {
    let all = json!({
        "cure_days": 3, "closes": false, "execute_within": "24 (dua puluh empat) jam", "warning_number": "500.12/0001/KOMINFO/2026",
        "warning_date": "26 Maret 2026", "executed_at": "Kamis, 2 April 2026 pukul 08.30 WIB",
        "executed_by": "Yoga Pratama", "order_number": "500.12/0002/KOMINFO/2026", "order_date": "1 April 2026",
        "verified_at": "Selasa, 7 April 2026 pukul 10.00 WIB", "reopened_at": "Selasa, 7 April 2026 pukul 11.00 WIB",
        "order": "PNT-2026-0001", "minutes": "Ditutup di pusat data.", "late": false,
        "sanction_article": "Pasal 46 ayat (1)", "decider": "Bupati", "duty": "Laporan penyelenggaraan aplikasi", "due": "Selasa, 31 Maret 2026",
        "cure_until": "Jumat, 10 April 2026", "sanction": "Peringatan tertulis", "article": "Pasal 51 ayat (5)",
    });
    let text =
        std::fs::read_to_string(format!("{}/letter_templates/{template}.txt", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let used = all.as_object().unwrap().iter().filter(|(name, _)| text.contains(name.as_str()));
    used.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The letter of story 8 from a template, about e-Perizinan of the DPMPTSP.
fn draft(template: &str, role: Role) -> DraftLetter {
    let at = |text: &str| text.parse().unwrap();
    DraftLetter {
        template: template.to_owned(),
        case_key: Some("PRK-2026-0001".to_owned()),
        agency: "DPMPTSP".to_owned(),
        service: Some("e-perizinan".to_owned()),
        signer_role: role,
        signer: None,
        addressee: Recipient {
            name: "Kepala Dinas Komunikasi dan Informatika".to_owned(),
            email: Some("pimpinan@demo.test".to_owned()),
        },
        through: None,
        copies: vec![
            Recipient { name: "Sekretaris Daerah".to_owned(), email: None },
            Recipient { name: "Kepala DPMPTSP".to_owned(), email: Some("kepala.dpmptsp@demo.test".to_owned()) },
            Recipient { name: "Inspektorat".to_owned(), email: None },
        ],
        enclosures: 1,
        values: sample(template),
        tickets: vec![TicketLine {
            number: "SUMUT-2603-00001-4".to_owned(),
            opened_at: at("2026-03-20T19:35:00Z"),
            due_at: at("2026-03-20T23:35:00Z"),
            resolved_at: Some(at("2026-03-21T00:50:00Z")),
            over_seconds: 75 * 60,
        }],
        endpoints: vec!["https://perizinan.sumutprov.test".to_owned(), "https://api.sumutprov.test/izin/*".to_owned()],
        replaces: None,
        drafted_by: None,
    }
}

async fn drafted(app: &TestApp, template: &str, role: Role) -> Letter {
    let mut tx = app.desk.db.write().await.unwrap();
    let letter = app.desk.draft_letter(&mut tx, draft(template, role)).await.unwrap();
    tx.commit().await.unwrap();
    letter
}

/// What a program of the machine says; it must be content.
#[track_caller]
pub(crate) fn tool(program: &str, args: &[&str], file: &Path) -> String {
    let done = Command::new(program).args(args).arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program}: {said}");
    said
}

/// Are the programs there that read PDF? `tests/all` installs them.
pub(crate) fn has_tools() -> bool {
    let is_there = |program: &str| Path::new("/usr/bin").join(program).exists();
    let all = ["pdftotext", "pdfsig", "qpdf", "openssl"].iter().all(|program| is_there(program));
    assert!(all || std::env::var_os("MEJA_TEST_REQUIRE").is_none(), "poppler-utils, qpdf or openssl is missing");
    if !all {
        crate::support::skipped("PDF: poppler-utils, qpdf or openssl is not installed");
    }
    all
}

/// The words on paper, their breaks and spaces as one space each.
pub(crate) fn words(pdf: &[u8], folder: &Path) -> String {
    let file = folder.join("surat.pdf");
    std::fs::write(&file, pdf).unwrap();
    let out = Command::new("/usr/bin/pdftotext").args(["-layout"]).arg(&file).arg("-").output().unwrap();
    assert!(out.status.success());
    String::from_utf8(out.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A certificate made for the test, and what signs with it as the application for signatures would.
pub(crate) struct Signer(Arc<Identity>, Vec<u8>);

impl Signer {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (key, certificate, file) = (path("k.pem"), path("c.pem"), path("c.p12"));
        let openssl = |args: &[&str]| {
            let done = Command::new("/usr/bin/openssl").args(args).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        };
        openssl(&[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &certificate,
            "-days",
            "3650",
            "-subj",
            "/C=ID/O=Contoh/CN=Tim Koordinasi SPBE",
        ]);
        openssl(&["pkcs12", "-export", "-inkey", &key, "-in", &certificate, "-out", &file, "-passout", "pass:rahasia"]);
        let bytes = std::fs::read(file).unwrap();
        assert!(Identity::open(&bytes, "salah").is_err(), "a wrong password");
        assert!(Identity::open(&bytes[..bytes.len() / 2], "rahasia").is_err(), "half a file");
        let pem = std::fs::read_to_string(path("c.pem")).unwrap();
        let certificate = meja::render::signature::certificates(&pem).unwrap().remove(0);
        Self(Arc::new(Identity::open(&bytes, "rahasia").unwrap()), certificate)
    }

    /// The certificate as DER.
    fn certificate(&self) -> Vec<u8> {
        self.1.clone()
    }

    pub(crate) fn identity(&self) -> Arc<Identity> {
        Arc::clone(&self.0)
    }

    pub(crate) fn sign(&self, pdf: &[u8]) -> Vec<u8> {
        pades::sign(pdf, &self.0, "Dr. Contoh", "2026-03-26T03:00:00Z".parse().unwrap()).unwrap()
    }
}
