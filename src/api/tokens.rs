//! `/tokens`: the caller's own API tokens.

use crate::api::Token;
use crate::api::answers;
use crate::api::choice::Choice;
use crate::api::problem::Failure;
use crate::api::tickets::{page_size, read_cursor, refuse};
use crate::desk::Desk;
use crate::desk::tokens::NewToken;
use crate::domain::people::Scope;
use crate::error::{Error, Say};
use crate::store::tokens::Listed;
use chrono::{DateTime, Utc};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of tokens.
pub struct Tokens(pub Desk);

/// A page of tokens, newest first.
#[derive(Debug, Object)]
struct TokenPage {
    items: Vec<TokenJson>,
    next_cursor: Option<String>,
}

/// A token. What it opens the door with is told once, when it is made.
#[derive(Debug, Object)]
struct TokenJson {
    id: i64,
    /// Address of its owner.
    owner: String,
    label: String,
    /// `read` or `write`.
    scope: String,
    /// The one agency it is limited to.
    agency: Option<String>,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    /// The token itself, in the answer that made it.
    #[oai(skip_serializing_if_is_none)]
    token: Option<String>,
}

/// A token the caller wants.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct TokenBody {
    /// What it is for.
    #[oai(default)]
    label: String,
    scope: Choice<Scope>,
    /// Limits it to one agency's tickets.
    agency: Option<String>,
}

/// A verb that needs nothing.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct Empty {}

/// A token was made.
#[derive(ApiResponse)]
enum Made {
    /// The token; it is told this once.
    #[oai(status = 201)]
    Created(Json<TokenJson>),
}

#[OpenApi]
impl Tokens {
    /// Tokens of the caller; `all=true` for a system administrator: everybody's.
    #[oai(path = "/tokens", method = "get")]
    async fn list(
        &self,
        token: Token,
        all: Query<Option<bool>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<TokenPage>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let limit = page_size(limit.0, &mut problems);
        let place = read_cursor(desk, "tokens", cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let before = place.and_then(|place| place.parse().ok()).unwrap_or(i64::MAX);
        let tokens = desk.tokens(&actor, all.0.unwrap_or(false), before, limit).await?;
        let is_full = i64::try_from(tokens.len()).unwrap_or(0) >= limit;
        let next = tokens.last().filter(|_| is_full).map(|last| answers::cursor(desk, "tokens", &last.id.to_string()));
        Ok(Json(TokenPage { items: tokens.into_iter().map(|token| json(token, None)).collect(), next_cursor: next }))
    }

    /// Makes a token for the caller.
    #[oai(path = "/tokens", method = "post")]
    async fn make(
        &self,
        token: Token,
        body: Json<TokenBody>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Made, Failure> {
        let actor = token.actor(&self.0).await?;
        let TokenBody { label, scope, agency } = body.0;
        let mut problems = Vec::new();
        let scope = scope.read("scope", &mut problems);
        refuse(problems)?;
        let scope =
            scope.ok_or_else(|| Error::field("scope", Say::new("field-unknown-word").with("known", "read, write")))?;
        let new = NewToken { label, scope, agency };
        let (secret, made) = self.0.make_token(&actor, new, key.0.as_deref()).await?;
        Ok(Made::Created(Json(json(made, Some(secret)))))
    }

    /// Revokes a token for good.
    #[oai(path = "/tokens/:id/revoke", method = "post")]
    async fn revoke(&self, token: Token, id: Path<i64>, _body: Json<Empty>) -> Result<Json<TokenJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        Ok(Json(json(self.0.revoke_token(&actor, id.0).await?, None)))
    }
}

fn json(listed: Listed, token: Option<String>) -> TokenJson {
    let Listed { id, email, label, scope, agency, created_at, revoked_at, .. } = listed;
    TokenJson { id, owner: email, label, scope: scope.to_string(), agency, created_at, revoked_at, token }
}
