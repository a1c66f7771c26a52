//! `meja simulate`.

use crate::app;
use crate::cli::{Failed, Outcome};
use crate::config::Config;
use crate::desk::setup::installation;
use crate::desk::simulate::Plan;
use crate::domain::ticket::Language;
use crate::error::{Error, Say};
use crate::secret::new_token;
use crate::store::Db;
use crate::text;
use chrono::{DateTime, Utc};

/// How long and how much.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Days on the desk's clock
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3660))]
    days: u32,
    /// Reports a day
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    per_day: u32,
    /// Policy pack of the region
    #[arg(long, value_name = "ID")]
    pack: Option<String>,
    /// First instant on the desk's clock (RFC 3339)
    #[arg(long, value_name = "RFC3339", default_value = "2026-10-01T00:00:00+07:00")]
    from: DateTime<Utc>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Runs the days in a scratch folder that is gone afterwards.
pub async fn run(args: Args, mut config: Config) -> Outcome {
    config.pack = args.pack.unwrap_or(config.pack);
    if app::packs(&config)?.get(&config.pack).is_none() {
        return Err(Failed::Input(format!("--pack: tidak ada paket {:?}; lihat `meja policy list`", config.pack)));
    }
    let scratch = std::env::temp_dir().join(format!("meja-simulasi-{}", new_token()?));
    std::fs::create_dir_all(&scratch)?;
    (config.data_dir, config.database_url, config.smtp_url) = (scratch.clone(), None, None);
    let outcome = days(&config, args.from, Plan { days: args.days, per_day: args.per_day }, args.json).await;
    std::fs::remove_dir_all(&scratch)?;
    outcome
}

async fn days(config: &Config, from: DateTime<Utc>, plan: Plan, json: bool) -> Outcome {
    let db = Db::connect(&config.database_url()).await?;
    db.migrate().await?;
    let mut found = installation(&db).await?;
    found.is_demo = true;
    let desk = app::wire(config, db, found)?;
    desk.clock.set(from, 0.0);
    app::follow(config, &desk).await?;
    desk.fill_demo(0, from, 0.0).await?;
    let figures = desk.simulate(plan).await?;
    desk.db.close().await;
    if json {
        tell!("{}", serde_json::to_string_pretty(&figures).map_err(Error::from)?);
    } else {
        let say = Say::new("simulated")
            .with("days", figures.days)
            .with("opened", figures.opened)
            .with("resolved", figures.resolved)
            .with("open", figures.open)
            .with("overdue", figures.overdue)
            .with("steps", figures.steps)
            .with("events", figures.events)
            .with("seconds", format!("{:.1}", figures.seconds))
            .with("rate", format!("{:.0}", figures.tickets_per_second));
        tell!("{}", text::say(Language::Indonesian, &say));
    }
    // A chain that is not whole after this is a fault of the program.
    if figures.chains_intact && figures.clocks_wrong == 0 { Ok(()) } else { Err(Failed::Code(1)) }
}
