//! The way of the region's report upwards, as its page shows it.

use crate::desk::report_views::FullReport;
use crate::desk::report_words::Words;
use crate::domain::people::Actor;
use crate::domain::report::steps::{Step, StepAct, StepState, may};
use crate::web::visit::Visit;
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
