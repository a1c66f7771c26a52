//! How the installation is, for who runs it.

use crate::desk::health::Health;
use crate::web::failure::Answer;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::Data;
use serde_json::{Value, json};

/// Mail that does not get through, agencies nobody holds, and the last seal.
#[handler]
pub async fn show(Data(visit): Data<&Visit>) -> Answer {
    let health = visit.desk().health(visit.staff()?).await?;
    let stuck = |mail: &crate::store::health::StuckMail| {
        json!({"recipient": mail.recipient, "given_up": mail.state == "dead", "attempts": mail.attempts,
            "error": mail.last_error, "at": visit.instant(mail.created_at)})
    };
    let aside = |mail: &crate::store::health::PutAside| json!({"mailbox": mail.mailbox, "sender": mail.sender, "cause": mail.cause, "at": visit.instant(mail.received_at)});
    let mut context = figures(visit, &health);
    context["stuck_mail"] = health.stuck_mail.iter().map(stuck).collect::<Vec<_>>().into();
    context["aside"] = health.aside.iter().map(aside).collect::<Vec<_>>().into();
    Ok(visit.page("health.html", context)?)
}

/// The figures alone, as the home shows them too.
pub fn figures(visit: &Visit, health: &Health) -> Value {
    json!({
        "waiting": health.waiting,
        "stuck": health.stuck,
        "put_aside": health.put_aside,
        "without": health.without_first_line,
        "sealed": visit.instant_if(health.sealed_at),
        "closed": health.gateway.closed,
        "gateway_failing": visit.instant_if(health.gateway.failing_since),
        "gateway_open": health.gateway.open_unknown,
    })
}
