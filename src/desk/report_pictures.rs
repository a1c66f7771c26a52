//! The pictures of a report (UX.md 3.6), the same on the page and on paper: each shows a table that stands beside it.

use crate::desk::report_words::Words;
use crate::domain::report::content::{Cell, Content, Part, Table, Unit};
use crate::render::chart::{self, LineChart, Series};
use crate::render::days::{self, Level, Row};
use crate::render::heat;
use crate::render::picture::{self, Bar, Says, Strip};
use crate::text;
use chrono::{DateTime, Datelike as _, NaiveDate};
use chrono_tz::Tz;

/// Fewer cases than these say nothing of a month.
const FEWEST: i64 = 5;
/// Most bars of a picture; the rest is one bar.
const MOST_BARS: usize = 12;
/// Most services of a picture.
const MOST_SERVICES: usize = 8;

/// A picture with what it says.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Distinguishes it from others; letters and hyphens.
    pub id: String,
    /// The part it belongs to.
    pub part: Part,
    /// The table whose picture it is.
    pub table: &'static str,
    /// What it shows.
    pub title: String,
    /// What one sees in it.
    pub sentence: String,
    /// The picture.
    pub svg: String,
}

/// The pictures of a content, those without anything to show left out.
pub fn pictures(content: &Content, words: Words) -> Vec<Picture> {
    let all = [
        flow(content, words),
        kinds(content, words),
        services(content, words),
        hours(content, words),
        kept(content, words),
        agencies(content, words),
        path(content, words),
        spread(content, words),
        ages(content, words),
        availability(content, words),
        daily(content, words),
        scores(content, words),
    ];
    all.into_iter().flatten().filter(|shown| !shown.svg.is_empty()).collect()
}

/// Draws a picture under its name and sentence.
fn shown(
    words: Words,
    id: &str,
    (part, table): (Part, &'static str),
    values: &[(&str, String)],
    draw: impl Fn(Says<'_>) -> String,
) -> Picture {
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let title = words.word("picture", id);
    let sentence = text::phrase(words.language, &format!("picture-{id}-says"), &values);
    let svg = draw(Says { id: &format!("gambar-{id}"), title: &title, sentence: &sentence });
    Picture { id: id.to_owned(), part, table, title, sentence, svg }
}

/// G1: do we keep up?
fn flow(content: &Content, words: Words) -> Option<Picture> {
    let table = content.table("months")?;
    let column = |name: &str| -> Vec<i64> { table.cells(name).iter().map(|cell| cell.number().unwrap_or(0)).collect() };
    let (received, resolved) = (column("received"), column("resolved"));
    let values = [
        ("received", words.number(received.last().copied()?, Unit::Count)),
        ("resolved", words.number(resolved.last().copied()?, Unit::Count)),
        ("closing", content.line("closing").map_or_else(String::new, |line| words.value(line))),
    ];
    Some(shown(words, "flow", (Part::Volume, "months"), &values, |says| {
        let series = |name: &str, values: &[i64]| Series { name: words.word("picture", name), values: values.to_vec() };
        chart::lines(&LineChart {
            id: says.id.to_owned(),
            title: says.title.to_owned(),
            sentence: says.sentence.to_owned(),
            labels: months(table, words),
            series: vec![series("received", &received), series("resolved", &resolved)],
        })
    }))
}

/// `Okt 26`.
fn months(table: &Table, words: Words) -> Vec<String> {
    let day = |cell: &&Cell| cell.text().and_then(|text| text.parse::<NaiveDate>().ok());
    let short = |date: NaiveDate| {
        let whole = text::short_date(words.language, date);
        whole.split_once(' ').map_or(whole.clone(), |(_, month)| month.replace(" 20", " "))
    };
    table.cells("month").iter().filter_map(day).map(short).collect()
}

/// G2: are promises kept?
fn kept(content: &Content, words: Words) -> Option<Picture> {
    let table = content.table("months")?;
    let points: Vec<(String, Option<i64>, String)> = months(table, words)
        .into_iter()
        .zip(table.cells("sla").into_iter().zip(table.cells("resolved")))
        .map(|(month, (share, of))| {
            let of = of.number().unwrap_or(0);
            (month, share.number().filter(|_| of >= FEWEST), format!("n {of}"))
        })
        .collect();
    let line = content.line("sla-resolution")?;
    let (target, goal) = goal(content, words);
    let values = [("share", words.value(line)), ("counts", words.counted(line)), ("target", goal.clone())];
    Some(shown(words, "kept", (Part::Sla, "months"), &values, |says| {
        picture::shares(says, &points, target.map(|target| (target, goal.as_str())))
    }))
}

/// What share should be in time, as a number and in words; editions from before it was kept have none.
fn goal(content: &Content, words: Words) -> (Option<i64>, String) {
    let target = content.line("sla-resolution").and_then(|line| line.target);
    (target, target.map_or_else(|| "–".to_owned(), |target| words.number(target, Unit::Percent)))
}

/// G5: what comes in, by kind.
fn kinds(content: &Content, words: Words) -> Option<Picture> {
    let rows = counted(content.table("by-kind")?, words, "received", usize::MAX);
    let first = rows.first()?;
    let values = [("name", first.name.clone()), ("count", first.figure.clone())];
    Some(shown(words, "kinds", (Part::Volume, "by-kind"), &values, |says| picture::bars(says, &rows, 1, None)))
}

/// G5: what comes in, by service.
fn services(content: &Content, words: Words) -> Option<Picture> {
    let rows = counted(content.table("by-service")?, words, "received", MOST_SERVICES);
    let first = rows.first()?;
    let values = [("name", first.name.clone()), ("count", first.figure.clone())];
    Some(shown(words, "services", (Part::Volume, "by-service"), &values, |says| picture::bars(says, &rows, 1, None)))
}

/// The rows of a table by a column of counts, the most first; what is too much is one row.
fn counted(table: &Table, words: Words, column: &str, most: usize) -> Vec<Bar> {
    let heads = table.columns.first().map(|first| (first.name.clone(), first.unit));
    let Some((head, unit)) = heads else { return Vec::new() };
    let counts = table.cells(column);
    let mut rows: Vec<(String, i64)> = (table.rows.iter().zip(counts))
        .filter_map(|(row, count)| Some((words.cell(row.first()?, &head, unit), count.number()?)))
        .filter(|(_, count)| *count > 0)
        .collect();
    rows.sort_by(|left, right| (right.1, &left.0).cmp(&(left.1, &right.0)));
    if rows.len() > most {
        let rest = rows.split_off(most);
        let name = text::phrase(words.language, "picture-rest", &[("count", &rest.len().to_string())]);
        rows.push((name, rest.iter().map(|row| row.1).sum()));
    }
    let bar = |(name, value): (String, i64)| Bar { figure: words.number(value, Unit::Count), name, value };
    rows.into_iter().map(bar).collect()
}

/// G3: which agency stays below the target?
fn agencies(content: &Content, words: Words) -> Option<Picture> {
    let table = content.table("by-agency")?;
    let mut rows: Vec<Bar> = (table.rows.iter().zip(table.cells("sla")))
        .filter_map(|(row, share)| {
            let (name, value) = (row.first()?.text()?.to_owned(), share.number()?);
            Some(Bar { figure: words.number(value, Unit::Percent), name, value })
        })
        .collect();
    rows.sort_by(|left, right| (left.value, &left.name).cmp(&(right.value, &right.name)));
    let (target, goal) = goal(content, words);
    let below = rows.iter().filter(|row| target.is_some_and(|target| row.value < target)).count();
    let values = [("below", below.to_string()), ("count", rows.len().to_string())];
    rows.truncate(MOST_BARS);
    Some(shown(words, "agencies", (Part::Sla, "by-agency"), &values, |says| {
        picture::bars(says, &rows, 10_000, target.map(|target| (target, goal.as_str())))
    }))
}

/// G4: what is waiting, and how old is it?
fn ages(content: &Content, words: Words) -> Option<Picture> {
    let table = content.table("ages")?;
    let classes: Vec<Bar> = (table.rows.iter().zip(table.cells("closing")))
        .filter_map(|(row, count)| {
            let (name, value) = (words.cell(row.first()?, "age", Unit::Word), count.number()?);
            Some(Bar { figure: words.number(value, Unit::Count), name, value })
        })
        .collect();
    let whole: i64 = classes.iter().map(|class| class.value).sum();
    let old = classes.last().map_or_else(String::new, |class| class.figure.clone());
    let values = [("count", words.number(whole, Unit::Count)), ("old", old)];
    Some(shown(words, "ages", (Part::Times, "ages"), &values, |says| picture::stack(says, &classes)))
}

/// G7: how long does it take?
fn spread(content: &Content, words: Words) -> Option<Picture> {
    let table = content.table("spread")?;
    let cells = |name: &str| -> Vec<Option<i64>> { table.cells(name).iter().map(|cell| cell.number()).collect() };
    let (low, middle, high, target) = (cells("p10"), cells("median"), cells("p90"), cells("target"));
    let rows: Vec<Strip> = (table.rows.iter().enumerate())
        .filter_map(|(place, row)| {
            let middle = middle.get(place).copied().flatten()?;
            let or = |list: &[Option<i64>]| list.get(place).copied().flatten();
            Some(Strip {
                name: words.cell(row.first()?, "priority", Unit::Word),
                spread: (or(&low)?, middle, or(&high)?),
                target: or(&target),
                figure: words.number(middle, Unit::Seconds),
            })
        })
        .collect();
    let line = content.line("resolution-median")?;
    let values = [("median", words.value(line)), ("counts", words.counted(line))];
    let ends = (words.word("picture", "spread-low"), words.word("picture", "spread-high"));
    Some(shown(words, "spread", (Part::Times, "spread"), &values, |says| {
        picture::strips(says, &rows, (&ends.0, &ends.1))
    }))
}

/// G8: could services be used?
fn availability(content: &Content, words: Words) -> Option<Picture> {
    let table = content.table("availability")?;
    let rows: Vec<Bar> = (table.rows.iter().zip(table.cells("availability")))
        .filter_map(|(row, share)| {
            let (name, value) = (row.first()?.text()?.to_owned(), share.number()?);
            Some(Bar { figure: words.number(value, Unit::Percent), name, value })
        })
        .take(MOST_BARS)
        .collect();
    let target = table.cells("target").first().and_then(|cell| cell.number());
    let goal = target.map(|target| (target, words.number(target, Unit::Percent)));
    let line = content.line("services-available")?;
    let values = [("counts", words.counted(line))];
    Some(shown(words, "availability", (Part::Availability, "availability"), &values, |says| {
        picture::bars(says, &rows, 10_000, goal.as_ref().map(|(target, name)| (*target, name.as_str())))
    }))
}

/// G6: when does it come in?
fn hours(content: &Content, words: Words) -> Option<Picture> {
    let table = content.table("hours")?;
    let days: Vec<String> = heat::DAYS.iter().map(|day| words.column(day)).collect();
    let columns: Vec<Vec<i64>> = (heat::DAYS.iter())
        .map(|day| table.cells(day).iter().map(|cell| cell.number().unwrap_or(0)).collect())
        .collect();
    let mut cells = [[0_i64; 24]; 7];
    for (place, hour) in table.cells("hour").iter().enumerate() {
        let hour: usize = cell_hour(hour.text()?)?;
        for (day, counts) in cells.iter_mut().zip(&columns) {
            *day.get_mut(hour)? = counts.get(place).copied().unwrap_or(0);
        }
    }
    let most = |(day, counts): (usize, &[i64; 24])| {
        counts.iter().enumerate().map(move |(hour, count)| (*count, day, hour)).max_by_key(|(count, ..)| *count)
    };
    let (count, day, hour) = cells.iter().enumerate().filter_map(most).max_by_key(|(count, ..)| *count)?;
    let values = [
        ("day", days.get(day)?.clone()),
        ("hour", format!("{hour}–{}", hour + 1)),
        ("count", words.number(count, Unit::Count)),
    ];
    Some(shown(words, "hours", (Part::Volume, "hours"), &values, |says| heat::week(says, &days, &cells)))
}

fn cell_hour(text: &str) -> Option<usize> {
    text.split('.').next()?.parse().ok().filter(|hour| *hour < 24)
}

/// G8 by days: when could services not be used?
fn daily(content: &Content, words: Words) -> Option<Picture> {
    let (table, services) = (content.table("availability-days")?, content.table("availability")?);
    let zone: Tz = content.head.zone.parse().ok()?;
    let local = |at: DateTime<chrono::Utc>| at.with_timezone(&zone).date_naive();
    let dates: Vec<NaiveDate> =
        content.head.period_from.iter_days().take_while(|date| *date < content.head.period_to).collect();
    let today = local(content.head.drawn_at);
    let (names, levels) = (table.cells("service"), table.cells("day-level"));
    let told: Vec<(&str, NaiveDate, Level)> = (table.cells("day").into_iter().enumerate())
        .filter_map(|(place, day)| {
            let level = Level::read(levels.get(place)?.text()?)?;
            Some((names.get(place)?.text()?, day.text()?.parse().ok()?, level))
        })
        .collect();
    let of = |name: &str, date: NaiveDate| {
        let known = told.iter().find(|(of, day, _)| *of == name && *day == date).map(|(.., level)| *level);
        known.unwrap_or(if date > today { Level::Empty } else { Level::Good })
    };
    let shares = services.cells("availability");
    let rows: Vec<Row> = (services.cells("service").into_iter().enumerate().take(MOST_BARS))
        .filter_map(|(place, name)| {
            let (name, share) = (name.text()?, shares.get(place)?.number());
            Some(Row {
                name: name.to_owned(),
                levels: dates.iter().map(|date| of(name, *date)).collect(),
                figure: share.map_or_else(|| "–".to_owned(), |share| words.number(share, Unit::Percent)),
            })
        })
        .collect();
    let bad = told.iter().filter(|(.., level)| *level > Level::Closed).count();
    let closed = told.iter().filter(|(.., level)| *level == Level::Closed).count();
    let values = [("bad", bad.to_string()), ("closed", closed.to_string()), ("services", rows.len().to_string())];
    let ends = (dates.first()?.day().to_string(), dates.last()?.day().to_string());
    let legend = Level::ALL.map(|level| (level, words.word("day-level", level.word())));
    Some(shown(words, "days", (Part::Availability, "availability-days"), &values, |says| {
        days::rows(says, &rows, (&ends.0, &ends.1), &legend)
    }))
}

/// G9: where do tickets go?
fn path(content: &Content, words: Words) -> Option<Picture> {
    let table = content.table("path")?;
    let shares = table.cells("share");
    let rows: Vec<Bar> = (table.rows.iter().zip(table.cells("count")).enumerate())
        .filter_map(|(place, (row, count))| {
            let (name, value) = (words.cell(row.first()?, "step", Unit::Word), count.number()?);
            let share = shares.get(place).and_then(|share| share.number());
            let share = share.map_or_else(String::new, |share| format!(" ({})", words.number(share, Unit::Percent)));
            Some(Bar { figure: format!("{}{share}", words.number(value, Unit::Count)), name, value })
        })
        .collect();
    let figure = |place: usize| rows.get(place).map_or_else(String::new, |row| row.figure.clone());
    if rows.first().is_none_or(|row| row.value == 0) {
        return None;
    }
    let values = [("received", figure(0)), ("stayed", figure(1)), ("escalated", figure(2))];
    Some(shown(words, "path", (Part::Escalation, "path"), &values, |says| picture::bars(says, &rows, 1, None)))
}

/// G10: are people content?
fn scores(content: &Content, words: Words) -> Option<Picture> {
    let table = content.table("scores")?;
    let classes: Vec<Bar> = (table.rows.iter().zip(table.cells("ratings")).rev())
        .filter_map(|(row, count)| {
            let (name, value) = (words.cell(row.first()?, "score", Unit::Word), count.number()?);
            Some(Bar { figure: words.number(value, Unit::Count), name, value })
        })
        .collect();
    let (score, rate) = (content.line("satisfaction-score")?, content.line("satisfaction-rate")?);
    let values = [("score", words.value(score)), ("counts", words.counted(rate)), ("rate", words.value(rate))];
    Some(shown(words, "scores", (Part::Satisfaction, "scores"), &values, |says| picture::stack(says, &classes)))
}
