//! One error for the whole house.
//!
//! Which variant to use: say what the caller may do about it. `NotFound` look elsewhere;
//! `Unauthenticated` sign in; `Denied` ask somebody else; `Invalid` mend these fields; `Conflict` look at
//! what changed; `TooMany` wait; `Unavailable` try again; `Internal` tell the operator.
//! A look-up returns `Option`; the caller decides what absence means.

use std::error::Error as StdError;

/// A sentence of the message catalogue with its values; doors turn it into words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    /// Key in `src/locales/*.ftl`.
    pub key: &'static str,
    /// Values by name.
    pub args: Vec<(&'static str, String)>,
}

impl Say {
    /// A sentence without values.
    pub const fn new(key: &'static str) -> Self {
        Self { key, args: Vec::new() }
    }

    /// Adds a value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}

/// One bad field and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field as the caller knows it.
    pub field: &'static str,
    /// What to do.
    pub say: Say,
}

/// Everything that can go wrong, by the reaction it asks for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or the caller may not know of it.
    #[error("not found: {0}")]
    NotFound(&'static str),
    /// Nobody has signed in.
    #[error("not signed in")]
    Unauthenticated,
    /// Signed in, but this is for somebody else.
    #[error("denied: {}", .0.key)]
    Denied(Say),
    /// These fields must be mended.
    #[error("invalid: {0:?}")]
    Invalid(Vec<FieldError>),
    /// The thing has changed, or is in a state that does not allow this.
    #[error("conflict: {}", .say.key)]
    Conflict {
        /// What changed.
        say: Say,
        /// The version the thing has now, where it has one.
        version: Option<i64>,
    },
    /// Too often.
    #[error("too many, wait {retry_after} s")]
    TooMany {
        /// Seconds to wait.
        retry_after: i64,
    },
    /// Something the program needs does not answer; the same call may succeed later.
    #[error("unavailable: {0}")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// A defect or a broken installation.
    #[error("internal: {0}")]
    Internal(#[source] Box<dyn StdError + Send + Sync>),
}

/// What every fallible function of the house returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// One bad field.
    pub fn field(field: &'static str, say: Say) -> Self {
        Self::Invalid(vec![FieldError { field, say }])
    }

    /// The state of the thing does not allow this.
    pub const fn conflict(say: Say) -> Self {
        Self::Conflict { say, version: None }
    }

    /// A defect, with words for the operator.
    pub fn internal(words: impl Into<String>) -> Self {
        Self::Internal(words.into().into())
    }

    /// HTTP status of this error.
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotFound(_) => 404,
            Self::Unauthenticated => 401,
            Self::Denied(_) => 403,
            Self::Invalid(_) => 422,
            Self::Conflict { .. } => 409,
            Self::TooMany { .. } => 429,
            Self::Unavailable(_) => 503,
            Self::Internal(_) => 500,
        }
    }

    /// May the same call succeed later without anybody's doing? Decides retries and exit codes.
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::TooMany { .. })
    }

    /// The sentence for people; inner causes are never told.
    pub fn public(&self) -> Say {
        match self {
            Self::NotFound(_) => Say::new("error-not-found"),
            Self::Unauthenticated => Say::new("error-unauthenticated"),
            Self::Denied(say) | Self::Conflict { say, .. } => say.clone(),
            Self::Invalid(_) => Say::new("error-invalid"),
            Self::TooMany { retry_after } => Say::new("error-too-many").with("minutes", (retry_after + 59) / 60),
            Self::Unavailable(_) => Say::new("error-unavailable"),
            Self::Internal(_) => Say::new("error-internal"),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let busy = match &error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                true
            }
            // SQLite: busy (5), locked (6), disk full (13), cannot open (14), I/O (10), read-only (8), and
            // their extended codes. PostgreSQL: connection (08), resources (53), shutdown (57), conflicts (40).
            sqlx::Error::Database(database) => database.code().is_some_and(|code| match code.parse::<u32>() {
                Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6 | 8 | 10 | 13 | 14),
                _ => ["08", "53", "57", "40"].iter().any(|class| code.starts_with(class)),
            }),
            _ => false,
        };
        if busy { Self::Unavailable(error.into()) } else { Self::Internal(error.into()) }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.into())
    }
}
