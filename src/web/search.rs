//! Finding anything: tickets, services, agencies, people, and the pages themselves.

use crate::desk::queues::supervises;
use crate::desk::search::{Found, NEWEST};
use crate::domain::people::Actor;
use crate::store::articles::Whole;
use crate::store::search::Hit;
use crate::text;
use crate::web::failure::Answer;
use crate::web::keys::key_of;
use crate::web::menu;
use crate::web::render::see_other;
use crate::web::settings;
use crate::web::visit::{Visit, query};
use poem::web::Data;
use poem::{Request, handler};
use serde_json::{Value, json};

/// Tickets shown at most.
const ROWS: i64 = 20;
/// Articles shown at most.
const ARTICLES: i64 = 5;

/// What was found; `bagian=1` asks for the list alone.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let asked = query(request);
    let words = asked.get("q").map(|q| q.trim().to_owned()).unwrap_or_default();
    let is_part = asked.get("bagian").is_some_and(|part| part == "1");
    let found = visit.desk().search(actor, &words, ROWS).await?;
    // Whoever types a whole number wants the ticket.
    if let (Some(number), false) = (&found.exact, is_part) {
        return Ok(see_other(&format!("/kerja/tiket/{number}")));
    }
    let articles = visit.desk().find_articles(Some(actor), &words, ARTICLES).await?;
    let groups = groups(visit, actor, &words, &found, &articles);
    let count: usize = groups.iter().filter_map(|group| group["rows"].as_array()).map(Vec::len).sum();
    let context = json!({"q": words, "groups": groups, "count": count, "more": found.more,
        "cut": if found.is_cut { NEWEST } else { 0 }});
    Ok(visit.page(if is_part { "search_results.html" } else { "search.html" }, context)?)
}

fn groups(visit: &Visit, actor: &Actor, words: &str, found: &Found, articles: &[Whole]) -> Vec<Value> {
    let line = |path: String, name: &str, about: String| json!({"path": path, "name": name, "about": about, "chip": Value::Null, "keys": Value::Null});
    let mut tickets: Vec<Value> = found.tickets.iter().map(|hit| ticket(visit, hit)).collect();
    if let Some(number) = &found.exact {
        tickets.push(line(format!("/kerja/tiket/{number}"), number, visit.word("search", "open-ticket")));
    }
    let services = found.services.iter().map(|service| {
        line(format!("/kerja/layanan/{}", text::in_address(&service.code)), &service.name, service.agency.clone())
    });
    let agencies = found.agencies.iter().map(|agency| {
        let code = text::in_address(&agency.code);
        let path =
            if supervises(actor) { format!("/kerja/pengawasan/{code}") } else { format!("/kerja/antrean?pd={code}") };
        line(path, &agency.name, agency.code.clone())
    });
    let people = found
        .people
        .iter()
        .map(|person| line(format!("/kerja/pengaturan/pengguna/{}", person.id), &person.name, person.email.clone()));
    let groups = [
        ("tickets", tickets),
        ("services", services.collect()),
        ("agencies", agencies.collect()),
        ("people", people.collect()),
        (
            "articles",
            articles
                .iter()
                .map(|it| line(format!("/pengetahuan/{}", it.article.slug), &it.text.title, it.text.summary.clone()))
                .collect(),
        ),
        ("pages", pages(visit, actor, words)),
    ];
    let groups = groups.into_iter().filter(|(_, rows)| !rows.is_empty());
    groups.map(|(word, rows)| json!({"word": word, "name": visit.word("search", word), "rows": rows})).collect()
}

fn ticket(visit: &Visit, hit: &Hit) -> Value {
    json!({
        "path": format!("/kerja/tiket/{}", hit.number),
        "name": hit.subject,
        "about": format!("{} · {} · {} · {}", hit.number, hit.agency, hit.priority, hit.requester_name),
        "chip": visit.status_chip(hit.status),
        "keys": Value::Null,
    })
}

/// Pages whose name holds every word; without words, all of them.
fn pages(visit: &Visit, actor: &Actor, words: &str) -> Vec<Value> {
    let mut pages = menu::pages(visit, actor);
    for entry in settings::entries(visit, actor) {
        if let (Some(path), Some(name)) = (entry["path"].as_str(), entry["name"].as_str())
            && pages.iter().all(|(known, _)| known != path)
        {
            pages.push((path.to_owned(), name.to_owned()));
        }
    }
    for (path, key) in [("/kerja/notifikasi", "notices"), ("/kerja/pintasan", "shortcuts")] {
        pages.push((path.to_owned(), visit.word("nav", key)));
    }
    let words = words.to_lowercase();
    let holds = |name: &str| words.split_whitespace().all(|word| name.to_lowercase().contains(word));
    let shown = pages.iter().filter(|(_, name)| holds(name));
    let row = |(path, name): &(String, String)| json!({"path": path, "name": name, "about": "", "chip": Value::Null, "keys": key_of(path)});
    shown.map(row).collect()
}
