//! Recurring work: when each piece went last, how it ended, and when its turn comes again.

use crate::desk::recurring::Turn;
use crate::web::failure::Answer;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::Data;
use serde_json::{Value, json};

/// Every piece of recurring work.
#[handler]
pub async fn list(Data(visit): Data<&Visit>) -> Answer {
    let turns = visit.desk().turns(visit.staff()?).await?;
    let rows: Vec<Value> = turns.iter().map(|turn| row(visit, turn)).collect();
    let next_backup = visit.desk().backups(visit.staff()?, i64::MAX, 1).await?.next_at;
    Ok(visit.page("turns.html", json!({"rows": rows, "next_backup": visit.instant_if(next_backup)}))?)
}

fn row(visit: &Visit, turn: &Turn) -> Value {
    let (family, icon, word) = match &turn.last {
        None => ("neutral", "ring", "never"),
        Some(last) if last.problem.is_some() => ("danger", "alert", "failed"),
        Some(last) if last.finished_at.is_some() => ("ok", "check", "done"),
        Some(_) => ("info", "clock", "running"),
    };
    let last = turn.last.as_ref();
    json!({
        "name": visit.word("turn", turn.work.as_str()),
        "chip": {"family": family, "icon": icon, "text": visit.word("turn-outcome", word), "title": Value::Null},
        "started": visit.instant_if(last.map(|last| last.started_at)),
        "seconds": last.and_then(|last| Some((last.finished_at? - last.started_at).num_seconds())),
        "problem": last.and_then(|last| last.problem.clone()),
        "node": last.map(|last| last.node.clone()),
        "next": visit.instant_if(turn.next_at),
    })
}
