//! The column beside a ticket: what can be done, what it has to do with, who was asked outside.

use crate::desk::relate::Tie;
use crate::desk::views::TicketPage;
use crate::domain::people::{Action, Actor, may, may_report_for_others};
use crate::domain::service::Service;
use crate::domain::ticket::{Kind, Ticket, Verb};
use crate::error::Result;
use crate::store::relations::Consultation;
use crate::web::mails;
use crate::web::visit::Visit;
use serde_json::{Value, json};

/// Acts that have a page of their own, in the order of their links.
pub const PAGES: [(&str, Verb); 13] = [
    ("selesaikan", Verb::Resolve),
    ("minta-data", Verb::RequestInfo),
    ("tunggu-pihak-lain", Verb::WaitVendor),
    ("eskalasi", Verb::Escalate),
    ("kembalikan", Verb::Return),
    ("tugaskan", Verb::Assign),
    ("klasifikasi", Verb::Reclassify),
    ("prioritas", Verb::Prioritize),
    ("alihkan", Verb::Reclassify),
    ("konsultasi", Verb::Consult),
    ("gabung", Verb::Merge),
    ("pisah", Verb::Split),
    ("tautkan", Verb::Link),
];

/// Puts the column into the context of the page.
///
/// # Errors
/// The database does not answer.
pub async fn fill(
    visit: &Visit,
    actor: &Actor,
    page: &TicketPage,
    service: Option<&Service>,
    context: &mut Value,
) -> Result<()> {
    let ticket = &page.view.ticket;
    let ties = visit.desk().ties(actor, &ticket.number).await?;
    let unlinks = may(actor, Action::Do(Verb::Unlink), ticket);
    context["ties"] = ties.iter().map(|it| tie(visit, it, unlinks)).collect();
    context["others"] = mails::others(visit, actor, page).await?;
    context["consultations"] = consultations(visit, &page.consultations);
    context["pages"] = offered(visit, actor, ticket, service).into();
    context["pack"] = ticket.pack.clone().into();
    let is_incident = ticket.kind == Kind::Incident && may(actor, Action::ViewInternal, ticket);
    let known = match ticket.service.as_deref().filter(|_| is_incident) {
        Some(code) => visit.desk().known_errors(actor, Some(code)).await?,
        None => Vec::new(),
    };
    let known = known.into_iter().map(
        |(number, subject, record)| json!({"number": number, "subject": subject, "workaround": record.workaround}),
    );
    context["known_errors"] = known.collect();
    context["may_trace"] =
        (is_incident && may(actor, Action::Do(Verb::Link), ticket) && may_report_for_others(actor)).into();
    Ok(())
}

/// The acts whose pages the person may open now.
pub fn offered(visit: &Visit, actor: &Actor, ticket: &Ticket, service: Option<&Service>) -> Vec<&'static str> {
    let pages = PAGES.iter().filter(|(_, verb)| visit.desk().offers(actor, ticket, service, *verb));
    pages.map(|(word, _)| *word).collect()
}

fn tie(visit: &Visit, tie: &Tie, unlinks: bool) -> Value {
    json!({
        "relation": tie.relation,
        "number": tie.number,
        "subject": tie.seen.as_ref().map(|(subject, _)| subject),
        "status": tie.seen.as_ref().map(|(_, status)| visit.status_chip(*status)),
        "removable": unlinks && tie.relation.is_by_hand() && tie.seen.is_some(),
    })
}

/// Consultations as the pages show them, oldest first.
pub fn consultations(visit: &Visit, held: &[Consultation]) -> Value {
    held.iter().enumerate().map(|(place, held)| consultation(visit, place + 1, held)).collect()
}

/// One consultation; `place` counts those of its ticket from 1.
pub fn consultation(visit: &Visit, place: usize, held: &Consultation) -> Value {
    let date = |text: &str| {
        text.parse().map_or_else(|_| text.to_owned(), |date| crate::text::short_date(visit.language, date))
    };
    json!({
        "place": place,
        "partner": visit.desk().partner_label(&held.partner),
        "contact": held.contact,
        "date": date(&held.held_on),
        "question": held.question,
        "email": held.mailed_to,
        "reply": held.reply,
        "replied_on": held.replied_on.as_deref().map(date),
    })
}
