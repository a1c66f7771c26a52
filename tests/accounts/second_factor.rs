//! The second factor: setting up, using, losing, being made to have one.

use super::{GOOD, Town};
use crate::support::app::Engine;
use crate::support::browser::{Browser, Page};
use chrono::Duration;
use meja::desk::Desk;
use meja::desk::access::Access;
use meja::desk::demo::PASSWORD;
use std::collections::BTreeSet;
use totp_rs::{Builder, Secret};

crate::support::on_both! {
    an_app_is_set_up_and_asked_for_ever_after = set_up;
    a_code_is_taken_once_and_tries_are_limited = replayed;
    a_recovery_code_replaces_the_app_once = recovered;
    staff_without_a_second_factor_can_do_nothing_else_where_it_is_required = required;
    who_has_lost_everything_is_reset_by_the_system_administrator = reset;
}

/// The key the page shows to be typed.
fn key(page: &Page) -> String {
    let shown = page.html.split("<strong class=\"key\">").nth(1).unwrap().split('<').next().unwrap();
    shown.replace(' ', "")
}

/// What the app shows `steps` after now.
fn code(desk: &Desk, key: &str, steps: i64) -> String {
    let app = Builder::new().with_secret(Secret::try_from_base32(key).unwrap()).build().unwrap();
    app.generate(u64::try_from(desk.clock.machine().timestamp() + 30 * steps).unwrap()).to_string()
}

/// Sets up the app; gives its key and the recovery codes.
async fn enrol(desk: &Desk, browser: &Browser) -> (String, Vec<String>) {
    let page = browser.fill("/akun/dua-langkah", "/akun/dua-langkah/siapkan", &[("onward", "")]).await;
    page.is(303);
    let page = browser.get("/akun/dua-langkah").await;
    page.shows("<svg class=\"qr\"");
    let key = key(&page);
    let form = [("code", code(desk, &key, 0)), ("onward", String::new())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browser.fill("/akun/dua-langkah", "/akun/dua-langkah", &form).await;
    page.is(200).shows("tidak ditampilkan lagi");
    let codes = page.html.split("<li class=\"number\">").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
    (key, codes.collect())
}

async fn set_up(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let (browser, other) = (Browser::at(&town.desk), Browser::at(&town.desk));
    for browser in [&browser, &other] {
        browser.sign_in("superadmin@demo.test", PASSWORD).await.goes_to("/kerja");
    }
    let before = browser.cookie("meja_session");
    browser.fill("/akun/dua-langkah", "/akun/dua-langkah/siapkan", &[]).await.is(303);
    let first = key(&browser.get("/akun/dua-langkah").await);
    browser.fill("/akun/dua-langkah", "/akun/dua-langkah", &[("code", "000000")]).await.is(422).shows("tidak cocok");
    assert_eq!(key(&browser.get("/akun/dua-langkah").await), first, "a wrong code changes nothing");
    other.get("/kerja/antrean").await.is(200);
    let (secret, codes) = enrol(&town.desk, &browser).await;
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 10);
    assert_ne!(browser.cookie("meja_session"), before);
    browser.get("/kerja/antrean").await.is(200);
    other.get("/kerja/antrean").await.is(303);
    // It is kept sealed, and so are the codes.
    let id = town.id("superadmin@demo.test").await;
    let kept = meja::store::second_factor::totp(&mut town.desk.db.read().await.unwrap(), id).await.unwrap().unwrap();
    assert!(!kept.secret.contains(&secret));
    town.wait(Duration::seconds(30));
    let onward = [("email", "superadmin@demo.test"), ("password", PASSWORD), ("onward", "/kerja/antrean?urut=terbaru")];
    let page = other.fill("/masuk", "/masuk", &onward).await;
    page.goes_to("/masuk/kode?lanjut=/kerja/antrean%3Furut%3Dterbaru");
    for address in ["/kerja/antrean", "/akun", "/akun/sandi", "/akun/dua-langkah", "/kerja/pengaturan/token"] {
        other.get(address).await.goes_to(&format!("/masuk?lanjut={address}"));
    }
    other.get("/masuk").await.goes_to("/masuk/kode");
    other.get(&page.location).await.shows("autocomplete=\"one-time-code\"");
    let before = other.cookie("meja_session");
    let form = [("code", code(&town.desk, &secret, 0)), ("onward", "/kerja/antrean?urut=terbaru".to_owned())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    other.fill("/masuk/kode", "/masuk/kode", &form).await.goes_to("/kerja/antrean?urut=terbaru");
    assert_ne!(other.cookie("meja_session"), before, "the cookie changes with the rights");
    // A mailed link does not lead around it.
    let third = Browser::at(&town.desk);
    third.fill("/lupa-sandi", "/lupa-sandi", &[("email", "superadmin@demo.test")]).await.is(303);
    let link = town.mailed_link("superadmin@demo.test").await;
    third.fill(&link, &link, &[]).await.goes_to("/masuk/kode?lanjut=/akun/sandi");
    third.get("/akun/sandi").await.is(303);
    assert!(town.history("superadmin@demo.test").await.contains(&"totp_set".to_owned()));
    // Giving it up asks for a code.
    town.wait(Duration::seconds(30));
    other.fill("/akun/dua-langkah", "/akun/dua-langkah/lepas", &[("code", "000000")]).await.is(422);
    let now = code(&town.desk, &secret, 0);
    other.fill("/akun/dua-langkah", "/akun/dua-langkah/lepas", &[("code", &now)]).await.goes_to("/akun?kabar=lepas");
    Browser::at(&town.desk).sign_in("superadmin@demo.test", PASSWORD).await.goes_to("/kerja");
}

async fn replayed(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let browser = Browser::at(&town.desk);
    browser.sign_in("superadmin@demo.test", PASSWORD).await.is(303);
    let (secret, _) = enrol(&town.desk, &browser).await;
    let enter = async |code: &str| {
        let browser = Browser::at(&town.desk);
        browser.sign_in("superadmin@demo.test", PASSWORD).await.goes_to("/masuk/kode");
        browser.fill("/masuk/kode", "/masuk/kode", &[("code", code)]).await.status.as_u16()
    };
    assert_eq!(enter(&code(&town.desk, &secret, 0)).await, 422, "the code of the set-up is used up");
    town.wait(Duration::seconds(90));
    let ahead = code(&town.desk, &secret, 1);
    assert_eq!(enter(&code(&town.desk, &secret, 2)).await, 422, "two steps ahead");
    assert_eq!(enter(&format!(" {} {} ", &ahead[..3], &ahead[3..])).await, 303, "one step ahead, with blanks");
    assert_eq!(enter(&ahead).await, 422, "twice");
    assert_eq!(enter(&code(&town.desk, &secret, 0)).await, 422, "older than the last");
    town.wait(Duration::minutes(16));
    for _ in 0..5 {
        assert_eq!(enter("000000").await, 422);
    }
    assert_eq!(enter(&code(&town.desk, &secret, 0)).await, 429, "the right one comes too late");
    town.wait(Duration::minutes(16));
    assert_eq!(enter(&code(&town.desk, &secret, 0)).await, 303);
}

async fn recovered(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let browser = Browser::at(&town.desk);
    browser.sign_in("superadmin@demo.test", PASSWORD).await.is(303);
    let (secret, codes) = enrol(&town.desk, &browser).await;
    let other = Browser::at(&town.desk);
    other.sign_in("superadmin@demo.test", PASSWORD).await.is(303);
    let typed = codes[0].to_uppercase().replace('-', " ");
    other.fill("/masuk/kode", "/masuk/kode", &[("code", &typed)]).await.goes_to("/kerja");
    other.get("/akun").await.shows("Kode cadangan tersisa: 9.");
    let third = Browser::at(&town.desk);
    third.sign_in("superadmin@demo.test", PASSWORD).await.is(303);
    third.fill("/masuk/kode", "/masuk/kode", &[("code", &codes[0])]).await.is(422);
    // Somebody else's code is none, and new ones end the old ones.
    town.wait(Duration::seconds(30));
    let now = code(&town.desk, &secret, 0);
    let page = other.fill("/akun/dua-langkah", "/akun/dua-langkah/kode-cadangan", &[("code", &now)]).await;
    page.is(200).shows("Kode cadangan");
    third.fill("/masuk/kode", "/masuk/kode", &[("code", &codes[1])]).await.is(422);
    let fresh = page.html.split("<li class=\"number\">").nth(1).unwrap().split('<').next().unwrap();
    third.fill("/masuk/kode", "/masuk/kode", &[("code", fresh)]).await.is(303);
    assert!(town.history("superadmin@demo.test").await.contains(&"recovery_code_used".to_owned()));
    town.app.audit_is_intact().await;
}

async fn required(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let strict = Desk { access: Access { require_totp: true, ..Access::default() }, ..town.desk.clone() };
    let early = Browser::at(&town.desk);
    early.sign_in("auditor@demo.test", PASSWORD).await.is(303);
    let citizen = Browser::at(&strict);
    citizen.sign_in("warga@demo.test", PASSWORD).await.goes_to("/");
    let browser = Browser::at(&strict);
    browser.sign_in("superadmin@demo.test", PASSWORD).await.goes_to("/akun/dua-langkah");
    for address in ["/kerja/antrean", "/akun", "/akun/sandi", "/kerja/pengaturan/pengguna", "/kerja/pengaturan/token"] {
        browser.get(address).await.goes_to(&format!("/masuk?lanjut={address}"));
    }
    browser.get("/masuk?lanjut=/akun").await.goes_to("/akun/dua-langkah?lanjut=/akun");
    browser.get("/akun/dua-langkah").await.shows("Siapkan verifikasi dua langkah dulu");
    let csrf = browser.get("/akun/dua-langkah").await.hidden("_csrf");
    browser
        .post("/akun/sandi", &[("_csrf", &csrf), ("password", GOOD), ("again", GOOD), ("old", PASSWORD)])
        .await
        .is(303);
    Browser::at(&strict).sign_in("superadmin@demo.test", GOOD).await.is(422);
    // It holds for sessions that began before, too.
    let moved = Browser::at(&strict);
    moved.set("meja_session", &early.cookie("meja_session"));
    moved.get("/kerja/antrean").await.goes_to("/masuk?lanjut=/kerja/antrean");
    let (secret, _) = enrol(&strict, &browser).await;
    browser.get("/kerja/antrean").await.is(200);
    town.wait(Duration::seconds(30));
    let now = code(&strict, &secret, 0);
    browser.fill("/akun/dua-langkah", "/akun/dua-langkah/kode-cadangan", &[("code", "000000")]).await.is(422);
    browser.fill("/akun", "/akun/dua-langkah/lepas", &[("code", &now)]).await.is(409);
}

async fn reset(engine: Engine) {
    let Some(town) = Town::new(engine).await else { return };
    let browser = Browser::at(&town.desk);
    browser.sign_in("superadmin@demo.test", PASSWORD).await.is(303);
    enrol(&town.desk, &browser).await;
    let id = town.id("superadmin@demo.test").await;
    let admin = Browser::at(&town.desk);
    admin.sign_in("pimpinan@demo.test", PASSWORD).await.is(303);
    let page = format!("/kerja/pengaturan/pengguna/{id}");
    admin.fill("/akun", &format!("{page}/atur-ulang"), &[]).await.is(403);
    let admin = Browser::at(&town.desk);
    admin.sign_in("sistem@demo.test", PASSWORD).await.is(303);
    admin.get(&page).await.shows("Atur ulang verifikasi dua langkah");
    let done = admin.fill(&page, &format!("{page}/atur-ulang"), &[]).await;
    done.is(303);
    admin.get(&done.location).await.shows("Verifikasi dua langkah dihapus").shows("diatur ulang pengelola");
    browser.get("/kerja/antrean").await.is(303);
    Browser::at(&town.desk).sign_in("superadmin@demo.test", PASSWORD).await.goes_to("/kerja");
    assert!(town.history("superadmin@demo.test").await.contains(&"totp_reset".to_owned()));
    let told = town.app.mails_to("superadmin@demo.test").await;
    assert!(told.iter().any(|mail| mail.subject.contains("dimatikan")));
}
