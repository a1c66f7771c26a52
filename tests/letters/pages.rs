//! The pages: from the sheet to the signing desk, and the page on which anybody checks a letter.

use super::{Signer, drafted, has_tools, region};
use crate::support::app::Engine;
use crate::support::browser::Browser;
use meja::domain::people::Role;

const PASSWORD: &str = "demo-meja-2026";

#[tokio::test]
async fn people_bring_a_letter_through_its_pages() {
    if !has_tools() {
        return;
    }
    let Some(app) = region(Engine::Sqlite).await else { return };
    let letter = drafted(&app, "surat_peringatan", Role::CoordinationTeam).await;
    let (sheet, desk_page) = (format!("/kerja/surat/{}", letter.key), format!("/kerja/tanda-tangan/{}", letter.key));
    let office = Browser::at(&app.desk);
    office.sign_in("superadmin@demo.test", PASSWORD).await;
    office.get("/kerja/surat").await.is(200).shows(&sheet);
    office.get(&sheet).await.is(200).shows("500.12/0001/KOMINFO/2026").shows("(diisi pencatat surat)");
    office.fill(&sheet, &format!("{sheet}/ajukan"), &[("version", "1")]).await.is(409);
    let edit = [
        ("version", "1"),
        ("subject", "Peringatan Pertama"),
        ("addressee", "Kepala Dinas"),
        ("body", "Isi surat."),
        ("addressee_email", "kominfo@demo.test"),
        ("copies", "Sekda\nInspektorat <inspektorat@demo.test>"),
        ("signer_name", "Nama"),
    ];
    office
        .fill(&format!("{sheet}/ubah"), &format!("{sheet}/ubah"), &edit)
        .await
        .goes_to(&format!("{sheet}?kabar=ubah"));
    office.fill(&format!("{sheet}/ubah"), &format!("{sheet}/ubah"), &edit).await.is(409).shows("Peringatan Pertama");
    office
        .fill(&sheet, &format!("{sheet}/nomor"), &[("number", ""), ("version", "2")])
        .await
        .is(422)
        .shows("nomor-number");
    let numbered = office.fill(&sheet, &format!("{sheet}/nomor"), &[("number", "1/2026"), ("version", "2")]).await;
    numbered.goes_to(&format!("{sheet}?kabar=nomor"));
    office
        .fill(&sheet, &format!("{sheet}/ajukan"), &[("version", "3")])
        .await
        .goes_to(&format!("{sheet}?kabar=ajukan"));
    office.get("/kerja/tanda-tangan").await.is(403);
    let board = Browser::at(&app.desk);
    board.sign_in("tim.koordinasi@demo.test", PASSWORD).await;
    board.get("/kerja/tanda-tangan").await.is(200).shows(&desk_page);
    board.get(&desk_page).await.is(200).shows("Unduh untuk ditandatangani").shows("Peringatan Pertama");
    let actor = app.desk.by_token("demo-koordinasi").await.unwrap();
    let issued = app.desk.letter_pdf(&actor, &letter.key).await.unwrap().1;
    let csrf = board.get(&desk_page).await.hidden("_csrf");
    let form = [("_csrf", csrf.as_str()), ("version", "4")];
    let wrong = board.upload(&format!("{desk_page}/unggah"), &form, "surat.pdf", &issued).await;
    wrong.is(422).shows("belum bertanda tangan elektronik");
    let signed = Signer::new().sign(&issued);
    let done = board.upload(&format!("{desk_page}/unggah"), &form, "surat.pdf", &signed).await;
    done.goes_to(&format!("{sheet}?kabar=tanda-tangan"));
    board.get("/kerja/tanda-tangan").await.is(200).shows("Tidak ada surat menunggu");
    let anybody = Browser::at(&app.desk);
    let check = anybody.get(&format!("/cek-surat/{}", letter.code)).await;
    check.is(200).shows("Surat ini asli dan berlaku").shows("1/2026");
    assert!(!check.html.contains("Peringatan Pertama"), "no secrets: {}", check.html);
    anybody.get("/cek-surat").await.is(200).shows("Kode surat");
    anybody.get("/cek-surat?kode=&sha256=").await.is(200).shows("Tulis kode yang tercetak di bawah surat, atau");
    anybody.get("/cek-surat?kode=&sha256=abc").await.is(422);
    anybody.get("/cek-surat/ABCD-0000-1111-2222").await.is(200).shows("tidak dikenal");
    let digest = meja::secret::sha256(&signed);
    anybody.get(&format!("/cek-surat?kode=&sha256={digest}")).await.is(200).shows("sama dengan yang diterbitkan");
    for _ in 0..60 {
        anybody.get("/cek-surat/AAAA").await;
    }
    anybody.get(&format!("/cek-surat/{}", letter.code)).await.is(429);
}

#[tokio::test]
async fn a_free_letter_is_looked_at_and_then_kept() {
    let Some(app) = region(Engine::Sqlite).await else { return };
    let (new, office) = ("/kerja/surat/baru", Browser::at(&app.desk));
    office.sign_in("superadmin@demo.test", PASSWORD).await;
    office.get("/kerja/surat").await.is(200).shows(new);
    let refused = office.fill(new, new, &[("subject", " ")]).await;
    refused.is(422).shows("href=\"#agency\"").shows("href=\"#signer_role\"").shows("href=\"#body\"");
    let form = [
        ("agency", "DPMPTSP"),
        ("signer_role", "ict_head"),
        ("subject", "Undangan <b>rapat</b>"),
        ("addressee", "Kepala DPMPTSP"),
        ("body", "Kami mengundang Saudara.\n\n1. Evaluasi\n2. Rencana"),
        ("copies", "Sekda"),
    ];
    let mut preview = form.to_vec();
    preview.push(("langkah", "pratinjau"));
    let shown = office.fill(new, new, &preview).await;
    shown.is(200).shows("class=\"sheet\"").shows("<li>Evaluasi</li>").shows("Undangan &lt;b&gt;rapat&lt;/b&gt;");
    shown.shows("(diisi pencatat surat)");
    let none = app.get("demo-superadmin", "/letters").await.ok(200);
    assert_eq!(none["items"].as_array().unwrap().len(), 0, "looking keeps nothing");
    office.fill(new, new, &form).await.goes_to("/kerja/surat/SRT-2026-0001?kabar=baru");
    let letter = app.get("demo-superadmin", "/letters/SRT-2026-0001").await.ok(200);
    assert_eq!((&letter["kind"], &letter["state"]), (&"official_letter".into(), &"draft".into()));
    assert_eq!((&letter["signer_name"], &letter["enclosures"]), (&"Suryani Amalia".into(), &"-".into()));
    let auditor = Browser::at(&app.desk);
    auditor.sign_in("auditor@demo.test", PASSWORD).await;
    auditor.get(new).await.is(403);
    assert!(!auditor.get("/kerja/surat").await.html.contains(new), "nobody is shown what is refused");
}

#[tokio::test]
async fn the_certificate_signs_after_a_password_on_the_page() {
    let Some(mut app) = region(Engine::Sqlite).await else { return };
    if !has_tools() {
        return;
    }
    let signer = Signer::new();
    app.desk.signer = Some(signer.identity());
    let later = app.desk.now().max(meja::clock::Clock::system().now()) + chrono::Duration::minutes(1);
    let app = app.again();
    let key = drafted(&app, "surat_peringatan", Role::CoordinationTeam).await.key;
    app.post("demo-superadmin", &format!("/letters/{key}/number"), serde_json::json!({"number": "1/2026"}))
        .await
        .ok(200);
    app.post("demo-superadmin", &format!("/letters/{key}/request-signature"), serde_json::json!({})).await.ok(200);
    app.desk.clock.set(later, 0.0);
    let (board, here) = (Browser::at(&app.desk), format!("/kerja/tanda-tangan/{key}"));
    board.sign_in("tim.koordinasi@demo.test", PASSWORD).await;
    board.get("/kerja").await.is(200).shows("1 surat menunggu tanda tangan Anda");
    let sign = format!("{here}/sertifikat");
    let refused = board.fill(&here, &sign, &[("password", "salah sekali")]).await;
    refused.is(422).shows("href=\"#sertifikat-password\"");
    assert!(!refused.html.contains("salah sekali"), "a password is never shown");
    let done = board.fill(&here, &sign, &[("password", PASSWORD)]).await;
    done.goes_to(&format!("/kerja/surat/{key}?kabar=tanda-tangan"));
    let page = board.get(&format!("/kerja/surat/{key}")).await;
    page.shows("Tim Koordinasi SPBE")
        .shows("Berlaku saat surat ditandatangani")
        .shows("Rantai sertifikat tidak diperiksa");
    assert!(!board.get("/kerja").await.html.contains("surat menunggu tanda tangan Anda"));
}
