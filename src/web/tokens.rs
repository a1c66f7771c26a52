//! API tokens of whoever has signed in; who runs the installation sees everybody's.

use crate::desk::tokens::NewToken;
use crate::domain::managing;
use crate::domain::people::{Actor, Scope};
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::new_token;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Tokens on the page.
const ROWS: i64 = 200;

/// The tokens and a form for a new one.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let wants_all = query(request).get("milik").is_some_and(|whose| whose == "semua");
    Ok(visit.form("tokens.html", context(visit, actor, wants_all, None).await?)?)
}

async fn context(visit: &Visit, actor: &Actor, wants_all: bool, made: Option<String>) -> Result<Value> {
    let desk = visit.desk();
    let sees_all = managing::may_administer(actor);
    let tokens = desk.tokens(actor, wants_all && sees_all, i64::MAX, ROWS).await?;
    let rows: Vec<Value> = tokens
        .iter()
        .map(|token| {
            json!({
                "id": token.id,
                "label": token.label,
                "owner": token.email,
                "scope": visit.word("scope", token.scope.as_str()),
                "agency": token.agency,
                "made": visit.instant(token.created_at),
                "revoked": visit.instant_if(token.revoked_at),
            })
        })
        .collect();
    let agencies: Vec<Value> =
        desk.agencies().await?.iter().map(|agency| json!({"code": agency.code, "name": agency.name})).collect();
    Ok(json!({
        "rows": rows,
        "sees_all": sees_all,
        "wants_all": wants_all,
        "agencies": agencies,
        "made": made,
        "kept": {"label": "", "scope": "read", "agency": ""},
        "key": new_token()?,
    }))
}

/// Makes a token and shows it once.
#[handler]
pub async fn make(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let agency = Some(sent.get("agency").to_owned()).filter(|code| !code.is_empty());
    let Ok(scope) = sent.get("scope").parse::<Scope>() else {
        let say = Say::new("field-unknown-word").with("known", "read, write");
        return Err(Error::Invalid(vec![FieldError { field: "scope", say }]).into());
    };
    let new = NewToken { label: sent.get("label").to_owned(), scope, agency };
    match visit.desk().make_token(actor, new, Some(sent.get("key")).filter(|key| !key.is_empty())).await {
        Ok((token, _)) => Ok(visit.form("tokens.html", context(visit, actor, false, Some(token)).await?)?),
        Err(Error::Invalid(problems)) => {
            let mut context = context(visit, actor, false, None).await?;
            context["kept"] = json!({"label": sent.get("label"), "scope": scope, "agency": sent.get("agency")});
            Ok(visit.mend("tokens.html", context, &problems, "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Revokes a token for good.
#[handler]
pub async fn revoke(Data(visit): Data<&Visit>, Path(id): Path<i64>, _sent: Sent) -> Answer {
    visit.desk().revoke_token(visit.staff()?, id).await?;
    Ok(see_other("/kerja/pengaturan/token"))
}
