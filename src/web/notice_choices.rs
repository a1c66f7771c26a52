//! How somebody wants to be told of steps by mail: a part of the account's page.

use crate::desk::notice_choices::Chosen;
use crate::domain::Word;
use crate::domain::clock_plan::StepKind;
use crate::domain::notice::NoticeChoice;
use crate::error::Result;
use crate::policy::Authority;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::Data;
use serde_json::{Value, json};

/// Keeps what was chosen.
#[handler]
pub async fn keep(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let compulsory = desk.pack().notices.compulsory.clone();
    let of = |kind: StepKind| {
        let choice = sent.get(&field(kind)).parse::<NoticeChoice>().ok()?;
        // A form from before the pack said so asks for what was allowed then.
        Some((kind, choice)).filter(|_| !compulsory.contains(&kind))
    };
    let wanted: Vec<_> = StepKind::all().iter().copied().filter_map(of).collect();
    desk.choose_notices(actor, &wanted).await?;
    Ok(see_other("/akun?kabar=pemberitahuan"))
}

/// What the page shows; null for those who are told nothing.
///
/// # Errors
/// The database does not answer.
pub async fn shape(visit: &Visit) -> Result<Value> {
    let actor = match visit.staff() {
        Ok(actor) => actor,
        Err(_) => return Ok(Value::Null),
    };
    let chosen = visit.desk().notice_choices(actor).await?;
    let pack = visit.desk().pack();
    let by = match pack.authority("notices.compulsory") {
        Authority::Law(laws) | Authority::Partly(laws) => laws.join("; "),
        Authority::Default | Authority::Unconfirmed(_) => String::new(),
    };
    // The zone is always said.
    let zone = visit.desk().now().with_timezone(&pack.zone).format("%Z").to_string();
    Ok(json!({
        "kinds": chosen.iter().map(|chosen| line(visit, chosen)).collect::<Vec<_>>(),
        "digest": format!("{} {zone}", pack.notices.digest.format("%H.%M")),
        "basis": by,
    }))
}

fn line(visit: &Visit, chosen: &Chosen) -> Value {
    let choices: Vec<Value> = NoticeChoice::all()
        .iter()
        .map(|it| json!({"word": it.as_str(), "text": visit.word("notice-choice", it.as_str())}))
        .collect();
    json!({
        "name": field(chosen.kind),
        "text": visit.word("step", chosen.kind.as_str()),
        "chosen": chosen.choice.as_str(),
        "compulsory": chosen.compulsory,
        "choices": choices,
    })
}

fn field(kind: StepKind) -> String {
    format!("notice_{}", kind.as_str())
}
