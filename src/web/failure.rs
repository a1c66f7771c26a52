//! Errors on their way to a page.

use crate::error::Error;
use poem::error::ResponseError;
use poem::http::StatusCode;

/// An error of the house that a handler gives back; [`crate::web::door`] makes a page of it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Failure(#[from] pub Error);

/// What every handler returns.
pub type Answer<T = poem::Response> = Result<T, Failure>;

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
