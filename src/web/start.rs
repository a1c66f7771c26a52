//! The start page, and the style and icon of all pages.

use crate::error::Error;
use crate::web::failure::Answer;
use crate::web::incidents;
use crate::web::visit::Visit;
use poem::http::header;
use poem::web::{Data, Path};
use poem::{Response, handler};
use serde_json::json;

/// Three ways in, and what is promised.
#[handler]
pub async fn start(Data(visit): Data<&Visit>) -> Answer {
    let incidents = incidents::boxes(visit, None).await?;
    let context = json!({"close_days": visit.desk().pack().lifecycle.auto_close_days, "incidents": incidents});
    // A page without a form leaves no cookie behind.
    Ok(if incidents.is_empty() { visit.page("start.html", context)? } else { visit.form("start.html", context)? })
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
