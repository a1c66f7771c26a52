//! The pages of the warning procedure: cases, orders and the public notice, on both databases.

use crate::support::app::{Engine, TestApp};
use crate::support::browser::Browser;
use crate::support::on_both;
use crate::warning_stories::{DINAS, act, breach, only_case, sumut, warned};
use serde_json::json;

on_both! {
    a_case_is_read_and_moved_by_its_forms = forms;
    orders_and_the_public_notice = notice;
    a_region_without_a_procedure_has_no_page = nothing;
}

async fn signed_in(app: &TestApp, email: &str) -> Browser {
    let browser = Browser::at(&app.desk);
    browser.sign_in(email, meja::desk::demo::PASSWORD).await;
    browser
}

async fn forms(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", false).await else { return };
    let ticket = breach(&app).await;
    let team = signed_in(&app, "tim.koordinasi@demo.test").await;
    team.get("/kerja/perkara").await.shows("Tidak ada perkara yang berjalan.").shows("href=\"/kerja/perkara\"");
    app.clock("2026-03-25T10:00:00+07:00").await;
    let page = team.get("/kerja/perkara").await;
    page.shows("PRK-2026-0001").shows("e-Perizinan").shows("Berkas belum dikirim");
    let page = team.get("/kerja/perkara/PRK-2026-0001").await;
    page.shows("Bukti").shows(&ticket).shows("Tidak ada langkah untuk Anda").shows("Surat teguran");
    team.get(&format!("/kerja/tiket/{ticket}")).await.shows("/kerja/perkara/PRK-2026-0001");
    let office = signed_in(&app, "superadmin@demo.test").await;
    let here = "/kerja/perkara/PRK-2026-0001";
    office.get(here).await.shows("Kirim berkas ke Tim Koordinasi");
    let sent = office.fill(here, &format!("{here}/kirim-berkas"), &[("note", "Satu tiket")]).await;
    sent.goes_to(&format!("{here}?kabar=kirim-berkas"));
    office.get(&format!("{here}?kabar=kirim-berkas")).await.shows("Berkas sudah dikirim");
    // What is refused keeps what was written.
    let refused = team.fill(here, &format!("{here}/susun-surat"), &[("reason", " "), ("elsewhere", "ya")]).await;
    refused.is(422).shows("Susun Surat peringatan").shows("href=\"#susun-surat-reason\"").shows("checked");
    let denied = office.fill(here, &format!("{here}/susun-surat"), &[("reason", "Lewat")]).await;
    denied.is(403);
    let drafted = team.fill(here, &format!("{here}/susun-surat"), &[("reason", "Waktu terlewati")]).await;
    drafted.goes_to(&format!("{here}?kabar=susun-surat"));
    let page = team.get(here).await;
    page.shows("Surat sedang diproses").shows("/kerja/surat/SRT-2026-0001").shows("Percobaan ditolak");
    let letter = app.get(DINAS, "/letters/SRT-2026-0001").await.ok(200);
    assert_eq!((&letter["state"], &letter["case"]), (&json!("draft"), &json!("PRK-2026-0001")));
    // A withdrawn letter gives the decision back.
    let withdrawn = json!({"reason": "Salah alamat", "version": letter["version"]});
    app.post(DINAS, "/letters/SRT-2026-0001/withdraw", withdrawn).await.ok(200);
    assert_eq!(only_case(&app).await["state"], "dossier_sent");
    app.audit_is_intact().await;
}

async fn notice(engine: Engine) {
    let Some(app) = sumut(engine, "2026-03-21T02:35:00+07:00", true).await else { return };
    let number = warned(&app).await;
    let office = signed_in(&app, "superadmin@demo.test").await;
    let page = office.get("/kerja/penutupan").await;
    page.shows("PNT-2026-0001").shows("Menunggu pelaksanaan").shows("Sistem tidak mematikan layanan apa pun");
    office.get("/penutupan/PNT-2026-0001").await.is(404);
    app.clock("2026-03-28T02:35:00+07:00").await;
    office.get("/kerja/penutupan/PNT-2026-0001").await.shows("Batas pelaksanaan sudah lewat.");
    let here = format!("/kerja/perkara/{number}");
    let wrong =
        office.fill(&here, &format!("{here}/laksanakan"), &[("executed_at", "kemarin"), ("minutes", "x1")]).await;
    wrong.is(422).shows("Isi tanggal dan jam").shows("x1");
    let form = [("executed_at", "2026-03-27T09:00"), ("minutes", "Ditutup oleh petugas di pusat data.")];
    office.fill(&here, &format!("{here}/laksanakan"), &form).await.goes_to(&format!("{here}?kabar=laksanakan"));
    office.get("/kerja/penutupan/PNT-2026-0001").await.shows("Ditutup oleh petugas di pusat data.");
    let page = office.get("/penutupan/PNT-2026-0001").await;
    page.shows("e-Perizinan ditutup sementara");
    assert!(!page.html.contains("pusat data"), "minutes are not public");
    let other = signed_in(&app, "admin.dinkes@demo.test").await;
    other.get("/kerja/penutupan/PNT-2026-0001").await.is(404);
    other.get(&here).await.is(404);
    let _ = act(&app, "demo-kepala-dpmptsp", &number, "report-repair", json!({"report": "Sudah"})).await;
}

async fn nothing(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", "2026-03-25T10:00:00+07:00").await else { return };
    let team = signed_in(&app, "tim.koordinasi@demo.test").await;
    assert!(!team.get("/kerja").await.html.contains("/kerja/perkara"));
    for address in ["/kerja/perkara", "/kerja/perkara/PRK-2026-0001", "/kerja/penutupan"] {
        team.get(address).await.is(404);
    }
}
