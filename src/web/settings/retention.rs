//! Retention: periods with their source, what the next run removes, and tickets that are held.

use crate::desk::retention::{ATTEMPTS, DRAFTS, KEYS};
use crate::domain::settings::may_change;
use crate::error::{Error, FieldError};
use crate::text;
use crate::web::failure::Answer;
use crate::web::policy::mark_shape;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Periods, counts and holds.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let mut context = context(visit, &Sent::default()).await?;
    let news = query(request).remove("kabar").filter(|word| ["tahan", "lepas"].contains(&word.as_str()));
    context["news"] = news.into();
    Ok(visit.form("retention.html", context)?)
}

async fn context(visit: &Visit, sent: &Sent) -> crate::error::Result<Value> {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let preview = desk.retention(actor).await?;
    let (pack, over) = (desk.pack(), preview.over);
    let days = |days: i64| text::phrase(visit.language, "retention-days", &[("count", &days.to_string())]);
    let years = |years: u32| text::phrase(visit.language, "retention-years", &[("count", &years.to_string())]);
    let long = [
        ("tickets", years(pack.retention.tickets_years), "retention.tickets_years"),
        ("identity", years(pack.retention.identity_attachments_years), "retention.identity_attachments_years"),
        ("security", years(pack.retention.security_incidents_years), "retention.security_incidents_years"),
    ];
    let idle = desk.lasts(true).idle.max(desk.lasts(false).idle).num_days().max(1);
    let raw = i64::from(pack.retention.raw_mail_days);
    let short = [
        ("raw_mails", days(raw), over.raw_mails),
        ("drafts", days(DRAFTS.num_days()), over.drafts),
        ("sessions", days(idle), over.sessions),
        ("links", String::new(), over.links),
        ("keys", days(KEYS.num_days()), over.keys),
        ("attempts", days(ATTEMPTS.num_days()), over.attempts),
    ];
    let holds: Vec<Value> = preview
        .holds
        .iter()
        .map(|hold| json!({"number": hold.number, "reason": hold.reason, "who": hold.name, "at": visit.instant(hold.at)}))
        .collect();
    Ok(json!({
        "long": long.map(|(word, period, path)| json!({"text": visit.word("retention", word), "period": period,
            "mark": mark_shape(visit, path)})),
        "short": short.map(|(word, period, count)| json!({"text": visit.word("retention", word), "period": period,
            "count": count, "mark": (word == "raw_mails").then(|| mark_shape(visit, "retention.raw_mail_days"))})),
        "held_mails": over.held_mails,
        "holds": holds,
        "may_change": may_change(actor),
        "form": {"number": sent.get("number"), "reason": sent.get("reason")},
        "ending": null,
        "news": null,
        "told": "",
    }))
}

/// Holds a ticket, or ends its hold.
#[handler]
pub async fn do_act(Data(visit): Data<&Visit>, Path(act): Path<String>, sent: Sent) -> Answer {
    let (actor, desk) = (visit.staff()?, visit.desk());
    let (number, reason) = (sent.get("number"), sent.get("reason"));
    let done = match act.as_str() {
        "tahan" => desk.hold_ticket(actor, number, reason).await,
        "lepas" => desk.release_ticket(actor, number, reason).await,
        _ => return Err(Error::NotFound("act").into()),
    };
    let error = match done {
        Ok(()) => return Ok(see_other(&format!("/kerja/pengaturan/retensi?kabar={act}"))),
        Err(error @ (Error::Invalid(_) | Error::Conflict { .. })) => error,
        Err(error) => return Err(error.into()),
    };
    let mut context = context(visit, &sent).await?;
    if let Error::Invalid(problems) = error {
        // The form of a hold that is to end has its own ids.
        context["ending"] = (act == "lepas").then(|| number.to_owned()).into();
        let anchor = if act == "lepas" { format!("{number}-") } else { String::new() };
        let problems: Vec<FieldError> = problems;
        return Ok(visit.mend("retention.html", context, &problems, &anchor)?);
    }
    context["told"] = text::say(visit.language, &error.public()).into();
    let mut response = visit.form("retention.html", context)?;
    response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
    Ok(response)
}
