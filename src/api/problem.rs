//! Errors as RFC 9457 problems.

use crate::domain::ticket::Language;
use crate::error::{Error, Say};
use crate::text;
use poem::error::ResponseError;
use poem::http::{StatusCode, header};
use poem::{Request, Response};
use poem_openapi::Object;
use poem_openapi::error::ParseRequestPayloadError;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, types::ToJSON};

/// What a failed request answers, `application/problem+json`.
#[derive(Debug, Object)]
pub struct Problem {
    /// Kind of problem: `about:blank` with the status, or an address below it.
    #[oai(rename = "type")]
    kind: String,
    /// Short and the same for all problems of a kind.
    title: String,
    /// HTTP status.
    status: u16,
    /// What happened here and what to do, in the language of `Accept-Language`.
    detail: String,
    /// Bad fields, each with what to do.
    errors: Vec<FieldProblem>,
    /// The version the thing has now, after a conflict.
    #[oai(skip_serializing_if_is_none)]
    version: Option<i64>,
}

/// One bad field.
#[derive(Debug, Object)]
pub struct FieldProblem {
    /// Its name.
    field: String,
    /// What to do.
    message: String,
}

/// An [`Error`] on its way out of the API; documents the problems an endpoint may answer.
#[derive(Debug)]
pub struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Failure> for poem::Error {
    fn from(failure: Failure) -> Self {
        Self::from(failure.0)
    }
}

impl ResponseError for Error {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(Self::status(self)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl ApiResponse for Failure {
    fn meta() -> MetaResponses {
        let problems: [(u16, &'static str); 9] = [
            (400, "The request cannot be read"),
            (401, "No valid token"),
            (403, "Not for this caller"),
            (404, "No such thing, or not for this caller to know"),
            (409, "Changed meanwhile, or not possible in its state"),
            (413, "Too large"),
            (415, "Wrong content type"),
            (422, "Bad fields"),
            (503, "Not available for the moment"),
        ];
        let response = |(status, description)| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType { content_type: "application/problem+json", schema: Problem::schema_ref() }],
            headers: Vec::new(),
        };
        MetaResponses { responses: problems.into_iter().map(response).collect() }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}

/// The language a caller asks for; Indonesian unless English comes first.
pub fn language(request: &Request) -> Language {
    match request.header(header::ACCEPT_LANGUAGE) {
        Some(wanted) if wanted.trim_start().to_ascii_lowercase().starts_with("en") => Language::English,
        _ => Language::Indonesian,
    }
}

/// Any error as a problem: ours with its fields, the framework's by its status.
pub fn response(error: &poem::Error, language: Language, path: &str) -> Response {
    let (status, say, errors, version) = match error.downcast_ref::<Error>() {
        Some(own) => {
            log(own, path);
            (error.status(), own.public(), fields(own, language), version(own))
        }
        None => framework(error),
    };
    let problem = Problem {
        kind: "about:blank".to_owned(),
        title: status.canonical_reason().unwrap_or("Error").to_owned(),
        status: status.as_u16(),
        detail: text::say(language, &say),
        errors,
        version,
    };
    let mut builder = Response::builder().status(status).content_type("application/problem+json");
    if let Some(Error::TooMany { retry_after }) = error.downcast_ref::<Error>() {
        builder = builder.header(header::RETRY_AFTER, retry_after.to_string());
    }
    if status == StatusCode::UNAUTHORIZED {
        builder = builder.header(header::WWW_AUTHENTICATE, "Bearer");
    }
    builder.body(problem.to_json_string())
}

fn framework(error: &poem::Error) -> (StatusCode, Say, Vec<FieldProblem>, Option<i64>) {
    let Some(payload) = error.downcast_ref::<ParseRequestPayloadError>() else {
        let key = match error.status() {
            StatusCode::NOT_FOUND => "error-not-found",
            StatusCode::UNAUTHORIZED => "error-unauthenticated",
            StatusCode::METHOD_NOT_ALLOWED => "error-method",
            StatusCode::PAYLOAD_TOO_LARGE => "error-too-large",
            StatusCode::REQUEST_TIMEOUT => "error-too-slow",
            status if status.is_server_error() => "error-internal",
            _ => "error-unreadable",
        };
        let mut errors = Vec::new();
        if error.status() == StatusCode::BAD_REQUEST {
            errors.push(FieldProblem { field: String::new(), message: error.to_string().chars().take(300).collect() });
        }
        return (error.status(), Say::new(key), errors, None);
    };
    // What is JSON but not what the endpoint takes is a matter of fields; the rest cannot be read at all.
    let readable = payload.reason.starts_with("failed to parse") || payload.reason.starts_with("Expected");
    let status = if readable { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
    let key = if readable { "error-invalid" } else { "error-unreadable" };
    let field = payload.reason.split('`').nth(1).unwrap_or_default().to_owned();
    let message = payload.reason.chars().take(300).collect();
    (status, Say::new(key), vec![FieldProblem { field, message }], None)
}

fn fields(error: &Error, language: Language) -> Vec<FieldProblem> {
    let Error::Invalid(fields) = error else { return Vec::new() };
    fields
        .iter()
        .map(|bad| FieldProblem { field: bad.field.to_owned(), message: text::say(language, &bad.say) })
        .collect()
}

const fn version(error: &Error) -> Option<i64> {
    match error {
        Error::Conflict { version, .. } => *version,
        _ => None,
    }
}

/// Logged once, here at the edge; refusals are the caller's business.
fn log(error: &Error, path: &str) {
    match error {
        Error::Internal(source) => tracing::error!(path, error = %source, "a request failed"),
        Error::Unavailable(source) => tracing::warn!(path, error = %source, "a request could not be served"),
        _ => tracing::debug!(path, %error, "a request was refused"),
    }
}
