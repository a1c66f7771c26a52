//! Reporters whose ticket went on in somebody else's: what they are told, and what is told of them.

use super::onlookers::{SECRET, secretly, signed_in};
use super::{Engine, TestApp, begin, describe, region, send};
use crate::support::app::{readable, reply_to};
use crate::support::browser::Browser;
use meja::domain::message::{OutboxItem, masked, without_address};
use meja::domain::reporter::Wish;
use serde_json::{Value, json};

crate::support::on_both! {
    whoever_was_merged_in_keeps_his_own_number_and_code = told;
    a_secret_reporter_who_was_merged_in_stays_secret = secret;
    what_is_split_off_keeps_the_wish = split;
    a_message_of_somebody_merged_in_becomes_his_ticket = split_of_other;
    what_follows_keeps_the_wish = followed;
}

async fn open(app: &TestApp, more: Value) -> String {
    let mut body = json!({"kind": "incident", "subject": "Gaji Ani belum cair", "description": "Sejak pagi",
        "agency": "DINKES", "requester": {"name": "Ani", "email": "ani@warga.test"}, "impact": "limited",
        "urgency": "medium"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.post("demo-superadmin", "/tickets", body).await.ok(201)["number"].as_str().unwrap().to_owned()
}

async fn act(app: &TestApp, number: &str, verb: &str, body: Value) -> Value {
    let answer = app.post("demo-superadmin", &format!("/tickets/{number}/{verb}"), body).await;
    assert!(answer.status < 300, "{verb}: {}", answer.json);
    answer.json
}

async fn last(app: &TestApp, address: &str) -> OutboxItem {
    app.mails_to(address).await.pop().unwrap()
}

/// Somebody answers the last mail to an address.
async fn answers(app: &TestApp, from: &str, address: &str, words: &str) {
    let to = reply_to(&last(app, address).await);
    let id = meja::secret::new_token().unwrap();
    let mail = format!(
        "From: {from} <{address}>\r\nTo: {to}\r\nSubject: Re: laporan\r\nMessage-ID: <{id}@warga.test>\r\n\r\n{words}\r\n"
    );
    assert!(app.deliver(&mail, &to, address).await);
}

async fn messages(app: &TestApp, token: &str, number: &str) -> Vec<Value> {
    let page = app.get(token, &format!("/tickets/{number}/messages?limit=200")).await.ok(200);
    page["items"].as_array().unwrap().clone()
}

async fn told(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let kept = open(&app, json!({})).await;
    let budi = json!({"name": "Budi", "email": "budi@warga.test"});
    let own = open(&app, json!({"subject": "Tunjangan Budi", "requester": budi})).await;
    // By way of a third one.
    let cici = json!({"name": "Cici", "email": "cici@warga.test"});
    let between = open(&app, json!({"subject": "Honor Cici", "requester": cici})).await;
    act(&app, &own, "merge", json!({"into": between})).await;
    act(&app, &between, "merge", json!({"into": kept})).await;
    let code = |number: &str| app.desk.secret.tracking_code(number);
    let body = "Yth. {{ pelapor }}, sedang kami periksa. {{ tautan_lacak }}";
    act(&app, &kept, "messages", json!({"body": body})).await;
    for (name, address, number) in
        [("Ani", "ani@warga.test", &kept), ("Budi", "budi@warga.test", &own), ("Cici", "cici@warga.test", &between)]
    {
        let text = readable(&last(&app, address).await);
        let link = format!("http://desk.test/lacak/{number}?kode={}", code(number));
        assert!(text.contains(&format!("Yth. {name}, sedang kami periksa. {link}")), "{text}");
        assert!(text.contains(&format!("Subject: [{number}]")), "{text}");
        for other in [&kept, &own, &between].into_iter().filter(|other| *other != number) {
            assert!(!text.contains(other.as_str()) && !text.contains(&code(other)), "{name}: {text}");
        }
    }
    let text = readable(&last(&app, "budi@warga.test").await);
    assert!(!text.contains("Ani") && !text.contains("Cici"), "{text}");
    act(&app, &kept, "request-info", json!({"body": "Sejak kapan?"})).await;
    act(&app, &kept, "resume", json!({"reason": "Sudah jelas"})).await;
    act(&app, &kept, "resolve", json!({"solution": "Sudah cair"})).await;
    let text = readable(&last(&app, "budi@warga.test").await);
    assert!(text.contains("Sudah cair") && !text.contains("/nilai"), "only who reported it judges it: {text}");
    assert!(!text.contains("Ani") && !text.contains(&kept), "{text}");
    assert!(readable(&last(&app, "ani@warga.test").await).contains(&format!("/lacak/{kept}/nilai?kode=")));
    // The answer still finds the ticket that goes on.
    answers(&app, "Budi", "budi@warga.test", "Belum masuk juga").await;
    let all = messages(&app, "demo-superadmin", &kept).await;
    assert_eq!(all.last().unwrap()["body"], "Belum masuk juga");
    assert_eq!(all.last().unwrap()["author_name"], "Budi", "the staff know who wrote it");
    let ani = Browser::at(&app.desk);
    super::enter(&ani, &kept, &code(&kept)).await;
    let page = ani.get(&format!("/lacak/{kept}")).await;
    page.shows("Belum masuk juga");
    assert!(!page.html.contains("Budi</"), "Ani does not: {}", page.html);
    app.audit_is_intact().await;
}

async fn secret(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let (own, _) = secretly(&app).await;
    let kept = open(&app, json!({})).await;
    act(&app, &own, "merge", json!({"into": kept})).await;
    answers(&app, "Siti Rahasia", "siti@contoh.id", "Saya tambahkan ini").await;
    for token in ["demo-auditor", "demo-dinkes"] {
        let all = messages(&app, token, &kept).await;
        assert_eq!(all.last().unwrap()["body"], "Saya tambahkan ini");
        let seen = json!(all).to_string();
        assert!(!seen.contains("Siti") && !seen.contains("siti@"), "{token}: {seen}");
        assert_eq!(all.last().unwrap()["author_name"], "", "{token}: nor is it said to be Ani");
    }
    signed_in(&app, "admin.dinkes@demo.test").await.get(&format!("/kerja/tiket/{kept}")).await.is(200);
    // A new report after the end is hers, with her wish.
    act(&app, &kept, "resolve", json!({"solution": "Sudah"})).await;
    act(&app, &kept, "close", json!({"reason": "Selesai"})).await;
    answers(&app, "Siti Rahasia", "siti@contoh.id", "Kambuh lagi").await;
    let newest = app.get("demo-auditor", "/tickets?limit=1").await.ok(200)["items"][0].clone();
    assert_eq!((&newest["requester"]["name"], &newest["requester"]["email"]), (&json!(""), &json!("")), "{newest}");
    app.audit_is_intact().await;
}

async fn split(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let (number, _) = secretly(&app).await;
    act(&app, &number, "messages", json!({"body": "Kami periksa"})).await;
    answers(&app, "Siti Rahasia", "siti@contoh.id", "Printer juga macet").await;
    let message = messages(&app, "demo-dinkes", &number).await.pop().unwrap()["id"].clone();
    let new = act(&app, &number, "split", json!({"message": message, "subject": "Printer macet"})).await;
    let new = new["number"].as_str().unwrap();
    let seen = app.get("demo-auditor", &format!("/tickets/{new}")).await.ok(200);
    assert_eq!((&seen["requester"]["name"], &seen["requester"]["email"]), (&json!(""), &json!("")));
    assert_eq!(app.ticket(new).await["requester"]["name"], "Siti Rahasia");
    app.audit_is_intact().await;
}

async fn split_of_other(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let kept = open(&app, json!({})).await;
    let twin = |email: &str| json!({"requester": {"name": "Budi", "email": email}});
    for email in ["budi@warga.test", "budi@lain.test"] {
        let own = open(&app, twin(email)).await;
        act(&app, &own, "merge", json!({"into": kept})).await;
        answers(&app, "Budi", email, "Printer saya juga macet").await;
        let message = messages(&app, "demo-dinkes", &kept).await.pop().unwrap()["id"].clone();
        let body = json!({"message": message, "subject": "Printer macet"});
        let answer = app.post("demo-superadmin", &format!("/tickets/{kept}/split"), body).await;
        if email == "budi@warga.test" {
            let new = answer.ok(201);
            assert_eq!(new["requester"]["email"], email, "it is his, not Ani's");
        } else {
            // Two of the same name: nobody can say whose it is.
            assert_eq!(answer.ok(422)["errors"][0]["field"], "message");
        }
    }
    // Hers stays hers, under whatever name she mails.
    let alone = open(&app, json!({})).await;
    answers(&app, "Ani di HP", "ani@warga.test", "Dan lampunya mati").await;
    let message = messages(&app, "demo-dinkes", &alone).await.pop().unwrap()["id"].clone();
    let new = act(&app, &alone, "split", json!({"message": message, "subject": "Lampu mati"})).await;
    assert_eq!(new["requester"]["email"], "ani@warga.test");
    app.audit_is_intact().await;
}

async fn followed(engine: Engine) {
    let Some(app) = region(engine).await else { return };
    let (number, code) = secretly(&app).await;
    act(&app, &number, "resolve", json!({"solution": "Sudah pulih"})).await;
    act(&app, &number, "close", json!({"reason": "Selesai"})).await;
    answers(&app, "Siti Rahasia", "siti@contoh.id", "Kambuh lagi").await;
    let newest = app.get("demo-auditor", "/tickets?limit=1").await.ok(200)["items"][0].clone();
    assert_ne!(newest["number"], json!(number));
    assert_eq!((&newest["requester"]["name"], &newest["requester"]["email"]), (&json!(""), &json!("")), "{newest}");
    let ties = app.get("demo-superadmin", &format!("/tickets/{number}/relations")).await.ok(200);
    assert_eq!(ties["items"][0]["relation"], "followed_by", "{ties}");

    // On the pages the switch is thrown as it was.
    let browser = Browser::at(&app.desk);
    super::enter(&browser, &number, &code).await;
    let base = format!("/lacak/{number}");
    browser.fill(&base, &format!("{base}/lanjutan"), &[]).await.goes_to("/lapor");
    let kind = [("kind", "incident"), ("service", "simpus"), ("follows", number.as_str())];
    browser.fill("/lapor", "/lapor", &kind).await.goes_to("/lapor/uraian");
    describe(&browser).await;
    let page = browser.get("/lapor/kontak").await;
    page.shows("name=\"secret\" value=\"1\" checked").shows("Laporan ini terhubung dengan tiket");
    let (next, _) = send(&browser, &SECRET).await;
    let ties = app.get("demo-superadmin", &format!("/tickets/{next}/relations")).await.ok(200);
    assert_eq!(ties["items"][0]["number"], json!(number), "who was silent before stays tied: {ties}");

    // Whoever asks for silence now and did not before is not tied to the name he gave then.
    let plain = Browser::at(&app.desk);
    begin(&plain).await;
    describe(&plain).await;
    let (before, code) = send(&plain, &[("name", "Tono"), ("email", "tono@contoh.id")]).await;
    act(&app, &before, "resolve", json!({"solution": "Sudah pulih"})).await;
    act(&app, &before, "close", json!({"reason": "Selesai"})).await;
    for (wish, tied) in [("anonymous", false), ("secret", false), ("usual", true)] {
        let browser = Browser::at(&app.desk);
        super::enter(&browser, &before, &code).await;
        let base = format!("/lacak/{before}");
        browser.fill(&base, &format!("{base}/lanjutan"), &[]).await.goes_to("/lapor");
        let kind = [("kind", "incident"), ("service", "simpus"), ("follows", before.as_str())];
        browser.fill("/lapor", "/lapor", &kind).await.goes_to("/lapor/uraian");
        describe(&browser).await;
        browser.get("/lapor/kontak").await.shows("keduanya tidak dihubungkan");
        let contact = [("name", "Tono"), ("email", "tono@contoh.id"), (wish, "1")];
        browser.fill("/lapor/kontak", "/lapor/kontak", &contact).await.goes_to("/lapor/periksa");
        let check = browser.get("/lapor/periksa").await;
        assert_eq!(check.html.contains(&before), tied, "{wish}: what is checked is what is sent: {}", check.html);
        let (new, _) = send(&browser, &contact).await;
        let ties = app.get("demo-superadmin", &format!("/tickets/{new}/relations")).await.ok(200);
        assert_eq!(!ties["items"].as_array().unwrap().is_empty(), tied, "{wish}: {ties}");
        let events = format!("{:?}", app.events(&new).await);
        assert_eq!(events.contains(&before), tied, "{wish}: {events}");
    }
    app.audit_is_intact().await;
}

#[test]
fn a_report_is_tied_to_an_earlier_one_only_where_that_tells_no_name() {
    let wish = |anonymous, secret| Wish { anonymous, secret };
    let (usual, secret, anonymous) = (Wish::default(), wish(false, true), wish(true, false));
    for (now, before, may) in [
        (usual, usual, true),
        (usual, secret, true),
        (usual, anonymous, true),
        (secret, usual, false),
        (secret, secret, true),
        (secret, anonymous, true),
        (anonymous, usual, false),
        (anonymous, secret, false),
        (anonymous, anonymous, true),
        (wish(true, true), secret, false),
    ] {
        assert_eq!(now.may_follow(before), may, "{now:?} after {before:?}");
    }
}

#[test]
fn an_address_is_masked_wherever_it_stands() {
    for (address, shown) in [
        ("siti@contoh.id", "s•••@contoh.id"),
        ("a@b.id", "•••@b.id"),
        ("éa@b.id", "é•••@b.id"),
        ("", "•••"),
        ("ab", "a•••"),
    ] {
        assert_eq!(masked(address), shown);
    }
    let said = "550 <Siti@Contoh.ID>: é siti@contoh.id?";
    assert_eq!(without_address(said, "siti@contoh.id"), "550 <s•••@contoh.id>: é s•••@contoh.id?");
    assert_eq!(without_address(said, ""), said);
}
