//! Ready-made answers from outside: kept, filled in, sent with what goes with them, and nobody else's.

use crate::support::app::{Engine, TestApp};
use crate::support::browser::{Browser, Page};
use meja::desk::demo::PASSWORD;
use serde_json::{Value, json};

crate::support::on_both! {
    a_ready_made_answer_is_kept_filled_in_and_counted = kept_and_used;
    a_ready_made_answer_changes_what_it_says = effects;
    a_variable_that_is_none_is_never_sent = variables;
    ready_made_answers_of_others_are_nobodys_business = rights;
    machines_read_and_write_ready_made_answers = machines;
}

const NOW: &str = "2026-10-05T09:00:00+07:00";
const UNIT: &str = "superadmin@demo.test";
const AGENT: &str = "admin.dinkes@demo.test";

async fn town(engine: Engine) -> Option<(TestApp, String)> {
    let app = TestApp::new(engine, "oki", NOW).await?;
    let number = report(&app, "Absensi lambat").await;
    Some((app, number))
}

async fn report(app: &TestApp, subject: &str) -> String {
    let body = json!({"kind": "incident", "subject": subject, "description": "Sejak pagi", "agency": "DINKES",
        "requester": {"name": "Siti", "email": "siti@warga.test"}, "impact": "limited", "urgency": "medium"});
    let ticket = app.post("demo-superadmin", "/tickets", body).await.ok(201);
    ticket["number"].as_str().unwrap().to_owned()
}

async fn browser(app: &TestApp, email: &str) -> Browser {
    let browser = Browser::at(&app.desk);
    browser.sign_in(email, PASSWORD).await.is(303);
    browser
}

/// Sends a form that stands on `page`, with those of its marks that it has.
async fn send(browser: &Browser, page: &Page, to: &str, fields: &[(&str, &str)]) -> Page {
    let marks = ["_csrf", "versi", "key", "makro", "makro_versi"];
    let marks = marks.iter().filter(|name| page.html.contains(&format!("name=\"{name}\" value=\"")));
    let marks: Vec<(&str, String)> = marks.map(|name| (*name, page.hidden(name))).collect();
    let mut form: Vec<(&str, &str)> = marks.iter().map(|(name, value)| (*name, value.as_str())).collect();
    form.extend_from_slice(fields);
    browser.post(to, &form).await
}

const PLAIN: [(&str, &str); 3] = [("name", "Salam"), ("scope", "own"), ("next", "stay")];

/// Adds one and gives its number.
async fn add(browser: &Browser, fields: &[(&str, &str)]) -> String {
    let page = browser.get("/kerja/makro/baru").await;
    let added = send(browser, &page, "/kerja/makro/baru", fields).await;
    added.is(303);
    let twice = send(browser, &page, "/kerja/makro/baru", fields).await;
    assert_eq!(twice.location, added.location, "a double tap adds one");
    added.location.trim_start_matches("/kerja/makro/").trim_end_matches("?kabar=simpan").to_owned()
}

async fn kept_and_used(engine: Engine) {
    let Some((app, number)) = town(engine).await else { return };
    let budi = browser(&app, AGENT).await;
    budi.get("/kerja/makro").await.shows("Belum ada jawaban siap pakai.");
    let body = ("body", "Yth. {{ pelapor }},\ntiket {{nomor}} untuk {{ layanan }} kami tangani. {{ petugas }}");
    let id = add(&budi, &[&PLAIN[..], &[body]].concat()).await;
    let page = budi.get(&format!("/kerja/makro/{id}")).await;
    page.shows("{{ pelapor }}").shows("Jawaban siap pakai dibuat");
    let preview = budi.get(&format!("/kerja/makro/{id}?tiket={}", number.to_lowercase())).await;
    preview.shows(&format!("Yth. Siti,\ntiket {number} untuk layanan ini kami tangani. Budi Santoso"));
    budi.get(&format!("/kerja/makro/{id}?tiket=OKI-2610-00099-9")).await.shows("Tulis nomor tiket yang ada");
    let address = format!("/kerja/tiket/{number}");
    let ticket = budi.get(&address).await;
    ticket.shows(">Salam</option>").shows("Sisipkan");
    let chosen = [("pilihan", id.as_str()), ("body", "Selamat pagi.")];
    send(&budi, &ticket, &format!("{address}/makro"), &chosen).await.goes_to(&format!("{address}#balas"));
    let ticket = budi.get(&address).await;
    ticket.shows(&format!("Selamat pagi.\n\nYth. Siti,\ntiket {number} untuk"));
    assert!(!ticket.html.contains("Kirim dan jalankan"), "it changes nothing");
    for _ in 0..2 {
        send(&budi, &ticket, &format!("{address}/balas"), &[("body", "Selamat pagi.")]).await.is(303);
    }
    budi.get("/kerja/makro").await.shows("1 kali dipakai");
    // Another version, and one that was based on the first.
    let new = [&PLAIN[1..], &[("name", "Salam pagi"), ("body", "Selamat pagi")]].concat();
    send(&budi, &page, &format!("/kerja/makro/{id}"), &new).await.is(303);
    let stale = send(&budi, &page, &format!("/kerja/makro/{id}"), &new).await;
    stale.is(409).shows("Salam pagi").shows("Selamat pagi</textarea>");
    let page = budi.get(&format!("/kerja/makro/{id}")).await;
    page.shows("Jawaban siap pakai diubah");
    send(&budi, &page, &format!("/kerja/makro/{id}/tarik"), &[]).await.is(303);
    assert!(!budi.get(&address).await.html.contains("Salam pagi</option>"), "no longer offered");
    budi.get("/kerja/makro").await.shows("ditarik");
    let page = budi.get(&format!("/kerja/makro/{id}")).await;
    send(&budi, &page, &format!("/kerja/makro/{id}/pulihkan"), &[]).await.is(303);
    budi.get(&address).await.shows("Salam pagi</option>");
    app.audit_is_intact().await;
}

async fn effects(engine: Engine) {
    let Some((app, number)) = town(engine).await else { return };
    let second = report(&app, "Absensi mati").await;
    let budi = browser(&app, AGENT).await;
    let fields = [
        ("name", "Selesai"),
        ("body", "Sudah kami perbaiki."),
        ("scope", "agency"),
        ("agency", "DINKES"),
        ("status", "resolved"),
        ("priority", "P2"),
        ("reason", "Loket tutup"),
        ("next", "next"),
    ];
    let id = add(&budi, &fields).await;
    for number in [&number, &second] {
        let page = budi.get(&format!("/kerja/tiket/{number}")).await;
        send(&budi, &page, &format!("/kerja/tiket/{number}/ambil"), &[]).await.is(303);
    }
    let address = format!("/kerja/tiket/{number}");
    let page = budi.get(&address).await;
    send(&budi, &page, &format!("{address}/makro"), &[("pilihan", &id), ("body", "")]).await.is(303);
    let page = budi.get(&address).await;
    page.shows("Prioritas: dari P4 Rendah menjadi P2 Tinggi").shows("menjadi Selesai").shows("Kirim dan jalankan");
    // Somebody writes meanwhile: nothing runs unread.
    let note = format!("/tickets/{number}/messages");
    app.post("demo-superadmin", &note, json!({"body": "Kabel putus", "visibility": "internal"})).await.ok(201);
    let body = [("body", "Sudah kami perbaiki. Terima kasih.")];
    let stopped = send(&budi, &page, &format!("{address}/jalankan"), &body).await;
    stopped.is(409).shows("Ada 1 perubahan").shows("Kabel putus").shows("Terima kasih.</textarea>");
    assert_eq!(app.ticket(&number).await["priority"], "P4", "all or nothing");
    let done = send(&budi, &stopped, &format!("{address}/jalankan"), &body).await;
    done.goes_to(&format!("/kerja/tiket/{second}"));
    let next = budi.get(&done.location).await;
    next.shows(&format!("Balasan untuk tiket {number} terkirim dalam 20 detik."));
    next.shows(&format!("action=\"/kerja/tiket/{number}/batal\""));
    let ticket = app.ticket(&number).await;
    assert_eq!((&ticket["priority"], &ticket["status"]), (&json!("P2"), &json!("resolved")));
    let kinds: Vec<String> = app.events(&number).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["opened", "requester_wrote", "assigned", "noted", "prioritized", "resolved"]);
    // Changed by somebody else between reading and sending: it is read again first.
    let address = format!("/kerja/tiket/{second}");
    let page = budi.get(&address).await;
    send(&budi, &page, &format!("{address}/makro"), &[("pilihan", &id), ("body", "")]).await.is(303);
    let page = budi.get(&address).await;
    let form = budi.get(&format!("/kerja/makro/{id}")).await;
    let mut other = fields;
    other[4].1 = "";
    send(&budi, &form, &format!("/kerja/makro/{id}"), &other).await.is(303);
    let refused = send(&budi, &page, &format!("{address}/jalankan"), &body).await;
    refused.goes_to(&format!("{address}?kabar=makro-berubah#balas"));
    assert_eq!(app.ticket(&second).await["status"], "new");
    budi.get(&refused.location).await.shows("Terima kasih.</textarea>");
    app.audit_is_intact().await;
}

async fn variables(engine: Engine) {
    let Some((app, number)) = town(engine).await else { return };
    let budi = browser(&app, AGENT).await;
    let page = budi.get("/kerja/makro/baru").await;
    for (body, told) in [("Halo {{ nama_anda }}", "nama_anda"), ("Halo {{ nomor", "nomor")] {
        let refused = send(&budi, &page, "/kerja/makro/baru", &[&PLAIN[..], &[("body", body)]].concat()).await;
        refused.is(422).shows(told).shows("href=\"#body\"").shows(&format!("{body}</textarea>"));
    }
    let refused = send(&budi, &page, "/kerja/makro/baru", &[("name", ""), ("priority", "P9")]).await;
    refused.is(422).shows("href=\"#scope\"").shows("href=\"#priority\"");
    budi.get("/kerja/makro").await.shows("Belum ada jawaban siap pakai.");
    let address = format!("/kerja/tiket/{number}");
    let page = budi.get(&address).await;
    for act in ["balas", "selesaikan", "minta-data"] {
        let form = [("lalu", act), ("body", "Yth. {{ pelapor }}, {{ layanan }} sudah")];
        let refused = send(&budi, &page, &format!("{address}/balas"), &form).await;
        refused.is(422).shows("href=\"#balas-body\"").shows("Yth. {{ pelapor }}, {{ layanan }} sudah</textarea>");
    }
    send(&budi, &page, &format!("{address}/catatan"), &[("body", "Templat {{ pelapor }} rusak")]).await.is(303);
    let page = budi.get(&address).await;
    send(&budi, &page, &format!("{address}/balas"), &[("body", "Pakai kode {{\"a\": 1}} saja")]).await.is(303);
}

async fn rights(engine: Engine) {
    let Some((app, number)) = town(engine).await else { return };
    let (budi, rina) = (browser(&app, AGENT).await, browser(&app, UNIT).await);
    let own = add(&budi, &[&PLAIN[..], &[("body", "Pribadi")]].concat()).await;
    let agency = [("name", "Dinkes"), ("body", "Isi"), ("scope", "agency"), ("agency", "DINKES"), ("next", "stay")];
    let agencys = add(&budi, &agency).await;
    let region = [("name", "Daerah"), ("body", "Isi"), ("scope", "region"), ("next", "stay")];
    let regions = add(&rina, &region).await;
    let page = budi.get("/kerja/makro/baru").await;
    send(&budi, &page, "/kerja/makro/baru", &region).await.is(403).shows("Isi</textarea>");
    let mut foreign = agency;
    foreign[3].1 = "BKD";
    send(&budi, &page, "/kerja/makro/baru", &foreign).await.is(403);
    rina.get(&format!("/kerja/makro/{own}")).await.is(404);
    rina.get(&format!("/kerja/makro/{agencys}")).await.is(200);
    let sari = browser(&app, "admin.disdukcapil@demo.test").await;
    let list = sari.get("/kerja/makro").await;
    list.shows("Daerah");
    assert!(!list.html.contains("Dinkes") && !list.html.contains("Salam"), "{}", list.html);
    for id in [&own, &agencys] {
        sari.get(&format!("/kerja/makro/{id}")).await.is(404);
        let page = sari.get("/kerja/makro/baru").await;
        send(&sari, &page, &format!("/kerja/makro/{id}"), &region).await.is(404);
        send(&sari, &page, &format!("/kerja/makro/{id}/tarik"), &[]).await.is(404);
    }
    let page = sari.get(&format!("/kerja/makro/{regions}")).await;
    assert!(!page.html.contains("Simpan jawaban"), "only the ICT office changes the region's");
    send(&sari, &page, &format!("/kerja/makro/{regions}/tarik"), &[("versi", "1")]).await.is(403);
    let ticket = rina.get(&format!("/kerja/tiket/{number}")).await;
    ticket.shows(">Dinkes</option>").shows(">Daerah</option>");
    assert!(!ticket.html.contains(">Salam</option>"));
    let insert = format!("/kerja/tiket/{number}/makro");
    send(&rina, &ticket, &insert, &[("pilihan", &own), ("body", "")]).await.is(404);
    let warga = browser(&app, "warga@demo.test").await;
    warga.get("/kerja/makro").await.is(403);
}

async fn machines(engine: Engine) {
    let Some((app, number)) = town(engine).await else { return };
    let reply = |name: &str, body: &str| {
        json!({"name": name, "body": body, "scope": "agency", "agency": "DINKES",
        "status": "resolved", "next_step": "stay"})
    };
    let made = app.post("demo-dinkes", "/canned-replies", reply("Pulih", "Yth. {{ pelapor }}, pulih.")).await.ok(201);
    assert_eq!((&made["version"], &made["used"], &made["status"]), (&json!(1), &json!(0), &json!("resolved")));
    let path = format!("/canned-replies/{}", made["id"]);
    let bad = app.post("demo-dinkes", "/canned-replies", reply("x", "{{ apa }}")).await.ok(422);
    assert_eq!(bad["errors"][0]["field"], "body");
    app.post("demo-disdukcapil", "/canned-replies", reply("x", "y")).await.ok(403);
    let list = app.get("demo-dinkes", "/canned-replies").await.ok(200);
    assert_eq!((list["items"].as_array().unwrap().len(), &list["next_cursor"]), (1, &Value::Null));
    assert_eq!(app.get("demo-disdukcapil", "/canned-replies").await.ok(200)["items"], json!([]));
    app.get("demo-disdukcapil", &path).await.ok(404);
    app.get("demo-warga", "/canned-replies").await.ok(403);
    let filled = app.get("demo-dinkes", &format!("{path}?ticket={number}")).await.ok(200);
    assert_eq!(filled["filled"], "Yth. Siti, pulih.");
    let change = json!({"name": "Pulih", "body": "Pulih.", "scope": "agency", "agency": "DINKES", "next_step": "close", "version": 1});
    let patch = async |body: Value| app.call(poem::http::Method::PUT, "demo-dinkes", &path, Some(body), &[]).await;
    assert_eq!(patch(change.clone()).await.ok(200)["version"], 2);
    assert_eq!(patch(change).await.ok(409)["version"], 2);
    let gone = json!({"name": "Pulih", "body": "Pulih.", "scope": "agency", "agency": "DINKES", "active": false, "version": 2});
    assert_eq!(patch(gone).await.ok(200)["active"], false);
    app.audit_is_intact().await;
}
