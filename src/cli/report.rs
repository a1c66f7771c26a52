//! `meja report monthly`.

use crate::app;
use crate::cli::{Failed, Outcome};
use crate::config::Config;
use crate::desk::report_words::Words;
use crate::domain::ticket::Language;
use crate::error::Error;
use chrono::NaiveDate;
use std::path::PathBuf;

/// Commands on reports.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The report about a month: as it is kept, or drawn up now when the month is not over
    Monthly {
        /// Month of the report, YYYY-MM
        #[arg(long, value_name = "YYYY-MM", value_parser = month)]
        month: NaiveDate,
        /// Code of the agency; without it the whole region
        #[arg(long, value_name = "CODE")]
        agency: Option<String>,
        /// pdf, xlsx, csv or json
        #[arg(long, value_name = "FORMAT", value_parser = ["pdf", "xlsx", "csv", "json"])]
        format: String,
        /// File to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
}

/// Runs a command on reports.
pub async fn run(command: Command, config: &Config) -> Outcome {
    let Command::Monthly { month, agency, format, output } = command;
    let desk = app::desk(config).await?;
    // What a stopped server has not drawn up yet is drawn up first.
    desk.run_reports().await?;
    let full = match desk.report_of(agency.as_deref().unwrap_or_default(), month).await {
        Err(Error::NotFound(_)) => {
            let code = agency.unwrap_or_default();
            return Err(Failed::Input(format!("--agency: tidak ada perangkat daerah {code:?}")));
        }
        other => other?,
    };
    let words = Words { language: Language::Indonesian, zone: desk.pack().zone };
    let (bytes, _) = desk.report_file(&full, &format, words).await?;
    desk.db.close().await;
    std::fs::write(&output, bytes)?;
    tell!("{} → {}", words.title(&full.content), output.display());
    Ok(())
}

fn month(text: &str) -> Result<NaiveDate, String> {
    format!("{text}-01").parse().map_err(|_| "tulis bulan seperti 2026-10".to_owned())
}
