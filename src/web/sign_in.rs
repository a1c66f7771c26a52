//! Signing in and out.

use crate::error::{Error, FieldError};
use crate::web::failure::Answer;
use crate::web::guard;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::web::Data;
use poem::{Request, handler};
use serde_json::json;

/// Asks for address and password.
#[handler]
pub fn form(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let onward = query(request).remove("lanjut").unwrap_or_default();
    Ok(visit.form("sign_in.html", json!({"email": "", "onward": onward}))?)
}

/// Begins a new session; an older one of this browser ends.
#[handler]
pub async fn enter(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let desk = visit.desk();
    let email = sent.get("email");
    // The password is taken as it was typed, blanks and all.
    let password = sent.0.get("password").map(String::as_str).unwrap_or_default();
    let token = match desk.sign_in(email, password, &visit.source).await {
        Ok(token) => token,
        Err(Error::Denied(say)) => {
            let context = json!({"email": email, "onward": sent.get("onward")});
            return Ok(visit.mend("sign_in.html", context, &[FieldError { field: "email", say }], "")?);
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(before) = &visit.session {
        desk.sign_out(before).await?;
    }
    let is_staff = desk.by_session(&token).await?.is_some_and(|actor| actor.is_staff());
    let home = if is_staff { "/kerja" } else { "/" };
    let onward = Some(sent.get("onward")).filter(|address| guard::is_local(address)).unwrap_or(home);
    let mut response = see_other(onward);
    guard::set_cookie(&mut response, &visit.site, visit.site.session_cookie(), Some(&token), "/");
    Ok(response)
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
