//! Personal data (UU 27/2022): what people ask is answered within 3 x 24 hours, and what is erased leaves chains that verify.

use crate::backup::lively;
use crate::duty_pages::signed_in;
use crate::settings_pages::{send, went_to};
use crate::support::app::{Engine, TestApp};
use crate::support::on_both;
use meja::domain::people::Actor;
use meja::domain::personal::DataRequestKind;
use meja::error::Error;
use poem::http::StatusCode;
use serde_json::{Value, json};

on_both! {
    everything_of_a_person_is_given_out_with_what_was_done_with_it = given;
    a_wrong_name_is_mended_on_every_ticket = mended;
    what_is_erased_is_gone_and_every_chain_verifies = erased;
}

const SITI: &str = "siti@warga.test";

/// The unit of the ICT office.
async fn office(app: &TestApp) -> Actor {
    app.desk.by_token("demo-superadmin").await.unwrap()
}

async fn asked(app: &TestApp, kind: DataRequestKind) -> (Actor, String) {
    let actor = office(app).await;
    let code = app.desk.enter_data_request(&actor, kind, ("Siti", SITI, ""), Some("k")).await.unwrap();
    let again = app.desk.enter_data_request(&actor, kind, ("Siti", SITI, ""), Some("k")).await.unwrap();
    assert_eq!(code, again, "a repeated request is one");
    (actor, code)
}

async fn ticket_of(app: &TestApp, email: &str) -> Value {
    let page = app.get("demo-superadmin", "/tickets").await.ok(200);
    let found = page["items"].as_array().unwrap().iter().find(|it| it["requester"]["email"] == email);
    found.cloned().unwrap_or(Value::Null)
}

async fn given(engine: Engine) {
    let Some(app) = lively(engine).await else { return };
    let (actor, code) = asked(&app, DataRequestKind::Access).await;
    let bytes = app.desk.export_personal_data(&actor, &code).await.unwrap();
    let whole: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(whole["tickets"].as_array().unwrap().len(), 1, "{whole}");
    let ticket = &whole["tickets"][0];
    assert_eq!((&ticket["email"], &ticket["files"][0]["name"]), (&json!(SITI), &json!("a.png")));
    assert!(ticket["messages"][0]["text"].as_str().unwrap().contains("rusak"), "{ticket}");
    assert_eq!(ticket["processing"][0]["what"], "opened");
    app.desk.answer_data_request(&actor, &code, Some(1), false, "Data dikirim").await.unwrap();
    let settled = app.desk.answer_data_request(&actor, &code, Some(1), false, "Lagi").await;
    assert!(matches!(settled, Err(Error::Conflict { .. })));
    let head = app.desk.by_token("demo-dinkes").await.unwrap();
    assert!(matches!(app.desk.personal_data(&head).await, Err(Error::Denied(_))));
    app.audit_is_intact().await;
}

async fn mended(engine: Engine) {
    let Some(app) = lively(engine).await else { return };
    let (actor, code) = asked(&app, DataRequestKind::Correction).await;
    let bad = app.desk.correct_personal_data(&actor, &code, Some(1), ("Siti Aminah", "bukan nomor")).await;
    assert!(matches!(bad, Err(Error::Invalid(_))));
    let words = ("Siti Aminah", "0812-3456-7890");
    assert_eq!(app.desk.correct_personal_data(&actor, &code, Some(1), words).await.unwrap(), 1);
    let ticket = ticket_of(&app, SITI).await;
    assert_eq!(ticket["requester"]["name"], "Siti Aminah", "{ticket}");
    app.audit_is_intact().await;
}

async fn erased(engine: Engine) {
    let Some(app) = lively(engine).await else { return };
    let number = ticket_of(&app, SITI).await["number"].as_str().unwrap().to_owned();
    app.desk.seal().await.unwrap();
    let (actor, code) = asked(&app, DataRequestKind::Erasure).await;
    let open = app.desk.erase_personal_data(&actor, &code, Some(1)).await.unwrap();
    assert_eq!((open.tickets, open.kept.as_slice()), (0, [number.clone()].as_slice()), "an open ticket stays");
    app.post("demo-superadmin", &format!("/tickets/{number}/acknowledge"), json!({})).await;
    let solution = json!({"solution": "Sudah", "cause": "Listrik"});
    app.post("demo-superadmin", &format!("/tickets/{number}/resolve"), solution).await.ok(200);
    app.post("demo-superadmin", &format!("/tickets/{number}/close"), json!({"reason": "Selesai"})).await.ok(200);
    app.desk.send_outbox().await.unwrap();
    app.desk.hold_ticket(&actor, &number, "Perkara").await.unwrap();
    let held = app.desk.erase_personal_data(&actor, &code, Some(1)).await.unwrap();
    assert_eq!(held.kept, [number.clone()], "a held ticket stays");
    app.desk.release_ticket(&actor, &number, "Perkara selesai").await.unwrap();
    let file = meja::desk::files::path(&app.desk.files, &meja::secret::sha256("halo"));
    assert!(file.exists());
    let done = app.desk.erase_personal_data(&actor, &code, Some(1)).await.unwrap();
    assert_eq!((done.tickets, done.kept.len()), (1, 0));
    assert!(!file.exists(), "the bytes are gone");
    let ticket = app.ticket(&number).await;
    assert_eq!(
        (&ticket["subject"], &ticket["requester"]["name"]),
        (&json!("[dihapus]"), &json!("[dihapus]")),
        "{ticket}"
    );
    app.audit_is_intact().await;
    // Nowhere in the database does the address or the name stand any more, but in what the staff wrote.
    for (table, rows) in crate::backup::rows(&app.desk.db).await {
        let found = rows.iter().find(|row| row.contains(SITI) || row.contains("Some(\"Siti\")"));
        assert!(found.is_none(), "{table}: {found:?}");
    }
    let again = app.desk.erase_personal_data(&actor, &code, None).await;
    assert!(matches!(again, Err(Error::Conflict { .. })));
}

const PAGE: &str = "/kerja/data-pribadi";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_office_answers_requests_and_tells_of_failures_in_time() {
    let app = lively(Engine::Sqlite).await.unwrap();
    let office = signed_in(&app, "superadmin@demo.test").await;
    office.get(PAGE).await.shows("Belum ada permintaan").shows("Tidak ada kegagalan");
    let bad =
        send(&office, PAGE, PAGE, &[("kind", "erasure"), ("name", "Siti"), ("email", "bukan alamat"), ("note", "")])
            .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    bad.shows("href=\"#email\"");
    let fields = [("kind", "access"), ("name", "Siti"), ("email", SITI), ("note", "Minta salinan")];
    let made = send(&office, PAGE, PAGE, &fields).await;
    went_to(&made, "/kerja/data-pribadi/DP-2026-0001?kabar=minta");
    let page = office.get(&made.location).await;
    page.shows("Akses data").shows("Foto rusak").shows("12 Oktober 2026");
    let one = "/kerja/data-pribadi/DP-2026-0001";
    let given = send(&office, one, &format!("{one}/unduh"), &[]).await;
    assert!(given.html.contains(SITI), "{}", given.html);
    let bad = send(&office, one, &format!("{one}/tolak"), &[("answer", "")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    bad.shows("href=\"#tolak-answer\"");
    app.clock("2026-10-12T10:00:01+07:00").await;
    office.get(PAGE).await.shows("Lewat batas").shows("s•••@warga.test");
    let done = send(&office, one, &format!("{one}/jawab"), &[("answer", "Dikirim lewat surel")]).await;
    went_to(&done, "/kerja/data-pribadi/DP-2026-0001?kabar=jawab");
    office.get(one).await.shows("Selesai, lewat batas");
    let breach = [
        ("title", "Daftar terbuka"),
        ("description", "Nama dan nomor"),
        ("known_date", "2026-10-12"),
        ("known_time", "09.00"),
    ];
    let entered = send(&office, PAGE, &format!("{PAGE}/insiden"), &breach).await;
    went_to(&entered, "/kerja/data-pribadi?kabar=insiden");
    office.get(PAGE).await.shows("KP-2026-0001").shows("15 Oktober 2026");
    for whom in ["subjek", "lembaga"] {
        let told = send(&office, PAGE, &format!("{PAGE}/insiden/KP-2026-0001/{whom}"), &[]).await;
        went_to(&told, "/kerja/data-pribadi?kabar=beritahu");
    }
    office.get("/kerja/audit?jenis=personal").await;
    let other = signed_in(&app, "admin.dinkes@demo.test").await;
    assert_eq!(other.get(PAGE).await.status, StatusCode::FORBIDDEN);
}
