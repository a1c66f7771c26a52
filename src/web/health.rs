//! How the installation is, for who runs it.

use crate::desk::health::Health;
use crate::domain::alarm::AlarmKind;
use crate::store::mailboxes::Cursor;
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
    let aside = |mail: &crate::store::health::PutAside| json!({"mailbox": mail.mailbox, "sender": mail.sender, "cause": mail.cause.as_deref().map(|cause| visit.word("received-cause", cause)), "at": visit.instant(mail.received_at)});
    let mut context = figures(visit, &health);
    context["stuck_mail"] = health.stuck_mail.iter().map(stuck).collect::<Vec<_>>().into();
    context["aside"] = health.aside.iter().map(aside).collect::<Vec<_>>().into();
    context["inbox"] = counted(visit, "inbox-state", &health.inbox);
    context["unread_since"] = visit.instant_if(health.unread_since);
    context["scans"] = counted(visit, "scan-verdict", &health.scans);
    let alarm = |(kind, since): &(AlarmKind, _)| json!({"what": visit.word("alarm", kind.as_str()), "since": visit.instant(*since)});
    context["alarms"] = health.alarms.iter().map(alarm).collect();
    context["lmtp"] = visit.desk().ways.lmtp.as_ref().map(|listen| listen.to_string()).into();
    context["mailboxes"] = mailboxes(visit, &health.mailboxes);
    Ok(visit.page("health.html", context)?)
}

fn counted(visit: &Visit, family: &str, counts: &[(String, i64)]) -> Value {
    counts.iter().map(|(word, count)| json!({"text": visit.word(family, word), "count": count})).collect()
}

/// The mailboxes of the settings with what is known of them.
pub fn mailboxes(visit: &Visit, known: &[Cursor]) -> Value {
    let shape = |mailbox: &crate::config::mail::Mailbox| {
        let cursor = known.iter().find(|cursor| cursor.name == mailbox.name());
        json!({
            "name": mailbox.name(),
            "taken": cursor.map_or(0, |cursor| cursor.taken),
            "seen": visit.instant_if(cursor.and_then(|cursor| cursor.seen_at)),
            "problem": cursor.and_then(|cursor| cursor.problem.clone()),
            "problem_at": visit.instant_if(cursor.and_then(|cursor| cursor.problem_at)),
        })
    };
    visit.desk().ways.mailboxes.iter().map(shape).collect()
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
