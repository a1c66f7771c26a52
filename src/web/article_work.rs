//! The knowledge base as the staff keeps it: lists, one article with everything about it, its acts, texts and files.

use crate::desk::article_files::MOST_FILES;
use crate::desk::articles::ArticleCommand;
use crate::desk::uploads::{Arrived, megabytes};
use crate::domain::knowledge::article::{ArticleAct, ArticleState, may_act, may_write};
use crate::domain::knowledge::diff::{Line, lines};
use crate::domain::people::Actor;
use crate::domain::upload::{LARGEST, endings};
use crate::error::{Error, Result};
use crate::render::markdown;
use crate::store::articles::{ArticleFilter, Text, Whole};
use crate::text;
use crate::web::addresses::{read_numbers, write_numbers};
use crate::web::articles::{agencies, files};
use crate::web::failure::Answer;
use crate::web::history;
use crate::web::parcel::Parcel;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Articles on one page.
const ROWS: i64 = 50;
/// Lines that stay beside changed ones.
const AROUND: usize = 2;
/// Lists, by their words in addresses.
const LISTS: [(&str, Option<ArticleState>); 6] = [
    ("", None),
    ("konsep", Some(ArticleState::Draft)),
    ("diperiksa", Some(ArticleState::InReview)),
    ("terbit", Some(ArticleState::Published)),
    ("tinjau", None),
    ("ditarik", Some(ArticleState::Withdrawn)),
];
/// Acts by their words in addresses.
const ACTS: [(&str, ArticleAct); 5] = [
    ("ajukan", ArticleAct::Submit),
    ("kembalikan", ArticleAct::Return),
    ("terbitkan", ArticleAct::Publish),
    ("periksa", ArticleAct::Check),
    ("tarik", ArticleAct::Withdraw),
];

/// Articles the person keeps, or may read where he keeps none.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let asked = query(request);
    let shown = asked.get("daftar").map(String::as_str).unwrap_or_default();
    let (shown, state) = LISTS.into_iter().find(|(word, _)| *word == shown).unwrap_or(LISTS[0]);
    let words: String = asked.get("q").map(|words| words.trim().chars().take(200).collect()).unwrap_or_default();
    let before = asked.get("sesudah").and_then(|place| read_numbers::<1>(place)).map_or(i64::MAX, |[key]| key);
    let due = (shown == "tinjau").then(|| visit.desk().now());
    let filter = ArticleFilter { state, due, ..ArticleFilter::default() };
    let found = if words.is_empty() {
        visit.desk().kept_articles(actor, &filter, before, ROWS).await?
    } else {
        visit.desk().find_articles(Some(actor), &words, ROWS).await?
    };
    let is_full = words.is_empty() && i64::try_from(found.len()).is_ok_and(|count| count == ROWS);
    let next = found.last().filter(|_| is_full).map(|last| write_numbers([last.article.id]));
    let lists = LISTS.map(|(word, _)| json!({"word": word, "text": visit.word("article-list", if word.is_empty() { "semua" } else { word })}));
    let writes = !writes_for(visit, actor).await?.is_empty();
    let context = json!({"lists": lists, "shown": shown, "q": words, "next": next, "writes": writes,
        "rows": found.iter().map(|it| row(visit, it)).collect::<Vec<_>>()});
    Ok(visit.page("work_articles.html", context)?)
}

/// One article with everything about it.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(slug): Path<String>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let found = match visit.desk().kept_article(actor, &slug).await {
        // Others read what was published, or learn that there is nothing.
        Err(Error::NotFound(_)) => {
            visit.desk().read_article(Some(actor), &slug).await?;
            return Ok(see_other(&format!("/pengetahuan/{slug}")));
        }
        other => other?,
    };
    let mut context = shape(visit, actor, &found).await?;
    let done = query(request).remove("kabar");
    let known = |word: &String| ACTS.iter().any(|(act, _)| act == word) || ["simpan", "tiket"].contains(&word.as_str());
    context["done"] = done.filter(known).into();
    Ok(visit.form("work_article.html", context)?)
}

/// Does something with an article.
#[handler]
pub async fn do_act(Data(visit): Data<&Visit>, Path((slug, word)): Path<(String, String)>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let (_, act) = ACTS.into_iter().find(|(known, _)| *known == word).ok_or(Error::NotFound("act"))?;
    let reason = sent.get("reason").to_owned();
    let command = match act {
        ArticleAct::Submit => ArticleCommand::Submit,
        ArticleAct::Return => ArticleCommand::Return(reason),
        ArticleAct::Publish => ArticleCommand::Publish,
        ArticleAct::Check => ArticleCommand::Check,
        _ => ArticleCommand::Withdraw(reason, Some(sent.get("successor").to_owned())),
    };
    match visit.desk().act_on_article(actor, &slug, sent.get("versi").parse().ok(), command).await {
        Ok(_) => Ok(see_other(&format!("/kerja/pengetahuan/{slug}?kabar={word}"))),
        Err(error) => again(visit, actor, &slug, (&word, &sent), error).await,
    }
}

/// The texts an article has had, and what was changed between two of them.
#[handler]
pub async fn versions(Data(visit): Data<&Visit>, Path(slug): Path<String>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let texts = visit.desk().article_texts(actor, &slug).await?;
    let asked = query(request);
    let newest = texts.first().map_or(1, |text| text.place);
    let place = |name: &str| asked.get(name).and_then(|place| place.parse::<i64>().ok());
    let newer = place("ke").unwrap_or(newest);
    let older = place("dari").unwrap_or(newer - 1);
    let of = |place: i64| texts.iter().find(|text| text.place == place);
    let changed = of(older).zip(of(newer)).map_or_else(Vec::new, |(older, newer)| compared(visit, older, newer));
    let people = visit.desk().names_of(texts.iter().map(|text| text.account_id)).await?;
    let rows = texts.iter().map(|text| {
        json!({"place": text.place, "title": text.title, "at": visit.instant(text.written_at),
        "author": people.get(&text.account_id), "shown": text.shown_at.is_some()})
    });
    let choice = |text: &Text| json!({"word": text.place.to_string(), "text": text::phrase(visit.language, "article-version", &[("number", &text.place.to_string())])});
    let context = json!({
        "slug": slug,
        "title": texts.first().map(|text| &text.title),
        "rows": rows.collect::<Vec<_>>(),
        "choices": texts.iter().map(choice).collect::<Vec<_>>(),
        "older": older.to_string(),
        "newer": newer.to_string(),
        "lines": changed,
    });
    Ok(visit.page("article_versions.html", context)?)
}

/// Adds a file.
#[handler]
pub async fn add_file(Data(visit): Data<&Visit>, Path(slug): Path<String>, parcel: Parcel) -> Answer {
    let actor = visit.staff()?;
    let nothing = Arrived::default();
    match visit.desk().add_article_file(actor, &slug, parcel.file.as_ref().unwrap_or(&nothing)).await {
        Ok(_) => Ok(see_other(&format!("/kerja/pengetahuan/{slug}#lampiran"))),
        Err(error) => again(visit, actor, &slug, ("lampiran", &parcel.sent), error).await,
    }
}

/// Takes a file away.
#[handler]
pub async fn drop_file(Data(visit): Data<&Visit>, Path(slug): Path<String>, sent: Sent) -> Answer {
    let id = sent.get("drop").parse().map_err(|_| Error::NotFound("attachment"))?;
    visit.desk().drop_article_file(visit.staff()?, &slug, id).await?;
    Ok(see_other(&format!("/kerja/pengetahuan/{slug}#lampiran")))
}

/// Agencies the person writes articles for: code and name.
///
/// # Errors
/// The database does not answer.
pub async fn writes_for(visit: &Visit, actor: &Actor) -> Result<Vec<(String, String)>> {
    let agencies = visit.desk().agencies().await?.into_iter().filter(|agency| agency.active);
    Ok(agencies.filter(|agency| may_write(actor, &agency.code)).map(|agency| (agency.code, agency.name)).collect())
}

/// The chip of a state.
pub fn state_chip(visit: &Visit, state: ArticleState) -> Value {
    let (family, icon) = match state {
        ArticleState::Draft => ("neutral", "ring"),
        ArticleState::InReview => ("info", "half"),
        ArticleState::Published => ("ok", "check"),
        ArticleState::Withdrawn => ("danger", "dash"),
    };
    json!({"family": family, "icon": icon, "text": visit.word("article-state", state.as_str()), "word": state.as_str()})
}

fn row(visit: &Visit, it: &Whole) -> Value {
    let (article, now) = (&it.article, visit.desk().now());
    json!({
        "slug": article.slug,
        "title": it.text.title,
        "state": state_chip(visit, article.state),
        "hidden": article.published_edition.is_some_and(|place| place != article.edition),
        "audience": visit.word("article-audience", it.text.audience.as_str()),
        "agency": article.agency,
        "due": visit.instant_if(article.review_due),
        "late": article.review_due.is_some_and(|due| due <= now),
        "helped": article.helped,
        "not_helped": article.not_helped,
    })
}

async fn shape(visit: &Visit, actor: &Actor, found: &Whole) -> Result<Value> {
    let desk = visit.desk();
    let (article, written) = (&found.article, &found.text);
    let acts: Vec<&str> = found.acts(actor).into_iter().map(ArticleAct::as_str).collect();
    let history = desk.article_history(actor, &article.slug).await?;
    let people = desk.names_in(&history).await?;
    let names = agencies(visit).await?;
    let services = desk.services().await?;
    let service = services.iter().find(|service| Some(&service.code) == written.service.as_ref());
    let owners = desk.names_of([article.owner_id].into_iter()).await?;
    let remark = |it: &crate::store::article_uses::Said| json!({"said": if it.helpful { "yes" } else { "no" }, "comment": it.comment, "at": visit.instant(it.at)});
    let tickets = desk.tickets_of_article(actor, &article.slug).await?;
    let ticket = |(number, uses): &(String, crate::domain::knowledge::article::ArticleUse)| json!({"number": number, "how": visit.word("article-use", uses.as_str())});
    let returned = history.last().filter(|event| event.kind == "article_returned");
    let told: Option<Value> = returned.and_then(|event| serde_json::from_str(&event.payload).ok());
    let returned = told.and_then(|told| told["reason"].as_str().map(str::to_owned));
    let now = desk.now();
    Ok(json!({
        "slug": article.slug,
        "version": article.version,
        "title": written.title,
        "gist": written.summary,
        "html": markdown::html(&written.body),
        "keywords": written.keywords,
        "state": state_chip(visit, article.state),
        "audience": visit.word("article-audience", written.audience.as_str()),
        "agency": names.get(&article.agency).unwrap_or(&article.agency),
        "owner": owners.get(&article.owner_id),
        "service": service.map(|service| &service.name),
        "published": article.published_edition.is_some(),
        "newer": article.published_edition.is_some_and(|place| place != article.edition),
        "checked": visit.instant_if(article.checked_at),
        "due": visit.instant_if(article.review_due),
        "late": article.review_due.is_some_and(|due| due <= now),
        "reason": returned.unwrap_or_else(|| article.reason.clone()),
        "successor": article.successor,
        "helped": article.helped,
        "not_helped": article.not_helped,
        "remarks": desk.article_remarks(actor, &article.slug).await?.iter().map(remark).collect::<Vec<_>>(),
        "tickets": tickets.iter().map(ticket).collect::<Vec<_>>(),
        "files": files(&desk.article_files(article.id).await?),
        "most_files": MOST_FILES,
        "megabytes": megabytes(LARGEST),
        "endings": endings(),
        "writes": may_act(actor, ArticleAct::Edit, found.held()),
        "acts": acts,
        "edition": article.edition,
        "history": history.iter().rev().map(|event| history::row(visit, event, &people)).collect::<Vec<_>>(),
        "done": Value::Null,
        "told": "",
        "failed": "",
        "typed": {"kembalikan": "", "tarik": "", "successor": ""},
    }))
}

/// The page again with what is to be mended.
async fn again(visit: &Visit, actor: &Actor, slug: &str, (word, sent): (&str, &Sent), error: Error) -> Answer {
    if !matches!(error, Error::Invalid(_) | Error::Conflict { .. } | Error::Denied(_)) && !error.is_temporary() {
        return Err(error.into());
    }
    let found = visit.desk().kept_article(actor, slug).await?;
    let mut context = shape(visit, actor, &found).await?;
    context["failed"] = word.into();
    context["typed"][word] = sent.get("reason").into();
    context["typed"]["successor"] = sent.get("successor").into();
    if let Error::Invalid(problems) = &error {
        // Two forms of the page ask for a reason.
        return Ok(visit.mend("work_article.html", context, problems, if word == "tarik" { "tarik-" } else { "" })?);
    }
    context["told"] = text::say(visit.language, &error.public()).into();
    let mut response = visit.form("work_article.html", context)?;
    response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
    Ok(response)
}

/// Lines of both texts; those that stayed and stand far from any change are only counted.
fn compared(visit: &Visit, older: &Text, newer: &Text) -> Vec<Value> {
    let whole = |it: &Text| {
        let audience = visit.word("article-audience", it.audience.as_str());
        format!("{}\n{}\n{}\n{audience}\n\n{}", it.title, it.summary, it.keywords, it.body)
    };
    let (older, newer) = (whole(older), whole(newer));
    let told = lines(&older, &newer);
    let changed: Vec<usize> =
        told.iter().enumerate().filter(|(_, line)| !matches!(line, Line::Same(_))).map(|(at, _)| at).collect();
    if changed.is_empty() {
        return Vec::new();
    }
    let (mut rows, mut skipped) = (Vec::new(), 0);
    for (at, line) in told.iter().enumerate() {
        let near = changed.iter().any(|place| place.abs_diff(at) <= AROUND);
        if !near {
            skipped += 1;
            continue;
        }
        if skipped > 0 {
            rows.push(json!({"kind": "skipped", "text": skipped}));
            skipped = 0;
        }
        rows.push(match line {
            Line::Same(text) => json!({"kind": "same", "text": text}),
            Line::Gone(text) => json!({"kind": "gone", "text": text}),
            Line::New(text) => json!({"kind": "new", "text": text}),
        });
    }
    if skipped > 0 {
        rows.push(json!({"kind": "skipped", "text": skipped}));
    }
    rows
}
