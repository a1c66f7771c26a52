//! `meja init`.

use crate::app;
use crate::cli::{Failed, Outcome};
use crate::config::Config;
use crate::desk::lines;
use crate::desk::setup::installation;
use crate::domain::people::{Grant, Role};
use crate::domain::service::Agency;
use crate::store::Db;
use std::path::PathBuf;

/// Arguments of `meja init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Policy pack of the region
    #[arg(long, value_name = "ID")]
    pack: String,
    /// Address of the first system administrator
    #[arg(long, value_name = "EMAIL")]
    admin: String,
    /// Agencies: `KODE;NAMA;EMAIL` per line; the first is the ICT office
    #[arg(long, value_name = "FILE.csv")]
    agencies: Option<PathBuf>,
}

/// Prepares an empty database.
pub async fn run(args: Args, mut config: Config) -> Outcome {
    config.pack = args.pack;
    if app::packs(&config)?.get(&config.pack).is_none() {
        return Err(Failed::Input(format!("--pack: tidak ada paket {:?}; lihat `meja policy list`", config.pack)));
    }
    let agencies = match &args.agencies {
        Some(path) => read_agencies(&std::fs::read_to_string(path)?)?,
        None => vec![agency("DISKOMINFO", "Dinas Komunikasi dan Informatika", "")],
    };
    let Some(ict) = agencies.first().map(|agency| agency.code.clone()) else {
        return Err(Failed::Input("--agencies: berkas tidak berisi satu pun perangkat daerah".to_owned()));
    };
    let db = Db::connect(&config.database_url()).await?;
    db.migrate().await?;
    let found = installation(&db).await?;
    if found.pack.is_some() {
        return Err(Failed::Input("basis data ini sudah disiapkan".to_owned()));
    }
    let desk = app::wire(&config, db, found)?;
    app::follow(&config, &desk).await?;
    desk.save_agencies(&agencies).await?;
    let written = [Role::SystemAdmin, Role::Tier2Unit].map(|role| Grant { role, agency: None });
    let grants: Vec<Grant> = written.iter().flat_map(|grant| lines::placed(&desk.pack(), grant)).collect();
    desk.add_account(&args.admin, &args.admin, None, &grants).await?;
    desk.prepare(&ict).await?;
    let link = desk.sign_in_link(&args.admin).await?;
    tell!("{link}");
    Ok(())
}

fn read_agencies(text: &str) -> Result<Vec<Agency>, Failed> {
    let mut agencies = Vec::new();
    for (place, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let fields: Vec<&str> = line.split(';').map(str::trim).collect();
        if line.trim().is_empty() || (place == 0 && fields[0].eq_ignore_ascii_case("kode")) {
            continue;
        }
        let [code, name, rest @ ..] = fields.as_slice() else {
            return Err(Failed::Input(format!("--agencies: baris {}: tulis KODE;NAMA;EMAIL", place + 1)));
        };
        agencies.push(agency(code, name, rest.first().copied().unwrap_or_default()));
    }
    Ok(agencies)
}

fn agency(code: &str, name: &str, email: &str) -> Agency {
    let email = Some(email.to_lowercase()).filter(|email| !email.is_empty());
    Agency { code: code.to_owned(), name: name.to_owned(), email, active: true }
}
