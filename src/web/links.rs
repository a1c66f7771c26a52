//! Addresses that were mailed or printed: proving an address, signing in once. Opening one changes
//! nothing, since mail scanners open links too; the button does.

use crate::desk::Desk;
use crate::domain::number;
use crate::error::Error;
use crate::web::failure::Answer;
use crate::web::sent::Sent;
use crate::web::sign_in;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::{Data, Path};
use serde_json::json;

/// Asks whether the address of a ticket is the reader's.
#[handler]
pub fn show_confirm(Data(visit): Data<&Visit>, Path((number, mark)): Path<(String, String)>) -> Answer {
    let context = json!({"action": format!("/konfirmasi/{number}/{mark}"), "number": number, "done": false});
    Ok(visit.form("confirm.html", context)?)
}

/// Notes that it is.
#[handler]
pub async fn confirm(Data(visit): Data<&Visit>, Path((number, mark)): Path<(String, String)>, _sent: Sent) -> Answer {
    let number = number::parse(&number).ok_or(Error::NotFound("ticket"))?;
    visit.desk().confirm_address(&number, &mark).await?;
    Ok(visit.page("confirm.html", json!({"action": "", "number": number, "done": true}))?)
}

/// Asks whether to sign in.
#[handler]
pub fn show_link(Data(visit): Data<&Visit>, Path(token): Path<String>) -> Answer {
    Ok(visit.form("sign_in_link.html", json!({"action": format!("/masuk/{token}")}))?)
}

/// Signs in; the link is used up.
#[handler]
pub async fn follow_link(Data(visit): Data<&Visit>, Path(token): Path<String>, _sent: Sent) -> Answer {
    let desk: &Desk = visit.desk();
    let arrived = desk.sign_in_by_link(&token, &visit.browser()).await?;
    let onward = if arrived.for_password { "/akun/sandi" } else { "" };
    Ok(sign_in::go_on(visit, &arrived.token, onward).await?)
}
