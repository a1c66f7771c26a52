//! How somebody wants pages to look and to be steered; kept in cookies of the browser, since a screen in the sun and
//! a shared machine are matters of the place, not of the person.

use serde_json::{Value, json};

/// What can be chosen: its name, which is that of its cookie, and the values; the empty one leaves it to the system.
const CHOICES: [(&str, &[&str]); 3] =
    [("tema", &["", "terang", "gelap"]), ("kerapatan", &["", "nyaman"]), ("pintasan", &["", "nyala", "mati"])];

/// What was chosen, in the order of the choices.
#[derive(Debug, Clone, Default)]
pub struct Looks([&'static str; 3]);

impl Looks {
    /// Reads what was kept; `kept` gives the value under a name.
    pub fn read(kept: impl Fn(&str) -> Option<String>) -> Self {
        Self(CHOICES.map(|(name, values)| {
            let value = kept(name).unwrap_or_default();
            values.iter().copied().find(|known| *known == value).unwrap_or_default()
        }))
    }

    /// Names with what was chosen; nothing where it is left to the system.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        CHOICES.iter().map(|(name, _)| *name).zip(self.0)
    }

    /// As templates mark the page with it.
    pub fn shape(&self) -> Value {
        self.pairs().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    }

    /// What can be chosen, as the form shows it; tables and keys concern the staff only.
    pub fn choices(&self, is_staff: bool) -> Vec<Value> {
        let shown = CHOICES.iter().zip(self.0).take(if is_staff { CHOICES.len() } else { 1 });
        shown.map(|((name, values), chosen)| json!({"name": name, "values": values, "chosen": chosen})).collect()
    }
}
