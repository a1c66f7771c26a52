//! Small uploads that survive, and those that are refused.

use super::{Engine, PNG, begin, enter, region, report, send};
use crate::support::browser::Browser;
use meja::domain::upload::LARGEST;
use serde_json::Value;

crate::support::on_both! {
    files_wait_with_the_draft_and_go_with_the_report = along;
    files_go_with_an_answer = answer;
    upkeep_takes_what_was_given_up = upkeep;
}

const WORDS: [(&str, &str); 3] = [("subject", "SIMPUS mati"), ("description", "Layar kosong"), ("impact", "")];

/// Uploads a file on the second page with the words beside it.
async fn upload(browser: &Browser, name: &str, bytes: &[u8]) -> crate::support::browser::Page {
    let csrf = browser.get("/lapor/uraian").await.hidden("_csrf");
    let mut form = vec![("_csrf", csrf.as_str())];
    form.extend(WORDS);
    browser.upload("/lapor/uraian/lampiran", &form, name, bytes).await
}

async fn along(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let (browser, stranger) = (Browser::at(&app.desk), Browser::at(&app.desk));
    begin(&browser).await;
    begin(&stranger).await;
    browser.get("/lapor/uraian").await.shows("Paling banyak 5 berkas, masing-masing paling besar 10 MB");

    // What is refused says why, and takes nothing of what was written.
    upload(&browser, "gambar.svg", b"<svg onload=alert(1)>").await.is(422).shows("gambar.svg tidak dapat kami terima");
    upload(&browser, "foto.png", b"<html><script>").await.is(422).shows("SIMPUS mati").shows("Layar kosong");
    upload(&browser, "", b"").await.is(422).shows("Pilih berkas dulu");
    upload(&browser, "kosong.txt", b"").await.is(422).shows("Berkas ini kosong");
    let huge = vec![b'x'; LARGEST + 1];
    upload(&browser, "besar.txt", &huge).await.is(422).shows("10,1 MB").shows("paling besar 10 MB");

    upload(&browser, "../../etc/passwd.txt", b"bukan").await.goes_to("/lapor/uraian#lampiran");
    upload(&browser, "layar.png", PNG).await.goes_to("/lapor/uraian#lampiran");
    upload(&browser, "layar-lagi.png", PNG).await.goes_to("/lapor/uraian#lampiran");
    let page = browser.get("/lapor/uraian").await;
    page.shows("passwd.txt").shows("layar.png").shows("SIMPUS mati");
    assert!(!page.html.contains("etc/passwd") && !page.html.contains("layar-lagi.png"), "{}", page.html);

    // A stranger sees nothing and takes nothing, whatever digest he knows.
    let digest = page.hidden("drop");
    assert!(!stranger.get("/lapor/uraian").await.html.contains("passwd.txt"));
    let theft = [("subject", ""), ("description", ""), ("drop", digest.as_str())];
    stranger.fill("/lapor/uraian", "/lapor/uraian/lampiran/hapus", &theft).await.goes_to("/lapor/uraian#lampiran");
    browser.get("/lapor/uraian").await.shows("passwd.txt");
    let unmarked = browser.upload("/lapor/uraian/lampiran", &[("_csrf", "salah")], "a.txt", b"x").await;
    unmarked.is(403);

    // A mistake on the page, and going back, keep the files.
    browser.fill("/lapor/uraian", "/lapor/uraian", &[("subject", "")]).await.is(422).shows("passwd.txt");
    for name in ["satu.txt", "dua.txt", "tiga.txt"] {
        upload(&browser, name, name.as_bytes()).await.goes_to("/lapor/uraian#lampiran");
    }
    browser.get("/lapor/uraian").await.shows("Sudah ada 5 lampiran");
    upload(&browser, "enam.txt", b"enam").await.is(422).shows("Hapus satu lampiran dulu");
    let mut gone = WORDS.to_vec();
    gone.push(("drop", digest.as_str()));
    browser.fill("/lapor/uraian", "/lapor/uraian/lampiran/hapus", &gone).await.goes_to("/lapor/uraian#lampiran");
    assert!(!browser.get("/lapor/uraian").await.html.contains("passwd.txt"));

    // The button "Lanjut" takes a chosen file along, too.
    let csrf = browser.get("/lapor/uraian").await.hidden("_csrf");
    let mut form = vec![("_csrf", csrf.as_str())];
    form.extend(WORDS);
    browser.upload("/lapor/uraian", &form, "akhir.txt", b"akhir").await.goes_to("/lapor/kontak");
    let (number, _) = send(&browser, &[("name", "Siti"), ("email", "siti@contoh.id")]).await;
    let messages = app.get("demo-superadmin", &format!("/tickets/{number}/messages")).await.ok(200);
    let names = |value: &Value| {
        value.as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let files = &messages["items"][0]["attachments"];
    assert_eq!(names(files), ["layar.png", "satu.txt", "dua.txt", "tiga.txt", "akhir.txt"]);
    let events = app.events(&number).await;
    let told = crate::support::app::TestApp::event(&events, "requester_wrote");
    assert_eq!(told["payload"]["files"].as_array().unwrap().len(), 5, "{told}");
    browser.get("/lapor/uraian").await.shows("Tambah lampiran");
    assert!(!browser.get("/lapor/uraian").await.html.contains("layar.png"), "nothing of the person stays");
    app.audit_is_intact().await;
}

async fn answer(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let browser = Browser::at(&app.desk);
    let (number, code) = report(&browser).await;
    enter(&browser, &number, &code).await;
    let base = format!("/lacak/{number}");
    let page = browser.get(&base).await;
    let (csrf, key) = super::keys(&page);
    let form = [("_csrf", csrf.as_str()), ("key", key.as_str()), ("body", "Ini layarnya")];
    browser.upload(&format!("{base}/berkas"), &form, "layar.png", PNG).await.goes_to(&format!("{base}#lampiran"));
    browser.get(&base).await.shows("Ini layarnya").shows("layar.png");

    // Without the code nobody leaves a file, and no draft of another's answer is seen.
    let stranger = Browser::at(&app.desk);
    let foreign = stranger.get("/lacak").await.hidden("_csrf");
    let form = [("_csrf", foreign.as_str()), ("body", "x")];
    let refused = stranger.upload(&format!("{base}/berkas"), &form, "a.txt", b"a").await;
    refused.goes_to(&format!("/lacak?nomor={number}"));
    stranger.set("meja_lacak", "00000000");
    stranger.upload(&format!("{base}/berkas"), &form, "a.txt", b"a").await.is(403);

    let form = [("_csrf", csrf.as_str()), ("key", key.as_str()), ("body", "Ini layarnya")];
    for _ in 0..2 {
        let sent = browser.upload(&format!("{base}/balas"), &form, "", b"").await;
        sent.goes_to(&format!("{base}?kabar=balas#percakapan"));
    }
    let page = browser.get(&base).await;
    assert_eq!(page.html.matches("Ini layarnya").count(), 1, "a double tap adds one message");
    let address = page.html.split(&format!("{base}/lampiran/")).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let file = browser.get(&format!("{base}/lampiran/{address}")).await;
    file.is(200);
    app.audit_is_intact().await;
}

async fn upkeep(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let browser = Browser::at(&app.desk);
    begin(&browser).await;
    upload(&browser, "layar.png", PNG).await.goes_to("/lapor/uraian#lampiran");
    app.desk.forget_what_is_over().await.unwrap();
    browser.get("/lapor/uraian").await.shows("layar.png");
    let later = app.desk.clock.machine() + chrono::Duration::days(8);
    let desk = meja::desk::Desk { clock: meja::clock::Clock::frozen(later), ..app.desk.clone() };
    desk.forget_what_is_over().await.unwrap();
    assert!(!browser.get("/lapor/uraian").await.html.contains("layar.png"));
}
