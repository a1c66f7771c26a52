//! To the identity provider and back.

use crate::error::{Error, Say};
use crate::web::failure::Answer;
use crate::web::guard;
use crate::web::render::see_other;
use crate::web::sign_in;
use crate::web::visit::{Visit, query};
use poem::web::Data;
use poem::{Request, handler};

/// Sends the browser to the provider. It must bring its own token back.
#[handler]
pub async fn depart(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let onward = query(request).remove("lanjut").filter(|address| guard::is_local(address)).unwrap_or_default();
    // Has the browser keep its token.
    visit.form_token();
    Ok(see_other(&visit.desk().depart(&visit.browser, &onward).await?))
}

/// Signs in whoever comes back.
#[handler]
pub async fn arrive(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let answer = query(request);
    let said = |name: &str| answer.get(name).map(String::as_str);
    let (Some(code), Some(state)) = (said("code"), said("state")) else {
        // The person has said no there, or the provider has.
        return Err(Error::Denied(Say::new("error-sso-refused")).into());
    };
    let arrived = visit.desk().arrive(&visit.browser, (code, state, said("iss")), &visit.browser()).await?;
    Ok(sign_in::go_on(visit, &arrived.token, &arrived.onward).await?)
}
