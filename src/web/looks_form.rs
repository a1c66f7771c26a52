//! The form for how pages look.

use crate::web::failure::Answer;
use crate::web::guard;
use crate::web::looks::Looks;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use poem::handler;
use poem::web::Data;

/// Keeps what was chosen in this browser.
#[handler]
pub fn keep(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    visit.signed_in()?;
    let mut response = see_other("/akun?kabar=tampilan");
    for (name, value) in Looks::read(|name| Some(sent.get(name).to_owned())).pairs() {
        guard::keep_cookie(&mut response, &visit.site, name, value);
    }
    Ok(response)
}
