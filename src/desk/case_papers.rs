//! What a case writes down of its own closing and reopening: the minutes and the note, as letters of the ICT office.
//!
//! They move nothing: whether they are signed and sent in time is told on their own sheets.

use crate::desk::Desk;
use crate::desk::case_letters::told_last;
use crate::desk::official_letters::DraftLetter;
use crate::domain::letter::Recipient;
use crate::domain::people::{Actor, Role};
use crate::domain::ticket::Language;
use crate::domain::warning::{Case, Suspension};
use crate::error::Result;
use crate::policy::measures::OWNER;
use crate::store::{self, Tx};
use serde_json::{Value, json};

impl Desk {
    /// The minutes of a closing that a person has carried out (berita acara); gives the key of the letter.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn draft_minutes(
        &self,
        tx: &mut Tx,
        case: &Case,
        order: &Suspension,
        actor: &Actor,
    ) -> Result<String> {
        let (id, now) = (Language::Indonesian, self.now());
        let (order_number, order_date) = self.letter_before(tx, case).await?;
        let executed_at = order.executed_at.unwrap_or(now);
        let values = json!({
            "executed_at": self.words(id, executed_at), "executed_by": actor.account.name,
            "order": order.code, "order_number": order_number, "order_date": order_date,
            "minutes": order.minutes, "late": executed_at > order.due_at, "due": self.words(id, order.due_at),
        });
        self.draft_paper(tx, case, order, "berita_acara_penutupan", values).await
    }

    /// The note that a service is open again; gives the key of the letter.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn draft_reopening(&self, tx: &mut Tx, case: &Case, order: &Suspension) -> Result<String> {
        let (id, now) = (Language::Indonesian, self.now());
        let rules = self.procedure()?;
        let verified_at = told_last(tx, case, "repair_confirmed").await?.map_or(now, |(at, _)| at);
        let values = json!({
            "article": rules.article(rules.basis_of("warning.until").as_deref()),
            "verified_at": self.words(id, verified_at),
            "reopened_at": self.words(id, order.lifted_at.unwrap_or(now)),
        });
        self.draft_paper(tx, case, order, "pembukaan_kembali", values).await
    }

    async fn draft_paper(
        &self,
        tx: &mut Tx,
        case: &Case,
        order: &Suspension,
        template: &str,
        values: Value,
    ) -> Result<String> {
        let (signer, mut names) = self.procedure()?.partners();
        if !names.iter().any(|name| name == OWNER) {
            names.insert(0, OWNER.to_owned());
        }
        let team = store::people::holders(tx, Role::CoordinationTeam, "").await?.into_iter().next();
        let draft = DraftLetter {
            template: template.to_owned(),
            case_key: Some(case.number.clone()),
            agency: case.agency.clone(),
            service: case.service.clone(),
            signer_role: Role::IctHead,
            signer: None,
            addressee: Recipient { name: signer, email: team.map(|member| member.email) },
            through: None,
            copies: self.copies(tx, case, &names).await?,
            enclosures: 0,
            values,
            tickets: Vec::new(),
            endpoints: serde_json::from_str(&order.endpoints)?,
            replaces: None,
            drafted_by: None,
        };
        Ok(self.draft_letter(tx, draft).await?.key)
    }
}
