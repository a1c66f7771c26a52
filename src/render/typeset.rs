//! Sheets of paper: a template and its values in, PDF/A-2b out.
//!
//! One engine with its fonts lives as long as the program. What people wrote reaches a template as values of `/data.json`,
//! never as source, so no sign in it means anything. Templates read nothing but what is handed over with them: there is
//! no disk, no network and no clock. The same sheet at the same instant gives the same bytes.

use crate::error::{Error, Result};
use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::Serialize;
use std::sync::LazyLock;
use typst::comemo;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_kit::fonts::FontStore;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

/// After so many sheets a part of one that was not needed again is forgotten.
const REMEMBERED: usize = 20;

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(<Library as LibraryExt>::default()));
static FONTS: LazyLock<FontStore> = LazyLock::new(|| {
    let mut fonts = FontStore::new();
    fonts.extend(typst_kit::fonts::embedded());
    fonts
});

/// What is set on paper.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    /// Distinguishes the document from all others, for as long as it lives; it is hashed, not shown.
    pub id: &'a str,
    /// Source of the template. It is ours; nothing anybody typed may be in it.
    pub template: &'a str,
    /// Pictures the template may name: path that begins with a slash, and SVG.
    pub pictures: &'a [(&'a str, &'a str)],
    /// The instant the document says it was made at. UTC.
    pub at: DateTime<Utc>,
}

/// Sets a sheet with its values, which the template reads by `json("/data.json")`. Takes some ten milliseconds of one core
/// (some hundred in a debug build): callers in async code use `spawn_blocking`.
///
/// # Errors
/// `Internal` when the template is broken or lacks a value, or a picture is no picture.
pub fn pdf(sheet: &Sheet<'_>, values: &impl Serialize) -> Result<Vec<u8>> {
    let mut files = vec![(path("/data.json")?, Bytes::new(serde_json::to_vec(values)?))];
    for (name, svg) in sheet.pictures {
        files.push((path(name)?, Bytes::from_string((*svg).to_owned())));
    }
    let desk = Desktop { source: Source::new(path("/main.typ")?, sheet.template.to_owned()), files };
    let document = typst::compile::<PagedDocument>(&desk).output.map_err(|errors| broken(&errors))?;
    let standards = PdfStandards::new(&[PdfStandard::A_2b]).map_err(|error| Error::internal(error.message()))?;
    let options = PdfOptions {
        ident: Smart::Custom(sheet.id.to_owned()),
        creator: Smart::Custom(Some("meja".to_owned())),
        timestamp: instant(sheet.at).map(Timestamp::new_utc),
        standards,
        ..PdfOptions::default()
    };
    let bytes = typst_pdf::pdf(&document, &options).map_err(|errors| broken(&errors));
    comemo::evict(REMEMBERED);
    bytes
}

/// All a template can reach.
struct Desktop {
    source: Source,
    files: Vec<(FileId, Bytes)>,
}

impl World for Desktop {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        FONTS.book()
    }

    fn main(&self) -> FileId {
        self.source.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.source.id() { Ok(self.source.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let found = self.files.iter().find(|(file, _)| *file == id);
        found.map(|(_, bytes)| bytes.clone()).ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn path(name: &str) -> Result<FileId> {
    let inside = VirtualPath::new(name).map_err(|_| Error::internal(format!("{name}: no path of a template")))?;
    Ok(RootedPath::new(VirtualRoot::Project, inside).intern())
}

fn instant(at: DateTime<Utc>) -> Option<Datetime> {
    let small = |number: u32| u8::try_from(number).ok();
    Datetime::from_ymd_hms(
        at.year(),
        small(at.month())?,
        small(at.day())?,
        small(at.hour())?,
        small(at.minute())?,
        small(at.second())?,
    )
}

fn broken(errors: &[SourceDiagnostic]) -> Error {
    let words: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    Error::internal(format!("a sheet could not be set: {}", words.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TEMPLATE: &str = "#let d = json(\"/data.json\")\n#set document(title: d.title)\n#set text(lang: \"id\")\n= #d.title\n#d.text #image(\"/p.svg\", alt: \"p\")";
    const PICTURE: &str =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 2 2\"><path d=\"M0 0h1v1h-1z\"/></svg>";

    fn sheet(template: &str, values: &serde_json::Value) -> Result<Vec<u8>> {
        let at = "2026-03-25T09:00:00Z".parse().expect("an instant");
        pdf(&Sheet { id: "x", template, pictures: &[("/p.svg", PICTURE)], at }, values)
    }

    #[test]
    fn the_same_sheet_gives_the_same_archival_bytes_and_values_are_no_source() {
        let values = json!({"title": "Uji #read(\"/etc/passwd\")", "text": "*tebal* $x$ #panic()"});
        let first = sheet(TEMPLATE, &values).expect("a sheet");
        assert_eq!(first, sheet(TEMPLATE, &values).expect("again"));
        assert!(first.starts_with(b"%PDF-1.7"));
        let text = String::from_utf8_lossy(&first);
        assert!(
            text.contains("<pdfaid:part>2</pdfaid:part>")
                && text.contains("<pdfaid:conformance>B</pdfaid:conformance>")
        );
    }

    #[test]
    fn templates_reach_nothing_but_what_they_are_given() {
        let values = json!({"title": "Uji", "text": ""});
        for bad in
            ["#read(\"/etc/passwd\")", "#import \"@preview/cetz:0.3.0\"", "#datetime.today()", "#image(\"/q.svg\")"]
        {
            assert!(sheet(bad, &values).is_err(), "{bad}");
        }
        assert!(sheet(TEMPLATE, &json!({"title": "Uji"})).is_err(), "a value that is not given");
    }
}
