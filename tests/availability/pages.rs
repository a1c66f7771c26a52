//! The pages on which the staff see figures, record outages and announce maintenance.

use crate::support::app::{Engine, TestApp};
use crate::support::browser::Browser;
use serde_json::json;

async fn staff(app: &TestApp, email: &str) -> Browser {
    let browser = Browser::at(&app.desk);
    browser.sign_in(email, meja::desk::demo::PASSWORD).await;
    browser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_recorded_mended_and_taken_back_on_its_page() {
    let app = TestApp::new(Engine::Sqlite, "oki", "2026-10-20T10:00:00+07:00").await.unwrap();
    let worker = staff(&app, "admin.dinkes@demo.test").await;
    let form = "/kerja/ketersediaan-catat";
    let page = worker.get(form).await;
    page.is(200).shows("SIMPUS");
    let key = page.hidden("key");
    let fields = |date: &'static str, time: &'static str| {
        vec![
            ("service", "simpus"),
            ("ticket", ""),
            ("started_date", date),
            ("started_time", time),
            ("ended_date", ""),
            ("ended_time", ""),
            ("severity", "total"),
            ("cause", "own"),
            ("note", "Peladen <mati>"),
        ]
    };
    let mut bad = fields("2026-10-20", "jam sembilan");
    bad.push(("key", key.as_str()));
    worker.fill(form, form, &bad).await.is(422).shows("Tulis tanggal dan jam").shows("Peladen &lt;mati&gt;");
    worker.fill(form, form, &fields("2026-10-21", "09.00")).await.is(422).shows("sudah lewat");
    let mut good = fields("2026-10-20", "09.00");
    good.push(("key", key.as_str()));
    let service = "/kerja/ketersediaan/simpus";
    worker.fill(form, form, &good).await.goes_to(&format!("{service}?kabar=catat"));
    worker.fill(form, form, &good).await.goes_to(&format!("{service}?kabar=catat"));
    let page = worker.get(service).await;
    page.is(200).shows("60 menit").shows("masih berlangsung").shows("<path class=\"d6\"").shows("Tercapai");
    assert_eq!(page.html.matches("id=\"gangguan-").count(), 1, "sent twice, recorded once");
    worker.get("/kerja/ketersediaan").await.is(200).shows("Sedang berlangsung").shows("SIMPUS");
    let end = format!("{service}/gangguan/1/akhiri");
    worker.fill(service, &end, &[("versi", "1"), ("ended_date", "2026-10-20"), ("ended_time", "08.00")]).await.is(422);
    worker.fill(service, &end, &[("versi", "1")]).await.goes_to(&format!("{service}?kabar=akhiri"));
    let stale = worker.fill(service, &end, &[("versi", "1")]).await;
    stale.is(409).shows("sudah diubah orang lain");
    let mend = format!("{service}/gangguan/1/ubah");
    let change = [
        ("versi", "2"),
        ("started_date", "2026-10-20"),
        ("started_time", "09.30"),
        ("ended_date", "2026-10-20"),
        ("ended_time", "10.00"),
        ("severity", "partial"),
        ("cause", "third_party_network"),
        ("note", "x"),
        ("reason", ""),
    ];
    worker.fill(service, &mend, &change).await.is(422).shows("ubah-1-reason");
    let mut change = change.to_vec();
    change[8].1 = "Log penyedia";
    worker.fill(service, &mend, &change).await.goes_to(&format!("{service}?kabar=ubah"));
    worker.get(service).await.shows("30 menit").shows("Jaringan pihak ketiga");
    let void = format!("{service}/gangguan/1/batalkan");
    worker.fill(service, &void, &[("versi", "3"), ("reason", "Salah layanan")]).await.is(303);
    worker.get(service).await.shows("Tidak ada gangguan tercatat");
    worker.get(&format!("{service}?bulan=2026-09")).await.is(200).shows("September 2026");
    worker.get("/kerja/ketersediaan/tidak-ada").await.is(404);
    let onlooker = staff(&app, "auditor@demo.test").await;
    let page = onlooker.get(service).await;
    page.is(200);
    assert!(!page.html.contains("ketersediaan-catat"), "who may not record is offered nothing");
    onlooker.get(form).await.is(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn maintenance_is_announced_moved_and_called_off_on_its_page() {
    let app = TestApp::new(Engine::Sqlite, "oki", "2026-10-20T10:00:00+07:00").await.unwrap();
    let worker = staff(&app, "admin.dinkes@demo.test").await;
    let form = "/kerja/pemeliharaan-baru";
    let fields = |day: &'static str| {
        vec![
            ("service-simpus", "ya"),
            ("title", "Ganti peladen"),
            ("message", "Tidak dapat dibuka"),
            ("starts_date", day),
            ("starts_time", "20.00"),
            ("ends_date", day),
            ("ends_time", "22.00"),
        ]
    };
    worker.fill(form, form, &fields("2026-10-20")[1..]).await.is(422).shows("Pilih paling sedikit satu layanan");
    let mut foreign = fields("2026-10-25");
    foreign.push(("service-e-perizinan", "ya"));
    worker.fill(form, form, &foreign).await.is(403);
    let one = "/kerja/pemeliharaan/PML-2026-0001";
    worker.fill(form, form, &fields("2026-10-20")).await.goes_to(&format!("{one}?kabar=simpan"));
    worker.get(one).await.is(200).shows("Diumumkan terlambat");
    let mut moved = fields("2026-10-25");
    moved.push(("versi", "1"));
    worker.fill(one, one, &moved).await.goes_to(&format!("{one}?kabar=simpan"));
    let page = worker.get(one).await;
    assert!(!page.html.contains("Diumumkan terlambat"), "moved early enough");
    worker.fill(one, one, &moved).await.is(409).shows("sudah diubah orang lain");
    let off = format!("{one}/batalkan");
    worker.fill(one, &off, &[("versi", "2"), ("reason", "")]).await.is(422);
    worker.fill(one, &off, &[("versi", "2"), ("reason", "Suku cadang belum datang")]).await.is(303);
    worker.get(one).await.shows("Dibatalkan").shows("Suku cadang belum datang");
    worker.get("/kerja/pemeliharaan").await.is(200).shows("Ganti peladen");
    staff(&app, "auditor@demo.test").await.get(form).await.is(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn monitors_are_set_up_on_the_page_of_a_service() {
    let app = TestApp::new(Engine::Sqlite, "oki", "2026-10-20T10:00:00+07:00").await.unwrap();
    let worker = staff(&app, "admin.dinkes@demo.test").await;
    let (service, form) = ("/kerja/ketersediaan/simpus", "/kerja/ketersediaan/simpus/pemantau");
    let bad = [("kind", "http"), ("name", "Beranda"), ("target", "ftp://x"), ("interval_seconds", "60")];
    worker.fill(service, form, &bad).await.is(422).shows("pemantau-target");
    let beat = [("kind", "heartbeat"), ("name", "Cadangan"), ("target", ""), ("interval_seconds", "300")];
    let page = worker.fill(service, form, &beat).await;
    page.is(200).shows("Authorization: Bearer").shows("/api/v1/monitors/1/heartbeat");
    assert!(!worker.get(service).await.html.contains("Authorization: Bearer"), "shown once");
    let stop = format!("{form}/1/hentikan");
    worker.fill(service, &stop, &[("versi", "1")]).await.goes_to(&format!("{service}?kabar=pemantau"));
    worker.get(service).await.shows("Dihentikan");
    let owner = staff(&app, "pemilik.dinkes@demo.test").await;
    let promise = format!("{service}/janji");
    let set = [("versi", "0"), ("target", "99,9"), ("calendar", "")];
    owner.fill(service, &promise, &set).await.goes_to(&format!("{service}?kabar=janji"));
    owner.get(service).await.shows("99,90%").shows("Ditetapkan pemilik proses bisnis");
    assert_eq!(app.get("demo-dinkes", "/availability?service=simpus").await.ok(200)["items"][0]["target"], json!(99.9));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trail_leads_to_what_it_tells_of() {
    let app = TestApp::new(Engine::Sqlite, "oki", "2026-10-20T10:00:00+07:00").await.unwrap();
    let outage = app.post("demo-superadmin", "/outages", json!({"service": "simpus"})).await.ok(201);
    let beat = json!({"service": "simpus", "name": "Malam", "kind": "heartbeat"});
    let monitor = app.post("demo-superadmin", "/monitors", beat).await.ok(201);
    let auditor = staff(&app, "auditor@demo.test").await;
    let simpus = "href=\"/kerja/ketersediaan/simpus\"";
    for stream in [format!("outage:{}", outage["id"]), format!("monitor:{}", monitor["id"])] {
        auditor.get(&format!("/kerja/audit?objek={stream}")).await.is(200).shows(simpus);
    }
}
