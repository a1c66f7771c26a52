//! Figures for whoever watches the installation, in the text format of Prometheus. On a listener of their own: they are
//! no business of the public.

use crate::desk::Desk;
use crate::domain::alarm::AlarmKind;
use crate::error::{Error, Result};
use chrono::TimeDelta;
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use poem::http::{Method, StatusCode, header};
use poem::web::Data;
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Route, get, handler};
use std::sync::Arc;

/// Ends of the buckets that answers are sorted into. Seconds.
const SECONDS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Begins to count, and gives what answers at the listener for figures.
///
/// # Errors
/// Somebody else counts in this process already.
pub fn routes(desk: Desk) -> Result<impl Endpoint<Output = Response> + 'static> {
    let failed = |error: metrics_exporter_prometheus::BuildError| Error::Internal(error.into());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS);
    let handle = builder.map_err(failed)?.install_recorder().map_err(failed)?;
    Ok(Route::new().at("/metrics", get(show)).data(desk).data(handle).map_to_response())
}

/// Every figure as it is now.
#[handler]
async fn show(Data(desk): Data<&Desk>, Data(handle): Data<&PrometheusHandle>) -> Response {
    if let Err(error) = look(desk).await {
        tracing::warn!(%error, "the figures of the queues cannot be read");
        gauge!("meja_database_up").set(0.0);
    }
    handle.run_upkeep();
    handle.render().with_header(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8").into_response()
}

/// Reads the figures that stand in the database.
async fn look(desk: &Desk) -> Result<()> {
    let now = desk.now();
    let waiting = desk.waits().await?;
    for kind in AlarmKind::ALL {
        let age = waiting.since(*kind).map_or(0.0, |since| seconds(now - since));
        gauge!("meja_oldest_waiting_age", "queue" => kind.as_str()).set(age);
    }
    let counts = desk.queue_counts().await?;
    for (state, count) in counts.inbox {
        gauge!("meja_inbox_mails", "state" => state).set(whole(count));
    }
    for (state, count) in counts.outbox {
        gauge!("meja_outbox_mails", "state" => state).set(whole(count));
    }
    gauge!("meja_database_up").set(1.0);
    Ok(())
}

/// Lets a request through and counts it, with how long its answer took.
///
/// # Errors
/// Those of the request.
pub async fn counted<E: Endpoint<Output = Response>>(next: Arc<E>, request: Request) -> poem::Result<Response> {
    let Some(desk) = request.data::<Desk>().cloned() else { return next.call(request).await };
    let (door, method) = (door(request.uri().path()), method(request.method()));
    let began = desk.clock.machine();
    let answer = next.call(request).await;
    let status = answer.as_ref().map_or_else(poem::Error::status, Response::status);
    histogram!("meja_http_answer_seconds", "door" => door).record(seconds(desk.clock.machine() - began));
    counter!("meja_http_answers_total", "door" => door, "method" => method, "status" => class(status)).increment(1);
    answer
}

/// Which door a request knocks at. Not its address: strangers choose those.
fn door(path: &str) -> &'static str {
    match path {
        "/healthz" | "/readyz" => "probe",
        _ if path.starts_with("/api/v1/gateway/") => "gateway",
        _ if path.starts_with("/api/") => "api",
        _ if path.starts_with("/aset/") => "asset",
        _ if path.starts_with("/kerja") => "staff",
        _ => "public",
    }
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

fn seconds(span: TimeDelta) -> f64 {
    span.as_seconds_f64().max(0.0)
}

#[expect(clippy::cast_precision_loss, reason = "a figure on a board")]
const fn whole(count: i64) -> f64 {
    count as f64
}
