//! The page on which anybody checks whether a letter or report is genuine, by the code on it or by its file's digest.

use crate::domain::letter::IssuedDocument;
use crate::error::Error;
use crate::text;
use crate::web::failure::Answer;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// The form, and what is known of the code or digest that was typed.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let asked = query(request);
    let given = |name: &str| asked.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    answer(visit, &given("kode"), &given("sha256"), asked.contains_key("kode")).await
}

/// What is known of the code a QR leads to.
#[handler]
pub async fn show_code(Data(visit): Data<&Visit>, Path(code): Path<String>, request: &Request) -> Answer {
    let digest = query(request).get("sha256").map(|text| text.trim().to_owned()).unwrap_or_default();
    answer(visit, &code, &digest, true).await
}

async fn answer(visit: &Visit, code: &str, digest: &str, is_asked: bool) -> Answer {
    let mut context =
        json!({"code": code, "sha256": digest, "verdict": Value::Null, "it": Value::Null, "matches": Value::Null});
    if !is_asked {
        return Ok(visit.page("check.html", context)?);
    }
    match visit.desk().check_document(code, digest, &visit.source).await {
        Ok(verdict) => {
            let state = verdict.document.as_ref().map_or("unknown", |document| document.state.as_str());
            context["verdict"] = state.into();
            context["it"] = verdict.document.map_or(Value::Null, |document| facts(visit, &document));
            context["matches"] = verdict.matches.into();
            Ok(visit.page("check.html", context)?)
        }
        Err(Error::Invalid(problems)) => {
            let mut response = visit.mend("check.html", context, &problems, "")?;
            // Asking for nothing is no mistake of a link: the form says what to type.
            if code.is_empty() && digest.is_empty() {
                response.set_status(StatusCode::OK);
            }
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// What anybody may know: nothing of what stands in the document.
fn facts(visit: &Visit, document: &IssuedDocument) -> Value {
    json!({
        "kind": visit.word("document-kind", document.kind.as_str()),
        "number": document.number,
        "dated": text::long_date(visit.language, document.dated),
        "issuer": document.issuer,
        "issued_at": visit.instant(document.issued_at),
        "sha256": document.sha256,
        "code": document.code,
        "superseded_by": document.superseded_by,
    })
}
