//! The knowledge base as everybody reads it: search, one article with its files, whether it helped. No sign-in is needed.

use crate::desk::article_uses::Visitor;
use crate::desk::article_views::Opened;
use crate::domain::knowledge::article::{Audience, sees_work};
use crate::error::{Error, FieldError, Result, Say};
use crate::render::markdown;
use crate::store::article_files::ArticleFile;
use crate::store::articles::{Article, ArticleFilter, Whole};
use crate::web::addresses::{read_numbers, write_numbers};
use crate::web::failure::Answer;
use crate::web::render::{download, see_other};
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, Response, handler};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Articles on one page.
const ROWS: i64 = 20;
/// Articles offered beside one.
const RELATED: i64 = 4;
/// Characters of a text shown in a list.
const SNIPPET: usize = 180;

/// What fits the words asked for, or the youngest articles.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let asked = query(request);
    let words: String = asked.get("q").map(|words| words.trim().chars().take(200).collect()).unwrap_or_default();
    let actor = visit.actor.as_ref();
    let (found, next) = if words.is_empty() {
        let before = asked.get("sesudah").and_then(|place| read_numbers::<1>(place)).map_or(i64::MAX, |[key]| key);
        let found = visit.desk().articles(actor, &ArticleFilter::default(), before, ROWS).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count == ROWS);
        let next = found.last().filter(|_| is_full).map(|last| write_numbers([last.article.id]));
        (found, next)
    } else {
        (visit.desk().find_articles(actor, &words, ROWS).await?, None)
    };
    let names = agencies(visit).await?;
    let rows: Vec<Value> = found.iter().map(|it| row(visit, it, &names)).collect();
    Ok(visit.page("articles.html", json!({"q": words, "rows": rows, "next": next}))?)
}

/// One article; where it was withdrawn, what is read in its place.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(slug): Path<String>, request: &Request) -> Answer {
    match visit.desk().read_article(visit.actor.as_ref(), &slug).await? {
        Opened::Read(found) => {
            let mut context = shape(visit, &found).await?;
            context["thanked"] = query(request).get("kabar").is_some_and(|word| word == "terima-kasih").into();
            Ok(visit.form("article.html", context)?)
        }
        Opened::Gone(article) => Ok(gone(visit, &article).await?),
    }
}

/// Keeps whether an article helped.
#[handler]
pub async fn answer(Data(visit): Data<&Visit>, Path(slug): Path<String>, sent: Sent) -> Answer {
    let helpful = match sent.get("membantu") {
        "ya" => Some(true),
        "tidak" => Some(false),
        _ => None,
    };
    let kept = match helpful {
        Some(helpful) => {
            let said = (helpful, sent.get("comment"));
            visit
                .desk()
                .answer_article(visit.actor.as_ref(), &visitor(visit), &visit.source, &slug, said)
                .await
                .map(drop)
        }
        None => Err(Error::Invalid(vec![FieldError { field: "comment", say: Say::new("field-article-helped") }])),
    };
    match kept {
        Ok(()) => Ok(see_other(&format!("/pengetahuan/{slug}?kabar=terima-kasih#membantu"))),
        Err(Error::Invalid(problems)) => {
            let Opened::Read(found) = visit.desk().read_article(visit.actor.as_ref(), &slug).await? else {
                return Err(Error::NotFound("article").into());
            };
            let mut context = shape(visit, &found).await?;
            context["comment"] = sent.get("comment").into();
            Ok(visit.mend("article.html", context, &problems, "")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// A file of an article.
#[handler]
pub async fn file(Data(visit): Data<&Visit>, Path((slug, id)): Path<(String, i64)>) -> Answer {
    let (file, bytes) = visit.desk().article_file(visit.actor.as_ref(), &slug, id).await?;
    Ok(download(&file.name, bytes))
}

/// What the box of offered articles shows to somebody who writes these words about a service.
///
/// # Errors
/// The database does not answer.
pub async fn offered(visit: &Visit, words: &str, service: Option<&str>) -> Result<Vec<Value>> {
    let found = visit.desk().offered_articles(visit.actor.as_ref(), words, service).await?;
    let line = |it: &Whole| {
        json!({"slug": it.article.slug, "title": it.text.title, "about": it.text.summary,
        "address": format!("/pengetahuan/{}", it.article.slug)})
    };
    Ok(found.iter().map(line).collect())
}

/// Files as the pages list them.
pub fn files(files: &[ArticleFile]) -> Vec<Value> {
    let line = |it: &ArticleFile| json!({"id": it.id, "name": it.name, "kilobytes": (it.size + 1023) / 1024});
    files.iter().map(line).collect()
}

/// Names of agencies by their codes.
///
/// # Errors
/// The database does not answer.
pub async fn agencies(visit: &Visit) -> Result<BTreeMap<String, String>> {
    Ok(visit.desk().agencies().await?.into_iter().map(|agency| (agency.code, agency.name)).collect())
}

/// For whom an article is, where it is not for everybody.
pub fn closed(visit: &Visit, audience: Audience) -> Option<String> {
    (audience != Audience::Public).then(|| visit.word("article-audience", audience.as_str()))
}

fn visitor(visit: &Visit) -> Visitor {
    match &visit.actor {
        Some(actor) => Visitor::account(actor.account.id),
        None => Visitor::browser(&visit.browser),
    }
}

fn row(visit: &Visit, it: &Whole, names: &BTreeMap<String, String>) -> Value {
    let about =
        if it.text.summary.is_empty() { markdown::beginning(&it.text.body, SNIPPET) } else { it.text.summary.clone() };
    json!({
        "slug": it.article.slug,
        "title": it.text.title,
        "about": about,
        "closed": closed(visit, it.text.audience),
        "agency": names.get(&it.article.agency).unwrap_or(&it.article.agency),
        "checked": visit.instant_if(it.article.checked_at),
    })
}

async fn shape(visit: &Visit, found: &Whole) -> Result<Value> {
    let desk = visit.desk();
    let (article, text) = (&found.article, &found.text);
    let names = agencies(visit).await?;
    let services = desk.services().await?;
    let service = services.iter().find(|service| Some(&service.code) == text.service.as_ref());
    let like = format!("{} {}", text.title, text.keywords);
    let mut related = desk.offered_articles(visit.actor.as_ref(), &like, text.service.as_deref()).await?;
    related.retain(|it| it.article.id != article.id);
    related.truncate(usize::try_from(RELATED).unwrap_or(4));
    let said = desk.article_answered(article.id, &visitor(visit)).await?;
    let work = visit.actor.as_ref().is_some_and(|actor| sees_work(actor, &article.agency));
    Ok(json!({
        "slug": article.slug,
        "title": text.title,
        "gist": text.summary,
        "html": markdown::html(&text.body),
        "closed": closed(visit, text.audience),
        "agency": names.get(&article.agency).unwrap_or(&article.agency),
        "service": service.map(|service| &service.name),
        "checked": visit.instant_if(article.checked_at),
        "files": files(&desk.article_files(article.id).await?),
        "related": related.iter().map(|it| json!({"slug": it.article.slug, "title": it.text.title})).collect::<Vec<_>>(),
        "said": said.map(|helped| if helped { "yes" } else { "no" }),
        "comment": "",
        "thanked": false,
        "work": work,
    }))
}

async fn gone(visit: &Visit, article: &Article) -> Result<Response> {
    let successor = match &article.successor {
        Some(slug) => match visit.desk().read_article(visit.actor.as_ref(), slug).await {
            Ok(Opened::Read(found)) => Some(json!({"slug": found.article.slug, "title": found.text.title})),
            _ => None,
        },
        None => None,
    };
    let mut response = visit.page("article_gone.html", json!({"successor": successor}))?;
    response.set_status(StatusCode::GONE);
    Ok(response)
}
