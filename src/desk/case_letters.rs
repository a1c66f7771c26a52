//! The letters of a case: what the case tells whoever writes them, and what their progress does to it.

use crate::desk::case_rules::Rung;
use crate::desk::cases::{STREAM, note};
use crate::desk::official_letters::DraftLetter;
use crate::desk::{Desk, chain, letter_turn};
use crate::domain::event::ActorLabel;
use crate::domain::letter::{Letter, LetterAct, LetterState, Recipient, TicketLine};
use crate::domain::people::Role;
use crate::domain::ticket::Language;
use crate::domain::warning::{Case, CaseCause, CaseMode, Move, Outcome, Received};
use crate::error::{Result, Say};
use crate::policy::deadline::Duration;
use crate::policy::measures::{Effect, OWNER};
use crate::render::official;
use crate::store::letters::LetterFilter;
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Letters of one case that are looked through.
const LETTERS: i64 = 50;
/// Facts of one case that are looked through.
const EVENTS: i64 = 10_000;

impl Desk {
    /// A letter has reached another state, inside the transaction that moved it; `letter.case_key` names its case.
    ///
    /// # Errors
    /// The database does not answer; the letter is not moved then.
    pub(super) async fn letter_moved(&self, tx: &mut Tx, letter: &Letter, by: &ActorLabel) -> Result<()> {
        let (Some(number), now) = (&letter.case_key, self.now()) else { return Ok(()) };
        chain::turn(tx, STREAM, number).await?;
        let Some(mut case) = store::cases::by_number(tx, number).await?.filter(|case| case.ended_at.is_none()) else {
            return Ok(());
        };
        // What replaces the case's letter takes its place when it is signed, and not before.
        let is_successor = letter.state == LetterState::Signed && letter.replaces.is_some();
        if is_successor && letter.replaces == case.letter {
            case.letter = Some(letter.key.clone());
            case.version += 1;
            store::cases::update(tx, &case).await?;
        }
        if case.letter.as_deref() != Some(letter.key.as_str()) {
            return Ok(());
        }
        let facts = json!({"letter": letter.key, "number": letter.number, "replaces": letter.replaces});
        let receipt = case.course.after(Move::LetterReceived(Received::Cure)).is_some();
        match letter.state {
            LetterState::Received if receipt => {
                let at = letter.received_at.unwrap_or(now);
                self.letter_received(tx, &mut case, at, by.clone(), facts, now).await
            }
            LetterState::Withdrawn if case.course.after(Move::WithdrawLetter).is_some() => {
                case.letter = None;
                self.move_case(tx, &mut case, Move::WithdrawLetter, by.clone(), "letter_withdrawn", facts, now).await
            }
            LetterState::Signed => note(tx, &case, by.clone(), "letter_signed", facts, now).await,
            LetterState::Sent => note(tx, &case, by.clone(), "letter_sent", facts, now).await,
            _ => Ok(()),
        }
    }

    /// Withdraws what was not signed in a case that has just ended, in its transaction: nothing may go out in it.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn withdraw_letters(&self, tx: &mut Tx, case: &Case, by: &ActorLabel) -> Result<()> {
        let filter = LetterFilter { case_key: Some(case.number.clone()), ..LetterFilter::default() };
        for found in store::letters::letters(tx, &filter, i64::MAX, LETTERS).await? {
            chain::turn(tx, letter_turn::STREAM, &found.key).await?;
            let Some(mut letter) = store::letters::letter(tx, &found.key).await? else { continue };
            if !letter.kind.moves_case() || !letter.state.allows(LetterAct::Withdraw) {
                continue;
            }
            let outcome = case.course.outcome.map_or("", Outcome::as_str);
            let ended = text::word(Language::Indonesian, &format!("case-outcome-{outcome}"));
            let why = Say::new("letter-withdrawn-case").with("number", &case.number).with("outcome", ended);
            let facts =
                json!({"note": text::say(Language::Indonesian, &why), "number": letter.number, "case": outcome});
            letter.state = LetterState::Withdrawn;
            letter.number = None;
            letter.note = Some(text::say(Language::Indonesian, &why));
            letter.version += 1;
            letter.updated_at = self.now();
            store::letters::save_letter(tx, &letter).await?;
            let kind = "letter_withdrawn";
            chain::note(tx, letter_turn::STREAM, &letter.key, letter.updated_at, by.clone(), kind, facts).await?;
        }
        Ok(())
    }

    /// Writes the letter on a place of the ladder and gives its key.
    pub(super) async fn draft_for(&self, tx: &mut Tx, case: &Case, rung: &Rung, ladder: &[Rung]) -> Result<String> {
        let mut tickets = Vec::new();
        for evidence in store::cases::evidence(tx, case.id).await? {
            let Some(ticket) = store::tickets::by_id(tx, evidence.ticket_id).await? else { continue };
            let view = self.view(tx, ticket).await?;
            tickets.push(TicketLine {
                number: evidence.number,
                opened_at: view.ticket.opened_at,
                due_at: evidence.breached_at,
                resolved_at: view.ticket.resolved_at,
                over_seconds: (-view.remaining_seconds).max(0),
            });
        }
        let endpoints = match &case.service {
            Some(service) => store::catalogue::entry(tx, service).await?.map(|entry| entry.endpoints),
            None => None,
        };
        let draft = DraftLetter {
            template: template(case, rung).to_owned(),
            case_key: Some(case.number.clone()),
            agency: case.agency.clone(),
            service: case.service.clone(),
            signer_role: Role::CoordinationTeam,
            signer: Some(rung.signer.clone()).filter(|_| case.course.mode == CaseMode::Letters),
            addressee: self.addressee(tx, case, rung).await?,
            through: self.pack().roles.board.chair.clone().filter(|_| case.course.mode == CaseMode::Proposal),
            copies: self.copies(tx, case, &rung.copies).await?,
            enclosures: u32::from(!tickets.is_empty()),
            values: self.letter_values(tx, case, rung, ladder).await?,
            tickets,
            endpoints: endpoints.unwrap_or_default(),
            replaces: None,
            // The decision stands in the case; nobody signs what he has written himself.
            drafted_by: None,
        };
        Ok(self.draft_letter(tx, draft).await?.key)
    }

    async fn letter_values(&self, tx: &mut Tx, case: &Case, rung: &Rung, ladder: &[Rung]) -> Result<Value> {
        let (id, now) = (Language::Indonesian, self.now());
        let cure = |rung: &Rung| match rung.effect {
            Effect::Cure(days) => Some(days),
            Effect::Order(_) | Effect::Wait => None,
        };
        let within = |rung: &Rung| match rung.effect {
            Effect::Order(within) => Some(within_words(within)),
            Effect::Cure(_) | Effect::Wait => None,
        };
        let days = ladder.iter().find_map(cure).or_else(|| {
            let warning = self.pack().warning.clone()?;
            warning.ladder.iter().find_map(|rung| rung.cure_days)
        });
        let rules = self.procedure()?;
        let cure_until = rules.working_days(now, days.unwrap_or(1))?;
        let duty = match case.duty {
            Some(id) => store::duties::by_id(tx, id).await?,
            None => None,
        };
        let article = rules.article(case.source.as_deref());
        let (warning_number, warning_date) = self.letter_before(tx, case).await?;
        Ok(json!({
            "cure_days": days.unwrap_or_default(),
            "closes": rung.orders.is_some(),
            "execute_within": ladder.iter().find_map(within).unwrap_or_default(),
            "warning_number": warning_number,
            "warning_date": warning_date,
            "article": article,
            "sanction": rung.kind,
            "sanction_article": rules.article(rules.basis_of("sanction_scope").as_deref()),
            "decider": rung.addressee,
            "duty": case.what,
            "due": duty.map(|duty| text::long_date(id, duty.due_on)),
            "cure_until": self.words(id, cure_until),
        }))
    }

    /// Number and date of the letter that was received last in the case; one that was written elsewhere has no date here.
    pub(super) async fn letter_before(&self, tx: &mut Tx, case: &Case) -> Result<(Option<String>, Option<String>)> {
        let Some((_, facts)) = told_last(tx, case, "letter_received").await? else { return Ok((None, None)) };
        let text = |name: &str| facts.get(name).and_then(Value::as_str).map(str::to_owned);
        let dated = match text("letter") {
            Some(key) => store::letters::letter(tx, &key).await?.and_then(|letter| letter.dated),
            None => None,
        };
        Ok((text("number"), dated.map(|date| text::long_date(Language::Indonesian, date))))
    }

    /// Whoever the pack names, with an address where the desk knows the person.
    async fn addressee(&self, tx: &mut Tx, case: &Case, rung: &Rung) -> Result<Recipient> {
        let pack = self.pack();
        if case.course.mode == CaseMode::Proposal {
            return Ok(Recipient { name: rung.addressee.clone(), email: None });
        }
        if case.course.cause == CaseCause::Duty {
            return self.owner(tx, case).await;
        }
        // "Kepala Dinas" in the law is the head of the ICT office, whose name the pack knows.
        let whole = format!("Kepala {}", pack.offices.ict);
        let name = if whole.starts_with(&rung.addressee) { whole } else { rung.addressee.clone() };
        let head = store::people::holders(tx, Role::IctHead, "").await?.into_iter().next();
        Ok(Recipient { name, email: head.map(|head| head.email) })
    }

    /// Who gets a copy of what is written in a case, by the pack's list.
    pub(super) async fn copies(&self, tx: &mut Tx, case: &Case, names: &[String]) -> Result<Vec<Recipient>> {
        let mut copies = Vec::new();
        for name in names {
            copies.push(match name.as_str() {
                OWNER => self.owner(tx, case).await?,
                name => Recipient { name: name.to_owned(), email: None },
            });
        }
        Ok(copies)
    }

    async fn owner(&self, tx: &mut Tx, case: &Case) -> Result<Recipient> {
        let agencies = store::services::agencies(tx).await?;
        let agency = agencies.into_iter().find(|agency| agency.code == case.agency);
        let head = store::people::holders(tx, Role::AgencyHead, &case.agency).await?.into_iter().next();
        let name = agency.map_or_else(|| case.agency.clone(), |agency| agency.name);
        Ok(Recipient { name: format!("Kepala {name}"), email: head.map(|head| head.email) })
    }
}

/// When something of this kind happened last in a case, and its facts.
pub(super) async fn told_last(tx: &mut Tx, case: &Case, kind: &str) -> Result<Option<(DateTime<Utc>, Value)>> {
    let events = store::events::of_stream(tx, &format!("{STREAM}:{}", case.number), 0, EVENTS).await?;
    let last = events.into_iter().rfind(|event| event.kind == kind);
    last.map(|event| Ok((event.at, serde_json::from_str(&event.payload)?))).transpose()
}

/// `24 (dua puluh empat) jam`: the time to carry an order out, as the letter says it.
fn within_words(within: Duration) -> String {
    let counted = |number: i64| official::counted(number.unsigned_abs());
    match within {
        Duration::WorkingDays(days) => format!("{} hari kerja", official::counted(days.into())),
        Duration::Seconds(seconds) if seconds % 3600 == 0 => format!("{} jam", counted(seconds / 3600)),
        Duration::Seconds(seconds) if seconds < 3600 => format!("{} menit", counted(seconds / 60)),
        Duration::Seconds(seconds) => {
            format!("{} jam {} menit", counted(seconds / 3600), counted(seconds % 3600 / 60))
        }
    }
}

/// The text a letter begins with.
fn template(case: &Case, rung: &Rung) -> &'static str {
    match (case.course.mode, case.course.cause) {
        (CaseMode::Proposal, _) => "usulan_sanksi",
        (_, CaseCause::Duty) => "teguran_kewajiban",
        (_, CaseCause::Resolution) if rung.place == 1 => "surat_peringatan",
        _ => "surat_teguran",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_carry_out_is_said_whole() {
        assert_eq!(within_words(Duration::Seconds(24 * 3600)), "24 (dua puluh empat) jam");
        assert_eq!(within_words(Duration::Seconds(90 * 60)), "1 (satu) jam 30 (tiga puluh) menit");
        assert_eq!(within_words(Duration::Seconds(45 * 60)), "45 (empat puluh lima) menit");
        assert_eq!(within_words(Duration::WorkingDays(2)), "2 (dua) hari kerja");
    }
}
