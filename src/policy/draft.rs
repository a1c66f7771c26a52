//! A pack as it was written: its text, and its tree before anything was checked.

use super::tree::{Node, Place};

/// The text of one pack.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path or name for messages; its stem must be the pack's id.
    pub file: String,
    /// TOML without a byte-order mark.
    pub text: String,
}

/// One text, parsed, before it is laid over its parent.
pub(super) struct Draft {
    pub(super) id: String,
    /// The source it came from.
    pub(super) source: usize,
    pub(super) root: Node,
    pub(super) extends: Option<Node>,
    pub(super) basis: Vec<Basis>,
    /// What stands in `[unconfirmed]`, in the same form.
    pub(super) unconfirmed: Vec<Basis>,
}

/// A statement about the values at and below a path: where their law is written, or what is not known about them.
pub(super) struct Basis {
    pub(super) path: String,
    pub(super) text: String,
    pub(super) place: Place,
}
