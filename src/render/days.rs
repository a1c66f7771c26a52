//! A bar of days: one stroke per day, its height and colour say how bad the day was.

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
    const ALL: [Self; 7] =
        [Self::Empty, Self::Good, Self::Planned, Self::Closed, Self::Slow, Self::Partial, Self::Down];

    /// Class in the style sheet.
    const fn class(self) -> &'static str {
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
    const fn height(self) -> u32 {
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

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
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
}
