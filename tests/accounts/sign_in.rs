//! Passwords of one's own, links, sessions.

use super::{GOOD, Town};
use crate::support::app::Engine;
use crate::support::browser::Browser;
use chrono::Duration;
use meja::desk::demo::PASSWORD;

crate::support::on_both! {
    a_forgotten_password_is_replaced_by_a_link = forgotten;
    a_password_is_changed_with_the_old_one = changed;
    an_outdated_hash_is_made_anew_at_sign_in = rehashed;
    sessions_are_listed_and_ended = listed;
    sessions_end_by_idleness_and_age = idle;
    a_link_signs_in_without_a_password = by_link;
}

async fn forgotten(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let elsewhere = Browser::at(&town.desk);
    elsewhere.sign_in("admin.dinkes@demo.test", PASSWORD).await.goes_to("/kerja");
    let browser = Browser::at(&town.desk);
    browser.get("/masuk").await.shows("Lupa kata sandi").shows("Kirim tautan masuk");
    browser.fill("/lupa-sandi", "/lupa-sandi", &[("email", "Admin.Dinkes@demo.test ")]).await.goes_to("/masuk/surel");
    let link = town.mailed_link("admin.dinkes@demo.test").await;
    browser.get(&link).await.is(200);
    browser.fill(&link, &link, &[]).await.goes_to("/akun/sandi");
    assert!(
        !browser.get("/akun/sandi").await.html.contains("name=\"old\""),
        "after a link nobody asks for the old one"
    );
    for (new, again, words) in [
        ("pendek", "pendek", "Pakai 10 sampai 200 huruf"),
        ("password12345", "password12345", "mudah ditebak"),
        ("admin.dinkes1", "admin.dinkes1", "Jangan pakai nama atau alamat"),
        (GOOD, "gerobak biru", "sama dua kali"),
    ] {
        let page = browser.fill("/akun/sandi", "/akun/sandi", &[("password", new), ("again", again)]).await;
        page.is(422);
        assert!(page.html.contains(words) || page.html.contains("lemah"), "{new}: {}", page.html);
    }
    let before = browser.cookie("meja_session");
    let done = browser.fill("/akun/sandi", "/akun/sandi", &[("password", GOOD), ("again", GOOD)]).await;
    done.is(303);
    browser.get(&done.location).await.shows("Kata sandi disimpan.").shows("Kekuatannya");
    assert_ne!(browser.cookie("meja_session"), before, "the cookie changes with the password");
    elsewhere.get("/kerja/antrean").await.goes_to("/masuk?lanjut=/kerja/antrean");
    Browser::at(&town.desk).fill("/masuk", &link, &[]).await.is(403).shows("tidak berlaku");
    Browser::at(&town.desk).sign_in("admin.dinkes@demo.test", PASSWORD).await.is(422);
    Browser::at(&town.desk).sign_in("admin.dinkes@demo.test", GOOD).await.goes_to("/kerja");
    assert!(town.history("admin.dinkes@demo.test").await.contains(&"password_set".to_owned()));
    let mails = town.app.mails_to("admin.dinkes@demo.test").await;
    assert!(mails.iter().any(|mail| mail.subject.contains("diganti")), "the owner is told");
    town.app.audit_is_intact().await;
}

async fn changed(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let browser = Browser::at(&town.desk);
    browser.sign_in("warga@demo.test", PASSWORD).await.goes_to("/");
    let form = |old: &'static str| [("old", old), ("password", GOOD), ("again", GOOD)];
    browser.fill("/akun/sandi", "/akun/sandi", &form("salah sama sekali")).await.is(422).shows("lama tidak cocok");
    browser.fill("/akun/sandi", "/akun/sandi", &form(PASSWORD)).await.is(303);
    // The same letters, put together differently.
    let composed = "kopi caf\u{e9} di tepi sungai musi";
    let form = [("old", GOOD), ("password", composed), ("again", "kopi cafe\u{301} di tepi sungai musi")];
    browser.fill("/akun/sandi", "/akun/sandi", &form).await.is(303);
    Browser::at(&town.desk).sign_in("warga@demo.test", "kopi cafe\u{301} di tepi sungai musi").await.goes_to("/");
    // A session that came by a link long ago needs the old one, too.
    let other = Browser::at(&town.desk);
    other.fill("/lupa-sandi", "/lupa-sandi", &[("email", "warga@demo.test")]).await.is(303);
    let link = town.mailed_link("warga@demo.test").await;
    other.fill(&link, &link, &[]).await.goes_to("/akun/sandi");
    town.wait(Duration::minutes(61));
    other.fill("/akun/sandi", "/akun/sandi", &[("password", GOOD), ("again", GOOD)]).await.is(422);
}

async fn rehashed(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let id = town.id("warga@demo.test").await;
    let stored = async || {
        let mut tx = town.desk.db.read().await.unwrap();
        meja::store::people::password_hash(&mut tx, id).await.unwrap().unwrap()
    };
    assert!(stored().await.contains("m=19456,t=2,p=1"));
    // A hash of the same password with the parameters of years ago.
    let weak = argon2_of(PASSWORD);
    let mut tx = town.desk.db.write().await.unwrap();
    meja::store::people::set_password(&mut tx, id, &weak).await.unwrap();
    tx.commit().await.unwrap();
    assert!(stored().await.contains("m=8192,t=1,p=1"));
    Browser::at(&town.desk).sign_in("warga@demo.test", "bukan ini").await.is(422);
    assert!(stored().await.contains("m=8192"), "a wrong password changes nothing");
    Browser::at(&town.desk).sign_in("warga@demo.test", PASSWORD).await.goes_to("/");
    assert!(stored().await.contains("m=19456,t=2,p=1"));
    Browser::at(&town.desk).sign_in("warga@demo.test", PASSWORD).await.goes_to("/");
}

fn argon2_of(password: &str) -> String {
    use argon2::password_hash::PasswordHasher as _;
    let params = argon2::Params::new(8 * 1024, 1, 1, None).unwrap();
    let weak = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    weak.hash_password_with_salt(password.as_bytes(), &[7; 16]).unwrap().to_string()
}

async fn listed(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let (here, there, third) = (Browser::at(&town.desk), Browser::at(&town.desk), Browser::at(&town.desk));
    for browser in [&here, &there, &third] {
        browser.sign_in("superadmin@demo.test", PASSWORD).await.is(303);
    }
    let page = here.get("/akun").await;
    page.shows("Perangkat ini").shows("Akhiri semua sesi lain").shows("Petugas lini kedua");
    assert_eq!(page.html.matches("name=\"sesi\"").count(), 2);
    let stranger = Browser::at(&town.desk);
    stranger.sign_in("warga@demo.test", PASSWORD).await.is(303);
    stranger.fill("/akun", "/akun/sesi", &[("sesi", &page.hidden("sesi"))]).await.is(404);
    here.fill("/akun", "/akun/sesi", &[("sesi", &page.hidden("sesi"))]).await.goes_to("/akun?kabar=sesi");
    let alive = async |browser: &Browser| browser.get("/kerja/antrean").await.status.as_u16() == 200;
    assert_eq!(usize::from(alive(&there).await) + usize::from(alive(&third).await), 1, "one of the two has ended");
    here.fill("/akun", "/akun/sesi", &[]).await.goes_to("/akun?kabar=sesi");
    assert!(alive(&here).await && !alive(&there).await && !alive(&third).await);
    let kept = here.cookie("meja_session");
    here.fill("/akun", "/keluar", &[]).await.goes_to("/");
    here.set("meja_session", &kept);
    here.get("/akun").await.goes_to("/masuk?lanjut=/akun");
}

async fn idle(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let (staff, citizen) = (Browser::at(&town.desk), Browser::at(&town.desk));
    let began = staff.sign_in("superadmin@demo.test", PASSWORD).await;
    assert!(!began.set_cookies.iter().any(|line| line.contains("Max-Age")), "forgotten with the browser");
    let began = citizen.sign_in("warga@demo.test", PASSWORD).await;
    assert!(began.set_cookies.iter().any(|line| line.contains("Max-Age=7776000")), "{:?}", began.set_cookies);
    town.wait(Duration::hours(7));
    staff.get("/akun").await.is(200);
    town.wait(Duration::minutes(4 * 60 + 59));
    staff.get("/akun").await.is(200);
    town.wait(Duration::minutes(1));
    staff.get("/akun").await.goes_to("/masuk?lanjut=/akun");
    staff.sign_in("superadmin@demo.test", PASSWORD).await.is(303);
    town.wait(Duration::hours(8));
    staff.get("/akun").await.goes_to("/masuk?lanjut=/akun");
    citizen.get("/akun").await.is(200);
    town.wait(Duration::days(29));
    citizen.get("/akun").await.is(200);
    town.wait(Duration::days(30));
    citizen.get("/akun").await.goes_to("/masuk?lanjut=/akun");
    town.wait(Duration::minutes(1));
    town.desk.forget_what_is_over().await.unwrap();
    let id = town.id("warga@demo.test").await;
    let mut tx = town.desk.db.read().await.unwrap();
    assert_eq!(meja::store::sessions::of_account(&mut tx, id).await.unwrap(), []);
}

async fn by_link(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let browser = Browser::at(&town.desk);
    browser
        .fill("/masuk", "/masuk/surel", &[("email", "warga@demo.test"), ("password", "")])
        .await
        .goes_to("/masuk/surel");
    browser.get("/masuk/surel").await.shows("Bila alamat itu punya akun");
    let link = town.mailed_link("warga@demo.test").await;
    let other = Browser::at(&town.desk);
    other.fill(&link, &link, &[]).await.goes_to("/");
    other.get("/akun").await.shows("warga@demo.test");
    // A disabled account gets no link and cannot use one it has.
    for _ in 0..2 {
        browser.fill("/masuk", "/masuk/surel", &[("email", "admin.dinkes@demo.test")]).await.is(303);
    }
    let link = town.mailed_link("admin.dinkes@demo.test").await;
    town.desk.disable_account("admin.dinkes@demo.test").await.unwrap();
    Browser::at(&town.desk).fill(&link, &link, &[]).await.is(403);
    let count = town.app.mails_to("admin.dinkes@demo.test").await.len();
    browser.fill("/masuk", "/masuk/surel", &[("email", "admin.dinkes@demo.test")]).await.goes_to("/masuk/surel");
    town.desk.mail_links().await.unwrap();
    assert_eq!(town.app.mails_to("admin.dinkes@demo.test").await.len(), count);
}
