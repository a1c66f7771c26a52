//! The public's side of a running disruption: reading of it, saying "me, too" with one tap, hearing more by mail.

use crate::desk::Desk;
use crate::desk::incidents::{Announced, whole};
use crate::domain::incident::Incident;
use crate::domain::ticket::{Classification, Language};
use crate::error::{Error, Result, Say};
use crate::secret::sha256;
use crate::store::{self, Tx};
use serde_json::json;

/// Taps one source may make within the window of tries; many browsers stand behind one office's address.
const TAPS: i64 = 300;
/// Confirmations that may be mailed to one address within the window of tries.
const MAILS: i64 = 2;
/// Confirmations that one source may have mailed within the window of tries.
const MAILS_FROM_HERE: i64 = 60;

/// An incident as somebody of the public sees it.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The incident with what was said.
    pub announced: Announced,
    /// Its ticket is over, or it was ended.
    pub over: bool,
    /// This browser has said that its user is hit.
    pub is_affected: bool,
}

impl Desk {
    /// Disruptions that run now, the newest first: all of them, or those that may concern one service.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn running_incidents(&self, service: Option<&str>) -> Result<Vec<Incident>> {
        let mut tx = self.db.read().await?;
        let mut running = store::incidents::running(&mut tx).await?;
        running.retain(|incident| match (service, &incident.service) {
            (Some(wanted), Some(own)) => wanted == own,
            _ => true,
        });
        let mut public = Vec::new();
        for incident in running {
            if is_public(&mut tx, &incident).await? {
                public.push(incident);
            }
        }
        Ok(public)
    }

    /// A disruption as the holder of this browser token sees it.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn notice_of(&self, code: &str, browser: &str) -> Result<Notice> {
        let mut tx = self.db.read().await?;
        let incident = incident(&mut tx, code).await?;
        let over = !runs(&mut tx, &incident).await?;
        let is_affected = store::incidents::is_affected(&mut tx, incident.id, &person(code, browser)).await?;
        Ok(Notice { announced: whole(&mut tx, incident).await?, over, is_affected })
    }

    /// Notes that the user of this browser is hit, too. No ticket is opened; a second tap changes nothing.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it is over; `TooMany`.
    pub async fn add_affected(&self, code: &str, browser: &str, language: Language, source: &str) -> Result<()> {
        let mut tx = self.db.read().await?;
        let found = incident(&mut tx, code).await?;
        if store::incidents::is_affected(&mut tx, found.id, &person(code, browser)).await? {
            return Ok(());
        }
        drop(tx);
        let _kept = self.count_try(&[(&format!("affected {source}"), TAPS)]).await?;
        let mut tx = self.db.write().await?;
        if !runs(&mut tx, &found).await? {
            return Err(Error::conflict(Say::new("incident-over")));
        }
        store::incidents::add_affected(&mut tx, found.id, &person(code, browser), language, self.now()).await?;
        tx.commit().await
    }

    /// Mails a link to an address at which somebody who is hit wants to hear more; nothing else is mailed before it was
    /// opened. Nobody learns whether the address hears of it already.
    ///
    /// # Errors
    /// As [`Desk::add_affected`]; `Invalid` when it is no address.
    pub async fn ask_to_follow(
        &self,
        code: &str,
        browser: &str,
        email: &str,
        language: Language,
        source: &str,
    ) -> Result<()> {
        let email = email.trim().to_lowercase();
        if email.parse::<lettre::Address>().is_err() {
            return Err(Error::field("email", Say::new("field-email")));
        }
        self.add_affected(code, browser, language, source).await?;
        let (to, here) = (format!("follow {email}"), format!("follow from {source}"));
        let _kept = self.count_try(&[(&to, MAILS), (&here, MAILS_FROM_HERE)]).await?;
        let mut tx = self.db.write().await?;
        let incident = incident(&mut tx, code).await?;
        let mark = sha256(self.follow_mark(code, &email));
        store::incidents::set_email(&mut tx, incident.id, &person(code, browser), &email, &mark).await?;
        let context = json!({"name": "", "title": incident.title, "url": self.follow_url(code, &email)});
        // Who asks again, because the first mail is lost, gets another one; the caps above bound it.
        let key = format!("incident-confirm:{code}:{email}:{}", self.now().timestamp());
        self.mail_about(&mut tx, "incident_confirm", key, &email, language, context).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// The incident behind a mailed link, and whether its address hears more now.
    ///
    /// # Errors
    /// `NotFound` for a mark that was never mailed.
    pub async fn follower(&self, code: &str, mark: &str) -> Result<(Incident, bool)> {
        let mut tx = self.db.read().await?;
        let incident = incident(&mut tx, code).await?;
        let follows = store::incidents::is_follower(&mut tx, incident.id, &hashed(mark)).await?;
        Ok((incident, follows.ok_or(Error::NotFound("incident"))?))
    }

    /// The address behind a mailed link hears more from now on, or nothing more. Doing it twice changes nothing.
    ///
    /// # Errors
    /// As [`Desk::follower`].
    pub async fn set_follower(&self, code: &str, mark: &str, follows: bool) -> Result<()> {
        let mut tx = self.db.write().await?;
        let incident = incident(&mut tx, code).await?;
        let known = store::incidents::is_follower(&mut tx, incident.id, &hashed(mark)).await?;
        known.ok_or(Error::NotFound("incident"))?;
        let confirmed = follows.then(|| self.now());
        store::incidents::set_follower(&mut tx, incident.id, &hashed(mark), confirmed).await?;
        tx.commit().await
    }

    /// Lets the reporters of tickets that are tied to the one an incident stands on hear more of it, where their address
    /// proves itself: once, so that whoever has ended it is left in peace. `false` when nothing may be told to anybody.
    pub(super) async fn follow_tied(&self, tx: &mut Tx, incident: &Incident) -> Result<bool> {
        if !is_public(tx, incident).await? {
            return Ok(false);
        }
        for (id, ..) in store::relations::links(tx, incident.ticket_id).await? {
            let Some(ticket) = store::tickets::by_id(tx, id).await? else { continue };
            let email = ticket.requester_email.as_str();
            if email.is_empty() || !ticket.requester_verified {
                continue;
            }
            let (who, mark) =
                (person(&incident.code, &ticket.number), hashed(&self.follow_mark(&incident.code, email)));
            let is_known = store::incidents::is_follower(tx, incident.id, &mark).await?.is_some();
            let is_new = store::incidents::add_affected(tx, incident.id, &who, ticket.language, self.now()).await?;
            if is_new && !is_known {
                store::incidents::set_email(tx, incident.id, &who, email, &mark).await?;
                store::incidents::set_follower(tx, incident.id, &mark, Some(self.now())).await?;
            }
        }
        Ok(true)
    }
}

fn hashed(mark: &str) -> String {
    sha256(mark.to_ascii_lowercase())
}

/// A browser as it is counted: nobody can tell from it which browser it was.
fn person(code: &str, browser: &str) -> String {
    sha256(format!("affected\n{code}\n{browser}"))
}

/// The incident as the public knows it: one whose ticket is no longer for everybody's ears is as unknown as any other.
async fn incident(tx: &mut Tx, code: &str) -> Result<Incident> {
    let found = store::incidents::by_code(tx, code).await?.ok_or(Error::NotFound("incident"))?;
    if is_public(tx, &found).await? { Ok(found) } else { Err(Error::NotFound("incident")) }
}

async fn is_public(tx: &mut Tx, incident: &Incident) -> Result<bool> {
    let ticket = store::tickets::by_id(tx, incident.ticket_id).await?;
    Ok(ticket
        .is_some_and(|ticket| !matches!(ticket.classification, Classification::Restricted | Classification::Secret)))
}

async fn runs(tx: &mut Tx, incident: &Incident) -> Result<bool> {
    Ok(store::incidents::running(tx).await?.iter().any(|running| running.id == incident.id))
}
