//! Pages that every public service owes its readers: privacy, accessibility, help, a map of the site.

use crate::web::failure::Answer;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::Data;
use serde_json::json;

/// What is kept, for what, how long, and who reads it.
#[handler]
pub fn privacy(Data(visit): Data<&Visit>) -> Answer {
    let pack = visit.desk().pack();
    let context = json!({
        "years": pack.retention.tickets_years,
        "identity_years": pack.retention.identity_attachments_years,
        "anonymous": pack.reporters.anonymous,
        "secret": pack.reporters.secret,
    });
    Ok(visit.page("privacy.html", context)?)
}

/// What works for whom, and what does not yet.
#[handler]
pub fn accessibility(Data(visit): Data<&Visit>) -> Answer {
    Ok(visit.page("accessibility.html", json!({}))?)
}

/// How to do what people come for.
#[handler]
pub fn help(Data(visit): Data<&Visit>) -> Answer {
    Ok(visit.page("help.html", json!({"close_days": visit.desk().pack().lifecycle.auto_close_days}))?)
}

/// Every public page.
#[handler]
pub fn map(Data(visit): Data<&Visit>) -> Answer {
    Ok(visit.page("site_map.html", json!({}))?)
}
