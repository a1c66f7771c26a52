//! What was decided about senders once and for all, and deciding it before any mail has come.

use crate::domain::Word;
use crate::domain::message::SenderVerdict;
use crate::domain::quarantine::may_decide;
use crate::error::{Error, Result, Say};
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// What was decided about senders.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let mut context = shape(visit, &Sent::default()).await?;
    context["news"] = query(request).remove("kabar").filter(|word| word == "tersimpan").into();
    Ok(visit.form("senders.html", context)?)
}

/// Decides about an address or a domain.
#[handler]
pub async fn teach(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let taught = match sent.get("verdict").parse::<SenderVerdict>() {
        Ok(verdict) => {
            visit.desk().teach_address(visit.staff()?, sent.get("address"), verdict, sent.get("reason")).await
        }
        Err(_) => Err(Error::field("verdict", Say::new("field-unknown-word").with("known", "let_in, discard"))),
    };
    match taught {
        Ok(_) => Ok(see_other("/kerja/surel/pengirim?kabar=tersimpan")),
        Err(Error::Invalid(problems)) => {
            let context = shape(visit, &sent).await?;
            Ok(visit.mend("senders.html", context, &problems, "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Forgets what was decided about a sender.
#[handler]
pub async fn forget(Data(visit): Data<&Visit>, Path(id): Path<i64>, _sent: Sent) -> Answer {
    visit.desk().forget_sender(visit.staff()?, id).await?;
    Ok(see_other("/kerja/surel/pengirim"))
}

async fn shape(visit: &Visit, sent: &Sent) -> Result<Value> {
    let actor = visit.staff()?;
    let rules = visit.desk().sender_rules(actor).await?;
    let rows: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "address": rule.address,
                "verdict": visit.word("sender-verdict", rule.verdict.as_str()),
                "discards": rule.verdict == SenderVerdict::Discard,
                "reason": rule.reason,
                "at": visit.instant(rule.at),
            })
        })
        .collect();
    let verdicts = SenderVerdict::all().iter();
    let verdicts: Vec<Value> =
        verdicts.map(|it| json!({"word": it.as_str(), "text": visit.word("sender-verdict", it.as_str())})).collect();
    let chosen = if sent.get("verdict").is_empty() { "let_in" } else { sent.get("verdict") };
    Ok(json!({
        "rows": rows,
        "may_decide": may_decide(actor),
        "verdicts": verdicts,
        "kept": {"address": sent.get("address"), "verdict": chosen, "reason": sent.get("reason")},
        "news": Value::Null,
    }))
}
