//! Backup of a whole installation into one file, and its restoration (SUMUT 55(2): both are functions of the program).
//!
//! A backup is read at one moment while the server works. It is rehearsed before it counts: restored into a scratch
//! database, whose chains are recomputed. A restored copy sends no mail until somebody says so.

use crate::desk::backup_file::{Head, Reader, Writer, check};
use crate::desk::backup_settings::Place;
use crate::desk::setup::{self, MAIL_PARKED};
use crate::desk::{audit, files};
use crate::error::{Error, Result, Say};
use crate::fault;
use crate::secret::{create_private, new_token, sha256};
use crate::store::archive::{self, Cell, Kind, Table};
use crate::store::{self, Db, Tx};
use chrono::{DateTime, SecondsFormat, Utc};
use data_encoding::BASE64;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// So many bytes of rows go into one entry.
const PART: usize = 4 << 20;

/// What went into a backup, or came out of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Load {
    /// Rows of all tables.
    pub rows: u64,
    /// Tickets among them.
    pub tickets: u64,
    /// Attachments.
    pub files: u64,
    /// Attachments that rows name and the folder lacks.
    pub missing: Vec<String>,
    /// Mails that would be sent.
    pub waiting_mails: i64,
    /// The first place that somebody had altered before the backup was made.
    pub altered: Option<String>,
}

/// Writes a backup of the installation to `to`, which must not exist, and rehearses its restoration.
///
/// # Errors
/// `Invalid` (field `file`) when there is such a file; the disk or the database refuses; the rehearsal finds an
/// altered place. Then there is no file `to`.
pub async fn back_up(db: &Db, place: &Place, to: &Path, at: DateTime<Utc>) -> Result<Load> {
    if to.exists() {
        return Err(Error::field("file", Say::new("backup-exists")));
    }
    let partial = beside(to, "partial")?;
    let place = &Place { lock: place.lock.with_witness(), ..place.clone() };
    let written = write(db, place, &partial, at).await;
    fault::pass("backup.written");
    let outcome = match written {
        Ok(load) => rehearse(&partial, place, &load).await.map(|altered| Load { altered, ..load }),
        failed => failed,
    };
    if outcome.is_err() {
        // A file nobody can trust is worse than none.
        let _gone = std::fs::remove_file(&partial);
        return outcome;
    }
    fault::pass("backup.tested");
    std::fs::rename(&partial, to)?;
    fault::pass("backup.named");
    std::fs::File::open(folder_of(to))?.sync_all()?;
    outcome
}

async fn write(db: &Db, place: &Place, to: &Path, at: DateTime<Utc>) -> Result<Load> {
    let mut tx = db.read().await?;
    archive::hold_still(&mut tx).await?;
    let head = Head {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        schema: archive::schema(&mut tx).await?,
        at: at.to_rfc3339_opts(SecondsFormat::Micros, true),
        pack: store::settings::get(&mut tx, setup::PACK).await?,
    };
    let mut out = Writer::create_with(to, &head, &place.lock)?;
    if place.secret.exists() {
        out.entry("secret", &std::fs::read(&place.secret)?)?;
    }
    let (mut load, mut named) = (Load::default(), BTreeSet::new());
    for table in archive::tables(&mut tx).await? {
        let rows = write_table(&mut tx, &mut out, &table, &mut named, place).await?;
        load.rows += rows;
        if table.name == "ticket" {
            load.tickets = rows;
        }
    }
    for digest in named {
        place.go_on()?;
        match std::fs::read(files::path(&place.files, &digest)) {
            Ok(bytes) if sha256(&bytes) == digest => {
                out.entry(&format!("file/{digest}"), &bytes)?;
                load.files += 1;
            }
            _ => load.missing.push(digest),
        }
    }
    out.finish()?;
    Ok(load)
}

/// Writes the rows of a table, and notes the digests of attachments in them; gives how many rows there were.
async fn write_table(
    tx: &mut Tx,
    out: &mut Writer,
    table: &Table,
    named: &mut BTreeSet<String>,
    place: &Place,
) -> Result<u64> {
    let digests = table.columns.iter().position(|(name, _)| name == "sha256");
    let head = serde_json::to_vec(table)?;
    let (mut part, mut bytes, mut rows) = (1, head.clone(), 0);
    let name = |part: u32| format!("rows/{}/{part:06}", table.name);
    archive::read(tx, table, |cells| {
        if let Some(Cell::Text(Some(digest))) = digests.map(|place| &cells[place]) {
            named.insert(digest.clone());
        }
        bytes.push(b'\n');
        serde_json::to_writer(&mut bytes, &cells.into_iter().map(json).collect::<Vec<_>>())?;
        rows += 1;
        if bytes.len() > PART {
            place.go_on()?;
            out.entry(&name(part), &bytes)?;
            (part, bytes) = (part + 1, head.clone());
        }
        Ok(())
    })
    .await?;
    out.entry(&name(part), &bytes)?;
    Ok(rows)
}

/// Restores a backup into a scratch database, counts what came and recomputes its chains; gives the first altered place.
async fn rehearse(archive: &Path, place: &Place, written: &Load) -> Result<Option<String>> {
    let (came, altered) = try_out(archive, place).await?;
    if (came.rows, came.tickets, came.files) != (written.rows, written.tickets, written.files) {
        return Err(Error::internal("what was restored is not as much as was written"));
    }
    Ok(altered)
}

/// As it would be restored: into a scratch database whose chains are recomputed. Gives what came and the first altered
/// place; nothing else is touched.
///
/// # Errors
/// `Invalid` (field `file`) when the backup is cut, damaged, of another program or of a newer one, or the lock does not
/// open it.
pub async fn try_out(archive: &Path, place: &Place) -> Result<(Load, Option<String>)> {
    let head = check(archive, &place.lock)?;
    refuse_newer(&head)?;
    let scratch = Scratch::new(&place.scratch)?;
    let db = scratch.database().await?;
    let outcome = async {
        let came = load(&db, archive, place).await?;
        db.migrate().await?;
        Ok((came, altered(&db).await?))
    }
    .await;
    db.close().await;
    outcome
}

fn refuse_newer(head: &Head) -> Result<()> {
    if head.schema > Db::newest_schema() {
        return Err(Error::field("file", Say::new("backup-newer").with("program", &head.program)));
    }
    Ok(())
}

async fn altered(db: &Db) -> Result<Option<String>> {
    let verdict = audit::verify(db).await?;
    Ok(verdict.first.map(|first| format!("{} {} {}", first.what, first.stream, first.problem)))
}

/// Restores a backup into an installation without people, or with `force` in the place of what is there.
/// Everything is looked at before anything is changed.
///
/// # Errors
/// `Invalid` (field `file`) when the backup is cut, damaged, altered, of another program or of a newer one;
/// `Conflict` when the installation is not empty.
pub async fn restore(archive: &Path, place: &Place, force: bool, at: DateTime<Utc>) -> Result<Load> {
    let head = check(archive, &place.lock)?;
    refuse_newer(&head)?;
    if !force && !is_empty(place).await? {
        return Err(Error::conflict(Say::new("backup-not-empty")));
    }
    let scratch = Scratch::new(&place.scratch)?;
    let db = scratch.database().await?;
    let mut loaded = load(&db, archive, place).await?;
    db.migrate().await?;
    loaded.altered = altered(&db).await?;
    loaded.waiting_mails = park(&db, at).await?;
    db.close().await;
    if let Some(altered) = loaded.altered.as_ref().filter(|_| !force) {
        return Err(Error::field("file", Say::new("backup-altered").with("place", altered)));
    }
    keep_files(archive, place, force, &mut loaded)?;
    match place.database_file() {
        Some(file) => replace(&scratch.file(), file, at)?,
        None => refill(place, archive, head.schema, at).await?,
    }
    Ok(loaded)
}

/// Nobody has prepared an installation here.
async fn is_empty(place: &Place) -> Result<bool> {
    if place.database_file().is_some_and(|file| !file.exists()) {
        return Ok(true);
    }
    let db = Db::connect(&place.database_url).await?;
    let mut tx = db.read().await?;
    let has_settings = archive::tables(&mut tx).await?.iter().any(|table| table.name == "setting");
    let is_empty = !has_settings || store::settings::get(&mut tx, setup::PACK).await?.is_none();
    drop(tx);
    db.close().await;
    Ok(is_empty)
}

/// Puts the rows of a backup into a database: into one without a schema as it was then, into one with a schema only when
/// it is the same.
async fn load(db: &Db, archive: &Path, place: &Place) -> Result<Load> {
    let (mut reader, head) = Reader::open(archive, &place.lock)?;
    db.migrate_to(head.schema).await?;
    let mut tx = db.write().await?;
    let tables = archive::tables(&mut tx).await?;
    let silent = archive::silence(&mut tx, &tables).await?;
    archive::clear(&mut tx, &tables).await?;
    let mut loaded = Load::default();
    while let Some((name, bytes)) = reader.entry()? {
        place.go_on()?;
        if name.starts_with("rows/") {
            // Tables stand in the file as the writer's catalogue ordered them: those that others refer to first.
            let rows = load_part(&mut tx, &tables, &name, &bytes).await?;
            loaded.rows += rows;
            if name.starts_with("rows/ticket/") {
                loaded.tickets += rows;
            }
        } else if name.starts_with("file/") {
            loaded.files += 1;
        }
    }
    archive::go_on_counting(&mut tx, &tables).await?;
    archive::speak(&mut tx, silent).await?;
    tx.commit().await?;
    Ok(loaded)
}

async fn load_part(tx: &mut Tx, tables: &[Table], name: &str, bytes: &[u8]) -> Result<u64> {
    let damaged = || Error::field("file", Say::new("backup-damaged").with("entry", name));
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let told: Table = serde_json::from_slice(lines.next().unwrap_or_default()).map_err(|_| damaged())?;
    let table = tables.iter().find(|table| **table == told).ok_or_else(damaged)?;
    let mut rows = Vec::new();
    for line in lines {
        let values: Vec<Value> = serde_json::from_slice(line).map_err(|_| damaged())?;
        if values.len() != table.columns.len() {
            return Err(damaged());
        }
        let cells = values.into_iter().zip(&table.columns).map(|(value, (_, kind))| cell(value, *kind));
        rows.push(cells.collect::<Option<Vec<_>>>().ok_or_else(damaged)?);
    }
    let count = rows.len() as u64;
    archive::add(tx, table, rows).await?;
    Ok(count)
}

/// Lets nothing out before somebody says so; gives how many mails wait.
async fn park(db: &Db, at: DateTime<Utc>) -> Result<i64> {
    let mut tx = db.write().await?;
    store::backups::break_off(&mut tx, "restored", at).await?;
    store::settings::set(&mut tx, MAIL_PARKED, "restored").await?;
    let waiting = store::outbox::counts(&mut tx).await?;
    tx.commit().await?;
    Ok(waiting.iter().filter(|(state, _)| state == "queued" || state == "sending").map(|(_, count)| count).sum())
}

/// Attachments and the key; both only add to what is there, unless the key is another one.
fn keep_files(archive: &Path, place: &Place, force: bool, loaded: &mut Load) -> Result<()> {
    let (mut reader, _) = Reader::open(archive, &place.lock)?;
    loaded.files = 0;
    while let Some((name, bytes)) = reader.entry()? {
        if name.starts_with("file/") {
            files::keep(&place.files, &bytes)?;
            loaded.files += 1;
        } else if name == "secret" {
            keep_secret(&place.secret, &bytes, force)?;
        }
    }
    Ok(())
}

fn keep_secret(path: &Path, bytes: &[u8], force: bool) -> Result<()> {
    if path.exists() {
        if std::fs::read(path)? == bytes {
            return Ok(());
        }
        if !force {
            return Err(Error::conflict(Say::new("backup-other-key")));
        }
        std::fs::rename(path, beside(path, "sebelum-pemulihan")?)?;
    }
    create_private(path, bytes)
}

/// Puts a database file in the place of another, which is set aside.
fn replace(from: &Path, to: &Path, at: DateTime<Utc>) -> Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    for end in ["", "-wal", "-shm"] {
        let old = PathBuf::from(format!("{}{end}", to.display()));
        if old.exists() {
            let aside = format!("{}.sebelum-pemulihan-{}{end}", to.display(), at.format("%Y%m%d%H%M%S"));
            std::fs::rename(&old, aside)?;
        }
    }
    std::fs::rename(from, to)?;
    std::fs::File::open(folder_of(to))?.sync_all()?;
    Ok(())
}

/// Fills a shared database in one transaction.
async fn refill(place: &Place, archive: &Path, schema: i64, at: DateTime<Utc>) -> Result<()> {
    let db = Db::connect(&place.database_url).await?;
    let mut tx = db.read().await?;
    let has = archive::tables(&mut tx).await?;
    let there = if has.is_empty() { schema } else { archive::schema(&mut tx).await? };
    drop(tx);
    if there != schema {
        return Err(Error::conflict(Say::new("backup-other-schema")));
    }
    load(&db, archive, place).await?;
    db.migrate().await?;
    park(&db, at).await?;
    db.close().await;
    Ok(())
}

fn json(cell: Cell) -> Value {
    let or_null = |value: Option<Value>| value.unwrap_or(Value::Null);
    match cell {
        Cell::Int(value) => or_null(value.map(Value::from)),
        Cell::Real(value) => or_null(value.map(Value::from)),
        Cell::Text(value) => or_null(value.map(Value::from)),
        Cell::Bool(value) => or_null(value.map(Value::from)),
        Cell::Time(value) => or_null(value.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true).into())),
        Cell::Date(value) => or_null(value.map(|day| day.to_string().into())),
        Cell::Bytes(value) => or_null(value.map(|bytes| BASE64.encode(&bytes).into())),
    }
}

/// The value for a column; `None` when it is of another kind.
fn cell(value: Value, kind: Kind) -> Option<Cell> {
    let empty = value.is_null();
    Some(match (kind, value) {
        (Kind::Int, value) => Cell::Int(if empty { None } else { Some(value.as_i64()?) }),
        (Kind::Real, value) => Cell::Real(if empty { None } else { Some(value.as_f64()?) }),
        (Kind::Bool, value) => Cell::Bool(if empty { None } else { Some(value.as_bool()?) }),
        (Kind::Text, Value::String(text)) => Cell::Text(Some(text)),
        (Kind::Time, Value::String(text)) => {
            Cell::Time(Some(DateTime::parse_from_rfc3339(&text).ok()?.with_timezone(&Utc)))
        }
        (Kind::Date, Value::String(text)) => Cell::Date(Some(text.parse().ok()?)),
        (Kind::Date, Value::Null) => Cell::Date(None),
        (Kind::Bytes, Value::String(text)) => Cell::Bytes(Some(BASE64.decode(text.as_bytes()).ok()?)),
        (Kind::Text, Value::Null) => Cell::Text(None),
        (Kind::Time, Value::Null) => Cell::Time(None),
        (Kind::Bytes, Value::Null) => Cell::Bytes(None),
        _ => return None,
    })
}

/// A folder that is gone when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(under: &Path) -> Result<Self> {
        let folder = under.join(format!("pemulihan-{}", new_token()?));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    fn file(&self) -> PathBuf {
        self.0.join("meja.db")
    }

    async fn database(&self) -> Result<Db> {
        Db::connect(&format!("sqlite://{}", self.file().display())).await
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "a scratch folder could not be removed");
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(path: &Path, word: &str) -> Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| Error::field("file", Say::new("backup-unreadable").with("why", "?")))?;
    Ok(folder_of(path).join(format!("{}.{word}-{}", name.to_string_lossy(), new_token()?)))
}
