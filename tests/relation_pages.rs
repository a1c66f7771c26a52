//! The pages beside a ticket: acts, relations, consultations, classification, history, and tickets entered for others.

use crate::duty_pages::signed_in;
use crate::support::app::{Engine, TestApp, reply_to};
use crate::web::{Browser, Page};
use poem::Endpoint;
use poem::http::StatusCode;
use serde_json::{Value, json};

async fn desk(pack: &str) -> TestApp {
    TestApp::new(Engine::Sqlite, pack, "2026-10-05T09:00:00+07:00").await.unwrap()
}

async fn open(app: &TestApp, more: Value) -> String {
    let mut body = json!({"subject": "Absensi <b>macet</b>", "description": "Sejak pagi", "agency": "DINKES",
        "impact": "limited", "urgency": "medium", "kind": "incident", "requester": {"name": "Siti", "email": "siti@warga.test"}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let ticket = app.post("demo-superadmin", "/tickets", body).await.ok(201);
    ticket["number"].as_str().unwrap().to_owned()
}

/// Opens a page, takes its hidden fields along and sends a form.
async fn send<E: Endpoint>(browser: &Browser<E>, page: &str, to: &str, fields: &[(&str, &str)]) -> Page {
    let shown = browser.get(page).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.html);
    let hidden = ["_csrf", "key", "versi"].map(|name| (name, shown.hidden(name)));
    let mut form: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    form.extend_from_slice(fields);
    browser.post(to, &form).await
}

fn goes(page: &Page, address: &str) {
    assert_eq!((page.status, page.location.as_str()), (StatusCode::SEE_OTHER, address), "{}", page.html);
}

#[tokio::test]
async fn an_act_is_done_on_its_page_and_taken_back() {
    let app = desk("oki").await;
    let number = open(&app, json!({})).await;
    let base = format!("/kerja/tiket/{number}");
    let agent = signed_in(&app, "admin.dinkes@demo.test").await;
    let page = agent.get(&base).await;
    for word in ["tugaskan", "eskalasi", "klasifikasi", "prioritas", "alihkan", "gabung", "pisah", "tautkan"] {
        page.shows(&format!("href=\"{base}/{word}\""));
    }
    assert!(!page.html.contains(&format!("{base}/kembalikan")), "nothing to give back");
    assert!(!page.html.contains(&format!("{base}/konsultasi")), "the unit asks outside, not the agency");
    assert_eq!(agent.get(&format!("{base}/kembalikan")).await.status, StatusCode::NOT_FOUND);

    agent
        .get(&format!("{base}/tugaskan"))
        .await
        .shows("0 tiket terbuka")
        .shows("Belum ditugaskan")
        .shows("satu-satunya petugas lini pertama");
    let done =
        send(&agent, &format!("{base}/tugaskan"), &format!("{base}/tugaskan"), &[("user", "admin.dinkes@demo.test")])
            .await;
    goes(&done, &format!("{base}?kabar=tugaskan"));
    let told = agent.get(&done.location).await;
    told.shows("Petugas ditetapkan.").shows("Urungkan");
    let seq = told.html.split("/urungkan/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let undo = format!("{base}/urungkan/{seq}");
    let back = send(&agent, &done.location, &undo, &[]).await;
    goes(&back, &format!("{base}?kabar=urungkan"));
    let page = agent.get(&back.location).await;
    page.shows("Tindakan terakhir diurungkan.");
    assert!(!page.html.contains("/urungkan/"), "once");
    assert_eq!(app.ticket(&number).await["assignee"], Value::Null);
    let refused = send(&agent, &format!("{base}/tugaskan"), &undo, &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    refused.shows("Sudah ada kejadian lain");

    let empty =
        send(&agent, &format!("{base}/eskalasi"), &format!("{base}/eskalasi"), &[("reason", "Perlu <i>akses</i>")])
            .await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    empty.shows("href=\"#cause\"").shows("Perlu &lt;i&gt;akses");
    let fields = [("cause", "authority"), ("reason", "Perlu akses peladen"), ("tried", "Memulai ulang")];
    let done = send(&agent, &format!("{base}/eskalasi"), &format!("{base}/eskalasi"), &fields).await;
    goes(&done, &format!("{base}?kabar=eskalasi"));
    let again = agent.get(&format!("{base}/eskalasi")).await;
    again.shows("sudah diserahkan ke Superadmin oleh");
    assert!(!again.html.contains("<textarea"), "no form where nothing can be done");
    let events = app.events(&number).await;
    assert_eq!(TestApp::event(&events, "escalated")["payload"]["cause"], "authority");
}

#[tokio::test]
async fn a_classification_is_seen_before_it_is_saved() {
    let app = desk("oki").await;
    let number = open(&app, json!({"service": "e-office", "agency": null})).await;
    let base = format!("/kerja/tiket/{number}");
    let office = signed_in(&app, "superadmin@demo.test").await;
    let address = format!("{base}/klasifikasi");
    let page = office.get(&address).await;
    page.shows("name=\"sel\" value=\"limited.medium\"").shows("Dampak Luas, kemendesakan Tinggi: P1 Kritis");
    assert!(!page.html.contains("Simpan klasifikasi"), "nothing is saved unseen");
    let choice = "kind=incident&service=e-office&request_type=&sel=broad.high&classification=internal";
    let before = app.ticket(&number).await;
    let preview = office.get(&format!("{address}?{choice}")).await;
    preview.shows("Prioritas berubah dari P4 Rendah menjadi P1 Kritis.").shows("Simpan klasifikasi");
    assert_eq!(app.ticket(&number).await, before, "looking changes nothing");
    let fields = [
        ("kind", "incident"),
        ("service", "e-office"),
        ("request_type", ""),
        ("sel", "broad.high"),
        ("classification", "internal"),
    ];
    let refused = send(&office, &format!("{address}?{choice}"), &address, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.shows("Tulis alasan karena prioritas berubah.").shows("href=\"#reason\"");
    let mut fields = fields.to_vec();
    fields.push(("reason", "Semua kantor"));
    let saved = send(&office, &format!("{address}?{choice}"), &address, &fields).await;
    goes(&saved, &format!("{base}?kabar=klasifikasi"));
    let after = app.ticket(&number).await;
    assert_eq!(after["priority"], "P1");
    let due: chrono::DateTime<chrono::Utc> = after["sla"]["resolution_due"].as_str().unwrap().parse().unwrap();
    let words = meja::text::short_instant(meja::domain::ticket::Language::Indonesian, due, app.desk.pack().zone);
    preview.shows(&words);
    office.get(&saved.location).await.shows("Klasifikasi disimpan.").shows("Urungkan");
    // A type of request brings its own promise, and goes again.
    let typed =
        "kind=service_request&service=e-office&request_type=lan_recommendation&sel=broad.high&classification=internal";
    office.get(&format!("{address}?{typed}")).await.shows("PERMINTAAN:lan_recommendation").shows("Prioritas tetap P1");
    office.get(&format!("{address}?{choice}")).await.shows("Tidak ada yang berubah.");
}

#[tokio::test]
async fn tickets_are_compared_merged_tied_and_parted() {
    let app = desk("oki").await;
    let (one, two) = (open(&app, json!({})).await, open(&app, json!({"description": "Di loket 2"})).await);
    let foreign = open(&app, json!({"agency": "DISDUKCAPIL"})).await;
    let agent = signed_in(&app, "admin.dinkes@demo.test").await;
    let base = format!("/kerja/tiket/{two}");
    let merge = format!("{base}/gabung");
    let page = agent.get(&merge).await;
    page.shows("Mungkin hal yang sama").shows(&format!("{merge}?ke={one}")).shows("Pelapor sama");
    assert!(!page.html.contains(&foreign), "tickets of others are not offered");
    agent.get(&format!("{merge}?q=absensi")).await.shows("Hasil pencarian").shows(&one);
    let unknown = agent.get(&format!("{merge}?ke={foreign}")).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    let compared = agent.get(&format!("{merge}?ke={one}")).await;
    compared.shows("Berakhir").shows("Melanjutkan").shows("Di loket 2").shows("Absensi &lt;b&gt;macet");

    let link = format!("{base}/tautkan");
    goes(
        &send(&agent, &link, &link, &[("to", &one), ("relation", "caused_by")]).await,
        &format!("{base}?kabar=tautkan"),
    );
    agent.get(&base).await.shows("Disebabkan oleh");
    agent.get(&format!("/kerja/tiket/{one}")).await.shows("Menyebabkan");
    let twice = send(&agent, &link, &link, &[("to", &one), ("relation", "caused_by")]).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    let off = send(&agent, &base, &format!("{base}/lepas-tautan"), &[("to", &one), ("relation", "caused_by")]).await;
    goes(&off, &format!("{base}?kabar=lepas-tautan"));
    assert!(!agent.get(&base).await.html.contains("Disebabkan oleh"));

    let refused = send(&agent, &format!("{merge}?ke={one}"), &merge, &[("into", &two)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let merged = send(&agent, &format!("{merge}?ke={one}"), &merge, &[("into", &one)]).await;
    goes(&merged, &format!("/kerja/tiket/{one}?dari={two}"));
    agent.get(&merged.location).await.shows("sudah digabung ke tiket ini").shows("Gabungan dari").shows("Di loket 2");
    goes(&agent.get(&base).await, &format!("/kerja/tiket/{one}?dari={two}"));
    agent.get(&format!("{base}?asli=ya")).await.shows("Tiket ini sudah digabung.").shows("Di loket 2");
    // The reporter is told where it goes on.
    let code = app.desk.secret.tracking_code(&two);
    let citizen = Browser::new(meja::web::routes(app.desk.clone()).unwrap());
    let entered = citizen.get(&format!("/lacak/{two}?kode={code}")).await;
    citizen.get(&entered.location).await.shows(&one).shows("dilanjutkan di sana");

    let answer = reply_to(app.mails_to("siti@warga.test").await.first().unwrap());
    let mail = format!(
        "From: Siti <siti@warga.test>\r\nTo: {answer}\r\nSubject: Re\r\nMessage-ID: <dua@x>\r\n\r\nPrinter juga macet.\r\n"
    );
    app.deliver(&mail, &answer, "siti@warga.test").await;
    let split = format!("/kerja/tiket/{one}/pisah");
    let page = agent.get(&split).await;
    page.shows("Printer juga macet.");
    assert!(!page.html.contains("Sejak pagi"), "the first message is the ticket itself");
    let id = page.html.split("name=\"message\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let nameless = send(&agent, &split, &split, &[("message", &id), ("subject", "")]).await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = send(&agent, &split, &split, &[("message", &id), ("subject", "Printer macet")]).await;
    goes(&done, &format!("/kerja/tiket/{one}?kabar=pisah"));
    agent.get(&done.location).await.shows("Dipisah menjadi").shows("Printer macet");
}

#[tokio::test]
async fn the_stream_shows_what_is_asked_for() {
    let app = desk("oki").await;
    let number = open(&app, json!({})).await;
    let base = format!("/kerja/tiket/{number}");
    let agent = signed_in(&app, "admin.dinkes@demo.test").await;
    let wait = format!("{base}/tunggu-pihak-lain");
    goes(
        &send(&agent, &wait, &wait, &[("reason", "Menunggu penyedia jaringan")]).await,
        &format!("{base}?kabar=tunggu-pihak-lain"),
    );
    let all = agent.get(&base).await;
    all.shows("Sejak pagi").shows("class=\"happened\"").shows("Menunggu penyedia jaringan");
    all.shows("Jam SLA dijeda, menunggu pihak lain sejak 5 Okt 2026, 09.00 WIB");
    let talk = agent.get(&format!("{base}?tampil=percakapan")).await;
    talk.shows("Sejak pagi");
    assert!(!talk.html.contains("class=\"happened\""));
    let events = agent.get(&format!("{base}?tampil=peristiwa")).await;
    events.shows("Tiket dibuat").shows("Pelapor menulis");
    assert!(!events.html.contains("class=\"message"));
    app.clock("2026-10-05T10:00:00+07:00").await;
    agent.get(&format!("{base}/batas")).await.shows("Jeda").shows("Menunggu pihak lain").shows("Waktu di lini pertama");
    app.desk.seal().await.unwrap();
    agent.get(&format!("{base}/riwayat")).await.shows("utuh").shows("Disegel sampai kejadian 3").shows("Unduh bukti");
    let proof = agent.get(&format!("{base}/riwayat/bukti")).await;
    let proof: Value = serde_json::from_str(&proof.html).unwrap();
    assert_eq!((&proof["verdict"]["ok"], proof["events"].as_array().unwrap().len()), (&json!(true), 3));
    agent.get(&format!("{base}/cetak")).await.shows("Berkas tiket").shows("Sejak pagi").shows("Rantai kejadian utuh");
    let stranger = signed_in(&app, "admin.disdukcapil@demo.test").await;
    for page in ["", "/riwayat", "/riwayat/bukti", "/cetak", "/klasifikasi", "/gabung", "/tugaskan"] {
        assert_eq!(stranger.get(&format!("{base}{page}")).await.status, StatusCode::NOT_FOUND, "{page}");
    }
    let auditor = signed_in(&app, "auditor@demo.test").await;
    auditor.get(&format!("{base}/cetak")).await.shows("Berkas tiket");
    for page in ["klasifikasi", "gabung", "tugaskan", "alihkan", "pisah"] {
        assert_eq!(auditor.get(&format!("{base}/{page}")).await.status, StatusCode::NOT_FOUND, "{page}");
    }
}

#[tokio::test]
async fn whoever_gave_a_ticket_away_is_told_who_holds_it() {
    let app = desk("oki").await;
    let number = open(&app, json!({})).await;
    let base = format!("/kerja/tiket/{number}");
    let agent = signed_in(&app, "admin.dinkes@demo.test").await;
    let page = format!("{base}/alihkan");
    let empty = send(&agent, &page, &page, &[("agency", "DISDUKCAPIL"), ("reason", "")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let moved = send(&agent, &page, &page, &[("agency", "DISDUKCAPIL"), ("reason", "Data kependudukan")]).await;
    goes(&moved, &format!("{base}?kabar=alihkan"));
    agent.get(&moved.location).await.shows("Tiket dialihkan ke Perangkat Daerah lain.").shows("sekarang dipegang");
    assert_eq!(agent.get(&base).await.status, StatusCode::FORBIDDEN);
    let receiver = signed_in(&app, "admin.disdukcapil@demo.test").await;
    receiver.get(&base).await.shows("Bukan kewenangan: Data kependudukan");
    let nobody = open(&app, json!({"agency": "DISDUKCAPIL"})).await;
    assert_eq!(agent.get(&format!("/kerja/tiket/{nobody}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_unit_asks_the_province_then_the_ministry() {
    let app = desk("oki").await;
    let number = open(&app, json!({})).await;
    let base = format!("/kerja/tiket/{number}");
    let office = signed_in(&app, "superadmin@demo.test").await;
    let page = format!("{base}/konsultasi");
    office.get(&page).await.shows("Pemerintah Provinsi Sumatera Selatan").shows("Konsultasikan dulu dengan");
    let ask = |with: &'static str| {
        [
            ("with", with),
            ("contact", "Ibu Sari"),
            ("date", "2026-10-05"),
            ("question", "Mohon <b>arahan</b>"),
            ("email", ""),
        ]
    };
    let early = send(&office, &page, &page, &ask("ministry")).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    early.shows("href=\"#with\"").shows("Mohon &lt;b&gt;arahan");
    goes(&send(&office, &page, &page, &ask("province")).await, &format!("{base}?kabar=konsultasi"));
    office.get(&base).await.shows("Menunggu jawaban");
    office.get("/kerja/konsultasi?keadaan=menunggu").await.shows(&number).shows("Ibu Sari");
    office.get("/kerja/konsultasi?keadaan=dijawab").await.shows("Belum ada konsultasi.");
    let answer = format!("{page}/1");
    let empty = send(&office, &page, &answer, &[("reply", ""), ("date", "2026-10-05")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    empty.shows("href=\"#jawab-1-reply\"");
    let done = send(&office, &page, &answer, &[("reply", "Ganti sertifikat"), ("date", "2026-10-05")]).await;
    goes(&done, &format!("{base}?kabar=jawaban-konsultasi"));
    office.get("/kerja/konsultasi?keadaan=dijawab").await.shows("Ganti sertifikat");
    goes(&send(&office, &page, &page, &ask("ministry")).await, &format!("{base}?kabar=konsultasi"));
}

#[tokio::test]
async fn a_ticket_is_entered_for_somebody_who_calls() {
    let app = desk("oki").await;
    let before = open(&app, json!({"service": "e-office", "agency": null})).await;
    let agent = signed_in(&app, "superadmin@demo.test").await;
    agent.get("/kerja/tiket/baru?cari=siti").await.shows(&format!("/kerja/tiket/baru?pelapor={before}"));
    agent.get(&format!("/kerja/tiket/baru?pelapor={before}")).await.shows("value=\"siti@warga.test\"");
    let page = "/kerja/tiket/baru";
    let form = async |fields: &[(&str, &str)]| {
        let shown = agent.get(page).await;
        let hidden = ["_csrf", "key"].map(|name| (name, shown.hidden(name)));
        let mut form: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
        form.extend_from_slice(fields);
        agent.post(page, &form).await
    };
    let empty = form(&[("name", ""), ("channel", "")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    empty.shows("href=\"#channel\"").shows("href=\"#name\"");
    let mut call = vec![
        ("channel", "phone"),
        ("name", "Pak Budi"),
        ("email", ""),
        ("service", "e-office"),
        ("kind", ""),
        ("subject", "Absensi macet lagi"),
        ("description", "Lewat telepon"),
        ("impact", ""),
        ("urgency", ""),
    ];
    let doubted = form(&call).await;
    assert_eq!(doubted.status, StatusCode::CONFLICT);
    doubted.shows(&before).shows("Mungkin hal ini sudah dilaporkan").shows("Lewat telepon");
    call.push(("tetap", "ya"));
    let made = form(&call).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.html);
    let number = made.location.trim_start_matches("/kerja/tiket/").trim_end_matches("/kode").to_owned();
    agent.get(&made.location).await.shows(&app.desk.secret.tracking_code(&number)).shows("Pak Budi");
    let ticket = app.ticket(&number).await;
    assert_eq!((&ticket["channel"], &ticket["requester"]["email"]), (&json!("phone"), &json!("")));
    // The code is for whoever has entered the ticket.
    let other = signed_in(&app, "auditor@demo.test").await;
    assert_eq!(other.get(&made.location).await.status, StatusCode::NOT_FOUND);
}
