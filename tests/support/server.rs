//! The real program as its users run it: a process, a folder, HTTP.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A running `meja demo`. Killed when dropped.
pub struct Server {
    child: Child,
    base: String,
    client: ureq::Agent,
}

/// The program with an environment free of settings.
pub fn meja(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    let settings = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("MEJA_"));
    for name in settings {
        command.env_remove(name);
    }
    command.env("MEJA_DATA_DIR", folder).env("MEJA_LOG", "warn").env("MEJA_METRICS_LISTEN", "");
    command
}

/// Where cargo put the program.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_meja"))
}

/// Runs a command of the program to its end with `input` on its standard input.
pub fn run(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = meja(&program(), folder);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that refuses early closes its input; that is its right.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

impl Server {
    /// Starts a demo on `folder` and waits until it says its address.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = meja(&program(), folder);
        command.args(["demo", "--listen", "127.0.0.1:0"]).args(arguments);
        Self::of(command)
    }

    /// Starts a demo by a command made elsewhere.
    pub fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let base = loop {
            let line = lines.next().expect("the server says its address before it ends").unwrap();
            if let Some(at) = line.find("http://") {
                break line[at..].trim().to_owned();
            }
        };
        // The rest of the greeting must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        Self { child, base, client: config.into() }
    }

    /// `kill -9`, while others still talk to it.
    pub fn signal_kill(&self) {
        self.signal("-9");
    }

    /// Sends a signal.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()));
    }

    /// `kill -9`, and waits for the end.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn get(&self, token: &str, path: &str) -> (u16, Value) {
        let request =
            self.client.get(format!("{}/api/v1{path}", self.base)).header("authorization", format!("Bearer {token}"));
        read(request.call())
    }

    /// Posts; `None` when the server died before it answered.
    pub fn post(&self, token: &str, path: &str, body: &Value, key: &str) -> Option<(u16, Value)> {
        let request = self.client.post(format!("{}/api/v1{path}", self.base));
        let sent =
            request.header("authorization", format!("Bearer {token}")).header("idempotency-key", key).send_json(body);
        sent.ok().map(|response| read(Ok(response)))
    }

    /// Moves the demo's clock.
    pub fn clock(&self, to: &str) {
        let body = json!({"now": to, "speed": 0});
        let (status, answer) = read(self.client.put(format!("{}/api/v1/demo/clock", self.base)).send_json(&body));
        assert_eq!(status, 200, "{answer}");
    }

    /// A page for people: status and HTML.
    pub fn page(&self, path: &str) -> (u16, String) {
        let mut response = self.client.get(format!("{}{path}", self.base)).call().unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> (u16, Value) {
    let mut response = response.unwrap();
    let text = response.body_mut().read_to_string().unwrap();
    (response.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
