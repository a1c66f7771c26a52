//! The form in which an article is written.

use crate::desk::articles::{MOST_MONTHS, USUAL_MONTHS, WantedArticle};
use crate::domain::knowledge::article::{ArticleAct, Audience};
use crate::domain::people::Actor;
use crate::error::{Error, FieldError, Result, Say};
use crate::secret::new_token;
use crate::store::articles::Whole;
use crate::text;
use crate::web::article_work::writes_for;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::Visit;
use poem::handler;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use serde_json::{Value, json};

/// Months that are offered.
const MONTHS: [i64; 4] = [3, 6, 12, MOST_MONTHS];

/// The empty form.
#[handler]
pub async fn show_new(Data(visit): Data<&Visit>) -> Answer {
    let actor = visit.staff()?;
    let own = writes_for(visit, actor).await?;
    if own.is_empty() {
        return Err(Error::Denied(Say::new("error-article-agency")).into());
    }
    let blank = json!({"audience": Audience::Staff, "review_months": USUAL_MONTHS.to_string()});
    Ok(visit.form("article_edit.html", shape(visit, actor, None, &blank).await?)?)
}

/// Begins an article.
#[handler]
pub async fn add(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let key = Some(sent.get("key")).filter(|key| !key.is_empty());
    let added = match wanted(&sent, sent.get("agency")) {
        Ok(wanted) => visit.desk().add_article(actor, wanted, key).await,
        Err(problem) => Err(problem),
    };
    match added {
        Ok(found) => Ok(see_other(&format!("/kerja/pengetahuan/{}?kabar=simpan", found.article.slug))),
        Err(error) => again(visit, actor, None, &sent, error).await,
    }
}

/// The form with the newest text.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(slug): Path<String>) -> Answer {
    let actor = visit.staff()?;
    let found = visit.desk().kept_article(actor, &slug).await?;
    if !found.acts(actor).contains(&ArticleAct::Edit) {
        return Ok(see_other(&format!("/kerja/pengetahuan/{slug}")));
    }
    let it = &found.text;
    let typed = json!({"title": it.title, "summary": it.summary, "body": it.body, "keywords": it.keywords,
        "audience": it.audience, "service": it.service, "review_months": found.article.review_months.to_string()});
    Ok(visit.form("article_edit.html", shape(visit, actor, Some(&found), &typed).await?)?)
}

/// Keeps another text.
#[handler]
pub async fn save(Data(visit): Data<&Visit>, Path(slug): Path<String>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let found = visit.desk().kept_article(actor, &slug).await?;
    let saved = match wanted(&sent, &found.article.agency) {
        Ok(wanted) => visit.desk().save_article(actor, &slug, sent.get("versi").parse().ok(), wanted).await,
        Err(problem) => Err(problem),
    };
    match saved {
        Ok(_) => Ok(see_other(&format!("/kerja/pengetahuan/{slug}?kabar=simpan"))),
        Err(error) => again(visit, actor, Some(&found), &sent, error).await,
    }
}

fn wanted(sent: &Sent, agency: &str) -> Result<WantedArticle> {
    let audience = sent.get("audience").parse();
    let audience =
        audience.map_err(|_| Error::Invalid(vec![FieldError { field: "audience", say: Say::new("field-choose") }]))?;
    let text = |field: &str| sent.get(field).to_owned();
    Ok(WantedArticle {
        title: text("title"),
        summary: text("summary"),
        body: text("body"),
        keywords: text("keywords"),
        audience,
        agency: agency.to_owned(),
        service: Some(text("service")).filter(|code| !code.is_empty()),
        review_months: sent.get("review_months").parse().unwrap_or_default(),
    })
}

/// The form again with what was typed.
async fn again(visit: &Visit, actor: &Actor, found: Option<&Whole>, sent: &Sent, error: Error) -> Answer {
    let names = ["title", "summary", "body", "keywords", "audience", "agency", "service", "review_months"];
    let kept: serde_json::Map<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), sent.get(name).into())).collect();
    let mut context = shape(visit, actor, found, &kept.into()).await?;
    match &error {
        Error::Invalid(problems) => Ok(visit.mend("article_edit.html", context, problems, "")?),
        Error::Conflict { .. } | Error::Denied(_) => {
            context["told"] = text::say(visit.language, &error.public()).into();
            let mut response = visit.form("article_edit.html", context)?;
            response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
            Ok(response)
        }
        _ => Err(error.into()),
    }
}

/// Everything the form shows; `typed` is what stands in its fields.
async fn shape(visit: &Visit, actor: &Actor, found: Option<&Whole>, typed: &Value) -> Result<Value> {
    let field = |name: &str| typed[name].as_str().unwrap_or_default().to_owned();
    let own = writes_for(visit, actor).await?;
    let word = |code: &str, name: &str| json!({"word": code, "text": name});
    let services = visit.desk().services().await?;
    let audience = |it: &Audience| json!({"word": it, "text": visit.word("article-audience", it.as_str()), "hint": visit.word("article-audience-hint", it.as_str())});
    let months = MONTHS.map(|months| {
        let text = text::phrase(visit.language, "article-months-of", &[("count", &months.to_string())]);
        json!({"word": months.to_string(), "text": text})
    });
    Ok(json!({
        "slug": found.map(|found| &found.article.slug),
        "version": found.map(|found| found.article.version),
        "title": field("title"), "gist": field("summary"), "body": field("body"), "keywords": field("keywords"),
        "audience": field("audience"), "agency": field("agency"), "service": field("service"),
        "review_months": field("review_months"),
        "audiences": Audience::ALL.iter().map(audience).collect::<Vec<_>>(),
        "agencies": own.iter().map(|(code, name)| word(code, name)).collect::<Vec<_>>(),
        "services": services.iter().map(|service| word(&service.code, &service.name)).collect::<Vec<_>>(),
        "months": months,
        "told": "",
        "key": new_token()?,
    }))
}
