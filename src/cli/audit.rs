//! `meja audit verify`.

use crate::app;
use crate::cli::{Failed, Outcome};
use crate::config::Config;
use crate::desk::audit::verify_with;
use crate::desk::seal_copy::Beside;
use crate::error::Error;
use std::path::PathBuf;

/// Commands on proof.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Recompute all chains and seals; exit 1 and the first altered place
    Verify {
        /// As JSON
        #[arg(long)]
        json: bool,
        /// Read the bytes of every attachment, too
        #[arg(long)]
        files: bool,
        /// Folder with copies of seals; by default that of the settings
        #[arg(long, value_name = "DIR")]
        seals: Option<PathBuf>,
    },
}

/// Runs a command on proof.
pub async fn run(command: Command, config: &Config) -> Outcome {
    let Command::Verify { json, files, seals } = command;
    let desk = app::desk(config).await?;
    let beside =
        Beside { seals: seals.or_else(|| desk.seals.folder.clone()), files: files.then(|| desk.files.clone()) };
    let verdict = verify_with(&desk.db, &beside).await?;
    desk.db.close().await;
    if json {
        tell!("{}", serde_json::to_string_pretty(&verdict).map_err(Error::from)?);
    } else if let Some(first) = &verdict.first {
        let place = first.seq.map(|seq| format!(" #{seq}")).unwrap_or_default();
        tell!("diubah: {} {}{place}: {}", first.what, first.stream, first.problem);
    } else {
        tell!("utuh: {} rantai, {} peristiwa, {} segel", verdict.streams, verdict.events, verdict.seals);
    }
    if verdict.ok { Ok(()) } else { Err(Failed::Code(1)) }
}
