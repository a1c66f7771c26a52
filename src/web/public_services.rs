//! The catalogue for everybody: the list, the page of a service with the seven parts of SUMUT 49(4), and its poster.

use crate::desk::public_services::{FIGURE_DAYS, PublicService};
use crate::domain::catalogue::{Category, Part};
use crate::error::Result;
use crate::render::letter::qr;
use crate::web::announcements::told;
use crate::web::availability_shapes::{local_number, percent};
use crate::web::failure::Answer;
use crate::web::incidents::head;
use crate::web::policy::profile_shape;
use crate::web::status::state_chip;
use crate::web::visit::{Visit, query};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// Services that are offered, by what they are about.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let words = query(request).remove("cari").map(|words| words.trim().to_owned()).filter(|words| !words.is_empty());
    let entries = visit.desk().public_services(words.clone()).await?;
    let board = visit.desk().status().await?;
    let agencies = visit.desk().agencies().await?;
    let row = |entry: &crate::domain::catalogue::Entry| {
        let owner = agencies.iter().find(|agency| agency.code == entry.service.agency);
        let lead = entry.parts.get(&Part::Definition).map(|text| opening(text));
        json!({
            "code": entry.service.code,
            "name": entry.service.name,
            "owner": owner.map_or(entry.service.agency.as_str(), |owner| owner.name.as_str()),
            "lead": lead,
            "chip": state_chip(visit, &board, &entry.service.code),
        })
    };
    let groups: Vec<Value> = Category::ALL
        .iter()
        .map(|category| {
            let rows: Vec<Value> = entries.iter().filter(|entry| entry.category == *category).map(row).collect();
            json!({"name": visit.word("category", category.as_str()), "word": category, "rows": rows})
        })
        .filter(|group| group["rows"] != json!([]))
        .collect();
    Ok(visit.page("public_services.html", json!({"groups": groups, "words": words.unwrap_or_default()}))?)
}

/// One service.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(code): Path<String>) -> Answer {
    let it = visit.desk().public_service(&code).await?;
    let mut context = shape(visit, &it).await?;
    context["announcements"] = told(visit, Some(&it.entry.service.agency)).await?.into();
    let mut response = visit.page("public_service.html", context)?;
    if !it.entry.service.active {
        response.set_status(StatusCode::GONE);
    }
    Ok(response)
}

/// The same on one sheet for the counter.
#[handler]
pub async fn poster(Data(visit): Data<&Visit>, Path(code): Path<String>) -> Answer {
    let it = visit.desk().public_service(&code).await?;
    if !it.entry.service.active {
        return Err(crate::error::Error::NotFound("service").into());
    }
    let mut context = shape(visit, &it).await?;
    let address = format!("{}/layanan/{code}", visit.desk().public_url);
    // The frame around it says what it is.
    context["qr"] = qr(&address)?.replacen("<svg ", "<svg aria-hidden=\"true\" ", 1).into();
    context["address"] = address.into();
    Ok(visit.page("poster.html", context)?)
}

async fn shape(visit: &Visit, it: &PublicService) -> Result<Value> {
    let desk = visit.desk();
    let board = desk.status().await?;
    let component = board.components.iter().find(|component| component.code == it.entry.service.code);
    let pack = desk.pack();
    let mine = |told: &&crate::desk::status_board::Told| told.incident.service.as_ref() == Some(&it.entry.service.code);
    let running = board.running.iter().filter(mine);
    let part = |part: &Part| json!({"name": visit.word("part", part.as_str()), "code": part, "text": it.entry.parts.get(part)});
    let text_of = |part: Part| it.entry.parts.get(&part);
    let share =
        |figures: &crate::domain::availability::Availability| figures.share().map(|share| percent(visit, share));
    let in_time = (it.figures.solved > 0).then(|| {
        let hundredths = it.figures.in_time * 10_000 / it.figures.solved;
        percent(visit, u32::try_from(hundredths).unwrap_or_default())
    });
    let score = (it.figures.ratings > 0)
        .then(|| it.figures.score * 10 / it.figures.ratings)
        .map(|tenths| local_number(visit, &format!("{}.{}", tenths / 10, tenths % 10)));
    let owner = it
        .owner
        .as_ref()
        .map(|owner| json!({"name": owner.agency.name, "address": owner.address, "email": owner.agency.email}));
    Ok(json!({
        "code": it.entry.service.code,
        "name": it.entry.service.name,
        "active": it.entry.service.active,
        "critical": it.entry.service.critical,
        "category": visit.word("category", it.entry.category.as_str()),
        "chip_state": state_chip(visit, &board, &it.entry.service.code),
        "since": component.map_or(Value::Null, |component| visit.instant_if(component.since)),
        "parts": Part::ALL.iter().map(part).collect::<Vec<_>>(),
        "definition": text_of(Part::Definition),
        "handling": text_of(Part::IncidentHandling),
        "hours": it.entry.hours,
        "endpoints": it.entry.endpoints,
        "raci": it.entry.raci.iter().map(|line| json!({"role": visit.word("raci", line.role.as_str()), "who": line.who})).collect::<Vec<_>>(),
        "reviewed": visit.instant_if(it.entry.reviewed_at),
        "owner": owner,
        "first_line": pack.roles.tier1.label,
        "second_line": pack.roles.tier2.label,
        "contact": pack.letters.contact,
        "profile": profile_shape(visit, &it.entry.service.profile),
        "month": component.and_then(|component| share(&component.month)),
        "quarter": component.and_then(|component| share(&component.quarter)),
        "solved": it.figures.solved,
        "in_time": in_time,
        "ratings": it.figures.ratings,
        "score": score,
        "days": FIGURE_DAYS,
        "incidents": running.map(|told| head(visit, &told.incident)).collect::<Vec<_>>(),
        "announcements": [],
    }))
}

/// The first sentence of a text, cut at a word where it is long.
fn opening(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let sentence = line.split_inclusive(". ").next().unwrap_or(line).trim();
    if sentence.chars().count() <= 160 {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(160).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(before, _)| before))
}
