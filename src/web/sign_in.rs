//! Signing in and out. Nothing here tells whether an address has an account.

use crate::desk::Desk;
use crate::desk::sessions::Step;
use crate::error::{Error, FieldError, Result};
use crate::text::in_address;
use crate::web::failure::Answer;
use crate::web::guard;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::web::Data;
use poem::{Request, Response, handler};
use serde_json::{Value, json};

/// Asks for address and password, or for what a session still lacks.
#[handler]
pub fn form(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let onward = query(request).remove("lanjut").unwrap_or_default();
    match &visit.entry {
        Some(entry) => Ok(see_other(&next(entry.step, entry.actor.is_staff(), &onward))),
        None => Ok(visit.form("sign_in.html", context(visit, "", &onward))?),
    }
}

fn context(visit: &Visit, email: &str, onward: &str) -> Value {
    let sso = visit.desk().access.provider.as_ref().map(|provider| {
        let ask = if guard::is_local(onward) { format!("?lanjut={}", in_address(onward)) } else { String::new() };
        json!({"label": provider.label, "url": format!("/masuk/sso{ask}")})
    });
    json!({"email": email, "onward": onward, "sso": sso})
}

/// Begins a new session; an older one of this browser ends.
#[handler]
pub async fn enter(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let email = sent.get("email");
    match visit.desk().sign_in(email, typed(&sent, "password"), &visit.browser()).await {
        Ok(token) => Ok(go_on(visit, &token, sent.get("onward")).await?),
        Err(Error::Denied(say)) => {
            let context = context(visit, email, sent.get("onward"));
            Ok(visit.mend("sign_in.html", context, &[FieldError { field: "email", say }], "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// A password as it was typed, blanks and all.
pub fn typed<'a>(sent: &'a Sent, field: &str) -> &'a str {
    sent.0.get(field).map(String::as_str).unwrap_or_default()
}

/// Has the browser keep a session that has just begun and goes on with it; the one it had before ends.
///
/// # Errors
/// The database does not answer.
pub async fn go_on(visit: &Visit, token: &str, onward: &str) -> Result<Response> {
    let desk: &Desk = visit.desk();
    if let Some(before) = &visit.session {
        desk.sign_out(before).await?;
    }
    let entry = desk.by_session(token).await?.ok_or(Error::Unauthenticated)?;
    let is_staff = entry.actor.is_staff();
    let mut response = see_other(&next(entry.step, is_staff, onward));
    guard::set_session(&mut response, visit, token, is_staff);
    Ok(response)
}

/// Where somebody goes after signing in: to what is still lacking, else where they came from.
pub fn next(step: Step, is_staff: bool, onward: &str) -> String {
    let wanted = Some(onward).filter(|address| guard::is_local(address) && !address.starts_with("/masuk"));
    let first = match step {
        Step::Open => return wanted.unwrap_or(if is_staff { "/kerja" } else { "/" }).to_owned(),
        Step::Code => "/masuk/kode",
        Step::Enrol => "/akun/dua-langkah",
    };
    wanted.map_or(first.to_owned(), |wanted| format!("{first}?lanjut={}", in_address(wanted)))
}

/// Asks for the code of the second factor.
#[handler]
pub fn code_form(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let onward = query(request).remove("lanjut").unwrap_or_default();
    if visit.entry.as_ref().is_none_or(|entry| entry.step != Step::Code) {
        return Ok(see_other("/masuk"));
    }
    Ok(visit.form("sign_in_code.html", json!({"onward": onward}))?)
}

/// Takes the code; the session gets another cookie.
#[handler]
pub async fn pass_code(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let entry = visit.entry.as_ref().filter(|entry| entry.step == Step::Code).ok_or(Error::Unauthenticated)?;
    match visit.desk().pass_code(entry, sent.get("code")).await {
        Ok(token) => Ok(go_on(visit, &token, sent.get("onward")).await?),
        Err(Error::Invalid(problems)) => {
            Ok(visit.mend("sign_in_code.html", json!({"onward": sent.get("onward")}), &problems, "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes the wish for a link that signs in.
#[handler]
pub async fn ask_link(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let email = sent.get("email");
    match visit.desk().ask_link(email, false, visit.language, &visit.source).await {
        Ok(()) => Ok(see_other("/masuk/surel")),
        Err(Error::Invalid(problems)) => {
            Ok(visit.mend("sign_in.html", context(visit, email, sent.get("onward")), &problems, "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Says the same to everybody who wished for a link.
#[handler]
pub fn link_sent(Data(visit): Data<&Visit>) -> Answer {
    Ok(visit.page("sign_in_sent.html", json!({}))?)
}

/// Asks whose password is forgotten.
#[handler]
pub fn forgotten(Data(visit): Data<&Visit>) -> Answer {
    Ok(visit.form("forgotten.html", json!({"email": ""}))?)
}

/// Takes the wish for a new password.
#[handler]
pub async fn ask_password(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let email = sent.get("email");
    match visit.desk().ask_link(email, true, visit.language, &visit.source).await {
        Ok(()) => Ok(see_other("/masuk/surel")),
        Err(Error::Invalid(problems)) => Ok(visit.mend("forgotten.html", json!({"email": email}), &problems, "")?),
        Err(error) => Err(error.into()),
    }
}

/// Ends the session.
#[handler]
pub async fn leave(Data(visit): Data<&Visit>, _sent: Sent) -> Answer {
    if let Some(token) = &visit.session {
        visit.desk().sign_out(token).await?;
    }
    let mut response = see_other("/");
    guard::set_cookie(&mut response, &visit.site, visit.site.session_cookie(), None, "/");
    Ok(response)
}
