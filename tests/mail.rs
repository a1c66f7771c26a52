//! What received mails become, and what they must not become.

use crate::support::app::{Engine, TestApp, readable, reply_to};
use crate::support::on_both;
use crate::web::Browser;
use meja::store;
use serde_json::json;

const NOW: &str = "2026-10-05T09:00:00+07:00";

on_both! {
    robots_open_resume_and_answer_nothing = robots;
    replies_are_threaded_by_message_id_reply_address_and_number = threading;
    strangers_and_forged_tokens_do_not_get_into_a_ticket = strangers;
    the_same_mail_twice_is_one_ticket_and_a_reused_message_id_is_kept = duplicates;
    mails_without_sender_or_words_wait_where_people_see_them = odd_mails;
    files_come_with_their_message_and_are_kept_once = files;
    merged_tickets_pass_their_replies_on = merged;
    mail_to_an_agencys_address_goes_to_that_agency = agency_address;
}

fn mail(from: &str, subject: &str, head: &str, body: &str) -> String {
    format!("From: {from}\r\nTo: meja@desk.test\r\nSubject: {subject}\r\n{head}\r\n{body}\r\n")
}

async fn inbox_counts(app: &TestApp) -> Vec<(String, i64)> {
    store::inbox::counts(&mut app.desk.db.read().await.unwrap()).await.unwrap()
}

async fn count(app: &TestApp) -> usize {
    app.get("demo-superadmin", "/tickets?limit=200").await.ok(200)["items"].as_array().unwrap().len()
}

async fn robots(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    for (head, sender) in [
        ("Auto-Submitted: auto-replied\r\n", "a@warga.test"),
        ("Auto-Submitted: auto-generated\r\n", "a@warga.test"),
        ("Precedence: bulk\r\n", "a@warga.test"),
        ("Precedence: auto_reply\r\n", "a@warga.test"),
        ("List-Id: <info.warga.test>\r\n", "a@warga.test"),
        ("X-Auto-Response-Suppress: All\r\n", "a@warga.test"),
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n", "a@warga.test"),
        ("X-N: 1\r\n", "<>"),
    ] {
        app.deliver(&mail("a@warga.test", "Gangguan", head, "isi"), "meja@desk.test", sender).await;
    }
    app.deliver(&mail("MAILER-DAEMON@warga.test", "Undelivered", "", "isi"), "meja@desk.test", "").await;
    app.deliver(&mail("meja@desk.test", "Dari kami sendiri", "", "isi"), "meja@desk.test", "meja@desk.test").await;
    assert_eq!(count(&app).await, 0);
    assert_eq!(inbox_counts(&app).await, [("ignored".to_owned(), 10)]);
    assert_eq!(app.mails_to("a@warga.test").await.len(), 0);
}

async fn threading(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.deliver(
        &mail("a@warga.test", "Printer rusak", "Message-ID: <satu@warga.test>\r\n", "Tidak mencetak"),
        "meja@desk.test",
        "",
    )
    .await;
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    let confirmation = app.mails_to("a@warga.test").await.remove(0);
    let ours = mail_parser::MessageParser::default().parse(&confirmation.raw).unwrap().message_id().unwrap().to_owned();
    let address = reply_to(&confirmation);
    let replies = [
        mail("a@warga.test", "subjek lain", &format!("In-Reply-To: <{ours}>\r\n"), "lewat In-Reply-To"),
        mail("a@warga.test", "subjek lain", "References: <lain@x> <satu@warga.test>\r\n", "lewat References"),
        mail("a@warga.test", &format!("Re: [{}] Laporan", number.to_lowercase()), "", "lewat nomor"),
        mail("A@Warga.Test", "subjek lain", "", "lewat alamat").replace("meja@desk.test", &address),
    ];
    for reply in &replies {
        app.deliver(reply, "meja@desk.test", "a@warga.test").await;
    }
    // The envelope alone is enough when the header names somebody else.
    app.deliver(&mail("a@warga.test", "x", "", "lewat amplop"), &address, "a@warga.test").await;
    assert_eq!(count(&app).await, 1);
    let messages = app.get("demo-superadmin", &format!("/tickets/{number}/messages")).await.ok(200);
    let bodies: Vec<&str> =
        messages["items"].as_array().unwrap().iter().map(|message| message["body"].as_str().unwrap()).collect();
    assert_eq!(
        bodies,
        ["Tidak mencetak", "lewat In-Reply-To", "lewat References", "lewat nomor", "lewat alamat", "lewat amplop"]
    );
    // An answer of the desk follows the thread and can be answered.
    app.post("demo-superadmin", &format!("/tickets/{number}/messages"), json!({"body": "Sedang dicek"})).await.ok(201);
    let answer = app.mails_to("a@warga.test").await.pop().unwrap();
    let text = readable(&answer);
    assert!(text.contains("Sedang dicek") && text.contains(&number), "{text}");
    app.audit_is_intact().await;
}

async fn strangers(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.deliver(
        &mail("a@warga.test", "Printer rusak", "Message-ID: <satu@warga.test>\r\n", "Tidak mencetak"),
        "meja@desk.test",
        "",
    )
    .await;
    let number = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    let address = reply_to(&app.mails_to("a@warga.test").await[0]);
    // A stranger with the right reply address or thread waits for a person's decision.
    app.deliver(&mail("jahat@luar.test", "x", "", "token dicuri"), &address, "jahat@luar.test").await;
    app.deliver(&mail("jahat@luar.test", "x", "References: <satu@warga.test>\r\n", "id dicuri"), "meja@desk.test", "")
        .await;
    assert_eq!(count(&app).await, 1);
    // A stranger with the number in the subject, or with a forged token, opens his own ticket.
    app.deliver(&mail("jahat@luar.test", &format!("[{number}] x"), "", "nomor"), "meja@desk.test", "").await;
    let forged = address.replace('.', ".9");
    app.deliver(&mail("jahat@luar.test", "palsu", "", "token palsu"), &forged, "").await;
    assert_eq!(count(&app).await, 3);
    let messages = app.get("demo-superadmin", &format!("/tickets/{number}/messages")).await.ok(200);
    assert_eq!(messages["items"].as_array().unwrap().len(), 1, "the ticket is untouched");
}

async fn duplicates(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let first = mail("a@warga.test", "Printer", "Message-ID: <sama@warga.test>\r\n", "Tidak mencetak");
    assert!(app.deliver(&first, "meja@desk.test", "").await);
    let again = format!("Received: from lain by sini\r\nDelivered-To: meja@desk.test\r\n{first}");
    assert!(!app.deliver(&again, "meja@desk.test", "").await);
    assert!(!app.deliver(&first.replace("\r\n", "\n"), "MEJA@desk.test", "").await);
    assert_eq!((count(&app).await, app.mails_to("a@warga.test").await.len()), (1, 1));
    // The same Message-ID over another text is another mail: nobody may suppress mail that way.
    assert!(app.deliver(&first.replace("Tidak mencetak", "Lain sama sekali"), "meja@desk.test", "").await);
    assert_eq!(inbox_counts(&app).await, [("done".to_owned(), 2)]);
}

async fn odd_mails(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    for raw in [
        "Subject: tanpa pengirim\r\n\r\nisi",
        "From: undisclosed\r\nSubject: x\r\n\r\nisi",
        "From: a@x.test\r\nFrom: b@x.test\r\nSubject: dua\r\n\r\nisi",
        "\u{0}\u{1}\u{2}",
    ] {
        app.deliver(raw, "meja@desk.test", "").await;
    }
    assert_eq!(inbox_counts(&app).await, [("quarantined".to_owned(), 4)]);
    // No subject, no Message-ID, no date, no words, a huge subject: all become tickets.
    app.deliver("From: a@x.test\r\n\r\nHanya isi", "meja@desk.test", "").await;
    app.deliver("From: b@x.test\r\nSubject: Hanya judul\r\n\r\n", "meja@desk.test", "").await;
    app.deliver("From: c@x.test\r\n\r\n", "meja@desk.test", "").await;
    app.deliver(&mail("e@x.test", "???", "", "Judul tanpa huruf"), "meja@desk.test", "").await;
    app.deliver(&mail("d@x.test", &"panjang ".repeat(400), "", "isi\u{0}nul"), "meja@desk.test", "").await;
    assert_eq!(count(&app).await, 5);
    app.audit_is_intact().await;
}

async fn files(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    let body = "--b\r\nContent-Type: text/plain\r\n\r\nTerlampir\r\n--b\r\nContent-Type: image/svg+xml; name=\"../../etc/passwd\"\r\n\
        Content-Disposition: attachment; filename=\"../../etc/passwd\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGFsbw==\r\n--b--";
    let head = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n";
    app.deliver(&mail("a@warga.test", "Berkas", head, body), "meja@desk.test", "").await;
    app.deliver(&mail("b@warga.test", "Berkas juga", head, body), "meja@desk.test", "").await;
    let page = app.get("demo-superadmin", "/tickets").await.ok(200);
    for ticket in page["items"].as_array().unwrap() {
        let messages = app
            .get("demo-superadmin", &format!("/tickets/{}/messages", ticket["number"].as_str().unwrap()))
            .await
            .ok(200);
        let file = &messages["items"][0]["attachments"][0];
        assert_eq!((&file["name"], &file["size"]), (&json!("passwd"), &json!(4)));
        let digest = file["sha256"].as_str().unwrap();
        let path = meja::desk::files::path(&app.desk.files, digest);
        assert!(path.starts_with(&app.desk.files), "nothing a sender says reaches a path");
        assert_eq!(std::fs::read(&path).unwrap(), b"halo");
        let number = ticket["number"].as_str().unwrap();
        let address = format!("/tickets/{number}/attachments/{}", file["id"]);
        assert_eq!(app.get("demo-superadmin", &address).await.ok(200), json!("halo"));
        app.get("demo-warga", &address).await.ok(404);
        app.get("demo-superadmin", &format!("/tickets/{number}/attachments/999")).await.ok(404);
        downloaded(&app, number, file["id"].as_i64().unwrap()).await;
        std::fs::write(&path, b"lain").unwrap();
        app.get("demo-superadmin", &address).await.ok(500);
        std::fs::write(&path, b"halo").unwrap();
    }
}

/// On the reporter's page with the code, and for nobody without it.
async fn downloaded(app: &TestApp, number: &str, id: i64) {
    let browser = Browser::new(meja::web::routes(app.desk.clone()).unwrap());
    let address = format!("/lacak/{number}/lampiran/{id}");
    assert_eq!(browser.get(&address).await.location, format!("/lacak?nomor={number}"));
    let code = app.desk.secret.tracking_code(number);
    browser.get(&format!("/lacak/{number}?kode={code}")).await;
    browser.get(&format!("/lacak/{number}")).await.shows(&format!("href=\"{address}\""));
    let file = browser.get(&address).await;
    assert_eq!((file.status.as_u16(), file.html.as_str()), (200, "halo"));
}

async fn merged(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.deliver(&mail("a@warga.test", "Printer", "", "pertama"), "meja@desk.test", "").await;
    let kept = app.only_ticket().await["number"].as_str().unwrap().to_owned();
    app.clock("2026-10-05T09:01:00+07:00").await;
    app.deliver(&mail("b@warga.test", "Printer", "", "kedua"), "meja@desk.test", "").await;
    let page = app.get("demo-superadmin", "/tickets").await.ok(200);
    let dead = page["items"][0]["number"].as_str().unwrap().to_owned();
    let address = reply_to(&app.mails_to("b@warga.test").await[0]);
    app.post("demo-superadmin", &format!("/tickets/{dead}/merge"), json!({"into": dead})).await.ok(422);
    let merged = app.post("demo-superadmin", &format!("/tickets/{dead}/merge"), json!({"into": kept})).await.ok(200);
    assert_eq!((&merged["status"], &merged["merged_into"]), (&json!("merged"), &json!(kept)));
    let told = readable(&app.mails_to("b@warga.test").await.pop().unwrap());
    assert!(told.contains(&kept), "{told}");
    assert!(!told.contains(&app.desk.secret.tracking_code(&kept)), "the other reporter's code stays his: {told}");
    app.deliver(&mail("b@warga.test", "Re: Printer", "", "masih rusak"), &address, "b@warga.test").await;
    let messages = app.get("demo-superadmin", &format!("/tickets/{kept}/messages")).await.ok(200);
    assert_eq!(messages["items"].as_array().unwrap().last().unwrap()["body"], "masih rusak");
    // The clocks of the merged ticket are over.
    app.clock("2026-12-01T09:00:00+07:00").await;
    assert!(!app.events(&dead).await.iter().any(|(kind, _)| kind == "breached"));
    app.audit_is_intact().await;
}

async fn agency_address(engine: Engine) {
    let Some(app) = TestApp::new(engine, "oki", NOW).await else { return };
    app.deliver(&mail("a@warga.test", "Antrean loket", "", "Mesin antrean rusak"), "disdukcapil@desk.test", "").await;
    assert_eq!(app.only_ticket().await["agency"], "DISDUKCAPIL");
    // An agency writes from that address too: it is the official one.
    app.deliver(&mail("disdukcapil@desk.test", "Akun", "", "Mohon akun"), "meja@desk.test", "").await;
    assert_eq!(count(&app).await, 2);
    // Its Administrator is told; nobody else's.
    app.desk.run_due_steps().await.unwrap();
    assert_eq!(app.mails_to("admin.disdukcapil@demo.test").await.len(), 1);
    let told = app.mails_to("disdukcapil@desk.test").await;
    assert_eq!(told.len(), 1, "its confirmation");
    assert_eq!(app.mails_to("admin.dinkes@demo.test").await.len(), 0);
}
