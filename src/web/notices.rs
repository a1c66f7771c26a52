//! What the person has been told about tickets, by ticket.

use crate::domain::number;
use crate::store::notices::ToldNotice;
use crate::web::failure::Answer;
use crate::web::render::see_other;
use crate::web::sent::Sent;
use crate::web::visit::{Visit, query};
use poem::web::Data;
use poem::{Request, handler};
use serde_json::{Value, json};

/// Notices on one page, before they are grouped.
const ROWS: i64 = 100;

/// Notices the person has not read, or all of them.
#[handler]
pub async fn list(Data(visit): Data<&Visit>, request: &Request) -> Answer {
    let actor = visit.staff()?;
    let asked = query(request);
    let all = asked.get("semua").is_some_and(|word| word == "ya");
    let before = asked.get("sebelum").and_then(|id| id.parse().ok()).unwrap_or(i64::MAX);
    let notices = visit.desk().notices(actor, all, before, ROWS).await?;
    let is_full = i64::try_from(notices.len()).is_ok_and(|count| count == ROWS);
    let mut groups: Vec<(&ToldNotice, Vec<Value>, bool)> = Vec::new();
    for notice in &notices {
        let line = json!({"kind": visit.word("step", notice.kind.as_str()), "due": visit.instant(notice.due_at),
            "read": notice.read_at.is_some()});
        match groups.iter_mut().find(|(first, ..)| first.number == notice.number) {
            Some((_, lines, unread)) => {
                *unread |= notice.read_at.is_none();
                lines.push(line);
            }
            None => groups.push((notice, vec![line], notice.read_at.is_none())),
        }
    }
    let groups: Vec<Value> = groups
        .into_iter()
        .map(|(first, lines, unread)| {
            json!({"number": first.number, "subject": first.subject, "agency": first.agency, "last": first.id,
                "lines": lines, "unread": unread})
        })
        .collect();
    let context = json!({
        "groups": groups,
        "all": all,
        "count": visit.unread,
        "last": notices.first().map(|notice| notice.id),
        "next": notices.last().filter(|_| is_full).map(|notice| notice.id),
        "is_first": before == i64::MAX,
    });
    Ok(visit.form("notices.html", context)?)
}

/// Ticks off what was shown: about one ticket, or all of it.
#[handler]
pub async fn read(Data(visit): Data<&Visit>, sent: Sent) -> Answer {
    let actor = visit.staff()?;
    let last = sent.get("terakhir").parse().unwrap_or(0);
    let number = number::parse(sent.get("nomor"));
    visit.desk().read_notices(actor, number.as_deref(), last).await?;
    Ok(see_other("/kerja/notifikasi"))
}
