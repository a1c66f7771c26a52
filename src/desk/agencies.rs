//! Adding and changing agencies.

use crate::desk::catalogue::denied;
use crate::desk::once::Repeat;
use crate::desk::written::required;
use crate::desk::{Desk, chain, once};
use crate::domain::catalogue::may_change_agencies;
use crate::domain::event::ActorLabel;
use crate::domain::people::Actor;
use crate::domain::service::{Agency, is_agency_code};
use crate::error::{Error, Result, Say};
use crate::store::{self, Tx};
use serde_json::json;

/// Kind of the stream of an agency's history.
const STREAM: &str = "agency";

/// What is to be changed of an agency; `None` stays.
#[derive(Debug, Clone, Default, Hash)]
pub struct WantedAgency {
    /// Full name.
    pub name: Option<String>,
    /// Mail to this address reaches its desk; an empty one takes it out.
    pub email: Option<String>,
    /// Still exists.
    pub active: Option<bool>,
}

impl Desk {
    /// Adds an agency.
    ///
    /// # Errors
    /// `Denied`, `Invalid` with what is to be mended, `Conflict` when the code is taken.
    pub async fn add_agency(
        &self,
        actor: &Actor,
        code: &str,
        wanted: &WantedAgency,
        key: Option<&str>,
    ) -> Result<Agency> {
        if !may_change_agencies(actor) {
            return Err(denied());
        }
        let code = code.trim().to_uppercase();
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, &code).await?;
        let request = once::fingerprint(&("add agency", &code, wanted));
        if let Repeat::Answered(code) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            let agency = find(&mut tx, &code).await?.ok_or(Error::NotFound("agency"))?;
            tx.commit().await?;
            return Ok(agency);
        }
        if !is_agency_code(&code) {
            return Err(Error::field("code", Say::new("field-agency-code")));
        }
        if find(&mut tx, &code).await?.is_some() {
            return Err(Error::conflict(Say::new("error-agency-exists")));
        }
        let mut agency = Agency { code, name: String::new(), email: None, active: true };
        let wanted = WantedAgency { name: Some(wanted.name.clone().unwrap_or_default()), ..wanted.clone() };
        self.change(&mut tx, &mut agency, &wanted).await?;
        store::services::save_agency(&mut tx, &agency).await?;
        let label = ActorLabel::user(actor.account.id);
        chain::note(&mut tx, STREAM, &agency.code, self.now(), label, "agency_added", json!(agency)).await?;
        once::answer(&mut tx, actor, key, &agency.code).await?;
        tx.commit().await?;
        Ok(agency)
    }

    /// Changes an agency.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Invalid`; `Conflict` when it may not be closed.
    pub async fn change_agency(&self, actor: &Actor, code: &str, wanted: &WantedAgency) -> Result<Agency> {
        if !may_change_agencies(actor) {
            return Err(denied());
        }
        let mut tx = self.db.write().await?;
        chain::turn(&mut tx, STREAM, code).await?;
        let before = find(&mut tx, code).await?.ok_or(Error::NotFound("agency"))?;
        let mut agency = before.clone();
        self.change(&mut tx, &mut agency, wanted).await?;
        if agency != before {
            store::services::save_agency(&mut tx, &agency).await?;
            let (label, facts) = (ActorLabel::user(actor.account.id), json!({"from": before, "to": agency}));
            chain::note(&mut tx, STREAM, code, self.now(), label, "agency_changed", facts).await?;
        }
        tx.commit().await?;
        Ok(agency)
    }

    async fn change(&self, tx: &mut Tx, agency: &mut Agency, wanted: &WantedAgency) -> Result<()> {
        if let Some(name) = &wanted.name {
            agency.name = required("name", name, 200)?.replace(['\n', '\t'], " ");
        }
        if let Some(email) = &wanted.email {
            let email = email.trim().to_lowercase();
            if !email.is_empty() && email.parse::<lettre::Address>().is_err() {
                return Err(Error::field("email", Say::new("field-email")));
            }
            agency.email = Some(email).filter(|email| !email.is_empty());
            let others = store::services::agencies(tx).await?;
            let taken = |other: &Agency| other.code != agency.code && other.email == agency.email;
            if agency.email.is_some() && others.iter().any(taken) {
                return Err(Error::field("email", Say::new("field-email-taken")));
            }
        }
        if wanted.active == Some(false) && agency.active {
            // Its mail and its services would reach nobody.
            let ict = store::settings::get(tx, "ict_agency").await?;
            let services = store::services::services(tx).await?;
            let owns = services.iter().any(|service| service.active && service.agency == agency.code);
            if owns || ict.as_ref() == Some(&agency.code) {
                return Err(Error::conflict(Say::new("error-agency-needed")));
            }
        }
        agency.active = wanted.active.unwrap_or(agency.active);
        Ok(())
    }
}

async fn find(tx: &mut Tx, code: &str) -> Result<Option<Agency>> {
    Ok(store::services::agencies(tx).await?.into_iter().find(|agency| agency.code == code))
}
