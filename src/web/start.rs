//! The start page.

use crate::web::announcements;
use crate::web::failure::Answer;
use crate::web::incidents;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::Data;
use serde_json::json;

/// Three ways in, and what is promised.
#[handler]
pub async fn start(Data(visit): Data<&Visit>) -> Answer {
    let incidents = incidents::boxes(visit, None).await?;
    let announcements = announcements::told(visit, None).await?;
    let days = visit.desk().pack().lifecycle.auto_close_days;
    let context = json!({"close_days": days, "incidents": incidents, "announcements": announcements});
    // A page without a form leaves no cookie behind.
    Ok(if incidents.is_empty() { visit.page("start.html", context)? } else { visit.form("start.html", context)? })
}
