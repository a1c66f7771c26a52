//! Ready-made answers of the demo region.

use crate::desk::Desk;
use crate::desk::canned::WantedReply;
use crate::domain::canned::{NextStep, ReplyScope};
use crate::domain::people::Actor;
use crate::domain::ticket::Status;
use crate::error::Result;
use serde::Deserialize;

/// A ready-made answer as the demo's file has it.
#[derive(Debug, Deserialize)]
struct DemoReply {
    name: String,
    body: String,
    status: Option<Status>,
    next_step: NextStep,
}

impl Desk {
    /// Adds the region's ready-made answers in the name of `unit`.
    pub(super) async fn demo_replies(&self, unit: &Actor) -> Result<()> {
        let replies: Vec<DemoReply> = serde_json::from_str(include_str!("demo_replies.json"))?;
        for DemoReply { name, body, status, next_step } in replies {
            let (scope, reason) = (ReplyScope::Region, String::new());
            let wanted = WantedReply { name, body, scope, agency: None, status, priority: None, reason, next_step };
            self.add_canned_reply(unit, wanted, None).await?;
        }
        Ok(())
    }
}
