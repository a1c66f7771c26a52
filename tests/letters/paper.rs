//! Letters on paper: the words, the form, the archive format.

use super::{draft, drafted, has_tools, region, tool, words};
use crate::support::app::Engine;
use meja::domain::people::Role;
use meja::render::{letter as paper, typeset};

#[tokio::test]
async fn every_template_gives_an_archival_letter_that_says_what_it_must() {
    if !has_tools() {
        return;
    }
    let Some(app) = region(Engine::Sqlite).await else { return };
    let folder = tempfile::tempdir().unwrap();
    for template in paper::templates() {
        let role = if template.starts_with("surat_") { Role::CoordinationTeam } else { Role::IctHead };
        let letter = drafted(&app, &template, role).await;
        let actor = app.desk.by_token("demo-superadmin").await.unwrap();
        let (name, pdf) = app.desk.letter_pdf(&actor, &letter.key).await.unwrap();
        assert_eq!(name, format!("{}.pdf", letter.key));
        let file = folder.path().join(&name);
        std::fs::write(&file, &pdf).unwrap();
        if let Some(kept) = std::env::var_os("MEJA_TEST_LETTERS") {
            std::fs::write(std::path::Path::new(&kept).join(format!("{template}.pdf")), &pdf).unwrap();
        }
        tool("qpdf", &["--check"], &file);
        let xmp = String::from_utf8_lossy(&pdf).into_owned();
        assert!(xmp.contains("<pdfaid:part>2</pdfaid:part>"), "{template}: PDF/A-2b is not claimed");
        let fonts = tool("pdffonts", &[], &file);
        let lines: Vec<&str> = fonts.lines().skip(2).collect();
        assert!(!lines.is_empty() && lines.iter().all(|line| line.contains(" yes yes ")), "embedded: {fonts}");
        let said = words(&pdf, folder.path());
        let everywhere =
            [&letter.content.subject, "(diisi pencatat surat)", "http://desk.test/cek-surat/", &letter.code];
        for part in everywhere {
            let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.to_lowercase().contains(&part.to_lowercase()), "{template}: {part:?} in {said}");
        }
        assert!(!said.contains("{{") && !said.contains("[["), "{template}: {said}");
    }
}

#[tokio::test]
async fn the_warning_letter_reads_as_the_regulation_asks() {
    if !has_tools() {
        return;
    }
    let Some(app) = region(Engine::Sqlite).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let letter = drafted(&app, "surat_peringatan", Role::CoordinationTeam).await;
    let actor = app.desk.by_token("demo-superadmin").await.unwrap();
    let said = words(&app.desk.letter_pdf(&actor, &letter.key).await.unwrap().1, folder.path());
    for part in [
        "PEMERINTAH PROVINSI SUMATERA UTARA TIM KOORDINASI SPBE",
        "Sifat : Segera",
        "Lampiran : 1 (satu) berkas",
        "Yth. Kepala Dinas Komunikasi dan Informatika di Medan",
        "Peraturan Gubernur Sumatera Utara Nomor 12 Tahun 2022",
        "SUMUT-2603-00001-4",
        "21 Mar 2026, 06.35",
        "1 jam 15 menit",
        "3 (tiga) hari kerja sejak surat ini diterima",
        "1. https://perizinan.sumutprov.test",
        "Ketua Tim Koordinasi SPBE,",
        "Tembusan: 1. Sekretaris Daerah 2. Kepala DPMPTSP 3. Inspektorat",
        "1/1",
    ] {
        assert!(said.contains(part), "{part:?} in {said}");
    }
    let mut literal = draft("surat_peringatan", Role::CoordinationTeam);
    literal.values["closes"] = true.into();
    let mut tx = app.desk.db.write().await.unwrap();
    let closing = app.desk.draft_letter(&mut tx, literal).await.unwrap();
    tx.commit().await.unwrap();
    assert!(closing.content.body.contains("menutup sementara layanan web"), "{}", closing.content.body);
    assert!(!letter.content.body.contains("diperintahkan untuk menutup"), "{}", letter.content.body);
}

#[tokio::test]
async fn a_letter_is_set_the_same_way_each_time() {
    let Some(app) = region(Engine::Sqlite).await else { return };
    let letter = drafted(&app, "surat_teguran", Role::CoordinationTeam).await;
    let set = || paper::pdf(&letter, "http://desk.test/cek-surat/X", chrono_tz::Asia::Jakarta, app.desk.now()).unwrap();
    assert_eq!(set(), set());
}

#[test]
fn what_people_write_means_nothing_to_the_typesetter() {
    let template = "#let d = json(\"/data.json\")\n#set document(title: \"x\")\n#d.text";
    let at = "2026-03-26T02:00:00Z".parse().unwrap();
    let sheet = typeset::Sheet { id: "x", template, pictures: &[], at };
    for text in
        ["#read(\"/etc/passwd\")", "{{7*7}} ${7*7} <%= 1 %> %s%n", "$x^2$ *tebal* _miring_ `kode`", "\u{202e}gpj.exe"]
    {
        typeset::pdf(&sheet, &serde_json::json!({"text": text})).unwrap();
    }
}
