//! Words of the house: types and pure decisions.
//!
//! For: what a ticket, a message, a person, a service, a clock and an event *are*, and which changes
//! are allowed. Everything here is a pure function of its arguments.
//! May use: `error` and nothing else of this crate. No database, network, clock or file.
//! To add one more word: write a file named after the noun, give its enums through [`words!`] so that
//! code, API and database share one spelling, and declare it below in reading order.

/// An enum whose variants have one spelling everywhere: in code, in the API and in the database.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The one spelling of this value in code, API and database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl crate::domain::Word for $name {
            fn all() -> &'static [Self] { Self::ALL }
            fn as_str(self) -> &'static str { Self::as_str(self) }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }

        impl std::str::FromStr for $name {
            type Err = crate::domain::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or(crate::domain::UnknownWord)
            }
        }
    };
}

/// An enum made by [`words!`]: what doors need to list and read its values.
pub trait Word: Copy + Sized + 'static {
    /// Every value.
    fn all() -> &'static [Self];
    /// The one spelling.
    fn as_str(self) -> &'static str;
}

/// The text is no value of the enum it was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown word")]
pub struct UnknownWord;

pub mod agency;
pub mod alarm;
pub mod announcement;
pub mod availability;
pub mod backup;
pub mod canned;
pub mod catalogue;
pub mod change;
pub mod clock_plan;
pub mod duty;
pub mod duty_rule;
pub mod endpoint;
pub mod event;
pub mod incident;
pub mod knowledge;
pub mod letter;
pub mod managing;
pub mod message;
pub mod monitor;
pub mod notice;
pub mod number;
pub mod outage;
pub mod people;
pub mod phone;
pub mod problem;
pub mod quarantine;
pub mod relation;
pub mod report;
pub mod reporter;
pub mod rights;
pub mod rights_procedure;
pub mod round;
pub mod service;
pub mod settings;
pub mod status;
pub mod ticket;
pub mod trend;
pub mod upload;
pub mod warning;
pub mod webhook;
