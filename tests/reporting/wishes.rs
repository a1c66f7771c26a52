//! Secret and anonymous reports.

use super::{Engine, NOW, TestApp, begin, describe, enter, region, send};
use crate::support::browser::Browser;
use meja::desk::demo::PASSWORD;

crate::support::on_both! {
    a_secret_name_is_seen_by_those_who_work_on_it_only = secret;
    an_anonymous_report_keeps_neither_name_nor_address = anonymous;
    a_switch_the_pack_lacks_cannot_be_thrown = forged;
}

const SITI: [(&str, &str); 2] = [("name", "Siti Rahasia"), ("email", "siti@contoh.id")];

async fn secret(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let browser = Browser::at(&app.desk);
    begin(&browser).await;
    describe(&browser).await;
    browser.get("/lapor/kontak").await.shows("Rahasiakan nama saya").shows("Kirim tanpa nama");
    let (number, code) = send(&browser, &[SITI[0], SITI[1], ("secret", "1")]).await;
    for token in ["demo-auditor", "demo-koordinasi"] {
        for path in [format!("/tickets/{number}"), "/tickets".to_owned(), format!("/tickets/{number}/messages")] {
            let seen = app.get(token, &path).await.ok(200).to_string();
            assert!(!seen.contains("Siti") && !seen.contains("siti@contoh.id"), "{token} {path}: {seen}");
        }
    }
    for token in ["demo-dinkes", "demo-superadmin"] {
        let seen = app.get(token, &format!("/tickets/{number}")).await.ok(200);
        assert_eq!(seen["requester"]["name"], "Siti Rahasia", "{token}");
    }
    let auditor = Browser::at(&app.desk);
    auditor.sign_in("auditor@demo.test", PASSWORD).await.is(303);
    let page = auditor.get(&format!("/kerja/tiket/{number}")).await;
    page.shows("Nama dirahasiakan");
    assert!(!page.html.contains("Siti") && !page.html.contains("siti@"), "{}", page.html);
    assert!(!auditor.get("/kerja/antrean").await.html.contains("Siti"));
    assert!(!auditor.get(&format!("/kerja/tiket/{number}/riwayat")).await.html.contains("siti@"));
    let worker = Browser::at(&app.desk);
    worker.sign_in("admin.dinkes@demo.test", PASSWORD).await.is(303);
    worker.get(&format!("/kerja/tiket/{number}")).await.shows("Siti Rahasia").shows("meminta namanya dirahasiakan");
    let events = app.events(&number).await;
    assert!(!format!("{events:?}").contains("Siti"), "the chain carries no name");
    assert_eq!(TestApp::event(&events, "opened")["payload"]["wish"]["secret"], true);
    enter(&browser, &number, &code).await;
    browser.get(&format!("/lacak/{number}")).await.shows("Siti Rahasia");
    app.audit_is_intact().await;
}

async fn anonymous(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let browser = Browser::at(&app.desk);
    begin(&browser).await;
    describe(&browser).await;
    browser.fill("/lapor/kontak", "/lapor/kontak", &[("name", ""), ("email", "")]).await.is(422);
    let (number, code) = send(&browser, &[SITI[0], SITI[1], ("anonymous", "1")]).await;
    let ticket = app.ticket(&number).await;
    assert_eq!((ticket["requester"]["name"].as_str(), ticket["requester"]["email"].as_str()), (Some(""), Some("")));
    assert!(app.mails_to("siti@contoh.id").await.is_empty(), "nobody is written to");
    enter(&browser, &number, &code).await;
    let page = browser.get(&format!("/lacak/{number}")).await;
    let (csrf, key) = super::keys(&page);
    let form = [("_csrf", csrf.as_str()), ("key", key.as_str()), ("body", "Masih mati")];
    browser.post(&format!("/lacak/{number}/balas"), &form).await.is(303);
    app.post("demo-dinkes", &format!("/tickets/{number}/messages"), serde_json::json!({"body": "Kami periksa"}))
        .await
        .ok(201);
    browser.get(&format!("/lacak/{number}")).await.shows("Kami periksa").shows("Masih mati");
    let worker = Browser::at(&app.desk);
    worker.sign_in("admin.dinkes@demo.test", PASSWORD).await.is(303);
    worker.get(&format!("/kerja/tiket/{number}")).await.shows("Pelapor tanpa nama");
    app.audit_is_intact().await;
}

async fn forged(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let pack = "id = \"kunci\"\nname = \"Kunci\"\nversion = 1\nextends = \"oki\"\n\n[reporters]\nanonymous = false\nsecret = false\n";
    std::fs::write(folder.path().join("kunci.toml"), pack).unwrap();
    let Some(app) = TestApp::with_packs(engine, "kunci", NOW, Some(folder.path())).await else { return };
    let browser = Browser::at(&app.desk);
    begin(&browser).await;
    describe(&browser).await;
    let page = browser.get("/lapor/kontak").await;
    assert!(!page.html.contains("Rahasiakan") && !page.html.contains("tanpa nama"), "{}", page.html);
    let forged = [("name", ""), ("email", ""), ("anonymous", "1"), ("secret", "1")];
    browser.fill("/lapor/kontak", "/lapor/kontak", &forged).await.is(422).shows("Tulis nama Anda");
    let (number, _) = send(&browser, &[SITI[0], SITI[1], ("anonymous", "1"), ("secret", "1")]).await;
    let seen = app.get("demo-auditor", &format!("/tickets/{number}")).await.ok(200);
    assert_eq!(seen["requester"]["name"], "Siti Rahasia");
}
