//! Acts on a ticket that have a page of their own: what to think of before, the form, and what follows.

use crate::desk::answer_drafts::ANSWER;
use crate::desk::command::{Command, Reclassify};
use crate::desk::uploads::Owner;
use crate::domain::relation::EscalationCause;
use crate::domain::ticket::Verb;
use crate::error::{Error, Result, Say};
use crate::text;
use crate::web::acts::{self, Outcome};
use crate::web::answering::Written;
use crate::web::article_ties;
use crate::web::classify;
use crate::web::composer::kind_of;
use crate::web::conflict;
use crate::web::failure::{Answer, Failure};
use crate::web::history;
use crate::web::opened::{Opened, frame, kept, open, refused};
use crate::web::render::see_other;
use crate::web::rounds;
use crate::web::sent::Sent;
use crate::web::side::PAGES;
use crate::web::uploads;
use crate::web::visit::Visit;
use poem::web::{Data, Path};
use poem::{Request, handler};
use serde_json::{Value, json};

/// The page of an act.
#[handler]
pub async fn show(Data(visit): Data<&Visit>, Path(typed): Path<String>, request: &Request) -> Answer {
    let (word, verb) = act(visit)?;
    let opened = open(visit, &typed, rounds::of_address(request)).await?;
    let mut context = shape(visit, &opened, word).await?;
    if !visit.desk().offers(opened.actor, &opened.page.view.ticket, opened.service.as_ref(), verb) {
        context["told"] = absent(visit, &opened, verb).await?.into();
        context["form"] = false.into();
    }
    Ok(visit.form("verb.html", context)?)
}

/// Does what the form of the page asks.
#[handler]
pub async fn send(Data(visit): Data<&Visit>, Path(typed): Path<String>, Written(sent, _): Written) -> Answer {
    let (word, _) = act(visit)?;
    let opened = match open(visit, &typed, rounds::of_form(&sent)).await {
        Ok(opened) => opened,
        Err(error) => return Ok(conflict::gone(visit, &sent, error)?),
    };
    let number = &opened.page.view.ticket.number;
    let command = match command(visit, word, &sent) {
        Ok(command) => command,
        Err(error) => return again(visit, &opened, word, &sent, error).await,
    };
    match acts::perform(visit, opened.actor, number, word, &sent, &(vec![command], None)).await {
        Ok(Outcome::Done(ticket)) => {
            if word == "selesaikan"
                && let Some(draft) = article_ties::after_solving(visit, opened.actor, &ticket.number, &sent).await?
            {
                return Ok(see_other(&draft));
            }
            Ok(see_other(&rounds::after(visit, opened.actor, &sent, &ticket, word).await?))
        }
        Ok(Outcome::Unsound(problems)) => again(visit, &opened, word, &sent, Error::Invalid(problems)).await,
        Ok(Outcome::Stopped(page)) => Ok(*page),
        Err(Failure(error)) => Ok(conflict::gone(visit, &sent, error)?),
    }
}

/// Which act the address names.
fn act(visit: &Visit) -> Result<(&'static str, Verb)> {
    let last = visit.path.rsplit('/').next().unwrap_or_default();
    PAGES.into_iter().find(|(word, _)| *word == last).ok_or(Error::NotFound("act"))
}

fn command(visit: &Visit, word: &str, sent: &Sent) -> Result<Command> {
    let text = |field: &str| sent.get(field).to_owned();
    let choose = |field: &'static str, key: &'static str| Error::field(field, Say::new(key));
    Ok(match word {
        "selesaikan" => Command::Resolve {
            solution: text("solution"),
            cause: Some(text("cause")).filter(|cause| !cause.is_empty()),
        },
        "minta-data" => Command::RequestInfo { body: text("body") },
        "tunggu-pihak-lain" => Command::WaitVendor { reason: text("reason") },
        "eskalasi" => {
            let cause = sent.get("cause").parse().map_err(|_| choose("cause", "field-choose-cause"))?;
            Command::Escalate { cause: Some(cause), reason: text("reason"), tried: text("tried") }
        }
        "kembalikan" => Command::Return { reason: text("reason") },
        "tugaskan" => Command::Assign { user: Some(text("user")).filter(|user| !user.is_empty()) },
        "prioritas" => {
            let priority = sent.get("priority").parse().map_err(|_| choose("priority", "field-choose-priority"))?;
            Command::Prioritize { priority, reason: text("reason") }
        }
        "alihkan" => {
            if sent.get("agency").is_empty() {
                return Err(choose("agency", "field-choose-agency"));
            }
            let why = sent.get("reason");
            // The history says in words what kind of reason it was.
            let reason = text::phrase(visit.language, "reason-not-ours", &[("reason", why)]);
            let reason = if why.is_empty() { String::new() } else { reason };
            Command::Reclassify(Reclassify {
                agency: Some(text("agency")),
                reason: Some(reason),
                ..Reclassify::default()
            })
        }
        _ => return Err(Error::NotFound("act")),
    })
}

async fn shape(visit: &Visit, opened: &Opened<'_>, word: &str) -> Result<Value> {
    let (desk, ticket) = (visit.desk(), &opened.page.view.ticket);
    let mut context = frame(visit, opened, word)?;
    if kind_of(word) == Some(ANSWER) {
        answer_so_far(visit, opened, word, &mut context).await?;
    }
    let more = match word {
        "selesaikan" => json!({
            "closes": visit.instant_if(desk.solution_closes(ticket)),
            "articles": article_ties::choices(visit, ticket).await?,
            "drafts": article_ties::drafts(opened.actor, ticket),
        }),
        "minta-data" => json!({"closes": visit.instant_if(desk.silence_closes(ticket))}),
        "eskalasi" => json!({
            "causes": EscalationCause::ALL,
            "receiver": desk.label_of_tier(2, &ticket.agency),
            "compulsory": desk.pack().escalation.compulsory,
            "basis": desk.escalation_basis(),
        }),
        "kembalikan" => json!({"basis": desk.escalation_basis(), "receiver": desk.label_of_tier(1, &ticket.agency)}),
        "tugaskan" => {
            let workers = desk.workers_for(opened.actor, &ticket.number).await?;
            let worker = |worker: &crate::desk::offers::Worker| json!({"email": worker.account.email, "name": worker.account.name, "open": worker.open, "mine": ticket.assignee == Some(worker.account.id)});
            let mut of_agency = workers.iter().filter(|worker| worker.of_agency);
            let only = of_agency.next().filter(|_| of_agency.next().is_none()).map(|worker| &worker.account.name);
            json!({"workers": workers.iter().map(worker).collect::<Vec<_>>(), "only": only, "assignee": opened.page.view.assignee_name})
        }
        "prioritas" if desk.offers(opened.actor, ticket, opened.service.as_ref(), Verb::Prioritize) => {
            json!({"priorities": classify::by_priority(visit, opened).await?})
        }
        "alihkan" => {
            let agencies = desk.agencies().await?;
            let others = agencies.iter().filter(|agency| agency.active && agency.code != ticket.agency);
            json!({"agencies": others.map(|agency| json!({"word": agency.code, "text": agency.name})).collect::<Vec<_>>()})
        }
        _ => json!({}),
    };
    if let (Some(context), Value::Object(more)) = (context.as_object_mut(), more) {
        context.extend(more);
    }
    Ok(context)
}

/// What the box for answers on the page of the ticket holds goes with every answer, so it stands here, too: its words, and
/// the files that wait.
async fn answer_so_far(visit: &Visit, opened: &Opened<'_>, word: &str, context: &mut Value) -> Result<()> {
    let ticket = &opened.page.view.ticket;
    let owner = Owner::work(&ticket.number, opened.actor.account.id);
    context["uploads"] = uploads::shape(visit, &owner, "").await?;
    let drafts = visit.desk().drafts(opened.actor, ticket).await?;
    let field = if word == "selesaikan" { "solution" } else { "body" };
    context["kept"][field] = drafts.own(ANSWER).map_or("", |draft| &draft.body).into();
    Ok(())
}

/// Why there is no form, where that can be told; otherwise there is no such page.
async fn absent(visit: &Visit, opened: &Opened<'_>, verb: Verb) -> Result<String> {
    let (desk, ticket) = (visit.desk(), &opened.page.view.ticket);
    match verb {
        Verb::Escalate if ticket.tier > 1 => {
            let holder = desk.line_label(ticket);
            let Some(last) = desk.last_hand_over(opened.actor, &ticket.number).await? else {
                return Ok(text::phrase(visit.language, "error-already-escalated", &[("holder", &holder)]));
            };
            let names = desk.names_in(std::slice::from_ref(&last)).await?;
            let row = history::row(visit, &last, &names);
            let (by, at) = (row["actor"].as_str().unwrap_or_default(), row["at"]["long"].as_str().unwrap_or_default());
            Ok(text::phrase(visit.language, "verb-escalated-by", &[("holder", &holder), ("by", by), ("at", at)]))
        }
        Verb::RequestInfo | Verb::WaitVendor if desk.never_pauses(ticket, opened.service.as_ref()) => {
            Ok(text::word(visit.language, "error-no-pause-critical"))
        }
        _ if !ticket.status.allows(verb) => {
            Ok(text::say(visit.language, &Say::new("error-state").with("status", ticket.status)))
        }
        _ => Err(Error::NotFound("act")),
    }
}

/// The page again with what was written and what is to be mended.
async fn again(visit: &Visit, opened: &Opened<'_>, word: &str, sent: &Sent, error: Error) -> Answer {
    // It may have changed meanwhile.
    let fresh = open(visit, &opened.page.view.ticket.number, opened.round).await?;
    let mut context = shape(visit, &fresh, word).await?;
    context["kept"] = kept(&sent.0);
    refused(visit, "verb.html", context, error)
}
