//! The pages of the settings about mail and retention.

use crate::duty_pages::signed_in;
use crate::settings_pages::{send, went_to};
use crate::support::app::{Engine, TestApp, readable};
use crate::support::on_both;
use meja::domain::ticket::Language;
use meja::mail::own;
use poem::http::StatusCode;
use serde_json::json;

const NOW: &str = "2026-10-05T09:00:00+07:00";
const CLOSED: &str = "/kerja/pengaturan/templat/received/id";
const WORDS: &str =
    "Nomor {{ number }}, kode {{ tracking_code }}.\n{{ url }}\n\n{% if confirm_url %}{{ confirm_url }}{% endif %}";

on_both! {
    a_text_is_written_used_at_once_compared_and_restored = text_story;
    raw_mails_go_after_their_time_unless_the_ticket_is_held = retention_story;
    mail_in_trouble_is_shown_and_tried_again = trouble_story;
}

async fn report(app: &TestApp, email: &str) -> String {
    let body = json!({"kind": "incident", "subject": "SIMPUS <b>mati</b> {{ 7*7 }}", "description": "Sejak pagi",
        "agency": "DINKES", "requester": {"name": "Siti {{ url }}", "email": email}, "impact": "limited", "urgency": "medium"});
    app.post("demo-superadmin", "/tickets", body).await.ok(201)["number"].as_str().unwrap().to_owned()
}

async fn text_story(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let system = signed_in(&app, "sistem@demo.test").await;
    system.get("/kerja/pengaturan/templat").await.shows("Laporan diterima").shows("Bawaan");
    let page = system.get(CLOSED).await;
    page.shows("Laporan Anda sudah kami terima").shows("{{ tracking_code }}").shows("SKW-2611-00482-3");
    for (subject, body, told) in [
        ("Nomor", "{{ number }} {{ url }}", "tracking_code wajib ada"),
        ("{{ sandi }}", WORDS, "Nilai sandi tidak ada"),
        ("Nomor {{ subject }}", WORDS, "Nilai subject tidak ada"),
        ("x", "{% include \"layout.txt\" %}", "tidak boleh ada"),
        ("", WORDS, "Tulis judul surel."),
    ] {
        let refused = send(&system, CLOSED, &format!("{CLOSED}/simpan"), &[("subject", subject), ("body", body)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{subject}");
        refused.shows(told);
    }
    let fields = [("subject", "Uji {{ number }}"), ("body", WORDS)];
    send(&system, CLOSED, &format!("{CLOSED}/lihat"), &fields)
        .await
        .shows("Uji SKW-2611-00482-3")
        .shows("kode 7KQ4-M2XP");
    let number = report(&app, "a@warga.test").await;
    let mail = app.mails_to("a@warga.test").await.pop().unwrap();
    assert!(readable(&mail).contains("Laporan Anda sudah kami terima"), "looking changes nothing");

    let fields = [("subject", "Tiket {{ number }}"), ("body", WORDS), ("note", "Lebih singkat")];
    let saved = send(&system, CLOSED, &format!("{CLOSED}/simpan"), &fields).await;
    went_to(&saved, "/kerja/pengaturan/templat/received/id?kabar=simpan");
    let second = report(&app, "b@warga.test").await;
    assert_ne!(number, second);
    let mail = app.mails_to("b@warga.test").await.pop().unwrap();
    let words = readable(&mail);
    assert!(words.contains(&format!("Subject: Tiket {second}")) && words.contains("kode "), "{words}");
    let parsed = mail_parser::MessageParser::default().parse(&mail.raw).unwrap();
    let html = parsed.body_html(0).unwrap();
    assert!(html.contains("<a href=\"http") && html.contains("<p>Nomor "), "{html}");

    let stale = [("subject", "Lain {{ number }}"), ("body", WORDS), ("versi", "0")];
    let stale = send(&system, CLOSED, &format!("{CLOSED}/simpan"), &stale).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    stale.shows("berubah sejak Anda membukanya").shows("value=\"Lain {{ number }}\"");
    system.get(&format!("{CLOSED}?beda=0")).await.shows("Dari bawaan ke yang sekarang").shows("<ins>").shows("<del>");
    let restored = send(&system, CLOSED, &format!("{CLOSED}/pulihkan"), &[]).await;
    went_to(&restored, "/kerja/pengaturan/templat/received/id?kabar=pulihkan");
    report(&app, "c@warga.test").await;
    let mail = app.mails_to("c@warga.test").await.pop().unwrap();
    assert!(readable(&mail).contains("Laporan Anda sudah kami terima"));
    system.get(CLOSED).await.shows("Versi 2").shows("Lebih singkat");
    let events = app.desk.db.read().await.unwrap();
    let mut tx = events;
    let stream = meja::store::events::of_stream(&mut tx, "mail_text:received.id", 0, 9).await.unwrap();
    assert_eq!(stream.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["text_written", "text_restored"]);
    drop(tx);
    app.audit_is_intact().await;
    let agent = signed_in(&app, "admin.bkd@demo.test").await;
    assert_eq!(agent.get(CLOSED).await.status, StatusCode::FORBIDDEN);
    let auditor = signed_in(&app, "auditor@demo.test").await;
    let page = auditor.get(CLOSED).await;
    assert!(page.status == StatusCode::OK && !page.html.contains("/simpan"));
    let refused = send(&auditor, CLOSED, &format!("{CLOSED}/simpan"), &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

async fn retention_story(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    for (id, sender) in [("a", "siti@warga.test"), ("b", "budi@warga.test")] {
        let mail = format!(
            "From: <{sender}>\r\nTo: meja@desk.test\r\nSubject: Loket\r\nMessage-ID: <{id}@w.test>\r\n\r\nTutup\r\n"
        );
        app.deliver(&mail, "meja@desk.test", sender).await;
    }
    let all = app.get("demo-superadmin", "/tickets").await.ok(200);
    let held = all["items"][0]["number"].as_str().unwrap().to_owned();
    let office = signed_in(&app, "superadmin@demo.test").await;
    const PAGE: &str = "/kerja/pengaturan/retensi";
    let page = office.get(PAGE).await;
    page.shows("Masa simpan menurut paket kebijakan")
        .shows("5 tahun")
        .shows("365 hari")
        .shows("Tidak ada tiket yang ditahan.");
    let missing = send(&office, PAGE, &format!("{PAGE}/tahan"), &[("number", "X"), ("reason", "Perkara")]).await;
    assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
    missing.shows("Tidak ada tiket dengan nomor ini.").shows("href=\"#number\"");
    let fields = [("number", held.as_str()), ("reason", "Perkara 12/Pdt")];
    let done = send(&office, PAGE, &format!("{PAGE}/tahan"), &fields).await;
    went_to(&done, "/kerja/pengaturan/retensi?kabar=tahan");
    let again = send(&office, PAGE, &format!("{PAGE}/tahan"), &fields).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let events = app.events(&held).await;
    assert!(TestApp::event(&events, "held").to_string().contains("Perkara 12/Pdt"));
    app.desk.clock.set("2027-10-06T09:00:00+07:00".parse().unwrap(), 0.0);
    office
        .get(PAGE)
        .await
        .shows("1 surel mentah sudah lewat masanya, tetapi tiketnya ditahan.")
        .shows("Perkara 12/Pdt");
    app.desk.forget_what_is_over().await.unwrap();
    let mut tx = app.desk.db.read().await.unwrap();
    let left = meja::store::inbox::counts(&mut tx).await.unwrap();
    assert_eq!(left, [("done".to_owned(), 1)]);
    let removed = meja::store::events::of_stream(&mut tx, "retention:raw_mail", 0, 9).await.unwrap();
    assert!(removed.len() == 1 && removed[0].payload.contains("\"count\":1"), "{removed:?}");
    drop(tx);
    let bare = send(&office, PAGE, &format!("{PAGE}/lepas"), &[("number", &held), ("reason", "")]).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    bare.shows(&format!("href=\"#{held}-reason\"")).shows(&format!("id=\"{held}-reason\""));
    let done = send(&office, PAGE, &format!("{PAGE}/lepas"), &[("number", &held), ("reason", "Putus")]).await;
    went_to(&done, "/kerja/pengaturan/retensi?kabar=lepas");
    app.desk.forget_what_is_over().await.unwrap();
    let left = meja::store::inbox::counts(&mut app.desk.db.read().await.unwrap()).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    assert!(app.desk.verify_audit().await.unwrap().ok);
    let head = signed_in(&app, "kepala.dinkes@demo.test").await;
    assert_eq!(head.get(PAGE).await.status, StatusCode::FORBIDDEN);
}

async fn trouble_story(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    report(&app, "a@warga.test").await;
    let mail = app.mails_to("a@warga.test").await.pop().unwrap();
    let now = app.desk.clock.machine();
    let mut tx = app.desk.db.write().await.unwrap();
    let later = now + chrono::Duration::days(9);
    for item in meja::store::dialect::claim_mail(&mut tx, later, later, 1000).await.unwrap() {
        let (state, error) = match item.id == mail.id {
            true => (meja::domain::message::OutboxState::Dead, Some("550 <b>penuh</b> <A@warga.test>: a@warga.test")),
            false => (meja::domain::message::OutboxState::Sent, None),
        };
        assert!(meja::store::outbox::settle(&mut tx, &item, state, error, now, app.desk.now()).await.unwrap());
    }
    tx.commit().await.unwrap();
    const PAGE: &str = "/kerja/pengaturan/surel";
    let system = signed_in(&app, "sistem@demo.test").await;
    let page = system.get(PAGE).await;
    page.shows("550 &lt;b&gt;penuh").shows("Gagal dikirim").shows("meja@desk.test").shows("dinkes@desk.test");
    page.shows("&lt;•••@warga.test&gt;: •••@warga.test");
    let health = system.get("/kerja/kesehatan").await;
    health.shows("550 &lt;b&gt;penuh");
    for page in [&page, &health] {
        assert!(!page.html.to_lowercase().contains("a@warga.test"), "who reported what is nobody's business here");
        assert!(!page.html.contains("Laporan Anda"), "nor what it was about");
    }
    let auditor = signed_in(&app, "auditor@demo.test").await;
    let seen = auditor.get(PAGE).await;
    assert!(seen.status == StatusCode::OK && !seen.html.contains("Coba lagi"), "{}", seen.html);
    let refused = send(&auditor, PAGE, &format!("{PAGE}/{}/coba", mail.id), &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let done = send(&system, PAGE, &format!("{PAGE}/{}/coba", mail.id), &[]).await;
    went_to(&done, "/kerja/pengaturan/surel?kabar=coba");
    app.desk.send_outbox().await.unwrap();
    system.get(PAGE).await.shows("Tidak ada surel yang gagal.");
    let twice = send(&system, PAGE, &format!("{PAGE}/{}/coba", mail.id), &[]).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    for round in 0..6 {
        let sent = send(&system, PAGE, &format!("{PAGE}/uji"), &[]).await;
        match round {
            0..5 => went_to(&sent, "/kerja/pengaturan/surel?kabar=uji"),
            _ => assert_eq!(sent.status, StatusCode::TOO_MANY_REQUESTS, "not too often"),
        }
    }
    assert_eq!(app.mails_to("sistem@demo.test").await.len(), 5);
    let agent = signed_in(&app, "admin.bkd@demo.test").await;
    assert_eq!(agent.get(PAGE).await.status, StatusCode::FORBIDDEN);
    app.audit_is_intact().await;
}

#[tokio::test]
async fn every_built_in_text_may_be_changed_and_says_the_same_when_it_is_kept_as_it_is() {
    let app = TestApp::new(Engine::Sqlite, "oki", NOW).await.unwrap();
    assert!(own::forms().len() >= 15, "the list of mails is read");
    for form in own::forms() {
        for language in [Language::Indonesian, Language::English] {
            let (subject, body) = app.desk.composer.built_in(&form.template, language).unwrap();
            assert_eq!(form.faults(&subject, &body), [], "{} {language}:\n{body}", form.template);
            for sample in &form.samples {
                let preview = |own| app.desk.composer.preview(&form.template, language, own, sample).unwrap();
                let (kept, built_in) = (preview(Some((&subject, &body))), preview(None));
                assert_eq!(kept.subject, built_in.subject);
                let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert_eq!(words(&kept.text), words(&built_in.text), "{} {language}", form.template);
                assert!(!kept.html.contains("{{") && kept.html.contains("<p>"), "{}", kept.html);
            }
        }
    }
}

#[tokio::test]
async fn an_own_text_that_fails_later_gives_way_to_the_built_in_one() {
    let app = TestApp::new(Engine::Sqlite, "oki", NOW).await.unwrap();
    let broken = [("received".to_owned(), Language::Indonesian, "x".to_owned(), "{{ gone }}".to_owned())];
    app.desk.composer.adopt(&broken);
    report(&app, "a@warga.test").await;
    let mail = app.mails_to("a@warga.test").await.pop().unwrap();
    assert!(readable(&mail).contains("Laporan Anda sudah kami terima"));
    assert!(app.desk.composer.has_failed("received", Language::Indonesian));
    let endless = "{% for a in number %}{% for b in number %}{% for c in number %}{% for d in number %}{{ url }}{% endfor %}{% endfor %}{% endfor %}{% endfor %}";
    let burning = [("received".to_owned(), Language::Indonesian, "x".to_owned(), endless.repeat(50))];
    app.desk.composer.adopt(&burning);
    report(&app, "b@warga.test").await;
    let mail = app.mails_to("b@warga.test").await.pop().unwrap();
    assert!(readable(&mail).contains("Laporan Anda sudah kami terima"), "fuel ends");
}
