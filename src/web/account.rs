//! The account of whoever has signed in: password, second factor, sessions.

use crate::desk::passwords::SHORTEST;
use crate::error::Error;
use crate::web::failure::Answer;
use crate::web::guard;
use crate::web::notice_choices;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::sign_in::typed;
use crate::web::visit::{Visit, query};
use poem::web::Data;
use poem::{Request, handler};
use serde_json::{Value, json};

/// What may be told on the page after something was done.
const NEWS: [&str; 7] = ["sandi", "sesi", "dua-langkah", "lepas", "kode", "tampilan", "pemberitahuan"];

/// Who somebody is here, and where else they have signed in.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let (entry, desk) = (visit.signed_in()?, visit.desk());
    let asked = query(request);
    let news = asked.get("kabar").filter(|word| NEWS.contains(&word.as_str()));
    let strength = asked.get("kuat").filter(|word| ["3", "4"].contains(&word.as_str()));
    let sessions: Vec<Value> = desk
        .own_sessions(entry)
        .await?
        .iter()
        .map(|session| {
            json!({
                "id": session.id,
                "browser": session.browser,
                "source": session.source,
                "began": visit.instant(session.created_at),
                "seen": visit.instant(session.seen_at),
                "is_this": session.id == entry.id,
            })
        })
        .collect();
    let account = &entry.actor.account;
    let roles: Vec<Value> = entry
        .actor
        .grants
        .iter()
        .map(|grant| json!({"role": visit.word("role", grant.role.as_str()), "agency": grant.agency}))
        .collect();
    let context = json!({
        "name": account.name,
        "email": account.email,
        "roles": roles,
        "has_totp": entry.has_totp,
        "codes_left": desk.recovery_left(entry).await?,
        "sessions": sessions,
        "staff": entry.actor.is_staff(),
        "news": news,
        "choices": visit.looks.choices(entry.actor.is_staff()),
        "strength": strength,
        "notices": notice_choices::shape(visit).await?,
    });
    Ok(visit.form("account.html", context)?)
}

/// Asks for a new password.
#[handler]
pub fn password_form(Data(visit): Data<&Visit>) -> Answer {
    let entry = visit.signed_in()?;
    Ok(visit.form("password.html", json!({"needs_old": !entry.by_fresh_link, "shortest": SHORTEST}))?)
}

/// Sets it; the session gets another cookie, and the others end.
#[handler]
pub async fn set_password(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let entry = visit.signed_in()?;
    let (old, new, again) = (typed(&sent, "old"), typed(&sent, "password"), typed(&sent, "again"));
    match visit.desk().set_own_password(entry, old, new, again).await {
        Ok((token, strength)) => {
            let mut response = see_other(&format!("/akun?kabar=sandi&kuat={strength}"));
            guard::set_session(&mut response, visit, &token, entry.actor.is_staff());
            Ok(response)
        }
        Err(Error::Invalid(problems)) => {
            let context = json!({"needs_old": !entry.by_fresh_link, "shortest": SHORTEST});
            Ok(visit.mend("password.html", context, &problems, "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Ends one session, or all others.
#[handler]
pub async fn end_sessions(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let entry = visit.signed_in()?;
    let id = match sent.get("sesi") {
        "" => None,
        id => Some(id.parse().map_err(|_| Error::NotFound("session"))?),
    };
    visit.desk().end_own_sessions(entry, id).await?;
    Ok(see_other("/akun?kabar=sesi"))
}
