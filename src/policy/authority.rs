//! By whose word a part of a pack is as it is, in one answer for a whole part.

use super::pack::Pack;

/// What stands behind a part of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority<'p> {
    /// All of it is law; where it is written, each citation once.
    Law(Vec<&'p str>),
    /// Some of it is law, the rest a default.
    Partly(Vec<&'p str>),
    /// Nobody has decreed it.
    Default,
    /// The region's own rule is not known for certain; what is known about it, which may be nothing.
    Unconfirmed(&'p str),
}

impl Pack {
    /// What stands behind the values at and below a path. One that nobody has confirmed makes the whole so.
    pub fn authority(&self, path: &str) -> Authority<'_> {
        let is_below =
            |place: &str| place.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let values: Vec<_> = self.values().iter().filter(|value| is_below(&value.path)).collect();
        if let Some(unsure) = values.iter().find(|value| value.unconfirmed) {
            return Authority::Unconfirmed(&unsure.note);
        }
        let mut laws = Vec::new();
        for law in values.iter().filter_map(|value| value.basis.as_deref()) {
            if !laws.contains(&law) {
                laws.push(law);
            }
        }
        match () {
            () if laws.is_empty() => Authority::Default,
            () if values.iter().all(|value| value.basis.is_some()) => Authority::Law(laws),
            () => Authority::Partly(laws),
        }
    }
}
