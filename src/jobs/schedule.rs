//! Recurring work comes to its turn. The table stands in [`crate::desk::recurring`].

use crate::desk::Desk;
use crate::desk::recurring::Recurring;
use crate::error::{Error, Result};
use tokio_cron_scheduler::{Job, JobScheduler};

/// Starts the recurring work.
///
/// # Errors
/// A line of the table is malformed.
pub async fn start(desk: &Desk) -> Result<JobScheduler> {
    let failed = |error: tokio_cron_scheduler::JobSchedulerError| Error::Internal(error.into());
    let scheduler = JobScheduler::new().await.map_err(failed)?;
    for work in Recurring::ALL {
        let desk = desk.clone();
        let job = Job::new_async(work.when(), move |_, _| {
            let desk = desk.clone();
            Box::pin(async move {
                if let Err(error) = desk.run_recurring(*work).await {
                    tracing::error!(%error, job = %work, "recurring work failed");
                }
            })
        });
        scheduler.add(job.map_err(failed)?).await.map_err(failed)?;
    }
    scheduler.start().await.map_err(failed)?;
    Ok(scheduler)
}
