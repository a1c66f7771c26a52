//! Tables as files for spreadsheets: XLSX with real numbers and dates, CSV as Excel in Indonesia reads it.
//!
//! What people wrote is always text: no cell of either file is ever a formula.

use chrono::{NaiveDate, NaiveDateTime};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatBorder, Workbook, Worksheet, XlsxError};

/// A table with a name.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Short name; becomes the name of the sheet.
    pub name: String,
    /// What stands above it.
    pub title: String,
    /// Names of the columns.
    pub heads: Vec<String>,
    /// Rows, a value for each column.
    pub rows: Vec<Vec<Value>>,
}

/// A value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// As it was written.
    Text(String),
    /// Pieces.
    Whole(i64),
    /// Hundredths.
    Hundredths(i64),
    /// Hundredths of a percent.
    Percent(i64),
    /// Seconds.
    Seconds(i64),
    /// A day.
    Day(NaiveDate),
    /// An instant on local clocks.
    Instant(NaiveDateTime),
    /// An empty cell.
    Nothing,
}

/// What the file says of itself.
#[derive(Debug, Clone)]
pub struct About {
    /// Title.
    pub title: String,
    /// Who made it.
    pub author: String,
    /// When, on local clocks.
    pub made_at: NaiveDateTime,
}

/// The most characters a sheet's name may have.
const LONGEST_NAME: usize = 31;
/// The most characters of a cell.
const LONGEST_CELL: usize = 32_000;

/// All tables in one workbook, a sheet for each, with heads that stay in view.
///
/// # Errors
/// A table does not fit into a sheet.
pub fn xlsx(about: &About, sheets: &[Sheet]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let mut properties = DocProperties::new().set_title(&about.title).set_author(&about.author);
    if let Ok(made_at) = instant(about.made_at) {
        properties = properties.set_creation_datetime(&made_at);
    }
    book.set_properties(&properties);
    let mut names: Vec<String> = Vec::new();
    for sheet in sheets {
        let name = sheet_name(&sheet.name, &names);
        let page = book.add_worksheet();
        page.set_name(&name)?;
        names.push(name);
        fill(page, sheet)?;
    }
    book.save_to_buffer()
}

fn fill(page: &mut Worksheet, sheet: &Sheet) -> Result<(), XlsxError> {
    let head = Format::new().set_bold().set_text_wrap().set_border_bottom(FormatBorder::Thin);
    page.write_string_with_format(0, 0, clipped(&sheet.title), &Format::new().set_bold())?;
    for (column, text) in (0_u16..).zip(&sheet.heads) {
        page.write_string_with_format(2, column, clipped(text), &head)?;
        let width = f64::from(u16::try_from(text.chars().count()).unwrap_or(30).clamp(12, 30));
        page.set_column_width(column, if column == 0 { 34.0 } else { width })?;
    }
    page.set_freeze_panes(3, 1)?;
    let as_number = |format: &str| Format::new().set_num_format(format);
    let (percent, hundredths, span) = (as_number("0.00%"), as_number("0.00"), as_number("[h]:mm:ss"));
    let (day, minute) = (as_number("dd/mm/yyyy"), as_number("dd/mm/yyyy hh:mm"));
    for (row, values) in (3_u32..).zip(&sheet.rows) {
        for (column, value) in (0_u16..).zip(values) {
            match value {
                Value::Text(text) => page.write_string(row, column, clipped(text))?,
                Value::Whole(number) => page.write_number(row, column, float(*number))?,
                Value::Hundredths(number) => {
                    page.write_number_with_format(row, column, float(*number) / 100.0, &hundredths)?
                }
                Value::Percent(number) => {
                    page.write_number_with_format(row, column, float(*number) / 10_000.0, &percent)?
                }
                Value::Seconds(number) => {
                    page.write_number_with_format(row, column, float(*number) / 86_400.0, &span)?
                }
                Value::Day(date) => page.write_datetime_with_format(row, column, date, &day)?,
                Value::Instant(at) => page.write_datetime_with_format(row, column, at, &minute)?,
                Value::Nothing => &mut *page,
            };
        }
    }
    Ok(())
}

fn instant(at: NaiveDateTime) -> Result<ExcelDateTime, XlsxError> {
    use chrono::{Datelike, Timelike};
    let year = u16::try_from(at.year()).unwrap_or(2000);
    let (month, day) = (u8::try_from(at.month()).unwrap_or(1), u8::try_from(at.day()).unwrap_or(1));
    ExcelDateTime::from_ymd(year, month, day)?.and_hms(
        u16::try_from(at.hour()).unwrap_or(0),
        u8::try_from(at.minute()).unwrap_or(0),
        at.second(),
    )
}

/// Names of sheets are short, unique and without some signs.
fn sheet_name(name: &str, taken: &[String]) -> String {
    let plain = |sign: char| if matches!(sign, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'') { ' ' } else { sign };
    let name: String = name.chars().map(plain).take(LONGEST_NAME).collect();
    let is_taken = |name: &str| taken.iter().any(|other| other.to_lowercase() == name.to_lowercase());
    if !is_taken(&name) {
        return name;
    }
    let numbered = |n: usize| {
        let short: String = name.chars().take(LONGEST_NAME - 4).collect();
        format!("{short} {n}")
    };
    (2..100).map(numbered).find(|name| !is_taken(name)).unwrap_or(name)
}

fn clipped(text: &str) -> String {
    text.chars().take(LONGEST_CELL).collect()
}

fn float(number: i64) -> f64 {
    number as f64
}

/// All tables below each other, with `;` between cells, a comma in numbers, and a mark at the beginning by which Excel knows
/// the encoding. Times are minutes.
///
/// # Errors
/// Never in practice: it is written to memory.
pub fn csv(sheets: &[Sheet]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .flexible(true)
        .terminator(csv::Terminator::CRLF)
        .from_writer(vec![0xEF, 0xBB, 0xBF]);
    for (place, sheet) in sheets.iter().enumerate() {
        if place > 0 {
            writer.write_record([""])?;
        }
        writer.write_record([guarded(&sheet.title)])?;
        writer.write_record(sheet.heads.iter().map(|text| guarded(text)))?;
        for row in &sheet.rows {
            writer.write_record(row.iter().map(cell))?;
        }
    }
    writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()).into())
}

fn cell(value: &Value) -> String {
    let hundredths = |number: i64| {
        let sign = if number < 0 { "-" } else { "" };
        format!("{sign}{},{:02}", number.abs() / 100, number.abs() % 100)
    };
    match value {
        Value::Text(text) => guarded(text),
        Value::Whole(number) => number.to_string(),
        Value::Hundredths(number) | Value::Percent(number) => hundredths(*number),
        Value::Seconds(seconds) => hundredths((seconds * 10 + 3) / 6),
        Value::Day(date) => date.to_string(),
        Value::Instant(at) => at.format("%Y-%m-%d %H:%M").to_string(),
        Value::Nothing => String::new(),
    }
}

/// A text that a spreadsheet would take for a formula gets a sign in front of it that says it is text.
fn guarded(text: &str) -> String {
    let is_risky = |sign: char| matches!(sign, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    if text.trim_start_matches(' ').starts_with(is_risky) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(rows: Vec<Vec<Value>>) -> Sheet {
        let heads = vec!["Nama".to_owned(), "Nilai".to_owned()];
        Sheet { name: "Uji/1".to_owned(), title: "=judul".to_owned(), heads, rows }
    }

    #[test]
    fn a_text_is_never_a_formula_in_csv() {
        for risky in ["=1+1", "+62", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1"] {
            let text = String::from_utf8(csv(&[sheet(vec![vec![Value::Text(risky.to_owned())]])]).unwrap()).unwrap();
            let line = text.lines().last().unwrap().trim_matches('"');
            assert!(line.starts_with('\''), "{risky:?} became {line:?}");
        }
    }

    #[test]
    fn csv_is_what_excel_in_indonesia_reads() {
        let rows = vec![
            vec![Value::Text("a;\"b\"".to_owned()), Value::Percent(8780)],
            vec![Value::Whole(-3), Value::Seconds(90)],
            vec![Value::Nothing, Value::Hundredths(416)],
        ];
        let bytes = csv(&[sheet(rows)]).unwrap();
        assert!(bytes.starts_with(&[0xEF, 0xBB, 0xBF]));
        let text = String::from_utf8(bytes[3..].to_vec()).unwrap();
        assert_eq!(text, "'=judul\r\nNama;Nilai\r\n\"a;\"\"b\"\"\";87,80\r\n-3;1,50\r\n;4,16\r\n");
    }

    #[test]
    fn names_of_sheets_are_short_plain_and_unique() {
        let taken = ["Uji 1".to_owned()];
        assert_eq!(sheet_name("Uji/1", &taken), "Uji 1 2");
        assert_eq!(sheet_name(&"x".repeat(40), &[]).chars().count(), 31);
    }
}
