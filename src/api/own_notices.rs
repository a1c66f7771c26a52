//! `/me/notices`: how the caller wants to be told of steps by mail.

use crate::api::Token;
use crate::api::choice::Choice;
use crate::api::problem::Failure;
use crate::api::tickets::refuse;
use crate::desk::Desk;
use crate::desk::notice_choices::Chosen;
use crate::domain::clock_plan::StepKind;
use crate::domain::notice::NoticeChoice;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

/// Endpoints of the caller's own notices.
pub struct OwnNotices(pub Desk);

/// What holds for notices of one kind.
#[derive(Debug, Object)]
struct ChosenJson {
    /// The step they tell of: `start`, `response_notice`, `transfer`, `warn`, `breach` or `pause_end`.
    kind: String,
    /// `at_once`, `digest` (once a day, folded) or `never`. On the page of notices they stand in any case.
    choice: String,
    /// The pack says so; nothing else can be chosen.
    compulsory: bool,
}

/// What holds for each kind.
#[derive(Debug, Object)]
struct ChosenPage {
    items: Vec<ChosenJson>,
    next_cursor: Option<String>,
}

/// One wish.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct Wanted {
    kind: Choice<StepKind>,
    choice: Choice<NoticeChoice>,
}

/// What is wanted; kinds that are not named stay as they are.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct WantedBody {
    items: Vec<Wanted>,
}

#[OpenApi]
impl OwnNotices {
    /// How the caller is told of steps by mail.
    #[oai(path = "/me/notices", method = "get")]
    async fn show(&self, token: Token) -> Result<Json<ChosenPage>, Failure> {
        let actor = token.actor(&self.0).await?;
        Ok(Json(page(&self.0.notice_choices(&actor).await?)))
    }

    /// Chooses how the caller is told. What the pack makes compulsory cannot be chosen away.
    #[oai(path = "/me/notices", method = "put")]
    async fn choose(&self, token: Token, body: Json<WantedBody>) -> Result<Json<ChosenPage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let (mut wanted, mut problems) = (Vec::new(), Vec::new());
        for one in body.0.items.into_iter().take(StepKind::ALL.len()) {
            let kind = one.kind.read("kind", &mut problems);
            let choice = one.choice.read("choice", &mut problems);
            wanted.extend(kind.zip(choice));
        }
        refuse(problems)?;
        Ok(Json(page(&self.0.choose_notices(&actor, &wanted).await?)))
    }
}

fn page(chosen: &[Chosen]) -> ChosenPage {
    let shape = |chosen: &Chosen| ChosenJson {
        kind: chosen.kind.to_string(),
        choice: chosen.choice.to_string(),
        compulsory: chosen.compulsory,
    };
    ChosenPage { items: chosen.iter().map(shape).collect(), next_cursor: None }
}
