//! `meja mail ingest`: what a mail server pipes messages into.

use crate::app;
use crate::cli::{Failed, Outcome};
use crate::clock::Clock;
use crate::config::Config;
use crate::desk::setup::installation;
use crate::domain::ticket::Language;
use crate::error::{Error, Result, Say};
use crate::receive::pipe;
use crate::store::Db;
use crate::text;

/// `EX_TEMPFAIL`: the mail server keeps the message and tries again.
pub const TRY_AGAIN: u8 = 75;

/// Commands on mail.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Take one RFC 5322 message on standard input
    Ingest {
        /// Envelope recipient
        #[arg(long, value_name = "ADDR", default_value = "")]
        recipient: String,
        /// Envelope sender; empty or <> for a bounce
        #[arg(long, value_name = "ADDR")]
        sender: Option<String>,
    },
    /// Let the mails of a restored copy go
    Release,
}

/// Takes one message. 0 only after it is durably stored; 2 when it is no message; 75 in every other case.
pub async fn run(command: Command, config: &Config) -> Outcome {
    let (recipient, sender) = match command {
        Command::Ingest { recipient, sender } => (recipient, sender),
        Command::Release => return release(config).await,
    };
    // A sender that is told and empty is the null sender of a bounce; one that is not told is unknown.
    let sender = sender.map_or(String::new(), |sender| if sender.trim().is_empty() { "<>".to_owned() } else { sender });
    match ingest(config, &recipient, &sender).await {
        Ok(_) => Ok(()),
        Err(error @ Error::Invalid(_)) => Err(error.into()),
        Err(error) => {
            // Goes into the mail server's log; nothing of the message is in it.
            eprintln!("meja: {error}");
            Err(Failed::Code(TRY_AGAIN))
        }
    }
}

async fn release(config: &Config) -> Outcome {
    let desk = app::desk(config).await?;
    let released = desk.release_mail().await;
    desk.db.close().await;
    tell!("{}", text::say(Language::Indonesian, &Say::new("mail-released").with("count", released?)));
    Ok(())
}

async fn ingest(config: &Config, recipient: &str, sender: &str) -> Result<bool> {
    let url = config.database_url();
    let file = url.trim_start_matches("sqlite:").trim_start_matches("//");
    if url.starts_with("sqlite:") && !std::path::Path::new(file).exists() {
        // A database made here would take mail that no server ever reads.
        return Err(Error::internal(format!("{file}: there is no database; run `meja init` or `meja demo` first")));
    }
    let db = Db::connect(&url).await?;
    // Not migrated here: the server does that, and a message must not wait for it.
    let clock = Clock::system();
    clock.adopt(installation(&db).await?.demo_clock);
    let stored = pipe::take(&db, &clock, tokio::io::stdin(), config.mail.largest(), recipient, sender).await;
    db.close().await;
    stored
}
