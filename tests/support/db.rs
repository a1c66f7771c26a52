//! Fresh databases for tests.

use meja::store::Db;

pub async fn postgres() -> Option<Db> {
    println!("skipped: MEJA_TEST_POSTGRES_URL is not set");
    None
}
