//! The console: one file per command.
//!
//! For: reading arguments and calling one use-case. Exit codes: 0 done, 1 failed, 2 wrong usage or bad
//! input with the reason, 75 (mail only) try again later.
//! To add a command: a variant here, a file with its `run`, a line in CONTRACT.md and a test in `tests/process.rs`.

/// Prints a line for people; a reader that has gone away (`| head`) is no reason to fail.
macro_rules! tell {
    ($($words:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}

mod audit;
mod backup;
mod demo;
mod init;
mod mail;
mod people;
mod policy;
mod report;
mod serve;
mod simulate;

use crate::config::Config;
use crate::domain::ticket::Language;
use crate::error::Error;
use crate::text;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// The service desk of an Indonesian regional government.
#[derive(Debug, Parser)]
#[command(name = "meja", version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// Settings file; without it `meja.toml` where there is one, then `MEJA_*`
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fill an empty folder with a believable region and serve it
    Demo(demo::Args),
    /// Run the server: web, API, clocks, outbox, recurring work
    Serve,
    /// Bring the database schema up to date
    Migrate,
    /// Prepare a real installation
    Init(init::Args),
    /// Accounts
    #[command(subcommand)]
    User(people::UserCommand),
    /// API tokens
    #[command(subcommand)]
    Token(people::TokenCommand),
    /// Periodic reports
    #[command(subcommand)]
    Report(report::Command),
    /// Mail from a mail server
    #[command(subcommand)]
    Mail(mail::Command),
    /// Policy packs
    #[command(subcommand)]
    Policy(policy::Command),
    /// Write the whole installation into one file, while it works
    Backup(backup::BackupArgs),
    /// Bring an installation back from such a file
    Restore(backup::RestoreArgs),
    /// Run a region's days at full speed in a scratch database and print the figures
    Simulate(simulate::Args),
    /// Proof that nothing was altered
    #[command(subcommand)]
    Audit(audit::Command),
}

/// Why a command ended without having done its work.
#[derive(Debug)]
pub enum Failed {
    /// Bad input: exit 2.
    Input(String),
    /// Everything else: exit 1.
    Other(Error),
    /// The command has said why by itself.
    Code(u8),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(fields) => {
                let lines =
                    fields.iter().map(|bad| format!("{}: {}", bad.field, text::say(Language::Indonesian, &bad.say)));
                Self::Input(lines.collect::<Vec<_>>().join("\n"))
            }
            other => Self::Other(other),
        }
    }
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.into())
    }
}

/// What every command returns.
pub type Outcome = Result<(), Failed>;

/// Runs the command of this process.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match cli.start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed::Code(code)) => ExitCode::from(code),
        Err(Failed::Input(why)) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
        Err(Failed::Other(error)) => {
            match &error {
                Error::Internal(_) | Error::Unavailable(_) => eprintln!("{error}"),
                other => eprintln!("{}", text::say(Language::Indonesian, &other.public())),
            }
            ExitCode::FAILURE
        }
    }
}

impl Cli {
    fn start(self) -> Outcome {
        if let Command::Policy(command) = self.command {
            return policy::run(command, self.config.as_deref());
        }
        let is_mail = matches!(self.command, Command::Mail(_));
        let config = match Config::load(self.config.as_deref()) {
            Ok(config) => config,
            // A mail must not bounce because the operator has misspelt a setting.
            Err(why) if is_mail => {
                eprintln!("{why}");
                return Err(Failed::Code(mail::TRY_AGAIN));
            }
            Err(why) => return Err(Failed::Input(why)),
        };
        let threads = if is_mail { 1 } else { 2 };
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(threads).enable_all().build()?;
        runtime.block_on(self.dispatch(config))
    }

    async fn dispatch(self, config: Config) -> Outcome {
        match self.command {
            Command::Demo(args) => demo::run(args, config).await,
            Command::Serve => serve::run(config).await,
            Command::Migrate => serve::migrate(&config).await,
            Command::Init(args) => init::run(args, config).await,
            Command::User(command) => people::user(command, &config).await,
            Command::Token(command) => people::token(command, &config).await,
            Command::Mail(command) => mail::run(command, &config).await,
            Command::Policy(command) => policy::run(command, self.config.as_deref()),
            Command::Report(command) => report::run(command, &config).await,
            Command::Backup(args) => backup::back(args, &config).await,
            Command::Restore(args) => backup::bring_back(args, &config).await,
            Command::Simulate(args) => simulate::run(args, config).await,
            Command::Audit(command) => audit::run(command, &config).await,
        }
    }
}
