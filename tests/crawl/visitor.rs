//! Somebody's browser without scripts: keeps cookies, goes where it is sent.

use meja::app;
use meja::desk::Desk;
use poem::endpoint::{DynEndpoint, ToDynEndpoint};
use poem::http::{HeaderMap, Method, StatusCode, header};
use poem::{Endpoint, Request};
use std::collections::BTreeMap;

type Site = Box<dyn DynEndpoint<Output = poem::Response>>;

/// Parts of a form that carries files end with this.
const BORDER: &str = "----batas-bagian";

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Where it came from after all redirections.
    pub address: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// A form that was filled in.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    pub action: String,
    /// It may carry files, so its parts travel one by one.
    pub in_parts: bool,
    pub fields: Vec<(String, String)>,
}

/// The browser.
pub struct Visitor {
    site: Site,
    cookies: BTreeMap<String, String>,
    /// What it says it understands, e.g. `br`.
    pub accepts: &'static str,
}

impl Answer {
    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn is_page(&self) -> bool {
        self.header(header::CONTENT_TYPE).starts_with("text/html")
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn is_redirection(&self) -> bool {
        self.status.is_redirection() && self.headers.contains_key(header::LOCATION)
    }
}

impl Visitor {
    /// A fresh one.
    pub fn at(desk: &Desk) -> Self {
        let site: Site = Box::new(ToDynEndpoint(app::routes(desk.clone()).unwrap()));
        Self { site, cookies: BTreeMap::new(), accepts: "" }
    }

    pub fn set(&mut self, cookie: &str, value: &str) {
        self.cookies.insert(cookie.to_owned(), value.to_owned());
    }

    /// Opens an address and follows where it leads.
    pub async fn get(&mut self, address: &str) -> Answer {
        let first = self.send(Method::GET, address, None).await;
        self.follow(first).await
    }

    /// Sends a form and follows where it leads.
    pub async fn post(&mut self, form: &Sent) -> Answer {
        let first = self.send_form(form).await;
        self.follow(first).await
    }

    /// Sends a form, no further.
    pub async fn send_form(&mut self, form: &Sent) -> Answer {
        self.send(Method::POST, &form.action, Some(form)).await
    }

    async fn follow(&mut self, mut answer: Answer) -> Answer {
        for _ in 0..5 {
            if !answer.is_redirection() {
                break;
            }
            let onward = answer.header(header::LOCATION).to_owned();
            answer = self.send(Method::GET, &onward, None).await;
        }
        answer
    }

    async fn send(&mut self, method: Method, address: &str, form: Option<&Sent>) -> Answer {
        let path = address.split('#').next().unwrap_or_default();
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder()
            .method(method)
            .uri_str(path)
            .header(header::COOKIE, cookies.join("; "))
            .header("sec-fetch-site", "same-origin")
            .header(header::USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");
        if !self.accepts.is_empty() {
            request = request.header(header::ACCEPT_ENCODING, self.accepts);
        }
        let request = match form {
            Some(form) if form.in_parts => {
                request.content_type(&format!("multipart/form-data; boundary={BORDER}")).body(parts(&form.fields))
            }
            Some(form) => request.content_type("application/x-www-form-urlencoded").body(encoded(&form.fields)),
            None => request.finish(),
        };
        let response = self.site.get_response(request).await;
        for line in response.headers().get_all(header::SET_COOKIE) {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.set(name, value);
            }
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().into_vec().await.unwrap_or_default();
        Answer { address: address.to_owned(), status, headers, body }
    }
}

/// Fields as they stand in an address or in the body of a form.
pub fn encoded(fields: &[(String, String)]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let text = |text: &str| text.bytes().map(one).collect::<String>();
    fields.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect::<Vec<_>>().join("&")
}

fn parts(fields: &[(String, String)]) -> String {
    let part = |(name, value): &(String, String)| {
        format!("--{BORDER}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(part).collect::<String>() + &format!("--{BORDER}--\r\n")
}
