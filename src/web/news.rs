//! The stream of news for the staff's open pages.

use crate::error::Error;
use crate::web::failure::Answer;
use crate::web::visit::{Visit, query};
use futures_util::stream;
use poem::http::header;
use poem::web::Data;
use poem::{Body, Request, Response, handler};

/// Seconds after which a browser that was turned away may try again.
const LATER: i64 = 60;

/// Keeps telling what changes, beginning after what the page or the browser has seen.
#[handler]
pub async fn listen(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let entry = visit.signed_in()?;
    let token = visit.session.as_deref().unwrap_or_default();
    let asked = query(request).remove("sejak");
    let since = request.header("last-event-id").map(str::to_owned).or(asked).and_then(|id| id.parse().ok());
    let since = since.unwrap_or(visit.seen);
    let stream = visit.site.live.stream(visit.desk(), (entry.id, token), actor, since).await?;
    let stream = stream.ok_or(Error::TooMany { retry_after: LATER })?;
    let pieces = stream::unfold(stream, |mut stream| async {
        let piece = stream.next().await?;
        Some((Ok::<_, std::io::Error>(piece.into_bytes()), stream))
    });
    Ok(Response::builder()
        .content_type("text/event-stream")
        .header(header::CACHE_CONTROL, "no-store")
        .header("x-accel-buffering", "no")
        .body(Body::from_bytes_stream(pieces)))
}
