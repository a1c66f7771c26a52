//! What happens around every request: who asks, which language, error pages, headers and cookies.

use crate::domain::people::Role;
use crate::domain::ticket::Language;
use crate::error::{Error, Say};
use crate::secret::new_token;
use crate::text;
use crate::web::failure::Failure;
use crate::web::guard;
use crate::web::menu::roles_for;
use crate::web::packing;
use crate::web::render::see_other;
use crate::web::visit::{LANGUAGE_COOKIE, Site, Visit, cookie, query};
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response, Route};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// All pages behind what they have in common.
#[derive(Debug)]
pub struct Door<E = Route> {
    site: Arc<Site>,
    pages: E,
}

impl Door {
    /// Puts `pages` behind the door.
    pub const fn new(site: Arc<Site>, pages: Route) -> Self {
        Self { site, pages }
    }
}

impl Endpoint for Door {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let chosen = query(&request).get("bahasa").and_then(|word| word.parse::<Language>().ok());
        let kept = || cookie(&request, LANGUAGE_COOKIE).and_then(|word| word.parse().ok());
        let language = chosen.or_else(kept).unwrap_or(Language::Indonesian);
        let came = Came::of(&request, &self.site);
        let accepted = request.header(header::ACCEPT_ENCODING).unwrap_or_default().to_owned();
        let visit = match Visit::of(self.site.clone(), &request, language).await {
            Ok(visit) => visit,
            Err(error) => return Ok(bare(&error)),
        };
        request.set_data(visit.clone());
        let mut response = match self.pages.call(request).await {
            Ok(response) => response.into_response(),
            Err(error) => explain(&visit, &came, error),
        };
        if visit.is_new && visit.is_bound() {
            guard::set_cookie(&mut response, &self.site, self.site.browser_cookie(), Some(&visit.browser), "/");
        }
        if let Some(chosen) = chosen {
            guard::set_cookie(&mut response, &self.site, LANGUAGE_COOKIE, Some(chosen.as_str()), "/");
        }
        guard::seal(&mut response);
        Ok(packing::packed(response, &accepted).await)
    }
}

/// The page of an error.
fn explain(visit: &Visit, came: &Came, error: poem::Error) -> Response {
    let error = match error.downcast::<Failure>() {
        Ok(Failure(Error::Unauthenticated)) => return to_sign_in(visit, came),
        Ok(Failure(error)) => error,
        Err(other) if other.is_from_response() => return other.into_response(),
        Err(other) => {
            let (status, say) = foreign(other.status());
            return error_page(visit, status, &say, None);
        }
    };
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reference = if status.is_server_error() { Some(report(&error)) } else { None };
    let mut response = error_page(visit, status, &error.public(), reference);
    if let Error::TooMany { retry_after } = error {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
    }
    response
}

/// What is asked for, as far as the way back from signing in needs it.
struct Came {
    is_form: bool,
    /// Path and query.
    asked: String,
    /// Path and query of the page of ours on which the link or form stood.
    from: Option<String>,
}

impl Came {
    fn of(request: &Request, site: &Site) -> Self {
        let uri = request.uri();
        let from = request.header(header::REFERER).and_then(|from| guard::own_page(request, site, from));
        Self {
            is_form: ![Method::GET, Method::HEAD].contains(request.method()),
            asked: uri.path_and_query().map_or("/", |asked| asked.as_str()).to_owned(),
            from: from.filter(|page| !page.starts_with("/masuk")),
        }
    }
}

/// The same page again after signing in; from a form, the page it stood on.
fn to_sign_in(visit: &Visit, came: &Came) -> Response {
    let page = if came.is_form { stood_on(&visit.path, came.from.as_deref()) } else { came.asked.clone() };
    // All that could end the value, or be read as something else in it.
    let signs = [("%", "%25"), ("&", "%26"), ("+", "%2B"), ("#", "%23"), (" ", "%20")];
    let page = signs.into_iter().fold(page, |page, (sign, code)| page.replace(sign, code));
    see_other(&format!("/masuk?lanjut={page}"))
}

/// The page a form stood on: `path` is where it was sent to, `from` the page the browser names. What was written about a ticket
/// has become a draft on the page of the ticket.
fn stood_on(path: &str, from: Option<&str>) -> String {
    let plain = |page: &str| page.split('?').next().unwrap_or_default().to_owned();
    let ticket = path.strip_prefix("/kerja/tiket/").map(|rest| rest.split('/').next().unwrap_or_default());
    let ticket = ticket.map(|number| format!("/kerja/tiket/{number}"));
    match (ticket, from) {
        (Some(ticket), Some(from)) if plain(from) == ticket => without_news(from),
        (Some(ticket), _) => ticket,
        (None, Some(from)) => without_news(from),
        (None, None) => ["/kerja", "/akun"].into_iter().find(|part| path.starts_with(part)).unwrap_or("/").to_owned(),
    }
}

/// An address without the word of what has just been done: nothing has.
fn without_news(page: &str) -> String {
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    let kept =
        query.split('&').filter(|pair| !pair.is_empty() && !["kabar=", "tadi="].iter().any(|it| pair.starts_with(it)));
    let kept = kept.collect::<Vec<_>>().join("&");
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{kept}") }
}

/// Words for what the server below us refuses.
fn foreign(status: StatusCode) -> (StatusCode, Say) {
    let key = match status {
        StatusCode::NOT_FOUND => "error-not-found",
        StatusCode::METHOD_NOT_ALLOWED => "error-method",
        StatusCode::PAYLOAD_TOO_LARGE => "error-too-large",
        status if status.is_server_error() => "error-internal",
        _ => "error-bad-request",
    };
    (status, Say::new(key))
}

fn error_page(visit: &Visit, status: StatusCode, say: &Say, reference: Option<String>) -> Response {
    let context = json!({
        "status": status.as_u16(),
        "sentence": text::say(visit.language, say),
        "reference": reference,
        "roles": if status == StatusCode::FORBIDDEN { roles(visit) } else { Value::Null },
    });
    match visit.page("error.html", context) {
        Ok(mut response) => {
            response.set_status(status);
            response
        }
        Err(error) => bare(&error),
    }
}

/// What somebody of the staff is, and what opens the page that is refused.
fn roles(visit: &Visit) -> Value {
    let Some(actor) = visit.actor.as_ref().filter(|actor| actor.is_staff()) else { return Value::Null };
    let words = |roles: &[Role]| -> Vec<String> {
        let words: BTreeSet<String> = roles.iter().map(|role| visit.word("role", role.as_str())).collect();
        words.into_iter().collect()
    };
    let held: Vec<Role> = actor.grants.iter().map(|grant| grant.role).collect();
    json!({"held": words(&held), "opening": words(&roles_for(&visit.path, actor))})
}

/// Notes a defect for the operator under a word that the page shows.
fn report(error: &Error) -> String {
    let reference: String = new_token().unwrap_or_default().chars().take(8).collect();
    tracing::error!(reference, %error, "a page could not be answered");
    reference
}

/// The last resort when not even the error page can be made.
fn bare(error: &Error) -> Response {
    let reference = report(error);
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = status.with_header("x-reference", reference.clone()).into_response();
    response.set_body(format!("{}\n{reference}\n", text::say(Language::Indonesian, &error.public())));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    guard::seal(&mut response);
    response
}
