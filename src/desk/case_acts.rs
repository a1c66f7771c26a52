//! What people do to a case. What is refused leaves a trace in its chain: who tried what, and why it was refused.

use crate::desk::cases::{STREAM, begin_term, end_terms, note};
use crate::desk::written::{LONGEST_REASON, optional, required, required_all};
use crate::desk::{Desk, chain, once};
use crate::domain::event::ActorLabel;
use crate::domain::people::{Actor, visibility};
use crate::domain::warning::{Case, CaseState, CaseVerb, Move, OrderState, Refusal, Suspension, Term, is_seen, may};
use crate::error::{Error, FieldError, Result, Say};
use crate::store::{self, Tx};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Longest number of a letter, in characters.
const LONGEST_NUMBER: usize = 100;

/// What somebody does to a case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CaseCommand {
    /// The dossier goes to the coordination team.
    SendDossier {
        /// What to know besides; may be empty.
        note: String,
    },
    /// The next letter of the ladder (or the proposal) is drafted.
    IssueLetter {
        /// Why this letter.
        reason: String,
        /// It is written outside of the desk; its receipt is recorded by hand.
        elsewhere: bool,
    },
    /// A letter written elsewhere was received.
    RecordReceipt {
        /// Number on the letter.
        number: String,
        /// When it was received; not in the future. UTC.
        received_at: Option<DateTime<Utc>>,
        /// What shows the receipt.
        receipt: String,
    },
    /// The owner says that the service is repaired.
    ReportRepair {
        /// What was repaired and how that was tested.
        report: String,
    },
    /// Somebody else has looked.
    VerifyRepair {
        /// Whether it is repaired.
        repaired: Option<bool>,
        /// What was found.
        findings: String,
    },
    /// The outcome "tidak ditutup, dengan alasan".
    DecideNotToClose {
        /// Why.
        reason: String,
    },
    /// A person has closed the service under the order.
    ExecuteClosure {
        /// When; now when left out. UTC.
        executed_at: Option<DateTime<Utc>>,
        /// Minutes: who did what, how, in whose presence.
        minutes: String,
    },
    /// The service is open again.
    Reopen {
        /// Note of the reopening.
        note: String,
    },
    /// What those have decided to whom the proposal went.
    RecordDecision {
        /// The decision and its document.
        decision: String,
    },
}

impl CaseCommand {
    /// The verb in the tables of rights and of allowed moves.
    pub const fn verb(&self) -> CaseVerb {
        match self {
            Self::SendDossier { .. } => CaseVerb::SendDossier,
            Self::IssueLetter { .. } => CaseVerb::IssueLetter,
            Self::RecordReceipt { .. } => CaseVerb::RecordReceipt,
            Self::ReportRepair { .. } => CaseVerb::ReportRepair,
            Self::VerifyRepair { .. } => CaseVerb::VerifyRepair,
            Self::DecideNotToClose { .. } => CaseVerb::DecideNotToClose,
            Self::ExecuteClosure { .. } => CaseVerb::ExecuteClosure,
            Self::Reopen { .. } => CaseVerb::Reopen,
            Self::RecordDecision { .. } => CaseVerb::RecordDecision,
        }
    }
}

impl Desk {
    /// Does `command` to a case. `version` is the one the caller has seen; `key` makes a repeated request harmless.
    ///
    /// # Errors
    /// `NotFound` also for cases the actor may not see and in regions without a procedure; `Denied`, `Conflict`,
    /// `Invalid` as the rules say. Nothing is changed then, but what was denied or impossible is noted as an attempt.
    pub async fn act_on_case(
        &self,
        actor: &Actor,
        number: &str,
        version: Option<i64>,
        command: CaseCommand,
        key: Option<&str>,
    ) -> Result<Case> {
        self.procedure()?;
        // What has come due is on record before anybody changes it.
        self.run_case_terms().await?;
        let outcome = self.do_to_case(actor, number, version, &command, key).await;
        if let Err(error @ (Error::Denied(_) | Error::Conflict { version: None, .. })) = &outcome {
            self.note_refusal(actor, number, command.verb(), error.public().key).await?;
        }
        let case = outcome?;
        self.refresh_closures().await;
        self.wake();
        Ok(case)
    }

    async fn do_to_case(
        &self,
        actor: &Actor,
        number: &str,
        version: Option<i64>,
        command: &CaseCommand,
        key: Option<&str>,
    ) -> Result<Case> {
        let now = self.now();
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, number).await?;
        let mut case = seen(&mut tx, actor, number).await?;
        let request = once::fingerprint(&("case", number, command));
        if let once::Repeat::Answered(_) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            tx.commit().await?;
            return Ok(case);
        }
        let of_ict = self.rules.is_ict_office(&case.agency);
        may(actor, command.verb(), &case, of_ict).map_err(|refusal| Error::Denied(Say::new(refused(refusal))))?;
        if version.is_some_and(|seen| seen != case.version) {
            return Err(Error::Conflict { say: Say::new("error-case-stale"), version: Some(case.version) });
        }
        let last = self.last_rung(&mut tx, &case).await?;
        if !command.verb().fits(case.course, last) {
            return Err(Error::conflict(Say::new(not_now(command.verb(), &case))));
        }
        self.change_case(&mut tx, &mut case, command, last, actor, now).await?;
        once::answer(&mut tx, actor, key, &case.number).await?;
        tx.commit().await?;
        Ok(case)
    }

    /// Place of the last letter that can be written in a case.
    pub(super) async fn last_rung(&self, tx: &mut Tx, case: &Case) -> Result<i64> {
        let ladder = self.ladder(tx, &self.procedure()?, case).await?;
        Ok(ladder.iter().map(|rung| rung.place).max().unwrap_or_default())
    }

    async fn change_case(
        &self,
        tx: &mut Tx,
        case: &mut Case,
        command: &CaseCommand,
        last: i64,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let label = ActorLabel::user(actor.account.id);
        let (step, kind, facts) = match command {
            CaseCommand::SendDossier { note } => {
                let note = optional("note", note, LONGEST_REASON)?;
                end_terms(tx, case, Some(Term::Dossier)).await?;
                (Move::SendDossier, "dossier_sent", json!({"note": note}))
            }
            CaseCommand::IssueLetter { reason, elsewhere } => {
                let reason = required("reason", reason, LONGEST_REASON)?;
                return self.issue_rung(tx, case, &reason, *elsewhere, last, actor, now).await;
            }
            CaseCommand::RecordReceipt { number, received_at, receipt } => {
                let facts = receipt_of(case, number, *received_at, receipt, now)?;
                let at = received_at.unwrap_or(now);
                return self.letter_received(tx, case, at, label, facts, now).await;
            }
            CaseCommand::ReportRepair { report } => {
                let report = required("report", report, LONGEST_REASON)?;
                self.repair_reported(tx, case, actor, now).await?;
                (Move::ReportRepair, "repair_reported", json!({"report": report}))
            }
            CaseCommand::VerifyRepair { repaired, findings } => {
                return self.verify(tx, case, *repaired, findings, actor, now).await;
            }
            CaseCommand::DecideNotToClose { reason } => {
                let reason = required("reason", reason, LONGEST_REASON)?;
                (Move::DecideNotToClose, "not_closed", json!({"reason": reason, "rung": case.course.rung}))
            }
            CaseCommand::ExecuteClosure { executed_at, minutes } => {
                let order = self.execute(tx, case, *executed_at, minutes, actor, now).await?;
                let letter = self.draft_minutes(tx, case, &order, actor).await?;
                let facts = json!({
                    "order": order.code, "executed_at": order.executed_at, "minutes": order.minutes,
                    "late": order.executed_at > Some(order.due_at), "letter": letter,
                });
                (Move::ExecuteClosure, "closure_executed", facts)
            }
            CaseCommand::Reopen { note } => {
                let note = required("note", note, LONGEST_REASON)?;
                let mut order = order_of(tx, case, OrderState::InForce).await?;
                order.state = OrderState::Lifted;
                (order.lifted_at, order.lifted_by) = (Some(now), Some(actor.account.id));
                order.note = Some(note.clone());
                store::suspensions::update(tx, &order).await?;
                let letter = self.draft_reopening(tx, case, &order).await?;
                (Move::Reopen, "service_reopened", json!({"order": order.code, "note": note, "letter": letter}))
            }
            CaseCommand::RecordDecision { decision } => {
                let decision = required("decision", decision, LONGEST_REASON)?;
                (Move::RecordDecision, "decision_recorded", json!({"decision": decision}))
            }
        };
        self.move_case(tx, case, step, label, kind, facts, now).await
    }

    #[expect(clippy::too_many_arguments, reason = "each is one fact of the letter")]
    async fn issue_rung(
        &self,
        tx: &mut Tx,
        case: &mut Case,
        reason: &str,
        elsewhere: bool,
        last: i64,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let label = ActorLabel::user(actor.account.id);
        let place = case.course.rung + 1;
        let ladder = self.ladder(tx, &self.procedure()?, case).await?;
        let rung = ladder.iter().find(|rung| rung.place == place);
        let rung = rung.ok_or_else(|| Error::conflict(Say::new("case-no-more-letters")))?;
        end_terms(tx, case, Some(Term::Cure)).await?;
        case.letter = if elsewhere { None } else { Some(self.draft_for(tx, case, rung, &ladder).await?) };
        let facts = json!({
            "reason": reason, "rung": place, "kind": rung.kind, "signer": rung.signer, "addressee": rung.addressee,
            "copies": rung.copies_said(), "orders": rung.orders, "elsewhere": elsewhere, "letter": case.letter,
        });
        self.move_case(tx, case, Move::IssueLetter { last }, label, "letter_drafted", facts, now).await
    }

    async fn repair_reported(&self, tx: &mut Tx, case: &mut Case, actor: &Actor, now: DateTime<Utc>) -> Result<()> {
        end_terms(tx, case, Some(Term::Cure)).await?;
        case.reported_by = Some(actor.account.id);
        let rules = self.procedure()?;
        let due = rules.verify_due(now)?;
        begin_term(tx, case, Term::Verification, due, &rules.stages(due, now)?).await
    }

    async fn verify(
        &self,
        tx: &mut Tx,
        case: &mut Case,
        repaired: Option<bool>,
        findings: &str,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut problems = Vec::new();
        let findings = required("findings", findings, LONGEST_REASON);
        if let Err(Error::Invalid(more)) = &findings {
            problems.extend(more.iter().cloned());
        }
        if repaired.is_none() {
            problems.push(FieldError { field: "repaired", say: Say::new("case-choose-verdict") });
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let (findings, label) = (findings?, ActorLabel::user(actor.account.id));
        end_terms(tx, case, Some(Term::Verification)).await?;
        if repaired == Some(true) {
            let facts = json!({"findings": findings});
            return self.move_case(tx, case, Move::ConfirmRepair, label, "repair_confirmed", facts, now).await;
        }
        let cure_over = case.cure_due_at.is_some_and(|due| due <= now);
        self.resume_terms(tx, case, cure_over, now).await?;
        let facts = json!({"findings": findings, "cure_over": cure_over});
        self.move_case(tx, case, Move::RejectRepair { cure_over }, label, "repair_rejected", facts, now).await
    }

    /// The reported repair was none: what stood still meanwhile goes on.
    async fn resume_terms(&self, tx: &mut Tx, case: &mut Case, cure_over: bool, now: DateTime<Utc>) -> Result<()> {
        case.reported_by = None;
        match (case.course.before, case.cure_due_at) {
            (Some(CaseState::Curing), Some(due)) if !cure_over => {
                let rules = self.procedure()?;
                begin_term(tx, case, Term::Cure, due, &rules.stages(due, now)?).await
            }
            (Some(CaseState::ClosureDue), _) => {
                // Its steps were never taken back.
                let order = order_of(tx, case, OrderState::Ordered).await?;
                (case.term, case.due_at) = (Some(Term::Execution), Some(order.due_at));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn execute(
        &self,
        tx: &mut Tx,
        case: &mut Case,
        executed_at: Option<DateTime<Utc>>,
        minutes: &str,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Suspension> {
        let mut order = order_of(tx, case, OrderState::Ordered).await?;
        let at = executed_at.unwrap_or(now);
        let texts = required_all(&[("minutes", minutes, LONGEST_REASON)]);
        let mut problems = Vec::new();
        if let Err(Error::Invalid(more)) = &texts {
            problems.extend(more.iter().cloned());
        }
        if at > now || at < order.ordered_at {
            problems.push(FieldError { field: "executed_at", say: Say::new("case-executed-when") });
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let minutes = texts?.remove(0);
        order.state = OrderState::InForce;
        (order.executed_at, order.executed_by) = (Some(at), Some(actor.account.id));
        order.minutes = Some(minutes);
        store::suspensions::update(tx, &order).await?;
        end_terms(tx, case, Some(Term::Execution)).await?;
        Ok(order)
    }

    /// Notes in the chain of a case that somebody tried what he may not, or what is impossible now.
    async fn note_refusal(&self, actor: &Actor, number: &str, verb: CaseVerb, why: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        let Some(case) = store::cases::by_number(&mut tx, number).await? else { return Ok(()) };
        let facts = json!({"verb": verb, "why": why, "state": case.course.state});
        note(&mut tx, &case, ActorLabel::user(actor.account.id), "attempt_refused", facts, self.now()).await?;
        tx.commit().await
    }
}

/// The case with a number, when the actor may see it.
pub(super) async fn seen(tx: &mut Tx, actor: &Actor, number: &str) -> Result<Case> {
    let case = store::cases::by_number(tx, number).await?;
    case.filter(|case| is_seen(&visibility(actor), case)).ok_or(Error::NotFound("warning-case"))
}

async fn order_of(tx: &mut Tx, case: &Case, state: OrderState) -> Result<Suspension> {
    let orders = store::suspensions::of_case(tx, case.id).await?;
    let order = orders.into_iter().rev().find(|order| order.state == state);
    order.ok_or_else(|| Error::conflict(Say::new("case-no-order")))
}

fn receipt_of(
    case: &Case,
    number: &str,
    received_at: Option<DateTime<Utc>>,
    receipt: &str,
    now: DateTime<Utc>,
) -> Result<Value> {
    if case.letter.is_some() {
        return Err(Error::conflict(Say::new("case-letter-here")));
    }
    let texts = required_all(&[("number", number, LONGEST_NUMBER), ("receipt", receipt, LONGEST_REASON)]);
    let mut problems = Vec::new();
    if let Err(Error::Invalid(more)) = &texts {
        problems.extend(more.iter().cloned());
    }
    if received_at.is_some_and(|at| at > now || at < case.opened_at) {
        problems.push(FieldError { field: "received_at", say: Say::new("case-received-when") });
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let texts = texts?;
    Ok(json!({"number": texts[0], "receipt": texts[1]}))
}

const fn refused(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Role => "error-denied",
        Refusal::OwnService => "case-own-service",
        Refusal::SamePerson => "case-same-person",
    }
}

/// Why a verb is impossible where the case stands.
fn not_now(verb: CaseVerb, case: &Case) -> &'static str {
    match (verb, case.course.state) {
        (_, CaseState::Ended) => "case-ended",
        (CaseVerb::ExecuteClosure, _) if case.course.order.is_none() => "case-no-order",
        (CaseVerb::Reopen, CaseState::Suspended | CaseState::RepairReported) => "case-not-verified",
        (CaseVerb::Reopen, _) => "case-not-closed",
        (CaseVerb::RecordReceipt, _) => "case-no-letter",
        (CaseVerb::IssueLetter, CaseState::Open) => "case-no-dossier",
        _ => "case-not-now",
    }
}
