//! One browser window and what tests ask of it.

use crate::PASSWORD;
use serde_json::{Value, json};
use std::time::Duration;
use thirtyfour::prelude::*;
use tokio::time::timeout;

/// Longer than any page takes, on a machine that does something else too.
const PATIENCE: Duration = Duration::from_secs(60);

/// Rules that axe runs, by their tags.
const TAGS: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// How a page is shown.
#[derive(Debug, Clone, Copy)]
pub struct Looks {
    /// Pixels of CSS.
    pub width: u32,
    /// The device wants the dark theme.
    pub dark: bool,
    /// `id` or `en`.
    pub language: &'static str,
}

/// Something axe found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Its rule.
    pub rule: String,
    /// The element, as a selector, and what is wrong with it.
    pub element: String,
}

/// The window.
#[derive(Debug)]
pub struct Tab {
    driver: WebDriver,
    base: String,
}

impl Tab {
    pub(crate) fn new(driver: WebDriver, base: &str) -> Self {
        Self { driver, base: base.to_owned() }
    }

    /// Closes the browser.
    pub async fn close(self) {
        let _ = self.driver.quit().await;
    }

    /// A command of the browser's own.
    pub async fn cdp(&self, method: &str, params: Value) -> Value {
        let sent = timeout(PATIENCE, self.driver.cdp().send_raw(method, params)).await;
        sent.unwrap_or_else(|_| panic!("{method} takes too long")).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Opens an address of the server.
    pub async fn open(&self, path: &str) {
        let url = format!("{}{path}", self.base);
        let opened = timeout(PATIENCE, self.driver.goto(&url)).await;
        opened.unwrap_or_else(|_| panic!("{path} takes too long")).unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Path and query of the page.
    pub async fn path(&self) -> String {
        let url = self.driver.current_url().await.expect("an address");
        url.as_str().strip_prefix(&self.base).unwrap_or(url.as_str()).to_owned()
    }

    /// What an expression of the page's language gives; a promise is waited for.
    pub async fn ask(&self, expression: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1]; \
             Promise.resolve().then(() => ({expression})).then(it => done(it ?? null), no => done('failed: ' + no));"
        );
        let answer = timeout(PATIENCE, self.driver.execute_async(script, Vec::new())).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {expression}"));
        answer.unwrap_or_else(|error| panic!("{expression}: {error}")).json().clone()
    }

    /// The text of the page, told by the browser itself: also when scripts of pages are off.
    pub async fn text(&self) -> String {
        self.driver.find(By::Tag("body")).await.expect("a body").text().await.expect("its text")
    }

    /// Waits until the page shows some words.
    pub async fn shows(&self, words: &str) {
        self.until(&format!("{words:?} is missing"), async || self.text_now().await.contains(words)).await;
    }

    /// The text, or nothing while a page is being changed.
    async fn text_now(&self) -> String {
        match self.driver.find(By::Tag("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// The element that fits a selector.
    pub async fn find(&self, selector: &str) -> WebElement {
        let found = self.driver.query(By::Css(selector)).wait(PATIENCE, Duration::from_millis(50)).first().await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{}: {selector}: {error}", self.path().await),
        }
    }

    /// All elements that fit a selector now.
    pub async fn find_all(&self, selector: &str) -> Vec<WebElement> {
        self.driver.find_all(By::Css(selector)).await.unwrap_or_default()
    }

    /// Waits until the page stands at an address.
    pub async fn shows_path(&self, path: &str) {
        self.until(&format!("{path} is not reached"), async || self.path().await.starts_with(path)).await;
    }

    /// Waits until the page stands at another address.
    pub async fn leaves(&self, path: &str) {
        self.until(&format!("{path} is not left"), async || self.path().await != path).await;
    }

    /// Waits until something is so.
    pub async fn until(&self, or: &str, is_so: impl AsyncFn() -> bool) {
        let waited = timeout(PATIENCE, async {
            while !is_so().await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        if waited.await.is_err() {
            panic!("{or}: {} shows {}", self.path().await, self.text_now().await);
        }
    }

    /// Is there such an element now?
    pub async fn has(&self, selector: &str) -> bool {
        self.driver.find(By::Css(selector)).await.is_ok()
    }

    /// Presses an element and waits until another page has come.
    pub async fn press(&self, selector: &str) {
        self.find(selector).await.click().await.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Writes into a field what was not there before.
    pub async fn write(&self, selector: &str, words: &str) {
        let field = self.find(selector).await;
        field.clear().await.unwrap_or_else(|error| panic!("{selector}: {error}"));
        field.send_keys(words).await.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Presses keys wherever the focus is.
    pub async fn keys(&self, keys: impl Into<TypingData>) {
        let focused = self.driver.active_element().await.expect("something has the focus");
        focused.send_keys(keys.into()).await.expect("keys can be pressed");
    }

    /// Goes on to the next stop. Told to the browser itself: a field for files takes keys for names.
    pub async fn next_stop(&self) {
        for kind in ["rawKeyDown", "keyUp"] {
            let key = json!({"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9});
            self.cdp("Input.dispatchKeyEvent", key).await;
        }
    }

    /// Signs in by the form.
    pub async fn sign_in(&self, email: &str) {
        self.open("/masuk").await;
        self.write("input[name=email]", email).await;
        self.write("input[name=password]", PASSWORD).await;
        self.press("main form button.main").await;
        self.find("form[action='/keluar']").await;
    }

    /// Sets how pages are shown from now on.
    pub async fn look(&self, looks: Looks) {
        let size = json!({"width": looks.width, "height": 768, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
        self.theme(looks.dark).await;
        let cookie = json!({"name": "bahasa", "value": looks.language, "url": self.base});
        self.cdp("Network.setCookie", cookie).await;
    }

    /// Sets the width alone; the page stays.
    pub async fn width(&self, width: u32) {
        let size = json!({"width": width, "height": 768, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Sets the theme of the device; the page stays.
    pub async fn theme(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!({"features": [
            {"name": "prefers-color-scheme", "value": value},
            // A colour on its way to another one has no contrast of its own.
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.cdp("Emulation.setEmulatedMedia", features).await;
    }

    /// Switches the scripts of pages on or off, from the next page on.
    pub async fn scripts(&self, on: bool) {
        self.cdp("Emulation.setScriptExecutionDisabled", json!({"value": !on})).await;
    }

    /// What axe has against the page.
    pub async fn axe(&self) -> Vec<Fault> {
        let source = axe_source();
        self.driver.execute(format!("{source}; return typeof axe;"), Vec::new()).await.expect("axe");
        let options = json!({"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]});
        let told = self
            .ask(&format!(
                "axe.run(document, {options}).then(found => found.violations.flatMap(it => it.nodes.map(node => \
                 [it.id, node.target.join(' ') + ' ' + (node.failureSummary || '').split('\\n').slice(1).join(' ').trim()])))"
            ))
            .await;
        let list = told.as_array().unwrap_or_else(|| panic!("axe says {told}"));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        list.iter().map(|pair| Fault { rule: text(&pair[0]), element: text(&pair[1]) }).collect()
    }

    /// The page as it is printed.
    pub async fn pdf(&self) -> Vec<u8> {
        let told = self.cdp("Page.printToPDF", json!({"printBackground": false, "preferCSSPageSize": true})).await;
        data_encoding::BASE64.decode(told["data"].as_str().expect("data").as_bytes()).expect("base64")
    }
}

/// The source of axe, from the locked list of npm.
fn axe_source() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}; run `npm ci` in tests/browser"))
}
