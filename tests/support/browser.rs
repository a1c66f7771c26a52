//! A browser without scripts: keeps cookies, fills forms, follows nothing by itself.

use meja::app;
use meja::desk::Desk;
use poem::http::StatusCode;
use poem::test::{TestClient, TestResponse};
use std::collections::BTreeMap;
use std::sync::Mutex;

type Site = Box<dyn poem::endpoint::DynEndpoint<Output = poem::Response>>;

/// Somebody's browser at one node of the desk.
pub struct Browser {
    client: TestClient<Site>,
    pub cookies: Mutex<BTreeMap<String, String>>,
}

/// What came back.
pub struct Page {
    pub status: StatusCode,
    pub location: String,
    pub html: String,
    pub set_cookies: Vec<String>,
}

impl Browser {
    /// A fresh browser at a node of its own over the desk's database.
    pub fn at(desk: &Desk) -> Self {
        let site: Site = Box::new(poem::endpoint::ToDynEndpoint(app::routes(desk.clone()).unwrap()));
        Self { client: TestClient::new(site), cookies: Mutex::default() }
    }

    pub async fn get(&self, address: &str) -> Page {
        let request = self.client.get(address).header("cookie", self.cookie_line());
        let request = request.header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");
        self.read(request.send().await).await
    }

    /// Sends a form as it is, with no hidden token of its own accord.
    pub async fn post(&self, address: &str, form: &[(&str, &str)]) -> Page {
        let request = self.client.post(address).header("cookie", self.cookie_line());
        let request = request.header("sec-fetch-site", "same-origin").form(&form.to_vec());
        self.read(request.send().await).await
    }

    /// Sends a form that stands on the page `from`, as the browser tells.
    pub async fn post_from(&self, address: &str, from: &str, form: &[(&str, &str)]) -> Page {
        let request = self.client.post(address).header("cookie", self.cookie_line()).header("referer", from);
        let request = request.header("sec-fetch-site", "same-origin").form(&form.to_vec());
        self.read(request.send().await).await
    }

    /// Sends a form with a file, as a browser does for `multipart/form-data`.
    pub async fn upload(&self, address: &str, form: &[(&str, &str)], name: &str, bytes: &[u8]) -> Page {
        let mut body = Vec::new();
        for (field, value) in form {
            let part = format!("--batas\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let head = format!(
            "--batas\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/html\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--batas--\r\n");
        let request = self.client.post(address).header("cookie", self.cookie_line());
        let request = request.header("sec-fetch-site", "same-origin");
        let request = request.content_type("multipart/form-data; boundary=batas").body(body);
        self.read(request.send().await).await
    }

    /// Fills the form of a page: opens the page, takes its hidden token along.
    pub async fn fill(&self, page: &str, address: &str, form: &[(&str, &str)]) -> Page {
        let csrf = self.get(page).await.hidden("_csrf");
        let mut fields = vec![("_csrf", csrf.as_str())];
        fields.extend_from_slice(form);
        self.post(address, &fields).await
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Page {
        self.fill("/masuk", "/masuk", &[("email", email), ("password", password), ("onward", "")]).await
    }

    pub fn cookie(&self, name: &str) -> String {
        self.cookies.lock().unwrap().get(name).cloned().unwrap_or_default()
    }

    pub fn set(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    fn cookie_line(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn read(&self, response: TestResponse) -> Page {
        let location = response.0.header("location").unwrap_or_default().to_owned();
        let lines = response.0.headers().get_all("set-cookie").iter();
        let set_cookies: Vec<String> = lines.map(|line| line.to_str().unwrap().to_owned()).collect();
        for line in &set_cookies {
            let (name, rest) = line.split_once('=').unwrap();
            assert!(rest.contains("HttpOnly") && rest.contains("SameSite=Lax"), "{name} is open to others");
            let value = rest.split(';').next().unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.lock().unwrap().remove(name);
            } else {
                self.set(name, value);
            }
        }
        let status = response.0.status();
        let bytes = response.0.into_body().into_vec().await.unwrap();
        let html = String::from_utf8_lossy(&bytes).replace("&#x2f;", "/");
        Page { status, location, html, set_cookies }
    }
}

impl Page {
    /// Value of the first hidden field of this name.
    #[track_caller]
    pub fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let start = self.html.find(&mark).unwrap_or_else(|| panic!("{}: no {name} in {}", self.status, self.html));
        self.html[start + mark.len()..].split('"').next().unwrap().to_owned()
    }

    #[track_caller]
    pub fn shows(&self, words: &str) -> &Self {
        assert!(self.html.contains(words), "{}: {words} is missing in {}", self.status, self.html);
        self
    }

    #[track_caller]
    pub fn goes_to(&self, address: &str) -> &Self {
        assert_eq!((self.status, self.location.as_str()), (StatusCode::SEE_OTHER, address), "{}", self.html);
        self
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.html);
        self
    }
}
