//! From the first draft to the successor of what was withdrawn, and who may do what on the way.

use super::{act, begin, publish, titles, town};
use crate::support::app::{Engine, TestApp};
use poem::http::Method;
use serde_json::{Value, json};

crate::support::on_both! {
    an_article_is_read_by_somebody_else_before_it_is_published = life;
    what_people_read_stays_while_it_is_written_anew = anew;
    nobody_reads_what_is_for_others = audiences;
    an_article_is_checked_again_in_time = checked;
    bad_articles_change_nothing = refusals;
}

async fn put(app: &TestApp, token: &str, slug: &str, body: Value) -> crate::support::app::Answer {
    app.call(Method::PUT, token, &format!("/articles/{slug}"), Some(body), &[]).await
}

async fn life(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let slug = begin(&app, "demo-dinkes", "DINKES", "Lupa sandi SIMPUS?", "public").await;
    assert_eq!(slug, "lupa-sandi-simpus");
    app.get("demo-warga", &format!("/articles/{slug}")).await.ok(404);
    app.get("demo-disdukcapil", &format!("/articles/{slug}")).await.ok(404);
    assert_eq!(titles(&app.get("demo-warga", "/articles").await.ok(200)), Vec::<String>::new());
    // Not before it was read, and not by who wrote it.
    act(&app, "demo-superadmin", &slug, "publish", json!({})).await.ok(409);
    act(&app, "demo-warga", &slug, "submit", json!({})).await.ok(404);
    act(&app, "demo-auditor", &slug, "submit", json!({})).await.ok(403);
    act(&app, "demo-dinkes", &slug, "submit", json!({"version": 1})).await.ok(200);
    act(&app, "demo-dinkes", &slug, "publish", json!({})).await.ok(403);
    put(&app, "demo-dinkes", &slug, json!({"title": "Lain"})).await.ok(409);
    act(&app, "demo-superadmin", &slug, "return", json!({"reason": ""})).await.ok(422);
    act(&app, "demo-superadmin", &slug, "return", json!({"reason": "Sebut nomor telepon."})).await.ok(200);
    let mended = put(&app, "demo-dinkes", &slug, json!({"body": "Telepon 112.", "version": 3})).await.ok(200);
    assert_eq!(
        (&mended["edition"], &mended["state"], &mended["title"]),
        (&json!(2), &json!("draft"), &json!("Lupa sandi SIMPUS?"))
    );
    put(&app, "demo-dinkes", &slug, json!({"body": "Telepon 113.", "version": 3})).await.ok(409);
    act(&app, "demo-dinkes", &slug, "submit", json!({})).await.ok(200);
    let shown = act(&app, "demo-superadmin", &slug, "publish", json!({})).await.ok(200);
    assert_eq!((&shown["state"], &shown["published_edition"]), (&json!("published"), &json!(2)));
    let read = app.get("demo-warga", &format!("/articles/{slug}")).await.ok(200);
    assert_eq!((&read["body"], &read["owner"]), (&json!("Telepon 112."), &Value::Null));
    assert_eq!(titles(&app.get("demo-warga", "/articles?q=sandi").await.ok(200)), ["Lupa sandi SIMPUS?"]);
    // Withdrawn with something in its place.
    let other = publish(&app, "DINKES", "Sandi SIMPUS", "public").await;
    act(&app, "demo-dinkes", &slug, "withdraw", json!({"reason": "Ganti aplikasi", "successor": "tidak-ada"}))
        .await
        .ok(422);
    act(&app, "demo-dinkes", &slug, "withdraw", json!({"reason": "Ganti aplikasi", "successor": other})).await.ok(200);
    let gone = app.get("demo-warga", &format!("/articles/{slug}")).await.ok(410);
    assert_eq!((&gone["state"], &gone["successor"]), (&json!("withdrawn"), &json!(other)));
    assert_eq!(titles(&app.get("demo-warga", "/articles?q=sandi").await.ok(200)), ["Sandi SIMPUS"]);
    let editions = app.get("demo-dinkes", &format!("/articles/{slug}/editions")).await.ok(200);
    assert_eq!(editions["items"].as_array().unwrap().len(), 2);
    app.get("demo-warga", &format!("/articles/{slug}/editions")).await.ok(404);
    let same = begin(&app, "demo-dinkes", "DINKES", "Lupa sandi SIMPUS", "staff").await;
    assert_eq!(same, "lupa-sandi-simpus-2");
    app.audit_is_intact().await;
}

async fn anew(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let slug = publish(&app, "DINKES", "Membayar retribusi", "public").await;
    let draft =
        put(&app, "demo-dinkes", &slug, json!({"title": "Pelunasan karcis parkir", "audience": "staff"})).await.ok(200);
    assert_eq!(
        (&draft["state"], &draft["edition"], &draft["published_edition"]),
        (&json!("draft"), &json!(2), &json!(1))
    );
    let read = app.get("demo-warga", &format!("/articles/{slug}")).await.ok(200);
    assert_eq!((&read["title"], &read["edition"]), (&json!("Membayar retribusi"), &json!(1)));
    assert_eq!(titles(&app.get("demo-warga", "/articles?q=pembayaran").await.ok(200)), ["Membayar retribusi"]);
    assert_eq!(titles(&app.get("demo-warga", "/articles?q=parkir").await.ok(200)), Vec::<String>::new());
    // The same text again is no other text.
    let again = put(&app, "demo-dinkes", &slug, json!({"title": "Pelunasan karcis parkir"})).await.ok(200);
    assert_eq!(again["version"], draft["version"]);
    act(&app, "demo-dinkes", &slug, "submit", json!({})).await.ok(200);
    act(&app, "demo-superadmin", &slug, "publish", json!({})).await.ok(200);
    app.get("demo-warga", &format!("/articles/{slug}")).await.ok(404);
    assert_eq!(titles(&app.get("demo-warga", "/articles?q=pembayaran").await.ok(200)), Vec::<String>::new());
    assert_eq!(titles(&app.get("demo-auditor", "/articles?q=parkir").await.ok(200)), ["Pelunasan karcis parkir"]);
    app.audit_is_intact().await;
}

async fn audiences(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    for (agency, title, audience) in [
        ("DINKES", "Umum genset", "public"),
        ("DINKES", "Pegawai genset", "staff"),
        ("DINKES", "Dinkes genset", "agency"),
        ("BKD", "Kepegawaian genset", "agency"),
    ] {
        publish(&app, agency, title, audience).await;
    }
    for (token, seen) in [
        ("demo-warga", vec!["Umum genset"]),
        ("demo-dinkes", vec!["Dinkes genset", "Pegawai genset", "Umum genset"]),
        ("demo-disdukcapil", vec!["Pegawai genset", "Umum genset"]),
        ("demo-superadmin", vec!["Kepegawaian genset", "Dinkes genset", "Pegawai genset", "Umum genset"]),
        ("demo-auditor", vec!["Kepegawaian genset", "Dinkes genset", "Pegawai genset", "Umum genset"]),
    ] {
        assert_eq!(titles(&app.get(token, "/articles").await.ok(200)), seen, "{token}");
        let mut found = titles(&app.get(token, "/articles?q=genset").await.ok(200));
        let mut seen: Vec<String> = seen.into_iter().map(str::to_owned).collect();
        found.sort();
        seen.sort();
        assert_eq!(found, seen, "{token}");
        let slugs = [("umum-genset", 0), ("pegawai-genset", 1), ("dinkes-genset", 2), ("kepegawaian-genset", 3)];
        for (slug, place) in slugs {
            let title = ["Umum genset", "Pegawai genset", "Dinkes genset", "Kepegawaian genset"][place];
            let status = if seen.iter().any(|it| it == title) { 200 } else { 404 };
            app.get(token, &format!("/articles/{slug}")).await.ok(status);
        }
    }
    // Pages are read in pages.
    let first = app.get("demo-superadmin", "/articles?limit=3").await.ok(200);
    let next = first["next_cursor"].as_str().unwrap();
    assert_eq!(
        titles(&app.get("demo-superadmin", &format!("/articles?limit=3&cursor={next}")).await.ok(200)),
        ["Umum genset"]
    );
    app.get("", "/articles").await.ok(401);
}

async fn checked(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let slug = publish(&app, "DINKES", "Jadwal puskesmas", "public").await;
    let due = "/articles?review=due";
    assert_eq!(titles(&app.get("demo-dinkes", due).await.ok(200)), Vec::<String>::new());
    app.clock("2027-04-06T09:00:00+07:00").await;
    assert_eq!(titles(&app.get("demo-dinkes", due).await.ok(200)), ["Jadwal puskesmas"]);
    assert_eq!(titles(&app.get("demo-warga", due).await.ok(200)), Vec::<String>::new());
    let found = act(&app, "demo-dinkes", &slug, "check", json!({})).await.ok(200);
    assert_eq!(found["review_due"], "2027-10-06T02:00:00+00:00");
    assert_eq!(titles(&app.get("demo-dinkes", due).await.ok(200)), Vec::<String>::new());
    app.audit_is_intact().await;
}

async fn refusals(engine: Engine) {
    let Some(app) = town(engine).await else { return };
    let body = json!({"title": " ", "body": "", "agency": "XX", "service": "tidak-ada", "review_months": 90});
    let told = app.post("demo-superadmin", "/articles", body).await.ok(422);
    let fields: Vec<&str> = told["errors"].as_array().unwrap().iter().map(|it| it["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["title", "body", "review_months", "agency", "service"]);
    let body = json!({"title": "A", "body": "B", "agency": "DINKES", "audience": "everyone"});
    app.post("demo-superadmin", "/articles", body).await.ok(422);
    let body = json!({"title": "Aa", "body": "Bb", "agency": "DINKES"});
    for token in ["demo-disdukcapil", "demo-warga", "demo-auditor", "demo-koordinasi"] {
        app.post(token, "/articles", body.clone()).await.ok(403);
    }
    assert_eq!(titles(&app.get("demo-superadmin", "/articles?state=draft").await.ok(200)), Vec::<String>::new());
    let key = [("idempotency-key", "satu")];
    for _ in 0..2 {
        app.call(Method::POST, "demo-dinkes", "/articles", Some(body.clone()), &key).await.ok(201);
    }
    assert_eq!(titles(&app.get("demo-dinkes", "/articles?state=draft").await.ok(200)), ["Aa"]);
}
