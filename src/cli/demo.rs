//! `meja demo`.

use crate::app;
use crate::cli::serve;
use crate::cli::{Failed, Outcome};
use crate::clock::Clock;
use crate::config::Config;
use crate::desk::Desk;
use crate::desk::demo::PASSWORD;
use crate::desk::setup::installation;
use crate::policy::sections::Scope;
use crate::store::Db;
use chrono::{DateTime, Utc};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Arguments of `meja demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Policy pack of the region
    #[arg(long, value_name = "ID")]
    pack: Option<String>,
    /// Folder of the demo; by default `data_dir` of the settings
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Start a clock of its own at this instant (RFC 3339)
    #[arg(long, value_name = "RFC3339")]
    now: Option<DateTime<Utc>>,
    /// How many times as fast as the real clock; 0 is frozen
    #[arg(long, value_name = "N", requires = "now")]
    speed: Option<f64>,
    /// How many tickets with a history
    #[arg(long, value_name = "N", default_value_t = 24)]
    tickets: usize,
}

/// Fills the folder when it is empty, then serves it.
pub async fn run(args: Args, mut config: Config) -> Outcome {
    if args.tickets > 5000 {
        return Err(Failed::Input("--tickets: paling banyak 5000".to_owned()));
    }
    if args.speed.is_some_and(|speed| !(0.0..=1_000_000.0).contains(&speed)) {
        return Err(Failed::Input("--speed: 0 sampai 1000000".to_owned()));
    }
    config.data_dir = args.data.unwrap_or(config.data_dir);
    config.listen = args.listen.unwrap_or(config.listen);
    config.pack = args.pack.unwrap_or(config.pack);
    if app::packs(&config)?.get(&config.pack).is_none() {
        return Err(Failed::Input(format!("--pack: tidak ada paket {:?}; lihat `meja policy list`", config.pack)));
    }
    if config.mail_address == Config::default().mail_address {
        config.mail_address = "meja@demo.test".to_owned();
    }
    serve::log(&config)?;
    let _lock = app::lock_folder(&config)?;
    let acceptor = app::bind(&mut config).await?;
    let mut db = Db::connect(&config.database_url()).await?;
    db.migrate().await?;
    let mut found = installation(&db).await?;
    if found.is_half_filled && config.database_url().starts_with("sqlite:") {
        db = start_over(&config, db).await?;
        found = installation(&db).await?;
    }
    let is_new = found.pack.is_none();
    if !is_new && !found.is_demo {
        return Err(Failed::Input("folder ini berisi instalasi sungguhan, bukan demo; pilih --data lain".to_owned()));
    }
    found.is_demo = true;
    let desk = app::wire(&config, db, found)?;
    if is_new {
        let now = args.now.unwrap_or_else(|| Clock::system().now());
        desk.clock.set(now, 0.0);
        app::follow(&config, &desk).await?;
        desk.fill_demo(args.tickets, now, args.speed.unwrap_or(1.0)).await?;
        if args.now.is_none() {
            desk.follow_machine_clock().await?;
        }
    } else {
        app::follow(&config, &desk).await?;
        if let Some(now) = args.now {
            desk.keep_clock(now, args.speed.unwrap_or(1.0)).await?;
        }
    }
    greet(&desk);
    serve::until_signal(config, desk, acceptor).await?;
    Ok(())
}

fn greet(desk: &Desk) {
    let pack = desk.pack();
    // What the same people are called depends on where the pack puts the desk.
    let is_turned = pack.roles.tier1.scope == Scope::IctOffice;
    let (first, second) = (&pack.roles.tier1.label, &pack.roles.tier2.label);
    let (unit, of_agency) = if is_turned { (first, second) } else { (second, first) };
    tell!("meja demo · {}", pack.name);
    tell!("  {}", desk.public_url);
    tell!("  sandi semua akun: {PASSWORD}");
    for (email, what) in [
        ("superadmin@demo.test", unit.clone()),
        ("admin.dinkes@demo.test", format!("{of_agency} DINKES")),
        ("admin.disdukcapil@demo.test", format!("{of_agency} DISDUKCAPIL")),
        ("pimpinan@demo.test", "pimpinan".to_owned()),
        ("tim.koordinasi@demo.test", pack.roles.board.label.clone()),
        ("auditor@demo.test", "auditor".to_owned()),
        ("sistem@demo.test", "admin sistem".to_owned()),
        ("warga@demo.test", "pelapor".to_owned()),
    ] {
        tell!("  {email:<30} {what}");
    }
    tell!(
        "  API: Authorization: Bearer demo-superadmin (juga demo-dinkes, demo-disdukcapil, demo-warga, demo-koordinasi, demo-auditor)"
    );
}

/// Throws away a demo whose filling was broken off; there was nothing in it that anybody wrote.
async fn start_over(config: &Config, db: Db) -> Result<Db, Failed> {
    db.close().await;
    let url = config.database_url();
    let file = url.trim_start_matches("sqlite:").trim_start_matches("//");
    for end in ["", "-wal", "-shm"] {
        match std::fs::remove_file(format!("{file}{end}")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let db = Db::connect(&url).await?;
    db.migrate().await?;
    Ok(db)
}
