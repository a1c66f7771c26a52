//! Who manages whom, through the API and the pages.

use super::Town;
use crate::support::app::{Answer, Engine, TestApp, readable};
use crate::support::browser::Browser;
use meja::desk::demo::PASSWORD;
use meja::domain::people::{Role, Scope};
use poem::http::Method;
use serde_json::{Value, json};

crate::support::on_both! {
    people_are_invited_corrected_and_disabled = life;
    nobody_reaches_beyond_what_is_theirs = rights;
    the_last_administrator_of_an_agency_raises_an_alarm = alarm;
    the_last_system_administrator_stays = last;
    a_change_of_rights_ends_sessions_and_tokens_follow = at_once;
    tokens_are_made_for_oneself_and_revoked = tokens;
    accounts_are_managed_on_pages = pages;
}

/// Tokens of the demo that the story needs and the demo does not have.
async fn token(app: &TestApp, email: &str) -> String {
    app.desk.add_token(email, "uji", Scope::Write, None).await.unwrap()
}

async fn head(app: &TestApp, agency: &str) -> String {
    token(app, &format!("kepala.{}@demo.test", agency.to_lowercase())).await
}

async fn delete(app: &TestApp, token: &str, path: &str) -> Answer {
    app.call(Method::DELETE, token, path, None, &[]).await
}

fn tier1(agency: &str) -> Value {
    json!({"role": "tier1_agent", "agency": agency})
}

async fn life(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let app = &town.app;
    let system = token(app, "sistem@demo.test").await;
    let bad = json!({"email": "bukan alamat", "name": " ", "nip": "12", "grants": [{"role": "tier1_agent"}]});
    let problems = app.post(&system, "/users", bad).await.ok(422);
    let mut fields: Vec<&str> =
        problems["errors"].as_array().unwrap().iter().map(|bad| bad["field"].as_str().unwrap()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["email", "name", "nip", "role"]);
    let unknown = json!({"email": "a@b.id", "name": "A", "grants": [{"role": "raja"}]});
    app.post(&system, "/users", unknown).await.ok(422);
    let body = json!({"email": "Baru@demo.test", "name": "Petugas  Baru", "nip": "198001012005011001", "grants": [tier1("BKD")]});
    let key = [("Idempotency-Key", "k1")];
    let made = app.call(Method::POST, &system, "/users", Some(body.clone()), &key).await.ok(201);
    assert_eq!((&made["email"], &made["name"]), (&json!("baru@demo.test"), &json!("Petugas Baru")));
    assert_eq!((&made["roles"], &made["has_password"]), (&json!([tier1("BKD")]), &json!(false)));
    let again = app.call(Method::POST, &system, "/users", Some(body.clone()), &key).await.ok(201);
    assert_eq!(again, made);
    assert_eq!(app.mails_to("baru@demo.test").await.len(), 1, "invited once");
    assert!(app.post(&system, "/users", body).await.ok(422)["errors"][0]["field"] == "email");
    let path = format!("/users/{}", made["id"]);
    let browser = Browser::at(&town.desk);
    let link = town.mailed_link("baru@demo.test").await;
    browser.fill(&link, &link, &[]).await.goes_to("/akun/sandi");
    let patch = |body: Value| app.call(Method::PATCH, &system, &path, Some(body), &[]);
    assert_eq!(patch(json!({"name": "Petugas Lama", "nip": ""})).await.ok(200)["nip"], Value::Null);
    browser.get("/akun").await.is(200);
    patch(json!({"email": "warga@demo.test"})).await.ok(422);
    patch(json!({"admin": true})).await.ok(422);
    patch(json!({"email": "lama@demo.test"})).await.ok(200);
    browser.get("/akun").await.is(303);
    assert!(app.mails_to("baru@demo.test").await.iter().any(|mail| mail.subject.contains("Alamat surel")));
    assert_eq!(app.post(&system, &format!("{path}/disable"), json!({})).await.ok(200)["active"], json!(false));
    app.post(&system, &format!("{path}/sign-in-link"), json!({})).await.ok(409);
    assert_eq!(app.post(&system, &format!("{path}/enable"), json!({})).await.ok(200)["active"], json!(true));
    app.post(&system, &format!("{path}/sign-in-link"), json!({})).await.ok(200);
    let link = town.mailed_link("lama@demo.test").await;
    Browser::at(&town.desk).fill(&link, &link, &[]).await.goes_to("/akun/sandi");
    let kinds = town.history("lama@demo.test").await;
    assert_eq!(kinds, ["added", "corrected", "corrected", "disabled", "enabled", "link_made"]);
    // What is personal or secret stays out of the chain.
    let stream = format!("account:{}", made["id"]);
    let mut tx = app.desk.db.read().await.unwrap();
    for event in meja::store::events::of_stream(&mut tx, &stream, 0, 100).await.unwrap() {
        for secret in ["demo.test", "Petugas", "19800101", "masuk/"] {
            assert!(!event.payload.contains(secret), "{}", event.payload);
        }
    }
    drop(tx);
    let page = app.get(&system, "/users?q=lama&active=true&limit=1").await.ok(200);
    assert_eq!(page["items"][0]["id"], made["id"]);
    let first = app.get(&system, "/users?limit=2").await.ok(200);
    let next =
        app.get(&system, &format!("/users?limit=200&cursor={}", first["next_cursor"].as_str().unwrap())).await.ok(200);
    assert!(!next["items"].as_array().unwrap().contains(&first["items"][1]));
    app.get(&system, "/users?cursor=AAAA").await.ok(422);
    app.audit_is_intact().await;
}

async fn rights(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let app = &town.app;
    let head = head(app, "DINKES").await;
    let system = token(app, "sistem@demo.test").await;
    let ict = token(app, "pimpinan@demo.test").await;
    let (agent, other) = (town.id("admin.dinkes@demo.test").await, town.id("admin.disdukcapil@demo.test").await);
    for lowly in ["demo-warga", "demo-dinkes", "demo-auditor", "demo-koordinasi"] {
        app.get(lowly, "/users").await.ok(403);
        app.get(lowly, &format!("/users/{other}")).await.ok(404);
        app.post(lowly, &format!("/users/{other}/disable"), json!({})).await.ok(404);
        app.post(lowly, "/users", json!({"email": "x@y.id", "name": "X", "grants": [tier1("DINKES")]})).await.ok(403);
        // Raising oneself.
        let own = app.get(lowly, "/me").await.ok(200)["id"].as_i64().unwrap();
        for role in ["system_admin", "tier2_unit", "ict_head"] {
            app.post(lowly, &format!("/users/{own}/grants"), json!({"role": role})).await.ok(403);
        }
        app.call(Method::PATCH, lowly, &format!("/users/{own}"), Some(json!({"email": "x@y.id"})), &[]).await.ok(403);
    }
    // A head sees and manages the own agency, and only its first line.
    let seen = app.get(&head, "/users").await.ok(200);
    let seen: Vec<&str> = seen["items"].as_array().unwrap().iter().map(|one| one["email"].as_str().unwrap()).collect();
    assert_eq!(seen, ["admin.dinkes@demo.test", "kepala.dinkes@demo.test", "pemilik.dinkes@demo.test"]);
    app.get(&head, &format!("/users/{other}")).await.ok(404);
    app.post(&head, &format!("/users/{other}/disable"), json!({})).await.ok(404);
    app.post(&head, "/users", json!({"email": "dua@demo.test", "name": "Dua", "grants": [tier1("DINKES")]}))
        .await
        .ok(201);
    for beyond in [tier1("BKD"), json!({"role": "agency_head", "agency": "DINKES"}), json!({"role": "system_admin"})] {
        app.post(&head, "/users", json!({"email": "x@y.id", "name": "X", "grants": [beyond]})).await.ok(403);
        app.post(&head, &format!("/users/{agent}/grants"), beyond).await.ok(403);
    }
    app.post(&head, "/users", json!({"email": "x@y.id", "name": "X"})).await.ok(403);
    app.call(Method::PATCH, &head, &format!("/users/{agent}"), Some(json!({"email": "x@y.id"})), &[]).await.ok(403);
    app.post(&head, &format!("/users/{agent}/reset-totp"), json!({})).await.ok(403);
    // Who holds more than the ICT office may give is out of its reach.
    app.post(&ict, &format!("/users/{other}/disable"), json!({})).await.ok(200);
    let auditor = town.id("auditor@demo.test").await;
    for verb in ["disable", "sign-in-link"] {
        app.post(&ict, &format!("/users/{auditor}/{verb}"), json!({})).await.ok(403);
    }
    app.post("demo-superadmin", &format!("/users/{auditor}/grants"), json!({"role": "system_admin"})).await.ok(403);
    // Nobody raises himself, not even who runs the installation.
    let own = town.id("sistem@demo.test").await;
    app.post(&system, &format!("/users/{own}/grants"), json!({"role": "tier2_unit"})).await.ok(403);
    app.post(&system, &format!("/users/{own}/disable"), json!({})).await.ok(403);
    // The pack says which role stands where.
    app.post(&system, &format!("/users/{auditor}/grants"), json!({"role": "tier1_agent"})).await.ok(422);
    app.post(&system, &format!("/users/{auditor}/grants"), json!({"role": "ict_head", "agency": "BKD"})).await.ok(422);
    // A token for reading changes nothing.
    let reading = app.desk.add_token("sistem@demo.test", "baca", Scope::Read, None).await.unwrap();
    app.get(&reading, "/users").await.ok(200);
    app.post(&reading, &format!("/users/{agent}/disable"), json!({})).await.ok(403);
    app.post(&reading, "/tokens", json!({"label": "x", "scope": "write"})).await.ok(403);
}

async fn alarm(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let app = &town.app;
    let system = token(app, "sistem@demo.test").await;
    let id = town.id("admin.dinkes@demo.test").await;
    let has = async |code: &str| {
        let page = app.get("demo-superadmin", "/agencies").await.ok(200);
        let found = page["items"].as_array().unwrap().iter().find(|agency| agency["code"] == code).cloned();
        found.unwrap()["has_first_line"].as_bool().unwrap()
    };
    let ticket = json!({"subject": "SIMPUS mati", "description": "Sejak pagi", "kind": "incident", "agency": "DINKES"});
    let tier = async || app.post("demo-superadmin", "/tickets", ticket.clone()).await.ok(201)["tier"].as_i64().unwrap();
    assert!(has("DINKES").await);
    assert_eq!(tier().await, 1);
    let second = json!({"email": "dua@demo.test", "name": "Dua", "grants": [tier1("DINKES")]});
    let second = app.post(&system, "/users", second).await.ok(201)["id"].as_i64().unwrap();
    delete(app, &system, &format!("/users/{id}/grants?role=tier1_agent&agency=DINKES")).await.ok(200);
    assert!(has("DINKES").await, "another one is left");
    let told = async |email: &str| {
        let mails = app.mails_to(email).await;
        mails
            .iter()
            .filter(|mail| mail.subject.contains("Tanpa petugas lini pertama"))
            .map(readable)
            .collect::<Vec<_>>()
    };
    assert_eq!(told("superadmin@demo.test").await.len(), 0);
    app.post(&system, &format!("/users/{second}/disable"), json!({})).await.ok(200);
    assert!(!has("DINKES").await);
    assert_eq!(tier().await, 2, "new tickets go to the second line");
    for email in ["superadmin@demo.test", "pimpinan@demo.test"] {
        let mails = told(email).await;
        assert_eq!(mails.len(), 1, "{email}");
        assert!(mails[0].contains("DINKES") && !mails[0].contains("BKD"), "{}", mails[0]);
    }
    app.post(&system, &format!("/users/{second}/enable"), json!({})).await.ok(200);
    assert!(has("DINKES").await);
    assert_eq!(tier().await, 1);
    let mut tx = app.desk.db.read().await.unwrap();
    let events = meja::store::events::of_stream(&mut tx, "agency:DINKES", 0, 100).await.unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds[kinds.len() - 2..], ["first_line_gone", "first_line_back"]);
    drop(tx);
    app.audit_is_intact().await;
}

async fn last(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let app = &town.app;
    let system = token(app, "sistem@demo.test").await;
    let own = town.id("sistem@demo.test").await;
    delete(app, &system, &format!("/users/{own}/grants?role=system_admin")).await.ok(409);
    assert!(app.desk.disable_account("sistem@demo.test").await.is_err(), "not from the console either");
    app.get(&system, "/users").await.ok(200);
    let two = json!({"email": "dua@demo.test", "name": "Dua", "grants": [{"role": "system_admin"}]});
    let two = app.post(&system, "/users", two).await.ok(201)["id"].as_i64().unwrap();
    let other = token(app, "dua@demo.test").await;
    // Both at the same time: one of them stays.
    let (one, another) =
        (format!("/users/{own}/grants?role=system_admin"), format!("/users/{two}/grants?role=system_admin"));
    let (first, second) = tokio::join!(delete(app, &other, &one), delete(app, &system, &another));
    let mut outcome = [first.status, second.status];
    outcome.sort_unstable();
    // Whoever comes second is stopped by the rule, or has no right any more.
    assert!(outcome[0] == 200 && [403, 404, 409].contains(&outcome[1]), "{outcome:?}");
    let left =
        meja::store::people::holders(&mut app.desk.db.read().await.unwrap(), Role::SystemAdmin, "").await.unwrap();
    assert_eq!(left.len(), 1);
}

async fn at_once(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let app = &town.app;
    let system = token(app, "sistem@demo.test").await;
    let id = town.id("admin.dinkes@demo.test").await;
    let (here, elsewhere) = (Browser::at(&town.desk), Browser::at(&town.desk));
    here.sign_in("admin.dinkes@demo.test", PASSWORD).await.goes_to("/kerja");
    elsewhere.set("meja_session", &here.cookie("meja_session"));
    elsewhere.get("/kerja/antrean").await.is(200);
    app.post(&system, &format!("/users/{id}/grants"), json!({"role": "auditor"})).await.ok(200);
    for node in [&here, &elsewhere] {
        node.get("/kerja/antrean").await.goes_to("/masuk?lanjut=/kerja/antrean");
    }
    here.sign_in("admin.dinkes@demo.test", PASSWORD).await.is(303);
    let left = delete(app, &system, &format!("/users/{id}/grants?role=auditor")).await.ok(200);
    assert_eq!(left["roles"], json!([tier1("DINKES")]));
    here.get("/kerja/antrean").await.is(303);
    delete(app, &system, &format!("/users/{id}/grants?role=auditor")).await.ok(404);
    app.get("demo-dinkes", "/tickets").await.ok(200);
    app.post(&system, &format!("/users/{id}/disable"), json!({})).await.ok(200);
    app.get("demo-dinkes", "/tickets").await.ok(401);
    here.sign_in("admin.dinkes@demo.test", PASSWORD).await.is(422);
}

async fn tokens(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let app = &town.app;
    let body = json!({"label": "Dasbor", "scope": "read", "agency": "DINKES"});
    app.post("demo-dinkes", "/tokens", json!({"label": " ", "scope": "read"})).await.ok(422);
    app.post("demo-dinkes", "/tokens", json!({"label": "x", "scope": "all"})).await.ok(422);
    app.post("demo-dinkes", "/tokens", json!({"label": "x", "scope": "read", "agency": "ANTAH"})).await.ok(422);
    let key = [("Idempotency-Key", "t1")];
    let made = app.call(Method::POST, "demo-dinkes", "/tokens", Some(body.clone()), &key).await.ok(201);
    let secret = made["token"].as_str().unwrap().to_owned();
    app.call(Method::POST, "demo-dinkes", "/tokens", Some(body), &key).await.ok(409);
    assert_eq!(app.get(&secret, "/me").await.ok(200)["scope"], "read");
    app.post(&secret, "/tokens", json!({"label": "lebih", "scope": "write"})).await.ok(403);
    let page = app.get("demo-dinkes", "/tokens").await.ok(200);
    assert_eq!(page["items"][0]["id"], made["id"]);
    assert_eq!(page["items"][0].get("token"), None, "told once");
    app.get("demo-dinkes", "/tokens?all=true").await.ok(403);
    let revoke = format!("/tokens/{}/revoke", made["id"]);
    app.post("demo-warga", &revoke, json!({})).await.ok(404);
    app.post("demo-superadmin", &revoke, json!({})).await.ok(404);
    let system = token(app, "sistem@demo.test").await;
    assert!(app.get(&system, "/tokens?all=true").await.ok(200)["items"].as_array().unwrap().len() > 5);
    assert_ne!(app.post(&system, &revoke, json!({})).await.ok(200)["revoked_at"], Value::Null);
    app.get(&secret, "/me").await.ok(401);
    let kinds = town.history("admin.dinkes@demo.test").await;
    assert_eq!(kinds[kinds.len() - 2..], ["token_made", "token_revoked"]);
}

async fn pages(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let admin = Browser::at(&town.desk);
    admin.sign_in("sistem@demo.test", PASSWORD).await.is(303);
    let list = "/kerja/pengaturan/pengguna";
    admin.get(list).await.shows("admin.dinkes@demo.test");
    let narrowed = admin.get(&format!("{list}?cari=disdukcapil&keadaan=aktif")).await;
    narrowed.shows("admin.disdukcapil@demo.test");
    assert!(!narrowed.html.contains("admin.dinkes@demo.test"));
    let new = format!("{list}/baru");
    let page = admin
        .fill(&new, &new, &[("name", "<b>Ani</b>"), ("email", "x"), ("role", "tier1_agent"), ("agency", "")])
        .await;
    page.is(422).shows("Tulis alamat surel yang lengkap").shows("&lt;b&gt;Ani").shows("href=\"#role\"");
    let form = [("name", "Ani"), ("email", "ani@demo.test"), ("nip", ""), ("role", "tier1_agent"), ("agency", "BKD")];
    let page = admin.fill(&new, &new, &form).await;
    page.is(303);
    let address = page.location.split('?').next().unwrap().to_owned();
    admin.get(&page.location).await.shows("undangan dikirim").shows("Petugas lini pertama (BKD)").shows("Akun dibuat");
    for (act, form, words) in [
        ("beri", vec![("role", "auditor"), ("agency", "")], "Peran diberikan"),
        ("cabut", vec![("role", "auditor"), ("agency", "")], "Peran dicabut"),
        ("ubah", vec![("name", "Ani Lestari"), ("nip", ""), ("email", "ani@demo.test")], "Data disimpan"),
        ("tautan", vec![], "Tautan masuk dikirim"),
        ("nonaktifkan", vec![], "Akun dinonaktifkan"),
        ("aktifkan", vec![], "Akun diaktifkan"),
    ] {
        let page = admin.fill(&address, &format!("{address}/{act}"), &form).await;
        page.is(303);
        admin.get(&page.location).await.shows(words);
    }
    let own = format!("{list}/{}", town.id("sistem@demo.test").await);
    admin.get(&own).await.shows("Ini akun Anda");
    let refused = admin.fill(&own, &format!("{own}/cabut"), &[("role", "system_admin"), ("agency", "")]).await;
    refused.is(409).shows("paling sedikit satu pengelola sistem");
    let made = admin
        .fill(
            "/kerja/pengaturan/token",
            "/kerja/pengaturan/token",
            &[("label", "Uji"), ("scope", "read"), ("agency", "")],
        )
        .await;
    made.is(200).shows("Token tidak ditampilkan lagi");
    admin.get("/kerja/pengaturan/token?milik=semua").await.shows("superadmin@demo.test");
    let agent = Browser::at(&town.desk);
    agent.sign_in("admin.dinkes@demo.test", PASSWORD).await.is(303);
    agent.get(list).await.is(403);
    agent.get(&new).await.is(403);
    agent.get(&address).await.is(404);
    agent.get("/kerja/pengaturan/token").await.is(200);
    for language in ["id", "en"] {
        for page in [list, &new, &address, "/akun", "/akun/sandi", "/akun/dua-langkah", "/kerja/pengaturan/token"] {
            let html = admin.get(&format!("{page}?bahasa={language}")).await.html;
            for family in ["person-", "account-", "token-", "totp-", "role-", "scope-", "actor-"] {
                assert!(
                    !html.contains(&format!(">{family}")) && !html.contains(&format!(" {family}")),
                    "{page} {family}"
                );
            }
        }
    }
}
