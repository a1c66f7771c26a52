//! The evidence pack: what it holds, and the pack itself.

use crate::desk::report_words::Words;
use crate::text;
use crate::web::failure::Answer;
use crate::web::render::download;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::Data;
use serde_json::json;

/// What the pack would hold.
#[handler]
pub async fn show(Data(visit): Data<&Visit>) -> Answer {
    let list = visit.desk().evidence(visit.staff()?).await?;
    let reports = text::phrase(visit.language, "evidence-how-many", &[("count", &list.reports.len().to_string())]);
    let items = json!([
        {"name": visit.word("evidence", "guideline"), "present": list.values > 0, "count": list.values},
        {"name": visit.word("evidence", "execution"), "present": list.tickets > 0, "count": list.tickets},
        {"name": visit.word("evidence", "evaluation"), "present": !list.reports.is_empty(), "count": reports},
        {"name": visit.word("evidence", "proof"), "present": list.is_sealed, "count": ""},
    ]);
    Ok(visit.page("evidence.html", json!({"label": list.label, "items": items}))?)
}

/// The pack as a file.
#[handler]
pub async fn fetch(Data(visit): Data<&Visit>) -> Answer {
    let words = Words { language: visit.language, zone: visit.zone() };
    let bytes = visit.desk().evidence_pack(visit.staff()?, words).await?;
    let today = visit.desk().now().with_timezone(&visit.zone()).date_naive();
    Ok(download(&format!("bukti-dukung-{today}.zip"), bytes))
}
