//! The work pages of the staff: home, queue, acts on many tickets, escalations, supervision.

use crate::duty_pages::signed_in;
use crate::support::app::{Engine, TestApp};
use crate::web::Browser;
use poem::Endpoint;
use poem::http::StatusCode;
use serde_json::json;

/// A region with reports of two agencies; gives their numbers.
async fn region(subjects: &[(&str, &str)]) -> (TestApp, Vec<String>) {
    let app = TestApp::new(Engine::Sqlite, "oki", "2026-10-05T09:00:00+07:00").await.unwrap();
    let mut numbers = Vec::new();
    for (agency, subject) in subjects {
        let body = json!({"kind": "incident", "subject": subject, "description": "Sejak pagi", "agency": agency,
            "requester": {"name": "Siti", "email": "siti@warga.test"}, "impact": "limited", "urgency": "medium"});
        let ticket = app.post("demo-superadmin", "/tickets", body).await.ok(201);
        numbers.push(ticket["number"].as_str().unwrap().to_owned());
    }
    (app, numbers)
}

async fn send<E: Endpoint>(browser: &Browser<E>, from: &str, to: &str, fields: &[(&str, &str)]) -> crate::web::Page {
    let page = browser.get(from).await;
    let (csrf, key) = (page.hidden("_csrf"), page.hidden("key"));
    let mut form = vec![("_csrf", csrf.as_str()), ("key", key.as_str())];
    form.extend(fields);
    browser.post(to, &form).await
}

#[tokio::test]
async fn the_home_says_what_waits_and_gives_the_next_ticket_once() {
    let (app, numbers) = region(&[("DINKES", "SIMPUS lambat"), ("DISDUKCAPIL", "Dapodik macet")]).await;
    let agent = signed_in(&app, "admin.dinkes@demo.test").await;
    let home = agent.get("/kerja").await;
    home.shows("Ambil berikutnya").shows("1 tiket belum ditugaskan").shows("aria-current=\"page\">Beranda");
    assert!(!home.html.contains("tanpa petugas lini pertama"), "only for the ICT office");
    let form = [("_csrf", home.hidden("_csrf")), ("key", home.hidden("key"))];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for _ in 0..2 {
        let taken = agent.post("/kerja/ambil-berikutnya", &form).await;
        let target = format!("/kerja/tiket/{}?kabar=ambil", numbers[0]);
        assert_eq!((taken.status, taken.location), (StatusCode::SEE_OTHER, target), "a double tap takes one");
    }
    assert_eq!(app.ticket(&numbers[0]).await["assignee"], "admin.dinkes@demo.test");
    agent.get("/kerja").await.shows("Milik saya").shows("SIMPUS lambat").shows("0 tiket belum ditugaskan");
    let none = send(&agent, "/kerja", "/kerja/ambil-berikutnya", &[]).await;
    assert_eq!(none.location, "/kerja?kabar=kosong", "another agency's ticket is not for this one");
    agent.get(&none.location).await.shows("Tidak ada tiket yang menunggu untuk diambil.");

    app.clock("2026-11-02T10:00:00+07:00").await;
    app.desk.run_due_steps().await.unwrap();
    agent.get("/kerja").await.shows("Lewat batas");
    agent.get("/kerja?bahasa=en").await.shows("Waiting for you").shows("Take the next one");
}

#[tokio::test]
async fn the_ict_office_is_told_of_agencies_without_a_first_line() {
    let (app, _) = region(&[]).await;
    app.desk.disable_account("admin.dinkes@demo.test").await.unwrap();
    let office = signed_in(&app, "superadmin@demo.test").await;
    office.get("/kerja").await.shows("tanpa petugas lini pertama yang aktif").shows("DINKES");
}

#[tokio::test]
async fn several_tickets_are_changed_one_by_one_and_refusals_are_told() {
    let (app, numbers) = region(&[("DINKES", "SIMPUS lambat"), ("DISDUKCAPIL", "SIAK macet")]).await;
    let office = signed_in(&app, "superadmin@demo.test").await;
    let queue = office.get("/kerja/antrean").await;
    queue.shows("<title>Antrean (2)").shows("SIMPUS lambat").shows("Belum ditugaskan <span class=\"count\">2</span>");
    office.get("/kerja/antrean?petugas=saya").await.shows("Tidak ada tiket dengan saringan ini.");
    office.get("/kerja/antrean?jenis=complaint").await.shows("Tidak ada tiket dengan saringan ini.");
    let boxes: Vec<String> = numbers.iter().map(|number| format!("tiket-{number}")).collect();
    let ticked = [
        ("act", "prioritas"),
        ("priority", "P1"),
        ("reason", "Loket tutup"),
        (boxes[0].as_str(), "1"),
        (boxes[1].as_str(), "7"),
    ];
    let answer = send(&office, "/kerja/antrean", "/kerja/antrean/bersama", &ticked).await;
    answer.shows("1 tiket berubah prioritas.").shows("1 tiket tidak berubah").shows("value=\"Loket tutup\"");
    assert_eq!(app.ticket(&numbers[0]).await["priority"], "P1");
    let saved =
        send(&office, "/kerja/antrean", "/kerja/antrean/tampilan", &[("view", "Kritis"), ("query", "prioritas=P1")])
            .await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.html);
    office.get("/kerja/antrean").await.shows("/kerja/antrean?prioritas=P1").shows(">Kritis<");
    office.get("/kerja/antrean/tampilan").await.shows("Ganti nama");
    office.get("/kerja/eskalasi").await.shows("Eskalasi");
    office.get("/kerja/pengawasan").await.shows("Dinas Kesehatan");
    let agent = signed_in(&app, "admin.dinkes@demo.test").await;
    assert_eq!(agent.get("/kerja/pengawasan").await.status, StatusCode::FORBIDDEN);
    assert!(!agent.get("/kerja/antrean").await.html.contains("SIAK macet"), "another agency's");
}
