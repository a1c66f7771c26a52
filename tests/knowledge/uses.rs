//! What articles are good for: judged by readers, tied to tickets, made of what solved one, counted in the report.

use super::{act, begin, publish, titles, town};
use crate::support::app::{Engine, TestApp};
use meja::desk::article_uses::Visitor;
use poem::http::Method;
use serde_json::{Value, json};

crate::support::on_both! {
    everybody_says_once_whether_an_article_helped = answers;
    one_source_cannot_say_everything = limits;
    what_people_thought_is_one_list = feedback;
    a_solved_ticket_becomes_a_draft_without_its_reporter = from_ticket;
    the_report_counts_articles = counted;
}

async fn answers(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let slug = publish(&app, "DINKES", "Jadwal imunisasi", "public").await;
    let draft = begin(&app, "demo-dinkes", "DINKES", "Konsep", "public").await;
    let say = |helpful: bool| json!({"article": slug, "helpful": helpful, "comment": "Kurang jamnya."});
    app.post("demo-warga", "/feedback", say(true)).await.ok(201);
    app.post("demo-warga", "/feedback", say(false)).await.ok(201);
    app.post("demo-dinkes", "/feedback", say(true)).await.ok(201);
    let (first, second) = (Visitor::browser("a"), Visitor::browser("b"));
    for visitor in [&first, &second, &first] {
        app.desk.answer_article(None, visitor, "10.0.0.1", &slug, (true, "")).await.unwrap();
    }
    let read = app.get("demo-warga", &format!("/articles/{slug}")).await.ok(200);
    assert_eq!((&read["helped"], &read["not_helped"]), (&json!(3), &json!(1)));
    app.post("demo-warga", "/feedback", json!({"article": draft, "helpful": true})).await.ok(404);
    app.post("demo-warga", "/feedback", json!({"article": slug})).await.ok(422);
    app.post("demo-warga", "/feedback", json!({})).await.ok(422);
    app.post("demo-warga", "/feedback", json!({"article": slug, "ticket": "OKI-2610-00001-3"})).await.ok(422);
    let long = json!({"article": slug, "helpful": true, "comment": "a".repeat(1_001)});
    app.post("demo-warga", "/feedback", long).await.ok(422);
}

async fn limits(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let slug = publish(&app, "DINKES", "Jadwal imunisasi", "public").await;
    let mut kept = 0;
    for place in 0..70 {
        let visitor = Visitor::browser(&format!("peramban {place}"));
        kept += i32::from(app.desk.answer_article(None, &visitor, "10.0.0.9", &slug, (true, "")).await.is_ok());
    }
    assert_eq!(kept, 60);
    let other = Visitor::browser("lain");
    app.desk.answer_article(None, &other, "10.0.0.8", &slug, (true, "")).await.unwrap();
}

/// A ticket of a reporter, solved.
async fn solved(app: &TestApp, agency: &str) -> String {
    let body = json!({"kind": "incident", "subject": "Absensi Siti Aminah lambat", "agency": agency,
        "description": "Nama saya Siti Aminah, HP 0812-3456-7890, rumah di Jalan Mawar.",
        "requester": {"name": "Siti Aminah", "email": "warga@demo.test"}, "impact": "limited", "urgency": "low"});
    let ticket = app.post("demo-superadmin", "/tickets", body).await.ok(201);
    let number = ticket["number"].as_str().unwrap().to_owned();
    app.post("demo-superadmin", &format!("/tickets/{number}/acknowledge"), json!({})).await.ok(200);
    let solution = "Yth. Ibu Siti, tembolok peramban kami bersihkan. Hubungi budi@dinas.test atau 0812 9999 8888.";
    let body = json!({"solution": solution, "cause": "Tembolok penuh pada komputer Siti Aminah"});
    app.post("demo-superadmin", &format!("/tickets/{number}/resolve"), body).await.ok(200);
    number
}

async fn feedback(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let slug = publish(&app, "DINKES", "Jadwal imunisasi", "public").await;
    let number = solved(&app, "DINKES").await;
    app.post("demo-warga", "/feedback", json!({"article": slug, "helpful": false, "comment": "Kurang."})).await.ok(201);
    app.clock("2026-10-05T10:00:00+07:00").await;
    let rating = json!({"ticket": number, "score": 4, "comment": "Cepat"});
    app.post("demo-warga", "/feedback", rating.clone()).await.ok(201);
    app.post("demo-warga", "/feedback", rating).await.ok(409);
    app.post("demo-dinkes", "/feedback", json!({"ticket": number, "score": 4})).await.ok(404);
    let about = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|it| it["about"].as_str().unwrap().to_owned()).collect()
    };
    let all = app.get("demo-dinkes", "/feedback").await.ok(200);
    assert_eq!(about(&all), ["ticket", "article"]);
    assert_eq!((&all["items"][0]["score"], &all["items"][1]["helpful"]), (&json!(4), &json!(false)));
    let first = app.get("demo-dinkes", "/feedback?limit=1").await.ok(200);
    let next = first["next_cursor"].as_str().unwrap();
    let second = app.get("demo-dinkes", &format!("/feedback?limit=1&cursor={next}")).await.ok(200);
    assert_eq!((about(&first), about(&second)), (vec!["ticket".to_owned()], vec!["article".to_owned()]));
    // Others see nothing of it; a reporter his own.
    assert_eq!(about(&app.get("demo-disdukcapil", "/feedback").await.ok(200)), Vec::<String>::new());
    assert_eq!(about(&app.get("demo-warga", "/feedback").await.ok(200)), ["ticket"]);
    app.audit_is_intact().await;
}

async fn from_ticket(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let number = solved(&app, "DINKES").await;
    let ask = |token: &'static str| app.post(token, "/articles", json!({"ticket": number}));
    ask("demo-disdukcapil").await.ok(404);
    ask("demo-warga").await.ok(403);
    ask("demo-auditor").await.ok(403);
    let made = ask("demo-dinkes").await.ok(201);
    assert_eq!(
        (&made["state"], &made["audience"], &made["agency"]),
        (&json!("draft"), &json!("staff"), &json!("DINKES"))
    );
    let whole = made.to_string();
    for left_out in ["Siti", "Aminah", "0812", "Mawar", "budi@", "warga@"] {
        assert!(!whole.contains(left_out), "{left_out}: {whole}");
    }
    let body = made["body"].as_str().unwrap();
    assert!(
        body.contains("Tembolok penuh pada komputer") && body.contains("tembolok peramban kami bersihkan"),
        "{body}"
    );
    assert_eq!(ask("demo-dinkes").await.ok(201)["slug"], made["slug"], "one ticket has one draft");
    // Not of one that is open, nor of one that is secret.
    let open = json!({"kind": "incident", "subject": "Lain", "description": "Uraian", "agency": "DINKES"});
    let open = app.post("demo-dinkes", "/tickets", open).await.ok(201)["number"].clone();
    app.post("demo-dinkes", "/articles", json!({"ticket": open})).await.ok(409);
    app.audit_is_intact().await;
}

async fn counted(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let slug = publish(&app, "DINKES", "Jadwal imunisasi", "public").await;
    let number = solved(&app, "DINKES").await;
    let tie = format!("/articles/{slug}/tickets");
    for _ in 0..2 {
        app.post("demo-dinkes", &tie, json!({"ticket": number})).await.ok(200);
    }
    app.post("demo-disdukcapil", &tie, json!({"ticket": number})).await.ok(404);
    app.post("demo-warga", "/feedback", json!({"article": slug, "helpful": true})).await.ok(201);
    app.post("demo-dinkes", "/feedback", json!({"article": slug, "helpful": false})).await.ok(201);
    // Published anew it is no new article.
    let change = json!({"body": "Lain."});
    app.call(Method::PUT, "demo-dinkes", &format!("/articles/{slug}"), Some(change), &[]).await.ok(200);
    app.clock("2026-11-02T09:00:00+07:00").await;
    act(&app, "demo-dinkes", &slug, "submit", json!({})).await.ok(200);
    act(&app, "demo-superadmin", &slug, "publish", json!({})).await.ok(200);
    app.desk.run_reports().await.unwrap();
    for (code, added, used) in [("LAP-2026-10-DINKES", 1, 2), ("LAP-2026-10", 1, 2), ("LAP-2026-10-BKD", 0, 0)] {
        let report = app.get("demo-superadmin", &format!("/reports/{code}")).await.ok(200);
        let shown = crate::periodic::figures(&report);
        let found = (&shown["articles-added"]["value"], &shown["articles-used"]["value"]);
        assert_eq!(found, (&json!(added), &json!(used)), "{code}");
    }
    assert_eq!(titles(&app.get("demo-warga", "/articles").await.ok(200)), ["Jadwal imunisasi"]);
}
