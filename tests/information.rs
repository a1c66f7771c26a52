//! Problems, changes, announcements, webhooks and the public pages of services: from outside, on both databases.

use crate::support::app::{Engine, TestApp};
use crate::support::browser::Browser;
use crate::support::on_both;
use meja::config::MonitorsConfig;
use meja::desk::Desk;
use meja::desk::demo::PASSWORD;
use meja::desk::outward::Outward;
use meja::secret::signature;
use poem::http::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const UNIT: &str = "demo-superadmin";

on_both! {
    a_problem_is_solved_and_answers_everybody_at_once = problem;
    a_change_is_approved_by_others_and_becomes_maintenance = change;
    a_standard_change_needs_no_approval = standard;
    an_announcement_reaches_those_it_is_for = announcement;
    a_service_tells_everybody_what_it_promises = services;
    a_webhook_is_signed_and_tried_again = webhook;
    those_whose_tickets_are_tied_hear_of_a_disruption = followers;
}

async fn region(engine: Engine) -> Option<TestApp> {
    TestApp::new(engine, "oki", "2026-10-20T10:00:00+07:00").await
}

async fn incident(app: &TestApp, subject: &str) -> String {
    let body = json!({"subject": subject, "description": "Tidak bisa dibuka sejak pagi", "kind": "incident",
        "service": "simpus", "requester": {"name": "Siti", "email": "siti@warga.test"}});
    app.post(UNIT, "/tickets", body).await.ok(201)["number"].as_str().unwrap().to_owned()
}

async fn put(app: &TestApp, token: &str, path: &str, body: Value) -> crate::support::app::Answer {
    app.call(Method::PUT, token, path, Some(body), &[]).await
}

async fn problem(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let (one, two) = (incident(&app, "SIMPUS mati").await, incident(&app, "SIMPUS lambat").await);
    let new = json!({"subject": "SIMPUS sering mati", "description": "Tiap Senin pagi", "service": "simpus",
        "incidents": [one, two]});
    let refused =
        app.post(UNIT, "/problems", json!({"subject": "x", "description": "y", "incidents": ["OKI-1"]})).await;
    assert_eq!(refused.ok(422)["errors"][0]["field"], "incidents");
    let opened = app.post(UNIT, "/problems", new.clone()).await.ok(201);
    let number = opened["number"].as_str().unwrap().to_owned();
    assert_eq!(opened["incidents"].as_array().unwrap().len(), 2, "{opened}");
    assert_eq!((&opened["state"], &opened["known_error"]), (&json!("investigating"), &json!(false)));
    app.post("demo-warga", "/problems", new).await.ok(403);
    app.get("demo-warga", &format!("/problems/{number}")).await.ok(404);
    app.get(UNIT, &format!("/problems/{one}")).await.ok(404);

    let path = format!("/problems/{number}");
    let known = json!({"state": "cause_found", "known_error": true, "workaround": "Pakai formulir kertas"});
    let refused = put(&app, UNIT, &path, known.clone()).await.ok(422);
    assert_eq!(refused["errors"][0]["field"], "cause");
    let mut whole = known;
    whole["cause"] = "Diska penuh".into();
    whole["version"] = 1.into();
    put(&app, UNIT, &path, whole.clone()).await.ok(409);
    whole["version"] = opened["version"].clone();
    let saved = put(&app, UNIT, &path, whole).await.ok(200);
    assert_eq!((&saved["known_error"], &saved["cause"]), (&json!(true), &json!("Diska penuh")));
    let list = app.get(UNIT, "/problems?open=true").await.ok(200);
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["incident_count"]), (1, &json!(2)));

    // Staff read the way round on the tickets of the service, and the page of the problem answers all.
    let worker = Browser::at(&app.desk);
    worker.sign_in("superadmin@demo.test", PASSWORD).await;
    worker.get(&format!("/kerja/tiket/{one}")).await.is(200).shows("Pakai formulir kertas");
    worker.get(&format!("/kerja/masalah/{number}")).await.is(200).shows("Diska penuh").shows(&two);
    worker.get("/kerja/masalah").await.is(200).shows("SIMPUS sering mati");
    let address = format!("/kerja/masalah/{number}");
    let (first, second) = (format!("tiket-{one}"), format!("tiket-{two}"));
    let act = format!("{address}/selesaikan");
    let version = put(&app, UNIT, &path, json!({"state": "fix_planned", "cause": "Diska penuh"})).await.ok(200);
    let version = version["version"].to_string();
    let empty = worker.fill(&address, &act, &[("versi", &version), ("solution", "Diganti"), (&first, "ya")]).await;
    empty.is(422);
    let form = [
        ("versi", version.as_str()),
        ("solution", "Diska diganti"),
        ("answer", "SIMPUS normal kembali"),
        (&first, "ya"),
        (&second, "ya"),
        ("key", "kunci-sendiri"),
    ];
    worker.fill(&address, &act, &form).await.is(303);
    for ticket in [&number, &one, &two] {
        assert_eq!(app.ticket(ticket).await["status"], "resolved", "{ticket}");
    }
    assert!(!app.mails_to("siti@warga.test").await.is_empty());
    let outside = app.post(UNIT, &format!("{path}/solve"), json!({"tickets": [number], "answer": "x"})).await.ok(422);
    assert_eq!(outside["errors"][0]["field"], "tickets");
    app.audit_is_intact().await;
}

fn plan() -> Value {
    json!({"subject": "Pembaruan basis data", "description": "Versi lama tidak didukung", "agency": "DINKES",
        "service": "simpus", "risk": "medium", "impact": "SIMPUS tidak dapat dibuka", "plan": "Cadangkan, perbarui",
        "rollback": "Pulihkan cadangan", "services": ["simpus"], "starts_at": "2026-10-24T14:00:00Z",
        "ends_at": "2026-10-24T16:00:00Z"})
}

async fn change(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let opened = app.post(UNIT, "/changes", plan()).await.ok(201);
    let number = opened["number"].as_str().unwrap().to_owned();
    assert_eq!((&opened["phase"], &opened["approval"]), (&json!("plan"), &json!("none")));
    let path = format!("/changes/{number}");
    let say = |verb: &str| format!("{path}/{verb}");
    let version = |it: &Value| it["version"].clone();
    // Nobody approves his own change alone, and nobody who cannot approve is asked.
    let own = app.post(UNIT, &say("submit"), json!({"approvers": ["superadmin@demo.test"]})).await.ok(422);
    assert_eq!(own["errors"][0]["field"], "approvers");
    app.post(UNIT, &say("submit"), json!({"approvers": ["warga@demo.test"]})).await.ok(422);
    app.post(UNIT, &say("submit"), json!({"approvers": []})).await.ok(422);
    for phase in ["analyse", "develop"] {
        app.post(UNIT, &say("advance"), json!({"phase": phase, "note": "Selesai ditulis"})).await.ok(200);
    }
    app.post(UNIT, &say("advance"), json!({"phase": "evaluate", "note": "lompat"})).await.ok(409);
    let early = app.post(UNIT, &say("advance"), json!({"phase": "implement", "note": "langsung"})).await.ok(409);
    assert!(early["detail"].as_str().is_some_and(|text| !text.is_empty()), "{early}");
    app.post(UNIT, &format!("/tickets/{number}/resolve"), json!({"solution": "Sudah"})).await.ok(409);
    let asked = app.post(UNIT, &say("submit"), json!({"approvers": ["tim.koordinasi@demo.test"]})).await.ok(200);
    assert_eq!((&asked["approval"], asked["votes"].as_array().unwrap().len()), (&json!("asked"), 1));
    assert_eq!(app.mails_to("tim.koordinasi@demo.test").await.len(), 1);
    app.post(UNIT, &say("vote"), json!({"decision": "approved"})).await.ok(403);
    app.post("demo-koordinasi", &say("vote"), json!({"decision": "refused"})).await.ok(422);
    let stale = json!({"decision": "approved", "version": 1});
    app.post("demo-koordinasi", &say("vote"), stale).await.ok(409);

    let judge = Browser::at(&app.desk);
    judge.sign_in("tim.koordinasi@demo.test", PASSWORD).await;
    judge.get("/kerja").await.is(200).shows("Pembaruan basis data");
    let address = format!("/kerja/perubahan/{number}");
    judge.get(&address).await.is(200).shows("Cadangkan, perbarui");
    let form =
        [("versi", asked["version"].to_string()), ("decision", "approved".to_owned()), ("reason", String::new())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    judge.fill(&address, &format!("{address}/putuskan"), &form).await.is(303);
    let approved = app.get(UNIT, &path).await.ok(200);
    assert_eq!(approved["approval"], "approved", "{approved}");
    let code = approved["maintenance"].as_str().unwrap();
    app.desk.refresh_status().await.unwrap();
    let status = app.get("", "/public/status").await.ok(200);
    assert_eq!(status["maintenance"][0]["code"], code, "{status}");

    // A plan that is changed afterwards must be approved again, and its window is called off.
    let mut moved = json!({"risk": "medium", "impact": "SIMPUS tidak dapat dibuka", "plan": "Cadangkan, perbarui",
        "rollback": "Pulihkan cadangan", "services": ["simpus"], "starts_at": "2026-10-25T14:00:00Z",
        "ends_at": "2026-10-25T16:00:00Z"});
    moved["version"] = version(&approved);
    let again = put(&app, UNIT, &path, moved).await.ok(200);
    assert_eq!((&again["approval"], &again["maintenance"]), (&json!("none"), &Value::Null));
    assert_eq!(app.get(UNIT, &format!("/maintenance/{code}")).await.ok(200)["state"], "cancelled");
    app.post(UNIT, &say("submit"), json!({"approvers": ["tim.koordinasi@demo.test"]})).await.ok(200);
    app.post("demo-koordinasi", &say("vote"), json!({"decision": "approved"})).await.ok(200);
    for phase in ["implement", "monitor"] {
        app.post(UNIT, &say("advance"), json!({"phase": phase, "note": "Berjalan baik"})).await.ok(200);
    }
    app.post(UNIT, &say("end"), json!({"outcome": "successful", "note": "Baik"})).await.ok(409);
    app.post(UNIT, &say("advance"), json!({"phase": "evaluate", "note": "Dipantau sehari"})).await.ok(200);
    let ended = app.post(UNIT, &say("end"), json!({"outcome": "successful", "note": "Sesuai rencana"})).await.ok(200);
    assert_eq!((&ended["outcome"], &ended["status"]), (&json!("successful"), &json!("resolved")));
    assert_eq!(ended["steps"].as_array().unwrap().len(), 5);
    let kinds: Vec<String> = app.events(&number).await.into_iter().map(|(kind, _)| kind).collect();
    for kind in ["change_planned", "change_submitted", "change_voted", "change_phase", "change_ended"] {
        assert!(kinds.iter().any(|found| found == kind), "{kind} in {kinds:?}");
    }
    app.audit_is_intact().await;
}

async fn standard(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let body =
        json!({"subject": "Laporan LAN", "description": "Sakelar baru", "agency": "DINKES", "template": "laporan-lan"});
    let opened = app.post("demo-dinkes", "/changes", body.clone()).await.ok(201);
    assert_eq!((&opened["approval"], &opened["risk"]), (&json!("standard"), &json!("low")));
    assert!(opened["plan"].as_str().unwrap().contains("VLAN"), "{opened}");
    let path = format!("/changes/{}", opened["number"].as_str().unwrap());
    for phase in ["analyse", "develop", "implement"] {
        let body = json!({"phase": phase, "note": "Selesai"});
        app.post("demo-dinkes", &format!("{path}/advance"), body).await.ok(200);
    }
    // One that has grown more dangerous than its pattern is approved beforehand no longer.
    let risky = put(&app, "demo-dinkes", &path, json!({"risk": "high", "plan": "Ganti semua"})).await.ok(200);
    assert_eq!(risky["approval"], "none");
    let mut unknown = body;
    unknown["template"] = "lain".into();
    assert_eq!(app.post("demo-dinkes", "/changes", unknown).await.ok(422)["errors"][0]["field"], "template");
}

async fn announcement(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let body = json!({"agency": "DINKES", "audience": "public", "severity": "warning", "title": "Loket pindah <b>",
        "message": "Mulai besok di gedung B", "ends_at": "2026-10-25T10:00:00+07:00"});
    app.post("demo-disdukcapil", "/announcements", body.clone()).await.ok(403);
    let mut all = body.clone();
    all["agency"] = Value::Null;
    app.post("demo-dinkes", "/announcements", all).await.ok(403);
    let mut wrong = body.clone();
    wrong["ends_at"] = "2026-10-19T10:00:00+07:00".into();
    assert_eq!(app.post("demo-dinkes", "/announcements", wrong).await.ok(422)["errors"][0]["field"], "ends_at");
    let made = app.post("demo-dinkes", "/announcements", body.clone()).await.ok(201);
    let code = made["code"].as_str().unwrap().to_owned();
    assert_eq!((code.as_str(), &made["state"]), ("PGM-2026-0001", &json!("running")));
    let visitor = Browser::at(&app.desk);
    visitor.get("/").await.is(200).shows("Loket pindah").shows("Mulai besok");
    visitor.get("/pengumuman").await.is(200).shows("Loket pindah");
    visitor.get("/pengumuman.atom").await.is(200).shows("Loket pindah &lt;b&gt;");
    visitor.get("/layanan/simpus").await.is(200).shows("Loket pindah");
    assert!(!visitor.get("/layanan/e-office").await.html.contains("Loket pindah"), "it is of another agency");
    let staff = json!({"audience": "staff", "severity": "info", "title": "Rapat petugas", "message": "Jumat"});
    app.post(UNIT, "/announcements", staff).await.ok(201);
    assert!(!visitor.get("/").await.html.contains("Rapat petugas"));
    let worker = Browser::at(&app.desk);
    worker.sign_in("admin.disdukcapil@demo.test", PASSWORD).await;
    let home = worker.get("/kerja").await;
    home.is(200).shows("Rapat petugas");
    assert!(!home.html.contains("Loket pindah"), "it is of another agency");
    let path = format!("/announcements/{code}");
    let mut changed = body;
    changed["title"] = "Loket pindah lagi".into();
    changed["version"] = 7.into();
    put(&app, "demo-dinkes", &path, changed.clone()).await.ok(409);
    changed["version"] = 1.into();
    put(&app, "demo-dinkes", &path, changed).await.ok(200);
    app.post("demo-dinkes", &format!("{path}/withdraw"), json!({"reason": "Batal"})).await.ok(200);
    assert!(!visitor.get("/").await.html.contains("Loket pindah"));
    app.post("demo-dinkes", &format!("{path}/withdraw"), json!({"reason": "Batal"})).await.ok(409);
    let events = app.get(UNIT, &format!("{path}/events")).await.ok(200);
    assert_eq!(events["items"].as_array().unwrap().len(), 3);
    app.audit_is_intact().await;
}

async fn services(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let visitor = Browser::at(&app.desk);
    visitor.get("/layanan").await.is(200).shows("/layanan/simpus").shows("Normal");
    visitor.get("/layanan?cari=simpus").await.is(200).shows("/layanan/simpus");
    visitor.get("/layanan?cari=tidakada").await.is(200).shows("Tidak ada layanan yang cocok");
    visitor.get("/layanan/tidak-ada").await.is(404);
    let page = visitor.get("/layanan/simpus").await;
    for words in [
        "Maklumat pelayanan",
        "Standar pelayanan",
        "Janji waktu",
        "Penilaian kinerja",
        "Profil penyelenggara",
        "Cara melapor",
        "Tata cara",
        "Bawaan",
        "/lapor?layanan=simpus",
    ] {
        page.is(200).shows(words);
    }
    visitor.get("/lapor?layanan=simpus").await.is(200);
    visitor.get("/layanan/simpus/poster").await.is(200).shows("<svg").shows("http://desk.test/layanan/simpus");
    let number = incident(&app, "SIMPUS mati").await;
    app.clock("2026-10-20T10:30:00+07:00").await;
    app.post(UNIT, &format!("/tickets/{number}/resolve"), json!({"solution": "Dihidupkan"})).await.ok(200);
    visitor.get("/layanan/simpus").await.is(200).shows("<dd>1</dd>");
}

/// Answers each request with the next status and keeps what came.
async fn receiver(statuses: Vec<u16>) -> (u16, Arc<tokio::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let came: Arc<tokio::sync::Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&came);
    tokio::spawn(async move {
        for status in statuses {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut text = Vec::new();
            let mut piece = [0_u8; 8192];
            loop {
                let read = stream.read(&mut piece).await.unwrap();
                text.extend_from_slice(&piece[..read]);
                let whole = String::from_utf8_lossy(&text).into_owned();
                let length =
                    whole.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.trim().parse::<usize>().ok());
                let body = whole.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
                if read == 0 || length.is_some_and(|length| body >= length) {
                    kept.lock().await.push(whole);
                    break;
                }
            }
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (port, came)
}

fn header<'a>(request: &'a str, name: &str) -> &'a str {
    request.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
}

async fn webhook(engine: Engine) {
    let Some(region) = region(engine).await else { return };
    let (port, came) = receiver(vec![503, 204]).await;
    let settings = MonitorsConfig { allow: vec!["127.0.0.1".to_owned()], ca_file: None };
    let app = TestApp::around(Desk { outward: Arc::new(Outward::new(&settings).unwrap()), ..region.desk.clone() });
    let body = |url: String| json!({"name": "Dasbor", "url": url, "events": ["opened", "resolved"]});
    for bad in [
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/",
        "ftp://127.0.0.1/",
        "http://user:pass@127.0.0.1/",
        "",
    ] {
        let refused = app.post("demo-dinkes", "/webhooks", body(bad.to_owned())).await.ok(422);
        assert_eq!(refused["errors"][0]["field"], "url", "{bad}");
    }
    app.post("demo-warga", "/webhooks", body(format!("http://127.0.0.1:{port}/x"))).await.ok(403);
    let mut none = body(format!("http://127.0.0.1:{port}/x"));
    none["events"] = json!(["lain"]);
    assert_eq!(app.post("demo-dinkes", "/webhooks", none).await.ok(422)["errors"][0]["field"], "events");
    let made = app.post("demo-dinkes", "/webhooks", body(format!("http://127.0.0.1:{port}/x"))).await.ok(201);
    let secret = made["secret"].as_str().unwrap().to_owned();
    let path = format!("/webhooks/{}", made["id"]);
    assert_eq!(app.get("demo-dinkes", &path).await.ok(200).get("secret"), None, "it is shown once");
    app.get("demo-disdukcapil", &path).await.ok(404);

    // One ticket of the owner's agency, one he may not see.
    incident(&app, "SIMPUS mati").await;
    let other =
        json!({"subject": "KTP", "description": "Tidak bisa cetak", "kind": "incident", "agency": "DISDUKCAPIL"});
    app.post(UNIT, "/tickets", other).await.ok(201);
    assert_eq!(app.desk.send_webhooks().await.unwrap(), 0, "the receiver is ill");
    let list = app.get("demo-dinkes", &format!("{path}/deliveries")).await.ok(200);
    let states: Vec<&str> = list["items"].as_array().unwrap().iter().map(|it| it["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["skipped", "queued"], "{list}");
    assert_eq!((&list["items"][1]["status"], &list["items"][1]["attempts"]), (&json!(503), &json!(1)));
    let later = Desk {
        clock: meja::clock::Clock::frozen(app.desk.clock.machine() + chrono::Duration::minutes(2)),
        ..app.desk.clone()
    };
    assert_eq!(later.send_webhooks().await.unwrap(), 1);
    let came = came.lock().await.clone();
    assert_eq!(came.len(), 2);
    assert_eq!(header(&came[0], "Idempotency-Key"), header(&came[1], "Idempotency-Key"));
    let (_, sent) = came[1].split_once("\r\n\r\n").unwrap();
    let signed = signature(&secret, &format!("{}.{sent}", header(&came[1], "Webhook-Timestamp")));
    assert_eq!(header(&came[1], "Webhook-Signature"), format!("v1={signed}"));
    let told: Value = serde_json::from_str(sent).unwrap();
    assert_eq!((&told["event"], &told["ticket"]["agency"]), (&json!("opened"), &json!("DINKES")));
    assert!(!sent.contains("Siti") && !sent.contains("siti@"), "no person is named");
    let renewed = app.post("demo-dinkes", &format!("{path}/secret"), json!({})).await.ok(200);
    assert_ne!(renewed["secret"], json!(secret));
    let mut off = body(format!("http://127.0.0.1:{port}/x"));
    off["active"] = false.into();
    put(&app, "demo-dinkes", &path, off).await.ok(200);
    incident(&app, "SIMPUS lagi").await;
    assert_eq!(app.desk.send_webhooks().await.unwrap(), 0);
    let list = app.get("demo-dinkes", &format!("{path}/deliveries")).await.ok(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "one that is off is told nothing");
    let owner = Browser::at(&app.desk);
    owner.sign_in("admin.dinkes@demo.test", PASSWORD).await;
    owner.get("/kerja/pengaturan/webhook").await.is(200).shows("Dasbor");
    owner.get(&format!("/kerja/pengaturan/webhook/{}", made["id"])).await.is(200).shows("Terkirim");
    app.audit_is_intact().await;
}

async fn followers(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let (number, other) = (incident(&app, "SIMPUS mati").await, incident(&app, "SIMPUS tidak bisa masuk").await);
    let mut tx = app.desk.db.write().await.unwrap();
    let mut row = meja::store::tickets::by_number(&mut tx, &other).await.unwrap().unwrap();
    (row.requester_verified, row.version) = (true, row.version + 1);
    meja::store::tickets::update(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
    let link = json!({"to": other, "relation": "related"});
    app.post(UNIT, &format!("/tickets/{number}/link"), link).await.ok(200);
    let worker = Browser::at(&app.desk);
    worker.sign_in("admin.dinkes@demo.test", PASSWORD).await;
    let address = format!("/kerja/tiket/{number}/umumkan");
    let form = [
        ("headline", "SIMPUS tidak dapat dibuka"),
        ("message", "Kami periksa"),
        ("phase", "investigating"),
        ("next_date", "2026-10-20"),
        ("next_time", "12.00"),
    ];
    worker.fill(&address, &address, &form).await.is(303);
    let before = app.mails_to("siti@warga.test").await.len();
    assert!(!worker.get("/kerja").await.html.contains("sudah lewat waktunya"));
    app.clock("2026-10-20T12:30:00+07:00").await;
    worker.get("/kerja").await.is(200).shows("sudah lewat waktunya").shows("SIMPUS tidak dapat dibuka");
    let more = [
        ("version", "1"),
        ("message", "Peladen diganti"),
        ("phase", "monitoring"),
        ("next_date", "2026-10-20"),
        ("next_time", "15.00"),
    ];
    worker.fill(&address, &address, &more).await.is(303);
    let mails = app.mails_to("siti@warga.test").await;
    assert_eq!(mails.len(), before + 1, "the reporter of the tied ticket hears of it, once");
    let told = crate::support::app::readable(mails.last().unwrap());
    assert!(told.contains("Peladen diganti") && told.contains("/gangguan/"), "{told}");
    assert!(!worker.get("/kerja").await.html.contains("sudah lewat waktunya"));
    // What is restricted later is not for the public any more, on no page.
    let visitor = Browser::at(&app.desk);
    visitor.get("/gangguan/GGN-2026-0001").await.is(200);
    let mut tx = app.desk.db.write().await.unwrap();
    let mut row = meja::store::tickets::by_number(&mut tx, &number).await.unwrap().unwrap();
    row.classification = meja::domain::ticket::Classification::Restricted;
    row.version += 1;
    meja::store::tickets::update(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
    visitor.get("/gangguan/GGN-2026-0001").await.is(404);
    for page in ["/", "/layanan/simpus"] {
        assert!(!visitor.get(page).await.html.contains("SIMPUS tidak dapat dibuka"), "{page}");
    }
}
