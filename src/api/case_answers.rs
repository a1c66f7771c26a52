//! How the warning procedure stands in answers.

use crate::desk::Desk;
use crate::desk::case_rules::Rung;
use crate::desk::case_views::{CasePage, Proof};
use crate::domain::warning::{Case, Suspension};
use crate::policy::measures::Effect;
use chrono::{DateTime, Utc};
use poem_openapi::Object;
use poem_openapi::types::Any;
use serde_json::Value;

/// A page of cases.
#[derive(Debug, Object)]
pub struct CasePageJson {
    pub items: Vec<CaseJson>,
    pub next_cursor: Option<String>,
}

/// A case of the warning procedure.
#[derive(Debug, Object)]
pub struct CaseJson {
    /// `PRK-2026-0007`.
    number: String,
    /// `resolution` (a missed resolution time) or `duty` (a neglected duty).
    cause: String,
    /// `letters`, or `proposal` where the law names nobody who warns.
    mode: String,
    /// `open`, `dossier_sent`, `letter_pending`, `curing`, `uncured`, `closure_due`, `suspended`, `repair_reported`,
    /// `repair_verified` or `ended`.
    state: String,
    /// `repaired`, `reopened`, `not_closed` or `decided`, once it has ended.
    outcome: Option<String>,
    service: Option<String>,
    /// Key of the neglected duty.
    duty: Option<i64>,
    /// Code of the agency that must repair.
    agency: String,
    /// Name of the service, or words of the duty.
    what: String,
    /// Where the duty is written that was broken.
    source: Option<String>,
    /// The breach.
    opened_at: DateTime<Utc>,
    detected_at: DateTime<Utc>,
    pack: String,
    /// The term that runs: `dossier`, `cure`, `execution` or `verification`.
    term: Option<String>,
    /// Its end.
    due_at: Option<DateTime<Utc>>,
    /// Until when the last letter awaits the repair.
    cure_due_at: Option<DateTime<Utc>>,
    /// Letters begun so far.
    letters_begun: i64,
    /// Key of the letter of this desk that is under way or was received last.
    letter: Option<String>,
    /// `ordered`, `in_force`, `lifted` or `cancelled`, once a letter has ordered the closing.
    order: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    version: i64,
    /// Only when one case is read.
    tickets: Option<Vec<EvidenceJson>>,
    /// Only when one case is read: the letters that can be written, in order.
    ladder: Option<Vec<RungJson>>,
    /// Only when one case is read: codes of its orders to close.
    suspensions: Option<Vec<String>>,
    /// Keys of its letters, the newest first.
    letters: Option<Vec<String>>,
    /// Only when one case is read: what the caller may do now.
    verbs: Option<Vec<String>>,
}

/// A ticket of a case.
#[derive(Debug, Object)]
pub struct EvidenceJson {
    number: String,
    breached_at: DateTime<Utc>,
    joined_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    /// By how many counted seconds the target was missed, until it was solved or until now.
    over_seconds: i64,
    /// Place of the last event of its chain when it joined.
    chain_seq: i64,
    /// Hash of that event.
    chain_hash: String,
    /// Clocks, pauses and figures when it joined.
    evidence: Any<Value>,
}

/// A letter of the ladder.
#[derive(Debug, Object)]
pub struct RungJson {
    place: i64,
    kind: String,
    /// Empty: the law names nobody.
    signer: String,
    addressee: String,
    copies: Vec<String>,
    /// What it orders.
    orders: Option<String>,
    /// Working days to repair from its receipt.
    cure_days: Option<u32>,
}

/// An order to close a service. The desk closes nothing by itself.
#[derive(Debug, Object)]
pub struct SuspensionJson {
    /// `PNT-2026-0003`.
    code: String,
    case: String,
    service: String,
    /// `ordered`, `in_force`, `lifted` or `cancelled`.
    state: String,
    what: String,
    until: String,
    endpoints: Vec<String>,
    ordered_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    executed_at: Option<DateTime<Utc>>,
    minutes: Option<String>,
    lifted_at: Option<DateTime<Utc>>,
    /// Note of the reopening.
    note: Option<String>,
    /// The public notice, once it was carried out.
    notice: Option<String>,
}

/// A page of orders.
#[derive(Debug, Object)]
pub struct SuspensionPageJson {
    pub items: Vec<SuspensionJson>,
    pub next_cursor: Option<String>,
}

impl CaseJson {
    /// A case as lists show it.
    pub fn short(case: Case) -> Self {
        let course = case.course;
        Self {
            number: case.number,
            cause: course.cause.to_string(),
            mode: course.mode.to_string(),
            state: course.state.to_string(),
            outcome: course.outcome.map(|outcome| outcome.to_string()),
            service: case.service,
            duty: case.duty,
            agency: case.agency,
            what: case.what,
            source: case.source,
            opened_at: case.opened_at,
            detected_at: case.detected_at,
            pack: case.pack,
            term: case.term.map(|term| term.to_string()),
            due_at: case.due_at,
            cure_due_at: case.cure_due_at,
            letters_begun: course.rung,
            letter: case.letter,
            order: course.order.map(|order| order.to_string()),
            ended_at: case.ended_at,
            version: case.version,
            tickets: None,
            ladder: None,
            suspensions: None,
            letters: None,
            verbs: None,
        }
    }

    /// A case with everything in it.
    pub fn whole(page: CasePage) -> Self {
        Self {
            tickets: Some(page.proofs.into_iter().map(EvidenceJson::new).collect()),
            ladder: Some(page.ladder.into_iter().map(RungJson::new).collect()),
            letters: Some(page.letters.into_iter().map(|letter| letter.key).collect()),
            suspensions: Some(page.orders.into_iter().map(|order| order.code).collect()),
            verbs: Some(page.verbs.iter().map(ToString::to_string).collect()),
            ..Self::short(page.case)
        }
    }
}

impl EvidenceJson {
    fn new(proof: Proof) -> Self {
        Self {
            number: proof.evidence.number,
            breached_at: proof.evidence.breached_at,
            joined_at: proof.evidence.joined_at,
            resolved_at: proof.ticket.resolved_at,
            over_seconds: proof.over_seconds,
            chain_seq: proof.evidence.chain_seq,
            chain_hash: proof.evidence.chain_hash,
            evidence: Any(serde_json::from_str(&proof.evidence.evidence).unwrap_or(Value::Null)),
        }
    }
}

impl RungJson {
    fn new(rung: Rung) -> Self {
        Self {
            copies: rung.copies_said(),
            place: rung.place,
            kind: rung.kind,
            signer: rung.signer,
            addressee: rung.addressee,
            orders: rung.orders,
            cure_days: match rung.effect {
                Effect::Cure(days) => Some(days),
                Effect::Order(_) | Effect::Wait => None,
            },
        }
    }
}

impl SuspensionJson {
    /// An order with the number of its case.
    pub fn new(desk: &Desk, order: Suspension, case: String) -> Self {
        Self {
            notice: order.executed_at.map(|_| desk.closure_url(&order.code)),
            code: order.code,
            case,
            service: order.service,
            state: order.state.to_string(),
            what: order.what,
            until: order.until,
            endpoints: serde_json::from_str(&order.endpoints).unwrap_or_default(),
            ordered_at: order.ordered_at,
            due_at: order.due_at,
            executed_at: order.executed_at,
            minutes: order.minutes,
            lifted_at: order.lifted_at,
            note: order.note,
        }
    }
}
