//! The evidence pack for those who evaluate service management (DOMAIN.md 2.1): guideline, execution and evaluation in one
//! ZIP, with a digest of every file.

use crate::desk::Desk;
use crate::desk::report_views::{FullReport, ReportFilter};
use crate::desk::report_words::Words;
use crate::domain::people::Actor;
use crate::domain::report::life::{Report, may_see};
use crate::error::{Error, Result, Say};
use crate::render::sheet::{self, Sheet, Value};
use crate::secret::sha256;
use crate::store;
use chrono::{DateTime, Datelike, Months, Timelike, Utc};
use serde_json::json;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime as ZipTime, ZipWriter};

/// Months back.
const MONTHS: u32 = 12;
/// Lines of the extract.
const LINES: i64 = 100_000;
/// Reports in one pack.
const REPORTS: i64 = 1000;

/// What a pack would hold.
#[derive(Debug, Clone)]
pub struct EvidenceList {
    /// What it is called here.
    pub label: String,
    /// Values of the policy pack.
    pub values: usize,
    /// Tickets received in the time it is about.
    pub tickets: usize,
    /// Reports on record.
    pub reports: Vec<Report>,
    /// There is a seal of the event chains.
    pub is_sealed: bool,
}

impl Desk {
    /// What an evidence pack would hold now.
    ///
    /// # Errors
    /// `Denied` for those who do not see the whole region.
    pub async fn evidence(&self, actor: &Actor) -> Result<EvidenceList> {
        refuse(actor)?;
        let reports = self.reports(actor, &ReportFilter::default(), None, REPORTS).await?;
        let mut tx = self.db.read().await?;
        let pack = self.pack();
        Ok(EvidenceList {
            label: pack.report.evidence_label.clone(),
            values: pack.values().len(),
            tickets: store::report_facts::register(&mut tx, self.a_year_ago(), LINES).await?.len(),
            reports,
            is_sealed: store::events::last_seal(&mut tx).await?.is_some(),
        })
    }

    /// The pack as a ZIP.
    ///
    /// # Errors
    /// As [`Self::evidence`].
    pub async fn evidence_pack(&self, actor: &Actor, words: Words) -> Result<Vec<u8>> {
        refuse(actor)?;
        let mut files = vec![
            ("1-pedoman/paket-kebijakan.json".to_owned(), serde_json::to_vec_pretty(self.pack().json())?),
            ("1-pedoman/nilai-dan-dasar-hukum.csv".to_owned(), csv(&[self.guideline(words)])?),
            ("2-pelaksanaan/daftar-tiket.csv".to_owned(), csv(&[self.execution(words).await?])?),
        ];
        let reports = self.reports(actor, &ReportFilter::default(), None, REPORTS).await?;
        let since = self.a_year_ago().date_naive();
        for row in reports.iter().filter(|report| report.period_to > since) {
            let full = self.report(actor, &row.code, None).await?;
            files.extend(self.evaluation(&full, words).await?);
        }
        files.push(("4-keutuhan/segel.json".to_owned(), self.proof_file().await?));
        let names = files.iter().map(|(name, bytes)| format!("{}  {name}\n", sha256(bytes)));
        files.push(("sha256.txt".to_owned(), names.collect::<String>().into_bytes()));
        let at = self.now().with_timezone(&words.zone);
        tokio::task::spawn_blocking(move || pack(&files, at.naive_local()))
            .await
            .map_err(|e| Error::Internal(e.into()))?
    }

    fn a_year_ago(&self) -> DateTime<Utc> {
        self.now().checked_sub_months(Months::new(MONTHS)).unwrap_or_default()
    }

    fn guideline(&self, words: Words) -> Sheet {
        let pack = self.pack();
        let row = |value: &crate::policy::Value| {
            let basis = value.basis.clone().map_or(Value::Nothing, Value::Text);
            vec![Value::Text(value.path.clone()), Value::Text(value.text.clone()), basis]
        };
        let heads = ["value-path", "value", "basis"];
        Sheet {
            name: pack.id.clone(),
            title: format!("{} {}", pack.name, pack.version),
            heads: heads.iter().map(|head| words.column(head)).collect(),
            rows: pack.values().iter().map(row).collect(),
        }
    }

    async fn execution(&self, words: Words) -> Result<Sheet> {
        let mut tx = self.db.read().await?;
        let rows = store::report_facts::register(&mut tx, self.a_year_ago(), LINES).await?;
        let local = |at: Option<DateTime<Utc>>| {
            at.map_or(Value::Nothing, |at| Value::Instant(at.with_timezone(&words.zone).naive_local()))
        };
        let row = |row: &store::report_facts::RegisterRow| {
            vec![
                Value::Text(row.number.clone()),
                Value::Text(words.word("kind", row.kind.as_str())),
                Value::Text(row.agency.clone()),
                row.service.clone().map_or(Value::Nothing, Value::Text),
                Value::Text(words.word("channel", row.channel.as_str())),
                Value::Text(row.priority.to_string()),
                Value::Text(words.word("status", row.status.as_str())),
                local(Some(row.opened_at)),
                local(row.responded_at),
                local(row.resolved_at),
                local(row.breached_at),
                local(row.escalated_at),
            ]
        };
        let heads = [
            "ticket",
            "by-kind",
            "agency",
            "service",
            "by-channel",
            "priority",
            "duty-state",
            "received",
            "answered",
            "resolved",
            "due",
            "handed-over",
        ];
        Ok(Sheet {
            name: words.word("evidence", "execution"),
            title: words.word("evidence", "execution"),
            heads: heads.iter().map(|head| words.column(head)).collect(),
            rows: rows.iter().map(row).collect(),
        })
    }

    /// A report in the pack: what was hashed, byte for byte, and the forms people read.
    async fn evaluation(&self, full: &FullReport, words: Words) -> Result<Vec<(String, Vec<u8>)>> {
        let code = &full.content.head.code;
        let mut files = Vec::new();
        if let Some(edition) = &full.edition {
            files.push((format!("3-evaluasi/{code}/isi.json"), edition.content.clone().into_bytes()));
        }
        // The region's own on paper too; those of the agencies would make the pack heavy.
        let formats: &[&str] = if full.content.head.agency.is_empty() { &["pdf", "xlsx"] } else { &["xlsx"] };
        for format in formats {
            let (bytes, _) = self.report_file(full, format, words).await?;
            files.push((format!("3-evaluasi/{code}/{code}.{format}"), bytes));
        }
        Ok(files)
    }

    async fn proof_file(&self) -> Result<Vec<u8>> {
        let seal = store::events::last_seal(&mut self.db.glance().await?).await?;
        let seal = seal.map(|seal| {
            json!({"number": seal.id, "at": seal.at, "root": seal.root, "prev_hash": seal.prev_hash, "hash": seal.hash})
        });
        Ok(serde_json::to_vec_pretty(&json!({"made_at": self.now(), "hash": "SHA-256", "last_seal": seal}))?)
    }
}

fn refuse(actor: &Actor) -> Result<()> {
    if may_see(actor, "") { Ok(()) } else { Err(Error::Denied(Say::new("error-denied"))) }
}

fn csv(sheets: &[Sheet]) -> Result<Vec<u8>> {
    sheet::csv(sheets).map_err(|error| Error::Internal(error.into()))
}

fn pack(files: &[(String, Vec<u8>)], at: chrono::NaiveDateTime) -> Result<Vec<u8>> {
    let failed = |error: zip::result::ZipError| Error::Internal(error.into());
    let small = |number: u32| u8::try_from(number).unwrap_or(1);
    let year = u16::try_from(at.year()).unwrap_or(2000);
    let time = ZipTime::from_date_and_time(
        year,
        small(at.month()),
        small(at.day()),
        small(at.hour()),
        small(at.minute()),
        small(at.second()),
    );
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(time.unwrap_or_default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name.as_str(), options).map_err(failed)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish().map_err(failed)?.into_inner())
}
