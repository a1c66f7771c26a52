//! What a region has decided: calendars, times, roles and priorities, read from data files.
//!
//! For: turning the text of policy packs into checked [`Pack`]s, and answering "when is this due, and why" and
//! "how urgent is this" from them. Everything is a pure function of its arguments: the caller reads the files and
//! the clock.
//! May use: `domain` and libraries. No database, network, file or clock.
//! Reading order: [`library`] (texts in, packs or faults out) → `tree` → `check` → `written` → `rules` → [`sections`]
//! → [`pack`], then [`calendar`] → [`deadline`] → [`explain`], and [`triage`]. `known` tells the pack of one instant from that of another.
//! To add one more region: write `sla_policies/<id>.toml` with `extends`, say in `[basis]` which values are law, and
//! nothing else: no region has a line of code. To add one more section: give it a type in `sections.rs`, a field in
//! `written.rs` and [`Pack`] and a table in every pack that extends nothing.

pub mod authority;
pub mod calendar;
pub mod catalogue;
pub mod changes;
mod check;
mod citation;
pub mod custom;
pub mod deadline;
pub mod draft;
pub mod duty;
pub mod explain;
mod fault;
mod known;
pub mod library;
pub mod measures;
pub mod notices;
pub mod pack;
pub mod pause;
pub mod request;
mod rules;
pub mod sections;
mod tree;
pub mod triage;
pub mod week;
mod written;

pub use authority::Authority;
pub use calendar::{Calendar, Excluded, Interval, NoWorkingTime};
pub use catalogue::{Catalogue, Part};
pub use deadline::{Deadlines, Goals, GoalsError, PerMille, Profile, Target};
pub use draft::Source;
pub use duty::Duty;
pub use explain::{Explanation, explain};
pub use fault::Fault;
pub use library::Library;
pub use pack::{Pack, Value};
pub use pause::Pause;
pub use request::RequestType;
pub use triage::{Guess, guess, priority};
pub use week::{Holiday, HolidayKind};
