//! `/warning-cases` and `/suspensions`: the warning procedure. Regions whose law knows none answer 404.

use crate::api::Token;
use crate::api::answers::{self, EventJson, EventPage};
use crate::api::case_answers::{CaseJson, CasePageJson, SuspensionJson, SuspensionPageJson};
use crate::api::choice::{self, Choice};
use crate::api::problem::Failure;
use crate::api::requests::Reasoned;
use crate::api::tickets::{full, page_size, read_cursor, refuse, version_of, window};
use crate::desk::Desk;
use crate::desk::case_acts::CaseCommand;
use crate::domain::warning::{CaseState, OrderState};
use crate::store::cases::CaseFilter;
use chrono::{DateTime, Utc};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

/// Endpoints of the warning procedure.
pub struct Cases(pub Desk);

/// A note that may be empty.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct CaseNoteBody {
    #[oai(default)]
    note: String,
    version: Option<i64>,
}

/// The next letter of the ladder, or the proposal.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct CaseLetterBody {
    #[oai(default)]
    reason: String,
    /// It is written outside of the desk: its receipt will be recorded by hand.
    #[oai(default)]
    elsewhere: bool,
    version: Option<i64>,
}

/// Receipt of a letter that was written outside of the desk.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct CaseReceiptBody {
    /// Number on the letter.
    #[oai(default)]
    number: String,
    /// When it was received; now when left out.
    received_at: Option<DateTime<Utc>>,
    /// What shows the receipt.
    #[oai(default)]
    receipt: String,
    version: Option<i64>,
}

/// What the owner has repaired and how that was tested.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct CaseRepairBody {
    #[oai(default)]
    report: String,
    version: Option<i64>,
}

/// Whether it is repaired.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct CaseVerifyBody {
    repaired: Option<bool>,
    #[oai(default)]
    findings: String,
    version: Option<i64>,
}

/// The closing by a person, with its minutes.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct CaseClosureBody {
    /// When; now when left out.
    executed_at: Option<DateTime<Utc>>,
    #[oai(default)]
    minutes: String,
    version: Option<i64>,
}

/// The decision of those to whom the proposal went.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct CaseDecisionBody {
    #[oai(default)]
    decision: String,
    version: Option<i64>,
}

type Answer = Result<Json<CaseJson>, Failure>;

/// One endpoint per verb: path, body, and the command the body means.
macro_rules! case_verbs {
    ($($(#[$doc:meta])* $path:literal $name:ident ($body:ty) $command:expr;)+) => {
        #[OpenApi]
        impl CaseVerbs {
            $(
                $(#[$doc])*
                #[oai(path = $path, method = "post")]
                async fn $name(
                    &self,
                    token: Token,
                    number: Path<String>,
                    body: Json<$body>,
                    #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
                    #[oai(name = "If-Match")] seen: Header<Option<String>>,
                ) -> Answer {
                    let version = body.0.version;
                    let command: fn($body) -> CaseCommand = $command;
                    self.act(token, &number.0, version, seen.0, command(body.0), key.0).await
                }
            )+
        }
    };
}

/// Endpoints of what is done to a case.
pub struct CaseVerbs(pub Desk);

case_verbs! {
    /// The dossier goes to the coordination team.
    "/warning-cases/:number/send-dossier" send_dossier (CaseNoteBody) |body| CaseCommand::SendDossier { note: body.note };
    /// The next letter of the ladder is drafted (or, where the law names nobody who warns, a proposal).
    "/warning-cases/:number/issue-letter" issue_letter (CaseLetterBody) |body| CaseCommand::IssueLetter { reason: body.reason, elsewhere: body.elsewhere };
    /// A letter written outside of the desk was received; its terms begin then.
    "/warning-cases/:number/record-receipt" record_receipt (CaseReceiptBody) |body| CaseCommand::RecordReceipt { number: body.number, received_at: body.received_at, receipt: body.receipt };
    /// The owner says that the service is repaired.
    "/warning-cases/:number/report-repair" report_repair (CaseRepairBody) |body| CaseCommand::ReportRepair { report: body.report };
    /// Somebody else says whether it is.
    "/warning-cases/:number/verify-repair" verify_repair (CaseVerifyBody) |body| CaseCommand::VerifyRepair { repaired: body.repaired, findings: body.findings };
    /// The case ends without closing, with a reason.
    "/warning-cases/:number/decide-not-to-close" decide_not_to_close (Reasoned) |body| CaseCommand::DecideNotToClose { reason: body.reason };
    /// A person has closed the service under the order; the desk closes nothing by itself.
    "/warning-cases/:number/execute-closure" execute_closure (CaseClosureBody) |body| CaseCommand::ExecuteClosure { executed_at: body.executed_at, minutes: body.minutes };
    /// The service is open again, after a verified repair.
    "/warning-cases/:number/reopen" reopen (CaseNoteBody) |body| CaseCommand::Reopen { note: body.note };
    /// What those have decided to whom the proposal went.
    "/warning-cases/:number/record-decision" record_decision (CaseDecisionBody) |body| CaseCommand::RecordDecision { decision: body.decision };
}

#[OpenApi]
impl Cases {
    /// Cases the caller may see, the newest first.
    #[expect(clippy::too_many_arguments, reason = "each is one filter of the list")]
    #[oai(path = "/warning-cases", method = "get")]
    async fn list(
        &self,
        token: Token,
        state: Query<Option<Choice<CaseState>>>,
        /// Only those that are open, or only those that are over.
        open: Query<Option<bool>>,
        service: Query<Option<String>>,
        agency: Query<Option<String>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<CasePageJson>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let filter = CaseFilter {
            state: choice::read(state.0, "state", &mut problems),
            open: open.0,
            service: service.0,
            agency: agency.0,
        };
        let limit = page_size(limit.0, &mut problems);
        let place = read_cursor(desk, "cases", cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let before = place.as_deref().and_then(answers::after);
        let page = desk.warning_cases(&actor, &filter, before, limit).await?;
        let next_cursor = page.next.map(|next| answers::cursor(desk, "cases", &answers::after_text(next)));
        let items = page.items.into_iter().map(CaseJson::short).collect();
        Ok(Json(CasePageJson { items, next_cursor }))
    }

    /// A case with its evidence, its ladder and its orders.
    #[oai(path = "/warning-cases/:number", method = "get")]
    async fn read(&self, token: Token, number: Path<String>) -> Answer {
        let actor = token.actor(&self.0).await?;
        Ok(Json(CaseJson::whole(self.0.warning_case(&actor, &number.0).await?)))
    }

    /// The chained history of a case, refused attempts among it.
    #[oai(path = "/warning-cases/:number/events", method = "get")]
    async fn events(
        &self,
        token: Token,
        number: Path<String>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<EventPage>, Failure> {
        let desk = &self.0;
        let list = format!("case events {}", number.0);
        let (after, limit) = window(desk, &list, limit.0, cursor.0.as_deref())?;
        let actor = token.actor(desk).await?;
        let events = desk.warning_case_events(&actor, &number.0, after, limit).await?;
        let next = full(&events, limit).map(|last| answers::cursor(desk, &list, &last.seq.to_string()));
        Ok(Json(EventPage { items: events.into_iter().map(EventJson::new).collect(), next_cursor: next }))
    }

    /// Orders to close a service, the newest first.
    #[oai(path = "/suspensions", method = "get")]
    async fn suspensions(
        &self,
        token: Token,
        state: Query<Option<Choice<OrderState>>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<SuspensionPageJson>, Failure> {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let state = choice::read(state.0, "state", &mut problems);
        let limit = page_size(limit.0, &mut problems);
        let place = read_cursor(desk, "suspensions", cursor.0.as_deref(), &mut problems);
        refuse(problems)?;
        let before = place.and_then(|place| place.parse().ok());
        let (items, next) = desk.suspensions(&actor, state, before, limit).await?;
        let items = items.into_iter().map(|(order, case)| SuspensionJson::new(desk, order, case)).collect();
        let next_cursor = next.map(|next| answers::cursor(desk, "suspensions", &next.to_string()));
        Ok(Json(SuspensionPageJson { items, next_cursor }))
    }

    /// An order to close a service.
    #[oai(path = "/suspensions/:code", method = "get")]
    async fn suspension(&self, token: Token, code: Path<String>) -> Result<Json<SuspensionJson>, Failure> {
        let actor = token.actor(&self.0).await?;
        let (order, case) = self.0.suspension(&actor, &code.0).await?;
        Ok(Json(SuspensionJson::new(&self.0, order, case.number)))
    }
}

impl CaseVerbs {
    async fn act(
        &self,
        token: Token,
        number: &str,
        version: Option<i64>,
        seen: Option<String>,
        command: CaseCommand,
        key: Option<String>,
    ) -> Answer {
        let desk = &self.0;
        let actor = token.actor(desk).await?;
        let mut problems = Vec::new();
        let version = version.or(version_of(seen.as_deref(), &mut problems));
        refuse(problems)?;
        desk.act_on_case(&actor, number, version, command, key.as_deref()).await?;
        Ok(Json(CaseJson::whole(desk.warning_case(&actor, number).await?)))
    }
}
