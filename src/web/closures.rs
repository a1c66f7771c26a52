//! Orders to close a service: for the staff with their minutes, for the public as an official notice.

use crate::domain::warning::{OrderState, Suspension};
use crate::web::failure::Answer;
use crate::web::visit::{Visit, query};
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Orders on one page.
const ROWS: i64 = 50;

/// Every order the person may see, the newest first.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let before = query(request).get("sebelum").and_then(|id| id.parse().ok());
    let (items, next) = visit.desk().suspensions(actor, None, before, ROWS).await?;
    let rows: Vec<Value> = items.iter().map(|(order, case)| row(visit, order, case)).collect();
    Ok(visit.page("closures.html", json!({"rows": rows, "next": next, "is_first": before.is_none()}))?)
}

/// One order, as it is printed.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(code): Path<String>) -> Answer {
    let (order, case) = visit.desk().suspension(visit.staff()?, &code).await?;
    let mut context = json!({"order": row(visit, &order, &case.number), "what": case.what});
    let (executed, lifted) = visit.desk().suspension_people(&order).await?;
    context["people"] = json!({"executed": executed, "lifted": lifted});
    Ok(visit.page("closure.html", context)?)
}

/// What the public learns of a closed service; orders nobody has carried out are not public.
#[handler]
pub async fn public(Data(visit): Data<&Visit>, Path(code): Path<String>) -> Answer {
    let closure = visit.desk().public_closure(&code).await?;
    let order = &closure.suspension;
    let context = json!({
        "code": order.code,
        "service": closure.service,
        "agency": closure.agency,
        "endpoints": closure.endpoints,
        "what": order.what,
        "until": order.until,
        "since": visit.instant_if(order.executed_at),
        "lifted": visit.instant_if(order.lifted_at),
        "is_closed": order.state == OrderState::InForce,
    });
    Ok(visit.page("closure_public.html", context)?)
}

/// An order as pages show it.
pub fn row(visit: &Visit, order: &Suspension, case: &str) -> Value {
    let is_late = order.state == OrderState::Ordered && order.due_at <= visit.desk().now();
    let (family, icon) = match order.state {
        OrderState::Ordered if is_late => ("danger", "alert"),
        OrderState::Ordered => ("warn", "clock"),
        OrderState::InForce => ("neutral", "square"),
        OrderState::Lifted => ("ok", "check"),
        OrderState::Cancelled => ("neutral", "dash"),
    };
    let endpoints: Vec<String> = serde_json::from_str(&order.endpoints).unwrap_or_default();
    json!({
        "code": order.code,
        "case": case,
        "service": order.service,
        "state": order.state,
        "chip": {"family": family, "icon": icon, "text": visit.word("closure-state", order.state.as_str()), "title": Value::Null},
        "late": is_late,
        "what": order.what,
        "until": order.until,
        "endpoints": endpoints,
        "ordered": visit.instant(order.ordered_at),
        "due": visit.instant(order.due_at),
        "executed": visit.instant_if(order.executed_at),
        "minutes": order.minutes,
        "lifted": visit.instant_if(order.lifted_at),
        "note": order.note,
        "notice": order.executed_at.map(|_| format!("/penutupan/{}", order.code)),
    })
}
