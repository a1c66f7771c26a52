//! The duty register by the clock: terms begin, offices are reminded, what was not done becomes overdue.
//!
//! Terms are entered from the rules of the pack when they begin, each once, whichever node is first. Everything that
//! comes due happens in one transaction with its events and its mails.

use crate::desk::duty_book::{Book, Draft};
use crate::desk::{Desk, chain};
use crate::domain::duty::{Duty, DutyStage, DutyState, ONE_OFF, Office};
use crate::domain::duty_rule::{Rhythm, Rule, Term, late_from, term_before};
use crate::domain::event::ActorLabel;
use crate::domain::service::Agency;
use crate::error::{Error, Result};
use crate::store::duties::DutyStep;
use crate::store::{self, Tx};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where it is kept until when nothing has to be entered.
const HORIZON: &str = "duty_horizon";
/// Only one node at a time enters terms or lets stages happen.
const LOCK: i64 = 0x6475_7479;
/// Most stages that one transaction takes up.
const BATCH: i64 = 300;

/// Until when nothing has to be entered, under which rules that was said.
#[derive(Serialize, Deserialize)]
struct Horizon {
    next: DateTime<Utc>,
    rules: String,
}

/// The offices that can owe something.
struct Offices {
    agencies: Vec<Agency>,
    ict: Option<String>,
}

impl Desk {
    /// Lets everything happen in the register that is due now; gives how much happened.
    ///
    /// # Errors
    /// The database does not answer; what happened before stays.
    pub async fn run_duties(&self) -> Result<usize> {
        let mut happened = 0;
        while self.next_duty().await?.is_some_and(|due| due <= self.now()) {
            let moved = self.open_duties().await? + self.run_duty_stages().await?;
            happened += moved;
            if moved == 0 && self.next_duty().await?.is_some_and(|due| due <= self.now()) {
                return Err(Error::internal("the duty register has something due that does not happen"));
            }
        }
        Ok(happened)
    }

    /// When the register has something to do next.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn next_duty(&self) -> Result<Option<DateTime<Utc>>> {
        let mut tx = self.db.read().await?;
        let known = horizon(&mut tx).await?.filter(|known| known.rules == self.duty_book().fingerprint);
        let opening = known.map_or_else(|| self.now(), |known| known.next);
        Ok(Some(store::duties::next_step(&mut tx).await?.map_or(opening, |step| step.min(opening))))
    }

    /// Enters every term that has begun, also those that began while nobody was looking, and strikes out what fell
    /// away; gives how many entries changed.
    ///
    /// # Errors
    /// The database does not answer; nothing is entered then.
    pub async fn open_duties(&self) -> Result<usize> {
        let (now, book) = (self.now(), self.duty_book());
        let mut tx = self.db.write().await?;
        store::dialect::one_at_a_time(&mut tx, LOCK).await?;
        let offices = Offices {
            agencies: store::services::agencies(&mut tx).await?.into_iter().filter(|agency| agency.active).collect(),
            ict: store::settings::get(&mut tx, "ict_agency").await?,
        };
        let struck = strike_out(&mut tx, &book, &offices, now).await?;
        for duty in &struck {
            self.duty_settled(&mut tx, duty, ActorLabel::clock(), now).await?;
        }
        let mut changed = struck.len();
        let mut at = horizon(&mut tx).await?.map_or(now, |known| known.next.min(now));
        let next = loop {
            changed += open_at(&mut tx, &book, &offices, at, now).await?;
            match book.next_opening(at) {
                next if next > now => break next,
                next => at = next,
            }
        };
        let known = Horizon { next, rules: book.fingerprint };
        store::settings::set(&mut tx, HORIZON, &serde_json::to_string(&known)?).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Reminds and marks as overdue, first due first; the mails of one round are one per person and kind.
    async fn run_duty_stages(&self) -> Result<usize> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        store::dialect::one_at_a_time(&mut tx, LOCK).await?;
        let steps = store::duties::due_steps(&mut tx, now, BATCH).await?;
        let mut told = Vec::new();
        let mut happened = 0;
        for step in &steps {
            if !store::duties::claim_step(&mut tx, step.id, now).await? {
                continue;
            }
            happened += 1;
            let Some(mut duty) = store::duties::by_id(&mut tx, step.duty_id).await? else { continue };
            if !duty.state.is_owed() || step.cycle != duty.cycle {
                continue;
            }
            // After downtime only the last of an entry's stages is worth a mail; the others are on record.
            let is_last = !steps.iter().any(|other| other.duty_id == duty.id && other.stage > step.stage);
            pass(&mut tx, &mut duty, step, is_last, now).await?;
            if step.stage == DutyStage::Overdue {
                self.neglect_in_case(&mut tx, &duty, now).await?;
            }
            if is_last {
                told.push((duty, step.stage));
            }
        }
        self.mail_duties(&mut tx, &told, now).await?;
        tx.commit().await?;
        if happened > 0 {
            self.wake();
        }
        Ok(happened)
    }
}

/// Enters a duty with its stages and its first event; `None` when it is there already.
pub(super) async fn enter(
    tx: &mut Tx,
    book: &Book,
    draft: Draft,
    actor: ActorLabel,
    now: DateTime<Utc>,
) -> Result<Option<Duty>> {
    let mut duty = book.entry(draft, now);
    let Some(id) = store::duties::insert(tx, &duty).await? else { return Ok(None) };
    duty.id = id;
    store::duties::plan_steps(tx, id, duty.cycle, &book.stages(&duty, now)).await?;
    let facts = json!({
        "code": duty.code, "what": duty.what, "office": duty.office, "agency": duty.agency,
        "period_from": duty.period_from, "period_to": duty.period_to, "due_on": duty.due_on, "cause": duty.cause,
        "sanctionable": duty.sanctionable, "source": duty.source, "pack": duty.pack, "note": duty.note,
    });
    note(tx, &duty, now, actor, "opened", facts).await?;
    Ok(Some(duty))
}

/// Appends a fact about an entry.
pub(super) async fn note(
    tx: &mut Tx,
    duty: &Duty,
    at: DateTime<Utc>,
    actor: ActorLabel,
    kind: &'static str,
    payload: Value,
) -> Result<()> {
    chain::note(tx, "duty", &duty.id.to_string(), at, actor, kind, payload).await
}

/// Enters what must come before an entry that is owed, and moves it when that was planned anew. Gives how many
/// changed.
pub(super) async fn settle_what_comes_before(
    tx: &mut Tx,
    book: &Book,
    other: &Duty,
    is_planned_anew: bool,
    now: DateTime<Utc>,
) -> Result<usize> {
    let ict = store::settings::get(tx, "ict_agency").await?;
    let mut changed = 0;
    for rule in &book.rules {
        let Rhythm::Before { code, lead_months } = &rule.rhythm else { continue };
        let agency = match rule.office {
            Office::Agency => Some(other.agency.as_str()).filter(|code| !code.is_empty()),
            Office::Ict => ict.as_deref(),
            Office::Board => Some(""),
        };
        let (true, Some(agency)) = (*code == other.code, agency) else { continue };
        let of = Term { from: other.period_from, to: other.period_to, due_on: other.due_on };
        let Some(mut term) = term_before(of, other.planned_on.unwrap_or(other.due_on), *lead_months) else { continue };
        // Nobody can be late with what was not known before today.
        term.due_on = term.due_on.max(book.day(now));
        let found = store::duties::of_term(tx, &rule.code, agency, other.period_from, &other.cause).await?;
        changed += match found {
            None => {
                let draft = book.draft(rule, agency, term, &other.cause);
                usize::from(enter(tx, book, draft, ActorLabel::clock(), now).await?.is_some())
            }
            Some(_) if !is_planned_anew => 0,
            Some(duty) => usize::from(follow(tx, book, duty, other, term.due_on, now).await?),
        };
    }
    Ok(changed)
}

/// Moves an entry whose due day hangs on the planned day of another; `false` when nothing changes.
async fn follow(
    tx: &mut Tx,
    book: &Book,
    mut duty: Duty,
    other: &Duty,
    due_on: NaiveDate,
    now: DateTime<Utc>,
) -> Result<bool> {
    if !duty.state.is_owed() || duty.due_on == due_on {
        return Ok(false);
    }
    let before = duty.due_on;
    book.move_due(&mut duty, due_on, now);
    duty.version += 1;
    store::duties::update(tx, &duty).await?;
    store::duties::skip_steps(tx, duty.id).await?;
    store::duties::plan_steps(tx, duty.id, duty.cycle, &book.stages(&duty, now)).await?;
    let facts = json!({"from": before, "to": due_on, "because_of": other.id, "planned_on": other.planned_on});
    note(tx, &duty, now, ActorLabel::clock(), "moved", facts).await?;
    Ok(true)
}

async fn horizon(tx: &mut Tx) -> Result<Option<Horizon>> {
    Ok(store::settings::get(tx, HORIZON).await?.map(|text| serde_json::from_str(&text)).transpose()?)
}

/// Enters the terms that are running at `at`.
async fn open_at(tx: &mut Tx, book: &Book, offices: &Offices, at: DateTime<Utc>, now: DateTime<Utc>) -> Result<usize> {
    let mut opened = 0;
    for rule in &book.rules {
        let terms = match rule.rhythm {
            Rhythm::Month | Rhythm::Quarter | Rhythm::Year => {
                let term = rule.term_at(book.day(at));
                term.map(|term| offices.of(rule).into_iter().map(|agency| (agency, term)).collect()).unwrap_or_default()
            }
            Rhythm::TwoYears => two_years(tx, book, offices, rule, at).await?,
            Rhythm::OnChange | Rhythm::Before { .. } => Vec::new(),
        };
        for (agency, term) in terms {
            // What was due before the register knew of it is not its business.
            if late_from(term.due_on, book.zone) > at {
                let draft = book.draft(rule, &agency, term, "");
                opened += usize::from(enter(tx, book, draft, ActorLabel::clock(), now).await?.is_some());
            }
        }
    }
    for rule in &book.rules {
        let Rhythm::Before { code, .. } = &rule.rhythm else { continue };
        for other in store::duties::latest(tx, code).await?.iter().filter(|other| other.state.is_owed()) {
            opened += settle_what_comes_before(tx, book, other, false, now).await?;
        }
    }
    Ok(opened)
}

/// The terms of a two-year duty that have to be entered at `at`: none while one is owed.
async fn two_years(
    tx: &mut Tx,
    book: &Book,
    offices: &Offices,
    rule: &Rule,
    at: DateTime<Utc>,
) -> Result<Vec<(String, Term)>> {
    let today = book.day(at);
    let anchor = anchor(tx, &rule.code, today).await?;
    let latest = store::duties::latest(tx, &rule.code).await?;
    let mut terms = Vec::new();
    for agency in offices.of(rule) {
        let term = match latest.iter().find(|duty| duty.agency == agency) {
            // An office that came later than the duty starts with it anew once the first term is over.
            None => rule
                .two_years_from(anchor)
                .filter(|term| late_from(term.due_on, book.zone) > at)
                .or_else(|| rule.two_years_from(today)),
            Some(last) => next_two_years(book, rule, last, today),
        };
        terms.extend(term.map(|term| (agency, term)));
    }
    Ok(terms)
}

fn next_two_years(book: &Book, rule: &Rule, last: &Duty, today: NaiveDate) -> Option<Term> {
    match (last.state, last.done_at) {
        (DutyState::Done, Some(done_at)) => {
            let year = book.day(done_at).year();
            (today.year() > year).then(|| rule.two_years_after(year)).flatten()
        }
        // Released from two years: the next two begin behind them.
        (DutyState::Waived, _) => (today >= last.period_to).then(|| rule.two_years_from(last.period_to)).flatten(),
        (DutyState::Void, _) => rule.two_years_from(today),
        _ => None,
    }
}

/// The day on which a duty was first seen; kept from then on.
async fn anchor(tx: &mut Tx, code: &str, today: NaiveDate) -> Result<NaiveDate> {
    let key = format!("duty_anchor:{code}");
    if let Some(kept) = store::settings::get(tx, &key).await?.and_then(|text| text.parse().ok()) {
        return Ok(kept);
    }
    store::settings::set(tx, &key, &today.to_string()).await?;
    Ok(today)
}

/// Strikes out what is not late yet and nobody owes any more: its agency or its rule is gone.
async fn strike_out(tx: &mut Tx, book: &Book, offices: &Offices, now: DateTime<Utc>) -> Result<Vec<Duty>> {
    let mut struck = Vec::new();
    for mut duty in store::duties::open(tx).await? {
        let is_of_a_term = duty.cause.is_empty() && duty.code != ONE_OFF;
        let reason = if !duty.agency.is_empty() && !offices.agencies.iter().any(|agency| agency.code == duty.agency) {
            "agency"
        } else if is_of_a_term && book.rule(&duty.code).is_none() {
            "rule"
        } else {
            continue;
        };
        duty.state = DutyState::Void;
        duty.version += 1;
        store::duties::update(tx, &duty).await?;
        store::duties::skip_steps(tx, duty.id).await?;
        note(tx, &duty, now, ActorLabel::clock(), "voided", json!({"because_of": reason})).await?;
        struck.push(duty);
    }
    Ok(struck)
}

/// Lets one stage of an entry happen.
async fn pass(tx: &mut Tx, duty: &mut Duty, step: &DutyStep, is_mailed: bool, now: DateTime<Utc>) -> Result<()> {
    let facts = json!({"stage": step.stage, "due_at": step.due_at, "detected_at": now, "mailed": is_mailed});
    let kind = match step.stage {
        DutyStage::Reminder | DutyStage::LastReminder => "reminded",
        DutyStage::Overdue => {
            duty.state = DutyState::Overdue;
            duty.version += 1;
            store::duties::update(tx, duty).await?;
            "overdue"
        }
    };
    note(tx, duty, now, ActorLabel::clock(), kind, facts).await
}

impl Offices {
    /// Codes of those that owe what a rule asks.
    fn of(&self, rule: &Rule) -> Vec<String> {
        match rule.office {
            Office::Agency => self.agencies.iter().map(|agency| agency.code.clone()).collect(),
            Office::Ict => self.ict.iter().cloned().collect(),
            Office::Board => vec![String::new()],
        }
    }
}
