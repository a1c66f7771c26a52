//! What people do to the duty register, and how other parts of the desk enter a duty that was missed.

use crate::desk::duties::{enter, note, settle_what_comes_before};
use crate::desk::duty_book::Draft;
use crate::desk::written::{LONGEST_REASON, required, required_all};
use crate::desk::{Desk, once};
use crate::domain::duty::{Duty, DutyAct, DutyState, ONE_OFF, Office, is_seen, may, may_enter};
use crate::domain::duty_rule::{Rhythm, Term, change_term};
use crate::domain::event::ActorLabel;
use crate::domain::number;
use crate::domain::people::{Action, Actor, may as may_ticket, visibility};
use crate::domain::ticket::Kind;
use crate::error::{Error, Result, Say};
use crate::secret::new_token;
use crate::store::{self, Tx};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Value, json};

/// Longest title of a duty that somebody enters, in characters.
const LONGEST_TITLE: usize = 200;
/// Longest address of evidence, in characters.
const LONGEST_LINK: usize = 500;

/// What somebody does to an entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DutyCommand {
    /// It is fulfilled; `evidence` says by what, `link` where that can be seen.
    Done {
        /// In words.
        evidence: String,
        /// `http(s)://…`, may be empty.
        link: String,
    },
    /// It is planned for this local day; `None` takes the plan back.
    Plan {
        /// The day.
        on: Option<NaiveDate>,
    },
    /// Nobody owes it any more.
    Waive {
        /// Why.
        reason: String,
    },
    /// It is owed again.
    Reopen {
        /// Why.
        reason: String,
    },
}

/// A duty that somebody enters: a change duty of the pack by its `code`, or one of its own by a `title`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct NewDuty {
    /// Code of a duty of the pack that changes call for.
    pub code: Option<String>,
    /// What is owed; for a duty of its own.
    pub title: String,
    /// Who owes it; with a ticket, its agency unless said otherwise.
    pub agency: String,
    /// Last local day on which it is in time; for a change, the end of the following month unless said otherwise.
    pub due_on: Option<NaiveDate>,
    /// Number of the ticket about the change.
    pub ticket: String,
    /// What else to know, may be empty.
    pub note: String,
}

/// A duty that another part of the desk found missed, e.g. a report that did not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedDuty {
    /// What kind of duty, in lower-case letters and hyphens, e.g. `periodic-report`.
    pub code: String,
    /// What was owed, in words for people.
    pub what: String,
    /// Who owed it.
    pub agency: String,
    /// First local day of the time it was about.
    pub period_from: NaiveDate,
    /// First local day after that time.
    pub period_to: NaiveDate,
    /// Last local day on which it was in time.
    pub due_on: NaiveDate,
    /// Key of what was missed in its own register; not empty.
    pub cause: String,
    /// Where the duty is written; `None`: a default.
    pub source: Option<String>,
    /// The law attaches a sanction to it.
    pub sanctionable: bool,
}

impl DutyCommand {
    /// The act in the tables of rights and of allowed changes.
    pub const fn act(&self) -> DutyAct {
        match self {
            Self::Done { .. } => DutyAct::Done,
            Self::Plan { .. } => DutyAct::Plan,
            Self::Waive { .. } => DutyAct::Waive,
            Self::Reopen { .. } => DutyAct::Reopen,
        }
    }
}

impl Desk {
    /// Does `command` to the entry with key `id`. `version` is the one the caller has seen; `key` makes a repeated
    /// request harmless.
    ///
    /// # Errors
    /// `NotFound` also for entries the actor may not see; `Denied`, `Conflict`, `Invalid` as the rules say. Nothing is
    /// changed then.
    pub async fn act_on_duty(
        &self,
        actor: &Actor,
        id: i64,
        version: Option<i64>,
        command: DutyCommand,
        key: Option<&str>,
    ) -> Result<Duty> {
        // What has come due is on record before anybody changes it.
        self.run_duties().await?;
        let now = self.now();
        let mut tx = self.db.write().await?;
        let duty = store::duties::by_id(&mut tx, id).await?.filter(|duty| is_seen(&visibility(actor), duty));
        let mut duty = duty.ok_or(Error::NotFound("duty"))?;
        let request = once::fingerprint(&("duty", id, &command));
        if let once::Repeat::Answered(_) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            tx.commit().await?;
            return Ok(duty);
        }
        if !may(actor, command.act(), &duty) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        if version.is_some_and(|seen| seen != duty.version) {
            return Err(Error::Conflict { say: Say::new("error-duty-stale"), version: Some(duty.version) });
        }
        if !duty.state.allows(command.act()) {
            return Err(Error::Conflict { say: Say::new("error-duty-state"), version: Some(duty.version) });
        }
        self.change_duty(&mut tx, &mut duty, &command, actor, now).await?;
        once::answer(&mut tx, actor, key, &id.to_string()).await?;
        tx.commit().await?;
        self.wake();
        Ok(duty)
    }

    async fn change_duty(
        &self,
        tx: &mut Tx,
        duty: &mut Duty,
        command: &DutyCommand,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let book = self.duty_book();
        let (kind, facts) = match command {
            DutyCommand::Done { evidence, link } => done(duty, evidence, link, actor, now)?,
            DutyCommand::Plan { on } => {
                if on.is_some_and(|on| on < book.day(now)) {
                    return Err(Error::field("planned_on", Say::new("field-duty-planned")));
                }
                let before = std::mem::replace(&mut duty.planned_on, *on);
                ("planned", json!({"from": before, "to": on}))
            }
            DutyCommand::Waive { reason } => {
                let reason = required("reason", reason, LONGEST_REASON)?;
                duty.state = DutyState::Waived;
                duty.note = Some(reason.clone());
                ("waived", json!({"reason": reason}))
            }
            DutyCommand::Reopen { reason } => reopen(duty, reason, now)?,
        };
        duty.version += 1;
        store::duties::update(tx, duty).await?;
        note(tx, duty, now, ActorLabel::user(actor.account.id), kind, facts).await?;
        if !duty.state.is_owed() {
            self.duty_settled(tx, duty, ActorLabel::user(actor.account.id), now).await?;
            return store::duties::skip_steps(tx, duty.id).await;
        }
        if matches!(command, DutyCommand::Reopen { .. }) {
            store::duties::plan_steps(tx, duty.id, duty.cycle, &book.stages(duty, now)).await?;
            // Its day has passed already: the neglect is there again, and nothing waits for it.
            if duty.state == DutyState::Overdue {
                self.neglect_in_case(tx, duty, now).await?;
            }
        }
        let is_planned_anew = matches!(command, DutyCommand::Plan { .. });
        settle_what_comes_before(tx, &book, duty, is_planned_anew, now).await?;
        Ok(())
    }

    /// Enters a change, or something to be done once.
    ///
    /// # Errors
    /// `Denied` and `Invalid` as the rules say; `Conflict` when the ticket has called for it before.
    pub async fn enter_duty(&self, actor: &Actor, new: NewDuty, key: Option<&str>) -> Result<Duty> {
        let (now, book) = (self.now(), self.duty_book());
        let mut tx = self.db.write().await?;
        let request = once::fingerprint(&("new duty", &new));
        if let once::Repeat::Answered(id) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            let id = id.parse().map_err(|_| Error::internal("the answer of a request is no key"))?;
            return store::duties::by_id(&mut tx, id).await?.ok_or(Error::NotFound("duty"));
        }
        let ticket = change_ticket(&mut tx, actor, &new.ticket).await?;
        let agency = ticket.as_ref().map_or("", |ticket| ticket.1.as_str());
        let agency = if new.agency.trim().is_empty() { agency } else { new.agency.trim() }.to_owned();
        let agencies = store::services::agencies(&mut tx).await?;
        if !agencies.iter().any(|known| known.active && known.code == agency) {
            return Err(Error::field("agency", Say::new("field-unknown-agency")));
        }
        if !may_enter(actor, new.code.is_some(), &agency) {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let today = book.day(now);
        if new.due_on.is_some_and(|due| due < today) {
            return Err(Error::field("due_on", Say::new("field-duty-due")));
        }
        let cause = ticket.map_or_else(new_token, |ticket| Ok(ticket.0))?;
        let mut draft = match &new.code {
            Some(code) => {
                let changes: Vec<&str> = book
                    .rules
                    .iter()
                    .filter(|rule| rule.rhythm == Rhythm::OnChange)
                    .map(|rule| rule.code.as_str())
                    .collect();
                let rule = book.rule(code).filter(|rule| rule.rhythm == Rhythm::OnChange).ok_or_else(|| {
                    Error::field("code", Say::new("field-unknown-word").with("known", changes.join(", ")))
                })?;
                let term = change_term(today).ok_or_else(|| Error::internal("the calendar has no next month"))?;
                let due_on = new.due_on.unwrap_or(term.due_on);
                book.draft(rule, &agency, Term { due_on, ..term }, &cause)
            }
            None => one_off(&new, &agency, today, &cause)?,
        };
        draft.note = Some(crate::mail::parse::clean(&new.note)).filter(|note| !note.is_empty());
        let duty = enter(&mut tx, &book, draft, ActorLabel::user(actor.account.id), now).await?;
        let duty = duty.ok_or_else(|| Error::conflict(Say::new("error-duty-entered")))?;
        once::answer(&mut tx, actor, key, &duty.id.to_string()).await?;
        tx.commit().await?;
        self.wake();
        Ok(duty)
    }

    /// Enters what was missed, inside the transaction that found it; the clock marks it as overdue and tells the right
    /// office in its next round. Gives its key, or `None` when it stands there already.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn duty_missed(&self, tx: &mut Tx, missed: MissedDuty) -> Result<Option<i64>> {
        let draft = Draft {
            code: missed.code,
            office: Office::Agency,
            agency: missed.agency,
            what: missed.what,
            term: Term { from: missed.period_from, to: missed.period_to, due_on: missed.due_on },
            cause: missed.cause,
            sanctionable: missed.sanctionable && missed.source.is_some(),
            source: missed.source,
            remind_days: 0,
            note: None,
        };
        let entered = enter(tx, &self.duty_book(), draft, ActorLabel::clock(), self.now()).await?;
        Ok(entered.map(|duty| duty.id))
    }

    /// Notes that what was missed has come after all, inside the caller's transaction; `false` when the register does
    /// not know it or nobody owes it any more. `by` is the account it came from, if a person sent it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn duty_caught_up(
        &self,
        tx: &mut Tx,
        missed: &MissedDuty,
        evidence: &str,
        by: Option<i64>,
    ) -> Result<bool> {
        let found = store::duties::of_term(tx, &missed.code, &missed.agency, missed.period_from, &missed.cause).await?;
        let Some(mut duty) = found.filter(|duty| duty.state.is_owed()) else { return Ok(false) };
        let now = self.now();
        duty.state = DutyState::Done;
        duty.done_at = Some(now);
        duty.done_by = by;
        duty.evidence = Some(evidence.to_owned());
        duty.version += 1;
        store::duties::update(tx, &duty).await?;
        store::duties::skip_steps(tx, duty.id).await?;
        let facts = json!({"evidence": evidence, "link": Value::Null, "late": duty.is_late()});
        let actor = by.map_or_else(ActorLabel::clock, ActorLabel::user);
        note(tx, &duty, now, actor.clone(), "done", facts).await?;
        self.duty_settled(tx, &duty, actor, now).await?;
        Ok(true)
    }
}

fn done(
    duty: &mut Duty,
    evidence: &str,
    link: &str,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(&'static str, Value)> {
    let evidence = required("evidence", evidence, LONGEST_REASON)?;
    let link = Some(link.trim()).filter(|link| !link.is_empty());
    if link.is_some_and(|link| !is_link(link)) {
        return Err(Error::field("evidence_url", Say::new("field-duty-link")));
    }
    duty.state = DutyState::Done;
    duty.done_at = Some(now);
    duty.done_by = Some(actor.account.id);
    duty.evidence = Some(evidence.clone());
    duty.evidence_url = link.map(str::to_owned);
    Ok(("done", json!({"evidence": evidence, "link": link, "late": duty.is_late()})))
}

fn reopen(duty: &mut Duty, reason: &str, now: DateTime<Utc>) -> Result<(&'static str, Value)> {
    let reason = required("reason", reason, LONGEST_REASON)?;
    let before = duty.state;
    duty.state = duty.owed_at(now);
    (duty.done_at, duty.done_by, duty.evidence, duty.evidence_url) = (None, None, None, None);
    duty.note = Some(reason.clone());
    Ok(("reopened", json!({"from": before, "to": duty.state, "reason": reason})))
}

/// Only addresses a browser may safely open from our page.
fn is_link(link: &str) -> bool {
    (link.starts_with("https://") || link.starts_with("http://"))
        && link.chars().count() <= LONGEST_LINK
        && !link.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Number and agency of the ticket that called for a report on a change.
async fn change_ticket(tx: &mut Tx, actor: &Actor, typed: &str) -> Result<Option<(String, String)>> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    let found = match number::parse(typed) {
        Some(number) => store::tickets::by_number(tx, &number).await?,
        None => None,
    };
    let ticket = found.filter(|ticket| may_ticket(actor, Action::View, ticket));
    let ticket = ticket.ok_or_else(|| Error::field("ticket", Say::new("field-unknown-ticket")))?;
    if ticket.kind != Kind::Change {
        return Err(Error::field("ticket", Say::new("field-duty-change")));
    }
    Ok(Some((ticket.number, ticket.agency)))
}

fn one_off(new: &NewDuty, agency: &str, today: NaiveDate, cause: &str) -> Result<Draft> {
    let title = required_all(&[("title", new.title.as_str(), LONGEST_TITLE)])?.remove(0);
    let due_on = new.due_on.ok_or_else(|| Error::field("due_on", Say::new("field-duty-due")))?;
    let to = due_on.checked_add_days(Days::new(1)).unwrap_or(due_on);
    Ok(Draft {
        code: ONE_OFF.to_owned(),
        office: Office::Agency,
        agency: agency.to_owned(),
        what: title,
        term: Term { from: today, to, due_on },
        cause: cause.to_owned(),
        // What an office asks for by itself is no law.
        sanctionable: false,
        source: None,
        remind_days: 0,
        note: None,
    })
}
