//! Everything wired once: from settings to a desk, from a desk to a server.

use crate::clock::Clock;
use crate::config::{Config, Proxies};
use crate::desk::Desk;
use crate::desk::access::{Access, Lasts};
use crate::desk::outward::Outward;
use crate::desk::provider::Provider;
use crate::desk::rules::Rules;
use crate::desk::setup::{Installation, installation};
use crate::desk::ways::Ways;
use crate::error::{Error, Result};
use crate::mail::compose::Composer;
use crate::mail::sender::SenderCheck;
use crate::mail::sign::Signer;
use crate::mail::transport::{Transport, Wishes};
use crate::policy::{Library, Source};
use crate::render::certificate::Identity;
use crate::render::signature::certificates;
use crate::secret::Secret;
use crate::store::Db;
use crate::web::live::Live;
use crate::{api, jobs, receive, web};
use chrono::TimeDelta;
use poem::listener::{Acceptor, Listener, TcpAcceptor, TcpListener};
use poem::middleware::Compression;
use poem::{Endpoint, EndpointExt, Response, Route, Server, handler};
use rust_embed::RustEmbed;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

#[derive(RustEmbed)]
#[folder = "sla_policies/"]
struct BuiltInPacks;

/// The packs built in, each overridden by the file of the same name in `folder`, and those only there.
///
/// # Errors
/// The folder cannot be read.
pub fn pack_sources(folder: Option<&Path>) -> std::io::Result<Vec<Source>> {
    let mut sources: Vec<Source> = BuiltInPacks::iter()
        .filter(|name| name.ends_with(".toml"))
        .filter_map(|name| Some((BuiltInPacks::get(&name)?, name)))
        .map(|(file, name)| Source { file: name.into_owned(), text: String::from_utf8_lossy(&file.data).into_owned() })
        .collect();
    if let Some(folder) = folder {
        for own in folder_sources(folder)? {
            let stem =
                Path::new(&own.file).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            sources.retain(|source| source.file != stem);
            sources.push(own);
        }
    }
    sources.sort_by(|left, right| left.file.cmp(&right.file));
    Ok(sources)
}

/// The packs in a folder.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn folder_sources(folder: &Path) -> std::io::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let bytes = std::fs::read(&path)?;
            let text = String::from_utf8(bytes)
                .map_err(|_| std::io::Error::other(format!("{}: not UTF-8", path.display())))?;
            sources.push(Source { file: path.display().to_string(), text });
        }
    }
    sources.sort_by(|left, right| left.file.cmp(&right.file));
    Ok(sources)
}

/// Reads the packs of the settings.
///
/// # Errors
/// Every fault of every pack, one per line.
pub fn packs(config: &Config) -> Result<Library> {
    Library::read(&pack_sources(config.policies_dir.as_deref())?)
        .map_err(|faults| Error::internal(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// Reads the packs of the settings again and follows the installation's own.
///
/// # Errors
/// A pack is broken, or the installation's is gone; the rules stay as they were then.
pub async fn follow(config: &Config, desk: &Desk) -> Result<()> {
    let sources = pack_sources(config.policies_dir.as_deref())?;
    let id = desk.rules.installed().id.clone();
    let pack = packs(config)?.get(&id).ok_or_else(|| no_pack(&id))?;
    desk.follow(&pack, &sources).await
}

/// Opens the database, brings its schema up to date, and wires the desk.
///
/// # Errors
/// The database does not answer, the pack is unknown or broken, or the secret is unsafe.
pub async fn desk(config: &Config) -> Result<Desk> {
    let db = Db::connect(&config.database_url()).await?;
    db.migrate().await?;
    let found = installation(&db).await?;
    let desk = wire(config, db, found)?;
    desk.refresh_rules().await?;
    Ok(desk)
}

fn no_pack(id: &str) -> Error {
    Error::internal(format!("there is no policy pack {id:?}; see `meja policy list`"))
}

/// Wires a desk over a database that is up to date. The pack the installation was made with wins over the
/// settings' default, so that `serve` in the data folder of another pack does not mix two regions.
///
/// # Errors
/// As [`desk`].
pub fn wire(config: &Config, db: Db, found: Installation) -> Result<Desk> {
    let id = found.pack.unwrap_or_else(|| config.pack.clone());
    let pack = packs(config)?.get(&id).ok_or_else(|| no_pack(&id))?;
    let name = format!("Meja Layanan {}", pack.region.name);
    let composer = Composer::new(&config.mail_address, &name, &pack.region.name, config.templates_dir.as_deref())?;
    let transport = match &config.smtp_url {
        Some(url) => Transport::smtp(url, wishes(config)?)?,
        None if found.is_demo => Transport::Page,
        None => Transport::None,
    };
    let secret = Secret::load(&config.secret_file())?;
    let clock = Clock::system();
    clock.adopt(found.demo_clock);
    Ok(Desk {
        db,
        rules: Rules::new(clock.clone(), pack),
        clock,
        composer: Arc::new(composer.signing(secret.clone())),
        secret,
        public_url: config.public_url(),
        files: config.data_dir.join("files"),
        is_demo: found.is_demo,
        signer: signer(config)?,
        signing_roots: Arc::new(signing_roots(config)?),
        access: access(config)?,
        transport,
        sender_check: Arc::new(SenderCheck::new(&config.mail_authserv_id, &config.mail_dns)?),
        ways: Arc::new(Ways::of(config, found.is_demo)?),
        settings: Arc::new(config.shown()),
        closures: Arc::default(),
        status: Arc::default(),
        outward: Arc::new(Outward::new(&config.monitors)?),
        running: Arc::default(),
        wake: Arc::new(Notify::new()),
    })
}

/// How mail is handed over, by the settings.
fn wishes(config: &Config) -> Result<Wishes> {
    let signer = config.mail.dkim.as_ref().map(|dkim| Signer::load(dkim).map(Arc::new)).transpose()?;
    Ok(Wishes { ca_file: config.mail.ca_file.clone(), signer, ..Wishes::default() })
}

/// What letters are signed with, by the settings.
fn signer(config: &Config) -> Result<Option<Arc<Identity>>> {
    let Some(file) = &config.signing_certificate else { return Ok(None) };
    let read =
        |path: &Path| std::fs::read(path).map_err(|error| Error::internal(format!("{}: {error}", path.display())));
    let password = config.signing_password_file.as_deref().map(read).transpose()?.unwrap_or_default();
    let identity = Identity::open(&read(file)?, String::from_utf8_lossy(&password).trim_end_matches(['\r', '\n']))
        .map_err(|error| Error::internal(format!("{}: {error}", file.display())))?;
    Ok(Some(Arc::new(identity)))
}

/// Whose signatures on letters are trusted, by the settings.
fn signing_roots(config: &Config) -> Result<Vec<Vec<u8>>> {
    let Some(file) = &config.signing_roots else { return Ok(Vec::new()) };
    let broken = |why: &dyn std::fmt::Display| Error::internal(format!("signing_roots: {}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| broken(&error))?;
    certificates(&text).ok_or_else(|| broken(&"no certificates in PEM"))
}

/// How people sign in, by the settings.
fn access(config: &Config) -> Result<Access> {
    let provider = config.oidc.as_ref().map(|oidc| {
        let secret = std::fs::read_to_string(&oidc.client_secret_file)
            .map_err(|error| Error::internal(format!("{}: {error}", oidc.client_secret_file.display())))?;
        Provider::new(&oidc.issuer, &oidc.client_id, secret.trim(), &oidc.label, &config.public_url()).map(Arc::new)
    });
    Ok(Access {
        require_totp: config.require_totp,
        staff: Lasts {
            idle: TimeDelta::minutes(config.staff_idle_minutes.into()),
            absolute: TimeDelta::hours(config.staff_session_hours.into()),
        },
        requester: Lasts {
            idle: TimeDelta::days(config.requester_idle_days.into()),
            absolute: TimeDelta::days(config.requester_session_days.into()),
        },
        provider: provider.transpose()?,
        proxies: Proxies::read(&config.trusted_proxies).map_err(Error::internal)?,
    })
}

/// Keeps a second server away from an embedded database; holds as long as the value lives.
///
/// # Errors
/// Another server runs on the folder.
pub fn lock_folder(config: &Config) -> Result<Option<std::fs::File>> {
    if !config.database_url().starts_with("sqlite:") {
        return Ok(None);
    }
    std::fs::create_dir_all(&config.data_dir)?;
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(config.data_dir.join("server.lock"))?;
    file.try_lock().map_err(|_| {
        Error::internal(format!("{}: another meja server runs on this folder", config.data_dir.display()))
    })?;
    Ok(Some(file))
}

/// Binds the address of the settings. With port 0 the machine chooses one, which the settings then carry.
///
/// # Errors
/// The port is taken or not allowed.
pub async fn bind(config: &mut Config) -> Result<TcpAcceptor> {
    let listener = TcpListener::bind(config.listen);
    let acceptor =
        listener.into_acceptor().await.map_err(|error| Error::internal(format!("{}: {error}", config.listen)))?;
    if let Some(address) = acceptor.local_addr().first().and_then(|address| address.as_socket_addr()) {
        config.listen = *address;
    }
    Ok(acceptor)
}

/// Serves until `stop`: pages, API, worker and recurring work.
///
/// # Errors
/// The server cannot run.
pub async fn serve(
    desk: Desk,
    acceptor: impl Acceptor + 'static,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let (stopping, stopped) = watch::channel(false);
    desk.take_up_inbox().await?;
    let ways_in = receive::open(&desk, &stopped).await?;
    let watch = tokio::spawn(jobs::watch::run(desk.clone(), stopped.clone()));
    let closures = tokio::spawn(jobs::closures::run(desk.clone(), stopped.clone()));
    let worker = tokio::spawn(jobs::worker::run(desk.clone(), stopped));
    let mut schedule = jobs::schedule::start(&desk).await?;
    let db = desk.db.clone();
    let live = Live::default();
    let ending = live.clone();
    let server = Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(
        routes_with(desk, live)?,
        // Streams end by themselves never: the server would wait for them.
        async move {
            stop.await;
            ending.close();
        },
        Some(Duration::from_secs(20)),
    );
    server.await?;
    stopping.send_replace(true);
    ways_in.close().await;
    if let Err(error) = schedule.shutdown().await {
        tracing::warn!(%error, "recurring work did not stop cleanly");
    }
    worker.await.map_err(|error| Error::Internal(error.into()))?;
    watch.await.map_err(|error| Error::Internal(error.into()))?;
    closures.await.map_err(|error| Error::Internal(error.into()))?;
    db.close().await;
    Ok(())
}

/// Gives out figures at the address of the settings, until the task is ended. An address somebody else has is refused
/// only when the settings name it: several installations may stand on one machine.
///
/// # Errors
/// The address of the settings cannot be had.
pub async fn serve_metrics(desk: Desk, config: &Config) -> Result<Option<JoinHandle<std::io::Result<()>>>> {
    if config.metrics_listen.is_empty() {
        return Ok(None);
    }
    let acceptor = match TcpListener::bind(config.metrics_listen.clone()).into_acceptor().await {
        Ok(acceptor) => acceptor,
        Err(error) if config.metrics_listen == Config::default().metrics_listen => {
            tracing::warn!(%error, listen = config.metrics_listen, "no figures are given out");
            return Ok(None);
        }
        Err(error) => return Err(Error::internal(format!("metrics_listen {}: {error}", config.metrics_listen))),
    };
    for address in acceptor.local_addr() {
        tracing::info!(%address, "figures at /metrics");
    }
    let routes = web::metrics::routes(desk)?;
    Ok(Some(tokio::spawn(async move { Server::new_with_acceptor(acceptor).run(routes).await })))
}

/// Everything the server answers.
///
/// # Errors
/// A page's template is broken.
pub fn routes(desk: Desk) -> Result<impl Endpoint<Output = Response> + 'static> {
    routes_with(desk, Live::default())
}

/// As [`routes`], with streams that can be closed.
///
/// # Errors
/// As [`routes`].
pub fn routes_with(desk: Desk, live: Live) -> Result<impl Endpoint<Output = Response> + 'static> {
    let pages = web::routes_with(desk.clone(), live)?;
    let all = Route::new()
        .at("/api/v1/gateway/authorize", web::gateway::endpoint(desk.clone())?)
        .nest("/api", api::routes(&desk).with(Compression::new()))
        .at("/healthz", poem::get(alive))
        .at("/readyz", poem::get(ready))
        .nest("/", pages)
        .map_to_response()
        .around(web::metrics::counted)
        .data(desk);
    Ok(all.map_to_response())
}

/// The process lives.
#[handler]
fn alive() -> &'static str {
    "ok"
}

/// The database answers and its schema is there.
#[handler]
async fn ready(desk: poem::web::Data<&Desk>) -> Response {
    match desk.agencies().await {
        Ok(_) => Response::builder().body("ok"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            Response::builder().status(poem::http::StatusCode::SERVICE_UNAVAILABLE).body("not ready")
        }
    }
}
