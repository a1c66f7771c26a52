//! `/me` and `/users`: accounts and roles.

use crate::api::Token;
use crate::api::answers;
use crate::api::choice::{self, Choice};
use crate::api::problem::Failure;
use crate::api::tickets::{page_size, read_cursor, refuse};
use crate::desk::Desk;
use crate::desk::people::{By, Correction, NewPerson, Person};
use crate::domain::people::{Account, Grant, Role};
use crate::error::{Error, FieldError, Say};
use crate::store::people::PeopleFilter;
use chrono::{DateTime, Utc};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of people.
pub struct Users(pub Desk);

/// The caller.
#[derive(Debug, Object)]
struct Me {
    id: i64,
    email: String,
    name: String,
    roles: Vec<RoleJson>,
    /// `read` or `write`.
    scope: String,
}

/// A role somebody holds.
#[derive(Debug, Object)]
pub struct RoleJson {
    role: String,
    /// Null: not bound to one agency.
    agency: Option<String>,
}

/// The roles somebody holds.
#[derive(Debug, Object)]
struct Held {
    roles: Vec<RoleJson>,
}

/// A page of people, without what only their own page tells.
#[derive(Debug, Object)]
struct UserPage {
    items: Vec<UserJson>,
    next_cursor: Option<String>,
}

/// Somebody with an account.
#[derive(Debug, Object)]
struct UserJson {
    id: i64,
    email: String,
    name: String,
    /// A disabled account may do nothing.
    active: bool,
    roles: Vec<RoleJson>,
}

/// Somebody with an account, in full.
#[derive(Debug, Object)]
struct UserInFull {
    id: i64,
    email: String,
    name: String,
    /// Civil-servant number.
    nip: Option<String>,
    /// A disabled account may do nothing.
    active: bool,
    roles: Vec<RoleJson>,
    has_password: bool,
    /// Two-step verification is on.
    has_totp: bool,
    created_at: DateTime<Utc>,
    /// When a session that still stands was last used.
    seen_at: Option<DateTime<Utc>>,
}

/// Somebody who is to have an account.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct NewUser {
    #[oai(default)]
    email: String,
    #[oai(default)]
    name: String,
    /// Civil-servant number, 18 digits.
    nip: Option<String>,
    /// Roles to begin with.
    #[oai(default)]
    grants: Vec<GrantBody>,
}

/// What is to be corrected; what is left out stays.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct UserPatch {
    /// Only system administrators may change it; sessions end and the old address is told.
    email: Option<String>,
    name: Option<String>,
    /// Empty removes it.
    nip: Option<String>,
}

/// A role in its place.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct GrantBody {
    role: Choice<Role>,
    /// Left out: for the whole region. Which role stands where is for the pack to say.
    agency: Option<String>,
}

/// A verb that needs nothing.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct Nothing {}

/// An account was made.
#[derive(ApiResponse)]
enum Added {
    /// The account. Its owner was sent an invitation.
    #[oai(status = 201)]
    Created(Json<UserInFull>),
}

type Answer = Result<Json<UserInFull>, Failure>;

#[OpenApi]
impl Users {
    /// The caller and the roles held.
    #[oai(path = "/me", method = "get")]
    async fn me(&self, token: Token) -> Result<Json<Me>, Failure> {
        let actor = token.actor(&self.0).await?;
        Ok(Json(Me {
            id: actor.account.id,
            roles: roles(&actor.grants),
            email: actor.account.email,
            name: actor.account.name,
            scope: actor.scope.to_string(),
        }))
    }

    /// People the caller may look at, in the order of their addresses.
    #[expect(clippy::too_many_arguments, reason = "each is one filter of the list")]
    #[oai(path = "/users", method = "get")]
    async fn list(
        &self,
        token: Token,
        /// Part of the name or address.
        q: Query<Option<String>>,
        role: Query<Option<Choice<Role>>>,
        agency: Query<Option<String>>,
        active: Query<Option<bool>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<UserPage>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let filter = PeopleFilter {
            words: q.0.map(|words| words.replace('\0', "")),
            role: choice::read(role.0, "role", &mut problems),
            agency: agency.0,
            active: active.0,
            within: None,
        };
        let limit = page_size(limit.0, &mut problems);
        let place = read_cursor(desk, "users", cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let people = desk.people(&actor, filter, place.as_deref().unwrap_or_default(), limit).await?;
        let is_full = i64::try_from(people.len()).unwrap_or(0) >= limit;
        let next = people.last().filter(|_| is_full).map(|(last, _)| answers::cursor(desk, "users", &last.email));
        let items = people.into_iter().map(|(account, grants)| {
            let Account { id, email, name, active, .. } = account;
            UserJson { id, email, name, active, roles: roles(&grants) }
        });
        Ok(Json(UserPage { items: items.collect(), next_cursor: next }))
    }

    /// Makes an account and invites its owner by mail.
    #[oai(path = "/users", method = "post")]
    async fn add(
        &self,
        token: Token,
        body: Json<NewUser>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Added, Failure> {
        let actor = token.actor(&self.0).await?;
        let NewUser { email, name, nip, grants } = body.0;
        let mut problems = Vec::new();
        let grants = grants.into_iter().filter_map(|grant| grant.read(&mut problems)).collect();
        refuse(problems)?;
        let person = self.0.invite(&actor, NewPerson { email, name, nip, grants }, key.0.as_deref()).await?;
        Ok(Added::Created(Json(in_full(person))))
    }

    /// One account.
    #[oai(path = "/users/:id", method = "get")]
    async fn read(&self, token: Token, id: Path<i64>) -> Answer {
        let actor = token.actor(&self.0).await?;
        Ok(Json(in_full(self.0.person(&actor, id.0).await?)))
    }

    /// Corrects name, number or address.
    #[oai(path = "/users/:id", method = "patch")]
    async fn correct(&self, token: Token, id: Path<i64>, body: Json<UserPatch>) -> Answer {
        let actor = token.actor(&self.0).await?;
        let UserPatch { email, name, nip } = body.0;
        self.0.correct_person(&By::Person(&actor), id.0, Correction { email, name, nip }).await?;
        Ok(Json(in_full(self.0.person(&actor, id.0).await?)))
    }

    /// Gives a role. Sessions of the account end.
    #[oai(path = "/users/:id/grants", method = "post")]
    async fn give(&self, token: Token, id: Path<i64>, body: Json<GrantBody>) -> Answer {
        let actor = token.actor(&self.0).await?;
        self.0.give_role(&By::Person(&actor), id.0, &grant(body.0)?).await?;
        Ok(Json(in_full(self.0.person(&actor, id.0).await?)))
    }

    /// Takes a role. Sessions of the account end; the last Administrator of an agency raises an alarm. Answers with the
    /// roles that are left.
    #[oai(path = "/users/:id/grants", method = "delete")]
    async fn take(
        &self,
        token: Token,
        id: Path<i64>,
        role: Query<Choice<Role>>,
        agency: Query<Option<String>>,
    ) -> Result<Json<Held>, Failure> {
        let actor = token.actor(&self.0).await?;
        let grant = grant(GrantBody { role: role.0, agency: agency.0 })?;
        let left = self.0.take_role(&By::Person(&actor), id.0, &grant).await?;
        Ok(Json(Held { roles: roles(&left) }))
    }

    /// Forbids the account to do anything; its sessions end.
    #[oai(path = "/users/:id/disable", method = "post")]
    async fn disable(&self, token: Token, id: Path<i64>, _body: Json<Nothing>) -> Answer {
        let actor = token.actor(&self.0).await?;
        self.0.set_account_active(&By::Person(&actor), id.0, false).await?;
        Ok(Json(in_full(self.0.person(&actor, id.0).await?)))
    }

    /// Allows the account what its roles allow.
    #[oai(path = "/users/:id/enable", method = "post")]
    async fn enable(&self, token: Token, id: Path<i64>, _body: Json<Nothing>) -> Answer {
        let actor = token.actor(&self.0).await?;
        self.0.set_account_active(&By::Person(&actor), id.0, true).await?;
        Ok(Json(in_full(self.0.person(&actor, id.0).await?)))
    }

    /// Mails the owner a link that signs in once. The link is shown to nobody else.
    #[oai(path = "/users/:id/sign-in-link", method = "post")]
    async fn link(
        &self,
        token: Token,
        id: Path<i64>,
        _body: Json<Nothing>,
        #[oai(name = "Idempotency-Key")] once: Header<Option<String>>,
    ) -> Answer {
        let actor = token.actor(&self.0).await?;
        self.0.send_link(&By::Person(&actor), id.0, once.0.as_deref()).await?;
        Ok(Json(in_full(self.0.person(&actor, id.0).await?)))
    }

    /// Takes the second factor from somebody who has lost it.
    #[oai(path = "/users/:id/reset-totp", method = "post")]
    async fn reset_totp(&self, token: Token, id: Path<i64>, _body: Json<Nothing>) -> Answer {
        let actor = token.actor(&self.0).await?;
        self.0.reset_totp(&actor, id.0).await?;
        Ok(Json(in_full(self.0.person(&actor, id.0).await?)))
    }
}

impl GrantBody {
    fn read(self, problems: &mut Vec<FieldError>) -> Option<Grant> {
        Some(Grant { role: self.role.read("role", problems)?, agency: self.agency.filter(|code| !code.is_empty()) })
    }
}

fn grant(body: GrantBody) -> Result<Grant, Error> {
    let mut problems = Vec::new();
    let grant = body.read(&mut problems);
    refuse(problems)?;
    grant.ok_or_else(|| Error::field("role", Say::new("field-role")))
}

fn roles(grants: &[Grant]) -> Vec<RoleJson> {
    grants.iter().map(|grant| RoleJson { role: grant.role.to_string(), agency: grant.agency.clone() }).collect()
}

fn in_full(person: Person) -> UserInFull {
    let Person { account, grants, standing, .. } = person;
    let Account { id, email, name, nip, active } = account;
    UserInFull {
        id,
        email,
        name,
        nip,
        active,
        roles: roles(&grants),
        has_password: standing.has_password,
        has_totp: standing.has_totp,
        created_at: standing.created_at,
        seen_at: standing.seen_at,
    }
}
