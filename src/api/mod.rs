//! JSON for machines under `/api/v1`.
//!
//! For: translating requests into use-cases and their answers into JSON. Decides nothing.
//! May use: `desk` and below. English names as in CONTRACT.md; field texts in the caller's language.
//! To add an endpoint: a method in the file of its noun, a test from outside in `tests/api.rs`, and
//! accept the changed OpenAPI snapshot after reading it.

mod agencies;
mod announcements;
mod answers;
mod articles;
mod availability;
mod calendars;
mod canned_replies;
mod case_answers;
mod cases;
mod catalogue;
mod change_records;
mod choice;
mod decisions;
mod demo;
mod dispatch;
pub mod document;
mod duties;
mod feedback;
mod gateway;
mod incidents;
mod letter_answers;
mod letters;
mod mails;
mod maintenance;
mod monitors;
mod own_notices;
mod problem;
mod problem_records;
mod public;
mod ratings;
mod received;
mod relations;
mod reports;
mod requests;
mod services;
mod tickets;
mod tokens;
mod users;
mod verbs;
mod webhooks;

use crate::desk::Desk;
use crate::domain::people::Actor;
use poem::http::{Method, StatusCode, header};
use poem::{Endpoint, EndpointExt, Request, Response, Route};
use poem_openapi::auth::Bearer;
use poem_openapi::{OpenApiService, SecurityScheme};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Largest body of a request that brings files, in bytes: a message with its files, a signed letter.
const LARGEST_WITH_FILES: usize = 26 * 1024 * 1024;
/// Largest body of any other request, in bytes.
const LARGEST_BODY: usize = 1024 * 1024;
/// Largest body of somebody who does not say who he is, in bytes.
const LARGEST_OF_STRANGERS: usize = 64 * 1024;
/// How long a body may be on its way: so many seconds, and one more for each piece of this many bytes it may have.
const PATIENCE: (u64, u64) = (30, 50 * 1024);

/// A token in `Authorization: Bearer …`.
#[derive(SecurityScheme)]
#[oai(ty = "bearer")]
struct Token(Bearer);

impl Token {
    async fn actor(&self, desk: &Desk) -> Result<Actor, problem::Failure> {
        Ok(desk.by_token(&self.0.token).await?)
    }
}

/// Every family of endpoints, in groups: no more than sixteen may stand side by side.
type Parts = (
    (tickets::Tickets, verbs::Verbs, relations::Relations, mails::Mails, dispatch::Dispatches, received::ReceivedMails),
    (services::Services, decisions::Decisions, agencies::Agencies, calendars::Calendars, duties::Duties),
    (cases::Cases, cases::CaseVerbs, letters::Letters),
    (
        users::Users,
        own_notices::OwnNotices,
        tokens::Tokens,
        canned_replies::CannedReplies,
        ratings::Ratings,
        incidents::Incidents,
    ),
    (availability::AvailabilityApi, maintenance::MaintenanceApi, monitors::Monitors, public::Status, reports::Reports),
    (articles::Articles, feedback::FeedbackApi),
    (
        demo::Public,
        problem_records::Problems,
        change_records::Changes,
        announcements::Announcements,
        webhooks::Webhooks,
    ),
);

/// The service with every endpoint; also what the OpenAPI document is made from.
pub fn service(desk: &Desk) -> OpenApiService<Parts, ()> {
    let parts = (
        (
            tickets::Tickets(desk.clone()),
            verbs::Verbs(desk.clone()),
            relations::Relations(desk.clone()),
            mails::Mails(desk.clone()),
            dispatch::Dispatches(desk.clone()),
            received::ReceivedMails(desk.clone()),
        ),
        (
            services::Services(desk.clone()),
            decisions::Decisions(desk.clone()),
            agencies::Agencies(desk.clone()),
            calendars::Calendars(desk.clone()),
            duties::Duties(desk.clone()),
        ),
        (cases::Cases(desk.clone()), cases::CaseVerbs(desk.clone()), letters::Letters(desk.clone())),
        (
            users::Users(desk.clone()),
            own_notices::OwnNotices(desk.clone()),
            tokens::Tokens(desk.clone()),
            canned_replies::CannedReplies(desk.clone()),
            ratings::Ratings(desk.clone()),
            incidents::Incidents(desk.clone()),
        ),
        (
            availability::AvailabilityApi(desk.clone()),
            maintenance::MaintenanceApi(desk.clone()),
            monitors::Monitors(desk.clone()),
            public::Status(desk.clone()),
            reports::Reports(desk.clone()),
        ),
        (articles::Articles(desk.clone()), feedback::FeedbackApi(desk.clone())),
        (
            demo::Public(desk.clone()),
            problem_records::Problems(desk.clone()),
            change_records::Changes(desk.clone()),
            announcements::Announcements(desk.clone()),
            webhooks::Webhooks(desk.clone()),
        ),
    );
    OpenApiService::new(parts, "meja", env!("CARGO_PKG_VERSION"))
        .description("Service desk of an Indonesian regional government. Errors are RFC 9457 problems.")
        .server("/api/v1")
}

/// The OpenAPI document as it is served.
pub fn document(desk: &Desk) -> String {
    document::described(&service(desk).spec())
}

/// Everything below `/api`.
pub fn routes(desk: &Desk) -> impl Endpoint<Output = Response> + 'static {
    let service = service(desk);
    // All are made when somebody asks for them: they take megabytes and are seldom read.
    let (own, kept) = (desk.clone(), OnceLock::new());
    let docs = poem::endpoint::make_sync(move |_| {
        let page: &String = kept.get_or_init(|| {
            let made = self::service(&own);
            made.swagger_ui_html().replace(&made.spec(), &document(&own))
        });
        poem::web::Html(page.clone())
    });
    let (own, kept) = (desk.clone(), OnceLock::new());
    let openapi = poem::endpoint::make_sync(move |_| {
        let document: &String = kept.get_or_init(|| document(&own));
        Response::builder().content_type("application/json").body(document.clone())
    });
    let (own, methods) = (desk.clone(), Arc::new(OnceLock::new()));
    let routes =
        Route::new().at("/v1/openapi.json", openapi).at("/docs", docs).nest("/v1", Route::new().nest("/", service));
    routes.around(move |endpoint, request: Request| {
        let (own, methods) = (own.clone(), Arc::clone(&methods));
        async move {
            let language = problem::language(&request);
            let path = request.uri().path().to_owned();
            let outcome = match bounded(request).await {
                Ok(request) => endpoint.call(request).await,
                Err(error) => Err(error),
            };
            let mut response = match outcome {
                Ok(response) => response,
                Err(error) => problem::response(&error, language, &path),
            };
            if response.status() == StatusCode::METHOD_NOT_ALLOWED {
                let methods: &Vec<(String, String)> = methods.get_or_init(|| document::methods(&document(&own)));
                let allowed = document::allowed(methods, path.trim_start_matches("/v1"));
                let allowed = header::HeaderValue::from_str(allowed).unwrap_or(header::HeaderValue::from_static("GET"));
                response.headers_mut().insert(header::ALLOW, allowed);
            }
            // Answers carry personal data: no cache may keep them.
            response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
            response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
            Ok(response)
        }
    })
}

/// Reads the body before anything else, up to the limit and for a while only, whether its length was told or not.
async fn bounded(mut request: Request) -> poem::Result<Request> {
    let largest = largest(&request);
    let patience = Duration::from_secs(PATIENCE.0 + u64::try_from(largest).unwrap_or(u64::MAX) / PATIENCE.1);
    let body = request.take_body().into_bytes_limit(largest);
    let mut body = tokio::time::timeout(patience, body)
        .await
        .map_err(|_| poem::Error::from_status(StatusCode::REQUEST_TIMEOUT))??;
    if body.is_empty() && request.method() == Method::POST && request.content_type().is_none() {
        // A verb that needs nothing but its name may come without a body.
        body = "{}".into();
        request.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    }
    request.set_body(body);
    Ok(request)
}

/// How much of a request's body is read. Whether its token is good is only asked afterwards.
fn largest(request: &Request) -> usize {
    let path = request.uri().path();
    let brings_files = path.ends_with("/messages") || path.ends_with("/sign");
    match request.headers().contains_key(header::AUTHORIZATION) {
        true if brings_files => LARGEST_WITH_FILES,
        true => LARGEST_BODY,
        false => LARGEST_OF_STRANGERS,
    }
}
