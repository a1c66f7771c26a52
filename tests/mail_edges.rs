//! Whom mail makes what: the desk's own names, machines that are let in, people in copies, addresses that take none,
//! and mail that comes again long afterwards.

use crate::support::app::{Engine, TestApp, readable, reply_to};
use crate::support::browser::Browser;
use crate::support::on_both;
use meja::config::limits::MailLimits;
use meja::desk::ways::Ways;
use meja::domain::message::SenderVerdict;
use meja::domain::reporter::Wish;
use meja::error::Error;
use meja::store;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

const NOW: &str = "2026-10-05T09:00:00+07:00";

async fn signed_in(app: &TestApp, email: &str) -> Browser {
    let browser = Browser::at(&app.desk);
    browser.sign_in(email, meja::desk::demo::PASSWORD).await;
    browser
}

on_both! {
    no_name_of_the_desk_ever_becomes_a_requester = own_names;
    a_machine_that_is_let_in_opens_tickets_and_is_never_answered = machines;
    people_in_copies_take_part_only_when_somebody_lets_them = copies;
    who_may_not_learn_who_reported_does_not_learn_it_from_mails = veiled;
    addresses_that_take_no_mail_are_masked_and_taken_up_by_their_key = undeliverable;
    mail_that_comes_again_after_its_bytes_are_gone_opens_nothing = long_gone;
    what_was_decided_about_a_mail_is_answered_again_under_its_key = repeated;
    limits_of_mail_are_what_the_settings_say = limits;
}

fn mail(from: &str, subject: &str, head: &str, body: &str) -> String {
    format!("From: {from}\r\nTo: meja@desk.test\r\nSubject: {subject}\r\n{head}\r\n{body}\r\n")
}

async fn with_ways(engine: Engine, change: impl FnOnce(Ways) -> Ways) -> Option<TestApp> {
    let mut app = TestApp::new(engine, "oki", NOW).await?;
    app.desk.ways = Arc::new(change((*app.desk.ways).clone()));
    Some(app)
}

async fn tickets(app: &TestApp) -> Vec<Value> {
    app.get("demo-superadmin", "/tickets?limit=200").await.ok(200)["items"].as_array().unwrap().clone()
}

async fn own_names(engine: Engine) {
    let alias = |ways: Ways| Ways { aliases: vec!["bantuan@desk.test".to_owned()], ..ways };
    let Some(app) = with_ways(engine, alias).await else { return };
    for from in ["bantuan@desk.test", "Bantuan+x@desk.test", "meja@desk.test", "Meja+1@Desk.test"] {
        app.deliver(&mail(from, "Putaran", "", &format!("dari {from}")), "meja@desk.test", "").await;
    }
    assert_eq!(tickets(&app).await.len(), 0);
    let ignored = app.get("demo-superadmin", "/received-mails?state=ignored").await.ok(200);
    let causes: Vec<&str> =
        ignored["items"].as_array().unwrap().iter().map(|item| item["cause"].as_str().unwrap()).collect();
    assert_eq!(causes, ["own_address"; 4]);
    // Nor by hand.
    let actor = app.desk.by_token("demo-superadmin").await.unwrap();
    let id = ignored["items"][0]["id"].as_i64().unwrap();
    for own in ["", "bantuan@desk.test", "bantuan+2@desk.test", "meja@desk.test"] {
        let refused = app.desk.open_from_mail(&actor, id, own, None).await.unwrap_err();
        assert!(matches!(&refused, Error::Invalid(bad) if bad[0].field == "requester_email"), "{own}: {refused:?}");
    }
    app.desk.open_from_mail(&actor, id, "ani@warga.test", None).await.unwrap();
    assert_eq!(tickets(&app).await.len(), 1);
    for own in ["bantuan@desk.test", "Meja+9@desk.test"] {
        let refused = app.desk.teach_address(&actor, own, SenderVerdict::LetIn, "x").await.unwrap_err();
        assert!(matches!(&refused, Error::Invalid(bad) if bad[0].field == "address"), "{own}: {refused:?}");
    }
}

async fn machines(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    const FROM: &str = "zabbix@pantau.oki.test";
    let alarm = |place: u8| mail(FROM, "PROBLEM: suhu", "Auto-Submitted: auto-generated\r\n", &format!("Suhu {place}"));
    app.deliver(&alarm(1), "meja@desk.test", FROM).await;
    assert_eq!(tickets(&app).await.len(), 0, "a robot, until somebody says otherwise");
    let put = async |body: Value| app.call(Method::PUT, "demo-superadmin", "/sender-rules", Some(body), &[]).await;
    for bad in ["zabbix", "@test", "@", "a b@x.test", ""] {
        let refused = put(json!({"address": bad, "verdict": "let_in", "reason": "x"})).await.ok(422);
        assert_eq!(refused["errors"][0]["field"], "address", "{bad}");
    }
    let refused = put(json!({"address": FROM, "verdict": "let_in", "reason": " "})).await.ok(422);
    assert_eq!(refused["errors"][0]["field"], "reason");
    let rule = put(json!({"address": "Zabbix@Pantau.oki.test", "verdict": "let_in", "reason": "Pemantau kami"})).await;
    assert_eq!(rule.ok(200)["address"], FROM);
    let denied = json!({"address": FROM, "verdict": "discard", "reason": "x"});
    app.call(Method::PUT, "demo-auditor", "/sender-rules", Some(denied), &[]).await.ok(403);
    app.deliver(&alarm(2), "meja@desk.test", FROM).await;
    let opened = app.only_ticket().await;
    let number = opened["number"].as_str().unwrap();
    assert_eq!(app.mails_to(FROM).await.len(), 0, "no confirmation goes to a machine");
    // What the house says by itself later does not go there either; what a person writes does.
    app.post("demo-superadmin", &format!("/tickets/{number}/request-info"), json!({"body": "Mana lokasinya?"}))
        .await
        .ok(200);
    let asked = app.mails_to(FROM).await;
    assert_eq!(asked.len(), 1);
    assert!(!readable(&asked[0]).contains("Auto-Submitted: auto"), "a person wrote it");
    app.desk.clock.set("2026-11-20T09:00:00+07:00".parse().unwrap(), 0.0);
    app.desk.run_due_steps().await.unwrap();
    assert_eq!(app.ticket(number).await["status"], "closed");
    assert_eq!(app.mails_to(FROM).await.len(), 1, "neither the reminder nor the closing");
    let mut tx = app.desk.db.read().await.unwrap();
    let events = store::events::of_stream(&mut tx, &format!("sender:{FROM}"), 0, 9).await.unwrap();
    assert_eq!(events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["taught"]);
    drop(tx);
    // Two desks that let each other in still do not talk: what answers a mail of ours stays a robot's.
    let answer = "Auto-Submitted: auto-replied\r\nReferences: <lain@desk.test>\r\n";
    app.deliver(&mail(FROM, "Re: Laporan", answer, "Tiket Anda kami terima"), "meja@desk.test", FROM).await;
    assert_eq!(tickets(&app).await.len(), 1);
    app.audit_is_intact().await;
}

async fn copies(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let head = "Cc: Rekan <rekan@kaboki.go.id>, luar@perusahaan.test, meja@desk.test, ani@warga.test\r\n";
    app.deliver(&mail("ani@warga.test", "Printer", head, "rusak"), "meja@desk.test", "").await;
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    let path = format!("/tickets/{number}/participants");
    let list = async || app.get("demo-superadmin", &path).await.ok(200)["items"].clone();
    let offered = json!([
        {"email": "rekan@kaboki.go.id", "partakes": false, "official": true},
        {"email": "luar@perusahaan.test", "partakes": false, "official": false},
    ]);
    assert_eq!(list().await, offered, "offered, and neither ours nor whoever takes part already");
    let say = async |body: &str| {
        let path = format!("/tickets/{number}/messages");
        app.post("demo-superadmin", &path, json!({"body": body})).await.ok(201);
    };
    say("Sedang dicek").await;
    for copied in ["rekan@kaboki.go.id", "luar@perusahaan.test"] {
        assert_eq!(app.mails_to(copied).await.len(), 0, "a copy is no participant by itself: {copied}");
    }
    // Nor may they write into it.
    app.deliver(&mail("rekan@kaboki.go.id", &format!("Re: [{number}] Printer"), "", "Saya juga"), "meja@desk.test", "")
        .await;
    assert_eq!(tickets(&app).await.len(), 2);
    app.post("demo-superadmin", &path, json!({"email": "siapa@lain.test"})).await.ok(404);
    app.post("demo-auditor", &path, json!({"email": "rekan@kaboki.go.id"})).await.ok(403);
    app.post("demo-warga", &path, json!({"email": "rekan@kaboki.go.id"})).await.ok(404);
    app.post("demo-superadmin", &path, json!({"email": "Rekan@kaboki.go.id"})).await.ok(204);
    app.post("demo-superadmin", &path, json!({"email": "rekan@kaboki.go.id"})).await.ok(204);
    say("Sudah dipesan").await;
    let told = app.mails_to("rekan@kaboki.go.id").await.pop().unwrap();
    let text = readable(&told);
    assert!(text.contains("Sudah dipesan") && !text.contains("Sedang dicek"), "{text}");
    let code = app.desk.secret.tracking_code(&number);
    assert!(!text.contains(&code), "the reporter's code stays the reporter's: {text}");
    app.deliver(&mail("rekan@kaboki.go.id", "Balasan", "", "Terima kasih"), &reply_to(&told), "").await;
    let messages = app.get("demo-superadmin", &format!("/tickets/{number}/messages")).await.ok(200);
    assert_eq!(messages["items"].as_array().unwrap().last().unwrap()["body"], "Terima kasih");
    assert_eq!(app.ticket(&number).await["requester"]["email"], "ani@warga.test", "the requester stays who he is");
    app.post("demo-superadmin", &format!("{path}/remove"), json!({"email": "ani@warga.test"})).await.ok(404);
    app.post("demo-superadmin", &format!("{path}/remove"), json!({"email": "rekan@kaboki.go.id"})).await.ok(204);
    let before = app.mails_to("rekan@kaboki.go.id").await.len();
    say("Selesai besok").await;
    assert_eq!(app.mails_to("rekan@kaboki.go.id").await.len(), before);
    let events = app.events(&number).await;
    assert_eq!(TestApp::event(&events, "participant_added")["payload"]["to"], "r•••@kaboki.go.id");
    TestApp::event(&events, "participant_removed");
    assert_eq!(events.iter().filter(|(kind, _)| kind == "participant_added").count(), 1, "asked for twice, noted once");
    app.audit_is_intact().await;
}

#[tokio::test]
async fn the_page_of_the_ticket_offers_the_copies_with_one_button() {
    let app = TestApp::new(Engine::Sqlite, "oki", NOW).await.unwrap();
    app.deliver(&mail("ani@warga.test", "Printer", "Cc: luar@perusahaan.test\r\n", "rusak"), "meja@desk.test", "")
        .await;
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    let (page, act) = (format!("/kerja/tiket/{number}"), format!("/kerja/tiket/{number}/peserta"));
    let office = signed_in(&app, "superadmin@demo.test").await;
    office.get(&page).await.shows("luar@perusahaan.test").shows("alamat luar").shows("Jadikan peserta");
    let fields = [("email", "luar@perusahaan.test"), ("tindakan", "tambah")];
    let done = office.fill(&page, &act, &fields).await;
    assert_eq!((done.status, done.location), (StatusCode::SEE_OTHER, format!("{page}#peserta")));
    office.get(&page).await.shows("Keluarkan");
    let again = office.fill(&page, &act, &fields).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "pressed twice: it is so already");
    let auditor = signed_in(&app, "auditor@demo.test").await;
    let seen = auditor.get(&page).await;
    seen.shows("luar@perusahaan.test");
    assert!(!seen.html.contains("Keluarkan"), "who only reads changes nothing");
}

async fn keep_secret(app: &TestApp, number: &str) {
    let mut tx = app.desk.db.write().await.unwrap();
    let ticket = store::tickets::by_number(&mut tx, number).await.unwrap().unwrap();
    store::wishes::keep(&mut tx, ticket.id, Wish { anonymous: false, secret: true }).await.unwrap();
    tx.commit().await.unwrap();
}

async fn veiled(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    const WHO: &str = "pelapor@warga.test";
    app.deliver(&mail(WHO, "Pungutan liar", "Cc: kawan@warga.test\r\n", "rahasia"), "meja@desk.test", WHO).await;
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    keep_secret(&app, &number).await;
    let mails = app.mails_to(WHO).await;
    let mut tx = app.desk.db.write().await.unwrap();
    let now = app.desk.clock.machine();
    for item in store::dialect::claim_mail(&mut tx, now, now, 9).await.unwrap() {
        let said = Some("550 5.1.1 <Pelapor@warga.test> no such user; see kawan@warga.test.");
        let state = meja::domain::message::OutboxState::Dead;
        assert!(store::outbox::settle(&mut tx, &item, state, said, now, app.desk.now()).await.unwrap());
    }
    tx.commit().await.unwrap();
    assert_eq!(mails.len(), 1);
    let known = app.get("demo-superadmin", "/received-mails?state=done").await.ok(200);
    assert_eq!(known["items"][0]["author"], WHO, "who works on it knows");
    let id = known["items"][0]["id"].clone();
    app.get("demo-superadmin", &format!("/received-mails/{id}")).await.ok(200);
    for token in ["demo-auditor", "demo-pimpinan"] {
        let list = app.get(token, "/received-mails?state=done").await.ok(200);
        assert!(!list.to_string().contains("pelapor@"), "{token}: {list}");
        assert_eq!(list["items"][0]["ticket"], number);
        app.get(token, &format!("/received-mails/{id}")).await.ok(404);
        let sent = app.get(token, &format!("/tickets/{number}/mails")).await.ok(200).to_string();
        assert!(!sent.to_lowercase().contains("pelapor@") && !sent.contains("kawan@"), "{token}: {sent}");
        assert!(sent.contains("550 5.1.1"), "what went wrong is told: {sent}");
        let others = app.get(token, &format!("/tickets/{number}/participants")).await.ok(200);
        assert_eq!(others["items"], json!([]), "{token}");
    }
    let seen = format!("/kerja/tiket/{number}/surel/{id}");
    signed_in(&app, "superadmin@demo.test").await.get(&seen).await.shows("Pungutan liar");
    let auditor = signed_in(&app, "auditor@demo.test").await;
    let page = auditor.get(&seen).await;
    assert!(!page.html.contains("pelapor@") && !page.html.contains("kawan@"), "{}", page.html);
    let page = auditor.get("/kerja/surel?keadaan=selesai").await;
    page.shows("Bukan untuk Anda");
    assert!(!page.html.contains(&format!("/kerja/surel/{id}\"")), "no link to what is not for him");
}

async fn undeliverable(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.deliver(&mail("siti@warga.test", "Printer", "", "rusak"), "meja@desk.test", "").await;
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    let mut tx = app.desk.db.write().await.unwrap();
    let ticket = store::tickets::by_number(&mut tx, &number).await.unwrap().unwrap();
    let address = store::undeliverable::Undeliverable {
        id: 0,
        email: "siti@warga.test".to_owned(),
        ticket_id: Some(ticket.id),
        status: "5.1.1".to_owned(),
        said: "<siti@warga.test>: tidak ada".to_owned(),
        at: app.desk.now(),
    };
    store::undeliverable::give_up_address(&mut tx, &address).await.unwrap();
    tx.commit().await.unwrap();
    let seen = app.get("demo-superadmin", "/mail/undeliverable").await.ok(200);
    assert_eq!(seen["items"][0]["email"], "siti@warga.test");
    for token in ["demo-auditor", "demo-koordinasi", "demo-dinkes", "demo-warga"] {
        app.get(token, "/mail/undeliverable").await.ok(403);
    }
    // Who runs the installation sees no tickets, and no more of the address than he needs.
    const PAGE: &str = "/kerja/pengaturan/surel/alamat";
    let system = signed_in(&app, "sistem@demo.test").await;
    let page = system.get(PAGE).await;
    page.shows("s•••@warga.test").shows("5.1.1 &lt;s•••@warga.test&gt;: tidak ada");
    assert!(!page.html.contains("siti@"), "{}", page.html);
    let id = seen["items"][0]["id"].as_i64().unwrap();
    app.post("demo-auditor", &format!("/mail/undeliverable/{id}/lift"), json!({})).await.ok(403);
    let done = system.fill(PAGE, &format!("{PAGE}/{id}/kirim"), &[]).await;
    assert_eq!((done.status, done.location), (StatusCode::SEE_OTHER, format!("{PAGE}?kabar=kirim")));
    system.get(PAGE).await.shows("Tidak ada. Semua alamat menerima surel.");
    app.post("demo-superadmin", &format!("/mail/undeliverable/{id}/lift"), json!({})).await.ok(404);
    let mut tx = app.desk.db.write().await.unwrap();
    store::undeliverable::give_up_address(&mut tx, &address).await.unwrap();
    tx.commit().await.unwrap();
    let id = app.get("demo-superadmin", "/mail/undeliverable").await.ok(200)["items"][0]["id"].clone();
    app.post("demo-superadmin", &format!("/mail/undeliverable/{id}/lift"), json!({})).await.ok(204);
    // And from the ticket itself.
    let mut tx = app.desk.db.write().await.unwrap();
    store::undeliverable::give_up_address(&mut tx, &address).await.unwrap();
    tx.commit().await.unwrap();
    let office = signed_in(&app, "superadmin@demo.test").await;
    let page = format!("/kerja/tiket/{number}");
    let done = office.fill(&page, &format!("{page}/kirim-lagi"), &[("email", "siti@warga.test")]).await;
    assert_eq!((done.status, done.location), (StatusCode::SEE_OTHER, page.clone()));
    assert!(!office.get(&page).await.html.contains("Kirim lagi ke alamat ini"));
    TestApp::event(&app.events(&number).await, "address_lifted");
    app.audit_is_intact().await;
}

async fn long_gone(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let first = mail("ani@warga.test", "Printer", "Message-ID: <satu@warga.test>\r\n", "rusak");
    assert!(app.deliver(&first, "meja@desk.test", "").await);
    app.desk.clock.set("2027-10-06T09:00:00+07:00".parse().unwrap(), 0.0);
    app.desk.forget_what_is_over().await.unwrap();
    let mut tx = app.desk.db.read().await.unwrap();
    assert!(store::inbox::counts(&mut tx).await.unwrap().is_empty(), "the bytes are gone");
    drop(tx);
    // A mailbox whose numbers begin anew is read from its beginning.
    let again = format!("Delivered-To: meja@desk.test\r\n{first}");
    assert!(!app.deliver(&again, "meja@desk.test", "").await);
    assert_eq!((tickets(&app).await.len(), app.mails_to("ani@warga.test").await.len()), (1, 1));
    assert!(
        app.deliver(&first.replace("rusak", "rusak lagi"), "meja@desk.test", "").await,
        "another text is another mail"
    );
    assert_eq!(tickets(&app).await.len(), 2);
}

async fn repeated(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let send = async |path: &str, key: &str, body: Value| {
        app.call(Method::POST, "demo-superadmin", path, Some(body), &[("Idempotency-Key", key)]).await
    };
    app.deliver("Subject: Tanpa pengirim\r\n\r\nJaringan mati", "meja@desk.test", "").await;
    let waiting = async || app.get("demo-superadmin", "/received-mails").await.ok(200)["items"][0]["id"].clone();
    let open = format!("/received-mails/{}/open", waiting().await);
    let body = json!({"requester_email": "ani@warga.test"});
    let opened = send(&open, "satu", body.clone()).await.ok(200);
    assert_eq!(send(&open, "satu", body).await.ok(200), opened, "the same answer");
    send(&open, "satu", json!({"requester_email": "lain@warga.test"})).await.ok(409);
    send(&open, "dua", json!({"requester_email": "ani@warga.test"})).await.ok(409);
    assert_eq!(tickets(&app).await.len(), 1);
    app.deliver("Subject: Tanpa pengirim juga\r\n\r\nMasih mati", "meja@desk.test", "").await;
    let merge = format!("/received-mails/{}/merge", waiting().await);
    let landed = send(&merge, "tiga", json!({"ticket": opened["ticket"]})).await.ok(200);
    assert_eq!(send(&merge, "tiga", json!({"ticket": opened["ticket"]})).await.ok(200), landed);
    let number = opened["ticket"].as_str().unwrap();
    let messages = app.get("demo-superadmin", &format!("/tickets/{number}/messages")).await.ok(200);
    assert_eq!(messages["items"].as_array().unwrap().len(), 2, "added once");
    app.audit_is_intact().await;
}

async fn limits(engine: Engine) {
    let narrow = |ways: Ways| Ways {
        limits: MailLimits {
            confirmations_hour: 1,
            tickets_hour: 3,
            messages_hour: 2,
            ticket_messages_hour: 3,
            files: 1,
            ..MailLimits::default()
        },
        ..ways
    };
    let Some(app) = with_ways(engine, narrow).await else { return };
    for subject in ["Printer", "Jaringan", "Akun", "Server"] {
        app.deliver(&mail("ani@warga.test", subject, "", subject), "meja@desk.test", "").await;
    }
    assert_eq!((tickets(&app).await.len(), app.mails_to("ani@warga.test").await.len()), (3, 1));
    // Per sender and ticket, and per ticket over all senders.
    let first = mail("budi@warga.test", "Layar", "Cc: cici@warga.test\r\nMessage-ID: <l@w>\r\n", "pecah");
    app.deliver(&first, "meja@desk.test", "").await;
    let number =
        tickets(&app).await.iter().find(|it| it["subject"] == "Layar").unwrap()["number"].as_str().unwrap().to_owned();
    let path = format!("/tickets/{number}/participants");
    app.post("demo-superadmin", &path, json!({"email": "cici@warga.test"})).await.ok(204);
    for (turn, from) in ["budi", "budi", "budi", "cici", "cici"].into_iter().enumerate() {
        let text = mail(&format!("{from}@warga.test"), "Re", "References: <l@w>\r\n", &format!("lagi {turn}"));
        app.deliver(&text, "meja@desk.test", "").await;
    }
    let messages = app.get("demo-superadmin", &format!("/tickets/{number}/messages")).await.ok(200);
    let bodies: Vec<&str> =
        messages["items"].as_array().unwrap().iter().map(|it| it["body"].as_str().unwrap()).collect();
    assert_eq!(bodies, ["pecah", "lagi 0", "lagi 1", "lagi 3"]);
    let stopped = app.get("demo-superadmin", "/received-mails").await.ok(200);
    let stopped: Vec<i64> = stopped["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["cause"] == "too_many")
        .map(|it| it["id"].as_i64().unwrap())
        .collect();
    assert_eq!(stopped.len(), 3, "one ticket too many, and two messages");
    // A person who looked may add it all the same.
    app.post("demo-superadmin", &format!("/received-mails/{}/merge", stopped[0]), json!({"ticket": number}))
        .await
        .ok(200);
    let parts = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n";
    let file = |name: &str| {
        format!("--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename={name}\r\n\r\n{name}\r\n")
    };
    let body = format!("--b\r\n\r\nDua berkas\r\n{}{}--b--", file("a.txt"), file("b.txt"));
    app.deliver(&mail("dedi@warga.test", "Berkas", parts, &body), "meja@desk.test", "").await;
    let number =
        tickets(&app).await.iter().find(|it| it["subject"] == "Berkas").unwrap()["number"].as_str().unwrap().to_owned();
    let events = app.events(&number).await;
    let left = TestApp::event(&events, "files_left_out");
    assert_eq!((&left["payload"]["names"], &left["payload"]["most"]), (&json!(["b.txt"]), &json!(1)));
}
