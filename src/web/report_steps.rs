//! The way of the region's report upwards, as its page shows it and takes it.

use crate::desk::report_views::FullReport;
use crate::desk::report_words::Words;
use crate::domain::people::Actor;
use crate::domain::report::steps::{Step, StepAct, StepState, may};
use crate::error::Error;
use crate::text;
use crate::web::failure::Answer;
use crate::web::periodic;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::{Data, Path};
use serde_json::{Value, json};

/// The acts as addresses name them.
pub const ACTS: [(&str, StepAct); 2] = [("kirim", StepAct::Send), ("terima", StepAct::Receive)];

/// The steps as the page shows them, each with what may be done about it.
pub fn shapes(visit: &Visit, actor: &Actor, full: &FullReport, words: Words) -> Vec<Value> {
    let Some(report) = &full.report else { return Vec::new() };
    let is_last = full.edition.as_ref().is_none_or(|edition| edition.edition == report.edition);
    let shape = |step: &Step| {
        let offered =
            ACTS.iter().find(|(_, act)| is_last && may(actor, *act) && step.allows(*act, report, &full.steps));
        let state = step.state(report, &full.steps, visit.desk().now());
        let (family, icon) = match state {
            StepState::Waiting => ("neutral", "dash"),
            StepState::Ready => ("info", "ring"),
            StepState::Late => ("danger", "alert"),
            StepState::Sent => ("warn", "half"),
            StepState::Received => ("ok", "check"),
        };
        json!({
            "place": step.place,
            "recipient": step.recipient,
            "basis": step.basis,
            "words": words.step(full, step),
            "chip": {"family": family, "icon": icon, "text": visit.word("report-step", state.as_str()), "title": Value::Null},
            "act": offered.map(|(word, _)| *word),
        })
    };
    full.steps.iter().map(shape).collect()
}

/// Sends the report on, or says that it has come; when it is refused, what was written stays.
#[handler]
pub async fn do_act(
    Data(visit): Data<&Visit>,
    Path((code, place, act)): Path<(String, i64, String)>,
    sent: Sent,
) -> Answer {
    let actor = visit.staff()?;
    let known = ACTS.iter().find(|(word, _)| *word == act).ok_or(Error::NotFound("act"))?;
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    let (version, note) = (sent.get("versi").parse().ok(), sent.get("note"));
    match visit.desk().act_on_step(actor, &code, place, version, known.1, note, key).await {
        Ok(_) => Ok(see_other(&format!("/kerja/laporan/{}?kabar=langkah-{act}#langkah", text::in_address(&code)))),
        Err(error) => periodic::again(visit, actor, &code, &format!("langkah-{place}"), &sent, error).await,
    }
}
