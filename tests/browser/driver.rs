//! Chromedriver on a port of its own.

use crate::tab::Tab;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use thirtyfour::prelude::*;

/// The driver; it ends with the value.
#[derive(Debug)]
pub struct Chrome {
    child: Child,
    address: String,
    profiles: TempDir,
}

impl Chrome {
    /// Starts a driver.
    #[must_use]
    pub fn start() -> Self {
        let mut command = Command::new("/usr/bin/chromedriver");
        let child = command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("chromedriver; is chromium-driver installed?");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let port = loop {
            let line = lines.next().expect("the driver says its port before it ends").expect("a text");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        let profiles = TempDir::new().expect("a folder");
        Self { child, address: format!("http://127.0.0.1:{port}"), profiles }
    }

    /// A browser of its own, with nothing kept from before.
    pub async fn tab(&self, base: &str) -> Tab {
        let profile = tempfile::Builder::new().tempdir_in(self.profiles.path()).expect("a folder").keep();
        let mut wanted = DesiredCapabilities::chrome();
        wanted.set_binary("/usr/bin/chromium").expect("a path");
        let flags = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--lang=id",
        ];
        for flag in flags {
            wanted.add_arg(flag).expect("a flag");
        }
        wanted.add_arg(&format!("--user-data-dir={}", profile.display())).expect("a flag");
        let driver = WebDriver::new(&self.address, wanted).await.expect("a browser");
        let tab = Tab::new(driver, base);
        tab.cdp("Emulation.setTimezoneOverride", json!({"timezoneId": "Asia/Jakarta"})).await;
        tab
    }
}

impl Drop for Chrome {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
