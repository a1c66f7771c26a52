//! Hearing of the status page by mail: the form, the link that proves an address, and the one click that ends it.

use crate::error::{Error, FieldError};
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use serde_json::{Value, json};

/// The form.
#[handler]
pub async fn form(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let done = query(request).remove("kabar").filter(|word| word == "surel");
    Ok(visit.form("status_subscribe.html", json!({"email": "", "done": done}))?)
}

/// Mails the link.
#[handler]
pub async fn ask(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let email = sent.get("email");
    match visit.desk().ask_for_status(email, visit.language, &visit.source).await {
        Ok(()) => Ok(see_other("/status/langganan?kabar=surel")),
        Err(Error::Invalid(problems)) => {
            let context = json!({"email": email, "done": Value::Null});
            Ok(visit.mend("status_subscribe.html", context, &problems as &[FieldError], "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks whether an address shall hear or be forgotten; opening a link changes nothing.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(mark): Path<String>) -> Answer {
    let hears = match visit.desk().hears_status(&mark).await {
        Ok(hears) => Some(hears),
        // Forgotten, or never asked: the page says that nothing is mailed.
        Err(Error::NotFound(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let context = json!({"hears": hears, "action": format!("/status/langganan/{mark}")});
    let mut response = visit.form("status_mail.html", context)?;
    if hears.is_none() {
        response.set_status(StatusCode::NOT_FOUND);
    }
    Ok(response)
}

/// Begins it, or ends it.
#[handler]
pub async fn set(Data(visit): Data<&Visit>, Path(mark): Path<String>, sent: Sent) -> Answer {
    let hears = sent.get("do") == "ikuti";
    visit.desk().set_status_mail(&mark, hears).await?;
    Ok(see_other(&if hears { format!("/status/langganan/{mark}") } else { "/status/langganan".to_owned() }))
}

/// Ends it by one click of a mail program (RFC 8058): no page, no token, nothing but the mark nobody can guess.
#[handler]
pub async fn stop(Data(visit): Data<&Visit>, Path(mark): Path<String>) -> Answer {
    visit.desk().set_status_mail(&mark, false).await?;
    Ok(Response::builder()
        .status(StatusCode::OK)
        .content_type("text/plain; charset=utf-8")
        .body(visit.word("board", "stopped")))
}
