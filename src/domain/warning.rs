//! The warning procedure: a case from a missed promise to its end, which moves it allows, and who may make them.
//!
//! Everything that decides is a pure function here: [`Course::after`] is the table of allowed moves,
//! [`may`] the table of rights. How long a term is and what a letter orders is the pack's.

use crate::domain::people::{Actor, Role, Scope, Visibility};
use chrono::{DateTime, Utc};
use serde::Serialize;

words! {
    /// What a case is about.
    pub enum CaseCause {
        /// A missed resolution time of a service.
        Resolution = "resolution",
        /// A neglected duty.
        Duty = "duty",
    }
}

words! {
    /// What the pack lets come of a case.
    pub enum CaseMode {
        /// Letters of its own.
        Letters = "letters",
        /// Only a proposal to those who decide.
        Proposal = "proposal",
    }
}

words! {
    /// Where a case stands.
    pub enum CaseState {
        /// Breach recorded; the dossier is owed, or (without one) a first letter may be drafted.
        Open = "open",
        /// The coordination team has the dossier and decides.
        DossierSent = "dossier_sent",
        /// A letter is drafted, numbered, signed or on its way.
        LetterPending = "letter_pending",
        /// The letter has been received; the repair is awaited.
        Curing = "curing",
        /// The time to repair is over; the coordination team decides on the next letter.
        Uncured = "uncured",
        /// A received letter orders the closing; a person has to carry it out.
        ClosureDue = "closure_due",
        /// Closed by a person under the order.
        Suspended = "suspended",
        /// The owner says that it is repaired; somebody has to verify that.
        RepairReported = "repair_reported",
        /// Repair verified while closed; the reopening is owed.
        RepairVerified = "repair_verified",
        /// Over.
        Ended = "ended",
    }
}

words! {
    /// How a case ended.
    pub enum Outcome {
        /// Repaired before anything was closed, or the duty was fulfilled after all.
        Repaired = "repaired",
        /// The duty was waived, or nobody owes it any more.
        Released = "released",
        /// Repaired, verified and opened again.
        Reopened = "reopened",
        /// Not closed (or not pursued), with a reason.
        NotClosed = "not_closed",
        /// Those to whom the proposal went have decided.
        Decided = "decided",
    }
}

words! {
    /// Where the order to close a service stands.
    pub enum OrderState {
        /// Received, not carried out.
        Ordered = "ordered",
        /// Carried out.
        InForce = "in_force",
        /// Opened again.
        Lifted = "lifted",
        /// Ended before anybody carried it out.
        Cancelled = "cancelled",
    }
}

words! {
    /// What people do to a case.
    pub enum CaseVerb {
        SendDossier = "send_dossier",
        /// Draft the next letter of the ladder, or the proposal.
        IssueLetter = "issue_letter",
        /// Record that a letter written elsewhere was received.
        RecordReceipt = "record_receipt",
        ReportRepair = "report_repair",
        /// Say whether the reported repair is one.
        VerifyRepair = "verify_repair",
        DecideNotToClose = "decide_not_to_close",
        /// Record that a person has closed the service, with minutes.
        ExecuteClosure = "execute_closure",
        /// Record that the service is open again.
        Reopen = "reopen",
        /// Record what those have decided to whom the proposal went.
        RecordDecision = "record_decision",
    }
}

words! {
    /// A time that is set to somebody.
    pub enum Term {
        Dossier = "dossier",
        Cure = "cure",
        Execution = "execution",
        Verification = "verification",
    }
}

words! {
    /// What the clock does with a term, in this order.
    pub enum TermStage {
        Reminder = "reminder",
        /// The term is over.
        Overdue = "overdue",
    }
}

/// What a received letter sets in motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// A time to repair, or a wait for it without an end.
    Cure,
    /// An order to close.
    Order,
}

/// Something that moves a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    SendDossier,
    /// `last`: place of the last letter that can be written.
    IssueLetter {
        last: i64,
    },
    /// The drafted letter was withdrawn before it was sent.
    WithdrawLetter,
    LetterReceived(Received),
    CureMissed,
    ReportRepair,
    ConfirmRepair,
    /// `cure_over`: the time to repair has passed meanwhile.
    RejectRepair {
        cure_over: bool,
    },
    DecideNotToClose,
    ExecuteClosure,
    Reopen,
    RecordDecision,
    /// The neglected duty was fulfilled.
    DutyDone,
    /// The neglected duty was waived, or nobody owes it any more.
    DutyGone,
}

/// The course of a case: all that decides which moves are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Course {
    /// What it is about.
    pub cause: CaseCause,
    /// What may come of it.
    pub mode: CaseMode,
    /// Where it stands.
    pub state: CaseState,
    /// Where it goes on when a letter is withdrawn or a repair was none.
    pub before: Option<CaseState>,
    /// Letters begun so far.
    pub rung: i64,
    /// The order to close, once there is one.
    pub order: Option<OrderState>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Case {
    /// Key inside the database.
    pub id: i64,
    /// Public name, `PRK-2026-0007`.
    pub number: String,
    /// Grows with every change.
    pub version: i64,
    /// Where it stands.
    pub course: Course,
    /// The service that missed its promise.
    pub service: Option<String>,
    /// Key of the neglected duty.
    pub duty: Option<i64>,
    /// Code of the agency that must repair.
    pub agency: String,
    /// Name of the service or words of the duty.
    pub what: String,
    /// Where the duty is written that was broken.
    pub source: Option<String>,
    /// Since when: the breach. UTC.
    pub opened_at: DateTime<Utc>,
    /// When the program noticed. UTC.
    pub detected_at: DateTime<Utc>,
    /// Version of the pack it was opened under.
    pub pack: String,
    /// The term that runs.
    pub term: Option<Term>,
    /// Its end. UTC.
    pub due_at: Option<DateTime<Utc>>,
    /// Until when the last letter awaits the repair. UTC.
    pub cure_due_at: Option<DateTime<Utc>>,
    /// Round of terms.
    pub cycle: i64,
    /// Key of the letter that is under way or was received last.
    pub letter: Option<String>,
    /// Account of whoever reported the repair last.
    pub reported_by: Option<i64>,
    /// When it ended. UTC.
    pub ended_at: Option<DateTime<Utc>>,
}

/// An order to close a service for a time, and what was done about it. The program closes nothing by itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Suspension {
    /// Key inside the database.
    pub id: i64,
    /// Public name, `PNT-2026-0003`.
    pub code: String,
    /// The case.
    pub case_id: i64,
    /// The service.
    pub service: String,
    /// Where it stands.
    pub state: OrderState,
    /// What is ordered, in the pack's words.
    pub what: String,
    /// Until when it lasts, in the pack's words.
    pub until: String,
    /// Addresses and hosts to be closed, as JSON text: those of the catalogue when the letter was received.
    pub endpoints: String,
    /// When the letter was received. UTC.
    pub ordered_at: DateTime<Utc>,
    /// Until when it must be carried out. UTC.
    pub due_at: DateTime<Utc>,
    /// When a person carried it out. UTC.
    pub executed_at: Option<DateTime<Utc>>,
    /// Account of that person.
    pub executed_by: Option<i64>,
    /// Minutes of it.
    pub minutes: Option<String>,
    /// When the service was opened again. UTC.
    pub lifted_at: Option<DateTime<Utc>>,
    /// Account of whoever opened it.
    pub lifted_by: Option<i64>,
    /// Note of the reopening.
    pub note: Option<String>,
}

impl Course {
    /// A case that has just been opened.
    pub const fn new(cause: CaseCause, mode: CaseMode) -> Self {
        Self { cause, mode, state: CaseState::Open, before: None, rung: 0, order: None, outcome: None }
    }

    /// The course after a move; `None` when it is not allowed here.
    pub fn after(self, step: Move) -> Option<Self> {
        use CaseState as S;
        let to = |state| Some(Self { state, before: None, ..self });
        match (step, self.state) {
            (Move::SendDossier, S::Open) if self.needs_dossier() => to(S::DossierSent),
            (Move::IssueLetter { last }, S::Open | S::DossierSent | S::Uncured) => self.with_letter(last),
            (Move::WithdrawLetter, S::LetterPending) => {
                Some(Self { state: self.before.unwrap_or(S::Open), before: None, rung: self.rung - 1, ..self })
            }
            // A repair was reported meanwhile: should it be none, the case goes on where the letter before left it.
            (Move::WithdrawLetter, S::RepairReported) if self.before == Some(S::LetterPending) => {
                Some(Self { before: Some(S::Uncured), rung: self.rung - 1, ..self })
            }
            (Move::LetterReceived(what), S::LetterPending) if self.mode == CaseMode::Letters => {
                Some(self.received(what).at(what.state(), None))
            }
            (Move::LetterReceived(what), S::RepairReported) if self.before == Some(S::LetterPending) => {
                Some(self.received(what).at(S::RepairReported, Some(what.state())))
            }
            (Move::CureMissed, S::Curing) => to(S::Uncured),
            (Move::ReportRepair, S::Curing | S::Uncured | S::ClosureDue | S::Suspended) => self.reported(),
            (Move::ReportRepair, S::LetterPending) if self.rung > 1 => self.reported(),
            (Move::ConfirmRepair, S::RepairReported) if self.order == Some(OrderState::InForce) => {
                to(S::RepairVerified)
            }
            (Move::ConfirmRepair, S::RepairReported) => Some(self.ended(Outcome::Repaired)),
            (Move::RejectRepair { cure_over }, S::RepairReported) => match self.before? {
                S::Curing if cure_over => to(S::Uncured),
                // A letter under way when the repair was reported goes on from where the last one left the case.
                S::LetterPending => Some(self.at(S::LetterPending, Some(S::Uncured))),
                state => to(state),
            },
            (Move::DecideNotToClose, S::DossierSent | S::LetterPending | S::Curing | S::Uncured | S::ClosureDue) => {
                Some(self.ended(Outcome::NotClosed))
            }
            // Neglect of a duty has no dossier: whoever would write the letter may leave it.
            (Move::DecideNotToClose, S::Open) if !self.needs_dossier() => Some(self.ended(Outcome::NotClosed)),
            (Move::ExecuteClosure, S::ClosureDue) => Some(self.closed().at(S::Suspended, None)),
            (Move::ExecuteClosure, S::RepairReported) if self.order == Some(OrderState::Ordered) => {
                Some(self.closed().at(S::RepairReported, Some(S::Suspended)))
            }
            (Move::Reopen, S::RepairVerified) => {
                Some(Self { order: Some(OrderState::Lifted), ..self.ended(Outcome::Reopened) })
            }
            (Move::RecordDecision, S::LetterPending) if self.mode == CaseMode::Proposal => {
                Some(self.ended(Outcome::Decided))
            }
            (step @ (Move::DutyDone | Move::DutyGone), S::Open | S::Curing | S::Uncured | S::RepairReported)
                if self.cause == CaseCause::Duty && self.order.is_none() =>
            {
                Some(self.ended(if step == Move::DutyGone { Outcome::Released } else { Outcome::Repaired }))
            }
            _ => None,
        }
    }

    /// A missed promise goes to the coordination team with a dossier; neglect of a duty is on record already.
    pub fn needs_dossier(self) -> bool {
        self.cause == CaseCause::Resolution
    }

    fn with_letter(self, last: i64) -> Option<Self> {
        let is_early = self.state == CaseState::Open && self.needs_dossier();
        (!is_early && self.rung < last)
            .then(|| Self { rung: self.rung + 1, ..self.at(CaseState::LetterPending, Some(self.state)) })
    }

    fn reported(self) -> Option<Self> {
        Some(self.at(CaseState::RepairReported, Some(self.state)))
    }

    fn received(self, what: Received) -> Self {
        match what {
            Received::Order => Self { order: Some(OrderState::Ordered), ..self },
            Received::Cure => self,
        }
    }

    fn closed(self) -> Self {
        Self { order: Some(OrderState::InForce), ..self }
    }

    const fn at(self, state: CaseState, before: Option<CaseState>) -> Self {
        Self { state, before, ..self }
    }

    fn ended(self, outcome: Outcome) -> Self {
        let order = match self.order {
            Some(OrderState::Ordered) => Some(OrderState::Cancelled),
            other => other,
        };
        Self { state: CaseState::Ended, before: None, outcome: Some(outcome), order, ..self }
    }
}

impl Received {
    const fn state(self) -> CaseState {
        match self {
            Self::Cure => CaseState::Curing,
            Self::Order => CaseState::ClosureDue,
        }
    }
}

impl CaseVerb {
    /// Could this be done to a case on this course? What letter comes next is asked elsewhere.
    pub fn fits(self, course: Course, last: i64) -> bool {
        let step = match self {
            Self::SendDossier => Move::SendDossier,
            Self::IssueLetter => Move::IssueLetter { last },
            Self::RecordReceipt => Move::LetterReceived(Received::Cure),
            Self::ReportRepair => Move::ReportRepair,
            Self::VerifyRepair => Move::ConfirmRepair,
            Self::DecideNotToClose => Move::DecideNotToClose,
            Self::ExecuteClosure => Move::ExecuteClosure,
            Self::Reopen => Move::Reopen,
            Self::RecordDecision => Move::RecordDecision,
        };
        course.after(step).is_some()
    }
}

/// Why somebody may not do something to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is for others to do.
    Role,
    /// Nobody judges what his own agency has done (A31).
    OwnService,
    /// Whoever reported the repair does not verify it.
    SamePerson,
}

/// Does somebody who sees this much see the case?
pub fn is_seen(seen: &Visibility, case: &Case) -> bool {
    (seen.all || seen.agencies.contains(&case.agency))
        && seen.only_agency.as_ref().is_none_or(|only| *only == case.agency)
}

/// The table of rights: may `actor` do this to the case? `of_ict`: the service is the ICT office's own. Deny by default.
///
/// # Errors
/// Why not.
pub fn may(actor: &Actor, verb: CaseVerb, case: &Case, of_ict: bool) -> Result<(), Refusal> {
    let is_free = actor.only_agency.as_ref().is_none_or(|only| *only == case.agency);
    if !actor.account.active || actor.scope != Scope::Write || !is_free {
        return Err(Refusal::Role);
    }
    let office = actor.grants.iter().any(|grant| grant.is_of_ict_office());
    let team = actor.holds(Role::CoordinationTeam);
    let own = is_of(actor, &case.agency) || (office && of_ict);
    let allowed = match verb {
        CaseVerb::SendDossier | CaseVerb::ExecuteClosure | CaseVerb::Reopen => office,
        CaseVerb::ReportRepair => own,
        // The office that closes must not say that its own service is repaired.
        CaseVerb::VerifyRepair if of_ict => team || own,
        CaseVerb::VerifyRepair => office || own,
        CaseVerb::IssueLetter if case.course.mode == CaseMode::Proposal => team || office,
        CaseVerb::IssueLetter | CaseVerb::RecordReceipt | CaseVerb::DecideNotToClose | CaseVerb::RecordDecision => {
            team || own
        }
    };
    if !allowed {
        return Err(Refusal::Role);
    }
    let judges =
        !matches!(verb, CaseVerb::SendDossier | CaseVerb::ExecuteClosure | CaseVerb::Reopen | CaseVerb::ReportRepair);
    if judges && own {
        return Err(Refusal::OwnService);
    }
    if verb == CaseVerb::VerifyRepair && case.reported_by == Some(actor.account.id) {
        return Err(Refusal::SamePerson);
    }
    Ok(())
}

/// Speaks for the agency in any role.
fn is_of(actor: &Actor, agency: &str) -> bool {
    actor.grants.iter().any(|grant| grant.agency.as_deref() == Some(agency))
}

/// Where a role is held for a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// For the agency that must repair.
    There,
    /// For the whole region.
    Everywhere,
}

/// Who has to act next, and is told so.
pub const fn told(state: CaseState, cause: CaseCause, of_ict: bool) -> &'static [(Role, Held)] {
    use CaseState as S;
    const OFFICE: &[(Role, Held)] =
        &[(Role::Tier1Agent, Held::Everywhere), (Role::Tier2Unit, Held::Everywhere), (Role::IctHead, Held::Everywhere)];
    const TEAM: &[(Role, Held)] = &[(Role::CoordinationTeam, Held::Everywhere)];
    const OWNER: &[(Role, Held)] =
        &[(Role::AgencyHead, Held::There), (Role::ProcessOwner, Held::There), (Role::Tier2Unit, Held::There)];
    const ALL: &[(Role, Held)] = &[
        (Role::AgencyHead, Held::There),
        (Role::ProcessOwner, Held::There),
        (Role::IctHead, Held::Everywhere),
        (Role::CoordinationTeam, Held::Everywhere),
    ];
    match (state, cause) {
        (S::Open, CaseCause::Resolution) | (S::ClosureDue | S::RepairVerified, _) => OFFICE,
        (S::RepairReported, _) if of_ict => TEAM,
        (S::RepairReported, _) => OFFICE,
        (S::Open | S::DossierSent | S::Uncured | S::LetterPending, _) => TEAM,
        (S::Curing | S::Suspended, _) => OWNER,
        (S::Ended, _) => ALL,
    }
}
