//! What attackers try: guessing, asking who is there, fixing cookies, sending forms from elsewhere.

use super::{GOOD, Town};
use crate::support::app::Engine;
use crate::support::browser::Browser;
use chrono::Duration;
use meja::desk::Desk;
use meja::desk::demo::PASSWORD;
use poem::http::Method;

crate::support::on_both! {
    tries_are_counted_over_all_nodes = guessing;
    known_and_unknown_addresses_get_the_same_answer = enumeration;
    a_cookie_from_before_is_worth_nothing = fixation;
    forms_without_their_token_change_nothing = forged;
}

async fn guessing(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let (one, two) = (Browser::at(&town.desk), Browser::at(&town.desk));
    for _ in 0..6 {
        // Right ones are no tries.
        one.sign_in("superadmin@demo.test", PASSWORD).await.is(303);
        one.fill("/akun", "/keluar", &[]).await.is(303);
    }
    for node in [&one, &two, &one, &two, &one] {
        node.sign_in("superadmin@demo.test", "salah sama sekali").await.is(422).shows("tidak cocok");
    }
    for node in [&one, &two] {
        node.sign_in("superadmin@demo.test", PASSWORD).await.is(429).shows("Terlalu banyak percobaan");
    }
    two.sign_in("warga@demo.test", PASSWORD).await.is(303);
    // The way by mail stays open.
    one.fill("/masuk", "/masuk/surel", &[("email", "superadmin@demo.test")]).await.goes_to("/masuk/surel");
    town.wait(Duration::minutes(16));
    one.sign_in("superadmin@demo.test", PASSWORD).await.is(303);
    // As many at the same time are counted, too.
    let browsers: Vec<Browser> = (0..12).map(|_| Browser::at(&town.desk)).collect();
    let tries = browsers.iter().map(|browser| browser.sign_in("auditor@demo.test", "salah sama sekali"));
    let answers = futures_util::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|page| page.status.as_u16() == 422).count();
    assert_eq!(looked_at, 5, "five were compared, the others refused");
    // Links are limited, whoever is asked for.
    for email in ["auditor@demo.test", "tidak.ada@demo.test"] {
        for _ in 0..3 {
            two.fill("/lupa-sandi", "/lupa-sandi", &[("email", email)]).await.is(303);
        }
        two.fill("/lupa-sandi", "/lupa-sandi", &[("email", email)]).await.is(429);
    }
}

async fn enumeration(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    town.desk.add_account("tanpa.sandi@demo.test", "Tanpa Sandi", None, &[]).await.unwrap();
    town.desk.disable_account("admin.disdukcapil@demo.test").await.unwrap();
    let people = ["warga@demo.test", "tidak.ada@demo.test", "tanpa.sandi@demo.test", "admin.disdukcapil@demo.test"];
    let mut answers = Vec::new();
    for email in people {
        let browser = Browser::at(&town.desk);
        let strip = |html: String, browser: &Browser| {
            let token = html.split("name=\"_csrf\" value=\"").nth(1).map_or("", |rest| rest.split('"').next().unwrap());
            let html = if token.is_empty() { html.clone() } else { html.replace(token, "") };
            html.replace(email, "").replace(&browser.cookie("meja_form"), "")
        };
        let wrong = browser.sign_in(email, "salah sama sekali").await;
        wrong.is(422);
        let link = browser.fill("/masuk", "/masuk/surel", &[("email", email)]).await;
        let password = browser.fill("/lupa-sandi", "/lupa-sandi", &[("email", email)]).await;
        let told = browser.get(&password.location).await;
        let seen = (wrong.status, link.status, link.location, password.status, password.location);
        answers.push((strip(wrong.html, &browser), seen, strip(told.html, &browser)));
    }
    for other in &answers[1..] {
        assert_eq!(*other, answers[0]);
    }
    let before = town.app.mails_to("tidak.ada@demo.test").await.len();
    town.desk.mail_links().await.unwrap();
    assert_eq!(before, 0, "nothing is written while somebody waits");
    assert_eq!(town.app.mails_to("tidak.ada@demo.test").await.len(), 0);
    assert_eq!(town.app.mails_to("warga@demo.test").await.len(), 2);
    // The demo's password of a disabled account is no better than a wrong one.
    Browser::at(&town.desk).sign_in("admin.disdukcapil@demo.test", PASSWORD).await.is(422).shows("tidak cocok");
}

async fn fixation(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let (attacker, victim) = (Browser::at(&town.desk), Browser::at(&town.desk));
    attacker.sign_in("warga@demo.test", PASSWORD).await.is(303);
    let planted = attacker.cookie("meja_session");
    victim.set("meja_session", &planted);
    victim.fill("/lapor", "/masuk", &[("email", "superadmin@demo.test"), ("password", PASSWORD)]).await.is(303);
    assert_ne!(victim.cookie("meja_session"), planted);
    victim.get("/kerja/antrean").await.is(200);
    attacker.get("/akun").await.goes_to("/masuk?lanjut=/akun");
    // One that was made up is never taken on.
    let other = Browser::at(&town.desk);
    other.set("meja_session", "abcdefghijklmnopqrstuvwxyz");
    other.sign_in("warga@demo.test", PASSWORD).await.is(303);
    assert_ne!(other.cookie("meja_session"), "abcdefghijklmnopqrstuvwxyz");
    // Over TLS both cookies belong to this host alone.
    let safe = Desk { public_url: "https://desk.test".to_owned(), ..town.desk.clone() };
    let browser = Browser::at(&safe);
    let page = browser.sign_in("warga@demo.test", PASSWORD).await;
    page.is(303);
    let line = page.set_cookies.iter().find(|line| line.starts_with("__Host-meja_session=")).unwrap();
    assert!(line.contains("; Path=/;") && line.contains("; Secure") && !line.contains("Domain"), "{line}");
    assert!(browser.cookie("__Host-meja_form").len() == 26);
    // Only addresses of this site are gone on to.
    for onward in
        ["//jahat.example", "https://jahat.example", "/\\jahat.example", "/\tjahat", "javascript:alert(1)", "/masuk"]
    {
        let browser = Browser::at(&town.desk);
        let form = [("email", "warga@demo.test"), ("password", PASSWORD), ("onward", onward)];
        browser.fill("/masuk", "/masuk", &form).await.goes_to("/");
    }
    let form = [("email", "warga@demo.test"), ("password", PASSWORD), ("onward", "/lacak?nomor=A%26B")];
    Browser::at(&town.desk).fill("/masuk", "/masuk", &form).await.goes_to("/lacak?nomor=A%26B");
}

async fn forged(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let browser = Browser::at(&town.desk);
    browser.get("/masuk").await.is(200);
    for address in ["/masuk", "/masuk/surel", "/lupa-sandi"] {
        browser.post(address, &[("email", "warga@demo.test"), ("password", PASSWORD)]).await.is(403);
    }
    browser.sign_in("sistem@demo.test", PASSWORD).await.is(303);
    let id = town.id("warga@demo.test").await;
    let own = [
        ("password", GOOD),
        ("again", GOOD),
        ("old", PASSWORD),
        ("role", "auditor"),
        ("name", "X"),
        ("email", "x@x.id"),
    ];
    for address in [
        "/akun/sandi".to_owned(),
        "/akun/sesi".to_owned(),
        "/akun/dua-langkah".to_owned(),
        "/akun/dua-langkah/siapkan".to_owned(),
        "/kerja/pengaturan/pengguna/baru".to_owned(),
        format!("/kerja/pengaturan/pengguna/{id}/beri"),
        format!("/kerja/pengaturan/pengguna/{id}/nonaktifkan"),
        "/kerja/pengaturan/token".to_owned(),
        "/keluar".to_owned(),
    ] {
        browser.post(&address, &own).await.is(403);
        let mut stolen = vec![("_csrf", "aaaaaaaaaaaaaaaaaaaaaaaaaa")];
        stolen.extend_from_slice(&own);
        browser.post(&address, &stolen).await.is(403);
    }
    assert_eq!(town.history("warga@demo.test").await.len(), 2, "added and given its token by the demo, no more");
    Browser::at(&town.desk).sign_in("sistem@demo.test", PASSWORD).await.is(303);
    // A session is no token, and a token is no session.
    let token = browser.cookie("meja_session");
    assert_eq!(town.app.call(Method::GET, &token, "/me", None, &[]).await.status, 401);
    browser.set("meja_session", "demo-superadmin");
    browser.get("/kerja/antrean").await.is(303);
}
