//! Answering a ticket, from outside: two at once, drafts, calling back, who is there.

use crate::support::app::{Engine, TestApp};
use crate::support::browser::{Browser, Page};
use chrono::{DateTime, Duration, Utc};
use meja::clock::Clock;
use meja::desk::Desk;
use meja::desk::demo::PASSWORD;
use meja::domain::message::OutboxState;
use serde_json::{Value, json};

crate::support::on_both! {
    the_second_of_two_who_answer_reads_the_first = two_at_once;
    no_form_loses_its_text = no_text_is_lost;
    a_draft_is_shared_and_taken_over = drafts;
    files_wait_for_the_answer_they_belong_to = files;
    an_ended_session_keeps_its_text = parting;
    an_answer_is_called_back_in_time = called_back;
    a_solution_is_called_back_wholly = solution_back;
    an_answer_leaves_once_after_its_hold = leaves_once;
    what_is_urgent_and_what_machines_write_is_not_held = not_held;
    whoever_is_at_a_ticket_is_seen_for_half_a_minute = presence;
}

/// Monday morning, an hour before the response is due.
const NOW: &str = "2026-10-05T09:00:00+07:00";
const UNIT: &str = "superadmin@demo.test";
const AGENT: &str = "admin.dinkes@demo.test";

/// A region with one ticket of DINKES, whose machinery goes by a clock that stands still.
struct Town {
    app: TestApp,
    desk: Desk,
    number: String,
}

impl Town {
    async fn new(engine: Engine, impact: &str, urgency: &str) -> Option<Self> {
        let app = TestApp::new(engine, "oki", NOW).await?;
        let desk = Desk { clock: Clock::frozen(NOW.parse::<DateTime<Utc>>().unwrap()), ..app.desk.clone() };
        let body = json!({"kind": "incident", "subject": "SIMPUS lambat", "description": "Sejak pagi", "agency": "DINKES",
            "requester": {"name": "Siti", "email": "siti@warga.test"}, "impact": impact, "urgency": urgency});
        let ticket = app.post("demo-superadmin", "/tickets", body).await.ok(201);
        let number = ticket["number"].as_str().unwrap().to_owned();
        desk.send_outbox().await.unwrap();
        Some(Self { app, desk, number })
    }

    async fn plain(engine: Engine) -> Option<Self> {
        Self::new(engine, "limited", "medium").await
    }

    fn wait(&self, seconds: i64) {
        self.desk.clock.set(self.desk.now() + Duration::seconds(seconds), 0.0);
        self.app.desk.clock.set(self.desk.now(), 0.0);
    }

    async fn browser(&self, email: &str) -> Browser {
        let browser = Browser::at(&self.desk);
        browser.sign_in(email, PASSWORD).await.is(303);
        browser
    }

    fn address(&self) -> String {
        format!("/kerja/tiket/{}", self.number)
    }

    /// Sends a form that stands on `page`, with its marks.
    async fn send(&self, browser: &Browser, page: &Page, act: &str, fields: &[(&str, &str)]) -> Page {
        let marks = ["_csrf", "versi", "key"].map(|name| (name, page.hidden(name)));
        let mut form: Vec<(&str, &str)> = marks.iter().map(|(name, value)| (*name, value.as_str())).collect();
        form.extend_from_slice(fields);
        browser.post(&format!("{}/{act}", self.address()), &form).await
    }

    /// What the reporter reads on his page.
    async fn reporter_reads(&self) -> String {
        let code = self.desk.secret.tracking_code(&self.number);
        let page = self.desk.track(&self.number, &code, "10.0.0.1").await.unwrap();
        page.messages.iter().map(|message| message.body.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// States of the mails to the reporter whose text holds `words`, oldest first.
    async fn mails_with(&self, words: &str) -> Vec<OutboxState> {
        let mails = self.app.mails_to("siti@warga.test").await;
        let told = |raw: &[u8]| {
            let parsed = mail_parser::MessageParser::default().parse(raw).unwrap();
            parsed.body_text(0).unwrap().contains(words)
        };
        mails.iter().filter(|mail| told(&mail.raw)).map(|mail| mail.state).collect()
    }

    async fn ticket(&self) -> Value {
        self.app.ticket(&self.number).await
    }

    async fn kinds(&self) -> Vec<String> {
        self.app.events(&self.number).await.into_iter().map(|(kind, _)| kind).collect()
    }
}

async fn two_at_once(engine: Engine) {
    let Some(town) = Town::plain(engine).await else { return };
    let (ani, budi) = (town.browser(UNIT).await, town.browser(AGENT).await);
    let (hers, his) = (ani.get(&town.address()).await, budi.get(&town.address()).await);
    town.send(&ani, &hers, "balas", &[("body", "Peladen sedang kami periksa")]).await.is(303);
    let stopped = town.send(&budi, &his, "balas", &[("body", "Mohon mulai ulang <b>perangkat</b>")]).await;
    stopped.is(409).shows("Ada 1 perubahan sejak Anda membuka tiket ini").shows("Balasan dikirim ke pelapor");
    stopped.shows("Peladen sedang kami periksa").shows("Mohon mulai ulang &lt;b&gt;perangkat&lt;/b&gt;</textarea>");
    stopped.shows("Kirim tetap").shows("Ubah dulu").shows("Simpan sebagai catatan");
    assert!(!town.reporter_reads().await.contains("mulai ulang"));
    // Something else happens while he reads: he is told of that, too, and of that only.
    let hers = ani.get(&town.address()).await;
    town.send(&ani, &hers, "catatan", &[("body", "Kabelnya putus")]).await.is(303);
    let again = town.send(&budi, &stopped, "balas", &[("body", "Mohon mulai ulang modem")]).await;
    again.is(409).shows("Ada 1 perubahan").shows("Kabelnya putus").shows("Mohon mulai ulang modem</textarea>");
    let edit = town.send(&budi, &again, "draf", &[("jenis", "balas"), ("body", "Mohon mulai ulang modem")]).await;
    edit.goes_to(&format!("{}?kabar=draf#balas", town.address()));
    budi.get(&town.address()).await.shows("Mohon mulai ulang modem</textarea>").shows("Peladen sedang kami periksa");
    town.send(&budi, &again, "balas", &[("body", "Mohon mulai ulang modem")]).await.is(303);
    town.wait(20);
    town.desk.send_outbox().await.unwrap();
    let read = town.reporter_reads().await;
    assert!(read.contains("Peladen sedang") && read.contains("ulang modem"), "nothing is lost: {read}");
    // What one did oneself in another tab is no news.
    let tab = budi.get(&town.address()).await;
    town.send(&budi, &budi.get(&town.address()).await, "catatan", &[("body", "Sudah ditelepon")]).await.is(303);
    town.send(&budi, &tab, "balas", &[("body", "Sudah kami telepon")]).await.is(303);
    town.app.audit_is_intact().await;
}

async fn no_text_is_lost(engine: Engine) {
    let Some(town) = Town::plain(engine).await else { return };
    let (ani, budi) = (town.browser(UNIT).await, town.browser(AGENT).await);
    let path = |verb: &str| format!("/tickets/{}/{verb}", town.number);
    town.app.post("demo-dinkes", &path("request-info"), json!({"body": "Versi berapa?"})).await.ok(200);
    let his = budi.get(&town.address()).await;
    let urgent = json!({"priority": "P2", "reason": "Loket tutup"});
    town.app.post("demo-superadmin", &path("prioritize"), urgent).await.ok(200);
    let stopped = town.send(&budi, &his, "lanjutkan", &[("reason", "Sudah ditelepon")]).await;
    stopped.is(409).shows("Ada 1 perubahan").shows("Prioritas diubah").shows("Loket tutup");
    stopped.shows("Sudah ditelepon</textarea>").shows("Kirim tetap");
    assert!(!stopped.html.contains("Simpan sebagai catatan"), "only what answers can be kept as a note");
    town.send(&budi, &stopped, "lanjutkan", &[("reason", "Sudah ditelepon")]).await.is(303);
    assert_eq!(town.ticket().await["status"], "in_progress");
    let his = budi.get(&town.address()).await;
    // Somebody else closes it: the text stands there and can still become a note.
    town.send(&ani, &ani.get(&town.address()).await, "balas", &[("lalu", "selesaikan"), ("body", "Diganti")])
        .await
        .is(303);
    town.app.post("demo-superadmin", &path("close"), json!({"reason": "Jelas"})).await.ok(200);
    let late = town.send(&budi, &his, "balas", &[("lalu", "minta-data"), ("body", "Kami datang besok")]).await;
    late.is(409)
        .shows("name=\"lalu\" value=\"minta-data\"")
        .shows("Kami datang besok</textarea>")
        .shows("Simpan sebagai catatan")
        .shows("Tiket ditutup");
    assert!(!late.html.contains("Kirim tetap"), "a closed ticket takes no answer");
    town.send(&budi, &late, "catatan", &[("body", "Kami datang besok")]).await.is(303);
    budi.get(&town.address()).await.shows("Kami datang besok");
    assert_eq!(town.mails_with("besok").await, []);
    // The ticket is somebody else's now: nothing of it is told, but the text is there.
    let Some(town) = Town::plain(engine).await else { return };
    let budi = town.browser(AGENT).await;
    let his = budi.get(&town.address()).await;
    let path = format!("/tickets/{}/reclassify", town.number);
    let moved = json!({"agency": "DISDUKCAPIL", "reason": "Bukan kewenangan Dinkes"});
    town.app.post("demo-superadmin", &path, moved).await.ok(200);
    for act in ["balas", "draf"] {
        let gone = town.send(&budi, &his, act, &[("jenis", "balas"), ("body", "Kami <b>datang</b>")]).await;
        gone.is(404).shows("Kami &lt;b&gt;datang&lt;/b&gt;</textarea>");
        assert!(!gone.html.contains("SIMPUS lambat"), "{}", gone.html);
    }
    town.send(&budi, &his, "ambil", &[]).await.is(404);
}

async fn drafts(engine: Engine) {
    let Some(town) = Town::plain(engine).await else { return };
    let (ani, budi) = (town.browser(UNIT).await, town.browser(AGENT).await);
    let his = budi.get(&town.address()).await;
    let words = "Kami periksa dulu,\n  ya";
    town.send(&budi, &his, "draf", &[("jenis", "balas"), ("body", words)]).await.is(303);
    let page = budi.get(&town.address()).await;
    page.shows("Kami periksa dulu,\n  ya</textarea>").shows("Draf Anda, disimpan").shows("terlihat oleh");
    let hers = ani.get(&town.address()).await;
    hers.shows("Draf Budi Santoso, terlihat oleh").shows("Ambil alih draf");
    hers.shows("Budi Santoso sedang menulis");
    town.send(&ani, &hers, "draf", &[("jenis", "balas"), ("body", "Selamat pagi.")]).await.is(303);
    let id = hers.hidden("draf");
    town.send(&ani, &hers, "ambil-draf", &[("draf", &id)]).await.is(303);
    let page = ani.get(&town.address()).await;
    page.shows("Selamat pagi.\n\nKami periksa dulu,\n  ya</textarea>");
    budi.get(&town.address()).await.shows("Kami periksa dulu,\n  ya</textarea>");
    assert!(town.kinds().await.contains(&"draft_taken".to_owned()));
    // Another agency sees nothing of it, and whoever only watches sees no drafts.
    let other = town.browser("admin.disdukcapil@demo.test").await;
    other.get(&town.address()).await.is(404);
    let marks = [("_csrf", other.get("/kerja").await.hidden("_csrf"))];
    let form: Vec<(&str, &str)> = marks.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for act in ["draf", "ambil-draf", "hadir"] {
        let form = [&form[..], &[("jenis", "balas"), ("body", "x"), ("draf", &id)]].concat();
        other.post(&format!("{}/{act}", town.address()), &form).await.is(404);
    }
    let auditor = town.browser("auditor@demo.test").await.get(&town.address()).await;
    auditor.is(200);
    assert!(!auditor.html.contains("Kami periksa dulu"));
    // What is sent is no draft any more; the colleague's stays.
    town.send(&ani, &page, "balas", &[("body", "Selamat pagi. Kami periksa.")]).await.is(303);
    let page = ani.get(&town.address()).await;
    assert!(!page.html.contains("Selamat pagi.\n\nKami"), "{}", page.html);
    page.shows("Draf Budi Santoso");
    // A note has a draft of its own; an empty text takes it away.
    let his = budi.get(&town.address()).await;
    town.send(&budi, &his, "draf", &[("jenis", "catatan"), ("body", "Ingat kabel")]).await.is(303);
    budi.get(&town.address()).await.shows("Ingat kabel</textarea>").shows("ya</textarea>");
    town.send(&budi, &his, "draf", &[("jenis", "catatan"), ("body", " ")]).await.is(303);
    assert!(!budi.get(&town.address()).await.html.contains("Ingat kabel"));
    town.wait(31 * 24 * 3600);
    town.desk.forget_what_is_over().await.unwrap();
    let ani = town.browser(UNIT).await;
    assert!(!ani.get(&town.address()).await.html.contains("Kami periksa dulu"), "old drafts are forgotten");
    town.app.audit_is_intact().await;
}

async fn parting(engine: Engine) {
    let Some(town) = Town::plain(engine).await else { return };
    let budi = town.browser(AGENT).await;
    let his = budi.get(&town.address()).await;
    town.wait(9 * 3600);
    let gone = town.send(&budi, &his, "balas", &[("body", "Panjang sekali tulisan ini")]).await;
    gone.goes_to(&format!("/masuk?lanjut={}", town.address()));
    assert!(!town.kinds().await.contains(&"replied".to_owned()));
    budi.sign_in(AGENT, PASSWORD).await.is(303);
    let page = budi.get(&town.address()).await;
    page.shows("Panjang sekali tulisan ini</textarea>");
    // A form that was not made for the session keeps nothing.
    let his = page;
    town.wait(9 * 3600);
    let longer = [("lalu", "selesaikan"), ("body", "Panjang sekali tulisan ini, dan lebih")];
    town.send(&budi, &his, "balas", &longer).await.is(303);
    town.send(&budi, &his, "lanjutkan", &[("reason", "Sudah ditelepon")]).await.is(303);
    let mut form = vec![("_csrf", "palsu"), ("body", "Bukan tulisan saya")];
    budi.post(&format!("{}/balas", town.address()), &form).await.is(303);
    // Nor does a session that its owner has ended.
    budi.sign_in(AGENT, PASSWORD).await.is(303);
    let page = budi.get(&town.address()).await;
    assert!(!page.html.contains("Bukan tulisan saya"));
    page.shows(">\nPanjang sekali tulisan ini, dan lebih</textarea>").shows("Sudah ditelepon</textarea>");
    let (csrf, cookie) = (page.hidden("_csrf"), budi.cookie("meja_session"));
    budi.post("/keluar", &[("_csrf", &csrf)]).await.is(303);
    budi.set("meja_session", &cookie);
    form[0].1 = &csrf;
    form[1].1 = "Sesudah keluar";
    budi.post(&format!("{}/balas", town.address()), &form).await.is(303);
    let again = town.browser(AGENT).await.get(&town.address()).await;
    assert!(!again.html.contains("Sesudah keluar"));
}

async fn called_back(engine: Engine) {
    let Some(town) = Town::plain(engine).await else { return };
    let before = town.ticket().await;
    let (ani, budi) = (town.browser(UNIT).await, town.browser(AGENT).await);
    let his = budi.get(&town.address()).await;
    town.send(&budi, &his, "balas", &[("body", "Salah tulis")]).await.is(303);
    town.wait(7);
    let page = budi.get(&format!("{}?kabar=balas", town.address())).await;
    page.shows("Terkirim dalam 13 detik.").shows("Batalkan").shows("menunggu kirim");
    let answered = town.ticket().await;
    assert_eq!(answered["status"], "in_progress", "the answer itself is given at once");
    assert_ne!(answered["sla"]["responded_at"], Value::Null);
    town.desk.send_outbox().await.unwrap();
    assert_eq!(town.mails_with("Salah tulis").await, [OutboxState::Held]);
    assert!(!town.reporter_reads().await.contains("Salah tulis"), "nobody reads what may still be called back");
    let path = format!("/tickets/{}/messages", town.number);
    let read = town.app.get("demo-dinkes", &path).await.ok(200);
    assert_eq!((&read["items"][1]["body"], &read["items"][1]["delivery"]), (&json!("Salah tulis"), &json!("held")));
    let message = page.hidden("pesan");
    let hers = ani.get(&town.address()).await;
    assert!(!hers.html.contains("Batalkan"), "only its writer calls it back");
    town.send(&ani, &hers, "batal", &[("pesan", &message)]).await.is(404);
    town.send(&ani, &hers, "catatan", &[("body", "Catatan di antaranya")]).await.is(303);
    town.send(&budi, &page, "batal", &[("pesan", &message)])
        .await
        .goes_to(&format!("{}?kabar=batal#balas", town.address()));
    town.send(&budi, &page, "batal", &[("pesan", &message)]).await.is(303);
    let page = budi.get(&town.address()).await;
    page.shows("dibatalkan, tidak pernah terkirim").shows("Salah tulis</textarea>");
    let after = town.ticket().await;
    for place in ["/status", "/sla/responded_at", "/sla/response_due", "/sla/resolution_due"] {
        assert_eq!(after.pointer(place), before.pointer(place), "{place} as if nothing was sent");
    }
    assert_eq!(town.kinds().await, ["opened", "requester_wrote", "replied", "noted", "answer_withdrawn"]);
    town.wait(60);
    town.desk.send_outbox().await.unwrap();
    assert_eq!(town.mails_with("Salah tulis").await, [OutboxState::Withdrawn]);
    assert_eq!(town.app.get("demo-dinkes", &path).await.ok(200)["items"][1]["delivery"], "withdrawn");
    assert!(!town.reporter_reads().await.contains("Salah tulis"));
    // The promise of an answer runs on and is found broken at its own instant.
    town.wait(3 * 24 * 3600);
    town.desk.run_due_steps().await.unwrap();
    let events = town.app.events(&town.number).await;
    let missed = TestApp::event(&events, "response_overdue");
    let due: DateTime<Utc> = missed["payload"]["due_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(due, before["sla"]["response_due"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap());
    town.app.audit_is_intact().await;
}

async fn solution_back(engine: Engine) {
    let Some(town) = Town::plain(engine).await else { return };
    let path = format!("/tickets/{}/request-info", town.number);
    town.app.post("demo-dinkes", &path, json!({"body": "Versi berapa?"})).await.ok(200);
    town.wait(600);
    let before = town.ticket().await;
    assert_eq!(before["sla"]["paused"], true);
    let budi = town.browser(AGENT).await;
    let his = budi.get(&town.address()).await;
    town.send(&budi, &his, "balas", &[("lalu", "selesaikan"), ("body", "Sudah diganti")]).await.is(303);
    assert_eq!(town.ticket().await["status"], "resolved");
    town.wait(19);
    let page = budi.get(&town.address()).await;
    page.shows("Terkirim dalam 1 detik.");
    town.send(&budi, &page, "batal", &[("pesan", &page.hidden("pesan"))]).await.is(303);
    let after = town.ticket().await;
    for place in ["/status", "/sla/paused", "/sla/resolved_at", "/sla/responded_at", "/sla/resolution_due"] {
        assert_eq!(after.pointer(place), before.pointer(place), "{place}");
    }
    town.app.audit_is_intact().await;
    // A question pauses; called back, nothing stood still.
    town.app
        .post("demo-dinkes", &format!("/tickets/{}/resume", town.number), json!({"reason": "Lanjut"}))
        .await
        .ok(200);
    let before = town.ticket().await;
    let his = budi.get(&town.address()).await;
    town.send(&budi, &his, "balas", &[("lalu", "minta-data"), ("body", "Lalu sekarang?")]).await.is(303);
    let page = budi.get(&town.address()).await;
    page.shows("Jam SLA dijeda");
    town.send(&budi, &page, "batal", &[("pesan", &page.hidden("pesan"))]).await.is(303);
    let after = town.ticket().await;
    for place in ["/status", "/sla/paused", "/sla/resolution_due"] {
        assert_eq!(after.pointer(place), before.pointer(place), "{place}");
    }
    // Whatever built on an answer holds it in place.
    let his = budi.get(&town.address()).await;
    town.send(&budi, &his, "balas", &[("lalu", "selesaikan"), ("body", "Kini sudah")]).await.is(303);
    let page = budi.get(&town.address()).await;
    let path = format!("/tickets/{}/reopen", town.number);
    town.app.post("demo-superadmin", &path, json!({"reason": "Belum"})).await.ok(200);
    let refused = town.send(&budi, &page, "batal", &[("pesan", &page.hidden("pesan"))]).await;
    refused.goes_to(&format!("{}?kabar=tidak-batal", town.address()));
    budi.get(&refused.location).await.shows("Tiket sudah berubah lagi");
    town.app.audit_is_intact().await;
}

async fn leaves_once(engine: Engine) {
    let Some(town) = Town::plain(engine).await else { return };
    let budi = town.browser(AGENT).await;
    let his = budi.get(&town.address()).await;
    town.send(&budi, &his, "balas", &[("body", "Sudah pulih")]).await.is(303);
    let page = budi.get(&town.address()).await;
    town.wait(20);
    let late = town.send(&budi, &page, "batal", &[("pesan", &page.hidden("pesan"))]).await;
    late.goes_to(&format!("{}?kabar=terlambat", town.address()));
    budi.get(&late.location).await.shows("Balasan sudah terkirim, jadi tidak dapat dibatalkan.");
    // The program dies after letting go and before sending; another one begins, and a third at the same time.
    town.desk.release_answers().await.unwrap();
    assert_eq!(town.mails_with("Sudah pulih").await, [OutboxState::Queued]);
    let (one, two) = (town.desk.clone(), Desk { clock: Clock::frozen(town.desk.now()), ..town.desk.clone() });
    let (one, two) = tokio::join!(one.send_outbox(), two.send_outbox());
    assert_eq!(one.unwrap() + two.unwrap(), 1, "sent once");
    assert_eq!(town.mails_with("Sudah pulih").await, [OutboxState::Sent]);
    assert!(town.reporter_reads().await.contains("Sudah pulih"));
    let page = budi.get(&town.address()).await;
    assert!(!page.html.contains("menunggu kirim") && !page.html.contains("Batalkan"), "{}", page.html);
    town.app.audit_is_intact().await;
}

async fn not_held(engine: Engine) {
    let Some(town) = Town::new(engine, "broad", "high").await else { return };
    assert_eq!(town.ticket().await["priority"], "P1");
    let budi = town.browser(AGENT).await;
    let page = budi.get(&town.address()).await;
    page.shows("Balasan langsung terkirim dan tidak dapat dibatalkan.");
    town.send(&budi, &page, "balas", &[("body", "Kami tangani sekarang")]).await.is(303);
    assert_eq!(town.mails_with("Kami tangani").await, [OutboxState::Queued]);
    let Some(town) = Town::plain(engine).await else { return };
    let path = format!("/tickets/{}/messages", town.number);
    town.app.post("demo-dinkes", &path, json!({"body": "Dari mesin", "visibility": "public"})).await.ok(201);
    assert_eq!(town.mails_with("Dari mesin").await, [OutboxState::Queued]);
    assert!(town.reporter_reads().await.contains("Dari mesin"));
}

async fn presence(engine: Engine) {
    let Some(town) = Town::plain(engine).await else { return };
    let (ani, budi) = (town.browser(UNIT).await, town.browser(AGENT).await);
    let hers = ani.get(&town.address()).await;
    assert!(!hers.html.contains("Sedang dilihat"), "nobody is told of himself");
    let name = "Budi Santoso";
    let his = budi.get(&town.address()).await;
    his.shows("Sedang dilihat: ");
    ani.get(&town.address()).await.shows(&format!("Sedang dilihat: {name}"));
    town.send(&budi, &his, "hadir", &[("menulis", "1")]).await.is(204);
    ani.get(&town.address()).await.shows(&format!("{name} sedang menulis"));
    let unit = town.desk.by_token("demo-superadmin").await.unwrap();
    let seen = town.desk.present(&unit, &[&town.number, "OKI-2610-00099-1"]).await.unwrap();
    assert_eq!(
        seen.iter().map(|one| (one.number.as_str(), one.writing)).collect::<Vec<_>>(),
        [(town.number.as_str(), true)]
    );
    // Whoever has sent writes no longer.
    town.send(&budi, &his, "catatan", &[("body", "Sudah")]).await.is(303);
    ani.get(&town.address()).await.shows(&format!("Sedang dilihat: {name}"));
    town.send(&budi, &his, "hadir", &[("menulis", "1")]).await.is(204);
    town.wait(29);
    ani.get(&town.address()).await.shows("sedang menulis");
    town.wait(1);
    let page = ani.get(&town.address()).await;
    assert!(!page.html.contains("sedang menulis") && !page.html.contains("Sedang dilihat"), "gone after half a minute");
    town.desk.forget_what_is_over().await.unwrap();
    let mut tx = town.desk.db.read().await.unwrap();
    let left = meja::store::presence::present_at(&mut tx, &[&town.number], DateTime::UNIX_EPOCH).await.unwrap();
    assert_eq!(left.len(), 1, "only whoever was there lately is kept");
}

/// Files are sent one by one, stay when something is wrong, and go with the answer, whichever button sends it.
async fn files(engine: Engine) {
    let Some(town) = Town::plain(engine).await else { return };
    let budi = town.browser(AGENT).await;
    let page = budi.get(&town.address()).await;
    let marks = ["_csrf", "versi", "key"].map(|name| (name, page.hidden(name)));
    let with = |more: &[(&'static str, &'static str)]| {
        let mut form: Vec<(&str, String)> = marks.to_vec();
        form.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        form
    };
    let send = async |act: &str, form: Vec<(&str, String)>, name: &str, bytes: &[u8]| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        budi.upload(&format!("{}/{act}", town.address()), &form, name, bytes).await
    };
    let kept = send("berkas", with(&[("body", "Mohon dicoba")]), "langkah.txt", b"1. Muat ulang").await;
    kept.goes_to(&format!("{}#lampiran", town.address()));
    budi.get(&town.address()).await.shows("langkah.txt").shows("Mohon dicoba");
    let refused = send("balas", with(&[("body", "Mohon dicoba")]), "virus.exe", b"MZ").await;
    refused.is(422).shows("langkah.txt").shows("Mohon dicoba");
    // A colleague does not find them in his own answer.
    let rina = town.browser(UNIT).await;
    assert!(!rina.get(&town.address()).await.html.contains("langkah.txt"));
    let sent = send("balas", with(&[("body", "Mohon dicoba"), ("lalu", "selesaikan")]), "gambar.txt", b"dua").await;
    sent.goes_to(&format!("{}?kabar=selesaikan", town.address()));
    let page = budi.get(&town.address()).await;
    page.shows("langkah.txt").shows("gambar.txt");
    assert!(!page.html.contains("Hapus<span class=\"sr\"> langkah.txt"), "they wait no longer");
    let ticket = town.app.get("demo-superadmin", &format!("/tickets/{}/messages", town.number)).await.ok(200);
    let names: Vec<&str> = ticket["items"][1]["attachments"]
        .as_array()
        .map(|files| files.iter().filter_map(|file| file["name"].as_str()).collect())
        .unwrap_or_default();
    assert_eq!(names, ["langkah.txt", "gambar.txt"], "{ticket}");
    town.app.audit_is_intact().await;
}
