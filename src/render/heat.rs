//! When it comes in: hours by weekdays in tones, with the number in each cell.

use crate::render::picture::{Says, begin, escape};
use std::fmt::Write as _;

/// The columns of the table it is drawn from, in the order of the rows of the picture.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Where the first hour begins.
const LEFT: usize = 44;
/// Width of an hour, height of a day.
const CELL: (usize, usize) = (28, 24);
/// Tones, from few to many.
const TONES: i64 = 4;

/// The picture; empty when nothing came in. One path per tone, so that a full week weighs little.
pub fn week(says: Says<'_>, days: &[String], cells: &[[i64; 24]; 7]) -> String {
    let most = cells.iter().flatten().copied().max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let mut svg = begin(says, 30 + 7 * 24);
    for hour in (0..24).step_by(3) {
        let x = LEFT + hour * CELL.0 + CELL.0 / 2;
        // Writing to a string cannot fail.
        _ = write!(svg, "<text class=\"label\" x=\"{x}\" y=\"14\">{hour:02}</text>");
    }
    for tone in 1..=TONES {
        let mut path = String::new();
        for (day, counts) in cells.iter().enumerate() {
            for hour in counts.iter().enumerate().filter(|(_, count)| tone_of(**count, most) == tone).map(|it| it.0) {
                let (x, y) = (LEFT + hour * CELL.0 + 1, 22 + day * CELL.1 + 1);
                _ = write!(path, "M{x} {y}h26v22h-26z");
            }
        }
        if !path.is_empty() {
            _ = write!(svg, "<path class=\"h h{tone}\" d=\"{path}\"/>");
        }
    }
    for (day, (name, counts)) in days.iter().zip(cells).enumerate() {
        let y = 22 + day * CELL.1 + 17;
        _ = write!(svg, "<text class=\"tick\" x=\"{}\" y=\"{y}\">{}</text>", LEFT - 6, escape(name));
        for (hour, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let x = LEFT + hour * CELL.0 + CELL.0 / 2;
            _ = write!(svg, "<text class=\"val m\" x=\"{x}\" y=\"{y}\">{count}</text>");
        }
    }
    svg.push_str("</svg>");
    svg
}

/// From one to four; nought has none.
const fn tone_of(count: i64, most: i64) -> i64 {
    (count * TONES + most - 1) / most
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAYS: Says<'_> = Says { id: "jam", title: "A & B", sentence: "Satu" };

    #[test]
    fn a_cell_has_its_tone_and_its_number() {
        let days: Vec<String> = DAYS.iter().map(|day| (*day).to_owned()).collect();
        let mut cells = [[0; 24]; 7];
        assert_eq!(week(SAYS, &days, &cells), "");
        (cells[0][8], cells[4][0]) = (8, 1);
        let svg = week(SAYS, &days, &cells);
        assert!(svg.contains("<path class=\"h h4\" d=\"M269 23h26v22h-26z\"/>"), "{svg}");
        assert!(svg.contains("<path class=\"h h1\" d=\"M45 119h26v22h-26z\"/>"), "{svg}");
        assert!(svg.contains("x=\"282\" y=\"39\">8</text>") && svg.contains("A &amp; B"), "{svg}");
        let office = |hour: usize, day: usize| if (7..17).contains(&hour) && day < 5 { 12 } else { 0 };
        cells = std::array::from_fn(|day| std::array::from_fn(|hour| office(hour, day)));
        assert!(week(SAYS, &days, &cells).len() < 6 * 1024, "a full week of an office stays small");
    }
}
