//! Line charts: y from nought, at most five grid lines, each line named at its end.

use std::fmt::Write as _;

/// Size of the picture in its own units; it is never shown wider than this many pixels at the usual text size.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 250.0;
/// Room left of the first and right of the last point, above and below.
const LEFT: f64 = 36.0;
const RIGHT: f64 = 96.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 30.0;
/// Least distance of two names at the ends of their lines.
const NAME_GAP: f64 = 15.0;

/// One line: its name and a figure per label.
#[derive(Debug, Clone)]
pub struct Series {
    /// Stands at its end.
    pub name: String,
    /// One figure per label.
    pub values: Vec<i64>,
}

/// A picture of figures over time.
#[derive(Debug, Clone)]
pub struct LineChart {
    /// Distinguishes it from others on the page; letters only.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// What one sees in it, as a sentence.
    pub sentence: String,
    /// Under the points; when there are many, every second or third is written.
    pub labels: Vec<String>,
    /// At most five; each has its own colour, dash and marker.
    pub series: Vec<Series>,
}

/// The picture as SVG; without any label it is empty.
pub fn lines(chart: &LineChart) -> String {
    if chart.labels.is_empty() {
        return String::new();
    }
    let most = chart.series.iter().flat_map(|series| &series.values).copied().max().unwrap_or(0);
    let step = nice_step(most);
    let top = (most.max(1) + step - 1) / step * step;
    let (id, mut svg) = (escape(&chart.id), String::new());
    // Writing to a string cannot fail.
    _ = write!(
        svg,
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-judul {id}-isi\">\
         <title id=\"{id}-judul\">{}</title><desc id=\"{id}-isi\">{}</desc>",
        escape(&chart.title),
        escape(&chart.sentence)
    );
    grid(&mut svg, top, step);
    marks(&mut svg, &chart.labels);
    let count = chart.labels.len();
    let mut ends = Vec::new();
    for (place, series) in chart.series.iter().take(5).enumerate() {
        let points: Vec<(f64, f64)> =
            series.values.iter().take(count).enumerate().map(|(i, value)| (x(i, count), y(*value, top))).collect();
        line(&mut svg, place + 1, &points);
        if let Some(end) = points.last() {
            ends.push((place + 1, end.1, series));
        }
    }
    names(&mut svg, &mut ends);
    svg.push_str("</svg>");
    svg
}

fn grid(svg: &mut String, top: i64, step: i64) {
    let mut at = 0;
    while at <= top {
        let y = y(at, top);
        _ = write!(svg, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{:.1}\"/>", WIDTH - RIGHT);
        _ = write!(svg, "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\">{at}</text>", LEFT - 6.0, y + 4.0);
        at += step;
    }
}

fn marks(svg: &mut String, labels: &[String]) {
    let every = labels.len().div_ceil(7);
    // Counted from the end: the newest always has its name.
    for (i, label) in labels.iter().enumerate().filter(|(i, _)| (labels.len() - 1 - i).is_multiple_of(every)) {
        let at = x(i, labels.len());
        _ = write!(svg, "<text class=\"label\" x=\"{at:.1}\" y=\"{:.1}\">{}</text>", HEIGHT - 8.0, escape(label));
    }
}

fn line(svg: &mut String, place: usize, points: &[(f64, f64)]) {
    let path: String = points
        .iter()
        .enumerate()
        .map(|(i, (x, y))| format!("{}{x:.1} {y:.1}", if i == 0 { "M" } else { "L" }))
        .collect();
    _ = write!(svg, "<path class=\"s{place}\" d=\"{path}\"/>");
    let Some((x, y)) = points.last() else { return };
    _ = match place {
        1 => write!(svg, "<circle class=\"e{place}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"),
        2 => {
            write!(svg, "<rect class=\"e{place}\" x=\"{:.1}\" y=\"{:.1}\" width=\"8\" height=\"8\"/>", x - 4.0, y - 4.0)
        }
        _ => write!(svg, "<path class=\"e{place}\" d=\"M{x:.1} {:.1}l5 5-5 5-5-5z\"/>", y - 5.0),
    };
}

/// Names at the ends of the lines, pushed apart where the lines end close together.
fn names(svg: &mut String, ends: &mut [(usize, f64, &Series)]) {
    ends.sort_by(|left, right| left.1.total_cmp(&right.1));
    let mut last = f64::NEG_INFINITY;
    let room = HEIGHT - BOTTOM - NAME_GAP * f64::from(u32::try_from(ends.len()).unwrap_or(0));
    for (i, (place, y, series)) in ends.iter().enumerate() {
        let lowest = room + NAME_GAP * f64::from(u32::try_from(i + 1).unwrap_or(0));
        let at = y.min(lowest).max(last + NAME_GAP);
        last = at;
        let value = series.values.last().copied().unwrap_or(0);
        let x = WIDTH - RIGHT + 10.0;
        _ = write!(
            svg,
            "<text class=\"name t{place}\" x=\"{x:.1}\" y=\"{:.1}\">{} {value}</text>",
            at + 4.0,
            escape(&series.name)
        );
    }
}

fn x(place: usize, count: usize) -> f64 {
    let of = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let width = WIDTH - LEFT - RIGHT;
    if count < 2 { LEFT + width } else { LEFT + width * of(place) / of(count - 1) }
}

fn y(value: i64, top: i64) -> f64 {
    let of = |value: i64| f64::from(i32::try_from(value).unwrap_or(i32::MAX));
    let height = HEIGHT - TOP - BOTTOM;
    TOP + height - height * of(value.max(0)) / of(top.max(1))
}

/// 1, 2 or 5 times a power of ten, so that at most five lines stand above nought.
fn nice_step(most: i64) -> i64 {
    let mut unit = 1;
    loop {
        for step in [unit, 2 * unit, 5 * unit] {
            if step * 4 >= most {
                return step;
            }
        }
        unit *= 10;
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: Vec<i64>) -> LineChart {
        LineChart {
            id: "alir".to_owned(),
            title: "Masuk & selesai".to_owned(),
            sentence: "Tiga <minggu>".to_owned(),
            labels: (0..values.len()).map(|i| format!("m{i}")).collect(),
            series: vec![
                Series { name: "masuk".to_owned(), values: values.clone() },
                Series { name: "selesai".to_owned(), values },
            ],
        }
    }

    #[test]
    fn a_chart_begins_at_nought_names_its_lines_and_lets_nothing_through() {
        let svg = lines(&chart(vec![0, 7, 4]));
        assert!(svg.starts_with("<svg class=\"chart\" viewBox=\"0 0 720 250\" role=\"img\""), "{svg}");
        assert!(svg.contains("Masuk &amp; selesai") && svg.contains("Tiga &lt;minggu&gt;"), "{svg}");
        assert!(svg.contains("d=\"M36.0 220.0L330.0 39.8L624.0 117.0\""), "{svg}");
        assert!(svg.contains(">masuk 4</text>") && svg.contains(">selesai 4</text>"), "{svg}");
        let heights: Vec<&str> =
            svg.split("class=\"name").skip(1).map(|part| part.split("y=\"").nth(1).unwrap()).collect();
        assert_ne!(heights[0].split('"').next(), heights[1].split('"').next(), "names do not cover each other");
        assert!(svg.len() < 6 * 1024);
    }

    #[test]
    fn steps_are_round_and_few() {
        assert_eq!([0, 3, 4, 5, 19, 21, 41, 300].map(nice_step), [1, 1, 1, 2, 5, 10, 20, 100]);
    }

    #[test]
    fn nothing_and_one_point_do_not_break_it() {
        assert_eq!(lines(&chart(vec![])), "");
        assert!(lines(&chart(vec![5])).contains("cx=\"624.0\""));
        assert!(lines(&chart(vec![0, 0])).contains(">0</text>"));
    }
}
