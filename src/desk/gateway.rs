//! The orders in force, read into memory for the reverse proxies that ask.

use crate::desk::Desk;
use crate::desk::closures::Passage;
use crate::domain::endpoint::Endpoint;
use crate::store;

impl Desk {
    /// Is an address closed under an order that was carried out? `paths`: every spelling of the path that was sent.
    pub fn passage(&self, host: &str, paths: &[&str]) -> Passage {
        self.closures.passage(host, paths, self.clock.machine())
    }

    /// Reads the orders in force into memory.
    pub async fn refresh_closures(&self) {
        match self.closed_now().await {
            Ok(closed) => self.closures.keep(closed, self.clock.machine()),
            Err(error) => {
                tracing::debug!(%error, "orders to close");
                self.closures.fail(self.clock.machine());
            }
        }
    }

    async fn closed_now(&self) -> crate::error::Result<Vec<(Endpoint, String)>> {
        let mut closed = Vec::new();
        for (code, endpoints) in store::suspensions::in_force(&mut self.db.glance().await?).await? {
            let endpoints: Vec<String> = serde_json::from_str(&endpoints)?;
            closed.extend(endpoints.iter().filter_map(|text| Some((Endpoint::read(text)?, code.clone()))));
        }
        Ok(closed)
    }

    /// The public notice of an order.
    pub fn closure_url(&self, code: &str) -> String {
        format!("{}/penutupan/{code}", self.public_url)
    }
}
