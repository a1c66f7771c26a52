//! A form as the handlers get it: checked before it is read.

use crate::error::Error;
use crate::web::failure::Failure;
use crate::web::guard;
use crate::web::visit::Visit;
use poem::web::Form;
use poem::{Body, FromRequest, Request, RequestBody};
use std::collections::BTreeMap;

/// Largest form, in bytes.
pub(super) const LARGEST_FORM: usize = 1 << 20;

/// A form that was sent from one of our pages. Reading it is checking it.
#[derive(Debug, Clone, Default)]
pub struct Sent(pub BTreeMap<String, String>);

impl Sent {
    /// A field with the blanks around it removed; empty when it was not sent.
    pub fn get(&self, field: &str) -> &str {
        self.0.get(field).map_or("", |value| value.trim())
    }

    /// Reads a form that still has to be checked; one that another site has sent is refused.
    ///
    /// # Errors
    /// `Denied` for a foreign form; what the server below us refuses.
    pub async fn read(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let visit = request.data::<Visit>().ok_or_else(|| Failure(Error::internal("a form without a visit")))?;
        guard::check_origin(request, &visit.site).map_err(Failure)?;
        let bytes = body.take()?.into_bytes_limit(LARGEST_FORM).await?;
        let mut whole = RequestBody::new(Body::from_bytes(bytes));
        let Form(fields) = Form::<BTreeMap<String, String>>::from_request(request, &mut whole).await?;
        Ok(Self(fields))
    }

    /// Refuses it unless its hidden token was made for this visit.
    ///
    /// # Errors
    /// As [`guard::check_token`].
    pub fn check(&self, visit: &Visit) -> Result<(), Error> {
        guard::check_token(visit, self.get("_csrf"))
    }
}

impl<'a> FromRequest<'a> for Sent {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let visit = request.data::<Visit>().ok_or_else(|| Failure(Error::internal("a form without a visit")))?;
        let sent = Self::read(request, body).await?;
        sent.check(visit).map_err(Failure)?;
        Ok(sent)
    }
}
