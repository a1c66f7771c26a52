//! What keeps strangers out of our forms: where a form came from, its hidden token, cookies and headers.

use crate::error::{Error, Result, Say};
use crate::web::visit::{Site, Visit};
use poem::http::{HeaderValue, header};
use poem::{Request, Response};

/// Only files, forms and streams of our own; nothing inside of a page runs or paints.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Seconds of a year.
const YEAR: i64 = 365 * 24 * 3600;

/// Refuses a form that another site has sent.
///
/// # Errors
/// `Denied`.
pub fn check_origin(request: &Request, site: &Site) -> Result<()> {
    let foreign = || Err(Error::Denied(Say::new("error-foreign-form")));
    if !matches!(request.header("sec-fetch-site"), None | Some("same-origin" | "none")) {
        return foreign();
    }
    let Some(origin) = request.header(header::ORIGIN) else { return Ok(()) };
    if is_ours(request, site, origin) { Ok(()) } else { foreign() }
}

/// Path and query of `url` when it is a page of this site.
pub fn own_page(request: &Request, site: &Site, url: &str) -> Option<String> {
    let rest = url.split_once("://").filter(|_| is_ours(request, site, url))?.1;
    let page = rest.find('/').map_or("/", |start| &rest[start..]).split('#').next().unwrap_or_default();
    Some(page.to_owned()).filter(|page| is_local(page))
}

fn is_ours(request: &Request, site: &Site, url: &str) -> bool {
    let host = |url: &str| url.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default().to_owned());
    let Some(named) = host(url) else { return false };
    let asked = request.header(header::HOST).is_some_and(|own| own.eq_ignore_ascii_case(&named));
    asked || host(&site.desk.public_url).is_some_and(|own| own.eq_ignore_ascii_case(&named))
}

/// Refuses a form whose hidden token was not made for this browser.
///
/// # Errors
/// `Unauthenticated` when its session has ended, else `Denied`.
pub fn check_token(visit: &Visit, token: &str) -> Result<()> {
    if visit.desk().secret.recognises("csrf", visit.binding(), token) {
        return Ok(());
    }
    if visit.session.is_some() && visit.entry.is_none() {
        return Err(Error::Unauthenticated);
    }
    Err(Error::Denied(Say::new("error-old-form")))
}

/// Adds the headers every answer carries.
pub fn seal(response: &mut Response) {
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// Has the browser keep `value` until it is closed; `None` makes it forget the cookie.
pub fn set_cookie(response: &mut Response, site: &Site, name: &str, value: Option<&str>, path: &str) {
    write_cookie(response, site, name, value, path, value.is_none().then_some(0));
}

/// Has the browser keep `value` for a year; without a value it forgets the cookie.
pub fn keep_cookie(response: &mut Response, site: &Site, name: &str, value: &str) {
    let kept = Some(value).filter(|value| !value.is_empty());
    write_cookie(response, site, name, kept, "/", Some(if kept.is_some() { YEAR } else { 0 }));
}

/// `age`: seconds after which the browser forgets it.
fn write_cookie(response: &mut Response, site: &Site, name: &str, value: Option<&str>, path: &str, age: Option<i64>) {
    let secure = if site.secure { "; Secure" } else { "" };
    let end = age.map(|age| format!("; Max-Age={age}")).unwrap_or_default();
    let line = format!("{name}={}; Path={path}; HttpOnly; SameSite=Lax{secure}{end}", value.unwrap_or_default());
    if let Ok(line) = HeaderValue::from_str(&line) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}

/// Has the browser keep the session: that of staff until it is closed, that of others as long as it may last.
pub fn set_session(response: &mut Response, visit: &Visit, token: &str, is_staff: bool) {
    let name = visit.site.session_cookie();
    let lasts = visit.desk().lasts(is_staff).absolute.num_seconds();
    write_cookie(response, &visit.site, name, Some(token), "/", (!is_staff).then_some(lasts));
}

/// Is this an address on this site, safe to go on to?
pub fn is_local(address: &str) -> bool {
    address.starts_with('/')
        && !address.starts_with("//")
        && !address.contains('\\')
        && !address.chars().any(char::is_control)
}
