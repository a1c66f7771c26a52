//! `meja policy …`: packs without a database.

use crate::app;
use crate::cli::{Failed, Outcome};
use crate::config::Config;
use crate::domain::ticket::Priority;
use crate::error::Error;
use crate::policy::{Explanation, Fault, Library, Pause, Value, explain};
use chrono::{DateTime, Utc};
use std::path::{Path, PathBuf};

/// Commands on packs.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Validate packs; every error with file, line, column and a hint
    Check {
        /// Folder with packs; by default the ones in use
        dir: Option<PathBuf>,
    },
    /// List packs
    List,
    /// Show a pack: what is law, what is default
    Show {
        /// Identifier
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Compute deadlines and show the working
    Explain {
        /// Pack
        #[arg(long, value_name = "ID")]
        pack: String,
        /// SLA profile
        #[arg(long, value_name = "P")]
        profile: String,
        /// P1 to P4
        #[arg(long, value_name = "P1..P4")]
        priority: String,
        /// When the clock starts
        #[arg(long, value_name = "RFC3339")]
        opened: DateTime<Utc>,
        /// A span in which it stands still; may be repeated
        #[arg(long = "pause", value_name = "FROM/TO")]
        pauses: Vec<String>,
        /// Count with the days off known at this instant
        #[arg(long, value_name = "RFC3339")]
        as_of: Option<DateTime<Utc>>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs a command on packs.
pub fn run(command: Command, config: Option<&Path>) -> Outcome {
    match command {
        Command::Check { dir } => check(dir.as_deref(), config),
        Command::List => list(&library(config)?),
        Command::Show { id, json } => show(&library(config)?, &id, json),
        Command::Explain { pack, profile, priority, opened, pauses, as_of, json } => {
            let library = library(config)?;
            let pack = library.get(&pack).ok_or_else(|| unknown(&library, &pack))?;
            let pack = match as_of {
                Some(at) => pack.known_at(at, &[]).map_err(|error| Failed::Input(format!("--as-of: {error}")))?,
                None => pack,
            };
            let priority: Priority =
                priority.parse().map_err(|_| Failed::Input("--priority: pilih P1, P2, P3 atau P4".to_owned()))?;
            let pauses = pauses.iter().map(|text| pause(text)).collect::<Result<Vec<_>, _>>()?;
            let explanation = explain(&pack, &profile, priority, opened, &pauses).map_err(|error| {
                let known = pack.profiles.keys().cloned().collect::<Vec<_>>().join(", ");
                Failed::Input(format!("--profile: {error}; paket ini punya {known}"))
            })?;
            print(&explanation, json)
        }
    }
}

fn library(config: Option<&Path>) -> Result<Library, Failed> {
    let config = Config::load(config).map_err(Failed::Input)?;
    Library::read(&app::pack_sources(config.policies_dir.as_deref())?).map_err(faults)
}

fn faults(faults: Vec<Fault>) -> Failed {
    Failed::Input(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn unknown(library: &Library, id: &str) -> Failed {
    let known = library.all().map(|pack| pack.id.clone()).collect::<Vec<_>>().join(", ");
    Failed::Input(format!("tidak ada paket {id:?}; yang ada: {known}"))
}

fn check(dir: Option<&Path>, config: Option<&Path>) -> Outcome {
    let sources = match dir {
        // A folder's packs may extend those built in.
        Some(dir) => app::pack_sources(Some(dir)).map_err(|error| Failed::Input(error.to_string()))?,
        None => app::pack_sources(Config::load(config).map_err(Failed::Input)?.policies_dir.as_deref())?,
    };
    let library = Library::read(&sources).map_err(faults)?;
    tell!("{} paket sah", library.all().count());
    Ok(())
}

fn list(library: &Library) -> Outcome {
    for pack in library.all() {
        tell!("{}\t{}\t{}\t{}", pack.id, pack.version, pack.name, pack.law.as_deref().unwrap_or("-"));
    }
    Ok(())
}

fn show(library: &Library, id: &str, json: bool) -> Outcome {
    let pack = library.get(id).ok_or_else(|| unknown(library, id))?;
    if json {
        let tree = serde_json::json!({"id": pack.id, "version": pack.version, "values": pack.json(), "sources": pack.values()});
        tell!("{tree:#}");
        return Ok(());
    }
    tell!("{} · {} · {}", pack.id, pack.name, pack.law.as_deref().unwrap_or("-"));
    for value in pack.values() {
        tell!("{} = {}\t[{}]", value.path, value.text, authority(value));
    }
    Ok(())
}

/// Where a value comes from, in brackets behind it.
fn authority(value: &Value) -> String {
    match &value.basis {
        Some(law) => law.clone(),
        None if value.note.is_empty() && value.unconfirmed => "belum dikonfirmasi".to_owned(),
        None if value.unconfirmed => format!("belum dikonfirmasi: {}", value.note),
        None => "bawaan".to_owned(),
    }
}

fn pause(text: &str) -> Result<Pause, Failed> {
    let malformed = || Failed::Input(format!("--pause: {text:?} bukan DARI/SAMPAI dalam RFC 3339"));
    let (from, to) = text.split_once('/').ok_or_else(malformed)?;
    let from: DateTime<Utc> = from.parse().map_err(|_| malformed())?;
    let to: Option<DateTime<Utc>> = if to.is_empty() { None } else { Some(to.parse().map_err(|_| malformed())?) };
    if to.is_some_and(|to| to < from) {
        return Err(malformed());
    }
    Ok(Pause { from, to })
}

fn print(explanation: &Explanation, json: bool) -> Outcome {
    let tree = serde_json::to_value(explanation).map_err(Error::from)?;
    if json {
        tell!("{tree:#}");
        return Ok(());
    }
    for key in ["pack", "profile", "priority", "opened", "response_due", "transfer_due", "warn_due", "resolution_due"] {
        tell!("{key:<16}{}", tree[key].as_str().unwrap_or("-"));
    }
    for interval in &explanation.intervals {
        tell!(
            "  {} – {}  {} s",
            interval.from.0.format("%a %Y-%m-%d %H:%M:%S"),
            interval.to.0.format("%a %Y-%m-%d %H:%M:%S"),
            interval.seconds
        );
    }
    for day in &explanation.excluded {
        tell!("  {}  {}", day.date, day.reason);
    }
    Ok(())
}
