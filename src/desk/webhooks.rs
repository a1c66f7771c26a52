//! Programs that are told of what happens to tickets: set up by their owners, within their owners' rights.

use crate::desk::once::Repeat;
use crate::desk::outward::Outward;
use crate::desk::probe::{is_allowed, target};
use crate::desk::written::required;
use crate::desk::{Desk, chain, once};
use crate::domain::event::ActorLabel;
use crate::domain::managing::may_administer;
use crate::domain::monitor::MonitorKind;
use crate::domain::people::Actor;
use crate::domain::webhook::{Delivery, KINDS, Webhook, may_have};
use crate::error::{Error, FieldError, Result, Say};
use crate::store::{self, Tx};
use serde_json::{Value, json};

/// Kind of the stream of a webhook's history.
const STREAM: &str = "webhook";
/// Longest name and address, in characters.
const LONGEST_NAME: usize = 100;
const LONGEST_URL: usize = 1000;
/// One person has so many at most.
const MOST: usize = 20;
/// Deliveries shown.
const SHOWN: i64 = 50;

/// A webhook as its owner wants it.
#[derive(Debug, Clone, Hash)]
pub struct WantedWebhook {
    /// What people call it.
    pub name: String,
    /// Where it is told; `http` or `https`.
    pub url: String,
    /// Names of events.
    pub events: Vec<String>,
    /// Only tickets of this agency.
    pub agency: Option<String>,
    /// It is told at all.
    pub active: bool,
}

impl Desk {
    /// The actor's webhooks; everybody's for who runs the installation.
    ///
    /// # Errors
    /// `Denied` for those who may have none.
    pub async fn webhooks(&self, actor: &Actor) -> Result<Vec<Webhook>> {
        if may_administer(actor) {
            return store::webhooks::list(&mut self.db.glance().await?, None).await;
        }
        owns(actor)?;
        store::webhooks::list(&mut self.db.glance().await?, Some(actor.account.id)).await
    }

    /// One webhook.
    ///
    /// # Errors
    /// `NotFound` also for those of others.
    pub async fn webhook(&self, actor: &Actor, id: i64) -> Result<Webhook> {
        find(&mut self.db.glance().await?, actor, id).await
    }

    /// What it was told last, the youngest first.
    ///
    /// # Errors
    /// As [`Desk::webhook`].
    pub async fn webhook_deliveries(&self, actor: &Actor, id: i64) -> Result<Vec<Delivery>> {
        let mut tx = self.db.read().await?;
        find(&mut tx, actor, id).await?;
        store::webhooks::deliveries(&mut tx, id, SHOWN).await
    }

    /// Adds a webhook; gives it with its secret, which is shown once and kept nowhere.
    ///
    /// # Errors
    /// `Denied` for those who may have none; `Invalid` with every bad field, an address the settings do not allow among
    /// them.
    pub async fn add_webhook(
        &self,
        actor: &Actor,
        wanted: &WantedWebhook,
        key: Option<&str>,
    ) -> Result<(Webhook, String)> {
        owns(actor)?;
        let (name, url) = self.sound_webhook(wanted).await?;
        let mut tx = self.db.write().await?;
        let request = once::fingerprint(&("webhook", wanted));
        if let Repeat::Answered(id) = once::take(&mut tx, actor, key, &request, self.clock.machine()).await? {
            let found = find(&mut tx, actor, id.parse().unwrap_or_default()).await?;
            tx.commit().await?;
            let secret = self.webhook_secret(&found);
            return Ok((found, secret));
        }
        if store::webhooks::list(&mut tx, Some(actor.account.id)).await?.len() >= MOST {
            return Err(Error::conflict(Say::new("error-webhook-many")));
        }
        let mut it = Webhook {
            id: 0,
            owner: actor.account.id,
            name,
            url,
            events: wanted.events.clone(),
            agency: within(actor, wanted.agency.clone()),
            secret_no: 1,
            active: wanted.active,
            created_at: self.now(),
            version: 1,
        };
        it.id = store::webhooks::insert(&mut tx, &it).await?;
        self.settle_webhook(&mut tx, actor, &it, "webhook_added").await?;
        once::answer(&mut tx, actor, key, &it.id.to_string()).await?;
        tx.commit().await?;
        let secret = self.webhook_secret(&it);
        Ok((it, secret))
    }

    /// Changes a webhook.
    ///
    /// # Errors
    /// As [`Desk::add_webhook`]; `NotFound`; `Conflict` when the version is old.
    pub async fn change_webhook(
        &self,
        actor: &Actor,
        id: i64,
        version: Option<i64>,
        wanted: &WantedWebhook,
    ) -> Result<Webhook> {
        let (name, url) = self.sound_webhook(wanted).await?;
        let mut tx = self.db.write().await?;
        let before = changeable(&mut tx, actor, id, version).await?;
        let agency = within(actor, wanted.agency.clone());
        let (events, active) = (wanted.events.clone(), wanted.active);
        let it = Webhook { name, url, events, agency, active, version: before.version + 1, ..before };
        store::webhooks::save(&mut tx, &it).await?;
        self.settle_webhook(&mut tx, actor, &it, "webhook_changed").await?;
        tx.commit().await?;
        Ok(it)
    }

    /// Makes a new secret; the old one is worthless from now on.
    ///
    /// # Errors
    /// As [`Desk::change_webhook`].
    pub async fn renew_webhook_secret(
        &self,
        actor: &Actor,
        id: i64,
        version: Option<i64>,
    ) -> Result<(Webhook, String)> {
        let mut tx = self.db.write().await?;
        let before = changeable(&mut tx, actor, id, version).await?;
        let it = Webhook { secret_no: before.secret_no + 1, version: before.version + 1, ..before };
        store::webhooks::save(&mut tx, &it).await?;
        self.settle_webhook(&mut tx, actor, &it, "webhook_secret").await?;
        tx.commit().await?;
        let secret = self.webhook_secret(&it);
        Ok((it, secret))
    }

    /// What deliveries of a webhook are signed with.
    pub(super) fn webhook_secret(&self, it: &Webhook) -> String {
        self.secret.mark("webhook", &format!("{}:{}", it.id, it.secret_no))
    }

    async fn settle_webhook(&self, tx: &mut Tx, actor: &Actor, it: &Webhook, kind: &'static str) -> Result<()> {
        let kinds = if it.active { it.events.as_slice() } else { &[] };
        store::webhooks::listen(tx, it.id, kinds).await?;
        let facts: Value = json!({"name": it.name, "url": it.url, "events": it.events, "agency": it.agency,
            "active": it.active, "secret_no": it.secret_no});
        let label = ActorLabel::user(actor.account.id);
        chain::note(tx, STREAM, &it.id.to_string(), self.now(), label, kind, facts).await
    }

    async fn sound_webhook(&self, wanted: &WantedWebhook) -> Result<(String, String)> {
        let mut problems = Vec::new();
        let mut text = |field: &'static str, text: &str, longest| match required(field, text, longest) {
            Ok(text) => text,
            Err(Error::Invalid(found)) => {
                problems.extend(found);
                String::new()
            }
            Err(_) => String::new(),
        };
        let name = text("name", &wanted.name, LONGEST_NAME);
        let url = text("url", &wanted.url, LONGEST_URL);
        if wanted.events.is_empty() || wanted.events.iter().any(|kind| !KINDS.contains(&kind.as_str())) {
            problems.push(FieldError { field: "events", say: Say::new("field-webhook-events") });
        }
        if !url.is_empty() && !leads_out(&self.outward, &url).await {
            problems.push(FieldError { field: "url", say: Say::new("field-webhook-url") });
        }
        if problems.is_empty() { Ok((name, url)) } else { Err(Error::Invalid(problems)) }
    }
}

/// A token limited to one agency has webhooks for that agency only.
fn within(actor: &Actor, agency: Option<String>) -> Option<String> {
    actor.only_agency.clone().or(agency).filter(|code| !code.is_empty())
}

async fn leads_out(outward: &Outward, url: &str) -> bool {
    match target(MonitorKind::Http, url) {
        Some(target) => is_allowed(outward, MonitorKind::Http, &target).await,
        None => false,
    }
}

fn owns(actor: &Actor) -> Result<()> {
    if may_have(actor) { Ok(()) } else { Err(Error::Denied(Say::new("error-denied"))) }
}

async fn find(tx: &mut Tx, actor: &Actor, id: i64) -> Result<Webhook> {
    let found = store::webhooks::by_id(tx, id).await?;
    let mine = |it: &Webhook| it.owner == actor.account.id || may_administer(actor);
    found.filter(mine).ok_or(Error::NotFound("webhook"))
}

async fn changeable(tx: &mut Tx, actor: &Actor, id: i64, version: Option<i64>) -> Result<Webhook> {
    chain::turn(tx, STREAM, &id.to_string()).await?;
    let it = find(tx, actor, id).await?;
    if !may_administer(actor) {
        owns(actor)?;
    }
    if version.is_some_and(|version| version != it.version) {
        return Err(Error::Conflict { say: Say::new("error-webhook-stale"), version: Some(it.version) });
    }
    Ok(it)
}
