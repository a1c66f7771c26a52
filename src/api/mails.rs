//! Who sent the mails of a ticket, and addresses that take no mail.

use crate::api::Token;
use crate::api::problem::Failure;
use crate::api::tickets::known;
use crate::desk::Desk;
use crate::desk::participants::Person;
use crate::store::mail_origins::MailOrigin;
use crate::store::undeliverable::Undeliverable;
use chrono::{DateTime, Utc};
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Endpoints of received mails.
pub struct Mails(pub Desk);

/// Who sent the mail behind a message.
#[derive(Debug, Object)]
struct OriginJson {
    /// The message it became.
    message: i64,
    from: String,
    from_name: String,
    /// Where an answer was wanted, when that is not `from`. Proves nothing and is not used.
    reply_to: Option<String>,
    /// Envelope sender, or empty.
    envelope: String,
    /// Addresses in `Cc`.
    copies: Vec<String>,
    /// Results in words of RFC 8601; empty where nothing was checked.
    spf: String,
    dkim: String,
    dmarc: String,
    /// `unchecked`, `proven`, `unproven` or `forged`.
    belief: String,
    /// Another mail had the same Message-ID before.
    message_id_reused: bool,
}

/// The mails of a ticket fit on one page.
#[derive(Debug, Object)]
struct OriginPage {
    items: Vec<OriginJson>,
    next_cursor: Option<String>,
}

/// An address that takes no mail.
#[derive(Debug, Object)]
struct UndeliverableJson {
    id: i64,
    /// Masked for those who see no tickets, or may not learn who reported this one.
    email: String,
    /// Enhanced status, e.g. `5.1.1`.
    status: String,
    /// The server's words.
    said: String,
    at: DateTime<Utc>,
}

/// The latest of them.
#[derive(Debug, Object)]
struct UndeliverablePage {
    items: Vec<UndeliverableJson>,
    next_cursor: Option<String>,
}

/// Somebody beside the reporter.
#[derive(Debug, Object)]
struct ParticipantJson {
    email: String,
    /// Reads every answer and may write. Otherwise only in the copies of a mail, and offered.
    partakes: bool,
    /// Of the region's own domain.
    official: bool,
}

/// The people of a ticket fit on one page.
#[derive(Debug, Object)]
struct ParticipantPage {
    items: Vec<ParticipantJson>,
    next_cursor: Option<String>,
}

/// The ticket has other participants now.
#[derive(ApiResponse)]
enum Partaking {
    /// They hear of the next answer, or no more.
    #[oai(status = 204)]
    Changed,
}

/// An address.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct Address {
    email: String,
}

/// It is sent to again.
#[derive(ApiResponse)]
enum Lifted {
    /// Mail goes there again.
    #[oai(status = 204)]
    Done,
}

#[OpenApi]
impl Mails {
    /// Who sent the mails of a ticket, and what SPF, DKIM and DMARC say of it. For staff who may read notes.
    #[oai(path = "/tickets/:number/received-mails", method = "get")]
    async fn of_ticket(&self, token: Token, number: Path<String>) -> Result<Json<OriginPage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let origins = self.0.ticket_origins(&actor, &known(&number.0)?).await?;
        Ok(Json(OriginPage { items: origins.into_iter().map(mail).collect(), next_cursor: None }))
    }

    /// Sends mail to a participant of a ticket again after his server had said that the address takes none.
    #[oai(path = "/tickets/:number/undeliverable/lift", method = "post")]
    async fn lift(&self, token: Token, number: Path<String>, body: Json<Address>) -> Result<Lifted, Failure> {
        let actor = token.actor(&self.0).await?;
        self.0.lift_participant(&actor, &known(&number.0)?, &body.0.email).await?;
        Ok(Lifted::Done)
    }

    /// Who takes part in a ticket beside its reporter, and who stands in the copies of its mails and may be let in.
    #[oai(path = "/tickets/:number/participants", method = "get")]
    async fn participants(&self, token: Token, number: Path<String>) -> Result<Json<ParticipantPage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let others = self.0.others(&actor, &known(&number.0)?).await?;
        let shape =
            |partakes: bool| move |Person { email, official }: Person| ParticipantJson { email, partakes, official };
        let partaking = others.partaking.into_iter().map(shape(true));
        let offered = others.offered.into_iter().map(shape(false));
        Ok(Json(ParticipantPage { items: partaking.chain(offered).collect(), next_cursor: None }))
    }

    /// Lets somebody in the copies of a ticket's mails take part.
    #[oai(path = "/tickets/:number/participants", method = "post")]
    async fn take_part(&self, token: Token, number: Path<String>, body: Json<Address>) -> Result<Partaking, Failure> {
        let actor = token.actor(&self.0).await?;
        self.0.let_take_part(&actor, &known(&number.0)?, &body.0.email).await?;
        Ok(Partaking::Changed)
    }

    /// Takes somebody out again who was let in.
    #[oai(path = "/tickets/:number/participants/remove", method = "post")]
    async fn end_part(&self, token: Token, number: Path<String>, body: Json<Address>) -> Result<Partaking, Failure> {
        let actor = token.actor(&self.0).await?;
        self.0.end_part(&actor, &known(&number.0)?, &body.0.email).await?;
        Ok(Partaking::Changed)
    }

    /// Addresses to which nothing is sent any more because a mail server said that they take no mail; the latest first.
    #[oai(path = "/mail/undeliverable", method = "get")]
    async fn undeliverable(&self, token: Token) -> Result<Json<UndeliverablePage>, Failure> {
        let actor = token.actor(&self.0).await?;
        let found = self.0.undeliverable(&actor).await?;
        let shape =
            |Undeliverable { id, email, status, said, at, .. }| UndeliverableJson { id, email, status, said, at };
        Ok(Json(UndeliverablePage { items: found.into_iter().map(shape).collect(), next_cursor: None }))
    }

    /// Sends mail to an address again.
    #[oai(path = "/mail/undeliverable/:id/lift", method = "post")]
    async fn lift_any(&self, token: Token, id: Path<i64>) -> Result<Lifted, Failure> {
        let actor = token.actor(&self.0).await?;
        self.0.lift_undeliverable(&actor, id.0).await?;
        Ok(Lifted::Done)
    }
}

fn mail(origin: MailOrigin) -> OriginJson {
    OriginJson {
        message: origin.message_id,
        from: origin.from_email,
        from_name: origin.from_name,
        reply_to: origin.reply_to,
        envelope: origin.envelope,
        copies: origin.copies.split_whitespace().map(str::to_owned).collect(),
        spf: origin.spf,
        dkim: origin.dkim,
        dmarc: origin.dmarc,
        belief: origin.belief,
        message_id_reused: origin.reused,
    }
}
