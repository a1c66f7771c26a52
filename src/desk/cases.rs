//! Cases of the warning procedure: how they open by themselves, gather evidence and move.
//!
//! A case opens in the transaction in which the breach is recorded. What people do to it stands in `case_acts`, what
//! its terms make happen in `case_terms`. The program closes no service: it drafts, reminds and records.

use crate::desk::case_rules::{Procedure, Rung};
use crate::desk::working::Working;
use crate::desk::{Desk, chain};
use crate::domain::duty::{Duty, DutyState};
use crate::domain::event::ActorLabel;
use crate::domain::warning::{
    Case, CaseCause, CaseMode, CaseState, Course, Move, OrderState, Received, Suspension, Term,
};
use crate::error::{Error, Result, Say};
use crate::policy::measures::Effect;
use crate::secret::sha256;
use crate::store::cases::Evidence;
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Kind of the streams in which cases tell their history.
pub(super) const STREAM: &str = "case";

/// What is known of a case before it is opened.
struct Opening {
    course: Course,
    service: Option<String>,
    duty: Option<i64>,
    agency: String,
    what: String,
    source: Option<String>,
    opened_at: DateTime<Utc>,
}

impl Desk {
    /// A ticket missed its promise: opens the case of its service, or joins the one that is open. Inside the
    /// transaction that records the breach.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn breach_in_case(
        &self,
        tx: &mut Tx,
        working: &Working,
        breached_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let (Ok(rules), Some(service)) = (self.procedure(), &working.service) else { return Ok(()) };
        if !rules.counts(working.is_critical(), working.ticket.priority) {
            return Ok(());
        }
        chain::turn(tx, "case-of", &service.code).await?;
        if let Some(case) = store::cases::open_of_service(tx, &service.code).await? {
            chain::turn(tx, STREAM, &case.number).await?;
            // Read again: whoever had the turn may have ended it, and then it gathers nothing more.
            if store::cases::open_of_service(tx, &service.code).await?.is_some_and(|still| still.id == case.id) {
                return join(tx, &case, working, breached_at, now).await;
            }
        }
        let Some(others) = self.enough(tx, &rules, &service.code, breached_at).await? else { return Ok(()) };
        let opening = Opening {
            course: Course::new(CaseCause::Resolution, CaseMode::Letters),
            service: Some(service.code.clone()),
            duty: None,
            agency: service.agency.clone(),
            what: service.name.clone(),
            source: rules.basis(),
            opened_at: breached_at,
        };
        let Some(mut case) = self.open_case(tx, &rules, opening, now).await? else { return Ok(()) };
        let due = rules.dossier_due(case.opened_at)?;
        begin_term(tx, &mut case, Term::Dossier, due, &rules.stages(due, now)?).await?;
        for id in others.into_iter().filter(|id| *id != working.ticket.id) {
            let Some(ticket) = store::tickets::by_id(tx, id).await? else { continue };
            let Some(missed_at) = ticket.breached_at else { continue };
            let other = Working::load(tx, ticket).await?;
            join(tx, &case, &other, missed_at, now).await?;
        }
        join(tx, &case, working, breached_at, now).await?;
        case.version += 1;
        store::cases::update(tx, &case).await?;
        self.mail_case(tx, &case, "case_opened", None, now).await
    }

    /// The tickets that are enough for a case, besides the one that has just missed its promise; `None`: too few.
    async fn enough(
        &self,
        tx: &mut Tx,
        rules: &Procedure,
        service: &str,
        at: DateTime<Utc>,
    ) -> Result<Option<Vec<i64>>> {
        let Some((wanted, priorities, from)) = rules.threshold(at) else { return Ok(None) };
        if wanted <= 1 {
            return Ok(Some(Vec::new()));
        }
        let end = at + chrono::Duration::microseconds(1);
        let missed = store::cases::missed(tx, service, &priorities, from, end).await?;
        Ok((missed.len() >= wanted).then_some(missed))
    }

    /// A duty became overdue: opens its case where the law provides for just this neglect.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn neglect_in_case(&self, tx: &mut Tx, duty: &Duty, now: DateTime<Utc>) -> Result<()> {
        let Ok(rules) = self.procedure() else { return Ok(()) };
        let (Some(mode), false) = (rules.for_neglect(duty), duty.agency.is_empty()) else { return Ok(()) };
        if store::cases::of_duty(tx, duty.id).await?.is_some() {
            return Ok(());
        }
        let opening = Opening {
            course: Course::new(CaseCause::Duty, mode),
            service: None,
            duty: Some(duty.id),
            agency: duty.agency.clone(),
            what: duty.what.clone(),
            source: duty.source.clone(),
            opened_at: duty.due_at,
        };
        match self.open_case(tx, &rules, opening, now).await? {
            Some(case) => self.mail_case(tx, &case, "case_opened", None, now).await,
            None => Ok(()),
        }
    }

    /// A neglected duty is owed no more (fulfilled, waived, struck out): its case ends, unless a letter is under way
    /// already.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn duty_settled(
        &self,
        tx: &mut Tx,
        duty: &Duty,
        actor: ActorLabel,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some(found) = store::cases::of_duty(tx, duty.id).await? else { return Ok(()) };
        chain::turn(tx, STREAM, &found.number).await?;
        let Some(mut case) = store::cases::of_duty(tx, duty.id).await? else { return Ok(()) };
        let facts = json!({"state": duty.state, "evidence": duty.evidence, "note": duty.note});
        let (step, kind) = match duty.state {
            DutyState::Done => (Move::DutyDone, "duty_fulfilled"),
            _ => (Move::DutyGone, "duty_released"),
        };
        if case.course.after(step).is_some() {
            return self.move_case(tx, &mut case, step, actor, kind, facts, now).await;
        }
        note(tx, &case, actor, kind, facts, now).await
    }

    async fn open_case(
        &self,
        tx: &mut Tx,
        rules: &Procedure,
        opening: Opening,
        now: DateTime<Utc>,
    ) -> Result<Option<Case>> {
        let year = rules.year(now);
        let place = store::incidents::next_place(tx, &format!("PRK-{year}")).await?;
        let mut case = Case {
            id: 0,
            number: format!("PRK-{year}-{place:04}"),
            version: 1,
            course: opening.course,
            service: opening.service,
            duty: opening.duty,
            agency: opening.agency,
            what: opening.what,
            source: opening.source,
            opened_at: opening.opened_at,
            detected_at: now,
            pack: rules.version(),
            term: None,
            due_at: None,
            cure_due_at: None,
            cycle: 0,
            letter: None,
            reported_by: None,
            ended_at: None,
        };
        let Some(id) = store::cases::insert(tx, &case).await? else { return Ok(None) };
        case.id = id;
        let facts = json!({
            "cause": case.course.cause, "mode": case.course.mode, "service": case.service, "duty": case.duty,
            "agency": case.agency, "what": case.what, "source": case.source, "pack": case.pack,
            "breached_at": case.opened_at, "detected_at": now,
        });
        note(tx, &case, ActorLabel::clock(), "case_opened", facts, now).await?;
        Ok(Some(case))
    }

    /// Moves a case, saves it, notes it in its chain and tells those who act next. What the move needs besides has been
    /// set on `case` before.
    ///
    /// # Errors
    /// `Conflict` when the move is not allowed here; the database does not answer.
    #[expect(clippy::too_many_arguments, reason = "each is one fact of the move")]
    pub(super) async fn move_case(
        &self,
        tx: &mut Tx,
        case: &mut Case,
        step: Move,
        actor: ActorLabel,
        kind: &'static str,
        facts: Value,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let before = case.course;
        case.course = before.after(step).ok_or_else(|| Error::conflict(Say::new("case-not-now")))?;
        if case.course.state == CaseState::Ended {
            end_terms(tx, case, None).await?;
            case.ended_at = Some(now);
            if (before.order, case.course.order) == (Some(OrderState::Ordered), Some(OrderState::Cancelled)) {
                self.cancel_order(tx, case).await?;
            }
        }
        case.version += 1;
        store::cases::update(tx, case).await?;
        if case.course.state == CaseState::Ended {
            self.withdraw_letters(tx, case, &actor).await?;
        }
        let mut facts = facts;
        if let Some(facts) = facts.as_object_mut() {
            facts.insert("from".to_owned(), json!(before.state));
            facts.insert("to".to_owned(), json!(case.course.state));
            facts.insert("next_due_at".to_owned(), json!(case.due_at));
        }
        note(tx, case, actor, kind, facts, now).await?;
        self.mail_case(tx, case, kind, None, now).await
    }

    async fn cancel_order(&self, tx: &mut Tx, case: &Case) -> Result<()> {
        for mut order in store::suspensions::of_case(tx, case.id).await? {
            if order.state == OrderState::Ordered {
                order.state = OrderState::Cancelled;
                store::suspensions::update(tx, &order).await?;
            }
        }
        Ok(())
    }

    /// A letter of the case was received: its cure period or its order begins at that instant.
    ///
    /// # Errors
    /// `Conflict` when no letter is under way.
    pub(super) async fn letter_received(
        &self,
        tx: &mut Tx,
        case: &mut Case,
        at: DateTime<Utc>,
        actor: ActorLabel,
        facts: Value,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let rules = self.procedure()?;
        let rung = self.rung(tx, &rules, case).await?.ok_or_else(|| Error::conflict(Say::new("case-no-letter")))?;
        let what = match rung.effect {
            Effect::Order(_) => Received::Order,
            Effect::Cure(_) | Effect::Wait => Received::Cure,
        };
        let step = Move::LetterReceived(what);
        if case.course.after(step).is_none() {
            return Err(Error::conflict(Say::new("case-no-letter")));
        }
        match rung.effect {
            Effect::Cure(days) => {
                let due = rules.working_days(at, days)?;
                case.cure_due_at = Some(due);
                // While a reported repair is being verified its own term runs.
                if case.course.state == CaseState::LetterPending {
                    begin_term(tx, case, Term::Cure, due, &rules.stages(due, now)?).await?;
                }
            }
            Effect::Order(within) => {
                let due = rules.order_due(at, within)?;
                begin_term(tx, case, Term::Execution, due, &rules.order_stages(due, now)?).await?;
                self.order(tx, case, &rung, at, due, now).await?;
            }
            Effect::Wait => {}
        }
        let mut facts = facts;
        if let Some(facts) = facts.as_object_mut() {
            facts.insert("letter".to_owned(), json!(case.letter));
            facts.insert("rung".to_owned(), json!(case.course.rung));
            facts.insert("kind".to_owned(), json!(rung.kind));
            facts.insert("received_at".to_owned(), json!(at));
        }
        self.move_case(tx, case, step, actor, "letter_received", facts, now).await
    }

    /// The order of a letter: what the catalogue lists as the service's public addresses is what it names.
    async fn order(
        &self,
        tx: &mut Tx,
        case: &Case,
        rung: &Rung,
        at: DateTime<Utc>,
        due_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some(service) = &case.service else { return Err(Error::internal("an order without a service")) };
        let entry = store::catalogue::entry(tx, service).await?;
        let year = self.procedure()?.year(now);
        let place = store::incidents::next_place(tx, &format!("PNT-{year}")).await?;
        let suspension = Suspension {
            id: 0,
            code: format!("PNT-{year}-{place:04}"),
            case_id: case.id,
            service: service.clone(),
            state: OrderState::Ordered,
            what: rung.orders.clone().unwrap_or_default(),
            until: rung.until.clone(),
            endpoints: serde_json::to_string(&entry.map(|entry| entry.endpoints).unwrap_or_default())?,
            ordered_at: at,
            due_at,
            executed_at: None,
            executed_by: None,
            minutes: None,
            lifted_at: None,
            lifted_by: None,
            note: None,
        };
        store::suspensions::insert(tx, &suspension).await?;
        let facts = json!({
            "order": suspension.code, "what": suspension.what, "endpoints": suspension.endpoints,
            "ordered_at": at, "due_at": due_at,
        });
        note(tx, case, ActorLabel::clock(), "closure_ordered", facts, now).await
    }

    /// The letter that was begun last in a case.
    pub(super) async fn rung(&self, tx: &mut Tx, rules: &Procedure, case: &Case) -> Result<Option<Rung>> {
        let ladder = self.ladder(tx, rules, case).await?;
        Ok(ladder.into_iter().find(|rung| rung.place == case.course.rung))
    }

    /// Every letter that can be written in a case.
    pub(super) async fn ladder(&self, tx: &mut Tx, rules: &Procedure, case: &Case) -> Result<Vec<Rung>> {
        let duty = match case.duty {
            Some(id) => store::duties::by_id(tx, id).await?,
            None => None,
        };
        Ok(rules.ladder(case, duty.as_ref().map(|duty| duty.code.as_str())))
    }
}

/// Appends a fact about a case.
pub(super) async fn note(
    tx: &mut Tx,
    case: &Case,
    actor: ActorLabel,
    kind: &'static str,
    facts: Value,
    now: DateTime<Utc>,
) -> Result<()> {
    chain::note(tx, STREAM, &case.number, now, actor, kind, facts).await
}

/// Sets a term; the case still has to be saved.
pub(super) async fn begin_term(
    tx: &mut Tx,
    case: &mut Case,
    term: Term,
    due_at: DateTime<Utc>,
    stages: &[(crate::domain::warning::TermStage, DateTime<Utc>)],
) -> Result<()> {
    case.cycle += 1;
    (case.term, case.due_at) = (Some(term), Some(due_at));
    store::cases::plan_term(tx, case.id, term, case.cycle, due_at, stages).await
}

/// Ends a term, or all of them; the case still has to be saved.
pub(super) async fn end_terms(tx: &mut Tx, case: &mut Case, term: Option<Term>) -> Result<()> {
    if term.is_none() || case.term == term {
        (case.term, case.due_at) = (None, None);
    }
    store::cases::skip_term(tx, case.id, term).await
}

/// Puts a ticket among the evidence of a case as it stands now.
async fn join(
    tx: &mut Tx,
    case: &Case,
    working: &Working,
    breached_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    let ticket = &working.ticket;
    let (chain_seq, chain_hash) = store::events::head(tx, &ticket.number)
        .await?
        .ok_or_else(|| Error::internal("a ticket without a history missed its promise"))?;
    let proof = json!({
        "number": ticket.number, "kind": ticket.kind, "priority": ticket.priority, "profile": ticket.profile,
        "pack": ticket.pack, "opened_at": ticket.opened_at, "responded_at": ticket.responded_at,
        "breached_at": breached_at, "breached_tier": ticket.breached_tier, "clocks": working.clocks,
        "pauses": working.pauses, "chain": {"seq": chain_seq, "hash": chain_hash},
    });
    let evidence = Evidence {
        ticket_id: ticket.id,
        number: ticket.number.clone(),
        breached_at,
        joined_at: now,
        chain_seq,
        chain_hash: chain_hash.clone(),
        evidence: proof.to_string(),
    };
    if !store::cases::add_evidence(tx, case.id, &evidence).await? {
        return Ok(());
    }
    let facts = json!({
        "ticket": ticket.number, "breached_at": breached_at, "chain_seq": chain_seq, "chain_hash": chain_hash,
        "evidence_sha256": sha256(&evidence.evidence),
    });
    note(tx, case, ActorLabel::clock(), "ticket_joined", facts, now).await
}
