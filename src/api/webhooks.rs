//! `/webhooks`: programs that are told of what happens to tickets.

use crate::api::Token;
use crate::api::problem::Failure;
use crate::api::tickets::{refuse, version_of};
use crate::desk::Desk;
use crate::desk::webhooks::WantedWebhook;
use crate::domain::webhook::{Delivery, Webhook};
use chrono::{DateTime, Utc};
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of webhooks.
pub struct Webhooks(pub Desk);

/// A webhook. Each delivery is a POST with `{id, event, at, seq, ticket}`, signed in `Webhook-Signature: v1=…` with
/// HMAC-SHA256 over `{Webhook-Timestamp}.{body}`; `Idempotency-Key` is the same at every try.
#[derive(Debug, Object)]
pub struct WebhookJson {
    id: i64,
    name: String,
    url: String,
    events: Vec<String>,
    agency: Option<String>,
    active: bool,
    created_at: DateTime<Utc>,
    version: i64,
    /// Shown once: when it is added, and when a new one is made.
    #[oai(skip_serializing_if_is_none)]
    secret: Option<String>,
}

/// Webhooks.
#[derive(Debug, Object)]
struct WebhookPage {
    items: Vec<WebhookJson>,
    /// Always null.
    next_cursor: Option<String>,
}

/// A webhook to be added, or what it is changed into.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct WebhookBody {
    #[oai(default)]
    name: String,
    /// `http` or `https`, on the allow-list of the settings.
    #[oai(default)]
    url: String,
    #[oai(default)]
    events: Vec<String>,
    /// Only tickets of this agency.
    agency: Option<String>,
    /// By default `true`.
    active: Option<bool>,
    version: Option<i64>,
}

/// The version that was seen.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct SecretBody {
    version: Option<i64>,
}

/// One delivery.
#[derive(Debug, Object)]
struct DeliveryJson {
    /// The same at every try.
    id: String,
    event: String,
    /// Number of the ticket.
    ticket: String,
    at: DateTime<Utc>,
    /// `queued`, `sending`, `sent`, `dead` or `skipped`.
    state: String,
    attempts: i64,
    /// What the receiver answered last.
    status: Option<i64>,
    last_error: Option<String>,
    sent_at: Option<DateTime<Utc>>,
}

/// The last deliveries.
#[derive(Debug, Object)]
struct DeliveryPage {
    items: Vec<DeliveryJson>,
    /// Always null.
    next_cursor: Option<String>,
}

/// A webhook was added.
#[derive(ApiResponse)]
enum AddedWebhook {
    /// The webhook with its secret.
    #[oai(status = 201)]
    Created(Json<WebhookJson>),
}

#[OpenApi]
impl Webhooks {
    /// The caller's webhooks; everybody's for who runs the installation.
    #[oai(path = "/webhooks", method = "get")]
    async fn list(&self, token: Token) -> Result<Json<WebhookPage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let items = self.0.webhooks(&actor).await?.into_iter().map(|it| WebhookJson::new(it, None)).collect();
        Ok(Json(WebhookPage { items, next_cursor: None }))
    }

    /// Adds a webhook. Its secret is in this answer only.
    #[oai(path = "/webhooks", method = "post")]
    async fn add(
        &self,
        token: Token,
        body: Json<WebhookBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<AddedWebhook, Failure> {
        let actor = token.actor(&self.0).await?;
        let (it, secret) = self.0.add_webhook(&actor, &body.0.wanted(), key.0.as_deref()).await?;
        Ok(AddedWebhook::Created(Json(WebhookJson::new(it, Some(secret)))))
    }

    /// One webhook.
    #[oai(path = "/webhooks/:id", method = "get")]
    async fn read(&self, token: Token, id: Path<i64>) -> Result<Json<WebhookJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        Ok(Json(WebhookJson::new(self.0.webhook(&actor, id.0).await?, None)))
    }

    /// Changes it, or switches it off.
    #[oai(path = "/webhooks/:id", method = "put")]
    async fn change(
        &self,
        token: Token,
        id: Path<i64>,
        body: Json<WebhookBody>,
        #[oai(name = "If-Match")] seen: Header<Option<String>>,
    ) -> Result<Json<WebhookJson>, Failure> {
        let mut problems = Vec::new();
        let version = body.0.version.or(version_of(seen.0.as_deref(), &mut problems));
        refuse(problems)?;
        let actor = token.actor(&self.0).await?;
        Ok(Json(WebhookJson::new(self.0.change_webhook(&actor, id.0, version, &body.0.wanted()).await?, None)))
    }

    /// Makes a new secret; the old one is worthless from now on.
    #[oai(path = "/webhooks/:id/secret", method = "post")]
    async fn renew(&self, token: Token, id: Path<i64>, body: Json<SecretBody>) -> Result<Json<WebhookJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        let (it, secret) = self.0.renew_webhook_secret(&actor, id.0, body.0.version).await?;
        Ok(Json(WebhookJson::new(it, Some(secret))))
    }

    /// What it was told last, the youngest first.
    #[oai(path = "/webhooks/:id/deliveries", method = "get")]
    async fn deliveries(&self, token: Token, id: Path<i64>) -> Result<Json<DeliveryPage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let items = self.0.webhook_deliveries(&actor, id.0).await?.into_iter().map(DeliveryJson::new).collect();
        Ok(Json(DeliveryPage { items, next_cursor: None }))
    }
}

impl WebhookBody {
    fn wanted(&self) -> WantedWebhook {
        WantedWebhook {
            name: self.name.clone(),
            url: self.url.clone(),
            events: self.events.clone(),
            agency: self.agency.clone(),
            active: self.active.unwrap_or(true),
        }
    }
}

impl WebhookJson {
    fn new(it: Webhook, secret: Option<String>) -> Self {
        Self {
            id: it.id,
            name: it.name,
            url: it.url,
            events: it.events,
            agency: it.agency,
            active: it.active,
            created_at: it.created_at,
            version: it.version,
            secret,
        }
    }
}

impl DeliveryJson {
    fn new(it: Delivery) -> Self {
        Self {
            id: it.item_key,
            event: it.kind,
            ticket: it.stream,
            at: it.at,
            state: it.state.to_string(),
            attempts: it.attempts,
            status: it.status,
            last_error: it.last_error,
            sent_at: it.sent_at,
        }
    }
}
