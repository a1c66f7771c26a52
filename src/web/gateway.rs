//! What a reverse proxy asks before it passes a request on: 204, or 503 with the official notice.
//!
//! Answered from memory and without the door of the pages, so that it stands while the database is away. The address in
//! `Location` is always our own notice, never anything from the request.

use crate::desk::Desk;
use crate::desk::closures::Passage;
use crate::domain::ticket::Language;
use crate::error::Result;
use crate::secret::sha256;
use crate::text;
use crate::web::templates::Pages;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use poem::http::{HeaderMap, StatusCode, header};
use poem::web::Data;
use poem::{Endpoint, EndpointExt, Request, Response, get, handler};
use serde_json::json;
use std::sync::Arc;

/// The pages and the desk, without sessions.
#[derive(Debug)]
struct Gate {
    desk: Desk,
    pages: Pages,
    /// What a browser may do with the notice.
    policy: String,
}

/// The look of the notice; the page holds it, since nothing else of ours is reachable under the closed address.
const STYLE: &str = include_str!("assets/penutupan.css");

/// Headers in which proxies send the address that was asked for, each overwritten by the proxy that uses it.
const HOSTS: [&str; 1] = ["x-forwarded-host"];
const PATHS: [&str; 3] = ["x-forwarded-uri", "x-original-uri", "x-original-url"];

/// The answer to a proxy, to be mounted beside the API.
///
/// # Errors
/// A template cannot be parsed.
pub fn endpoint(desk: Desk) -> Result<impl Endpoint<Output = Response> + 'static> {
    let gate = Arc::new(Gate { desk, pages: Pages::new()?, policy: policy() });
    let gate = get(authorize).head(authorize).data(gate).map_to_response();
    Ok(gate.after(async |answer: poem::Result<Response>| {
        let mut response = answer.unwrap_or_else(|error| error.into_response());
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
        }
        Ok::<_, poem::Error>(response)
    }))
}

/// Nothing but the one block of style, by its digest.
fn policy() -> String {
    let digest = BASE64.encode(&HEXLOWER_PERMISSIVE.decode(sha256(STYLE).as_bytes()).unwrap_or_default());
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
}

#[handler]
fn authorize(Data(gate): Data<&Arc<Gate>>, request: &Request) -> Response {
    let (hosts, paths) = asked(request);
    if hosts.is_empty() {
        tracing::warn!("the gateway was asked about no host; see deploy/ for the settings of the proxy");
        return Response::builder().status(StatusCode::BAD_REQUEST).body("no host: ?host= or X-Forwarded-Host\n");
    }
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut is_known = true;
    for host in &hosts {
        match gate.desk.passage(host, &paths) {
            Passage::Closed(code) => return closed(gate, request, &code),
            Passage::OpenUnknown => is_known = false,
            Passage::Open => {}
        }
    }
    let response = Response::builder().status(StatusCode::NO_CONTENT).header(header::CACHE_CONTROL, "no-store");
    if is_known { response.finish() } else { response.header("x-meja-gateway", "unknown").finish() }
}

/// Hosts and paths the request may mean; one that lies under a closed address is enough to close.
fn asked(request: &Request) -> (Vec<String>, Vec<String>) {
    let given: Vec<(String, String)> = request.params().unwrap_or_default();
    // A path that is not encoded may bring names of its own: the first ones are the proxy's.
    let first = |name: &str| given.iter().find(|pair| pair.0 == name).map(|pair| pair.1.clone());
    let headers = request.headers();
    let urls: Vec<String> = PATHS.iter().flat_map(|name| lines(headers, name)).collect();
    let named = HOSTS.iter().flat_map(|name| lines(headers, name));
    let mut hosts: Vec<String> =
        named.flat_map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>()).collect();
    // Both count: a proxy may hand on the question mark of whoever asks it, and then `host` is not the proxy's.
    hosts.extend(first("host"));
    if hosts.is_empty() {
        let host = |url: &String| url.split_once("://").and_then(|(_, rest)| rest.split('/').next().map(str::to_owned));
        hosts = urls.iter().filter_map(host).collect();
    }
    hosts.retain(|host| !host.trim().is_empty());
    let mut paths: Vec<String> = first("path").into_iter().chain(urls).collect();
    if paths.is_empty() {
        paths.push("/".to_owned());
    }
    (hosts, paths)
}

fn lines(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect()
}

fn closed(gate: &Gate, request: &Request, code: &str) -> Response {
    let notice = gate.desk.closure_url(code);
    let response = Response::builder()
        .status(StatusCode::SERVICE_UNAVAILABLE)
        .header(header::LOCATION, &notice)
        .header("x-meja-notice", &notice)
        .header(header::RETRY_AFTER, "3600")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    let wants = request.header(header::ACCEPT).unwrap_or_default();
    let wish = request.header(header::ACCEPT_LANGUAGE).unwrap_or_default();
    let language = if wish.starts_with("en") { Language::English } else { Language::Indonesian };
    if wants.contains("json") && !wants.contains("html") {
        let problem = json!({
            "type": notice, "title": text::word(language, "closure-title"), "status": 503,
            "detail": text::word(language, "closure-lead"),
        });
        return response.content_type("application/problem+json").body(problem.to_string());
    }
    let pack = gate.desk.pack();
    let context = json!({
        "lang": language.as_str(), "code": code, "notice": notice, "region": pack.region.name, "office": pack.offices.ict, "style": STYLE,
    });
    match gate.pages.render(language, "gateway_closed.html", context) {
        Ok(html) => response
            .header(header::CONTENT_SECURITY_POLICY, &gate.policy)
            .content_type("text/html; charset=utf-8")
            .body(html),
        Err(error) => {
            tracing::error!(%error, "the notice of a closed service");
            response.content_type("text/plain; charset=utf-8").body(format!("{notice}\n"))
        }
    }
}
