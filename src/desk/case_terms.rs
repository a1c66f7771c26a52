//! The terms of cases by the clock: who is late is reminded, then told; a missed time to repair moves the case.

use crate::desk::cases::{STREAM, end_terms, note};
use crate::desk::{Desk, chain};
use crate::domain::event::ActorLabel;
use crate::domain::people::{Account, Role};
use crate::domain::ticket::Language;
use crate::domain::warning::{Case, Held, Move, Term, TermStage, told};
use crate::error::Result;
use crate::mail::compose::Outgoing;
use crate::store::cases::CaseStep;
use crate::store::{self, Tx};
use crate::text;
use chrono::{DateTime, Utc};
use serde_json::json;

/// Most stages that one look at the plan takes up.
const BATCH: i64 = 100;

impl Desk {
    /// Lets every stage of a term happen that is due now, first due first; gives how many happened.
    ///
    /// # Errors
    /// The database does not answer; what happened before stays.
    pub async fn run_case_terms(&self) -> Result<usize> {
        let mut happened = 0;
        loop {
            let now = self.now();
            let due = store::cases::due_steps(&mut self.db.glance().await?, now, BATCH).await?;
            let mut moved = 0;
            for step in &due {
                moved += usize::from(self.run_case_term(step, now).await?);
            }
            happened += moved;
            if moved == 0 {
                break;
            }
        }
        if happened > 0 {
            self.wake();
        }
        Ok(happened)
    }

    /// When the next term of a case is due.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn next_case_term(&self) -> Result<Option<DateTime<Utc>>> {
        store::cases::next_step(&mut self.db.glance().await?).await
    }

    async fn run_case_term(&self, step: &CaseStep, now: DateTime<Utc>) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let Some(case) = store::cases::by_id(&mut tx, step.case_id).await? else { return Ok(false) };
        chain::turn(&mut tx, STREAM, &case.number).await?;
        if !store::cases::claim_step(&mut tx, step.id, now).await? {
            return Ok(false);
        }
        // Read again: another node may have moved it before it was ours.
        let Some(mut case) = store::cases::by_id(&mut tx, step.case_id).await? else { return Ok(false) };
        let facts = json!({"term": step.term, "due_at": step.term_due_at, "detected_at": now});
        let clock = ActorLabel::clock();
        match (step.stage, step.term) {
            (TermStage::Overdue, Term::Cure) if case.course.after(Move::CureMissed).is_some() => {
                end_terms(&mut tx, &mut case, Some(Term::Cure)).await?;
                self.move_case(&mut tx, &mut case, Move::CureMissed, clock, "cure_missed", facts, now).await?;
            }
            (stage, _) => {
                let kind = if stage == TermStage::Reminder { "term_reminded" } else { "term_missed" };
                note(&mut tx, &case, clock, kind, facts, now).await?;
                self.mail_case(&mut tx, &case, kind, Some(step), now).await?;
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Tells those who must act next what happened and until when they have time.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn mail_case(
        &self,
        tx: &mut Tx,
        case: &Case,
        kind: &str,
        step: Option<&CaseStep>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let id = Language::Indonesian;
        let agencies = store::services::agencies(tx).await?;
        let agency = agencies.into_iter().find(|agency| agency.code == case.agency).map(|agency| agency.name);
        let (term, due) = match step {
            Some(step) => (Some(step.term), Some(step.term_due_at)),
            None => (case.term, case.due_at),
        };
        let happened = text::word(id, &format!("event-{kind}"));
        let context = json!({
            "number": case.number,
            "what": case.what,
            "agency": agency,
            "happened": happened,
            "state": text::word(id, &format!("case-state-{}", case.course.state)),
            "next": text::word(id, &format!("case-next-{}", case.course.state)),
            "term": term.map(|term| text::word(id, &format!("case-term-{term}"))),
            "due": due.map(|due| self.words(id, due)),
            "late": kind == "term_missed",
            "url": self.case_url(&case.number),
        });
        let what = step.map_or_else(
            || format!("{kind}.{}", case.version),
            |step| format!("{kind}.{}.{}.{}", step.term, step.stage, step.cycle),
        );
        for person in self.addressees(tx, case, kind == "term_missed").await? {
            let mut context = context.clone();
            context["name"] = person.name.clone().into();
            let mail = self.composer.write(&Outgoing {
                key: format!("case:{}:{what}:{}", case.number, person.id),
                template: "case_news",
                language: id,
                to: &person.email,
                to_name: &person.name,
                context,
                ..Outgoing::automatic(now)
            })?;
            self.post(tx, &mail).await?;
        }
        Ok(())
    }

    /// Active people who act next. Of a missed term the coordination team hears, too.
    async fn addressees(&self, tx: &mut Tx, case: &Case, is_late: bool) -> Result<Vec<Account>> {
        let of_ict = self.rules.is_ict_office(&case.agency);
        let mut people = Vec::new();
        for (role, held) in told(case.course.state, case.course.cause, of_ict) {
            let agency = if *held == Held::There { case.agency.as_str() } else { "" };
            people.extend(store::people::holders(tx, *role, agency).await?);
        }
        if is_late {
            people.extend(store::people::holders(tx, Role::CoordinationTeam, "").await?);
        }
        people.sort_by_key(|person| person.id);
        people.dedup_by_key(|person| person.id);
        Ok(people)
    }

    /// The page of a case.
    pub fn case_url(&self, number: &str) -> String {
        format!("{}/kerja/perkara/{number}", self.public_url)
    }
}
