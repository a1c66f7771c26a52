//! The forms that set up monitors and stop them.

use crate::desk::monitors::Wanted;
use crate::domain::monitor::{Expected, MonitorKind};
use crate::error::{Error, Say};
use crate::web::availability::{settle, with_secret};
use crate::web::failure::Answer;
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::{Data, Path};

/// Sets up a monitor. The secret of a heartbeat stands on the page that answers, and nowhere else.
#[handler]
pub async fn add(Data(visit): Data<&Visit>, Path(code): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let number = |field: &str| sent.get(field).parse().ok();
    let given = |field: &str| Some(sent.get(field).to_owned()).filter(|text| !text.is_empty());
    let Ok(kind) = sent.get("kind").parse::<MonitorKind>() else {
        let known = MonitorKind::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
        let error = Error::field("kind", Say::new("field-unknown-word").with("known", known));
        return settle(visit, &code, "pemantau", &sent, Err(error)).await;
    };
    let is_page = kind == MonitorKind::Http;
    let expected = Expected { text: given("expected").filter(|_| is_page), ..Expected::default() };
    let wanted = Wanted {
        name: given("name"),
        target: given("target"),
        expected: Some(expected),
        interval_seconds: number("interval_seconds"),
        ..Wanted::default()
    };
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    match visit.desk().add_monitor(actor, &code, kind, &wanted, key).await {
        Ok((it, Some(secret))) => with_secret(visit, &it, &secret).await,
        outcome => settle(visit, &code, "pemantau", &sent, outcome.map(|_| "pemantau")).await,
    }
}

/// Stops a monitor, lets it look again, or gives it another secret.
#[handler]
pub async fn do_act(
    Data(visit): Data<&Visit>,
    Path((code, id, act)): Path<(String, i64, String)>,
    sent: Sent,
) -> Answer {
    let actor = visit.staff()?;
    let desk = visit.desk();
    if act == "kunci" {
        let (it, secret) = desk.renew_monitor_secret(actor, id).await?;
        return with_secret(visit, &it, &secret).await;
    }
    let active = match act.as_str() {
        "lanjutkan" => true,
        "hentikan" => false,
        _ => return Err(Error::NotFound("act").into()),
    };
    let wanted = Wanted { active: Some(active), ..Wanted::default() };
    let changed = desk.change_monitor(actor, id, sent.get("versi").parse().ok(), &wanted).await;
    settle(visit, &code, "pemantau", &sent, changed.map(|_| "pemantau")).await
}
