//! The start page.

use crate::web::failure::Answer;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::Data;
use serde_json::json;

/// Three ways in, and what is promised.
#[handler]
pub fn start(Data(visit): Data<&Visit>) -> Answer {
    let lifecycle = &visit.desk().pack().lifecycle;
    Ok(visit.page("start.html", json!({"close_days": lifecycle.auto_close_days}))?)
}
