//! The letters of a case: what the case tells whoever writes them, and what their progress does to it.

use crate::desk::case_rules::Rung;
use crate::desk::cases::{STREAM, note};
use crate::desk::official_letters::DraftLetter;
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::domain::letter::{Letter, LetterState, Recipient, TicketLine};
use crate::domain::people::Role;
use crate::domain::ticket::Language;
use crate::domain::warning::{Case, CaseCause, CaseMode, Move, Received};
use crate::error::Result;
use crate::policy::deadline::Duration;
use crate::policy::measures::Effect;
use crate::store::letters::LetterFilter;
use crate::store::{self, Tx};
use crate::text;
use serde_json::{Value, json};

/// Letters of one case that are looked through.
const LETTERS: i64 = 50;

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
        if letter.replaces.is_some() && letter.replaces == case.letter {
            case.letter = Some(letter.key.clone());
        }
        if case.letter.as_deref() != Some(letter.key.as_str()) {
            return Ok(());
        }
        let facts = json!({"letter": letter.key, "number": letter.number});
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
            addressee: self.addressee(tx, case, rung).await?,
            through: self.pack().roles.board.chair.clone().filter(|_| case.course.mode == CaseMode::Proposal),
            copies: self.copies(tx, case, rung).await?,
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
        let hours = |rung: &Rung| match rung.effect {
            Effect::Order(Duration::Seconds(seconds)) => Some(seconds / 3600),
            _ => None,
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
        let law = self.pack().law.clone().unwrap_or_default();
        let article = case.source.clone().unwrap_or_default();
        let article = article.strip_prefix(&law).unwrap_or(&article).split(';').next().unwrap_or_default().trim();
        let (warning_number, warning_date) = self.letter_before(tx, case).await?;
        Ok(json!({
            "cure_days": days.unwrap_or_default(),
            "closes": rung.orders.is_some(),
            "execute_hours": ladder.iter().find_map(hours).unwrap_or_default(),
            "warning_number": warning_number,
            "warning_date": warning_date,
            "source": article,
            "article": article,
            "sanction": rung.kind,
            "duty": case.what,
            "due": duty.map(|duty| text::long_date(id, duty.due_on)),
            "cure_until": self.words(id, cure_until),
        }))
    }

    /// Number and date of the letter that was received before in the case.
    async fn letter_before(&self, tx: &mut Tx, case: &Case) -> Result<(Option<String>, Option<String>)> {
        let filter = LetterFilter { case_key: Some(case.number.clone()), ..LetterFilter::default() };
        let letters = store::letters::letters(tx, &filter, i64::MAX, LETTERS).await?;
        let before = letters.into_iter().find(|letter| letter.state == LetterState::Received);
        Ok(before.map_or((None, None), |letter| {
            (letter.number, letter.dated.map(|date| text::long_date(Language::Indonesian, date)))
        }))
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

    async fn copies(&self, tx: &mut Tx, case: &Case, rung: &Rung) -> Result<Vec<Recipient>> {
        let mut copies = Vec::new();
        for name in &rung.copies {
            // The pack names the owner's head by what he is; the letter by his agency.
            let is_owner = name.to_lowercase().contains("perangkat daerah");
            copies.push(if is_owner {
                self.owner(tx, case).await?
            } else {
                Recipient { name: name.clone(), email: None }
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

/// The text a letter begins with.
fn template(case: &Case, rung: &Rung) -> &'static str {
    match (case.course.mode, case.course.cause) {
        (CaseMode::Proposal, _) => "usulan_sanksi",
        (_, CaseCause::Duty) => "teguran_kewajiban",
        (_, CaseCause::Resolution) if rung.place == 1 => "surat_peringatan",
        _ => "surat_teguran",
    }
}
