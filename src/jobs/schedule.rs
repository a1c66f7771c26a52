//! Recurring work, in one table.

use crate::desk::Desk;
use crate::error::{Error, Result};
use tokio_cron_scheduler::{Job, JobScheduler};

/// What recurs: its name, when (second minute hour day month weekday, UTC) and the use-case.
#[derive(Debug, Clone, Copy)]
enum Work {
    /// Seals the chains of events that moved.
    Seal,
    /// Forgets drafts, tries and request keys that nobody needs any more.
    Forget,
    /// Recomputes the stored deadlines and reports those that differ.
    CheckClocks,
    /// Recomputes every chain of events and notes whether somebody altered it.
    CheckTrail,
    /// Adds up what came and went on the lists of work.
    AddUp,
    /// Enters the duties of agencies that came since, and strikes out those of agencies that went.
    Duties,
    /// Reads articles anew when the program has learnt other words.
    Words,
    /// Calls the system administrators when work waits too long.
    Alarms,
}

/// The table. A run that was missed is caught up by the next one; all of them may run twice.
const TABLE: &[(&str, &str, Work)] = &[
    ("seal the day", "0 5 17 * * *", Work::Seal),
    ("forget what is over", "0 20 * * * *", Work::Forget),
    ("add up the open tickets", "30 */5 * * * *", Work::AddUp),
    ("check the clocks", "0 40 18 * * *", Work::CheckClocks),
    ("check the trail", "0 30 19 * * *", Work::CheckTrail),
    ("look over the duties", "0 10 * * * *", Work::Duties),
    ("read the articles anew", "15 */10 * * * *", Work::Words),
    ("look for alarms", "15 */5 * * * *", Work::Alarms),
];

/// Starts the recurring work.
///
/// # Errors
/// A line of the table is malformed.
pub async fn start(desk: &Desk) -> Result<JobScheduler> {
    let failed = |error: tokio_cron_scheduler::JobSchedulerError| Error::Internal(error.into());
    let scheduler = JobScheduler::new().await.map_err(failed)?;
    for (name, when, work) in TABLE {
        let desk = desk.clone();
        let job = Job::new_async(*when, move |_, _| {
            let desk = desk.clone();
            Box::pin(async move {
                if let Err(error) = run(&desk, *work).await {
                    tracing::error!(%error, job = name, "recurring work failed");
                }
            })
        });
        scheduler.add(job.map_err(failed)?).await.map_err(failed)?;
    }
    scheduler.start().await.map_err(failed)?;
    Ok(scheduler)
}

async fn run(desk: &Desk, work: Work) -> Result<()> {
    match work {
        Work::Seal => desk.seal().await.map(|_| ()),
        Work::Forget => desk.forget_what_is_over().await,
        Work::AddUp => desk.add_up_open_tickets().await,
        Work::CheckClocks => desk.check_clocks().await.map(|_| ()),
        Work::CheckTrail => desk.check_trail_daily().await.map(|_| ()),
        Work::Duties => desk.open_duties().await.map(|_| ()),
        Work::Words => desk.learn_words_anew().await.map(|_| ()),
        // The clock of a demo is moved: ages say nothing there.
        Work::Alarms if desk.is_demo => Ok(()),
        Work::Alarms => desk.look_for_alarms().await.map(|_| ()),
    }
}
