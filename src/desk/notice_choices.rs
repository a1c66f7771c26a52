//! How somebody wants to be told of steps by mail: each kind at once, once a day, or not at all.

use crate::desk::{Desk, chain};
use crate::domain::clock_plan::StepKind;
use crate::domain::event::ActorLabel;
use crate::domain::notice::{NoticeChoice, TOLD};
use crate::domain::people::{Actor, Scope};
use crate::error::{Error, Result, Say};
use crate::store;
use serde_json::{Map, json};

/// What holds for one kind of step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// The kind.
    pub kind: StepKind,
    /// When its notices leave as mail.
    pub choice: NoticeChoice,
    /// The pack says so; nobody can choose otherwise.
    pub compulsory: bool,
}

impl Desk {
    /// What holds for each kind of step the staff is told of.
    ///
    /// # Errors
    /// `Denied` for those who are told nothing; the database does not answer.
    pub async fn notice_choices(&self, actor: &Actor) -> Result<Vec<Chosen>> {
        told(actor)?;
        let own = store::notices::choices_of(&mut self.db.glance().await?, actor.account.id).await?;
        Ok(self.with_compulsory(&own))
    }

    /// Keeps what the actor has chosen; kinds that are not named stay as they are. Gives what holds then.
    ///
    /// # Errors
    /// `Denied`; `Invalid` for a kind nobody is told of, and for one the pack makes compulsory.
    pub async fn choose_notices(&self, actor: &Actor, wanted: &[(StepKind, NoticeChoice)]) -> Result<Vec<Chosen>> {
        told(actor)?;
        if actor.scope != Scope::Write {
            return Err(Error::Denied(Say::new("error-denied")));
        }
        let compulsory = self.pack().notices.compulsory.clone();
        if wanted.iter().any(|(kind, _)| !TOLD.contains(kind)) {
            return Err(Error::field("kind", Say::new("field-notice-kind")));
        }
        if wanted.iter().any(|(kind, choice)| compulsory.contains(kind) && *choice != NoticeChoice::AtOnce) {
            return Err(Error::field("choice", Say::new("field-notice-compulsory")));
        }
        let account = actor.account.id;
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, "account", &account.to_string()).await?;
        let before = self.with_compulsory(&store::notices::choices_of(&mut tx, account).await?);
        let is_new = |(kind, choice): &&(StepKind, NoticeChoice)| {
            !before.iter().any(|chosen| (chosen.kind, chosen.choice) == (*kind, *choice))
        };
        let changed: Vec<_> = wanted.iter().filter(is_new).collect();
        let mut facts = Map::new();
        for (kind, choice) in &changed {
            store::notices::choose(&mut tx, account, *kind, *choice).await?;
            facts.insert(kind.to_string(), json!(choice));
        }
        if !facts.is_empty() {
            let (key, label) = (account.to_string(), ActorLabel::user(account));
            chain::note(&mut tx, "account", &key, self.now(), label, "notices_chosen", facts.into()).await?;
        }
        let now = self.with_compulsory(&store::notices::choices_of(&mut tx, account).await?);
        tx.commit().await?;
        // What waited for its hour may be wanted at once now.
        self.wake();
        Ok(now)
    }

    fn with_compulsory(&self, own: &[(StepKind, NoticeChoice)]) -> Vec<Chosen> {
        let pack = self.pack();
        let of = |kind: StepKind| {
            let compulsory = pack.notices.compulsory.contains(&kind);
            let chosen = own.iter().find(|(known, _)| *known == kind && !compulsory);
            Chosen { kind, choice: chosen.map_or(NoticeChoice::AtOnce, |(_, choice)| *choice), compulsory }
        };
        TOLD.into_iter().map(of).collect()
    }
}

/// Only the staff is told of steps.
fn told(actor: &Actor) -> Result<()> {
    if actor.is_staff() && actor.account.active { Ok(()) } else { Err(Error::Denied(Say::new("error-denied"))) }
}
