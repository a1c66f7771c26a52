//! A bar of days: one stroke per day, its height and colour say how bad the day was.

use crate::domain::outage::{Day, Severity};
use crate::render::picture::{Says, begin, escape, short};
use std::fmt::Write as _;

/// How bad a day was; each has its own height and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing is known, or nothing was agreed.
    Empty,
    /// Nothing happened.
    Good,
    /// Planned maintenance.
    Planned,
    /// Closed under an order.
    Closed,
    /// Slow.
    Slow,
    /// Some could not use it.
    Partial,
    /// Nobody could.
    Down,
}

impl Level {
    /// In the order of their paths.
    pub const ALL: [Self; 7] =
        [Self::Empty, Self::Good, Self::Planned, Self::Closed, Self::Slow, Self::Partial, Self::Down];

    /// How bad a local day of a service was.
    pub const fn of(day: &Day) -> Self {
        match day.worst {
            Some(Severity::Total) => Self::Down,
            Some(Severity::Partial) => Self::Partial,
            Some(Severity::Degraded) => Self::Slow,
            None if day.figures.closed > 0 => Self::Closed,
            None if day.figures.maintenance > 0 => Self::Planned,
            None if day.figures.hours == 0 => Self::Empty,
            None => Self::Good,
        }
    }

    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Good => "good",
            Self::Planned => "planned",
            Self::Closed => "closed",
            Self::Slow => "slow",
            Self::Partial => "partial",
            Self::Down => "down",
        }
    }

    /// The level of a word.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }

    /// Class in the style sheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Empty => "d0",
            Self::Good => "d1",
            Self::Planned => "d2",
            Self::Closed => "d3",
            Self::Slow => "d4",
            Self::Partial => "d5",
            Self::Down => "d6",
        }
    }

    /// Height of its stroke of 24.
    pub const fn height(self) -> u32 {
        match self {
            Self::Empty => 3,
            Self::Good => 8,
            Self::Planned | Self::Closed => 12,
            Self::Slow => 14,
            Self::Partial => 19,
            Self::Down => 24,
        }
    }
}

/// The picture: one path per level, so that many services weigh little. `sentence` is its name for those who do not see
/// it.
pub fn bar(levels: &[Level], sentence: &str) -> String {
    let width = levels.len() * 4;
    let mut svg = String::new();
    // Writing to a string cannot fail.
    _ = write!(
        svg,
        "<svg class=\"days\" viewBox=\"0 0 {width} 24\" role=\"img\" aria-label=\"{}\" preserveAspectRatio=\"none\">",
        escape(sentence)
    );
    for level in Level::ALL {
        let mut path = String::new();
        for place in levels.iter().enumerate().filter(|(_, it)| **it == level).map(|(place, _)| place) {
            _ = write!(path, "M{} 24v-{}", place * 4 + 2, level.height());
        }
        if !path.is_empty() {
            _ = write!(svg, "<path class=\"{}\" d=\"{path}\"/>", level.class());
        }
    }
    svg.push_str("</svg>");
    svg
}

/// A service with its days and its figure.
#[derive(Debug, Clone)]
pub struct Row {
    /// Stands left of its days.
    pub name: String,
    /// One for each day.
    pub levels: Vec<Level>,
    /// Stands right of them.
    pub figure: String,
}

/// The days of several services below each other, with what the strokes mean; empty without services. `ends` name the
/// first and the last day.
pub fn rows(says: Says<'_>, rows: &[Row], ends: (&str, &str), legend: &[(Level, String)]) -> String {
    let Some(first) = rows.first().filter(|row| !row.levels.is_empty()) else { return String::new() };
    let step = 380.0 / f64::from(u32::try_from(first.levels.len()).unwrap_or(1));
    // Strokes of a month, or of a longer time.
    let width = if first.levels.len() <= 31 { "wide" } else { "thin" };
    let bottom = rows.len() * 34 + 6;
    let mut svg = begin(says, i64::try_from(bottom + 46).unwrap_or(i64::MAX));
    // Writing to a string cannot fail.
    for (place, row) in rows.iter().enumerate() {
        let base = place * 34 + 30;
        _ = write!(svg, "<text class=\"tick\" x=\"212\" y=\"{}\">{}</text>", base - 8, short(&row.name));
        _ = write!(svg, "<text class=\"val\" x=\"608\" y=\"{}\">{}</text>", base - 8, escape(&row.figure));
        for level in Level::ALL {
            let mut path = String::new();
            let places = (0_u32..).zip(&row.levels).filter(|(_, it)| **it == level).map(|(place, _)| place);
            for day in places {
                _ = write!(path, "M{:.1} {base}v-{}", 220.0 + step * (f64::from(day) + 0.5), level.height());
            }
            if !path.is_empty() {
                _ = write!(svg, "<path class=\"{} {width}\" d=\"{path}\"/>", level.class());
            }
        }
    }
    _ = write!(svg, "<text class=\"val\" x=\"220\" y=\"{}\">{}</text>", bottom + 10, escape(ends.0));
    _ = write!(svg, "<text class=\"tick\" x=\"600\" y=\"{}\">{}</text>", bottom + 10, escape(ends.1));
    let used = legend.iter().filter(|(level, _)| rows.iter().any(|row| row.levels.contains(level)));
    for (place, (level, name)) in used.enumerate() {
        let (x, y) = (12 + place * 118, bottom + 36);
        _ = write!(svg, "<path class=\"{} k\" d=\"M{x} {y}v-{}\"/>", level.class(), level.height());
        _ = write!(svg, "<text class=\"val\" x=\"{}\" y=\"{y}\">{}</text>", x + 9, escape(name));
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_is_one_path() {
        let svg = bar(&[Level::Good, Level::Down, Level::Good], "A & \"B\"");
        assert_eq!(
            svg,
            "<svg class=\"days\" viewBox=\"0 0 12 24\" role=\"img\" aria-label=\"A &amp; &quot;B&quot;\" \
             preserveAspectRatio=\"none\"><path class=\"d1\" d=\"M2 24v-8M10 24v-8\"/>\
             <path class=\"d6\" d=\"M6 24v-24\"/></svg>"
        );
        assert!(bar(&[Level::Good; 90], "x").len() < 1300, "twelve services stay under 15 KB");
    }

    #[test]
    fn services_stand_below_each_other_with_what_their_strokes_mean() {
        let row =
            |name: &str, level| Row { name: name.to_owned(), levels: vec![Level::Good, level], figure: "9".into() };
        let legend = Level::ALL.map(|level| (level, format!("<{}>", level.word())));
        let says = Says { id: "hari", title: "A & B", sentence: "x" };
        let svg = rows(says, &[row("Satu", Level::Closed), row("Dua", Level::Down)], ("1", "2"), &legend);
        assert!(svg.contains("class=\"d3 wide\" d=\"M505.0 30v-12\""), "{svg}");
        assert!(
            svg.contains("class=\"d6 wide\"") && svg.contains("&lt;down&gt;") && !svg.contains("&lt;slow&gt;"),
            "{svg}"
        );
        assert_eq!(rows(says, &[], ("1", "2"), &legend), "");
        for level in Level::ALL {
            assert_eq!(Level::read(level.word()), Some(level));
        }
    }
}
