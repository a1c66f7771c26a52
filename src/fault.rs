//! Places at which a test lets the process end, as a crash or a pulled plug would.
//!
//! `MEJA_TEST_FAULT=<place>:<n>` ends it when the place is passed for the n-th time. Only programs that are built with
//! debug assertions know of it: in a release a place is nothing at all.

/// Every place, in the order in which a change, a mail, a step, a report and a backup come past them.
pub const PLACES: &[&str] = &[
    "commit.before",
    "commit.after",
    "file.written",
    "file.named",
    "inbox.claimed",
    "inbox.read",
    "step.claimed",
    "outbox.claimed",
    "outbox.handed",
    "report.drawn",
    "backup.written",
    "backup.tested",
    "backup.named",
];

/// Passes a place.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub const fn pass(_place: &'static str) {}

/// Passes a place; ends the process when a test wants it to end here.
#[cfg(debug_assertions)]
pub fn pass(place: &'static str) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static PASSED: AtomicUsize = AtomicUsize::new(0);
    #[expect(clippy::disallowed_methods, reason = "a switch of the test suite, no setting of the program")]
    static WANTED: LazyLock<Option<(String, usize)>> = LazyLock::new(|| {
        let text = std::env::var("MEJA_TEST_FAULT").ok()?;
        let (place, times) = text.split_once(':')?;
        Some((place.to_owned(), times.parse().ok()?))
    });
    debug_assert!(PLACES.contains(&place), "{place} stands in no table");
    if let Some((wanted, times)) = WANTED.as_ref()
        && wanted == place
        && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == *times
    {
        std::process::abort();
    }
}
