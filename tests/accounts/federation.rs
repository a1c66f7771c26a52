//! Signing in at an identity provider: a real one, run by `tests/all`.

use super::Town;
use crate::support::app::Engine;
use crate::support::browser::{Browser, Page};
use meja::desk::Desk;
use meja::desk::access::Access;
use meja::desk::demo::PASSWORD;
use meja::desk::provider::Provider;
use meja::secret::sha256;
use meja::store::federation::{self, Gone};
use std::collections::BTreeMap;
use std::sync::Arc;

crate::support::on_both! {
    who_has_an_account_signs_in_at_the_provider = there_and_back;
    only_the_proven_and_the_known_come_in = refused;
    an_answer_that_was_not_asked_for_is_refused = forged;
}

#[expect(clippy::disallowed_methods, reason = "the suite's own settings; the program's enter through Config")]
fn issuer() -> Option<String> {
    let found = std::env::var("MEJA_TEST_OIDC_ISSUER").ok();
    if found.is_none() {
        assert!(std::env::var("MEJA_TEST_REQUIRE").is_err(), "tests/all must start the OpenID provider");
        crate::support::skipped("OpenID provider: MEJA_TEST_OIDC_ISSUER is not set");
    }
    found
}

fn at(town: &Town, issuer: &str) -> Desk {
    let provider =
        Provider::new(issuer, "meja", "rahasia-uji-yang-panjang-sekali", "Akun Pemda", &town.desk.public_url).unwrap();
    // What the provider signs is of today: so is the desk's machinery.
    Desk { access: Access { provider: Some(Arc::new(provider)), ..Access::default() }, ..town.app.desk.clone() }
}

/// A browser at the provider: signs in there as `name`, says yes, and gives the address it is sent back to.
async fn at_provider(url: &str, name: &str) -> String {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut cookies: BTreeMap<String, String> = BTreeMap::new();
    let (mut address, mut form) = (url.to_owned(), None);
    for _ in 0..12 {
        let line = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = match form.take() {
            Some(body) => {
                let post = client.post(&address).header("content-type", "application/x-www-form-urlencoded");
                post.body::<String>(body)
            }
            None => client.get(&address),
        };
        let response = request.header("cookie", line).send().await.unwrap();
        for line in response.headers().get_all("set-cookie") {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() || rest.contains("1970") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(next) = response.headers().get("location") {
            address = response.url().join(next.to_str().unwrap()).unwrap().to_string();
            if let Some(back) = address.strip_prefix("http://desk.test") {
                return back.to_owned();
            }
            continue;
        }
        let html = response.text().await.unwrap();
        form = Some(match html.contains("name=\"login\"") {
            true => format!("prompt=login&login={name}&password=x"),
            false if html.contains("value=\"consent\"") => "prompt=consent".to_owned(),
            false => panic!("the provider says {html}"),
        });
    }
    panic!("the provider never sent {name} back");
}

async fn sign_in(browser: &Browser, name: &str) -> Page {
    let away = browser.get("/masuk/sso?lanjut=/akun").await;
    away.is(303);
    browser.get(&at_provider(&away.location, name).await).await
}

async fn there_and_back(engine: Engine) {
    let (Some(issuer), Some(town)) = (issuer(), Town::new(engine).await) else { return };
    let desk = at(&town, &issuer);
    let browser = Browser::at(&desk);
    browser.get("/masuk?lanjut=/akun").await.shows("Masuk dengan Akun Pemda").shows("/masuk/sso?lanjut=/akun");
    let away = browser.get("/masuk/sso?lanjut=/akun").await;
    for part in ["code_challenge_method=S256", "response_type=code", "state=", "nonce=", "client_id=meja"] {
        assert!(away.location.starts_with(&issuer) && away.location.contains(part), "{part}: {}", away.location);
    }
    sign_in(&browser, "rina").await.goes_to("/akun");
    browser.get("/akun").await.shows("superadmin@demo.test");
    assert!(town.history("superadmin@demo.test").await.contains(&"identity_linked".to_owned()));
    // The second time the identity is the key, and nothing is tied anew.
    sign_in(&Browser::at(&desk), "rina").await.goes_to("/akun");
    let kinds = town.history("superadmin@demo.test").await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "identity_linked").count(), 1);
    // Addresses differ by case only.
    sign_in(&Browser::at(&desk), "budi").await.goes_to("/akun");
    // A second factor is owed here all the same.
    let id = town.id("superadmin@demo.test").await;
    let mut tx = desk.db.write().await.unwrap();
    meja::store::second_factor::propose_totp(&mut tx, id, "x").await.unwrap();
    meja::store::second_factor::confirm_totp(&mut tx, id, desk.now()).await.unwrap();
    tx.commit().await.unwrap();
    sign_in(&Browser::at(&desk), "rina").await.goes_to("/masuk/kode?lanjut=/akun");
    town.app.audit_is_intact().await;
}

async fn refused(engine: Engine) {
    let (Some(issuer), Some(town)) = (issuer(), Town::new(engine).await) else { return };
    let desk = at(&town, &issuer);
    for name in ["liar", "asing"] {
        sign_in(&Browser::at(&desk), name).await.is(403).shows("belum punya akun aktif");
    }
    sign_in(&Browser::at(&desk), "rina").await.is(303);
    sign_in(&Browser::at(&desk), "palsu").await.is(403).shows("belum punya akun aktif");
    desk.disable_account("superadmin@demo.test").await.unwrap();
    sign_in(&Browser::at(&desk), "rina").await.is(403).shows("belum punya akun aktif");
    let accounts = desk.accounts().await.unwrap();
    assert!(!accounts.iter().any(|(account, _)| account.email == "tidak.ada@demo.test"), "nobody is made");
    // Without the provider the desk works on.
    let deaf = at(&town, "http://127.0.0.1:9");
    let browser = Browser::at(&deaf);
    browser.get("/masuk").await.is(200);
    browser.get("/masuk/sso").await.is(503).shows("tidak menjawab");
    browser.sign_in("warga@demo.test", PASSWORD).await.goes_to("/");
    Browser::at(&town.desk).get("/masuk/sso").await.is(404);
}

async fn forged(engine: Engine) {
    let (Some(issuer), Some(town)) = (issuer(), Town::new(engine).await) else { return };
    let desk = at(&town, &issuer);
    let (browser, victim) = (Browser::at(&desk), Browser::at(&desk));
    victim.get("/masuk").await.is(200);
    let leave = async |browser: &Browser| {
        let away = browser.get("/masuk/sso").await;
        at_provider(&away.location, "rina").await
    };
    let back = leave(&browser).await;
    victim.get(&back).await.is(403).shows("kedaluwarsa");
    browser.get(&back).await.is(403).shows("kedaluwarsa");
    let back = leave(&browser).await;
    assert!(back.contains("iss="), "{back}");
    let (start, _) = back.split_once("&iss=").unwrap();
    browser.get(&format!("{start}&iss=https://jahat.example")).await.is(403).shows("tidak membuktikan");
    browser.get("/masuk/sso/kembali?error=access_denied&state=x").await.is(403).shows("tidak membuktikan");
    browser.get("/masuk/sso/kembali?code=x&state=x").await.is(403).shows("kedaluwarsa");
    let back = leave(&browser).await;
    let state = back.split("state=").nth(1).unwrap().split('&').next().unwrap();
    browser.get(&format!("/masuk/sso/kembali?code=tebakan&state={state}")).await.is(403).shows("tidak membuktikan");
    // The identity must carry what was sent along, and only we can redeem the code.
    let provider = desk.access.provider.clone().unwrap();
    for wrong in ["nonce", "verifier", "none"] {
        let left = provider.depart(desk.clock.machine()).await.unwrap();
        let value = |name: &str, right: &str| if name == wrong { "x".repeat(43) } else { right.to_owned() };
        let gone = Gone {
            browser_hash: sha256(browser.cookie("meja_form")),
            nonce: value("nonce", &left.nonce),
            verifier: value("verifier", &left.verifier),
            onward: String::new(),
        };
        let mut tx = desk.db.write().await.unwrap();
        let until = desk.clock.machine() + chrono::Duration::minutes(1);
        federation::go(&mut tx, &sha256(&left.state), &gone, until).await.unwrap();
        tx.commit().await.unwrap();
        let page = browser.get(&at_provider(&left.url, "rina").await).await;
        assert_eq!(page.status.as_u16(), if wrong == "none" { 303 } else { 403 }, "{wrong}: {}", page.html);
    }
}
