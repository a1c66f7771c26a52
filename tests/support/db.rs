//! A fresh database for each test, on either engine, with the settings of a real installation.
//!
//! SQLite is a file, not memory: only a file shows who waits for whom. PostgreSQL is a database of its own on
//! the server of `MEJA_TEST_POSTGRES_URL`, copied from one that is migrated once per run.

use meja::store::Db;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::str::FromStr;
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// Emits for each story `async fn name(db: Db)` the tests `name::sqlite` and `name::postgres`.
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let (db, _folder) = $crate::support::db::sqlite().await;
                super::$story(db).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(db) = $crate::support::db::postgres().await {
                    super::$story(db.clone()).await;
                    $crate::support::db::discard(db).await;
                }
            }
        }
    )+ };
}
pub(crate) use on_both;

/// An empty, migrated file; it goes with the folder.
pub async fn sqlite() -> (Db, TempDir) {
    let folder = TempDir::new().expect("a folder for the database");
    let db = Db::connect(&sqlite_url(&folder)).await.expect("a database file");
    db.migrate().await.expect("the schema");
    (db, folder)
}

/// The address of the file that [`sqlite`] made in `folder`, for a second connection.
pub fn sqlite_url(folder: &TempDir) -> String {
    format!("sqlite://{}/meja.sqlite", folder.path().display())
}

/// An empty, migrated database on the test server; `None` where there is no server.
pub async fn postgres() -> Option<Db> {
    Some(Db::connect(&postgres_url().await?).await.expect("the new database"))
}

/// The address of a database as [`postgres`] opens it.
pub async fn postgres_url() -> Option<String> {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let Some(server) = server() else {
        assert!(variable("MEJA_TEST_REQUIRE").is_none(), "MEJA_TEST_REQUIRE is set, MEJA_TEST_POSTGRES_URL is not");
        crate::support::skipped("PostgreSQL: MEJA_TEST_POSTGRES_URL is not set");
        return None;
    };
    let template = TEMPLATE.get_or_init(|| template(&server)).await;
    let name = create(&server, template).await;
    Some(url(&server, &name))
}

/// Closes a database of [`postgres`] and removes it.
pub async fn discard(db: Db) {
    let (Db::Postgres(pool), Some(server)) = (&db, server()) else { return };
    let name: String = sqlx::query_scalar("select current_database()::text").fetch_one(pool).await.expect("its name");
    db.close().await;
    run(&server, format!("drop database {name} with (force)")).await;
}

/// The address of a copy of a database that nobody is connected to.
pub async fn copy_of(address: &str) -> String {
    let server = server().expect("the server it lies on");
    let name = name_in(address);
    let name = create(&server, name).await;
    url(&server, &name)
}

/// Removes a database by its address, whoever is connected to it.
pub async fn drop_copy(address: &str) {
    let server = server().expect("the server it lies on");
    let name = name_in(address);
    run(&server, format!("drop database {name} with (force)")).await;
}

/// The name of the database in an address.
fn name_in(address: &str) -> &str {
    let address = address.split('?').next().unwrap_or(address);
    address.rsplit_once('/').map_or(address, |(_, name)| name)
}

/// A migrated database that nobody is connected to any more.
async fn template(server: &str) -> String {
    let name = create(server, "template1").await;
    let db = Db::connect(&url(server, &name)).await.expect("the template database");
    db.migrate().await.expect("the schema");
    db.close().await;
    name
}

/// Makes a database like `template`, under a name that no other run uses.
async fn create(server: &str, template: &str) -> String {
    let random = meja::secret::random_bytes::<8>().expect("random bytes");
    let name = format!("meja_test_{:016x}", u64::from_be_bytes(random));
    run(server, format!("create database {name} template {template}")).await;
    name
}

async fn run(server: &str, statement: String) {
    let options = PgConnectOptions::from_str(server).expect("MEJA_TEST_POSTGRES_URL is an address");
    let mut connection = PgConnection::connect_with(&options).await.expect("the test server");
    connection.execute(AssertSqlSafe(statement)).await.expect("the statement");
    connection.close().await.expect("a quiet end");
}

/// The address of another database on the same server.
fn url(server: &str, database: &str) -> String {
    let (address, options) =
        server.split_once('?').map_or((server, String::new()), |(address, options)| (address, format!("?{options}")));
    let (host, _) = address.rsplit_once('/').expect("MEJA_TEST_POSTGRES_URL names a database");
    format!("{host}/{database}{options}")
}

fn server() -> Option<String> {
    variable("MEJA_TEST_POSTGRES_URL")
}

#[expect(clippy::disallowed_methods, reason = "the tests' own settings; the program's enter through Config")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
