//! What stands before the servers, and people who use them over plain HTTP.

use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const NGINX: &str = "/usr/sbin/nginx";

/// nginx of Debian before some servers, as `deploy/nginx-simpul.conf` has it.
pub struct Front {
    _folder: tempfile::TempDir,
    child: Child,
    port: u16,
}

impl Front {
    /// Starts it; `None` where it is not installed.
    pub fn before(ports: &[u16]) -> Option<Self> {
        if !Path::new(NGINX).exists() {
            crate::support::skipped("nginx is not installed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let servers: String =
            ports.iter().map(|port| format!("server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;")).collect();
        let at = folder.path().display();
        let settings = format!(
            "daemon off; worker_processes 1; pid {at}/pid; error_log {at}/error.log;\n\
             events {{ worker_connections 512; }}\n\
             http {{ access_log off; client_body_temp_path {at}/b; proxy_temp_path {at}/p; fastcgi_temp_path {at}/f;\n\
             uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;\n\
             upstream meja {{ {servers} keepalive 8; }}\n\
             server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://meja; proxy_http_version 1.1;\n\
             proxy_set_header Connection \"\"; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;\n\
             proxy_next_upstream error timeout http_503; proxy_connect_timeout 2s; }} }} }}"
        );
        std::fs::write(folder.path().join("nginx.conf"), settings).unwrap();
        let mut command = Command::new(NGINX);
        command.arg("-p").arg(folder.path()).arg("-c").arg(folder.path().join("nginx.conf"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(20), "nginx does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self { _folder: folder, child, port })
    }

    /// Reads something.
    pub fn get(&self, path: &str) -> Result<(), String> {
        self.ask("GET", path, "", "")
    }

    /// Opens a ticket; a client sends a request again under the same key when it got no answer.
    pub fn post(&self, key: &str) -> Result<(), String> {
        let body =
            json!({"subject": format!("Laporan {key}"), "description": "Mati", "service": "e-office"}).to_string();
        self.ask("POST", "/api/v1/tickets", key, &body)
    }

    fn ask(&self, method: &str, path: &str, key: &str, body: &str) -> Result<(), String> {
        let mut last = String::new();
        for _ in 0..5 {
            let base = format!("http://127.0.0.1:{}", self.port);
            match request(
                &base,
                method,
                path,
                &[("Authorization", "Bearer demo-superadmin"), ("Idempotency-Key", key)],
                body,
            ) {
                Some((status, _)) if (200..300).contains(&status) => return Ok(()),
                Some((status @ (502..=504), _)) => last = format!("status {status}"),
                Some((status, text)) => return Err(format!("status {status}: {text}")),
                None => "no answer".clone_into(&mut last),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(last)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // Its master ends its workers; killed, it would leave them.
        let _ = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own: status, and head with body.
fn request(base: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<(u16, String)> {
    let mut stream = send(base, method, path, headers, body, "close")?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let status = text.get(9..12)?.parse().ok()?;
    Some((status, text))
}

fn send(base: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str, then: &str) -> Option<TcpStream> {
    let host = base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let kind = if method == "POST" && path.starts_with("/api/") {
        "application/json"
    } else {
        "application/x-www-form-urlencoded"
    };
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: {then}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).ok()?;
    Some(stream)
}

fn cookies(text: &str) -> String {
    let lines = text
        .lines()
        .filter_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")));
    lines.map(|(_, value)| value.split(';').next().unwrap_or_default()).collect::<Vec<_>>().join("; ")
}

fn hidden(text: &str) -> String {
    let mark = "name=\"_csrf\" value=\"";
    let start = text.find(mark).expect("a form") + mark.len();
    text[start..].split('"').next().unwrap_or_default().to_owned()
}

/// A page: status and text.
pub fn get(base: &str, path: &str, cookies: &str) -> (u16, String) {
    request(base, "GET", path, &[("Cookie", cookies)], "").expect("an answer")
}

fn enter(base: &str, email: &str, password: &str) -> (u16, String, String) {
    let (_, page) = get(base, "/masuk", "");
    let browser = cookies(&page);
    let form = format!(
        "_csrf={}&email={}&password={}&onward=",
        hidden(&page),
        email.replace('@', "%40"),
        password.replace(' ', "+")
    );
    let (status, text) = request(base, "POST", "/masuk", &[("Cookie", &browser)], &form).expect("an answer");
    (status, text, browser)
}

/// Signs in and gives the cookies of the session.
pub fn sign_in(base: &str, email: &str, password: &str) -> String {
    let (status, text, browser) = enter(base, email, password);
    assert_eq!(status, 303, "{text}");
    format!("{browser}; {}", cookies(&text))
}

/// The status of the answer to a wrong password.
pub fn try_password(base: &str, email: &str, password: &str) -> u16 {
    enter(base, email, password).0
}

pub fn sign_out(base: &str, cookies: &str) {
    let (_, page) = get(base, "/kerja", cookies);
    let form = format!("_csrf={}", hidden(&page));
    let (status, text) = request(base, "POST", "/keluar", &[("Cookie", cookies)], &form).expect("an answer");
    assert_eq!(status, 303, "{text}");
}

/// An open stream of news.
pub struct News(BufReader<TcpStream>);

pub fn listen(base: &str, cookies: &str) -> News {
    let stream = send(base, "GET", "/kerja/kabar", &[("Cookie", cookies)], "", "keep-alive").expect("a stream");
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut news = News(BufReader::new(stream));
    let mut line = String::new();
    // Up to the first sign of life: from then on nothing is missed.
    while !line.starts_with("retry:") {
        line.clear();
        assert!(news.0.read_line(&mut line).unwrap_or(1) > 0, "the stream ended");
    }
    news
}

impl News {
    pub fn hears(&mut self, words: &str, within: Duration) -> bool {
        let began = Instant::now();
        let mut line = String::new();
        while began.elapsed() < within {
            line.clear();
            if self.0.read_line(&mut line).is_ok() && line.contains(words) {
                return true;
            }
        }
        false
    }
}
