//! `meja serve` and `meja migrate`.

use crate::app;
use crate::cli::{Failed, Outcome};
use crate::config::{Config, LogFormat};
use crate::desk::Desk;
use crate::error::{Error, Result};
use crate::store::Db;
use poem::listener::{Acceptor, TcpAcceptor};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tracing_subscriber::EnvFilter;

/// Serves until a signal says stop.
pub async fn run(mut config: Config) -> Outcome {
    log(&config)?;
    let _lock = app::lock_folder(&config)?;
    let acceptor = app::bind(&mut config).await?;
    let desk = app::desk(&config).await?;
    tell!("meja {} · {} · {}", env!("CARGO_PKG_VERSION"), desk.pack().name, desk.public_url);
    app::follow(&config, &desk).await?;
    until_signal(config, desk, acceptor).await?;
    Ok(())
}

/// Serves a desk until SIGTERM or SIGINT; reads the packs again at SIGHUP.
pub async fn until_signal(config: Config, desk: Desk, acceptor: TcpAcceptor) -> Result<()> {
    for address in acceptor.local_addr() {
        tracing::info!(%address, "listening");
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("stopping");
    };
    let figures = app::serve_metrics(desk.clone(), &config).await?;
    let reloading = tokio::spawn(reload_on_hangup(config, desk.clone()));
    let served = app::serve(desk, acceptor, stop).await;
    figures.inspect(JoinHandle::abort);
    reloading.abort();
    served
}

/// A pack that is not sound never takes the place of one that is.
async fn reload_on_hangup(config: Config, desk: Desk) -> Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    while hangup.recv().await.is_some() {
        match app::follow(&config, &desk).await {
            Ok(()) => tracing::info!(edition = desk.pack().version, "the policy packs were read again"),
            Err(error) => tracing::error!("{error:#}; the rules stay as they were"),
        }
        desk.wake();
    }
    Ok(())
}

/// Brings the schema up to date.
pub async fn migrate(config: &Config) -> Outcome {
    let db = Db::connect(&config.database_url()).await?;
    db.migrate().await?;
    db.close().await;
    tell!("skema basis data sudah terbaru");
    Ok(())
}

/// Starts the log as the settings say.
pub fn log(config: &Config) -> std::result::Result<(), Failed> {
    // The scheduler tells of its own birth in five lines; whoever wants them names it.
    let quiet = if config.log.contains("tokio_cron_scheduler") { "" } else { ",tokio_cron_scheduler=warn" };
    let filter =
        EnvFilter::try_new(format!("{}{quiet}", config.log)).map_err(|error| Failed::Input(format!("log: {error}")))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.log_format {
        LogFormat::Text => log.with_ansi(false).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    started.map_err(|error| Failed::Other(Error::internal(error.to_string())))
}
