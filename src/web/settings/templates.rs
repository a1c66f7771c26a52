//! Texts of mails: the list, one of them with its values, preview, versions and what differs.

use crate::domain::people::Actor;
use crate::domain::settings::{may_change, may_read};
use crate::domain::ticket::Language;
use crate::error::{Error, Result, Say};
use crate::mail::own::{self, Form};
use crate::store::templates::OwnText;
use crate::text;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::settings::diff;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

const LANGUAGES: [Language; 2] = [Language::Indonesian, Language::English];

fn reader(visit: &Visit) -> Result<&Actor> {
    let actor = visit.staff()?;
    if may_read(actor) { Ok(actor) } else { Err(Error::Denied(Say::new("error-denied"))) }
}

/// Every mail in both languages, and which of them have a text of their own.
#[handler]
pub async fn list(Data(visit): Data<&Visit>) -> Answer {
    let desk = visit.desk();
    let own = desk.own_texts(reader(visit)?).await?;
    let rows: Vec<Value> = own::forms()
        .iter()
        .map(|form| {
            let languages: Vec<Value> = LANGUAGES.iter().map(|language| state(visit, &own, form, *language)).collect();
            json!({"template": form.template, "title": visit.word("mail-text", &form.template), "languages": languages})
        })
        .collect();
    Ok(visit.page("mail_texts.html", json!({ "rows": rows }))?)
}

fn state(visit: &Visit, own: &[OwnText], form: &Form, language: Language) -> Value {
    let found = own.iter().find(|text| text.template == form.template && text.language == language);
    let kept = found.filter(|text| !text.is_built_in);
    json!({
        "language": language,
        "text": visit.word("language", language.as_str()),
        "version": kept.map(|text| text.version),
        "at": visit.instant_if(kept.map(|text| text.at)),
        "failed": kept.is_some() && visit.desk().composer.has_failed(&form.template, language),
    })
}

/// One text: what is sent now, its values, a preview, its versions.
#[handler]
pub async fn show(
    Data(visit): Data<&Visit>,
    Path((template, language)): Path<(String, String)>,
    request: &Request,
) -> Answer {
    let (form, language) = known(&template, &language)?;
    let mut context = context(visit, form, language, None).await?;
    let asked = query(request);
    context["news"] = asked.get("kabar").filter(|word| ["simpan", "pulihkan"].contains(&word.as_str())).cloned().into();
    if let Some(older) = asked.get("beda").and_then(|version| version.parse::<i64>().ok()) {
        context["diff"] = compared(visit, form, language, older).await?;
    }
    Ok(visit.form("mail_text.html", context)?)
}

fn known(template: &str, language: &str) -> Result<(&'static Form, Language)> {
    let form = own::form(template).ok_or(Error::NotFound("mail text"))?;
    Ok((form, language.parse().map_err(|_| Error::NotFound("language"))?))
}

/// `written`: subject, text and note as they stand in the form; else those that are sent now.
async fn context(visit: &Visit, form: &Form, language: Language, written: Option<(&str, &str, &str)>) -> Result<Value> {
    let (actor, desk) = (reader(visit)?, visit.desk());
    let versions = desk.text_versions(actor, &form.template, language).await?;
    let now = versions.first().map(|(text, _)| text);
    let own = now.filter(|text| !text.is_built_in);
    let built_in = desk.composer.built_in(&form.template, language).unwrap_or_default();
    let (subject, body) = match (written, own) {
        (Some((subject, body, _)), _) => (subject.to_owned(), body.to_owned()),
        (None, Some(text)) => (text.subject.clone(), text.body.clone()),
        (None, None) => built_in,
    };
    // A text with faults has no preview; what is sent now is shown instead.
    let is_sound = form.faults(&subject, &body).is_empty();
    let shown = (is_sound && (written.is_some() || own.is_some())).then_some((subject.as_str(), body.as_str()));
    let previews = form.samples.iter().map(|sample| {
        let parts = desk.composer.preview(&form.template, language, shown, sample)?;
        Ok(json!({"subject": parts.subject, "text": parts.text.trim()}))
    });
    let lines: Vec<Value> = versions
        .iter()
        .map(|(text, who)| {
            json!({"version": text.version, "is_built_in": text.is_built_in, "note": text.note, "who": who,
                "at": visit.instant(text.at)})
        })
        .collect();
    Ok(json!({
        "template": form.template,
        "title": visit.word("mail-text", &form.template),
        "language": language,
        "language_text": visit.word("language", language.as_str()),
        "others": LANGUAGES.iter().filter(|other| **other != language)
            .map(|other| json!({"language": other, "text": visit.word("language", other.as_str())})).collect::<Vec<_>>(),
        "form": {"subject": subject, "body": body, "note": written.map_or("", |(_, _, note)| note)},
        "version": now.map_or(0, |text| text.version),
        "is_own": own.is_some(),
        "failed": own.is_some() && desk.composer.has_failed(&form.template, language),
        "variables": form.variables(),
        "items": form.item_variables(),
        "required": form.required,
        "previews": previews.collect::<Result<Vec<Value>>>()?,
        "is_preview_of_form": shown.is_some(),
        "versions": lines,
        "may_change": may_change(actor),
        "diff": null,
        "news": null,
        "told": "",
    }))
}

/// What differs between an older version and what is sent now.
async fn compared(visit: &Visit, form: &Form, language: Language, older: i64) -> Result<Value> {
    let desk = visit.desk();
    let versions = desk.text_versions(reader(visit)?, &form.template, language).await?;
    let built_in = desk.composer.built_in(&form.template, language).unwrap_or_default();
    let whole = |text: Option<&OwnText>| match text.filter(|text| !text.is_built_in) {
        Some(text) => format!("{}\n\n{}", text.subject, text.body),
        None => format!("{}\n\n{}", built_in.0, built_in.1),
    };
    let found = versions.iter().map(|(text, _)| text).find(|text| text.version == older);
    if older != 0 && found.is_none() {
        return Err(Error::NotFound("version"));
    }
    let (old, new) = (whole(found), whole(versions.first().map(|(text, _)| text)));
    let lines: Vec<Value> =
        diff::lines(&old, &new).iter().map(|(kind, text)| json!({"kind": kind, "text": text})).collect();
    Ok(json!({"version": older, "lines": lines}))
}

/// Previews or keeps a text, or goes back to the built-in one.
#[handler]
pub async fn do_act(
    Data(visit): Data<&Visit>,
    Path((template, language, act)): Path<(String, String, String)>,
    sent: Sent,
) -> Answer {
    let (form, language) = known(&template, &language)?;
    let (actor, desk) = (reader(visit)?, visit.desk());
    let version = sent.get("versi").parse().unwrap_or(0);
    let (subject, note) = (sent.get("subject"), sent.get("note"));
    let body = sent.get("body").replace("\r\n", "\n");
    let done = match act.as_str() {
        "simpan" => desk.save_text(actor, &template, language, version, (subject, &body, note)).await.map(drop),
        "pulihkan" => desk.restore_text(actor, &template, language, version, note).await.map(drop),
        "lihat" => {
            let checked = desk.check_text(actor, &template, subject, &body);
            if checked.is_ok() {
                let context = context(visit, form, language, Some((subject, &body, note))).await?;
                return Ok(visit.form("mail_text.html", context)?);
            }
            checked
        }
        _ => return Err(Error::NotFound("act").into()),
    };
    let error = match done {
        Ok(()) => return Ok(see_other(&format!("/kerja/pengaturan/templat/{template}/{language}?kabar={act}"))),
        Err(error @ (Error::Invalid(_) | Error::Conflict { .. })) => error,
        Err(error) => return Err(error.into()),
    };
    let written = (act != "pulihkan").then_some((subject, body.as_str(), note));
    let mut context = context(visit, form, language, written).await?;
    if let Error::Invalid(problems) = &error {
        return Ok(visit.mend("mail_text.html", context, problems, "")?);
    }
    context["told"] = text::say(visit.language, &error.public()).into();
    let mut response = visit.form("mail_text.html", context)?;
    response.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT));
    Ok(response)
}
