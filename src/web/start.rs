//! The start page, and the style and icon of all pages.

use crate::error::Error;
use crate::web::failure::Answer;
use crate::web::visit::Visit;
use poem::http::header;
use poem::web::{Data, Path};
use poem::{Response, handler};
use serde_json::json;

/// Three ways in, and what is promised.
#[handler]
pub fn start(Data(visit): Data<&Visit>) -> Answer {
    let lifecycle = &visit.desk().pack().lifecycle;
    Ok(visit.page("start.html", json!({"close_days": lifecycle.auto_close_days}))?)
}

/// The style or the icon. Only their present names are known.
#[handler]
pub fn asset(Data(visit): Data<&Visit>, Path(name): Path<String>) -> Answer {
    let found = visit.site.assets.at(&format!("/aset/{name}"));
    let (media_type, bytes) = found.ok_or(Error::NotFound("asset"))?;
    let response = Response::builder()
        .content_type(media_type)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    Ok(response.body(bytes))
}
