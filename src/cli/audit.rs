//! `meja audit verify`.

use crate::app;
use crate::cli::{Failed, Outcome};
use crate::config::Config;
use crate::error::Error;

/// Commands on proof.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Recompute all chains and seals; exit 1 and the first altered place
    Verify {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs a command on proof.
pub async fn run(command: Command, config: &Config) -> Outcome {
    let Command::Verify { json } = command;
    let desk = app::desk(config).await?;
    let verdict = desk.verify_audit().await?;
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
