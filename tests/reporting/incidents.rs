//! Running disruptions: announced, joined with one tap, followed by mail, over.

use super::{Engine, TestApp, mailed, region, report};
use crate::support::browser::{Browser, Page};
use meja::desk::demo::PASSWORD;
use serde_json::json;

crate::support::on_both! {
    the_public_is_told_and_joins_without_a_ticket = told;
    followers_hear_of_updates_and_of_the_end = followed;
    only_those_who_answer_for_the_service_announce = rights;
    an_incident_goes_on_with_the_ticket_it_was_merged_into = merged;
}

const NEWS: [(&str, &str); 5] = [
    ("headline", "SIMPUS tidak dapat dibuka"),
    ("message", "Pendaftaran pasien terhenti. Kami sedang memeriksa."),
    ("phase", "investigating"),
    ("next_date", "2026-10-05"),
    ("next_time", "11.30"),
];

async fn staff(app: &TestApp, email: &str) -> Browser {
    let browser = Browser::at(&app.desk);
    browser.sign_in(email, PASSWORD).await.is(303);
    browser
}

/// Fills the form on which a ticket is announced.
async fn announce(browser: &Browser, number: &str, news: &[(&str, &str)]) -> Page {
    let address = format!("/kerja/tiket/{number}/umumkan");
    let page = browser.get(&address).await;
    assert!(!page.html.contains("&lt;macro"), "a name stands for two things: {}", page.html);
    let (csrf, key) = super::keys(&page);
    let mut form = vec![("_csrf", csrf.as_str()), ("key", key.as_str())];
    form.extend_from_slice(news);
    browser.post(&address, &form).await
}

/// Announces the ticket of a new report; gives its number and the code of the incident.
async fn running(app: &TestApp, worker: &Browser) -> (String, String) {
    let (number, _) = report(&Browser::at(&app.desk)).await;
    announce(worker, &number, &NEWS).await.goes_to(&format!("/kerja/tiket/{number}"));
    let code = app.desk.running_incidents(None).await.unwrap()[0].code.clone();
    (number, code)
}

async fn told(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let worker = staff(&app, "admin.dinkes@demo.test").await;
    let (number, _) = report(&Browser::at(&app.desk)).await;
    worker.get(&format!("/kerja/tiket/{number}")).await.shows("Umumkan gangguan");
    for (field, value, words) in [
        ("headline", " ", "Isi judul untuk umum"),
        ("message", "", "Isi keterangan"),
        ("phase", "resolved", "Pilih keadaan"),
        ("next_time", "kapan-kapan", "Tulis tanggal dan jam"),
        ("next_date", "2026-10-04", "Pilih waktu pembaruan"),
        ("next_date", "2027-10-04", "Pilih waktu pembaruan"),
    ] {
        let mut news = NEWS.to_vec();
        news.iter_mut().find(|pair| pair.0 == field).unwrap().1 = value;
        let page = announce(&worker, &number, &news).await;
        page.is(422);
        page.shows(words);
    }
    announce(&worker, &number, &NEWS).await.goes_to(&format!("/kerja/tiket/{number}"));
    announce(&worker, &number, &NEWS).await.is(409).shows("sudah diumumkan");
    let incident = app.desk.running_incidents(Some("simpus")).await.unwrap().remove(0);
    assert_eq!(incident.code, "GGN-2026-0001");
    assert!(app.desk.running_incidents(Some("e-office")).await.unwrap().is_empty());

    // The box stands where people begin, and one tap is all it takes.
    let citizen = Browser::at(&app.desk);
    citizen.get("/").await.shows("SIMPUS tidak dapat dibuka").shows("pukul 11.30 WIB").shows("Saya juga terdampak");
    super::begin(&citizen).await;
    citizen.get("/lapor/uraian").await.shows("SIMPUS tidak dapat dibuka");
    let address = format!("/gangguan/{}", incident.code);
    for _ in 0..2 {
        let tap = citizen.fill("/", &format!("{address}/terdampak"), &[]).await;
        tap.goes_to(&format!("{address}?kabar=tercatat"));
    }
    let other = Browser::at(&app.desk);
    other.fill("/", &format!("{address}/terdampak"), &[]).await.is(303);
    let forged = other.post(&format!("{address}/terdampak"), &[("_csrf", "salah")]).await;
    forged.is(403);
    worker.get(&format!("/kerja/tiket/{number}")).await.shows("2 orang ikut terdampak");
    app.only_ticket().await;
    let seen = app.get("demo-dinkes", &format!("/tickets/{number}/incident")).await.ok(200);
    assert_eq!((&seen["affected"], &seen["phase"]), (&json!(2), &json!("investigating")));
    app.get("demo-disdukcapil", &format!("/tickets/{number}/incident")).await.ok(404);
    citizen.get("/gangguan/GGN-2026-0002").await.is(404);
    let events = app.events(&number).await;
    assert_eq!(TestApp::event(&events, "incident_announced")["payload"]["incident"], "GGN-2026-0001");
    app.audit_is_intact().await;
}

async fn followed(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let worker = staff(&app, "admin.dinkes@demo.test").await;
    let (number, code) = running(&app, &worker).await;
    let address = format!("/gangguan/{code}");
    let citizen = Browser::at(&app.desk);
    let ask = async |browser: &Browser, email: &str| {
        browser.fill("/", &format!("{address}/kabar"), &[("email", email)]).await
    };
    ask(&citizen, "bukan alamat").await.is(422).shows("Tulis alamat surel");
    ask(&citizen, "ani@contoh.id").await.goes_to(&format!("{address}?kabar=surel"));
    let unproven = Browser::at(&app.desk);
    ask(&unproven, "korban@contoh.id").await.is(303);
    let link = mailed(&app, "ani@contoh.id", &format!("{address}/kabar/")).await;
    citizen.get(&link).await.is(200).shows("Kabari saya");
    citizen.get(&format!("{address}/kabar/aaaaaaaaaaaaaaaaaaaaaaaaaa")).await.is(404);
    citizen.fill(&link, &link, &[("do", "ikuti")]).await.goes_to(&link);
    citizen.get(&link).await.shows("Berhenti mengabari");

    let page = worker.get(&format!("/kerja/tiket/{number}/umumkan")).await;
    let version = page.hidden("version");
    let mut news = NEWS.to_vec();
    news[1].1 = "Penyebabnya peladen yang penuh.";
    news[2].1 = "identified";
    news.push(("version", version.as_str()));
    announce(&worker, &number, &news).await.goes_to(&format!("/kerja/tiket/{number}"));
    announce(&worker, &number, &news).await.is(409).shows("sudah berubah");
    let mails = app.mails_to("ani@contoh.id").await;
    assert_eq!(mails.len(), 2, "the confirmation and the update");
    assert!(crate::support::app::readable(&mails[1]).contains("peladen yang penuh"));
    assert_eq!(app.mails_to("korban@contoh.id").await.len(), 1, "an unproven address hears nothing more");
    citizen.get(&address).await.shows("Penyebab ditemukan").shows("Sedang diselidiki");

    // Solving the ticket ends it for the public at once; the worker writes to those who follow.
    app.post("demo-dinkes", &format!("/tickets/{number}/resolve"), json!({"solution": "Pulih"})).await.ok(200);
    assert!(!citizen.get("/").await.html.contains("SIMPUS tidak"));
    assert_eq!(app.desk.end_outlived_incidents().await.unwrap(), 1);
    assert_eq!(app.desk.end_outlived_incidents().await.unwrap(), 0);
    let mails = app.mails_to("ani@contoh.id").await;
    assert_eq!((mails.len(), mails[2].subject.starts_with("Pulih:")), (3, true));
    citizen.get(&address).await.shows("Pulih");
    let csrf = citizen.get("/lacak").await.hidden("_csrf");
    Browser::at(&app.desk).get(&address).await.is(200);
    let late = Browser::at(&app.desk);
    late.fill("/lacak", &format!("{address}/terdampak"), &[]).await.is(409);
    citizen.post(&link, &[("_csrf", &csrf), ("do", "berhenti")]).await.goes_to(&link);
    citizen.get(&link).await.shows("Tekan tombol ini");
    let events = app.events(&number).await;
    for kind in ["incident_updated", "incident_ended"] {
        TestApp::event(&events, kind);
    }
    app.audit_is_intact().await;
}

async fn rights(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let worker = staff(&app, "admin.dinkes@demo.test").await;
    let (number, _) = report(&Browser::at(&app.desk)).await;
    let address = format!("/kerja/tiket/{number}/umumkan");
    staff(&app, "admin.disdukcapil@demo.test").await.get(&address).await.is(404);
    for onlooker in ["auditor@demo.test", "kepala.dinkes@demo.test"] {
        let browser = staff(&app, onlooker).await;
        browser.get(&address).await.is(403);
        let page = browser.get(&format!("/kerja/tiket/{number}")).await;
        assert!(!page.html.contains("Umumkan gangguan"), "{onlooker}");
        let csrf = page.hidden("_csrf");
        let mut form = NEWS.to_vec();
        form.push(("_csrf", &csrf));
        browser.post(&address, &form).await.is(403);
    }
    Browser::at(&app.desk).get(&address).await.goes_to(&format!("/masuk?lanjut={address}"));
    assert!(app.desk.running_incidents(None).await.unwrap().is_empty());
    announce(&worker, &number, &NEWS).await.is(303);
    let page = worker.get(&address).await;
    let (csrf, version) = (page.hidden("_csrf"), page.hidden("version"));
    let end =
        |words: &'static str| [("_csrf", csrf.clone()), ("version", version.clone()), ("ending", words.to_owned())];
    for (words, status) in [("", 422), ("Sudah pulih.", 303), ("Lagi", 409)] {
        let form = end(words);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        worker.post(&format!("{address}/akhiri"), &form).await.is(status);
    }
    assert!(app.desk.running_incidents(None).await.unwrap().is_empty());
    app.audit_is_intact().await;
}

async fn merged(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let worker = staff(&app, "admin.dinkes@demo.test").await;
    let (number, code) = running(&app, &worker).await;
    let (target, _) = report(&Browser::at(&app.desk)).await;
    app.post("demo-dinkes", &format!("/tickets/{number}/merge"), json!({"into": target})).await.ok(200);
    app.desk.end_outlived_incidents().await.unwrap();
    assert_eq!(app.desk.running_incidents(None).await.unwrap()[0].code, code);
    worker.get(&format!("/kerja/tiket/{target}")).await.shows("orang ikut terdampak");
    let events = app.events(&target).await;
    TestApp::event(&events, "incident_moved");
    app.audit_is_intact().await;
}
