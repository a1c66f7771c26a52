//! Five journeys, each made twice: with the scripts of pages switched off, and with nothing but the keyboard.
//! On the way every page, also one that complains, keeps the rules of axe.

use browser::{Chrome, Demo, Tab};
use thirtyfour::Key;

/// Stops of the Tab key after which a target is given up.
const STOPS: usize = 150;
/// Steps of a report after which it is given up.
const STEPS: usize = 9;

/// Somebody with a mouse and no scripts, or with keys only.
struct Hand<'a> {
    tab: &'a Tab,
    keys_only: bool,
}

impl Hand<'_> {
    /// Reaches an element with the Tab key; every stop on the way is seen.
    async fn reach(&self, selector: &str) {
        for _ in 0..STOPS {
            let at = self
                .tab
                .ask(&format!(
                    "(() => {{ const it = document.activeElement; if (!it || it === document.body) return 'body'; \
                     const box = it.getBoundingClientRect(); const style = getComputedStyle(it); \
                     const top = document.elementFromPoint(box.left + Math.min(box.width / 2, 20), box.top + Math.min(box.height / 2, 10)); \
                     const seen = !top || top === it || it.contains(top) || top.contains(it) || top.closest('label')?.contains(it); \
                     const marked = style.outlineStyle !== 'none' || it.id === 'isi'; \
                     if (!marked) return 'unmarked ' + it.outerHTML.slice(0, 120); \
                     if (!seen) return 'hidden ' + it.outerHTML.slice(0, 120) + ' by ' + top.outerHTML.slice(0, 80); \
                     return it.matches({}) ? 'there' : 'elsewhere'; }})()",
                    serde_json::json!(selector)
                ))
                .await;
            match at.as_str() {
                Some("there") => return,
                Some("body" | "elsewhere") => self.tab.next_stop().await,
                other => panic!("{}: the focus is {other:?}", self.tab.path().await),
            }
        }
        panic!("{}: no key leads to {selector}", self.tab.path().await);
    }

    async fn press(&self, selector: &str) {
        if self.keys_only {
            self.reach(selector).await;
            self.tab.keys(Key::Enter + "").await;
        } else {
            self.tab.press(selector).await;
        }
    }

    async fn choose(&self, selector: &str) {
        if self.keys_only {
            self.reach(selector).await;
            self.tab.keys(" ").await;
        } else {
            self.tab.press(selector).await;
        }
    }

    async fn write(&self, selector: &str, words: &str) {
        if self.keys_only {
            self.reach(selector).await;
            self.tab.keys(words).await;
        } else {
            self.tab.write(selector, words).await;
        }
    }

    async fn sign_in(&self, email: &str) {
        self.tab.open("/masuk").await;
        self.write("input[name=email]", email).await;
        self.write("input[name=password]", browser::PASSWORD).await;
        self.press("main form button.main").await;
        self.tab.find("form[action='/keluar']").await;
    }

    /// Axe needs scripts of its own.
    async fn is_sound(&self) {
        if self.keys_only {
            let faults = self.tab.axe().await;
            assert!(faults.is_empty(), "{}: {faults:#?}", self.tab.path().await);
        }
    }

    /// Opens the form of an act on the page of a ticket, wherever it stands.
    async fn open_act(&self, words: &[&str]) {
        for word in words {
            for selector in [format!("details#{word}:not([open]) > summary"), format!("main a[href$='/{word}']")] {
                if self.tab.has(&selector).await {
                    return self.press(&selector).await;
                }
            }
            if self.tab.has(&format!("form[action$='/{word}'] textarea")).await {
                return;
            }
        }
        panic!("{}: none of {words:?} is offered", self.tab.path().await);
    }
}

/// Fills in the form of a step of the report, whatever it asks for.
async fn fill_step(hand: &Hand<'_>) {
    let mut groups = Vec::new();
    for (selector, words) in [
        ("main form input[type=radio]", ""),
        ("main form input[name=subject]", "SIMPUS mati"),
        ("main form textarea[name=description]", "Layar tetap kosong sejak pagi di semua komputer loket."),
        ("main form input[name=name]", "Siti Aminah"),
        ("main form input[name=email]", "siti@contoh.id"),
    ] {
        if !hand.tab.has(selector).await {
            continue;
        }
        if !words.is_empty() {
            hand.write(selector, words).await;
            continue;
        }
        for radio in hand.tab.find_all(selector).await {
            let (name, value) = (radio.attr("name").await, radio.attr("value").await);
            let (name, value) = (name.ok().flatten().unwrap_or_default(), value.ok().flatten().unwrap_or_default());
            if !groups.contains(&name) {
                groups.push(name.clone());
                if hand.tab.has(&format!("input[name='{name}']:checked")).await {
                    continue;
                }
                hand.choose(&format!("input[name='{name}'][value='{value}']")).await;
            }
        }
    }
}

async fn report(hand: &Hand<'_>) -> (String, String) {
    hand.tab.open("/").await;
    hand.press("main a[href='/lapor']").await;
    hand.tab.shows_path("/lapor").await;
    // Nothing chosen: the page complains, and the first problem is a link to its field.
    hand.press("main form button.main").await;
    if hand.tab.has("#kesalahan").await {
        hand.is_sound().await;
    }
    for _ in 0..STEPS {
        let before = hand.tab.path().await;
        if before.contains("/terkirim/") {
            break;
        }
        hand.is_sound().await;
        fill_step(hand).await;
        hand.press("main form:not(.small) button.main").await;
        hand.tab.leaves(&before).await;
    }
    hand.is_sound().await;
    let path = hand.tab.path().await;
    assert!(path.contains("/terkirim/"), "the report was not sent: {path}");
    let number = path.rsplit('/').next().unwrap_or_default().to_owned();
    let slip = hand.tab.text().await;
    assert!(slip.contains(&number));
    let is_code = |word: &&str| word.len() == 9 && word.as_bytes()[4] == b'-' && !word.contains(&number);
    let code = slip.split_whitespace().find(is_code).unwrap_or_else(|| panic!("no tracking code in {slip}"));
    (number, code.to_owned())
}

async fn track_and_answer(hand: &Hand<'_>, number: &str, code: &str) {
    hand.tab.open("/lacak").await;
    hand.write("input[name=number]", number).await;
    hand.write("input[name=code]", code).await;
    hand.press("main form button.main").await;
    hand.tab.shows(number).await;
    hand.is_sound().await;
    hand.write("form[action$='/balas'] textarea", "Masih mati sampai siang.").await;
    hand.press("form[action$='/balas'] button.main").await;
    hand.tab.shows("Masih mati sampai siang.").await;
}

async fn accept_and_answer(hand: &Hand<'_>, number: &str) {
    hand.tab.open(&format!("/kerja/antrean?cari={number}")).await;
    hand.press(&format!("main a[href='/kerja/tiket/{number}']")).await;
    hand.tab.shows_path(&format!("/kerja/tiket/{number}")).await;
    hand.press("form[action$='/terima'] button").await;
    hand.tab.find(".banner.ok, .flash").await;
    hand.is_sound().await;
    hand.write("form[action$='/balas'] textarea[name=body]", "Kami periksa bersama tim.").await;
    hand.press("form[action$='/balas'] button.main").await;
    hand.tab.shows("Kami periksa bersama tim.").await;
}

async fn hand_over(hand: &Hand<'_>, number: &str) {
    hand.open_act(&["serahkan", "eskalasi"]).await;
    hand.tab.find("textarea[name=reason]").await;
    if hand.tab.has("input[name=cause]").await {
        hand.choose("input[name=cause]").await;
    }
    hand.write("textarea[name=reason]", "Butuh akses peladen.").await;
    // On a page of several forms the next field is that of the same one.
    hand.write("textarea[name=tried]", "Sudah memulai ulang aplikasi.").await;
    hand.press("form:has(textarea[name=tried]) button.main").await;
    hand.tab.find(".banner.ok, .flash").await;
    hand.tab.open("/kerja/eskalasi").await;
    hand.tab.shows(number).await;
}

async fn resolve(hand: &Hand<'_>, number: &str) {
    hand.tab.open(&format!("/kerja/tiket/{number}")).await;
    hand.open_act(&["selesaikan"]).await;
    hand.tab.find("form[action$='/selesaikan'] textarea[name=solution]").await;
    hand.write("form[action$='/selesaikan'] textarea[name=solution]", "Layanan sudah dipulihkan dan diuji.").await;
    hand.press("form[action$='/selesaikan'] button.main").await;
    hand.tab.shows("Layanan sudah dipulihkan dan diuji.").await;
    hand.is_sound().await;
}

async fn all_five(keys_only: bool) {
    let (demo, chrome) = (Demo::start("oki"), Chrome::start());
    let citizen = chrome.tab(&demo.base).await;
    let staff = chrome.tab(&demo.base).await;
    if !keys_only {
        citizen.scripts(false).await;
        staff.scripts(false).await;
    }
    citizen.theme(false).await;
    staff.theme(false).await;
    let hand = Hand { tab: &citizen, keys_only };
    let (number, code) = report(&hand).await;
    track_and_answer(&hand, &number, &code).await;
    let hand = Hand { tab: &staff, keys_only };
    hand.sign_in("superadmin@demo.test").await;
    accept_and_answer(&hand, &number).await;
    hand_over(&hand, &number).await;
    resolve(&hand, &number).await;
    // An answer can be called back for a while before others see it.
    let solved = async || {
        citizen.open(&format!("/lacak/{number}")).await;
        citizen.text().await.contains("Layanan sudah dipulihkan dan diuji.")
    };
    citizen.until("the reporter does not see the solution", solved).await;
    citizen.close().await;
    staff.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_journeys_without_scripts() {
    all_five(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_journeys_with_keys_only() {
    all_five(true).await;
}
