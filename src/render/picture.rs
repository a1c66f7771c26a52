//! Pictures of shares, classes and spreads: bars with a target, a stacked bar, a line of percents, strips from low to high.
//!
//! All share the width, the classes and the manners of [`crate::render::chart`]: y from nought, names beside what they name,
//! a title and a sentence for those who do not see them.

use std::fmt::Write as _;

/// Width of a picture in its own units.
const WIDTH: i64 = 720;
/// Where bars begin: their names stand left of it.
const LEFT: i64 = 220;
/// Where the longest bar ends: its figure stands right of it.
const RIGHT: i64 = 600;
/// Height of a row of bars or strips.
const ROW: i64 = 28;
/// Most letters of a name beside a bar.
const LONGEST: usize = 32;

/// What every picture says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Says<'a> {
    /// Distinguishes it from others on the page; letters and hyphens only.
    pub id: &'a str,
    /// What it shows.
    pub title: &'a str,
    /// What one sees in it, as a sentence.
    pub sentence: &'a str,
}

/// A bar: its name, its length, its figure in words.
#[derive(Debug, Clone)]
pub struct Bar {
    /// Stands left of it.
    pub name: String,
    /// Its length, not below nought.
    pub value: i64,
    /// Stands right of it.
    pub figure: String,
}

/// A line from low to high with a mark in the middle, and a tick at the target. All in one unit.
#[derive(Debug, Clone)]
pub struct Strip {
    /// Stands left of it.
    pub name: String,
    /// Low, middle, high.
    pub spread: (i64, i64, i64),
    /// Target, if there is one for all.
    pub target: Option<i64>,
    /// The middle in words; stands right of it.
    pub figure: String,
}

/// Horizontal bars in the order given; what stays below the target has a mark. `most` is the end of the scale.
pub fn bars(says: Says<'_>, rows: &[Bar], most: i64, target: Option<(i64, &str)>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let most = rows.iter().map(|row| row.value).max().unwrap_or(0).max(most).max(1);
    let height = count(rows.len()) * ROW + 34;
    let mut svg = begin(says, height);
    for (place, row) in (0_i64..).zip(rows) {
        let y = 10 + place * ROW;
        let low = target.is_some_and(|(target, _)| row.value < target);
        let (class, mark) = if low { ("b low", " ▼") } else { ("b", "") };
        let end = x(row.value, most);
        _ = write!(svg, "<text class=\"tick\" x=\"{}\" y=\"{}\">{}</text>", LEFT - 8, y + 13, short(&row.name));
        _ = write!(svg, "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"18\"/>", end - left());
        _ = write!(
            svg,
            "<text class=\"val\" x=\"{:.1}\" y=\"{}\">{}{mark}</text>",
            end + 6.0,
            y + 13,
            escape(&row.figure)
        );
    }
    if let Some((target, name)) = target {
        let at = x(target, most);
        _ = write!(svg, "<path class=\"goal\" d=\"M{at:.1} 4V{}\"/>", height - 22);
        _ = write!(svg, "<text class=\"label\" x=\"{at:.1}\" y=\"{}\">{}</text>", height - 8, escape(name));
    }
    svg.push_str("</svg>");
    svg
}

/// One bar of classes, at most five, in tones from light to dark, with their names and counts below.
pub fn stack(says: Says<'_>, classes: &[Bar]) -> String {
    let whole: i64 = classes.iter().map(|class| class.value).sum();
    if whole == 0 {
        return String::new();
    }
    let mut svg = begin(says, 96);
    let (mut before, step) = (0, (WIDTH - 20) / count(classes.len()).max(1));
    for (place, class) in (0_i64..).zip(classes.iter().take(5)) {
        let (from, width) = (10.0 + part(before, whole), part(class.value, whole));
        let tone = place + 1;
        _ = write!(svg, "<rect class=\"p p{tone}\" x=\"{from:.1}\" y=\"8\" width=\"{width:.1}\" height=\"30\"/>");
        let at = 10 + place * step;
        _ = write!(svg, "<rect class=\"p p{tone}\" x=\"{at}\" y=\"54\" width=\"12\" height=\"12\"/>");
        _ = write!(svg, "<text class=\"val\" x=\"{}\" y=\"64\">{}</text>", at + 18, escape(&class.name));
        _ = write!(svg, "<text class=\"val\" x=\"{}\" y=\"82\">{}</text>", at + 18, escape(&class.figure));
        before += class.value;
    }
    svg.push_str("</svg>");
    svg
}

/// Percents over time in hundredths, with the number of cases under each; the line is broken where there is none.
pub fn shares(says: Says<'_>, points: &[(String, Option<i64>, String)], target: Option<(i64, &str)>) -> String {
    if points.is_empty() {
        return String::new();
    }
    let mut svg = begin(says, 250);
    for percent in [0, 25, 50, 75, 100] {
        let y = height_of(percent * 100);
        _ = write!(
            svg,
            "<path class=\"grid\" d=\"M44 {y:.1}H624\"/><text class=\"tick\" x=\"38\" y=\"{:.1}\">{percent}</text>",
            y + 4.0
        );
    }
    if let Some((target, name)) = target {
        let y = height_of(target);
        _ = write!(
            svg,
            "<path class=\"goal\" d=\"M44 {y:.1}H624\"/><text class=\"name\" x=\"632\" y=\"{:.1}\">{}</text>",
            y + 4.0,
            escape(name)
        );
    }
    let (mut path, mut is_drawing, mut marks) = (String::new(), false, String::new());
    let every = points.len().div_ceil(7);
    for (place, (name, share, cases)) in points.iter().enumerate() {
        let at = place_of(place, points.len());
        if (points.len() - 1 - place).is_multiple_of(every) {
            _ = write!(marks, "<text class=\"label\" x=\"{at:.1}\" y=\"228\">{}</text>", escape(name));
            _ = write!(marks, "<text class=\"label\" x=\"{at:.1}\" y=\"243\">{}</text>", escape(cases));
        }
        let Some(share) = share else {
            is_drawing = false;
            continue;
        };
        let y = height_of(*share);
        _ = write!(path, "{}{at:.1} {y:.1}", if is_drawing { "L" } else { "M" });
        _ = write!(marks, "<circle class=\"e1\" cx=\"{at:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>");
        is_drawing = true;
    }
    _ = write!(svg, "<path class=\"s1\" d=\"{path}\"/>{marks}</svg>");
    svg
}

/// Strips below each other.
pub fn strips(says: Says<'_>, rows: &[Strip], low_and_high: (&str, &str)) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let most = rows.iter().map(|row| row.spread.2.max(row.target.unwrap_or(0))).max().unwrap_or(1).max(1);
    let height = count(rows.len()) * ROW + 34;
    let mut svg = begin(says, height);
    for (place, row) in (0_i64..).zip(rows) {
        let y = 18 + place * ROW;
        let (low, middle, high) = (x(row.spread.0, most), x(row.spread.1, most), x(row.spread.2, most));
        _ = write!(svg, "<text class=\"tick\" x=\"{}\" y=\"{}\">{}</text>", LEFT - 8, y + 4, short(&row.name));
        _ = write!(
            svg,
            "<path class=\"range\" d=\"M{low:.1} {y}H{high:.1}\"/><circle class=\"e1\" cx=\"{middle:.1}\" cy=\"{y}\" r=\"5\"/>"
        );
        if let Some(target) = row.target {
            let at = x(target, most);
            _ = write!(svg, "<path class=\"goal\" d=\"M{at:.1} {}V{}\"/>", y - 10, y + 10);
        }
        _ = write!(svg, "<text class=\"val\" x=\"{}\" y=\"{}\">{}</text>", RIGHT + 8, y + 4, escape(&row.figure));
    }
    _ = write!(svg, "<text class=\"val\" x=\"{LEFT}\" y=\"{}\">{}</text>", height - 8, escape(low_and_high.0));
    _ = write!(svg, "<text class=\"tick\" x=\"{RIGHT}\" y=\"{}\">{}</text></svg>", height - 8, escape(low_and_high.1));
    svg
}

/// A picture for paper: outside of a page its colours are those of the light theme.
pub fn on_paper(svg: &str) -> String {
    let style = "<style>path{fill:none;stroke:#1b4f8a;stroke-width:2}text{font-family:\"Libertinus Serif\";font-size:12px;fill:#333}\
        .grid{stroke:#d5d9de;stroke-width:1}.tick{text-anchor:end}.label{text-anchor:middle}.name{font-weight:bold}\
        .s2{stroke:#9a5b00;stroke-dasharray:6 4}.s3{stroke:#3d6b35;stroke-dasharray:2 4}.e1{fill:#1b4f8a}.e2{fill:#9a5b00}.e3{fill:#3d6b35}\
        .b{fill:#1b4f8a}.low{fill:#a33a2a}.goal{stroke:#333;stroke-width:1.5;stroke-dasharray:4 3}.range{stroke-width:4}\
        \
        .m{text-anchor:middle}.h{stroke:none}.h1{fill:#e3edf8}.h2{fill:#c9dcf2}.h3{fill:#acc9e9}.h4{fill:#8fb6e0}\
        .d0{stroke:#cbd3dc}.d1{stroke:#1e7a50}.d2{stroke:#0a4384}.d3{stroke:#9a3fc4;stroke-dasharray:2 1.5}.d4{stroke:#75808d}\
        .d5{stroke:#b3790c}.d6{stroke:#96120b}.k{stroke-width:6}.wide{stroke-width:8}.thin{stroke-width:3}.p1{fill:#c9dcf2}.p2{fill:#8fb6e0}.p3{fill:#4f86c0}.p4{fill:#1b4f8a}.p5{fill:#0d2f57}</style>";
    let svg = svg.replacen("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 1);
    match svg.find('>') {
        Some(end) => format!("{}{style}{}", &svg[..=end], &svg[end + 1..]),
        None => svg,
    }
}

pub(super) fn begin(says: Says<'_>, height: i64) -> String {
    let id = escape(says.id);
    format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}-judul {id}-isi\">\
         <title id=\"{id}-judul\">{}</title><desc id=\"{id}-isi\">{}</desc>",
        escape(says.title),
        escape(says.sentence)
    )
}

fn float(number: i64) -> f64 {
    number as f64
}

fn left() -> f64 {
    float(LEFT)
}

fn x(value: i64, most: i64) -> f64 {
    left() + float(RIGHT - LEFT) * float(value.clamp(0, most)) / float(most)
}

fn part(value: i64, whole: i64) -> f64 {
    float(WIDTH - 20) * float(value) / float(whole.max(1))
}

fn height_of(hundredths: i64) -> f64 {
    14.0 + 190.0 * (1.0 - float(hundredths.clamp(0, 10_000)) / 10_000.0)
}

fn place_of(place: usize, all: usize) -> f64 {
    if all < 2 { 624.0 } else { 44.0 + 580.0 * float(count(place)) / float(count(all - 1)) }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

pub(super) fn short(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return escape(name);
    }
    let cut: String = name.chars().take(LONGEST - 1).collect();
    format!("{}…", escape(cut.trim_end()))
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAYS: Says<'_> = Says { id: "uji", title: "A & B", sentence: "Satu <dua>" };

    fn bar(name: &str, value: i64) -> Bar {
        Bar { name: name.to_owned(), value, figure: format!("{value}") }
    }

    #[test]
    fn bars_end_where_their_figure_says_and_mark_what_stays_below() {
        let svg = bars(SAYS, &[bar("Dinas <b>", 10_000), bar("BKD", 5_000)], 10_000, Some((9_000, "target")));
        assert!(svg.contains("width=\"380.0\"") && svg.contains("width=\"190.0\""), "{svg}");
        assert!(svg.contains("5000 ▼") && !svg.contains("10000 ▼") && svg.contains("Dinas &lt;b&gt;"), "{svg}");
        assert!(svg.contains("A &amp; B") && svg.contains("Satu &lt;dua&gt;") && svg.len() < 6 * 1024);
    }

    #[test]
    fn nothing_is_no_picture() {
        assert_eq!(bars(SAYS, &[], 1, None), "");
        assert_eq!(stack(SAYS, &[bar("a", 0)]), "");
        assert_eq!(shares(SAYS, &[], None), "");
        assert_eq!(strips(SAYS, &[], ("", "")), "");
    }

    #[test]
    fn a_line_of_percents_is_broken_where_there_is_nothing_to_say() {
        let point = |share| ("Okt".to_owned(), share, "n 1".to_owned());
        let svg = shares(SAYS, &[point(Some(10_000)), point(None), point(Some(0))], None);
        assert!(svg.contains("d=\"M44.0 14.0M624.0 204.0\""), "{svg}");
    }

    #[test]
    fn on_paper_a_picture_brings_its_colours() {
        let paper = on_paper(&stack(SAYS, &[bar("a", 1), bar("b", 3)]));
        assert!(paper.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\""), "{paper}");
        assert!(paper.contains("<style>") && paper.contains("width=\"525.0\""), "{paper}");
    }
}
